"""The reference solutions, and the only source of the stubs: `make stubs` writes those."""

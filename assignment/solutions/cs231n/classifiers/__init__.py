"""The network of the same files."""

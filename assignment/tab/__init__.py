"""The check in a browser tab: CPython and NumPy, compiled for browsers, run the same code there."""

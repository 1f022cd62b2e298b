"""`%load_ext assignment.notebook`: what every lesson sets up, in one line."""

import gc
import sys


def load_ipython_extension(shell):
    """Set up what a lesson takes: see extension.py."""
    first, looks = f"{__name__}.extension" not in sys.modules, gc.isenabled()
    gc.disable()  # what is imported is no garbage: a look at it takes long, now and later
    try:
        from assignment.notebook.extension import set_up  # here, since not all need Matplotlib

        set_up(shell)
    finally:
        if first:  # what a notebook holds when it sets up once more, may be garbage later
            gc.freeze()
        if looks:
            gc.enable()

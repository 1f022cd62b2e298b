"""`%load_ext assignment.notebook`: what every lesson sets up, in one line."""


def load_ipython_extension(shell):
    """Set up what a lesson takes: see extension.py."""
    from assignment.notebook.extension import set_up  # here, since not all need Matplotlib

    set_up(shell)

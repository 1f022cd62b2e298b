"""`%load_ext assignment.given.notebook`: what every lesson sets up, in one line."""

from assignment.given.plots import STYLE


def load_ipython_extension(shell):
    """Edited files are seen at the next cell, pictures stand in the page, a stub says one line."""
    import matplotlib.pyplot as plt

    if shell.find_line_magic("autoreload") is None:
        shell.run_line_magic("load_ext", "autoreload")
    # In full: what IPython 9 does without it loses the line numbers that tracebacks show.
    shell.run_line_magic("autoreload", "2 --full")
    shell.run_line_magic("matplotlib", "inline")
    plt.rcParams.update(STYLE)
    shell.set_custom_exc((NotImplementedError,), show_unsolved)


def show_unsolved(shell, kind, error, trace, tb_offset=None):
    """Show the exception of a stub as one line: the exercise, its file and the line to fill."""
    from assignment.checking.exercises import find
    from assignment.checking.faces import Work

    mark, _, name = str(error).partition(": ")
    if mark != "to do":
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    shell._showtraceback(kind, error, [f"To do: {name} in {Work().place(find(name))}."])

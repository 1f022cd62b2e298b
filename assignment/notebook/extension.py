"""What every lesson sets up."""

from contextlib import suppress

from assignment.checking.exercises import find
from assignment.checking.faces import Work
from assignment.checking.nursery import Lost, nursery
from assignment.given.alt_text import describe
from assignment.given.plots import STYLE
from assignment.notebook.edits import Edits


def set_up(shell):
    """Set up what a lesson takes; where one part cannot be had, say so, and set up the others."""
    for part, without in PARTS.items():
        try:
            part(shell)
        except Exception as error:
            print(f"In this notebook {without} ({type(error).__name__}: {error}).")


def see_edits(shell):
    """Edited files are seen at the next cell."""
    shell.events.register("pre_run_cell", Edits(shell.user_ns).take_in)


def show_pictures(shell):
    """Pictures stand in the page, and look alike."""
    import matplotlib.pyplot as plt

    shell.run_line_magic("matplotlib", "inline")
    plt.rcParams.update(STYLE)


def tell_pictures(shell):
    """Pictures are described in words."""
    describe_pictures(shell)
    # Once more where `%config InlineBackend.figure_formats = ...` has put another formatter.
    shell.events.register("pre_run_cell", describe_pictures_of_cell)


def shorten_stubs(shell):
    """A stub says one line."""
    shell.set_custom_exc((NotImplementedError,), show_unsolved)


def get_ready(shell):
    """What checks are made in starts now: the first one does not wait for it."""
    with suppress(Lost):
        nursery()


PARTS = {
    get_ready: "the first check takes longer",
    see_edits: "an edited file is seen only when the kernel has been restarted",
    show_pictures: "pictures may stand elsewhere, or look otherwise",
    tell_pictures: "pictures have no words for those who do not see them",
    shorten_stubs: "what is still to be written shows a long message",
}


def describe_pictures_of_cell(info):
    from IPython import get_ipython

    describe_pictures(get_ipython())


def describe_pictures(shell):
    """Let the formatter of figures tell what they show, unless it does already."""
    from matplotlib.figure import Figure

    formatter = shell.display_formatter.formatters["image/png"]
    draw = formatter.for_type(Figure)
    if draw is not None and not isinstance(draw, WithAlt):
        formatter.for_type(Figure, WithAlt(draw))


class WithAlt:
    """A formatter of figures that puts the alt text where Jupyter keeps it, in the metadata.

    draw : function of a figure that returns PNG, or PNG and a dict with its width and height
    """

    def __init__(self, draw):
        self.draw = draw

    def __call__(self, figure):
        png = self.draw(figure)
        if png is None:  # of an empty figure
            return None
        data, metadata = png if isinstance(png, tuple) else (png, {})
        return data, {**metadata, "alt": describe(figure)}


def show_unsolved(shell, kind, error, trace, tb_offset=None):
    """Show the exception of a stub as one line: the exercise, its file and the line to fill."""
    mark, _, name = str(error).partition(": ")
    if mark != "to do":
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    shell._showtraceback(kind, error, [f"To do: {name} in {Work().place(find(name))}."])

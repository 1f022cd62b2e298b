"""Each figure of a lesson once more, for a dark page: `%load_ext assignment.site.dark`.

What is black in a figure becomes white there, what is white becomes dark or lets the page through,
and deep colours become lighter. Photographs, and all that stands on them, stay as they are.
"""

from base64 import b64encode
from contextlib import contextmanager

import numpy as np
from IPython.core.formatters import BaseFormatter
from IPython.core.pylabtools import print_figure
from matplotlib.collections import Collection
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from assignment.given.controls import Play

MIME = "application/vnd.assignment.dark-png"
COLOURS = {
    Text: ["color"],
    Line2D: ["color", "markerfacecolor", "markeredgecolor"],
    Patch: ["facecolor", "edgecolor"],
    Collection: ["facecolor", "edgecolor"],
}


def load_ipython_extension(shell):
    """Pictures come with their dark variant from now on."""
    shell.display_formatter.formatters[MIME] = Dark(parent=shell.display_formatter)


class Dark(BaseFormatter):
    """What Jupyter asks for the variant, as PNG in base64.

    It is not registered for the type: `%matplotlib inline` takes that from all formatters.
    """

    format_type = MIME

    def __call__(self, shown):
        figure = shown.figure if isinstance(shown, Play) else shown
        if not isinstance(figure, Figure):
            return None
        with darkened(figure):
            return b64encode(print_figure(figure)).decode()


@contextmanager
def darkened(figure):
    """The figure with other colours, for as long as the block lasts."""
    before = [  # all of them first, since some colours follow others
        (artist, name, getattr(artist, f"get_{name}")()) for artist, name in _coloured(figure)
    ]
    grounds = {figure.patch, *(ax.patch for ax in figure.axes)}
    layout = figure.get_layout_engine() or "none"
    figure.set_layout_engine("none")  # all is in its place since it was drawn for a light page
    try:
        for artist, name, colour in before:
            getattr(artist, f"set_{name}")(turned(colour, ground=artist in grounds))
        yield figure
    finally:
        for artist, name, colour in before:
            getattr(artist, f"set_{name}")(colour)
        figure.set_layout_engine(layout)


def turned(colour, ground=False):
    """A colour, or several, for a dark page.

    ground : what is white lets the page through
    """
    if len(colour) == 0 or (isinstance(colour, str) and colour in ("none", "auto")):
        return colour
    rgba = to_rgba_array(colour)
    red_green_blue = rgba[:, :3]
    grey = np.ptp(red_green_blue, axis=1) < 0.05
    deep = ~grey & (red_green_blue @ [0.2126, 0.7152, 0.0722] < 0.5)
    red_green_blue[grey] = 1 - red_green_blue[grey]
    red_green_blue[deep] = 0.65 * red_green_blue[deep] + 0.35
    if ground:
        rgba[grey & (rgba[:, 0] < 0.05), 3] = 0
    return rgba if len(rgba) > 1 else tuple(rgba[0])


def _coloured(figure):
    """What has a colour of its own, and how that is called."""
    kept = {artist for ax in figure.axes if ax.images for artist in _on_photograph(ax)}
    for artist in figure.findobj():
        if artist not in kept and getattr(artist, "get_array", lambda: None)() is None:
            for kind, names in COLOURS.items():
                if isinstance(artist, kind):
                    yield from ((artist, name) for name in names)


def _on_photograph(ax):
    """What was drawn on the image of an axis; words may stand beside it."""
    for text in ax.texts:
        if ax.bbox.contains(*text.get_transform().transform(text.get_position())):
            yield text
    yield from (*ax.lines, *ax.patches, *ax.collections)

"""The variant of a figure for dark pages."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest

from assignment.given.controls import play
from assignment.site.dark import Dark, darkened, turned

BLACK, WHITE = (0, 0, 0, 1), (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("colour", "ground", "expected"),
    [
        ("black", False, WHITE),
        ("white", False, BLACK),
        ("white", True, (0, 0, 0, 0)),
        ("0.25", True, (0.75, 0.75, 0.75, 1)),
        ("red", False, (1, 0.35, 0.35, 1)),
        ("yellow", False, (1, 1, 0, 1)),
        (["black", "yellow"], False, [WHITE, (1, 1, 0, 1)]),
    ],
)
def test_a_colour_for_a_dark_page(colour, ground, expected):
    np.testing.assert_allclose(turned(colour, ground), expected)


@pytest.mark.parametrize("colour", ["none", "auto", np.zeros((0, 4))])
def test_no_colour_stays_none(colour):
    assert turned(colour) is colour


def drawn():
    figure, (left, right) = plt.subplots(1, 2)
    left.plot([1, 2], "o-", mfc="none", label="a line")
    left.bar([1, 2], [1, 2], edgecolor="white")
    left.scatter([1], [1], c="black")
    left.set_title("black")
    left.legend()
    right.imshow(np.linspace(0, 1, 12).reshape(2, 2, 3))
    right.text(0, 0, "on a photograph", color="white")
    return figure


def pixels(figure):
    file = io.BytesIO()
    figure.savefig(file, format="rgba", dpi=40)
    return file.getvalue()


def test_a_figure_is_dark_for_a_block_and_then_as_it_was():
    figure = drawn()
    before = pixels(figure)
    with darkened(figure):
        assert pixels(figure) != before
        left, right = figure.axes
        assert left.title.get_color() == WHITE
        assert left.patch.get_facecolor() == figure.patch.get_facecolor() == (0, 0, 0, 0)
        assert right.texts[0].get_color() == "white"
    assert pixels(figure) == before
    with pytest.raises(KeyError), darkened(figure):
        raise KeyError
    assert pixels(figure) == before


def test_jupyter_gets_the_variant_of_figures_and_controls_and_of_nothing_else():
    figure = drawn()
    formatter = Dark()
    assert formatter(figure).startswith("iVBOR")
    assert formatter(play(lambda ax, k: ax.plot([k]), k=[1, 2])).startswith("iVBOR")
    assert formatter("text") is None

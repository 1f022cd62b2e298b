"""What is said of a picture follows from what was drawn."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from assignment.given import plots
from assignment.given.alt_text import FAILED, MOST, describe, number
from assignment.notebook.extension import WithAlt


def words(draw):
    figure = Figure()
    draw(figure.add_subplot())
    return describe(figure)


def test_numbers_have_three_digits():
    told = [number(value) for value in (1234.5, 0.12345, -2, 1e-5, 0)]
    assert told == ["1,230", "0.123", "-2", "1e-05", "0"]


def test_an_empty_figure_is_called_empty():
    assert describe(Figure()) == "An empty figure."
    assert words(lambda ax: None) == "Nothing is drawn."
    assert words(lambda ax: ax.set_title("losses")) == "losses: nothing is drawn."


def test_a_line_is_told_from_end_to_end():
    def draw(ax):
        ax.plot([0, 1, 2, 3], [5, 1, 9, 4], label="loss")
        ax.set(title="training", xlabel="step", ylabel="loss on the batch", yscale="log")

    assert words(draw) == (
        "training. x: step, y: loss on the batch (logarithmic): loss, a line from 5 at x 0 "
        "to 4 at x 3, lowest 1 at x 1, highest 9 at x 2."
    )


def test_of_a_map_only_what_is_in_view_is_told():
    def draw(ax):
        plots.distance_matrix(ax, np.arange(60).reshape(6, 10))
        ax.set(xlim=(1.5, 4.5), ylim=(3.5, -0.5))

    assert "4 rows and 3 columns, distance 2 to 34, highest at y = 3, x = 4" in words(draw)


X = np.linspace(-1, 1, 201)


@pytest.mark.parametrize(
    "labels, shares",
    [
        (np.broadcast_to(X > -0.498, (201, 201)), (25, 75)),
        (np.maximum(abs(X[:, None]), abs(X)) < 0.4975, (75, 25)),  # a hole is not counted
    ],
)
def test_regions_are_told_by_their_share_of_the_plane(labels, shares):
    text = words(lambda ax: plots.regions(ax, X, X, labels.astype(int)))
    told = [f"egion of class {c}, {share}% of the plane" for c, share in enumerate(shares)]
    assert text == f"R{told[0]}; r{told[1]}."


def test_a_region_is_no_entry_of_the_legend():
    x = np.linspace(0, 1, 11)
    ax = Figure().add_subplot()
    plots.regions(ax, x, x, (x[None] > x[:, None]).astype(int))
    plots.points(ax, np.zeros((2, 2)), np.array([0, 1]), classes=["a", "b"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_pictures_side_by_side_are_one_list():
    figure = Figure()
    blue = np.tile([20, 40, 200], 1024)
    for ax, x, title in zip(
        figure.subplots(1, 2), (blue, 255 - blue), ("sky", "sand"), strict=True
    ):
        plots.image(ax, x, title)
    assert describe(figure) == ("2 images: sky (bluish); sand (yellowish).")


PLOTS = {  # draws with the data of a seed
    "bars": lambda ax, rng: plots.bars(ax, {"a": rng.random(), "b": 1.0}, "seconds"),
    "curve": lambda ax, rng: plots.curve(ax, rng.random(30), smooth=5),
    "grid": lambda ax, rng: plots.grid(
        ax, rng.integers(1, 256, size=(1 + rng.integers(9), 3072)), 3
    ),
    "heat_map": lambda ax, rng: plots.heat_map(ax, rng.random((2, 3)), [1, 2], [3, 4, 5], "a", "b"),
    "confusion": lambda ax, rng: plots.confusion(ax, *rng.integers(0, 10, size=(2, 50))),
    "distance_matrix": lambda ax, rng: plots.distance_matrix(ax, rng.random((4, 5))),
    "cross_validation": lambda ax, rng: plots.cross_validation(
        ax, {1: rng.random(5), 3: rng.random(5)}
    ),
    "points": lambda ax, rng: plots.points(ax, rng.normal(size=(9, 2)), np.arange(9) % 3),
    "charges": lambda ax, rng: plots.charges(ax, ["a", "b", "c"], rng.normal(size=3), 0),
    "paired_bars": lambda ax, rng: plots.paired_bars(ax, {"a": rng.random(2)}, ["x", "y"], "share"),
    "bounds": lambda ax, rng: plots.bounds(ax, rng.random(9), rng.random(9) / 2, 0.3),
    "secant": lambda ax, rng: plots.secant(ax, np.sin, rng.random(), 1e-3),
}


@pytest.mark.parametrize("name", PLOTS)
def test_other_data_make_other_words(name):
    first, again, other = (
        words(lambda ax, seed=seed: PLOTS[name](ax, np.random.default_rng(seed)))
        for seed in (0, 0, 1)
    )
    assert first == again != other
    assert 30 < len(first) < 1000 and "_child" not in first


def test_a_picture_is_not_lost_when_its_description_fails():
    data, metadata = WithAlt(lambda figure: ("png", {"width": 3}))(None)
    assert data == "png" and metadata["width"] == 3 and "failed" in metadata["alt"]


BARS = {"one loop": 0.5, "none": 0.0123}
SAID = {
    "bars one by one": (lambda ax: plots.bars(ax, BARS, "seconds"), "one loop 0.5, none 0.0123"),
    "many at once": (lambda ax: ax.hist([1, 2, 2, 9], bins=40), "^40 bars, at 1.1 to 8.9"),
    "a histogram with a label": (lambda ax: ax.hist([1], bins=20, label="the cat"), "^The cat, 20"),
    "a horizontal line": (lambda ax: ax.axhline(3.5), r"^A horizontal line at 3\.5\.$"),
    "a vertical line": (
        lambda ax: ax.axvline(2, label="limit"),
        r"^Limit, a vertical line at 2\.$",
    ),
    "what is not finite": (
        lambda ax: ax.plot([0, 1, 2], [5, np.inf, 3]),
        "from 5 at x 0 to 3 at x 2, 1 more are not finite",
    ),
    "words along an axis": (lambda ax: ax.plot(["a", "b"], [1, 2]), "from 1 at x 0 to 2 at x 1"),
    "bars without numbers": (
        lambda ax: ax.bar(range(20), [np.nan] * 20),
        "20 bars, of no finite number",
    ),
    "no bars": (lambda ax: ax.bar([], []), "No bars"),
    "a map with an extent": (
        lambda ax: ax.imshow(np.eye(10), extent=(100, 200, 0, 5)),
        "map of 10 rows and 10 columns 0 to 1",
    ),
    "a map of nothing": (lambda ax: ax.imshow(np.full((3, 3), np.nan)), "no finite number"),
    "what is masked": (
        lambda ax: ax.plot(np.ma.masked_greater([1, 2, 100], 9)),
        "from 1 at x 0 to 2 at x 1, 1 more are not finite",
    ),
    "masked points": (
        lambda ax: ax.scatter([1, 2, 3], np.ma.masked_greater([1, 2, 100], 9)),
        "y 1 to 2",
    ),
    "contour lines": (lambda ax: ax.contour(np.eye(5)), "Contour lines"),
    "a patch": (lambda ax: ax.add_patch(Rectangle((0, 0), 1, 1)), "A drawing"),
    "a bar of nothing": (lambda ax: plots.bars(ax, {"a": 0.0, "b": np.nan}, "s"), "a 0, b nan"),
}


@pytest.mark.filterwarnings("ignore")  # of matplotlib, on what it is asked to draw
@pytest.mark.parametrize("name", SAID)
def test_a_thing_is_told_as_it_is(name):
    draw, says = SAID[name]
    assert re.search(says, words(draw))


def test_a_drawing_in_three_dimensions_is_called_one():
    figure = Figure()
    figure.add_subplot(projection="3d").plot([1, 2], [1, 2], [1, 2])
    assert describe(figure) == "A drawing on 3d axes."


def test_nobody_has_to_listen_to_a_hundred_things():
    text = words(lambda ax: [ax.scatter(i, i) for i in range(MOST + 12)])
    assert text.count("1 point") == MOST and text.endswith("and 12 more things.")
    figure = Figure()
    figure.subplots(2, MOST)
    assert describe(figure).endswith(f"And {MOST} more plots.")


def test_a_picture_is_not_lost_for_want_of_words():
    class Broken(Figure):
        def get_suptitle(self):
            raise ValueError("boom")

    assert describe(Broken()) == f"{FAILED}: ValueError('boom')"

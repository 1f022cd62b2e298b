"""Controls move the picture and its words, and a picture stands where no controls are."""

import base64
import re

import matplotlib
import pytest

from assignment.given.controls import play


@pytest.fixture(autouse=True)
def _small():
    with matplotlib.rc_context({"figure.dpi": 20}):
        yield


VIEW = "application/vnd.jupyter.widget-view+json"


def draw(ax, k, distance="L2"):
    if k == 7:
        raise ValueError("k must not be <7>\nbut this is")
    ax.bar(["k"], [k])
    ax.set_title(distance)


def bundle(play):
    return play._repr_mimebundle_()


def shown(play):
    """What stands in the widget: the alt text and the bytes of the picture."""
    alt, data = re.search(r'<img alt="(.*?)".*base64,(.*?)"', play.picture.value).groups()
    return alt, base64.b64decode(data)


def test_one_output_holds_a_widget_and_a_picture():
    data, metadata = bundle(play(draw, k=[1, 3], distance=["L2", "L1"]))
    assert set(data) == {VIEW, "image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata == {"image/png": {"alt": "L2: bars: k 1."}}


def test_the_widget_starts_with_the_picture_of_the_first_setting():
    shows = play(draw, k=[1, 3])
    assert shown(shows) == ("L2: bars: k 1.", shows.png)


def test_a_control_moves_the_picture_and_its_words():
    shows = play(draw, k=[1, 3], distance=["L2", "L1"])
    shows.controls["k"].value = 3
    shows.controls["distance"].value = "L1"
    alt, png = shown(shows)
    assert alt == "L1: bars: k 3." and png != shows.png
    assert bundle(shows)[1]["image/png"]["alt"] == "L2: bars: k 1.", "the still picture stays"
    shows.controls["k"].value = 1
    shows.controls["distance"].value = "L2"
    assert shown(shows) == ("L2: bars: k 1.", shows.png)


def test_each_control_says_what_it_is():
    shows = play(lambda ax, learning_rate, kind: None, learning_rate=[1e-7, 10], kind=["a", "b"])
    assert [control.description for control in shows.controls.values()] == ["learning rate", "kind"]
    assert shows.controls["learning_rate"].options == (("1e-07", 1e-7), ("10", 10))


def test_an_error_on_the_way_is_one_line_in_the_place_of_the_picture():
    shows = play(draw, k=[1, 7, 9])
    shows.controls["k"].value = 7
    assert shows.picture.value == '<p role="alert">ValueError: k must not be &lt;7&gt;</p>'
    shows.controls["k"].value = 9
    assert shown(shows)[0] == "L2: bars: k 9."


def test_the_first_error_is_raised():
    with pytest.raises(ValueError, match="k must not be"):
        play(draw, k=[7, 1])


def test_the_picture_keeps_its_size_when_a_control_moves():
    shows = play(draw, k=[1, 3])
    before = re.search(r'width="\d+" height="\d+"', shows.picture.value)[0]
    shows.controls["k"].value = 3
    assert before in shows.picture.value and before != 'width="0" height="0"'

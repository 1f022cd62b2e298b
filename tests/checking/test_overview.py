"""The table of the start page: each exercise, whether it is right, and links that lead there."""

import json
import re
from urllib.parse import unquote

from assignment.checking import overview
from assignment.checking.exercises import EXERCISES
from conftest import ROOT


def test_each_exercise_has_a_line_with_its_verdict_and_two_links(hand_in, monkeypatch):
    folder = hand_in(stubs=True, softmax=(ROOT / "assignment/solutions/softmax.py").read_text())
    monkeypatch.setenv("ASSIGNMENT_FILES", str(folder))
    table = overview()
    shown = table._repr_html_()
    names = re.findall(r'<a href="(\S+?)">([^<]+)</a></td><td', shown)
    lessons = [(to, name) for to, name in names if ".ipynb" in to]
    assert [name for _, name in lessons] == [exercise.name for exercise in EXERCISES]
    for to, name in lessons:
        file, heading = unquote(to).split("#")
        cells = json.loads((ROOT / "notebooks" / file).read_text(encoding="utf-8"))["cells"]
        text = "".join("".join(c["source"]) + "\n" for c in cells if c["cell_type"] == "markdown")
        assert heading in [h.replace(" ", "-") for h in re.findall(r"^#+ (.+)", text, re.M)], name
    right = sum(e.points for e in EXERCISES if e.file == "softmax.py")
    assert f"<p>{right} of 100 points</p>" in shown and repr(table).endswith(
        f"{right} of 100 points"
    )
    assert shown.count("✓ right") == 2 and shown.count("… to do") == len(EXERCISES) - 2


def test_a_link_leads_to_the_line_of_the_blank(hand_in, monkeypatch):
    folder = hand_in(stubs=True)
    monkeypatch.setenv("ASSIGNMENT_FILES", str(folder))
    link = re.compile(r'href="\.\./assignment/(\S+?)#line=(\d+)">assignment/\1, line (\d+)<')
    found = link.findall(overview()._repr_html_())
    assert len(found) == len(EXERCISES)
    for file, place, line in found:
        assert int(place) == int(line) - 1
        assert "TODO" in (folder / file).read_text(encoding="utf-8").splitlines()[int(place)]

"""The pages that a class gets: whole, harmless, without answers."""

import re
from html.parser import HTMLParser

import pytest

from assignment.checking.exercises import EXERCISES
from assignment.checking.mistakes import MISTAKES
from assignment.grading import pages

EVIL = "<script>alert(1)</script>\"'&"
VOID = {"meta", "br", "wbr", "rect", "line"}


class Page(HTMLParser):
    """The tags and the text of a page, in which every tag is closed."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.links, self.words, self.open = [], [], [], []
        self.feed(path.read_text(encoding="utf-8"))
        assert not self.open
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.words += " " * (tag == "td")
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


def feedback(tmp_path, record):
    pages.feedback(tmp_path, record)
    return Page(tmp_path / "feedback" / f"{record['key']}.html")


def summary(tmp_path, records, passed=()):
    pages.summary(tmp_path, records, passed)
    return Page(tmp_path / "summary.html")


def test_feedback_says_what_is_wrong_and_gives_all_hints_but_the_last(tmp_path, make_record):
    said = {"message": "The loss is off.", "see": "notebooks/svm.ipynb, section 10"}
    page = feedback(tmp_path, make_record("student-1", ["wrong"], said, late_seconds=7200))
    first = EXERCISES[0]
    assert "student-1 How classifiers learn; handed in 2026-11-28, 12:00 UTC, 2 h late" in page.text
    assert f"{100 - first.points} of 100 points" in page.text
    assert "The loss is off." in page.text and "See notebooks/svm.ipynb, section 10." in page.text
    shown = [hint for hint in first.hints if " ".join(hint.split()) in page.text]
    assert shown == list(first.hints[:-1])
    assert page.tags.count("details") == len(first.hints) - 1


def test_nothing_of_a_hand_in_becomes_html_and_no_page_fetches_anything(tmp_path, make_record):
    said = {
        "message": EVIL,
        "printed": (EVIL,),
        "remarks": (EVIL,),
        "see": 'notes, "Regularization"',
    }
    record = make_record("student-1", ["wrong", "crash"], said, student=EVIL, notes=[EVIL])
    page = feedback(tmp_path, record)
    assert "script" not in page.tags and page.text.count(EVIL) >= 6
    assert set(page.links) == {"https://cs231n.github.io/neural-networks-2/#reg"}
    gone = make_record("student-2", student=EVIL, refused=EVIL, points=None, exercises=[])
    page = summary(tmp_path, [record, gone])
    assert "script" not in page.tags and EVIL in page.text
    assert all(re.fullmatch(r"feedback/student-\d\.html", link) for link in page.links)
    style = (pages.FOLDER / "style.css").read_text(encoding="utf-8")
    assert "@media print" in style and "prefers-color-scheme: dark" in style and "url(" not in style


def test_who_could_not_be_graded_has_no_points(tmp_path, make_record):
    record = make_record(
        "student-1", points=None, exercises=[], refused="It ended.", notes=["It ended."]
    )
    page = feedback(tmp_path, record)
    assert "not graded" in page.text and "It ended." in page.text and " points" not in page.text


def test_what_is_said_of_several_exercises_is_said_once(tmp_path, make_record):
    said = {"remarks": ("from a notebook: x.ipynb",), "message": "The loss is off."}
    page = feedback(tmp_path, make_record("student-1", ["wrong", "wrong"], said))
    assert page.text.count("from a notebook: x.ipynb") == 1
    assert f"from a notebook: x.ipynb ({EXERCISES[0].name}, {EXERCISES[1].name})" in page.text
    page = feedback(tmp_path, make_record("student-1", ["wrong"], said))
    assert "Remark: from a notebook: x.ipynb." in page.text


def test_a_page_without_a_time_says_none(tmp_path, make_record):
    assert "handed in" not in feedback(tmp_path, make_record("student-1", handed_in=None)).text


def test_the_summary_says_whom_to_look_at_and_who_has_all(tmp_path, make_record):
    ours = {"message": "softmax.py, line 1, leads to the reference."}
    other = make_record("student-3", year="2015 to 2020")
    other["exercises"][0]["of"] = 3.33
    records = [make_record("student-1", ["refused"], ours), make_record("student-2"), other]
    page = summary(tmp_path, records, ["class/report.pdf"])
    by_hand = page.text.partition("by hand")[2].partition("Files of different years")
    assert "student-1" in by_hand[0] and ours["message"] in by_hand[0]
    assert "student-2" not in by_hand[0] and "class/report.pdf" in by_hand[0]
    assert "2015 to 2020 1 student-3" in by_hand[2] and "2 of 3 have all" in page.text
    assert "3.33" not in page.text and "none of the mistakes" not in page.text
    notes = ["There is more than one hand-in."]
    records = [
        make_record(f"student-{n}", notes=notes, left_out=["b", "c", "d"][:n]) for n in (2, 3)
    ]
    by_hand = summary(tmp_path, records).text.partition("by hand")[2]
    assert "student-3" in by_hand.partition("Exercises")[0] and notes[0] in by_hand
    assert "student-2" not in by_hand.partition("Exercises")[0]
    scores = [95.0, 110.9, 111.0]
    records = [make_record(f"student-{p}", points=p, of=111.0) for p in scores]
    page = summary(tmp_path, records)
    assert "1 of 3 have all" in page.text and "by hand" not in page.text
    assert "different years" not in page.text


def test_the_summary_says_how_much_no_mistake_explains(tmp_path, make_record):
    records = [make_record(f"student-{i}", ["crash"], {"diagnosis": None}) for i in range(2)]
    assert f"2 of 2 {pages.UNNAMED} {EXERCISES[0].name}" in summary(tmp_path, records).text


def test_the_summary_counts_hand_ins_not_verdicts(tmp_path, make_record):
    """A mistake in two exercises of one hand-in is one hand-in's, and also those named besides."""
    missing = {"diagnosis": "reg-factor-2-missing"}
    also = {"diagnosis": "reg-over-n", "evidence": {"also": ["reg-factor-2-missing"]}}
    records = [
        make_record("student-1", ["wrong", "wrong"], missing),
        make_record("student-2", ["wrong"], also),
        make_record("student-3", late=True),
    ]
    page = summary(tmp_path, records)
    says = MISTAKES["reg-factor-2-missing"].says
    assert f"2 of 3 {says}" in page.text and f"1 of 3 {MISTAKES['reg-over-n'].says}" in page.text
    assert page.text.index(f"2 of 3 {says}") < page.text.index("1 of 3 The penalty is divided")
    assert "1 that one hand-in has" in page.text and page.tags.count("details") == 1
    assert "3 hand-ins" in page.text and "1 late" in page.text and "1 of 3 have all" in page.text


@pytest.mark.parametrize(
    "points, top, bins",
    [
        ([], 100, [0] * 10),
        ([0, 9.9, 10, 99.9, 100], 100, [2, 1, *[0] * 7, 2]),
        ([11.9, 12, 111], 111, [1, 1, *[0] * 7, 1]),
        ([0.5, 1, 3], 3, [1, 1, 1]),
        ([30.9, 31, 31.5], 31.5, [*[0] * 7, 3]),
    ],
)
def test_each_hand_in_is_in_one_bar_between_whole_points(points, top, bins):
    bars = pages._bars(points, top)
    assert [n for *_, n in bars] == bins
    assert bars[0][0] == 0 and bars[-1][1] >= top
    assert [high for _, high, _ in bars[:-1]] == [low for low, *_ in bars[1:]]
    assert all(isinstance(low, int) for low, *_ in bars)


def test_pairs_are_named(tmp_path, make_record):
    prints = list(range(200))
    records = [
        make_record("student-1", fingerprints=prints),
        make_record("student-2", fingerprints=prints[20:]),
        make_record("student-3", fingerprints=list(range(300, 500))),
    ]
    page = summary(tmp_path, records)
    assert "student-1 and student-2 100 %" in page.text and "student-3 and" not in page.text
    assert "None." in summary(tmp_path, records[1:]).text


def test_a_class_of_nobody_has_a_page(tmp_path):
    assert "0 hand-ins" in summary(tmp_path, []).text

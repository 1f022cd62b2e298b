"""Judge and student of a browser tab, here in one process; tests/browser has them in Chromium."""

import contextlib
import json
import signal
import struct
import sys
from pathlib import Path

import pytest

from assignment import FILES
from assignment.checking import wire
from assignment.checking.exercises import find
from assignment.checking.faces import Work, as_data
from assignment.checking.judge import Verdict
from assignment.tab import build, judge, student
from mutants import RIGHT, SOLVED, WRONG, answered, spoilt

NAME = "softmax_loss_naive"
WORKER = [Path("k_nearest_neighbor.py"), Path("softmax.py")]


class Tab:
    """What the two scripts do, judge.js and student.js.

    replies : by which kind of message, what comes instead of the true answer: frame, state, told
    """

    def __init__(self, folder):
        self.folder, self.replies, self.asked, self.found = folder, {}, [], []
        self._heard = 0

    def ask(self, *wish):
        """What a conversation returns."""
        told = judge.begin(*wish)
        while told[0] != "done":
            if told[0] == "found":
                self.found.append(json.loads(told[1]))
                told = judge.go_on()
            else:
                told = judge.go_on(*self._answer(*told))
        return json.loads(told[1])

    def _answer(self, what, request, *more):
        self.asked.append((what, *more))
        if what == "begin":
            self._lay(more[0])
        student.REQUEST.write_bytes(request)
        getattr(student, what)()
        frames = list(self._frames())
        *printed, frame = frames[self._heard :]
        self._heard = len(frames)
        frame, state, told = self.replies.get(what, (frame, "", ""))
        return frame, printed, state, told, 0.01

    def _lay(self, files):
        Path(student.CHANNEL).write_bytes(b"")
        self._heard = 0
        for place, data in files.items():
            path = student.WORK / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def _frames(self):
        data = Path(student.CHANNEL).read_bytes()
        while data:
            size = 1 + wire.SIZES.size + sum(wire.SIZES.unpack_from(data, 1))
            yield data[:size]
            data = data[size:]


@pytest.fixture
def tab(tmp_path, monkeypatch):
    places = {"HAND_IN": tmp_path / "in", "WORK": tmp_path / "in/work"}
    places |= {"REQUEST": tmp_path / "request", "CHANNEL": str(tmp_path / "channel")}
    for name, place in places.items():
        monkeypatch.setattr(student, name, place)
    for case in find(NAME).cases():  # while a hand-in is loaded, nothing gets at the reference
        find(NAME).reference(case)
    before = signal.getsignal(signal.SIGINT), sys.gettrace()
    yield Tab(tmp_path)
    with contextlib.suppress(AttributeError):
        student._session.close()
    signal.signal(signal.SIGINT, before[0])
    sys.settrace(before[1])


def verdict(tab, source):
    return tab.ask("check", NAME, {"softmax.py": source})


def in_terminal(source, folder):
    with Work() as work:
        work.files["softmax.py"] = folder / "softmax.py"
        work.files["softmax.py"].write_text(source, encoding="utf-8")
        pairs = [(find(NAME), work.examine(find(NAME)))]
        return json.loads(json.dumps(as_data(pairs, work.year)["exercises"][0]))


@pytest.mark.parametrize(
    "source",
    [
        *(spoilt(NAME, old, new) for old, new, _ in list(WRONG[NAME].values())[:3]),
        answered(NAME, next(iter(RIGHT[NAME].values()))),
        f"def {NAME}(W, X, y, reg):\n    print('W', W.shape)\n    return W.nothing\n",
        "def another():\n    pass\n",
        "def no_python(:\n",
    ],
)
def test_the_verdict_is_that_of_the_terminal(source, tab, tmp_path):
    told = verdict(tab, source)
    assert told.pop("html").startswith("<section")
    assert told.pop("said") == (["W (5, 4)"] if "print" in source else [])
    assert told == in_terminal(source, tmp_path)


def test_the_student_gets_the_arguments_of_its_call_and_nothing_of_the_answers(tab):
    verdict(tab, SOLVED["softmax.py"].read_text(encoding="utf-8"))
    kinds = [what for what, *_ in tab.asked]
    assert kinds == ["begin", *["call"] * len(find(NAME).cases())]
    assert sorted(tab.asked[0][1]) == sorted(FILES)  # files
    assert all(len(more) == 2 for _, *more in tab.asked[1:])  # seconds, and whether it is traced


def test_scipy_is_asked_for_where_it_is_imported(tab):
    verdict(tab, "import numpy as np\n")
    verdict(tab, "from scipy.special import logsumexp\n")
    libraries = [more[1] for what, *more in tab.asked if what == "begin"]
    assert libraries == ["", "scipy"]


def frame(letter, told, data=b""):
    text = json.dumps(told).encode()
    return letter + struct.pack("<II", len(text), len(data)) + text + data


ANSWER = {"token": "0", "arrays": [], "after": [], "remarks": [], "line": 1, "size": 0}
FORGED = {
    "nothing": b"",
    "no frame": b"right",
    "a length that is none": b"a" + b"\xff" * 8,
    "more than it says": frame(wire.ANSWER, ANSWER) + b"x",
    "less than it says": frame(wire.ANSWER, ANSWER)[:-1],
    "no JSON": b"a" + struct.pack("<II", 2, 0) + b"{]",
    "another token": frame(wire.ANSWER, ANSWER),
    "another kind": frame(wire.LOADED, {"failure": None}),
    "more numbers than there is room for": frame(wire.ANSWER, ANSWER, bytes(2**23)),
    "a verdict": frame(b"d", {"status": "right"}),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_answer_is_refused(forged, tab):
    tab.replies["call"] = forged, "", ""
    told = verdict(tab, SOLVED["softmax.py"].read_text(encoding="utf-8"))
    assert told["status"] == "crash"
    assert "Its answers cannot be read" in told["message"]


def test_who_has_ended_is_told_with_what_it_said(tab):
    tab.replies["call"] = b"", "ended", "exit code 3\x1b[31m"
    told = verdict(tab, SOLVED["softmax.py"].read_text(encoding="utf-8"))
    assert told["message"] == "assignment/softmax.py: It ended the process (exit code 3)"


def test_a_call_that_does_not_end_is_made_again_to_learn_where_it_is(tab):
    source = f"def {NAME}(W, X, y, reg):\n    print('so far')\n    return 0.0, W\n"
    where = 'Timeout (\nFile "/hand-in/work/softmax.py", line 3'
    tab.replies["call"] = frame(wire.WHERE, where), "late", ""
    told = verdict(tab, source)
    assert [more[-1] for what, *more in tab.asked if what == "begin"] == [False]
    assert told["status"] == "timeout" and told["printed"] == ["so far"]
    assert told["message"] == "assignment/softmax.py, line 3: It does not end within 10 seconds."
    tab.replies["call"] = b"", "late", ""
    assert "softmax.py: It does not" in verdict(tab, source)["message"]
    assert [more[-1] for what, *more in tab.asked if what == "begin"] == [False, False, True]


def test_a_traced_call_tells_each_line_of_the_hand_in_and_no_other(tab):
    source = f"def {NAME}(W, X, y, reg):\n    a = len(W)\n    return helper(a), W\n\n\n"
    source += "def helper(a):\n    return a\n"
    tab._lay({"softmax.py": source.encode()})
    task = {"exercise": NAME, "calls": find(NAME).calls.module, "traces": True}
    student.REQUEST.write_bytes(
        json.dumps({**task, "places": {"softmax.py": "softmax.py"}}).encode()
    )
    student.begin()
    case = find(NAME).cases()[0]
    student.REQUEST.write_bytes(wire.request("0", case.arguments, 2**20))
    student.call()
    sys.settrace(None)
    told = [wire.parsed(f, wire.WHERE)[0] for f in tab._frames() if f[:1] == wire.WHERE]
    first = [line.splitlines()[1].rpartition(" ")[2] for line in told if "softmax.py" in line]
    assert first[-7:] == ["1", "2", "3", "6", "7", "3", "3"] or first[-6:][:5] == list("12367")


def test_files_that_are_dropped_are_told_apart(tmp_path):
    for place in (
        *("jane.zip", "bob/softmax.py", "bob/deep/extra.zip", "course/a.zip", "course/b.tar.gz"),
        *("softmax.py", "svm.ipynb"),
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    names = [name for name, _ in judge.grouped(tmp_path)]
    assert names == ["your files", "bob", "course/a.zip", "course/b.tar.gz", "jane.zip"]


def test_hand_ins_get_their_verdicts_one_by_one(tab, tmp_path):
    dropped = tmp_path / "dropped"
    (dropped / "bob").mkdir(parents=True)
    (dropped / "bob" / "softmax.py").write_bytes(SOLVED["softmax.py"].read_bytes())
    (dropped / "none.zip").write_bytes(b"no archive")
    found = tab.ask("hand_ins", str(dropped))
    assert found == tab.found
    assert [one["name"] for one in found] == ["bob", "none.zip"]
    assert found[1]["error"].startswith("none.zip cannot be unpacked")
    assert found[0]["json"]["exercises"] and found[0]["html"].count("<table") == 1


@pytest.mark.parametrize(
    "see, place",
    {
        "notebooks/knn.ipynb, section 4": "../notebooks/knn.html#4-a-vote",
        'NumPy manual, "Broadcasting"': "https://numpy.org/doc/stable/user/basics.broadcasting.html",
        "nowhere": "",
    }.items(),
)
def test_a_card_leads_to_the_page_of_the_lesson(see, place):
    card = judge.InTab(Verdict(NAME, "wrong", see=see), find(NAME))
    assert card._link() == place
    assert "case(" not in card._repr_html_() and "<img" not in card._repr_html_()


def test_pyodide_is_pinned_and_a_file_that_differs_is_not_copied(tmp_path):
    manifest = json.loads(build.MANIFEST.read_text(encoding="utf-8"))
    assert f"v{manifest['version']}/" in manifest["url"]
    assert all(len(its["sha256"]) == 64 for its in manifest["files"].values())
    for entry in manifest["packages"].values():
        assert manifest["files"][entry["file_name"]]["sha256"] == entry["sha256"]
    with pytest.raises(ValueError, match="has no pyodide.js"):
        build.copy(manifest, tmp_path, tmp_path / "there")
    (tmp_path / "pyodide.js").write_text("something else")
    with pytest.raises(ValueError, match="is not the one of Pyodide"):
        build.copy(manifest, tmp_path, tmp_path / "here")

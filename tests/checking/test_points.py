"""points.toml: a course changes points, leaves exercises out and adds its own; faults are told."""

import re
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from assignment import checking
from assignment.checking import faces, points
from assignment.checking.answering import answer
from assignment.checking.exercises import ALL, COURSE, EXERCISES
from assignment.checking.faces import points_of
from assignment.checking.judge import Verdict, judge
from assignment.checking.knn import exercises as knn
from assignment.checking.points import FILE, by_course
from assignment.checking.submission.load import prepare
from assignment.checking.submission.year import OURS, YEARS
from assignment.checking.wire import files_given, files_of_calls
from conftest import ROOT

OWN = """
[points.svm_doubled]
points = 5
calls = "assignment.checking.own"
judged = ["loss", "dW"]
notebook = "svm"
section = "6. The loss with loops"
hints = ["What is twice a sum?"]
"""
CALLS = """
from assignment.checking.calls import Calls, by_name
from assignment.checking.linear.calls import CALLS

svm = CALLS["svm_loss_naive"]


def call(module, numerical=False, **arguments):
    loss, dW = module.svm_loss_naive(**arguments)
    return {"loss": 2 * loss, "dW": 2 * dW}


def cases():
    return svm.cases()[:4]


def tripled(module, numerical=False, **arguments):
    return {"loss": module.svm_tripled(**arguments)}


CALLS = by_name(
    Calls("svm_doubled", "linear_svm.py", cases, call, function="svm_loss_naive"),
    Calls("svm_tripled", "linear_svm.py", cases, tripled),
    Calls("elsewhere", "perceptron.py", cases, call),
    Calls("beside", "linear_svm.py", cases, call, given="assignment.checking.own_given"),
    Calls("outside", "linear_svm.py", cases, call, given="own_given"),
)
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    """A function: the exercises of the suite by their names, as a points.toml has them."""
    (tmp_path / "own.py").write_text(CALLS)
    monkeypatch.setattr(checking, "__path__", [*checking.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "assignment.checking.own", raising=False)

    def by_name(text):
        (tmp_path / "points.toml").write_bytes(text.encode("latin-1"))
        return {
            exercise.name: exercise for exercise in by_course(ALL, COURSE, tmp_path / "points.toml")
        }

    return by_name


def test_the_file_that_is_shipped_changes_nothing(tmp_path):
    assert FILE.is_file()
    assert by_course(ALL) == by_course(ALL, file=tmp_path / "none.toml") == ALL
    assert sum(exercise.points for exercise in EXERCISES) == 100


def test_points_are_changed_and_exercises_left_out(read):
    found = read('[points]\nnca_loss = 12.5\n"TwoLayerNet.predict" = false\nsvm_loss_naive = 0')
    assert list(found) == [exercise.name for exercise in ALL]
    assert found["nca_loss"].points == 12.5 and found["svm_loss_naive"].points == 0
    assert found["TwoLayerNet.predict"].points is None
    assert found["softmax_loss_naive"] in ALL


def test_an_exercise_of_its_own_stands_at_the_end_of_its_lesson_and_is_judged(read, hand_in):
    found = read(OWN)
    names = list(found)
    assert names[names.index("svm_doubled") + 1] == "softmax_loss_naive"
    own = found["svm_doubled"]
    assert (own.points, own.file, own.hints) == (5, "linear_svm.py", ("What is twice a sum?",))
    assert files_of_calls([own]) == {"checking/own.py"}  # or a sandbox could not call it
    beside = read(OWN.replace("svm_doubled", "beside"))["beside"]
    assert files_given([own, beside]) == {"checking/own_given.py"}
    file = hand_in() / own.file
    assert judge(own, answer(own, {own.file: file})).status == "right"
    file.write_text("def svm_loss_naive(W, X, y, reg):\n    return 1.0, W")
    verdict = judge(own, answer(own, {own.file: file}))
    assert verdict.status == "wrong" and "loss is 2, but should be" in verdict.message


FAULTS = {
    "[points": "it cannot be read: ",
    "# d\xe9j\xe0 vu": "it cannot be read: ",
    "points = 3": "it has one table, [points], and nothing else: see points.",
    "nca_loss = 3": "it has one table, [points], and nothing else: see nca_loss.",
    "[points]\nnca_los = 3": "there is no exercise 'nca_los'; did you mean nca_loss?",
    "[points]\nnca = 3": "there is no exercise 'nca'; did you mean nca_loss?",
    "[points]\nperceptron = false": "there is no exercise 'perceptron'; there are KNearest",
    "[points]\nnca_loss = -1": "nca_loss has -1 points: it must be a number from 0 on, or false.",
    "[points]\nnca_loss = true": "nca_loss has True points: it must be",
    "[points]\nnca_loss = nan": "nca_loss has nan points: it must be",
    "[points]\nnca_loss = '8'": "nca_loss has '8' points: it must be",
    "[points]\n" + "\n".join(f'"{e.name}" = false' for e in ALL): "every exercise is left out",
    OWN.replace("svm_doubled", "nca_loss"): "there is an exercise nca_loss already",
    OWN.replace("svm_doubled", "sgd"): "there is an exercise sgd already: give yours another name.",
    OWN.replace("judged", "judge"): "svm_doubled needs points, calls, judged, notebook, section, "
    "hints, and nothing else: see judge.",
    OWN.replace("= 5", "= -5"): "svm_doubled has -5 points",
    OWN.replace('["loss", "dW"]', '"loss"'): "judged of svm_doubled must be a list of texts, not",
    OWN.replace('"svm"', "3"): "notebook of svm_doubled must be a text, not 3.",
    OWN.replace("6. The", "7. A"): "svm_doubled has no place: no svm.ipynb has a heading '7. A",
    OWN.replace('"svm"', '"svn"'): "svm_doubled has no place: no svn.ipynb has a heading",
    OWN.replace("g.own", "g.no"): "CALLS of assignment.checking.no has no svm_doubled (ModuleNotFo",
    OWN.replace("assignment.checking.own", "own"): "calls of svm_doubled must be a module beside "
    "ours, such as assignment.checking.own, not own.",
    OWN.replace("svm_doubled", "other"): "CALLS of assignment.checking.own has no other (KeyError",
    OWN.replace("svm_doubled", "outside"): "given in CALLS of outside must be a module beside ours",
    OWN.replace("svm_doubled", "elsewhere"): "elsewhere is in perceptron.py, which is none of k_",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_told_in_a_sentence(text, read):
    with pytest.raises(ValueError) as told:
        read(text)
    assert str(told.value).startswith(f"points.toml: {FAULTS[text]}")
    assert "\n" not in str(told.value)


def test_points_are_those_of_the_course_and_a_full_hand_in_of_any_year_has_all(read, monkeypatch):
    asked = [e for e in read("[points]\nnca_loss = 12.25").values() if e.points is not None]
    monkeypatch.setattr(faces, "EXERCISES", asked)
    right = [(exercise, Verdict(exercise.name, "right")) for exercise in asked]
    total = sum(exercise.points for exercise in asked)
    assert total % 1 == 0.25 and points_of(right) == (total, total)
    wrong = [(exercise, Verdict(exercise.name, "wrong")) for exercise, _ in right[:-1]]
    assert points_of([*wrong, right[-1]]) == (12.25, total)
    assert points_of(right[:-1]) == (round(total, 1), total)


def test_what_a_course_adds_is_asked_for_in_its_own_files_alone(read):
    own = read(OWN)["svm_doubled"]
    assert [year for year in YEARS if year.asks(own)] == [OURS]


def test_what_a_course_adds_is_looked_for_in_a_notebook_too(read, tmp_path):
    own = read(OWN.replace("svm_doubled", "svm_tripled"))["svm_tripled"]
    cells = "import numpy as np", "np.zeros(3)", "def svm_tripled(W, X, y, reg):\n    return len(X)"
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "svm.ipynb")
    prepare(tmp_path / "svm.ipynb")  # by who does not know it yet
    answers = answer(own, {own.file: tmp_path / "svm.ipynb"})
    assert answers.failure is None
    assert [case["loss"] for case in answers.cases] == [len(c.arguments["X"]) for c in own.cases()]


README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [README, points.__doc__], ids=["README", "points.py"])
def test_the_points_that_an_example_replaces_are_those_there_are(text):
    name, replaced = re.search(r"^(\w+) = \d+ +# instead of (\d+)$", text, re.M).groups()
    ours = {exercise.name: exercise.points for exercise in knn.EXERCISES + knn.FURTHER}
    assert int(replaced) == ours[name]

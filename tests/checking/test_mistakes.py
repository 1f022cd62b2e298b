"""A mistake is one object: what it returns is asked for, and what settles it is there."""

import re
from dataclasses import replace

import numpy as np
import pytest

from assignment import derivations
from assignment.checking import common
from assignment.checking.diagnosis import Observed
from assignment.checking.exercises import find
from assignment.checking.linear import mistakes as linear
from assignment.checking.mistake import Mistake, derivation
from assignment.checking.mistakes import MISTAKES, ROOMS
from assignment.derivations import LESSONS

# Odd scores have no logarithm.
pytestmark = pytest.mark.filterwarnings("ignore")

CITED = [
    (lesson, place)
    for mistake in MISTAKES.values()
    for lesson, place in (mistake.see.items() if isinstance(mistake.see, dict) else ())
    if "derivation" in place
]


def test_every_mistake_has_a_sentence_of_its_own_in_one_room():
    entries = [mistake for room in ROOMS for mistake in room.MISTAKES]
    says = [mistake.says for mistake in entries if mistake.says]
    assert len({*says}) == len(says) == len(MISTAKES)
    assert {mistake.name for mistake in entries} == {*MISTAKES}
    for name, mistake in MISTAKES.items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert mistake.says[0].isupper() and mistake.says.endswith("."), name


@pytest.mark.parametrize(
    "name, lesson, lines",
    [
        ("reg-factor-2-missing", "softmax", "lines 19 to 21"),
        ("reg-factor-2-missing", "svm", "lines 12 and 13"),
        ("reg-factor-2-missing", "two_layer_net", "line 23"),
        ("log-missing", "softmax", "lines 1 and 7"),
        ("sign", "two_layer_net", "lines 24 to 27"),
        ("margin-missing", "svm", "lines 2 and 3"),
    ],
)
def test_a_line_is_cited_by_its_label_and_told_by_its_number(name, lesson, lines):
    told = f"notebooks/{lesson}.ipynb, derivation, {lines}"
    assert MISTAKES[name].see_in(lesson) == told


def test_a_line_that_is_put_in_moves_the_numbers(monkeypatch):
    first, second, *others = derivations.softmax_batch.lines
    later = [replace(line, number=str(int(line.number) + 1)) for line in (second, *others)]
    longer = replace(derivations.softmax_batch, lines=(first, second, *later))
    monkeypatch.setitem(LESSONS, "softmax", (derivations.softmax, longer))
    told = MISTAKES["reg-factor-2-missing"].see_in("softmax")
    assert told == "notebooks/softmax.ipynb, derivation, lines 19 to 22"
    assert MISTAKES["sign"].see_in("softmax").endswith("line 26")


def test_the_lines_that_have_labels_are_those_that_are_cited():
    for lesson, parts in LESSONS.items():
        labels = [line.label for part in parts for line in part.lines if line.label]
        cited = {
            label for of, place in CITED if of == lesson for label in re.findall("{(.+?)}", place)
        }
        assert sorted(labels) == sorted(cited), lesson


def test_no_line_is_cited_by_its_number():
    assert [place for _, place in CITED if re.search(r"lines? \d", place)] == []
    assert all(f"notebooks/{lesson}.ipynb" in place for lesson, place in CITED)


def test_a_label_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="dZ"):
        Mistake("a-mistake", "It is one.", derivation(softmax="{loss} to {dZ}")).see_in("softmax")


def asked(monkeypatch, mistakes):
    """(name, what it returns) of all that is asked for an odd answer, and of all there is."""
    seen, there = set(), set()

    def noting(name, what, function):
        def noted(*terms):
            seen.add((name, what))
            return function(*terms)

        return noted

    for mistake in mistakes:
        there |= {(mistake.name, what) for what in mistake.returns}
        noted = {what: noting(mistake.name, what, f) for what, f in mistake.returns.items()}
        monkeypatch.setattr(mistake, "returns", noted)
    for name in ("svm_loss_naive", "softmax_loss_naive", "LinearClassifier.predict"):
        exercise = find(name)
        case = exercise.calls.cases()[0]  # a new one, for which nothing is made yet
        right = {part: exercise.reference(case)[part] for part in exercise.judged}
        odd = {
            part: 1.0 + np.arange(array.size).reshape(array.shape) for part, array in right.items()
        }
        exercise.explain([Observed(case, odd, right, exercise.judged)])
    return seen, there


def test_what_a_mistake_returns_is_asked_for(monkeypatch):
    seen, there = asked(monkeypatch, linear.MISTAKES + common.MISTAKES)
    assert seen == there


def test_what_is_misspelt_is_found(monkeypatch):
    misspelt = Mistake("a-mistake", "It is one.", softmax_los=lambda t: 0.0)
    monkeypatch.setattr(linear, "MISTAKES", (*linear.MISTAKES, misspelt))
    seen, there = asked(monkeypatch, linear.MISTAKES)
    assert there - seen == {("a-mistake", "softmax_los")}

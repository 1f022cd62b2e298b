"""What the checks can catch is measured: wrong solutions are wrong, and right ones are right."""

import numpy as np
import pytest

import mutants
from assignment.checking.arrays import complaint
from assignment.checking.exercises import COURSE, EXERCISES, find
from assignment.checking.mistakes import MISTAKES
from mutants import RIGHT, WRONG, answered, spoilt, verdict_on

# Wrong solutions overflow and divide by 0: what counts here is what is said of them.
pytestmark = pytest.mark.filterwarnings("ignore")


def pairs(catalogue):
    return [(name, entry) for name, entries in catalogue.items() for entry in entries]


@pytest.mark.parametrize("name, mistake", pairs(WRONG))
def test_a_wrong_solution_is_caught_and_named(name, mistake):
    old, new, diagnosis = WRONG[name][mistake]
    found = verdict_on(name, spoilt(name, old, new))
    assert found.status not in ("right", "convention"), f"{name} with {mistake!r} is called right"
    assert found.diagnosis == diagnosis, found.message
    assert found.message and "\n" not in found.message
    assert not any(remark.startswith("no diagnosis") for remark in found.remarks)


def test_of_coefficients_that_are_equally_wrong_the_first_is_told():
    """Which of them is off by one part in 10^15 more differs from one NumPy to another."""
    old, new, _ = WRONG["svm_loss_vectorized"]["minus twice the count"]
    source = spoilt("svm_loss_vectorized", old, new)
    told = verdict_on("svm_loss_vectorized", source).message
    assert "column 1 of dW holds -1 times example 0, but should hold -0.5 times" in told


def test_of_entries_that_are_equally_wrong_the_first_is_told():
    right = np.arange(12.0).reshape(4, 3)
    value = right + 1
    value[2, 1] += 1e-13
    assert complaint("out", value, right).startswith("out[0, 0] is 1, but should be 0; 12 of 12")
    value[2, 1] += 1e-6
    assert complaint("out", value, right).startswith("out[2, 1] is 8, but should be 7; 12 of 12")


@pytest.mark.parametrize("name, way", pairs(RIGHT))
def test_a_right_solution_written_differently_is_right(name, way):
    found = verdict_on(name, answered(name, RIGHT[name][way]))
    assert found.status == "right", found.message


def test_the_catalogue_is_large_and_spread_over_all_exercises():
    assert sum(map(len, WRONG.values())) >= 150
    assert sum(map(len, RIGHT.values())) >= 30
    assert set(WRONG) == set(RIGHT) == {exercise.name for exercise in EXERCISES + COURSE}
    assert min(map(len, WRONG.values())) >= 3


def test_every_known_mistake_has_a_wrong_solution_that_shows_it():
    shown = {diagnosis for entries in WRONG.values() for _, _, diagnosis in entries.values()}
    # test_judge.py
    elsewhere = {"half-convention", "momentum", "decay-after-epoch", "loss-not-lowered"}
    assert set(MISTAKES) - shown == elsewhere


def test_the_measurement_can_fail(monkeypatch, capsys):
    name = "LinearClassifier.predict"
    right = "scores.argmax(axis=1)"
    monkeypatch.setattr(mutants, "WRONG", {name: {"no mistake": (right, right, "argmin")}})
    monkeypatch.setattr(mutants, "RIGHT", {name: {"wrong": "return X[:, 0]"}})
    assert mutants.main() == 1
    out = capsys.readouterr().out
    assert "0.0% caught, 0.0% named, 1 false alarms" in out
    assert "no mistake: right, None, not argmin" in out


def test_the_measurement_on_fresh_inputs_can_fail(monkeypatch, capsys):
    name = "LinearClassifier.predict"
    monkeypatch.setattr(mutants, "REFERENCES", [find(name)])
    monkeypatch.setattr(mutants, "RIGHT", {name: {}})
    monkeypatch.setattr(mutants, "WRONG", {name: {"min": ("argmax", "argmin", "argmin")}})
    assert mutants.main("--seeds", "1", "2") == 0
    assert capsys.readouterr().out == "".join(f"seed {s}: 2 verdicts, 0 wrong\n" for s in (1, 2))
    same = {"no mistake": ("argmax", "argmax", None), "min": ("argmax", "argmin", "another")}
    monkeypatch.setattr(mutants, "RIGHT", {name: {"wrong": "return X[:, 0]"}})
    monkeypatch.setattr(mutants, "WRONG", {name: same})
    assert mutants.main("--seeds", "3", "3") == 1
    head, *told = capsys.readouterr().out.splitlines()
    assert head == "seed 3: 4 verdicts, 3 wrong"
    assert [line.split(":")[0].split(", ")[1] for line in told] == ["wrong", "no mistake", "min"]
    with pytest.raises(SystemExit):
        mutants.main("--seeds", "9", "2")
    assert "--seeds goes from FIRST up to LAST, and 9 is above 2" in capsys.readouterr().err

"""The table of gradient checkers: what is due is what is true, and the file is not out of date."""

import json

import numpy as np
import pytest

from assignment.bench import checkers
from assignment.bench.checkers import CHECKERS, INPUTS, OURS, TABLE, Input, ask

STORED = json.loads(TABLE.read_text(encoding="utf-8"))


def test_the_file_holds_every_input_and_every_checker_with_its_version():
    assert [*STORED["rows"]] == [given.name for given in INPUTS] and len(INPUTS) == 12
    assert all([*cells] == [*CHECKERS] for cells in STORED["rows"].values())
    assert [*CHECKERS].index(OURS) == 8, "eight others, and ours in the last column"
    assert {package for package, _ in CHECKERS.values() if package} < STORED["versions"].keys()


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.name)
def test_ours_says_what_is_due_and_what_the_file_says(given):
    cell = ask(CHECKERS[OURS][1], given)
    assert cell.due, cell
    stored = STORED["rows"][given.name][OURS]
    assert (stored["says"], stored["due"]) == (cell.says, cell.due)


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.name)
def test_a_gradient_that_is_called_right_is_right(given):
    """By formula; of a dropout and of a NaN there is none."""
    f, x, gradient = given.make()
    if given.due in ("right", "wrong"):
        slopes = {"log near 0, right": 1 / x, "a kink 1e-9 beside x, right": x > 0}
        right = slopes.get(given.name, 2.0 * x)
        assert np.allclose(gradient, right, rtol=1e-6) == (given.due == "right")


def says(text):
    def check(f, x, gradient):
        raise AssertionError(text)

    return check


@pytest.mark.parametrize(
    "check, due, fault, expected",
    [
        (lambda *_: None, "right", "$^", ("right", True)),
        (lambda *_: None, "wrong", "$^", ("right", False)),
        (says("an error of 1"), "wrong", "$^", ("wrong", True)),
        (says("an error of nan"), "wrong", "$^", ("NaN", False)),
        (says("no such thing"), "wrong", "$^", ("error", False)),
        (says("it is random"), "", "random", ("names it", True)),
    ],
)
def test_what_is_said_is_held_against_what_is_due(check, due, fault, expected):
    cell = ask(check, Input("squares", checkers.of_squares, due, fault))
    assert (cell.says, cell.due) == expected


@pytest.mark.parametrize("error, passes", [(0.9e-5, True), (1.1e-5, False), (np.nan, False)])
def test_the_judgement_of_a_derivative_is_one_in_a_hundred_thousand(error, passes):
    given = Input("an error", lambda: (None, np.array([0.0, error]), np.ones(2)), "right")
    assert ask(lambda f, x, gradient: checkers.judged(x, gradient), given).due == passes


def test_a_missing_checker_is_told_and_the_file_stays(monkeypatch, capsys):
    monkeypatch.setitem(checkers.CHECKERS, "another", ("no-such-package", None))
    before = TABLE.read_bytes()
    assert checkers.table() == 1
    assert "pip install -r requirements-bench.txt" in capsys.readouterr().out
    assert TABLE.read_bytes() == before

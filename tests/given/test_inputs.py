"""No call gives a wrong value in silence, or refuses in words other than ours; see inputs.py."""

import dataclasses

import numpy as np
import pytest

from calls import CALLS
from inputs import BLAME, FOREIGN, NAMED, REFUSED, RIGHT, SILENT, outcomes

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("name", CALLS)
def test_a_value_is_right_or_refused_by_name(name):
    faults = [
        f"{how}: {argument}, {kind}: {sentence}"
        for _, argument, kind, how, sentence in outcomes({name: CALLS[name]})
        if how not in (RIGHT, NAMED)
    ]
    assert not faults, "\n".join([f"{name}:", *faults])


def test_no_fewer_calls_are_tried_than_at_first():
    tried = sum(len(kinds) for call in CALLS.values() for kinds in call.kinds.values())
    assert tried >= 1588


# The search for faults can fail.

NO_LOOPS = CALLS["KNearestNeighbor.compute_distances_no_loops"]


def ends(spoil, argument, kind):
    """How a call ends that is spoilt: spoil(run, arguments) in the place of run(arguments)."""
    spoilt = dataclasses.replace(
        NO_LOOPS,
        run=lambda a: spoil(NO_LOOPS.run, a),
        kinds={argument: {kind: NO_LOOPS.kinds[argument][kind]}},
    )
    ((*_, how, _),) = outcomes({"spoilt": spoilt})
    return how


def expanded(run, a):
    """Distances as the textbook has them, far from the origin too."""
    X, T = a["X"], a["X_train"]
    squares = (X**2).sum(axis=1)[:, np.newaxis] - 2 * X @ T.T + (T**2).sum(axis=1)
    return np.sqrt(np.maximum(squares, 0))


@pytest.mark.parametrize(
    "spoil, argument, kind, how",
    [
        (lambda run, a: run(a), "X", "float32", RIGHT),
        (lambda run, a: run(a), "X", "NaN", NAMED),
        (lambda run, a: run(a).astype(int), "X", "float32", SILENT),
        (lambda run, a: run(a) * (1 + 1e-3), "X", "float32", SILENT),
        (lambda run, a: run(a)[:-1], "X", "float32", SILENT),
        (lambda run, a: run(a) * (1 + 1e-8), "X", "big endian", SILENT),
        (expanded, "X and X_train", "big endian", RIGHT),
        (expanded, "X and X_train", "ten thousand away in single", SILENT),
        (expanded, "X and X_train", "a hundred million away", SILENT),
        (expanded, "X and X_train", "int8", SILENT),
        (lambda run, a: expanded(run, {n: np.asarray(v) for n, v in a.items()}),
         "X", "masked nowhere", SILENT),
        (lambda run, a: run(a | {"X": np.asarray(a["X"]).real}), "X", "complex128", SILENT),
        (lambda run, a: np.asarray(a["X"]) @ [1, 2], "X", "float32", FOREIGN),
        (lambda run, a: run(a | {"X": None}), "X", "float32", REFUSED),
        (lambda run, a: run(a | {"y": None}), "X", "NaN", BLAME),
    ],
)  # fmt: skip
def test_a_fault_is_found(spoil, argument, kind, how):
    assert ends(spoil, argument, kind) == how

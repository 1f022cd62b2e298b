"""Which mistakes fit a training loop: the batches it draws, and the steps it takes."""

import itertools
import math
from dataclasses import replace

import numpy as np

from assignment.checking.arrays import agrees, complaint, is_right
from assignment.checking.diagnosis import Explanation, search, unique
from assignment.checking.mistake import candidates
from assignment.checking.training.calls import (
    CYCLE,
    NOTED,
    QUESTIONS,
    Question,
    moved,
    numbers,
    rows_of,
)
from assignment.checking.training.mistakes import MISTAKES, RATE, Steps

# What is noted of the batches: the mistake and the rule.
FACTS = {
    fact: (mistake.name, rule)
    for mistake in MISTAKES
    for fact, rule in mistake.returns.get("facts", {}).items()
}
NOT_ASKED = "train never asks for self.loss(X_batch, y_batch, ...)."


# What follows from what a loop asked.


def facts(arguments, arrays):
    """What came of a training, and what its steps were made with, an entry for each step.

    arguments : of the case; arrays : what the call returned, with what calls.Record noted, which is
        all that is believed of it

    Raises
    ------
    ValueError : no Record notes that
    """
    given, X, y = (arguments[name] for name in ("given", "X", "y"))
    names = "losses down a bowl", "loss_history", *given["start"], "transposed"
    came = {name: arrays[name] for name in names if name in arrays}
    if "asked" not in arrays:
        return came
    asked = questions(arrays, [*given["gradients"]])
    end = {name: numbers(arrays.get(name)) for name in given["gradients"]}
    weights = [*(question.weights for question in asked), end]
    has_moved = np.array([moved(*pair) for pair in itertools.pairwise(weights)])
    losses = given["losses"][np.cumsum([0, *has_moved[:-1]]) % CYCLE]
    # A step is a question that a move of the weights followed; each, if they never moved.
    which = np.flatnonzero(has_moved | (not has_moved[:-1].any()))
    steps = [asked[i] for i in which]
    rows = [rows_of(step.X_batch, X) for step in steps]
    labels = [step.y_batch.ravel() for step in steps]
    batches = [np.atleast_1d(step.X_batch) for step in steps]
    found = {
        "steps": len(steps),
        "shape of the first X_batch": steps[0].X_batch.shape,
        "shape of the first y_batch": steps[0].y_batch.shape,
        "rows in X_batch": [len(batch) for batch in batches],
        "labels in y_batch": [its.size for its in labels],
        "rows that are rows of X": [np.sum(r >= 0) for r in rows],
        "labels that belong to their rows": [
            np.sum((y[r] == its)[r >= 0]) if r.shape == its.shape else 0
            for r, its in zip(rows, labels, strict=True)
        ],
        "different examples in a batch": [
            len({row.tobytes() for row in batch}) if batch.size else 0 for batch in batches
        ],
        "the batch is a new one": [True]
        + [not np.array_equal(*pair) for pair in itertools.pairwise(batches)],
        "examples drawn": len({*np.concatenate(rows)} - {-1}),
        "reg in the loss": [step.reg for step in steps],
        "losses": losses[which],
        **_paths([weights[i] for i in which] + [end]),
    }
    return came | {name: np.asarray(value) for name, value in found.items()}


def questions(arrays, names):
    """The list of Question that a Record noted.

    names : of the weights

    Raises
    ------
    ValueError : it notes them in another way, or more than it may
    """
    asked, axes, regs = (arrays.get(n) for n in ("asked", "axes asked", "reg in the loss"))
    is_noted = axes is not None and regs is not None and axes.dtype.kind in "iu"
    if not is_noted or asked.ndim != 1 or axes.ndim != 1 or not 0 < regs.size <= QUESTIONS:
        raise ValueError("no questions")
    parts, place, left = [], 0, iter(axes.tolist())
    for number in left:
        shape = tuple(itertools.islice(left, number))
        if any(size > NOTED for size in shape):  # of no numbers, or of forged ones
            raise ValueError("no questions")
        size = math.prod(shape)
        parts.append(asked[place : place + size].astype(float).reshape(shape))
        place += size
    of_each = 2 + len(names)
    several = (parts[i : i + of_each] for i in range(0, len(parts), of_each))
    return [
        Question(X_batch, y_batch, reg, dict(zip(names, weights, strict=True)))
        for (X_batch, y_batch, *weights), reg in zip(several, regs, strict=True)
    ]


def _paths(places):
    """Where each parameter was before each step and at the end, unless its shape changed."""
    paths = {name: [place[name] for place in places] for name in places[0]}
    return {
        f"path of {name}": np.stack(path)
        for name, path in paths.items()
        if len({array.shape for array in path}) == 1
    }


# What is judged.


def expect(seen):
    """The reference's arrays, with the losses of the student's own steps as loss_history.

    Where a parameter was between the steps is context, unless it is right in the end. A case that
    is worth a remark on its batches is judged by its batches alone.
    """
    if seen.case.failure != "wrong":
        return {"rows in X_batch": seen.expected["rows in X_batch"]}
    on_its_way = {
        f"path of {name}"
        for name in seen.arguments["given"]["start"]
        if name not in seen.expected or not is_right(seen.arrays.get(name), seen.expected[name])
    }
    expected = {
        name: array
        for name, array in seen.expected.items()
        if name != "losses" and name not in on_its_way
    }
    if "losses" in seen.arrays:
        expected["loss_history"] = seen.arrays["losses"]
    return expected


def complain_of(name, seen):
    """A sentence on an array or a fact of a training that is not as it must be, or None."""
    got, right = seen.arrays.get(name), seen.expected[name]
    if name in FACTS:
        return FACTS[name][1](got, seen) if got is not None else NOT_ASKED
    if name == "losses down a bowl":
        return _not_lowered(got)
    if name == "loss_history" and got is not None:
        got = got.ravel()  # a column of losses is no mistake
    return complaint(name, got, right)


def complain(seen):
    """The first of these sentences, or None."""
    return next(filter(None, (complain_of(name, seen) for name in seen.judged)), None)


def _not_lowered(history):
    """A sentence, if losses that every step lowers do not fall below their half."""
    if np.size(history) < 100:
        return f"loss_history has {np.size(history)} entries after 100 steps."
    losses = history.ravel().astype(float)
    first, last = losses[:10].mean(), losses[-10:].mean()
    if not last < first / 2:
        return (
            f"the last ten losses, half of sum((W - 1)^2), are {last:.3g} on average, and the "
            f"first ten {first:.3g}: they should fall below the half."
        )


# Why.


def explain(decay, observed):
    """Batches by what was noted of them, the steps by the way that they went.

    decay : of the learning rate, per epoch
    """
    off = {
        name: f"With {seen.case.name}, {told}"
        for seen in reversed(observed)
        for name in seen.judged
        if (told := complain_of(name, seen))
    }
    trained = [seen for seen in observed if "steps" in seen.judged]
    if not all("steps" in seen.arrays for seen in trained):
        return Explanation(("loss-not-asked",), off.get("steps", ""), array="steps")
    facts = unique(name for seen in trained for name in seen.judged if name in FACTS)
    found = [(FACTS[fact][0], fact, off[fact]) for fact in facts if fact in off]
    names = [*observed[0].arguments["given"]["start"]]
    walks = {name: _walks(name, decay, trained) for name in names if name in off}
    steps = {name: _explain_steps(name, walks[name], trained) for name in walks}
    found += _of_steps(steps, walks, len(names), off)
    if "loss_history" in off:
        found.append(("history", "loss_history", off["loss_history"]))
    bowl = "losses down a bowl"
    if [*off] == [bowl]:
        sizes = [np.size(seen.arrays.get(bowl)) for seen in observed if bowl in seen.judged]
        short = any(size < 100 for size in sizes)
        found.append(("history" if short else "loss-not-lowered", bowl, off[bowl]))
    known = [mistake for mistake, _, _ in found]
    dull = {name for mistake in MISTAKES if mistake.name in known for name in mistake.hides}
    found = [entry for entry in found if entry[0] not in dull]
    rest = next((name for name, names in steps.items() if names is None), None)
    if not found:
        return Explanation(array=rest or next(iter(off), None))
    names = unique(mistake for mistake, _, _ in found)
    if set(names) <= {"momentum", "decay-after-epoch"} and not rest:
        return Explanation(convention=names[0])
    _, array, evidence = found[0]
    return Explanation(names, evidence, array=array, rest=rest)


def _of_steps(steps, walks, number, off):
    """(mistake, parameter, what was measured) of each mistake in the steps.

    steps : parameter -> names of mistakes, or None where its steps are not understood
    number : of parameters
    """
    still = [name for name, names in steps.items() if names == ("never-updated",)]
    if still and len(still) < number:
        told = f"{' and '.join(still)} {'ends' if len(still) == 1 else 'end'} as at the start."
        yield "parameters-not-updated", still[0], told
    for name, names in steps.items():
        told = _rates_of(name, walks[name]) or off[name]
        for mistake in names or ():
            if mistake != "never-updated" or len(still) == number:
                yield mistake, name, told


# The steps of a parameter, one after the other.


def _walks(name, decay, trained):
    """Case -> the Steps of a parameter, where they can be followed."""
    return {
        seen.case.name: Steps(name, decay, places, **seen.arguments)
        for seen in trained
        if (places := seen.arrays.get(f"path of {name}")) is not None
        and places[0].shape == seen.expected[name].shape
    }


def _explain_steps(name, walks, trained):
    """Names of the mistakes in the steps of a parameter; None where they are not understood."""
    there = [seen for seen in trained if name in seen.arrays]
    if any(seen.arrays[name].shape != seen.expected[name].shape for seen in there):
        return ("wrong-shape",)
    if len(walks) < len(trained):
        return None
    every = [*walks.values()]
    if all(_moves_once(t.moves) for t in every):
        return ("step-after-loop",)
    observed = [
        replace(seen, arrays={"moves": t.moves}, expected={"moves": t.steps})
        for seen, t in zip(trained, every, strict=True)
    ]
    if fits := search(observed, "moves", lambda seen: _ways(walks[seen.case.name])):
        return fits[0][0]
    return _factor(every) or _other_decay(every)


def _moves_once(moves):
    """Whether the weights stood still until the loss had been asked for the last time."""
    return len(moves) > 1 and not np.any(moves[:-1]) and bool(np.any(moves[-1]))


def _ways(t):
    """Candidates for the moves of a parameter."""
    moves = [((), t.right), *candidates(MISTAKES, "moves", t)]
    moves = [(names, way if way.ndim > 1 else t.times(way)) for names, way in moves]
    ways = candidates(MISTAKES, "places", t)
    return moves + [(names, -np.diff([t.path[0], *places], axis=0)) for names, places in ways]


def _factor(walks):
    """Names, if each move is the right one times a number that is the same in all cases."""
    factors = [np.vdot(t.moves, t.steps) / np.vdot(t.steps, t.steps) for t in walks]
    if not all(agrees(t.moves, f * t.steps) for t, f in zip(walks, factors, strict=True)):
        return None
    if min(factors) > 0:
        return ("learning-rate-other",)
    return ("uphill", "learning-rate-other") if np.allclose(factors, factors[0]) else None


def _other_decay(walks):
    """The name, if the learning rate is that of the start, decayed at other times or by more."""
    for t in walks:
        rates = t.along / t.size / RATE
        if rates.min() <= 0 or not agrees(t.moves, t.times(t.along)):
            return None
        if t.decay == 1:
            if np.any(np.diff(rates) > 1e-9):
                return None
        elif not np.allclose(times := np.log(rates) / np.log(t.decay), np.rint(times), atol=1e-4):
            return None
    return ("learning-rate-decays",) if walks[0].decay == 1 else ("epoch-count",)


def _rates_of(name, walks):
    """A sentence on steps of a parameter as multiples of the gradient, if they are such."""
    for case, t in walks.items():
        got, right = t.along / t.size, t.rates
        if agrees(t.moves, t.times(t.along)) and not np.allclose(got, right):
            first = int(np.argmin(np.isclose(got, right)))  # that is off
            some = slice(max(first - 2, 0), first + 4)
            which = f"steps {some.start + 1} to {min(some.stop, len(got))}"
            got, right = (", ".join(f"{value:.4g}" for value in r[some]) for r in (got, right))
            return (
                f"With {case}, {which} take {got} times the gradient off {name}; right are {right}."
            )
    return ""

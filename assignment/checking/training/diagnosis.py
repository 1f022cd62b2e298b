"""Mistakes in a training loop: in the batches it draws, and in the steps it takes."""

from dataclasses import replace
from functools import partial

import numpy as np

from assignment.checking.arrays import agrees, complaint
from assignment.checking.diagnosis import Explanation, search, unique
from assignment.checking.training.calls import OPTIONS, STEPS

RATE = OPTIONS["learning_rate"]


# Batches. Each rule looks at what calls.Record noted, an entry for each step or one for all, and
# returns a sentence if that is not as it must be.


def _number_of_steps(steps, seen):
    if steps != STEPS and not _stands_still(seen):
        plural = "s" if steps != 1 else ""
        return f"num_iters is {STEPS}, but the weights make {steps} step{plural}."


def _shape(name, shape, seen):
    """The axes are those of X or y; how many examples there are is another question."""
    right = seen.arguments[name].shape[1:]
    if len(shape) != 1 + len(right) or tuple(shape[1:]) != right:
        right = (seen.arguments["batch_size"], *right)
        got = tuple(map(int, shape))
        return f"{name}_batch has shape {got} in the first step, but should have {right}."


def _size(what, things, sizes, seen):
    """A batch that holds all examples, where there are fewer than batch_size, is no mistake."""
    B, N = seen.arguments["batch_size"], len(seen.arguments["X"])
    off = (sizes != B) & (sizes != min(B, N))
    if off.any():
        return f"{what} has {sizes[off][0]} {things} and not {B}, {_in_steps(off)}."


def _rows(known, seen):
    if (off := known != seen.arrays["rows in X_batch"]).any():
        return f"X_batch has rows that are not rows of X, {_in_steps(off)}."


def _labels(own, seen):
    if (off := own != seen.arrays["rows that are rows of X"]).any():
        return f"y_batch does not hold the labels of the rows of X_batch, {_in_steps(off)}."


def _repeated(is_new, seen):
    if not is_new.all() and seen.arguments["batch_size"] < len(seen.arguments["X"]):
        return f"X_batch is that of the step before, {_in_steps(~is_new[1:])} after the first."


def _different(examples, seen):
    """By chance, a small batch may hold the same example only; not most of them."""
    off = (examples == 1) & (seen.arrays["rows in X_batch"] > 1)
    if 2 * off.sum() > off.size:
        return f"all rows of X_batch are the same example, {_in_steps(off)}."


def _drawn(count, seen):
    """Of 5 examples each has its turn in 100 draws; of 32, three quarters will do."""
    N, draws = len(seen.arguments["X"]), seen.arrays["rows in X_batch"].sum()
    if count < (0.75 * N if N > 5 else N):
        return f"only {count} of {N} examples ever come into a batch, in {draws} draws."


def _strength(regs, seen):
    reg = OPTIONS["reg"]
    if np.isnan(regs).any():
        return f"train was given reg = {reg}, but the loss gets none, {_in_steps(np.isnan(regs))}."
    if (off := regs != reg).any():
        return f"train was given reg = {reg}, but the loss gets {regs[off][0]:g}, {_in_steps(off)}."


def _stands_still(seen):
    """Whether the weights are never moved before the loss is asked for the last time."""
    paths = [path for name, path in seen.arrays.items() if name.startswith("path of ")]
    ends = [path if len(path) == 2 else path[:-1] for path in paths]
    return bool(paths) and all(np.all(path == path[0]) for path in ends)


def _in_steps(off):
    return f"in {'all' if off.all() else f'{off.sum()} of'} {off.size} steps"


FACTS = {
    "steps": ("step-count", _number_of_steps),
    "shape of the first X_batch": ("batch-shape", partial(_shape, "X")),
    "shape of the first y_batch": ("batch-shape", partial(_shape, "y")),
    "rows in X_batch": ("batch-size", partial(_size, "X_batch", "rows")),
    "labels in y_batch": ("labels-of-other-examples", partial(_size, "y_batch", "labels")),
    "rows that are rows of X": ("not-training-examples", _rows),
    "labels that belong to their rows": ("labels-of-other-examples", _labels),
    "different examples in a batch": ("one-example-batch", _different),
    "the batch is a new one": ("same-batch-each-step", _repeated),
    "examples drawn": ("part-never-drawn", _drawn),
    "reg in the loss": ("reg-not-passed-on", _strength),
}

# Mistakes that are no news when another is known.
CONSEQUENCES = {
    "batch-shape": {"batch-size", "not-training-examples", "labels-of-other-examples"}
    | {"one-example-batch", "same-batch-each-step", "part-never-drawn"},
    "not-training-examples": {"part-never-drawn"},
    "batch-size": {"labels-of-other-examples", "same-batch-each-step"},
    "step-count": {"history", "part-never-drawn"},
    "same-batch-each-step": {"part-never-drawn"},
    "one-example-batch": {"same-batch-each-step", "part-never-drawn"},
}


NOT_ASKED = "train never asks for self.loss(X_batch, y_batch, ...)."


# What is judged.


def expect(seen):
    """The reference's arrays, with the losses of the student's own steps as loss_history.

    Where the weights were between the steps is context. A case that is worth a remark on its
    batches is judged by its batches alone.
    """
    if seen.case.failure != "wrong":
        return {"rows in X_batch": seen.expected["rows in X_batch"]}
    expected = {
        name: array
        for name, array in seen.expected.items()
        if name != "losses" and not name.startswith("path of ")
    }
    if "losses" in seen.arrays:
        expected["loss_history"] = seen.arrays["losses"]
    return expected


def complain_of(name, seen):
    """A sentence on an array or a fact of a training that is not as it must be, or None."""
    got, right = seen.arrays.get(name), seen.expected[name]
    if name in FACTS:
        return FACTS[name][1](got, seen) if got is not None else NOT_ASKED
    if name == "losses on three groups":
        return _not_lowered(got)
    if name == "loss_history" and got is not None:
        got = got.ravel()  # a column of losses is no mistake
    return complaint(name, got, right)


def complain(seen):
    """The first of these sentences, or None."""
    return next(filter(None, (complain_of(name, seen) for name in seen.judged)), None)


def _not_lowered(history):
    """A sentence, if losses on data that any classifier learns do not fall below their half."""
    if _is_short(history):
        return f"loss_history has {np.size(history)} entries after 100 steps."
    losses = history.ravel().astype(float)
    first, last = losses[:10].mean(), losses[-10:].mean()
    if not last < first / 2:
        return (
            f"which are far apart, the last ten losses are {last:.3g} on average, and the first "
            f"ten {first:.3g}: they should fall below the half."
        )


def _is_short(history):
    return history is None or history.size < 100


# Why.


def explain(gradients, decay, observed):
    """Batches by what was noted of them, the steps by the way that they went.

    gradients : name -> array; decay : of the learning rate, per epoch
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
    found = [(mistake, fact, off[fact]) for fact, (mistake, _) in FACTS.items() if fact in off]
    steps = {
        name: _explain_steps(name, gradient, decay, trained)
        for name, gradient in gradients.items()
        if name in off
    }
    found += _of_steps(steps, gradients, decay, trained, off)
    if "loss_history" in off:
        found.append(("history", "loss_history", off["loss_history"]))
    groups = "losses on three groups"
    if [*off] == [groups]:
        short = any(
            _is_short(seen.arrays.get(groups)) for seen in observed if groups in seen.judged
        )
        found.append(("history" if short else "loss-not-lowered", groups, off[groups]))
    dull = set().union(*(CONSEQUENCES.get(mistake, ()) for mistake, _, _ in found))
    found = [entry for entry in found if entry[0] not in dull]
    rest = next((name for name, names in steps.items() if names is None), None)
    if not found:
        return Explanation(array=rest or next(iter(off), None))
    names = unique(mistake for mistake, _, _ in found)
    if set(names) <= {"momentum", "decay-after-epoch"} and not rest:
        return Explanation(convention=names[0])
    _, array, evidence = found[0]
    return Explanation(names, evidence, array=array, rest=rest)


def _of_steps(steps, gradients, decay, trained, off):
    """(mistake, parameter, what was measured) of each mistake in the steps.

    steps : parameter -> names of mistakes, or None where its steps are not understood
    """
    still = [name for name, names in steps.items() if names == ("never-updated",)]
    if still and len(still) < len(gradients):
        told = f"{' and '.join(still)} {'ends' if len(still) == 1 else 'end'} as at the start."
        yield "parameters-not-updated", still[0], told
    for name, names in steps.items():
        told = _rates_of(name, gradients[name], decay, trained) or off[name]
        for mistake in names or ():
            if mistake != "never-updated" or len(still) == len(gradients):
                yield mistake, name, told


# Steps. A parameter has moved along its gradient: `moves` is an array (steps, *its shape) of how
# far it went downhill in each. The sizes of the gradients go 1, 2, 3, 1, 2 ... (calls.Record).


def _explain_steps(name, gradient, decay, trained):
    """Names of the mistakes in the steps of a parameter; None where they are not understood."""
    if any(seen.arrays[name].shape != gradient.shape for seen in trained if name in seen.arrays):
        return ("wrong-shape",)
    paths = [seen.arrays.get(f"path of {name}") for seen in trained]
    if any(path is None for path in paths):
        return None
    observed = [
        replace(
            seen,
            arrays={"moves": -np.diff(path, axis=0), "path": path},
            expected={"moves": _times(gradient, _rates(decay, seen, len(path) - 1)[1])},
        )
        for seen, path in zip(trained, paths, strict=True)
    ]
    if all(_moves_once(seen.arrays["moves"]) for seen in observed):
        return ("step-after-loop",)
    if fits := search(observed, "moves", partial(_ways, gradient, decay)):
        return fits[0][0]
    return _factor(observed) or _other_decay(gradient, decay, observed)


def _moves_once(moves):
    """Whether the weights stood still until the loss had been asked for the last time."""
    return len(moves) > 1 and not np.any(moves[:-1]) and bool(np.any(moves[-1]))


def _rates(decay, seen, steps, decays=None):
    """The learning rates of the steps, and these times the sizes of the gradients."""
    t = np.arange(steps)
    # The rate decays after the first step of an epoch, as in CS231n.
    rates = RATE * decay ** (-(-t // _epoch(seen)) if decays is None else decays)
    return rates, rates * _sizes(steps)


def _epoch(seen):
    return max(len(seen.arguments["X"]) // seen.arguments["batch_size"], 1)


def _sizes(steps):
    return 1 + np.arange(steps) % 3


def _times(gradient, factors):
    return np.multiply.outer(factors, gradient)


def _ways(gradient, decay, seen):
    """Candidates for the moves of a parameter."""
    start, steps = seen.arrays["path"][0], len(seen.arrays["moves"])
    t, size, epoch = np.arange(steps), _sizes(steps), _epoch(seen)
    rates, right = _rates(decay, seen, steps)
    late, after = _rates(decay, seen, steps, t // epoch)
    twice = -(-t // epoch) + t // epoch
    N, B = len(seen.arguments["X"]), seen.arguments["batch_size"]
    ways = [
        ((), right),
        (("never-updated",), 0 * right),
        (("learning-rate-missing",), size),
        (("learning-rate-missing",), right / RATE),
        (("decay-after-epoch",), after),
        *(
            (("decay-twice",), _rates(decay, seen, steps, decays)[1])
            for decays in (2 * -(-t // epoch), twice, twice + 1, 2 * (t // epoch))
        ),
        (("step-averaged",), right / B),
        (("step-averaged",), right / N),
        (("gradients-accumulated",), rates * np.cumsum(size)),
    ]
    for r, names in ((rates, ()), (late, ("decay-after-epoch",))):
        for momentum in (0.5, 0.9, 0.95, 0.99):
            for inside, outside in ((r, 1), (1, r), (1 - momentum, r)):
                velocity = _velocity(momentum, inside * size)
                ahead = inside * size + momentum * velocity  # as Nesterov looks ahead
                ways += [
                    (("momentum", *names), outside * velocity),
                    (("momentum", *names), outside * ahead),
                    (("momentum-besides", *names), outside * velocity + r * size),
                ]
    return [(names, _times(gradient, way)) for names, way in ways] + [
        *_of_places(gradient, right, start),
        *(
            (("penalty-in-step",), _with_penalty(gradient, rates, size, start, c))
            for c in (OPTIONS["reg"], 2 * OPTIONS["reg"])
        ),
        (("gradient-normalised",), _times(np.sign(gradient), rates)),
        (("gradient-normalised",), _times(gradient / np.linalg.norm(gradient), rates)),
    ]


def _velocity(momentum, pulls):
    velocity, velocities = 0.0, []
    for pull in pulls:
        velocity = momentum * velocity + pull
        velocities.append(velocity)
    return np.array(velocities)


def _of_places(gradient, right, start):
    """Candidates that say where a parameter is after each step."""
    steps = _times(gradient, right)
    path = np.concatenate([[start], start - np.cumsum(steps, axis=0)])
    places = [
        (("step-assigned",), -steps),
        (("step-assigned",), steps),
        (("steps-not-added",), start - steps),
        (("weights-averaged",), np.concatenate([path[1:-1], [path[1:].mean(axis=0)]])),
        (("weights-averaged",), np.concatenate([path[1:-1], [path[:-1].mean(axis=0)]])),
        (("weights-averaged",), np.concatenate([path[1:-1], [path.mean(axis=0)]])),
    ]
    return [(names, -np.diff(np.concatenate([[start], to]), axis=0)) for names, to in places]


def _with_penalty(gradient, rates, size, start, strength):
    """Moves along the gradient and, besides, a part of the weights themselves."""
    place, moves = start, []
    for rate, factor in zip(rates, size, strict=True):
        moves.append(rate * (factor * gradient + strength * place))
        place = place - moves[-1]
    return np.array(moves)


def _factor(observed):
    """Names, if each move is the right one times a number that is the same in all cases."""
    factors = []
    for seen in observed:
        moves, right = seen.arrays["moves"], seen.expected["moves"]
        factors.append(np.vdot(moves, right) / np.vdot(right, right))
        if not agrees(moves, factors[-1] * right):
            return None
    if not np.allclose(factors, factors[0]):
        return ("learning-rate-other",) if min(factors) > 0 else None
    if np.isclose(abs(factors[0]), 1):
        return ("uphill",)
    names = ("step-twice",) if np.isclose(abs(factors[0]), 2) else ("learning-rate-other",)
    return ("uphill", *names) if factors[0] < 0 else names


def _other_decay(gradient, decay, observed):
    """The name, if the learning rate is that of the start, decayed at other times or by more."""
    for seen in observed:
        moves = seen.arrays["moves"]
        along = _along(moves, gradient) / _sizes(len(moves)) / RATE
        if along.min() <= 0 or not agrees(
            moves, _times(gradient, along * RATE * _sizes(len(moves)))
        ):
            return None
        if decay == 1:
            if np.any(np.diff(along) > 1e-9):
                return None
        elif not np.allclose(times := np.log(along) / np.log(decay), np.rint(times), atol=1e-4):
            return None
    return ("learning-rate-decays",) if decay == 1 else ("epoch-count",)


def _along(moves, gradient):
    """How many gradients far each move goes."""
    return moves.reshape(len(moves), -1) @ gradient.ravel() / np.vdot(gradient, gradient)


def _rates_of(name, gradient, decay, trained):
    """A sentence on steps of a parameter as multiples of the gradient, if they are such."""
    for seen in trained:
        path = seen.arrays.get(f"path of {name}")
        if path is None or path[0].shape != gradient.shape:
            continue
        moves = -np.diff(path, axis=0)
        along, steps = _along(moves, gradient), len(moves)
        got, right = along / _sizes(steps), _rates(decay, seen, steps)[0]
        if agrees(moves, _times(gradient, along)) and not np.allclose(got, right):
            first = int(np.argmin(np.isclose(got, right)))  # that is off
            some = slice(max(first - 2, 0), first + 4)
            got, right = (", ".join(f"{value:.4g}" for value in r[some]) for r in (got, right))
            which = f"steps {some.start + 1} to {min(some.stop, steps)}"
            return (
                f"With {seen.case.name}, {which} take {got} times the gradient off {name}; "
                f"right are {right}."
            )
    return ""

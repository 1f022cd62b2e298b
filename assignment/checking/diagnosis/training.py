"""Mistakes in a training loop: in the batches it draws, and in the steps it takes."""

from functools import partial

import numpy as np

from assignment.checking.arrays import complaint
from assignment.checking.calls import (
    DECAY,
    NET_GRADIENTS,
    NET_START,
    OPTIONS,
    STEPS,
    W_GRADIENT,
    W_START,
)
from assignment.checking.diagnosis import Explanation, unique

# What must be true of all batches (calls.Record notes it), and the mistake where it is not.
FACTS = {
    "X_batch has batch_size rows": "batch-size",
    "y_batch has batch_size labels": "labels-of-other-examples",
    "labels belong to their rows": "labels-of-other-examples",
    "rows of X_batch are rows of X": "not-training-examples",
    "each step draws a new batch": "same-batch-each-step",
    "a batch holds several examples": "same-batch-each-step",
    "the examples are drawn": "part-never-drawn",
    "the loss gets reg": "reg-not-passed-on",
}

# Mistakes that are no news when another is known.
CONSEQUENCES = {
    "not-training-examples": {
        "labels-of-other-examples",
        "same-batch-each-step",
        "part-never-drawn",
    },
    "batch-size": {"labels-of-other-examples"},
    "same-batch-each-step": {"part-never-drawn"},
    "never-updated": {"history"},
}


def complain_of(name, seen):
    """A sentence on an array or a fact of a training that is not as it must be, or None."""
    got, right = seen.arrays.get(name), seen.expected[name]
    if name in FACTS:
        return None if got is not None and got else f"{name}: not so."
    if name == "losses on three groups":
        if got is not None and _falls_below_half(got):
            return None
        return "on three groups that are far apart, the loss does not fall below its half."
    if name == "loss_history" and got is not None:
        got = got.ravel()  # a column of losses is no mistake
    return complaint(name, got, right)


def complain(seen):
    """The first of these sentences, or None."""
    return next(filter(None, (complain_of(name, seen) for name in seen.judged)), None)


def _falls_below_half(history):
    """Whether a history of losses, on data that any classifier learns, falls below its half."""
    history = history.ravel().astype(float)
    return history.size >= 20 and np.mean(history[-10:]) < 0.5 * np.mean(history[:10])


def _explain(starts, gradients, decay, observed):
    """Batches by the facts that were noted; the steps by where they led.

    starts : name -> array before the first step; gradients : name -> array; decay : per epoch
    """
    off = {name for seen in observed for name in seen.judged if complain_of(name, seen)}
    names = [mistake for fact, mistake in FACTS.items() if fact in off]
    if "steps" in off:
        return Explanation(("step-count",))
    if off & set(starts):
        names += _explain_steps(starts, gradients, decay, observed)
    if "loss_history" in off:
        names.append("history")
    if off == {"losses on three groups"}:
        names.append("loss-not-lowered")
    dull = set().union(*(CONSEQUENCES.get(name, ()) for name in names))
    names = unique(name for name in names if name not in dull)
    if names in (("momentum",), ("decay-after-epoch",)):
        return Explanation(convention=names[0])
    return Explanation(names)


explain_linear_training = partial(_explain, {"W": W_START}, {"W": W_GRADIENT}, 1.0)
explain_net_training = partial(_explain, NET_START, NET_GRADIENTS, DECAY)


def _explain_steps(starts, gradients, decay, observed):
    """How far the parameters moved: names of mistakes, or () where it is not understood."""
    found = {}
    for name, start in starts.items():
        surviving = None
        for seen in observed:
            if name not in seen.judged:
                continue
            got = seen.arrays.get(name)
            if got is None or got.shape != start.shape:
                return ("wrong-shape",)
            epoch = max(len(seen.arguments["X"]) // seen.arguments["batch_size"], 1)
            fits = {
                (position, names)
                for position, (names, way) in enumerate(_paths(decay, epoch))
                if np.allclose(start - got, way * gradients[name])
            }
            surviving = fits if surviving is None else surviving & fits
        if not surviving:
            return ()
        found[name] = min(surviving)[1]
    if set(found.values()) == {("never-updated",)}:
        return ("never-updated",)
    names = unique(name for names in found.values() for name in names)
    return ["parameters-not-updated" if name == "never-updated" else name for name in names]


def _paths(decay, epoch):
    """(names, how far a gradient that starts at size 1 carries a parameter downhill) of each way.

    The sizes of the gradients go 1, 2, 3, 1, 2 ..., as calls.Record makes them.
    """
    rate, steps = OPTIONS["learning_rate"], np.arange(STEPS)
    size = 1 + steps % 3
    # The learning rate decays after the first step of an epoch, as in CS231n.
    rates = rate * decay ** (-(-steps // epoch))
    yield (), np.sum(rates * size)
    yield ("never-updated",), 0.0
    yield ("uphill",), -np.sum(rates * size)
    yield ("learning-rate-missing",), np.sum(size)
    yield ("learning-rate-missing",), np.sum(rates * size) / rate
    yield ("decay-after-epoch",), rate * np.sum(decay ** (steps // epoch) * size)
    for others in (0 * steps, steps, steps + 1):
        yield ("epoch-count",), rate * np.sum(decay**others * size)
    for factor in (1e-3, 1e-2, 0.1, 0.5, 2.0, 10.0, 1 / 8, 8.0):
        yield ("learning-rate-other",), factor * np.sum(rates * size)
    for momentum in (0.5, 0.9, 0.95, 0.99):
        for inside, outside in ((rates, 1), (1, rates), (1 - momentum, rates)):
            velocity, way = 0.0, 0.0
            for pull, push in zip(inside * size, outside * np.ones(STEPS), strict=True):
                velocity = momentum * velocity + pull
                way += push * velocity
            yield ("momentum",), way

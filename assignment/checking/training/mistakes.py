"""Mistakes in a training loop, each beside how it is seen.

`facts` has rules for diagnosis.facts, an entry for each step or one for all: functions of
that and of Observed, which return a sentence if it is not as it must be. `moves` and `places` are
functions of Steps: how far downhill a parameter goes in each, as an array or in multiples of the
gradient; and where it is after each.
"""

from functools import cached_property, partial

import numpy as np

from assignment.checking.common import DESCENT
from assignment.checking.mistake import Mistake
from assignment.checking.training.calls import CYCLE, OPTIONS, STEPS

OfTraining = partial(Mistake, see=DESCENT)
RATE, REG = OPTIONS["learning_rate"], OPTIONS["reg"]


class Steps:
    """The steps of a parameter: as they were, in moves and along; all else as it should have been.

    gradient : of the parameter; in the steps it is `size` times as large (calls.given)
    places : where the parameter was, at the start and after each step
    moves, along : how far downhill each step went, and how many gradients far
    rates, late : the learning rates; and if they fell with the last step of an epoch
    right, steps, path : how many gradients far, how far, and from where to where
    """

    def __init__(self, name, decay, places, X, y, batch_size, given):
        self.gradient = gradient = given["gradients"][name]
        self.decay, self.N, self.B = decay, len(X), batch_size
        self.moves = -np.diff(places, axis=0)
        self.along = self.moves.reshape(len(self.moves), -1) @ gradient.ravel()
        self.along /= np.vdot(gradient, gradient)
        self.step, epoch = np.arange(len(self.moves)), max(self.N // self.B, 1)
        # How many epochs have begun before each step, and how many have ended.
        self.begun, self.ended = -(-self.step // epoch), self.step // epoch
        self.size = given["sizes"][self.step % CYCLE]
        # The rate decays after the first step of an epoch, as in CS231n.
        self.rates, self.late = RATE * decay**self.begun, RATE * decay**self.ended
        self.right = self.rates * self.size
        self.steps = self.times(self.right)
        self.path = np.concatenate([places[:1], places[0] - np.cumsum(self.steps, axis=0)])

    def times(self, factors):
        """Moves that are multiples of the gradient."""
        return np.multiply.outer(factors, self.gradient)

    @cached_property
    def velocities(self):
        """(plain steps, velocities, looks ahead, names of what is in them besides)."""
        found, lag = [], np.subtract.outer(self.step, self.step)
        for rates, names in ((self.rates, ()), (self.late, ("decay-after-epoch",))):
            for momentum in (0.5, 0.9, 0.95, 0.99):
                for inside, outside in ((rates, 1), (1, rates), (1 - momentum, rates)):
                    pulls = inside * self.size
                    velocity = np.tril(momentum**lag) @ pulls
                    ahead = pulls + momentum * velocity  # as Nesterov looks
                    found.append((rates * self.size, outside * velocity, outside * ahead, *names))
        return found


# Rules for what was noted of the batches.


def in_steps(off, told, after=""):
    """A sentence on the steps that are off, if there are any."""
    if off.any():
        which = "all" if off.all() else f"{off.sum()} of"
        return f"{told}, in {which} {off.size} steps{after}."


def as_many(steps, seen):
    if steps != STEPS and not stands_still(seen):
        plural = "s" if steps != 1 else ""
        return f"num_iters is {STEPS}, but the weights make {steps} step{plural}."


def stands_still(seen):
    """Whether the weights are never moved before the loss is asked for the last time."""
    paths = [path for name, path in seen.arrays.items() if name.startswith("path of ")]
    ends = [path if len(path) == 2 else path[:-1] for path in paths]
    return bool(paths) and all(np.all(path == path[0]) for path in ends)


def same_axes(name, shape, seen):
    """The axes are those of X or y; how many examples there are is another question."""
    right = seen.arguments[name].shape[1:]
    if len(shape) != 1 + len(right) or tuple(shape[1:]) != right:
        right = (seen.arguments["batch_size"], *right)
        got = tuple(map(int, shape))
        return f"{name}_batch has shape {got} in the first step, but should have {right}."


def of_size(what, things, sizes, seen):
    """A batch that holds all examples, where there are fewer than batch_size, is no mistake."""
    B, N = seen.arguments["batch_size"], len(seen.arguments["X"])
    off = (sizes != B) & (sizes != min(B, N))
    return in_steps(off, f"{what} has {sizes[off.argmax()]} {things} and not {B}")


def different(examples, seen):
    """By chance, a small batch may hold the same example only; not most of them."""
    off = (examples == 1) & (seen.arrays["rows in X_batch"] > 1)
    if 2 * off.sum() > off.size:
        return in_steps(off, "all rows of X_batch are the same example")


def new(is_new, seen):
    if seen.arguments["batch_size"] < len(seen.arguments["X"]):
        return in_steps(~is_new[1:], "X_batch is that of the step before", " after the first")


def drawn(count, seen):
    """Of 5 examples each has its turn in 100 draws; of 32, three quarters will do."""
    N, draws = len(seen.arguments["X"]), seen.arrays["rows in X_batch"].sum()
    if count < (0.75 * N if N > 5 else N):
        return f"only {count} of {N} examples ever come into a batch, in {draws} draws."


def as_given(regs, seen):
    told, off = f"train was given reg = {REG}, but the loss gets", regs != REG
    other = f"{told} {regs[off.argmax()]:g}"
    return in_steps(np.isnan(regs), f"{told} none") or in_steps(off, other)


def with_penalty(t, reg):
    """Places on a way along the gradient and, besides, along reg times the weights."""
    place, places = t.path[0], []
    for rate, size in zip(t.rates, t.size, strict=True):
        place = place - rate * (size * t.gradient + reg * place)
        places.append(place)
    return np.array(places)


MISTAKES = (
    # The batches.
    OfTraining(
        "step-count",
        "The number of steps is not num_iters.",
        hides=("history", "part-never-drawn"),
        facts={"steps": as_many},
    ),
    OfTraining(
        "loss-not-asked",
        "The batch's loss and gradient do not come from self.loss(...), which every classifier "
        "brings along.",
    ),
    OfTraining(
        "batch-shape",
        "A batch has the wrong shape: X_batch is (batch_size, D), and y_batch is (batch_size,), "
        "as X[indices] and y[indices] are for a list of indices.",
        hides=(
            *("batch-size", "not-training-examples", "labels-of-other-examples"),
            *("one-example-batch", "same-batch-each-step", "part-never-drawn"),
        ),
        facts={
            "shape of the first X_batch": partial(same_axes, "X"),
            "shape of the first y_batch": partial(same_axes, "y"),
        },
    ),
    OfTraining(
        "batch-size",
        "A batch does not have batch_size examples.",
        hides=("labels-of-other-examples", "same-batch-each-step"),
        facts={"rows in X_batch": partial(of_size, "X_batch", "rows")},
    ),
    OfTraining(
        "labels-of-other-examples",
        "The labels of a batch are not those of its examples: X and y take the same indices.",
        facts={
            "labels in y_batch": partial(of_size, "y_batch", "labels"),
            "labels that belong to their rows": lambda own, seen: in_steps(
                own != seen.arrays["rows that are rows of X"],
                "y_batch does not hold the labels of the rows of X_batch",
            ),
        },
    ),
    OfTraining(
        "not-training-examples",
        "A batch has rows that are not rows of X: X_batch is X[indices].",
        hides=("part-never-drawn",),
        facts={
            "rows that are rows of X": lambda known, seen: in_steps(
                known != seen.arrays["rows in X_batch"], "X_batch has rows that are not rows of X"
            )
        },
    ),
    OfTraining(
        "one-example-batch",
        "A batch holds one example again and again: draw batch_size indices, not one.",
        hides=("same-batch-each-step", "part-never-drawn"),
        facts={"different examples in a batch": different},
    ),
    OfTraining(
        "same-batch-each-step",
        "A step sees the same batch as the step before: draw a new one in each.",
        hides=("part-never-drawn",),
        facts={"the batch is a new one": new},
    ),
    OfTraining(
        "part-never-drawn",
        "Some of the examples never come into a batch: indices are drawn from 0 to N - 1.",
        facts={"examples drawn": drawn},
    ),
    OfTraining(
        "reg-not-passed-on",
        "The loss does not get the reg that train was given: self.loss(X_batch, y_batch, reg).",
        facts={"reg in the loss": as_given},
    ),
    OfTraining(
        "without-replacement",
        "The batch is drawn without replacement, which cannot be done where batch_size exceeds N "
        "(as in the toy example): leave out replace=False.",
        raises="larger (sample )?than population",
    ),
    # The steps.
    OfTraining("never-updated", "The weights are never changed.", moves=lambda t: 0 * t.right),
    OfTraining(
        "learning-rate-missing",
        "The step is the gradient itself: it is not multiplied by the learning rate.",
        moves=lambda t: [t.size, t.right / RATE],
    ),
    OfTraining(
        "decay-after-epoch",
        "The learning rate decays after the last step of an epoch, in this course after its first.",
        moves=lambda t: t.late * t.size,
    ),
    OfTraining(
        "decay-twice",
        "The learning rate decays twice in an epoch: the lines below the blank do it already.",
        moves=lambda t: [
            RATE * t.decay**times * t.size
            for times in (2 * t.begun, t.begun + t.ended, t.begun + t.ended + 1, 2 * t.ended)
        ],
    ),
    OfTraining(
        "step-averaged",
        "The step is divided by the number of examples, but the gradient is their mean already.",
        moves=lambda t: [t.right / t.B, t.right / t.N],
    ),
    OfTraining(
        "gradients-accumulated",
        "Each step takes the sum of all gradients so far: it takes that of its own batch alone.",
        moves=lambda t: t.rates * np.cumsum(t.size),
    ),
    OfTraining(
        "momentum",
        "The step has a momentum: that is another optimiser than the plain gradient descent of "
        "this course, W -= learning_rate * dW.",
        moves=lambda t: [
            (way, *names)
            for _, velocity, ahead, *names in t.velocities
            for way in (velocity, ahead)
        ],
    ),
    OfTraining(
        "momentum-besides",
        "A plain step and a step with momentum are both made: one of them is enough, in this "
        "course the plain one.",
        moves=lambda t: [(plain + velocity, *names) for plain, velocity, _, *names in t.velocities],
    ),
    OfTraining(
        "gradient-normalised",
        "Only the direction or the sign of the gradient counts in the step: it is "
        "learning_rate * dW, with dW as it is.",
        moves=lambda t: [
            np.multiply.outer(t.rates, direction)
            for direction in (np.sign(t.gradient), t.gradient / np.linalg.norm(t.gradient))
        ],
    ),
    OfTraining(
        "step-assigned",
        "The step takes the place of the weights, where it has to be added to them: W =- step "
        "and W =+ step assign; it is W -= learning_rate * dW.",
        places=lambda t: [-t.steps, t.steps],
    ),
    OfTraining(
        "steps-not-added",
        "Each step starts from the first weights again: it has to start from where the last one "
        "led.",
        places=lambda t: t.path[0] - t.steps,
    ),
    OfTraining(
        "weights-averaged",
        "In the end the weights are the mean of all steps' weights: they stay where the last step "
        "leads.",
        places=lambda t: [
            [*t.path[1:-1], some.mean(axis=0)] for some in (t.path[1:], t.path[:-1], t.path)
        ],
    ),
    OfTraining(
        "penalty-in-step",
        "The step takes the derivative of the penalty besides the gradient, which holds it "
        "already.",
        places=lambda t: [with_penalty(t, reg) for reg in (REG, 2 * REG)],
    ),
    OfTraining(
        "uphill",
        "The step goes uphill: it is W -= learning_rate * dW, with a minus.",
        moves=lambda t: [-t.right, (-2 * t.right, "step-twice")],
    ),
    OfTraining(
        "step-twice",
        "Each step is twice learning_rate * dW: it is made twice, or there is a 2 in it.",
        moves=lambda t: 2 * t.right,
    ),
    OfTraining(
        "learning-rate-other", "The size of the steps is not the learning rate that was given."
    ),
    OfTraining(
        "learning-rate-decays",
        "The learning rate falls during the training: in this function it stays what was given.",
    ),
    OfTraining(
        "epoch-count",
        "The learning rate does not decay as it must, once an epoch, which is every "
        "N / batch_size steps.",
    ),
    OfTraining(
        "step-after-loop",
        "The weights stay the same until the loss has been asked for the last time: the step "
        "belongs into the loop.",
    ),
    OfTraining(
        "parameters-not-updated",
        "Some parameters are never changed: W1, b1, W2 and b2 all take the step.",
    ),
    OfTraining(
        "no-such-gradient",
        "There are gradients for W1, b1, W2 and b2 alone: what else you keep, such as velocities, "
        "belongs into a dict of its own and not into self.params.",
        raises="there is no gradient of",
    ),
    # What came of it.
    OfTraining(
        "history", "The list loss_history must hold the loss of each batch, one number a step."
    ),
    OfTraining("loss-not-lowered", "Training does not lower the loss by half."),
)

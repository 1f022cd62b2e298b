"""What the calls of a training loop share: a loss that answers in the place of the student's own.

It notes its batches, so that a mistake in the student's loss is not charged to the student's
training loop. All else is the student's own: the constructor, what it keeps in the object, and
every helper.
"""

import inspect
import itertools
import random
import types
from collections import namedtuple
from dataclasses import replace

import numpy as np

from assignment.checking.calls import Case, draw_labels, generator, is_drawn_anew, variants

STEPS = 20
OPTIONS = {"learning_rate": 0.1, "reg": 0.7, "num_iters": STEPS}


def seed_generators():
    """NumPy's global generator, and Python's, which some shuffle with."""
    np.random.seed(0)
    random.seed(0)


def asking(module, name, answer, **methods):
    """A class of the student's whose loss is not the student's.

    name : of the class; answer : function(self, X, y, reg) -> what the loss returns; methods :
    further ones that are not the student's
    """
    owner = getattr(module, name)
    kin = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, owner)]
    signatures = [inspect.signature(getattr(one, "loss", _course_loss)) for one in kin]

    def loss(self, *arguments, **options):
        names = _names(signatures, arguments, options)
        given = {**dict(zip(names, arguments, strict=False)), **options}
        X, y, reg = (_named(own, given, names[i]) for i, own in enumerate(("x", "y", "reg")))
        return answer(self, X, y, getattr(self, "reg", None) if reg is None else reg)

    return types.new_class(name, (owner,), {}, lambda body: body.update(methods, loss=loss))


def _course_loss(self, X, y=None, reg=0.0):
    """How a loss is called that is not there yet."""


def _names(signatures, arguments, options):
    """What the places of a loss are called that takes these arguments.

    signatures : of the student's own losses, which may take more than X, y and reg; one will do

    Raises
    ------
    TypeError : if none of them can be called like this
    """
    refusals = []
    for signature in signatures:
        try:
            signature.bind(None, *arguments, **options)
            break
        except TypeError as error:
            refusals.append(error)
    else:
        raise TypeError(f"loss() {refusals[0]}")
    parameters = list(signature.parameters.values())[1:]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names + ["X", "y", "reg"][len(names) :]


def _named(own, given, name):
    """What was given by a name that begins like our own, or else by the name of its place."""
    return next((v for key, v in given.items() if key.lower().startswith(own)), given.get(name))


def no_labels(self, X, *arguments, **options):
    """Stands in for predict where only training is looked at."""
    return np.zeros(len(X), dtype=int)


def train_cases(too_small="wrong"):
    """too_small : what it means to fail where a batch is larger than the training set"""
    rng = generator(40)
    X = rng.normal(size=(32, 4))
    y = draw_labels(rng, 3, 32)
    # 32 / 8 is whole: the steps of an epoch are the same with Python 2's quotient and today's.
    many, few = {"X": X, "y": y, "batch_size": 8}, {"X": X[:5], "y": y[:5]}
    more = {"X": rng.normal(size=(130, 4)), "y": draw_labels(rng, 3, 130), "batch_size": 13}
    large = []
    if is_drawn_anew():
        X, y = rng.normal(size=(400, 4)), draw_labels(rng, 3, 400)
        large = [Case("batches of 100 from 400 examples", {"X": X, "y": y, "batch_size": 100})]
    return [
        Case("batches of 8 from 32 examples", many),
        *large,
        Case("batches of 5 from 5 examples", {**few, "batch_size": 5}),
        Case("batches of 8 from 5 examples", {**few, "batch_size": 8}, too_small),
        Case("batches of 13 from 130 examples", more),
        replace(variants(Case("", many))[2], name="read-only examples"),
        Case("three groups of examples", {**many, "groups": True}),
    ]


def grouped(X, y):
    """The examples moved into groups by their labels, which any classifier learns."""
    return X + 4 * np.eye(3, X.shape[1])[y]


# One call of the loss: the weights of that moment, what it was given, what it answered.
Question = namedtuple("Question", "weights X_batch y_batch reg loss")


class Gradients(dict):
    """Gradients by the names of parameters, which says so when asked for another one."""

    def __missing__(self, name):
        raise KeyError(f"there is no gradient of {name}, only of {', '.join(self)}")


class Record:
    """A loss that goes up and down, gradients that change with each step, and its batches.

    A step is what lies between two moves of the weights; of several questions in one step, the last
    one counts. What is asked after a batch, such as the loss of a validation set, is an aside: it
    is not noted, and a step by its gradients would show.
    """

    def __init__(self, gradients, batch_size):
        self.gradients, self.batch_size = gradients, batch_size
        self.asked = []
        self.moves = 0

    def __call__(self, X_batch, y_batch, reg, weights):
        if X_batch is None or y_batch is None:
            raise NotImplementedError("no batch is drawn yet")
        weights = self._copied(weights)
        if self._is_aside(X_batch, reg, weights):
            return np.float64(-1), {name: g**2 for name, g in self.gradients.items()}
        self.moves += bool(self.asked) and _moved(self.asked[-1].weights, weights)
        loss, size = np.float64(100.625 - 7 * self.moves % 23), 1 + self.moves % 3
        self.asked.append(Question(weights, np.array(X_batch), np.array(y_batch), reg, loss))
        return loss, {name: size * gradient for name, gradient in self.gradients.items()}

    def _is_aside(self, X_batch, reg, weights):
        """Whether a batch was asked about since the last move, and this is something else."""
        if not self.asked or _moved(self.asked[-1].weights, weights):
            return False
        last, right = self.asked[-1], (self.batch_size, OPTIONS["reg"])
        return (len(last.X_batch), last.reg) == right != (len(X_batch), reg)

    def _copied(self, weights):
        return {name: np.array(weights.get(name)) for name in self.gradients}

    def _steps(self, end):
        """The questions that a move of the weights followed; all, if they never moved."""
        after = [*(question.weights for question in self.asked[1:]), end]
        pairs = zip(self.asked, after, strict=True)
        steps = [question for question, weights in pairs if _moved(question.weights, weights)]
        return steps if self.moves else self.asked

    def facts(self, X, y, weights):
        """What the steps were made with, an entry for each step, and where they led.

        X, y : the training set; weights : dict of those that the training ended with
        """
        if not self.asked:
            return {}
        end = self._copied(weights)
        steps = self._steps(end)
        rows = [_rows_of(step.X_batch, X) for step in steps]
        labels = [np.ravel(step.y_batch) for step in steps]
        batches = [np.atleast_1d(step.X_batch) for step in steps]
        return {
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
                len({row.tobytes() for row in batch}) for batch in batches
            ],
            "the batch is a new one": [True]
            + [not np.array_equal(*pair) for pair in itertools.pairwise(batches)],
            "examples drawn": len({*np.concatenate(rows)} - {-1}),
            "reg in the loss": [step.reg for step in steps],
            "losses": [step.loss for step in steps],
            **self._paths([step.weights for step in steps] + [end]),
        }

    def _paths(self, places):
        """Where each parameter was before each step and at the end, unless its shape changed."""
        paths = {name: [place[name] for place in places] for name in self.gradients}
        return {
            f"path of {name}": np.stack(path)
            for name, path in paths.items()
            if len({array.shape for array in path}) == 1
        }


def _moved(before, after):
    return not all(np.array_equal(before[name], after[name]) for name in before)


def _rows_of(batch, X):
    """For each row of the batch, which row of X it is, or -1."""
    if batch.ndim != 2 or batch.shape[1] != X.shape[1]:
        return np.array([-1])
    equal_rows = (batch[:, np.newaxis] == X).all(axis=2)
    return np.where(equal_rows.any(axis=1), equal_rows.argmax(axis=1), -1)

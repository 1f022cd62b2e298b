"""What the calls of a training loop share: a loss that answers in the place of the student's own.

It notes what it is asked, so that a mistake in the student's loss is not charged to the student's
training loop. All else is the student's own: the constructor, what it keeps in the object, and
every helper. What follows from the notes is worked out in diagnosis.py, out of the student's reach.
"""

import inspect
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


CYCLE = 69  # steps after which the loss and the size of its gradients come again


def given(number, start, gradients):
    """Where a training starts, and what its loss answers: a secret of a run that draws its inputs.

    number : of the generator; start, gradients : arrays by the names of parameters, else

    Returns
    -------
    dict of start and gradients; of sizes, by which the gradients of each step are multiplied; and
    of losses, of each step
    """
    step = np.arange(CYCLE)
    sizes, losses = 1.0 + step % 3, 100.625 - 7 * step % 23
    if is_drawn_anew():
        rng = generator(number)
        start, gradients = (
            {name: rng.uniform(-1, 1, size=array.shape) for name, array in arrays.items()}
            for arrays in (start, gradients)
        )
        sizes, losses = rng.uniform(1, 3, size=CYCLE), rng.uniform(50, 100, size=CYCLE)
    return {"start": start, "gradients": gradients, "sizes": sizes, "losses": losses}


def train_cases(start, gradients, too_small="wrong"):
    """start, gradients : as of `given`
    too_small : what it means to fail where a batch is larger than the training set
    """
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
    cases = [
        Case("batches of 8 from 32 examples", many),
        *large,
        Case("batches of 5 from 5 examples", {**few, "batch_size": 5}),
        Case("batches of 8 from 5 examples", {**few, "batch_size": 8}, too_small),
        Case("batches of 13 from 130 examples", more),
        replace(variants(Case("", many))[2], name="read-only examples"),
        Case("a loss like a bowl", {**many, "bowl": True}),
    ]
    return [
        replace(case, arguments={**case.arguments, "given": given(4000 + i, start, gradients)})
        for i, case in enumerate(cases)
    ]


def bowl(weights):
    """A loss that every step lowers, half of sum((W - 1)^2), and its gradients."""
    gradients = {name: np.asarray(W) - 1 for name, W in weights.items()}
    return sum(np.sum(gradient**2) for gradient in gradients.values()) / 2, gradients


# One call of the loss: what it was given, and the weights of that moment by their names.
Question = namedtuple("Question", "X_batch y_batch reg weights")
QUESTIONS, NOTED = 2000, 2**20  # that are noted at most; bytes of them


class Gradients(dict):
    """Gradients by the names of parameters, which says so when asked for another one."""

    def __missing__(self, name):
        raise KeyError(f"there is no gradient of {name}, only of {', '.join(self)}")


class Record:
    """A loss that goes up and down, gradients that change with each step, and what it was asked.

    given : as of the function of that name

    A step is what lies between two moves of the weights; of several questions in one step, the last
    one counts. What is asked after a batch, such as the loss of a validation set, is an aside: it
    is not noted, and a step by its gradients would show.
    """

    def __init__(self, given, batch_size):
        self.gradients, self.sizes, self.losses = (
            given[name] for name in ("gradients", "sizes", "losses")
        )
        self.batch_size, self.asked = batch_size, []
        self.moves, self.room = 0, NOTED

    def __call__(self, X_batch, y_batch, reg, weights):
        if X_batch is None or y_batch is None:
            raise NotImplementedError("no batch is drawn yet")
        weights = {name: numbers(weights.get(name)) for name in self.gradients}
        if self._is_aside(X_batch, reg, weights):
            return np.float64(-1), {name: g**2 for name, g in self.gradients.items()}
        self.moves += bool(self.asked) and moved(self.asked[-1].weights, weights)
        self._note(Question(numbers(X_batch), numbers(y_batch), reg, weights))
        size, loss = (each[self.moves % CYCLE] for each in (self.sizes, self.losses))
        return loss, {name: size * gradient for name, gradient in self.gradients.items()}

    def _is_aside(self, X_batch, reg, weights):
        """Whether a batch was asked about since the last move, and this is something else."""
        if not self.asked or moved(self.asked[-1].weights, weights):
            return False
        last, right = self.asked[-1], (self.batch_size, OPTIONS["reg"])
        return (len(last.X_batch), last.reg) == right != (len(X_batch), reg)

    def _note(self, question):
        self.asked.append(question)
        self.room -= sum(array.nbytes + 8 * (1 + array.ndim) for array in _arrays(question))
        if self.room < 0 or len(self.asked) > QUESTIONS:
            raise RuntimeError(f"the loss is asked without end, where num_iters is {STEPS}")

    def draws_from(self, X):
        """Whether the batches are made of examples, in this layout of X."""
        return bool(self.asked) and all(
            np.all(rows_of(question.X_batch, X) >= 0) for question in self.asked
        )

    def noted(self):
        """The questions, all numbers in a row, and all axes: their number and sizes, of each array.

        diagnosis.questions takes them apart again.
        """
        if not self.asked:
            return {}
        arrays = [array for question in self.asked for array in _arrays(question)]
        return {
            "asked": np.concatenate([array.ravel() for array in arrays]),
            "axes asked": [size for array in arrays for size in (array.ndim, *array.shape)],
            "reg in the loss": [question.reg for question in self.asked],
        }


def _arrays(question):
    return question.X_batch, question.y_batch, *question.weights.values()


def numbers(value):
    """A copy of an array in floats; of what is no number, infinities."""
    array = np.array(value)
    is_number = array.dtype.kind in "biuf"
    return array.astype(float) if is_number else np.full(array.shape, np.inf)


def moved(before, after):
    return not all(np.array_equal(before[name], after[name]) for name in before)


def rows_of(batch, X):
    """For each row of the batch, which row of X it is, or -1."""
    if batch.ndim != 2 or batch.shape[1] != X.shape[1]:
        return np.array([-1])
    # As bytes, to find them at once; -0 and 0 are the same number.
    places = {row.tobytes(): place for place, row in reversed([*enumerate(X + 0.0)])}
    return np.array([places.get(row.tobytes(), -1) for row in batch + 0.0], dtype=int)

"""The arguments of the call that a verdict speaks of, to be tried in a cell."""

import inspect
from types import SimpleNamespace

import numpy as np

from assignment.checking.answering import copied
from assignment.checking.calls import MEASUREMENTS, turned
from assignment.checking.judge import LAYOUT_OF_2015, random_numbers_kept
from assignment.checking.stubs import reference_of


class Call(dict):
    """The arguments of one call by name; what it shows says how to make the call.

    exercise : name of the exercise; case : what is special about the call; how : as in Calls
    """

    def __init__(self, exercise, case, arguments, how=""):
        super().__init__(arguments)
        self.exercise, self.case, self.how = exercise, case, how

    @property
    def code(self):
        """The lines that make the call."""
        return f'c = case("{self.exercise}")\n' + (self.how or f"{self.exercise}(**c)")

    def __repr__(self):
        told = [f"{self.exercise}, with {self.case}: {', '.join(_described(self))}", self.code]
        if self.exercise.endswith("train"):
            told.append(
                "# In the check a loss whose numbers are known answers in the place of yours."
            )
        return "\n".join(told)


def _described(arguments):
    """name and shape of each array, name and value of the rest"""
    for name, value in arguments.items():
        if isinstance(value, dict):
            yield f"{name} of {', '.join(_described(value))}"
        elif isinstance(value, np.ndarray):
            yield f"{name} {value.shape}"
        else:
            yield f"{name} = {value}"


def call_of(verdict, exercise):
    """The Call that a verdict speaks of, or the first one where it speaks of none."""
    cases = exercise.cases()
    case = next((c for c in cases if c.name == verdict.evidence.get("case")), cases[0])
    arguments = _arguments(exercise, copied(case.arguments))
    if LAYOUT_OF_2015 in verdict.remarks:
        arguments |= {name: turned(arguments[name])[0] for name in ("W", "X")}
    return Call(exercise.name, case.name, arguments, exercise.calls.how)


class _Asked(BaseException):
    """A method has been called: no more is to be known."""


def _arguments(exercise, arguments):
    """What the function is called with, by name; of a classifier also what it has by then."""
    owner, _, method = exercise.called.rpartition(".")
    if (owner, method) not in STAND_INS:
        return {name: v for name, v in arguments.items() if name not in MEASUREMENTS}
    # calls.py prepares an object for these, and is asked by one that only listens.
    right = getattr(reference_of(exercise.file), owner)
    asked = {}

    def listen(self, *arguments, **options):
        bound = inspect.signature(getattr(right, method)).bind(self, *arguments, **options)
        asked.update({**vars(self), **bound.arguments})
        raise _Asked

    try:
        with random_numbers_kept():
            listener = type(owner, (right,), {method: listen})
            exercise.call(SimpleNamespace(**{owner: listener}), **arguments)
    except _Asked:
        del asked["self"]
    return asked


STAND_INS = {
    ("LinearClassifier", "train"),
    ("TwoLayerNet", "train"),
    ("TwoLayerNet", "predict"),
}

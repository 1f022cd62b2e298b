"""Seeded inputs, and the calls that turn them into arrays: the only code that meets a student's.

Here is what the calls of all lessons share; those of a lesson stand in calls.py of its room, where
CALLS has an entry for each exercise: `cases()` gives a list of Case; `call` runs the function under
test on the arguments of one of them and returns arrays by name. Nothing here knows what is right.

Sizes differ from each other, weights are near 0.5, biases are not zero, some labels are left out:
what hides a mistake in the course's own checks is avoided here.
"""

import hashlib
import os
import sys
import traceback
import tracemalloc
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assignment.given.gradient_check import eval_numerical_gradient


@dataclass(frozen=True, eq=False)  # each is itself alone, so that what is known of it can be kept
class Case:
    """One call.

    name : what is special about it, as it is told
    arguments : the keyword arguments of the call
    failure : what it means when this case alone fails: "wrong", one of UNSTABLE, or the remark to
        make
    """

    name: str
    arguments: dict
    failure: str = "wrong"


# What it means to be right, but not for large scores; of several the first that fails is told.
UNSTABLE = ("overflow", "underflow", "shift-not-largest", "probability-underflows", "unstable")


LOG_0 = (
    "log(0) at an extreme gap: where the right class trails by 745 or more, its probability is 0, "
    "and its logarithm is lost; log(sum(exp(s))) - s[y], of shifted scores, is exact"
)


class Returned(Exception):
    """A function returned something that it cannot have meant; the message says what."""


@dataclass(frozen=True)
class Calls:
    """The calls that are made for one exercise.

    name : of the exercise
    file : the student's file it stands in
    cases : function -> list of Case
    call : function(module, **arguments of a case) -> dict of arrays
    how : lines that make the call on c, the arguments of a case; where there are none, name(**c)
    function : the function that is called, where the exercise is only a part of it
    given : the module that holds what is right of other exercises, where the call has that in place
        of the student's; the call imports it when it is made, for in a sandbox no other has it
    """

    name: str
    file: str
    cases: Callable[[], list]
    call: Callable[..., dict]
    how: str = ""
    function: str = ""
    given: str = ""

    @property
    def called(self):
        """The function or method that the calls are made to."""
        return self.function or self.name

    @property
    def module(self):
        """The room's module that makes the calls: it is imported where student code runs."""
        return getattr(self.call, "func", self.call).__module__


def by_name(*calls):
    """The Calls of a room by their names."""
    return {each.name: each for each in calls}


def variants(case):
    """The same call with arrays of other kinds, and once more as it was."""

    def converted(convert, value=case.arguments):
        if isinstance(value, dict):
            return {name: converted(convert, entry) for name, entry in value.items()}
        return convert(value) if isinstance(value, np.ndarray) else value

    def single(array):
        return array.astype(np.float32) if array.dtype == np.float64 else array

    return [
        Case("float32 arrays", converted(single)),
        Case("arrays with gaps in memory", converted(with_gaps)),
        Case("read-only arrays", converted(read_only)),
        replace(case, name="the first case again"),
    ]


def with_gaps(array):
    """A copy of an array, each other place in each direction left free."""
    wide = np.zeros([2 * size for size in reversed(array.shape)], array.dtype).T
    view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def read_only(array):
    """A copy of an array that cannot be written to."""
    array = array.copy()
    array.flags.writeable = False
    return array


def draw_labels(rng, classes, size):
    """Labels of the kind that indices have: np.bincount takes no other, on 32-bit platforms too."""
    return rng.integers(0, classes, size=size).astype(np.intp)


_seed = None  # of a run that draws its inputs anew


def draw_from(seed):
    """Let the cases that are made from now on be drawn by a secret, or by nothing but their number.

    seed : str, or None
    """
    global _seed
    _seed = seed


def drawn_from():
    """The secret of this run, or None."""
    return _seed


def is_drawn_anew():
    """Whether inputs are those of one run, and some of them large."""
    return _seed is not None


def generator(number):
    """The generator of some inputs; all that a case is made of is drawn from such a one."""
    if _seed is None:
        return np.random.default_rng(number)
    secret = int.from_bytes(hashlib.sha256(_seed.encode()).digest())
    return np.random.default_rng([secret, number])


# Which way the scores of each row are moved.
HIGH, LOW, WIDE = (1, 1, 1, 1, 1, 1, 1), (0, -1, -1, 0, -1, 0, -1), (1, -1, 1, 0, -1, 1, -1)


def told_offset(offset, rows):
    """How a case says where its scores lie, from the highest on: scores around 0 and -1,000."""
    places = sorted({offset * row for row in rows if row or max(rows) == 0}, reverse=True)
    return "scores around " + " and ".join(f"{place:,.0f}" for place in places)


# What is measured besides, where a case says so by an argument of this name.
MEASUREMENTS = ("numerical", "cost")


@contextmanager
def unheard():
    """While something is measured: what is printed then was printed before."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def measured(loss, x, h=1e-5):
    """The gradient of loss() with respect to an array that it reads, by central differences."""
    with unheard():
        return eval_numerical_gradient(lambda _: float(np.ravel(loss())[0]), x, verbose=False, h=h)


def lines_run(call):
    """How many lines of Python run in a call, and in what it calls; in a loop, each time."""
    lines = 0

    def count(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    with unheard():
        sys.settrace(count)
        try:
            call()
        finally:
            sys.settrace(before)
    return lines


def memory_taken(call):
    """Bytes that a call holds at most, its result among them."""
    with unheard():
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def sure(y, num_classes):
    """X and W whose scores are 0 for the right classes and -1,000 for all others: p is 1."""
    return np.eye(num_classes)[y], 1000.0 * np.eye(num_classes) - 1000.0


def turned(*arrays):
    """In 2015 the course had W as (C, D) and X as (D, N)."""
    return [np.ascontiguousarray(array.T) for array in arrays]


HERE = str(Path(__file__).parent)


def in_either_layout(today, in_2015):
    """The result of a call in today's layout, or else in that of 2015, and whether it is that.

    If both fail, the error of the call that got further in the file is raised.
    """
    try:
        return today(), False
    except (ValueError, IndexError) as error:
        try:
            return in_2015(), True
        except Exception as other:
            raise max(error, other, key=_line) from None


def _line(error):
    """How far a call got: the line of the function under test that was running."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in frames if not frame.filename.startswith(HERE)), 0)


def pair(name, result):
    """A loss and a gradient, or a sentence about what came instead."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise Returned(f"{name} must return a loss and a gradient, not {described(result)}.")
    if np.ndim(result[0]) == 2 and np.ndim(result[1]) == 0:
        raise Returned(f"{name} returns a gradient and a loss: the loss comes first.")
    return result


def kept(value):
    """A copy of an array: a function may return the same one again and again."""
    return value.copy() if isinstance(value, np.ndarray) else value


def is_number(loss):
    return np.size(loss) == 1 and np.asarray(loss).dtype.kind in "iuf"


def is_nan(loss):
    return is_number(loss) and bool(np.all(np.isnan(np.asarray(loss, dtype=float))))


def described(value):
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"{len(value)} things"
    return f"a {type(value).__name__}"

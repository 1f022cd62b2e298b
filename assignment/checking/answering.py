"""Answer an exercise: load a hand-in's file, make the calls, and bring what returns into arrays.

This runs where student code runs, and knows no answers.
"""

import contextlib
import inspect
import math
import re
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from assignment.checking.calls import Returned
from assignment.checking.printed import Heard, visible
from assignment.checking.submission.load import Submission
from assignment.checking.submission.read import know

# What Python says before the name of a function that is defined in another one.
LOCAL = re.compile(r"(?:[\w.]+\.)?<locals>\.(?:\w+\.)*(?=\w|<lambda>)")
# The numbers that answers are made of.
PLAIN = {np.dtype(kind).str for kind in ("?bhilqBHILQfdFD")}
NAMES, LENGTH, DIMENSIONS = 100, 100, 64  # of the arrays of one call, at most
TOLD = 1000  # letters of a sentence


@dataclass(frozen=True)
class Failure:
    """Why there are no arrays: kind is missing, unsolved, returned, crash or timeout."""

    kind: str
    message: str
    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Answers:
    """What came back from the calls of an exercise.

    cases : for each case the dict of arrays, or the Failure of that case
    changed : for each case the names of the arguments that the call changed
    failure : why there are no cases at all, or None
    remarks : what had to be conceded to read the file
    printed : for each call what it printed, or the beginning of that; where the process never came
        back, the last one is of the call that it was in
    line : of the function, in its file
    """

    cases: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    failure: Failure | None = None
    remarks: tuple = ()
    printed: list = field(default_factory=list)
    line: int | None = None


def answer(exercise, files, heard=None):
    """Answers of a hand-in to one exercise, called in this process.

    exercise : Exercise, or its Calls
    """
    heard = heard or Heard()
    with loaded(exercise, files, heard) as work:
        cases, changed = [], []
        for case in [] if work.failure else exercise.cases():
            # Each call gets arrays of its own, so that one cannot spoil the next one's.
            arguments = copied(case.arguments)
            cases.append(work.call(arguments))
            changed.append(changed_in(case.arguments, arguments))
        return Answers(cases, changed, work.failure, work.remarks, heard.calls, work.line)


@contextlib.contextmanager
def loaded(exercise, files, heard):
    """The Loaded of an exercise, for as long as the names of its files mean these files."""
    know(exercise.called)
    with Submission(files) as submission, np.errstate(all="ignore"), heard.listening():
        yield Loaded(exercise, submission, heard)


class Loaded:
    """What a hand-in has for one exercise, ready to be called.

    failure : Failure, why it cannot be called, or None
    """

    def __init__(self, exercise, submission, heard):
        self._exercise, self._submission, self._heard = exercise, submission, heard
        self._module, self.failure = None, None
        try:
            self._module = submission.load(exercise.file)
        except (Exception, SystemExit) as error:
            self.failure = _crash(error, submission)
            return
        if _found(self._module, exercise.called) is None:
            if error := submission.broken.get(exercise.called.partition(".")[0]):
                self.failure = _crash(error, submission)
            else:
                told = submission.lacks(exercise.file, exercise.called)
                self.failure = Failure("missing", told, exercise.file)

    def call(self, arguments):
        """The dict of arrays that one call returns, or the Failure of it."""
        self._heard.begin()
        try:
            return _encoded(self._exercise.call(self._module, **arguments))
        except NotImplementedError as error:
            return Failure("unsolved", str(error)[:TOLD], self._exercise.file)
        except Returned as error:
            return Failure("returned", str(error), self._exercise.file)
        except (Exception, SystemExit) as error:
            return _crash(error, self._submission)

    @property
    def remarks(self):
        """What had to be conceded so far."""
        return self._submission.remarks_on(self._exercise.file)

    @property
    def line(self):
        """The line of the function in its file, or None."""
        if self.failure:
            return None
        return _line_of(self._module, self._exercise.called)


class Laid(NamedTuple):
    """An array as it lies in memory: `whole` alone, or a part of it."""

    whole: np.ndarray
    part: tuple | None  # offset, shape, strides
    writeable: bool


def laid(value):
    """An argument with its arrays as Laid."""
    if isinstance(value, dict):
        return {name: laid(entry) for name, entry in value.items()}
    if not isinstance(value, np.ndarray):
        return value
    if value.base is None:
        return Laid(value, None, value.flags.writeable)
    offset = value.ctypes.data - value.base.ctypes.data
    return Laid(value.base, (offset, value.shape, value.strides), value.flags.writeable)


def unlaid(value):
    """The argument again, its arrays copied with their gaps in memory, and read-only as before."""
    if isinstance(value, dict):
        return {name: unlaid(entry) for name, entry in value.items()}
    if not isinstance(value, Laid):
        return value
    array = value.whole.copy(order="K")
    if value.part:
        offset, shape, strides = value.part
        array = np.ndarray(shape, array.dtype, array, offset, strides)
    array.flags.writeable = value.writeable
    return array


def copied(value):
    """A copy of an argument, with its gaps in memory, and read-only if it is."""
    return unlaid(laid(value))


def _found(module, name):
    """The function of that name in a module, or the method of a class, or None."""
    for part in name.split("."):
        module = getattr(module, part, None)
    return module


def _line_of(module, name):
    """The line of the def of a function, or None."""
    with contextlib.suppress(Exception):  # it need not be a function
        code = inspect.unwrap(_found(module, name)).__code__
        return code.co_firstlineno if code.co_filename == module.__file__ else None


def _encoded(arrays):
    """Plain arrays of numbers; None is left out, and what is no number becomes a description."""
    plain = {}
    for name, value in arrays.items():
        if value is None:
            continue
        try:
            array = np.array(value, dtype=None)
            if array.dtype == object:
                array = np.array(value, dtype=float)
        except (TypeError, ValueError):
            array = np.array(f"a {type(value).__name__}")
        if array.dtype.kind not in "biufc":
            array = np.array(f"a {type(value).__name__}")
        elif array.dtype.str not in PLAIN:  # whatever precision was used inside
            as_usual = {"f": float, "c": complex}.get(
                array.dtype.kind, array.dtype.newbyteorder("=")
            )
            array = array.astype(as_usual)
        plain[name] = array
    return plain


def changed_in(before, after):
    """Names of the arguments that a call has changed."""
    return sorted(
        name
        for name, value in after.items()
        if (
            changed_in(before[name], value)
            if isinstance(value, dict)
            else isinstance(value, np.ndarray) and not np.array_equal(value, before[name])
        )
    )


def _crash(error, submission):
    """An exception in one sentence, with the line of the hand-in that it came from."""
    file, line, what = "", None, visible(" ".join(str(error)[:10_000].split()))[:300]
    if isinstance(error, SyntaxError):
        file, line, what = Path(error.filename or "").name, error.lineno, error.msg
        if error.text:
            what += f" in: {error.text.strip()}"
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename in submission.sources:
                file, line = Path(frame.filename).name, frame.lineno
    what = LOCAL.sub("", what)
    return Failure("crash", f"{type(error).__name__}: {what}".removesuffix(": "), file, line)


# Answers as plain data, which nobody has to trust.


def flat(arrays):
    """Arrays by name as a list of [name, kind, shape], and their numbers as bytes."""
    entries, data = [], []
    for name, array in arrays.items():
        if array.dtype.kind == "U":  # a description of what is no array
            entries.append([name, "", str(array)])
        else:
            entries.append([name, array.dtype.str, array.shape])
            data.append(array.tobytes())
    return entries, b"".join(data)


def unflat(entries, data):
    """The arrays that `flat` took apart.

    Raises
    ------
    ValueError, TypeError : they are none
    """
    arrays, place = {}, 0
    if len(entries) > NAMES:
        raise ValueError("too many arrays")
    for name, kind, shape in entries:
        if not isinstance(name, str) or len(name) > LENGTH or name in arrays:
            raise ValueError("no name of an array")
        if kind == "":
            arrays[name] = np.array(sentence(shape, 100))
            continue
        if kind not in PLAIN:
            raise ValueError("no kind of number")
        if len(shape) > DIMENSIONS or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
            raise ValueError("no shape")
        # Of numbers that are not there no array is made; frombuffer makes none of nothing.
        count = math.prod(shape)
        array = np.frombuffer(data, kind, count, place) if count else np.empty(0, kind)
        arrays[name] = array.reshape(shape).copy()
        place += arrays[name].nbytes
    if place != len(data):
        raise ValueError("more numbers than arrays")
    return arrays


def failure_of(data):
    """The Failure that is told of as a dict, or None.

    Raises
    ------
    ValueError, TypeError, KeyError : it is none
    """
    if data is None:
        return None
    if data["kind"] not in ("missing", "unsolved", "returned", "crash"):
        raise ValueError("no kind of failure")
    return Failure(
        data["kind"], sentence(data["message"]), sentence(data["file"], 200), number(data["line"])
    )


def sentence(text, most=TOLD):
    """What may be shown of a text.

    Raises
    ------
    TypeError : it is none
    """
    if not isinstance(text, str):
        raise TypeError("no text")
    return visible(text[: 10 * most])[:most]


def number(line):
    """The number of a line, or None for what is none."""
    return line if type(line) is int and 0 < line < 10**7 else None

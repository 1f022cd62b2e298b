"""What becomes of bad and unusual input: every call, with every kind of it, in every argument.

A call is right if it returns what a plain computation in long double finds, or refuses in a
sentence of ours that names the argument. Anything else is a fault, and the worst is a wrong value
that nobody hears of.

`make inputs` prints how many calls end how.
"""

import contextlib
import io
import re
import sys
import traceback
import warnings
from collections import Counter

import numpy as np

from calls import CALLS, good
from kinds import LIFT, LONG, NEVER

RIGHT, NAMED = "right value", "clear error"
FOREIGN, BLAME, REFUSED, SILENT = "other error", "no name", "refused", "silently wrong"
OUTCOMES = RIGHT, NAMED, REFUSED, BLAME, FOREIGN, SILENT

ALSO = {"X_train": "X", "image": "x"}  # other names of arguments: it is X in train(X, y)
SCALARS = {name for name, value in good().items() if np.ndim(value) == 0}


def plain(name, value):
    """An argument as the truth needs it: labels as whole numbers, all else in long double."""
    if name == "dtype":
        return value
    array = np.asarray(value)
    if name in SCALARS:
        array = np.squeeze(array)
    if array.dtype.kind == "O":
        array = np.array([LONG(float(x)) for x in array.ravel()]).reshape(array.shape)
    if name.startswith("y") or array.dtype.kind in "SUM":
        return array.astype(np.int64)
    return array.astype(np.clongdouble if array.dtype.kind == "c" else LONG)


def flat(answer):
    if isinstance(answer, tuple | list):
        return [array for part in answer for array in flat(part)]
    return [np.asarray(answer)]


def is_single(value):
    return isinstance(value, np.ndarray | np.generic) and value.dtype in (np.float16, np.float32)


def agrees(got, right, single, entrywise):
    """Whether arrays have the same shapes and, but for rounding, the same numbers."""
    got, right = flat(got), flat(right)
    if len(got) != len(right):
        return False
    pairs = zip(got, right, strict=True)
    return all(near(g, r, single, entrywise) for g, r in pairs)


def near(got, right, single, entrywise):
    if np.shape(got) != np.shape(right) or got.dtype.kind not in "biufc":
        return False
    if np.iscomplexobj(right):
        parts = (got.real, right.real), (got.imag, right.imag)
        return all(near(g, r, single, entrywise) for g, r in parts)
    got, right = got.astype(LONG), np.asarray(right, LONG)
    size = np.abs(right) if entrywise else np.abs(right).max(initial=0)
    allowed = (1e-4 if single else 1e-9) * size + np.finfo(np.float32 if single else float).tiny
    return bool(np.all(np.abs(got - right) <= allowed))


def outcome(call, argument, kind):
    """How a call ends, and the sentence."""
    names = argument.split(" and ")
    arguments = good()
    for name in names:
        arguments[name] = kind.make(arguments[name])
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            got = call.run(dict(arguments))
    except Exception as error:
        return ending(error, names, kind), f"{type(error).__name__}: {error}"
    if kind.may == NEVER:
        return SILENT, "accepted"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            right = call.right({name: plain(name, value) for name, value in arguments.items()})
        except (TypeError, ValueError, IndexError) as error:
            return SILENT, f"accepted, but it has no meaning: {error}"
    single = any(map(is_single, arguments.values()))
    if agrees(got, right, single, entrywise=call.room == "neighbours"):
        return RIGHT, ""
    return SILENT, "a wrong value"


def ending(error, names, kind):
    """What kind of an error it is: ours if it comes from our code, and clear if it names one."""
    ours = "assignment" in traceback.extract_tb(error.__traceback__)[-1].filename.split("/")
    if not ours or not isinstance(error, ValueError | TypeError):
        return FOREIGN
    named = {*names, *(ALSO[name] for name in names if name in ALSO)}
    if not any(re.search(rf"\b{name}\b", str(error), re.IGNORECASE) for name in named):
        return BLAME
    return REFUSED if kind.may == LIFT else NAMED


def outcomes(calls=CALLS):
    """(name of the call, argument, kind, outcome, sentence) of everything that is tried."""
    for name, call in calls.items():
        for argument, kinds_of_it in call.kinds.items():
            for what, kind in kinds_of_it.items():
                yield name, argument, what, *outcome(call, argument, kind)


def main():
    """Print how many calls of each room end how, and those that end badly."""
    rows, told = {}, []
    for name, argument, what, how, sentence in outcomes():
        rows.setdefault(CALLS[name].room, Counter())[how] += 1
        if how not in (RIGHT, NAMED):
            told.append(f"{how}: {name}, {argument}: {what}: {sentence[:150]}")
    print(f"{'':20}" + "".join(f"{title:>16}" for title in ("calls", *OUTCOMES)))
    for room, row in {**rows, "in all": sum(rows.values(), Counter())}.items():
        counts = row.total(), *(row[how] for how in OUTCOMES)
        print(f"{room:20}" + "".join(f"{count:16,}" for count in counts))
    print("\n".join(told))
    return int(bool(told))


if __name__ == "__main__":
    sys.exit(main())

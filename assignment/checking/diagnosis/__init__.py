"""Why an answer is wrong: which known mistake would have returned exactly these arrays.

Losses and gradients are sums of a data term and a penalty. Each term has a list of candidates: the
right one, and what each known mistake makes of it. A pair of candidates explains an answer only if
their sum equals it, to round-off, in every case; of several pairs the one with fewest mistakes is
taken. Where none fits, nothing is guessed: `locate` says where the error sits.

A list of candidates holds pairs (names, array), in the same order for every case; names is a tuple
of entries of MISTAKES, empty for what is right. Besides, "half" says that a penalty is made in the
convention of one half.

What each mistake returns: knn.py, terms.py (losses and their gradients), net.py, training.py. What
a right answer costs: cost.py.
"""

from dataclasses import dataclass, replace

import numpy as np

from assignment.checking.arrays import TOLERANCE, agrees, allowed, shaped


@dataclass(frozen=True)
class Observed:
    """One case, what came back from it, and what should have.

    case : calls.Case
    arrays, expected : dicts of arrays by name
    judged : names of the arrays that have to be as expected; the others are context
    tolerance : relative, of this case
    """

    case: object
    arrays: dict
    expected: dict
    judged: tuple = ()
    tolerance: float = TOLERANCE

    @property
    def arguments(self):
        """The arguments of the call."""
        return self.case.arguments


@dataclass(frozen=True)
class Explanation:
    """Names of mistakes, the weightiest first, and a sentence of evidence.

    convention : the name of another convention, if that is all that differs
    remarks : departures that are no mistakes
    array : the array that shows the first mistake best, where it is not the first that is off
    rest : an array that is off too, in a way that is not understood
    """

    mistakes: tuple = ()
    evidence: str = ""
    convention: str | None = None
    remarks: tuple = ()
    array: str | None = None
    rest: str | None = None


NONE = Explanation()


def search(observed, name, data, penalty=lambda seen: [((), 0.0)]):
    """Pairs of names whose candidates add up to the array of that name in all cases.

    Parameters
    ----------
    data, penalty : function of Observed -> list of candidates

    Returns
    -------
    list of (names of the data term, names of the penalty), fewest mistakes first
    """
    surviving = None
    for seen in observed:
        if name not in seen.arrays or not np.isfinite(seen.arrays[name]).all():
            return []
        got = shaped(seen.arrays[name], seen.expected[name]).astype(float)
        terms, extras = _stacked(data(seen), seen, name), _stacked(penalty(seen), seen, name)
        if not terms or not extras:
            return []
        sums = np.array(list(terms.values()))[:, np.newaxis] + np.array(list(extras.values()))
        fits = _near(got, sums, seen).reshape(*sums.shape[:2], -1).all(axis=2)
        found = {(list(terms)[i], list(extras)[j]) for i, j in np.argwhere(fits)}
        surviving = found if surviving is None else surviving & found
    return [(d[1], p[1]) for d, p in sorted(surviving or (), key=_rank)]


def fit(observed, name, data, penalty=lambda seen: [((), 0.0)]):
    """Like search; but if all is right but for one factor, that is one mistake, not several."""
    fits = search(observed, name, data, penalty)
    several = not fits or sum(map(len, fits[0])) > 1
    return [(("constant-factor",), ())] if several and _is_multiple(observed, name) else fits


def _is_multiple(observed, name):
    """Whether the array of that name is the right one times a number, the same in all cases."""
    if len(observed) < 2 or any(name not in seen.arrays for seen in observed):
        return False
    pairs = [(shaped(s.arrays[name], s.expected[name]), s.expected[name]) for s in observed]
    if any(got.shape != right.shape or not np.isfinite(got).all() for got, right in pairs):
        return False
    got, right = pairs[0]
    factor = np.vdot(got, right) / np.vdot(right, right)
    return factor > 0 and all(
        agrees(got, factor * right, seen.tolerance)
        for (got, right), seen in zip(pairs, observed, strict=True)
    )


def _near(got, sums, seen):
    """Whether each entry of an array is near that of each sum."""
    axes = tuple(range(2, sums.ndim))
    with np.errstate(all="ignore"):
        scale = np.abs(np.where(np.isfinite(sums), sums, 0)).max(
            axis=axes, keepdims=True, initial=0
        )
        largest = max(np.abs(right).max(initial=0) for right in seen.expected.values())
        floor = 1e-3 * seen.tolerance * min(largest, 1)  # for sums that cancel to nothing
        near = np.abs(sums - got) <= seen.tolerance * (np.abs(sums) + 0.1 * scale) + floor
        return near | (sums == got)


def _stacked(candidates, seen, name):
    """(position, names) -> array, for those that have the shape of what came back.

    A number stands for an array of that number.
    """
    right = seen.expected[name]
    shape = shaped(seen.arrays[name], right).shape
    stacked = {}
    for position, (names, array) in enumerate(candidates):
        array = np.asarray(array, dtype=float)
        array = np.broadcast_to(array, shape) if array.ndim == 0 else shaped(array, right)
        if array.shape == shape:
            stacked[position, names] = array
    return stacked


def _rank(pair):
    (d_position, d_names), (p_position, p_names) = pair
    weight = len(d_names) + sum(name != "half" for name in p_names)
    return weight, len(p_names), d_position, p_position


def locate(observed, name):
    """Sentences on an error that no known mistake explains: where it sits, what it depends on."""
    errors = []
    for seen in observed:
        right = seen.expected[name]
        got = shaped(seen.arrays[name], right)
        if got.shape != right.shape:
            return ""
        errors.append((seen, ~(np.abs(got - right) <= allowed(right, seen.tolerance))))
    wrong = [(seen, error) for seen, error in errors if error.any()]
    told = []
    if all(error.any() == (seen.arguments.get("reg", 0) != 0) for seen, error in errors):
        told.append("It is off only where reg is not 0: look at the penalty.")
    elif len(wrong) < len(errors):
        right = [seen.case.name for seen, error in errors if not error.any()]
        few = f": right with {' and with '.join(right)}" if len(right) <= 2 else ""
        told.append(f"{len(wrong)} of {len(errors)} calls are wrong{few}.")
    seen, error = wrong[0]  # the one whose numbers are told
    right = seen.expected[name]
    if (
        right.dtype.kind == "f"
        and right.size > 1
        and np.isfinite(seen.arrays[name]).all()
        and np.any(right)
    ):
        size = np.abs(shaped(seen.arrays[name], right) - right).max() / np.abs(right).max()
        told.append(f"The largest error is {100 * size:.3g}% of the largest entry.")
    for axis, places in (("row", error.any(axis=-1)), ("column", error.any(axis=0))):
        if error.ndim == 2 and not places.all():
            where = ", ".join(map(str, np.flatnonzero(places)))
            plural = "s" if places.sum() > 1 else ""
            told.append(f"The error sits in {axis}{plural} {where} of {name}.")
    numerical = seen.arrays.get("numerical dW")
    if name == "dW" and numerical is not None:
        own = np.allclose(seen.arrays["dW"], numerical, rtol=1e-4, atol=1e-6)
        told.append(
            "It is the derivative of your own loss: look for the mistake in both."
            if own
            else "It is not the derivative of your own loss, by central differences."
        )
    return " ".join(told)


def in_common(fits):
    """Names of mistakes that all of the simplest fits have: what is said must not be a choice."""
    fits = [data for data, _ in fits if len(data) == len(fits[0][0])]
    return tuple(name for name in (fits[0] if fits else ()) if all(name in fit for fit in fits))


def unique(names):
    """The names once each, in their order."""
    return tuple(dict.fromkeys(names))


def count(seen):
    """N, the number of examples of a call."""
    return len(seen.arguments["X"])


def turned(observed, name):
    """The same with one array transposed."""
    return [
        replace(seen, arrays={**seen.arrays, name: seen.arrays[name].T})
        for seen in observed
        if name in seen.arrays
    ]


def weighed(observed, name, weights, letter="W"):
    """A sentence: the gradient as a sum of its right parts, if it is one.

    weights : function of Observed -> the weights that the gradient is of; letter : their name
    """
    seen = next((seen for seen in observed if seen.arguments["reg"]), None)
    if seen is None or name not in seen.arrays:
        return ""
    W, got, right = weights(seen), seen.arrays[name], seen.expected[name]
    if got.shape != right.shape:
        return ""
    penalty = seen.arguments["reg"] * W
    parts = np.stack([(right - 2 * penalty).ravel(), penalty.ravel()], axis=1)
    a, b = np.linalg.lstsq(parts, got.ravel(), rcond=None)[0]
    is_sum = np.all(np.abs(parts @ (a, b) - got.ravel()) <= allowed(got.ravel()))
    if not is_sum or np.allclose((a, b), (1, 2), atol=1e-4):
        return ""
    a, b = (f"{factor:.2f}".replace("-0.00", "0.00") for factor in (a, b))
    return (
        f"With {seen.case.name}, your {name} is {a} times the data term plus {b} times "
        f"reg * {letter}; right is 1.00 and 2.00."
    )

"""Why an answer is wrong: which known mistake would have returned exactly these arrays.

Losses and gradients are sums of a data term and a penalty. Each term has a list of candidates: the
right one, and what each known mistake makes of it. A pair of candidates explains an answer only if
their sum equals it, to round-off, in every case; of several pairs the one with fewest mistakes is
taken. Where none fits, nothing is guessed: `locate` says where the error sits.

A list of candidates holds pairs (names, array), in the same order for every case; names is a tuple
of entries of MISTAKES, empty for what is right. Besides, "half" says that a penalty is made in the
convention of one half.

What each mistake returns stands beside its sentence, in mistakes.py of its room.
"""

from dataclasses import dataclass, replace
from functools import cache, wraps

import numpy as np

from assignment.checking.arrays import TOLERANCE, agrees, allowed, complaint, shaped
from assignment.checking.common import MISTAKES
from assignment.checking.mistake import candidates


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
    half : whether what there is of a penalty is that of 0.5 * reg * sum(W^2)
    remarks : departures that are no mistakes
    array : the array that shows the first mistake best, where it is not the first that is off
    rest : an array that is off too, in a way that is not understood
    """

    mistakes: tuple = ()
    evidence: str = ""
    convention: str | None = None
    half: bool = False
    remarks: tuple = ()
    array: str | None = None
    rest: str | None = None


NONE = Explanation()


def no_penalty(seen):
    """Candidates for the penalty where there is none."""
    return [((), 0.0)]


def as_it_is(N, C):
    """Candidates for what a data term is multiplied by, where there is nothing to divide by."""
    return [((), 1.0)]


def once_for_each_case(made):
    """For candidates that no answer changes: they are made once, and kept for the next answer.

    made : function of anything hashable and, at last, of an Observed
    """
    known = {}

    @wraps(made)
    def candidates(*terms):
        *terms, seen = terms
        key = (*terms, seen.case)
        if key not in known:
            known[key] = [
                (names, cache(array) if callable(array) else array)
                for names, array in made(*terms, seen)
            ]
        return known[key]

    return candidates


def SCALES(N, C):
    """Candidates for what a sum over N examples is multiplied by."""
    return [((), 1 / N), *candidates(MISTAKES, "scale", N, C)]


def search(observed, name, data, penalty=no_penalty, scales=as_it_is):
    """Pairs of names whose candidates add up to the array of that name in all cases.

    Parameters
    ----------
    data, penalty : function of Observed -> list of candidates
    scales : function of N and C -> list of what each data term may be multiplied by

    Returns
    -------
    list of (names of the data term, names of the penalty), fewest mistakes first
    """
    pairs = None  # places in the two lists; all of them, to begin with
    for seen in observed:
        if not np.size(seen.arrays.get(name, ())) or not np.isfinite(seen.arrays[name]).all():
            return []
        got = shaped(seen.arrays[name], seen.expected[name]).astype(float)
        lists = data(seen), penalty(seen), scales(count(seen), _classes(seen))
        factors = np.array([factor for _, factor in lists[2]])
        kept = (None, None) if pairs is None else pairs.T
        of_data, terms = _stacked(lists[0], seen, name, kept[0], factors)
        of_penalty, extras = _stacked(lists[1], seen, name, kept[1])
        if not len(terms) or not len(extras):
            return []
        if pairs is None:
            rows, columns = _possible(got, terms, extras, seen.tolerance)
            pairs = np.stack([of_data[rows], of_penalty[columns]], axis=1)
        pairs = pairs[np.isin(pairs[:, 0], of_data) & np.isin(pairs[:, 1], of_penalty)]
        if not len(pairs):
            return []
        sums = (
            terms[np.searchsorted(of_data, pairs[:, 0])]
            + extras[np.searchsorted(of_penalty, pairs[:, 1])]
        )
        pairs = pairs[_near(got, sums, seen).reshape(len(pairs), -1).all(axis=1)]
    if pairs is None:
        return []
    found = []
    for of_data, of_penalty in pairs:
        which, scale = divmod(of_data, len(factors))
        d_names, p_names = lists[0][which][0] + lists[2][scale][0], lists[1][of_penalty][0]
        weight = len(d_names) + sum(part != "half" for part in p_names)
        found.append(((weight, len(p_names), scale, which, of_penalty), d_names, p_names))
    return [(d_names, p_names) for _, d_names, p_names in sorted(found)]


def fit(observed, name, data, penalty=no_penalty, scales=as_it_is):
    """Like search; but if all is right but for one factor, that is one mistake, not several.

    What the penalty is without that factor is not told then: None.
    """
    fits = search(observed, name, data, penalty, scales)
    several = not fits or sum(map(len, fits[0])) > 1
    return [(("constant-factor",), None)] if several and _is_multiple(observed, name) else fits


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


def _possible(got, terms, extras, tolerance):
    """Which sums of a term and an extra can be near, by three entries and the largest: most cannot.

    It leaves out none that _near would find.
    """
    some = np.linspace(0, got.size - 1, 3).astype(int)
    terms, extras = (array.reshape(len(array), -1) for array in (terms, extras))
    with np.errstate(all="ignore"):
        sums = terms[:, np.newaxis, some] + extras[:, some]
        largest = np.abs(terms).max(axis=1)[:, np.newaxis] + np.abs(extras).max(axis=1)
        allowance = tolerance * (1.1 * largest[:, :, np.newaxis] + 1e-3)
        return np.nonzero((np.abs(sums - got.ravel()[some]) <= allowance).all(axis=2))


def _near(got, sums, seen):
    """Whether each entry of an array is near that of each sum."""
    axes = tuple(range(1, sums.ndim))
    with np.errstate(all="ignore"):
        scale = np.abs(np.where(np.isfinite(sums), sums, 0)).max(
            axis=axes, keepdims=True, initial=0
        )
        largest = max(np.abs(right).max(initial=0) for right in seen.expected.values())
        # For sums that cancel to nothing, in a case too where all that is right is 0.
        floor = 1e-3 * seen.tolerance * min(largest or 1, 1)
        near = np.abs(sums - got) <= seen.tolerance * (np.abs(sums) + 0.1 * scale) + floor
        return (near & np.isfinite(sums)) | (sums == got)  # what is infinite is near nothing


def _stacked(candidates, seen, name, kept=None, factors=np.ones(1)):  # noqa: B008
    """Places and arrays of the candidates that have the shape of what came, times each factor.

    A number stands for an array of that number, a function for what it returns. kept : the places
    that are wanted; None for all.
    Place p * len(factors) + f is that of candidate p with factor f.
    """
    right = seen.expected[name]
    shape = shaped(seen.arrays[name], right).shape
    wanted = range(len(candidates)) if kept is None else np.unique(kept // len(factors))
    places, stack = [], []
    for place in wanted:
        array = candidates[place][1]
        array = np.asarray(array() if callable(array) else array, dtype=float)
        if array.shape != shape:
            array = np.broadcast_to(array, shape) if array.ndim == 0 else shaped(array, right)
        if array.shape == shape:
            places.append(place)
            stack.append(array)
    places = np.array(places, dtype=int)[:, np.newaxis] * len(factors) + np.arange(len(factors))
    with np.errstate(all="ignore"):
        stack = np.array(stack).reshape(len(stack), *shape)
        arrays = np.multiply.outer(factors, stack).swapaxes(0, 1)
    return places.ravel(), arrays.reshape(-1, *shape)


def locate(observed, name):
    """Sentences on an error that no known mistake explains: where it sits, what it depends on."""
    errors = []
    for seen in observed:
        if name not in seen.expected:
            continue
        right = seen.expected[name]
        got = shaped(seen.arrays[name], right)
        if got.shape != right.shape:
            return ""
        errors.append((seen, ~(np.abs(got - right) <= allowed(right, seen.tolerance))))
    wrong = [(seen, error) for seen, error in errors if error.any()]
    if not wrong:  # such as a row that should be a vector
        return ""
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
    if numerical is not None and seen.arrays["dW"].shape == numerical.shape:
        is_own = np.allclose(seen.arrays["dW"], numerical, rtol=1e-4, atol=1e-6)
        if is_own and complaint("", seen.arrays["loss"], seen.expected["loss"], seen.tolerance):
            told.append("dW is the derivative of your own loss: look for the mistake in both.")
        elif name == "dW" and not is_own:
            told.append("It is not the derivative of your own loss, by central differences.")
    return " ".join(told)


def in_halves(seen):
    """The same, with what is right for a penalty of 0.5 * reg * sum(W^2)."""
    params, expected = seen.arguments.get("params", {}), dict(seen.expected)
    weights = {f"grads['{name}']": params[name] for name in ("W1", "W2") if name in params}
    weights = weights or {"dW": seen.arguments["W"]}
    for name, W in weights.items():
        half = seen.arguments["reg"] * W.astype(float)
        if "loss" in expected:
            expected["loss"] = expected["loss"] - np.sum(half * W) / 2
        if name in expected:
            expected[name] = expected[name] - half
    return replace(seen, expected=expected)


def in_common(fits):
    """Names of mistakes that all of the simplest fits have: what is said must not be a choice."""
    fits = [data for data, _ in fits if len(data) == len(fits[0][0])]
    return tuple(name for name in (fits[0] if fits else ()) if all(name in fit for fit in fits))


def unique(names):
    """The names once each, in their order."""
    return tuple(dict.fromkeys(names))


def count(seen):
    """N, the number of examples of a call."""
    return len(next(seen.arguments[name] for name in ("X", "x", "dists") if name in seen.arguments))


def _classes(seen):
    """C, the number of classes of a call, or 1 where it has no weights for them."""
    params = seen.arguments.get("params", {})
    last = params.get(f"W{len(params) // 2}", np.ones((1, 1)))
    return seen.arguments.get("W", seen.arguments.get("x", last)).shape[-1]


def turned(observed, name):
    """The same with one array transposed."""
    return [
        replace(seen, arrays={**seen.arrays, name: seen.arrays[name].T})
        for seen in observed
        if name in seen.arrays
    ]


def weighed(observed, name, weights, letter="W", half=False):
    """A sentence: the gradient as a sum of its right parts, if it is one.

    weights : function of Observed -> the weights that the gradient is of; letter : their name
    half : whether the penalty is one of one half
    """
    seen = next((seen for seen in observed if seen.arguments["reg"]), None)
    if seen is None or name not in seen.arrays:
        return ""
    W, got, right = weights(seen), seen.arrays[name], seen.expected[name]
    if got.shape != right.shape:
        return ""
    penalty, times = seen.arguments["reg"] * W, 1 if half else 2
    parts = np.stack([(right - 2 * penalty).ravel(), penalty.ravel()], axis=1)
    a, b = np.linalg.lstsq(parts, got.ravel(), rcond=None)[0]
    is_sum = np.all(np.abs(parts @ (a, b) - got.ravel()) <= allowed(got.ravel()))
    if not is_sum or np.allclose((a, b), (1, times), atol=1e-4):
        return ""
    a, b = (f"{factor:.2f}".replace("-0.00", "0.00") for factor in (a, b))
    beside = ", by your convention of one half" if half else ""
    return (
        f"With {seen.case.name}, your {name} is {a} times the data term plus {b} times "
        f"reg * {letter}; right is 1.00 and {times}.00{beside}."
    )


def log_softmax(S, axis=1):
    """log of exp(S) / sum of exp(S) along an axis."""
    shifted = S - S.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))

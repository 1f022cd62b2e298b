"""Mistakes in distances, votes and neighbourhood components analysis."""

from collections import Counter
from dataclasses import replace

import numpy as np

from assignment.checking.arrays import agrees, complaint, shaped
from assignment.checking.diagnosis import (
    NONE,
    SCALES,
    Explanation,
    in_common,
    log_softmax,
    search,
    turned,
    unique,
)

# Distances.


def explain_distances(observed):
    """By the formula that gives them. NaN, the root of what is negative, is evidence too."""
    if not all("dists" in seen.arrays for seen in observed):
        return NONE
    observed = [
        replace(seen, arrays={"dists": _without_nan(seen.arrays["dists"])}) for seen in observed
    ]
    names = in_common(search(observed, "dists", _distances))
    return Explanation(names) if names else _not_filled(observed)


def _distances(seen):
    X, X_train = (seen.arguments[name].astype(float) for name in ("X", "X_train"))
    difference = X[:, np.newaxis] - X_train
    size, squares = np.abs(difference), difference**2
    dists = np.sqrt(squares.sum(axis=2))
    a, b = np.sum(X**2, axis=1)[:, np.newaxis], np.sum(X_train**2, axis=1)
    ab = X @ X_train.T
    together = [a + 2 * ab + b, a - ab + b, a + ab + b, a + b, ab, -2 * ab, a - 2 * ab - b]
    without = [a - 2 * ab + 0 * b, b - 2 * ab]
    some = [squares[..., part].sum(axis=2) for part in _PARTS]
    of_squares = [
        ((), dists**2),
        (("mean-for-sum",), squares.mean(axis=2)),
        (("squared-after-sum",), difference.sum(axis=2) ** 2),
        *((("cross-term",), value) for value in together),
        *((("squares-missing",), value) for value in without),
        *((("numbers-left-out",), value) for value in some),
        (("axis-missing",), squares.sum(axis=(1, 2))[:, np.newaxis] + 0 * dists),
    ]
    first_row, first_column = np.arange(len(X))[:, np.newaxis] == 0, np.arange(len(X_train)) == 0
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = ab / np.sqrt(a * b)
        rooted = [
            *((names, np.sqrt(value)) for names, value in of_squares[1:]),
            *((names, np.sqrt(np.maximum(value, 0))) for names, value in of_squares[1:]),
            (("root-twice",), np.sqrt(dists)),
            *(
                (("root-of-a-part",), np.sqrt(part if signed else np.maximum(part, 0)) + rest)
                for part, rest in (
                    (a - 2 * ab, b),
                    (b - 2 * ab, a),
                    (a + b, -2 * ab),
                    (-2 * ab, a + b),
                    (a, b - 2 * ab),
                    (b, a - 2 * ab),
                    (a, np.sqrt(b) - 2 * ab),
                )
                for signed in (True, False)
            ),
        ]
    found = [
        *rooted,
        *(((*names, "root-missing"), value) for names, value in of_squares),
        (("l1-distance",), size.sum(axis=2)),
        (("l1-distance", "mean-for-sum"), size.mean(axis=2)),
        (("max-distance",), size.max(axis=2)),
        (("root-of-l1",), np.sqrt(size.sum(axis=2))),
        (("roots-summed",), np.sqrt(size).sum(axis=2)),
        (("cosine-distance",), cosine),
        (("cosine-distance",), 1 - cosine),
        (("distances-cut",), np.floor(dists)),
        (("distances-cut",), np.rint(dists)),
        (("distances-cut", "root-missing"), np.floor(dists**2)),
        (("distances-sorted",), np.sort(dists, axis=1)),
        (("distances-sorted",), np.sort(dists, axis=0)),
        (("distances-overwritten",), dists[-1:] + 0 * dists),
        (("distances-overwritten",), dists[:, -1:] + 0 * dists),
        (("distances-overwritten",), np.where(first_row, dists[-1:], 0)),
        (("distances-overwritten",), np.where(first_column, dists[:, -1:], 0)),
        (("transposed",), dists.T),
        (("transposed", "root-missing"), dists.T**2),
    ]
    return [(names, _without_nan(array)) for names, array in found]


# What a loop over the numbers of an example may take: all but an end, or one end alone.
_PARTS = (slice(1, None), slice(-1), slice(1), slice(-1, None))


def _without_nan(array):
    return np.nan_to_num(array, nan=-1.0)


def _not_filled(observed):
    """The explanation, if each distance is right or 0."""
    told, some_are_right = "", False
    for seen in observed:
        right = seen.expected["dists"]
        got = shaped(seen.arrays["dists"], right)
        if got.shape != right.shape or not agrees(got[got != 0], right[got != 0], seen.tolerance):
            return NONE
        some_are_right |= bool(np.any(got))
        empty = (got == 0) & (right > 0)
        if empty.any() and not told:
            told = f"With {seen.case.name}, {empty.sum()} of {right.size} distances are 0."
    return Explanation(("not-filled",), told) if told and some_are_right else NONE


# Votes.


def complain_of_votes(seen):
    """A sentence on the first vote that departs from what is expected, or None."""
    got, right = seen.arrays.get("y_pred"), seen.expected["y_pred"]
    told = complaint("y_pred", got, right, seen.tolerance)
    if not told or got is None or shaped(got, right).shape != right.shape:
        return told
    i, near = next(_wrong_votes(seen))
    labels = ", ".join(map(str, near[:15])) + (", ..." if len(near) > 15 else "")
    whose = f"the nearest {len(near)} of test example {i} have the labels {labels}, nearest first"
    if len(near) == 1:
        whose = f"the nearest neighbour of test example {i} has the label {labels}"
    return f"{whose}: you predict {float(shaped(got, right)[i]):g}, but should predict {right[i]}."


def _wrong_votes(seen):
    """(index of a test example, labels of its k nearest) of each wrong prediction."""
    dists, y, k = (seen.arguments[name] for name in ("dists", "y_train", "k"))
    right = seen.expected["y_pred"]
    for i in np.flatnonzero(shaped(seen.arrays["y_pred"], right) != right):
        yield i, y[np.argsort(dists[i], kind="stable")[:k]]


def explain_votes(observed):
    """Ties are recognised by what they are, however they are broken; the rest by its formula."""
    if _only_ties(observed):
        return Explanation(("ties",), _told_first(observed))
    if not all("y_pred" in seen.arrays for seen in observed):
        return NONE
    # NaN is what is left of None in an array of floats.
    numbers = [
        replace(seen, arrays={"y_pred": _without_nan(seen.arrays["y_pred"])}) for seen in observed
    ]
    names = in_common(search(numbers, "y_pred", _predictions))
    return Explanation(names, _told_first(observed)) if names else NONE


def _told_first(observed):
    told = ((seen, complain_of_votes(seen)) for seen in observed)
    return next(f"With {seen.case.name}, {says}" for seen, says in told if says)


def _only_ties(observed):
    """Whether each wrong prediction is a label that has as many votes as the right one."""
    for seen in observed:
        got, right = seen.arrays.get("y_pred"), seen.expected["y_pred"]
        if got is None or shaped(got, right).shape != right.shape:
            return False
        for i, near in _wrong_votes(seen):
            labels, counts = np.unique(near, return_counts=True)
            if shaped(got, right)[i] not in labels[counts == counts.max()]:
                return False
    return True


def _predictions(seen):
    """Candidates for y_pred: those of each row of distances, and those that mix up the rows."""
    dists, y, k = (seen.arguments[name] for name in ("dists", "y_train", "k"))
    rows = [_of_row(row.astype(float), y, k) for row in dists]
    found = [
        (candidates[0][0], np.array([label for _, label in candidates]))
        for candidates in zip(*rows, strict=True)
    ]
    right = seen.expected["y_pred"]
    by_column = np.argsort(dists, axis=0, kind="stable")
    found += [
        (("columns-sorted",), np.array([_winner(y[row[:k]]) for row in by_column])),
        (("one-example-for-all",), right[:1] + 0 * right),
        (("one-example-for-all",), right[-1:] + 0 * right),
        (("not-filled",), np.where(np.arange(len(right)) == 0, right, 0)),
        (("not-filled",), np.where(np.arange(len(right)) == len(right) - 1, right, 0)),
    ]
    return found


def _of_row(distances, y, k):
    """Candidates for the label of one test example; as many for each."""
    N = len(y)
    order = np.argsort(distances, kind="stable")
    nearest, near = order[:k], y[order[:k]]
    labels, counts = np.unique(near, return_counts=True)
    place, most = counts.argmax(), counts.max()
    winner, tie, even = labels[place], np.sum(counts == most) > 1, np.ptp(counts) == 0
    voters = {
        "k-off-by-one": [order[: max(k - 1, 1)], order[: k + 1], order[1 : k + 1], order[1:k]],
        "all-examples-vote": [order],
        "first-examples-vote": [np.arange(N)[:k]],
        "farthest-neighbours": [order[::-1][:k]],
        "ranks-for-indices": [np.argsort(order, kind="stable")[:k]],
        "distances-rounded": [
            np.argsort(whole, kind=kind)[:k]
            for whole in (np.trunc(distances), np.rint(distances))
            for kind in ("stable", None)
        ],
    }
    with np.errstate(divide="ignore", over="ignore"):
        weights = [1 / d for d in (distances, distances**2, 1 + distances)]
        weights += [np.exp(-distances), np.exp(-(distances**2)), -distances, distances]
    return [
        *(
            ((name,), label)
            for name, groups in voters.items()
            for group in groups
            for label in _winners(y[group])
        ),
        *((("labels-sorted",), label) for label in _winners(np.sort(y)[nearest])),
        (("smallest-labels-vote",), _winner(np.sort(y)[:k])),
        (("k-ignored",), near[0]),
        (("indices-for-labels",), _winner(nearest)),
        (("indices-for-labels",), nearest[0]),
        (("votes-over-indices",), y[nearest.min()]),
        (("votes-over-indices",), y[nearest.max()]),
        *((("longest-run",), label) for label in _longest_runs(near)),
        (("longest-run",), _longest_runs(np.sort(near))[-1]),
        *((("first-to-k-votes",), label) for label in _first_to(k, y[order])),
        *((("ties-left-open",), fill if tie else winner) for fill in (0, -1)),
        *((("ties-left-open",), fill if tie and even else winner) for fill in (0, -1)),
        *((("majority-only",), winner if most > k / 2 else other) for other in (0, -1, near[0])),
        (("place-among-sorted",), near[place]),
        (("place-among-sorted",), y[place]),
        (("place-among-sorted",), np.sort(y)[place]),
        (("place-for-label",), place),
        (("label-as-index",), y[winner] if winner < N else -1),
        (("label-as-index",), near[winner] if winner < k else -1),
        (("count-for-label",), most),
        (("label-0-left-out",), _winner(near[near > 0]) if near.any() else 0),
        (("fewest-votes",), labels[counts.argmin()]),
        (("fewest-votes",), np.bincount(near).argmin()),
        *((("weighted-votes",), _heaviest(near, weight[nearest])) for weight in weights),
        (("weighted-votes",), _nearest_on_average(near, distances[nearest])),
        *((("vote-missing",), label) for label in (near.min(), near.max(), near[-1])),
        (("vote-missing",), near.sum()),
        (("vote-missing",), near.argmax()),
        *((("vote-missing",), way(np.median(near))) for way in (float, np.rint, np.trunc)),
        *((("vote-missing",), way(near.mean())) for way in (float, np.rint, np.trunc, np.ceil)),
    ]


def _winner(labels):
    """The label with most votes, of several the smallest; -1 where nobody votes."""
    return np.bincount(labels).argmax() if len(labels) else -1


def _winners(labels):
    """The labels that may win, with most votes each: the smallest, the largest, the first."""
    if len(labels) == 0:
        return [-1] * 3
    counts = np.bincount(labels)
    tied = counts == counts.max()
    return [tied.argmax(), len(tied) - 1 - tied[::-1].argmax(), labels[tied[labels].argmax()]]


def _longest_runs(labels):
    """Labels of the first, the last and the smallest of the longest runs; of all runs but one."""
    starts = np.flatnonzero(np.diff(labels, prepend=-1))
    lengths = np.diff(starts, append=len(labels))
    longest = labels[starts[lengths == lengths.max()]]
    # A run is often looked at when the next one begins: then the last one never is.
    but_one = labels[starts[lengths[:-1].argmax()]] if len(starts) > 1 else labels[0]
    return longest[0], longest[-1], longest.min(), but_one


def _first_to(votes, labels):
    """The first label that has so many votes; or, if none has, the most frequent one, or 0."""
    counts = Counter()
    for label in labels:
        counts[label] += 1
        if counts[label] == votes:
            return label, label
    return _winner(labels), 0


def _heaviest(labels, weights):
    """The label whose votes weigh most together."""
    return max(np.unique(labels), key=lambda label: weights[labels == label].sum())


def _nearest_on_average(labels, distances):
    return min(np.unique(labels), key=lambda label: distances[labels == label].mean())


# Neighbourhood components analysis.


def explain_nca(observed):
    """By the loss and the gradient that it is, each in a scale of its own."""
    loss = search(observed, "loss", _nca_losses, scales=SCALES)
    gradient = search(observed, "dA", _nca_gradients, scales=SCALES)
    if not gradient and (
        gradient := search(turned(observed, "dA"), "dA", _nca_gradients, scales=SCALES)
    ):
        gradient = [((*gradient[0][0], "transposed"), ())]
    names = unique(name for fits in (gradient, loss) if fits for name in fits[0][0])
    unknown = [name for name, fits in (("loss", loss), ("dA", gradient)) if not fits]
    if not names:
        return Explanation(array=unknown[0] if unknown else None)
    if names == ("gradient-missing",) and unknown:
        return Explanation(array="loss")
    shows = "dA" if gradient and gradient[0][0] else "loss"
    return Explanation(names, array=shows, rest=unknown[0] if unknown else None)


def _nca_losses(seen):
    log_p, P, _ = _chosen(seen)
    p, (_, _, same) = np.exp(log_p), _similarities(seen)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_each = np.where(same, np.log(P), 0)
    losses = [
        ((), -log_p.sum()),
        *(((name,), -_chosen(seen, **way)[0].sum()) for name, way in CHOICES.items()),
        (("log-missing",), -p.sum()),
        (("log-missing",), (1 - p).sum()),
        (("mean-before-log",), -len(p) * np.log(p.mean())),
        (("log-before-sum",), -of_each.sum()),
        (("wrong-logarithm",), -log_p.sum() / np.log(10)),
        (("wrong-logarithm",), -log_p.sum() / np.log(2)),
        (("one-example-only",), -log_p[0]),
        (("one-example-only",), -log_p[-1]),
        (("example-left-out",), -log_p[1:].sum()),
        (("example-left-out",), -log_p[:-1].sum()),
    ]
    return losses


# Other choices of a neighbour than the right one, as options of _chosen.
CHOICES = {
    "self-counted": {"itself_counts": True, "itself_divides": True},
    "self-in-denominator": {"itself_divides": True},
    "distances-not-squared": {"similarity": lambda D: -np.sqrt(D)},
    "distances-halved": {"similarity": lambda D: -D / 2},
    "distance-sign": {"similarity": lambda D: D},
}


def _nca_gradients(seen):
    X = seen.arguments["X"].astype(float)
    Z, S, same = _similarities(seen)
    log_p, P, M = _chosen(seen)
    columns = M.sum(axis=0)[:, np.newaxis] * Z
    other = {name: _chosen(seen, **way)[2] for name, way in CHOICES.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        sloped = other["distances-not-squared"] / (2 * np.sqrt(-S))  # the derivative of the root
    moved = [
        ((), _moved(M, Z)),
        *(((name,), _moved(M_other, Z)) for name, M_other in other.items()),
        # What is said of the loss is one mistake, if the gradient is that of the same loss.
        (("distances-not-squared",), _moved(sloped, Z) - sloped.sum(axis=1)[:, np.newaxis] * Z),
        (("distances-halved",), _moved(other["distances-halved"], Z) / 2),
        (("distance-sign",), -_moved(other["distance-sign"], Z)),
        (("self-in-denominator",), _moved(other["self-in-denominator"] * (S > -np.inf), Z)),
        (("column-sums-missing",), M @ Z + M.T @ Z),
        (("column-sums-missing",), M @ Z + M.T @ Z + columns),
        (("not-symmetrised",), 2 * M @ Z - columns),
        (("not-symmetrised",), M @ Z - columns),
        (("not-symmetrised", "column-sums-missing"), 2 * M @ Z),
        (("not-symmetrised", "column-sums-missing"), M @ Z),
        (("target-missing",), _moved(P, Z)),
        (("target-not-rescaled",), _moved(np.where(same, 0, P), Z)),
        (("log-missing",), _moved(np.exp(log_p)[:, np.newaxis] * M, Z)),
        (("gradient-missing",), 0 * Z),
    ]
    # Half of it is the factor 2 of the square, rather than any constant factor.
    gradients = [(("factor-2-missing",), moved[0][1].T @ X)]
    gradients += [(names, 2 * dZ.T @ X) for names, dZ in moved]
    return gradients


def _moved(M, Z):
    """M Z + M^T Z - diag(column sums of M) Z, half the gradient with respect to Z."""
    return M @ Z + M.T @ Z - M.sum(axis=0)[:, np.newaxis] * Z


def _similarities(seen):
    """Z = X A^T, minus the squared distances with -inf on the diagonal, and who is of a class."""
    A, X, y = (seen.arguments[name] for name in ("A", "X", "y"))
    Z = X.astype(float) @ A.astype(float).T
    S = -((Z[:, np.newaxis] - Z) ** 2).sum(axis=2)
    np.fill_diagonal(S, -np.inf)
    return Z, S, (y[:, np.newaxis] == y) & ~np.eye(len(X), dtype=bool)


def _chosen(seen, itself_counts=False, itself_divides=False, similarity=lambda D: -D):
    """log p of each example, P, and M = P - Q, as in the docstring of nca_loss.

    itself_counts, itself_divides : whether an example is of its own class, and in the denominator
    similarity : function of the squared distances -> S
    """
    Z, _, same = _similarities(seen)
    S = similarity(((Z[:, np.newaxis] - Z) ** 2).sum(axis=2))
    diagonal = np.eye(len(Z), dtype=bool)
    P = np.exp(log_softmax(S if itself_divides else np.where(diagonal, -np.inf, S)))
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(same | (diagonal & itself_counts), P, 0)
        log_p = np.log(own.sum(axis=1))
        return log_p, P, P - own / own.sum(axis=1)[:, np.newaxis]

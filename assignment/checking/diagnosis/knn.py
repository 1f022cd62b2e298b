"""Mistakes in distances, votes and neighbourhood components analysis."""

from dataclasses import replace

import numpy as np

from assignment.checking.diagnosis import NONE, Explanation, search, turned, unique
from assignment.checking.diagnosis.terms import log_softmax, scaled


def explain_distances(observed):
    """By the formula that gives them. NaN, the root of what is negative, is evidence too."""
    observed = [
        replace(seen, arrays={"dists": _without_nan(seen.arrays["dists"])}) for seen in observed
    ]
    found = search(observed, "dists", _distances)
    return Explanation(found[0][0]) if found else NONE


def _distances(seen):
    X, X_train = (seen.arguments[name].astype(float) for name in ("X", "X_train"))
    difference = X[:, np.newaxis] - X_train
    squares = difference**2
    dists = np.sqrt(squares.sum(axis=2))
    a, b = np.sum(X**2, axis=1)[:, np.newaxis], np.sum(X_train**2, axis=1)
    ab = X @ X_train.T
    together = [a + 2 * ab + b, a - ab + b, a + ab + b, a + b, ab, -2 * ab, a - 2 * ab - b]
    without = [a - 2 * ab + 0 * b, b - 2 * ab]
    rows = np.arange(len(X))[:, np.newaxis]
    whole = np.sqrt(squares.sum(axis=(1, 2)))[:, np.newaxis] + 0 * dists
    found = [
        (("root-missing",), dists**2),
        (("l1-distance",), np.abs(difference).sum(axis=2)),
        (("max-distance",), np.abs(difference).max(axis=2)),
        (("squared-after-sum",), np.abs(difference.sum(axis=2))),
        (("squared-after-sum",), difference.sum(axis=2) ** 2),
        (("mean-for-sum",), np.sqrt(squares.mean(axis=2))),
        (("mean-for-sum",), squares.mean(axis=2)),
        *((("cross-term",), rooted) for value in together for rooted in _rooted(value)),
        *((("squares-missing",), rooted) for value in without for rooted in _rooted(value)),
        (("axis-missing",), whole),
        (("axis-missing", "root-missing"), whole**2),
        (("not-filled",), np.where(rows == 0, dists, 0)),
        (("not-filled",), np.where(rows == rows[-1], dists, 0)),
        (("transposed",), dists.T),
        (("transposed", "root-missing"), dists.T**2),
    ]
    return [(names, _without_nan(array)) for names, array in found]


def _rooted(value):
    """A value as it is, its root, and its root where it has one."""
    with np.errstate(invalid="ignore"):
        return value, np.sqrt(value), np.sqrt(np.maximum(value, 0))


def _without_nan(array):
    return np.nan_to_num(array, nan=-1.0)


def explain_votes(observed):
    """Ties are recognised by what they are, however they are broken; the rest by its formula."""
    if evidence := _only_ties(observed):
        return Explanation(("ties",), evidence)

    def candidates(seen):
        dists, y, k = (seen.arguments[name] for name in ("dists", "y_train", "k"))
        order = np.argsort(dists, axis=1, kind="stable")
        near = y[order[:, :k]]
        middle = [np.rint(near.mean(axis=1)), near.mean(axis=1), np.median(near, axis=1)]
        return [
            *(
                (("k-off-by-one",), _votes(y[order[:, part]], last))
                for part in (slice(max(k - 1, 1)), slice(k + 1), slice(1, k + 1), slice(1, k))
                for last in (False, True)
            ),
            (("k-ignored",), y[order[:, 0]]),
            *((("farthest-neighbours",), _votes(y[order[:, ::-1][:, :k]], t)) for t in (0, 1)),
            (("labels-sorted",), _votes(np.sort(y)[order[:, :k]])),
            (("indices-for-labels",), _votes(order[:, :k])),
            (("indices-for-labels",), order[:, 0]),
            (("vote-missing",), near.min(axis=1)),
            (("vote-missing",), near.max(axis=1)),
            (("vote-missing",), near[:, -1]),
            *((("vote-missing",), value) for value in middle),
            (("not-filled",), np.where(np.arange(len(dists)) == 0, _votes(near), 0)),
            (("not-filled",), np.where(np.arange(len(dists)) == len(dists) - 1, _votes(near), 0)),
        ]

    found = search(observed, "y_pred", candidates)
    return Explanation(found[0][0]) if found else NONE


def _votes(labels, last=False):
    """The winner of each row; of labels with equally many votes the smallest, or the last."""
    if labels.shape[1] == 0:
        return np.full(len(labels), -1)
    counts = np.array([np.bincount(row, minlength=labels.max() + 1) for row in labels])
    if last:
        return counts.shape[1] - 1 - counts[:, ::-1].argmax(axis=1)
    return counts.argmax(axis=1)


def _only_ties(observed):
    """A sentence on how ties are broken, if all that is wrong is a tie broken another way."""
    told = []
    for seen in observed:
        dists, y, k = (seen.arguments[name] for name in ("dists", "y_train", "k"))
        got = seen.arrays.get("y_pred")
        if got is None or got.shape != seen.expected["y_pred"].shape:
            return None
        for row, label, right in zip(dists, got, seen.expected["y_pred"], strict=True):
            if label == right:
                continue
            votes = y[np.argsort(row, kind="stable")[:k]]
            labels, counts = np.unique(votes, return_counts=True)
            tied = labels[counts == counts.max()]
            if label not in tied:
                return None
            told.append(
                f"The nearest {k} have the labels {', '.join(map(str, votes))}, nearest first: "
                f"you predict {label:g}, but {right:g} has as many votes."
            )
    return told[0] if told else None


def explain_nca(observed):
    """By the loss and the gradient that it is, each in a scale of its own."""
    loss = search(observed, "loss", _nca_losses)
    gradient = search(observed, "dA", _nca_gradients)
    if not gradient and (gradient := search(turned(observed, "dA"), "dA", _nca_gradients)):
        gradient = [((*gradient[0][0], "transposed"), ())]
    return Explanation(unique(name for fits in (gradient, loss) if fits for name in fits[0][0]))


def _nca_losses(seen):
    log_p, _, _ = _neighbours(seen)
    with_itself, _, _ = _neighbours(seen, with_itself=True)
    p = np.exp(log_p)
    losses = [
        ((), -log_p.sum()),
        (("self-counted",), -with_itself.sum()),
        (("log-missing",), -p.sum()),
        (("log-missing",), (1 - p).sum()),
        (("mean-before-log",), -len(p) * np.log(p.mean())),
    ]
    return scaled(losses, len(p), 1)


def _nca_gradients(seen):
    X = seen.arguments["X"].astype(float)
    _, Z, M = _neighbours(seen)
    _, _, with_itself = _neighbours(seen, with_itself=True)
    gradients = [
        (("factor-2-missing",), _moved(M, M.T, Z).T @ X),  # rather than any constant factor
        ((), 2 * _moved(M, M.T, Z).T @ X),
        (("self-counted",), 2 * _moved(with_itself, with_itself.T, Z).T @ X),
        (("not-symmetrised",), 2 * _moved(M, M, Z).T @ X),
    ]
    return scaled(gradients, len(X), 1)


def _moved(M, M_turned, Z):
    """M Z + M^T Z - diag(column sums of M) Z, half the gradient with respect to Z."""
    return M @ Z + M_turned @ Z - M.sum(axis=0)[:, np.newaxis] * Z


def _neighbours(seen, with_itself=False):
    """log p of each example, Z = X A^T, and M = P - Q, as in the docstring of nca_loss."""
    A, X, y = (seen.arguments[name] for name in ("A", "X", "y"))
    Z = X.astype(float) @ A.astype(float).T
    S = -((Z[:, np.newaxis] - Z) ** 2).sum(axis=2)
    if not with_itself:
        np.fill_diagonal(S, -np.inf)
    same = y[:, np.newaxis] == y
    P = np.exp(log_softmax(S))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = np.log(np.where(same, P, 0).sum(axis=1))
        Q = np.where(same, P / np.exp(log_p)[:, np.newaxis], 0)
    return log_p, Z, P - Q

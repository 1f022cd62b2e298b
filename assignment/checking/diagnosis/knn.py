"""Mistakes in distances, votes and neighbourhood components analysis."""

from dataclasses import replace

import numpy as np

from assignment.checking.diagnosis import NONE, Explanation, count, search, unique
from assignment.checking.diagnosis.terms import log_softmax, scaled


def explain_distances(observed):
    def candidates(seen):
        X, X_train = (seen.arguments[name].astype(float) for name in ("X", "X_train"))
        difference = X[:, None] - X_train
        dists = np.sqrt((difference**2).sum(axis=2))
        a, b = (X**2).sum(axis=1)[:, None], (X_train**2).sum(axis=1)
        product = X @ X_train.T
        whole = np.sqrt((difference**2).sum(axis=(1, 2)))[:, None] + 0 * dists
        first, last = np.zeros_like(dists), np.zeros_like(dists)
        first[0], last[-1] = dists[0], dists[-1]
        root = np.sqrt
        with np.errstate(all="ignore"):
            found = [
                (("root-missing",), dists**2),
                (("l1-distance",), np.abs(difference).sum(axis=2)),
                (("max-distance",), np.abs(difference).max(axis=2)),
                (("squared-after-sum",), np.abs(difference.sum(axis=2))),
                (("squared-after-sum",), difference.sum(axis=2) ** 2),
                (("mean-for-sum",), root((difference**2).mean(axis=2))),
                (("mean-for-sum",), (difference**2).mean(axis=2)),
                *(
                    (("cross-term",), f(value))
                    for f in (root, lambda v: root(np.maximum(v, 0)), lambda v: v)
                    for value in (
                        a + 2 * product + b,
                        a - product + b,
                        a + product + b,
                        a + b,
                        product,
                        -2 * product,
                        a - 2 * product - b,
                    )
                ),
                *(
                    (("squares-missing",), f(value))
                    for f in (root, lambda v: root(np.maximum(v, 0)), lambda v: v)
                    for value in (a - 2 * product + 0 * b, b - 2 * product)
                ),
                (("axis-missing",), whole),
                (("axis-missing", "root-missing"), whole**2),
                (("not-filled",), first),
                (("not-filled",), last),
                (("transposed",), dists.T),
                (("transposed", "root-missing"), dists.T**2),
            ]
        return [(names, _without_nan(array)) for names, array in found]

    # A sum that is negative has no root: where it should be NaN, NaN is evidence.
    observed = [
        replace(seen, arrays={"dists": _without_nan(seen.arrays["dists"])}) for seen in observed
    ]
    found = search(observed, "dists", candidates)
    return Explanation(found[0][0]) if found else NONE


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
    def parts(seen):
        A, X, y = (seen.arguments[name] for name in ("A", "X", "y"))
        A, X = A.astype(float), X.astype(float)
        Z = X @ A.T
        S = -((Z[:, None] - Z) ** 2).sum(axis=2)
        same = y[:, None] == y
        out = {}
        for name, counted in (("right", False), ("self", True)):
            T = S.copy()
            if not counted:
                np.fill_diagonal(T, -np.inf)
            log_P = log_softmax(T)
            with np.errstate(divide="ignore"):
                log_p = np.log(np.where(same, np.exp(log_P), 0).sum(axis=1))
            Q = np.where(same, np.exp(log_P - log_p[:, None]), 0)
            M = np.exp(log_P) - Q
            sums = M.sum(axis=0)[:, None]
            out[name] = log_p, (M @ Z + M.T @ Z - sums * Z).T @ X, (2 * M @ Z - sums * Z).T @ X
        return out

    def losses(seen):
        right, own = parts(seen)["right"][0], parts(seen)["self"][0]
        N = len(right)
        return scaled(
            [
                ((), -right.sum()),
                (("self-counted",), -own.sum()),
                (("log-missing",), -np.exp(right).sum()),
                (("log-missing",), (1 - np.exp(right)).sum()),
                (("mean-before-log",), -N * np.log(np.exp(right).mean())),
            ],
            N,
            1,
        )

    def gradients(seen):
        p = parts(seen)
        (_, right, twice), (_, own, _) = p["right"], p["self"]
        found = [
            ((), 2 * right),
            (("factor-2-missing",), right),
            (("self-counted",), 2 * own),
            (("not-symmetrised",), 2 * twice),
        ]
        found += [((*names, "transposed"), array.T) for names, array in found]
        return scaled(found, count(seen), 1)

    loss, gradient = search(observed, "loss", losses), search(observed, "dA", gradients)
    return Explanation(
        unique((*(gradient[0][0] if gradient else ()), *(loss[0][0] if loss else ())))
    )

"""What distances, votes, cross-validation and NCA are made of, for a call.

N training examples and M test examples of D numbers; a mistake says what it makes of these terms.
"""

from collections import Counter

import numpy as np

from assignment.checking.diagnosis import log_softmax


class Distances:
    """The terms of distances, each for all pairs of a test example x and a training example t.

    differences : (M, N, D), x - t; sizes, squares : the same, absolute and squared
    xx, xt, tt : (M, 1), (M, N) and (N,), the three terms of |x - t|^2 = |x|^2 - 2 x.t + |t|^2
    """

    def __init__(self, X, X_train):
        X, X_train = X.astype(float), X_train.astype(float)
        self.differences = X[:, np.newaxis] - X_train
        self.sizes, self.squares = np.abs(self.differences), self.differences**2
        self.dists = np.sqrt(self.squares.sum(axis=2))
        self.xx, self.tt = np.sum(X**2, axis=1)[:, np.newaxis], np.sum(X_train**2, axis=1)
        self.xt = X @ X_train.T


def root(square):
    """The root of what may be negative: with NaN there, or with 0."""
    return [np.sqrt(square), np.sqrt(np.maximum(square, 0))]


def distances_of(*squares):
    """What becomes of wrong squares of distances, with the root and without."""
    rooted = [dists for square in squares for dists in root(square)]
    return rooted + [(square, "root-missing") for square in squares]


class Vote:
    """The vote on test example i, with arguments of predict_labels.

    d, y : (N,), how far the training examples are, and their labels
    order : (N,), their indices, from near to far; nearest : (k,), the first of them
    near : (k,), the labels of the nearest
    labels, counts : the different ones among these, sorted, and how many votes each has
    winner, place, most : the label with most votes, its place among labels, and its votes
    ties : how many labels have so many
    """

    def __init__(self, dists, y_train, k, i):
        self.dists, self.y, self.k, self.i = dists, y_train, k, i
        self.d = dists[i].astype(float)
        self.order = np.argsort(self.d, kind="stable")
        self.nearest = self.order[:k]
        self.near = self.y[self.nearest]
        self.labels, self.counts = np.unique(self.near, return_counts=True)
        self.place, self.most = self.counts.argmax(), self.counts.max()
        self.winner, self.ties = self.labels[self.place], np.sum(self.counts == self.most)

    def of(self, *voters):
        """The labels that may win where these training examples vote."""
        return [label for group in voters for label in winners(self.y[group])]

    def heaviest(self, weights, total=np.sum):
        """The label whose votes weigh most together; weights : (N,)"""
        of_near = weights[self.nearest]
        return max(self.labels, key=lambda label: total(of_near[self.near == label]))

    def first_to_k_votes(self):
        """The first label that has k votes; or, if none has, the most frequent one, or 0."""
        counts = Counter()
        for label in self.y[self.order]:
            counts[label] += 1
            if counts[label] == self.k:
                return [label] * 2
        return [winner(self.y), 0]


def winner(labels):
    """The label with most votes, of several the smallest; -1 where nobody votes."""
    return np.bincount(labels).argmax() if len(labels) else -1


def winners(labels):
    """The labels that may win, with most votes each: the smallest, the largest, the first."""
    if len(labels) == 0:
        return [-1] * 3
    counts = np.bincount(labels)
    tied = counts == counts.max()
    return [tied.argmax(), len(tied) - 1 - tied[::-1].argmax(), labels[tied[labels].argmax()]]


def longest_runs(labels):
    """Labels of the first, the last and the smallest of the longest runs; of all runs but one."""
    starts = np.flatnonzero(np.diff(labels, prepend=-1))
    lengths = np.diff(starts, append=len(labels))
    longest = labels[starts[lengths == lengths.max()]]
    # A run is often looked at when the next one begins: then the last one never is.
    but_one = labels[starts[lengths[:-1].argmax()]] if len(starts) > 1 else labels[0]
    return [longest[0], longest[-1], longest.min(), but_one]


class Folds:
    """The terms of cross-validation, with arguments of cross_validate.

    A round is (train, labels, asked, answers): indices of the rows of X that train and of their
    labels in y, of the rows that are predicted and of the labels that these should have.

    N, F : examples and folds; ks : list of the choices
    folds : F arrays of indices, as np.array_split cuts them; rounds : F rounds, as they should be
    """

    def __init__(self, X, y, choices, num_folds):
        self.X, self.y, self.ks, self.F = X.astype(float), y, list(choices), num_folds
        self.N = len(X)
        self.D = ((self.X[:, np.newaxis] - self.X) ** 2).sum(axis=2)
        self.folds = np.array_split(np.arange(self.N), num_folds)
        self.rounds = self.rounds_of(self.folds)

    def rounds_of(self, folds, train=None, asked=None):
        """A round for each fold; train, asked : lists of indices, where they are other ones."""
        train = train or [others(folds, fold) for fold in range(len(folds))]
        asked = asked or folds
        return [(t, t, a, a) for t, a in zip(train, asked, strict=True)]

    def cut(self, size):
        """F folds of this size, in order; the last one is what is left."""
        return [np.arange(self.N)[i * size : (i + 1) * size] for i in range(self.F)]

    def right(self, rounds):
        """(N, F) numbers of right predictions, by 1 to N neighbours; and the F they are out of."""
        counts = np.full((self.N, len(rounds)), np.nan)
        for i, (train, labels, asked, answers) in enumerate(rounds):
            if len(train):  # all of them vote where there are fewer than k
                order = np.argsort(self.D[np.ix_(asked, train)], axis=1, kind="stable")
                votes = np.eye(self.y.max() + 1)[self.y[labels][order]].cumsum(axis=1)
                right = (votes.argmax(axis=2) == self.y[answers][:, np.newaxis]).sum(axis=0)
                counts[:, i] = np.pad(right, (0, self.N - len(right)), "edge")
        return counts, np.array([len(asked) for _, _, asked, _ in rounds])


def others(folds, *left_out):
    """The indices of all folds but these."""
    kept = [indices for i, indices in enumerate(folds) if i not in left_out]
    return np.concatenate([np.array([], int), *kept])


class Neighbours:
    """The terms of NCA, as in the docstring of nca_loss, with N for 1: SCALES divides.

    itself_counts, itself_divides : whether an example is of its own class, and in the denominator
    similarity : function of the squared distances -> S
    Z : (N, d); D : (N, N), squared distances; other, same : (N, N), whether j is not i, or
        besides of its class
    p : (N,), the probabilities of the own class; P, M : (N, N), with M = P - Q
    """

    def __init__(self, A, X, y, itself_counts=False, itself_divides=False, similarity=np.negative):
        self.A, self.X, self.y = A, X.astype(float), y
        self.Z = self.X @ A.astype(float).T
        self.D = ((self.Z[:, np.newaxis] - self.Z) ** 2).sum(axis=2)
        self.other = ~np.eye(len(X), dtype=bool)
        self.same = (y[:, np.newaxis] == y) & self.other
        S = similarity(self.D)
        self.P = np.exp(log_softmax(S if itself_divides else np.where(self.other, S, -np.inf)))
        own = np.where(self.same | (~self.other & itself_counts), self.P, 0)
        self.p = own.sum(axis=1)
        self.log_p = np.log(self.p)
        self.M = self.P - own / self.p[:, np.newaxis]
        self.loss, self.dA = -self.log_p.sum(), self.gradient(self.M)

    def but(self, **choice):
        """The same with another choice of a neighbour."""
        return Neighbours(self.A, self.X, self.y, **choice)

    def gradient(self, M, factors=(1, 1, -1, 0)):
        """2 dZ^T X, with dZ the sum of these factors times M Z, M^T Z, and two diagonal matrices
        times Z, of the column sums of M and of its row sums.
        """
        columns, rows = (M.sum(axis=axis)[:, np.newaxis] * self.Z for axis in (0, 1))
        parts = M @ self.Z, M.T @ self.Z, columns, rows
        return (
            2 * sum(factor * part for factor, part in zip(factors, parts, strict=True)).T @ self.X
        )

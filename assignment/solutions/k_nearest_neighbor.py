"""k nearest neighbours, their number by cross-validation, and a differentiable one (NCA)."""

import numpy as np

from assignment.given import distances
from assignment.given.blocks import in_blocks
from assignment.given.validation import (
    require_count,
    require_counts,
    require_finite,
    require_inputs,
    require_labels,
    require_trained,
)


class KNearestNeighbor:
    """A classifier that remembers its training set and asks the k nearest examples to vote.

    Source: CS231n notes, "Image Classification: Nearest Neighbor Classifier".
    """

    X_train = y_train = None

    def train(self, X, y):
        """Remember the training set.

        Parameters
        ----------
        X : (num_train, D) training examples, one per row; whole numbers become float64
        y : (num_train,) integer labels, 0 or more

        Raises
        ------
        ValueError : names the argument that has a wrong shape or holds something else than labels
        """
        X = require_inputs(X)
        self.X_train, self.y_train = X, require_labels(y, len(X))

    def predict(self, X, k=1, num_loops=0):
        """Predict labels by a vote of the k nearest training examples.

        Without loops, distances are computed for a block of test examples at a time, so that all
        of them never stand in memory at once.

        Parameters
        ----------
        X : (num_test, D) test examples, one per row
        k : int, number of neighbours that vote
        num_loops : 0, 1 or 2, which of the three ways to compute the distances

        Returns
        -------
        y_pred : (num_test,) predicted labels

        Raises
        ------
        ValueError : if num_loops is none of these, before train, or as the methods below
        """
        compute_distances = {
            0: self.compute_distances_no_loops,
            1: self.compute_distances_one_loop,
            2: self.compute_distances_two_loops,
        }
        distances_of = compute_distances[require_count(num_loops, "num_loops", 0, 2)]
        X = self._inputs(X)
        k = require_count(k, "k", 1, len(self.X_train))

        def labels(X_block):
            return self.predict_labels(distances_of(X_block), k=k)

        if num_loops:
            return labels(X)

        row_of_distances = len(self.X_train) * np.result_type(X, self.X_train).itemsize
        return in_blocks(labels, X, bytes_per_row=row_of_distances)

    def _inputs(self, X):
        """X as floats, as many in a row as in X_train, or a ValueError."""
        require_trained(self.X_train, "X_train")
        return require_inputs(X, features=self.X_train.shape[1])

    def compute_distances_two_loops(self, X):
        """Euclidean distance of each test to each training example, one pair at a time.

            dists[i, j] = sqrt(sum_d (X[i, d] - X_train[j, d])^2)

        Parameters
        ----------
        X : (num_test, D) test examples, one per row

        Returns
        -------
        dists : (num_test, num_train) distances

        Raises
        ------
        ValueError : if X has a wrong shape, or X or X_train holds NaN or infinity
        """
        X = self._inputs(X)
        num_test, num_train = len(X), len(self.X_train)
        dists = np.zeros((num_test, num_train), dtype=np.result_type(X, self.X_train))
        for i in range(num_test):
            for j in range(num_train):
                ### BEGIN SOLUTION
                difference = X[i] - self.X_train[j]
                dists[i, j] = np.sqrt(np.sum(difference**2))
                ### END SOLUTION
        distances.mend_extremes(dists, X, self.X_train)
        return dists

    def compute_distances_one_loop(self, X):
        """The same distances, one row of `dists` at a time."""
        X = self._inputs(X)
        num_test, num_train = len(X), len(self.X_train)
        dists = np.zeros((num_test, num_train), dtype=np.result_type(X, self.X_train))
        for i in range(num_test):
            ### BEGIN SOLUTION
            differences = self.X_train - X[i]
            dists[i] = np.sqrt(np.sum(differences**2, axis=1))
            ### END SOLUTION
        distances.mend_extremes(dists, X, self.X_train)
        return dists

    def compute_distances_no_loops(self, X):
        """The same distances all at once, at about the cost of one matrix product.

        Round-off can leave a small negative square where two examples are equal: it counts as 0.
        """
        X = self._inputs(X)
        ### BEGIN SOLUTION
        # |x - t|^2 = |x|^2 - 2 x.t + |t|^2, from near the origin, where these are not much larger
        # than their sum; where they are nevertheless, the difference itself is taken.
        moved, moved_train = distances.near_origin(X, self.X_train)
        with np.errstate(over="ignore", invalid="ignore"):
            test_squares = np.einsum("nd,nd->n", moved, moved)
            train_squares = np.einsum("nd,nd->n", moved_train, moved_train)
            # Everything below happens inside the one (num_test, num_train) array.
            dists = moved @ moved_train.T
            dists *= -2
            dists += test_squares[:, np.newaxis]
            dists += train_squares
        pairs = distances.lost(dists, test_squares, train_squares)
        dists[pairs] = 0  # among them all that are negative
        np.sqrt(dists, out=dists)
        return distances.by_differences(dists, X, self.X_train, pairs)
        ### END SOLUTION

    def predict_labels(self, dists, k=1):
        """Let the k nearest training examples of each test example vote.

        The label with most votes wins; of labels with equally many, the smallest. Of training
        examples at equal distance, the first is the nearer.

        Parameters
        ----------
        dists : (num_test, num_train) distances
        k : int, 1 <= k <= num_train

        Returns
        -------
        y_pred : (num_test,) predicted labels

        Raises
        ------
        ValueError : names the argument that has a wrong shape or is out of range, or holds NaN
        """
        require_trained(self.y_train, "y_train")
        dists = require_inputs(dists, name="dists", features=len(self.y_train))
        k = require_count(k, "k", 1, len(self.y_train))
        num_test = len(dists)
        y_pred = np.zeros(num_test, dtype=np.int64)
        for i in range(num_test):
            ### BEGIN SOLUTION
            require_finite(dists[i], dists=dists)
            # The k nearest of the first thousand are k examples, so no neighbour is farther than
            # the last of them: only the few up to there need sorting.
            bound = np.partition(dists[i, : max(k, 1000)], k - 1)[k - 1]
            candidates = np.flatnonzero(dists[i] <= bound)
            by_distance = np.argsort(dists[i, candidates], kind="stable")
            nearest = candidates[by_distance[:k]]
            y_pred[i] = np.bincount(self.y_train[nearest]).argmax()
            ### END SOLUTION
        return y_pred


def cross_validate(X, y, choices, num_folds=5):
    """How well each number of neighbours does on each fold, when only the other folds train.

    The folds are those of np.array_split: in order, and the first N % num_folds of them have one
    example more than the others.

    Source: CS231n notes, "Validation sets, cross-validation, and hyperparameter tuning".

    Parameters
    ----------
    X : (N, D) training examples, one per row
    y : (N,) integer labels, 0 or more
    choices : sequence of int, the numbers of neighbours to try
    num_folds : int, 2 <= num_folds <= N

    Returns
    -------
    accuracies : dict from each k of choices to a list of num_folds floats; entry f is the share of
        fold f that a KNearestNeighbor, trained on all other folds, gets right by a vote of k

    Raises
    ------
    ValueError : names the argument that has a wrong shape or is out of range
    """
    X = require_inputs(X)
    require_finite(np.sum(X), X=X)
    y = require_labels(y, len(X))
    num_folds = require_count(num_folds, "num_folds", 2, len(X))
    choices = require_counts(choices, "choices", 1, len(X) - -(-len(X) // num_folds))
    ### BEGIN SOLUTION
    X_folds, y_folds = np.array_split(X, num_folds), np.array_split(y, num_folds)
    accuracies = {k: [] for k in choices}
    for fold in range(num_folds):
        X_train = np.concatenate(X_folds[:fold] + X_folds[fold + 1 :])
        y_train = np.concatenate(y_folds[:fold] + y_folds[fold + 1 :])
        classifier = KNearestNeighbor()
        classifier.train(X_train, y_train)
        # The distances do not depend on k: each k votes on the same ones.
        dists = classifier.compute_distances_no_loops(X_folds[fold])
        for k in choices:
            y_pred = classifier.predict_labels(dists, k=k)
            accuracies[k].append(float(np.mean(y_pred == y_folds[fold])))
    return accuracies
    ### END SOLUTION


def log_sum_exp(S):
    """log(sum(exp(row))) for each row of S, as a column, without overflow."""
    largest = S.max(axis=1, keepdims=True)
    return largest + np.log(np.exp(S - largest).sum(axis=1, keepdims=True))


def nca_loss(A, X, y):
    """Neighbourhood components analysis: how badly a soft nearest neighbour does after X -> X A^T.

    Each example i picks a neighbour j != i by a softmax over minus the squared distances:

        S[i, j] = -|A x_i - A x_j|^2,   P[i] = softmax(S[i]) over j != i
        loss    = -1/N sum_i log sum_{j != i, y_j = y_i} P[i, j]

    Source: Goldberger, Roweis, Hinton and Salakhutdinov, "Neighbourhood Components Analysis", NIPS
    2004: their objective sum_i log p_i, as a mean and with its sign turned; derived in
    notebooks/further/metric_learning.ipynb.

    Parameters
    ----------
    A : (d, D) linear map into the space where distances are measured
    X : (N, D) examples, one per row
    y : (N,) integer labels, each of them at least twice

    Returns
    -------
    loss : scalar
    dA : (d, D) gradient of the loss with respect to A

    Raises
    ------
    ValueError : names the argument that has a wrong shape, NaN or infinity, or a lonely label
    """
    X = require_inputs(X)
    A = require_inputs(A, name="A", features=X.shape[1], complex_too=True)
    y = require_labels(y, len(X))
    if np.min(np.unique(y, return_counts=True)[1]) < 2:
        raise ValueError("y must hold every label at least twice: a lonely example has no match.")
    ### BEGIN SOLUTION
    # The gradient with respect to S is "softmax minus target", where the target Q[i] is P[i]
    # restricted to the examples of the right class, rescaled to sum 1. With M = (P - Q) / N:
    # dA = 2 (M Z + M^T Z - diag(column sums of M) Z)^T X
    # Distances do not depend on the origin, but their rounding does, and exponents need it small:
    # so all is centred, in double precision. Where that is not enough, differences are taken.
    N, dtype = len(X), np.result_type(A, X)
    X = X.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        X_centred = X - X.mean(axis=0)
        Z = X_centred @ A.T
        squares = np.sum(Z * Z, axis=1)
    require_finite(squares, X=X, A=A)
    far = np.abs(squares).max() * np.finfo(np.float64).eps > 1e-9
    if far:
        S = -np.stack([np.sum(((X - x) @ A.T) ** 2, axis=1) for x in X])
    else:
        S = 2 * Z @ Z.T - squares[:, np.newaxis] - squares
    np.fill_diagonal(S, -np.inf)
    same = y[:, np.newaxis] == y

    log_P = S - log_sum_exp(S)
    log_P_same = np.where(same, log_P, -np.inf)
    log_p = log_sum_exp(log_P_same)
    loss = -np.mean(log_p)

    M = (np.exp(log_P) - np.exp(log_P_same - log_p)) / N
    if far:
        differences = ((X - x, m) for x, m in zip(X, M, strict=True))
        dA = -2 * sum((D @ A.T * m[:, np.newaxis]).T @ D for D, m in differences)
    else:
        dZ = M @ Z + M.T @ Z - M.sum(axis=0)[:, np.newaxis] * Z
        dA = 2 * dZ.T @ X_centred
    require_finite(dA, X=X, A=A)
    return loss, dA.astype(dtype)
    ### END SOLUTION

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
                # TODO KNearestNeighbor.compute_distances_two_loops: your code instead of the next line
                raise NotImplementedError("to do: KNearestNeighbor.compute_distances_two_loops")
        distances.mend_extremes(dists, X, self.X_train)
        return dists

    def compute_distances_one_loop(self, X):
        """The same distances, one row of `dists` at a time."""
        X = self._inputs(X)
        num_test, num_train = len(X), len(self.X_train)
        dists = np.zeros((num_test, num_train), dtype=np.result_type(X, self.X_train))
        for i in range(num_test):
            # TODO KNearestNeighbor.compute_distances_one_loop: your code instead of the next line
            raise NotImplementedError("to do: KNearestNeighbor.compute_distances_one_loop")
        distances.mend_extremes(dists, X, self.X_train)
        return dists

    def compute_distances_no_loops(self, X):
        """The same distances all at once, at about the cost of one matrix product.

        Round-off can leave a small negative square where two examples are equal: it counts as 0.
        """
        X = self._inputs(X)
        # TODO KNearestNeighbor.compute_distances_no_loops: your code instead of the next line
        raise NotImplementedError("to do: KNearestNeighbor.compute_distances_no_loops")

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
            # TODO KNearestNeighbor.predict_labels: your code instead of the next line
            raise NotImplementedError("to do: KNearestNeighbor.predict_labels")
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
    # TODO cross_validate: your code instead of the next line
    raise NotImplementedError("to do: cross_validate")


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
    # TODO nca_loss: your code instead of the next line
    raise NotImplementedError("to do: nca_loss")

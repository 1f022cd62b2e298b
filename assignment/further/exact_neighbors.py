"""The k nearest neighbours, exactly, without computing most of the distances.

An orthonormal basis splits an image, less the mean image, into m coefficients a and a rest r. For
two images the squared distance is |a - b|^2 + |r - s|^2, and the rests are at least ||r| - |s||
apart, so

    |a - b|^2 + (|r| - |s|)^2  <=  squared distance

On the left stands a squared distance in m + 1 dimensions: the norm of the rest is one coordinate
more. Where it exceeds the distance to the k-th nearest found so far, the image is no neighbour, and
its thousands of numbers need not be looked at. The bound holds in any orthonormal basis; principal
components gather most of an image in few coefficients, and so make it sharp.

Sources: the triangle inequality; and for the work in steps, each of which lowers the limit for the
next: T. Seidl and H.-P. Kriegel, "Optimal Multi-Step k-Nearest Neighbor Search", SIGMOD 1998.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from assignment.given.blocks import by_chunks, in_blocks
from assignment.given.distances import distances_of_pairs
from assignment.given.validation import (
    require_count,
    require_finite,
    require_inputs,
    require_shape,
)

SAMPLE = 2500  # examples that the principal components are taken from
PART = 128  # numbers that are summed in one matrix product; rounding grows with it
SPLIT = 2**-9  # see __init__; smaller leaves more to the error of an example, larger to the limit


class ExactNeighbors:
    """The k nearest of the examples X to any query: what a search through all of them finds.

    Parameters
    ----------
    X : (N, D) numbers, examples, one per row; float32 and float64 are kept, not copied
    coefficients : (m1, m2), 1 <= m1 <= m2: how many for the coarse bound, computed for all
        examples, and how many for the finer one, for those that survive it

    Raises
    ------
    ValueError : X has a wrong shape or type, NaN or infinity, or is too large for squares in single
        precision, or there are no such coefficients
    """

    def __init__(self, X, coefficients=(128, 256)):
        X = require_inputs(X)
        if not isinstance(coefficients, tuple | list) or len(coefficients) != 2:
            raise ValueError(f"coefficients must be (m1, m2), but they are {coefficients}.")
        coarse, fine = (require_count(m, "coefficients", 1) for m in coefficients)
        if coarse > fine:
            raise ValueError(f"coefficients must be 1 <= m1 <= m2, but they are {coefficients}.")
        D = X.shape[1]
        self.X = X
        self.coarse = min(coarse, D)
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        require_finite(self.mean, X=X)
        self.basis = principal_components(X, self.mean, min(fine, D))
        # Rounding in the matrix product lifts a squared bound by less than this part of
        # (|x| + |q|)^2: one unit for each product and sum, and for each coordinate.
        self.rounding = (fine + 20) * np.finfo(np.float32).eps
        # The same for a squared distance in the precision of X, as a part of itself; and underflow.
        precision = np.finfo(np.result_type(X, np.float32))
        self.precision, self.underflow = (D + 4) * precision.eps, D * precision.tiny

        a, rest, finer_rest, squares, error = self._coordinates(X)
        self.radius = np.sqrt(squares.max())
        self.rest_X = rest
        # (distance + error)^2 <= (1 + SPLIT) distance^2 + (1 + 1 / SPLIT) error^2: the last term
        # belongs to the example alone, and is taken from its bounds beforehand.
        squares = squares - (1 + 1 / SPLIT) * error**2
        self.coarse_X = as_single(a[:, : self.coarse], rest, squares)
        self.finer_X = as_single(a[:, self.coarse :], finer_rest, rest)

    def nearest(self, X, k):
        """The k nearest examples to each query, nearest first; of equally near ones the first.

        Parameters
        ----------
        X : (num_test, D) queries, one per row
        k : int, 1 <= k <= N

        Returns
        -------
        distances : (num_test, k), in double precision
        indices : (num_test, k) rows of the examples

        Raises
        ------
        ValueError : X has a wrong shape, NaN or infinity, or k is out of range
        """
        X = require_inputs(X, features=self.X.shape[1])
        k = require_count(k, "k", 1, len(self.X))
        X = X.astype(np.result_type(X, self.X, np.float32), copy=False)
        # Where nothing can be left out, lists of all pairs stand in memory.
        return in_blocks(lambda queries: self._nearest(queries, k), X, 40 * len(self.X))

    def _coordinates(self, X):
        """The coordinates of each row of X, and how far off they may be.

        Returns
        -------
        a : (n, m2) coefficients
        rest, finer_rest : (n,) norm of what the first m1, and all, coefficients leave
        squares : (n,) squared norm
        error : (n,) bound of how far (a, finer_rest) is from what it would be without rounding;
            (a[:m1], rest) is no farther off
        """
        D, m = self.basis.shape
        # A sum of D products, in parts of PART, is off by at most this part of |x|; see N. Higham,
        # "Accuracy and Stability of Numerical Algorithms", section 4.2.
        rounding, tiny = np.finfo(np.float32).eps / 2, np.finfo(np.float32).tiny
        unit = (PART + D / PART + 4) * rounding

        def coordinates(X_block):
            a, squares = np.zeros((len(X_block), m), np.float32), np.zeros(len(X_block), np.float32)
            with np.errstate(over="ignore", invalid="ignore"):
                for start in range(0, D, PART):
                    part = slice(start, start + PART)
                    centred = (X_block[:, part] - self.mean[part]).astype(np.float32, copy=False)
                    a += centred @ self.basis[part]
                    squares += np.einsum("nd,nd->n", centred, centred)
                require_finite(8 * squares, X=X_block)
            coarse, fine = a[:, : self.coarse], a[:, self.coarse :]
            rest = squares - np.einsum("nd,nd->n", coarse, coarse)
            finer_rest = rest - np.einsum("nd,nd->n", fine, fine)
            squares, rest, finer_rest = (
                np.maximum(n, 0, dtype=np.float64) for n in (squares, rest, finer_rest)
            )
            rest, finer_rest = np.sqrt(rest), np.sqrt(finer_rest)
            error = unit * np.sqrt(m * squares)  # of a
            squared = 2 * error * np.sqrt(squares) + (unit + m * rounding) * squares + D * tiny
            least = np.sqrt(np.maximum(finer_rest**2 - squared, 0))
            error += np.minimum(np.sqrt(squared), squared / (finer_rest + least + tiny))  # of rest
            return a, rest, finer_rest, squares, error

        return in_blocks(coordinates, X, bytes_per_row=24 * X.shape[1])

    def _nearest(self, X, k):
        a, rest, finer_rest, squares, error = self._coordinates(X)
        coarse = as_single(-2 * a[:, : self.coarse], -2 * rest, np.ones(len(X)))
        finer = as_single(-2 * a[:, self.coarse :], -2 * finer_rest, 2 * rest)
        # Squared bounds, less the square of the query, which is the same in a whole row.
        bounds = coarse @ self.coarse_X.T
        margin = self.rounding * (np.sqrt(squares) + self.radius) ** 2 - squares

        def reach(limit):
            """What the bounds of an example within the limit do not exceed."""
            return (1 + SPLIT) * (np.sqrt(limit) + error) ** 2 + margin

        # Any k examples bound the distance to the k-th nearest, and likely neighbours bound it
        # sharply: those that would be nearest if the rests were at right angles to each other.
        i, j = pairs(bounds <= small_enough(bounds, 4 * k)[:, np.newaxis])
        estimates = bounds[i, j] + 2 * rest[i] * self.rest_X[j]
        likely = estimates <= kth_of_each(i, estimates, k, len(X))[i]
        i, j = i[likely], j[likely]
        limit = self._limit(i, squared_distances(X, i, self.X, j), k, len(X))

        # What is left after the coarse bound gets the finer one, what is left then is computed.
        i, j = pairs(bounds <= reach(limit)[:, np.newaxis])
        finer_bounds = bounds[i, j] + dots(finer, i, self.finer_X, j)
        left = finer_bounds <= reach(limit)[i]
        i, j = i[left], j[left]
        squared = squared_distances(X, i, self.X, j)
        limit = self._limit(i, squared, k, len(X))
        near = squared <= limit[i] * (1 + self.precision) + self.underflow
        i, j = i[near], j[near]
        distances = distances_of_pairs(X, i, self.X, j)
        order = np.lexsort((j, distances, i))
        i, j, distances = i[order], j[order], distances[order]
        nearest = np.searchsorted(i, np.arange(len(X)))[:, np.newaxis] + np.arange(k)
        return distances[nearest], j[nearest]

    def _limit(self, i, squared, k, queries):
        """For each query a bound of its k-th smallest squared distance, safe from rounding."""
        return kth_of_each(i, squared, k, queries) * (1 + self.precision) + self.underflow


def principal_components(X, mean, m):
    """(D, m) orthonormal basis, the directions of largest variance first.

    Found by orthogonal iteration on a sample (G. Golub and C. Van Loan, "Matrix Computations",
    section 7.3.2): close to the principal components, which is enough, and orthonormal but for the
    last rounding to single precision, which is needed.
    """
    X = require_inputs(X)
    m = require_count(m, "m", 1, X.shape[1])
    mean = require_shape(mean, X.shape[1:], "mean")
    sample = X[:: -(-len(X) // SAMPLE)] - mean
    require_finite(sample, X=X, mean=mean)
    sample = (sample / (np.abs(sample).max() or 1)).astype(np.float32)
    covariance = sample.T @ sample
    basis = np.eye(X.shape[1], m, dtype=np.float32)
    # Factorisations make many small calls of BLAS: on a busy machine its threads would wait for
    # each other, for seconds.
    with threadpool_limits(1, "blas"):
        for _ in range(3):
            basis = np.linalg.qr(covariance @ basis)[0]
        _, rotation = np.linalg.eigh(basis.T @ covariance @ basis)
        basis = np.linalg.qr((basis @ rotation[:, ::-1]).astype(np.float64))[0]
    return basis.astype(np.float32)


def small_enough(rows, k):
    """For each row a number that at least k of its entries do not exceed, and few more.

    It is the k-th smallest of the minima of a thousand groups: k entries are as small, and a
    thousand numbers are sorted sooner than all.
    """
    k = min(k, rows.shape[1])
    groups = min(rows.shape[1], max(1000, 10 * k))
    whole = rows.shape[1] // groups * groups
    minima = rows[:, :whole].reshape(len(rows), -1, groups).min(axis=1)
    return np.partition(minima, k - 1, axis=1)[:, k - 1]


def pairs(chosen):
    """Row and column of each True, row by row."""
    return np.divmod(np.flatnonzero(chosen), chosen.shape[1])


def kth_of_each(i, values, k, queries):
    """The k-th smallest of the values of each query; infinite where there are fewer.

    i : (pairs,) the query that each value belongs to, in ascending order
    """
    counts = np.bincount(i, minlength=queries)
    table = np.full((queries, max(k, counts.max())), np.inf)
    table[i, np.arange(len(i)) - (np.cumsum(counts) - counts)[i]] = values
    return np.partition(table, k - 1, axis=1)[:, k - 1]


def dots(A, i, B, j):
    """The dot products A[i] . B[j] of pairs of rows."""

    def dots_of(some):
        return np.einsum("nd,nd->n", A[i[some]], B[j[some]])

    return by_chunks(dots_of, len(i), A.shape[1])


def squared_distances(A, i, B, j):
    """The squared distances |A[i] - B[j]|^2 of pairs of rows, in the precision of A."""

    def squared(some):
        differences = B[j[some]].astype(A.dtype, copy=False)
        differences -= A[i[some]]
        return np.einsum("nd,nd->n", differences, differences)

    return by_chunks(squared, len(i), A.shape[1])


def as_single(*columns):
    """Matrices and vectors side by side as one contiguous matrix in single precision."""
    return np.column_stack(columns).astype(np.float32)

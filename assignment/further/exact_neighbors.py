"""The k nearest neighbours, exactly, without computing most of the distances.

An orthonormal basis splits a row into m coefficients a and a rest r. For two rows the squared
distance is |a - b|^2 + |r - s|^2, and the rests are at least ||r| - |s|| apart, so

    |a - b|^2 + (|r| - |s|)^2  <=  squared distance

On the left stands a squared distance in m + 1 dimensions: the norm of the rest is one coordinate
more. In these coordinates no two rows are farther apart than before, and so not when it is done
twice: first with each stretch of an example by itself, which makes a few hundred numbers of
thousands, then with those. Where such a bound exceeds the distance to the k-th nearest found so
far, the example is no neighbour. The bound holds in any orthonormal basis; principal components
gather most of a row in few coefficients, and so make it sharp.

Sources: the triangle inequality; and for the work in steps, each of which lowers the limit for the
next: T. Seidl and H.-P. Kriegel, "Optimal Multi-Step k-Nearest Neighbor Search", SIGMOD 1998.
"""

import threading

import numpy as np
from threadpoolctl import threadpool_limits

from assignment.given.blocks import CACHE, by_chunks, in_blocks
from assignment.given.distances import distances_of_pairs, origin
from assignment.given.validation import (
    require_count,
    require_finite,
    require_inputs,
    require_shape,
)

SAMPLE = 2500  # rows that the principal components are taken from
STRETCH = 384  # numbers of an example that are shortened by themselves, at most
SPLIT = 2**-11  # see Level; smaller leaves more to the error of an example, larger to the limit
ALIKE = 32  # queries that share what is left for any of them
MANY = 4  # where more than this part of the work is left, a search through all is quicker
QUERIES, PAIRS = 1000, 10_000_000  # for fewer no index is made
GROUPS = 100  # at least: the example with the smallest bound in a group is a likely neighbour


class ExactNeighbors:
    """The k nearest of the examples X to any query: what a search through all of them finds.

    Parameters
    ----------
    X : (N, D) numbers, examples, one per row; float32 and float64 are kept, not copied
    coefficients : (m1, m2), 1 <= m1 <= m2: how many for the coarse bound, computed for all
        examples, and about how many for the finer one, for those that survive it
    compiled : whether numba compiles the loop over what the coarse bound leaves, once, in about ten
        seconds; a search takes little more than half as long then

    Raises
    ------
    ValueError : X has a wrong shape or type, NaN or infinity, or there are no such coefficients
    ModuleNotFoundError : numba is asked for, and not installed
    """

    @np.errstate(over="ignore", invalid="ignore")
    def __init__(self, X, coefficients=(128, 512), compiled=False):
        self.X = require_inputs(X)
        if not isinstance(coefficients, tuple | list) or len(coefficients) != 2:
            raise ValueError(f"coefficients must be (m1, m2), but they are {coefficients}.")
        self.coefficients = [require_count(m, "coefficients", 1) for m in coefficients]
        if self.coefficients[0] > self.coefficients[1]:
            raise ValueError(f"coefficients must be 1 <= m1 <= m2, but they are {coefficients}.")
        self.search = compiled_search(compiled)
        self.origin = origin(self.X)
        self.whole = Level(self._moved(self.X))
        require_finite(self.X[~np.isfinite(self.whole.offsets)], X=self.X)
        self.index = None  # (coarse, fine), when it first pays

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
        ValueError : X has a wrong shape, NaN or infinity, is so large that distances overflow, or
            k is out of range
        """
        X = require_inputs(X, features=self.X.shape[1])
        k = require_count(k, "k", 1, len(self.X))
        X = X.astype(np.result_type(X, self.X), copy=False)
        with np.errstate(over="ignore", invalid="ignore"):
            require_finite(X[~np.isfinite(np.vecdot(X, X))], X=X)
            levels = self._levels_for(X) if self._pays(X, k) else []
        levels.append((self.whole, self._moved(X), np.zeros(len(X))))
        order = alike(levels[0][1]) if len(levels) > 1 else np.arange(len(X))
        room = threading.local()
        found = in_blocks(lambda i: self._nearest(X, levels, i, k, room), order, 8 * len(self.X))
        require_finite(found[0], X=X)  # a difference of finite numbers need not be
        back = np.argsort(order)
        return tuple(part[back] for part in found)

    def _pays(self, X, k):
        """Whether bounds spare more than they cost; the index is made when they first do."""
        N, D = self.X.shape
        if len(X) < QUERIES or len(X) * N < PAIRS or D < 4 * self.coefficients[0]:
            return False
        if not self._in_range():
            return False
        if self.index is None:
            self._learn()
            self.index = self._levels() if self._drops_most(X, k) else ()
        return bool(self.index)

    def _in_range(self):
        """Whether squares are finite in single precision, which coordinates are computed in."""
        return self.whole.offsets.max() < np.finfo(np.float32).max / 8

    def _learn(self):
        """The mean and both bases, from a sample."""
        N, D = self.X.shape
        coarse, fine = self.coefficients
        fine = max(1, min(fine, D // 4))
        stretches = -(-D // STRETCH)
        width = -(-D // stretches)
        self.sample = self.X[:: -(-N // SAMPLE)]
        self.mean = self.sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        some = self._stretches(self.sample[::stretches], width)
        self.first = principal_components(some, np.zeros(width), -(-fine // stretches))
        rows, _ = self._fine(self.sample)
        self.second = principal_components(rows, np.zeros(rows.shape[1]), min(coarse, fine))

    def _drops_most(self, X, k):
        """Whether the coarse bounds of a few queries leave little of the sample."""
        few, sample = X[:: -(-len(X) // 50)], self.sample
        D = X.shape[1]
        squares = expanded_squares(self._stretches(few, D), self._stretches(sample, D))
        bounds = expanded_squares(*(self._coordinates(rows)[2] for rows in (few, sample)))
        rank = -(-k * len(sample) // len(self.X)) - 1
        limits = np.partition(squares, rank, axis=1)[:, rank, np.newaxis]
        return np.mean(bounds <= limits) * MANY < 1

    def _levels(self):
        """The coarse and the fine Level of the examples; nothing where they are out of range."""
        fine, error, coarse, coarse_error = self._all_coordinates(self.X)
        return (Level(coarse, coarse_error), Level(fine, error)) if np.isfinite(error).all() else ()

    def _stretches(self, X, width):
        """What is left of the mean, in rows of that width; zeros fill up the last."""
        N, D = X.shape
        centred = np.zeros((N, -(-D // width) * width), np.float32)
        np.subtract(X, self.mean, out=centred[:, :D], casting="same_kind")
        return centred.reshape(-1, width)

    def _fine(self, X):
        """The coordinates of all stretches side by side, and how far off they may be."""
        rows, error = coordinates(self._stretches(X, len(self.first)), self.first)
        return rows.reshape(len(X), -1), np.linalg.norm(error.reshape(len(X), -1), axis=1)

    def _all_coordinates(self, X):
        D = X.shape[1]
        return in_blocks(self._coordinates, X, bytes_per_row=24 * D, rows=CACHE // D)

    @np.errstate(over="ignore", invalid="ignore")
    def _coordinates(self, X):
        """Fine and coarse coordinates of each row of X, and how far off they may be.

        Returns
        -------
        fine, error : (n, m) and (n,)
        coarse, coarse_error : the same of the coarse ones
        """
        fine, error = self._fine(X)
        coarse, more = coordinates(fine, self.second)
        return fine, error, coarse, error + more

    def _levels_for(self, X):
        """The coarse and the fine Level with the coordinates of X and their errors."""
        fine, error, coarse, coarse_error = self._all_coordinates(X)
        return [(self.index[0], coarse, coarse_error), (self.index[1], fine, error)]

    @np.errstate(over="ignore", invalid="ignore")
    def _nearest(self, X, levels, i, k, room):
        """Distances and rows of the k nearest to X[i].

        levels : (Level, queries, error) from the coarsest to self.whole
        i : (n,) rows, and those side by side are best alike
        room : threading.local(), for what one thread uses again and again
        """
        level, rows, _ = levels[0]
        shape, precision = (len(i), len(self.X)), np.result_type(rows, level.rows)
        bounds = np.matmul(-2 * rows[i], level.rows.T, out=kept(room, shape, precision))
        distances, nearest = np.empty((len(i), k)), np.full((len(i), k), -1)
        of_block = [(level, rows[i], error[i]) for level, rows, error in levels]
        if self.search and len(levels) > 1:
            self._search(of_block[:-1], bounds, X[i], distances, nearest)
        else:
            for start in range(0, len(i), ALIKE):
                some = slice(start, start + ALIKE)
                group = [(level, rows[some], error[some]) for level, rows, error in of_block]
                left = self._left(group, bounds[some], k)
                if left is not None:
                    distances[some], nearest[some] = k_of_each(X[i[some]], self.X, *left, k)
        hard = np.flatnonzero(nearest[:, 0] < 0)
        if len(hard):
            distances[hard], nearest[hard] = self._nearest(X, levels[-1:], i[hard], k, room)
        return distances, nearest

    def _search(self, levels, bounds, X, distances, nearest):
        """Fill distances and nearest by the compiled loop."""
        parts = [
            ((level.rows, level.offsets), (rows, level.away(rows), error))
            for level, rows, error in levels
        ]
        self.search(bounds, *parts, X.astype(float), self.X, MANY, distances, nearest)

    def _left(self, levels, bounds, k):
        """Pairs of a query and an example among which all neighbours are; None if too many.

        What is left for any query is looked at for all of them, in one matrix product.

        levels : (Level, queries, error) of a few queries
        bounds : (n, N) products of the first level, which become its bounds
        """
        level, X, error = levels[0]
        bounds += level.offsets
        # Any k examples bound the distance to the k-th nearest, and likely neighbours sharply.
        j = np.unique(likely_smallest(bounds, 4 * k))
        found = bounds[:, j]
        for level, X, _ in levels[1:]:
            found = level.bounds(X, j)
            if level is not self.whole:
                j = np.unique(j[np.argpartition(found, k - 1, axis=1)[:, :k]])
        limit = level.limit(X, j, found, k)

        level, X, error = levels[0]
        left = ~(bounds > level.reach(X, error, limit))
        j = np.flatnonzero(left.any(axis=0))
        left = left[:, j]
        for level, X, error in levels[1:]:
            if len(j) * level.rows.shape[1] * MANY > self.X.size:
                return None
            found = level.bounds(X, j)
            if level is self.whole:
                limit = level.limit(X, j, found, k)
            left &= ~(found > level.reach(X, error, limit))
            some = left.any(axis=0)
            j, left = j[some], left[:, some]
        i, column = np.nonzero(left)
        return i, j[column]

    def _moved(self, X):
        return X if self.origin is None else X - self.origin


class Level:
    """Rows in place of the examples, nowhere farther apart than those, and the bounds they give.

    A squared bound is |x|^2 + |t|^2 - 2 x.t, which rounding lifts or lowers by less than `rounding`
    times (|x|^2 + |t|^2) (N. Higham, "Accuracy and Stability of Numerical Algorithms", section
    3.1). And rows may be off by an error:

        (distance + error_x + error_t)^2
            <= (1 + SPLIT) (distance + error_x)^2 + (1 + 1 / SPLIT) error_t^2

    What belongs to an example alone stands in its offset, what belongs to the query in `reach`.

    Parameters
    ----------
    rows : (N, d) numbers
    error : (N,) bound of how far each row is from what it would be without rounding
    """

    def __init__(self, rows, error=0.0):
        d, precision = rows.shape[1], np.finfo(rows.dtype)
        self.rows = rows
        self.rounding, self.underflow = (d + 10) * precision.eps, 4 * d * precision.tiny
        squares = np.vecdot(rows, rows) * (1 - self.rounding) - (1 + 1 / SPLIT) * error**2
        self.offsets = squares.astype(rows.dtype)

    def bounds(self, X, j):
        """(n, len(j)) squared bounds from X to the rows j, less |x|^2 and what reach adds."""
        products = by_chunks(lambda some: self.rows[j[some]] @ X.T, len(j), X.shape[1]).T
        return self.offsets[j] - 2 * products

    def reach(self, X, error, limit):
        """(n, 1): what the bound of an example within the squared limits does not exceed."""
        return reached(limit, error, self.away(X))[:, np.newaxis].astype(self.rows.dtype)

    def away(self, X):
        """(n,): what is left out of all bounds of X, at least."""
        return (1 - self.rounding) * np.vecdot(X, X).astype(float) - self.underflow

    def limit(self, X, j, bounds, k):
        """(n,): what the k-th smallest squared distance to the rows j does not exceed.

        Only where rows have no errors.
        """
        most = np.partition(bounds + 3 * self.rounding * self.offsets[j], k - 1, axis=1)[:, k - 1]
        squares = (1 + self.rounding) * np.vecdot(X, X).astype(float)
        return np.maximum(most + squares + self.underflow, 0)


def reached(limit, error, away):
    """What a bound does not exceed where the squared distance is within the limit: see Level."""
    return (1 + SPLIT) * (np.sqrt(limit) + error) ** 2 - away


def compiled_search(asked):
    """compiled.search, if it is asked for, or None."""
    if not asked:
        return None
    try:
        import numba  # noqa: F401
    except ImportError as error:
        told = "compiled=True needs numba: `pip install numba`, or leave it out."
        raise ModuleNotFoundError(told) from error
    from assignment.further.compiled import search

    return search


def coordinates(X, basis):
    """The coefficients of each row in the basis and, as the last column, the norm of the rest.

    Parameters
    ----------
    X : (n, D) rows, in single precision
    basis : (D, m) orthonormal but for the last rounding

    Returns
    -------
    rows : (n, m + 1)
    error : (n,) bound of how far they are from what they would be without rounding
    """
    D, m = basis.shape
    a = X @ basis
    rest = a @ basis.T
    rest -= X
    rows = np.column_stack([a, np.sqrt(np.vecdot(rest, rest))])
    # A sum of D products, and the rounding of the basis, put a off by (D + 1) sqrt(m) units of |x|
    # at most, and the rest as much to the side; its own sums put it off by (m + 1) sqrt(m) + D.
    # See N. Higham, as below, section 3.5; the rest is for the roundings of second order.
    unit, tiny = np.finfo(np.float32).eps / 2, np.finfo(np.float32).tiny
    units = (1.5 * (D + 8) + m + 8) * np.sqrt(m) + D + 8
    return rows, units * unit * np.sqrt(np.vecdot(X, X), dtype=float) + 2 * np.sqrt(D * tiny)


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


def expanded_squares(A, B):
    """|a - b|^2 for all rows, as the expansion gives them."""
    return np.vecdot(A, A)[:, np.newaxis] + np.vecdot(B, B) - 2 * (A @ B.T)


def likely_smallest(values, k):
    """(n, k) columns of k small values in each row, most of the smallest among them.

    They are the smallest of groups, which are found sooner than the smallest of all.
    """
    k = min(k, values.shape[1])
    groups = max(GROUPS, 2 * k)
    width = values.shape[1] // groups
    if width < 2:
        return np.argpartition(values, k - 1, axis=1)[:, :k]
    columns = values[:, : groups * width].reshape(-1, groups, width).argmin(axis=2)
    columns += np.arange(0, groups * width, width)
    minima = np.take_along_axis(values, columns, axis=1)
    return np.take_along_axis(columns, np.argpartition(minima, k - 1, axis=1)[:, :k], axis=1)


def k_of_each(X, T, i, j, k):
    """Of pairs of rows i of X, ascending, and j of T, the k nearest of each: two of (n, k)."""
    distances = distances_of_pairs(X, i, T, j)
    order = np.lexsort((j, distances, i))
    first = np.searchsorted(i, np.arange(len(X)))[:, np.newaxis] + np.arange(k)
    return distances[order[first]], j[order[first]]


def alike(rows):
    """An order in which rows side by side are alike: they are halved where they spread most."""

    def halved(i):
        if len(i) <= ALIKE:
            return [i]
        spread = rows[i].var(axis=0)
        i = i[np.argsort(rows[i, spread.argmax()])]
        return halved(i[: len(i) // 2]) + halved(i[len(i) // 2 :])

    return np.concatenate(halved(np.arange(len(rows))))


def kept(room, shape, dtype):
    """An array for this thread to write over: new memory costs as much as what is put into it."""
    held = getattr(room, dtype.name, None)
    if held is None or len(held) < shape[0]:
        held = np.empty(shape, dtype)
        setattr(room, dtype.name, held)
    return held[: shape[0]]

"""The k nearest neighbours, exactly, without computing most of the distances.

An orthonormal basis splits a row x into m coefficients a and a rest r, a row t into b and s. Then
x.t = a.b + r.s, and r.s is at most |r| |s|. So

    |x|^2 + |t|^2 - 2 (a.b + |r| |s|)  =  |a - b|^2 + (|r| - |s|)^2  <=  squared distance

On the left stands a squared distance in m + 1 dimensions: the norm of the rest is one coordinate
more. Where it exceeds the distance to the k-th nearest found so far, the example is no neighbour.
The bound holds in any orthonormal basis; principal components gather most of a row in few
coefficients, and so make it sharp. With fewer coefficients, what is left out goes into the rest.

Sources: the Cauchy-Schwarz inequality; and for the work in steps, each of which lowers the limit
for the next: T. Seidl and H.-P. Kriegel, "Optimal Multi-Step k-Nearest Neighbor Search", SIGMOD
1998.
"""

import threading
from functools import cached_property

import numpy as np

from assignment.given.blocks import CACHE, blas_alone, by_chunks, in_blocks
from assignment.given.distances import distances_of_pairs, origin
from assignment.given.validation import (
    require_count,
    require_finite,
    require_inputs,
    require_shape,
)

SAMPLE = 2500  # rows that the principal components are taken from
STRETCH = 384  # numbers of an example that are shortened by themselves, at most
ALIKE = 32  # queries that share what is left for any of them
MANY = 4  # where more than this part of the work is left, a search through all is quicker
QUERIES, PAIRS = 1000, 10_000_000  # for fewer no index is made
GROUPS = 100  # at least: the example with the smallest bound in a group is a likely neighbour
IN_RANGE = np.finfo(np.float32).max / 8  # squares, for all sums of them to be finite
LEARNING = threading.Lock()  # of two threads, each would find a basis
EPS, TINY = np.finfo(np.float32).eps, np.finfo(np.float32).tiny


class ExactNeighbors:
    """The k nearest of the examples X to any query: what a search through all of them finds.

    Parameters
    ----------
    X : (N, D) numbers, examples, one per row; float32 and float64 are kept, not copied
    coefficients : (m1, m2), 1 <= m1 <= m2: how many for the coarse bound, computed for all
        examples, and about how many for the finer one, for those that survive it
    compiled : whether numba compiles the loops over bounds, once, in about ten seconds; they take
        much less time then, and least where all numbers are whole and 0 to 255, as pixels are

    Raises
    ------
    ValueError : X has a wrong shape or type, NaN or infinity, or there are no such coefficients
    ModuleNotFoundError : numba is asked for, and not installed
    """

    @np.errstate(over="ignore", invalid="ignore")
    def __init__(self, X, coefficients=(128, 384), compiled=False):
        self.X = require_inputs(X)
        if not isinstance(coefficients, tuple | list) or len(coefficients) != 2:
            raise ValueError(f"coefficients must be (m1, m2), but they are {coefficients}.")
        self.coefficients = [require_count(m, "coefficients", 1) for m in coefficients]
        if self.coefficients[0] > self.coefficients[1]:
            raise ValueError(f"coefficients must be 1 <= m1 <= m2, but they are {coefficients}.")
        self.compiled = compiled_loops(compiled)
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
            levels.append((self.whole, self._moved(X)))
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
        with LEARNING:
            if self.index is None:
                self._learn()
                self.index = self._levels() if self._drops_most(X, k) else ()
        return bool(self.index)

    def _in_range(self):
        """Whether squares are finite in single precision, which coordinates are computed in."""
        return self.whole.offsets.max() < IN_RANGE

    def _learn(self):
        """The mean and the basis, from a sample.

        The basis is made in two steps: some directions for one stretch of an example, the same for
        each, and a rotation of all. That is quicker than one matrix, and nearly as sharp.
        """
        N, D = self.X.shape
        fine = max(1, min(self.coefficients[1], D // 4))
        count = -(-D // STRETCH)
        width = -(-D // count)
        self.sample = self.X[:: -(-N // SAMPLE)]
        self.mean = self.sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        some = self._stretches(self.sample[::count], width)
        self.first = principal_components(some, np.zeros(width), -(-fine // count))
        rows = (self._stretches(self.sample, width) @ self.first).reshape(len(self.sample), -1)
        m = rows.shape[1]
        self.rotation = principal_components(rows, np.zeros(m), m)
        # How far off coefficients are, in parts of |x|: products with each matrix V by (len(V) + 1)
        # units of those of the absolute values (N. Higham, "Accuracy and Stability of Numerical
        # Algorithms", section 3.5), V and what is left of the mean by a unit each.
        self.error = sum(EPS / 2 * (len(V) + 3) * gain(V) for V in (self.first, self.rotation))
        self.rounding = (width + m + 40) * EPS  # squares and norms, in parts of |x|^2, altogether

    def _drops_most(self, X, k):
        """Whether the coarse bounds of a few queries leave little of the sample."""
        few, sample = X[:: -(-len(X) // 50)], self.sample[::2]
        D = X.shape[1]
        squares = expanded_squares(self._stretches(few, D), self._stretches(sample, D))
        bounds = expanded_squares(*(self._all_coordinates(rows)[0] for rows in (few, sample)))
        rank = -(-k * len(sample) // len(self.X)) - 1
        limits = np.partition(squares, rank, axis=1)[:, rank, np.newaxis]
        return np.mean(bounds <= limits) * MANY < 1

    def _levels(self):
        """The coarse and the fine Level of the examples; nothing where they are out of range."""
        least = 8 * self.X.shape[1] * TINY
        slack = 4 * self.error * (1 + 2 * self.error) + 3 * self.rounding
        levels = [Level(rows, slack, least) for rows in self._all_coordinates(self.X)]
        self.pixels = as_bytes(self.X) if self.compiled else None
        return levels if all(np.isfinite(level.offsets).all() for level in levels) else ()

    def _levels_for(self, X):
        """The coarse and the fine Level with the coordinates of X."""
        return list(zip(self.index, self._all_coordinates(X), strict=True))

    def _stretches(self, X, width):
        """What is left of the mean, in rows of that width; zeros fill up the last."""
        N, D = X.shape
        centred = np.zeros((N, -(-D // width) * width), np.float32)
        np.subtract(X, self.mean, out=centred[:, :D], casting="same_kind")
        return centred.reshape(-1, width)

    def _all_coordinates(self, X):
        D = X.shape[1]
        return in_blocks(self._coordinates, X, bytes_per_row=24 * D, rows=2 * CACHE // D)

    @np.errstate(over="ignore", invalid="ignore")
    def _coordinates(self, X):
        """Coefficients of each row of X and, as the last column, the norm of the rest.

        Where a and b are computed, and off by e |x| and e |t| at most,

            x.t <= a.b + |r| |s| + (2 e + 3 e^2) |x| |t|    with |r|^2 <= (1 + e)^2 |x|^2 - |a|^2

        So x.t <= a.b + |r| |s| for rests so large that |a|^2 + |r|^2 is (1 + 2 e)^2 |x|^2. The
        bound is one of rows that have grown by that much, which is the slack of their Level.

        Returns
        -------
        coarse, fine : (n, m1 + 1) and (n, m2 + 1)
        """
        stretches = self._stretches(X, len(self.first))
        squares = np.vecdot(stretches, stretches).reshape(len(X), -1).sum(axis=1)
        grown = squares * np.float32((1 + 2 * self.error) ** 2 + self.rounding)
        grown += X.shape[1] * TINY
        a = (stretches @ self.first).reshape(len(X), -1) @ self.rotation
        return tuple(
            np.column_stack([a[:, :m], np.sqrt(np.maximum(grown - squared_norms(a[:, :m]), 0))])
            for m in (self.coefficients[0], a.shape[1])
        )

    @np.errstate(over="ignore", invalid="ignore")
    def _nearest(self, X, levels, i, k, room):
        """Distances and rows of the k nearest to X[i].

        levels : (Level, queries) from the coarsest to self.whole
        i : (n,) rows, and those side by side are best alike
        room : threading.local(), for what one thread uses again and again
        """
        distances, nearest = np.empty((len(i), k)), np.full((len(i), k), -1)
        of_block = [(level, rows[i]) for level, rows in levels]
        if self.compiled and len(levels) > 1:
            self.compiled.search(
                of_block[:2], X[i], self.X, self.pixels, MANY, room, distances, nearest
            )
        else:
            self._search(of_block, X[i], k, room, distances, nearest)
        hard = np.flatnonzero(nearest[:, 0] < 0)
        if len(hard):
            distances[hard], nearest[hard] = self._nearest(X, levels[-1:], i[hard], k, room)
        return distances, nearest

    def _search(self, levels, X, k, room, distances, nearest):
        """Fill distances and nearest, of a few queries at a time; not where too much is left."""
        level, rows = levels[0]
        shape, precision = (len(X), len(self.X)), np.result_type(rows, level.rows)
        bounds = np.matmul(-2 * rows, level.rows.T, out=kept(room, shape, precision))
        for start in range(0, len(X), ALIKE):
            some = slice(start, start + ALIKE)
            left = self._left([(level, rows[some]) for level, rows in levels], bounds[some], k)
            if left is not None:
                distances[some], nearest[some] = k_of_each(X[some], self.X, *left, k)

    def _left(self, levels, bounds, k):
        """Pairs of a query and an example among which all neighbours are; None if too many.

        What is left for any query is looked at for all of them, in one matrix product.

        levels : (Level, queries) of a few queries
        bounds : (n, N) products of the first level, which become its bounds
        """
        level, X = levels[0]
        bounds += level.offsets
        # Any k examples bound the distance to the k-th nearest, and likely neighbours sharply.
        j = likely_smallest(bounds, 4 * k)
        found = np.take_along_axis(bounds, j, axis=1)
        for level, X in levels[1:]:
            j = np.unique(j)
            found = level.bounds(X, j)
            if level is not self.whole:
                j = j[np.argpartition(found, k - 1, axis=1)[:, :k]]
        limit = level.limit(X, j, found, k)

        level, X = levels[0]
        left = ~(bounds > level.reach(X, limit))
        j = np.flatnonzero(left.any(axis=0))
        left = left[:, j]
        for level, X in levels[1:]:
            if len(j) * level.rows.shape[1] * MANY > self.X.size:
                return None
            found = level.bounds(X, j)
            if level is self.whole:
                limit = level.limit(X, j, found, k)
            left &= ~(found > level.reach(X, limit))
            some = left.any(axis=0)
            j, left = j[some], left[:, some]
        i, column = np.nonzero(left)
        return i, j[column]

    def _moved(self, X):
        return X if self.origin is None else X - self.origin


class Level:
    """Rows in place of the examples, and the bounds of squared distances that they give.

    A bound is |x|^2 + |t|^2 - 2 x.t. Rounding lifts or lowers it by less than (d + 10) eps times
    |x|^2 + |t|^2 (N. Higham, as above, section 3.1), with eps two units; and it may exceed the
    squared distance of the examples by `slack` times that, and by `least`. The part of an example
    stands in its offset, that of the query in `away`.

    Parameters
    ----------
    rows : (N, d) numbers
    slack, least : numbers
    """

    def __init__(self, rows, slack=0.0, least=0.0):
        d, precision = rows.shape[1], np.finfo(rows.dtype)
        self.rows = rows
        self.rounding = (d + 10) * precision.eps + slack
        self.underflow = 4 * d * precision.tiny + least
        squares = in_blocks(squared_norms, rows, rows.itemsize * d)
        self.offsets = (squares * (1 - self.rounding)).astype(rows.dtype)

    @cached_property
    def wide(self):
        """(N, d + 2): what gives a whole bound in one product, with (-2 x, 1, away)."""
        return np.column_stack([self.rows, self.offsets, np.ones_like(self.offsets)])

    def bounds(self, X, j):
        """(n, len(j)) bounds from X to the rows j, less what is `away`."""
        products = by_chunks(lambda some: self.rows[j[some]] @ X.T, len(j), X.shape[1]).T
        return self.offsets[j] - 2 * products

    def reach(self, X, limit):
        """(n, 1): what the bound of an example within the squared limits does not exceed."""
        precision = np.result_type(self.rows, X)  # that of bounds: in another it may be infinite
        return (limit - self.away(X))[:, np.newaxis].astype(precision)

    def away(self, X):
        """(n,): what is left out of all bounds of X, at least."""
        return (1 - self.rounding) * squared_norms(X).astype(float) - self.underflow

    def limit(self, X, j, bounds, k):
        """(n,): what the k-th smallest squared distance to the rows j does not exceed.

        Only where there is no slack.
        """
        most = np.partition(bounds + 3 * self.rounding * self.offsets[j], k - 1, axis=1)[:, k - 1]
        squares = (1 + self.rounding) * squared_norms(X).astype(float)
        return np.maximum(most + squares + self.underflow, 0)


def compiled_loops(asked):
    """The module `compiled`, if it is asked for, or None."""
    if not asked:
        return None
    try:
        import numba  # noqa: F401
    except ImportError as error:
        told = "compiled=True needs numba: `pip install numba`, or leave it out."
        raise ModuleNotFoundError(told) from error
    from assignment.further import compiled

    return compiled


def as_bytes(X):
    """X in 8 bits, where that changes nothing, as with pixels, or None."""
    some = X[:: -(-len(X) // 50)]
    if len(some) < len(X) and as_bytes(some) is None:
        return None
    D, pixels = X.shape[1], np.empty(X.shape, np.uint8)

    def same(i):
        block = slice(i[0], i[-1] + 1)
        with np.errstate(invalid="ignore"):
            pixels[block] = X[block]
        return (pixels[block] == X[block]).all(axis=1)

    return pixels if in_blocks(same, np.arange(len(X)), D).all() else None


def squared_norms(X):
    return np.vecdot(X, X)


def gain(A):
    """What |A x| / |x| does not exceed."""
    return np.sqrt(np.abs(A).sum(axis=0).max() * np.abs(A).sum(axis=1).max())


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
    # Factorisations make many small calls of BLAS: on a busy machine its threads would wait for
    # each other, for seconds.
    with blas_alone():
        if m == X.shape[1]:
            basis = np.linalg.eigh(covariance.astype(np.float64))[1][:, ::-1]
        else:
            basis = np.eye(X.shape[1], m, dtype=np.float32)
            for _ in range(3):
                basis = np.linalg.qr(covariance @ basis)[0]
            _, rotation = np.linalg.eigh(basis.T @ covariance @ basis)
            basis = np.linalg.qr((basis @ rotation[:, ::-1]).astype(np.float64))[0]
    return np.ascontiguousarray(basis, np.float32)


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

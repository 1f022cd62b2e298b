"""The search of exact_neighbors, pair by pair, in loops that numba compiles.

NumPy works on whole arrays: what is left for one query, it computes for all that are alike. In a
loop each pair is dropped by the first bound that exceeds the limit of that moment, and even a sum
of squares ends where it does. The neighbours are the same; sums in another order may differ in the
last digits of a distance.
"""

from math import inf

import numpy as np

try:
    from numba import njit
    from numba.extending import overload
except ImportError:  # ExactNeighbors asks for it; the tests run these loops without it, too

    def njit(**options):
        return lambda function: function

    def overload(function):
        return lambda other: other


from assignment.further.exact_neighbors import IN_RANGE, as_bytes, kept

GROUP = 64  # examples, of which the one with the smallest bound is a likely neighbour
PART = 1024  # squares that are summed before a sum is compared with the limit
SLOWER = 3  # times MANY: how much longer a number takes in a loop than in a matrix product
UNTOLD = -1.0  # in place of a square
EPS, SMALLEST = np.finfo(float).eps, np.finfo(float).tiny / np.finfo(float).eps
DONE = np.int32(2**31 - 1)  # as a bound, NaN: it is within no limit
AT_ONCE = {"reassoc", "contract", "nsz", "nnan"}  # several numbers of a sum


@njit(nogil=True, cache=True, fastmath=AT_ONCE)
def of_floats(x, t):
    """The sum of the squared differences, in double precision."""
    total = 0.0
    for d in range(x.size):
        difference = x[d] - np.float64(t[d])
        total += difference * difference
    return total


@njit(nogil=True, cache=True)
def of_bytes(x, t):
    """The same of x in 16 bits and t in 8 bits, in numbers so short that many fit a register."""
    total = np.int32(0)
    for d in range(x.size):
        difference = np.int32(np.int16(x[d] - t[d]))
        total = np.int32(total + np.int32(difference * difference))
    return total


def sum_of_these(t):
    """of_bytes or of_floats, as t is.

    Not an argument: numba 0.68 compiles what takes a function anew in each process.
    """
    return of_bytes if str(t.dtype) == "uint8" else of_floats


def sum_of_squares(x, t):
    return sum_of_these(t)(x, t)


@overload(sum_of_squares)
def compiled_sum_of_squares(x, t):
    chosen = sum_of_these(t)
    return lambda x, t: chosen(x, t)


@njit(nogil=True, cache=True, fastmath=AT_ONCE)
def product(a, b):
    total = np.float32(0)
    for d in range(a.size):
        total += a[d] * b[d]
    return total


@njit(nogil=True, cache=True)
def squared_distance(x, t, limit):
    """|x - t|^2, or infinity if it exceeds the limit; UNTOLD where squares are too small."""
    square = 0.0
    for start in range(0, x.size, PART):
        square += sum_of_squares(x[start : start + PART], t[start : start + PART])
        if square > limit:
            return inf
    if square < SMALLEST:
        for d in range(x.size):
            if x[d] != t[d]:
                return UNTOLD
    return square


@njit(nogil=True, cache=True)
def insert(values, places, value, place):
    """Keep the smallest values, in order, and their places; of equal ones the first places."""
    last = len(values) - 1
    if value > values[last] or (value == values[last] and place > places[last]):
        return
    while last and (
        values[last - 1] > value or (values[last - 1] == value and places[last - 1] > place)
    ):
        values[last], places[last] = values[last - 1], places[last - 1]
        last -= 1
    values[last], places[last] = value, place


@njit(nogil=True, cache=True)
def smallest(values):
    """Of floats as integers, in which the order of those above 0 is the same, and quickly found."""
    least = values[0]
    for i in range(1, values.size):
        least = min(least, values[i])
    return least


@njit(nogil=True, cache=True)
def smallest_of_groups(bounds, width, minima):
    for q in range(len(bounds)):
        for g in range(minima.shape[1]):
            minima[q, g] = smallest(bounds[q, g * width : (g + 1) * width])


@njit(nogil=True, cache=True)
def begin(bounds, minima, width, fine, X, T, squares, nearest):
    """Put likely neighbours into squares and nearest: any k of them bound the k-th distance."""
    (rows, offsets), fine_X = fine
    k = squares.shape[1]
    m = min(2 * k, minima.shape[1])
    lowest, groups = np.empty(m, minima.dtype), np.empty(m, np.int64)
    likely, places = np.empty(k, np.float32), np.empty(k, np.int64)
    for q in range(len(bounds)):
        lowest[:], likely[:] = DONE, inf
        for g in range(minima.shape[1]):
            insert(lowest, groups, minima[q, g], g)
        for g in groups:
            j = g * width + np.argmin(bounds[q, g * width : (g + 1) * width])
            insert(likely, places, offsets[j] - 2 * product(fine_X[q], rows[j]), j)
        for j in places:
            bounds[q, j] = DONE
            square = squared_distance(X[q], T[j], squares[q, -1])
            insert(squares[q], nearest[q], square, j)


@njit(nogil=True, cache=True)
def follow(bounds, minima, width, away, fine, X, T, most, squares, nearest):
    """Replace them by the true ones; UNTOLD comes first where more than `most` is to be done."""
    (rows, offsets), fine_X = fine
    (n, N), D = bounds.shape, X.shape[1]
    rounded = 1 + (D + 10) * EPS
    limit, fine_limit = np.empty(n, np.float32), np.empty(n, np.float32)
    work = np.zeros(n)
    for q in range(n):
        limit[q] = max(squares[q, -1], 0.0) * rounded
        fine_limit[q] = max(squares[q, -1], 0.0) * rounded - away[q]
    for g in range(len(minima)):
        for q in range(n):
            if minima[g, q] > limit[q]:
                continue
            for j in range(g * width, min((g + 1) * width, N)):
                if not bounds[q, j] <= limit[q]:
                    continue
                work[q] += rows.shape[1]
                if offsets[j] - 2 * product(fine_X[q], rows[j]) > fine_limit[q]:
                    continue
                work[q] += D
                square = squared_distance(X[q], T[j], squares[q, -1])
                insert(squares[q], nearest[q], square, j)
                limit[q] = max(squares[q, -1], 0.0) * rounded
                fine_limit[q] = max(squares[q, -1], 0.0) * rounded - away[q]
            if work[q] > most:
                squares[q, 0], limit[q] = UNTOLD, -inf


def search(levels, X, T, pixels, many, room, distances, nearest):
    """Fill distances and nearest, (n, k); a row of which too much is left stays as it is.

    levels : the coarse and the fine Level, with the rows of X
    X : (n, D) queries; T : (N, D) examples
    pixels : T in 8 bits, where that is the same, or None
    many, room : as MANY and room there
    """
    (n, k), N = distances.shape, len(T)
    finite = levels[0][0].away(levels[0][1]) < IN_RANGE
    (coarse, rows), (fine, fine_rows) = (
        (level, np.where(finite[:, np.newaxis], rows, 0)) for level, rows in levels
    )
    queries = np.column_stack([-2 * rows, np.ones(n), coarse.away(rows)]).astype(np.float32)
    bounds = kept(room, (n, N), queries.dtype)
    np.matmul(queries, coarse.wide.T, out=bounds)
    as_integers = bounds.view(np.int32)
    width = max(1, min(GROUP, N // (2 * k)))
    minima = np.empty((n, -(-N // width)), np.int32)
    smallest_of_groups(as_integers, width, minima)
    few = None if pixels is None else as_bytes(X)
    if few is None:
        X = X.astype(float)
    else:
        X, T = few.astype(np.int16), pixels
    squares, found = np.full((n, k), inf), np.full((n, k), -1)
    away, fine = fine.away(fine_rows), ((fine.rows, fine.offsets), fine_rows)
    begin(as_integers, minima, width, fine, X, T, squares, found)
    minima = np.ascontiguousarray(minima.T).view(np.float32)
    most = T.size / (SLOWER * many) if many else inf
    follow(bounds, minima, width, away, fine, X, T, most, squares, found)
    told = finite & (squares[:, 0] >= 0)
    distances[told], nearest[told] = np.sqrt(squares[told]), found[told]

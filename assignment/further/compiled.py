"""The part of exact_neighbors that follows the coarse bounds, pair by pair, compiled by numba.

NumPy works on whole arrays: what is left for one query, it computes for all that are alike. In a
loop each pair is dropped by the first bound that exceeds the limit of that moment, and even a sum
of squares ends where it does. The neighbours are the same; sums in another order may differ in the
last digits of a distance.
"""

from math import inf

import numpy as np

try:
    from numba import njit
except ImportError:  # ExactNeighbors asks for it; the tests run these loops without it, too

    def njit(**options):
        return lambda function: function


from assignment.further import exact_neighbors

GROUP = 64  # examples, of which the one with the smallest bound is a likely neighbour
PART = 1024  # squares that are summed before a sum is compared with the limit
SLOWER = 3  # times MANY: how much longer a number takes in a loop than in a matrix product
UNTOLD = -1.0  # in place of a square
UNIT, SMALLEST = np.finfo(float).eps, np.finfo(float).tiny / np.finfo(float).eps
AT_ONCE = {"reassoc", "contract", "nsz", "nnan"}  # several numbers of a sum, or of a minimum

reached = njit(nogil=True, cache=True)(exact_neighbors.reached)


@njit(nogil=True, cache=True, fastmath=AT_ONCE)
def sum_of_squares(x, t):
    total = 0.0
    for d in range(x.size):
        difference = x[d] - np.float64(t[d])
        total += difference * difference
    return total


@njit(nogil=True, cache=True, fastmath=AT_ONCE)
def product(a, b):
    total = np.float32(0)
    for d in range(a.size):
        total += a[d] * b[d]
    return total


@njit(nogil=True, cache=True, fastmath=AT_ONCE)
def smallest_sum(values, offsets):
    least = values[0] + offsets[0]
    for i in range(1, values.size):
        total = values[i] + offsets[i]
        least = total if total < least else least
    return least


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
def search(bounds, coarse, fine, X, T, many, distances, nearest):
    """Find the k nearest of T to each query of X; a row of which too much is left stays as it is.

    bounds : (n, N) products -2 x.t of the coarse coordinates; of pairs that are done, infinity
    coarse, fine : (rows, offsets) of the Level and (X, away, error) of the queries in it
    X : (n, D) queries, in double precision; T : (N, D) examples
    many : as MANY there
    distances, nearest : (n, k), to be filled
    """
    (_, offsets), (_, away, error) = coarse
    (rows, fine_offsets), (fine_X, fine_away, fine_error) = fine
    (n, N), (k, D) = bounds.shape, (distances.shape[1], X.shape[1])
    rounded = 1 + (D + 10) * UNIT
    m = min(2 * k, N)
    width = max(1, min(GROUP, N // (2 * m)))
    minima = np.empty(-(-N // width), bounds.dtype)
    squares, found = np.empty(k), np.empty(k, np.int64)
    lowest, groups = np.empty(m), np.empty(m, np.int64)
    for q in range(n):
        b, x = bounds[q], X[q]
        squares[:], lowest[:] = inf, inf
        for g in range(len(minima)):
            start, stop = g * width, (g + 1) * width
            minima[g] = smallest_sum(b[start:stop], offsets[start:stop])
            insert(lowest, groups, minima[g], g)
        for g in groups:
            start, stop = g * width, (g + 1) * width
            j = start + np.argmin(b[start:stop] + offsets[start:stop])
            b[j] = inf  # it is done
            insert(squares, found, squared_distance(x, T[j], squares[-1]), j)
        limit, work = inf, m * D
        for g in range(len(minima)):
            if squares[-1] < limit:
                limit = max(squares[-1], 0.0)
                reach = reached(limit * rounded, error[q], away[q])
                fine_reach = reached(limit * rounded, fine_error[q], fine_away[q])
            if minima[g] > reach:
                continue
            for j in range(g * width, min((g + 1) * width, N)):
                if b[j] + offsets[j] > reach:
                    continue
                work += rows.shape[1]
                if fine_offsets[j] - 2 * product(fine_X[q], rows[j]) > fine_reach:
                    continue
                work += D
                insert(squares, found, squared_distance(x, T[j], squares[-1]), j)
            if work * SLOWER * many > T.size:
                squares[0] = UNTOLD
                break
        if squares[0] != UNTOLD:
            distances[q], nearest[q] = np.sqrt(squares), found

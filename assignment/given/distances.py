"""Distances where the square of a number, or a sum of squares, has lost what it should tell.

Multiplied out, |x - t|^2 turns all distances into one matrix product, but what is left of large
numbers may be small: far from the origin, it is rounding alone. And the square of 1e-170 is 0, that
of 1e200 infinite. Differences, pair by pair, have no such trouble.
"""

import numpy as np

from assignment.given.blocks import by_chunks
from assignment.given.validation import require_finite

LOST = 2.0**-6  # six bits may cancel, not more; of pairs of photographs, 1 in 100,000 loses that
SAMPLE = 50  # rows that tell well enough where a set lies


def near_origin(X, T):
    """X and T, both moved by the mean of T if that is far away: distances stay as they are.

    Where the mean is hardly farther away than the examples are from each other, as that of
    photographs, the expansion is exact enough, and a copy would only cost time. The mean is that
    of a few examples, which serves as well.

    Parameters
    ----------
    X, T : (n, D), (N, D) floats

    Returns
    -------
    X, T : the same, or moved
    """
    mean = origin(T)
    if mean is None:
        return X, T
    with np.errstate(over="ignore", invalid="ignore"):
        return X - mean, T - mean


def origin(T):
    """(D,) the mean of T, where it is so far away that T is better moved by it; or None."""
    with np.errstate(over="ignore", invalid="ignore"):
        sample = T[:: -(-len(T) // SAMPLE)]
        mean = sample.mean(axis=0)
        spread = np.sum((sample - mean) ** 2) / len(sample)
        return mean if 8 * spread < mean @ mean < np.inf else None


def lost(squares, x_squares, t_squares):
    """Where |x - t|^2, as the expansion gives it, is nothing to go by.

    It is off by at most 2 (D + 2) u (|x|^2 + |t|^2), with u the unit of rounding (N. Higham,
    "Accuracy and Stability of Numerical Algorithms", section 3.1). Where it is more than LOST times
    that sum, that is 128 (D + 2) u of itself; elsewhere it may be anything.

    Parameters
    ----------
    squares : (n, N), x_squares : (n,), t_squares : (N,)

    Returns
    -------
    i, j : rows and columns of the pairs
    """
    least, most = smallest_square(squares.dtype), np.finfo(squares.dtype).max / 8

    def limit(sums):
        return np.where(sums < most, np.maximum(LOST * sums, least), np.inf)

    # Few rows have any: one comparison tells, with the largest |t|^2 for all.
    rows = limit(x_squares + t_squares.max())
    flagged = np.flatnonzero(~(squares > rows[:, np.newaxis]))  # np.nonzero takes far longer
    i, j = np.divmod(flagged, squares.shape[1])
    few = ~(squares[i, j] > limit(x_squares[i] + t_squares[j]))
    return i[few], j[few]


def by_differences(dists, X, X_train, pairs):
    """dists, with the entries of these pairs (i, j) replaced: |X[i] - X_train[j]|, to all digits.

    Raises
    ------
    ValueError : X or X_train holds NaN or infinity, or they are too far apart for their dtype
    """
    i, j = pairs
    with np.errstate(over="ignore"):
        dists[i, j] = distances_of_pairs(X, i, X_train, j)
    require_finite(dists[i, j], X=X, X_train=X_train)
    return dists


def mend_extremes(dists, X, X_train):
    """Set right, in place, the roots of sums of squares that are too small or too large for floats.

    Raises
    ------
    ValueError : X or X_train holds NaN or infinity, or dists does after all
    """
    least = np.sqrt(smallest_square(dists.dtype))
    i, j = np.nonzero((dists < least) | (dists == np.inf))
    distances = distances_of_pairs(X, i, X_train, j)
    extreme = (distances < least) | (distances > 1 / least)
    with np.errstate(over="ignore"):
        dists[i[extreme], j[extreme]] = distances[extreme]
    require_finite(dists, X=X, X_train=X_train)


def distances_of_pairs(A, i, B, j):
    """The distances |A[i] - B[j]| of pairs of rows, in double precision."""

    def distances(some):
        with np.errstate(over="ignore", invalid="ignore"):
            differences = np.subtract(B[j[some]], A[i[some]], dtype=np.float64)
            squares = np.vecdot(differences, differences)
            roots = np.sqrt(squares)
        out = ~(squares > smallest_square(squares.dtype)) | (squares == np.inf)
        if out.any():  # then with numbers of about 1
            largest = np.abs(differences[out]).max(axis=1)
            with np.errstate(over="ignore", invalid="ignore"):
                scaled = differences[out] / np.where(largest > 0, largest, 1)[:, np.newaxis]
                roots[out] = largest * np.sqrt(np.einsum("nd,nd->n", scaled, scaled))
        return roots

    return by_chunks(distances, len(i), 4 * A.shape[1])


def smallest_square(dtype):
    """Sums of squares below it have fewer digits than others, or none."""
    return np.finfo(dtype).tiny / np.finfo(dtype).eps

"""Random inputs for the derivations, and what the lines are held against."""

import numpy as np

from assignment.derivations.algebra import STEP, Matrix


def normal(rng, *shape):
    """Standard normal numbers, none closer to 0 than 0.05: no ReLU sits near its kink by chance."""
    values = rng.normal(size=shape)
    return np.where(np.abs(values) < 0.05, 0.05, values)


def one_hot(rng, n, K):
    """n labels as columns with a single one, (n, K, 1)."""
    return np.eye(K)[rng.integers(0, K, size=n)][:, :, np.newaxis]


def moved(x, dx):
    """x with its differential in the imaginary part."""
    return x + 1j * STEP * dx


def gradient(f, x):
    """The gradient of the sum of f at x, each entry by a complex step of its own, all at once.

    f : function of many x, (x.size, ..., rows, columns) with four axes; of each it returns numbers
    """
    steps = np.eye(x.size).reshape(x.size, *(1,) * (3 - x.ndim), *x.shape)
    changes = differential(f(moved(x.real, steps)))
    return changes.reshape(x.size, -1).sum(axis=1).reshape(x.shape)


def relu(z):
    """ReLU on the smooth piece where z is."""
    return np.where(np.real(z) > 0, z, 0)


def cross_entropy(scores, y):
    """-log softmax of the right class, for each row of scores (..., 1, K) and column y (..., K, 1).

    Written as a difference of logarithms, unlike the derivations that are tried against it.
    """
    return np.log(np.exp(scores).sum(axis=-1)) - (scores @ y)[..., 0]


def differential(z):
    """The differential that a moved value carries."""
    return np.imag(z) / STEP


def matrices(**arrays):
    """Arrays as matrices; numbers stay numbers."""
    return {
        name: array if isinstance(array, float) else Matrix(array) for name, array in arrays.items()
    }

"""One clear sentence for an argument that cannot be meant: each ValueError names the argument."""

import numpy as np


def require_inputs(X, name="X", features=None):
    """Raise ValueError unless X is an (N, D) array of floats, N >= 1, with D as given."""
    shape = np.shape(X)
    wanted = "(N, D)" if features is None else f"(N, {features})"
    if len(shape) != 2 or shape[0] == 0 or features not in (None, shape[1]):
        raise ValueError(f"{name} must have shape {wanted} with N >= 1, but its shape is {shape}.")
    if np.asarray(X).dtype.kind not in "fci":
        raise ValueError(
            f"{name} must hold floats, but its dtype is {np.asarray(X).dtype}: bytes would wrap "
            "around in a difference."
        )


def require_labels(y, examples, classes=None, name="y"):
    """Raise ValueError unless y holds one integer label, 0 <= label < classes, per example."""
    y = np.asarray(y)
    if y.shape != (examples,):
        raise ValueError(
            f"{name} must have shape ({examples},), one label per example, but its shape is "
            f"{y.shape}."
        )
    if y.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integers, but its dtype is {y.dtype}.")
    low, high = y.min(), y.max()
    if low < 0 or (classes is not None and high >= classes):
        wanted = "0 or more" if classes is None else f"0 to {classes - 1}"
        raise ValueError(f"{name} must hold labels {wanted}, but it holds {low} to {high}.")


def require_strength(reg):
    """Raise ValueError unless reg is a finite number."""
    if not np.isfinite(reg):
        raise ValueError(f"reg must be a finite number, but it is {reg}.")


def require_linear(W, X, y, reg):
    """Raise ValueError unless X is (N, D), W is (D, C), y holds N labels below C, reg is finite."""
    require_strength(reg)
    require_inputs(X)
    shape = np.shape(W)
    if len(shape) != 2 or shape[0] != np.shape(X)[1] or shape[1] == 0:
        raise ValueError(
            f"W must have shape ({np.shape(X)[1]}, C), one row per column of X, but its shape is "
            f"{shape}."
        )
    require_labels(y, len(X), classes=shape[1])


def require_finite(result, **arguments):
    """Raise ValueError, naming the argument to blame, if `result` has NaN or infinity.

    NaN and infinity survive sums and products, so looking at the small result is enough to know
    that the large arguments are sound; they are searched only when it is not.
    """
    if np.isfinite(result).all():
        return
    for name, value in arguments.items():
        if not np.isfinite(value).all():
            raise ValueError(f"{name} holds NaN or infinity.")
    names = " and ".join(arguments)
    raise ValueError(
        f"{names} are finite, but their product overflows; in training, a smaller learning_rate "
        "keeps them small."
    )

"""One clear sentence for an argument that cannot be meant: each ValueError names the argument.

What numbers may be computed with is decided in one place, `as_floats`.
"""

import cmath
import math
import numbers
import operator
import sys

import numpy as np

FLOATS = np.dtype(np.float32), np.dtype(np.float64)
MOST_CLASSES = 1_000_000  # labels are places in arrays of as many numbers


def as_floats(X, name="X", complex_too=False):
    """The array X in a type in which differences, products and sums mean what they say.

    float32 and float64 stay as they are. Whole numbers and bool become float64, which holds them
    exactly: their own arithmetic wraps round or cuts off. float16 becomes float32. All else is
    refused: what would be lost (a mask, an imaginary part, digits beyond float64) would be lost in
    silence.

    Parameters
    ----------
    X : array of any shape, or what NumPy makes one of
    name : str, what to call it
    complex_too : bool, whether complex numbers pass: for parameters, that a complex step is made in

    Returns
    -------
    array : X itself, where nothing is to be done

    Raises
    ------
    ValueError : names the array, what is wrong with its type, and what to do
    """
    if type(X) is np.ndarray and X.dtype in FLOATS:  # as mostly
        return X
    if is_masked(X):
        raise ValueError(
            f"{name} is a masked array, and its mask would be ignored: fill it first, as in "
            f"{name}.filled(0)."
        )
    try:
        array = np.asarray(X)
    except Exception:  # rows of different lengths, or a tensor that is elsewhere
        raise ValueError(
            f"{name} must be an array of numbers, but NumPy makes none of this {type(X).__name__}: "
            "are its rows of one length?"
        ) from None
    kind, size = array.dtype.kind, array.dtype.itemsize
    if array.ndim == 0 and kind not in "biufc":
        raise ValueError(f"{name} must be an array of numbers, but it is a {type(X).__name__}.")
    if kind in "biu":
        if array.size and max(int(array.max()), -int(array.min())) > 2**53:
            raise ValueError(
                f"{name} holds whole numbers beyond 2**53: float64 has no place for all."
            )
        return array.astype(np.float64)
    if kind == "f" and size <= 8:
        return array.astype(np.result_type(array, np.float32), copy=False)
    if kind == "f":
        raise ValueError(
            f"{name} must hold float32 or float64, but its dtype is {array.dtype}: round it, as in "
            f"{name}.astype(np.float64)."
        )
    if kind == "c" and complex_too and size <= 16:
        return array
    if kind == "c":
        raise ValueError(
            f"{name} must hold real numbers, but its dtype is {array.dtype}: take {name}.real."
        )
    raise ValueError(
        f"{name} must hold numbers, but its dtype is {array.dtype}: convert it, as in "
        f"np.array({name}, dtype=np.float64)."
    )


def is_masked(X):
    """Whether X is a masked array: whoever has one has imported numpy.ma, which takes a while."""
    ma = sys.modules.get("numpy.ma")
    return ma is not None and isinstance(X, ma.MaskedArray)


def require_float_type(dtype, name="dtype"):
    """Raise ValueError unless dtype is one that as_floats leaves as it is."""
    try:
        known = dtype is not None and np.dtype(dtype) in FLOATS
    except TypeError:
        known = False
    if not known:
        raise ValueError(f"{name} must be np.float32 or np.float64, but it is {dtype!r}.")


def require_inputs(X, name="X", features=None, complex_too=False):
    """X as (N, D) floats, N >= 1, with D as given, or a ValueError; see as_floats."""
    X = as_floats(X, name, complex_too)
    wanted = "(N, D)" if features is None else f"(N, {features})"
    if X.ndim != 2 or 0 in X.shape or features not in (None, X.shape[1]):
        more = " and D >= 1" if features is None else ""
        raise ValueError(
            f"{name} must have shape {wanted} with N >= 1{more}, but its shape is {X.shape}."
        )
    return X


def require_shape(value, shape, name, complex_too=False):
    """A parameter as floats of that shape, or a ValueError.

    shape : numbers, and letters for what may be any number but 0
    """
    value = as_floats(value, name, complex_too)
    fits = value.ndim == len(shape) and all(
        n == wanted or (n > 0 and isinstance(wanted, str))
        for n, wanted in zip(value.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(map(str, shape)) + "," * (len(shape) == 1)
        raise ValueError(f"{name} must have shape ({wanted}), but its shape is {value.shape}.")
    return value


def require_trained(value, name):
    """Raise ValueError where a classifier has not been trained."""
    if value is None:
        raise ValueError(f"{name} is not there yet: call train(X, y) first.")


def require_labels(y, examples, classes=None, name="y"):
    """y as integers, one label per example, 0 <= label < classes, or a ValueError."""
    if is_masked(y):
        raise ValueError(f"{name} is a masked array, and its mask would be ignored: fill it first.")
    try:
        y = np.asarray(y)
    except Exception:
        raise ValueError(f"{name} must be one row of integer labels.") from None
    if y.shape != (examples,):
        raise ValueError(
            f"{name} must have shape ({examples},), one label per example, but its shape is "
            f"{y.shape}."
        )
    if y.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must hold integers, but its dtype is {y.dtype}: convert it, as in "
            f"{name}.astype(int), if its values are whole."
        )
    low, high = int(y.min()), int(y.max())
    if low < 0 or (classes is not None and high >= classes):
        wanted = "0 or more" if classes is None else f"0 to {classes - 1}"
        raise ValueError(f"{name} must hold labels {wanted}, but it holds {low} to {high}.")
    if high >= MOST_CLASSES:
        raise ValueError(
            f"{name} holds the label {high}: count classes from 0, as "
            f"np.unique({name}, return_inverse=True)[1] does."
        )
    return y.astype(np.intp, copy=False)  # np.bincount takes no larger ones on 32-bit platforms


def require_number(value, name, low=-math.inf, high=math.inf):
    """A finite number from low to high as float, or a ValueError."""
    if isinstance(value, np.ndarray) and value.shape == () and not is_masked(value):
        value = value[()]
    try:  # a float is a Real, but is known sooner by its own name
        number = float(value) if isinstance(value, (float, numbers.Real)) else math.nan
    except OverflowError:  # of a whole number
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number, but it is {value!r}.")
    if not low <= number <= high:
        raise ValueError(f"{name} must be {low} to {high}, but it is {number}.")
    return number


def require_count(value, name, low, high=None):
    """A whole number from low to high as int, or a ValueError."""
    wanted = f"{low} or more" if high is None else f"{low} to {high}"
    try:
        count = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, {wanted}, but it is {value!r}.") from None
    if count < low or (high is not None and count > high):
        raise ValueError(f"{name} must be {wanted}, but it is {count}.")
    return count


def require_counts(values, name, low, high=None):
    """Whole numbers from low to high as a list, each once, or a ValueError."""
    if isinstance(values, str) or not np.iterable(values) or is_masked(values):
        raise ValueError(f"{name} must be a list of whole numbers, but it is {values!r}.")
    return list(dict.fromkeys(require_count(value, name, low, high) for value in values))


def require_strength(reg):
    """reg as a finite float, or a ValueError; of NumPy, it would make float64 of float32 arrays."""
    return require_number(reg, "reg")


def require_linear(W, X, y, reg):
    """X as (N, D) floats, W as (D, C), y as N labels below C, reg as float, or a ValueError.

    W may be complex, for the complex step.
    """
    reg = require_strength(reg)
    X = require_inputs(X)
    W = as_floats(W, "W", complex_too=True)
    if W.ndim != 2 or W.shape[0] != X.shape[1] or W.shape[1] == 0:
        raise ValueError(
            f"W must have shape ({X.shape[1]}, C), one row per column of X, but its shape is "
            f"{W.shape}."
        )
    return W, X, require_labels(y, len(X), classes=W.shape[1]), reg


def require_finite(*results, **arguments):
    """Raise ValueError, naming the argument to blame, if a result has NaN or infinity.

    NaN and infinity survive sums and products, so looking at the small results is enough to know
    that the large arguments are sound; they are searched only when it is not.
    """
    if all(map(_is_finite, results)):
        return
    for name, value in arguments.items():
        if not np.isfinite(value).all():
            raise ValueError(f"{name} holds NaN or infinity.")
    names = " and ".join(arguments)
    are, them, their = ("is", "it", "its") if len(arguments) == 1 else ("are", "them", "their")
    mend = f"divide {them} by {their} largest number"
    if any(name.startswith("W") for name in arguments):
        mend = "in training, a smaller learning_rate or reg keeps them small"
    raise ValueError(f"{names} {are} finite, but what is computed of {them} overflows: {mend}.")


def _is_finite(result):
    """Whether all are finite, as they are where the sum of their squares is: BLAS is quick.

    Where squares overflow, the numbers need not, and np.vdot, unlike @, does not warn.
    """
    numbers = np.asarray(result).ravel("K")
    return cmath.isfinite(np.vdot(numbers, numbers)) or np.isfinite(numbers).all()

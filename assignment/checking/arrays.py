"""When two arrays agree, and the sentence for where they do not."""

import numpy as np

# Relative to the entry, with a tenth of it relative to the largest entry, where sums cancel. A
# right solution that computes in float32 inside passes; the mildest known mistake is a thousand
# times larger.
TOLERANCE = 1e-5
TOLERANCE_FLOAT32 = 3e-4  # where the inputs themselves are float32
# Of errors that are equal but for so much, the first is told: round-off is not the same everywhere.
EQUAL = 1e-9


def allowed(right, tolerance=TOLERANCE):
    """How far each entry may be off."""
    scale = np.abs(right[np.isfinite(right)]).max(initial=0)
    return tolerance * (np.abs(right) + 0.1 * scale)


def agrees(value, right, tolerance=TOLERANCE):
    """Whether an array of the same shape has the same values; NaN agrees with NaN."""
    with np.errstate(all="ignore"):
        near = np.abs(value - right) <= allowed(right, tolerance)
    if near.all():  # as mostly
        return True
    return bool(np.all(near | (np.isnan(value) & np.isnan(right)) | (value == right)))


def shaped(value, right):
    """The value in the shape of the right one, where the difference is none that counts.

    A loss of shape (1,), a bias gradient of shape (1, H) and a column of losses are no mistakes.
    """
    while value.ndim > right.ndim and value.shape[0] == 1:
        value = value[0]
    if value.size == 1 == right.size:
        return value.reshape(right.shape)
    return value


def is_right(value, right, tolerance=TOLERANCE):
    """Whether `complaint` has nothing to say, without looking for the worst entry."""
    if value is None or value.dtype.kind not in "biufc":
        return False
    value = shaped(value, right)
    if value.shape != right.shape:
        return False
    # Equal arrays are seen at once; booleans cannot be subtracted.
    return np.array_equal(value, right) or agrees(value + 0.0, right + 0.0, tolerance)


def complaint(name, value, right, tolerance=TOLERANCE):
    """A sentence about where an array departs from the right one, or None."""
    if value is None:
        return f"{name} is missing."
    if value.dtype.kind not in "biufc":
        return f"{name} must be an array of shape {right.shape}, but yours is {value}."
    value = shaped(value, right)
    if value.shape != right.shape:
        return f"{name} must have shape {right.shape}, but yours has {value.shape}."
    if is_right(value, right, tolerance):
        return None
    value, right = value + 0.0, right + 0.0  # booleans cannot be subtracted
    if not np.isfinite(value).all():
        where = position(name, np.flatnonzero(~np.isfinite(value))[0], value.shape)
        return f"{where} is {value[~np.isfinite(value)][0]}: all must be finite."
    wrong = np.abs(value - right) > allowed(right, tolerance)
    off = np.where(wrong, np.abs(value - right), -1)
    worst = int(np.argmax(off >= (1 - EQUAL) * off.max()))
    where = position(name, worst, value.shape)
    sentence = f"{where} is {value.flat[worst]:.6g}, but should be {right.flat[worst]:.6g}"
    if value.size == 1:
        return sentence + "."
    return f"{sentence}; {wrong.sum()} of {wrong.size} entries are off."


def position(name, flat_index, shape):
    """dW[2, 1]"""
    index = ", ".join(str(int(i)) for i in np.unravel_index(flat_index, shape))
    return f"{name}[{index}]" if shape else name

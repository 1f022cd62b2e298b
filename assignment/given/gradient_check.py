"""Is this the gradient of that function? Ask the function itself.

`check_gradient` asserts. The three functions of CS231n's own gradient_check.py stand below it
under their names; they compute and print, and leave the judgement to you.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np

MOST_ENTRIES = 400  # up to this size every entry is compared; above it, random directions are
DIRECTIONS = 5
COMPLEX_STEP = 1e-20  # any tiny number: nothing is subtracted, so nothing is lost
RELATIVE_TOLERANCE = {"complex step": 1e-9, "float64": 1e-5, "float32": 2e-3}
ROUNDED_GRADIENT = 1e-4  # what a gradient computed in float32 may be off
ROUND_OFF = 20  # times the machine epsilon: what the sums inside a loss may lose


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient: what it is claimed to be and what the function says it is."""

    index: tuple[int, ...]
    analytic: float
    numerical: float


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradient` found.

    passed : bool
    method : "complex step" or "central differences, h = ..."
    scope : what was compared
    error : the largest error found, relative to the derivative it was found in
    wrong : (where, analytic, numerical) for each entry or direction that disagrees
    worst : the entries with the largest errors, if any disagree
    kinks : what was seen of kinks between x - h and x + h, one sentence each
    """

    passed: bool
    method: str
    scope: str
    error: float
    wrong: tuple[tuple[str, float, float], ...]
    worst: tuple[Entry, ...]
    kinks: tuple[str, ...]

    def __str__(self):
        word = "right" if self.passed else "wrong"
        lines = [f"gradient {word}: {self.scope}, by {self.method}; largest error {self.error:.1e}"]
        if self.worst:
            lines.append(f"{'worst entries':>16} {'yours':>15} {'numerical':>15} {'ratio':>10}")
        for entry in self.worst:
            index = "[" + ", ".join(map(str, entry.index)) + "]"
            ratio = entry.analytic / entry.numerical if entry.numerical else np.nan
            lines.append(
                f"{index:>16} {entry.analytic:15.8g} {entry.numerical:15.8g} {ratio:10.4g}"
            )
        for where, analytic, numerical in self.wrong[:3] if not self.worst else ():
            lines.append(f"{where}: yours {analytic:.8g}, numerical {numerical:.8g}")
        return "\n".join([*lines, *self.kinks[:3]])

    __repr__ = __str__


def check_gradient(f, x, gradient, blocks=None, seed=0):
    """Assert that `gradient` is the gradient of f at x.

    A small array is compared entry by entry. In a large one, random directions are compared over
    the whole array and again over each block: an error in the bias row is a millionth of the
    whole and would drown in it, but not in a block of its own.

    The derivative along v comes from the complex step, Im f(x + i h v) / h with h = 1e-20, where
    f takes complex numbers (nothing is subtracted, so there is no round-off, and no kink can lie
    within the step), else from central differences, (f(x + h v) - f(x - h v)) / 2h, with h the
    cube root of the machine epsilon, times the largest entry that moves if that is above 1. Where
    these disagree with the gradient, smaller steps tell a kink from a mistake. A float32 array is
    checked in float64 if f takes its argument; otherwise errors below half a percent do not show.

    Parameters
    ----------
    f : function of an array shaped like x -> scalar. As in CS231n it may ignore its argument and
        read x itself: x is then changed in place, and put back
    x : float array, the point; it has to be writeable
    gradient : array shaped like x, the gradient to check
    blocks : dict from a name to an index into x; for a matrix, its last row (the biases, under the
        bias trick) and the rest
    seed : int, for the directions

    Returns
    -------
    GradientReport

    Raises
    ------
    AssertionError : the gradient is wrong, and the message is the report, with the worst entries;
        or f is so much larger than its derivatives that round-off hides them
    ValueError : x is no such array, or f returns no real number
    """
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or not x.size or not x.flags.writeable:
        raise ValueError("x must be a writeable array of floats that is not empty.")
    gradient = np.asarray(gradient)
    if gradient.dtype.kind not in "biuf":
        raise AssertionError(f"The gradient must hold real numbers, not {gradient.dtype}.")
    if gradient.shape != x.shape:
        raise AssertionError(f"The gradient has shape {gradient.shape}, but x has {x.shape}.")
    if not np.isfinite(gradient).all():
        raise AssertionError(f"The gradient has {(~np.isfinite(gradient)).sum()} NaN or inf.")
    probe = _Probe(f, x, gradient, np.random.default_rng(seed))
    if x.size <= MOST_ENTRIES:
        scope = f"all {x.size} entries"
        directions = [(str(list(map(int, i))), _unit(x.shape, i)) for i in np.ndindex(x.shape)]
    else:
        blocks = {"the whole array": ..., **(_row_blocks(x) if blocks is None else blocks)}
        scope = f"{DIRECTIONS + 1} directions in each of {', '.join(blocks)}"
        directions = [
            (f"a direction in {name}", v)
            for name, index in blocks.items()
            for v in _directions(gradient, index, probe.rng)
        ]
    comparisons = [(where, v, probe.compare(gradient, v)) for where, v in directions]
    if any(r.round_off for _, _, r in comparisons) and all(r.blind for _, _, r in comparisons):
        raise AssertionError(
            f"Cannot tell: f is {probe.f0:.3g}, and its round-off hides derivatives this small."
        )
    wrong = [(where, v, result) for where, v, result in comparisons if not result.agrees]
    if wrong and x.size > MOST_ENTRIES:
        # Follow the error of the smallest block that shows one down to single entries.
        v = min((v for _, v, _ in wrong), key=np.count_nonzero)
        found = dict.fromkeys(probe.descend(gradient, np.flatnonzero(v)) for _ in range(3))
        units = [_unit(x.shape, np.unravel_index(i, x.shape)) for i in found]
        worst = [_entry(v, probe.compare(gradient, v)) for v in units]
    else:
        largest = sorted(wrong, key=lambda w: -w[2].error)[:5]
        worst = [_entry(v, result) for _, v, result in largest]
    report = GradientReport(
        passed=not wrong,
        method=probe.method,
        scope=scope,
        error=max(result.relative_error for _, _, result in comparisons),
        wrong=tuple((where, result.analytic, result.numerical) for where, _, result in wrong),
        worst=tuple(worst),
        kinks=tuple(f"{where}: {r.kink}" for where, _, r in comparisons if r.kink),
    )
    if wrong:
        raise AssertionError(str(report))
    return report


@dataclass(frozen=True)
class _Comparison:
    """The derivative along one direction, claimed and measured."""

    analytic: float
    numerical: float
    agrees: bool
    scale: float
    round_off: float = 0.0
    kink: str = ""

    @property
    def blind(self):
        """Whether round-off hides an error of one part in a thousand."""
        return self.error > 0 and self.round_off > 1e-3 * self.scale

    @property
    def error(self):
        return abs(self.analytic - self.numerical)

    @property
    def relative_error(self):
        return self.error / self.scale if self.error else 0.0


class _Probe:
    """Derivatives of f at x along directions, by the best method that f allows."""

    def __init__(self, f, x, gradient, rng):
        self.f, self.rng = f, rng
        self.x = self._lifted(x) if x.dtype == np.float32 else x
        self.start = self.x.copy()
        value = self._value(self.x)
        self.f0 = float(value)
        coarse = value.dtype == np.float32 or self.x.dtype == np.float32
        self.precision = "float32" if coarse else "float64"
        self.epsilon = float(np.finfo(self.precision).eps)
        self.h = self.epsilon ** (1 / 3)
        self.complex = not coarse and self._takes_complex()
        self.method = "complex step" if self.complex else f"central differences, h = {self.h:.0e}"
        self.tolerance = RELATIVE_TOLERANCE["complex step" if self.complex else self.precision]
        self.floor = 0.0
        if gradient.dtype == np.float32:
            self.tolerance = max(self.tolerance, ROUNDED_GRADIENT)
            self.floor = 10 * float(np.finfo(np.float32).eps) * float(np.abs(gradient).max())

    def _value(self, x):
        result = self.f(x)
        try:
            value = np.asarray(result)
        except ValueError:  # such as a loss and a gradient
            raise ValueError("f must return one real number, such as the loss alone.") from None
        if value.size != 1 or value.dtype.kind not in "biuf":
            raise ValueError(
                "f must return one real number, such as the loss alone, but it returned "
                f"{value.dtype} of shape {value.shape}."
            )
        return value.reshape(())

    def _lifted(self, x):
        """x in float64, if f takes its argument and answers in float64; else x itself."""
        lifted = x.astype(np.float64)
        first, second = self._value(lifted), self._value(lifted + 1e-3 * np.abs(lifted) + 1e-3)
        takes_it = first.dtype == np.float64 and first != second
        return lifted if takes_it else x

    def compare(self, gradient, v):
        """Compare the gradient with f along v; |v| = 1."""
        moved = v != 0
        typical = np.linalg.norm(gradient[moved].astype(np.float64)) / np.sqrt(moved.sum())
        if self.complex:
            analytic = float(np.sum(gradient * v))
            numerical = self._complex_derivative(v)
            scale = max(abs(analytic), abs(numerical), typical)
            # Below round-off of the loss itself, a derivative says nothing.
            allowed = self.tolerance * scale + self.floor + self.epsilon * abs(self.f0)
            return _Comparison(analytic, numerical, abs(analytic - numerical) <= allowed, scale)
        step = self.h * max(1.0, float(np.abs(self.start[moved]).max()))
        first = self._central(gradient, v, typical, step)
        if first.agrees:
            return first
        # A kink within the step spoils the slope, honestly; a smaller step stops short of it. But
        # round-off grows as the step shrinks: where it could hide the error, f has to be bent by
        # as much as the error, as it is at a kink.
        bend = abs(self._at(step * v)[0] + self._at(-step * v)[0] - 2 * self.f0) / step
        for h in (step / 10, step / 100) if self.precision == "float64" else ():
            again = self._central(gradient, v, typical, h)
            if again.agrees and (again.round_off < 0.1 * first.error or bend > 1.5 * first.error):
                kink = f"a kink within h = {step:.0e} spoils the slope; at h = {h:.0e} it agrees."
                return replace(again, kink=kink)
        return replace(first, kink=self._kink_at(v, first, step))

    def descend(self, gradient, entries):
        """From a set of entries to one that is wrong: halve, and follow the larger error."""
        while len(entries) > 1:
            entries = self.rng.permutation(entries)
            halves = np.array_split(entries, 2)
            errors = []
            for half in halves:
                v = np.zeros(self.x.size)
                v[half] = self.rng.choice([-1.0, 1.0], size=len(half)) / np.sqrt(len(half))
                errors.append(self.compare(gradient, v.reshape(self.x.shape)).error * len(half))
            entries = halves[int(np.argmax(errors))]
        return int(entries[0])

    def _central(self, gradient, v, typical, h):
        """Compare along v by central differences, with the step that was really made."""
        plus, minus = self._at(h * v), self._at(-h * v)
        step = plus[1] - minus[1]
        length = np.linalg.norm(step)
        analytic = float(np.sum(gradient * step) / length)
        numerical = (plus[0] - minus[0]) / length
        scale = max(abs(analytic), abs(numerical), typical)
        round_off = ROUND_OFF * self.epsilon * max(abs(plus[0]), abs(minus[0])) / length
        allowed = self.tolerance * scale + self.floor + round_off
        agrees = abs(analytic - numerical) <= allowed
        return _Comparison(analytic, numerical, agrees, scale, round_off)

    def _kink_at(self, v, result, step):
        """A sentence if f has a kink at x itself along v and the gradient is one of its slopes."""
        left = [(self.f0 - self._at(-h * v)[0]) / h for h in (step, step / 10)]
        right = [(self._at(h * v)[0] - self.f0) / h for h in (step, step / 10)]
        jumps = [abs(r - a) for r, a in zip(right, left, strict=True)]
        # The slopes of a smooth function approach each other with h; at a kink they stay apart.
        noise = ROUND_OFF * self.epsilon * abs(self.f0) / (step / 10)
        if jumps[1] < 0.5 * jumps[0] or jumps[1] < 1e-3 * result.scale + noise:
            return ""
        return f"f has a kink here: slope {left[1]:.6g} on one side, {right[1]:.6g} on the other."

    def _at(self, step):
        """f at x + step, and the point it was evaluated at."""
        try:
            self.x[...] = self.start + step
            return float(np.reshape(self.f(self.x), ())), self.x.astype(np.float64)
        finally:
            self.x[...] = self.start

    def _complex_derivative(self, v):
        value = np.reshape(self.f(self.start + 1j * COMPLEX_STEP * v), ())
        return float(value.imag) / COMPLEX_STEP

    def _takes_complex(self):
        """Whether f carries an imaginary part through, and to the slopes that real steps give."""
        return all(self._is_analytic_along(self.rng.normal(size=self.x.shape)) for _ in range(3))

    def _is_analytic_along(self, v):
        v /= np.linalg.norm(v)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # such as "discards the imaginary part"
                value = np.asarray(self.f(self.start + 1j * COMPLEX_STEP * v))
        except NotImplementedError:
            raise
        except Exception:
            return False
        if not np.iscomplexobj(value) or not np.isfinite(value).all():
            return False
        slope = float(np.reshape(value, ()).imag) / COMPLEX_STEP
        for h in (self.h, self.h / 10, self.h / 100):
            real = (self._at(h * v)[0] - self._at(-h * v)[0]) / (2 * h)
            noise = ROUND_OFF * self.epsilon * abs(self.f0) / h
            if abs(slope - real) <= 1e-7 * abs(slope) + noise:
                return True
        return False


def _unit(shape, index):
    v = np.zeros(shape)
    v[index] = 1.0
    return v


def _entry(v, result):
    """The entry that a unit vector points to, claimed and measured."""
    return Entry(tuple(np.argwhere(v)[0].tolist()), result.analytic, result.numerical)


def _row_blocks(x):
    if x.ndim != 2 or x.shape[0] == 1:
        return {}
    return {"its last row": np.s_[-1:], "the rows above it": np.s_[:-1]}


def _directions(gradient, index, rng):
    """Unit vectors within a block: random ones, and the gradient's own."""
    inside = np.zeros(gradient.shape)
    inside[index] = 1
    for _ in range(DIRECTIONS):
        v = rng.normal(size=gradient.shape) * inside
        yield v / np.linalg.norm(v)
    along = gradient * inside
    length = np.linalg.norm(along)
    yield along / length if length else inside / np.linalg.norm(inside)


def eval_numerical_gradient(f, x, verbose=True, h=0.00001):
    """The gradient of a scalar function f at x by central differences, one entry at a time.

    Parameters
    ----------
    f : function of x -> scalar; it may read x itself, which is changed in place and put back
    x : float array
    verbose : bool, print each entry
    h : float, the step

    Returns
    -------
    array shaped like x
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        gradient[index] = _central_difference(f, x, index, h)
        if verbose:
            print(index, gradient[index])
    return gradient


def eval_numerical_gradient_array(f, x, df, h=1e-5):
    """The gradient at x of sum(f(x) * df), for a function f that returns an array shaped like df.

    Parameters
    ----------
    f : function of x -> array
    x : float array
    df : array, the gradient of a loss with respect to f(x)
    h : float, the step

    Returns
    -------
    array shaped like x, the gradient of that loss with respect to x
    """
    return eval_numerical_gradient(lambda x: np.sum(f(x) * df), x, verbose=False, h=h)


def grad_check_sparse(f, x, analytic_grad, num_checks=10, h=1e-5):
    """Print numerical and analytic gradient at a few random entries, as CS231n does.

    It looks at `num_checks` entries of the thousands there are, and asserts nothing: see
    notebooks/svm.ipynb for what slips through, and use `check_gradient`.

    Parameters
    ----------
    f : function of x -> scalar
    x : float array
    analytic_grad : array shaped like x
    num_checks : int, how many entries
    h : float, the step
    """
    for _ in range(num_checks):
        index = tuple(np.random.randint(size) for size in x.shape)
        numerical = _central_difference(f, x, index, h)
        analytic = analytic_grad[index]
        error = abs(numerical - analytic) / max(abs(numerical) + abs(analytic), 1e-300)
        print(f"numerical: {numerical:f} analytic: {analytic:f}, relative error: {error:e}")


def _central_difference(f, x, index, h):
    """(f(x + h) - f(x - h)) / 2h at one entry of x, which is changed in place and put back."""
    value = x[index]
    x[index] = value + h
    above = f(x)
    x[index] = value - h
    below = f(x)
    x[index] = value
    return (above - below) / (2 * h)

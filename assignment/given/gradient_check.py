"""Is this the gradient of that function? Ask the function itself.

`check_gradient` asserts. The three functions of CS231n's own gradient_check.py stand below it
under their names; they compute and print, and leave the judgement to you.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np

from assignment.given.validation import is_masked

MOST_ENTRIES = 400  # up to this size every entry is compared; above it, random directions are
DIRECTIONS = 5
COMPLEX_STEP = 1e-20  # any tiny number: nothing is subtracted, so nothing is lost
RELATIVE_TOLERANCE = {"complex step": 1e-9, "float64": 1e-5, "float32": 2e-3}
TELLING = {"float64": 1e-2, "float32": 0.25}  # of the largest slope may be hidden
ROUNDED_GRADIENT = 1e-4  # what a gradient computed in float32 may be off
ROUND_OFF = 20  # times the machine epsilon: what the sums inside a loss may lose
NO_CHANCE = "what is random in it has to be drawn beforehand, or from the same seed"
SHRINK = {"float64": 10, "float32": 3}  # the next step where one does not agree, as a fraction


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
    error : the largest error found, relative to the derivative it was found in; beside what
        `method` says it is blind to
    wrong : (where, analytic, numerical) for each entry or direction that disagrees
    worst : the entries with the largest errors, if any disagree
    kinks : what was seen of kinks and borders between x - h and x + h, one sentence each
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
    these disagree with the gradient, or leave the domain of f, smaller steps tell a kink or a
    border from a mistake; on a border, where one side is all there is, its slope is compared.
    A float32 array is checked in float64 if f takes its argument. Otherwise the step is 5e-3, and
    the report says which errors do not show.

    Parameters
    ----------
    f : function of an array shaped like x -> scalar. As in CS231n it may ignore its argument and
        read x itself: x is then changed in place, and put back
    x : array of float64 or float32, the point; it has to be writeable
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
        or f has no finite value at x; or nothing can be told, and the message says why: f gives
        two values at one x, is rounded too coarsely, or has a slope that depends on the step
    ValueError : x is no such array, or f returns no real number or changes its argument
    """
    _check_floats(x)
    if not np.isfinite(x).all():
        raise ValueError(f"x has {(~np.isfinite(x)).sum()} NaN or inf: no step leads from there.")
    if not callable(f):
        raise ValueError(f"f must be a function, such as lambda x: loss(x), not {f!r}.")
    if not isinstance(blocks, dict | None):
        raise ValueError(f"blocks must be a dict from a name to an index into x, not {blocks!r}.")
    if wrong_kind := _complaint(gradient, x):
        raise AssertionError(wrong_kind)
    probe = _Probe(f, x, np.asarray(gradient), np.random.default_rng(seed))
    if x.size <= MOST_ENTRIES:
        scope = f"all {x.size} entries"
        directions = [(str(list(map(int, i))), _unit(x.shape, i)) for i in np.ndindex(x.shape)]
    else:
        blocks = {"the whole array": ..., **(_row_blocks(x) if blocks is None else blocks)}
        scope = f"{DIRECTIONS + 1} directions in each of {', '.join(blocks)}"
        directions = [
            (f"a direction in {name}", v)
            for name, index in blocks.items()
            for v in _directions(probe.gradient, index, name, probe.rng)
        ]
    comparisons = probe.compare_all(directions)
    wrong = [(where, v, r) for where, v, r in comparisons if not (r.agrees or r.doubt)]
    if doubt := probe.why_it_cannot_tell(comparisons, wrong):
        raise AssertionError(f"Cannot tell: {doubt}")
    if wrong and x.size > MOST_ENTRIES:
        # Follow the error of the smallest block that shows one down to single entries.
        v = min((v for _, v, _ in wrong), key=np.count_nonzero)
        found = dict.fromkeys(probe.descend(np.flatnonzero(v)) for _ in range(3))
        units = [_unit(x.shape, np.unravel_index(i, x.shape)) for i in found]
        worst = [_entry(v, probe.compare(v)) for v in units]
    else:
        largest = sorted(wrong, key=lambda w: -w[2].error)[:5]
        worst = [_entry(v, result) for _, v, result in largest]
    report = GradientReport(
        passed=not wrong,
        method=probe.method + probe.blindness(comparisons),
        scope=scope,
        error=max((r.relative_error for _, _, r in comparisons if not r.doubt), default=0.0),
        wrong=tuple((where, result.analytic, result.numerical) for where, _, result in wrong),
        worst=tuple(worst),
        kinks=tuple(f"{where}: {r.kink}" for where, _, r in comparisons if r.kink),
    )
    if wrong:
        raise AssertionError(str(report))
    return report


@dataclass(frozen=True)
class _Comparison:
    """The derivative along one direction, claimed and measured.

    allowed : the error that says nothing, round_off : the part of it that f's own rounding makes
    h, bend : the step, and how much the slope of f changes within it
    kink, doubt : what was seen of a kink, and why a disagreement would say nothing, or ""
    """

    analytic: float
    numerical: float
    allowed: float
    scale: float
    round_off: float = 0.0
    h: float = COMPLEX_STEP
    bend: float = 0.0
    kink: str = ""
    doubt: str = ""

    @property
    def agrees(self):
        return self.error <= self.allowed

    @property
    def error(self):
        return abs(self.analytic - self.numerical)

    @property
    def relative_error(self):
        return self.error / self.scale if self.error > 0 else 0.0

    def differs_from(self, other):
        """By how much two measured slopes differ, beyond round-off."""
        difference = abs(self.numerical - other.numerical)
        return max(difference - self.round_off - other.round_off, 0.0)


class _Probe:
    """Derivatives of f at x along directions, by the best method that f allows."""

    def __init__(self, f, x, gradient, rng):
        self.f, self.rng = f, rng
        self.x, self.start = x, x.copy()
        self.gradient = gradient.astype(np.float64)
        self.floor = 0.0
        if gradient.dtype == np.float32:
            self.floor = 10 * float(np.finfo(np.float32).eps) * float(np.abs(gradient).max())
        self.rounded_gradient = gradient.dtype == np.float32
        self.all_single = True  # so far, each value of f was a float32
        try:
            value = self._value(x)
            self.f0, again = float(value), float(self._value(x))
        finally:
            x[...] = self.start
        if not np.isfinite(self.f0):
            raise AssertionError(f"f is {self.f0} at x: it has no slope there.")
        if abs(again - self.f0) > ROUND_OFF * np.finfo(np.float64).eps * abs(self.f0):
            raise AssertionError(
                f"Cannot tell: f is {self.f0!r} at x, and {again!r} when called again at the same "
                f"x; {NO_CHANCE}."
            )
        if x.dtype == np.float32:
            self.x = _lifted(self._value, x)
            self.start = self.x.copy()
            value = self._value(self.x)
            self.f0 = float(value)
        self._set_precision(value.dtype == np.float32 or self.x.dtype == np.float32)

    def _set_precision(self, coarse):
        self.coarse, self.precision = coarse, "float32" if coarse else "float64"
        self.epsilon = float(np.finfo(self.precision).eps)
        self.h = self.epsilon ** (1 / 3)
        self.complex = not coarse and self._takes_complex()
        self.method = "complex step" if self.complex else f"central differences, h = {self.h:.0e}"
        self.tolerance = RELATIVE_TOLERANCE["complex step" if self.complex else self.precision]
        if self.rounded_gradient:
            self.tolerance = max(self.tolerance, ROUNDED_GRADIENT)

    def compare_all(self, directions):
        """(where, v, comparison) for each (where, v)."""
        comparisons = [(where, v, self.compare(v)) for where, v in directions]
        if self.coarse or not self.all_single or all(r.agrees for _, _, r in comparisons):
            return comparisons
        self._set_precision(coarse=True)  # f computes in float32, and returns a Python float
        return [(where, v, self.compare(v)) for where, v in directions]

    def compare(self, v):
        """Compare the gradient with f along v; |v| = 1."""
        return self._by_complex_step(v) if self.complex else self._by_differences(v)

    def why_it_cannot_tell(self, comparisons, wrong):
        """A sentence where neither right nor wrong is shown, else ""."""
        for where, v, result in [c for c in comparisons if not c[2].agrees or c[2].kink][:1]:
            again = self.compare(v)
            if again.h != result.h or abs(again.numerical - result.numerical) > 0.1 * result.error:
                return f"f gives other values when measured again along {where}; {NO_CHANCE}."
        if wrong:
            return ""
        cure = "; float64 may show more: x = x.astype(float), and f computed from that"
        cure = cure if self.coarse else ""
        telling, alone = TELLING[self.precision], self.x.size > MOST_ENTRIES  # a block of its own
        for where, _, result in comparisons:
            if not result.doubt:
                continue
            most = telling * max(
                r.scale for name, _, r in comparisons if name == where or not alone
            )
            if not result.error <= most:
                return f"along {where} {result.doubt}{cure}."
        most = telling * max(result.scale for _, _, result in comparisons)
        if any((r.error or most) and r.round_off > most for _, _, r in comparisons):
            return f"f is {self.f0:.3g}, and its round-off hides derivatives this small{cure}."
        return ""

    def blindness(self, comparisons):
        """Which errors do not show, as a clause, where those of one in a thousand do not."""
        results = [result for _, _, result in comparisons]
        small = 1e-3 * max(r.scale for r in results)
        if not any(r.doubt or r.round_off > small for r in results):
            return ""
        least = 2 * max(r.error if r.doubt else r.allowed for r in results)
        return f", blind to errors below {least:.0e}"

    def descend(self, entries):
        """From a set of entries to one that is wrong: halve, and follow the larger error."""
        while len(entries) > 1:
            entries = self.rng.permutation(entries)
            halves = np.array_split(entries, 2)
            errors = []
            for half in halves:
                v = np.zeros(self.x.size)
                v[half] = self.rng.choice([-1.0, 1.0], size=len(half)) / np.sqrt(len(half))
                errors.append(self.compare(v.reshape(self.x.shape)).error * len(half))
            entries = halves[int(np.argmax(errors))]
        return int(entries[0])

    def _scale(self, v, analytic, numerical):
        moved = v != 0
        typical = _length(self.gradient[moved]) / np.sqrt(moved.sum())
        return max(abs(analytic), abs(numerical), typical)

    def _by_differences(self, v):
        """By central differences; along a border of f's domain, from the one side that is there."""
        return (
            self._by_steps(v, self._central)
            or self._by_steps(v, self._one_sided)
            or _Comparison(0.0, np.nan, 0.0, 0.0, doubt="f is finite at x alone")
        )

    def _by_steps(self, v, measure):
        """The first step decides if it agrees; else smaller ones, while round-off lets them."""
        tried, left_out = [], False
        for h in self._steps(v):
            now = measure(v, h)
            if now is None:
                left_out = True
                continue
            tried.append(now)
            first = tried[0]
            # A kink within the step spoils the slope, honestly; a smaller step stops short of it.
            # But round-off grows as the step shrinks: where it could hide the error, f has to be
            # bent by as much as the error, as it is at a kink.
            bent = not self.coarse and len(tried) <= 3 and first.bend > 1.5 * first.error
            if now.agrees and (now is first or now.round_off < 0.3 * first.error or bent):
                return replace(now, kink=self._seen(v, now, first, measure, left_out))
            settled = len(tried) > 2 and now.differs_from(tried[-2]) <= now.allowed
            if settled or now.round_off > first.error and (len(tried) > 2 or self.coarse):
                break
        return self._most_settled(v, tried) if tried else None

    def _seen(self, v, now, first, measure, left_out):
        """What stood in the way of a gradient that agrees."""
        if measure == self._one_sided:
            return "f is finite on one side only; its slope there agrees."
        if left_out or now is not first:
            why = "f is not finite" if left_out else "a kink or a sharp bend"
            h = next(self._steps(v))
            return f"{why} within h = {h:.0e}; at h = {now.h:.0e} the slope agrees."
        return self._kink_at(v, now) if now.bend > 1e-2 * now.scale + 4 * now.round_off else ""

    def _most_settled(self, v, tried):
        """Of steps that all disagree, the one whose neighbour says most nearly the same."""
        pairs = list(zip(tried, tried[1:], strict=False)) or [(tried[0], tried[0])]
        best, other = min(
            pairs, key=lambda p: abs(p[0].numerical - p[1].numerical) + p[0].round_off
        )
        kink, doubt = self._kink_at(v, best), ""
        smaller, larger = sorted((best, other), key=lambda result: result.h)
        lasting = smaller.bend > 0.6 * larger.bend  # as at a kink; elsewhere it shrinks with h
        if best.differs_from(other) > 0.3 * best.error:
            doubt = (
                f"the slope of f is {best.numerical:.4g} at h = {best.h:.0e} and "
                f"{other.numerical:.4g} at h = {other.h:.0e}"
            )
        elif self.coarse and best.bend > (0.1 if lasting or tried[-1].agrees else 1.5) * best.error:
            doubt = f"f bends within h = {best.h:.0e}, where the gradient is off"
        return replace(best, kink=kink, doubt=doubt)

    def _steps(self, v):
        """The step first taken along v, then smaller ones, down to those that suit a tiny x."""
        moved = np.abs(self.start[v != 0].astype(np.float64))
        reach = _length(moved) if self.coarse else float(moved.max())
        first = self.h * max(1.0, reach)
        shrink = float(SHRINK[self.precision])
        yield from (first * shrink**-k for k in range(10))
        if 0 < self.h * reach < first * shrink**-9:
            yield from (self.h * reach * shrink**-k for k in range(4))

    def _central(self, v, h):
        """Compare along v by central differences, with the step that was really made."""
        (above, up), (below, down) = self._at(h * v), self._at(-h * v)
        length = _length(up - down)
        if not (np.isfinite(above - below) and length):
            return None
        round_off = ROUND_OFF * self.epsilon * max(abs(above), abs(below)) / length
        bend = 2 * abs(above + below - 2 * self.f0) / length
        return self._compared((up - down) / length, (above - below) / length, round_off, h, v, bend)

    def _one_sided(self, v, h):
        """The same, by the parabola through f at x, x + h v and x + 2 h v, or on the other side."""
        for side in (h * v, -h * v):
            (near, point), (far, end) = self._at(side), self._at(2 * side)
            a, b = _length(point - self.start), _length(end - self.start)
            if not (np.isfinite(near + far) and 0 < a < b):
                continue
            slope = ((near - self.f0) / a * b - (far - self.f0) / b * a) / (b - a)
            largest = max(abs(near), abs(far), abs(self.f0))
            round_off = 4 * ROUND_OFF * self.epsilon * largest / a
            return self._compared((point - self.start) / a, slope, round_off, h, v)
        return None

    def _compared(self, direction, numerical, round_off, h, v, bend=0.0):
        analytic = float(np.sum(self.gradient * direction))
        scale = self._scale(v, analytic, numerical)
        allowed = self.tolerance * scale + self.floor + round_off
        return _Comparison(analytic, float(numerical), allowed, scale, round_off, h, bend)

    def _kink_at(self, v, result):
        """A sentence if f has a kink at x itself along v and the gradient is one of its slopes."""
        steps = (result.h, result.h / 10)
        left = [(self.f0 - self._at(-h * v)[0]) / h for h in steps]
        right = [(self._at(h * v)[0] - self.f0) / h for h in steps]
        jumps = [abs(r - a) for r, a in zip(right, left, strict=True)]
        # The slopes of a smooth function approach each other with h; at a kink they stay apart.
        noise = ROUND_OFF * self.epsilon * abs(self.f0) / steps[1]
        if not (jumps[1] >= 0.5 * jumps[0] and jumps[1] >= 1e-3 * result.scale + noise):
            return ""
        return f"f has a kink here: slope {left[1]:.6g} on one side, {right[1]:.6g} on the other."

    def _value(self, x, outside=()):
        """f at x, as a number of NumPy's; NaN where it raises an error of `outside`."""
        before = x.copy()
        try:
            result = self.f(x)
        except outside:
            result = np.nan
        if not np.array_equal(x, before):
            raise ValueError("f changes its argument: it has to work on a copy.")
        value = _number(result)
        self.all_single &= abs(value) < 1e38 and bool(np.float32(value) == value)
        return value

    def _at(self, step):
        """f at x + step, NaN outside its domain, and the point it was evaluated at."""
        try:
            with np.errstate(all="ignore"):
                self.x[...] = self.start + step
                point = self.x.astype(np.float64)
                # Outside its domain math.log raises a ValueError; others divide by zero.
                return float(self._value(self.x, (ArithmeticError, ValueError))), point
        finally:
            self.x[...] = self.start

    def _by_complex_step(self, v):
        analytic, numerical = float(np.sum(self.gradient * v)), self._complex_derivative(v)
        scale = self._scale(v, analytic, numerical)
        now = _Comparison(analytic, numerical, self.tolerance * scale + self.floor, scale)
        if now.agrees or now.error > self.epsilon * abs(self.f0):
            return now
        # No gradient knows what changes when x moves by no more than its own round-off.
        sway = self.epsilon * np.maximum(1.0, np.abs(self.start))
        nudges = [sway * self.rng.normal(size=self.x.shape) for _ in range(3)]
        spread = max(abs(self._complex_derivative(v, by) - numerical) for by in nudges)
        return replace(now, allowed=now.allowed + ROUND_OFF * spread)

    def _complex_derivative(self, v, nudge=0.0):
        smallest = np.abs(self.start[self.start != 0]).min(initial=1.0)
        h = COMPLEX_STEP * max(smallest, 1e-270)
        value = np.reshape(self.f(self.start + nudge + 1j * h * v), ())
        return float(value.imag) / h

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
        # A slope that drowns in round-off shows nothing; there, as at a minimum, look beside x.
        beside = 0.1 * np.maximum(1.0, np.abs(self.start)) * v
        here = self._slopes_agree(v, 0.0)
        return bool(self._slopes_agree(v, beside) if here is None else here)

    def _slopes_agree(self, v, offset):
        """Whether complex and real steps give one slope at x + offset; None if neither shows."""
        slope = self._complex_derivative(v, offset)
        for tried, h in enumerate(self._steps(v)):
            (above, up), (below, down) = self._at(offset + h * v), self._at(offset - h * v)
            length = _length(up - down)
            noise = ROUND_OFF * self.epsilon * abs(self.f0) / h
            if not length or noise > (1e-3 if tried < 3 else 1e-6) * abs(slope):
                return False if tried else None
            if abs(slope - (above - below) / length) <= 1e-7 * abs(slope) + noise:
                return True
        return False


def _length(v):
    """The Euclidean norm, without overflow or underflow of the squares."""
    with np.errstate(over="ignore", under="ignore"):
        length = float(np.linalg.norm(v))
    if 1e-150 < length < 1e150:
        return length
    largest = float(np.abs(v).max(initial=0.0))
    return largest * float(np.linalg.norm(v / largest)) if largest else 0.0


def _check_floats(x):
    """Raise ValueError unless x is an array whose entries can be moved, one at a time."""
    if not isinstance(x, np.ndarray) or isinstance(x, np.matrix) or is_masked(x):
        kind = type(x).__name__
        raise ValueError(f"x must be a NumPy array of floats, not {kind}: say np.array(x, float).")
    if x.dtype not in (np.float32, np.float64):
        cure = "" if x.dtype.kind == "c" else ": say x = x.astype(float) first"
        raise ValueError(f"x must hold float64 or float32, not {x.dtype}{cure}.")
    if not x.size:
        raise ValueError(f"x is empty, of shape {x.shape}: it has no entry to move.")
    if _overlaps_itself(x):
        raise ValueError("x overlaps itself in memory: say x = x.copy() first.")
    if not x.flags.writeable:
        raise ValueError("x is read-only, but has to be moved: say x = x.copy() first.")


def _overlaps_itself(x):
    """Whether two entries of x share bytes, as in a broadcast view or in sliding windows."""
    if x.flags.forc:
        return False
    places = np.zeros(1, dtype=np.int64)
    for size, stride in zip(x.shape, x.strides, strict=True):
        places = np.add.outer(places, stride * np.arange(size)).ravel()
    return bool((np.diff(np.sort(places)) < x.itemsize).any())


def _complaint(gradient, x):
    """What keeps the gradient from being compared with x, in a sentence, or ""."""
    if gradient is None:
        return "The gradient is None: is a return missing?"
    if is_masked(gradient):
        return "The gradient is masked: say gradient.filled(0), or what its hidden entries are."
    try:
        gradient = np.asarray(gradient)
    except ValueError:
        return f"The gradient must be one array, not a {type(gradient).__name__} of several."
    if gradient.dtype.kind not in "biuf" or gradient.dtype == np.float16:
        return f"The gradient must hold real numbers (float64 or float32), not {gradient.dtype}."
    if gradient.shape != x.shape:
        return f"The gradient has shape {gradient.shape}, but x has {x.shape}."
    if not np.isfinite(gradient).all():
        return f"The gradient has {(~np.isfinite(gradient)).sum()} NaN or inf."
    return ""


def _number(result):
    """What f returned as one real number of NumPy's, or ValueError."""
    if result is None:
        raise ValueError("f returned None, not a number: is a return missing?")
    try:
        value = np.asarray(result)
    except ValueError:  # such as a loss and a gradient
        raise ValueError("f must return one real number, such as the loss alone.") from None
    if value.size != 1 or value.dtype.kind not in "biuf" or value.dtype == np.float16:
        raise ValueError(
            "f must return one real number, such as the loss alone, but it returned "
            f"{value.dtype} of shape {value.shape}."
        )
    return value.reshape(())[()]


def _lifted(f, x):
    """x in float64, if f takes its argument and answers in float64; else x itself.

    f : function of an array -> number of NumPy's
    """
    lifted = x.astype(np.float64)
    first, second = f(lifted), f(lifted + 1e-3 * np.abs(lifted) + 1e-3)
    return lifted if first.dtype == np.float64 and first != second else x


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


def _directions(gradient, index, name, rng):
    """Unit vectors within a block: random ones, and the gradient's own."""
    inside = np.zeros(gradient.shape)
    try:
        inside[index] = 1
    except (IndexError, ValueError):
        raise ValueError(
            f"The block {name!r} is no index into x, of shape {inside.shape}."
        ) from None
    if not inside.any():
        raise ValueError(f"The block {name!r} holds no entry of x.")
    for _ in range(DIRECTIONS):
        v = rng.normal(size=gradient.shape) * inside
        yield v / np.linalg.norm(v)
    along = gradient * inside
    length = _length(along)
    yield along / length if length else inside / np.linalg.norm(inside)


def eval_numerical_gradient(f, x, verbose=True, h=0.00001):
    """The gradient of a scalar function f at x by central differences, one entry at a time.

    Parameters
    ----------
    f : function of x -> scalar; it may read x itself, which is changed in place and put back
    x : array of float64; float32 if f takes its argument, or with h = 1e-3 and above
    verbose : bool, print each entry
    h : float, the step

    Returns
    -------
    array of float64, shaped like x

    Raises
    ------
    ValueError : x is no such array, f returns no real number, or h is too small to move x
    """
    x = _movable(f, x, h)
    gradient = np.zeros(x.shape)
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
    x : array of floats, as above
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
    x : array of floats, as above
    analytic_grad : array shaped like x
    num_checks : int, how many entries
    h : float, the step

    Raises
    ------
    ValueError : as above, or analytic_grad is no such array
    """
    x = _movable(f, x, h)
    if wrong_kind := _complaint(analytic_grad, x):
        raise ValueError(wrong_kind)
    for _ in range(num_checks):
        index = tuple(np.random.randint(size) for size in x.shape)
        numerical = _central_difference(f, x, index, h)
        analytic = analytic_grad[index]
        error = abs(numerical - analytic) / max(abs(numerical) + abs(analytic), 1e-300)
        print(f"numerical: {numerical:f} analytic: {analytic:f}, relative error: {error:e}")


def _movable(f, x, h):
    """x, or a copy in float64 where f takes its argument; ValueError if h cannot move it."""
    _check_floats(x)
    if x.dtype == np.float32 and h < 1e-3:
        x = _lifted(lambda x: _number(f(x)), x)
    if x.dtype == np.float32 and h < 1e-3:
        raise ValueError(
            f"In float32 a step of h = {h:g} drowns in round-off: say x = x.astype(float) first, "
            "or give h = 5e-3."
        )
    return x


def _central_difference(f, x, index, h):
    """(f(x + h) - f(x - h)) / 2h at one entry of x, which is changed in place and put back."""
    before, values = x.copy(), []
    try:
        for step in (h, -h):
            x[...] = before  # f may have changed it
            x[index] += step
            values.append((float(x[index]), float(_number(f(x)))))
    finally:
        x[...] = before
    (up, above), (down, below) = values
    if not abs((up - down) - 2 * h) < 0.02 * h:
        where = ", ".join(map(str, index))
        raise ValueError(f"A step of h = {h:g} is lost in x[{where}] = {before[index]:g}.")
    return (above - below) / (up - down)

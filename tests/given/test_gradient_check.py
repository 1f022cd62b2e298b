"""The checker is checked: every wrong gradient fails, every time, and no right one ever does."""

import math
import re

import numpy as np
import pytest

from assignment.given import gradient_check
from assignment.given.gradient_check import (
    check_gradient,
    eval_numerical_gradient,
    eval_numerical_gradient_array,
    grad_check_sparse,
)
from assignment.solutions.k_nearest_neighbor import nca_loss
from assignment.solutions.linear_svm import svm_loss_vectorized
from assignment.solutions.neural_net import TwoLayerNet
from assignment.solutions.softmax import softmax_loss_vectorized

SMALL = (3, 2)  # compared entry by entry
LARGE = (3073, 10)  # compared along directions: the weights of a linear classifier on CIFAR-10
TALL = (3073, 2)  # as many pixels, but fewer classes, so that there is time for more seeds
METHODS = ["complex step", "central differences"]


# Right gradients, and five ways to be wrong.


def linear(seed, shape, loss=softmax_loss_vectorized, dtype=np.float64):
    """(f, W, gradient) of a linear classifier with a bias row: the last column of X is 1."""
    rng = np.random.default_rng(seed)
    D, C = shape
    W = rng.normal(scale=D**-0.5, size=shape).astype(dtype)
    X = np.hstack([rng.normal(size=(2, D - 1)), np.ones((2, 1))]).astype(dtype)
    y, reg = rng.integers(0, C, size=2), (0.0, 0.1)[seed // 2 % 2]
    return lambda W: loss(W, X, y, reg)[0], W, loss(W, X, y, reg)[1]


def single(seed, shape):
    """The same in float32, by a function that reads W itself: it cannot be asked in float64."""
    f, W, g = linear(seed, shape, dtype=np.float32)
    return lambda _: f(W), W, g


def svm(seed, shape):
    return linear(seed, shape, loss=svm_loss_vectorized)


def hidden_weights(seed, shape):
    """The same of the first layer of a network."""
    rng = np.random.default_rng(seed)
    net = TwoLayerNet(*shape, 3, std=0.5)
    X, y = rng.normal(size=(4, shape[0])), rng.integers(0, 3, size=4)

    def loss(W1):
        net.params["W1"] = W1
        return net.loss(X, y, reg=0.1)

    W1 = rng.normal(scale=0.5, size=shape)
    return lambda W1: loss(W1)[0], W1, loss(W1)[1]["W1"]


def nca(seed, shape):
    rng = np.random.default_rng(seed)
    A, X, y = rng.normal(size=shape), rng.normal(size=(6, shape[1])), np.array([0, 1, 0, 1, 2, 2])
    return lambda A: nca_loss(A, X, y)[0], A, nca_loss(A, X, y)[1]


def real_only(f):
    """The same function as one that knows no complex numbers: it returns a Python float."""
    return lambda x: float(np.real(f(x)))


def by(method, f):
    return f if method == "complex step" else real_only(f)


def zeroed(g, row):
    g = g.copy()
    g[row] = 0
    return g


MISTAKES = {
    "wrong by one part in a thousand": lambda g, seed: 1.001 * g,
    "bias row zeroed": lambda g, seed: zeroed(g, -1),
    "pixel row zeroed": lambda g, seed: zeroed(g, 37 * seed % (len(g) - 1)),
    "transposed": lambda g, seed: g.T.reshape(g.shape),
    "scaled by 2": lambda g, seed: 2 * g,
}


def passes(f, x, gradient):
    try:
        return check_gradient(f, x, gradient).passed
    except AssertionError:
        return False


def slipped_through(mistake, method, shape, seeds, problem=linear):
    """The seeds at which a wrong gradient was called right."""
    for seed in range(seeds):
        f, W, g = problem(seed, shape)
        if passes(by(method, f), W, MISTAKES[mistake](g, seed).astype(g.dtype)):
            yield seed


@pytest.fixture
def without_the_search(monkeypatch):
    """Leave out the search for the worst entry, which is most of the time and decides nothing."""
    monkeypatch.setattr(gradient_check._Probe, "descend", lambda self, entries: int(entries[0]))


@pytest.mark.parametrize("shape, seeds", [(SMALL, 40), (TALL, 8)])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_wrong_gradient_fails(mistake, method, shape, seeds, without_the_search):
    assert list(slipped_through(mistake, method, shape, seeds)) == []


# One part in a thousand is out of reach in float32: with round-off at 6e-8 the best step leaves an
# error of about (6e-8)^(2/3) = 1.5e-5 of the loss, which is many thousandths of a small derivative.
@pytest.mark.parametrize("shape, seeds", [(SMALL, 60), (TALL, 12)])
@pytest.mark.parametrize("mistake", ["bias row zeroed", "scaled by 2"])
def test_every_grossly_wrong_float32_gradient_fails(mistake, shape, seeds, without_the_search):
    assert list(slipped_through(mistake, "complex step", shape, seeds, single)) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "problem, shape, seeds",
    [
        *((p, SMALL, 80) for p in (linear, svm, hidden_weights, nca)),
        (linear, LARGE, 3),
        (svm, LARGE, 3),
    ],
)
def test_no_right_gradient_fails(problem, method, shape, seeds):
    for seed in range(seeds):
        f, x, gradient = problem(seed, shape)
        report = check_gradient(by(method, f), x, gradient)
        assert report.method.startswith(method), "the other method was used"


@pytest.mark.parametrize("shape, seeds", [(SMALL, 100), (LARGE, 8)])
def test_no_right_float32_gradient_fails(shape, seeds):
    for seed in range(seeds):
        check_gradient(*linear(seed, shape, dtype=np.float32))
        try:
            check_gradient(*single(seed, shape))
        except AssertionError as error:
            assert "Cannot tell" in str(error)


def test_a_square_gradient_that_is_transposed_fails():
    f, W, g = linear(0, (3, 3))
    assert not passes(f, W, g.T)


# What a report says.


def complaint(f, x, gradient, **options):
    with pytest.raises(AssertionError) as caught:
        check_gradient(f, x, gradient, **options)
    return str(caught.value)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape, index", [(SMALL, (1, 1)), (LARGE, (1234, 7)), (LARGE, (3072, 0))])
def test_a_single_wrong_entry_is_named_with_both_values(shape, index, method):
    f, W, right = linear(0, shape)
    wrong = right.copy()
    wrong[index] = 0
    first = complaint(by(method, f), W, wrong).splitlines()[2]
    named, yours, numerical = re.match(r" *\[(.*)\] +(\S+) +(\S+)", first).groups()
    assert named == f"{index[0]}, {index[1]}", f"another entry is named: {first}"
    assert float(yours) == 0
    assert float(numerical) == pytest.approx(right[index], rel=1e-4)


def test_a_factor_shows_as_the_ratio_of_the_two_values():
    f, W, g = linear(0, SMALL)
    ratios = [line.split()[-1] for line in complaint(f, W, 2 * g).splitlines()[2:]]
    assert ratios == ["2"] * 5


@pytest.mark.parametrize(
    "shape, blocks, said",
    [
        (SMALL, None, "^gradient right: all 6 entries, by complex step"),
        (LARGE, None, "the whole array, its last row, the rows above it"),
        (
            LARGE,
            {"one class": np.s_[:, 3], "its bias": np.s_[-1:, 3]},
            "the whole array, one class, its bias",
        ),
    ],
)
def test_a_right_gradient_says_so_and_what_was_compared(shape, blocks, said):
    assert re.search(said, str(check_gradient(*linear(1, shape), blocks=blocks)))


# Kinks.


def hinge(x):
    return np.sum(np.maximum(x, 0))


@pytest.mark.parametrize("f", [hinge, real_only(hinge)], ids=["complex", "real"])
def test_a_kink_at_x_is_reported_with_both_slopes(f):
    message = complaint(f, np.array([1.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0]))
    assert re.search(r"kink here: slope -?0 on one side, 1 on the other", message), message


def test_a_kink_at_x_is_reported_in_a_large_array_and_where_an_svm_has_it():
    x = np.linspace(-1, 1, 501)
    assert x[250] == 0
    assert "kink here" in complaint(real_only(hinge), x, (x > 0).astype(float))
    W, X, y = np.array([[1.0, 0.0]]), np.array([[1.0]]), np.array([0])  # a margin of exactly 0
    gradient = svm_loss_vectorized(W, X, y, 0.0)[1]
    assert "kink here" in complaint(lambda W: svm_loss_vectorized(W, X, y, 0.0)[0], W, gradient)


@pytest.mark.parametrize("f", [hinge, real_only(hinge)], ids=["complex", "real"])
def test_a_kink_beside_x_does_not_make_a_right_gradient_wrong(f):
    report = check_gradient(f, np.array([1.0, 1e-6, -1.0]), np.array([1.0, 1.0, 0.0]))
    assert report.passed and (f is hinge or "[1]: a kink or a sharp bend within h" in str(report))


@pytest.mark.parametrize("shape, seeds", [(SMALL, 20), (TALL, 4)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_smooth_function_is_never_said_to_have_a_kink(dtype, shape, seeds):
    # Round-off makes the slopes on both sides differ too, most of all in float32.
    said = []
    for seed in range(seeds):
        f, W, g = linear(seed, shape, dtype=dtype)
        message = complaint(real_only(f), W, zeroed(g, -1))
        if "kink" in message:
            said.append((seed, message.splitlines()[-1]))
    assert not said, f"softmax is smooth everywhere, but the report says {said[0]}"


# What the function under test may do.


@pytest.mark.parametrize("shape", [SMALL, LARGE])
def test_a_function_that_ignores_its_argument_and_reads_x_will_do(shape):
    f, W, g = linear(0, shape)
    assert passes(lambda _: f(W), W, g)
    assert not passes(lambda _: f(W), W, 1.001 * g)


def test_a_function_that_drops_the_imaginary_part_is_measured_by_differences(rng):
    x = rng.normal(size=4)
    report = check_gradient(lambda x: np.vdot(x, x), x, 2 * x)  # conjugates: it is not analytic
    assert report.method.startswith("central")


def test_the_complex_step_has_no_round_off():
    f, W, g = linear(0, LARGE)
    assert check_gradient(f, W, g).error < 1e-12


@pytest.mark.parametrize("outcome", ["right", "wrong", "raises"])
@pytest.mark.parametrize("shape", [SMALL, LARGE])
def test_x_is_put_back_bit_for_bit(shape, outcome):
    f, W, g = linear(0, shape)
    W[0, 0], W[1, 1] = -0.0, 5e-324
    before = W.tobytes()
    calls = []

    def counted(W):
        calls.append(W)
        if outcome == "raises" and len(calls) == 7:
            raise ZeroDivisionError
        return float(f(W).real)

    try:
        check_gradient(counted, W, 2 * g if outcome == "wrong" else g)
    except (AssertionError, ZeroDivisionError):
        pass
    assert len(calls) >= 7
    assert W.tobytes() == before


@pytest.mark.parametrize("error", [NotImplementedError("to do: f"), ValueError("y holds labels")])
def test_what_the_function_raises_comes_through(error):
    def stub(W):
        raise error

    with pytest.raises(type(error), match=str(error)):
        check_gradient(stub, np.zeros(3), np.zeros(3))


@pytest.mark.parametrize(
    "f, x, told",
    [
        (lambda x: x**2, np.ones(3), r"f must return one real number.*\(3,\)"),
        (lambda x: (1.0, x), np.ones(3), "f must return one real number, such as the loss alone"),
    ],
)
def test_what_is_no_loss_is_refused(f, x, told):
    with pytest.raises(ValueError, match=told):
        check_gradient(f, x, np.ones(np.shape(x)))


def test_a_loss_of_shape_1_is_one_number(rng):
    x = rng.normal(size=3)
    assert check_gradient(lambda x: np.sum(x**2, keepdims=True), x, 2 * x).passed


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_has_no_right_gradient(loss):
    assert not passes(lambda x: loss, np.ones(3), np.zeros(3))


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_fails(number, rng):
    x = rng.normal(size=3)
    assert "1 NaN or inf" in complaint(lambda x: np.sum(x**2), x, np.array([*(2 * x[:2]), number]))


@pytest.mark.parametrize("shape", [(3, 1), (1, 3), (2,), ()])
def test_a_gradient_of_the_wrong_shape_fails(shape, rng):
    message = complaint(lambda x: np.sum(x**2), rng.normal(size=3), np.ones(shape))
    assert f"shape {shape}, but x has (3,)" in message


def test_a_constant_has_gradient_0():
    assert passes(lambda x: 7.0, np.ones((2, 3)), np.zeros((2, 3)))
    assert not passes(lambda x: 7.0, np.ones((2, 3)), np.full((2, 3), 1e-3))


# Where the first step does not do: right and doubled gradients are told apart all the same.

LOG = (lambda x: np.sum(np.log(x)), lambda x: 1 / x)
SQUARES = (lambda x: np.sum(x**2), lambda x: 2 * x)
HARD = {
    "a step leaves the domain": (*LOG, [1e-6, 1.0]),
    "entries of all sizes": (*LOG, [1e-12, 1.0, 1e3]),
    "close to a border": (lambda x: np.sum(np.log(1 - x)), lambda x: -1 / (1 - x), [1 - 1e-9, 0.5]),
    "a root near 0": (lambda x: np.sum(np.sqrt(x)), lambda x: 0.5 / np.sqrt(x), [1e-7, 2.0]),
    "a root of another power": (lambda x: np.sum(x**1.5), lambda x: 1.5 * np.sqrt(x), [0.0, 2.0]),
    "huge x": (np.sum, np.ones_like, [1e200, 2e200]),
    "tiny x": (lambda x: np.sum((1e200 * x) ** 2), lambda x: 2e200 * (1e200 * x), [1e-200, 2e-200]),
    "small x": (
        lambda x: np.sum((1e20 * x) ** 3),
        lambda x: 3e20 * (1e20 * x) ** 2,
        [1e-20, 2e-20],
    ),
    "huge f": (lambda x: 1e30 * np.sum(x**2), lambda x: 2e30 * x, [0.5, -2.0]),
    "tiny f": (lambda x: 1e-30 * np.sum(x**2), lambda x: 2e-30 * x, [0.5, -2.0]),
    "waves in a step": (lambda x: np.sum(np.sin(x)), np.cos, [1e8, 1.0]),
    "a steep f": (lambda x: np.sum(np.exp(1e5 * x)), lambda x: 1e5 * np.exp(1e5 * x), [1e-5, 2e-5]),
    "a kink very near": (
        lambda x: np.sum(np.maximum(x, 0)),
        lambda x: 1.0 * (x > 0),
        [1e-9, 1, -1],
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", HARD)
def test_right_and_doubled_are_told_apart_where_the_first_step_does_not_do(name, method):
    f, slope, x = HARD[name]
    x = np.array(x, dtype=float)
    assert check_gradient(by(method, f), x, slope(x)).passed
    assert complaint(by(method, f), x, 2 * slope(x)).startswith("gradient wrong")


def test_a_function_that_raises_outside_its_domain_is_checked_within():
    f, x = lambda x: math.log(x[0]), np.array([1e-6])
    report = check_gradient(f, x, 1 / x)
    assert "f is not finite within h = 6e-06; at h = 6e-10 the slope agrees" in str(report)
    assert complaint(f, x, 2 / x).startswith("gradient wrong")


def test_on_a_border_the_slope_of_the_one_side_counts():
    x = np.array([0.0, 1.0])
    f = lambda x: float(np.sum(np.exp(x))) if (x >= 0).all() else np.nan  # noqa: E731
    assert "[0]: f is finite on one side only" in str(check_gradient(f, x, np.exp(x)))
    assert complaint(f, x, np.array([1.001, np.e])).startswith("gradient wrong")


def test_where_f_is_finite_at_x_alone_nothing_is_said():
    f = lambda x: 0.0 if x[0] == 1 else np.inf  # noqa: E731
    assert "Cannot tell: along [0] f is finite at x alone" in complaint(f, np.ones(1), np.ones(1))


@pytest.mark.parametrize("factor", [1, 2])
@pytest.mark.parametrize(
    "f, x, slope",
    [
        (lambda x: 1e30 + np.sum(x**2), [0.5, -2.0], SQUARES[1]),
        (lambda x: 1e30 + np.sum(x**2).real, [0.5, -2.0], SQUARES[1]),
        (lambda x: float(np.sum(x.real)), [1e200, 1.0], np.ones_like),
    ],
)
def test_what_round_off_hides_is_not_called_right(f, x, slope, factor):
    x = np.array(x)
    gradient = slope(x)
    gradient[1] *= factor
    assert "its round-off hides derivatives this small" in complaint(f, x, gradient)


def test_at_a_minimum_the_gradient_is_0_up_to_round_off():
    x, f = np.array([1.0, 1.0]), lambda x: 0.7 + np.sum(np.log(x) ** 2)
    assert passes(f, x, np.array([0.0, 1e-17]))
    assert "Cannot tell" in complaint(real_only(f), x, np.zeros(2))
    for method in METHODS:
        assert complaint(by(method, f), x, np.array([0.0, 1e-3])).startswith("gradient wrong")


def test_a_kink_at_x_is_told_of_a_gradient_that_agrees():
    x = np.array([1.0, 0.0, -1.0])
    report = check_gradient(lambda x: float(np.sum(np.abs(x))), x, np.sign(x))
    assert report.kinks == ("[1]: f has a kink here: slope -1 on one side, 1 on the other.",)


# What is not the gradient's fault.


def not_always_the_same(kind):
    rng = np.random.default_rng(0)
    return {
        "dropout": lambda x: float(np.sum((rng.random(x.shape) < 0.5) * x**2)),
        "a random batch": lambda x: float(np.sum((rng.normal(size=x.shape) * x) ** 2)),
        "noise": lambda x: float(np.sum(x**2)) + 1e-9 * rng.normal(),
        "now and then": lambda x: float(np.sum(x**2)) + (rng.random() < 0.2),
    }[kind]


@pytest.mark.parametrize("kind", ["dropout", "a random batch", "noise", "now and then"])
def test_two_values_at_one_x_are_told(kind):
    x = np.array([0.5, 1.0, -2.0])
    said = complaint(not_always_the_same(kind), x, 2 * x)
    assert said.startswith("Cannot tell: ") and "is random in it has to be drawn beforehand" in said
    assert "called again at the same x" in said or "measured again along" in said


def test_a_value_that_is_not_finite_is_told():
    assert complaint(lambda x: np.nan, np.ones(3), np.zeros(3)) == (
        "f is nan at x: it has no slope there."
    )


def windows(array, shape, strides):
    return np.lib.stride_tricks.as_strided(array, shape, strides)


@pytest.mark.parametrize(
    "x, told",
    [
        *((x, "x must be a NumPy array of floats, not ") for x in ([1.0, 2.0], 1.0, None)),
        (np.ones(1).view(np.matrix), "x must be a NumPy array of floats, not matrix: say np.array"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), "not MaskedArray: say np.array"),
        *(
            (np.ones(3, dtype), f"x must hold float64 or float32, not {dtype}: say x = x.astype")
            for dtype in ("int64", "uint8", "bool", "float16", "object")
        ),
        *(
            (np.ones(3, dtype), "x must hold float64 or float32, not ")
            for dtype in {np.dtype(np.longdouble)} - {np.dtype(float)}  # the same on some systems
        ),
        (np.ones(3, complex), r"x must hold float64 or float32, not complex128\.$"),
        (np.zeros((0, 3)), r"x is empty, of shape \(0, 3\)"),
        (windows(np.arange(3.0), (2, 3), (0, 8)), "x overlaps itself in memory"),
        (windows(np.arange(5.0), (3, 3), (8, 8)), "x overlaps itself in memory"),
        (windows(np.arange(5.0), (2, 2), (8, 4)), "x overlaps itself in memory"),
        (np.broadcast_to(np.arange(3.0), (2, 3)), "x overlaps itself in memory"),
        (np.frombuffer(bytes(24)), "x is read-only"),
    ],
)
def test_an_x_that_cannot_be_moved_is_refused_by_all(x, told):
    gradient = np.ones(np.shape(x))
    with pytest.raises(ValueError, match=told):
        check_gradient(lambda x: float(np.sum(x)), x, gradient)
    with pytest.raises(ValueError, match=told):
        eval_numerical_gradient(lambda x: float(np.sum(x)), x, verbose=False)
    with pytest.raises(ValueError, match=told):
        grad_check_sparse(lambda x: float(np.sum(x)), x, gradient)


def test_a_view_that_does_not_overlap_itself_is_checked():
    x = np.arange(24.0).reshape(4, 6)[::2, ::-2].T
    assert check_gradient(*(SQUARES[0], x, 2 * x)).passed


@pytest.mark.parametrize(
    "f, told",
    [
        (lambda x: None, "f returned None, not a number: is a return missing"),
        (lambda x: x[:2], r"one real number.*float64 of shape \(2,\)"),
        (lambda x: 1j, r"one real number.*complex128 of shape \(\)"),
        (lambda x: (1.0, x), "one real number, such as the loss alone"),
        (lambda x: np.float16(1), "one real number.*float16"),
        (lambda x: "1", "one real number.*<U1"),
    ],
)
def test_what_f_returns_is_told_by_all_three(f, told):
    x = np.ones(3)
    for call in (
        lambda: check_gradient(f, x, x),
        lambda: eval_numerical_gradient(f, x, verbose=False),
        lambda: grad_check_sparse(f, x, x),
    ):
        with pytest.raises(ValueError, match=told):
            call()


def test_an_x_that_f_changes_is_told_and_put_back(rng):
    def f(x):
        x -= x.max()
        return float(np.sum(x**2))

    x = rng.normal(size=3)
    before = x.copy()
    with pytest.raises(ValueError, match="f changes its argument: it has to work on a copy"):
        check_gradient(f, x, 2 * x)
    np.testing.assert_array_equal(x, before)
    shifted = x - x.max()
    right = 2 * shifted - 2 * shifted.sum() * (x == x.max())
    np.testing.assert_allclose(eval_numerical_gradient(f, x, verbose=False), right, atol=1e-8)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    "gradient, told",
    [
        (None, "The gradient is None: is a return missing"),
        ((1.0, np.ones(3)), "The gradient must be one array, not a tuple of several"),
        (np.ones(3, np.float16), "real numbers .float64 or float32., not float16"),
        (np.ma.array(np.ones(3), mask=[0, 1, 0]), "The gradient is masked"),
        (np.ones((3, 1)), r"The gradient has shape \(3, 1\), but x has \(3,\)"),
    ],
)
def test_a_gradient_of_another_kind_is_told(gradient, told):
    x = np.ones(3)
    assert re.search(told, complaint(lambda x: np.sum(x), x, gradient))
    with pytest.raises(ValueError, match=told):
        grad_check_sparse(lambda x: np.sum(x), x, gradient)


@pytest.mark.parametrize(
    "f, x, blocks, told",
    [
        (3.0, np.ones(3), None, r"f must be a function.*not 3\.0"),
        (np.sum, np.array([1.0, np.nan]), None, "x has 1 NaN or inf"),
        (np.sum, np.ones(401), {"none": np.s_[:0]}, "block 'none' holds no entry"),
        (np.sum, np.ones(401), {"one": 500}, r"block 'one' is no index into x, of shape \(401,\)"),
        (np.sum, np.ones(401), [np.s_[:3]], "blocks must be a dict"),
    ],
)
def test_what_cannot_be_checked_is_refused(f, x, blocks, told):
    with pytest.raises(ValueError, match=told):
        check_gradient(f, x, np.ones_like(x), blocks=blocks)


# float32, read in place.


def single_net(seed, std=0.3, sizes=(4, 10, 3), N=5):
    """(f, parameters, gradients) of a net whose loss reads its own parameters, all in float32."""
    np.random.seed(seed)
    net = TwoLayerNet(*sizes, std=std)
    for name, value in net.params.items():
        net.params[name] = value.astype(np.float32)
    X, y = np.random.randn(N, sizes[0]).astype(np.float32), np.random.randint(0, sizes[2], N)
    return lambda _: net.loss(X, y, reg=0.1)[0], net.params, net.loss(X, y, reg=0.1)[1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("options", [{}, {"N": 20}, {"sizes": (100, 5, 3), "std": 0.1}])
def test_a_net_in_float32_passes_and_fails_where_it_is_a_factor_off(options, seed):
    f, params, grads = single_net(seed, **options)
    for name, x in params.items():
        before = x.copy()
        assert check_gradient(f, x, grads[name]).passed
        for factor in (0.5, 2):
            assert complaint(f, x, factor * grads[name]).startswith("gradient wrong")
        np.testing.assert_array_equal(x, before)


def test_single_precision_says_which_errors_do_not_show():
    f, params, grads = single_net(0)
    blind = r"central differences, h = 5e-03, blind to errors below (\S+);"
    least = float(re.search(blind, str(check_gradient(f, params["W2"], grads["W2"])))[1])
    assert 1e-4 < least < 0.1 * np.abs(grads["W2"]).max()
    off = grads["W2"].copy()
    off[0, 0] += 5 * least
    assert "[0, 0]" in complaint(f, params["W2"], off)


@pytest.mark.parametrize("factor", [1, 2])
def test_where_float32_cannot_tell_the_cure_is_named(factor):
    f, params, grads = single_net(3, std=1e-4)
    said = complaint(f, params["W1"], factor * grads["W1"])
    assert said.startswith("Cannot tell: ") and "float64 may show more: x = x.astype(float)" in said


def test_a_function_that_hides_its_float32_is_found_out(rng):
    x = rng.normal(size=3)
    f = lambda x: float(np.sum(np.tanh(x.astype(np.float32)) ** 2))  # noqa: E731
    right = 2 * np.tanh(x) / np.cosh(x) ** 2
    assert "h = 5e-03" in check_gradient(f, x, right).method
    assert complaint(f, x, 2 * right).startswith("gradient wrong")


def test_a_logarithm_in_float32_stays_in_its_domain():
    x = np.float32([1e-3, 1.0])
    assert check_gradient(lambda _: np.sum(np.log(x)), x, 1 / x).passed
    assert complaint(lambda _: np.sum(np.log(x)), x, 2 / x).startswith("gradient wrong")


# CS231n's own three.


def test_float32_is_lifted_where_f_takes_its_argument_and_refused_where_it_reads_x(capsys):
    x = np.float32([500, 7])
    got = eval_numerical_gradient(lambda x: np.sum(x**2), x, verbose=False)
    np.testing.assert_allclose(got, [1000, 14], rtol=1e-6)
    grad_check_sparse(lambda x: np.sum(x**2), x, 2 * x, num_checks=3)
    errors = re.findall(r"relative error: (\S+)", capsys.readouterr().out)
    assert len(errors) == 3 and max(map(float, errors)) < 1e-6
    with pytest.raises(ValueError, match=r"a step of h = 1e-05 drowns .* x = x.astype\(float\)"):
        eval_numerical_gradient(lambda _: np.sum(x**2), x, verbose=False)
    got = eval_numerical_gradient(lambda _: np.sum(x**2), x, verbose=False, h=0.1)
    np.testing.assert_allclose(got, [1000, 14], rtol=0.1)


def test_a_step_that_is_lost_in_a_large_entry_is_told():
    x = np.array([1.0, 1e12])
    with pytest.raises(ValueError, match=r"h = 1e-05 is lost in x\[1\] = 1e\+12"):
        eval_numerical_gradient(SQUARES[0], x, verbose=False)


@pytest.mark.parametrize("calls_before", [0, 1, 4])
@pytest.mark.parametrize(
    "check",
    [
        lambda f, x: check_gradient(f, x, 2 * x),
        lambda f, x: eval_numerical_gradient(f, x, verbose=False),
        lambda f, x: eval_numerical_gradient_array(f, x, np.ones(())),
        lambda f, x: grad_check_sparse(f, x, 2 * x),
    ],
)
def test_an_interruption_leaves_x_as_it_was(check, calls_before, rng):
    x = rng.normal(size=3)
    before, calls = x.tobytes(), []

    def f(x):
        calls.append(x)
        if len(calls) > calls_before:
            raise KeyboardInterrupt
        return float(np.sum(x**2))

    with pytest.raises(KeyboardInterrupt):
        check(f, x)
    assert len(calls) == calls_before + 1 and x.tobytes() == before


def test_eval_numerical_gradient_of_a_sum_of_squares_puts_x_back_and_prints_each_entry(rng, capsys):
    x = rng.normal(size=(2, 3))
    before = x.copy()
    got = eval_numerical_gradient(lambda _: np.sum(x**2), x)
    np.testing.assert_allclose(got, 2 * x, rtol=1e-8)
    np.testing.assert_array_equal(x, before)
    assert len(capsys.readouterr().out.splitlines()) == 6
    eval_numerical_gradient(lambda x: np.sum(x**2), x, verbose=False)
    assert not capsys.readouterr().out


def test_eval_numerical_gradient_array_of_a_product(rng):
    X, W, df = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    got = eval_numerical_gradient_array(lambda X: X @ W, X, df)
    np.testing.assert_allclose(got, df @ W.T, rtol=1e-7)


@pytest.mark.parametrize("factor, options, error", [(2, {"num_checks": 7}, 0), (4, {}, 1 / 3)])
def test_grad_check_sparse_prints_the_errors_of_a_gradient(factor, options, error, rng, capsys):
    x = rng.normal(size=(4, 3))
    grad_check_sparse(lambda x: np.sum(x**2), x, factor * x, **options)
    errors = re.findall(r"relative error: (\S+)", capsys.readouterr().out)
    expected = np.full(options.get("num_checks", 10), error)
    np.testing.assert_allclose(np.array(errors, dtype=float), expected, rtol=1e-6, atol=1e-7)


# Where round-off is as large as the derivatives.


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("std", [1e-4, 1e-3, 1e-2])
def test_tiny_weights_hide_no_mistake_of_one_in_a_thousand(seed, std):
    """Kinks lie everywhere here, and gradients are as small as 1e-5: neither is an excuse."""
    np.random.seed(seed)
    net = TwoLayerNet(12, 7, 6, std=std)
    X, y = np.random.randn(20, 12), np.random.randint(0, 6, size=20)
    _, grads = net.loss(X, y, reg=0.0)

    def f(_):
        return net.loss(X, y, reg=0.0)[0]

    for name, value in net.params.items():
        assert check_gradient(f, value, grads[name]).passed
        assert complaint(f, value, 1.001 * grads[name]).startswith("gradient wrong")


def test_a_huge_constant_hides_no_gradient_of_zeros():
    x = np.random.default_rng(0).normal(size=5)
    for wrong in (np.zeros(5), 2.01 * x):
        assert not passes(lambda x: 1e9 + float(np.sum(x**2)), x, wrong)


@pytest.mark.parametrize("reg", [5e-6, 1e-4, 1e-2])
def test_a_function_that_is_only_almost_analytic_is_checked_by_differences(rng, reg):
    """np.linalg.norm drops the imaginary part, so the complex step would miss the penalty."""
    X, y, W = rng.normal(size=(9, 6)), rng.integers(0, 4, size=9), rng.normal(size=(6, 4))
    _, data = softmax_loss_vectorized(W, X, y, 0.0)

    def f(W):
        return softmax_loss_vectorized(W, X, y, 0.0)[0] + reg * np.linalg.norm(W) ** 2

    assert "central" in check_gradient(f, W, data + 2 * reg * W).method
    wrong = data + 1.9 * reg * W if reg > 1e-3 else data
    assert complaint(f, W, wrong).startswith("gradient wrong")


def test_float32_is_checked_in_float64_where_f_takes_its_argument(rng):
    X, W = rng.normal(size=(9, 6)).astype(np.float32), rng.normal(size=(6, 4)).astype(np.float32)
    y = rng.integers(0, 4, size=9)
    _, dW = softmax_loss_vectorized(W, X, y, 0.3)
    assert dW.dtype == np.float32

    def f(W):
        return softmax_loss_vectorized(W, X, y, 0.3)[0]

    assert check_gradient(f, W, dW).passed
    assert complaint(f, W, np.float32(1.001) * dW).startswith("gradient wrong")


def test_a_complex_gradient_is_refused():
    x = np.ones(3)
    assert "real numbers" in complaint(lambda x: np.sum(x * x), x, 2 * x + 1j)

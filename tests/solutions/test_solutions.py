"""The reference is right: by properties and published figures that were not taken from it."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from assignment.further.exact_neighbors import ExactNeighbors
from assignment.given import blocks, distances
from assignment.given.gradient_check import check_gradient
from assignment.solutions.k_nearest_neighbor import KNearestNeighbor, cross_validate, nca_loss
from assignment.solutions.linear_classifier import LinearClassifier, LinearSVM, Softmax
from assignment.solutions.linear_svm import svm_loss_naive, svm_loss_vectorized
from assignment.solutions.neural_net import TwoLayerNet
from assignment.solutions.softmax import softmax_loss_naive, softmax_loss_vectorized
from conftest import ROOT

# Right input must not make NumPy warn either: no overflow, no log of 0, no NaN on the way.
pytestmark = pytest.mark.filterwarnings("error")


def named(*functions):
    """One test for each function, called by its name."""
    return pytest.mark.parametrize("function", functions, ids=lambda f: f.__name__)


SVM_LOSSES = svm_loss_naive, svm_loss_vectorized
SOFTMAX_LOSSES = softmax_loss_naive, softmax_loss_vectorized
LINEAR_LOSSES = *SVM_LOSSES, *SOFTMAX_LOSSES
SVM, SOFTMAX = named(*SVM_LOSSES), named(*SOFTMAX_LOSSES)
PAIRS = pytest.mark.parametrize(
    "naive, vectorized", [SVM_LOSSES, SOFTMAX_LOSSES], ids=["svm", "softmax"]
)
SHAPES = pytest.mark.parametrize(
    "shape",
    [(1, 3, 4), (6, 1, 4), (5, 4, 2), (1, 1, 2), (3, 2, 1), (30, 7, 10)],
    ids="N, D, C = {}".format,
)
DISTANCES = pytest.mark.parametrize("loops", ["two_loops", "one_loop", "no_loops"])
CLASSIFIERS = pytest.mark.parametrize("classifier", [LinearSVM, Softmax])
EACH_MODEL = pytest.mark.parametrize("kind", [LinearSVM, Softmax, TwoLayerNet])


def linear_problem(rng, N=6, D=4, C=3, dtype=np.float64):
    """Weights far from 0, where the penalty and its factor 2 are as large as the rest."""
    W = rng.normal(scale=0.5, size=(D, C)).astype(dtype)
    X = rng.normal(size=(N, D)).astype(dtype)
    return W, X, rng.integers(0, C, size=N)


def net_problem(rng, N=6, D=4, H=7, C=3, dtype=np.float64):
    """A network whose biases are not 0 and whose hidden layer is partly negative."""
    net = TwoLayerNet(D, H, C)
    for name, value in net.params.items():
        net.params[name] = rng.normal(scale=0.5, size=value.shape).astype(dtype)
    return net, rng.normal(size=(N, D)).astype(dtype), rng.integers(0, C, size=N)


def of_linear(function):
    def problem(rng, dtype=np.float64):
        W, X, y = linear_problem(rng, dtype=dtype)

        def loss(params, X, y, reg):
            value, dW = function(params["W"], X, y, reg)
            return value, {"W": dW}

        return {"W": W}, X, y, loss

    return problem


def of_net(rng, dtype=np.float64):
    net, X, y = net_problem(rng, dtype=dtype)

    def loss(params, X, y, reg):
        net.params = params
        return net.loss(X, y, reg)

    return net.params, X, y, loss


def of_nca(d):
    def problem(rng, dtype=np.float64):
        def loss(params, X, y, reg):
            value, dA = nca_loss(params["A"], X, y)
            return value, {"A": dA}

        A, X = rng.normal(size=(d, 4)).astype(dtype), rng.normal(size=(9, 4)).astype(dtype)
        return {"A": A}, X, np.array([0, 1, 2, 0, 1, 2, 0, 1, 0]), loss

    return problem


# Functions of rng -> parameters by name, X, y, loss(parameters, X, y, reg) -> (loss, gradients).
PENALISED = {**{f.__name__: of_linear(f) for f in LINEAR_LOSSES}, "TwoLayerNet.loss": of_net}
EACH_PENALISED = pytest.mark.parametrize("problem", PENALISED.values(), ids=PENALISED)
LOSSES = PENALISED | {f"nca_loss, d = {d}": of_nca(d) for d in (1, 2, 4, 6)}
EACH_LOSS = pytest.mark.parametrize("problem", LOSSES.values(), ids=LOSSES)


def blobs(rng, N=90, C=3):
    """Three heaps of points that a line can part, with a column of ones."""
    y = np.arange(N) % C
    centres = np.array([[5.0, 0.0], [-5.0, 5.0], [-5.0, -5.0]])
    return np.hstack([centres[y] + rng.normal(size=(N, 2)), np.ones((N, 1))]), y


def trained(kind, X, y, **options):
    """The parameters of a model after a training, by name, and the losses."""
    if kind is TwoLayerNet:
        net = TwoLayerNet(X.shape[1], 5, 3)
        return net.params, net.train(X, y, X, y, **options)["loss_history"]
    model = kind()
    history = model.train(X, y, **options)
    return {"W": model.W}, history


def toy():
    """The toy network and data of CS231n's two_layer_net notebook."""
    np.random.seed(0)
    net = TwoLayerNet(4, 10, 3, std=1e-1)
    np.random.seed(1)
    return net, 10 * np.random.randn(5, 4), np.array([0, 1, 2, 2, 1])


# Closed forms.


@pytest.mark.parametrize("C", [2, 10])
@pytest.mark.parametrize("name", PENALISED)
def test_without_weights_every_class_is_as_likely_and_violates_its_margin_by_1(name, C, rng):
    _, X, _, loss = PENALISED[name](rng)
    W = np.zeros((4, C))
    params = {"W": W, "W1": np.zeros((4, 4)), "b1": W[:, 0], "W2": W, "b2": W[0]}
    cost = C - 1 if name.startswith("svm") else np.log(C)
    assert loss(params, X, np.arange(6) % C, 3.0)[0] == pytest.approx(cost, rel=1e-14)


@SVM
def test_svm_agrees_with_a_case_done_by_hand(function):
    # Scores 1 4 1 and 3 -2 -4, so margins 4, 1 and 6, -1: loss (5 + 6) / 2 + 0.5 * 7.
    W = np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]])
    loss, dW = function(W, np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0, 1]), 0.5)
    assert loss == pytest.approx(9, rel=1e-14)
    np.testing.assert_allclose(dW, [[1.5, -1, -0.5], [-2.5, 3.5, 2]], rtol=1e-14)


@SVM
def test_a_margin_of_exactly_0_counts_as_not_violated(function):
    loss, dW = function(np.array([[1.0, 0.0]]), np.array([[1.0]]), np.array([0]), 0.0)
    assert loss == 0
    np.testing.assert_array_equal(dW, [[0, 0]], "score 1 against 0 is just far enough: no push")


@SOFTMAX
def test_softmax_agrees_with_a_case_done_by_hand(function):
    # Probabilities 1/4 1/2 1/4 and 3/8 1/8 1/2.
    W = np.log([[1.0, 2.0, 1.0], [3.0, 1.0, 4.0]])
    loss, dW = function(W, np.eye(2), np.array([1, 0]), 0.5)
    penalty = 0.5 * (np.log(2) ** 2 + np.log(3) ** 2 + np.log(4) ** 2)
    assert loss == pytest.approx((np.log(2) + np.log(8 / 3)) / 2 + penalty, rel=1e-14)
    data = [[1 / 8, -1 / 4, 1 / 8], [-5 / 16, 1 / 16, 1 / 4]]
    np.testing.assert_allclose(dW, np.array(data) + W, rtol=1e-14)


def test_the_network_agrees_with_a_case_done_by_hand():
    # Hidden 1 and relu(-1) = 0; scores 2 and 1.
    net = TwoLayerNet(2, 2, 2)
    net.params = {
        "W1": np.array([[1.0, -1.0], [0.0, 1.0]]),
        "b1": np.array([0.0, -2.0]),
        "W2": np.array([[2.0, 0.0], [5.0, 7.0]]),
        "b2": np.array([0.0, 1.0]),
    }
    X, q = np.array([[1.0, 2.0]]), 1 / (1 + np.e)
    np.testing.assert_allclose(net.loss(X), [[2, 1]])
    loss, grads = net.loss(X, np.array([0]))
    assert loss == pytest.approx(np.log(1 + np.exp(-1)), rel=1e-14)
    by_hand = {
        "W1": [[-2 * q, 0], [-4 * q, 0]],
        "b1": [-2 * q, 0],
        "W2": [[-q, q], [0, 0]],
        "b2": [-q, q],
    }
    for name, gradient in by_hand.items():
        np.testing.assert_allclose(grads[name], gradient, rtol=1e-14, err_msg=name)


@EACH_PENALISED
def test_the_penalty_is_reg_times_the_squares_of_weights_without_one_half(problem, rng):
    params, X, y, loss = problem(rng)
    without, with_penalty = loss(params, X, y, 0.0), loss(params, X, y, 0.7)
    weights = {name: value for name, value in params.items() if name.startswith("W")}
    squares = sum(np.sum(W**2) for W in weights.values())
    assert with_penalty[0] - without[0] == pytest.approx(0.7 * squares)
    for name, gradient in with_penalty[1].items():  # the biases are not regularised
        penalty = 1.4 * weights.get(name, 0)
        np.testing.assert_allclose(gradient, without[1][name] + penalty, err_msg=name)


@EACH_PENALISED
def test_the_data_loss_is_a_mean(problem, rng):
    params, X, y, loss = problem(rng)
    once, twice = loss(params, X, y, 0.3), loss(params, np.vstack([X, X]), np.tile(y, 2), 0.3)
    message = "the same examples twice must not change a mean"
    np.testing.assert_allclose(twice[0], once[0], err_msg=message)
    for name, gradient in once[1].items():
        np.testing.assert_allclose(twice[1][name], gradient, err_msg=message)


# Published figures.


def test_the_toy_network_has_the_published_scores():
    net, X, _ = toy()
    np.testing.assert_allclose(net.loss(X)[0], [-0.81233741, -1.27654624, -0.70335995], atol=5e-9)


def test_the_toy_network_has_the_published_loss():
    net, X, y = toy()
    assert net.loss(X, y, reg=0.05)[0] == pytest.approx(1.30378789133, abs=5e-12)


@pytest.fixture(scope="module")
def published_classifier(shipped):
    classifier = KNearestNeighbor()
    classifier.train(shipped.X_train, shipped.y_train)
    return classifier, classifier.compute_distances_no_loops(shipped.X_test)


@pytest.mark.parametrize("k, right", [(1, 137), (5, 139), (10, 141)])
def test_knn_gets_the_published_number_of_500_test_images(k, right, published_classifier, shipped):
    classifier, dists = published_classifier
    got = np.sum(classifier.predict_labels(dists, k=k) == shipped.y_test)
    assert got == right, f"k = {k}: {got} of 500; another number means other distances or ties"


def test_accuracies_on_two_folds_are_those_counted_by_hand():
    """Of five points on a line the first three are a fold, and the other two."""
    X, y = np.array([[0.0], [1.0], [2.0], [10.0], [11.0]]), np.array([0, 0, 1, 1, 1])
    assert cross_validate(X, y, [2, 1], 2) == {2: [1 / 3, 0.0], 1: [1 / 3, 1.0]}


# Gradients.


@EACH_LOSS
@pytest.mark.parametrize("reg", [0.0, 0.3])
def test_the_gradient_is_the_gradient_of_the_loss(problem, reg, rng):
    params, X, y, loss = problem(rng)
    for name, gradient in loss(params, X, y, reg)[1].items():
        check_gradient(lambda _: loss(params, X, y, reg)[0], params[name], gradient)


@EACH_LOSS
def test_a_loss_carries_a_complex_step_in_each_parameter(problem, rng):
    params, X, y, loss = problem(rng)
    for name, gradient in loss(params, X, y, 0.3)[1].items():
        V = rng.normal(size=gradient.shape)
        slope = loss({**params, name: params[name] + 1e-20j * V}, X, y, 0.3)[0].imag / 1e-20
        assert slope == pytest.approx(np.sum(gradient * V), rel=1e-13), name


# Loops and no loops.


@PAIRS
@SHAPES
def test_naive_equals_vectorized(naive, vectorized, shape, rng):
    N, D, C = shape
    W, X, y = linear_problem(rng, N, D, C)
    for slow, fast in zip(naive(W, X, y, 0.3), vectorized(W, X, y, 0.3), strict=True):
        np.testing.assert_allclose(fast, slow, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("numbers", [1, 50])
def test_a_gradient_whose_penalty_is_added_in_parts_is_the_gradient_at_once(
    numbers, rng, monkeypatch
):
    net, X, y = net_problem(rng, D=5)
    at_once = net.loss(X, y, reg=0.3)[1]["W1"]
    monkeypatch.setattr(blocks, "CACHE", numbers)
    assert len(blocks.chunks(5, 3 * 7)) == (5 if numbers == 1 else 3), "the last one shorter"
    np.testing.assert_array_equal(net.loss(X, y, reg=0.3)[1]["W1"], at_once)


@DISTANCES
@pytest.mark.parametrize("shape", [(4, 6, 5), (1, 1, 1), (3, 1, 2), (1, 8, 300)])
def test_distances_agree_with_scipy(loops, shape, rng):
    D, num_test, num_train = shape
    X, X_train = rng.normal(size=(num_test, D)), rng.normal(size=(num_train, D))
    classifier = KNearestNeighbor()
    classifier.train(X_train, np.zeros(num_train, dtype=int))
    dists = getattr(classifier, f"compute_distances_{loops}")(X)
    np.testing.assert_allclose(dists, cdist(X, X_train), rtol=1e-10, atol=1e-12)


@DISTANCES
def test_a_triangle_of_sides_3_and_4_has_a_side_of_5(loops):
    classifier = KNearestNeighbor()
    classifier.train(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([0, 1]))
    dists = getattr(classifier, f"compute_distances_{loops}")(np.array([[3.0, 0.0]]))
    np.testing.assert_allclose(dists, [[3, 4]], rtol=1e-14, err_msg="is the root missing?")
    dists = getattr(classifier, f"compute_distances_{loops}")(np.array([[0.0, 0.0]]))
    np.testing.assert_allclose(dists, [[0, 5]], rtol=1e-14, err_msg="is the root missing?")


@DISTANCES
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_points_far_away_are_at_a_finite_distance(loops, dtype, rng):
    X = (rng.normal(size=(40, 30)) + 1e6).astype(dtype)
    classifier = KNearestNeighbor()
    classifier.train(X, np.zeros(40, dtype=int))
    dists = getattr(classifier, f"compute_distances_{loops}")(X)
    assert np.isfinite(dists).all(), "round-off left a negative number under the root"
    assert (dists >= 0).all()


FAR = pytest.mark.parametrize(
    "dtype, offset",
    [(np.float32, 3e3), (np.float32, 1e4), (np.float32, 1e6), (float, 1e8), (float, 1e12)],
)


@FAR
@pytest.mark.parametrize("heaps", [1, 2])
def test_neighbours_far_from_the_origin_are_those_of_the_exact_search(dtype, offset, heaps, rng):
    X = rng.normal(size=(340, 10)) + offset * (-1.0) ** (np.arange(340) % heaps)[:, np.newaxis]
    X, X_train = np.split(X.astype(dtype), [40])
    classifier = KNearestNeighbor()
    classifier.train(X_train, np.arange(300))
    dists = classifier.compute_distances_no_loops(X)
    nearest = np.argsort(dists, axis=1, kind="stable")[:, :5]
    exact = ExactNeighbors(X_train, (3, 6)).nearest(X, 5)[1]
    np.testing.assert_array_equal(np.sort(nearest), np.sort(exact))
    itself = classifier.compute_distances_no_loops(X_train)
    np.testing.assert_array_equal(itself.diagonal(), 0)
    np.testing.assert_array_equal(classifier.predict(X_train), np.arange(300))


@FAR
def test_far_away_hardly_any_difference_is_taken_one_by_one(dtype, offset, rng, monkeypatch):
    X = (rng.normal(size=(300, 10)) + offset).astype(dtype)
    classifier, pairs = KNearestNeighbor(), []
    classifier.train(X[:200], np.arange(200))
    monkeypatch.setattr(distances, "by_differences", lambda *a: pairs.extend(a[-1][0]))
    classifier.compute_distances_no_loops(X[200:])
    assert len(pairs) < 200, "of 20,000 pairs: is nothing centred?"


@pytest.mark.parametrize("dtype", [np.float32, float])
@pytest.mark.parametrize("D", [1, 30, 3000])
def test_what_is_not_lost_is_right_to_the_promised_digits(D, dtype, rng):
    X, T = (s * rng.normal(size=(40, D)).astype(dtype) for s in (1, 3))
    T[:20] = X[:20] * (1 + rng.uniform(0, 0.5, size=(20, 1)))
    x, t = (np.sum(A * A, axis=1) for A in (X, T))
    squares = x[:, np.newaxis] + t - 2 * X @ T.T
    right = cdist(X.astype(float), T.astype(float)) ** 2
    lost = np.zeros(right.shape, bool)
    lost[distances.lost(squares, x, t)] = True
    assert 0 < lost.sum() < 100
    unit = np.finfo(dtype).eps / 2
    np.testing.assert_allclose(squares[~lost], right[~lost], rtol=128 * (D + 2) * unit)


@DISTANCES
@pytest.mark.parametrize("size", [1e-300, 1e-170, 1e-150, 1e150, 1e200, 1e300])
def test_distances_whose_squares_are_no_floats_are_right(loops, size, rng):
    X, X_train = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    classifier = KNearestNeighbor()
    classifier.train(size * X_train, np.zeros(5, dtype=int))
    with np.errstate(over="ignore", under="ignore"):
        dists = getattr(classifier, f"compute_distances_{loops}")(size * X)
    np.testing.assert_allclose(dists / size, cdist(X, X_train), rtol=1e-12)


@pytest.mark.parametrize("num_loops", [0, 1, 2])
def test_predict_is_distances_then_a_vote(num_loops, rng):
    X, y = blobs(rng, N=30)
    classifier = KNearestNeighbor()
    classifier.train(X, y)
    np.testing.assert_array_equal(classifier.predict(X, k=3, num_loops=num_loops), y)


@pytest.mark.parametrize("k", [1, 5, 1500])
def test_the_nearest_are_found_wherever_they_stand_among_the_training_examples(k, rng):
    dists = np.sort(rng.random((4, 2000)))[:, ::-1].copy()  # the last are the nearest
    dists[2] = 1.0  # all equally near
    labels = rng.integers(0, 4, size=2000)
    classifier = KNearestNeighbor()
    classifier.train(np.zeros((2000, 1)), labels)
    by_sorting = labels[np.argsort(dists, axis=1, kind="stable")[:, :k]]
    expected = [np.bincount(row).argmax() for row in by_sorting]
    np.testing.assert_array_equal(classifier.predict_labels(dists, k=k), expected)


@pytest.mark.parametrize("threads", [1, 2])
def test_predict_in_blocks_is_predict_at_once(threads, rng, monkeypatch):
    X, y = rng.normal(size=(60, 5)), rng.integers(0, 4, size=60)
    classifier = KNearestNeighbor()
    classifier.train(X[:40], y[:40])
    at_once = classifier.predict_labels(cdist(X, X[:40]), k=3)
    rows = []

    def distances(X_block):
        rows.append(len(X_block))
        return cdist(X_block, X[:40])

    monkeypatch.setattr(classifier, "compute_distances_no_loops", distances)
    monkeypatch.setattr(blocks, "BUDGET", 7 * threads * 40 * 8)
    with threadpool_limits(threads, "blas"):
        np.testing.assert_array_equal(classifier.predict(X, k=3), at_once)
    assert sorted(rows) == [4] + 8 * [7], "60 rows in blocks of 7, each within its share of memory"


def test_one_loop_needs_its_memory_once(rng, monkeypatch):
    monkeypatch.setattr(blocks, "BUDGET", 1)
    classifier = KNearestNeighbor()
    classifier.train(rng.normal(size=(6, 2)), np.arange(6))
    rows, one_loop = [], classifier.compute_distances_one_loop

    def distances(X):
        rows.append(len(X))
        return one_loop(X)

    monkeypatch.setattr(classifier, "compute_distances_one_loop", distances)
    classifier.predict(rng.normal(size=(5, 2)), num_loops=1)
    assert rows == [5]


def test_an_error_in_a_block_comes_through(rng, monkeypatch):
    monkeypatch.setattr(blocks, "BUDGET", 1)
    classifier = KNearestNeighbor()
    classifier.train(rng.normal(size=(4, 2)), np.arange(4))
    with pytest.raises(ValueError, match="X holds NaN"):
        classifier.predict(np.array([[0.0, 1.0], [2.0, np.nan]]))


@pytest.mark.parametrize(
    "N, bytes_per_row, sizes",
    [
        (100, 1e3, [100]),  # small: threads would start late
        (100, 1e6, [100]),  # few: two products take longer than one
        (300, 1e6, [150, 150]),
        (1200, 1e5, [512, 512, 176]),
        (300, 1e8, [2] * 150),  # as memory allows
    ],
)
def test_blocks_are_as_large_as_it_takes_no_longer(N, bytes_per_row, sizes):
    with threadpool_limits(2, "blas"):
        found = blocks.in_blocks(lambda X: np.full(len(X), len(X)), np.empty(N), bytes_per_row)
    np.testing.assert_array_equal(found, np.repeat(sizes, sizes))


@pytest.mark.filterwarnings("error")
def test_of_what_the_caller_ignores_no_block_warns():
    with threadpool_limits(2, "blas"), np.errstate(over="ignore"):
        squares = blocks.in_blocks(np.square, np.full(4, 1e200), bytes_per_row=1e7, rows=1)
    np.testing.assert_array_equal(squares, 4 * [np.inf])


def test_blas_has_its_threads_again_when_several_have_limited_them():
    entered, left = threading.Event(), threading.Event()

    def another():
        with blocks.blas_alone():
            entered.set()
            left.wait(10)

    before = threadpool_limits(2, "blas")
    try:
        with blocks.blas_alone():
            thread = threading.Thread(target=another)
            thread.start()
            assert entered.wait(10) and blocks._threads()[0] == 1
        left.set()
        thread.join()
        assert blocks._threads()[0] == 2
    finally:
        before.restore_original_limits()


@pytest.mark.parametrize(
    "rule, y_train, dists, k, label",
    [
        ("most votes win", [7, 2, 2, 7, 7], [1, 2, 3, 4, 9], 3, 2),
        ("of equally many votes the smallest label wins", [7, 2], [1, 2], 2, 2),
        ("in whichever order they stand", [2, 7], [1, 2], 2, 2),
        ("even when another is nearer", [9, 9, 3, 3, 5], [1, 2, 3, 4, 5], 4, 3),
        ("of equal distances the first is the nearer", [4, 1, 1], [2, 2, 2], 1, 4),
        ("and not the first of all", [0, 4, 1, 1], [9, 2, 2, 2], 1, 4),
        ("all of the training set may vote", [3, 3, 0], [9, 8, 1], 3, 3),
    ],
)
def test_a_vote(rule, y_train, dists, k, label):
    classifier = KNearestNeighbor()
    classifier.train(np.zeros((len(y_train), 1)), np.array(y_train))
    assert classifier.predict_labels(np.array([dists], dtype=float), k=k)[0] == label, rule


@pytest.mark.parametrize("k", [1, 2, 5, 1200])
def test_neighbours_rest_on_no_more_than_a_partition_promises(k, rng, monkeypatch):
    def partition(row, kth):
        """Smaller numbers before the kth and larger ones behind it, but in no order of theirs."""
        row = np.sort(row)
        return np.concatenate([row[:kth][::-1], row[kth : kth + 1], row[kth + 1 :][::-1]])

    classifier = KNearestNeighbor()
    classifier.train(rng.normal(size=(1500, 1)), rng.permutation(1500))
    dists = rng.permuted(np.tile(np.arange(1500.0), (5, 1)), axis=1)
    nearest = np.argsort(dists, axis=1)[:, :k]
    monkeypatch.setattr(np, "partition", partition)
    y_pred = classifier.predict_labels(dists, k=k)
    assert y_pred.tolist() == classifier.y_train[nearest].min(axis=1).tolist()


def test_labels_of_64_bits_may_vote_where_indices_have_32(indices_of_32_bits, rng):
    classifier = KNearestNeighbor()
    classifier.train(rng.normal(size=(6, 2)), np.array([3, 1, 4, 1, 5, 9], dtype=np.int64))
    with pytest.raises(TypeError):
        np.bincount(np.array([3], dtype=np.int64))
    assert classifier.predict_labels(np.arange(12.0).reshape(2, 6), k=4).tolist() == [1, 1]


# Neighbourhood components analysis.


def nca_by_definition(A, X, y):
    """-1/N sum_i log sum_{j != i, y_j = y_i} exp(-|A xi - A xj|^2) / sum_{j != i} of the same."""
    logs = []
    for i in range(len(X)):
        weights = [np.exp(-np.sum((A @ (X[i] - X[j])) ** 2)) * (j != i) for j in range(len(X))]
        same = sum(weight for j, weight in enumerate(weights) if y[j] == y[i])
        logs.append(np.log(same / sum(weights)))
    return -np.mean(logs)


def test_nca_agrees_with_its_definition(rng):
    A, X = rng.normal(scale=0.5, size=(2, 3)), rng.normal(size=(9, 3))
    y = np.array([0, 1, 2, 0, 1, 2, 0, 1, 0])
    assert nca_loss(A, X, y)[0] == pytest.approx(nca_by_definition(A, X, y), rel=1e-12)


@FAR
@pytest.mark.parametrize("heaps", [1, 2])
def test_nca_does_not_depend_on_the_origin(dtype, offset, heaps, rng):
    A, X = rng.integers(-8, 9, size=(2, 3)) / 16, rng.integers(-16, 17, size=(12, 3)) / 16
    y = np.arange(12) % 6 // 2
    side = (-1.0) ** (np.arange(12) % heaps)[:, np.newaxis]  # each label is twice on each
    near = nca_loss(A, X + 100 * side, y)
    far = nca_loss(A.astype(dtype), (X + offset * side).astype(dtype), y)
    digits = 1e-6 if dtype is np.float32 else 1e-9
    assert far[0] == pytest.approx(near[0], rel=digits)
    np.testing.assert_allclose(far[1], near[1], rtol=digits, atol=digits)


def test_nca_of_a_map_to_nothing_knows_only_how_many_there_are(rng):
    y = np.array([0, 0, 0, 1, 1])
    loss, dA = nca_loss(np.zeros((2, 3)), rng.normal(size=(5, 3)), y)
    assert loss == pytest.approx(-(3 * np.log(2 / 4) + 2 * np.log(1 / 4)) / 5, rel=1e-14)
    np.testing.assert_array_equal(dA, np.zeros((2, 3)))


def test_nca_is_finite_at_large_distances(rng):
    loss, dA = nca_loss(100 * np.eye(3), 10 * rng.normal(size=(6, 3)), np.array([0, 1, 0, 1, 0, 1]))
    assert np.isfinite(loss) and np.isfinite(dA).all()


# Large scores.


@SOFTMAX
@pytest.mark.parametrize("scale", [1e3, 1e4, 1e300])
def test_softmax_is_right_for_large_scores(function, scale):
    X = scale * np.array([[1.0, 0.0, -1.0], [-1.0, 1.0, 0.0], [1.0, 1.0, -1.0]])
    y = np.array([1, 1, 2])
    loss, dW = function(np.eye(3), X, y, 0.0)
    assert loss == pytest.approx(np.mean(logsumexp(X, axis=1) - X[np.arange(3), y]), rel=1e-14)
    P_minus_Y = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0], [0.5, 0.5, -1.0]])
    np.testing.assert_allclose(dW, (X / scale).T @ P_minus_Y / 3 * scale, rtol=1e-14)


@pytest.mark.parametrize("name", [name for name in PENALISED if not name.startswith("svm")])
def test_a_loss_is_exact_at_an_extreme_gap(name, rng):
    loss, last = PENALISED[name](rng)[-1], np.array([[0.0, -2000.0]])
    params = {"W": last, "W1": np.eye(1), "b1": np.zeros(1), "W2": 0 * last, "b2": last[0]}
    value, grads = loss(params, np.array([[1.0]]), np.array([1]), 0.0)
    assert value == 2000, "log(exp(-2000)) is -2000, but exp(-2000) is 0 in floating point"
    np.testing.assert_array_equal(grads.get("W", grads.get("b2")).ravel(), [1, -1])


@pytest.mark.parametrize("scale", [1e3, 1e4, 1e300])
def test_the_network_is_right_for_large_scores(scale):
    net = TwoLayerNet(1, 1, 3, std=0)
    net.params["b2"] = scale * np.array([1.0, 0.0, 1.0])
    loss, grads = net.loss(np.ones((2, 1)), np.array([1, 2]))
    assert loss == pytest.approx(scale / 2 + np.log(2), rel=1e-14)
    np.testing.assert_allclose(grads["b2"], [0.5, -0.5, 0], atol=1e-14)


# Types, memory, and arguments that are only borrowed.


@EACH_LOSS
@pytest.mark.parametrize("kind", [float, np.float64])
def test_float32_in_gives_float32_gradients_whatever_reg_is(problem, kind, rng):
    params, X, y, loss = problem(rng, dtype=np.float32)
    for name, gradient in loss(params, X, y, kind(0.3))[1].items():
        assert gradient.dtype == np.float32, f"{name}: twice the memory, half the speed"


def test_float32_in_gives_float32_scores(rng):
    net, X, _ = net_problem(rng, dtype=np.float32)
    assert net.loss(X).dtype == np.float32


@DISTANCES
def test_float32_in_gives_float32_distances(loops, rng):
    X = rng.normal(size=(4, 3)).astype(np.float32)
    classifier = KNearestNeighbor()
    classifier.train(X, np.zeros(4, dtype=int))
    assert getattr(classifier, f"compute_distances_{loops}")(X).dtype == np.float32


@EACH_MODEL
def test_training_on_float32_leaves_float32_parameters(kind, rng):
    X, y = blobs(rng)
    params, _ = trained(kind, X.astype(np.float32), y, num_iters=3)
    for name, value in params.items():
        assert value.dtype == np.float32, name


def test_settings_of_numpy_train_as_those_of_python(rng):
    X, y = blobs(rng)
    X = X.astype(np.float32)
    weights = []
    for kind in (float, np.float64):
        np.random.seed(0)
        classifier, net = Softmax(), TwoLayerNet(3, 5, 3, std=0.1)
        rates = {"learning_rate": kind(0.1), "reg": kind(0.01), "num_iters": 9}
        classifier.train(X, y, **rates)
        net.train(X, y, X, y, learning_rate_decay=kind(0.9), batch_size=30, **rates)
        weights.append([classifier.W, *net.params.values()])
    for python, numpy in zip(*weights, strict=True):
        np.testing.assert_array_equal(python, numpy, strict=True)


def every_call(rng):
    """Each function of the reference that takes arrays, with arrays for it."""
    W, X, y = linear_problem(rng)
    net, _, _ = net_problem(rng)
    A, X_val, y_val = rng.normal(size=(2, 4)), rng.normal(size=(5, 4)), rng.integers(0, 3, size=5)
    lonely_free = np.arange(len(X)) % 3
    knn, linear = KNearestNeighbor(), Softmax()
    knn.train(X_val, y_val)
    linear.W = W.copy()
    calls = {f.__name__: (f, [W, X, y, 0.3]) for f in LINEAR_LOSSES}
    calls |= {
        f"knn.{f.__name__}": (f, [X])
        for f in (
            knn.compute_distances_two_loops,
            knn.compute_distances_one_loop,
            knn.compute_distances_no_loops,
            knn.predict,
        )
    }
    return calls | {
        "knn.predict_labels": (knn.predict_labels, [rng.random((6, 5)), 3]),
        "cross_validate": (cross_validate, [X, y, (1, 2), 3]),
        "nca_loss": (nca_loss, [A, X, lonely_free]),
        "linear.train": (lambda X, y: linear.train(X, y, num_iters=3), [X, y]),
        "linear.predict": (linear.predict, [X]),
        "net.loss scores": (net.loss, [X]),
        "net.loss": (net.loss, [X, y, 0.3]),
        "net.train": (lambda *a: net.train(*a, num_iters=3), [X, y, X_val, y_val]),
        "net.predict": (net.predict, [X]),
    }


EVERY_CALL = pytest.mark.parametrize("name", every_call(np.random.default_rng(0)))


def flat(answer):
    """All numbers of an answer, one after the other."""
    if isinstance(answer, dict):
        answer = tuple(answer.values())
    if isinstance(answer, tuple | list):
        return np.concatenate([flat(part) for part in answer])
    return np.ravel(answer)


@EVERY_CALL
def test_a_call_writes_into_no_array_of_its_caller_however_that_lies_in_memory(name):
    function, arguments = every_call(np.random.default_rng(0))[name]
    again, _ = every_call(np.random.default_rng(0))[name]

    def with_gaps(argument):
        if not isinstance(argument, np.ndarray):
            return argument
        wide = np.zeros([2 * size for size in reversed(argument.shape)], argument.dtype).T
        view = wide[tuple(slice(None, None, 2) for _ in argument.shape)]
        view[...] = argument
        assert argument.ndim < 2 or not view.flags.c_contiguous
        argument.flags.writeable = view.flags.writeable = False
        return view

    gaps = [*map(with_gaps, arguments)]
    np.random.seed(0)
    right = flat(function(*arguments))
    np.random.seed(0)
    np.testing.assert_allclose(flat(again(*gaps)), right, rtol=1e-9, atol=1e-12)


# Training.


@CLASSIFIERS
def test_training_lowers_the_linear_loss(classifier, rng):
    X, y = blobs(rng)
    history = classifier().train(X, y, learning_rate=1e-2, num_iters=60)
    assert np.mean(history[-10:]) < 0.5 * np.mean(history[:10])


@CLASSIFIERS
def test_linear_classifiers_get_separable_data_all_right(classifier, rng):
    X, y = blobs(rng)
    model = classifier()
    model.train(X, y, learning_rate=1e-1, num_iters=200)
    np.testing.assert_array_equal(model.predict(X), y)


@EACH_MODEL
def test_the_same_seed_trains_the_same_model(kind, rng):
    X, y = blobs(rng)
    params = []
    for _ in range(2):
        np.random.seed(5)
        params.append(trained(kind, X, y, num_iters=5, batch_size=7)[0])
    np.testing.assert_equal(*params)


@EACH_MODEL
def test_a_batch_may_be_larger_than_the_training_set(kind, rng):
    assert len(trained(kind, *blobs(rng, N=6), num_iters=4, batch_size=50)[1]) == 4


@CLASSIFIERS
def test_a_second_call_goes_on_from_the_first(classifier, rng):
    X, y = blobs(rng)
    model = classifier()
    first = model.train(X, y, learning_rate=1e-2, num_iters=60)
    second = model.train(X, y, learning_rate=1e-2, num_iters=1)
    assert second[0] < 0.5 * first[0]


@CLASSIFIERS
def test_one_step_is_learning_rate_times_the_gradient(classifier, rng):
    X, y = blobs(rng, N=1)
    model = classifier()
    model.W = rng.normal(size=(3, 3))
    start = model.W.copy()
    loss, dW = model.loss(X, y, 0.3)
    history = model.train(X, y, learning_rate=0.5, reg=0.3, num_iters=1, batch_size=1)
    np.testing.assert_allclose(model.W, start - 0.5 * dW)
    assert history == [pytest.approx(loss)], "the loss is noted before the step"
    assert type(history[0]) is float


def test_one_step_of_the_network_is_learning_rate_times_the_gradients(rng):
    net, X, y = net_problem(rng, N=1)
    start = {name: value.copy() for name, value in net.params.items()}
    loss, grads = net.loss(X, y, 0.3)
    stats = net.train(X, y, X, y, learning_rate=0.5, reg=0.3, num_iters=1, batch_size=1)
    assert stats["loss_history"] == [pytest.approx(loss)], "the loss is noted before the step"
    assert type(stats["loss_history"][0]) is float
    for name, value in net.params.items():
        np.testing.assert_allclose(value, start[name] - 0.5 * grads[name], err_msg=name)


def batches_of(model, train, *arguments, **options):
    """The (X, y) that a training hands to its loss, one a step."""
    batches, loss = [], model.loss

    def note(X, y=None, reg=0.0):
        if y is not None:
            batches.append((X, y))
        return loss(X, y, reg)

    model.loss = note
    train(*arguments, **options)
    return batches


def trainings():
    softmax, net = Softmax(), TwoLayerNet(2, 4, 3)
    return {
        "linear": lambda X, y, **options: batches_of(softmax, softmax.train, X, y, **options),
        "network": lambda X, y, **options: batches_of(net, net.train, X, y, X, y, **options),
    }


@pytest.mark.parametrize("kind", ["linear", "network"])
@pytest.mark.parametrize("batch_size", [1, 8, 50])
def test_a_batch_is_batch_size_examples_with_their_own_labels(kind, batch_size):
    y = np.arange(30) % 3
    X = np.stack([np.arange(30.0), y], axis=1)
    for X_batch, y_batch in trainings()[kind](X, y, num_iters=5, batch_size=batch_size):
        assert X_batch.shape == (batch_size, 2)
        np.testing.assert_array_equal(X_batch[:, 1], y_batch, "the labels are of other examples")


@pytest.mark.parametrize("kind", ["linear", "network"])
def test_every_example_has_its_turn(kind):
    X = np.stack([np.arange(30.0), np.ones(30)], axis=1)
    batches = trainings()[kind](X, np.arange(30) % 3, num_iters=60, batch_size=8)
    drawn = {row for X_batch, _ in batches for row in X_batch[:, 0]}
    assert drawn == set(range(30))
    assert len({tuple(X_batch[:, 0]) for X_batch, _ in batches}) == 60, "a batch came twice"


def test_the_base_class_says_that_it_has_no_loss():
    with pytest.raises(TypeError, match="LinearSVM or Softmax"):
        LinearClassifier().loss(np.zeros((1, 1)), np.zeros(1, dtype=int), 0.0)


def test_verbose_prints_the_loss_every_100_steps(rng, capsys):
    X, y = blobs(rng)
    Softmax().train(X, y, num_iters=201, verbose=True)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_the_network_overfits_the_toy_set():
    net, X, y = toy()
    stats = net.train(X, y, X, y, learning_rate=1e-1, reg=5e-6, num_iters=100)
    assert stats["loss_history"][-1] < 0.02
    np.testing.assert_array_equal(net.predict(X), y)


@pytest.mark.parametrize(
    "num_iters, N, epochs", [(1, 30, 1), (3, 30, 1), (4, 30, 2), (10, 30, 4), (0, 30, 0), (4, 6, 4)]
)
def test_the_network_notes_a_loss_a_step_and_an_accuracy_an_epoch(num_iters, N, epochs, rng):
    X, y = blobs(rng, N)
    stats = TwoLayerNet(3, 5, 3).train(X, y, X, y, num_iters=num_iters, batch_size=10)
    lengths = {name: len(history) for name, history in stats.items()}
    assert lengths == {
        "loss_history": num_iters,
        "train_acc_history": epochs,
        "val_acc_history": epochs,
    }


def test_the_learning_rate_decays_after_the_first_step_of_each_epoch_as_in_cs231n(rng):
    X, y = blobs(rng, N=30)
    net = TwoLayerNet(3, 5, 3)
    before = []
    loss = net.loss

    def note(X, y=None, reg=0.0):
        if y is not None:
            before.append(net.params["b2"].copy())
        answer = loss(X, y, reg)
        if y is not None:
            answer[1]["b2"] = np.ones(3)
        return answer

    net.loss = note
    net.train(X, y, X, y, learning_rate=1.0, learning_rate_decay=0.5, num_iters=8, batch_size=10)
    steps = -np.diff(before, axis=0)[:, 0]
    np.testing.assert_allclose(steps, [1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25])


def test_the_network_starts_with_small_weights_and_no_biases():
    net = TwoLayerNet(300, 200, 10, std=1e-2)
    assert {name: value.shape for name, value in net.params.items()} == {
        "W1": (300, 200),
        "b1": (200,),
        "W2": (200, 10),
        "b2": (10,),
    }
    assert net.params["W1"].std() == pytest.approx(1e-2, rel=0.05)
    assert net.params["W2"].std() == pytest.approx(1e-2, rel=0.05)
    assert not net.params["b1"].any() and not net.params["b2"].any()


# Start-up.


def test_importing_the_exercises_costs_nothing_beyond_numpy():
    program = (
        "import sys, numpy; before = set(sys.modules)\n"
        "from assignment import k_nearest_neighbor, linear_classifier, neural_net\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*(new - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["assignment"], done.stderr

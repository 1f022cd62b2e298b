"""An argument that cannot be meant gets one sentence that begins with the name of the argument."""

import re
from itertools import product

import numpy as np
import pytest

from assignment.given.validation import as_floats, require_finite
from assignment.solutions.k_nearest_neighbor import KNearestNeighbor, cross_validate, nca_loss
from assignment.solutions.linear_classifier import LinearSVM, Softmax
from assignment.solutions.linear_svm import svm_loss_naive, svm_loss_vectorized
from assignment.solutions.neural_net import TwoLayerNet
from assignment.solutions.softmax import softmax_loss_naive, softmax_loss_vectorized
from calls import D, H, N, good

# NaN and infinity make NumPy warn on their way to the check: what counts here is the sentence.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def linear_loss(function):
    return lambda a: function(a["W"], a["X"], a["y"], a["reg"])


def knn(a):
    classifier = KNearestNeighbor()
    classifier.train(a["X_train"], a["y"])
    return classifier


def linear(kind, a):
    model = kind()
    model.W = a["W"].copy()
    return model


def net(a):
    model = TwoLayerNet(D, H, 3)
    model.params = {name: a[name].copy() for name in ("W1", "b1", "W2", "b2")}
    return model


LOSSES = {
    f.__name__: linear_loss(f)
    for f in (svm_loss_naive, svm_loss_vectorized, softmax_loss_naive, softmax_loss_vectorized)
}
DISTANCES = {
    "distances_two_loops": lambda a: knn(a).compute_distances_two_loops(a["X"]),
    "distances_one_loop": lambda a: knn(a).compute_distances_one_loop(a["X"]),
    "distances_no_loops": lambda a: knn(a).compute_distances_no_loops(a["X"]),
    "knn.predict": lambda a: knn(a).predict(a["X"], a["k"], a["num_loops"]),
}
VOTE = {"predict_labels": lambda a: knn(a).predict_labels(a["dists"], a["k"])}
KNN_TRAIN = {
    "knn.train": lambda a: KNearestNeighbor().train(a["X"], a["y"]),
    "cross_validate": lambda a: cross_validate(a["X"], a["y"], [1, 2], a["num_folds"]),
}
NCA = {"nca_loss": lambda a: nca_loss(a["A"], a["X"], a["y"])}
LINEAR_PREDICT = {
    f"{kind.__name__}.predict": lambda a, kind=kind: linear(kind, a).predict(a["X"])
    for kind in (LinearSVM, Softmax)
}
LINEAR_TRAIN = {
    f"{kind.__name__}.train": lambda a, kind=kind: linear(kind, a).train(
        a["X"], a["y"], reg=a["reg"], num_iters=2
    )
    for kind in (LinearSVM, Softmax)
}
NET_SCORES = {
    "net.loss scores": lambda a: net(a).loss(a["X"]),
    "net.predict": lambda a: net(a).predict(a["X"]),
}
NET_LOSS = {"net.loss": lambda a: net(a).loss(a["X"], a["y"], a["reg"])}
NET_TRAIN = {
    "net.train": lambda a: net(a).train(
        a["X"], a["y"], a["X_val"], a["y_val"], reg=a["reg"], num_iters=2
    )
}
CALLS = LOSSES | DISTANCES | VOTE | KNN_TRAIN | NCA | LINEAR_PREDICT | LINEAR_TRAIN
CALLS |= NET_SCORES | NET_LOSS | NET_TRAIN


def with_entry(number):
    """Change the last entry of an array, or a scalar, to NaN or infinity."""

    def change(value):
        value = np.array(value, dtype=float)
        value.flat[-1] = number
        return value if value.ndim else float(value)

    return change


NOT_FINITE = {"NaN": with_entry(np.nan), "inf": with_entry(np.inf), "-inf": with_entry(-np.inf)}
SHAPE = {
    "flat": np.ravel,
    "one dimension too many": lambda X: X[np.newaxis],
    "a column too many": lambda X: np.hstack([X, X[:, :1]]),
}
NO_ROWS = {"no rows": lambda X: X[:0]}
ROWS = {"a row too many": lambda W: np.vstack([W, W[:1]]), "flat": np.ravel}
LABELS = {
    "too short": lambda y: y[:-1],
    "a column": lambda y: y[:, np.newaxis],
    "negative": lambda y: y - 1,
    "floats": lambda y: y.astype(float),
    "NaN": with_entry(np.nan),
    "words": lambda y: y.astype(str),
}
TOO_LARGE = {"too large": lambda y: y + 1}


def each(calls, argument, changes):
    """A test case for each call and each way to spoil the argument."""
    for call in calls:
        for what, change in changes.items():
            yield pytest.param(call, argument, change, id=f"{call}: {argument} {what}")


CASES = [
    *each(LOSSES, "W", ROWS | NOT_FINITE),
    *each(LOSSES, "X", {"flat": np.ravel} | NO_ROWS | NOT_FINITE),
    *each(LOSSES, "y", LABELS | TOO_LARGE),
    *each(LOSSES, "reg", NOT_FINITE),
    *each(DISTANCES, "X", SHAPE | NO_ROWS | NOT_FINITE),
    *each(DISTANCES, "X_train", NOT_FINITE),
    *each(["knn.predict"], "num_loops", {"3": lambda _: 3}),
    *each(["knn.predict"], "k", {"0": lambda _: 0, "more than there are": lambda _: N + 1}),
    *each(VOTE, "dists", SHAPE | NO_ROWS | NOT_FINITE),
    *each(VOTE, "k", {"0": lambda _: 0, "more than there are": lambda _: N + 1}),
    *each(KNN_TRAIN, "X", {"flat": np.ravel} | NO_ROWS),
    *each(KNN_TRAIN, "y", LABELS),
    *each(["cross_validate"], "num_folds", {"1": lambda _: 1, "too many": lambda _: N + 1}),
    *each(NCA, "A", SHAPE | NO_ROWS | NOT_FINITE),
    *each(NCA, "X", {"flat": np.ravel} | NO_ROWS | NOT_FINITE),
    *each(NCA, "y", LABELS | {"lonely": lambda y: np.arange(len(y))}),
    *each(LINEAR_PREDICT, "X", SHAPE | NO_ROWS | NOT_FINITE),
    *each(LINEAR_PREDICT, "W", NOT_FINITE),
    *each(LINEAR_TRAIN, "X", {"flat": np.ravel} | NO_ROWS | NOT_FINITE),
    *each(LINEAR_TRAIN, "y", LABELS | TOO_LARGE),
    *each(LINEAR_TRAIN, "reg", NOT_FINITE),
    *each(NET_SCORES | NET_LOSS | NET_TRAIN, "X", SHAPE | NO_ROWS | NOT_FINITE),
    *each(NET_LOSS | NET_TRAIN, "y", LABELS | TOO_LARGE),
    *each(NET_LOSS | NET_TRAIN, "reg", NOT_FINITE),
    *each(NET_TRAIN, "X_val", SHAPE | NO_ROWS | NOT_FINITE),
    *each(NET_TRAIN, "y_val", LABELS | TOO_LARGE),
    *[
        case
        for name in ("W1", "b1", "W2", "b2")
        for case in each(NET_SCORES | NET_LOSS, name, NOT_FINITE)
    ],
]


@pytest.mark.parametrize("call", CALLS)
def test_good_arguments_pass(call):
    CALLS[call](good())


@pytest.mark.parametrize("call, argument, change", CASES)
def test_a_bad_argument_is_named(call, argument, change):
    arguments = good()
    arguments[argument] = change(arguments[argument])
    with pytest.raises(ValueError) as caught:
        CALLS[call](arguments)
    assert re.search(rf"\b{argument}\b", str(caught.value).split(",")[0]), (
        f"{argument} is to blame, but the sentence is: {caught.value}"
    )


@pytest.mark.parametrize("call", LOSSES)
def test_columns_of_X_and_rows_of_W_that_do_not_match_name_both(call):
    arguments = good() | {"X": np.ones((N, D + 1))}
    with pytest.raises(ValueError, match=r"W must have shape \(5, C\).* of X.* \(4, 3\)"):
        CALLS[call](arguments)


@pytest.mark.parametrize("call", LOSSES)
def test_finite_arguments_whose_product_overflows_are_named_both(call):
    arguments = good() | {"X": np.full((N, D), 1e300), "W": np.full((D, 3), 1e300)}
    with pytest.raises(ValueError, match="X and W are finite.* overflows"):
        CALLS[call](arguments)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
@pytest.mark.parametrize("order", ["C", "F"])
@np.errstate(all="raise")  # and of what is squared on the way nothing is said
def test_of_several_results_each_is_looked_at_and_each_of_its_numbers(dtype, order):
    largest = np.full((3, 2), np.finfo(dtype).max, dtype, order)  # whose squares overflow
    require_finite(1.0, largest, largest[::2, 1:], np.empty(0), X=0.0)
    for where, number in product(np.ndindex(3, 2), (np.inf, -np.inf, np.nan)):
        for result in (largest.copy("K"), 0 * largest):
            result[where] = number
            with pytest.raises(ValueError, match="X is finite, but what is computed of it"):
                require_finite(1.0, result, largest, X=0.0)


@pytest.mark.parametrize(
    "call, missing",
    [
        (lambda X: KNearestNeighbor().predict(X), "X_train"),
        (lambda X: KNearestNeighbor().compute_distances_no_loops(X), "X_train"),
        (lambda X: KNearestNeighbor().predict_labels(X), "y_train"),
        (lambda X: Softmax().predict(X), "W"),
    ],
)
def test_who_has_not_been_trained_says_so(call, missing):
    with pytest.raises(ValueError, match=rf"^{missing} is not there yet: call train\(X, y\) first"):
        call(np.ones((2, 3)))


@pytest.mark.parametrize(
    "dtype, lifted",
    [("f4", "f4"), ("f8", "f8"), (">f8", "f8"), ("f2", "f4"), ("?", "f8"), ("i1", "f8")]
    + [("u1", "f8"), ("i8", "f8"), ("u8", "f8")],
)
def test_numbers_are_lifted_without_loss_to_one_of_two_types(dtype, lifted):
    X = np.array([[0, 1], [1, 0]], dtype)
    floats = as_floats(X)
    assert floats.dtype == lifted and floats.dtype.isnative
    np.testing.assert_array_equal(floats, X)
    assert (floats is X) == (dtype in ("f4", "f8")), "floats are not copied"


@pytest.mark.parametrize(
    "X, sentence",
    [
        (np.ones(2, complex), "X must hold real numbers.* take X.real"),
        (np.ma.array([1, 2], mask=[0, 1]), r"X is a masked array.* X.filled\(0\)"),
        (np.array([1, None]), "X must hold numbers, but its dtype is object"),
        (np.array([2**60 + 1]), r"X holds whole numbers beyond 2\*\*53"),
        ([[1, 2], [3]], "X must be an array of numbers.* of one length"),
        (None, "X must be an array of numbers, but it is a NoneType"),
    ],
)
def test_what_would_be_lost_in_silence_is_refused_by_name(X, sentence):
    with pytest.raises(ValueError, match=sentence):
        as_floats(X)

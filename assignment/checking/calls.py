"""Seeded inputs, and the calls that turn them into arrays: the only code that meets a student's.

CALLS has an entry for each exercise: `cases()` gives a list of Case; `call` runs the function under
test on the arguments of one of them and returns arrays by name. Nothing here knows what is right.

Sizes differ from each other, weights are near 0.5, biases are not zero, some labels are left out:
what hides a mistake in the course's own checks is avoided here.
"""

import inspect
import itertools
import math
import os
import random
import sys
import traceback
import tracemalloc
import types
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from assignment.given.gradient_check import eval_numerical_gradient


@dataclass(frozen=True)
class Case:
    """One call.

    name : what is special about it, as it is told
    arguments : the keyword arguments of the call
    failure : what it means when this case alone fails: "wrong", one of UNSTABLE, or the remark to
        make
    """

    name: str
    arguments: dict
    failure: str = "wrong"


# What it means to be right, but not for large scores; of several the first that fails is told.
UNSTABLE = ("overflow", "underflow", "shift-not-largest", "probability-underflows", "unstable")

LOG_0 = (
    "log(0) at an extreme gap: where the right class trails by 745 or more, its probability is 0, "
    "and its logarithm is lost; log(sum(exp(s))) - s[y], of shifted scores, is exact"
)


class Returned(Exception):
    """A function returned something that it cannot have meant; the message says what."""


def variants(case):
    """The same call with arrays of other kinds, and once more as it was."""

    def converted(convert, value=case.arguments):
        if isinstance(value, dict):
            return {name: converted(convert, entry) for name, entry in value.items()}
        return convert(value) if isinstance(value, np.ndarray) else value

    def single(array):
        return array.astype(np.float32) if array.dtype == np.float64 else array

    def with_gaps(array):
        wide = np.zeros([2 * size for size in reversed(array.shape)], array.dtype).T
        view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
        view[...] = array
        return view

    def read_only(array):
        array = array.copy()
        array.flags.writeable = False
        return array

    return [
        Case("float32 arrays", converted(single)),
        Case("arrays with gaps in memory", converted(with_gaps)),
        Case("read-only arrays", converted(read_only)),
        replace(case, name="the first case again"),
    ]


def draw_labels(rng, classes, size):
    """Labels of the kind that indices have: np.bincount takes no other, on 32-bit platforms too."""
    return rng.integers(0, classes, size=size).astype(np.intp)


# What is measured besides, where a case says so by an argument of this name.
MEASUREMENTS = ("numerical", "cost")


@contextmanager
def unheard():
    """While something is measured: what is printed then was printed before."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def measured(loss, x, h=1e-5):
    """The gradient of loss() with respect to an array that it reads, by central differences."""
    with unheard():
        return eval_numerical_gradient(lambda _: np.ravel(loss())[0], x, verbose=False, h=h)


def lines_run(call):
    """How many lines of Python run in a call, and in what it calls; in a loop, each time."""
    lines = 0

    def count(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    with unheard():
        sys.settrace(count)
        try:
            call()
        finally:
            sys.settrace(before)
    return lines


def memory_taken(call):
    """Bytes that a call holds at most, its result among them."""
    with unheard():
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def cross_entropy(scores, y):
    """Softmax losses of the examples, and their gradients P - Y, for what stands behind a call."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_P = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    G = np.exp(log_P)
    G[rows, y] -= 1
    return -log_P[rows, y], G


# k nearest neighbours.


def distance_cases(cost=False):
    """cost : whether to measure, in the largest case, what the call costs"""
    rng = np.random.default_rng(0)
    X, X_train = rng.normal(size=(4, 6)), rng.normal(size=(5, 6))
    first = Case("4 test and 5 training examples of 6 numbers", {"X": X, "X_train": X_train})
    many = {"X": rng.normal(size=(12, 110)), "X_train": rng.normal(size=(30, 110))}
    # However a square of a distance is added up, it comes out negative for some of these: where
    # points are equal, the sums may be equal to the last digit; where they nearly are, not all.
    equal = rng.normal(size=(12, 37))
    nearly = np.repeat(equal, 4, axis=0)
    nearly[12:] += 1e-9 * rng.normal(size=(36, 37))
    return [
        first,
        Case(
            "1 test and 3 training examples of 1 number",
            {"X": X[:1, :1].copy(), "X_train": X_train[:3, :1].copy()},
        ),
        Case(
            "7 test examples and 1 training example",
            {"X": rng.normal(size=(7, 3)), "X_train": X_train[:1, :3].copy()},
        ),
        Case(
            "numbers around 1,000, some examples equal",
            {
                "X": np.round(X) + 1000,
                "X_train": np.vstack([np.round(X[:2]), np.round(X_train)]) + 1000,
            },
        ),
        *variants(first),
        Case(
            "12 test and 30 training examples of 110 numbers",
            {**many, "cost": True} if cost else many,
        ),
        Case(
            "test examples that are training examples, or nearly",
            {"X": nearly, "X_train": equal},
            failure="NaN on identical points: where points are equal, or nearly, round-off makes "
            "the square of a distance negative, and its root is NaN; np.maximum(squares, 0) before "
            "the root prevents it",
        ),
    ]


def call_distances(method):
    def call(module, X, X_train, cost=False):
        def distances(X, X_train):
            classifier = module.KNearestNeighbor()
            classifier.train(X_train, np.zeros(len(X_train), dtype=int))
            return getattr(classifier, method)(X)

        arrays = {"dists": distances(X, X_train)}
        if cost and method == "compute_distances_one_loop":
            sizes = [(X, X_train[:2]), (X, X_train)]
            arrays["lines by training examples"] = [
                lines_run(partial(distances, *s)) for s in sizes
            ]
        elif cost:
            sizes = [(X[:2], X_train[:2]), (X, X_train)]
            arrays["lines by examples"] = [lines_run(partial(distances, *s)) for s in sizes]
            arrays["memory"] = memory_taken(partial(distances, X, X_train))
        return arrays

    return call


def vote_cases():
    rng = np.random.default_rng(1)
    dists = rng.permuted(np.arange(60.0).reshape(6, 10), axis=1)
    y_train = draw_labels(rng, 4, 10)
    first = Case("k = 5", {"dists": dists, "y_train": y_train, "k": 5})
    # The nearest are anywhere among 1,500; one label has more votes than a byte can count.
    far = rng.permuted(np.linspace(4000, 14000, 9000).reshape(6, 1500), axis=1)
    ten, two, most = (
        rng.choice(np.array(labels, np.intp), size=1500)
        for labels in (range(10), [3, 8], [4] * 18 + [1, 7])
    )
    # Of 121 neighbours 61 have label 0, if of equally near ones the first are taken: the others,
    # and all but the first 41 of the second nearest, have label 1.
    equal = rng.permuted(np.repeat([[2.5, 3.5, 4.5]], [80, 120, 200], axis=1), axis=1)
    y_equal = np.empty(400, np.intp)
    y_equal[np.argsort(equal[0], kind="stable")] = np.repeat([0, 1, 0, 1], [20, 60, 41, 279])

    def vote(name, votes, order=None, **options):
        """All of the votes count, and one more example is too far away to vote."""
        order = range(1, len(votes) + 1) if order is None else order
        dists = np.array([[*order, 100.0]])
        arguments = {"dists": dists, "y_train": np.array([*votes, 6], np.intp), "k": len(votes)}
        return Case(name, arguments, **options)

    def voters(name, dists, k, y_train=y_train, **options):
        return Case(name, {"dists": dists, "y_train": y_train, "k": k}, **options)

    return [
        first,
        *(voters(f"k = {k}", dists, k) for k in (1, 2, 3, 4, 7, 9)),
        vote("3 votes for label 2 against 2 for the nearer label 7", [7, 7, 2, 2, 2]),
        vote("3 votes for label 8 against 2 for the nearer label 1", [1, 1, 8, 8, 8]),
        vote("3 votes for label 0 against 2 for the nearer label 7", [7, 7, 0, 0, 0]),
        vote("4 of 10 neighbours vote for label 9", [0, 1, 2, 3, 4, 5, 9, 9, 9, 9]),
        vote("2 votes each for labels 5 and 3, 5 nearer", [5, 5, 3, 3], [3, 2, 1, 4]),
        vote("2 votes each for labels 3 and 5, 5 nearer", [3, 3, 5, 5], [3, 4, 1, 2]),
        # A set of small integers is in order by accident; 8 and 1, 9 and 2 are not.
        *(
            vote(f"1 vote each for labels {a} and {b}, {a} nearer", [a, b])
            for a, b in ((2, 7), (7, 2), (8, 1), (9, 2), (1, 8))
        ),
        voters("distances that differ after the point only", 7 + dists / 64, 3, y_train[::-1]),
        voters("distances of a billionth", dists * 1e-9, 3),
        voters("distances around 14,000, a quarter apart", 14000 + dists / 4, 3),
        *variants(first),
        voters("1,500 training examples, k = 1", far, 1, ten),
        voters("1,500 training examples, k = 301", far, 301, two),
        voters("1,500 training examples, k = 300", far[:2], 300, most),
        voters("1,500 training examples, k = 1,201", far[:3], 1201, two),
        vote(
            "labels 11 and 300",
            [11, 300, 300],
            failure="labels above 9: right for the ten of CIFAR-10, but not for a label of 300",
        ),
        voters(
            "400 training examples at 3 distances",
            equal,
            121,
            y_equal,
            failure="order of equal distances: of training examples at equal distance the first "
            'counts as the nearer; np.argsort keeps their order with kind="stable" only',
        ),
        voters(
            "k = 10, all of the training set",
            dists,
            10,
            failure="k = N: with k as large as the training set it fails",
        ),
    ]


def call_vote(module, dists, y_train, k):
    classifier = module.KNearestNeighbor()
    classifier.train(np.zeros((len(y_train), 1)), y_train)
    return {"y_pred": classifier.predict_labels(dists, k=k)}


def nca_cases():
    rng = np.random.default_rng(2)
    y = np.array([0, 1, 0, 2, 1, 2, 0, 1])
    A, X = rng.normal(size=(2, 3)), rng.normal(size=(8, 3))
    first = Case("8 examples of 3 numbers, mapped to 2", {"A": A, "X": X, "y": y})
    many = {
        "A": rng.normal(size=(4, 5)) / 2,
        "X": rng.normal(size=(24, 5)),
        "y": np.repeat(np.arange(12), 2),
    }
    return [
        first,
        Case("the same, mapped to 3", {"A": rng.normal(size=(3, 3)), "X": X, "y": y}),
        Case("2 examples of 1 number", {"A": A[:1, :1], "X": X[:2, :1], "y": np.array([1, 1])}),
        *variants(first),
        Case("24 examples of 12 classes", many),
        Case("distances of about 1,000", {"A": A, "X": 30 * X, "y": y}, "probability-underflows"),
    ]


def call_nca(module, A, X, y):
    loss, dA = _pair("nca_loss", module.nca_loss(A, X, y))
    return {"loss": loss, "dA": dA}


def _pair(name, result):
    """A loss and a gradient, or a sentence about what came instead."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise Returned(f"{name} must return a loss and a gradient, not {_described(result)}.")
    if np.ndim(result[0]) == 2 and np.ndim(result[1]) == 0:
        raise Returned(f"{name} returns a gradient and a loss: the loss comes first.")
    return result


def _kept(value):
    """A copy of an array: a function may return the same one again and again."""
    return value.copy() if isinstance(value, np.ndarray) else value


def _is_number(loss):
    return np.size(loss) == 1 and np.asarray(loss).dtype.kind in "iuf"


def _is_nan(loss):
    return _is_number(loss) and bool(np.all(np.isnan(np.asarray(loss, dtype=float))))


def _described(value):
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"{len(value)} things"
    return f"a {type(value).__name__}"


# Linear classifiers.


def linear_cases(cost):
    """Weights far from 0, several reg, all sizes different, labels that leave classes out.

    cost : whether to measure, with many examples, what the call costs
    """
    cases = []
    sizes = [
        (7, 5, 4, 0.3),
        (7, 5, 4, 0.0),
        (4, 6, 3, 0.8),
        (1, 3, 2, 2.0),
        (12, 4, 10, 0.1),
        (5, 1, 3, 0.5),
        (6, 4, 5, 1000.0),
        (130, 3, 5, 0.2),
        (3, 104, 2, 0.4),
        (3, 1, 200, 0.6),
    ]
    for seed, (N, D, C, reg) in enumerate(sizes):
        rng = np.random.default_rng(10 + seed)
        arguments = {
            "W": rng.normal(scale=0.5, size=(D, C)),
            "X": rng.normal(size=(N, D)),
            "y": draw_labels(rng, C if seed == 2 else C - 1, N),
            "reg": reg,
        }
        if cost and N > 100:
            arguments["cost"] = True
        cases.append(Case(f"N = {N}, D = {D}, C = {C}, reg = {reg:g}", arguments))
    others = variants(cases[0])
    cases[0] = replace(cases[0], arguments={**cases[0].arguments, "numerical": True})
    return cases + others


def svm_cases(cost=False):
    return linear_cases(cost) + [_offset_case(WIDE, 1e4, "wrong")]


def softmax_cases(cost=False):
    """Besides, rows of large scores, the scores in each a few apart.

    Where all rows lie high, only a shift that is missing can fail; where some lie at 0 and the
    others low, one shift for all rows fails too.
    """
    gap = _offset_case(WIDE, 1e3, LOG_0)
    # Shifted by anything but its largest score, such a row overflows, or is nothing but zeros.
    apart = {name: np.copy(array) for name, array in gap.arguments.items()}
    apart["X"][:, -1], apart["W"][-1] = [1, 1, 1, 1, -1, -1, -1], [0, -3000, 0, -3000]
    apart |= {"y": np.array([0, 2, 0, 2, 1, 3, 1]), "reg": 0.0}
    return linear_cases(cost) + [
        _offset_case(HIGH, 1e3, "overflow"),
        _offset_case(LOW, 1e3, "underflow"),
        Case("two classes 3,000 below the others", apart, "shift-not-largest"),
        _offset_case(WIDE, 1e3, "unstable"),
        _offset_case(WIDE, 1e4, "unstable"),
        replace(
            gap,
            name="scores 1,000 apart",
            arguments={**gap.arguments, "W": 1000 * gap.arguments["W"]},
        ),
    ]


# Which way the scores of each row are moved.
HIGH, LOW, WIDE = (1, 1, 1, 1, 1, 1, 1), (0, -1, -1, 0, -1, 0, -1), (1, -1, 1, 0, -1, 1, -1)


def _told(offset, rows):
    """How a case says where its scores lie, from the highest on: scores around 0 and -1,000."""
    places = sorted({offset * row for row in rows if row or max(rows) == 0}, reverse=True)
    return "scores around " + " and ".join(f"{place:,.0f}" for place in places)


def _offset_case(rows, offset, failure):
    """Scores that are exact in float32 too, so that only overflow spoils them; no margin is 0.

    rows : 1, 0 or -1 for each row, times the offset
    """
    rng = np.random.default_rng(20)
    X = rng.integers(-2, 3, size=(7, 5)).astype(float)
    W = rng.integers(-3, 4, size=(5, 4)) / 4
    X[:, -2], W[-2] = 1, np.arange(4) / 16
    X[:, -1] = offset * np.array(rows)
    W[-1] = 1
    arguments = {"W": W, "X": X, "y": draw_labels(rng, 4, 7), "reg": 0.0}
    return Case(_told(offset, rows), arguments, failure)


def sure(y, num_classes):
    """X and W whose scores are 0 for the right classes and -1,000 for all others: p is 1."""
    return np.eye(num_classes)[y], 1000.0 * np.eye(num_classes) - 1000.0


def turned(*arrays):
    """In 2015 the course had W as (C, D) and X as (D, N)."""
    return [np.ascontiguousarray(array.T) for array in arrays]


def in_either_layout(today, in_2015):
    """The result of a call in today's layout, or else in that of 2015, and whether it is that.

    If both fail, the error of the call that got further in the file is raised.
    """
    try:
        return today(), False
    except (ValueError, IndexError) as error:
        try:
            return in_2015(), True
        except Exception as other:
            raise max(error, other, key=_line) from None


def _line(error):
    """How far a call got: the line of the function under test that was running."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in frames if frame.filename != __file__), 0)


def call_linear_loss(function):
    def call(module, W, X, y, reg, numerical=False, cost=False):
        f = getattr(module, function)
        W_before, X_before, y_before = W.copy(), X.copy(), y.copy()
        (loss, dW), transposed = in_either_layout(
            lambda: _pair(function, f(W, X, y, reg)),
            lambda: _pair(function, f(*turned(W, X), y, reg)),
        )
        if transposed:
            dW = np.asarray(dW).T
        arrays = {"loss": _kept(loss), "dW": _kept(dW), "transposed": transposed}
        if numerical and not transposed and _is_nan(loss):
            X_sure, W_sure = sure(y_before, W.shape[1])
            arrays["loss where p is 1"] = f(W_sure, X_sure, y_before.copy(), 0.0)[0]
        elif numerical and not transposed and _is_number(loss):
            own_loss = lambda: f(W_before, X_before.copy(), y_before.copy(), reg)[0]  # noqa: E731
            slopes = measured(own_loss, W_before)
            # In single precision a difference has no digits left, as a smaller step shows.
            column = measured(own_loss, W_before[:, :1], h=3e-6)
            if np.allclose(slopes[:, :1], column, rtol=1e-4, atol=1e-6):
                arrays["numerical dW"] = slopes
        if cost and not transposed:
            sizes = [(W, X[:2], y[:2], reg), (W, X, y, reg)]
            arrays["lines by examples"] = [lines_run(partial(f, *s)) for s in sizes]
        return arrays

    return call


def linear_predict_cases():
    rng = np.random.default_rng(30)
    first = Case(
        "9 examples, 4 classes", {"W": rng.normal(size=(5, 4)), "X": rng.normal(size=(9, 5))}
    )
    return [
        first,
        Case("1 example, 2 classes", {"W": rng.normal(size=(3, 2)), "X": rng.normal(size=(1, 3))}),
        Case(
            "scores that are all negative",
            {"W": -1 - rng.random(size=(3, 7)), "X": 1 + rng.random(size=(5, 3))},
        ),
        *variants(first),
        Case(
            "130 examples, 300 classes",
            {"W": rng.normal(size=(2, 300)), "X": rng.normal(size=(130, 2))},
        ),
    ]


def call_linear_predict(module, W, X):
    def predict(W, X):
        classifier = asking(module, "LinearClassifier", lambda *question: None)()
        classifier.W = W
        return classifier.predict(X)

    y_pred, transposed = in_either_layout(lambda: predict(W, X), lambda: predict(*turned(W, X)))
    return {"y_pred": y_pred, "transposed": transposed}


def _seed():
    """NumPy's global generator, and Python's, which some shuffle with."""
    np.random.seed(0)
    random.seed(0)


# Training. The loss is ours and notes its batches, so that a mistake in the student's loss is not
# charged to the student's training loop. All else is the student's own: the constructor, what it
# keeps in the object, and every helper.


def asking(module, name, answer, **methods):
    """A class of the student's whose loss is not the student's.

    name : of the class; answer : function(self, X, y, reg) -> what the loss returns; methods :
    further ones that are not the student's
    """
    owner = getattr(module, name)
    kin = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, owner)]
    signatures = [inspect.signature(getattr(one, "loss", _course_loss)) for one in kin]

    @cache
    def names(number, options):
        return _names(signatures, number, options)

    def loss(self, *arguments, **options):
        X, y, reg = _question(names(len(arguments), tuple(options)), arguments, options)
        return answer(self, X, y, getattr(self, "reg", None) if reg is None else reg)

    return types.new_class(name, (owner,), {}, lambda body: body.update(methods, loss=loss))


def _course_loss(self, X, y=None, reg=0.0):
    """How a loss is called that is not there yet."""


def _names(signatures, number, options):
    """What the places of a loss are called that takes so many arguments, and these options.

    signatures : of the student's own losses, which may take more than X, y and reg; one will do

    Raises
    ------
    TypeError : if none of them can be called like this
    """
    refusals = []
    for signature in signatures:
        try:
            signature.bind(None, *range(number), **dict.fromkeys(options))
            break
        except TypeError as error:
            refusals.append(error)
    else:
        raise TypeError(f"loss() {refusals[0]}")
    parameters = list(signature.parameters.values())[1:]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names + ["X", "y", "reg"][len(names) :]


def _question(names, arguments, options):
    """X, y and reg of a call of a loss: by their names, or by their places."""
    given = {**dict(zip(names, arguments, strict=False)), **options}

    def named(beginning, place):
        likely = [value for name, value in given.items() if name.lower().startswith(beginning)]
        return likely[0] if likely else given.get(names[place])

    return named("x", 0), named("y", 1), named("reg", 2)


def no_labels(self, X, *arguments, **options):
    """Stands in for predict where only training is looked at."""
    return np.zeros(len(X), dtype=int)


def train_cases(too_small="wrong"):
    """too_small : what it means to fail where a batch is larger than the training set"""
    rng = np.random.default_rng(40)
    X = rng.normal(size=(32, 4))
    y = draw_labels(rng, 3, 32)
    # 32 / 8 is whole: the steps of an epoch are the same with Python 2's quotient and today's.
    many, few = {"X": X, "y": y, "batch_size": 8}, {"X": X[:5], "y": y[:5]}
    more = {"X": rng.normal(size=(130, 4)), "y": draw_labels(rng, 3, 130), "batch_size": 13}
    return [
        Case("batches of 8 from 32 examples", many),
        Case("batches of 5 from 5 examples", {**few, "batch_size": 5}),
        Case("batches of 8 from 5 examples", {**few, "batch_size": 8}, too_small),
        Case("batches of 13 from 130 examples", more),
        replace(variants(Case("", many))[2], name="read-only examples"),
        Case("three groups of examples", {**many, "groups": True}),
    ]


STEPS = 20
OPTIONS = {"learning_rate": 0.1, "reg": 0.7, "num_iters": STEPS}
W_START = np.linspace(-1, 1, 12).reshape(4, 3)
W_GRADIENT = np.arange(12.0).reshape(4, 3) / 4 - 1.3


def _grouped(X, y):
    """The examples moved into groups by their labels, which any classifier learns."""
    return X + 4 * np.eye(3, X.shape[1])[y]


def linear_train_cases():
    return train_cases(
        too_small="drawn without replacement: a batch larger than the training set cannot be drawn"
    )


@dataclass(frozen=True)
class Question:
    """One call of the loss: the weights of that moment, what it was given, what it answered."""

    weights: dict
    X_batch: np.ndarray
    y_batch: np.ndarray
    reg: float
    loss: float


class Gradients(dict):
    """Gradients by the names of parameters, which says so when asked for another one."""

    def __missing__(self, name):
        raise KeyError(f"there is no gradient of {name}, only of {', '.join(self)}")


class Record:
    """A loss that goes up and down, gradients that change with each step, and its batches.

    A step is what lies between two moves of the weights; of several questions in one step, the last
    one counts. What is asked after a batch, such as the loss of a validation set, is an aside: it
    is not noted, and a step by its gradients would show.
    """

    def __init__(self, gradients, batch_size):
        self.gradients, self.batch_size = gradients, batch_size
        self.asked = []
        self.moves = 0

    def __call__(self, X_batch, y_batch, reg, weights):
        if X_batch is None or y_batch is None:
            raise NotImplementedError("no batch is drawn yet")
        weights = self._copied(weights)
        if self._is_aside(X_batch, reg, weights):
            return np.float64(-1), {name: g**2 for name, g in self.gradients.items()}
        self.moves += bool(self.asked) and _moved(self.asked[-1].weights, weights)
        loss, size = np.float64(100.625 - 7 * self.moves % 23), 1 + self.moves % 3
        self.asked.append(Question(weights, np.array(X_batch), np.array(y_batch), reg, loss))
        return loss, {name: size * gradient for name, gradient in self.gradients.items()}

    def _is_aside(self, X_batch, reg, weights):
        """Whether a batch was asked about since the last move, and this is something else."""
        if not self.asked or _moved(self.asked[-1].weights, weights):
            return False
        last, right = self.asked[-1], (self.batch_size, OPTIONS["reg"])
        return (len(last.X_batch), last.reg) == right != (len(X_batch), reg)

    def _copied(self, weights):
        return {name: np.array(weights.get(name)) for name in self.gradients}

    def _steps(self, end):
        """The questions that a move of the weights followed; all, if they never moved."""
        after = [*(question.weights for question in self.asked[1:]), end]
        pairs = zip(self.asked, after, strict=True)
        steps = [question for question, weights in pairs if _moved(question.weights, weights)]
        return steps if self.moves else self.asked

    def facts(self, X, y, weights):
        """What the steps were made with, an entry for each step, and where they led.

        X, y : the training set; weights : dict of those that the training ended with
        """
        if not self.asked:
            return {}
        end = self._copied(weights)
        steps = self._steps(end)
        rows = [_rows_of(step.X_batch, X) for step in steps]
        labels = [np.ravel(step.y_batch) for step in steps]
        batches = [np.atleast_1d(step.X_batch) for step in steps]
        return {
            "steps": len(steps),
            "shape of the first X_batch": steps[0].X_batch.shape,
            "shape of the first y_batch": steps[0].y_batch.shape,
            "rows in X_batch": [len(batch) for batch in batches],
            "labels in y_batch": [its.size for its in labels],
            "rows that are rows of X": [np.sum(r >= 0) for r in rows],
            "labels that belong to their rows": [
                np.sum((y[r] == its)[r >= 0]) if r.shape == its.shape else 0
                for r, its in zip(rows, labels, strict=True)
            ],
            "different examples in a batch": [
                len({row.tobytes() for row in batch}) for batch in batches
            ],
            "the batch is a new one": [True]
            + [not np.array_equal(*pair) for pair in itertools.pairwise(batches)],
            "examples drawn": len({*np.concatenate(rows)} - {-1}),
            "reg in the loss": [step.reg for step in steps],
            "losses": [step.loss for step in steps],
            **self._paths([step.weights for step in steps] + [end]),
        }

    def _paths(self, places):
        """Where each parameter was before each step and at the end, unless its shape changed."""
        paths = {name: [place[name] for place in places] for name in self.gradients}
        return {
            f"path of {name}": np.stack(path)
            for name, path in paths.items()
            if len({array.shape for array in path}) == 1
        }


def _moved(before, after):
    return not all(np.array_equal(before[name], after[name]) for name in before)


def _rows_of(batch, X):
    """For each row of the batch, which row of X it is, or -1."""
    if batch.ndim != 2 or batch.shape[1] != X.shape[1]:
        return np.array([-1])
    equal_rows = (batch[:, np.newaxis] == X).all(axis=2)
    return np.where(equal_rows.any(axis=1), equal_rows.argmax(axis=1), -1)


def call_linear_train(module, X, y, batch_size, groups=False):
    if groups:
        return _train_linear_on_groups(module, _grouped(X, y), y, batch_size)
    arrays, transposed = in_either_layout(
        lambda: _train_linear(module, X, y, batch_size, transposed=False),
        lambda: _train_linear(module, X, y, batch_size, transposed=True),
    )
    if transposed or _draws_examples(arrays):
        return arrays
    # In the other layout X is a table of other examples, which a loop may run through quietly.
    try:
        old = _train_linear(module, X, y, batch_size, transposed=True)
    except Exception:
        return arrays
    return old if _draws_examples(old) else arrays


def _draws_examples(arrays):
    """Whether the batches are made of examples, in this layout of X."""
    rows = arrays.get("rows that are rows of X")
    return rows is not None and rows == arrays["rows in X_batch"]


def _train_linear(module, X, y, batch_size, transposed):
    def layout(array):
        return turned(array)[0] if transposed and np.ndim(array) == 2 else array

    def answer(self, X_batch, y_batch, reg):
        X_batch = X_batch if X_batch is None else layout(np.asarray(X_batch))
        loss, gradients = record(X_batch, y_batch, reg, {"W": layout(np.asarray(self.W))})
        return loss, layout(gradients["W"])

    _seed()
    record = Record({"W": W_GRADIENT}, batch_size)
    classifier = asking(module, "LinearClassifier", answer, predict=no_labels)()
    classifier.W = layout(W_START).copy()
    history = classifier.train(layout(X), y, batch_size=batch_size, **OPTIONS)
    W = layout(np.asarray(classifier.W))
    return {
        "loss_history": history,
        "W": W,
        "transposed": transposed,
        **record.facts(X, y, {"W": W}),
    }


def _train_linear_on_groups(module, X, y, batch_size):
    transposed = call_linear_train(module, X, y, batch_size).get("transposed", False)

    def answer(self, X_batch, y_batch, reg):
        if X_batch is None or y_batch is None:
            raise NotImplementedError("no batch is drawn yet")
        W, X_batch = (self.W.T, X_batch.T) if transposed else (self.W, X_batch)
        losses, G = cross_entropy(X_batch @ W, y_batch)
        dW = X_batch.T @ G / len(y_batch)
        return losses.mean(), dW.T if transposed else dW

    _seed()
    classifier = asking(module, "LinearClassifier", answer, predict=no_labels)()
    options = {"learning_rate": 0.1, "reg": 0.0, "num_iters": 100, "batch_size": batch_size}
    history = classifier.train(turned(X)[0] if transposed else X, y, **options)
    return {"losses on three groups": history, "transposed": transposed}


# The two-layer net.


def _parameters(D, H, C):
    """Weights and biases far from zero, so that nothing in a network can hide."""
    rng = np.random.default_rng(50)
    return {
        "W1": rng.normal(scale=0.5, size=(D, H)),
        "b1": rng.normal(scale=0.5, size=H),
        "W2": rng.normal(scale=0.5, size=(H, C)),
        "b2": rng.normal(scale=0.5, size=C),
    }


def _net(net_class, params):
    """A network by the student's own constructor, with the values of these parameters."""
    D, H = params["W1"].shape
    net = _constructed(net_class, [D, H, params["W2"].shape[1]])
    _fill(net, params)
    return net


def _constructed(net_class, sizes):
    """Whatever a constructor is given, the parameters are filled afterwards."""
    std = 1e-4
    names = dict(zip(("input_size", "hidden_size", "output_size"), sizes, strict=True))
    signature = inspect.signature(net_class)
    for arguments, options in ((sizes, {}), ([*sizes, std], {}), ([], names), ([sizes], {})):
        try:
            signature.bind(*arguments, **options)
        except TypeError:
            continue
        return net_class(*arguments, **options)
    return net_class(*sizes)


def _holders(net):
    """The dicts in which a network has its parameters: self.params, or its attributes."""
    params = getattr(net, "params", None)
    params = params if isinstance(params, MutableMapping) else {}
    if holders := [holder for holder in (params, vars(net)) if "W1" in holder]:
        return holders
    net.params = params
    return [params]


def _fill(net, params):
    """Give a network these values, biases in the shape that its own constructor gave them."""
    for holder in _holders(net):
        for name, value in params.items():
            holder[name] = in_shape(value, np.shape(holder.get(name)))


def _params(net):
    """The four arrays that a network has now, whatever it keeps beside them."""
    holder = _holders(net)[0]
    return {name: holder.get(name) for name in NET_START}


def in_shape(vector, shape):
    """A vector in a shape that holds the same: (H,), (1, H) or (H, 1). All else stays as it is."""
    numbers = np.size(vector)
    is_vector = numbers in np.shape(vector) and numbers in shape
    return np.reshape(vector, shape) if is_vector and numbers == math.prod(shape) else vector


def net_cases(numerical=False, large=None):
    """Networks of many sizes, and scores that are large.

    numerical : whether to measure the gradients of the student's own loss too
    large : what it means to be wrong for large scores alone, where that is not one of UNSTABLE
    """
    cases = []
    sizes = [
        (6, 4, 5, 3, 0.7),
        (6, 4, 5, 3, 0.0),
        (1, 3, 7, 2, 0.1),
        (9, 4, 6, 10, 0.05),
        (5, 2, 1, 3, 0.2),
        (3, 1, 6, 4, 0.3),
        (4, 9, 8, 3, 100.0),
        (130, 3, 2, 12, 0.4),
        (2, 101, 1, 3, 0.5),
        (3, 2, 1, 30, 0.6),
    ]
    for seed, (N, D, H, C, reg) in enumerate(sizes):
        rng = np.random.default_rng(60 + seed)
        arguments = {
            "X": rng.normal(size=(N, D)),
            "y": draw_labels(rng, C if seed < 3 else C - 1, N),
            "params": _parameters(D, H, C),
            "reg": reg,
        }
        cases.append(Case(f"N = {N}, D = {D}, H = {H}, C = {C}, reg = {reg:g}", arguments))
    first = cases[0]
    cases += variants(first)
    if numerical:
        cases[:2] = [replace(c, arguments={**c.arguments, "numerical": True}) for c in cases[:2]]
    cases += [
        _net_offset_case(rows, offset, large or failure)
        for rows, offset, failure in (
            (HIGH, 1024.0, "overflow"),
            (LOW, 1024.0, "underflow"),
            (WIDE, 1024.0, "unstable"),
            (WIDE, 2.0**14, "unstable"),
        )
    ]
    for low in (0, 1):
        below = {**first.arguments["params"], "b2": np.array([0.5, -0.5, -0.25])}
        below["b2"][low] = -3000
        y = np.full_like(first.arguments["y"], 1 - low)
        arguments = {**first.arguments, "y": y, "params": below, "reg": 0.0}
        told = f"class {low} 3,000 below the others"
        cases.append(Case(told, arguments, large or "shift-not-largest"))
    gap = {**first.arguments["params"], "b2": np.array([1000.0, 0.0, -1000.0])}
    cases.append(
        Case(
            "scores 1,000 apart",
            {**first.arguments, "params": gap, "reg": 0.0},
            failure=LOG_0,
        )
    )
    return cases


def _net_offset_case(rows, offset, failure):
    """One hidden unit lifts the scores of some rows by an offset, another lowers others' scores."""
    rng = np.random.default_rng(80)
    X = rng.integers(-2, 3, size=(6, 4)).astype(float)
    X[:, -1] = offset * np.array(rows[:6])
    params = {
        "W1": rng.integers(-3, 4, size=(4, 5)) / 4,
        "b1": rng.integers(-3, 4, size=5) / 4 + 1 / 8,  # no hidden unit is at its kink
        "W2": rng.integers(-3, 4, size=(5, 3)) / 4,
        "b2": rng.integers(-3, 4, size=3) / 4,
    }
    params["W1"][-1] = [1, -1, 0, 0, 0]
    params["W2"][0], params["W2"][1] = 1, -1
    arguments = {"X": X, "y": draw_labels(rng, 3, 6), "params": params, "reg": 0.0}
    return Case(_told(offset, rows), arguments, failure)


def call_net_scores(module, X, y, params, reg):
    return {"scores": _net(module.TwoLayerNet, params).loss(X)}


def call_net_loss(module, X, y, params, reg):
    """The loss, and beside it the scores and gradients it belongs to."""
    net = _net(module.TwoLayerNet, params)
    scores = np.array(net.loss(X), copy=True)
    loss, grads = _pair("TwoLayerNet.loss", net.loss(X, y, reg=reg))
    grads = grads if isinstance(grads, Mapping) else {}
    arrays = {"loss": loss, "scores": scores, **_named(grads, net, params)}
    if _is_nan(loss):
        X_sure, W_sure = sure(y, scores.shape[1])
        layers = {"W1": np.eye(len(W_sure)), "b1": 0 * W_sure[0], "W2": W_sure, "b2": 0 * W_sure[0]}
        where_sure = _net(module.TwoLayerNet, layers).loss(X_sure, y, reg=0.0)
        arrays["loss where p is 1"] = where_sure[0]
    return arrays


def _named(grads, net, params):
    """The gradients by name; one in the shape of the student's own bias, in the shape of ours."""
    own = _params(net)
    return {
        f"grads['{name}']": in_shape(grads[name], params[name].shape)
        if np.shape(grads[name]) == np.shape(own[name])
        else grads[name]
        for name in NET_START
        if name in grads
    }


def call_net_gradients(module, X, y, params, reg, numerical=False):
    net = _net(module.TwoLayerNet, params)
    before = {name: value.copy() for name, value in params.items()}
    X_before, y_before = X.copy(), y.copy()
    loss, grads = _pair("TwoLayerNet.loss", net.loss(X, y, reg=reg))
    if not isinstance(grads, Mapping):
        raise Returned(
            f"TwoLayerNet.loss must return a dict of gradients, not {_described(grads)}."
        )
    grads = {name: _kept(value) for name, value in grads.items()}
    arrays = {"loss": _kept(loss), **_named(grads, net, params)}
    arrays["scores"] = np.array(net.loss(X), copy=True)
    if numerical and _is_number(loss):
        for name, value in before.items():
            _fill(net, before)
            arrays[f"numerical['{name}']"] = measured(
                lambda: net.loss(X_before.copy(), y_before.copy(), reg=reg)[0], value
            )
    return arrays


NET_GRADIENTS = {
    "W1": np.arange(20.0).reshape(4, 5) / 4 - 2.1,
    "b1": np.arange(5.0) / 4 - 0.6,
    "W2": np.arange(15.0).reshape(5, 3) / 4 - 1.6,
    "b2": np.arange(3.0) / 4 + 0.3,
}
NET_START = _parameters(4, 5, 3)
DECAY = 0.75  # so that the last of 20 steps can still be seen
VALIDATION = (np.random.default_rng(41).normal(size=(9, 4)), np.arange(9) % 3)


def call_net_train(module, X, y, batch_size, groups=False):
    def answer(self, X, y, reg):
        if X is None:
            raise NotImplementedError("no batch is drawn yet")
        if y is None:
            return np.zeros((len(X), 3))  # the scores, if somebody wants them
        params = _params(self)
        loss, grads = _net_loss(params, X, y) if groups else record(X, y, reg, as_ours(params))
        own = {name: in_shape(g, np.shape(params[name])) for name, g in grads.items()}
        return loss, Gradients(own)

    _seed()
    record = Record(NET_GRADIENTS, batch_size)
    net = _net(asking(module, "TwoLayerNet", answer, predict=no_labels), _parameters(4, 5, 3))
    if groups:
        X = _grouped(X, y)
        options = {"learning_rate": 0.1, "learning_rate_decay": 1.0, "reg": 0.0, "num_iters": 100}
        stats = net.train(X, y, X, y, batch_size=batch_size, **options)
        return {"losses on three groups": _history(stats)}
    options = {"batch_size": batch_size, "learning_rate_decay": DECAY, **OPTIONS}
    stats = net.train(X, y, *VALIDATION, **options)
    params = as_ours(_params(net))
    return {
        "loss_history": _history(stats),
        **params,
        **record.facts(X, y, params),
    }


def _history(stats):
    try:
        return stats["loss_history"]
    except (TypeError, KeyError, IndexError):
        raise Returned(
            f"TwoLayerNet.train must return a dict with loss_history, not {_described(stats)}."
        ) from None


def as_ours(params):
    """The four parameters, biases in the shape of ours."""
    return {name: in_shape(params[name], start.shape) for name, start in NET_START.items()}


def _forward(params, X):
    W1, b1, W2, b2 = as_ours(params).values()
    H = np.maximum(X @ W1 + b1, 0)
    return H, H @ W2 + b2


def _net_loss(params, X, y):
    H, scores = _forward(params, X)
    losses, G = cross_entropy(scores, y)
    G /= len(y)
    dH = (G @ params["W2"].T) * (H > 0)
    grads = {"W1": X.T @ dH, "b1": dH.sum(axis=0), "W2": H.T @ G, "b2": G.sum(axis=0)}
    return losses.mean(), grads


def net_predict_cases():
    """So many examples that each mistake in the forward pass changes the class of one."""
    rng = np.random.default_rng(76)
    middle = [-3, -1, 0, -2]  # where all classes occur
    first = Case("300 examples, 3 classes", {"X": middle + 2 * rng.normal(size=(300, 4))})
    single = Case("1 example", {"X": middle + rng.normal(size=(1, 4))})
    return [first, single, *variants(first)]


def call_net_predict(module, X):
    net_class = asking(module, "TwoLayerNet", lambda net, X, y, reg: _forward(_params(net), X)[1])
    return {"y_pred": _net(net_class, NET_START).predict(X)}


# What is called for each exercise.


@dataclass(frozen=True)
class Calls:
    """The calls that are made for one exercise.

    name : of the exercise
    file : the student's file it stands in
    cases : function -> list of Case
    call : function(module, **arguments of a case) -> dict of arrays
    function : the function that is called, where the exercise is only a part of it
    """

    name: str
    file: str
    cases: Callable[[], list]
    call: Callable[..., dict]
    function: str = ""

    @property
    def called(self):
        """The function or method that the calls are made to."""
        return self.function or self.name


KNN, LINEAR, NET = "k_nearest_neighbor.py", "linear_classifier.py", "neural_net.py"
SVM, SOFTMAX = "linear_svm.py", "softmax.py"
DISTANCES = {
    "compute_distances_two_loops": distance_cases,
    "compute_distances_one_loop": partial(distance_cases, cost=True),
    "compute_distances_no_loops": partial(distance_cases, cost=True),
}

CALLS = {
    calls.name: calls
    for calls in (
        *(
            Calls(f"KNearestNeighbor.{method}", KNN, cases, call_distances(method))
            for method, cases in DISTANCES.items()
        ),
        Calls("KNearestNeighbor.predict_labels", KNN, vote_cases, call_vote),
        Calls("nca_loss", KNN, nca_cases, call_nca),
        Calls("svm_loss_naive", SVM, svm_cases, call_linear_loss("svm_loss_naive")),
        Calls(
            "svm_loss_vectorized",
            SVM,
            partial(svm_cases, cost=True),
            call_linear_loss("svm_loss_vectorized"),
        ),
        Calls("LinearClassifier.train", LINEAR, linear_train_cases, call_linear_train),
        Calls("LinearClassifier.predict", LINEAR, linear_predict_cases, call_linear_predict),
        Calls("softmax_loss_naive", SOFTMAX, softmax_cases, call_linear_loss("softmax_loss_naive")),
        Calls(
            "softmax_loss_vectorized",
            SOFTMAX,
            partial(softmax_cases, cost=True),
            call_linear_loss("softmax_loss_vectorized"),
        ),
        Calls(
            "TwoLayerNet.scores",
            NET,
            partial(net_cases, large="wrong"),
            call_net_scores,
            function="TwoLayerNet.loss",
        ),
        Calls("TwoLayerNet.loss", NET, net_cases, call_net_loss),
        Calls(
            "TwoLayerNet.gradients",
            NET,
            partial(net_cases, numerical=True),
            call_net_gradients,
            function="TwoLayerNet.loss",
        ),
        Calls("TwoLayerNet.train", NET, train_cases, call_net_train),
        Calls("TwoLayerNet.predict", NET, net_predict_cases, call_net_predict),
    )
}

"""Seeded inputs, and the calls that turn them into arrays: the only code that meets a student's.

CALLS has an entry for each exercise: `cases()` gives a list of Case; `call` runs the function under
test on the arguments of one of them and returns arrays by name. Nothing here knows what is right.

Sizes differ from each other, weights are near 0.5, biases are not zero, some labels are left out:
what hides a mistake in the course's own checks is avoided here.
"""

import os
import random
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from assignment.given.gradient_check import eval_numerical_gradient


@dataclass(frozen=True)
class Case:
    """One call.

    name : what is special about it, as it is told
    arguments : the keyword arguments of the call
    failure : what it means when this case alone fails: "wrong", "unstable", or the remark to make
    """

    name: str
    arguments: dict
    failure: str = "wrong"


LOG_0 = (
    "log(0) at an extreme gap: where the right class trails by 745 or more, its probability is 0 "
    "and the loss infinite; log(sum(exp(s))) - s[y], without the quotient, is exact"
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


def measured(loss, x):
    """The gradient of loss() with respect to an array that it reads, by central differences.

    What is printed meanwhile was printed before.
    """
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        return eval_numerical_gradient(lambda _: np.ravel(loss())[0], x, verbose=False)


def cross_entropy(scores, y):
    """Softmax losses of the examples, and their gradients P - Y, for what stands behind a call."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_P = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    G = np.exp(log_P)
    G[rows, y] -= 1
    return -log_P[rows, y], G


# k nearest neighbours.


def distance_cases():
    rng = np.random.default_rng(0)
    X, X_train = rng.normal(size=(4, 6)), rng.normal(size=(5, 6))
    first = Case("4 test and 5 training examples of 6 numbers", {"X": X, "X_train": X_train})
    equal = rng.normal(size=(30, 6))
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
            "test examples that are training examples",
            {"X": equal[::2].copy(), "X_train": equal},
            failure="NaN on identical points: round-off makes the square of a distance negative, "
            "and its root is NaN; np.maximum(squares, 0) before the root prevents it",
        ),
    ]


def call_distances(method):
    def call(module, X, X_train):
        classifier = module.KNearestNeighbor()
        classifier.train(X_train, np.zeros(len(X_train), dtype=int))
        return {"dists": getattr(classifier, method)(X)}

    return call


def vote_cases():
    rng = np.random.default_rng(1)
    dists = rng.permuted(np.arange(60.0).reshape(6, 10), axis=1)
    y_train = rng.integers(0, 4, size=10)
    first = Case("k = 5", {"dists": dists, "y_train": y_train, "k": 5})

    def vote(name, votes, order=None):
        """All of the votes count, and one more example is too far away to vote."""
        order = range(1, len(votes) + 1) if order is None else order
        dists = np.array([[*order, 100.0]])
        return Case(name, {"dists": dists, "y_train": np.array([*votes, 6]), "k": len(votes)})

    return [
        first,
        *(
            Case(f"k = {k}", {"dists": dists, "y_train": y_train, "k": k})
            for k in (1, 2, 3, 4, 7, 9)
        ),
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
        *variants(first),
        Case(
            "k = 10, all of the training set",
            {"dists": dists, "y_train": y_train, "k": 10},
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
    return [
        first,
        Case("the same, mapped to 3", {"A": rng.normal(size=(3, 3)), "X": X, "y": y}),
        Case("2 examples of 1 number", {"A": A[:1, :1], "X": X[:2, :1], "y": np.array([1, 1])}),
        *variants(first),
        Case("distances of about 1,000", {"A": A, "X": 30 * X, "y": y}, failure="unstable"),
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


def _described(value):
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"{len(value)} things"
    return f"a {type(value).__name__}"


# Linear classifiers.


def linear_cases(extreme=1e4):
    """Weights far from 0, several reg, all sizes different, labels that leave classes out."""
    cases = []
    sizes = [
        (7, 5, 4, 0.3),
        (7, 5, 4, 0.0),
        (4, 6, 3, 0.8),
        (1, 3, 2, 2.0),
        (12, 4, 10, 0.1),
        (5, 1, 3, 0.5),
        (6, 4, 5, 1000.0),
    ]
    for seed, (N, D, C, reg) in enumerate(sizes):
        rng = np.random.default_rng(10 + seed)
        arguments = {
            "W": rng.normal(scale=0.5, size=(D, C)),
            "X": rng.normal(size=(N, D)),
            "y": rng.integers(0, C if seed == 2 else C - 1, size=N),
            "reg": reg,
        }
        cases.append(Case(f"N = {N}, D = {D}, C = {C}, reg = {reg:g}", arguments))
    others = variants(cases[0])
    cases[0] = replace(cases[0], arguments={**cases[0].arguments, "numerical": True})
    return cases + others


def svm_cases():
    return linear_cases() + [_offset_case(1e4, "wrong")]


def softmax_cases():
    """Besides, rows of scores around +1,000 and -1,000, the scores in each a few apart.

    Where the right class trails by 745 or more, exp is 0 and its log infinite: a remark, no more.
    """
    far = _offset_case(1e3, "unstable")
    gap = {**far.arguments, "W": 1000 * far.arguments["W"]}
    return linear_cases() + [
        far,
        _offset_case(1e4, "unstable"),
        Case(
            "scores 1,000 apart",
            gap,
            failure=LOG_0,
        ),
    ]


def _offset_case(offset, failure):
    """Scores that are exact in float32 too, so that only overflow spoils them; no margin is 0."""
    rng = np.random.default_rng(20)
    X = rng.integers(-2, 3, size=(7, 5)).astype(float)
    W = rng.integers(-3, 4, size=(5, 4)) / 4
    X[:, -2], W[-2] = 1, np.arange(4) / 16
    X[:, -1] = offset * np.array([1, -1, 1, 0, -1, 1, -1])
    W[-1] = 1
    arguments = {"W": W, "X": X, "y": rng.integers(0, 4, size=7), "reg": 0.0}
    return Case(f"scores around {offset:,.0f} and {-offset:,.0f}", arguments, failure)


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
    def call(module, W, X, y, reg, numerical=False):
        f = getattr(module, function)
        W_before, X_before, y_before = W.copy(), X.copy(), y.copy()
        (loss, dW), transposed = in_either_layout(
            lambda: _pair(function, f(W, X, y, reg)),
            lambda: _pair(function, f(*turned(W, X), y, reg)),
        )
        if transposed:
            dW = np.asarray(dW).T
        arrays = {"loss": _kept(loss), "dW": _kept(dW), "transposed": transposed}
        if numerical and not transposed and _is_number(loss):
            arrays["numerical dW"] = measured(
                lambda: f(W_before, X_before.copy(), y_before.copy(), reg)[0], W_before
            )
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
    ]


def call_linear_predict(module, W, X):
    def predict(W, X):
        classifier = module.LinearClassifier()
        classifier.W = W
        return classifier.predict(X)

    y_pred, transposed = in_either_layout(lambda: predict(W, X), lambda: predict(*turned(W, X)))
    return {"y_pred": y_pred, "transposed": transposed}


def _seed():
    """NumPy's global generator, and Python's, which some shuffle with."""
    np.random.seed(0)
    random.seed(0)


# Training. The loss is ours and notes its batches, so that a mistake in the student's loss is not
# charged to the student's training loop.


def train_cases(too_small="wrong"):
    """too_small : what it means to fail where a batch is larger than the training set"""
    rng = np.random.default_rng(40)
    X = rng.normal(size=(32, 4))
    y = rng.integers(0, 3, size=32)
    # 32 / 8 is whole: the steps of an epoch are the same with Python 2's quotient and today's.
    many, few = {"X": X, "y": y, "batch_size": 8}, {"X": X[:5], "y": y[:5]}
    return [
        Case("batches of 8 from 32 examples", many),
        Case("batches of 5 from 5 examples", {**few, "batch_size": 5}),
        Case("batches of 8 from 5 examples", {**few, "batch_size": 8}, too_small),
        replace(variants(Case("", many))[2], name="read-only examples"),
        Case("three groups of examples", {**many, "groups": True}),
    ]


STEPS = 20
OPTIONS = {"learning_rate": 0.1, "reg": 0.7, "num_iters": STEPS}
W_START = np.linspace(-1, 1, 12).reshape(4, 3)
W_GRADIENT = np.arange(12.0).reshape(4, 3) - 5


def _grouped(X, y):
    """The examples moved into groups by their labels, which any classifier learns."""
    return X + 4 * np.eye(3, X.shape[1])[y]


def linear_train_cases():
    return train_cases(
        too_small="drawn without replacement: a batch larger than the training set cannot be drawn"
    )


class Record:
    """A loss that counts down from 100, gradients that change with each step, and its batches.

    A step is what lies between two moves of the weights; of several questions in one step, such as
    the loss of a validation set, the last one counts.
    """

    def __init__(self, gradients):
        self.gradients = gradients
        self.asked = []  # (weights, X_batch, y_batch, reg) of each question

    def __call__(self, X_batch, y_batch, reg, weights):
        if X_batch is None:
            raise NotImplementedError("no batch is drawn yet")
        if y_batch is None:
            return np.zeros((len(X_batch), 3))  # the scores, if somebody wants them
        weights = [np.array(array) for array in weights]
        self.asked.append((weights, np.array(X_batch), np.array(y_batch), reg))
        step = len(self._steps()) - 1
        return 100.0 - step, {name: (1 + step % 3) * g for name, g in self.gradients.items()}

    def _steps(self):
        """The questions that count."""
        return [
            question
            for question, following in zip(self.asked, [*self.asked[1:], None], strict=True)
            if following is None or _moved(question[0], following[0])
        ]

    def facts(self, X, y, batch_size, weights):
        """The number of steps, and what is true of all batches.

        weights : where the training ended
        """
        if not self.asked:
            return {}
        steps = self._steps()
        if len(steps) == 1:  # the weights never move: every question is a step
            steps = self.asked
        elif not _moved(steps[-1][0], weights):  # a question after the last move
            steps = steps[:-1]
        rows = [_rows_of(X_batch, X) for _, X_batch, _, _ in steps]
        labels = [np.ravel(y_batch) for _, _, y_batch, _ in steps]
        sizes = [len(X_batch) for _, X_batch, _, _ in steps]
        own = [np.array_equal(y[r], its) for r, its in zip(rows, labels, strict=True)]
        drawn = len(set(np.concatenate(rows)) - {-1})
        facts = {
            "X_batch has batch_size rows": _are_full(sizes, batch_size, len(X)),
            "y_batch has batch_size labels": _are_full(map(len, labels), batch_size, len(X)),
            "rows of X_batch are rows of X": all(np.all(r >= 0) for r in rows),
            "labels belong to their rows": all(own),
            # A batch that holds all examples may be the same each time.
            "each step draws a new batch": batch_size >= len(X)
            or not any(map(np.array_equal, rows, rows[1:])),
            "a batch holds several examples": all(len(set(r)) > 1 for r in rows),
            # Of 5 examples each has its turn in 160 draws; of 32, three quarters will do.
            "the examples are drawn": drawn >= (0.75 * len(X) if len(X) > 5 else len(X)),
            "the loss gets reg": all(reg == OPTIONS["reg"] for *_, reg in steps),
        }
        return {"steps": len(steps), **facts}


def _moved(before, after):
    return not all(map(np.array_equal, before, after))


def _are_full(sizes, batch_size, N):
    """Whether each batch has batch_size examples, or all N where there are fewer: no mistake."""
    return set(sizes) in ({batch_size}, {min(batch_size, N)})


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
    return arrays.get("rows of X_batch are rows of X", False)


def _train_linear(module, X, y, batch_size, transposed):
    def layout(array):
        return turned(array)[0] if transposed and np.ndim(array) == 2 else array

    _seed()
    record = Record({"W": W_GRADIENT})

    class LinearClassifier(module.LinearClassifier):
        def loss(self, X_batch, y_batch, reg):
            X_batch = X_batch if X_batch is None else layout(np.asarray(X_batch))
            loss, gradients = record(X_batch, y_batch, reg, [self.W])
            return loss, layout(gradients["W"])

    classifier = LinearClassifier()
    classifier.W = layout(W_START).copy()
    history = classifier.train(layout(X), y, batch_size=batch_size, **OPTIONS)
    return {
        "loss_history": history,
        "W": layout(np.asarray(classifier.W)),
        "transposed": transposed,
        **record.facts(X, y, batch_size, [classifier.W]),
    }


def _train_linear_on_groups(module, X, y, batch_size):
    transposed = call_linear_train(module, X, y, batch_size).get("transposed", False)

    class LinearClassifier(module.LinearClassifier):
        def loss(self, X_batch, y_batch, reg):
            if X_batch is None or y_batch is None:
                raise NotImplementedError("no batch is drawn yet")
            W, X_batch = (self.W.T, X_batch.T) if transposed else (self.W, X_batch)
            losses, G = cross_entropy(X_batch @ W, y_batch)
            dW = X_batch.T @ G / len(y_batch)
            return losses.mean(), dW.T if transposed else dW

    _seed()
    options = {"learning_rate": 0.1, "reg": 0.0, "num_iters": 100, "batch_size": batch_size}
    history = LinearClassifier().train(turned(X)[0] if transposed else X, y, **options)
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
    """A network with parameters of its own."""
    D, H = params["W1"].shape
    net = net_class(D, H, params["W2"].shape[1])
    net.params = dict(params)
    return net


def net_cases(numerical=False, large="unstable"):
    """Networks of many sizes, and scores that are large.

    numerical : whether to measure the gradients of the student's own loss too
    large : what it means to be wrong for large scores alone
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
    ]
    for seed, (N, D, H, C, reg) in enumerate(sizes):
        rng = np.random.default_rng(60 + seed)
        arguments = {
            "X": rng.normal(size=(N, D)),
            "y": rng.integers(0, C if seed < 3 else C - 1, size=N),
            "params": _parameters(D, H, C),
            "reg": reg,
        }
        cases.append(Case(f"N = {N}, D = {D}, H = {H}, C = {C}, reg = {reg:g}", arguments))
    first = cases[0]
    cases += variants(first)
    if numerical:
        cases[:2] = [replace(c, arguments={**c.arguments, "numerical": True}) for c in cases[:2]]
    cases += [_net_offset_case(offset, large) for offset in (1024.0, 2.0**14)]
    gap = {**first.arguments["params"], "b2": np.array([1000.0, 0.0, -1000.0])}
    cases.append(
        Case(
            "scores 1,000 apart",
            {**first.arguments, "params": gap, "reg": 0.0},
            failure=LOG_0,
        )
    )
    return cases


def _net_offset_case(offset, failure):
    """One hidden unit lifts the scores of some rows by an offset, another lowers others' scores."""
    rng = np.random.default_rng(80)
    X = rng.integers(-2, 3, size=(6, 4)).astype(float)
    X[:, -1] = offset * np.array([1, -1, 0, 1, -1, 1])
    params = {
        "W1": rng.integers(-3, 4, size=(4, 5)) / 4,
        "b1": rng.integers(-3, 4, size=5) / 4 + 1 / 8,  # no hidden unit is at its kink
        "W2": rng.integers(-3, 4, size=(5, 3)) / 4,
        "b2": rng.integers(-3, 4, size=3) / 4,
    }
    params["W1"][-1] = [1, -1, 0, 0, 0]
    params["W2"][0], params["W2"][1] = 1, -1
    arguments = {"X": X, "y": rng.integers(0, 3, size=6), "params": params, "reg": 0.0}
    return Case(f"scores around {offset:,.0f} and {-offset:,.0f}", arguments, failure)


def call_net_scores(module, X, y, params, reg):
    return {"scores": _net(module.TwoLayerNet, params).loss(X)}


def call_net_loss(module, X, y, params, reg):
    """The loss, and beside it the scores and gradients it belongs to."""
    net = _net(module.TwoLayerNet, params)
    scores = np.array(net.loss(X), copy=True)
    loss, grads = _pair("TwoLayerNet.loss", net.loss(X, y, reg=reg))
    grads = grads if isinstance(grads, Mapping) else {}
    return {"loss": loss, "scores": scores, **_named(grads)}


def _named(grads):
    return {f"grads['{name}']": grads[name] for name in NET_START if name in grads}


def call_net_gradients(module, X, y, params, reg, numerical=False):
    net = _net(module.TwoLayerNet, params)
    before = {name: value.copy() for name, value in params.items()}
    X_before, y_before = X.copy(), y.copy()
    loss, grads = _pair("TwoLayerNet.loss", net.loss(X, y, reg=reg))
    if not isinstance(grads, Mapping):
        raise Returned(
            f"TwoLayerNet.loss must return a dict of gradients, not {_described(grads)}."
        )
    arrays = {"loss": _kept(loss), **{k: _kept(v) for k, v in _named(grads).items()}}
    arrays["scores"] = np.array(net.loss(X), copy=True)
    if numerical and _is_number(loss):
        for name, value in before.items():
            net.params = dict(before)
            arrays[f"numerical['{name}']"] = measured(
                lambda: net.loss(X_before.copy(), y_before.copy(), reg=reg)[0], value
            )
    return arrays


NET_GRADIENTS = {
    "W1": np.arange(20.0).reshape(4, 5) - 8,
    "b1": np.arange(5.0) - 3,
    "W2": np.arange(15.0).reshape(5, 3) - 7,
    "b2": np.arange(3.0) + 1,
}
NET_START = _parameters(4, 5, 3)
DECAY = 0.5


def call_net_train(module, X, y, batch_size, groups=False):
    _seed()
    record = Record(NET_GRADIENTS)

    class TwoLayerNet(module.TwoLayerNet):
        def loss(self, X, y=None, reg=0.0):
            if not groups:
                return record(X, y, reg, self.params.values())
            if X is None:
                raise NotImplementedError("no batch is drawn yet")
            return _forward(self.params, X)[1] if y is None else _net_loss(self.params, X, y)

        def predict(self, X):
            return np.zeros(len(X), dtype=int)

    net = _net(TwoLayerNet, _parameters(4, 5, 3))
    if groups:
        X = _grouped(X, y)
        options = {"learning_rate": 0.1, "learning_rate_decay": 1.0, "reg": 0.0, "num_iters": 100}
        stats = net.train(X, y, X, y, batch_size=batch_size, **options)
        return {"losses on three groups": _history(stats)}
    stats = net.train(X, y, X, y, batch_size=batch_size, learning_rate_decay=DECAY, **OPTIONS)
    return {
        "loss_history": _history(stats),
        **{name: net.params.get(name) for name in NET_START},
        **record.facts(X, y, batch_size, net.params.values()),
    }


def _history(stats):
    try:
        return stats["loss_history"]
    except (TypeError, KeyError, IndexError):
        raise Returned(
            f"TwoLayerNet.train must return a dict with loss_history, not {_described(stats)}."
        ) from None


def _forward(params, X):
    H = np.maximum(X @ params["W1"] + params["b1"], 0)
    return H, H @ params["W2"] + params["b2"]


def _net_loss(params, X, y):
    H, scores = _forward(params, X)
    losses, G = cross_entropy(scores, y)
    G /= len(y)
    dH = (G @ params["W2"].T) * (H > 0)
    grads = {"W1": X.T @ dH, "b1": dH.sum(axis=0), "W2": H.T @ G, "b2": G.sum(axis=0)}
    return losses.mean(), grads


def net_predict_cases():
    rng = np.random.default_rng(70)
    first = Case("12 examples, 3 classes", {"X": 2 * rng.normal(size=(12, 4))})
    return [first, Case("1 example", {"X": rng.normal(size=(1, 4))}), *variants(first)]


def call_net_predict(module, X):
    class TwoLayerNet(module.TwoLayerNet):
        def loss(self, X, y=None, reg=0.0):
            return _forward(self.params, X)[1]

    return {"y_pred": _net(TwoLayerNet, NET_START).predict(X)}


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
DISTANCES = [f"compute_distances_{loops}" for loops in ("two_loops", "one_loop", "no_loops")]

CALLS = {
    calls.name: calls
    for calls in (
        *(
            Calls(f"KNearestNeighbor.{method}", KNN, distance_cases, call_distances(method))
            for method in DISTANCES
        ),
        Calls("KNearestNeighbor.predict_labels", KNN, vote_cases, call_vote),
        Calls("nca_loss", KNN, nca_cases, call_nca),
        Calls("svm_loss_naive", SVM, svm_cases, call_linear_loss("svm_loss_naive")),
        Calls("svm_loss_vectorized", SVM, svm_cases, call_linear_loss("svm_loss_vectorized")),
        Calls("LinearClassifier.train", LINEAR, linear_train_cases, call_linear_train),
        Calls("LinearClassifier.predict", LINEAR, linear_predict_cases, call_linear_predict),
        Calls("softmax_loss_naive", SOFTMAX, softmax_cases, call_linear_loss("softmax_loss_naive")),
        Calls(
            "softmax_loss_vectorized",
            SOFTMAX,
            softmax_cases,
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

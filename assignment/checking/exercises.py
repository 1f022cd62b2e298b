"""The one list of exercises: what each is, the calls it makes, what the answers must satisfy.

The check cells, `make progress` and the tests all read EXERCISES. An entry keeps calls apart from
judgement: `cases` gives seeded inputs, `call` runs the function under test on them and returns
arrays by name, and `judge` looks at those arrays alone, beside the ones of the reference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from assignment.solutions import neural_net

Arrays = Mapping[str, np.ndarray]


# Judgement.


def equal(got, expected):
    """Every array has the shape and the values of the reference's."""
    for name, right in expected.items():
        if complaint := difference(name, got.get(name), right):
            return complaint
    return None


def difference(name, value, right, tolerance=1e-7):
    """A sentence about where an array departs from the right one, or None.

    The tolerance is relative to the entry, with a floor at 1e-7 of the largest entry, below which
    float64 sums in another order may differ.
    """
    if value is None:
        return f"{name} is missing."
    try:
        value, right = np.asarray(value), np.asarray(right)
    except ValueError:
        return f"{name} must be an array of shape {np.shape(right)}, but yours is ragged."
    if value.shape == (1, *right.shape):
        value = value[0]  # a bias gradient of shape (1, H), a loss of shape (1,): no mistake
    if value.shape != right.shape:
        return f"{name} must have shape {right.shape}, but yours has {value.shape}."
    if value.dtype.kind not in "biufc":
        return f"{name} must hold numbers, but yours holds {value.dtype}."
    if not np.isfinite(value).all():
        where = _position(name, np.flatnonzero(~np.isfinite(value))[0], value.shape)
        return f"{where} is {value[~np.isfinite(value)][0]}: all must be finite."
    value, right = value + 0.0, right + 0.0  # booleans cannot be subtracted
    scale = np.abs(right).max(initial=0)
    allowed = tolerance * np.maximum(np.abs(right), tolerance * scale)
    error = np.abs(value - right)
    wrong = error > allowed
    if not wrong.any():
        return None
    worst = np.argmax(np.where(wrong, error, -1))
    where = _position(name, worst, value.shape)
    sentence = f"{where} is {value.flat[worst]:.8g}, but should be {right.flat[worst]:.8g}"
    if value.size == 1:
        return sentence + "."
    return f"{sentence}; {wrong.sum()} of {wrong.size} entries are off."


def _position(name, flat_index, shape):
    index = ", ".join(str(int(i)) for i in np.unravel_index(flat_index, shape))
    return f"{name}[{index}]" if shape else name


@dataclass(frozen=True)
class Exercise:
    """One blank for the student to fill.

    name : the function or method, as the check cell calls it
    file : the student's file it stands in
    notebook : the lesson it belongs to
    cases : function -> dict from a description to the keyword arguments of `call`
    call : function(module, **case) -> dict of arrays; the only place that runs a student's code
    judge : function(got, expected) -> None if right, else a sentence with the numbers that show it
    """

    name: str
    file: str
    notebook: str
    cases: Callable[[], dict[str, dict]]
    call: Callable[..., Arrays]
    judge: Callable[[Arrays, Arrays], str | None] = equal


def _pair(name, result):
    """A loss and a gradient, or a TypeError that says what came instead."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise TypeError(f"{name} must return a loss and a gradient, not {type(result).__name__}")
    return result


# k nearest neighbours.


def _distance_cases():
    rng = np.random.default_rng(0)
    X, X_train = rng.normal(size=(4, 6)), rng.normal(size=(5, 6))
    return {
        "4 test and 5 training examples of 6 numbers": {"X": X, "X_train": X_train},
        "1 test and 3 training examples of 1 number": {"X": X[:1, :1], "X_train": X_train[:3, :1]},
        "far from the origin, 2 examples equal": {
            "X": np.round(X) + 1000,
            "X_train": np.vstack([np.round(X[:2]), np.round(X_train)]) + 1000,
        },
    }


def _distances(method):
    def call(module, X, X_train):
        classifier = module.KNearestNeighbor()
        classifier.train(X_train, np.zeros(len(X_train), dtype=int))
        return {"dists": getattr(classifier, method)(X)}

    return Exercise(f"KNearestNeighbor.{method}", *KNN, _distance_cases, call)


def _vote_cases():
    rng = np.random.default_rng(1)
    dists = rng.permuted(np.arange(60.0).reshape(6, 10), axis=1)
    y_train = rng.integers(0, 4, size=10)
    tied = np.array([[3.0, 2.0, 1.0, 4.0], [1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]])
    cases = {f"k = {k}": {"dists": dists, "y_train": y_train, "k": k} for k in (1, 3, 5, 10)}
    cases["2 votes each for labels 5 and 3, 5 nearer"] = {
        "dists": tied,
        "y_train": np.array([5, 5, 3, 3]),
        "k": 4,
    }
    cases["1 vote each for labels 7 and 2"] = {
        "dists": tied[:, :2],
        "y_train": np.array([2, 7]),
        "k": 2,
    }
    # A set of small integers is in order by accident; these are not.
    for first, second in ((8, 1), (9, 2), (16, 3)):
        cases[f"1 vote each for labels {first} and {second}"] = {
            "dists": tied[:, :2],
            "y_train": np.array([first, second]),
            "k": 2,
        }
    return cases


def _call_vote(module, dists, y_train, k):
    classifier = module.KNearestNeighbor()
    classifier.train(np.zeros((len(y_train), 1)), y_train)
    return {"y_pred": classifier.predict_labels(dists, k=k)}


def _nca_cases():
    rng = np.random.default_rng(2)
    y = np.array([0, 1, 0, 2, 1, 2, 0, 1])
    A, X = rng.normal(size=(2, 3)), rng.normal(size=(8, 3))
    return {
        "8 examples of 3 numbers, mapped to 2": {"A": A, "X": X, "y": y},
        "the same, mapped to 3": {"A": rng.normal(size=(3, 3)), "X": X, "y": y},
        "distances of about 1,000": {"A": A, "X": 30 * X, "y": y},
    }


def _call_nca(module, A, X, y):
    loss, dA = _pair("nca_loss", module.nca_loss(A, X, y))
    return {"loss": loss, "dA": dA}


# Linear classifiers.


def _linear_cases():
    """Weights far from 0, several reg, all sizes different, labels that leave classes out."""
    cases = {}
    sizes = [(7, 5, 4, 0.0), (7, 5, 4, 0.3), (1, 3, 2, 2.0), (12, 4, 10, 0.1)]
    for seed, (N, D, C, reg) in enumerate(sizes):
        rng = np.random.default_rng(10 + seed)
        cases[f"N = {N}, D = {D}, C = {C}, reg = {reg}"] = {
            "W": rng.normal(scale=0.5, size=(D, C)),
            "X": rng.normal(size=(N, D)),
            "y": rng.integers(0, C - 1, size=N),
            "reg": reg,
        }
    return cases


def _large_score_cases():
    """Rows of scores around +1,000 and -1,000, the scores in each a few apart.

    Where the right class trails by 745 or more, log(0) is infinite: that is no mistake here.
    """
    cases = _linear_cases()
    rng = np.random.default_rng(20)
    X, W = rng.normal(size=(7, 5)), rng.normal(scale=0.5, size=(5, 4))
    X[:, -1] = [1000, -1000, 1000, 0, -1000, 1000, -1000]
    W[-1] = 1
    cases["scores around 1,000 and -1,000"] = {
        "W": W,
        "X": X,
        "y": rng.integers(0, 4, size=7),
        "reg": 0.0,
    }
    return cases


def _linear_loss(function, file, notebook, cases):
    def call(module, W, X, y, reg):
        loss, dW = _pair(function, getattr(module, function)(W, X, y, reg))
        return {"loss": loss, "dW": dW}

    return Exercise(function, file, notebook, cases, call)


def _predict_cases():
    rng = np.random.default_rng(30)
    return {"9 examples, 4 classes": {"W": rng.normal(size=(5, 4)), "X": rng.normal(size=(9, 5))}}


def _call_linear_predict(module, W, X):
    classifier = module.LinearSVM()
    classifier.W = W
    return {"y_pred": classifier.predict(X)}


# Training. The loss is ours and notes its batches, so that a mistake in the student's loss is not
# charged to the student's training loop.


def _train_cases():
    rng = np.random.default_rng(40)
    X = rng.normal(size=(30, 4))
    y = rng.integers(0, 3, size=30)
    return {
        "batches of 8 from 30 examples": {"X": X, "y": y, "batch_size": 8},
        "batches of 8 from 5 examples": {"X": X[:5], "y": y[:5], "batch_size": 8},
    }


class _Record:
    """A loss that counts down from 100, constant gradients, and the batches it was given."""

    def __init__(self, gradients):
        self.gradients = gradients
        self.batches = []
        self.strengths = []

    def __call__(self, X_batch, y_batch, reg):
        self.batches.append((np.array(X_batch), np.array(y_batch)))
        self.strengths.append(reg)
        return 101.0 - len(self.batches), {k: v.copy() for k, v in self.gradients.items()}

    def arrays(self, X, y):
        """What a judge needs to know of the batches: sizes, origin of the rows, variety."""
        if not self.batches:
            raise TypeError("train must call self.loss(X_batch, y_batch, reg) in each step")
        rows = [_rows_of(X_batch, X) for X_batch, _ in self.batches]
        labels = [y_batch for _, y_batch in self.batches]
        return {
            "batch sizes": np.array([np.size(y_batch) for y_batch in labels]),
            "batches whose rows are training examples": np.array([np.all(r >= 0) for r in rows]),
            "batches whose labels belong to their rows": np.array(
                [np.array_equal(y[r], y_batch) for r, y_batch in zip(rows, labels, strict=True)]
            ),
            "different batches": np.array(len({tuple(row) for row in rows}) > 1),
            "batches of different examples": np.array([len(set(row)) > 1 for row in rows]),
            "half of the examples drawn": np.array(len(set(np.concatenate(rows))) >= len(X) / 2),
            "reg of each step": np.array(self.strengths),
        }


def _rows_of(batch, X):
    """For each row of the batch, which row of X it is, or -1."""
    if batch.ndim != 2 or batch.shape[1] != X.shape[1]:
        return np.array([-1])
    equal_rows = (batch[:, np.newaxis] == X).all(axis=2)
    return np.where(equal_rows.any(axis=1), equal_rows.argmax(axis=1), -1)


def _call_linear_train(module, X, y, batch_size):
    np.random.seed(0)
    W = np.linspace(-1, 1, 12).reshape(4, 3)
    record = _Record({"W": np.arange(12.0).reshape(4, 3) - 5})

    class Classifier(module.LinearClassifier):
        def loss(self, X_batch, y_batch, reg):
            loss, gradients = record(X_batch, y_batch, reg)
            return loss, gradients["W"]

    classifier = Classifier()
    classifier.W = W.copy()
    history = classifier.train(
        X, y, learning_rate=0.1, reg=0.7, num_iters=20, batch_size=batch_size
    )
    return {"loss_history": history, "W after 20 steps": classifier.W, **record.arrays(X, y)}


def _net_of(net_class, D, H, C, offset=0.0):
    """A network with weights and biases far from zero, so that nothing in it can hide.

    offset is added to all scores.
    """
    rng = np.random.default_rng(50)
    net = net_class(D, H, C)
    net.params = {
        "W1": rng.normal(scale=0.5, size=(D, H)),
        "b1": rng.normal(scale=0.5, size=H),
        "W2": rng.normal(scale=0.5, size=(H, C)),
        "b2": rng.normal(scale=0.5, size=C) + offset,
    }
    return net


def _net_cases():
    cases = {}
    sizes = [(6, 4, 5, 3, 0.0), (6, 4, 5, 3, 0.7), (1, 3, 7, 2, 0.1)]
    for seed, (N, D, H, C, reg) in enumerate(sizes):
        rng = np.random.default_rng(60 + seed)
        cases[f"N = {N}, D = {D}, H = {H}, C = {C}, reg = {reg}"] = {
            "X": rng.normal(size=(N, D)),
            "y": rng.integers(0, C, size=N),
            "H": H,
            "C": C,
            "reg": reg,
            "offset": 0.0,
        }
    cases["scores around 1,000"] = cases["N = 6, D = 4, H = 5, C = 3, reg = 0.7"] | {
        "offset": 1000.0
    }
    return cases


def _call_net_scores(module, X, y, H, C, reg, offset):
    return {"scores": _net_of(module.TwoLayerNet, X.shape[1], H, C, offset).loss(X)}


def _call_net_loss(module, X, y, H, C, reg, offset):
    loss, _ = _net_of(module.TwoLayerNet, X.shape[1], H, C, offset).loss(X, y, reg=reg)
    return {"loss": loss}


def _call_net_gradients(module, X, y, H, C, reg, offset):
    net = _net_of(module.TwoLayerNet, X.shape[1], H, C, offset)
    _, grads = net.loss(X, y, reg=reg)
    return {f"grads['{name}']": grads[name] for name in net.params}


def _call_net_train(module, X, y, batch_size):
    np.random.seed(0)
    record = _Record(
        {
            "W1": np.arange(20.0).reshape(4, 5) - 8,
            "b1": np.arange(5.0) - 3,
            "W2": np.arange(15.0).reshape(5, 3) - 7,
            "b2": np.arange(3.0) + 1,
        }
    )

    class Net(module.TwoLayerNet):
        def loss(self, X, y=None, reg=0.0):
            return record(X, y, reg)

        def predict(self, X):
            return np.zeros(len(X), dtype=int)

    net = _net_of(Net, 4, 5, 3)
    history = net.train(
        X,
        y,
        X,
        y,
        learning_rate=0.1,
        learning_rate_decay=0.5,
        reg=0.7,
        num_iters=20,
        batch_size=batch_size,
    )
    after = {f"{name} after 20 steps": value for name, value in net.params.items()}
    return {"loss_history": history["loss_history"], **after, **record.arrays(X, y)}


def _net_predict_cases():
    rng = np.random.default_rng(70)
    return {"8 examples, 3 classes": {"X": rng.normal(size=(8, 4))}}


def _call_net_predict(module, X):
    class Net(module.TwoLayerNet):
        loss = neural_net.TwoLayerNet.loss

    return {"y_pred": _net_of(Net, 4, 5, 3).predict(X)}


KNN = ("k_nearest_neighbor.py", "knn")
SVM = ("linear_svm.py", "svm")
LINEAR = ("linear_classifier.py", "svm")
SOFTMAX = ("softmax.py", "softmax")
NET = ("neural_net.py", "two_layer_net")

# In the order in which the notebooks come to them.
EXERCISES = (
    _distances("compute_distances_two_loops"),
    Exercise("KNearestNeighbor.predict_labels", *KNN, _vote_cases, _call_vote),
    _distances("compute_distances_one_loop"),
    _distances("compute_distances_no_loops"),
    Exercise("nca_loss", *KNN, _nca_cases, _call_nca),
    _linear_loss("svm_loss_naive", *SVM, _linear_cases),
    _linear_loss("svm_loss_vectorized", *SVM, _linear_cases),
    Exercise("LinearClassifier.train", *LINEAR, _train_cases, _call_linear_train),
    Exercise("LinearClassifier.predict", *LINEAR, _predict_cases, _call_linear_predict),
    _linear_loss("softmax_loss_naive", *SOFTMAX, _large_score_cases),
    _linear_loss("softmax_loss_vectorized", *SOFTMAX, _large_score_cases),
    Exercise("TwoLayerNet.scores", *NET, _net_cases, _call_net_scores),
    Exercise("TwoLayerNet.loss", *NET, _net_cases, _call_net_loss),
    Exercise("TwoLayerNet.gradients", *NET, _net_cases, _call_net_gradients),
    Exercise("TwoLayerNet.train", *NET, _train_cases, _call_net_train),
    Exercise("TwoLayerNet.predict", *NET, _net_predict_cases, _call_net_predict),
)

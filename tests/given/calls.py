"""The calls that are tried: one for each function, with the plain computation beside it."""

import copy
from dataclasses import dataclass
from unittest.mock import MagicMock, patch

import numpy as np

import truth
from assignment.further import best_net
from assignment.further.exact_neighbors import ExactNeighbors
from assignment.given import cifar10, plots, timing
from assignment.solutions.cs231n import layers, optim
from assignment.solutions.cs231n.classifiers.fc_net import FullyConnectedNet
from assignment.solutions.k_nearest_neighbor import KNearestNeighbor, cross_validate, nca_loss
from assignment.solutions.linear_classifier import LinearSVM, Softmax
from assignment.solutions.linear_svm import svm_loss_naive, svm_loss_vectorized
from assignment.solutions.neural_net import TwoLayerNet
from assignment.solutions.softmax import softmax_loss_naive, softmax_loss_vectorized
from kinds import (
    ANY_NUMBERS,
    ARRAYS,
    BELOW_C,
    BOUNDED,
    COUNTS,
    EITHER,
    FAR,
    FREE,
    IMAGES,
    LABELS,
    LIFT,
    LONG,
    MAPS,
    NEVER,
    NUMBERS,
    PICTURES,
    POSITIVE,
    SHARES,
    STEP,
    STEPS,
    TABLES,
    VALUES,
    VECTORS,
    WEIGHTS,
    WHOLE,
    C,
    Kind,
    without,
)
from truth import cross_entropy, hinge, linear, net_loss, net_scores

N, D, H = 6, 4, 5


def good():
    """Arguments by name that every call accepts."""
    rng = np.random.default_rng(0)
    return {
        "X": rng.normal(size=(N, D)),
        "y": np.array([0, 1, 2, 0, 1, 2]),
        "reg": 0.3,
        "W": rng.normal(size=(D, C)),
        "A": rng.normal(size=(2, D)),
        "X_train": rng.normal(size=(N, D)),
        "X_val": rng.normal(size=(N, D)),
        "X_test": rng.normal(size=(N, D)),
        "y_val": np.array([2, 1, 0, 0, 1, 2]),
        "dists": rng.random((N, N)),
        "k": 3,
        "num_loops": 2,
        "num_folds": 3,
        "choices": 2,
        "num_iters": 3,
        "batch_size": 4,
        "learning_rate": 0.1,
        "learning_rate_decay": 0.9,
        "W1": rng.normal(size=(D, H)),
        "b1": rng.normal(size=H),
        "W2": rng.normal(size=(H, C)),
        "b2": rng.normal(size=C),
        "x": rng.normal(size=(N, D)),
        "w": rng.normal(size=(D, C)),
        "b": rng.normal(size=C),
        "dout": rng.normal(size=(N, C)),
        "cache": rng.normal(size=(N, C)),
        "dw": rng.normal(size=(D, C)),
        "coefficients": 2,
        "num_train": 4,
        "num_test": 3,
        "dtype": np.float32,
        "values": rng.normal(size=9),
        "image": 100 + rng.normal(size=3072),
        "images": rng.normal(size=(2, 3072)),
        "down": 2,
        "right": 1,
        "repeats": 3,
        "y_pred": np.array([2, 1, 0, 0, 1, 2]),
    }


@dataclass(frozen=True)
class Call:
    """One function, and what is tried in its arguments.

    run : function of arguments by name, as they are
    right : the same of long doubles, for the truth; both give one array, or several
    kinds : dict from the name of an argument, or of several, "X and X_train", to what is tried
    """

    room: str
    run: object
    right: object
    kinds: dict


def knn(a):
    classifier = KNearestNeighbor()
    classifier.train(a["X_train"], a["y"])
    return classifier


def knn_of(method):
    return lambda a: getattr(knn(a), method)(a["X"])


def linear_model(kind, a):
    model = kind()
    model.W = a["W"]
    return model


def train_linear(kind, a):
    model = linear_model(kind, a)
    np.random.seed(0)
    settings = {name: a[name] for name in ("learning_rate", "reg", "num_iters", "batch_size")}
    return np.array(model.train(a["X"], a["y"], **settings)), model.W


PARAMS = "W1", "b1", "W2", "b2"


def net(a):
    model = TwoLayerNet(D, H, C)
    model.params = {name: a[name] for name in PARAMS}
    return model


def with_gradients(loss_and_gradients):
    loss, gradients = loss_and_gradients
    return loss, *(gradients[name] for name in PARAMS)


def train_net(a):
    model = net(a)
    model.params = {name: np.array(value) for name, value in model.params.items()}
    settings = ("learning_rate", "learning_rate_decay", "reg", "num_iters", "batch_size")
    settings = {name: a[name] for name in settings}
    np.random.seed(0)
    history = model.train(a["X"], a["y"], a["X_val"], a["y_val"], **settings)["loss_history"]
    return np.array(history), *model.params.values()


def right_net_training(a):
    # One epoch is one step here, N // batch_size, after each of which the rate decays.
    np.random.seed(0)
    params, losses, rate = {name: a[name].copy() for name in PARAMS}, [], a["learning_rate"]
    for step in range(int(a["num_iters"])):
        rows = np.random.choice(N, int(a["batch_size"]))
        loss, *gradients = net_loss(a["X"][rows], a["y"][rows], a["reg"], **params)
        losses.append(loss)
        for name, gradient in zip(PARAMS, gradients, strict=True):
            params[name] = params[name] - rate * gradient
        if step % max(N // int(a["batch_size"]), 1) == 0:
            rate = rate * a["learning_rate_decay"]
    return np.array(losses), *params.values()


def fc_net(a):
    model = FullyConnectedNet([H], D, C, reg=a["reg"], dtype=np.float64)
    model.params = {name: np.array(a[name]) for name in PARAMS}
    return model


def rule(name, **config):
    def run(a):
        own = {"learning_rate": a["learning_rate"]} | {key: a[key] for key in config}
        return getattr(optim, name)(a["w"], a["dw"], own)[0]

    return run


def images(a):
    parts = a["X_train"], a["y"], a["X_val"], a["y_val"], a["X_test"], a["y"]
    return cifar10.Cifar10(*parts)


def centred(a):
    data = images(a).centred(bias=True)
    return data.X_train, data.X_val, data.X_test


def right_centred(a):
    mean, ones = a["X_train"].mean(axis=0), np.ones((N, 1), LONG)
    return [np.hstack([a[name] - mean, ones]) for name in ("X_train", "X_val", "X_test")]


PIXELS = np.random.default_rng(1).integers(0, 256, size=(12, 3072), dtype=np.uint8)


def loaded(**given):
    def run(a):
        def few(folder):
            return (PIXELS, np.arange(12) % 10), (PIXELS[::-1], np.arange(12) % 10)

        options = {"num_train": 4, "num_val": 3, "num_test": 3} | {key: a[key] for key in given}
        with patch.object(cifar10, "_read_shipped", few):
            data = cifar10.load_cifar10(**options)
        return data.X_train, data.X_test

    return run


def right_loaded(a):
    train, test = (int(a.get(name, n)) for name, n in (("num_train", 4), ("num_test", 3)))
    return PIXELS[:train].astype(LONG), PIXELS[::-1][:test].astype(LONG)


def types(may, *names):
    return {name: Kind(lambda _, name=name: TYPES[name], may) for name in names}


TYPES = {
    "float": float,
    "f4": "f4",
    ">f8": ">f8",
    "float32": np.float32,
    "the dtype of float64": np.dtype("float64"),
    "float16": np.float16,
    "longdouble": LONG,
    "uint8": np.uint8,
    "int8": np.int8,
    "int64": int,
    "bool": bool,
    "complex": complex,
    "object": object,
    "str": str,
    "datetime64": "datetime64[s]",
    "None": None,
    "nonsense": "nonsense",
    "a number": 3,
    "a list": [],
}
DTYPES = types(LIFT, "float", "f4", "float32", "the dtype of float64") | types(
    EITHER, *[name for name in TYPES if name not in ("float", "f4", "float32")]
)


def drawn(function, *arguments):
    """What a plot hands to its axis."""

    def run(a):
        ax = MagicMock()
        function(ax, *(a[name] for name in arguments))
        return (ax.imshow.call_args or ax.plot.call_args).args[0]

    return run


def right_confusion(a):
    counts = np.zeros((10, 10))
    for true, called in zip(a["y"], a["y_pred"], strict=True):
        counts[true, called] += 1
    return counts


def right_image(a):
    x = a["image"].reshape(32, 32, 3)
    if x.min() >= 0 and 1 < x.max() <= 255:
        return x / 255
    return (x - x.min()) / ((x.max() - x.min()) or 1)


def right_contrast(a):
    centred = a["images"] - a["images"].mean(axis=1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 100)


def right_shift(a):
    at = [np.clip(np.arange(32) - int(a[name]), 0, 31) for name in ("down", "right")]
    images = a["images"].reshape(-1, 32, 32, 3)
    return images[:, at[0]][:, :, at[1]].reshape(len(images), -1)


def times_called(a):
    times = []
    timing.seconds(times.append, 0, repeats=a["repeats"])
    return len(times)


def linear_loss(function, data_loss):
    arrays = {"X": FREE, "W": WEIGHTS, "X and W": WHOLE, "y": BELOW_C, "reg": NUMBERS}
    names = "W", "X", "y", "reg"
    return Call(
        "losses",
        lambda a: function(*(a[name] for name in names)),
        lambda a: linear(data_loss)(*(a[name] for name in names)),
        arrays,
    )


def linear_training(kind, data_loss):
    def loss(params, X, y, reg):
        return linear(data_loss)(params[0], X, y, reg)

    def right(a):
        settings = a["learning_rate"], int(a["num_iters"]), int(a["batch_size"]), a["reg"]
        return truth.trained(loss, [a["W"]], a["X"], a["y"], *settings)

    settings = {"learning_rate": NUMBERS, "reg": NUMBERS, "num_iters": COUNTS}
    tables = {"X": FREE, "y": BELOW_C, "W": without(ARRAYS, "None"), "X and W": WHOLE}
    return Call(
        "training",
        lambda a: train_linear(kind, a),
        right,
        tables | settings | {"batch_size": POSITIVE},
    )


def of_distances(method):
    return Call(
        "neighbours",
        knn_of(method),
        lambda a: truth.distances(a["X"], a["X_train"]),
        {"X": TABLES, "X_train": FREE, "X and X_train": FREE | FAR, "y": LABELS},
    )


def of_params(*names):
    return {name: VECTORS for name in names}


CALLS = {
    "KNearestNeighbor.compute_distances_two_loops": of_distances("compute_distances_two_loops"),
    "KNearestNeighbor.compute_distances_one_loop": of_distances("compute_distances_one_loop"),
    "KNearestNeighbor.compute_distances_no_loops": of_distances("compute_distances_no_loops"),
    "KNearestNeighbor.predict": Call(
        "neighbours",
        lambda a: knn(a).predict(a["X"], a["k"], a["num_loops"]),
        lambda a: truth.votes(truth.distances(a["X"], a["X_train"]), a["y"], int(a["k"])),
        {
            "X": TABLES,
            "X_train": FREE,
            "X and X_train": FREE | FAR,
            "y": LABELS,
            "k": BOUNDED,
            "num_loops": COUNTS | {"zero": Kind(lambda _: 0, LIFT), "3": Kind(lambda _: 3, NEVER)},
        },
    ),
    "KNearestNeighbor.predict, no loops": Call(
        "neighbours",
        lambda a: knn(a).predict(a["X"], a["k"]),
        lambda a: truth.votes(truth.distances(a["X"], a["X_train"]), a["y"], int(a["k"])),
        {"X and X_train": FREE | FAR, "k": BOUNDED},
    ),
    "KNearestNeighbor.predict_labels": Call(
        "neighbours",
        lambda a: knn(a).predict_labels(a["dists"], a["k"]),
        lambda a: truth.votes(a["dists"], a["y"], int(a["k"])),
        {"dists": TABLES, "y": LABELS, "k": BOUNDED},
    ),
    "cross_validate": Call(
        "neighbours",
        lambda a: np.array(
            cross_validate(a["X"], a["y"], [1, a["choices"]], a["num_folds"]).popitem()[1]
        ),
        lambda a: truth.cross_validated(a["X"], a["y"], int(a["choices"]), int(a["num_folds"])),
        {
            "X": FREE | FAR,
            "y": LABELS,
            "choices": BOUNDED,
            "num_folds": BOUNDED | {"one": Kind(lambda _: 1, NEVER), "bool": BOUNDED["None"]},
        },
    ),
    "nca_loss": Call(
        "losses",
        lambda a: nca_loss(a["A"], a["X"], a["y"]),
        lambda a: truth.nca(a["A"], a["X"], a["y"]),
        {
            "X": FREE | FAR,
            "A": without(TABLES, "complex128", "complex64") | STEP,
            "y": LABELS | {"lonely": Kind(lambda y: np.arange(len(y)), NEVER)},
        },
    ),
    "ExactNeighbors": Call(
        "neighbours",
        lambda a: ExactNeighbors(a["X_train"], (a["coefficients"], 3)).nearest(a["X"], a["k"]),
        lambda a: (
            np.sort(truth.distances(a["X"], a["X_train"]), axis=1)[:, : int(a["k"])],
            truth.nearest(truth.distances(a["X"], a["X_train"]), int(a["k"])),
        ),
        {
            "X": TABLES,
            "X_train": FREE,
            "X and X_train": FREE | FAR,
            "k": BOUNDED,
            "coefficients": POSITIVE,
        },
    ),
    "svm_loss_naive": linear_loss(svm_loss_naive, hinge),
    "svm_loss_vectorized": linear_loss(svm_loss_vectorized, hinge),
    "softmax_loss_naive": linear_loss(softmax_loss_naive, cross_entropy),
    "softmax_loss_vectorized": linear_loss(softmax_loss_vectorized, cross_entropy),
    "LinearSVM.train": linear_training(LinearSVM, hinge),
    "Softmax.train": linear_training(Softmax, cross_entropy),
    "Softmax.predict": Call(
        "training",
        lambda a: linear_model(Softmax, a).predict(a["X"]),
        lambda a: (a["X"] @ a["W"]).argmax(axis=1),
        {"X": TABLES, "W": FREE, "X and W": WHOLE},
    ),
    "TwoLayerNet.loss, scores": Call(
        "losses",
        lambda a: net(a).loss(a["X"]),
        lambda a: net_scores(a["X"], *(a[name] for name in PARAMS)),
        {"X": TABLES, "X and W1": WHOLE, "W1 and b1 and W2 and b2": WHOLE} | of_params(*PARAMS),
    ),
    "TwoLayerNet.loss": Call(
        "losses",
        lambda a: with_gradients(net(a).loss(a["X"], a["y"], a["reg"])),
        lambda a: net_loss(a["X"], a["y"], a["reg"], *(a[name] for name in PARAMS)),
        {"X": TABLES, "y": without(BELOW_C, "None"), "reg": NUMBERS} | of_params(*PARAMS),
    ),
    "TwoLayerNet.predict": Call(
        "training",
        lambda a: net(a).predict(a["X"]),
        lambda a: net_scores(a["X"], *(a[name] for name in PARAMS)).argmax(axis=1),
        {"X": TABLES} | of_params("W1", "b2"),
    ),
    "TwoLayerNet.train": Call(
        "training",
        train_net,
        right_net_training,
        {
            "X": TABLES,
            "y": BELOW_C,
            "X_val": TABLES,
            "y_val": BELOW_C,
            "learning_rate": NUMBERS,
            "learning_rate_decay": SHARES,
            "reg": NUMBERS,
            "num_iters": COUNTS,
            "batch_size": POSITIVE,
        },
    ),
    "layers.affine_forward": Call(
        "the course's files",
        lambda a: layers.affine_forward(a["x"], a["w"], a["b"])[0],
        lambda a: truth.affine(a["x"], a["w"], a["b"]),
        {"x": VALUES, "w": FREE, "b": ARRAYS, "x and w": WHOLE},
    ),
    "layers.affine_backward": Call(
        "the course's files",
        lambda a: layers.affine_backward(
            a["dout"], layers.affine_forward(a["x"], a["w"], a["b"])[1]
        ),
        lambda a: truth.affine_gradients(a["dout"], a["x"], a["w"], a["b"]),
        {"dout": TABLES, "x": WHOLE},
    ),
    "layers.relu_forward": Call(
        "the course's files",
        lambda a: layers.relu_forward(a["x"])[0],
        lambda a: np.maximum(a["x"], 0),
        {"x": without(VALUES, "NaN", "inf", "minus inf", "NaN in single", "all but infinite")},
    ),
    "layers.relu_backward": Call(
        "the course's files",
        lambda a: layers.relu_backward(a["dout"], a["cache"]),
        lambda a: np.where(a["cache"] > 0, a["dout"], 0),
        {"dout": TABLES, "cache": WHOLE, "dout and cache": WHOLE},
    ),
    "layers.svm_loss": Call(
        "the course's files",
        lambda a: layers.svm_loss(a["dout"], a["y"]),
        lambda a: hinge(a["dout"], a["y"]),
        {"y": BELOW_C},
    ),
    "layers.softmax_loss": Call(
        "the course's files",
        lambda a: layers.softmax_loss(a["dout"], a["y"]),
        lambda a: cross_entropy(a["dout"], a["y"]),
        {"y": BELOW_C},
    ),
    "layers.svm_loss, scores": Call(
        "the course's files",
        lambda a: layers.svm_loss(a["x"], a["y"]),
        lambda a: hinge(a["x"], a["y"]),
        {"x": FREE},
    ),
    "layers.softmax_loss, scores": Call(
        "the course's files",
        lambda a: layers.softmax_loss(a["x"], a["y"]),
        lambda a: cross_entropy(a["x"], a["y"]),
        {"x": FREE},
    ),
    "optim.sgd": Call(
        "the course's files",
        rule("sgd"),
        lambda a: a["w"] - a["learning_rate"] * a["dw"],
        {"w": VALUES, "dw": TABLES, "w and dw": WHOLE, "learning_rate": NUMBERS},
    ),
    "optim.sgd_momentum": Call(
        "the course's files",
        rule("sgd_momentum"),
        lambda a: a["w"] - a["learning_rate"] * a["dw"],
        {"w": WHOLE, "dw": TABLES, "w and dw": WHOLE, "learning_rate": NUMBERS},
    ),
    "optim.rmsprop": Call(
        "the course's files",
        rule("rmsprop"),
        lambda a: truth.rmsprop(a["w"], a["dw"], a["learning_rate"]),
        {"w": WHOLE, "dw": WHOLE, "w and dw": WHOLE},
    ),
    "optim.adam": Call(
        "the course's files",
        rule("adam"),
        lambda a: truth.adam(a["w"], a["dw"], a["learning_rate"]),
        {"w": WHOLE, "dw": WHOLE, "w and dw": WHOLE},
    ),
    "FullyConnectedNet.loss": Call(
        "the course's files",
        lambda a: with_gradients(fc_net(a).loss(a["X"], a["y"])),
        lambda a: net_loss(a["X"], a["y"], a["reg"], *(a[name] for name in PARAMS), half=0.5),
        {"X": TABLES, "y": without(BELOW_C, "None"), "reg": NUMBERS},
    ),
    "Cifar10.centred": Call(
        "images",
        centred,
        right_centred,
        {"X_train": FREE, "X_val": WHOLE, "X_test": WHOLE, "X_train and X_val and X_test": WHOLE},
    ),
    "load_cifar10": Call("images", loaded(dtype=1), right_loaded, {"dtype": DTYPES}),
    "load_cifar10, sizes": Call(
        "images",
        loaded(num_train=1, num_test=1),
        right_loaded,
        {name: without(BOUNDED, "None", "zero") for name in ("num_train", "num_test")},
    ),
    "best_net.contrast": Call(
        "images",
        lambda a: best_net.contrast(copy.copy(a["images"])),
        right_contrast,
        {"images": IMAGES},
    ),
    "best_net.shift": Call(
        "images",
        lambda a: best_net.shift(a["images"], a["down"], a["right"]),
        right_shift,
        {"images": IMAGES, "down": STEPS, "right": STEPS},
    ),
    "timing.seconds": Call(
        "images", times_called, lambda a: int(a["repeats"]), {"repeats": POSITIVE}
    ),
    "plots.confusion": Call(
        "pictures", drawn(plots.confusion, "y", "y_pred"), right_confusion, {"y_pred": LABELS}
    ),
    "plots.curve": Call(
        "pictures", drawn(plots.curve, "values"), lambda a: a["values"], {"values": ANY_NUMBERS}
    ),
    "plots.distance_matrix": Call(
        "pictures", drawn(plots.distance_matrix, "dists"), lambda a: a["dists"], {"dists": MAPS}
    ),
    "plots.image": Call("pictures", drawn(plots.image, "image"), right_image, {"image": PICTURES}),
}

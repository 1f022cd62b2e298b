"""Hand-ins in the shape of the course's files of four years, solved or as blank as they are given.

Signatures, what is given and what a blank returns are those of each year; the code is our own. An
answer stands between #< and #>, and a blank in its place.
"""

import re

K_NEAREST_NEIGHBOR = """
from builtins import range
from builtins import object
import numpy as np
from past.builtins import xrange


class KNearestNeighbor(object):
    def __init__(self):
        pass

    def train(self, X, y):
        self.X_train = X
        self.y_train = y

    def predict(self, X, k=1, num_loops=0):
        if num_loops == 0:
            dists = self.compute_distances_no_loops(X)
        elif num_loops == 1:
            dists = self.compute_distances_one_loop(X)
        elif num_loops == 2:
            dists = self.compute_distances_two_loops(X)
        else:
            raise ValueError("Invalid value %d for num_loops" % num_loops)
        return self.predict_labels(dists, k=k)

    def compute_distances_two_loops(self, X):
        num_test, num_train = X.shape[0], self.X_train.shape[0]
        dists = np.zeros((num_test, num_train))
        for i in range(num_test):
            for j in range(num_train):
                #<
                dists[i, j] = np.sqrt(np.sum((X[i] - self.X_train[j]) ** 2))
                #>
        return dists

    def compute_distances_one_loop(self, X):
        num_test, num_train = X.shape[0], self.X_train.shape[0]
        dists = np.zeros((num_test, num_train))
        for i in range(num_test):
            #<
            dists[i, :] = np.sqrt(np.sum((self.X_train - X[i]) ** 2, axis=1))
            #>
        return dists

    def compute_distances_no_loops(self, X):
        num_test, num_train = X.shape[0], self.X_train.shape[0]
        dists = np.zeros((num_test, num_train))
        #<
        squares = np.sum(X**2, axis=1, keepdims=True) + np.sum(self.X_train**2, axis=1)
        dists = np.sqrt(np.maximum(squares - 2 * X.dot(self.X_train.T), 0))
        #>
        return dists

    def predict_labels(self, dists, k=1):
        num_test = dists.shape[0]
        y_pred = np.zeros(num_test)
        for i in range(num_test):
            closest_y = []
            #<
            closest_y = self.y_train[np.argsort(dists[i], kind="stable")[:k]]
            #>
            #<
            y_pred[i] = np.argmax(np.bincount(closest_y))
            #>
        return y_pred
"""

LINEAR_SVM = """
from builtins import range
import numpy as np
from random import shuffle
from past.builtins import xrange


def svm_loss_naive(W, X, y, reg):
    dW = np.zeros(W.shape)
    num_classes, num_train = W.shape[1], X.shape[0]
    loss = 0.0
    for i in range(num_train):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1
            if margin > 0:
                loss += margin
                #+
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
                #>
    loss /= num_train
    loss += reg * np.sum(W * W)
    #<
    dW = dW / num_train + 2 * reg * W
    #>
    return loss, dW


def svm_loss_vectorized(W, X, y, reg):
    loss = 0.0
    dW = np.zeros(W.shape)
    #<
    rows = np.arange(X.shape[0])
    scores = X.dot(W)
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    loss = margins.sum() / X.shape[0] + reg * np.sum(W * W)
    #>
    #<
    mask = (margins > 0).astype(float)
    mask[rows, y] = -mask.sum(axis=1)
    dW = X.T.dot(mask) / X.shape[0] + 2 * reg * W
    #>
    return loss, dW
"""

VECTORIZED = """

def softmax_loss_vectorized(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    #<
    rows = np.arange(X.shape[0])
    scores = X.dot(W)
    scores -= scores.max(axis=1, keepdims=True)
    logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    loss = -logp[rows, y].mean() + reg * np.sum(W * W)
    #>
    #<
    p = np.exp(logp)
    p[rows, y] -= 1
    dW = X.T.dot(p) / X.shape[0] + 2 * reg * W
    #>
    return loss, dW
"""

SOFTMAX = (
    """
from builtins import range
import numpy as np
from random import shuffle
from past.builtins import xrange


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    #<
    for i in range(X.shape[0]):
        scores = X[i].dot(W)
        scores -= scores.max()
        loss += np.log(np.exp(scores).sum()) - scores[y[i]]
        p = np.exp(scores) / np.exp(scores).sum()
        p[y[i]] -= 1
        dW += np.outer(X[i], p)
    loss = loss / X.shape[0] + reg * np.sum(W * W)
    dW = dW / X.shape[0] + 2 * reg * W
    #>
    return loss, dW
"""
    + VECTORIZED
)

# Since 2025 the loss with loops is given.
SOFTMAX_WITH_LOSS = (
    """
from builtins import range
import numpy as np
from random import shuffle
from past.builtins import xrange


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    num_train = X.shape[0]
    for i in range(num_train):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        p = np.exp(scores)
        p /= p.sum()
        loss -= np.log(p[y[i]])
        #+
        p[y[i]] -= 1
        dW += np.outer(X[i], p)
        #>
    loss = loss / num_train + reg * np.sum(W * W)
    #<
    dW = dW / num_train + 2 * reg * W
    #>
    return loss, dW
"""
    + VECTORIZED
)

LINEAR_CLASSIFIER = """
from __future__ import print_function
from builtins import range
from builtins import object
import os
import numpy as np
IMPORTS
from past.builtins import xrange


class LinearClassifier(object):
    def __init__(self):
        self.W = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200,
              verbose=False):
        num_train, dim = X.shape
        num_classes = np.max(y) + 1
        if self.W is None:
            self.W = 0.001 * np.random.randn(dim, num_classes)
        loss_history = []
        for it in range(num_iters):
            X_batch = None
            y_batch = None
            #<
            indices = np.random.choice(num_train, batch_size)
            X_batch, y_batch = X[indices], y[indices]
            #>
            loss, grad = self.loss(X_batch, y_batch, reg)
            loss_history.append(loss)
            #<
            self.W -= learning_rate * grad
            #>
        return loss_history

    def predict(self, X):
        y_pred = np.zeros(X.shape[0])
        #<
        y_pred = X.dot(self.W).argmax(axis=1)
        #>
        return y_pred

    def loss(self, X_batch, y_batch, reg):
        pass
SAVE

class LinearSVM(LinearClassifier):
    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)


class Softmax(LinearClassifier):
    def loss(self, X_batch, y_batch, reg):
        return softmax_loss_vectorized(self.W, X_batch, y_batch, reg)
"""

SAVE = """
    def save(self, fname):
        np.save(os.path.join(os.path.dirname(__file__), "../saved/", fname), self.W)
"""

NEURAL_NET = """
from builtins import range
from builtins import object
import numpy as np
from past.builtins import xrange


class TwoLayerNet(object):
    def __init__(self, input_size, hidden_size, output_size, std=1e-4):
        self.params = {}
        self.params["W1"] = std * np.random.randn(input_size, hidden_size)
        self.params["b1"] = np.zeros(hidden_size)
        self.params["W2"] = std * np.random.randn(hidden_size, output_size)
        self.params["b2"] = np.zeros(output_size)

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        N, D = X.shape
        scores = None
        #<
        hidden = np.maximum(0, X.dot(W1) + b1)
        scores = hidden.dot(W2) + b2
        #>
        if y is None:
            return scores
        loss = None
        #<
        shifted = scores - scores.max(axis=1, keepdims=True)
        logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -logp[np.arange(N), y].mean() + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        #>
        grads = {}
        #<
        dscores = np.exp(logp)
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads["W2"] = hidden.T.dot(dscores) + 2 * reg * W2
        grads["b2"] = dscores.sum(axis=0)
        dhidden = dscores.dot(W2.T) * (hidden > 0)
        grads["W1"] = X.T.dot(dhidden) + 2 * reg * W1
        grads["b1"] = dhidden.sum(axis=0)
        #>
        return loss, grads

    def train(self, X, y, X_val, y_val, learning_rate=1e-3, learning_rate_decay=0.95, reg=5e-6,
              num_iters=100, batch_size=200, verbose=False):
        num_train = X.shape[0]
        iterations_per_epoch = max(num_train / batch_size, 1)
        loss_history, train_acc_history, val_acc_history = [], [], []
        for it in range(num_iters):
            X_batch = None
            y_batch = None
            #<
            indices = np.random.choice(num_train, batch_size)
            X_batch, y_batch = X[indices], y[indices]
            #>
            loss, grads = self.loss(X_batch, y=y_batch, reg=reg)
            loss_history.append(loss)
            #<
            for name in self.params:
                self.params[name] -= learning_rate * grads[name]
            #>
            if it % iterations_per_epoch == 0:
                train_acc_history.append((self.predict(X_batch) == y_batch).mean())
                val_acc_history.append((self.predict(X_val) == y_val).mean())
                learning_rate *= learning_rate_decay
        return {
            "loss_history": loss_history,
            "train_acc_history": train_acc_history,
            "val_acc_history": val_acc_history,
        }

    def predict(self, X):
        y_pred = None
        #<
        y_pred = self.loss(X).argmax(axis=1)
        #>
        return y_pred
"""

LAYERS = """
from builtins import range
import numpy as np


def affine_forward(x, w, b):
    out = None
    #<
    out = x.reshape(x.shape[0], -1).dot(w) + b
    #>
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = None, None, None
    #<
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = dout.sum(axis=0)
    #>
    return dx, dw, db


def relu_forward(x):
    out = None
    #<
    out = np.maximum(0, x)
    #>
    cache = x
    return out, cache


def relu_backward(dout, cache):
    dx, x = None, cache
    #<
    dx = dout * (x > 0)
    #>
    return dx


def svm_loss(x, y):
    loss, dx = None, None
    #<
    N = x.shape[0]
    margins = np.maximum(0, x - x[np.arange(N), y][:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= np.sum(margins > 0, axis=1)
    dx /= N
    #>
    return loss, dx


def softmax_loss(x, y):
    loss, dx = None, None
    #<
    shifted = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    logp = shifted - np.log(Z)
    N = x.shape[0]
    loss = -np.sum(logp[np.arange(N), y]) / N
    dx = np.exp(logp)
    dx[np.arange(N), y] -= 1
    dx /= N
    #>
    return loss, dx
"""

# Of the second assignment, and to be left blank in the first.
BATCHNORM = """

def batchnorm_forward(x, gamma, beta, bn_param):
    out, cache = None, None
    return out, cache


def dropout_forward(x, dropout_param):
    mask, out = None, None
    return out, (dropout_param, mask)
"""

LAYER_UTILS = """
from .layers import *


def affine_relu_forward(x, w, b):
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache)


def affine_relu_backward(dout, cache):
    fc_cache, relu_cache = cache
    da = relu_backward(dout, relu_cache)
    return affine_backward(da, fc_cache)
"""

SGD = """
import numpy as np


def sgd(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    #<
    w -= config["learning_rate"] * dw
    #>
    return w, config
"""

RULES = """

def sgd_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    next_w = None
    #<
    v = config["momentum"] * v - config["learning_rate"] * dw
    next_w = w + v
    #>
    config["velocity"] = v
    return next_w, config


def rmsprop(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("cache", np.zeros_like(w))
    next_w = None
    #<
    decay = config["decay_rate"]
    config["cache"] = decay * config["cache"] + (1 - decay) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    #>
    return next_w, config


def adam(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)
    next_w = None
    #<
    config["t"] += 1
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw**2
    m = config["m"] / (1 - config["beta1"] ** config["t"])
    v = config["v"] / (1 - config["beta2"] ** config["t"])
    next_w = w - config["learning_rate"] * m / (np.sqrt(v) + config["epsilon"])
    #>
    return next_w, config
"""

TWO_LAYER_NET = """
from builtins import range
from builtins import object
import os
import numpy as np

from ..layers import *
from ..layer_utils import *


class TwoLayerNet(object):
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3,
                 reg=0.0):
        self.params = {}
        self.reg = reg
        #<
        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dim)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b2"] = np.zeros(num_classes)
        #>

    def loss(self, X, y=None):
        scores = None
        #<
        hidden, first = affine_relu_forward(X, self.params["W1"], self.params["b1"])
        scores, second = affine_forward(hidden, self.params["W2"], self.params["b2"])
        #>
        if y is None:
            return scores
        loss, grads = 0, {}
        #<
        loss, dscores = softmax_loss(scores, y)
        dhidden, grads["W2"], grads["b2"] = affine_backward(dscores, second)
        _, grads["W1"], grads["b1"] = affine_relu_backward(dhidden, first)
        for name in ("W1", "W2"):
            loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)
            grads[name] += self.reg * self.params[name]
        #>
        return loss, grads
"""

SAVE_NET = """
    def save(self, fname):
        np.save(os.path.join(os.path.dirname(__file__), "../saved/", fname), self.params)
"""

FULLY_CONNECTED_NET = """

class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim=3 * 32 * 32, num_classes=10, dropout_keep_ratio=1,
                 normalization=None, reg=0.0, weight_scale=1e-2, dtype=np.float32, seed=None):
        self.normalization = normalization
        self.use_dropout = dropout_keep_ratio != 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}
        #<
        sizes = [input_dim] + list(hidden_dims) + [num_classes]
        for i in range(self.num_layers):
            shape = sizes[i], sizes[i + 1]
            self.params["W%d" % (i + 1)] = weight_scale * np.random.randn(*shape)
            self.params["b%d" % (i + 1)] = np.zeros(sizes[i + 1])
        #>
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        scores = None
        #<
        scores, caches = X, []
        for i in range(1, self.num_layers + 1):
            forward = affine_relu_forward if i < self.num_layers else affine_forward
            scores, cache = forward(scores, self.params["W%d" % i], self.params["b%d" % i])
            caches.append(cache)
        #>
        if mode == "test":
            return scores
        loss, grads = 0.0, {}
        #<
        loss, dout = softmax_loss(scores, y)
        for i in range(self.num_layers, 0, -1):
            backward = affine_relu_backward if i < self.num_layers else affine_backward
            dout, dw, db = backward(dout, caches[i - 1])
            W = self.params["W%d" % i]
            loss += 0.5 * self.reg * np.sum(W * W)
            grads["W%d" % i], grads["b%d" % i] = dw + self.reg * W, db
        #>
        return loss, grads
"""

FROM = "from cs231n.classifiers."
OLD = LINEAR_CLASSIFIER.replace(
    "IMPORTS", f"{FROM}linear_svm import *\n{FROM}softmax import *"
).replace("SAVE", "")
RELATIVE = OLD.replace("from cs231n.", "from ..")
LAST = LINEAR_CLASSIFIER.replace("IMPORTS", "from ..classifiers.softmax import *").replace(
    "SAVE", SAVE
)

ALL = {"classifiers/k_nearest_neighbor.py": K_NEAREST_NEIGHBOR}
TO_2024 = ALL | {"classifiers/linear_svm.py": LINEAR_SVM, "classifiers/softmax.py": SOFTMAX}
SINCE_2021 = {"layer_utils.py": LAYER_UTILS, "classifiers/linear_classifier.py": RELATIVE}
GIVEN = SGD.replace("    #<\n", "").replace("    #>\n", "")
FILES = {
    2020: TO_2024
    | {"classifiers/linear_classifier.py": OLD, "classifiers/neural_net.py": NEURAL_NET},
    2021: TO_2024
    | SINCE_2021
    | {"layers.py": LAYERS, "optim.py": SGD, "classifiers/fc_net.py": TWO_LAYER_NET},
    2023: TO_2024
    | SINCE_2021
    | {
        "layers.py": LAYERS + BATCHNORM,
        "optim.py": GIVEN,
        "classifiers/fc_net.py": TWO_LAYER_NET,
    },
    2026: ALL
    | SINCE_2021
    | {
        "classifiers/softmax.py": SOFTMAX_WITH_LOSS,
        "classifiers/linear_classifier.py": LAST,
        "layers.py": re.sub(r"(?s)def svm_loss.*?\n\n\n", "", LAYERS) + BATCHNORM,
        "optim.py": GIVEN + RULES,
        "classifiers/fc_net.py": TWO_LAYER_NET + SAVE_NET + FULLY_CONNECTED_NET + SAVE_NET,
    },
}


def starter(year, solved=False):
    """The files of a year, solved or blank: dict from their paths below cs231n/ to their text."""
    return {path: _filled(text.lstrip("\n"), year, solved) for path, text in FILES[year].items()}


def _filled(text, year, solved):
    if solved:
        return re.sub(r"^ *#[<+>]\n", "", text, flags=re.MULTILINE)

    def blank(answer):
        indent, kind = answer["indent"], answer["kind"]
        if kind == "+":  # a part of an answer to what is asked for further below
            return ""
        box = [f"# {'#' * 70}", "# TODO: what is to be done here."]
        marked = ["# *****START OF YOUR CODE*****", "pass", "# *****END OF YOUR CODE*****"]
        lines = [*box, *(marked if year < 2025 else []), "", "# END OF YOUR CODE"]
        if year >= 2025 and len(indent) >= 12:
            lines.append("pass")  # where a loop has nothing else in it
        return "".join(f"{indent}{line}\n" if line else "\n" for line in lines)

    return re.sub(r"(?ms)^(?P<indent> *)#(?P<kind>[<+])\n.*?^ *#>\n", blank, text)


def write(folder, year, solved=False, **changed):
    """A hand-in of a year below a folder; changed : list of (old, new) of a file by its stem."""
    for path, text in starter(year, solved).items():
        place = folder / "assignment1" / "cs231n" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        for old, new in changed.get(place.stem, ()):
            assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
            text = text.replace(old, new)
        place.write_text(text, encoding="utf-8")
    return folder

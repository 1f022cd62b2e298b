"""What is timed: each function prepares the data and returns the work, without arguments.

Peers are imported only where they are used: whoever has none of them can run all the others.
"""

import os
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import threadpool_info

from assignment.further.exact_neighbors import ExactNeighbors
from assignment.given.cifar10 import load_cifar10
from assignment.solutions.k_nearest_neighbor import KNearestNeighbor
from assignment.solutions.linear_svm import svm_loss_vectorized
from assignment.solutions.neural_net import TwoLayerNet
from assignment.solutions.softmax import softmax_loss_vectorized

REG = 1e-3
K = 10


@dataclass(frozen=True)
class Images:
    """The first num_test test and num_train training images, in single precision."""

    full: bool
    num_test: int
    num_train: int

    def load(self):
        return load_cifar10(self.full, num_val=0, num_test=self.num_test, num_train=self.num_train)


# Nearest neighbours: each answers with the neighbours or the labels that it found, or with None.


def bare_product(images):
    data = images.load()

    def work():
        data.X_test @ data.X_train.T

    return work


def predict(images):
    data = images.load()

    def work():
        classifier = KNearestNeighbor()
        classifier.train(data.X_train, data.y_train)
        return classifier.predict(data.X_test, k=K)

    return work


def exact_neighbors(images, compiled=False):
    data = images.load()
    return lambda: ExactNeighbors(data.X_train, compiled=compiled).nearest(data.X_test, K)[1]


def exact_neighbors_compiled(images):
    work = exact_neighbors(images, compiled=True)
    work()  # which compiles it, unless an earlier run has
    return work


def textbook(images):
    data = images.load()

    def work():
        squares = -2 * (data.X_test @ data.X_train.T)
        squares += np.sum(data.X_test**2, axis=1, keepdims=True)
        squares += np.sum(data.X_train**2, axis=1)
        return np.argpartition(squares, K, axis=1)[:, :K]

    return work


def faiss_flat(images):
    # Its wheel brings OpenBLAS 0.3.15, of 2021, which can take a newer processor for a Pentium 4,
    # and then is five times as slow: it is told what NumPy's has recognised.
    blas = (its for its in threadpool_info() if its.get("internal_api") == "openblas")
    if kind := next(blas, {}).get("architecture"):
        os.environ["OPENBLAS_CORETYPE"] = {"SapphireRapids": "SkylakeX"}.get(kind, kind)
    import faiss

    data = images.load()

    def work():
        index = faiss.IndexFlatL2(data.X_train.shape[1])
        index.add(data.X_train)
        return index.search(data.X_test, K)[1]

    return work


def torch_cdist(images):
    import torch

    data = images.load()
    X, X_train = torch.from_numpy(data.X_test), torch.from_numpy(data.X_train)
    return lambda: torch.cdist(X, X_train).topk(K, largest=False).indices.numpy()


def sklearn_brute(images):
    from sklearn.neighbors import NearestNeighbors

    data = images.load()

    def work():
        index = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(data.X_train)
        return index.kneighbors(data.X_test, return_distance=False)

    return work


def scipy_cdist(images):
    from scipy.spatial.distance import cdist

    data = images.load()
    return lambda: np.argpartition(cdist(data.X_test, data.X_train), K, axis=1)[:, :K]


def compare_answers(images, answers, predict, exact):
    """Sentences on whether all found the same, and how often ours are farther, which they must not.

    answers : dict from name to neighbours (num_test, K), labels (predict), or None
    """
    data = images.load()
    ours = answers[exact]
    sentences, ours_farther = [], 0

    def distance(i, rows):
        """The sum of the squared distances, which are sorted for equal ones to have equal sums."""
        differences = data.X_train[rows] - data.X_test[i].astype(np.float64)
        return np.sort(np.sum(differences**2, axis=1)).sum()

    for name, theirs in answers.items():
        if name == exact or theirs is None or len(theirs) < len(ours):
            continue
        if name == predict:
            votes = [np.bincount(data.y_train[row]).argmax() for row in ours]
            same, right = np.sum(theirs == votes), np.mean(theirs == data.y_test)
            sentences.append(
                f"  {name}: the vote of these neighbours in {same:,} of {len(ours):,} images; "
                f"{right:.1%} of all are right"
            )
            continue
        differ = np.flatnonzero(np.any(np.sort(theirs, axis=1) != np.sort(ours, axis=1), axis=1))
        gaps = np.array([distance(i, ours[i]) - distance(i, theirs[i]) for i in differ])
        ours_farther += np.sum(gaps > 0)
        sentences.append(
            f"  {name}: the neighbours of {exact} for {len(ours) - len(differ):,} images; "
            f"else {np.sum(gaps == 0)} ties, {np.sum(gaps < 0)} where ours are nearer, "
            f"{np.sum(gaps > 0)} where theirs are"
        )
    return sentences, ours_farther


# Training steps: each answers with the loss.


@dataclass(frozen=True)
class Step:
    """Loss and gradients for the first `batch` training images."""

    full: bool
    batch: int
    hidden: int = 0  # neurons; none in a linear classifier

    def load(self):
        """Images as the notebooks prepare them, and labels."""
        X, y = prepared_images(self.full, bias=not self.hidden)
        return X[: self.batch], y[: self.batch]

    def net(self):
        np.random.seed(0)
        net = TwoLayerNet(3072, self.hidden, 10, std=1 / np.sqrt(3072))
        net.params = {name: value.astype(np.float32) for name, value in net.params.items()}
        return net


@cache
def prepared_images(full, bias):
    data = load_cifar10(full, num_val=0, num_test=1).centred(bias)
    X = data.X_train
    X /= 64  # about their standard deviation
    return X, data.y_train


def linear_weights(X):
    """As LinearClassifier.train makes them: column by column."""
    np.random.seed(0)
    return np.asfortranarray(0.01 * np.random.randn(X.shape[1], 10).astype(np.float32))


def linear_products(step):
    """Those of the reference, in its layout."""
    X, _ = step.load()
    W = linear_weights(X)
    G = np.asfortranarray(X @ W) / len(X)

    def work():
        X @ W
        G.T @ X

    return work


def linear_step(step, loss_vectorized):
    X, y = step.load()
    W = linear_weights(X)

    def work():
        loss, dW = loss_vectorized(W, X, y, REG)
        assert dW.dtype == np.float32
        return float(loss)

    return work


def softmax_step(step):
    return linear_step(step, softmax_loss_vectorized)


def svm_step(step):
    return linear_step(step, svm_loss_vectorized)


def net_products(step):
    """Those of the reference, in its layout."""
    X, _ = step.load()
    W1, W2 = (step.net().params[name] for name in ("W1", "W2"))
    H, G = X @ W1, (X @ W1 @ W2) / len(X)

    def work():
        X @ W1
        H @ W2
        H.T @ G
        G @ W2.T
        X.T @ H

    return work


def net_step(step):
    X, y = step.load()
    net = step.net()

    def work():
        loss, grads = net.loss(X, y, REG)
        assert all(gradient.dtype == np.float32 for gradient in grads.values())
        return float(loss)

    return work


def torch_step(step, scores, weights):
    import torch
    from torch.nn.functional import cross_entropy

    X, y = (torch.from_numpy(array) for array in step.load())
    weights = {name: torch.from_numpy(w).requires_grad_() for name, w in weights.items()}

    def work():
        for w in weights.values():
            w.grad = None
        loss = cross_entropy(scores(X, **weights), y)
        loss = loss + REG * sum((w * w).sum() for w in weights.values() if w.ndim == 2)
        loss.backward()
        return loss.item()

    return work


def torch_softmax_step(step):
    """With W as torch.nn.Linear keeps it, and as the reference does: column by column."""
    X, _ = step.load()
    return torch_step(step, lambda X, W: X @ W.T, {"W": linear_weights(X).T})


def torch_softmax_step_by_rows(step):
    """With W of shape (D, C), row by row, as one would write it down."""
    X, _ = step.load()
    return torch_step(step, lambda X, W: X @ W, {"W": np.ascontiguousarray(linear_weights(X))})


def torch_net_step(step):
    import torch

    def scores(X, W1, b1, W2, b2):
        return torch.addmm(b2, torch.relu(torch.addmm(b1, X, W1)), W2)

    return torch_step(step, scores, step.net().params)

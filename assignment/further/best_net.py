"""`make net`: how far two fully connected layers get on CIFAR-10 in ten minutes on two cores.

The network is the lecture's; what is new is around it: whitened images that are shifted and
mirrored, a first layer that starts as pieces of images, dropout, smoothed labels, momentum.

    N  images    K  components of an image    H  hidden units    C  classes
"""

import io
import json
import math
import platform
import time
import zipfile
import zlib
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from assignment.given.cifar10 import CLASSES, load_cifar10
from assignment.given.files import alone, write
from assignment.given.validation import (
    require_count,
    require_finite,
    require_inputs,
    require_labels,
)
from assignment.solutions.neural_net import TwoLayerNet

RESULTS = Path(__file__).resolve().parents[2] / "results"
SIDE = 32  # pixels


@dataclass(frozen=True)
class Settings:
    """Chosen on validation images; momentum, reg and smoothing are customary values."""

    components: int = 600  # of 3,072; the rest is fine detail
    floor: float = 0.5  # added to each variance, so that fine detail is not blown up to full size
    hidden: int = 4000  # 2,000 are a point worse
    patch: float = 8.0  # pixels, the width of the largest pieces that the first layer starts with
    rounds: int = 40  # of two passes each: eight minutes, where nothing else runs
    batch: int = 250  # 500 are half a point worse
    learning_rate: float = 0.05  # the largest; higher ones are no better
    momentum: float = 0.9
    warm_up: float = 0.01  # part of the steps in which the learning rate rises
    reg: float = 2.5e-4
    dropout: float = 0.4  # part of the hidden units; 0.3 is better after 20 passes, 0.5 needs more
    smoothing: float = 0.1  # part of each label that is spread over all classes
    shift: int = 2  # pixels, up and down, left and right; half a point, and more in a long training


# The images that ship, in seconds: for trying out, and for the tests.
QUICK = Settings(components=200, hidden=500, rounds=10, batch=100)


class Whitening:
    """Images as K uncorrelated numbers: contrast, then principal components, then their scale.

    Images and their mirror images together have components that are even or odd: mirroring leaves
    the one kind as it is, and changes the sign of the other. So a mirror image costs a product
    with `mirror`, and both kinds are found, and computed, on half an image each.

    Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, appendix.
    """

    def __init__(self, images, components, floor):
        """Find the components.

        Parameters
        ----------
        images : (N, 3072) training images after `contrast`
        components : int K
        floor : float, added to the variance of each component before it is divided by its root
        """
        from scipy.linalg import eigh

        images = require_inputs(images, "images", features=3 * SIDE**2)
        require_finite(images.sum(), images=images)
        components = require_count(components, "components", 1, 3 * SIDE**2)
        even, odd = fold(images)
        self.mean = even.mean(axis=0)  # the mean of the odd half is zero
        even -= self.mean
        pairs = [eigh(half.T @ half / len(half)) for half in (even, odd)]
        least = np.sort(np.concatenate([variances for variances, _ in pairs]))[-components]
        kept = [variances >= least for variances, _ in pairs]
        self.even_axes, self.odd_axes = (
            axes[:, keep] for (_, axes), keep in zip(pairs, kept, strict=True)
        )
        variances = np.concatenate([v[keep] for (v, _), keep in zip(pairs, kept, strict=True)])
        self.scale = 1 / np.sqrt(variances + floor)
        self.scale /= np.sqrt(np.mean(variances * self.scale**2))
        self.mirror = np.repeat(
            np.float32([1, -1]), [self.even_axes.shape[1], self.odd_axes.shape[1]]
        )

    def __call__(self, images):
        """(N, K) whitened images."""
        images = require_inputs(images, "images", features=3 * SIDE**2)
        even, odd = fold(images)
        even -= self.mean
        Z = np.hstack([even @ self.even_axes, odd @ self.odd_axes])
        Z *= self.scale
        return Z

    def pictures(self, Z):
        """(N, 3072) images without their mean that have these unscaled components."""
        K_even = self.even_axes.shape[1]
        return unfold(Z[:, :K_even] @ self.even_axes.T, Z[:, K_even:] @ self.odd_axes.T)


def contrast(images, least=10.0):
    """Give each image, in place, a mean of zero and a standard deviation of (nearly) one.

    images : (N, 3072) numbers from 0 to 255
    least : float, keeps the noise of an image of one colour small
    """
    images = require_inputs(images, "images", features=3 * SIDE**2)
    images -= images.mean(axis=1, keepdims=True)
    squares = np.einsum("nd,nd->n", images, images) / images.shape[1]
    require_finite(squares, images=images)
    images /= np.sqrt(squares + least**2)[:, None]
    return images


def fold(images):
    """The even and the odd part of each image under mirroring, (N, 1536) each; a rotation."""
    halves = images.reshape(len(images), SIDE, 2, SIDE // 2, 3)
    left, right = halves[:, :, 0], halves[:, :, 1, ::-1]
    parts = [(left + right).reshape(len(images), -1), (left - right).reshape(len(images), -1)]
    for part in parts:
        part *= np.sqrt(0.5, dtype=part.dtype)
    return parts


def unfold(even, odd):
    """The images of which these are the even and the odd parts."""
    left, right = (part.reshape(-1, SIDE, SIDE // 2, 3) for part in (even + odd, even - odd))
    images = np.concatenate([left, right[:, :, ::-1]], axis=2).reshape(len(even), -1)
    images *= np.sqrt(0.5, dtype=images.dtype)
    return images


def shift(images, down, right):
    """Images moved by some pixels; what comes in at an edge repeats the edge."""
    images = require_inputs(images, "images", features=3 * SIDE**2)
    down = require_count(down, "down", -SIDE, SIDE)
    right = require_count(right, "right", -SIDE, SIDE)
    rows = np.clip(np.arange(SIDE) - down, 0, SIDE - 1)
    columns = np.clip(np.arange(SIDE) - right, 0, SIDE - 1)
    pixels = (SIDE * rows[:, None] + columns).ravel()
    return images.reshape(len(images), -1, 3)[:, pixels].reshape(len(images), -1)


class DropoutNet(TwoLayerNet):
    """The two-layer net of the lecture, with dropout, smoothed labels and a mirror.

    Sources: N. Srivastava et al., "Dropout", 2014; C. Szegedy et al., "Rethinking the Inception
    Architecture for Computer Vision", 2016, section 7, for the labels.
    """

    def __init__(self, W1, classes, mirror, dropout=0.0, smoothing=0.0):
        """Start with a given first layer, and a second one of zeros.

        Parameters
        ----------
        W1 : (K, H) weights; everything is computed in their dtype
        classes : int C
        mirror : (K,) factors that turn a whitened image into its mirror image
        dropout : float, part of the hidden units that sit out
        smoothing : float, part of each label that is spread over all classes
        """
        self.params = {
            "W1": W1,
            "b1": np.zeros(W1.shape[1], W1.dtype),
            "W2": np.zeros((W1.shape[1], classes), W1.dtype),
            "b2": np.zeros(classes, W1.dtype),
        }
        self.mirror, self.dropout, self.smoothing = mirror, dropout, smoothing

    def loss(self, X, y=None, reg=0.0, kept=None):
        """Scores as in the lecture, or the loss and the gradients of all four parameters.

            H      = max(0, X W1 + b1) * kept / (1 - dropout)
            scores = H W2 + b2
            T      = (1 - smoothing) Y + smoothing / C
            loss   = -1/N sum_i T[i] . log softmax(scores[i])  +  reg (sum(W1^2) + sum(W2^2))

        with the one-hot labels Y; so dscores = (P - T) / N, and the rest as in the lecture.

        Parameters
        ----------
        X, y, reg : as in TwoLayerNet.loss
        kept : (N, H) zeros and ones, the hidden units that take part; None for all, unscaled

        Returns
        -------
        scores, or loss and grads : as in TwoLayerNet.loss
        """
        if y is None:
            return super().loss(X)
        W1, b1, W2, b2 = self.params.values()
        X = require_inputs(X, features=len(W1))
        y = require_labels(y, len(X), classes=len(b2))
        N, C = len(X), len(b2)
        scale = 1.0 if kept is None else 1 / (1 - self.dropout)  # at W2, which is small

        H = X @ W1
        H += b1
        np.maximum(H, 0, out=H)
        if kept is not None:
            H *= kept
        logs = H @ (scale * W2) + b2
        logs -= logs.max(axis=1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
        T = np.full_like(logs, self.smoothing / C)
        T[np.arange(N), y] += 1 - self.smoothing
        loss = -np.vdot(T, logs) / N + reg * sum(np.vdot(W, W) for W in (W1, W2))

        dscores = (np.exp(logs) - T) / N
        dH = dscores @ (scale * W2).T
        dH *= H > 0
        grads = {
            "W1": X.T @ dH,
            "b1": dH.sum(axis=0),
            "W2": scale * (H.T @ dscores),
            "b2": dscores.sum(axis=0),
        }
        for name in ("W1", "W2"):
            grads[name] += 2 * reg * self.params[name]
        require_finite(loss, X=X, **self.params)
        return loss, grads

    def predict(self, X):
        """(N,) classes with the largest score, summed over an image and its mirror image."""
        return (self.loss(X) + self.loss(X * self.mirror)).argmax(axis=1)


def pieces_of_images(whiten, images, hidden, patch, rng):
    """(K, H) weights of norm one: each looks at one place, for what a training image has there.

    A whitened image, times a bell curve around a random place. Random weights have to find
    out first that neighbouring pixels belong together: after 20 passes they are two points lower.
    """
    chosen = images[rng.integers(len(images), size=hidden)]
    pictures = whiten.pictures(whiten(chosen) * whiten.scale).reshape(hidden, SIDE, SIDE, 3)
    row, column = rng.uniform(2, SIDE - 2, (2, hidden, 1)).astype(images.dtype)
    width = rng.uniform(1.5, patch, (hidden, 1)).astype(images.dtype)
    pixels = np.arange(SIDE, dtype=images.dtype)
    down, across = (np.exp(-(((pixels - at) / width) ** 2) / 2) for at in (row, column))
    pictures *= down[:, :, None, None] * across[:, None, :, None]
    even, odd = fold(pictures)
    W = np.hstack([even @ whiten.even_axes, odd @ whiten.odd_axes])
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    return np.ascontiguousarray(W.T)


class Training:
    """The net, what moves it, chance, and what has been: all that a continued training needs."""

    def __init__(self, data, settings, seed):
        """Start anew. The training images of `data` get their contrast in place."""
        self.settings, self.y = settings, data.y_train
        # Of one training: these are the same in a checkpoint, or it is of another one.
        self.identity = {"seed": seed, "images": zlib.crc32(data.X_train), **asdict(settings)}
        self.images = contrast(data.X_train)
        self.whiten = Whitening(self.images, settings.components, settings.floor)
        self.rng = np.random.default_rng(seed)
        W1 = pieces_of_images(self.whiten, self.images, settings.hidden, settings.patch, self.rng)
        self.net = DropoutNet(
            W1, len(CLASSES), self.whiten.mirror, settings.dropout, settings.smoothing
        )
        self.velocity = {name: np.zeros_like(p) for name, p in self.net.params.items()}
        self.history = []  # loss and validation accuracy of each round
        self.seconds = 0.0
        self.steps_per_pass = len(self.y) // settings.batch

    def round(self, progress):
        """Two passes: each image moved somewhere, first as it is or mirrored, then the other way.

        progress : called after each step

        Returns
        -------
        float : mean loss
        """
        X = self.moved_images()
        X[self.rng.random(len(X)) < 0.5] *= self.whiten.mirror
        losses = []
        for _ in range(2):
            order = self.rng.permutation(len(X))[: self.steps_per_pass * self.settings.batch]
            for batch in order.reshape(self.steps_per_pass, -1):
                losses.append(self.step(X[batch], self.y[batch], self.learning_rate(len(losses))))
                progress()
            X *= self.whiten.mirror
        return float(np.mean(losses))

    def moved_images(self):
        """(N, K) whitened images, each moved by up to so many pixels."""
        steps = range(-self.settings.shift, self.settings.shift + 1)
        moves = [(down, right) for down in steps for right in steps]
        X = np.empty((len(self.y), self.settings.components), self.images.dtype)
        parts = np.array_split(self.rng.permutation(len(X)), len(moves))
        for part, move in zip(parts, moves, strict=True):
            X[part] = self.whiten(shift(self.images[part], *move))
        return X

    def learning_rate(self, step):
        """It rises from zero, then falls to zero like a cosine; `step` counts within the round."""
        done = len(self.history) + step / (2 * self.steps_per_pass)
        done /= self.settings.rounds
        rise = min(1, done / self.settings.warm_up)
        return self.settings.learning_rate * rise * (1 + math.cos(math.pi * done)) / 2

    def step(self, X, y, learning_rate):
        """Move the parameters by momentum; returns the loss."""
        coins = self.rng.integers(256, size=(len(X), self.settings.hidden), dtype=np.uint8)
        kept = coins >= 256 * self.settings.dropout
        loss, grads = self.net.loss(X, y, self.settings.reg, kept)
        for name, velocity in self.velocity.items():
            velocity *= self.settings.momentum
            grads[name] *= learning_rate
            velocity -= grads[name]
            self.net.params[name] += velocity
        return loss

    def arrays(self):
        """All that a checkpoint holds and a continued training changes or needs, by name."""
        velocity = {"velocity_" + name: v for name, v in self.velocity.items()}
        # Found anew elsewhere, components could have other signs, and inputs would change theirs.
        whitening = {"whiten_" + name: array for name, array in vars(self.whiten).items()}
        return self.net.params | velocity | whitening

    def save(self, path):
        """Write a checkpoint."""
        state = {
            "identity": self.identity,
            "rng": self.rng.bit_generator.state,
            "history": self.history,
            "seconds": self.seconds,
        }
        content = io.BytesIO()
        np.savez(content, state=json.dumps(state), **self.arrays())
        write(path, content.getbuffer())

    def load(self, path):
        """Go on from a checkpoint.

        Raises
        ------
        ValueError : the file is damaged, or of another training; the message says so
        """
        try:
            with np.load(path) as file:
                state = json.loads(str(file["state"]))
                saved = {name: file[name] for name in self.arrays()}
        except (EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error):
            raise ValueError(f"{path.name} is damaged: --restart trains anew.") from None
        was = state["identity"]
        if other := [name for name, value in self.identity.items() if was.get(name) != value]:
            raise ValueError(
                f"{path.name} is of a training with other {', '.join(other)}: --restart trains "
                "anew."
            )
        for name, array in self.arrays().items():
            array[:] = saved[name]
        self.rng.bit_generator.state = state["rng"]
        self.history, self.seconds = state["history"], state["seconds"]


def run(seed=0, quick=False, restart=False, folder=None, settings=None):
    """Train the net, or go on where that was interrupted, and try it on the test images.

    Interruptions change no bit of the result, as long as BLAS has the same number of threads.

    It leaves in `folder`: net.npz, the checkpoint; net.json, what is returned; net.png, the curve.

    Parameters
    ----------
    seed : int, where all random numbers come from
    quick : bool, the images that ship and a small net, in seconds; its files are net-quick.*
    restart : bool, forget an earlier training
    folder : path; None for results/
    settings : Settings; None for those above

    Returns
    -------
    dict : seed, settings, seconds (from loading on, summed over the sessions of the training),
        validation_accuracy, test_accuracy, history, versions, date

    Raises
    ------
    FileNotFoundError : the full data set is missing; the message says how to get it
    ValueError : the checkpoint is damaged, or of another training; the message says so
    Busy : another process is at it
    """
    checkpoint = Path(folder or RESULTS) / ("net-quick.npz" if quick else "net.npz")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    busy = f"Another process is training {checkpoint.name}: let it finish, or end it."
    with alone(checkpoint.with_suffix(".lock"), busy):
        return _run(seed, quick, restart, checkpoint, settings or (QUICK if quick else Settings()))


def _run(seed, quick, restart, checkpoint, settings):
    import scipy
    from tqdm import tqdm

    start = time.perf_counter()
    data = load_cifar10(full=not quick)
    training = Training(data, settings, seed)
    outcome = checkpoint.with_suffix(".json")
    if checkpoint.exists() and not restart:
        training.load(checkpoint)
    else:
        outcome.unlink(missing_ok=True)
        checkpoint.unlink(missing_ok=True)
    if outcome.exists() and len(training.history) == settings.rounds:
        print(f"{checkpoint.name} is a finished training: --restart trains anew.")
        return json.loads(outcome.read_text())
    start -= training.seconds
    X_val, X_test = (training.whiten(contrast(X)) for X in (data.X_val, data.X_test))

    def accuracy(X, y):
        return float(np.mean(training.net.predict(X) == y))

    steps = 2 * training.steps_per_pass
    done = len(training.history) * steps
    with tqdm(total=settings.rounds * steps, initial=done, unit="step", disable=None) as bar:
        while len(training.history) < settings.rounds:
            loss = training.round(bar.update)
            training.history.append(
                {"loss": loss, "validation_accuracy": accuracy(X_val, data.y_val)}
            )
            training.seconds = time.perf_counter() - start
            training.save(checkpoint)
            bar.set_postfix(training.history[-1])
    result = {
        "seed": seed,
        "settings": asdict(settings),
        "seconds": time.perf_counter() - start,
        "validation_accuracy": accuracy(X_val, data.y_val),
        "test_accuracy": accuracy(X_test, data.y_test),
        "history": training.history,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    draw(checkpoint, result)
    write_json(checkpoint.with_suffix(".json"), result)  # last: with it, the training is finished
    return result


def draw(checkpoint, result):
    """net.png beside a checkpoint."""
    import matplotlib.pyplot as plt

    from assignment.given import plots

    with plt.rc_context(plots.STYLE):
        fig, ax = plt.subplots()
        accuracies = [entry["validation_accuracy"] for entry in result["history"]]
        plots.accuracy_by_pass(ax, accuracies, 2, result["test_accuracy"])
        png = io.BytesIO()
        fig.savefig(png)
        write(checkpoint.with_suffix(".png"), png.getbuffer())
        plt.close(fig)


def write_json(path, data):
    write(path, json.dumps(data, indent=1).encode() + b"\n")


def command(seed, quick, restart):
    """`python -m assignment net`: run, and say what came out; returns the exit code."""
    try:
        result = run(seed, quick, restart)
    except (FileNotFoundError, ValueError) as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: without --restart it goes on after the last whole round.")
        return 130
    print(
        f"seed {seed}, {result['seconds']:.0f} s: "
        f"{result['validation_accuracy']:.1%} of the validation images and "
        f"{result['test_accuracy']:.1%} of the test images are right"
    )
    return 0

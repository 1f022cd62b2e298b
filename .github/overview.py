"""`make picture`: the picture of the README, .github/overview.png, from the reference solutions.

And overview-dark.png, for the front page of the site.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from assignment.given import plots
from assignment.given.cifar10 import load_cifar10
from assignment.site.dark import darkened
from assignment.solutions.linear_classifier import Softmax
from assignment.solutions.neural_net import TwoLayerNet
from assignment.solutions.softmax import softmax_loss_vectorized


def main():
    plt.rcParams.update(plots.STYLE)
    photos = load_cifar10()
    figure, axes = plt.subplots(2, 2, figsize=(11.5, 6.2), width_ratios=(1.2, 1))
    plots.class_gallery(axes[0, 0], photos.X_train, photos.y_train, per_class=5)
    axes[0, 0].set_title("real images, shipped", pad=18)
    gradient_errors(axes[0, 1])
    axes[0, 1].set_title("how exact a gradient check can be")
    plots.grid(axes[1, 0], softmax_templates(photos), columns=5)
    axes[1, 0].set_title("what a softmax classifier learns")
    plots.grid(axes[1, 1], net_weights(photos), columns=8)
    axes[1, 1].set_title("what the neurons of a two-layer net learn")
    save(figure, "overview.png")
    with darkened(figure):
        save(figure, "overview-dark.png")


def save(figure, name):
    figure.savefig(Path(__file__).with_name(name), metadata={"Software": None})
    print(f"wrote {name}")


def gradient_errors(ax):
    """The error of three numerical derivatives of the softmax loss, against the step."""
    rng = np.random.default_rng(2)
    W, X, y = rng.normal(scale=0.5, size=(6, 4)), rng.normal(size=(9, 6)), rng.integers(0, 4, 9)
    v = rng.normal(size=W.shape)
    slope = np.sum(softmax_loss_vectorized(W, X, y, 0.7)[1] * v)

    def f(t):
        return softmax_loss_vectorized(W + t * v, X, y, 0.7)[0]

    steps = np.logspace(-16, 0, 33)
    errors = {
        "forward difference": [abs((f(h) - f(0)) / h / slope - 1) for h in steps],
        "central difference": [abs((f(h) - f(-h)) / (2 * h) / slope - 1) for h in steps],
        "complex step": [abs(f(1j * h).imag / h / slope - 1) for h in steps],
    }
    plots.error_against_step(ax, steps, errors)


def softmax_templates(photos):
    """The ten columns of a trained and strongly penalised softmax classifier."""
    data = photos.centred(bias=True)
    np.random.seed(0)
    classifier = Softmax()
    classifier.train(data.X_train, data.y_train, learning_rate=5e-7, reg=1e4, num_iters=1500)
    return classifier.W[:-1].T


def net_weights(photos):
    """What training on images and their mirror images adds to the first layer of a net."""
    data = photos.centred()
    X = data.X_train / data.X_train.std()
    mirrored = X.reshape(-1, 32, 32, 3)[:, :, ::-1].reshape(X.shape)
    X, y = np.vstack([X, mirrored]), np.hstack([data.y_train] * 2)
    np.random.seed(0)
    net = TwoLayerNet(3072, 50, 10, std=1 / np.sqrt(3072))
    start = net.params["W1"]
    net.train(X, y, X[:1], y[:1], learning_rate=0.1, learning_rate_decay=0.9, num_iters=675)
    return (net.params["W1"] - start).T[:32]


if __name__ == "__main__":
    main()

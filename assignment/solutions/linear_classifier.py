"""Linear classifiers trained by stochastic gradient descent: one loop, two losses."""

from pathlib import Path

import numpy as np

from assignment.given.validation import (
    as_floats,
    require_count,
    require_finite,
    require_inputs,
    require_labels,
    require_number,
    require_trained,
)

from .softmax import softmax_loss_vectorized

try:
    from .linear_svm import svm_loss_vectorized
except ModuleNotFoundError:  # since 2025 the course has no such file
    pass


class LinearClassifier:
    """Scores are X W; training lowers the loss that a subclass names.

    Source: CS231n notes, "Optimization: Stochastic Gradient Descent".
    """

    def __init__(self):
        self.W = None

    def train(
        self,
        X,
        y,
        learning_rate=1e-3,
        reg=1e-5,
        num_iters=100,
        batch_size=200,
        verbose=False,
    ):
        """Minimise the loss by stochastic gradient descent: W <- W - learning_rate dW.

        Each step draws its own batch from the examples, with replacement (so that batch_size may
        exceed N), by NumPy's global generator: seed it with np.random.seed. A second call goes on
        from where the first one stopped.

        Parameters
        ----------
        X : (N, D) training examples, one per row; training runs in their dtype, of whole numbers in
            float64
        y : (N,) integer labels, 0 <= y[i] < C; the number of classes is max(y) + 1
        learning_rate : float, size of a step
        reg : float, strength of the penalty on the squared weights
        num_iters : int, number of steps
        batch_size : int, number of examples in each step
        verbose : bool, print the loss every 100 steps

        Returns
        -------
        loss_history : list of num_iters floats, the loss on each batch before its step

        Raises
        ------
        ValueError : names the argument that has a wrong shape, a label out of range, NaN or inf
        """
        X = require_inputs(X)
        require_finite(np.sum(X), X=X)
        y = require_labels(y, len(X))
        # Of NumPy, a learning rate would make float64 of float32 arrays.
        learning_rate = require_number(learning_rate, "learning_rate")
        num_iters = require_count(num_iters, "num_iters", 0)
        batch_size = require_count(batch_size, "batch_size", 1)
        N, D = X.shape
        if self.W is None:
            C = np.max(y) + 1
            W = 0.001 * np.random.randn(D, C).astype(X.dtype)
            self.W = np.asfortranarray(W)  # column by column, as products with few classes like it
        self.W = np.array(as_floats(self.W, "W"))  # steps change it: a copy, if it is the caller's

        loss_history = []
        for step in range(num_iters):
            # Draw a batch, with replacement; append its loss to loss_history; make the step.
            ### BEGIN SOLUTION
            batch = np.random.choice(N, batch_size)
            loss, dW = self.loss(X[batch], y[batch], reg)
            loss_history.append(float(loss))
            self.W -= learning_rate * dW
            ### END SOLUTION
            if verbose and step % 100 == 0:
                print(f"iteration {step} / {num_iters}: loss {loss_history[-1]:f}")
        return loss_history

    def predict(self, X):
        """The class with the largest score, for each example.

        Parameters
        ----------
        X : (N, D) examples, one per row

        Returns
        -------
        y_pred : (N,) integer labels

        Raises
        ------
        ValueError : if X has a wrong shape, NaN or infinity
        """
        require_trained(self.W, "W")
        W = require_inputs(self.W, "W")
        X = require_inputs(X, features=len(W))
        ### BEGIN SOLUTION
        scores = X @ W
        require_finite(scores, X=X, W=W)
        return scores.argmax(axis=1)
        ### END SOLUTION

    def loss(self, X_batch, y_batch, reg):
        """Loss and gradient on a batch; subclasses say which.

        Parameters
        ----------
        X_batch : (N, D) examples
        y_batch : (N,) integer labels
        reg : float, strength of the penalty on the squared weights

        Returns
        -------
        loss : scalar
        dW : (D, C) gradient with respect to self.W
        """
        raise TypeError("LinearClassifier has no loss of its own: use LinearSVM or Softmax.")

    def save(self, name):
        """Write W to cs231n/saved/, as the course's notebooks have asked for since 2025."""
        require_trained(self.W, "W")
        np.save(_saved(name), self.W)

    def load(self, name):
        """Read W from there."""
        self.W = np.load(_saved(name))


def _saved(name):
    """Where the course's notebooks look: in a folder beside that of this file."""
    return Path(__file__).resolve().parents[1] / "saved" / name


class LinearSVM(LinearClassifier):
    """A linear classifier with the multiclass hinge loss."""

    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)


class Softmax(LinearClassifier):
    """A linear classifier with the softmax cross-entropy loss."""

    def loss(self, X_batch, y_batch, reg):
        return softmax_loss_vectorized(self.W, X_batch, y_batch, reg)

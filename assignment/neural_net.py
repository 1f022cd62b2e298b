"""A two-layer fully connected network: affine, ReLU, affine, softmax."""

import numpy as np

from assignment.given.blocks import chunks
from assignment.given.todo import Unsolved
from assignment.given.validation import (
    as_floats,
    require_count,
    require_finite,
    require_inputs,
    require_labels,
    require_number,
    require_shape,
    require_strength,
)


class TwoLayerNet:
    """Two affine layers with a ReLU between them, trained with the softmax loss.

        scores = max(0, X W1 + b1) W2 + b2

    Source: CS231n notes, "Neural Networks" and "Backpropagation"; the gradients are derived line
    by line in notebooks/two_layer_net.ipynb.
    """

    def __init__(self, input_size, hidden_size, output_size, std=1e-4):
        """Start with small random weights and zero biases.

        The weights come from NumPy's global generator: seed it with np.random.seed.

        Parameters
        ----------
        input_size : int D, numbers per example
        hidden_size : int H, neurons in the hidden layer
        output_size : int C, classes
        std : float, standard deviation of the initial weights

        self.params holds W1 (D, H), b1 (H,), W2 (H, C) and b2 (C,).
        """
        input_size = require_count(input_size, "input_size", 1)
        hidden_size = require_count(hidden_size, "hidden_size", 1)
        output_size = require_count(output_size, "output_size", 1)
        std = require_number(std, "std")
        self.params = {
            "W1": std * np.random.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": std * np.random.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }

    def loss(self, X, y=None, reg=0.0):
        """Scores, or the loss and the gradients of all four parameters.

            H      = max(0, X W1 + b1)
            scores = H W2 + b2
            loss   = 1/N sum_i -log softmax(scores[i])[y_i]  +  reg (sum(W1^2) + sum(W2^2))

        Parameters
        ----------
        X : (N, D) examples, one per row
        y : (N,) integer labels, 0 <= y[i] < C; None to get the scores
        reg : float, strength of the penalty on the squared weights (not on the biases)

        Returns
        -------
        scores : (N, C), if y is None; otherwise
        loss : scalar, and
        grads : dict from the name of a parameter to the gradient, of the shape of the parameter

        Raises
        ------
        ValueError : names the argument that has a wrong shape or type, a label out of range, NaN or
            infinity, or of which something overflows
        """
        W1 = require_shape(self.params["W1"], ("D", "H"), "W1", complex_too=True)
        b1 = require_shape(self.params["b1"], W1.shape[1:], "b1", complex_too=True)
        W2 = require_shape(self.params["W2"], (W1.shape[1], "C"), "W2", complex_too=True)
        b2 = require_shape(self.params["b2"], W2.shape[1:], "b2", complex_too=True)
        X = require_inputs(X, features=len(W1))
        reg = require_strength(reg)
        N = X.shape[0]

        # TODO TwoLayerNet.scores: your code instead of the next line
        raise NotImplementedError("to do: TwoLayerNet.scores")
        if y is None:
            return scores
        y = require_labels(y, N, classes=W2.shape[1])

        # TODO TwoLayerNet.loss: your code instead of the next line
        raise NotImplementedError("to do: TwoLayerNet.loss")

        grads = Unsolved("TwoLayerNet.gradients")  # says so when read before it is filled
        # TODO TwoLayerNet.gradients: your code here
        return loss, grads

    def train(
        self,
        X,
        y,
        X_val,
        y_val,
        learning_rate=1e-3,
        learning_rate_decay=0.95,
        reg=5e-6,
        num_iters=100,
        batch_size=200,
        verbose=False,
    ):
        """Minimise the loss by stochastic gradient descent.

        Each step draws its own batch from the examples, with replacement (so that batch_size may
        exceed N), by NumPy's global generator: seed it with np.random.seed. Once an epoch, which
        is N / batch_size steps, the accuracies are noted and the learning rate decays.

        Parameters
        ----------
        X : (N, D) training examples, one per row; training runs in their dtype, of whole numbers in
            float64
        y : (N,) integer labels, 0 <= y[i] < C
        X_val : (N_val, D) validation examples
        y_val : (N_val,) labels of the validation examples
        learning_rate : float, size of a step
        learning_rate_decay : float, factor on the learning rate after each epoch
        reg : float, strength of the penalty on the squared weights
        num_iters : int, number of steps
        batch_size : int, number of examples in each step
        verbose : bool, print the loss every 100 steps

        Returns
        -------
        dict of lists: loss_history, one entry a step; train_acc_history (accuracy on the batch)
        and val_acc_history, one entry an epoch

        Raises
        ------
        ValueError : names the argument that has a wrong shape or type, a label out of range, NaN or
            infinity, or of which something overflows
        """
        D, C = np.shape(self.params["W1"])[0], np.shape(self.params["W2"])[1]
        X = require_inputs(X, features=D)
        require_finite(np.sum(X), X=X)
        y = require_labels(y, len(X), classes=C)
        X_val = require_inputs(X_val, name="X_val", features=D)
        require_finite(np.sum(X_val), X_val=X_val)
        y_val = require_labels(y_val, len(X_val), classes=C, name="y_val")
        learning_rate = require_number(learning_rate, "learning_rate")
        learning_rate_decay = require_number(learning_rate_decay, "learning_rate_decay", 0, 1)
        num_iters = require_count(num_iters, "num_iters", 0)
        batch_size = require_count(batch_size, "batch_size", 1)
        N = X.shape[0]
        steps_per_epoch = max(N // batch_size, 1)
        for name, value in self.params.items():
            self.params[name] = as_floats(value, name).astype(X.dtype)

        loss_history, train_acc_history, val_acc_history = [], [], []
        for step in range(num_iters):
            # Draw X_batch and y_batch (the lines below use them), with replacement; append the loss
            # to loss_history; make the step.
            # TODO TwoLayerNet.train: your code instead of the next line
            raise NotImplementedError("to do: TwoLayerNet.train")
            if verbose and step % 100 == 0:
                print(f"iteration {step} / {num_iters}: loss {loss_history[-1]:f}")
            if step % steps_per_epoch == 0:
                train_acc_history.append(float(np.mean(self.predict(X_batch) == y_batch)))
                val_acc_history.append(float(np.mean(self.predict(X_val) == y_val)))
                learning_rate *= learning_rate_decay
        return {
            "loss_history": loss_history,
            "train_acc_history": train_acc_history,
            "val_acc_history": val_acc_history,
        }

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
        # TODO TwoLayerNet.predict: your code instead of the next line
        raise NotImplementedError("to do: TwoLayerNet.predict")

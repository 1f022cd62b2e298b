"""A two-layer fully connected network: affine, ReLU, affine, softmax."""

import numpy as np

from assignment.given.todo import Unsolved
from assignment.given.validation import (
    require_finite,
    require_inputs,
    require_labels,
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
        ValueError : names the argument that has a wrong shape, a label out of range, NaN or inf
        """
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        require_inputs(X, features=W1.shape[0])
        require_strength(reg)
        reg = float(reg)  # a float64 of NumPy would make float64 of every float32 array
        N = X.shape[0]

        # TODO TwoLayerNet.scores: your code instead of the next line
        raise NotImplementedError("to do: TwoLayerNet.scores")
        if y is None:
            return scores
        require_labels(y, N, classes=W2.shape[1])

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
        X : (N, D) training examples, one per row; training runs in their dtype
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
        ValueError : names the argument that has a wrong shape, a label out of range, NaN or inf
        """
        D, C = self.params["W1"].shape[0], self.params["W2"].shape[1]
        require_inputs(X, features=D)
        require_finite(np.sum(X), X=X)
        require_labels(y, len(X), classes=C)
        require_inputs(X_val, name="X_val", features=D)
        require_finite(np.sum(X_val), X_val=X_val)
        require_labels(y_val, len(X_val), classes=C, name="y_val")
        learning_rate, learning_rate_decay = float(learning_rate), float(learning_rate_decay)
        N = X.shape[0]
        steps_per_epoch = max(N // batch_size, 1)
        for name, value in self.params.items():
            self.params[name] = value.astype(np.result_type(X, np.float32))

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

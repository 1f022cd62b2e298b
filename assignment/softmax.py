"""The softmax classifier: scores become probabilities, the loss is their cross-entropy."""

import numpy as np

from assignment.given.validation import require_finite, require_linear


def softmax_loss_naive(W, X, y, reg):
    """Softmax loss and its gradient, with explicit loops: written to be read.

    With scores s = X[i] W and probabilities p = exp(s) / sum(exp(s)):

        loss = 1/N sum_i -log p[y_i]  +  reg sum(W^2)

    Source: CS231n notes, "Linear classification: Softmax"; the gradient is derived line by line
    in notebooks/softmax.ipynb.

    Parameters
    ----------
    W : (D, C) weights, one column per class
    X : (N, D) examples, one per row; whole numbers become float64, in W too
    y : (N,) integer labels, 0 <= y[i] < C
    reg : float, strength of the penalty on the squared weights

    Returns
    -------
    loss : scalar
    dW : (D, C) gradient of the loss with respect to W

    Raises
    ------
    ValueError : names the argument that has a wrong shape or type, a label out of range, NaN or
        infinity, or the arguments of which the loss or the gradient overflows
    """
    W, X, y, reg = require_linear(W, X, y, reg)
    # TODO softmax_loss_naive: your code instead of the next line
    raise NotImplementedError("to do: softmax_loss_naive")


def softmax_loss_vectorized(W, X, y, reg):
    """Softmax loss and its gradient without loops.

    Arguments, results and sources are those of the naive version.
    """
    W, X, y, reg = require_linear(W, X, y, reg)
    # TODO softmax_loss_vectorized: your code instead of the next line
    raise NotImplementedError("to do: softmax_loss_vectorized")

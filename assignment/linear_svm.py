"""The multiclass support vector machine: the right class should win by a margin of 1."""

import numpy as np

from assignment.given.validation import require_finite, require_linear


def svm_loss_naive(W, X, y, reg):
    """Multiclass hinge loss and its gradient, with explicit loops: written to be read.

    With scores s = X[i] W:

        loss = 1/N sum_i sum_{c != y_i} max(0, s[c] - s[y_i] + 1)  +  reg sum(W^2)

    At a kink, where a margin is exactly 0, the gradient counts it as not violated.

    Source: CS231n notes, "Linear classification: Support Vector Machine" and "Optimization"
    (Weston and Watkins, 1999); the gradient is derived line by line in notebooks/svm.ipynb.

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
    # TODO svm_loss_naive: your code instead of the next line
    raise NotImplementedError("to do: svm_loss_naive")


def svm_loss_vectorized(W, X, y, reg):
    """Multiclass hinge loss and its gradient without loops.

    Arguments, results and sources are those of the naive version.
    """
    W, X, y, reg = require_linear(W, X, y, reg)
    # TODO svm_loss_vectorized: your code instead of the next line
    raise NotImplementedError("to do: svm_loss_vectorized")

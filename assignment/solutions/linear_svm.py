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
    ### BEGIN SOLUTION
    # Each positive margin adds X[i] to column c of the gradient and takes it from column y_i.
    N = X.shape[0]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        scores = X[i] @ W
        require_finite(scores, X=X, W=W)
        for c in range(W.shape[1]):
            if c == y[i]:
                continue
            margin = scores[c] - scores[y[i]] + 1
            if margin > 0:
                loss += margin
                dW[:, c] += X[i]
                dW[:, y[i]] -= X[i]
    loss = loss / N + reg * np.sum(W * W)
    dW = dW / N + 2 * reg * W
    require_finite(loss, dW, X=X, W=W, reg=reg)
    return loss, dW
    ### END SOLUTION


def svm_loss_vectorized(W, X, y, reg):
    """Multiclass hinge loss and its gradient without loops.

    Arguments, results and sources are those of the naive version.
    """
    W, X, y, reg = require_linear(W, X, y, reg)
    ### BEGIN SOLUTION
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    require_finite(scores, X=X, W=W)
    margins = np.asfortranarray(scores)  # few columns: what follows is quick along them
    margins -= scores[rows, y][:, np.newaxis] - 1
    np.maximum(margins, 0, out=margins)
    margins[rows, y] = 0
    loss = margins.sum() / N
    # The sum of the squares as a dot product: it needs no second array of the size of W.
    loss += reg * (W.ravel("K") @ W.ravel("K"))

    # With M the (N, C) matrix that has 1 where a margin is positive, and in column y_i minus the
    # number of positive margins of its row: dW = X^T M / N + 2 reg W
    M = (margins > 0).astype(margins.dtype)
    M[rows, y] = -M.sum(axis=1)
    M /= N
    dW = (M.T @ X).T  # X^T M; reading X along its rows is a quarter faster
    dW += 2 * reg * W
    require_finite(loss, dW, X=X, W=W, reg=reg)
    return loss, dW
    ### END SOLUTION

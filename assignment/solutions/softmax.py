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
    ### BEGIN SOLUTION
    # dW = 1/N sum_i X[i]^T (p - onehot(y_i))  +  2 reg W
    N = X.shape[0]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        scores = X[i] @ W
        require_finite(scores, X=X, W=W)
        # Adding a constant to all scores changes nothing, so make the largest one 0:
        # exp can no longer overflow, and the sum is at least 1, so the log is safe too.
        shifted = scores - scores.max()
        log_sum = np.log(np.exp(shifted).sum())
        loss += log_sum - shifted[y[i]]
        for c in range(W.shape[1]):
            p = np.exp(shifted[c] - log_sum)
            dW[:, c] += (p - (c == y[i])) * X[i]
    loss = loss / N + reg * np.sum(W * W)
    dW = dW / N + 2 * reg * W
    require_finite(loss, dW, X=X, W=W, reg=reg)
    return loss, dW
    ### END SOLUTION


def softmax_loss_vectorized(W, X, y, reg):
    """Softmax loss and its gradient without loops.

    Arguments, results and sources are those of the naive version.
    """
    W, X, y, reg = require_linear(W, X, y, reg)
    ### BEGIN SOLUTION
    # With P the (N, C) matrix of probabilities and Y the one-hot labels:
    # dW = X^T (P - Y) / N + 2 reg W
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    require_finite(scores, X=X, W=W)
    scores = np.asfortranarray(scores)  # few columns: what follows is quick along them
    scores -= scores.max(axis=1, keepdims=True)
    correct = scores[rows, y]
    P = np.exp(scores, out=scores)
    sums = P.sum(axis=1, keepdims=True)
    loss = (np.log(sums[:, 0]) - correct).sum() / N
    # The sum of the squares as a dot product: it needs no second array of the size of W.
    loss += reg * (W.ravel("K") @ W.ravel("K"))

    P /= sums
    P[rows, y] -= 1
    P /= N
    dW = (P.T @ X).T  # X^T P; reading X along its rows is a quarter faster
    dW += 2 * reg * W
    require_finite(loss, dW, X=X, W=W, reg=reg)
    return loss, dW
    ### END SOLUTION

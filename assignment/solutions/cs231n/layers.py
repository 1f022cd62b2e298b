"""Layers and losses, each forward and backward: `layers.py` of 2021 and later."""

import numpy as np

from assignment.given.validation import (
    as_floats,
    require_finite,
    require_inputs,
    require_labels,
    require_shape,
)


def affine_forward(x, w, b):
    """out = x w + b, each example as one row.

    Parameters
    ----------
    x : (N, d_1, ..., d_k); w : (D, M), D the product of the d's; b : (M,)

    Returns
    -------
    out : (N, M)
    cache : (x, w, b)
    """
    ### BEGIN SOLUTION
    x = require_examples(x)
    w = require_shape(w, (x[0].size, "M"), "w")
    b = require_shape(b, w.shape[1:], "b")
    out = x.reshape(len(x), -1) @ w + b
    require_finite(out, x=x, w=w, b=b)
    return out, (x, w, b)
    ### END SOLUTION


def affine_backward(dout, cache):
    """dx, in the shape of x, dw and db, of the upstream gradient dout (N, M)."""
    ### BEGIN SOLUTION
    x, w, b = cache
    dout = require_shape(dout, (len(x), *w.shape[1:]), "dout")
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    db = dout.sum(axis=0)
    require_finite(np.sum(dx) + np.sum(dw), dout=dout, x=x, w=w)
    return dx, dw, db
    ### END SOLUTION


def relu_forward(x):
    """out = max(0, x), for x of any shape; cache : x"""
    ### BEGIN SOLUTION
    x = as_floats(x, "x")
    return np.maximum(x, 0), x
    ### END SOLUTION


def relu_backward(dout, cache):
    """dx: dout where x is above 0, and 0 elsewhere."""
    ### BEGIN SOLUTION
    cache = as_floats(cache, "cache")
    dout = require_shape(dout, cache.shape, "dout")
    require_finite(dout, dout=dout)
    return dout * (cache > 0)
    ### END SOLUTION


def svm_loss(x, y):
    """Mean multiclass hinge loss of scores x (N, C) and labels y (N,), and its gradient dx."""
    ### BEGIN SOLUTION
    x = require_inputs(x, "x")
    require_finite(x, x=x)
    y = require_labels(y, *x.shape)
    rows = np.arange(len(x))
    margins = np.maximum(x - x[rows, y][:, np.newaxis] + 1, 0)
    margins[rows, y] = 0
    dx = (margins > 0).astype(x.dtype)
    dx[rows, y] = -dx.sum(axis=1)
    require_finite(margins.sum(), x=x)
    return margins.sum() / len(x), dx / len(x)
    ### END SOLUTION


def softmax_loss(x, y):
    """Mean cross-entropy of scores x (N, C) and labels y (N,), and its gradient dx.

    Row by row -log p[y] = log(sum(exp(s))) - s[y], with scores s shifted by their maximum.
    """
    ### BEGIN SOLUTION
    x = require_inputs(x, "x")
    require_finite(x, x=x)
    y = require_labels(y, *x.shape)
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_of_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = (log_of_sum[:, 0] - shifted[rows, y]).mean()
    dx = np.exp(shifted - log_of_sum)
    dx[rows, y] -= 1
    require_finite(loss, x=x)
    return loss, dx / len(x)
    ### END SOLUTION


def require_examples(x):
    """x as floats of shape (N, d_1, ..., d_k), N >= 1, or a ValueError."""
    x = as_floats(x, "x")
    if x.ndim < 2 or x.size == 0:
        raise ValueError(
            f"x must have shape (N, d_1, ..., d_k) with N >= 1, but its shape is {x.shape}."
        )
    return x

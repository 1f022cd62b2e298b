"""Right layers for networks: what the course gives to one, or has made before it."""

import numpy as np


def affine_forward(x, w, b):
    return np.reshape(x, (len(x), -1)) @ w + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


def softmax_loss(x, y):
    rows, shifted = np.arange(len(y)), x - x.max(axis=1, keepdims=True)
    log_P = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_P)
    dx[rows, y] -= 1
    return -log_P[rows, y].mean(), dx / len(y)


def affine_relu_forward(x, w, b):
    out, affine = affine_forward(x, w, b)
    out, relu = relu_forward(out)
    return out, (affine, relu)


def affine_relu_backward(dout, cache):
    affine, relu = cache
    return affine_backward(relu_backward(dout, relu), affine)


LAYERS = {
    function.__name__: function
    for function in (
        *(affine_forward, affine_backward, relu_forward, relu_backward, softmax_loss),
        *(affine_relu_forward, affine_relu_backward),
    )
}

"""Networks made of layers: `classifiers/fc_net.py` of 2021 and later.

The penalty is 0.5 * reg * sum(W^2) here, with reg * W as its derivative; biases are not penalised.
"""

from pathlib import Path

import numpy as np

from assignment.given.validation import (
    as_floats,
    require_count,
    require_finite,
    require_float_type,
    require_number,
)

from ..layers import (
    affine_backward,
    affine_forward,
    relu_backward,
    relu_forward,
    softmax_loss,
    svm_loss,  # noqa: F401  the course's notebooks take it from here
)


class FullyConnectedNet:
    """affine - relu - ... - affine - softmax, with `params` W1, b1, W2, b2, ...

    hidden_dims : list of the sizes of the hidden layers. Normalisation and dropout are not made
    """

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout_keep_ratio=1,
        normalization=None,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        ### BEGIN SOLUTION
        if normalization is not None or dropout_keep_ratio != 1:
            raise ValueError("FullyConnectedNet has neither normalization nor dropout here.")
        require_float_type(dtype)
        if not isinstance(hidden_dims, list | tuple):
            raise ValueError(f"hidden_dims must be a list of sizes, but it is {hidden_dims!r}.")
        weight_scale = require_number(weight_scale, "weight_scale")
        names = ["input_dim", *["hidden_dims"] * len(hidden_dims), "num_classes"]
        sizes = [input_dim, *hidden_dims, num_classes]
        sizes = [require_count(n, name, 1) for n, name in zip(sizes, names, strict=True)]
        self.reg, self.num_layers, self.dtype = require_number(reg, "reg"), len(sizes) - 1, dtype
        self.params = {}
        for layer in range(1, self.num_layers + 1):
            W = weight_scale * np.random.randn(*sizes[layer - 1 : layer + 1])
            self.params[f"W{layer}"] = W.astype(dtype)
            self.params[f"b{layer}"] = np.zeros(sizes[layer], dtype)
        ### END SOLUTION

    def loss(self, X, y=None):
        """Scores (N, C) of images X (N, d_1, ..., d_k); with labels y (N,) the loss and gradients.

        Returns
        -------
        scores, or (loss, dict of gradients by the names of the parameters)
        """
        ### BEGIN SOLUTION
        X, D = as_floats(X, "X"), len(self.params["W1"])
        if X.ndim < 2 or X[:1].size != D:
            raise ValueError(
                f"X must hold {D} numbers for each of N >= 1 examples, but its shape is {X.shape}."
            )
        require_finite(X, X=X)
        out, caches = X.astype(self.dtype), []
        for layer in range(1, self.num_layers + 1):
            out, affine = affine_forward(out, self.params[f"W{layer}"], self.params[f"b{layer}"])
            relu = None
            if layer < self.num_layers:
                out, relu = relu_forward(out)
            caches.append((affine, relu))
        if y is None:
            return out
        loss, dout = softmax_loss(out, y)
        grads = {}
        for layer in range(self.num_layers, 0, -1):
            W, (affine, relu) = self.params[f"W{layer}"], caches[layer - 1]
            if relu is not None:
                dout = relu_backward(dout, relu)
            dout, grads[f"W{layer}"], grads[f"b{layer}"] = affine_backward(dout, affine)
            grads[f"W{layer}"] += self.reg * W
            loss += 0.5 * self.reg * np.sum(W * W)
        require_finite(loss, *grads.values(), X=X, **self.params)
        return loss, grads
        ### END SOLUTION

    def save(self, name):
        """Write the parameters to cs231n/saved/, as the notebooks ask for."""
        np.savez(_saved(name), **self.params)

    def load(self, name):
        """Read the parameters from there."""
        self.params = dict(np.load(_saved(name)))


def _saved(name):
    """Where the course's notebooks look: in a folder beside that of this file."""
    return Path(__file__).resolve().parents[1] / "saved" / f"{name}.npz"


class TwoLayerNet(FullyConnectedNet):
    """The same with one hidden layer, as it is asked for: affine - relu - affine - softmax."""

    def __init__(
        self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0
    ):
        ### BEGIN SOLUTION
        super().__init__(
            [hidden_dim], input_dim, num_classes, 1, None, reg, weight_scale, np.float64
        )
        ### END SOLUTION

"""Wrong and right solutions of the course's own files of 2021 and later: see ../mutants.py."""

from catalogue import table

# The two networks share their code, and so their mistakes.
NETS = r"""
fc_net.KIND.init
    bias a number | self.params[f"b{layer}"] = np.zeros(sizes[layer], dtype) |
        self.params[f"b{layer}"] = 0.0 | bias-a-number
    biases random | self.params[f"b{layer}"] = np.zeros(sizes[layer], dtype) |
        self.params[f"b{layer}"] = weight_scale * np.random.randn(1, sizes[layer]) | bias-not-zero
    biases of one | self.params[f"b{layer}"] = np.zeros(sizes[layer], dtype) |
        self.params[f"b{layer}"] = np.ones(sizes[layer], dtype) | bias-not-zero
    no weight_scale | W = weight_scale * np.random.randn(*sizes[layer - 1 : layer + 1]) | W = 1.0 *
        np.random.randn(*sizes[layer - 1 : layer + 1]) | spread-of-one
    variance for deviation | W = weight_scale * np.random.randn(*sizes[layer - 1 : layer + 1]) | W =
        np.sqrt(weight_scale) * np.random.randn(*sizes[layer - 1 : layer + 1]) | spread-squared
    uniform | W = weight_scale * np.random.randn(*sizes[layer - 1 : layer + 1]) | W = weight_scale *
        np.random.rand(*sizes[layer - 1 : layer + 1]) | weights-not-centred
    zeros | W = weight_scale * np.random.randn(*sizes[layer - 1 : layer + 1]) | W =
        np.zeros(sizes[layer - 1 : layer + 1]) | weights-zero
    transposed | W = weight_scale * np.random.randn(*sizes[layer - 1 : layer + 1]) | W =
        weight_scale * np.random.randn(*sizes[layer - 1 : layer + 1][::-1]) |
    a size too far | self.params[f"b{layer}"] = np.zeros(sizes[layer], dtype) |
        self.params[f"b{layer}"] = np.zeros(sizes[layer - 1], dtype) |
fc_net.KIND.scores
    ReLU on the scores | if layer < self.num_layers: | if True: | relu-on-scores
    no ReLU | if layer < self.num_layers: | if False: | relu-missing
    no biases | self.params[f"b{layer}"]) | 0 * self.params[f"b{layer}"]) | bias-missing
    shifted | return out | return out - out.max(axis=1, keepdims=True) | scores-shifted
    with its cache | return out | return out, caches | wrong-return
    rows only | out, affine = affine_forward(out, | out, affine = out.dot(self.params[f"W{layer}"])
        + self.params[f"b{layer}"], (out, | images-not-flattened
    leaky | out, relu = relu_forward(out) | out, relu = np.maximum(out, 0.01 * out), out |
fc_net.KIND.loss
    no half | 0.5 * self.reg * np.sum(W * W) | self.reg * np.sum(W * W) | penalty-half-missing
    a quarter | 0.5 * self.reg * np.sum(W * W) | 0.25 * self.reg * np.sum(W * W) | penalty-quartered
    no penalty | loss += 0.5 * self.reg * np.sum(W * W) | pass | penalty-missing
    last layer left out | loss += 0.5 * self.reg * np.sum(W * W) | loss += 0.5 * self.reg * np.sum(W
        * W) * (layer < self.num_layers) | layer-not-penalised
    biases penalised | 0.5 * self.reg * np.sum(W * W) | 0.5 * self.reg * (np.sum(W * W) +
        np.sum(self.params[f"b{layer}"] ** 2)) | biases-regularised
    reg an argument | def loss(self, X, y=None): | def loss(self, X, y=None,
        reg=0.0):\n        self.reg = reg | reg-argument-unread
    no shift | loss, dout = softmax_loss(out, y) | p = np.exp(out); p /= p.sum(axis=1,
        keepdims=True); i = np.arange(len(out)); loss = -np.log(p[i, y]).mean(); p[i, y] -= 1; dout
        = p / len(out) | overflow
    one maximum | loss, dout = softmax_loss(out, y) | p = np.exp(out - out.max()); loss =
        -np.log(p[np.arange(len(out)), y] / p.sum(axis=1)).mean(); dout = softmax_loss(out, y)[1] |
        underflow
    a sum | loss, dout = softmax_loss(out, y) | loss, dout = softmax_loss(out, y); loss *= len(out)
        | not-averaged
    a name that is not bound | return loss, grads | loss += w3\n        return loss, grads |
fc_net.KIND.gradients
    2 reg W | [f"W{layer}"] += self.reg * W | [f"W{layer}"] += 2 * self.reg * W |
        penalty-half-missing
    no penalty | grads[f"W{layer}"] += self.reg * W | pass | reg-missing-from-gradient
    last layer's penalty left out | [f"W{layer}"] += self.reg * W | [f"W{layer}"] += self.reg * W *
        (layer < self.num_layers) | layer-not-penalised
    biases penalised | grads[f"W{layer}"] += self.reg * W | grads[f"W{layer}"] += self.reg *
        W\n            grads[f"b{layer}"] += self.reg * self.params[f"b{layer}"] |
        biases-regularised
    mask of the gradient | dout = relu_backward(dout, relu) | dout = dout * (dout > 0) |
        mask-of-upstream
    mask of the gradient, other way | dout = relu_backward(dout, relu) | dout[dout > 0] = 0 |
        mask-of-upstream
    no mask | dout = relu_backward(dout, relu) | pass | relu-mask-missing
    biases as rows | return loss, grads | return loss, {k: g.reshape(1, -1) if k[0] == "b" else g
        for k, g in grads.items()} | bias-gradient-row
    bias averaged | return loss, grads | grads = {k: g / len(X) if k[0] == "b" else g for k, g in
        grads.items()}\n        return loss, grads | bias-gradient-averaged
    not averaged | loss, dout = softmax_loss(out, y) | loss, dout = softmax_loss(out, y); dout *=
        len(out) | not-averaged
    cache of another layer | dout = relu_backward(dout, relu) | dout = relu_backward(dout, affine) |
    no gradients yet | return loss, grads | return loss, {} | gradient-missing
"""
WRONG = {
    **table(
        r"""
affine_forward
    no bias | @ w + b | @ w | bias-missing
    rows only | x.reshape(len(x), -1) @ w | x @ w | images-not-flattened
    Fortran order | x.reshape(len(x), -1) | x.reshape(len(x), -1, order="F") |
    out alone | return out, (x, w, b) | return out | wrong-return
affine_backward
    no db | db = dout.sum(axis=0) | db = None |
    db a row | db = dout.sum(axis=0) | db = dout.sum(axis=0, keepdims=True) | bias-gradient-row
    db averaged | dout.sum(axis=0) | dout.mean(axis=0) | bias-gradient-averaged
    db of the other axis | dout.sum(axis=0) | dout.sum(axis=1) | bias-gradient-not-summed
    db one number | dout.sum(axis=0) | np.sum(dout) | bias-gradient-not-summed
    dx rows | .reshape(x.shape) |  | gradient-not-reshaped
    divided by N | x.reshape(len(x), -1).T @ dout | x.reshape(len(x), -1).T @ dout / len(x) |
        upstream-divided-again
    without dout | x.reshape(len(x), -1).T @ dout | x.reshape(len(x), -1).T @ np.ones_like(dout) |
relu_forward
    in place | return np.maximum(x, 0), x | x[x < 0] = 0\n    return x, x | inputs-changed
    two indices | return np.maximum(x, 0), x | out = x.copy()\n    for i in
        range(x.shape[0]):\n        for j in range(x.shape[1]):\n            if out[i, j] <
        0:\n                out[i, j] = 0\n    return out, x | two-dimensions-only
    leaky | np.maximum(x, 0) | np.where(x > 0, x, 0.01 * x) | other-activation
    minimum | np.maximum(x, 0) | np.minimum(x, 0) | other-activation
relu_backward
    mask of dout | (cache > 0) | (dout > 0) | mask-of-upstream
    no mask | dout * (cache > 0) | dout | relu-mask-missing
    no dout | dout * (cache > 0) | 1.0 * (cache > 0) | upstream-missing
    a quotient | (cache > 0) | (np.maximum(cache, 0) / cache) | nan-at-zero
    the wrong side | cache > 0 | cache < 0 |
svm_loss
    right class counted | margins[rows, y] = 0\n    dx = (margins > 0) | dx = margins *
        1\n    dx[rows, y] = 0\n    dx = (dx > 0) | right-class-counted
    right column missing | dx[rows, y] = -dx.sum(axis=1) | pass | right-class-missing
    every class | dx = (margins > 0) | dx = (margins > -1) | mask-of-all
    negative margins left | dx = (margins > 0).astype(x.dtype) | dx = x - x[rows, y][:, np.newaxis]
        + 1; dx[dx > 0] = 1; dx[rows, y] = 0 | margins-left-in-gradient
    not cut off | return margins.sum() | margins = x - x[rows, y][:, np.newaxis] +
        1\n    margins[rows, y] = 0\n    return margins.sum() | max-missing
    own margin counted | -dx.sum(axis=1) | -dx.sum(axis=1) - 1 | right-class-counted
    sum over the matrix | -dx.sum(axis=1) | -dx.sum() | sum-over-matrix
    margin reversed | x - x[rows, y][:, np.newaxis] + 1 | x[rows, y][:, np.newaxis] - x + 1 |
        margin-reversed
    margin reversed, with its gradient | margins = np.maximum(x - x[rows, y][:, np.newaxis] + 1,
        0)\n    margins[rows, y] = 0\n    dx = (margins > 0).astype(x.dtype)\n    dx[rows, y] =
        -dx.sum(axis=1) | margins = np.maximum(x[rows, y][:, np.newaxis] - x + 1,
        0)\n    margins[rows, y] = 0\n    dx = -(margins > 0).astype(x.dtype)\n    dx[rows, y] =
        -dx.sum(axis=1) | margin-reversed
    precedence, in place | margins = np.maximum(x - x[rows, y][:, np.newaxis] + 1, 0) | x -= x[rows,
        y][:, np.newaxis] + 1; margins = np.maximum(x, 0) | margin-subtracted
    in place | margins = np.maximum(x - x[rows, y][:, np.newaxis] + 1, 0) | x -= x[rows, y][:,
        np.newaxis] - 1; margins = np.maximum(x, 0) | inputs-changed
    sums | return margins.sum() / len(x), dx / len(x) | return margins.sum(), dx | not-averaged
    times x | dx / len(x) | x.T @ dx / len(x) | gradient-of-weights
    a name that is not bound | return margins | loss += margin\n    return margins |
    one of two | return margins.sum() / len(x), dx / len(x) | return margins.sum() / len(x) |
        wrong-return
softmax_loss
    no shift | x.max(axis=1, keepdims=True) | 0 | overflow
    one maximum | x.max(axis=1, keepdims=True) | x.max() | underflow
    in place | shifted = x - x.max(axis=1, keepdims=True) | x -= x.max(axis=1, keepdims=True);
        shifted = x | inputs-changed
    sums | .mean()\n    dx = np.exp(shifted - log_of_sum)\n    dx[rows, y] -= 1\n    return loss, dx
        / len(x) | .sum()\n    dx = np.exp(shifted - log_of_sum)\n    dx[rows, y] -= 1\n    return
        loss, dx | not-averaged
    right class left | dx[rows, y] -= 1 | pass | right-class-missing
    sign | - shifted[rows, y]).mean() | - shifted[rows, y]).mean() * -1 | sign
    times x | dx / len(x) | x.T @ dx / len(x) | gradient-of-weights
    loss alone | return loss, dx / len(x) | return loss, None |
sgd
    uphill | w - config | w + config | step-uphill
    no rate | config["learning_rate"] * dw | dw | rate-missing
    misspelt | config["learning_rate"] * dw | config["lr"] * dw |
sgd_momentum
    another library's | v = config["momentum"] * config["velocity"] - config["learning_rate"] *
        dw\n    config["velocity"] = v\n    return w + v, config | v = config["momentum"] *
        config["velocity"] + dw\n    config["velocity"] = v\n    return w - config["learning_rate"]
        * v, config | velocity-without-rate
    no rate | config["momentum"] * config["velocity"] - config["learning_rate"] * dw |
        config["momentum"] * config["velocity"] - dw | rate-missing
    not updated | config["velocity"] = v | pass | state-not-stored
    unused | w + v, config | w - config["learning_rate"] * dw, config | velocity-unused
    subtracted | w + v, config | w - v, config | step-uphill
    an attribute | config["momentum"] * | config.momentum * |
    the other sign | v = config["momentum"] * config["velocity"] - config["learning_rate"] *
        dw\n    config["velocity"] = v\n    return w + v, config | v = config["momentum"] *
        config["velocity"] + config["learning_rate"] * dw\n    config["velocity"] = v\n    return w
        - v, config | sign-of-velocity
    another library's, no rate | v = config["momentum"] * config["velocity"] -
        config["learning_rate"] * dw\n    config["velocity"] = v\n    return w + v, config | v =
        config["momentum"] * config["velocity"] + dw\n    config["velocity"] = v\n    return w - v,
        config | rate-missing
rmsprop
    not stored | config["cache"] = decay * config["cache"] + (1 - decay) * dw**2\n    step =
        config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]) | cache =
        decay * config["cache"] + (1 - decay) * dw**2\n    step = config["learning_rate"] * dw /
        (np.sqrt(cache) + config["epsilon"]) | state-not-stored
    no root | (np.sqrt(config["cache"]) + config["epsilon"]) | (config["cache"] + config["epsilon"])
        | root-of-mean-missing
    no square | dw**2 | dw | square-missing
    decay swapped | decay * config["cache"] + (1 - decay) * dw**2 | (1 - decay) * config["cache"] +
        decay * dw**2 | decay-swapped
    uphill | w - step | w + step | step-uphill
    no rate | config["learning_rate"] * dw / | dw / | rate-missing
adam
    t not stored | m = config["m"] / (1 - beta1 ** config["t"])\n    v = config["v"] / (1 - beta2 **
        config["t"]) | m = config["m"] / (1 - beta1 ** config["t"])\n    v = config["v"] / (1 -
        beta2 ** config["t"])\n    config["t"] -= 1 | t-not-stored
    no correction | m = config["m"] / (1 - beta1 ** config["t"])\n    v = config["v"] / (1 - beta2
        ** config["t"]) | m, v = config["m"], config["v"] | bias-correction-missing
    t not raised | config["t"] += 1 | pass | t-not-raised
    t raised after | config["t"] += 1\n    config["m"] | config["t"] += 0\n    config["m"] |
        t-not-raised
    corrected ones stored | m = config["m"] / (1 - beta1 ** config["t"])\n    v = config["v"] / (1 -
        beta2 ** config["t"]) | config["m"] = m = config["m"] / (1 - beta1 **
        config["t"])\n    config["v"] = v = config["v"] / (1 - beta2 ** config["t"]) |
        corrected-means-stored
    no root | (np.sqrt(v) + config["epsilon"]) | (v + config["epsilon"]) | root-of-mean-missing
    uphill | return w - config | return w + config | step-uphill
    no rate | config["learning_rate"] * m | m | rate-missing
    a name that is not bound | return w - config | return w - mt - config |
"""
    ),
    **table(NETS.replace("KIND", "TwoLayerNet")),
    **table(NETS.replace("KIND", "FullyConnectedNet")),
}
WRONG["fc_net.TwoLayerNet.init"] |= table(
    r"""
fc_net.TwoLayerNet.init
    the class of 2020 | self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10,
        weight_scale=1e-3, reg=0.0\n    ):\n        ### BEGIN
        SOLUTION\n        super().__init__(\n            [hidden_dim], input_dim, num_classes, 1,
        None, reg, weight_scale, np.float64\n        ) | self, input_size, hidden_size, output_size,
        std=1e-4):\n        super().__init__([hidden_size], input_size, output_size, 1, None, 0.0,
        std, float) | class-of-2020
"""
)["fc_net.TwoLayerNet.init"]

INLINE_NET = """
    import numpy as np
    class TwoLayerNet(object):
        def __init__(self, input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3,
                     reg=0.0):
            self.params, self.reg = {{}}, reg
            self.params["W1"] = np.random.normal(0, weight_scale, (input_dim, hidden_dim))
            self.params["W2"] = np.random.normal(0, weight_scale, (hidden_dim, num_classes))
            self.params["b1"] = np.zeros({b1})
            self.params["b2"] = np.zeros({b2})
        def loss(self, X, y=None):
            W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
            N = X.shape[0]
            rows = X.reshape(N, np.prod(X.shape[1:]))
            hidden = rows.dot(W1) + b1
            hidden[hidden < 0] = 0
            scores = hidden.dot(W2) + b2
            if y is None:
                return scores
            scores -= np.max(scores, axis=1, keepdims=True)
            P = np.exp(scores)
            P /= np.sum(P, axis=1, keepdims=True)
            loss = np.sum(-np.log(P[range(N), y])) / N
            loss += 0.5 * self.reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
            P[range(N), y] -= 1
            P /= N
            dH = P.dot(W2.T) * (hidden > 0)
            grads = dict(W2=hidden.T.dot(P) + self.reg * W2, W1=rows.T.dot(dH) + self.reg * W1)
            grads["b2"] = np.sum(P, axis=0{keep})
            grads["b1"] = np.sum(dH, axis=0{keep})
            return loss, grads
    """
FLAT = INLINE_NET.format(b1="hidden_dim", b2="num_classes", keep="")
IN_ROWS = INLINE_NET.format(b1="(1, hidden_dim)", b2="(1, num_classes)", keep=", keepdims=True")
BY_LAYERS = """
    from builtins import range, object
    import numpy as np
    from ..layers import *
    from ..layer_utils import *
    class TwoLayerNet(object):
        def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10,
                     weight_scale=1e-3, reg=0.0):
            self.params = {}
            self.reg = reg
            self.params = dict(W1=weight_scale * np.random.randn(input_dim, hidden_dim),
                b1=np.zeros(hidden_dim), b2=np.zeros(num_classes),
                W2=weight_scale * np.random.randn(hidden_dim, num_classes))
        def loss(self, X, y=None):
            first, cache = affine_relu_forward(X, self.params["W1"], self.params["b1"])
            scores, last = affine_forward(first, self.params["W2"], self.params["b2"])
            if y is None:
                return scores
            loss, dscores = softmax_loss(scores, y)
            loss += self.reg / 2 * sum(np.sum(np.square(self.params[k])) for k in ("W1", "W2"))
            grads = {}
            dfirst, grads["W2"], grads["b2"] = affine_backward(dscores, last)
            _, grads["W1"], grads["b1"] = affine_relu_backward(dfirst, cache)
            for k in ("W1", "W2"):
                grads[k] = grads[k] + self.reg * self.params[k]
            return loss, grads
    """
DEEP = """
    from builtins import range, object
    import os
    import numpy as np
    from ..layers import *
    from ..layer_utils import *
    class FullyConnectedNet(object):
        def __init__(self, hidden_dims, input_dim=3 * 32 * 32, num_classes=10,
                     dropout_keep_ratio=1, normalization=None, reg=0.0, weight_scale=1e-2,
                     dtype=np.float32, seed=None):
            self.normalization, self.use_dropout = normalization, dropout_keep_ratio != 1
            self.reg, self.num_layers, self.dtype = reg, 1 + len(hidden_dims), dtype
            self.params = {}
            DIMS
            for i in range(self.num_layers):
                self.params["W" + str(i + 1)] = np.random.normal(
                    loc=0.0, scale=weight_scale, size=(dims[i], dims[i + 1]))
                self.params["b" + str(i + 1)] = np.zeros(dims[i + 1])
                if self.normalization is not None and i < self.num_layers - 1:
                    self.params["gamma" + str(i + 1)] = np.ones(dims[i + 1])
                    self.params["beta" + str(i + 1)] = np.zeros(dims[i + 1])
            self.dropout_param = {}
            if self.use_dropout:
                self.dropout_param = {"mode": "train", "p": dropout_keep_ratio}
            self.bn_params = []
            if self.normalization == "batchnorm":
                self.bn_params = [{"mode": "train"} for i in range(self.num_layers - 1)]
            for k, v in self.params.items():
                self.params[k] = v.astype(dtype)
        def loss(self, X, y=None):
            X = X.astype(self.dtype)
            mode = "test" if y is None else "train"
            caches, scores = [], X
            for i in range(1, self.num_layers):
                W, b = self.params["W%d" % i], self.params["b%d" % i]
                if self.normalization == "batchnorm":
                    scores, fc = affine_forward(scores, W, b)
                    scores, bn = batchnorm_forward(scores, self.params["gamma%d" % i],
                                                   self.params["beta%d" % i], self.bn_params[i])
                    scores, relu = relu_forward(scores)
                    caches.append((fc, bn, relu))
                else:
                    scores, cache = affine_relu_forward(scores, W, b)
                    caches.append(cache)
            n = self.num_layers
            scores, cache = affine_forward(scores, self.params["W%d" % n], self.params["b%d" % n])
            caches.append(cache)
            if mode == "test":
                return scores
            loss, dout = softmax_loss(scores, y)
            grads = {}
            for i in range(n, 0, -1):
                back = affine_backward if i == n else affine_relu_backward
                dout, dw, db = back(dout, caches.pop())
                W = self.params["W%d" % i]
                loss += 0.5 * self.reg * np.sum(W * W)
                grads["W%d" % i], grads["b%d" % i] = dw + self.reg * W, db
            return loss, grads
    """
PLAIN = DEEP.replace("DIMS", "dims = np.hstack((input_dim, hidden_dims, num_classes))")
INSERTING = DEEP.replace(
    "DIMS", "hidden_dims.insert(0, input_dim); hidden_dims.append(num_classes); dims = hidden_dims"
)

RIGHT = {
    "affine_forward": {
        "tensordot": """
            def affine_forward(x, w, b):
                out = None
                k = x.ndim - 1
                out = np.tensordot(x, w.reshape(*x.shape[1:], -1), axes=k) + b
                cache = (x, w, b)
                return out, cache
            """,
        "with loops": """
            def affine_forward(x, w, b):
                out = np.zeros((x.shape[0], w.shape[1]))
                for i in range(x.shape[0]):
                    out[i] = x[i].flatten().dot(w) + b.T
                return out, (x, w, b)
            """,
    },
    "affine_backward": {
        "einsum": """
            def affine_backward(dout, cache):
                x, w, b = cache
                dx, dw, db = None, None, None
                dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
                dw = np.einsum("nd,nm->dm", x.reshape(x.shape[0], -1), dout)
                db = np.ones(x.shape[0]) @ dout
                return dx, dw, db
            """,
        "squeezed": """
            def affine_backward(dout, cache):
                x, w, b = cache
                db = np.squeeze(dout.sum(axis=0, keepdims=True))
                return (dout @ w.T).reshape(*x.shape), np.reshape(x, (len(x), -1)).T @ dout, db
            """,
    },
    "relu_forward": {
        "where": "def relu_forward(x):\n    return np.where(x > 0, x, 0), x\n",
        "times the mask": "def relu_forward(x):\n    return x * (x > 0), x\n",
        "a copy": """
            def relu_forward(x):
                out = x.copy()
                out[out < 0] = 0
                return out, x
            """,
    },
    "relu_backward": {
        "writes into dout": """
            def relu_backward(dout, cache):
                dx, x = None, cache
                dout[x <= 0] = 0
                dx = dout
                return dx
            """,
        "writes into x": """
            def relu_backward(dout, cache):
                dx, x = None, cache
                x[x > 0] = 1
                x[x < 0] = 0
                dx = dout * x
                return dx
            """,
        "lets 0 through": "def relu_backward(dout, cache):\n    return dout * (cache >= 0)\n",
    },
    "svm_loss": {
        "with loops": """
            def svm_loss(x, y):
                loss, dx = 0.0, np.zeros(x.shape)
                for i in range(len(x)):
                    for j in range(x.shape[1]):
                        margin = x[i, j] - x[i, y[i]] + 1
                        if j != y[i] and margin > 0:
                            loss += margin
                            dx[i, j] += 1
                            dx[i, y[i]] -= 1
                return loss / len(x), dx / len(x)
            """,
        "one too many, taken off": """
            def svm_loss(x, y):
                N = x.shape[0]
                correct = x[np.arange(N), y]
                margins = np.maximum(0, x - correct[:, np.newaxis] + 1.0)
                loss = np.sum(margins) / N - 1
                dx = np.zeros_like(x)
                dx[margins > 0] = 1
                dx[np.arange(N), y] -= np.sum(margins > 0, axis=1)
                dx /= N
                return loss, dx
            """,
    },
    "softmax_loss": {
        "log of a quotient": """
            def softmax_loss(x, y):
                probs = np.exp(x - np.max(x, axis=1, keepdims=True))
                probs /= np.sum(probs, axis=1, keepdims=True)
                N = x.shape[0]
                loss = -np.sum(np.log(probs[np.arange(N), y])) / N
                dx = probs.copy()
                dx[np.arange(N), y] -= 1
                dx /= N
                return loss, dx
            """,
        "with a small number": """
            def softmax_loss(x, y):
                e = np.exp(x - np.max(x, axis=1, keepdims=True))
                p = e / np.sum(e, axis=1, keepdims=True)
                N = len(x)
                loss = -np.mean(np.log(p[np.arange(N), y] + 1e-11))
                return loss, (p - np.eye(x.shape[1])[y]) / N
            """,
    },
    "sgd": {
        "in place": """
            def sgd(w, dw, config=None):
                if config is None:
                    config = {}
                config.setdefault("learning_rate", 1e-2)
                w -= config["learning_rate"] * dw
                return w, config
            """,
    },
    "sgd_momentum": {
        "in place": """
            def sgd_momentum(w, dw, config=None):
                if config is None:
                    config = {}
                config.setdefault("learning_rate", 1e-2)
                config.setdefault("momentum", 0.9)
                v = config.get("velocity", np.zeros_like(w))
                v *= config["momentum"]
                v -= config["learning_rate"] * dw
                w += v
                config["velocity"] = v
                return w, config
            """,
    },
    "rmsprop": {
        "epsilon in the root": """
            def rmsprop(w, dw, config=None):
                if config is None:
                    config = {}
                config.setdefault("learning_rate", 1e-2)
                config.setdefault("decay_rate", 0.99)
                config.setdefault("epsilon", 1e-8)
                config.setdefault("cache", np.zeros_like(w))
                config["cache"] = config["decay_rate"] * config["cache"]
                config["cache"] += (1 - config["decay_rate"]) * dw**2
                root = np.sqrt(config["cache"] + config["epsilon"])
                return w - config["learning_rate"] * dw / root, config
            """,
        "by parts": """
            def rmsprop(w, dw, config=None):
                if config is None:
                    config = {}
                config.setdefault("learning_rate", 1e-2)
                config.setdefault("decay_rate", 0.99)
                config.setdefault("epsilon", 1e-8)
                config.setdefault("cache", np.zeros_like(w))
                a, rho = config["cache"], config["decay_rate"]
                config["cache"] = a + (1 - rho) * (dw * dw - a)
                root = config["cache"] ** 0.5 + config["epsilon"]
                return w - config["learning_rate"] * dw / root, config
            """,
    },
    "adam": {
        "unpacked": """
            def adam(w, dw, config=None):
                if config is None:
                    config = {}
                for key, value in (("learning_rate", 1e-3), ("beta1", 0.9), ("beta2", 0.999),
                                   ("epsilon", 1e-8), ("m", np.zeros_like(w)),
                                   ("v", np.zeros_like(w)), ("t", 0)):
                    config.setdefault(key, value)
                lr, b1, b2, eps, m, v, t = (config[k] for k in (
                    "learning_rate", "beta1", "beta2", "epsilon", "m", "v", "t"))
                t = t + 1
                m = b1 * m + (1 - b1) * dw
                v = b2 * v + (1 - b2) * (dw * dw)
                next_w = w - lr * (m / (1 - b1 ** t)) / (np.sqrt(v / (1 - b2 ** t)) + eps)
                config["t"], config["m"], config["v"] = t, m, v
                return next_w, config
            """,
    },
    **{
        f"fc_net.TwoLayerNet.{part}": {
            "inline": FLAT,
            "inline, biases of shape (1, H)": IN_ROWS,
            "by layers": BY_LAYERS,
        }
        for part in ("init", "scores", "loss", "gradients")
    },
    **{
        f"fc_net.FullyConnectedNet.{part}": {"by layers": PLAIN, "inserting": INSERTING}
        for part in ("init", "scores", "loss", "gradients")
    },
}

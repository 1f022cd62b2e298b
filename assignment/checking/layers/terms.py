"""What the calls of this room are made of: the letters that the entries of mistakes.py use."""

from functools import cached_property
from itertools import count

import numpy as np

from assignment.checking.layers.given import softmax_loss


class Layer:
    """The arguments of a layer by name, in float64, and its examples as rows."""

    def __init__(self, **arguments):
        vars(self).update({name: value.astype(float) for name, value in arguments.items()})
        self.rows = self.x.reshape(len(self.x), -1)


class Run:
    """The steps of an update rule through all gradients of a call.

    A mistake is tried as `steps(step)`, with step(dw, config) -> the move; config has its entries
    as attributes, and config.put(name, value) keeps a value for the next step and returns it.
    """

    DEFAULTS = {
        "learning_rate": 1e-2,
        "momentum": 0.9,
        "decay_rate": 0.99,
        "epsilon": 1e-8,
        "beta1": 0.9,
        "beta2": 0.999,
    }

    def __init__(self, exercise, w, dw, config):
        self.kept = {"sgd_momentum": ["velocity"], "rmsprop": ["cache"], "adam": ["m", "v"]}
        self.kept = self.kept.get(exercise, [])
        own = {"learning_rate": 1e-3} if exercise == "adam" else {}
        zeros = {name: np.zeros(w.shape) for name in ("velocity", "cache", "m", "v")}
        self.config = {**self.DEFAULTS, **own, **zeros, **config}
        self.w, self.dw = w.astype(float), dw.astype(float)

    def steps(self, step):
        """The moves, and what is kept, by the names of the arrays of a call."""
        config, w = _Config(self.config), self.w
        moves, kept = [], {name: [] for name in self.kept}
        with np.errstate(all="ignore"):
            for dw in self.dw:
                next_w = w + step(dw, config)
                moves.append(next_w - w)
                w = next_w
                for name, values in kept.items():
                    values.append(getattr(config, name))
        arrays = {f"config['{name}']": np.stack(values) for name, values in kept.items()}
        return {"steps": np.stack(moves), **arrays}

    def rmsprop(
        self,
        rate=None,
        sign=-1,
        store=True,
        root=lambda v, e: np.sqrt(v) + e,
        swapped=False,
        square=lambda dw: dw**2,
    ):
        """rmsprop with something in it changed."""

        def step(dw, c):
            decay = 1 - c.decay_rate if swapped else c.decay_rate
            cache = decay * c.cache + (1 - decay) * square(dw)
            if store:
                c.put("cache", cache)
            return sign * (rate or c.learning_rate) * dw / root(cache, c.epsilon)

        return self.steps(step)

    def adam(
        self,
        rate=None,
        sign=-1,
        store=True,
        t=lambda number: number,
        correct=(True, True),
        store_corrected=False,
        root=lambda v, e: np.sqrt(v) + e,
        swapped=False,
        square=lambda dw: dw**2,
    ):
        """adam with something in it changed. t : what is taken for t in step number 1, 2, ..."""
        numbers = count(1)

        def step(dw, c):
            beta1, beta2 = (1 - c.beta1, 1 - c.beta2) if swapped else (c.beta1, c.beta2)
            m = beta1 * c.m + (1 - beta1) * dw
            v = beta2 * c.v + (1 - beta2) * square(dw)
            power = t(next(numbers))
            fair_m = m / (1 - c.beta1**power) if correct[0] else m
            fair_v = v / (1 - c.beta2**power) if correct[1] else v
            if store:
                c.put("m", fair_m if store_corrected else m)
                c.put("v", fair_v if store_corrected else v)
            return sign * (rate or c.learning_rate) * fair_m / root(fair_v, c.epsilon)

        return self.steps(step)


class _Config:
    def __init__(self, entries):
        vars(self).update(entries)

    def put(self, name, value):
        setattr(self, name, value)
        return value


class Network:
    """A call of a network, in float64: its scores S, their gradient G, its penalty.

    weights, biases : of the layers, in their order
    """

    def __init__(self, X, y, params, reg):
        self.X, self.y, self.N, self.reg = X.reshape(len(X), -1).astype(float), y, len(X), reg
        numbers = range(1, len(params) // 2 + 1)
        self.weights = [params[f"W{layer}"].astype(float) for layer in numbers]
        self.biases = [params[f"b{layer}"].astype(float) for layer in numbers]
        self.S = self.forward()

    def forward(self, activation=lambda a: np.maximum(a, 0), bias=lambda layer, b: b, inputs=None):
        """The scores. inputs : list, to which the input of each layer is added, before its ReLU"""
        out = self.X
        for layer, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            if inputs is not None:
                inputs.append(out)
            out = (activation(out) if layer else out) @ W + bias(layer, b)
        return out

    def without_a_bias(self):
        """The scores without the bias of a single layer, for some of them."""
        for left_out in self.some_layers():
            yield self.forward(bias=lambda layer, b, out=left_out: b * (layer != out))

    def some_layers(self):
        """The numbers of the first two and the last two; None for what is not there."""
        last = len(self.weights) - 1
        return [n if 0 <= n <= last else None for n in (0, 1, last, last - 1)]

    @cached_property
    def G(self):
        """The gradient of the scores, with its 1 / N."""
        return softmax_loss(self.S, self.y)[1]

    def back(
        self,
        G,
        mask=lambda a, dH: a > 0,
        hidden=lambda a: np.maximum(a, 0),
        bias=lambda dS: dS.sum(axis=0),
    ):
        """Gradients of all parameters, without penalty. a : what a ReLU was given; dS : after it"""
        inputs, grads = [], {}
        self.forward(inputs=inputs)
        for layer in reversed(range(len(self.weights))):
            a = inputs[layer]
            grads[f"W{layer + 1}"] = (hidden(a) if layer else a).T @ G
            grads[f"b{layer + 1}"] = bias(G)
            if layer:
                dH = G @ self.weights[layer].T
                G = dH * mask(a, dH)
        return grads

    def penalties(self, kind):
        """0.5 * reg * sum(p^2) of each W, or each b."""
        some = self.weights if kind == "W" else self.biases
        return [0.5 * self.reg * np.sum(p * p) for p in some]

    def penalties_of_some(self, kind):
        """The same of the first two layers and the last two; 0 for what is not there."""
        all_of_them = self.penalties(kind)
        return [0.0 if n is None else all_of_them[n] for n in self.some_layers()]

    @property
    def penalty(self):
        return sum(self.penalties("W"))

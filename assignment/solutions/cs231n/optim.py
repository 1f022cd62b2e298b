"""Update rules: `optim.py` of 2021 and later.

Each takes weights w, their gradient dw and a dict config, and returns the next weights and the
config, in which it keeps what it needs for the next step. Kingma and Ba, arXiv:1412.6980, for adam.
"""

import numpy as np

from assignment.given.validation import (
    as_floats,
    require_count,
    require_finite,
    require_number,
    require_shape,
)


def _completed(w, dw, config, **defaults):
    """w and dw as floats, and the same dict, which the caller may look into, with what it lacks."""
    w = as_floats(w, "w")
    dw = require_shape(dw, w.shape, "dw")
    require_finite(w, w=w)
    require_finite(dw, dw=dw)
    config = {} if config is None else config
    for name, value in defaults.items():
        value = config.get(name, value)
        if name == "t":
            config[name] = require_count(value, name, 0)
        elif name in ("velocity", "cache", "m", "v"):
            config[name] = require_shape(
                np.zeros_like(w) if value is None else value, w.shape, name
            )
        else:
            config[name] = require_number(value, name)
    return w, dw, config


def sgd(w, dw, config=None):
    """w - learning_rate * dw"""
    ### BEGIN SOLUTION
    w, dw, config = _completed(w, dw, config, learning_rate=1e-2)
    return w - config["learning_rate"] * dw, config
    ### END SOLUTION


def sgd_momentum(w, dw, config=None):
    """v = momentum * v - learning_rate * dw, and then w + v; v is config["velocity"]."""
    ### BEGIN SOLUTION
    w, dw, config = _completed(
        w,
        dw,
        config,
        learning_rate=1e-2,
        momentum=0.9,
        velocity=None,
    )
    v = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    config["velocity"] = v
    return w + v, config
    ### END SOLUTION


def rmsprop(w, dw, config=None):
    """Steps divided by the root of a moving mean of squared gradients, config["cache"]."""
    ### BEGIN SOLUTION
    w, dw, config = _completed(
        w,
        dw,
        config,
        learning_rate=1e-2,
        decay_rate=0.99,
        epsilon=1e-8,
        cache=None,
    )
    decay = config["decay_rate"]
    config["cache"] = decay * config["cache"] + (1 - decay) * dw**2
    step = config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    return w - step, config
    ### END SOLUTION


def adam(w, dw, config=None):
    """Moving means m of the gradients and v of their squares, both corrected for their start."""
    ### BEGIN SOLUTION
    w, dw, config = _completed(
        w,
        dw,
        config,
        learning_rate=1e-3,
        beta1=0.9,
        beta2=0.999,
        epsilon=1e-8,
        m=None,
        v=None,
        t=0,
    )
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m = config["m"] / (1 - beta1 ** config["t"])
    v = config["v"] / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * m / (np.sqrt(v) + config["epsilon"]), config
    ### END SOLUTION

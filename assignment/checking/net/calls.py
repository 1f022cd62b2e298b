"""The calls of the two-layer net: its scores, loss, gradients, training and prediction."""

import inspect
import math
from collections.abc import Mapping, MutableMapping
from functools import partial

import numpy as np

from assignment.checking.calls import (
    HIGH,
    LOG_0,
    LOW,
    WIDE,
    Calls,
    Case,
    Returned,
    by_name,
    described,
    draw_labels,
    generator,
    is_drawn_anew,
    is_nan,
    kept,
    pair,
    sure,
    told_offset,
    variants,
)
from assignment.checking.training import calls as training


def _parameters(rng, D, H, C, scale=0.5):
    """Weights and biases far from zero, so that nothing in a network can hide."""
    shapes = {"W1": (D, H), "b1": H, "W2": (H, C), "b2": C}
    return {name: rng.normal(scale=scale, size=shape) for name, shape in shapes.items()}


def _net(net_class, params):
    """A network by the student's own constructor, with the values of these parameters."""
    net = _constructed(net_class, [*params["W1"].shape, params["W2"].shape[1]])
    _fill(net, params)
    return net


def _constructed(net_class, sizes):
    """Whatever a constructor is given, the parameters are filled afterwards."""
    std = 1e-4
    names = dict(zip(("input_size", "hidden_size", "output_size"), sizes, strict=True))
    signature = inspect.signature(net_class)
    for arguments, options in ((sizes, {}), ([*sizes, std], {}), ([], names), ([sizes], {})):
        try:
            signature.bind(*arguments, **options)
        except TypeError:
            continue
        return net_class(*arguments, **options)
    return net_class(*sizes)


def _holders(net):
    """The dicts in which a network has its parameters: self.params, or its attributes."""
    params = getattr(net, "params", None)
    params = params if isinstance(params, MutableMapping) else {}
    if holders := [holder for holder in (params, vars(net)) if "W1" in holder]:
        return holders
    net.params = params
    return [params]


def _fill(net, params):
    """Give a network these values, biases in the shape that its own constructor gave them."""
    for holder in _holders(net):
        for name, value in params.items():
            holder[name] = in_shape(value, np.shape(holder.get(name)))


def _params(net):
    """The four arrays that a network has now, whatever it keeps beside them."""
    holder = _holders(net)[0]
    return {name: holder.get(name) for name in NET_START}


def in_shape(vector, shape):
    """A vector in a shape that holds the same: (H,), (1, H) or (H, 1). All else stays as it is."""
    numbers = np.size(vector)
    is_vector = numbers in np.shape(vector) and numbers in shape
    return np.reshape(vector, shape) if is_vector and numbers == math.prod(shape) else vector


def net_cases(large=None):
    """Networks of many sizes, and scores that are large.

    large : what it means to be wrong for large scores alone, where that is not one of UNSTABLE
    """
    sizes = [
        (6, 4, 5, 3, 0.7),
        (6, 4, 5, 3, 0.0),
        (1, 3, 7, 2, 0.1),
        (9, 4, 6, 10, 0.05),
        (5, 2, 1, 3, 0.2),
        (3, 1, 6, 4, 0.3),
        (4, 9, 8, 3, 100.0),
        (130, 3, 2, 12, 0.4),
        (2, 101, 1, 3, 0.5),
        (3, 2, 1, 30, 0.6),
        *[(250, 120, 60, 10, 0.1)] * is_drawn_anew(),
    ]
    cases = [_net_case(seed, *its) for seed, its in enumerate(sizes)]
    first = cases[0].arguments
    cases += variants(cases[0])
    for rows, offset, failure in (
        (HIGH, 1024.0, "overflow"),
        (LOW, 1024.0, "underflow"),
        (WIDE, 1024.0, "unstable"),
        (WIDE, 2.0**14, "unstable"),
    ):
        cases.append(_net_offset_case(rows, offset, large or failure))

    def biased(name, b2, y, failure):
        params = {**first["params"], "b2": np.array(b2)}
        return Case(name, {**first, "y": y, "params": params, "reg": 0.0}, failure)

    for low, b2 in enumerate(([-3000, -0.5, -0.25], [0.5, -3000, -0.25])):
        told, y = f"class {low} 3,000 below the others", np.full_like(first["y"], 1 - low)
        cases.append(biased(told, b2, y, large or "shift-not-largest"))
    return [*cases, biased("scores 1,000 apart", [1000.0, 0.0, -1000.0], first["y"], LOG_0)]


def _net_case(seed, N, D, H, C, reg):
    rng = generator(60 + seed)
    arguments = {
        "X": rng.normal(size=(N, D)),
        "y": draw_labels(rng, C if seed < 3 else C - 1, N),
        "params": _parameters(generator(50), D, H, C, 0.5 if D < 120 else 0.15),
        "reg": reg,
    }
    return Case(f"N = {N}, D = {D}, H = {H}, C = {C}, reg = {reg:g}", arguments)


def _net_offset_case(rows, offset, failure):
    """One hidden unit lifts the scores of some rows by an offset, another lowers others' scores."""
    rng = generator(80)
    X = rng.integers(-2, 3, size=(6, 4)).astype(float)
    X[:, -1] = offset * np.array(rows[:6])
    params = {
        "W1": rng.integers(-3, 4, size=(4, 5)) / 4,
        "b1": rng.integers(-3, 4, size=5) / 4 + 1 / 8,  # no hidden unit is at its kink
        "W2": rng.integers(-3, 4, size=(5, 3)) / 4,
        "b2": rng.integers(-3, 4, size=3) / 4,
    }
    params["W1"][-1] = [1, -1, 0, 0, 0]
    params["W2"][0], params["W2"][1] = 1, -1
    arguments = {"X": X, "y": draw_labels(rng, 3, 6), "params": params, "reg": 0.0}
    return Case(told_offset(offset, rows), arguments, failure)


def call_net_scores(module, X, y, params, reg):
    return {"scores": _net(module.TwoLayerNet, params).loss(X)}


def call_net_loss(module, X, y, params, reg):
    """The loss, and beside it the scores and gradients it belongs to."""
    net = _net(module.TwoLayerNet, params)
    scores = np.array(net.loss(X), copy=True)
    loss, grads = pair("TwoLayerNet.loss", net.loss(X, y, reg=reg))
    grads = grads if isinstance(grads, Mapping) else {}
    arrays = {"loss": loss, "scores": scores, **_named(grads, net, params)}
    if is_nan(loss):
        X_sure, W_sure = sure(y, scores.shape[1])
        layers = {"W1": np.eye(len(W_sure)), "b1": 0 * W_sure[0], "W2": W_sure, "b2": 0 * W_sure[0]}
        where_sure = _net(module.TwoLayerNet, layers).loss(X_sure, y, reg=0.0)
        arrays["loss where p is 1"] = where_sure[0]
    return arrays


def _named(grads, net, params):
    """The gradients by name; one in the shape of the student's own bias, in the shape of ours."""
    own = _params(net)
    return {
        f"grads['{name}']": in_shape(grads[name], params[name].shape)
        if np.shape(grads[name]) == np.shape(own[name])
        else grads[name]
        for name in NET_START
        if name in grads
    }


def call_net_gradients(module, X, y, params, reg):
    net = _net(module.TwoLayerNet, params)
    loss, grads = pair("TwoLayerNet.loss", net.loss(X, y, reg=reg))
    if not isinstance(grads, Mapping):
        raise Returned(f"TwoLayerNet.loss must return a dict of gradients, not {described(grads)}.")
    grads = {name: kept(value) for name, value in grads.items()}
    arrays = {"loss": kept(loss), **_named(grads, net, params)}
    arrays["scores"] = np.array(net.loss(X), copy=True)
    return arrays


NET_GRADIENTS = {
    "W1": np.arange(20.0).reshape(4, 5) / 4 - 2.1,
    "b1": np.arange(5.0) / 4 - 0.6,
    "W2": np.arange(15.0).reshape(5, 3) / 4 - 1.6,
    "b2": np.arange(3.0) / 4 + 0.3,
}
# Of predict, and of a training where no run draws its inputs.
NET_START = _parameters(np.random.default_rng(50), 4, 5, 3)
DECAY = 0.75  # so that the last of 20 steps can still be seen
net_train_cases = partial(training.train_cases, NET_START, NET_GRADIENTS)
VALIDATION = (np.random.default_rng(41).normal(size=(9, 4)), np.arange(9) % 3)


def call_net_train(module, X, y, batch_size, given, bowl=False):
    def answer(self, X, y, reg):
        if X is None:
            raise NotImplementedError("no batch is drawn yet")
        if y is None:
            return np.zeros((len(X), 3))  # the scores, if somebody wants them
        params = _params(self)
        ours = as_ours(params)
        loss, grads = training.bowl(ours) if bowl else record(X, y, reg, ours)
        own = {name: in_shape(g, np.shape(params[name])) for name, g in grads.items()}
        return loss, training.Gradients(own)

    training.seed_generators()
    record = training.Record(given, batch_size)
    asking = training.asking(module, "TwoLayerNet", answer, predict=training.no_labels)
    net = _net(asking, {name: value.copy() for name, value in given["start"].items()})
    if bowl:
        options = {"learning_rate": 0.1, "learning_rate_decay": 1.0, "reg": 0.0, "num_iters": 100}
        stats = net.train(X, y, X, y, batch_size=batch_size, **options)
        return {"losses down a bowl": _history(stats)}
    options = {"batch_size": batch_size, "learning_rate_decay": DECAY, **training.OPTIONS}
    stats = net.train(X, y, *VALIDATION, **options)
    params = as_ours(_params(net))
    return {"loss_history": _history(stats), **params, **record.noted()}


def _history(stats):
    try:
        return stats["loss_history"]
    except (TypeError, KeyError, IndexError):
        raise Returned(
            f"TwoLayerNet.train must return a dict with loss_history, not {described(stats)}."
        ) from None


def as_ours(params):
    """The four parameters, biases in the shape of ours."""
    return {name: in_shape(params[name], start.shape) for name, start in NET_START.items()}


def net_predict_cases():
    """So many examples that each mistake in the forward pass changes the class of one."""
    rng = generator(76)
    middle = [-3, -1, 0, -2]  # where all classes occur
    first = Case("300 examples, 3 classes", {"X": middle + 2 * rng.normal(size=(300, 4))})
    single = Case("1 example", {"X": middle + rng.normal(size=(1, 4))})
    cases = [first, single, *variants(first)]
    if is_drawn_anew():
        many = {"X": middle + 2 * rng.normal(size=(3000, 4))}
        cases.append(Case("3,000 examples, 3 classes", many))
    return cases


def call_net_predict(module, X):
    from assignment.checking.net.given import scores

    def answer(self, X, y, reg):
        return scores(X, **as_ours(_params(self)))

    return {"y_pred": _net(training.asking(module, "TwoLayerNet", answer), NET_START).predict(X)}


def _of_net(name, cases, call, how, function="", given=""):
    before = """\
net = TwoLayerNet(*c["params"]["W1"].shape, c["params"]["W2"].shape[1])
net.params = c.pop("params")
"""
    return Calls(f"TwoLayerNet.{name}", "neural_net.py", cases, call, before + how, function, given)


BOTH, LOSS = 'loss, grads = net.loss(c["X"], c["y"], reg=c["reg"])', "TwoLayerNet.loss"
CALLS = by_name(
    _of_net("scores", partial(net_cases, large="wrong"), call_net_scores, 'net.loss(c["X"])', LOSS),
    _of_net("loss", net_cases, call_net_loss, BOTH),
    _of_net("gradients", net_cases, call_net_gradients, BOTH, LOSS),
    _of_net("train", net_train_cases, call_net_train, "net.train(**c)"),
    _of_net(
        "predict",
        net_predict_cases,
        call_net_predict,
        "net.predict(**c)",
        given="assignment.checking.net.given",
    ),
)

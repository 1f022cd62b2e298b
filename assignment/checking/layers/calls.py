"""The calls of the files of 2021 and later: layers, update rules, and the networks made of them.

A function is called with parts of the hand-in's own, and with given ones: a backward pass with the
cache of its own forward pass and with the course's, a network with its own layers and with right
ones. It is right if it is so with either; what comes back with its own is named "own ...".
"""

import contextlib
import copy
import inspect
import sys
from collections.abc import Mapping
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
    kept,
    pair,
    told_offset,
    variants,
)
from assignment.checking.net.calls import in_shape
from assignment.checking.training.calls import numbers


def either(given, own):
    """What comes back with given parts, beside what comes back with the hand-in's own.

    If one of the two fails, it is the other; if both do, the error is that with given parts.
    """
    arrays = {}
    with contextlib.suppress(Exception):
        arrays = {f"own {name}": value for name, value in own().items() if value is not None}
    try:
        return {**given(), **arrays}
    except Exception:
        if not arrays:
            raise
        return {name.removeprefix("own "): value for name, value in arrays.items()}


def returned(name, result, what):
    """The parts of a result by their names; nothing where a blank came back.

    what : names of the parts, of which there are several
    """
    if result is None:
        return {}
    if not isinstance(result, tuple | list) or len(result) != len(what):
        raise Returned(f"{name} must return {', '.join(what)}, not {described(result)}.")
    return dict(zip(what, result, strict=True))


# Layers.


def affine_cases(backward=False):
    """Examples of many shapes; all sizes are different."""
    cases = []
    shapes = ((5, (2, 3, 4), 7), (1, (6,), 2), (8, (3, 1, 2), 1), (3, (2, 2), 11), (12, (1,), 4))
    shapes += ((150, (10, 20), 40),) * is_drawn_anew()
    for seed, (N, dims, M) in enumerate(shapes):
        rng = generator(300 + seed)
        arguments = {
            "x": rng.normal(size=(N, *dims)),
            "w": rng.normal(scale=0.5, size=(int(np.prod(dims)), M)),
            "b": rng.normal(size=M),
        }
        if backward:
            arguments = {"dout": rng.normal(size=(N, M)), **arguments}
        cases.append(Case(f"x of shape {(N, *dims)}, M = {M}", arguments))
    return cases + variants(cases[0])


def call_affine_forward(module, x, w, b):
    result = returned("affine_forward", module.affine_forward(x, w, b), ("out", "cache"))
    return {"out": result.get("out")}


def _backward(function, forward, cache, dout):
    """(what a backward pass returns with a cache of its own or the course's, whether dout stays)

    forward : function -> (out, cache) of the hand-in; cache : as the course packs it
    """
    written = []

    def call(cache):
        upstream = np.array(dout)
        result = function(upstream, cache)
        written.append(not np.array_equal(upstream, dout))
        return result

    def with_own():
        _, packed = copy.deepcopy(forward())
        return call(packed)

    return partial(call, cache), with_own, written


def call_affine_backward(module, dout, x, w, b):
    forward = lambda: module.affine_forward(x.copy(), w.copy(), b.copy())  # noqa: E731
    given, own, written = _backward(module.affine_backward, forward, (x, w, b), dout)
    names = ("dx", "dw", "db")
    arrays = either(
        lambda: returned("affine_backward", given(), names),
        lambda: returned("affine_backward", own(), names),
    )
    return {**arrays, "writes into dout": any(written)}


def relu_cases(backward=False):
    """Inputs of either sign, some of them 0, of one dimension to four."""
    cases = []
    shapes = (4, 5), (2, 3, 4), (7,), (2, 3, 1, 5), (1, 9)
    for seed, shape in enumerate(shapes + ((150, 200),) * is_drawn_anew()):
        rng = generator(320 + seed)
        x = rng.normal(size=shape)
        x.flat[:: 4 + seed] = 0
        arguments = {"dout": rng.normal(size=shape), "x": x} if backward else {"x": x}
        cases.append(Case(f"x of shape {shape}", arguments))
    return cases + variants(cases[0])


def call_relu_forward(module, x):
    result = returned("relu_forward", module.relu_forward(x), ("out", "cache"))
    return {"out": kept(result.get("out"))}


def call_relu_backward(module, dout, x):
    cache = np.array(x)
    given, own, written = _backward(
        module.relu_backward, lambda: module.relu_forward(x.copy()), cache, dout
    )
    arrays = either(lambda: {"dx": given()}, lambda: {"dx": own()})
    changed = {"writes into dout": any(written), "writes into x": not np.array_equal(cache, x)}
    return {**arrays, **changed}


# Losses of scores.


def loss_cases(large=None):
    """Scores of many sizes, and large ones; some labels are left out.

    large : what it means to be wrong for large scores alone, where that is not one of UNSTABLE
    """
    cases = []
    sizes = (6, 4), (1, 3), (9, 10), (5, 2), (130, 7), (2, 30)
    for seed, (N, C) in enumerate(sizes + ((300, 40),) * is_drawn_anew()):
        rng = generator(340 + seed)
        x = rng.normal(scale=2, size=(N, C))
        arguments = {"x": x, "y": draw_labels(rng, C - (seed > 1), N)}
        cases.append(Case(f"N = {N}, C = {C}", arguments))
    first = cases[0].arguments
    cases += variants(cases[0])
    for rows, offset, failure in (
        (HIGH, 1024.0, "overflow"),
        (LOW, 1024.0, "underflow"),
        (WIDE, 1024.0, "unstable"),
        (WIDE, 2.0**14, "unstable"),
    ):
        x = first["x"] + offset * np.array(rows[:6])[:, np.newaxis]
        cases.append(Case(told_offset(offset, rows), {**first, "x": x}, large or failure))
    for low in (0, 1):
        x, y = first["x"].copy(), np.full_like(first["y"], 1 - low)
        x[:, low] -= 3000
        told = f"class {low} 3,000 below the others"
        cases.append(Case(told, {"x": x, "y": y}, large or "shift-not-largest"))
    x = np.tile([1000.0, 0.0, -1000.0, 500.0], (6, 1))
    return [*cases, Case("scores 1,000 apart", {**first, "x": x}, large or LOG_0)]


def call_loss(name, module, x, y):
    return returned(name, getattr(module, name)(x, y), ("loss", "dx"))


# Update rules.


def rule_cases(has_epsilon=False, **options):
    """Several steps, with the defaults and with other numbers; what a rule keeps, it finds again.

    has_epsilon : whether a root is divided by, to which epsilon is added
    options : what a config may hold besides, of each some number that is not the default
    """
    cases = []
    sizes = ((3, 4), 5), ((7,), 3), ((2, 5), 40)
    for seed, (shape, steps) in enumerate(sizes + (((80, 90), 6),) * is_drawn_anew()):
        rng = generator(360 + seed)
        arguments = {"w": rng.normal(size=shape), "dw": rng.normal(size=(steps, *shape))}
        arguments["dw"] += np.copysign(0.5, arguments["dw"])  # beside which 1e-8 is not seen
        config = {} if seed == 1 else {**options}
        told = ", ".join(f"{name} = {value:g}" for name, value in config.items()) or "no config"
        name = f"{steps} steps, w of shape {shape}, {told}"
        cases.append(Case(name, {**arguments, "config": config}))
    cases += variants(cases[0])
    if has_epsilon:  # 1e-8 is too small to be seen
        first = cases[0].arguments
        config = {**first["config"], "epsilon": 0.05}
        cases.append(Case("epsilon = 0.05", {**first, "config": config}, EPSILON))
    return cases


EPSILON = (
    "epsilon: with a large one, 0.05, the steps are others; the course adds it to the root, "
    "sqrt(v) + epsilon"
)


def call_rule(name, state, module, w, dw, config):
    """The steps of a rule, each from where the last one led, and what it has kept after each.

    state : names of what it keeps in config
    """
    rule, config = getattr(module, name), dict(config) or None
    steps, keeps = [], {key: [] for key in state}
    for gradient in dw:
        before = w  # a rule may work in place
        result = returned(name, rule(w.copy(), gradient.copy(), config), ("next_w", "config"))
        if result.get("next_w") is None:
            return {}
        w, config = np.array(result["next_w"]), result["config"]
        if w.shape != before.shape:
            return {"steps": w}
        if not isinstance(config, Mapping):
            raise Returned(f"{name} must return config, a dict, not {described(config)}.")
        steps.append(w - before)
        for key, values in keeps.items():
            values.append(kept(config.get(key)))
    whole = {
        f"config['{key}']": np.stack(values)
        for key, values in keeps.items()
        if all(np.shape(value) == w.shape for value in values)
    }
    return {"steps": np.stack(steps), **whole}


# Networks.


@contextlib.contextmanager
def given_layers(module):
    """Layers that are right, in the place of the hand-in's, wherever its network may look."""
    from assignment.checking.layers.given import LAYERS

    modules = list(sys.modules.values())
    places = [vars(m) for m in modules if vars(m).get("__package__") == "cs231n.classifiers"]
    own, before = vars(module), [dict(place) for place in places]
    try:
        for place in places:
            for name, function in LAYERS.items():
                is_there = name in place
                is_its_own = getattr(place.get(name), "__module__", None) == own["__name__"]
                if (is_there or place is own) and not (is_there and is_its_own):
                    place[name] = function
        yield
    finally:
        for place, names in zip(places, before, strict=True):
            for name in LAYERS:
                place.pop(name, None)
            place.update({name: names[name] for name in LAYERS if name in names})


def _net(kind, module, params, reg):
    """A network by the hand-in's own constructor, with these parameters; reg is set afterwards."""
    weights = [params[f"W{layer}"] for layer in range(1, len(params) // 2 + 1)]
    D, *hidden, C = len(weights[0]), *(W.shape[1] for W in weights)
    if kind == "TwoLayerNet":
        net = module.TwoLayerNet(input_dim=D, hidden_dim=hidden[0], num_classes=C)
    else:
        net = module.FullyConnectedNet(
            hidden, input_dim=D, num_classes=C, reg=reg, dtype=np.float64
        )
    for name, value in params.items():
        net.params[name] = in_shape(value, np.shape(net.params.get(name)))
    net.reg = reg
    return net


def net_cases(kind, large=None):
    """Networks of many sizes, on rows and on images, with scores of either sign, and large ones.

    large : what it means to be wrong for large scores alone, where that is not one of UNSTABLE
    """
    sizes = [
        (6, (2, 3), [5], 3, 0.7),
        (5, (2, 1, 4), [6], 3, 0.0),
        (1, (3,), [7], 2, 0.1),
        (9, (4,), [6], 10, 0.05),
        (3, (1,), [6], 4, 0.3),
        (4, (3, 3), [8], 3, 100.0),
        (130, (3,), [2], 12, 0.4),
    ]
    if kind == "FullyConnectedNet":
        sizes = [
            (6, (2, 3), [5, 4], 3, 0.7),
            (5, (2, 1, 4), [6, 3, 7], 4, 0.0),
            (4, (5,), [7], 3, 0.3),
            (1, (3,), [4, 4, 5, 6], 2, 0.1),
            (9, (4,), [6, 2], 10, 0.05),
            (130, (3,), [5, 4], 12, 40.0),
        ]
    if is_drawn_anew():
        sizes.append((150, (8, 15), [40] if kind == "TwoLayerNet" else [40, 30], 10, 0.2))
    cases = []
    for seed, (N, dims, hidden, C, reg) in enumerate(sizes):
        rng = generator(380 + seed)
        D = int(np.prod(dims))
        params, ends = {}, [D, *hidden, C]
        for layer, shape in enumerate(zip(ends, ends[1:], strict=False), start=1):
            params[f"W{layer}"] = rng.normal(scale=1.2 / np.sqrt(shape[0]), size=shape)
            params[f"b{layer}"] = rng.normal(scale=0.5, size=shape[1])
        X = rng.normal(size=(N, *dims))
        labels = draw_labels(rng, C if seed < 3 else C - 1, N)
        told = f"{'images' if len(dims) > 1 else 'X'} of shape {X.shape}"
        name = f"{told}, hidden layers of {', '.join(map(str, hidden))}, C = {C}, reg = {reg:g}"
        cases.append(Case(name, {"X": X, "y": labels, "params": params, "reg": reg}))
    cases += variants(cases[0])
    first = cases[0].arguments
    last = f"b{len(first['params']) // 2}"
    for told, b, failure in (
        ("scores around 2,000", [2000.0, 2000.5, 1999.0], "overflow"),
        ("scores around -2,000", [-2000.0, -2000.5, -1999.0], "underflow"),
        ("scores 1,000 apart", [1000.0, 0.0, -1000.0], LOG_0),
    ):
        params = {**first["params"], last: np.array(b)}
        arguments = {**first, "params": params, "reg": 0.0}
        cases.append(Case(told, arguments, large or failure))
    W = last.replace("b", "W")
    # Each row is moved by as much, times the sum of its hidden values.
    params = {**first["params"], W: first["params"][W] + 1e5}
    arguments = {**first, "params": params, "reg": 0.0}
    return [*cases, Case("rows of scores far apart", arguments, large or "underflow")]


def _with_layers(call, module, **arguments):
    """A call with the hand-in's layers, and with given ones."""

    def own():
        return call(module, **copy.deepcopy(arguments))

    def given():
        with given_layers(module):
            return call(module, **arguments)

    return either(given, own)


def _scores(kind, module, X, y, params, reg):
    return {"scores": _net(kind, module, params, reg).loss(X)}


def _loss(kind, module, X, y, params, reg):
    """The loss, and beside it the scores and gradients it belongs to."""
    net = _net(kind, module, params, reg)
    scores = kept(net.loss(X))
    result = net.loss(X, y)
    if result is None:
        return {}
    loss, grads = pair(f"{kind}.loss", result)
    takes = "reg" in inspect.signature(net.loss).parameters
    return {"loss": loss, "scores": scores, **_named(grads, net), "takes reg": takes}


def _gradients(kind, module, X, y, params, reg):
    net = _net(kind, module, params, reg)
    result = net.loss(X, y)
    if result is None:
        return {}
    loss, grads = pair(f"{kind}.loss", result)
    if not isinstance(grads, Mapping):
        raise Returned(f"{kind}.loss must return a dict of gradients, not {described(grads)}.")
    arrays = {"loss": kept(loss), **{name: kept(g) for name, g in _named(grads, net).items()}}
    arrays["scores"] = kept(net.loss(X))
    return arrays


def _named(grads, net):
    """The gradients by name; one in the shape of the net's own bias (1, H), in that of ours."""
    if not isinstance(grads, Mapping):
        return {}
    return {
        f"grads['{name}']": in_shape(value, (np.size(value),))
        if np.ndim(net.params.get(name)) == 2 and name.startswith("b")
        else value
        for name, value in grads.items()
        if name in net.params
    }


def init_cases(kind):
    """Layers large enough that the spread of the weights is known to a few in a hundred."""
    hidden, several = (
        ("hidden_dim", ((120, 70, 30, 1e-3), (50, 200, 20, 0.5), (90, 40, 60, 3)))
        if kind == "TwoLayerNet"
        else (
            "hidden_dims",
            ((120, [70, 60], 30, 1e-2), (50, [200], 20, 0.5), (90, [40, 60, 50, 45], 35, 3)),
        )
    )
    names = "input_dim", hidden, "num_classes", "weight_scale"
    if is_drawn_anew():
        several = [_resized(generator(420 + i), *values) for i, values in enumerate(several)]
    calls = [dict(zip(names, values, strict=True)) for values in several]
    return [Case(", ".join(f"{name} = {v}" for name, v in call.items()), call) for call in calls]


def _resized(rng, *values):
    """Sizes and weight_scale, somewhat larger: all sizes by as much, and so as different."""
    *sizes, scale = values
    more = int(rng.integers(30, 90))
    sizes = [[n + more for n in size] if isinstance(size, list) else size + more for size in sizes]
    return *sizes, round(scale * rng.uniform(1, 2), 5)


def call_init(kind, module, **options):
    """The parameters that a constructor makes; nothing, if it makes none."""
    np.random.seed(0)
    given = copy.deepcopy(options.get("hidden_dims"))
    if given is not None:
        options = {**options, "hidden_dims": list(given), "dtype": np.float64}
    net = getattr(module, kind)(**options)
    if not net.params:
        return {}
    names = [f"{letter}{layer}" for layer in range(1, len(given or [0]) + 2) for letter in "Wb"]
    there = {name: net.params.get(name) for name in names}
    there = {name: numbers(value) for name, value in there.items() if value is not None}
    return {**there, "changes hidden_dims": given is not None and options["hidden_dims"] != given}


def _layer(name, cases, call, how=""):
    return Calls(name, "layers.py", cases, call, how)


def _rule(name, *state, **options):
    how = f'{name}(c["w"], c["dw"][0], c["config"] or None)'
    call = partial(call_rule, name, state)
    return Calls(name, "optim.py", partial(rule_cases, **options), call, how)


def _of_net(kind):
    before = {
        "TwoLayerNet": "D, H, C = c['params']['W1'].shape + c['params']['W2'].shape[1:]\n"
        "net = TwoLayerNet(D, H, C)\n",
        "FullyConnectedNet": "sizes = [len(b) for name, b in c['params'].items() if 'b' in name]\n"
        "net = FullyConnectedNet(sizes[:-1], len(c['params']['W1']), sizes[-1], "
        "dtype=np.float64)\n",
    }[kind] + "net.params, net.reg = c['params'], c['reg']\n"
    name, loss = f"fc_net.{kind}", f"{kind}.loss"
    both = before + "loss, grads = net.loss(c['X'], c['y'])"
    cases = partial(net_cases, kind)
    yield Calls(
        f"{name}.init",
        "fc_net.py",
        partial(init_cases, kind),
        partial(call_init, kind),
        f"{kind}(**c).params",
        f"{kind}.__init__",
    )
    for part, some, call, how in (
        ("scores", partial(cases, large="wrong"), _scores, before + "net.loss(c['X'])"),
        ("loss", cases, _loss, both),
        ("gradients", cases, _gradients, both),
    ):
        made = partial(_with_layers, partial(call, kind))
        given = "assignment.checking.layers.given"
        yield Calls(f"{name}.{part}", "fc_net.py", some, made, how, loss, given)


CALLS = by_name(
    _layer("affine_forward", affine_cases, call_affine_forward),
    _layer(
        "affine_backward",
        partial(affine_cases, backward=True),
        call_affine_backward,
        'affine_backward(c["dout"], (c["x"], c["w"], c["b"]))',
    ),
    _layer("relu_forward", relu_cases, call_relu_forward),
    _layer(
        "relu_backward",
        partial(relu_cases, backward=True),
        call_relu_backward,
        'relu_backward(c["dout"], c["x"])',
    ),
    _layer("svm_loss", partial(loss_cases, large="wrong"), partial(call_loss, "svm_loss")),
    _layer("softmax_loss", loss_cases, partial(call_loss, "softmax_loss")),
    _rule("sgd", learning_rate=0.3),
    _rule("sgd_momentum", "velocity", learning_rate=0.3, momentum=0.7),
    _rule("rmsprop", "cache", has_epsilon=True, learning_rate=0.3, decay_rate=0.8),
    _rule("adam", "m", "v", has_epsilon=True, learning_rate=0.3, beta1=0.7, beta2=0.8),
    *_of_net("TwoLayerNet"),
    *_of_net("FullyConnectedNet"),
)

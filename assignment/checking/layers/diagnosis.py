"""Which mistakes fit what came back from layers, update rules and networks."""

from dataclasses import replace
from functools import cache, partial

import numpy as np

from assignment.checking.arrays import agrees, is_right
from assignment.checking.diagnosis import NONE, SCALES, Explanation, fit, search, unique
from assignment.checking.exercise import first_complaint
from assignment.checking.layers.mistakes import MISTAKES
from assignment.checking.layers.terms import Layer, Network, Run
from assignment.checking.linear import terms as linear
from assignment.checking.mistake import candidates
from assignment.checking.net.diagnosis import other_scores

# What is right: with given parts, or with the hand-in's own.


def with_either(judged, expect, seen):
    """The right arrays; where those with the hand-in's own parts are right, whatever came back."""
    expected = expect(seen)
    own = {name.removeprefix("own "): a for name, a in seen.arrays.items() if name[:4] == "own "}
    if not own or (expected and _agree(seen, expected, seen.arrays, judged)):
        return expected
    beside = expect(replace(seen, arrays=own))
    if beside and own.keys() & beside and _agree(seen, beside, own, judged):
        return {name: seen.arrays.get(name, right) for name, right in beside.items()}
    return expected


def _agree(seen, right, arrays, judged=None):
    """Whether arrays are right, as far as they are judged."""
    return all(
        is_right(arrays.get(name), right[name], seen.tolerance)
        for name in right
        if judged is None or name in judged
    )


def complain(seen):
    """A gradient of a bias as a row is no convention: a step by it fails, or makes the bias one."""
    for name in seen.judged:
        got, right = seen.arrays.get(name), seen.expected[name]
        if got is not None and right.ndim == 1 and got.shape == (1, *right.shape):
            return f"{name} must have shape {right.shape}, but yours has {got.shape}."
    return first_complaint(seen)


# Layers.


def expect_relu_backward(seen):
    """At 0, where a ReLU has no slope, both 0 and 1 will do."""
    dx, x, dout = seen.expected["dx"].copy(), seen.arguments["x"], seen.arguments["dout"]
    got = seen.arrays.get("dx")
    if got is not None and got.shape == dx.shape:
        at_0 = (x == 0) & (got == dout)
        dx[at_0] = dout[at_0]
    return {**seen.expected, "dx": dx}


def explain_layer(kind, observed):
    """kind : affine or relu, whose out and dx are made in other ways"""
    names = []
    for name in observed[0].judged:
        what = name if name in ("dw", "db") else f"{kind}_{name}"
        if what == "relu_dx" and all(map(_is_nan_at_zero, observed)):
            names.append("nan-at-zero")
            continue
        if name == "db" and all(map(_has_a_row, observed)):
            names.append("bias-gradient-row")
            continue

        def data(seen, name=name, what=what):
            return [((), seen.expected[name]), *candidates(MISTAKES, what, Layer(**_floats(seen)))]

        if found := search(observed, name, data):
            names += found[0][0]
    return Explanation(unique(names))


def _is_nan_at_zero(seen):
    """Whether dx is right but for NaN where x is 0."""
    got, right = seen.arrays.get("dx", np.array(0)), seen.expected["dx"]
    at_0 = seen.arguments["x"] == 0
    return got.shape == right.shape and agrees(got, np.where(at_0, np.nan, right), seen.tolerance)


def _has_a_row(seen):
    """Whether db is right, but for its shape (1, M)."""
    got, right = seen.arrays.get("db", np.array(0)), seen.expected["db"]
    return got.shape == (1, *right.shape) and agrees(got[0], right, seen.tolerance)


def _floats(seen):
    return {name: np.asarray(value) for name, value in seen.arguments.items()}


def notice(seen):
    """Remarks on what works in the course and harms nobody."""
    arrays, told = seen.arrays, []
    for name in ("dout", "x"):
        if np.any(arrays.get(f"writes into {name}", False)):
            told.append(f"in place: it writes into {name}, which the course does not read again")
    if np.any(arrays.get("b is a row", False)):
        told.append("bias of shape (1, H): (H,) is usual, and so are the gradients")
    if np.any(arrays.get("changes hidden_dims", False)):
        told.append("hidden_dims changed: the list it was given is longer afterwards")
    if "db" in arrays and np.ndim(arrays["db"]) == 0:
        told.append("db is a number where M = 1: it has to have the shape of b, (1,)")
    if seen.arguments.keys() == {"dout", "x"}:
        at_0 = (seen.arguments["x"] == 0) & (seen.arguments["dout"] != 0)
        if np.any(arrays["dx"][at_0]):
            told.append("ReLU at 0: the gradient is let through where x is exactly 0; 0 is usual")
    return told


# Losses of scores.


def explain_loss(kind, observed):
    """kind : Hinge or Softmax"""

    def loss(seen):
        t = _terms(kind, seen)
        return [*t.loss_candidates(), *candidates(MISTAKES, f"{t.loss}_losses", t)]

    def dx(seen):
        t = _terms(kind, seen)
        return [*t.gradient_candidates(), *candidates(MISTAKES, f"{t.loss}_G", t)]

    names, remarks = [], ()
    for name, data in (("dx", dx), ("loss", loss)):
        for found in fit(observed, name, data, scales=SCALES)[:1]:
            if found[0] == ("epsilon-in-log",):
                remarks = (linear.EPSILON,)
            else:
                names += found[0]
    return Explanation(unique(names), remarks=remarks)


def _terms(kind, seen):
    return kind(seen.arguments["x"].astype(float), seen.arguments["y"])


# Update rules.


def explain_rule(name, observed):
    def made(seen):
        arguments = {k: seen.arguments[k] for k in ("w", "dw", "config")}
        return list(candidates(MISTAKES, name, Run(name, **arguments)))

    found = first_that_fits(observed, made)
    return Explanation(found) if found else NONE


def first_that_fits(observed, made):
    """Names of the first of the candidates, dicts of arrays, that is what came back in all calls.

    made : function of Observed -> list of (names, dict of arrays), the same for each
    """
    lists = [(seen, made(seen)) for seen in observed]
    for place, (names, _) in enumerate(lists[0][1]):
        if all(
            _agree(seen, {n: a for n, a in some[place][1].items() if n in seen.arrays}, seen.arrays)
            for seen, some in lists
        ):
            return names
    return ()


# Networks.


def explain_scores(observed):
    def data(seen):
        return list(candidates(MISTAKES, "scores", Network(**seen.arguments)))

    found = search(observed, "scores", data)
    return Explanation(found[0][0]) if found else NONE


def explain_net_loss(observed):
    """By the scores that the net has, a data term and a penalty."""

    def data(seen):
        own = other_scores(seen)
        scores = seen.expected["scores"] if own is None else own
        return linear.softmax_losses(scores.astype(float), seen.arguments["y"])

    def penalty(seen):
        t = Network(**seen.arguments)
        return [((), t.penalty), *candidates(MISTAKES, "penalty", t)]

    fits = fit(observed, "loss", data, penalty, SCALES)
    if not fits:
        return NONE
    names, remarks = unique((*fits[0][0], *(fits[0][1] or ()))), ()
    if names == ("epsilon-in-log",):
        names, remarks = (), (linear.EPSILON,)
    return Explanation(_by_its_argument(names, observed), remarks=remarks)


def _by_its_argument(names, observed):
    """A penalty that is missing, since reg is taken as an argument of loss that nobody gives."""
    takes = all(np.any(seen.arrays.get("takes reg", False)) for seen in observed)
    return tuple(
        "reg-argument-unread" if takes and name in ("penalty-missing", "reg-missing-from-gradient")
        else name
        for name in names
    )  # fmt: skip


def expect_gradients(seen):
    """The reference's gradients, whatever the scores are: a loss of other ones may be made up."""
    if seen.case.failure != "wrong" and not np.isfinite(seen.arrays.get("loss", np.nan)).all():
        return None  # the overflow is the loss's own
    return seen.expected


def explain_gradients(observed):
    """Each gradient is one of a backward pass, plus a penalty of its parameter."""
    known = [seen for seen in observed if other_scores(seen) is None]
    if not known:
        return NONE
    networks = [Network(**seen.arguments) for seen in known]
    ways, found = [_ways(t) for t in networks], []
    penalties_of = [_of_parameters(t) for t in networks]
    for place, (names, _) in enumerate(ways[0]):
        grads = [cache(some[place][1]) for some in ways]  # most do not fit the first call
        calls = list(zip(known, penalties_of, grads, strict=True))
        # The layers are counted from the first, or from the last: either may be special.
        for from_last in (False, True):
            penalties = _penalties(calls, from_last)
            if penalties is not None:
                found.append(unique((*names, *penalties)))
    return Explanation(_by_its_argument(min(found, key=len), observed)) if found else NONE


def _ways(t):
    """(names, function -> gradients without penalties) of the right way back, and of mistakes."""
    factors = SCALES(t.N, t.S.shape[1])
    return [
        ((), lambda: t.back(t.G)),
        *((names, lambda grads=grads: grads) for names, grads in candidates(MISTAKES, "back", t)),
        *(
            (names + scale, lambda G=G, factor=factor: t.back(factor * G))
            for names, G in linear.softmax_coefficients(t.S, t.y)
            for scale, factor in factors
            if names or scale
        ),
    ]


def _penalties(calls, from_last):
    """Names of mistakes in the penalties with which all gradients are what came back, or None.

    calls : list of (Observed, candidates for each penalty, function -> gradients without penalties)
    """
    left = {}
    for seen, extras, grads in calls:
        for name, array in grads().items():
            got = seen.arrays.get(f"grads['{name}']")
            if got is None:
                continue
            if got.shape != array.shape:
                return None
            fits = {
                names
                for names, penalty in extras[name]
                if is_right(got, array + penalty, seen.tolerance)
            }
            place = name[0], int(name[1:]) - (len(extras) // 2 if from_last else 0)
            left[place] = left.get(place, fits) & fits
            if not left[place]:
                return None
    of_W, of_b = ([fits for (kind, _), fits in left.items() if kind == letter] for letter in "Wb")
    of_W, of_b = _likeliest(of_W), _likeliest(of_b)
    if 0 < of_W.count(MISSING) < len(of_W):
        of_W = [("layer-not-penalised",) if names == MISSING else names for names in of_W]
    return unique(name for names in (*of_W, *of_b) for name in names)


def _likeliest(fits):
    """One of the names that fit each place: one that fits them all, or else the shortest."""
    common = set.intersection(*fits) if fits else set()
    return [min(common or some, key=lambda names: (len(names), names)) for some in fits]


MISSING = ("reg-missing-from-gradient",)


def _of_parameters(t):
    """dict from the name of each parameter to (names, penalty) in its gradient."""
    found = {}
    for layer, (W, b) in enumerate(zip(t.weights, t.biases, strict=True), start=1):
        found[f"W{layer}"] = [((), t.reg * W), *candidates(MISTAKES, "of_W", t, W)]
        found[f"b{layer}"] = [((), 0 * b), *candidates(MISTAKES, "of_b", t, b)]
    return found


# What a constructor makes.


def facts_of_init(arguments, arrays):
    """Shapes and spread of the parameters that came back; nothing, if none did.

    arguments : of the constructor; arrays : by the names of the parameters
    """
    if "changes hidden_dims" not in arrays:
        return {}
    layers, scale = range(1, len(arguments.get("hidden_dims", [0])) + 2), arguments["weight_scale"]
    weights, biases = ([arrays.get(f"{letter}{n}") for n in layers] for letter in "Wb")
    there = [np.zeros((1, 1)) if np.ndim(W) != 2 or not W.size else W for W in weights]
    found = {
        "shapes of W": [np.shape(W) if np.ndim(W) == 2 else (0, 0) for W in weights],
        "numbers in b": [0 if b is None or b.ndim == 0 else b.size for b in biases],
        "spread of W": [W.std() / scale for W in there],
        "mean of W": [W.mean() / scale for W in there],
        "rank of W": [np.linalg.matrix_rank(W) if np.isfinite(W).all() else 0 for W in there],
        "b": [0.0 if b is None else np.abs(b).max(initial=0) for b in biases],
        "b is a number": any(b is not None and b.ndim == 0 for b in biases),
        "b is a row": any(np.ndim(b) == 2 for b in biases),
        "changes hidden_dims": arrays["changes hidden_dims"],
    }
    return {name: np.asarray(value) for name, value in found.items()}


def complain_init(seen):
    got, right = seen.arrays, seen.expected
    shapes = got.get("shapes of W")
    if shapes is None:
        return "params is empty."
    for layer, (own, its) in enumerate(zip(shapes, right["shapes of W"], strict=True), start=1):
        own, its = tuple(own.tolist()), tuple(its.tolist())
        if own != its:
            return f"W{layer} must have shape {its}, but yours has {own}."
    for layer, (own, its) in enumerate(
        zip(got["numbers in b"], right["numbers in b"], strict=True), start=1
    ):
        if own != its:
            told = "is a number" if np.any(got["b is a number"]) else f"has {own} numbers"
            return f"b{layer} must be an array of {its} zeros, but yours {told}."
    for layer, (spread, mean, b) in enumerate(
        zip(got["spread of W"], got["mean of W"], got["b"], strict=True), start=1
    ):
        if not (abs(spread - 1) <= 0.1 and abs(mean) <= 0.1):  # nor NaN
            scale = seen.arguments["weight_scale"]
            return (
                f"W{layer} has mean {mean * scale:.3g} and standard deviation "
                f"{spread * scale:.3g}, but should have 0 and weight_scale = {scale:g}."
            )
        if b != 0:
            return f"b{layer} has an entry of size {b:.3g}, but should start at 0."
    for layer, (rank, shape) in enumerate(zip(got["rank of W"], shapes, strict=True), start=1):
        if rank < shape.min():
            return (
                f"W{layer} has rank {rank}, and random numbers have {shape.min()}: units that "
                "start alike learn alike."
            )
    return None


def expect_init(seen):
    """Whatever was drawn, where its shapes and its spread are right."""
    return seen.arrays if complain_init(seen) is None else seen.expected


def explain_init(observed):
    def of(name):
        return np.concatenate([np.ravel(seen.arrays[name]) for seen in observed]).astype(float)

    scales = np.concatenate(
        [np.full(len(s.arrays["spread of W"]), s.arguments["weight_scale"]) for s in observed]
    )
    spread = of("spread of W")
    names = []
    if not np.any(spread):
        names.append("weights-zero")
    elif np.all(np.abs(spread * scales - 1) < 0.1):
        names.append("spread-of-one")
    elif np.all(np.abs(spread / scales - 1) < 0.1) or np.all(
        np.abs(spread * np.sqrt(scales) - 1) < 0.1
    ):
        names.append("spread-squared")
    if np.all(np.abs(of("mean of W")) > 0.2):
        names.append("weights-not-centred")
    if np.any(of("b is a number")):
        names.append("bias-a-number")
    elif np.all(of("b") != 0):
        names.append("bias-not-zero")
    return Explanation(tuple(names))


explain_affine, explain_relu = partial(explain_layer, "affine"), partial(explain_layer, "relu")
explain_svm_loss = partial(explain_loss, linear.Hinge)
explain_softmax_loss = partial(explain_loss, linear.Softmax)

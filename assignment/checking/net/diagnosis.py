"""Mistakes in the scores, the loss and the gradients of the two-layer net."""

from dataclasses import replace
from functools import partial

import numpy as np

from assignment.checking.arrays import TOLERANCE, agrees, complaint
from assignment.checking.calls import UNSTABLE, cross_entropy
from assignment.checking.diagnosis import (
    NONE,
    SCALES,
    Explanation,
    count,
    fit,
    log_softmax,
    search,
    turned,
    unique,
    weighed,
)
from assignment.checking.linear.diagnosis import explain_prediction
from assignment.checking.linear.terms import (
    AGREE,
    EPSILON,
    MISSING,
    is_log_of_p_minus_1,
    penalties,
    penalty_gradients,
    softmax_coefficients,
    softmax_losses,
)
from assignment.checking.net.calls import DECAY, NET_GRADIENTS, NET_START
from assignment.checking.training import diagnosis as training


def _hidden(seen):
    """X, the parameters, X W1 + b1 and H, in float64."""
    params = {name: value.astype(float) for name, value in seen.arguments["params"].items()}
    X = seen.arguments["X"].astype(float)
    a = X @ params["W1"] + params["b1"]
    return X, params, a, np.maximum(a, 0)


# Scores.


def forwards(seen):
    """(names, H, scores) of the right forward pass, and of mistakes in it."""
    X, params, a, H = _hidden(seen)
    W2, b1, b2 = params["W2"], params["b1"], params["b2"]
    with np.errstate(over="ignore"):
        others = (1 / (1 + np.exp(-a)), np.tanh(a), np.where(a > 0, a, 0.01 * a), np.abs(a))
    hidden = [
        ((), H),
        (("relu-missing",), a),
        (("bias-in-product",), np.maximum(a - b1 + X.sum(axis=1, keepdims=True) * b1, 0)),
        (("bias-missing",), np.maximum(a - b1, 0)),
        (("bias-after-relu",), np.maximum(a - b1, 0) + b1),
        (("bias-twice",), np.maximum(a + b1, 0)),
        *((("other-activation",), h) for h in others),
    ]
    of_product = H.sum(axis=1, keepdims=True)
    return [
        (unique(names + more), h, h @ W2 + times * b2)
        for more, times in (
            ((), 1),
            (("bias-missing",), 0),
            (("bias-twice",), 2),
            (("bias-in-product",), of_product),
        )
        for names, h in hidden
    ]


def explain_scores(observed):
    """By the forward pass that it is, or by what was done to the right scores."""

    def candidates(seen):
        (_, _, S), *others = forwards(seen)
        linear = others[0][2]
        return [
            *((names, scores) for names, _, scores in others),
            (("relu-on-scores",), np.maximum(S, 0)),
            (("relu-missing", "relu-on-scores"), np.maximum(linear, 0)),
            (("scores-shifted",), S - S.max(axis=1, keepdims=True)),
            (("scores-shifted",), S - S.max()),
            (("probabilities-for-scores",), np.exp(log_softmax(S))),
            (("probabilities-for-scores",), np.exp(S - S.max(axis=1, keepdims=True))),
            (("probabilities-for-scores",), np.exp(S)),
            (("probabilities-for-scores",), log_softmax(S)),
            (("transposed",), S.T),
        ]

    # exp(scores) overflows for large ones: there it says nothing of what was done.
    finite = [seen for seen in observed if np.isfinite(seen.arrays["scores"]).all()]
    found = search(finite, "scores", candidates)
    return Explanation(found[0][0]) if found else NONE


def other_scores(seen):
    """The student's scores, where they are others than the right ones; or None."""
    own, right = seen.arrays.get("scores"), seen.expected["scores"]
    # Where only an overflow would matter, the scores themselves are still exact.
    tolerance = TOLERANCE if seen.case.failure in UNSTABLE else seen.tolerance
    if own is None or own.shape != right.shape or agrees(own, right, tolerance):
        return None
    return own.astype(float)


def explain_net_prediction(observed):
    """By what was made of the right scores, or of those of a forward pass of its own."""

    def scores(seen):
        as_call = replace(seen.case, arguments={**seen.arguments, "params": NET_START})
        return [(names, S) for names, _, S in forwards(replace(seen, case=as_call))]

    return explain_prediction(scores, observed)


# What is right where one function has several exercises: a mistake is charged to its own part.


def expect_loss(seen):
    """The reference's loss; where the scores are others, the loss that belongs to those."""
    own, loss = other_scores(seen), seen.arrays.get("loss")
    if own is None or loss is None or np.size(loss) != 1:
        return seen.expected
    if seen.case.failure in UNSTABLE and complaint("", loss, seen.expected["loss"]):
        return None  # how large these other scores are, nobody has thought of
    right, y = seen.expected["scores"], seen.arguments["y"]
    difference = cross_entropy(own, y)[0] - cross_entropy(right, y)[0]
    losses = seen.expected["loss"], seen.expected["loss"] + difference.mean()
    return {**seen.expected, "loss": min(losses, key=lambda its: np.abs(its - loss).item())}


def expect_gradients(seen):
    """The reference's gradients; where the scores are others, those of the student's own loss.

    A parameter that those scores do not depend on, such as a bias that is missing, is not judged.
    A ReLU that is missing forward is no reason to leave its mask out backward.
    """
    if seen.case.failure != "wrong" and not np.isfinite(seen.arrays.get("loss", np.nan)).all():
        return None  # the overflow is the loss's own
    own = other_scores(seen)
    if own is None:
        return seen.expected
    passes = [backward(seen, H, S) for _, H, S in forwards(seen) if agrees(S, own)]
    expected = dict(seen.expected)
    for block in NET_START:
        name = f"grads['{block}']"
        measured = seen.arrays.get(f"numerical['{block}']")
        if measured is None:
            return None
        got = seen.arrays.get(name, np.array(np.nan))
        fits = [grads[name] for grads in passes if complaint("", got, grads[name]) is None]
        expected[name] = fits[0] if fits else measured
        if not np.any(measured):
            del expected[name]
    return expected


# The loss.


def explain_net_loss(observed):
    """A penalty of one half is a convention, unless the gradients contradict it."""
    fits = _fit_loss(observed)
    if not fits:
        is_taken = is_log_of_p_minus_1(observed)
        return Explanation(("log-after-subtraction",)) if is_taken else NONE
    (loss, penalty), remarks = fits[0], ()
    if loss == ("epsilon-in-log",):
        loss, remarks = (), (EPSILON,)
    of_gradients = []
    if penalty in (("half",), ("reg-half-in-loss-only",)):
        blocks = [_fit_block(observed, block) for block in ("W1", "W2")]
        of_gradients = [found[1] for found in blocks if found and found[1] is not None]
    is_whole = bool(of_gradients) and set(of_gradients) == {()}  # wherever it is understood
    if penalty == ("reg-half-in-loss-only",) and not is_whole:
        penalty = ("reg-layers-differ",)
    names = unique((*loss, *(name for name in penalty or () if name != "half")))
    if penalty != ("half",):
        return Explanation(names, half="half" in (penalty or ()), remarks=remarks)
    if is_whole:
        return Explanation((*names, "reg-half-in-loss-only"), remarks=remarks)
    if names:
        return Explanation(names, half=True, remarks=remarks)
    told = _in_the_other(of_gradients, "gradients", 2)
    return Explanation((), told, convention="half-convention", half=True, remarks=remarks)


def _in_the_other(penalties, other, number):
    """Whether the other part has a penalty of one half too: a sentence on what was compared.

    penalties : names of those of the other part that are understood; number : how many it has
    """
    if penalties == [("half",)] * number:
        return AGREE
    missing = [names for names in penalties if MISSING.intersection(names)]
    if len(missing) == number:
        return f"There is no penalty in your {other}, though."
    if missing:
        return f"In one of your {other} there is no penalty, though."
    if ("half",) in penalties:
        return f"In one of your {other} it is not so, or not understood."
    form = "has another form" if penalties else "is there not, or not understood"
    return f"The penalty in your {other} {form}, so that the two could not be compared."


def _fit_loss(observed):
    """Fits of the loss that belongs to the right scores, or else to the student's own."""

    def data(scores, seen):
        S = scores(seen)
        return softmax_losses(S, seen.arguments["y"])

    def of_right(seen):
        return data(lambda seen: seen.expected["scores"], seen)

    def of_own(seen):
        own = other_scores(seen)
        return of_right(seen) if own is None else data(lambda seen: own, seen)

    return fit(observed, "loss", of_right, _penalties, SCALES) or search(
        observed, "loss", of_own, _penalties, SCALES
    )


def _penalties(seen):
    _, params, _, _ = _hidden(seen)
    reg, N = seen.arguments["reg"], count(seen)
    first, second, *biases = (reg * np.sum(params[name] ** 2) for name in ("W1", "W2", "b1", "b2"))
    every = first + second + sum(biases)
    return penalties([params["W1"], params["W2"]], reg, N) + [
        *((("reg-one-layer",), one * times) for one in (first, second) for times in (1, 2)),
        *((("reg-layers-differ",), first + second + one) for one in (first, second)),
        *((("reg-layers-differ", "half"), (first + second + one) / 2) for one in (first, second)),
        *((("biases-regularised",), first + second + 2 * bias) for bias in biases),
        *((("biases-regularised", "half"), (first + second) / 2 + bias) for bias in biases),
        *((("biases-regularised",), first + second + bias) for bias in biases),
        *((("reg-one-layer", "half"), one / 2) for one in (first, second)),
        *(
            (("rows-summed",), one + reg * np.sum(other**2, axis=0))
            for one, other in ((first, params["W2"]), (second, params["W1"]))
        ),
        (("reg-half-in-loss-only",), first + second / 2),
        (("reg-half-in-loss-only",), first / 2 + second),
        (("biases-regularised",), every),
        (("biases-regularised", "half"), every / 2),
        (("reg-over-n", "biases-regularised"), every / N),
        (("reg-over-n", "biases-regularised", "half"), every / 2 / N),
    ]


# The gradients, a block for each parameter.


def backward(seen, H, scores):
    """The gradients that belong to hidden values and scores, with the ReLU's mask."""
    X, params, _, _ = _hidden(seen)
    G = softmax_coefficients(scores, seen.arguments["y"])[0][1] / count(seen)
    dH = (G @ params["W2"].T) * (H > 0)
    reg = seen.arguments["reg"]
    return {
        "grads['W1']": X.T @ dH + 2 * reg * params["W1"],
        "grads['b1']": dH.sum(axis=0),
        "grads['W2']": H.T @ G + 2 * reg * params["W2"],
        "grads['b2']": G.sum(axis=0),
    }


def explain_net_gradients(observed):
    """Block by block; a factor of one half in the penalty is held against the loss."""
    if any(other_scores(seen) is not None for seen in observed):
        return NONE  # other scores, other gradients: the numbers have to speak
    there = [
        block for block in ("W2", "b2", "W1", "b1") if f"grads['{block}']" in observed[0].arrays
    ]
    blocks = {}
    still = [block for block in there if _is_still_zero(observed, block)]
    for block in there:
        blocks[block] = _fit_block(observed, block, [part[0] for part in blocks.values() if part])
    found = {}
    for block, terms in blocks.items():
        if block in still:
            found[block], blocks[block] = ["gradient-missing"], None
        elif terms:
            found[block] = [*terms[0], *(name for name in terms[1] or () if name != "half")]
        else:
            found[block] = ["gradients-swapped"] if _swapped(observed, block) else []
    of_loss = next((penalty for _, penalty in _fit_loss(observed)[:1]), None)
    of_weights = {block: blocks[block][1] for block in ("W1", "W2") if blocks.get(block)}
    halves = [block for block, penalty in of_weights.items() if penalty == ("half",)]
    half = len(halves) == len(of_weights) > 0 and of_loss != ()
    if halves and of_loss == ():
        found[halves[0]].append("reg-factor-2-missing")
    elif halves and () in of_weights.values():
        found[halves[0]].append("reg-factors-differ")
    names = unique(name for names in found.values() for name in names)
    unknown = next((b for b, terms in blocks.items() if terms is None and not found[b]), None)
    if not names and unknown:
        return Explanation(array=f"grads['{unknown}']", half=half)
    if not names:
        told = _in_the_other([] if of_loss is None else [of_loss], "loss", 1) if half else ""
        return Explanation((), told, convention="half-convention" if half else None, half=half)
    shows = next(block for block, names in found.items() if names)
    evidence = ""
    if found[shows] == ["gradient-missing"]:
        evidence = f"grads['{shows}'] is 0 in every call."
    elif names[0].startswith(("reg", "constant")):
        half = half or of_loss == ("half",)
        those = [block for block in ("W1", "W2") if names[0] in found.get(block, ())]
        evidence = next(filter(None, (_weighed(observed, block, half) for block in those)), "")
    return Explanation(names, evidence, array=f"grads['{shows}']", half=half)


def _fit_block(observed, block, others=()):
    """(names of the data term, names of the penalty) of the gradient of a parameter, or None.

    Of several that fit, one that has been found in other blocks is taken: one cause is likelier.
    """
    name = f"grads['{block}']"
    terms = (
        lambda seen: _data_terms(seen, block),
        lambda seen: _penalty_terms(seen, block),
        SCALES,
    )
    if fits := fit(observed, name, *terms):
        return next((found for found in fits if found[0] and found[0] in others), fits[0])
    if fits := search(turned(observed, name), name, *terms):
        return (*fits[0][0], "transposed"), fits[0][1]
    return None


def _data_terms(seen, block):
    """Each coefficient of the softmax, through each backward pass."""
    S, hidden = seen.expected["scores"].astype(float), _hidden(seen)
    return [
        (names + more, array)
        for names, G in softmax_coefficients(S, seen.arguments["y"])
        for more, array in _passes(seen, block, G, *hidden)
    ]


def _passes(seen, block, G, X, params, a, H):
    """(names, gradient) of a parameter, by the right backward pass of G and by mistakes in it."""
    if block == "W2":
        yield from [((), H.T @ G), (("pre-activation-for-hidden",), a.T @ G)]
    elif block == "W1":
        yield from ((names, X.T @ dS) for names, dS in _masked(seen, G, X, params, a, H))
    else:
        for names, dS in _masked(seen, G, X, params, a, H) if block == "b1" else [((), G)]:
            # Made when they are looked at: most are ruled out by the first call already.
            not_summed = (dS, partial(dS.sum, axis=1), dS[0], partial(_one_for_all, dS))
            yield names, partial(dS.sum, axis=0)
            yield (*names, "bias-gradient-averaged"), partial(dS.mean, axis=0)
            yield from (((*names, "bias-gradient-not-summed"), other) for other in not_summed)


def _one_for_all(dS):
    return np.full(dS.shape[1], dS.sum())


def _masked(seen, G, X, params, a, H):
    """The gradient of X W1 + b1, by the right way back through W2 and the ReLU and by others."""
    dH = G @ params["W2"].T
    dW2 = seen.expected.get("grads['W2']", 0 * params["W2"])
    of_penalty = seen.arguments["reg"] * params["W2"]
    return [
        ((), dH * (H > 0)),
        *(
            (("gradient-for-weights",), (G @ W.T) * (H > 0))
            for W in (dW2, dW2 - of_penalty, dW2 - 2 * of_penalty)
        ),
        (("relu-mask-missing",), dH),
        (("relu-mask-wrong",), dH * (X @ params["W1"] > 0)),
        (("relu-mask-wrong",), dH * (dH > 0)),
        (("relu-mask-wrong",), dH * (dH < 0)),
        (("relu-mask-wrong",), dH * H),
        (("relu-mask-wrong",), dH * a),
    ]


def _penalty_terms(seen, block):
    value, reg, N = (
        seen.arguments["params"][block].astype(float),
        seen.arguments["reg"],
        count(seen),
    )
    if block.startswith("W"):
        return penalty_gradients(value, reg, N)
    factors = (2, 1, 2 / N, 1 / N)
    return [((), 0.0), *((("biases-regularised",), factor * reg * value) for factor in factors)]


def _weighed(observed, block, half):
    name = f"grads['{block}']"
    return weighed(observed, name, lambda seen: seen.arguments["params"][block], block, half)


def _is_still_zero(observed, block):
    """Whether a gradient is 0 in all calls, where something is due."""
    name = f"grads['{block}']"
    pairs = [(seen.arrays.get(name), seen.expected.get(name)) for seen in observed]
    return all(got is not None and not np.any(got) for got, _ in pairs) and any(
        np.any(right) for _, right in pairs if right is not None
    )


def _swapped(observed, block):
    """Whether the gradient of a block is the right one of another block."""
    got = [seen.arrays.get(f"grads['{block}']") for seen in observed]
    return any(
        all(
            array is not None
            and array.shape == (right := seen.expected[f"grads['{other}']"]).shape
            and agrees(array, right, seen.tolerance)
            for array, seen in zip(got, observed, strict=True)
        )
        for other in {"W1", "b1", "W2", "b2"} - {block}
    )


explain_training = partial(training.explain, NET_GRADIENTS, DECAY)

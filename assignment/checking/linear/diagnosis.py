"""Mistakes in the loss and gradient of a linear classifier, and in predictions."""

from functools import partial

import numpy as np

from assignment.checking.arrays import TOLERANCE, agrees, shaped
from assignment.checking.diagnosis import (
    SCALES,
    Explanation,
    count,
    fit,
    in_common,
    once_for_each_case,
    search,
    turned,
    unique,
    weighed,
)
from assignment.checking.linear.mistakes import MISTAKES
from assignment.checking.linear.terms import (
    AGREE,
    EPSILON,
    Hinge,
    Penalty,
    Softmax,
    is_log_of_p_minus_1,
    name_penalties,
)
from assignment.checking.mistake import candidates
from assignment.checking.training import diagnosis as training


def _explain(kind, observed):
    """Fit loss and gradient, each as a data term plus a penalty, and name what was found."""
    factors = _factors_of_the_penalty(observed[0])

    loss, gradient = partial(_losses, kind), partial(_gradients, kind)

    def penalty(where):
        return lambda seen: _penalties(where, seen) + [_other_penalty(where, factors[where], seen)]

    def quotient(data, form):
        def quotients(seen):
            penalty = seen.arguments["reg"] * form(seen.arguments["W"])
            return list(candidates(MISTAKES, "quotient", data(seen)[0][1], count(seen), penalty))

        return quotients

    parts = loss, penalty("loss"), SCALES
    of_quotient = quotient(loss, lambda W: np.sum(W * W))
    fits = fit(observed, "loss", *parts) or search(observed, "loss", of_quotient)
    in_loss = fits[0] if fits else (None, None)
    if not fits and is_log_of_p_minus_1(observed):
        in_loss = (("log-after-subtraction",), None)

    evidence = ""
    parts = gradient, penalty("gradient"), SCALES
    fits = fit(observed, "dW", *parts) or search(observed, "dW", quotient(gradient, np.array))
    if not fits and (fits := search(turned(observed, "dW"), "dW", *parts)):
        fits = [((*fits[0][0], "transposed"), fits[0][1])]
    for mistake, told_of in ("other-divisor", _divisor), ("wrong-coefficients", _coefficients):
        if not fits and (found := _in_all_calls(told_of, kind, observed)):
            evidence, of_penalty = found
            fits = [((mistake,), of_penalty)]
    in_gradient = fits[0] if fits else (None, None)
    return _named(in_loss, in_gradient, evidence, observed)


@once_for_each_case
def _losses(kind, seen):
    return _terms(kind, seen).loss_candidates()


@once_for_each_case
def _gradients(kind, seen):
    t = _terms(kind, seen)
    of_G = ((names, t.X.T @ G) for names, G in t.gradient_candidates())
    return [*of_G, *candidates(MISTAKES, "dW", t)]


@once_for_each_case
def _penalties(where, seen):
    return _penalty(where, seen).candidates_of_W()


def _other_penalty(where, factor, seen):
    """A candidate that is fitted; factor : what the penalty would be, all else being right."""
    return ("reg-other-form",), factor * _penalty(where, seen).right


def _terms(kind, seen):
    X, W = (seen.arguments[name].astype(float) for name in ("X", "W"))
    return kind(X @ W, seen.arguments["y"], X)


def _penalty(where, seen):
    W, reg = seen.arguments["W"].astype(float), seen.arguments["reg"]
    return Penalty(where, [W], reg, count(seen))


explain_svm = partial(_explain, Hinge)
explain_softmax = partial(_explain, Softmax)


def _factors_of_the_penalty(seen):
    """What the right penalties would be multiplied by, if the data terms were right."""

    def excess(name):
        right = seen.expected[name]
        got = shaped(seen.arrays.get(name, np.array(np.nan)), right)
        sound = got.shape == right.shape and np.isfinite(got).all()
        return got - right if sound else np.zeros(right.shape)

    squares = _penalty("loss", seen).right
    of_gradient = np.sum(excess("dW") * seen.arguments["W"]) / 2
    return {"loss": 1 + excess("loss") / squares, "gradient": 1 + of_gradient / squares}


def _in_all_calls(told_of, kind, observed):
    """A sentence on dW, if with one of three penalties all calls agree on it, and that penalty.

    told_of : function(Observed, terms, penalty) -> a sentence; "" where there is nothing to say,
        None where dW is not of that form
    """
    for names in ((), ("half",), ("reg-missing-from-gradient",)):
        told = []
        for seen in observed:
            penalty = dict(_penalty("gradient", seen).candidates())[names]
            told.append(told_of(seen, _terms(kind, seen), penalty))
            if told[-1] is None:
                break
        else:
            if any(told):
                return next(filter(None, told)), names
    return None


def _is_sound(seen):
    dW = seen.arrays["dW"]
    return dW.shape == seen.expected["dW"].shape and np.isfinite(dW).all()


def _divisor(seen, t, penalty):
    """What the sum over the examples is divided by, if dW is the right one over it."""
    if not _is_sound(seen):
        return None
    right, dW = t.X.T @ t.G, seen.arrays["dW"]
    part = np.vdot(right, dW - penalty) / np.vdot(right, right)
    if part <= 0 or not agrees(dW, part * right + penalty, seen.tolerance):
        return None
    is_mean = np.isclose(part * t.N, 1, rtol=1e-4)
    return "" if is_mean else f"With {seen.case.name}, it is divided by {_rounded(1 / part)}."


def _coefficients(seen, t, penalty):
    """The entry of G that is off most, or the first of those, if dW is X^T G.

    With fewer examples than numbers in each, that is a strong condition, and G is unique.
    """
    if t.N >= t.X.shape[1] or seen.tolerance != TOLERANCE or not _is_sound(seen):
        return ""
    dW, right = seen.arrays["dW"], t.G / t.N
    G = np.linalg.lstsq(t.X.T, dW - penalty, rcond=None)[0]
    if not agrees(t.X.T @ G + penalty, dW):
        return None
    if agrees(G, right):
        return ""
    off = np.abs(G - right)
    i, c = np.argwhere(off > 0.999999 * off.max())[0]  # round-off decides nothing
    whose = "its class" if c == t.y[i] else "not its class"
    return (
        f"With {seen.case.name}, column {c} of dW holds {_rounded(G[i, c])} times example {i}, "
        f"but should hold {_rounded(right[i, c])} times ({c} is {whose})."
    )


def _rounded(number):
    return f"{round(number, 4) + 0.0:g}"  # no -0


NOTHING = {
    "loss": (("data-term-missing",), ("reg-missing-from-loss",)),
    "dW": (("data-term-missing",), ("reg-missing-from-gradient",)),
}


def _named(in_loss, in_gradient, evidence, observed):
    """What the fits of loss and gradient mean; a part that is not understood is (None, None)."""
    remarks = ()
    if in_loss[0] == ("epsilon-in-log",):
        in_loss, remarks = ((), in_loss[1]), (EPSILON,)
    zero = [name for name, fit in (("loss", in_loss), ("dW", in_gradient)) if fit == NOTHING[name]]
    if zero == ["loss"]:
        in_loss = (("loss-missing",), None)
        evidence = evidence or "The gradient is right." * (in_gradient == ((), ()))
    elif zero == ["dW"]:
        in_gradient = (("gradient-missing",), None)
    (loss, penalty), (gradient, penalty_gradient) = in_loss, in_gradient
    of_penalty, half = name_penalties(penalty, penalty_gradient)
    names = unique((*(loss or ()), *(gradient or ()), *of_penalty))
    common = {"remarks": remarks, "half": half}
    unknown = [name for name, part in (("loss", loss), ("dW", gradient)) if part is None]
    if not names or zero == ["dW"] and unknown:
        if unknown:
            return Explanation(array=unknown[0], **common)
        convention = "half-convention" if half else None
        return Explanation((), AGREE if half else "", convention=convention, **common)
    rest = unknown[0] if unknown else None
    # The gradient shows it, unless the loss does.
    own = {*(gradient or ()), *(penalty_gradient or ()), *{"reg-factor-2-missing"} & {*names}}
    if loss or not own - {"half"}:
        return Explanation(names, evidence, rest=rest, **common)
    evidence = evidence or weighed(observed, "dW", lambda seen: seen.arguments["W"], half=half)
    return Explanation(names, evidence, array="dW", rest=rest, **common)


def explain_linear_prediction(observed):
    """By what was made of the right scores."""
    return explain_prediction(_right_scores, observed)


def _right_scores(seen):
    return [((), seen.arguments["X"] @ seen.arguments["W"])]


def explain_prediction(scores, observed):
    """scores : function of Observed -> candidates (names, (N, C) scores), the right ones first"""
    return Explanation(in_common(search(observed, "y_pred", partial(_labels, scores))))


@once_for_each_case
def _labels(scores, seen):
    """Candidates for y_pred: what is made of the right scores, or of other ones."""
    (_, S), *others = scores(seen)
    found = _predictions(S)
    for names, other in others:
        found.append((names, other.argmax(axis=1)))
        if len(names) == 1:
            found += [((*names, *more), y) for more, y in _predictions(other) if y.ndim == 1]
    return found


def _predictions(S):
    """What people make of scores where the prediction is S.argmax(axis=1)."""
    return list(candidates(MISTAKES, "y_pred", Softmax(S, S.argmax(axis=1))))


explain_training = partial(training.explain, 1.0)

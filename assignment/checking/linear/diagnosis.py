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
    log_softmax,
    search,
    turned,
    unique,
    weighed,
)
from assignment.checking.linear.calls import W_GRADIENT
from assignment.checking.linear.terms import (
    AGREE,
    EPSILON,
    hinge_coefficients,
    hinge_losses,
    is_log_of_p_minus_1,
    name_penalties,
    penalties,
    penalty_gradients,
    softmax_coefficients,
    softmax_losses,
    without_last_row,
)
from assignment.checking.training import diagnosis as training


def _explain(losses, coefficients, observed):
    """Fit loss and gradient, each as a data term plus a penalty, and name what was found."""
    loss_factor, gradient_factor = _factors_of_the_penalty(observed[0])

    def data(seen):
        return losses(_scores(seen), seen.arguments["y"])

    def gradient(seen):
        X = seen.arguments["X"].astype(float)
        terms = coefficients(_scores(seen), seen.arguments["y"])
        found = [(names, X.T @ G) for names, G in terms]
        others = next(G for names, G in terms if names == ("right-class-missing",))
        of_right = (terms[0][1] - others).sum(axis=0)
        found.append((("one-for-example",), X.T @ others + of_right))
        return found

    def penalty(seen):
        W, reg = seen.arguments["W"].astype(float), seen.arguments["reg"]
        left = np.sum(without_last_row(W) ** 2)
        return [
            *penalties([W], reg, count(seen)),
            (("reg-last-row-missing",), reg * left),
            (("reg-last-row-missing", "half"), reg * left / 2),
            (("rows-summed",), reg * np.sum(W * W, axis=0)),
            (("rows-summed", "half"), reg * np.sum(W * W, axis=0) / 2),
            (("reg-other-form",), loss_factor * reg * np.sum(W * W)),
        ]

    def penalty_gradient(seen):
        W, reg = seen.arguments["W"].astype(float), seen.arguments["reg"]
        return [
            *penalty_gradients(W, reg, count(seen)),
            (("reg-last-row-missing",), 2 * reg * without_last_row(W)),
            (("reg-last-row-missing", "half"), reg * without_last_row(W)),
            (("reg-other-form",), gradient_factor * reg * W),
        ]

    def divided(seen, size):
        """The data term divided by N + penalty, where / N + penalty was meant."""
        N, reg = count(seen), seen.arguments["reg"]
        (_, term), *_ = data(seen) if np.ndim(size) == 0 else gradient(seen)
        return [
            (("divided-by-penalty",), term / (N + factor * reg * size)) for factor in (1, 2, 0.5)
        ]

    fits = fit(observed, "loss", data, penalty, SCALES) or search(
        observed, "loss", lambda seen: divided(seen, np.sum(seen.arguments["W"] ** 2))
    )
    in_loss = fits[0] if fits else (None, None)
    if not fits and is_log_of_p_minus_1(observed):
        in_loss = (("log-after-subtraction",), None)

    evidence = ""
    parts = (gradient, penalty_gradient, SCALES)
    fits = fit(observed, "dW", *parts) or search(
        observed, "dW", lambda seen: divided(seen, seen.arguments["W"])
    )
    if not fits and (fits := search(turned(observed, "dW"), "dW", *parts)):
        fits = [((*fits[0][0], "transposed"), fits[0][1])]
    for mistake, explained in (
        ("other-divisor", _other_divisor),
        ("wrong-coefficients", _other_coefficients),
    ):
        if not fits and (found := explained(coefficients, observed)):
            evidence, of_penalty = found
            fits = [((mistake,), of_penalty)]
    in_gradient = fits[0] if fits else (None, None)
    return _named(in_loss, in_gradient, evidence, observed)


def _rounded(number):
    return f"{round(number, 4) + 0.0:g}"  # no -0


def _scores(seen):
    return seen.arguments["X"].astype(float) @ seen.arguments["W"].astype(float)


explain_svm = partial(_explain, hinge_losses, hinge_coefficients)
explain_softmax = partial(_explain, softmax_losses, softmax_coefficients)


def _factors_of_the_penalty(seen):
    """What reg * sum(W^2) and reg * W would be multiplied by, if the data terms were right."""
    W, squares = seen.arguments["W"], seen.arguments["reg"] * np.sum(seen.arguments["W"] ** 2)

    def excess(name):
        right = seen.expected[name]
        got = shaped(seen.arrays.get(name, np.array(np.nan)), right)
        sound = got.shape == right.shape and np.isfinite(got).all()
        return got - right if sound else np.zeros(right.shape)

    return 1 + excess("loss") / squares, 2 + np.sum(excess("dW") * W) / squares


KINDS = range(3)  # of penalties in penalty_gradients: 2 reg W, reg W, none


def _other_divisor(coefficients, observed):
    """A sentence on the divisor, if dW is the right sum over it plus a penalty, and its names."""
    for kind in KINDS:
        told, names = "", ()
        for seen in observed:
            X, W, reg = (seen.arguments[name] for name in ("X", "W", "reg"))
            if seen.arrays["dW"].shape != W.shape or not np.isfinite(seen.arrays["dW"]).all():
                return None
            names, penalty = penalty_gradients(W, reg, count(seen))[kind]
            right = X.T @ coefficients(_scores(seen), seen.arguments["y"])[0][1]
            part = np.vdot(right, seen.arrays["dW"] - penalty) / np.vdot(right, right)
            if part <= 0 or not agrees(seen.arrays["dW"], part * right + penalty, seen.tolerance):
                break
            if not told and not np.isclose(part * count(seen), 1, rtol=1e-4):
                told = f"With {seen.case.name}, it is divided by {_rounded(1 / part)}."
        else:
            if told:
                return told, names
    return None


def _other_coefficients(coefficients, observed):
    """A sentence on G, if dW is X^T G plus a penalty, and the names of the penalty; or None.

    With fewer examples than numbers in each, that is a strong condition, and G is unique.
    """
    slim = [
        seen
        for seen in observed
        if count(seen) < seen.arguments["X"].shape[1]
        and seen.arrays["dW"].shape == seen.expected["dW"].shape
        and np.isfinite(seen.arrays["dW"]).all()
        and seen.tolerance == TOLERANCE
    ]
    for kind in KINDS:
        told, names = "", ()
        for seen in slim:
            X, W, y, reg = (seen.arguments[name] for name in ("X", "W", "y", "reg"))
            names, penalty = penalty_gradients(W, reg, count(seen))[kind]
            G = np.linalg.lstsq(X.T, seen.arrays["dW"] - penalty, rcond=None)[0]
            if not agrees(X.T @ G + penalty, seen.arrays["dW"]):
                break
            right = coefficients(X @ W, y)[0][1] / count(seen)
            if not told and not agrees(G, right):
                i, c = np.unravel_index(np.argmax(np.abs(G - right)), G.shape)
                whose = "its class" if c == y[i] else "not its class"
                told = (
                    f"With {seen.case.name}, column {c} of dW holds {_rounded(G[i, c])} times "
                    f"example {i}, but should hold {_rounded(right[i, c])} times ({c} is {whose})."
                )
        else:
            if told:
                return told, names
    return None


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
    return explain_prediction(
        lambda seen: [((), seen.arguments["X"] @ seen.arguments["W"])], observed
    )


def explain_prediction(scores, observed):
    """scores : function of Observed -> candidates (names, (N, C) scores), the right ones first"""

    def candidates(seen):
        (_, S), *others = scores(seen)
        found = _predictions(S)
        for names, other in others:
            found.append((names, other.argmax(axis=1)))
            if len(names) == 1:
                found += [((*names, *more), y) for more, y in _predictions(other) if y.ndim == 1]
        return found

    return Explanation(in_common(search(observed, "y_pred", candidates)))


def _predictions(S):
    """What people make of scores where the prediction is S.argmax(axis=1)."""
    P, right = np.exp(log_softmax(S)), S.argmax(axis=1)
    over_examples = np.exp(log_softmax(S, axis=0))
    first, last = np.arange(len(S)) == 0, np.arange(len(S)) == len(S) - 1
    return [
        (("argmin",), S.argmin(axis=1)),
        (("wrong-axis",), S.argmax(axis=0)),
        (("wrong-axis",), S.argmax()),
        (("scores-for-labels",), S),
        (("scores-for-labels",), S.max(axis=1)),
        (("scores-for-labels",), P),
        (("scores-for-labels",), P.max(axis=1)),
        (("one-hot-for-labels",), 1.0 * (S == S.max(axis=1, keepdims=True))),
        (("relu-on-scores",), np.maximum(S, 0).argmax(axis=1)),
        (("sum-wrong-axis",), over_examples.argmax(axis=1)),
        (("absolute-scores",), np.abs(S).argmax(axis=1)),
        (("scores-cut",), np.trunc(S).argmax(axis=1)),
        (("scores-cut",), np.rint(S).argmax(axis=1)),
        (("second-largest",), np.argsort(S, axis=1, kind="stable")[:, -2:][:, 0]),
        (("labels-from-1",), right + 1),
        (("one-example-for-all",), right[:1] + 0 * right),
        (("one-example-for-all",), right[-1:] + 0 * right),
        (("not-filled",), np.where(first, right, 0)),
        (("not-filled",), np.where(last, right, 0)),
    ]


explain_training = partial(training.explain, {"W": W_GRADIENT}, 1.0)

"""Mistakes in the loss and gradient of a linear classifier, and in predictions."""

from functools import partial

import numpy as np

from assignment.checking.arrays import TOLERANCE, agrees, shaped
from assignment.checking.diagnosis import (
    Explanation,
    count,
    fit,
    in_common,
    search,
    turned,
    unique,
    weighed,
)
from assignment.checking.diagnosis.terms import (
    EPSILON,
    hinge_coefficients,
    hinge_losses,
    log_softmax,
    name_penalties,
    penalties,
    penalty_gradients,
    scaled,
    softmax_coefficients,
    softmax_losses,
)


def _explain(losses, coefficients, observed):
    """Fit loss and gradient, each as a data term plus a penalty, and name what was found."""
    loss_factor, gradient_factor = _factors_of_the_penalty(observed[0])

    def data(terms, seen):
        X, W = seen.arguments["X"].astype(float), seen.arguments["W"].astype(float)
        found = [
            (names, term if np.ndim(term) == 0 else X.T @ term)
            for names, term in terms(X @ W, seen.arguments["y"])
        ]
        return scaled(found, count(seen), W.shape[1])

    def penalty(seen):
        W, reg = seen.arguments["W"].astype(float), seen.arguments["reg"]
        other = (("reg-other-form",), loss_factor * reg * np.sum(W * W))
        return [*penalties([W], reg, count(seen)), other]

    def penalty_gradient(seen):
        W, reg = seen.arguments["W"].astype(float), seen.arguments["reg"]
        other = (("reg-other-form",), gradient_factor * reg * W)
        return [*penalty_gradients(W, reg, count(seen)), other]

    fits = fit(observed, "loss", partial(data, losses), penalty)
    in_loss = fits[0] if fits else (None, None)

    evidence = ""
    gradient = partial(data, coefficients)
    fits = fit(observed, "dW", gradient, penalty_gradient)
    if not fits and (fits := search(turned(observed, "dW"), "dW", gradient, penalty_gradient)):
        fits = [((*fits[0][0], "transposed"), fits[0][1])]
    if not fits and (found := _other_coefficients(coefficients, observed)):
        evidence, of_penalty = found
        fits = [(("wrong-coefficients",), of_penalty)]
    in_gradient = fits[0] if fits else (None, None)
    return _named(in_loss, in_gradient, evidence, observed)


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


def _other_coefficients(coefficients, observed):
    """A sentence on G, if dW is X^T G / N plus a penalty, and the names of the penalty; or None.

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
    for kind in range(3):  # 2 reg W, reg W, none
        told, names = "", ()
        for seen in slim:
            X, W, y, reg = (seen.arguments[name] for name in ("X", "W", "y", "reg"))
            dW, N = seen.arrays["dW"], count(seen)
            names, penalty = penalty_gradients(W, reg, N)[kind]
            G = N * np.linalg.lstsq(X.T, dW - penalty, rcond=None)[0]
            if not agrees(X.T @ G / N + penalty, dW):
                break
            right = coefficients(X @ W, y)[0][1]
            if not told and not agrees(G, right):
                i, c = np.unravel_index(np.argmax(np.abs(G - right)), G.shape)
                whose = "the right class" if c == y[i] else "another class than the right one"
                told = (
                    f"With {seen.case.name}, G[{i}, {c}] is {round(G[i, c], 4):g}, but should be "
                    f"{round(right[i, c], 4):g}; {c} is {whose} of example {i}."
                )
        else:
            if told:
                return told, names
    return None


def _named(in_loss, in_gradient, evidence, observed):
    """What the fits of loss and gradient mean; a part that is not understood is (None, None)."""
    (loss, penalty), (gradient, penalty_gradient) = in_loss, in_gradient
    remarks = ()
    if loss == ("epsilon-in-log",):
        loss, remarks = (), (EPSILON,)
    if in_gradient == (("data-term-missing",), ("reg-missing-from-gradient",)):
        if loss in (None, ("data-term-missing",)):
            return Explanation(remarks=remarks)  # the loss is wrong, and its numbers have to speak
        of_loss = (*loss, *name_penalties(penalty, None)[0])
        return Explanation(unique((*of_loss, "gradient-missing")), remarks=remarks)
    if in_loss == (("data-term-missing",), ("reg-missing-from-loss",)):
        return Explanation(unique(("loss-missing", *(gradient or ()))), remarks=remarks)
    of_penalty, convention = name_penalties(penalty, penalty_gradient)
    names = unique((*(loss or ()), *(gradient or ()), *of_penalty))
    if not names:
        if loss is None or gradient is None:
            return Explanation(array="loss" if loss is None else "dW")
        return Explanation(convention=convention, remarks=remarks)
    # The gradient shows it, unless the loss does.
    own = {*(gradient or ()), *(penalty_gradient or ()), *{"reg-factor-2-missing"} & {*names}}
    if loss or not own - {"half"}:
        rest = "dW" if gradient is None else None
        return Explanation(names, remarks=remarks, rest=rest)
    evidence = evidence or weighed(observed, "dW", lambda seen: seen.arguments["W"])
    rest = "loss" if loss is None else None
    return Explanation(names, evidence, remarks=remarks, array="dW", rest=rest)


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

"""What a loss and a gradient are made of, and what each known mistake makes of it.

Data terms are sums over the examples here; SCALES divides them by N, or by what people divide by.
Penalties are this course's reg * sum(W^2), or with "half" the other half of the world's
0.5 * reg * sum(W^2): a mistake may be made in either convention.
"""

import numpy as np

from assignment.checking.diagnosis import log_softmax, unique


def divided_in_the_loop(N):
    """N times the weight of each example where a running sum is divided by N in each turn."""
    return np.power(float(N), np.arange(N) - (N - 1.0))


def labels_of_classes(S, y):
    """y[j] for each class j, by mistake for y[i]; with too few labels such a call fails."""
    return np.resize(y, S.shape[1])


def hinge_losses(S, y):
    """What the hinge loss, and each mistake in it, sums over the examples."""
    rows, classes = np.arange(len(y)), np.arange(S.shape[1])
    m, other = _margins(S, y)
    columns = other & ~np.isin(classes, y)
    positive, its = np.maximum(m, 0), labels_of_classes(S, y)
    return [
        ((), (positive * other).sum()),
        (("right-class-counted",), positive.sum()),
        (("margin-missing",), (np.maximum(m - 1, 0) * other).sum()),
        (("margin-reversed",), (np.maximum(2 - m, 0) * other).sum()),
        (("margin-reversed", "right-class-counted"), np.maximum(2 - m, 0).sum()),
        (("max-missing",), (m * other).sum()),
        (("max-missing", "right-class-counted"), m.sum()),
        (("squared-hinge",), (positive**2 * other).sum()),
        (("squared-hinge",), (positive**2 * other).sum() / 2),
        (("largest-margin-only",), (positive * other).max(axis=1).sum()),
        (("columns-for-entries",), (positive * columns).sum()),
        (("label-as-factor",), (y[:, None] * positive * other).sum()),
        (("divided-in-loop",), (divided_in_the_loop(len(y))[:, None] * positive * other).sum()),
        (("label-of-class",), (np.maximum(S - S[:, its] + 1, 0) * (classes != its)).sum()),
        (("label-of-class",), (np.maximum(S - S[:, its] + 1, 0) * other).sum()),
        (("rows-for-entries",), (np.maximum(S - S[y % len(y)] + 1, 0) * other).sum()),
        (("rows-for-entries",), np.maximum(S - S[y % len(y)] + 1, 0).sum()),
        (("one-example-only",), (positive * other)[rows[-1]].sum()),
        (("one-example-only",), (positive * other)[0].sum()),
        (("example-left-out",), (positive * other)[1:].sum()),
        (("example-left-out",), (positive * other)[:-1].sum()),
        (("data-term-missing",), 0.0),
    ]


def hinge_coefficients(S, y):
    """(N, C) coefficients G, with dW = X^T G, of the hinge loss and of each mistake in it."""
    rows, C = np.arange(len(y)), S.shape[1]
    m, other = _margins(S, y)
    columns = other & ~np.isin(np.arange(C), y)
    violated = (m > 0) & other

    def balanced(mask):
        """The right class loses what the others gain."""
        G = np.where(other, mask, 0.0)
        G[rows, y] = -G.sum(axis=1)
        return G

    def with_right(G, value):
        G = G.copy()
        G[rows, y] = value
        return G

    right = balanced(violated)
    count = violated.sum(axis=1)
    positive = np.maximum(m, 0) * other
    largest = np.zeros_like(S)
    largest[rows, positive.argmax(axis=1)] = positive.max(axis=1) > 0
    return [
        ((), right),
        (("right-class-missing",), with_right(right, 0)),
        (("violations-counted-once",), with_right(right, -1)),
        (("violations-counted-once",), with_right(right, -1.0 * (count > 0))),
        (("right-class-counted",), with_right(right, -count - 1)),
        (("right-class-counted",), with_right(right, 1 - count)),
        (("right-class-counted", "right-class-missing"), with_right(right, 1)),
        (("right-class-sign",), with_right(right, count)),
        (("other-classes-missing",), np.where(other, 0, right)),
        (("mask-of-all",), balanced(other)),
        (("mask-of-all",), with_right(balanced(other), -C)),
        (("mask-of-all",), with_right(balanced(other), 1 - C + 1)),
        (("mask-of-all", "right-class-missing"), with_right(balanced(other), 0)),
        (("mask-of-all", "right-class-missing"), np.ones_like(S)),
        (("margins-for-indicator",), balanced(positive)),
        (("margins-for-indicator",), with_right(positive, -count)),
        (("margins-for-indicator", "right-class-missing"), positive),
        (("squared-hinge",), 2 * balanced(positive)),
        (("largest-margin-only",), balanced(largest)),
        (("margin-missing",), balanced(m > 1)),
        (("margin-reversed",), -balanced(m < 2)),
        (("margin-reversed",), balanced(m < 2)),
        (("columns-for-entries",), balanced(violated & columns)),
        (("rows-for-entries",), balanced((S - S[y % len(y)] + 1 > 0) & other)),
        (("label-of-class",), balanced((S - S[:, labels_of_classes(S, y)] + 1 > 0) & other)),
        (("divided-in-loop",), right * divided_in_the_loop(len(y))[:, None]),
        (("one-example-only",), right * (rows == rows[-1])[:, None]),
        (("one-example-only",), right * (rows == 0)[:, None]),
        (("example-left-out",), right * (rows != 0)[:, None]),
        (("example-left-out",), right * (rows != rows[-1])[:, None]),
        (("data-term-missing",), 0 * right),
    ]


def _margins(S, y):
    rows = np.arange(len(y))
    other = np.ones(S.shape, dtype=bool)
    other[rows, y] = False
    return S - S[rows, y][:, None] + 1, other


# A small number that keeps the logarithm of 0 finite is a remark, not a mistake.
EPSILON = "epsilon in the logarithm: log(p + epsilon) is not quite the loss"
EPSILONS = [10.0**-n for n in range(5, 16)]


def softmax_losses(S, y):
    """What the cross-entropy loss, and each mistake in it, sums over the examples."""
    rows = np.arange(len(y))
    log_P, largest = log_softmax(S), S.max(axis=1)
    shifted = S - largest[:, None]
    own = log_P[rows, y]
    p = np.exp(own)
    with np.errstate(over="ignore"):
        exponentials = [(S, np.exp(S)), (shifted, np.exp(shifted))]
    return [
        ((), -own.sum()),
        (("log-missing",), -p.sum()),
        (("log-missing",), (1 - p).sum()),
        (("log-sum-missing",), -S[rows, y].sum()),
        (("log-sum-missing",), (largest - S[rows, y]).sum()),
        (("wrong-logarithm",), -own.sum() / np.log(10)),
        (("wrong-logarithm",), -own.sum() / np.log(2)),
        (("all-classes-summed",), -log_P.sum()),
        (("shift-in-one-place",), (-own - largest).sum()),
        (("shift-in-one-place",), (-own + largest).sum()),
        (("shift-in-one-place",), -own.sum() - S.max() * len(y)),
        (("shift-in-one-place",), -own.sum() + S.max() * len(y)),
        (("shift-wrong-axis",), -log_softmax(S - S.max(axis=0))[rows, y].sum()),
        (("sum-wrong-axis",), -log_softmax(S, axis=0)[rows, y].sum()),
        (("sum-wrong-axis",), -log_softmax(S, axis=(0, 1))[rows, y].sum()),
        (("sum-wrong-axis",), -log_softmax(shifted, axis=0)[rows, y].sum()),
        (("sum-wrong-axis",), -log_softmax(shifted, axis=(0, 1))[rows, y].sum()),
        (("one-example-only",), -own[-1]),
        (("one-example-only",), -own[0]),
        (("example-left-out",), -own[1:].sum()),
        (("example-left-out",), -own[:-1].sum()),
        (("label-as-factor",), -(y * own).sum()),
        (("divided-in-loop",), -(divided_in_the_loop(len(y)) * own).sum()),
        (("rows-for-entries",), -log_P[y % len(y)].sum()),
        (("rows-for-entries",), -log_P[y % len(y)].mean(axis=1).sum()),
        *(
            (("sum-not-reset",), (np.log(E.sum(axis=1).cumsum()) - s[rows, y]).sum())
            for s, E in exponentials
        ),
        *((("exp-missing",), -np.log(s[rows, y] / s.sum(axis=1)).sum()) for s, _ in exponentials),
        *((("exp-missing",), (np.log(s.sum(axis=1)) - s[rows, y]).sum()) for s, _ in exponentials),
        (("data-term-missing",), 0.0),
        *((("epsilon-in-log",), -np.log(p + epsilon).sum()) for epsilon in EPSILONS),
    ]


def is_log_of_p_minus_1(observed):
    """Whether 1 was taken from p before its logarithm: NaN in every call, infinite where p is 1."""
    where_sure = [seen.arrays.get("loss where p is 1", np.array(0.0)) for seen in observed]
    return any(np.any(np.isposinf(loss)) for loss in where_sure) and all(
        np.isnan(seen.arrays.get("loss", 0.0)).all() for seen in observed
    )


def softmax_coefficients(S, y):
    """(N, C) coefficients G, with dW = X^T G, of the cross-entropy and of each mistake in it."""
    rows = np.arange(len(y))
    P = np.exp(log_softmax(S))
    Y = np.zeros_like(P)
    Y[rows, y] = 1
    classes = np.arange(S.shape[1])
    columns = np.isin(classes, y)
    own = P[rows, y][:, None]
    right = P - Y
    shifted = S - S.max(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        E = np.exp(S)
    return [
        ((), right),
        (("right-class-missing",), P),
        (("other-classes-missing",), right * Y),
        (("probabilities-missing",), -Y),
        (("right-class-overwritten",), np.where(Y, -1.0, P)),
        (("columns-for-entries",), P - columns),
        (("rows-for-entries",), P - np.isin(rows, y)[:, None]),
        (("label-of-class",), P - (classes == labels_of_classes(S, y))),
        (("right-probability-for-all",), own - Y),
        *(
            (("sum-not-reset",), e / e.sum(axis=1).cumsum()[:, None] - Y)
            for e in (E, np.exp(shifted))
        ),
        *((("exp-missing",), s / s.sum(axis=1, keepdims=True) - Y) for s in (S, shifted)),
        (("divided-in-loop",), right * divided_in_the_loop(len(y))[:, None]),
        (("right-class-sign",), P + Y),
        (("log-missing",), own * right),
        (("not-normalised",), E - Y),
        (("not-normalised",), np.exp(shifted) - Y),
        (("not-normalised",), np.exp(S - S.max()) - Y),
        (("shift-wrong-axis",), np.exp(log_softmax(S - S.max(axis=0))) - Y),
        (("sum-wrong-axis",), np.exp(log_softmax(S, axis=0)) - Y),
        (("sum-wrong-axis",), np.exp(log_softmax(S, axis=(0, 1))) - Y),
        *((("sum-wrong-axis",), np.exp(log_softmax(shifted, axis)) - Y) for axis in (0, (0, 1))),
        *((("sum-wrong-axis",), P / P.sum(axis) - Y) for axis in (0, (0, 1))),
        (("one-example-only",), right * (rows == rows[-1])[:, None]),
        (("one-example-only",), right * (rows == 0)[:, None]),
        (("example-left-out",), right * (rows != 0)[:, None]),
        (("example-left-out",), right * (rows != rows[-1])[:, None]),
        (("data-term-missing",), 0 * right),
    ]


def penalties(weights, reg, N):
    """What people add to the loss for a list of weight matrices."""
    squares = sum((W**2).sum() for W in weights)
    total = sum(W.sum() for W in weights)
    size = sum(W.size for W in weights)
    return [
        ((), reg * squares),
        (("half",), reg * squares / 2),
        (("reg-missing-from-loss",), 0.0),
        (("reg-over-n",), reg * squares / N),
        (("reg-over-n", "half"), reg * squares / N / 2),
        (("reg-times-n",), reg * squares * N),
        (("reg-times-n", "half"), reg * squares * N / 2),
        (("reg-twice",), 2 * reg * squares),
        (("reg-twice",), 1.5 * reg * squares),
        (("reg-before-and-after",), (1 + 1 / N) * reg * squares),
        (("reg-before-and-after", "half"), (1 + 1 / N) * reg * squares / 2),
        (("reg-sign",), -reg * squares),
        (("reg-sign", "half"), -reg * squares / 2),
        (("reg-strength-dropped",), squares),
        (("reg-strength-dropped", "half"), squares / 2),
        (("reg-other-form",), reg * squares / 4),
        (("reg-other-form",), reg * total),
        (("reg-other-form", "half"), reg * total / 2),
        (("reg-other-form",), reg * total**2),
        (("reg-other-form", "half"), reg * total**2 / 2),
        (("reg-other-form",), reg * sum(np.abs(W).sum() for W in weights)),
        (("reg-other-form",), reg * sum(np.linalg.norm(W) for W in weights)),
        (("reg-other-form", "half"), reg * sum(np.linalg.norm(W) for W in weights) / 2),
        (("reg-other-form",), reg * np.sqrt(squares)),
        (("reg-other-form",), reg * squares / size),
        (("reg-other-form", "half"), reg * squares / size / 2),
        (("reg-other-form",), reg),
        (("reg-other-form", "half"), reg / 2),
        (("reg-other-form",), reg**2 * squares),
        (("reg-other-form",), reg * sum((W @ W.T).sum() for W in weights if W.ndim == 2)),
        (("reg-other-form",), reg * sum((W.T @ W).sum() for W in weights if W.ndim == 2)),
        (
            ("reg-other-form", "half"),
            reg * sum((W @ W.T).sum() for W in weights if W.ndim == 2) / 2,
        ),
        (
            ("reg-other-form", "half"),
            reg * sum((W.T @ W).sum() for W in weights if W.ndim == 2) / 2,
        ),
    ]


def penalty_gradients(W, reg, N):
    """What people add to the gradient."""
    return [
        ((), 2 * reg * W),
        (("half",), reg * W),
        (("reg-missing-from-gradient",), 0 * W),
        (("reg-over-n",), 2 * reg * W / N),
        (("reg-over-n", "half"), reg * W / N),
        (("reg-times-n",), 2 * reg * W * N),
        (("reg-times-n", "half"), reg * W * N),
        (("reg-twice",), 4 * reg * W),
        (("reg-twice",), 3 * reg * W),
        (("reg-before-and-after",), 2 * (1 + 1 / N) * reg * W),
        (("reg-before-and-after", "half"), (1 + 1 / N) * reg * W),
        (("reg-sign",), -2 * reg * W),
        (("reg-sign", "half"), -reg * W),
        (("reg-strength-dropped",), 2 * W),
        (("reg-strength-dropped", "half"), W),
        (("reg-other-form", "half"), reg * W / 2),
        (("reg-other-form", "half"), reg + 0 * W),
        (("reg-other-form",), 2 * reg + 0 * W),
        (("reg-other-form", "half"), reg * W.sum() + 0 * W),
        (("reg-other-form",), 2 * reg * W.sum() + 0 * W),
        (("reg-other-form", "half"), reg * np.abs(W)),
        (("reg-other-form",), 2 * reg * np.abs(W)),
        (("reg-other-form",), reg * np.sign(W)),
        (("reg-other-form", "half"), reg * W**2),
        (("reg-other-form",), 2 * reg * W**2),
        (("reg-other-form", "half"), reg * (W**2).sum() + 0 * W),
        (("reg-other-form",), 2 * reg**2 * W),
        (("reg-other-form",), reg + (W**2).sum() + 0 * W),
    ]


def without_last_row(W):
    """W with zeros for its last row, which multiplies the 1 of the bias trick."""
    return np.vstack([W[:-1], 0 * W[-1:]])


# Of a convention: what was compared.
AGREE = "Your loss and your gradient agree in it."


def name_penalties(in_loss, in_gradient):
    """Mistakes in a pair of penalties, and whether they are made with one half.

    Parameters
    ----------
    in_loss, in_gradient : names of what fits; None where there is nothing that could be compared

    Returns
    -------
    names : tuple
    half : bool, True where all that there is of a penalty belongs to 0.5 * reg * sum(W^2)
    """
    names = [name for part in (in_gradient, in_loss) for name in part or () if name != "half"]
    if names == ["reg-missing-from-gradient", "reg-missing-from-loss"]:
        return ("reg-missing",), False
    if (in_loss, in_gradient) == ((), ("half",)):
        return ("reg-factor-2-missing",), False
    if (in_loss, in_gradient) == (("half",), ()):
        return ("reg-half-in-loss-only",), False
    there = [
        part for part in (in_loss, in_gradient) if part is not None and not OTHER.intersection(part)
    ]
    return unique(names), bool(there) and all("half" in part for part in there)


MISSING = {"reg-missing-from-loss", "reg-missing-from-gradient"}
OTHER = MISSING | {"reg-other-form"}  # of these nobody can say whether they are made with one half

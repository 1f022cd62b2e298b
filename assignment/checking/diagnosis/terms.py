"""What a loss and a gradient are made of, and what each known mistake makes of it.

Data terms are sums over the examples here; SCALES divides them by N, or by what people divide by.
Penalties are this course's reg * sum(W^2), or with "half" the other half of the world's
0.5 * reg * sum(W^2): a mistake may be made in either convention.
"""

import numpy as np

from assignment.checking.diagnosis import unique

SCALES = (
    ((), lambda N, C: 1 / N),
    (("not-averaged",), lambda N, C: 1.0),
    (("averaged-twice",), lambda N, C: 1 / N**2),
    (("averaged-over-classes",), lambda N, C: 1 / (N * C)),
    (("averaged-over-classes",), lambda N, C: 1 / C),
    (("constant-factor",), lambda N, C: 2 / N),
    (("constant-factor",), lambda N, C: 1 / (2 * N)),
    (("sign",), lambda N, C: -1 / N),
    (("sign", "not-averaged"), lambda N, C: -1.0),
)


def scaled(terms, N, C):
    """Each term in each scale: candidates for a mean over N examples."""
    return [
        (names + scale, factor(N, C) * array) for names, array in terms for scale, factor in SCALES
    ]


def hinge_losses(S, y):
    """What the hinge loss, and each mistake in it, sums over the examples."""
    rows = np.arange(len(y))
    m, other = _margins(S, y)
    columns = other & ~np.isin(np.arange(S.shape[1]), y)
    positive = np.maximum(m, 0)
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


def log_softmax(S, axis=1):
    """log of exp(S) / sum of exp(S) along an axis."""
    shifted = S - S.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


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
        (("data-term-missing",), 0.0),
        *((("epsilon-in-log",), -np.log(p + epsilon).sum()) for epsilon in EPSILONS),
    ]


def softmax_coefficients(S, y):
    """(N, C) coefficients G, with dW = X^T G, of the cross-entropy and of each mistake in it."""
    rows = np.arange(len(y))
    P = np.exp(log_softmax(S))
    Y = np.zeros_like(P)
    Y[rows, y] = 1
    columns = np.isin(np.arange(S.shape[1]), y)
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
        (("right-class-sign",), P + Y),
        (("log-missing",), own * right),
        (("not-normalised",), E - Y),
        (("not-normalised",), np.exp(S - S.max(axis=1, keepdims=True)) - Y),
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
    ]


def name_penalties(in_loss, in_gradient):
    """Mistakes in a pair of penalties, and the convention if the two make one.

    None stands for a part that is not there or not understood: it is no witness.
    """
    names = [name for part in (in_gradient, in_loss) for name in part or () if name != "half"]
    if names == ["reg-missing-from-gradient", "reg-missing-from-loss"]:
        return ("reg-missing",), None
    witnesses = [
        part
        for part in (in_loss, in_gradient)
        if part is not None and not MISSING.intersection(part)
    ]
    halves = ["half" in part for part in witnesses]
    if halves == [False, True]:
        names.append("reg-factor-2-missing")
    elif halves == [True, False]:
        names.append("reg-half-in-loss-only")
    elif all(halves) and not names and halves:
        return (), "half-convention"
    # Other forms of the penalty are told by themselves, whatever their factor.
    if len(names) > 1 and names[-1].startswith(("reg-factor", "reg-half")):
        names.pop()
    return unique(names), None


MISSING = {"reg-missing-from-loss", "reg-missing-from-gradient"}

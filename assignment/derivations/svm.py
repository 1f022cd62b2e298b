"""The subgradient of the multiclass hinge loss, from one example to the code's formula."""

import numpy as np

from assignment.derivations.derivation import Derivation, Line, Symbol
from assignment.derivations.numbers import (
    differential,
    gradient,
    matrices,
    moved,
    normal,
    one_hot,
    relu,
)

LINES = (
    Line("1", "s == Xi @ W", "a name for the scores of example i"),
    Line(
        "2",
        "m == s - s @ y @ one.T + one.T",
        "margins: each score minus that of the right class, plus 1",
        label="margins",
    ),
    Line(
        "3",
        "l == sigma(m) @ (one - y)",
        "the hinge of each margin, summed over the wrong classes",
        label="hinge",
    ),
    Line(
        "4",
        "dl == d(sigma(m)) @ (one - y) == (dsigma(m) * dm) @ (one - y)",
        "d f(A) = f′(A) ⊙ dA; away from the kinks, where a margin is exactly 0",
    ),
    Line(
        "5",
        "dl == (dsigma(m) * (one - y).T) @ dm.T; v == dsigma(m) * (one - y).T",
        "(u ⊙ v) w = (u ⊙ wᵀ) vᵀ for rows u, v and a column w; v marks violated margins",
        label="violated",
    ),
    Line("6", "dl == tr(v.T @ dm)", "a number is its own trace; the trace is cyclic"),
    Line("7", "dm == ds - ds @ y @ one.T", "the differential of (2)"),
    Line(
        "8",
        "dl == tr(v.T @ ds - v.T @ ds @ y @ one.T)",
        "put (7) into (6)",
    ),
    Line(
        "9",
        "dl == tr((v.T - y @ one.T @ v.T) @ ds)",
        "the trace is cyclic; ds is a common factor",
    ),
    Line(
        "10",
        "dl_ds == v - v @ one @ y.T",
        "if dl = tr(Gᵀ ds), then G is the gradient",
        label="dscores",
        answer=True,
    ),
    Line(
        "11",
        "dl == tr(dl_ds.T @ Xi @ dW)",
        "ds = X_i dW",
    ),
    Line(
        "12",
        "L == Sum(l) / N + reg * tr(W.T @ W)",
        "the code's loss: the mean, and the squares of the weights",
        label="loss",
    ),
    Line(
        "13",
        "dL_dW == Sum(Xi.T @ (v - v @ one @ y.T)) / N + 2 * reg * W",
        "the gradient of a sum is the sum of the gradients; d tr(WᵀW) = tr((2W)ᵀ dW)",
        label="penalty",
        answer=True,
    ),
    Line(
        "14",
        "M == V - (V @ one @ one.T) * Y",
        "the rows of (10) stacked",
        answer=True,
    ),
    Line(
        "15",
        "dL_dW == X.T @ M / N + 2 * reg * W",
        "a sum of columns times rows is a matrix product: the code's own formula",
        label="dW",
        answer=True,
    ),
)


def _draw(rng, N, D, C):
    Xi, dW, y = normal(rng, N, 1, D), normal(rng, D, C), one_hot(rng, N, C)
    W, reg = moved(normal(rng, D, C), dW), rng.uniform(0.1, 1)
    right = y[:, :, 0].argmax(axis=1)

    def losses(s):
        """One example and one class at a time, unlike the lines."""
        total = [
            sum(relu(s[..., i, 0, c] - s[..., i, 0, r] + 1) for c in range(C) if c != r)
            for i, r in enumerate(right)
        ]
        return np.stack(total, axis=-1)[..., np.newaxis, np.newaxis]

    def mean_loss(W):
        return losses(Xi @ W).sum(axis=(-3, -2)) / N + reg * np.sum(W * W, axis=(-2, -1))

    s = Xi @ W
    m = np.concatenate([s[[i]] - s[i, 0, right[i]] + 1 for i in range(N)])
    violated = (m.real > 0) & (np.arange(C) != right[:, np.newaxis, np.newaxis])
    dl_ds = gradient(losses, s)
    return matrices(
        Xi=Xi,
        y=y,
        W=W,
        dW=dW,
        one=np.ones((C, 1)),
        s=s,
        ds=differential(s),
        m=m,
        dm=differential(m),
        v=violated.astype(float),
        V=violated[:, 0].astype(float),
        M=dl_ds[:, 0],
        X=Xi[:, 0],
        Y=y[:, :, 0],
        N=float(N),
        reg=reg,
        l=losses(s),
        dl=differential(losses(s)),
        dl_ds=dl_ds,
        L=[mean_loss(W)],
        dL_dW=gradient(mean_loss, W),
    )


svm = Derivation(
    title="The subgradient of the multiclass hinge loss",
    lines=LINES,
    symbols={
        "Xi": Symbol("X_i", "1", "D"),
        "W": Symbol("W", "D", "C"),
        "y": Symbol("y_i", "C", "1"),
        "one": Symbol(r"\mathbf{1}", "C", "1"),
        "s": Symbol("s_i", "1", "C"),
        "m": Symbol("m_i", "1", "C"),
        "v": Symbol("v_i", "1", "C"),
        "l": Symbol("l_i", "1", "1"),
        "L": Symbol("L", "1", "1"),
        "X": Symbol("X", "N", "D"),
        "Y": Symbol("Y", "N", "C"),
        "V": Symbol("V", "N", "C"),
        "M": Symbol("M", "N", "C"),
        "N": Symbol("N", "", ""),
        "reg": Symbol(r"\mathrm{reg}", "", ""),
    },
    sizes=({"N": 6, "D": 4, "C": 3}, {"N": 3, "D": 2, "C": 5}, {"N": 4, "D": 7, "C": 6}),
    draw=_draw,
    blank="10",
)

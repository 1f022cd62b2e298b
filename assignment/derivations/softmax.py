"""The gradient of the softmax loss: the original derivation, then the step to a batch."""

import numpy as np

from assignment.derivations.derivation import Derivation, Line, Symbol, quoted
from assignment.derivations.numbers import (
    cross_entropy,
    differential,
    gradient,
    matrices,
    moved,
    normal,
    one_hot,
)
from assignment.derivations.originals import SOFTMAX

ONE_EXAMPLE = (
    Line(
        "1",
        "l == -log(SoftMax(X @ W)) @ y",
        "the loss of one example; y picks the right class",
        label="log",
    ),
    Line("2", "a == X @ W", "a name for the scores"),
    Line("3", "l == -log(SoftMax(a)) @ y", "put (2) into (1)"),
    Line("4", "dl == -d(log(SoftMax(a))) @ y", "d(AB) = dA B + A dB, and y is constant"),
    Line("5", "dl == tr(-d(log(SoftMax(a))) @ y)", "a number is its own trace"),
    Line("6", "dl == tr(-y @ d(log(SoftMax(a))))", "the trace is cyclic"),
    Line(
        "7",
        "d(log(SoftMax(a))) == d(log(exp(a) / (exp(a) @ one)))"
        " == da - d(log(exp(a) @ one)) @ one.T",
        "log of a quotient; 1ᵀ spreads the number over the row",
        written="d(log(SoftMax(a))) == d(log(exp(a) / (exp(a) @ one)))"
        " == da - (d(log(exp(a))) @ one) @ one.T",
        kind="loose",
        remark="d log has to reach over the whole product: the logarithm of a sum is meant, not the"
        " sum of logarithms. (The original writes K in line 1 and k from here on.)",
        label="log of the sum",
    ),
    Line(
        "8",
        "dl == tr(-y @ da + y @ d(log(exp(a) @ one)) @ one.T)",
        "put (7) into (6)",
        written="dl == tr(-y @ da + y @ (d(log(exp(a))) @ one) @ one.T)",
        kind="loose",
        remark="As in line 7: d log reaches over the whole product.",
    ),
    Line(
        "9",
        "dl == tr(-y @ da) + tr(one.T @ y @ d(log(exp(a) @ one))); one.T @ y == 1",
        "the trace of a sum is the sum of traces; the trace is cyclic",
        written="dl == tr(-y @ da + one.T @ y @ d(log(exp(a) @ one))); one.T @ y == 1",
        kind="ill-formed",
        remark="A K x K matrix and a number are added under the trace: the trace has to be split"
        " before the second term is turned round. (And d log reaches over the product, as in 7.)",
    ),
    Line(
        "10",
        "dl == tr(-y @ da) + d(log(exp(a) @ one))",
        "1ᵀ y = 1",
        written="dl == tr(-y @ da + d(log(exp(a) @ one)))",
        kind="ill-formed",
        remark="The same sum of a K x K matrix and a number. (And d log, as in line 7.)",
    ),
    Line(
        "11",
        "d(log(exp(a) @ one)) == d(exp(a) @ one) / (exp(a) @ one)"
        " == (exp(a) * da) @ one / (exp(a) @ one)",
        "d log s = ds / s, and d exp(a) = exp(a) ⊙ da",
        written="d(log(exp(a))) @ one == d(exp(a) @ one) / (exp(a) @ one)"
        " == (exp(a) * da) @ one / (exp(a) @ one)",
        kind="loose",
        remark="As in line 7, on the left.",
    ),
    Line(
        "12",
        "d(log(exp(a) @ one)) == tr((exp(a).T * one) @ da) / (exp(a) @ one)"
        " == tr(exp(a).T @ da) / (exp(a) @ one)",
        "(u ⊙ v) w = tr((uᵀ ⊙ w) v) for rows u, v and a column w",
        written="d(log(exp(a) @ one)) == (exp(a).T * one) @ da / (exp(a) @ one)"
        " == exp(a).T @ da / (exp(a) @ one)",
        kind="ill-formed",
        remark="A column times a row is a K x K matrix, but the left side is a number: the"
        " equality holds under a trace, and the trace is missing. (The line goes on from 11.)",
    ),
    Line(
        "13",
        "dl == tr(-y @ da) + d(log(exp(a) @ one)) == tr(-y @ da + exp(a).T @ da / (exp(a) @ one))",
        "put (12) into (10); two traces make one",
        written="dl == tr(-y @ da + d(log(exp(a) @ one)))"
        " == tr(-y @ da + exp(a).T @ da / (exp(a) @ one))",
        kind="ill-formed",
        remark="The middle repeats the sum of line 10, with its d log; the right part is sound.",
    ),
    Line(
        "14",
        "dl == tr((-y + exp(a).T / (exp(a) @ one)) @ da)",
        "da is a common factor",
    ),
    Line(
        "15",
        "dl_da == -y.T + exp(a) / (exp(a) @ one) == -y.T + SoftMax(a)",
        "if dl = tr(Gᵀ da), then G is the gradient",
        label="dscores",
    ),
    Line(
        "16",
        "dl == tr((-y + exp(a).T / (exp(a) @ one)) @ da)"
        " == tr((-y + exp(a).T / (exp(a) @ one)) @ d(X @ W))",
        "put (2) into (14)",
        written="dl == tr((-y + exp(a).T / (exp(a) @ one)) @ da)"
        " == tr((-y + exp(a).T / (exp(a) @ one)) @ d(X) @ W)",
        kind="loose",
        remark="The brackets of d(XW) are missing; dX is zero, because X does not move.",
    ),
    Line(
        "17",
        "dl == tr((-y + exp(a).T / (exp(a) @ one)) @ X @ dW)",
        "d(XW) = X dW, since X is constant",
        answer=True,
    ),
    Line(
        "18",
        "dl_dW == X.T @ (-y.T + exp(a) / (exp(a) @ one))",
        "if dl = tr(Gᵀ dW), then G is the gradient",
        answer=True,
    ),
)


def _draw_one(rng, D, K):
    X, dW, y = normal(rng, 1, D), normal(rng, D, K), one_hot(rng, 1, K)[0]
    W = moved(normal(rng, D, K), dW)
    a = X @ W
    loss = cross_entropy(a, y)[:, np.newaxis]
    return matrices(
        X=X,
        W=W,
        dW=dW,
        y=y,
        one=np.ones((K, 1)),
        a=a,
        da=differential(a),
        l=loss,
        dl=differential(loss),
        dl_da=gradient(lambda a: cross_entropy(a, y), a),
        dl_dW=gradient(lambda W: cross_entropy(X @ W, y), W),
    )


softmax = Derivation(
    title="The gradient of the softmax loss",
    lines=quoted(ONE_EXAMPLE, SOFTMAX),
    symbols={
        "X": Symbol("X", "1", "D"),
        "W": Symbol("W", "D", "K"),
        "y": Symbol("y", "K", "1"),
        "one": Symbol(r"\mathbf{1}", "K", "1"),
        "a": Symbol("a", "1", "K"),
        "l": Symbol("l", "1", "1"),
    },
    sizes=({"D": 4, "K": 3}, {"D": 2, "K": 5}, {"D": 7, "K": 6}),
    draw=_draw_one,
    blank="17",
)

BATCH = (
    Line(
        "19",
        "L == Sum(l) / N + reg * tr(W.T @ W)",
        "the code's loss: the mean over N examples, and the sum of all squared weights",
        label="loss",
    ),
    Line(
        "20",
        "dL == Sum(dl) / N + reg * tr(dW.T @ W + W.T @ dW)",
        "d(AB) = dA B + A dB",
    ),
    Line(
        "21",
        "dL == Sum(dl) / N + tr((2 * reg * W).T @ dW)",
        "tr(Aᵀ) = tr(A): both terms are equal, hence the 2",
        label="penalty",
    ),
    Line(
        "22",
        "dL == Sum(tr((SoftMax(Xi @ W).T - y) @ Xi @ dW)) / N + tr((2 * reg * W).T @ dW)",
        "line 17, for each example",
    ),
    Line(
        "23",
        "dL_dW == Sum(Xi.T @ (SoftMax(Xi @ W) - y.T)) / N + 2 * reg * W",
        "if dL = tr(Gᵀ dW), then G is the gradient",
        answer=True,
    ),
    Line(
        "24",
        "Sum(Xi.T @ (SoftMax(Xi @ W) - y.T)) == X.T @ (SoftMax(X @ W) - Y)",
        "the rows stacked: a sum of columns times rows is a matrix product",
        answer=True,
    ),
    Line(
        "25",
        "dL_dW == X.T @ (SoftMax(X @ W) - Y) / N + 2 * reg * W",
        "put (24) into (23): the code's own formula",
        label="dW",
        answer=True,
    ),
)


def _draw_batch(rng, N, D, K):
    Xi, dW, y = normal(rng, N, 1, D), normal(rng, D, K), one_hot(rng, N, K)
    W, reg = moved(normal(rng, D, K), dW), rng.uniform(0.1, 1)

    def total(W):
        return cross_entropy(Xi @ W, y).sum(axis=-2) / N + reg * np.sum(W * W, axis=(-2, -1))

    losses = cross_entropy(Xi @ W, y)[..., np.newaxis]
    return matrices(
        Xi=Xi,
        y=y,
        X=Xi[:, 0],
        Y=y[:, :, 0],
        W=W,
        dW=dW,
        N=float(N),
        reg=reg,
        l=losses,
        dl=differential(losses),
        L=[total(W)],
        dL=[differential(total(W))],
        dL_dW=gradient(total, W),
    )


softmax_batch = Derivation(
    title="From one example to a batch",
    lines=BATCH,
    symbols={
        "Xi": Symbol("X_i", "1", "D"),
        "y": Symbol("y_i", "K", "1"),
        "l": Symbol("l_i", "1", "1"),
        "X": Symbol("X", "N", "D"),
        "Y": Symbol("Y", "N", "K"),
        "W": Symbol("W", "D", "K"),
        "L": Symbol("L", "1", "1"),
        "N": Symbol("N", "", ""),
        "reg": Symbol(r"\mathrm{reg}", "", ""),
    },
    sizes=({"N": 6, "D": 4, "K": 3}, {"N": 3, "D": 2, "K": 5}, {"N": 4, "D": 7, "K": 6}),
    draw=_draw_batch,
    blank="23",
)

"""Back-propagation through two layers: the original derivation, then the step to the code."""

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
    relu,
)
from assignment.derivations.originals import BACKPROP

SUM_OF_EXAMPLES = (
    Line(
        "1",
        "L == -Sum(log(SoftMax(O2)) @ y); O2 == sigma(X @ W1 + b1) @ W2 + b2",
        "the loss, summed over the examples i, and their scores",
        kind="loose",
        remark="A bracket of the logarithm is never closed.",
        label="log",
    ),
    Line(
        "2",
        "output == SoftMax(sigma(X @ W1 + b1) @ W2 + b2)",
        "the chain: input, FC, ReLU, FC, SoftMax, output",
        kind="loose",
        remark="A picture, with its shapes left empty: here is what its arrows say.",
    ),
    Line(
        "3",
        "O2 == H1 @ W2 + b2; H1 == sigma(O1); O1 == X @ W1 + b1",
        "a name for each stage of the chain",
        written="O2 == H1 @ W2 + b2; H1 == sigma(O1); O1 == X @ W1 + b",
        kind="loose",
        remark="b1 has lost its index: there is no b.",
        label="forward",
    ),
    Line(
        "4",
        "dL == tr(d(-Sum(log(SoftMax(O2)) @ y)))"
        " == tr(d(-Sum(y @ log(exp(O2) / (exp(O2) @ one)))))",
        "a number is its own trace; the trace is cyclic",
        kind="loose",
        remark="A bracket of the logarithm is never closed, as in line 1.",
    ),
    Line(
        "5",
        "dL == tr(d(-Sum(y @ log(SoftMax(O2)))));"
        " log(SoftMax(O2)) == O2 - log(exp(O2) @ one) @ one.T",
        "log of a quotient; 1ᵀ spreads the number over the row",
        written="dL == tr(d(Sum(-y @ (O2 - (log(exp(O2)) @ one) @ one.T))))",
        kind="loose",
        remark="log has to reach over the whole product, here and in lines 6 to 8; the sum, over"
        " all that follows. A brace is closed that was never opened, here and in 6, 7 and 9.",
        label="log of the sum",
    ),
    Line(
        "6",
        "dL == tr(d(Sum(y @ log(exp(O2) @ one) @ one.T - y @ O2)))"
        " == d(Sum(tr(-y @ O2) + one.T @ y @ log(exp(O2) @ one)))",
        "multiply out; the trace is cyclic",
        written="dL == tr(d(Sum(-y @ O2 + y @ log(exp(O2) @ one) @ one.T)))"
        " == tr(d(Sum(-y @ O2 + one.T @ y @ log(exp(O2) @ one))))",
        kind="ill-formed",
        remark="On the right a K x K matrix and a number are added under the trace: the trace has"
        " to be split before the second term is turned round.",
    ),
    Line(
        "7",
        "dL == d(Sum(tr(-y @ O2) + log(exp(O2) @ one)))"
        " == Sum(tr(-y @ dO2) + d(log(exp(O2) @ one)))",
        "1ᵀ y = 1; the differential of a sum is the sum of differentials",
        written="dL == tr(d(Sum(-y @ O2 + log(exp(O2) @ one))))"
        " == tr(Sum(-y @ dO2 + d(log(exp(O2) @ one))))",
        kind="ill-formed",
        remark="The same sum of a K x K matrix and a number, twice.",
    ),
    Line(
        "8",
        "d(log(exp(O2) @ one)) == d(exp(O2) @ one) / (exp(O2) @ one)"
        " == (exp(O2) * dO2) @ one / (exp(O2) @ one)"
        " == tr(exp(O2).T @ dO2) / (exp(O2) @ one)",
        "d log s = ds / s, d exp(A) = exp(A) ⊙ dA, and (u ⊙ v) 1 = tr(uᵀ v) for rows u, v",
        written="d(log(exp(O2) @ one)) == d(exp(O2) @ one) / (exp(O2) @ one)"
        " == (exp(O2) * dO2) @ one / (exp(O2) @ one)"
        " == (exp(O2).T * dO2) / (exp(O2) @ one)",
        kind="ill-formed",
        remark="A Hadamard product of a column and a row is not defined: a matrix product is meant,"
        " and under a trace.",
    ),
    Line(
        "9",
        "dL == tr(Sum(-y @ dO2 + exp(O2).T @ dO2 / (exp(O2) @ one)))"
        " == tr(Sum((-y + SoftMax(O2).T) @ dO2))",
        "put (8) into (7); dO2 is a common factor",
        written="dL == tr(Sum(-y @ dO2 + (exp(O2).T * dO2) / (exp(O2) @ one)))"
        " == tr(Sum((-y + SoftMax(O2).T) @ dO2))",
        kind="ill-formed",
        remark="The Hadamard product of line 8 again; the right part is sound.",
    ),
    Line(
        "10",
        "dL_dO2 == -y.T + SoftMax(O2)",
        "if dL = tr(Gᵀ dA), then G is the gradient",
        label="dscores",
    ),
    Line(
        "11",
        "dO2 == d(H1 @ W2 + b2) == dH1 @ W2 + H1 @ dW2 + db2",
        "d(AB) = dA B + A dB",
    ),
    Line(
        "12",
        "dL == tr(Sum(dL_dO2.T @ (dH1 @ W2 + H1 @ dW2 + db2)))",
        "put (10) and (11) into (9)",
    ),
    Line(
        "13",
        "dL_dW2 == Sum(H1.T @ dL_dO2)",
        "the part of (12) with dW2",
        kind="loose",
        remark="The sum has lost its index: it runs over the examples i.",
    ),
    Line(
        "14",
        "dL_db2 == Sum(dL_dO2)",
        "the part of (12) with db2",
        kind="loose",
        remark="The sum has lost its index, as in line 13.",
    ),
    Line(
        "15",
        "dL2 == tr(Sum(dL_dO2.T @ dH1 @ W2)) == tr(Sum(W2 @ dL_dO2.T @ dH1));"
        " dH1 == d(sigma(O1)) == dsigma(O1) * dO1",
        "the rest of (12), called dL2: what comes through the hidden layer; the trace is cyclic",
        kind="loose",
        remark="dL_2 is defined nowhere: it is the change of L when only the first layer moves.",
    ),
    Line(
        "16",
        "dL_dH1 == dL_dO2 @ W2.T",
        "if dL = tr(Gᵀ dA), then G is the gradient",
        kind="loose",
        remark="A stray d ends the line.",
    ),
    Line(
        "17",
        "dL2 == tr(Sum(dL_dH1.T @ dH1)) == tr(Sum(dL_dH1.T @ (dsigma(O1) * dO1)))"
        " == tr(Sum((dL_dH1 * dsigma(O1)).T @ dO1))",
        "put (15) in; tr(Aᵀ(B ⊙ C)) = tr((A ⊙ B)ᵀ C)",
        answer=True,
    ),
    Line(
        "18",
        "dL_dO1 == dL_dH1 * dsigma(O1)",
        "if dL = tr(Gᵀ dA), then G is the gradient",
        label="mask",
        answer=True,
    ),
    Line(
        "19",
        "dL2 == tr(Sum(dL_dO1.T @ dO1)) == tr(Sum(dL_dO1.T @ d(X @ W1 + b1)))"
        " == tr(Sum(dL_dO1.T @ (X @ dW1 + db1)))",
        "put (3) in; X is constant",
        written="dL2 == tr(Sum(dL_dO1.T @ dO1)) == tr(Sum(dL_dO1.T @ d(X @ W1 + b)))"
        " == tr(Sum(dL_dO1.T @ (X @ dW1 + db)))",
        kind="loose",
        remark="b1 has lost its index, as in line 3.",
    ),
    Line(
        "20",
        "dL_dW1 == Sum(X.T @ dL_dO1)",
        "the part of (19) with dW1",
        written="dL_dW2 == Sum(X.T @ dL_dO1)",
        kind="ill-formed",
        remark="The label is wrong: this is the gradient of W1, of shape D x H; that of W2 stands"
        " in line 13.",
    ),
    Line(
        "21",
        "dL_db1 == Sum(dL_dO1)",
        "the part of (19) with db1",
        written="dL_db2 == Sum(dL_dO1)",
        kind="ill-formed",
        remark="The label is wrong: this is the gradient of b1; that of b2 stands in line 14.",
    ),
)


def _draw(rng, n, D, H, K):
    X, y = normal(rng, n, 1, D), one_hot(rng, n, K)
    shapes = {"W1": (D, H), "b1": (1, H), "W2": (H, K), "b2": (1, K)}
    steps = {name: normal(rng, *shape) for name, shape in shapes.items()}
    start = {name: normal(rng, *shape) for name, shape in shapes.items()}
    p = {name: moved(start[name], steps[name]) for name in shapes}

    def from_O2(O2):
        return cross_entropy(O2, y).sum(axis=-2)

    def from_H1(H1, p):
        return from_O2(H1 @ p["W2"] + p["b2"])

    def from_O1(O1, p):
        return from_H1(relu(O1), p)

    def loss(p):
        return from_O1(X @ p["W1"] + p["b1"], p)

    O1 = X @ p["W1"] + p["b1"]
    H1 = relu(O1)
    O2 = H1 @ p["W2"] + p["b2"]
    still = {name: value.real for name, value in p.items()}
    only_first = {**still, "W1": p["W1"], "b1": p["b1"]}
    e = np.exp(O2 - O2.real.max(axis=-1, keepdims=True))
    return matrices(
        X=X,
        y=y,
        one=np.ones((K, 1)),
        **p,
        **{f"d{name}": step for name, step in steps.items()},
        O1=O1,
        H1=H1,
        O2=O2,
        dO1=differential(O1),
        dH1=differential(H1),
        dO2=differential(O2),
        output=e / e.sum(axis=-1, keepdims=True),
        L=[loss(p)],
        dL=[differential(loss(p))],
        dL2=[differential(loss(only_first))],
        dL_dO2=gradient(from_O2, O2),
        dL_dH1=gradient(lambda H1: from_H1(H1, still), H1),
        dL_dO1=gradient(lambda O1: from_O1(O1, still), O1),
        **{
            f"dL_d{name}": gradient(lambda v, name=name: loss({**still, name: v}), still[name])
            for name in shapes
        },
    )


backprop = Derivation(
    title="Back-propagation through two layers",
    lines=quoted(SUM_OF_EXAMPLES, BACKPROP),
    symbols={
        "X": Symbol("X_i", "1", "D"),
        "y": Symbol("y_i", "K", "1"),
        "W1": Symbol("W_1", "D", "H"),
        "b1": Symbol("b_1", "1", "H"),
        "W2": Symbol("W_2", "H", "K"),
        "b2": Symbol("b_2", "1", "K"),
        "b": Symbol("b", "", ""),
        "one": Symbol(r"\mathbf{1}", "K", "1"),
        "O1": Symbol("O_{1,i}", "1", "H"),
        "H1": Symbol("H_{1,i}", "1", "H"),
        "O2": Symbol("O_{2,i}", "1", "K"),
        "output": Symbol(r"\mathrm{output}_i", "1", "K"),
        "L": Symbol("L", "1", "1"),
        "L2": Symbol("L_2", "1", "1"),
    },
    sizes=(
        {"n": 6, "D": 4, "H": 5, "K": 3},
        {"n": 3, "D": 5, "H": 2, "K": 4},
        {"n": 2, "D": 3, "H": 7, "K": 5},
    ),
    draw=_draw,
    blank="17",
)

TO_THE_CODE = (
    Line(
        "22",
        "J == L / N + reg * (tr(W1.T @ W1) + tr(W2.T @ W2))",
        "the code's loss: the mean over N examples, and the squares of all weights",
        label="loss",
    ),
    Line(
        "23",
        "dJ == dL / N + tr((2 * reg * W1).T @ dW1) + tr((2 * reg * W2).T @ dW2)",
        "d(AᵀA) = dAᵀA + AᵀdA, and tr(Aᵀ) = tr(A)",
        label="penalty",
    ),
    Line(
        "24",
        "dJ_dO2 == (SoftMax(O2) - Y) / N",
        "line 10 over N, the rows stacked",
        label="dO2",
        answer=True,
    ),
    Line(
        "25",
        "dJ_dW2 == H1.T @ dJ_dO2 + 2 * reg * W2; dJ_db2 == one.T @ dJ_dO2",
        "lines 13 and 14: sums over examples are matrix products",
        label="dW2",
        answer=True,
    ),
    Line(
        "26",
        "dJ_dO1 == dJ_dO2 @ W2.T * dsigma(O1)",
        "lines 16 and 18, the rows stacked",
        answer=True,
    ),
    Line(
        "27",
        "dJ_dW1 == X.T @ dJ_dO1 + 2 * reg * W1; dJ_db1 == one.T @ dJ_dO1",
        "lines 20 and 21: the code's own formulas",
        label="dW1",
        answer=True,
    ),
)


def _draw_stacked(rng, N, D, H, K):
    X, Y, reg = normal(rng, N, D), one_hot(rng, N, K)[:, :, 0], rng.uniform(0.1, 1)
    shapes = {"W1": (D, H), "b1": (1, H), "W2": (H, K), "b2": (1, K)}
    steps = {name: normal(rng, *shape) for name, shape in shapes.items()}
    p = {name: moved(normal(rng, *shape), steps[name]) for name, shape in shapes.items()}
    still = {name: value.real for name, value in p.items()}

    def data_loss(O2):
        return cross_entropy(O2[..., np.newaxis, :], Y[:, :, np.newaxis]).sum(axis=(-2, -1))

    def hidden(O1, p):
        return relu(O1) @ p["W2"] + p["b2"]

    def penalty(p):
        return reg * sum(np.sum(p[name] * p[name], axis=(-2, -1)) for name in ("W1", "W2"))

    def mean_loss(p):
        return data_loss(hidden(X @ p["W1"] + p["b1"], p)) / N + penalty(p)

    O1 = X @ p["W1"] + p["b1"]
    O2 = hidden(O1, p)
    return matrices(
        X=X,
        Y=Y,
        N=float(N),
        reg=reg,
        one=np.ones((N, 1)),
        **p,
        **{f"d{name}": step for name, step in steps.items()},
        O1=O1,
        H1=relu(O1),
        O2=O2,
        L=[[data_loss(O2)]],
        dL=[[differential(data_loss(O2))]],
        J=[[mean_loss(p)]],
        dJ=[[differential(mean_loss(p))]],
        dJ_dO2=gradient(lambda O2: data_loss(O2) / N, O2),
        dJ_dO1=gradient(lambda O1: data_loss(hidden(O1, still)) / N, O1),
        **{
            f"dJ_d{name}": gradient(lambda v, name=name: mean_loss({**still, name: v}), still[name])
            for name in shapes
        },
    )


backprop_batch = Derivation(
    title="From the sum over examples to the code",
    lines=TO_THE_CODE,
    symbols={
        "X": Symbol("X", "N", "D"),
        "Y": Symbol("Y", "N", "K"),
        "W1": Symbol("W_1", "D", "H"),
        "b1": Symbol("b_1", "1", "H"),
        "W2": Symbol("W_2", "H", "K"),
        "b2": Symbol("b_2", "1", "K"),
        "one": Symbol(r"\mathbf{1}", "N", "1"),
        "O1": Symbol("O_1", "N", "H"),
        "H1": Symbol("H_1", "N", "H"),
        "O2": Symbol("O_2", "N", "K"),
        "L": Symbol("L", "1", "1"),
        "J": Symbol("J", "1", "1"),
        "N": Symbol("N", "", ""),
        "reg": Symbol(r"\mathrm{reg}", "", ""),
    },
    sizes=(
        {"N": 6, "D": 4, "H": 5, "K": 3},
        {"N": 3, "D": 5, "H": 2, "K": 4},
        {"N": 2, "D": 3, "H": 7, "K": 5},
    ),
    draw=_draw_stacked,
    blank="26",
)

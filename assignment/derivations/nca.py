"""The gradient of neighbourhood components analysis: a softmax over the neighbours."""

import numpy as np

from assignment.derivations.derivation import Derivation, Line, Symbol
from assignment.derivations.numbers import differential, gradient, matrices, moved, normal

LINES = (
    Line(
        "1",
        "U == A @ Delta.T",
        "the differences to all other examples, the rows of Δ_i, after the map A",
    ),
    Line(
        "2",
        "s == -e.T @ (U * U)",
        "minus the squared distances: the sums of the squares in each column",
    ),
    Line(
        "3",
        "l == -log(SoftMax(s) @ q)",
        "the loss of example i; q marks the others of its class",
    ),
    Line(
        "4",
        "l == -log(exp(s) @ q) + log(exp(s) @ one)",
        "log of a quotient",
    ),
    Line(
        "5",
        "dl == -(exp(s) * ds) @ q / (exp(s) @ q) + (exp(s) * ds) @ one / (exp(s) @ one)",
        "d log z = dz / z, and d exp(s) = exp(s) ⊙ ds",
    ),
    Line(
        "6",
        "t == exp(s) * q.T / (exp(s) @ q)",
        "a name for the target: the softmax among its own class only",
    ),
    Line(
        "7",
        "dl == (SoftMax(s) - t) @ ds.T == tr((SoftMax(s) - t).T @ ds)",
        "(u ⊙ v) w = (u ⊙ wᵀ) vᵀ for rows u, v and a column w; the trace is cyclic",
        answer=True,
    ),
    Line(
        "8",
        "dl_ds == SoftMax(s) - t",
        "if dl = tr(Gᵀ ds), then G is the gradient",
        answer=True,
    ),
    Line(
        "9",
        "ds == -2 * e.T @ (U * dU); dU == dA @ Delta.T",
        "d(U ⊙ U) = 2 U ⊙ dU; Δ_i is constant",
    ),
    Line(
        "10",
        "dl == -2 * tr(dl_ds.T @ e.T @ (U * dU))",
        "put (9) into (7)",
    ),
    Line(
        "11",
        "dl == -2 * tr((e @ dl_ds * U).T @ dU)",
        "tr(Aᵀ(B ⊙ C)) = tr((A ⊙ B)ᵀ C)",
    ),
    Line(
        "12",
        "e @ dl_ds * U == U @ diag(dl_ds)",
        "both multiply column j of U by entry j",
    ),
    Line(
        "13",
        "dl == -2 * tr(Delta.T @ diag(dl_ds) @ U.T @ dA)",
        "put (12) and (9) into (11); the trace is cyclic",
    ),
    Line(
        "14",
        "dl_dA == -2 * U @ diag(dl_ds) @ Delta",
        "if dl = tr(Gᵀ dA), then G is the gradient",
    ),
    Line(
        "15",
        "L == Sum(l) / N; dL_dA == -2 * A @ Sum(Delta.T @ diag(dl_ds) @ Delta) / N",
        "the mean over the examples, and U = A Δᵀ",
    ),
    Line(
        "16",
        "Sum(Delta.T @ diag(dl_ds) @ Delta) / N == X.T @ (diag(n.T @ M) - M - M.T) @ X;"
        " M @ n == 0 * n",
        "M holds dl_i/ds_ij over N; (x_j - x_i) multiplied out, and the rows of M sum to 0",
    ),
    Line(
        "17",
        "dL_dA == 2 * (M @ Z + M.T @ Z - diag(n.T @ M) @ Z).T @ X; Z == X @ A.T",
        "put (16) into (15): the code's own formula",
        answer=True,
    ),
)


def _draw(rng, N, D, E):
    """N examples of D numbers, mapped to E; the first two share a label, so do the others."""
    if N < 4:
        raise ValueError(f"N={N} is too small: each of the two classes needs two examples.")
    X, dA = normal(rng, N, D), normal(rng, E, D)
    A = moved(0.5 * normal(rng, E, D), dA)
    y = np.where(np.arange(N) < 2, 0, 1)
    others = np.array([[j for j in range(N) if j != i] for i in range(N)])
    Delta = X[others] - X[:, np.newaxis]
    same = (y[others] == y[:, np.newaxis]).astype(float)

    def losses(s):
        e = np.exp(s)[..., 0, :]
        log_p = np.log((e * same).sum(axis=-1)) - np.log(e.sum(axis=-1))
        return -log_p[..., np.newaxis, np.newaxis]

    def scores(A):
        return -((Delta @ np.swapaxes(A, -1, -2)) ** 2).sum(axis=-1)[..., np.newaxis, :]

    U = A @ np.swapaxes(Delta, 1, 2)
    s = scores(A)
    e = np.exp(s.real) * same[:, np.newaxis]
    dl_ds = gradient(losses, s)
    M = np.zeros((N, N))
    M[np.arange(N)[:, np.newaxis], others] = dl_ds[:, 0] / N
    return matrices(
        X=X,
        A=A,
        dA=dA,
        Delta=Delta,
        U=U,
        dU=differential(U),
        s=s,
        ds=differential(s),
        q=same[:, :, np.newaxis],
        one=np.ones((N - 1, 1)),
        e=np.ones((E, 1)),
        n=np.ones((N, 1)),
        t=e / e.sum(axis=-1, keepdims=True),
        M=M,
        Z=X @ A.T,
        N=float(N),
        l=losses(s),
        dl=differential(losses(s)),
        L=[[losses(s).sum() / N]],
        dl_ds=dl_ds,
        dl_dA=np.stack(
            [gradient(lambda A, i=i: losses(scores(A))[..., i, :, :], A) for i in range(N)]
        ),
        dL_dA=gradient(lambda A: losses(scores(A)) / N, A),
    )


nca = Derivation(
    title="The gradient of neighbourhood components analysis",
    lines=LINES,
    symbols={
        "A": Symbol("A", "E", "D"),
        "Delta": Symbol(r"\Delta_i", "N-1", "D"),
        "U": Symbol("U_i", "E", "N-1"),
        "s": Symbol("s_i", "1", "N-1"),
        "t": Symbol("t_i", "1", "N-1"),
        "q": Symbol("q_i", "N-1", "1"),
        "one": Symbol(r"\mathbf{1}", "N-1", "1"),
        "e": Symbol(r"\mathbf{1}_E", "E", "1"),
        "n": Symbol(r"\mathbf{1}_N", "N", "1"),
        "l": Symbol("l_i", "1", "1"),
        "L": Symbol("L", "1", "1"),
        "X": Symbol("X", "N", "D"),
        "Z": Symbol("Z", "N", "E"),
        "M": Symbol("M", "N", "N"),
        "N": Symbol("N", "", ""),
    },
    sizes=({"N": 5, "D": 3, "E": 2}, {"N": 4, "D": 5, "E": 2}, {"N": 6, "D": 2, "E": 4}),
    draw=_draw,
    blank="7",
)

"""What a loss and a gradient are made of: the letters that the entries of mistakes.py use.

Data terms are sums over the examples here; SCALES divides them by N, or by what people divide by.
Penalties are this course's reg * sum(W^2), or with "half" the other half of the world's
0.5 * reg * sum(W^2): a mistake may be made in either convention.
"""

import numpy as np

from assignment.checking.diagnosis import log_softmax, unique
from assignment.checking.linear.mistakes import MISTAKES
from assignment.checking.mistake import candidates


class Terms:
    """Scores of a call, and what a loss makes of them.

    S : (N, C) scores; y : (N,) labels, Y : (N, C) with ones for them; X : (N, D) examples
    losses : (N,), of each example; G : (N, C), with dW = X^T G
    G_of_others : (N, C), G without the part of the right class
    """

    def __init__(self, S, y, X=None):
        self.S, self.y, self.X = S, y, X
        self.N, self.C = S.shape
        self.i, self.classes = np.arange(self.N), np.arange(self.C)
        # y[c] for each class c, by mistake for y[i]; with too few labels such a call fails.
        self.y_of_class = np.resize(y, self.C)
        self.others = self.classes != y[:, np.newaxis]
        self.Y = 1.0 - self.others

    def right(self, A):
        """The entries of the right classes."""
        return A[self.i, self.y]

    def made(self, what):
        """What mistakes make of it."""
        return candidates(MISTAKES, what, self)

    def loss_candidates(self):
        """What the loss, and each mistake in it, sums over the examples."""
        return [
            ((), self.losses.sum()),
            *((names, self.losses_of(A).sum()) for names, A in self.made(self.of)),
            *self.made("loss"),
            *self.made(f"{self.loss}_loss"),
            *((names, w @ self.losses) for names, w in self.made("weights")),
        ]

    def gradient_candidates(self):
        """G of the loss, and of each mistake in it."""
        return [
            ((), self.G),
            *((names, self.G_of(A)) for names, A in self.made(self.of)),
            *self.made("gradient"),
            *self.made(f"{self.loss}_gradient"),
            *((names, w[:, np.newaxis] * self.G) for names, w in self.made("weights")),
        ]


class Hinge(Terms):
    """Made of the margins of all classes; hinges : what is above 0, of the wrong ones."""

    loss, of = "hinge", "margins"

    def __init__(self, S, y, X=None):
        super().__init__(S, y, X)
        self.margins = self.margins_over(self.right(S)[:, np.newaxis])
        self.hinges = np.maximum(self.margins, 0) * self.others
        self.violated = self.hinges > 0
        self.count = self.violated.sum(axis=1)
        self.losses, self.G = self.losses_of(self.margins), self.G_of(self.margins)
        self.G_of_others = self.violated

    def margins_over(self, scores):
        """The margins, if these were the scores of the right classes."""
        return self.S - scores + 1

    def losses_of(self, margins):
        return (np.maximum(margins, 0) * self.others).sum(axis=1)

    def G_of(self, margins):
        return self.balanced(margins > 0)

    def balanced(self, M):
        """The entries of the wrong classes; the right class loses what these gain."""
        return self.with_right(M, -(M * self.others).sum(axis=1))

    def with_right(self, M, value):
        """The entries of the wrong classes, and a number for each right one."""
        return np.where(self.others, M, np.reshape(value, (-1, 1)))


# A small number that keeps the logarithm of 0 finite is a remark, not a mistake.
EPSILON = "epsilon in the logarithm: log(p + epsilon) is not quite the loss"
EPSILONS = [10.0**-n for n in range(5, 16)]


class Softmax(Terms):
    """Made of log P, with the probabilities P of all classes; p : those of the right ones."""

    loss, of = "softmax", "log_P"

    def __init__(self, S, y, X=None):
        super().__init__(S, y, X)
        self.shifted, self.log_P = S - S.max(axis=1, keepdims=True), log_softmax(S)
        self.P = self.G_of_others = np.exp(self.log_P)
        self.p = self.right(self.P)
        self.losses, self.G = self.losses_of(self.log_P), self.G_of(self.log_P)

    def losses_of(self, log_P):
        return -self.right(log_P)

    def G_of(self, log_P):
        return np.exp(log_P) - self.Y

    def loss_candidates(self):
        with_epsilon = ((("epsilon-in-log",), -np.log(self.p + e).sum()) for e in EPSILONS)
        return [*super().loss_candidates(), *with_epsilon]


def softmax_losses(S, y):
    """What the cross-entropy loss, and each mistake in it, sums over the examples."""
    return Softmax(S, y).loss_candidates()


def softmax_coefficients(S, y):
    """(N, C) coefficients G, with dW = X^T G, of the cross-entropy and of each mistake in it."""
    return Softmax(S, y).gradient_candidates()


def is_log_of_p_minus_1(observed):
    """Whether 1 was taken from p before its logarithm: NaN in every call, infinite where p is 1."""
    where_sure = [seen.arrays.get("loss where p is 1", np.array(0.0)) for seen in observed]
    return any(np.any(np.isposinf(loss)) for loss in where_sure) and all(
        np.isnan(seen.arrays.get("loss", 0.0)).all() for seen in observed
    )


FORMS = {"loss": lambda W: np.sum(W * W), "gradient": lambda W: 2 * W}


class Penalty:
    """What is added to the loss or to the gradient: reg times a form of the weights.

    W : the only matrix of weights, or the first of several; right : this course's penalty
    """

    def __init__(self, where, weights, reg, N):
        self.where, self.weights, self.reg, self.N = where, weights, reg, N
        self.form, self.W = FORMS[where], weights[0]
        self.without_reg = self.sum(self.form)
        self.right = reg * self.without_reg

    def sum(self, f):
        """The sum of a function of each matrix."""
        return sum(f(W) for W in self.weights)

    def made(self, what):
        """What mistakes make of it, those in both and those in the loss or the gradient alone."""
        here = what, f"{what}_in_{self.where}"
        return [made for each in here for made in candidates(MISTAKES, each, self)]

    def candidates(self):
        """What people add."""
        return [((), self.right), (("half",), self.right / 2), *self.made("penalty")]

    def candidates_of_W(self):
        """The same where there is one matrix."""
        return [*self.candidates(), *self.made("penalty_of_W")]


def penalties(weights, reg, N):
    """What people add to the loss for a list of weight matrices."""
    return Penalty("loss", weights, reg, N).candidates()


def penalty_gradients(W, reg, N):
    """What people add to the gradient."""
    return Penalty("gradient", [W], reg, N).candidates()


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

"""Mistakes in the two-layer net, each beside what it makes of the Terms t of a call.

hidden : H; b2 : what is added to H W2 for it; scores : S, where the hidden layer is right
penalty : that of the loss; db_penalty : that of the gradient of a bias b
dW2, da, db : gradients of W2, of a and of a bias without their penalties, made of the gradient G of
    the scores; dH = G W2^T; dS is that of what the bias was added to. What is a function still is
    made when it is looked at: most are ruled out by the first call already
"""

from functools import cached_property

import numpy as np

from assignment.checking.diagnosis import log_softmax
from assignment.checking.linear.mistakes import either, relu
from assignment.checking.mistake import Mistake, derivation
from assignment.checking.net.calls import NET_START

FORWARD = derivation(two_layer_net="{forward}")
WEIGHTS = derivation(two_layer_net="{loss}")
MASK = derivation(two_layer_net="{mask}")
SECOND_LAYER = derivation(two_layer_net="{dW2}")
BLOCKS = derivation(two_layer_net="{dW2} and {dW1}")
SCORES = "notebooks/two_layer_net.ipynb, section 2"


def cross_entropy(S, y):
    """Softmax losses of the examples, and their gradients P - Y."""
    log_P, rows = log_softmax(S), np.arange(len(y))
    G = np.exp(log_P)
    G[rows, y] -= 1
    return -log_P[rows, y], G


class Terms:
    """What a call of a network is made of, in float64: with a = X W1 + b1, H, and scores S.

    of_W1, of_b1, of_W2, of_b2 : their penalties; of_W, of_all : those of the weights, of all four
    """

    def __init__(self, X, y=None, params=NET_START, reg=0.0):
        self.X, self.y, self.N, self.reg = X.astype(float), y, len(X), reg
        own = [params[name].astype(float) for name in NET_START]
        self.W1, self.b1, self.W2, self.b2 = own
        self.a = self.X @ self.W1 + self.b1
        self.H = relu(self.a)
        self.S = self.H @ self.W2 + self.b2
        self.shifted = self.S - self.S.max(axis=1, keepdims=True)
        self.of_W1, self.of_b1, self.of_W2, self.of_b2 = (reg * np.sum(p**2) for p in own)
        self.of_W = self.of_W1 + self.of_W2
        self.of_all = self.of_W + self.of_b1 + self.of_b2

    @cached_property
    def dW2(self):
        """The gradient of W2, without its penalty."""
        return self.H.T @ cross_entropy(self.S, self.y)[1] / self.N


MISTAKES = (
    # Forward.
    Mistake(
        "relu-missing",
        "The ReLU between the layers is missing: H = max(0, X W1 + b1).",
        FORWARD,
        hidden=lambda t: t.a,
        scores=lambda t: (relu(t.a @ t.W2 + t.b2), "relu-on-scores"),
    ),
    Mistake(
        "bias-in-product",
        "A bias is inside the product, X (W1 + b1) or H (W2 + b2): it is added after it.",
        FORWARD,
        hidden=lambda t: relu(t.a - t.b1 + t.X.sum(axis=1, keepdims=True) * t.b1),
        b2=lambda t: t.H.sum(axis=1, keepdims=True) * t.b2,
    ),
    Mistake(
        "bias-missing",
        "A bias is missing: X W1 + b1 and H W2 + b2.",
        FORWARD,
        hidden=lambda t: relu(t.a - t.b1),
        b2=lambda t: 0 * t.b2,
    ),
    Mistake(
        "bias-after-relu",
        "The bias b1 is added after the ReLU: it comes before, H = max(0, X W1 + b1).",
        FORWARD,
        hidden=lambda t: relu(t.a - t.b1) + t.b1,
    ),
    Mistake(
        "bias-twice",
        "A bias is added twice.",
        FORWARD,
        hidden=lambda t: relu(t.a + t.b1),
        b2=lambda t: 2 * t.b2,
    ),
    Mistake(
        "other-activation",
        "The hidden layer has another activation than the ReLU, max(0, X W1 + b1).",
        FORWARD,
        hidden=lambda t: [
            1 / (1 + np.exp(-t.a)),
            np.tanh(t.a),
            np.where(t.a > 0, t.a, 0.01 * t.a),
            np.abs(t.a),
        ],
    ),
    Mistake(
        "relu-on-scores",
        "The scores go through a ReLU, which makes 0 of negative ones: they stay as they are.",
        FORWARD,
        scores=lambda t: relu(t.S),
    ),
    Mistake(
        "scores-shifted",
        "The scores are returned after the shift by their row maximum: return them as they are.",
        SCORES,
        scores=lambda t: [t.shifted, t.S - t.S.max()],
    ),
    Mistake(
        "probabilities-for-scores",
        "These are probabilities: return the scores, before exp and quotient.",
        SCORES,
        scores=lambda t: [
            np.exp(log_softmax(t.S)),
            np.exp(t.shifted),
            np.exp(t.S),
            log_softmax(t.S),
        ],
    ),
    Mistake("transposed", scores=lambda t: t.S.T),
    # The penalties of two layers.
    Mistake(
        "reg-one-layer",
        "Only one of the two weight matrices is regularised: W1 and W2 both are.",
        WEIGHTS,
        penalty=lambda t: [*either(t.of_W1, t.of_W2), 2 * t.of_W1, 2 * t.of_W2],
    ),
    Mistake(
        "reg-layers-differ",
        "W1 and W2 are penalised with different factors: both take reg * sum(W^2).",
        WEIGHTS,
        penalty=lambda t: either(2 * t.of_W1 + t.of_W2, t.of_W1 + 2 * t.of_W2),
    ),
    Mistake(
        "biases-regularised",
        "The biases are regularised: only the weights W1 and W2 are.",
        WEIGHTS,
        penalty=lambda t: [
            *either(t.of_W + 2 * t.of_b1, t.of_W + 2 * t.of_b2, t.of_all),
            *(t.of_W + t.of_b1, t.of_W + t.of_b2),
        ],
        db_penalty=lambda t, b: [factor * t.reg * b for factor in (2, 1, 2 / t.N, 1 / t.N)],
    ),
    Mistake(
        "reg-over-n",
        penalty=lambda t: [
            (t.of_all / t.N, "biases-regularised"),
            (t.of_all / t.N / 2, "biases-regularised", "half"),
        ],
    ),
    Mistake(
        "rows-summed",
        penalty=lambda t: [
            t.of_W1 + t.reg * np.sum(t.W2**2, axis=0),
            t.of_W2 + t.reg * np.sum(t.W1**2, axis=0),
        ],
    ),
    Mistake(
        "reg-half-in-loss-only", penalty=lambda t: [t.of_W1 + t.of_W2 / 2, t.of_W1 / 2 + t.of_W2]
    ),
    Mistake(
        "reg-factors-differ",
        "The gradients of W1 and W2 have different penalties: one reg * W, the other 2 * reg * W.",
        WEIGHTS,
    ),
    # Backward.
    Mistake(
        "gradient-for-weights",
        "The gradient of W2 stands where W2 itself should: dH = dscores W2^T.",
        MASK,
        da=lambda t, G, dH: [
            (G @ (t.dW2 + times * t.reg * t.W2).T) * (t.H > 0) for times in (2, 1, 0)
        ],
    ),
    Mistake(
        "relu-mask-missing",
        "The gradient passes through the ReLU where it was shut: dH has to be 0 where H is 0.",
        MASK,
        da=lambda t, G, dH: dH,
    ),
    Mistake(
        "relu-mask-wrong",
        "The gradient is not let through the ReLU as it must be: times 1 where its input "
        "X W1 + b1 is positive, times 0 elsewhere.",
        MASK,
        da=lambda t, G, dH: [dH * mask for mask in (t.X @ t.W1 > 0, dH > 0, dH < 0, t.H, t.a)],
    ),
    Mistake(
        "pre-activation-for-hidden",
        "The gradient of W2 is made with X W1 + b1, before the ReLU: it takes H, after it.",
        SECOND_LAYER,
        dW2=lambda t, G: t.a.T @ G,
    ),
    Mistake(
        "bias-gradient-averaged",
        "The gradient of a bias is averaged over the examples, but dscores already has its 1/N: "
        "sum it.",
        BLOCKS,
        db=lambda dS: lambda: dS.mean(axis=0),
    ),
    Mistake(
        "bias-gradient-not-summed",
        "The gradient of a bias is the sum of dscores (or dH) over the examples, axis=0.",
        BLOCKS,
        db=lambda dS: [dS, lambda: dS.sum(axis=1), dS[0], lambda: np.full(dS.shape[1], dS.sum())],
    ),
    Mistake(
        "gradients-swapped",
        "The gradient of one parameter stands under the name of another: they are swapped.",
        BLOCKS,
    ),
)

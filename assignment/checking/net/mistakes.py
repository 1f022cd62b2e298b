from assignment.checking.mistake import Mistake, derivation

FORWARD = derivation(two_layer_net="{forward}")
WEIGHTS = derivation(two_layer_net="{loss}")
MASK = derivation(two_layer_net="{mask}")
SECOND_LAYER = derivation(two_layer_net="{dW2}")
BLOCKS = derivation(two_layer_net="{dW2} and {dW1}")

MISTAKES = (
    Mistake(
        "reg-factors-differ",
        "The gradients of W1 and W2 have different penalties: one reg * W, the other 2 * reg * W.",
        WEIGHTS,
    ),
    Mistake(
        "reg-layers-differ",
        "W1 and W2 are penalised with different factors: both take reg * sum(W^2).",
        WEIGHTS,
    ),
    Mistake(
        "reg-one-layer",
        "Only one of the two weight matrices is regularised: W1 and W2 both are.",
        WEIGHTS,
    ),
    Mistake(
        "biases-regularised", "The biases are regularised: only the weights W1 and W2 are.", WEIGHTS
    ),
    # The net.
    Mistake(
        "relu-missing", "The ReLU between the layers is missing: H = max(0, X W1 + b1).", FORWARD
    ),
    Mistake(
        "other-activation",
        "The hidden layer has another activation than the ReLU, max(0, X W1 + b1).",
        FORWARD,
    ),
    Mistake(
        "relu-on-scores",
        "The scores go through a ReLU, which makes 0 of negative ones: they stay as they are.",
        FORWARD,
    ),
    Mistake("bias-missing", "A bias is missing: X W1 + b1 and H W2 + b2.", FORWARD),
    Mistake(
        "bias-after-relu",
        "The bias b1 is added after the ReLU: it comes before, H = max(0, X W1 + b1).",
        FORWARD,
    ),
    Mistake("bias-twice", "A bias is added twice.", FORWARD),
    Mistake(
        "scores-shifted",
        "The scores are returned after the shift by their row maximum: return them as they are.",
        "notebooks/two_layer_net.ipynb, section 2",
    ),
    Mistake(
        "probabilities-for-scores",
        "These are probabilities: return the scores, before exp and quotient.",
        "notebooks/two_layer_net.ipynb, section 2",
    ),
    Mistake(
        "relu-mask-missing",
        "The gradient passes through the ReLU where it was shut: dH has to be 0 where H is 0.",
        MASK,
    ),
    Mistake(
        "relu-mask-wrong",
        "The gradient is not let through the ReLU as it must be: times 1 where its input "
        "X W1 + b1 is positive, times 0 elsewhere.",
        MASK,
    ),
    Mistake(
        "pre-activation-for-hidden",
        "The gradient of W2 is made with X W1 + b1, before the ReLU: it takes H, after it.",
        SECOND_LAYER,
    ),
    Mistake(
        "bias-gradient-not-summed",
        "The gradient of a bias is the sum of dscores (or dH) over the examples, axis=0.",
        BLOCKS,
    ),
    Mistake(
        "bias-gradient-averaged",
        "The gradient of a bias is averaged over the examples, but dscores already has its 1/N: "
        "sum it.",
        BLOCKS,
    ),
    Mistake(
        "gradients-swapped",
        "The gradient of one parameter stands under the name of another: they are swapped.",
        BLOCKS,
    ),
    Mistake(
        "gradient-for-weights",
        "The gradient of W2 stands where W2 itself should: dH = dscores W2^T.",
        MASK,
    ),
    Mistake(
        "bias-in-product",
        "A bias is inside the product, X (W1 + b1) or H (W2 + b2): it is added after it.",
        FORWARD,
    ),
)

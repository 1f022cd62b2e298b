"""Mistakes in the files of 2021 and later, each beside what it returns.

affine_out, relu_out, affine_dx, relu_dx, dw, db : of a Layer t
hinge_losses : sum over the examples; hinge_G, softmax_G : (N, C), N times the gradient of the
    scores; all of the letters of linear/terms.py
sgd, sgd_momentum, rmsprop, adam : of a Run t, what its `steps` makes of a mistaken step
scores, penalty : of a Network t, that of the loss; of_W, of_b : penalties in the gradients of a
    parameter; back : gradients without penalties, like t.back(t.G)
"""

from functools import partial

import numpy as np

from assignment.checking.linear.mistakes import relu
from assignment.checking.mistake import Mistake, derivation

AFFINE = derivation(two_layer_net="{dW2}")
PENALTY = 'notes, "Regularization"'
in_penalty = partial(Mistake, see=PENALTY)
in_rule = partial(Mistake, see='notes, "Parameter updates"')
in_start = partial(Mistake, see='notes, "Weight Initialization"')


def bias_rows(t):
    """The gradients of a network, those of the biases as rows."""
    right = t.back(t.G)
    return {name: grad[np.newaxis] if name[0] == "b" else grad for name, grad in right.items()}


MISTAKES = (
    # Layers.
    Mistake(
        "bias-gradient-row",
        "The gradient of a bias has shape (1, M): it has to have that of the bias, (M,).",
        AFFINE,
        db=lambda t: t.dout.sum(axis=0, keepdims=True),
        back=bias_rows,
    ),
    Mistake(
        "bias-missing",
        affine_out=lambda t: t.rows @ t.w,
        scores=lambda t: [t.forward(bias=lambda layer, b: 0 * b), *t.without_a_bias()],
    ),
    Mistake(
        "bias-gradient-averaged",
        db=lambda t: t.dout.mean(axis=0),
        back=lambda t: t.back(t.G, bias=lambda dS: dS.mean(axis=0)),
    ),
    Mistake(
        "bias-gradient-not-summed",
        db=lambda t: [t.dout, t.dout.sum(axis=1), t.dout[0], np.array(t.dout.sum())],
    ),
    Mistake(
        "gradient-not-reshaped",
        "The gradient dx is one row for each example: it has to have the shape of x again.",
        AFFINE,
        affine_dx=lambda t: t.dout @ t.w.T,
    ),
    Mistake(
        "upstream-divided-again",
        "The upstream gradient has its 1 / N already, from the loss: no layer divides again.",
        AFFINE,
        dw=lambda t: t.rows.T @ t.dout / len(t.rows),
        db=lambda t: t.dout.mean(axis=0),
        affine_dx=lambda t: (t.dout @ t.w.T).reshape(t.x.shape) / len(t.rows),
    ),
    Mistake(
        "upstream-missing",
        "The upstream gradient dout is not multiplied in: dx is the slope of the layer alone.",
        AFFINE,
        relu_dx=lambda t: 1.0 * (t.x > 0),
    ),
    Mistake(
        "mask-of-upstream",
        "The mask of the ReLU is taken from the upstream gradient: it is that of its input, x > 0.",
        derivation(two_layer_net="{mask}"),
        relu_dx=lambda t: [t.dout * (t.dout > 0), t.dout * (t.dout < 0)],
        back=lambda t: [
            t.back(t.G, mask=lambda a, dH: dH > 0),
            t.back(t.G, mask=lambda a, dH: dH < 0),
        ],
    ),
    Mistake(
        "nan-at-zero",
        "Where x is exactly 0 a quotient is 0 / 0, which is NaN: compare with 0, do not divide.",
        derivation(two_layer_net="{mask}"),
    ),
    Mistake(
        "relu-mask-missing",
        relu_dx=lambda t: t.dout,
        back=lambda t: t.back(t.G, mask=lambda a, dH: 1),
    ),
    Mistake(
        "other-activation",
        relu_out=lambda t: [np.where(t.x > 0, t.x, 0.01 * t.x), np.abs(t.x), np.minimum(t.x, 0)],
    ),
    Mistake(
        "two-dimensions-only",
        "It works for inputs of two dimensions only: a ReLU takes any shape, without a loop.",
        AFFINE,
        raises=r"(?s)(unpack|truth value|index|indices).* \(with x of shape \((?!\d+, \d+\))",
    ),
    # Losses of scores.
    Mistake(
        "margins-left-in-gradient",
        "Margins that are not positive are left in dx as they are: they have to become 0 there.",
        derivation(svm="{violated}"),
        hinge_G=lambda t: [
            t.balanced(np.where(t.margins > 0, 1, t.margins)),
            t.with_right(
                np.where(t.margins * t.others > 0, 1, t.margins * t.others),
                -np.where(t.margins * t.others > 0, 1, t.margins * t.others).sum(axis=1),
            ),
            t.with_right(np.where(t.margins > 0, 1, t.margins), -t.count),
        ],
    ),
    Mistake(
        "sum-over-matrix",
        "In the column of the right class stands a sum over the whole matrix: each row has its own "
        "sum, axis=1.",
        derivation(svm="{violated}"),
        hinge_G=lambda t: [
            t.with_right(t.violated, -t.violated.sum()),
            t.with_right(t.violated, -t.violated.sum() - t.N),
        ],
    ),
    Mistake(
        "margin-subtracted",
        "The margin of 1 is subtracted, as by x -= s + 1, which means x - s - 1: it is "
        "s[c] - s[y] + 1.",
        derivation(svm="{margins} and {hinge}"),
        hinge_losses=lambda t: t.losses_of(t.margins - 2).sum(),
        hinge_G=lambda t: [
            t.G_of(t.margins - 2),
            t.with_right(t.margins > 2, -(t.margins > 2).sum(axis=1)),
        ],
    ),
    Mistake(
        "gradient-of-weights",
        "The gradient dx is multiplied by x.T, as a gradient of weights is: x are the scores "
        "themselves here.",
        AFFINE,
        hinge_G=lambda t: t.S.T @ t.G,
        softmax_G=lambda t: t.S.T @ t.G,
    ),
    # Update rules.
    in_rule(
        "velocity-without-rate",
        "The velocity is that of another library, v = momentum * v + dw, with w - learning_rate * "
        "v: the course has v = momentum * v - learning_rate * dw, and w + v.",
        sgd_momentum=lambda t: t.steps(
            lambda dw, c: -c.learning_rate * c.put("velocity", c.momentum * c.velocity + dw)
        ),
    ),
    in_rule(
        "rate-missing",
        "The learning rate is not multiplied in.",
        sgd=lambda t: t.steps(lambda dw, c: -dw),
        sgd_momentum=lambda t: [
            t.steps(lambda dw, c: -c.put("velocity", c.momentum * c.velocity + dw)),
            t.steps(lambda dw, c: c.put("velocity", c.momentum * c.velocity - dw)),
        ],
        rmsprop=lambda t: t.rmsprop(rate=1),
        adam=lambda t: t.adam(rate=1),
    ),
    in_rule(
        "step-uphill",
        "The step goes uphill: it has to be subtracted.",
        sgd=lambda t: t.steps(lambda dw, c: c.learning_rate * dw),
        sgd_momentum=lambda t: [
            t.steps(
                lambda dw, c: c.put("velocity", c.momentum * c.velocity + c.learning_rate * dw)
            ),
            t.steps(
                lambda dw, c: -c.put("velocity", c.momentum * c.velocity - c.learning_rate * dw)
            ),
        ],
        rmsprop=lambda t: t.rmsprop(sign=1),
        adam=lambda t: t.adam(sign=1),
    ),
    in_rule(
        "sign-of-velocity",
        "The velocity is subtracted, but it has the sign of a step downhill, or the other way "
        "round: v = momentum * v - learning_rate * dw, and w + v.",
        sgd_momentum=lambda t: t.steps(
            lambda dw, c: -c.put("velocity", c.momentum * c.velocity + c.learning_rate * dw)
        ),
    ),
    in_rule(
        "state-not-stored",
        "What is kept for the next step is used, but not put into config: each step begins anew.",
        sgd_momentum=lambda t: t.steps(
            lambda dw, c: c.momentum * c.velocity - c.learning_rate * dw
        ),
        rmsprop=lambda t: t.rmsprop(store=False),
        adam=lambda t: t.adam(store=False),
    ),
    in_rule(
        "t-not-stored",
        "The count t is used as t + 1, but never stored: every step is corrected as if it were "
        "the first.",
        adam=lambda t: t.adam(t=lambda number: 1),
    ),
    in_rule(
        "t-not-raised",
        "The count t is not raised before it is used: it is the number of this step, and the first "
        "is 1.",
        adam=lambda t: [
            t.adam(t=lambda number: 0),
            t.adam(t=lambda number: number - 1),
        ],
    ),
    in_rule(
        "bias-correction-missing",
        "The means m and v are not corrected for their start at 0: divide by 1 - beta1**t and "
        "1 - beta2**t.",
        adam=lambda t: [
            t.adam(correct=(False, False)),
            t.adam(correct=(False, True)),
            t.adam(correct=(True, False)),
        ],
    ),
    in_rule(
        "corrected-means-stored",
        "The corrected means are stored in config: what is kept are m and v as they are.",
        adam=lambda t: t.adam(store_corrected=True),
    ),
    in_rule(
        "root-of-mean-missing",
        "The root is missing: the step is divided by sqrt(v) + epsilon.",
        rmsprop=lambda t: t.rmsprop(root=lambda v, e: v + e),
        adam=lambda t: t.adam(root=lambda v, e: v + e),
    ),
    in_rule(
        "decay-swapped",
        "The moving mean has its two weights swapped: decay * mean + (1 - decay) * what is new.",
        rmsprop=lambda t: t.rmsprop(swapped=True),
        adam=lambda t: t.adam(swapped=True),
    ),
    in_rule(
        "square-missing",
        "The moving mean that is divided by is of squared gradients, dw**2.",
        rmsprop=lambda t: t.rmsprop(square=lambda dw: dw),
        adam=lambda t: t.adam(square=lambda dw: dw),
    ),
    in_rule(
        "velocity-unused",
        "The velocity plays no part in the step: the next weights are w + v.",
        sgd_momentum=lambda t: t.steps(
            lambda dw, c: (
                c.put("velocity", c.momentum * c.velocity - c.learning_rate * dw),
                -c.learning_rate * dw,
            )[1]
        ),
    ),
    # Networks.
    Mistake(
        "relu-on-scores",
        scores=lambda t: relu(t.S),
    ),
    Mistake(
        "relu-missing",
        scores=lambda t: t.forward(activation=lambda a: a),
    ),
    Mistake(
        "scores-shifted",
        scores=lambda t: t.S - t.S.max(axis=1, keepdims=True),
    ),
    Mistake(
        "class-of-2020",
        "This is the class of neural_net.py, as it was until 2020: in fc_net.py it is made with "
        "input_dim, hidden_dim, num_classes, weight_scale and reg, and its loss takes no reg.",
        PENALTY,
        raises=r"unexpected keyword argument '(input_dim|hidden_dim)'",
    ),
    Mistake(
        "images-not-flattened",
        "It works for rows only: images come as (N, d_1, ..., d_k), and have to be flattened "
        "first, as affine_forward does it.",
        AFFINE,
        raises=r"(matmul|shapes|aligned|dimension).* \(with (images|x) of shape \((\d+, ){2}",
    ),
    in_penalty(
        "reg-argument-unread",
        "The strength reg is an argument of loss, as it was until 2020: here it is self.reg, which "
        "is never read, so that there is no penalty at all.",
    ),
    in_penalty(
        "penalty-half-missing",
        "The one half of the penalty is missing: in fc_net.py it is 0.5 * reg * sum(W^2), with "
        "reg * W as its derivative.",
        penalty=lambda t: 2 * t.penalty,
        of_W=lambda t, W: 2 * t.reg * W,
    ),
    in_penalty(
        "penalty-missing",
        "The penalty is missing: here it is 0.5 * reg * sum(W^2), with reg * W as its derivative.",
        penalty=lambda t: 0.0,
    ),
    Mistake("reg-missing-from-gradient", of_W=lambda t, W: 0 * W),
    in_penalty(
        "penalty-quartered",
        "The penalty is half of what it has to be: 0.5 * reg * sum(W^2), with reg * W as its "
        "derivative.",
        penalty=lambda t: 0.5 * t.penalty,
        of_W=lambda t, W: 0.5 * t.reg * W,
    ),
    in_penalty(
        "layer-not-penalised",
        "The weights of a layer are left out of the penalty: all W are penalised.",
        penalty=lambda t: [
            *(t.penalty - one for one in t.penalties_of_some("W")),
            *(2 * (t.penalty - one) for one in t.penalties_of_some("W")),
        ],
    ),
    Mistake(
        "biases-regularised",
        penalty=lambda t: [
            t.penalty + sum(t.penalties("b")),
            2 * (t.penalty + sum(t.penalties("b"))),
            *(t.penalty + one for one in t.penalties_of_some("b")),
        ],
        of_b=lambda t, b: [t.reg * b, 2 * t.reg * b],
    ),
    Mistake(
        "reg-over-n",
        penalty=lambda t: [t.penalty / t.N, 2 * t.penalty / t.N],
        of_W=lambda t, W: [t.reg * W / t.N, 2 * t.reg * W / t.N],
    ),
    Mistake("pre-activation-for-hidden", back=lambda t: t.back(t.G, hidden=lambda a: a)),
    # What a constructor makes.
    in_start(
        "bias-a-number",
        "A bias is the number 0: it has to be an array with an entry for each unit, np.zeros(H).",
    ),
    in_start("bias-not-zero", "The biases do not start at 0: np.zeros(H)."),
    in_start(
        "spread-of-one",
        "The weight_scale is not multiplied in: the weights have a standard deviation of 1.",
    ),
    in_start(
        "spread-squared",
        "The weights are multiplied by the square or the root of weight_scale: their standard "
        "deviation has to be weight_scale itself.",
    ),
    in_start("weights-zero", "The weights start at 0: all units would stay the same for ever."),
    in_start(
        "weights-not-centred", "The weights do not spread around 0: np.random.randn, not rand."
    ),
)

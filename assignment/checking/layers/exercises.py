"""What the course asks for in its own files of 2021 and later, and how the answers are judged."""

from functools import partial

from assignment.checking.exercise import Exercise
from assignment.checking.layers import diagnosis
from assignment.checking.layers.calls import CALLS
from assignment.checking.net.diagnosis import expect_loss

GRADIENTS = tuple(f"grads['{kind}{layer}']" for layer in range(1, 7) for kind in "Wb")
MADE = ("shapes of W", "numbers in b", "spread of W", "mean of W", "b")

BACKWARD = "5. Backward, in code"
TRAINING = "6. Training, on the toy first"


def as_it_is(seen):
    """The reference's."""
    return seen.expected


def _layer(
    name, points, judged, explain, hints, expect=as_it_is, lesson="two_layer_net", at=BACKWARD
):
    return Exercise(
        CALLS[name],
        lesson,
        at,
        points,
        hints,
        judged,
        explain,
        expect=partial(diagnosis.with_either, judged, expect),
        complain=diagnosis.complain,
        notice=diagnosis.notice,
    )


def _rule(name, points, hints, *kept):
    return Exercise(
        CALLS[name],
        "two_layer_net",
        TRAINING,
        points,
        hints,
        ("steps", *(f"config['{key}']" for key in kept)),
        partial(diagnosis.explain_rule, name),
    )


def _of_net(kind, points):
    its_layers = "Two affine layers, and a ReLU between them; none after the last one."
    if kind == "FullyConnectedNet":
        its_layers = "An affine layer and a ReLU for each hidden size, and an affine layer at last."
    hints = {
        "init": (
            "Weights are drawn around 0, biases start at 0; who knows the shape of each?",
            "W1 has one row for each input and one column for each hidden unit.",
            "weight_scale * np.random.randn(rows, columns), np.zeros(columns).",
        ),
        "scores": (
            its_layers,
            "affine_relu_forward does both at once, and gives you one cache for both.",
            "The last layer is affine_forward alone: its out are the scores.",
        ),
        "loss": (
            "softmax_loss of the scores, and the penalty.",
            "The penalty is half of self.reg times the sum of the squares, of weights alone.",
            "loss += 0.5 * self.reg * np.sum(W * W), for each W.",
        ),
        "gradients": (
            "Go backwards: softmax_loss gives you dscores, and each layer has a backward pass.",
            "affine_backward for the last layer, affine_relu_backward for those before it.",
            'grads["W1"] is dw plus self.reg * W1; grads["b1"] is db.',
        ),
    }
    judged = {"init": MADE, "scores": ("scores",), "loss": ("loss",), "gradients": GRADIENTS}
    explain = {
        "init": diagnosis.explain_init,
        "scores": diagnosis.explain_scores,
        "loss": diagnosis.explain_net_loss,
        "gradients": diagnosis.explain_gradients,
    }
    expect = {
        "init": diagnosis.expect_init,
        "scores": as_it_is,
        "loss": expect_loss,
        "gradients": diagnosis.expect_gradients,
    }
    complain = {"init": diagnosis.complain_init, "gradients": diagnosis.complain}
    for part in hints:
        more = {"complain": complain[part]} if part in complain else {}
        more |= {"facts": diagnosis.facts_of_init} if part == "init" else {}
        yield Exercise(
            CALLS[f"fc_net.{kind}.{part}"],
            "two_layer_net",
            BACKWARD if part == "gradients" else "2. Forward: the scores",
            points[part],
            hints[part],
            judged[part],
            explain[part],
            expect=partial(diagnosis.with_either, judged[part], expect[part]),
            notice=diagnosis.notice,
            **more,
        )


# In the order in which the course's notebooks come to them.
EXERCISES = (
    _layer(
        "affine_forward",
        3,
        ("out",),
        diagnosis.explain_affine,
        (
            "Each example becomes one row: how long is it?",
            "x.reshape(x.shape[0], -1) has these rows.",
            "out is rows @ w + b.",
        ),
    ),
    _layer(
        "affine_backward",
        5,
        ("dx", "dw", "db"),
        diagnosis.explain_affine,
        (
            "Each gradient has the shape of what it is the gradient of.",
            "dw is made of rows and dout, dx of dout and w: the shapes say which is transposed. "
            "db has a share of every example.",
            "dw = rows.T @ dout, db = dout.sum(axis=0), dx = dout @ w.T in the shape of x again.",
        ),
    ),
    _layer(
        "relu_forward",
        2,
        ("out",),
        diagnosis.explain_relu,
        (
            "What is above 0 stays; what becomes of the rest?",
            "NumPy has a function for the larger of two numbers, entry by entry.",
            "out = np.maximum(0, x).",
        ),
    ),
    _layer(
        "relu_backward",
        3,
        ("dx",),
        diagnosis.explain_relu,
        (
            "Where does a small change of x change the output?",
            "The gradient passes where x is above 0, and nowhere else.",
            "dx = dout * (x > 0).",
        ),
        diagnosis.expect_relu_backward,
    ),
    _layer(
        "svm_loss",
        5,
        ("loss", "dx"),
        diagnosis.explain_svm_loss,
        (
            "It is the loss that you have written for the SVM, of scores, without W.",
            "x[np.arange(N), y] are the scores of the right classes.",
            "dx is 1 where a margin is positive, minus their number in the right column; over N.",
        ),
        lesson="svm",
        at="9. The loss without loops",
    ),
    _layer(
        "softmax_loss",
        5,
        ("loss", "dx"),
        diagnosis.explain_softmax_loss,
        (
            "It is the loss that you have written for the softmax, of scores, without W.",
            "Subtract the maximum of each row first: exp(1000) is too large for any float.",
            "dx is P minus the ones of the right classes, over N.",
        ),
        lesson="softmax",
        at="7. The loss without loops",
    ),
    _rule(
        "sgd",
        1,
        (
            "Which way is downhill?",
            "Against the gradient.",
            'w - config["learning_rate"] * dw.',
        ),
    ),
    _rule(
        "sgd_momentum",
        4,
        (
            "The velocity is what is left of the last one, and a step downhill.",
            "momentum says how much of the old velocity is left; the step is that of plain sgd.",
            'v = config["momentum"] * v - config["learning_rate"] * dw; next_w = w + v.',
        ),
        "velocity",
    ),
    _rule(
        "rmsprop",
        4,
        (
            "Keep a moving mean of the squared gradients.",
            "decay_rate is the share that the old mean keeps: what is left for the new square? "
            "The mean is stored in config. The step is divided by its root.",
            "cache = decay_rate * cache + (1 - decay_rate) * dw**2; the step is "
            "learning_rate * dw / (np.sqrt(cache) + epsilon).",
        ),
        "cache",
    ),
    _rule(
        "adam",
        6,
        (
            "Two moving means: of the gradients, m, and of their squares, v.",
            "t counts the steps, from 1 on; m and v are stored as they are.",
            "Divide m by 1 - beta1**t and v by 1 - beta2**t, for the step alone.",
        ),
        "m",
        "v",
    ),
    *_of_net("TwoLayerNet", {"init": 3, "scores": 4, "loss": 4, "gradients": 8}),
    *_of_net("FullyConnectedNet", {"init": 3, "scores": 5, "loss": 5, "gradients": 10}),
)

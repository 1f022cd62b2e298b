"""What is said of an answer: statuses, conventions, remarks, and whom a mistake is charged to."""

import dataclasses
import functools
import re
import sys

import numpy as np
import pytest

from assignment import FILES
from assignment.checking.answering import Answers, Failure, answer
from assignment.checking.arrays import complaint
from assignment.checking.calls import UNSTABLE, Case
from assignment.checking.diagnosis import Observed
from assignment.checking.exercises import EXERCISES, find
from assignment.checking.judge import judge
from assignment.checking.mistakes import MISTAKES
from assignment.checking.net import diagnosis as net
from assignment.checking.stubs import SOLUTIONS, make_stub
from assignment.checking.training import diagnosis as training
from knn.mutants import TEXTBOOK
from linear.mutants import penalty
from mutants import WRONG, answered, solution, spoilt, verdict_on
from net.mutants import NET_PENALTY

pytestmark = pytest.mark.filterwarnings("ignore")

EACH_EXERCISE = pytest.mark.parametrize("name", [exercise.name for exercise in EXERCISES])


def verdict(name, edits=()):
    """The verdict on an exercise whose file is the solution, edited; see `edited`."""
    return verdict_on(name, edited(name, edits))


def edited(name, edits):
    """The solution with another answer to an exercise, or with replacements, pairs (old, new)."""
    if isinstance(edits, str):  # perhaps in the layout of 2015
        return answered(name, edits).replace(
            "    W, X, y, reg = require_linear(W, X, y, reg)\n", ""
        )
    source = solution(find(name).file)
    for old, new in edits:
        assert old in source, old
        source = source.replace(old, new)
    return source


def kinds(remarks):
    return [remark.partition(":")[0] for remark in remarks]


# The reference and the stubs.


@EACH_EXERCISE
def test_the_reference_is_right_without_a_remark_while_all_other_files_are_stubs(name, tmp_path):
    own = find(name).file
    files = {}
    for file in FILES:
        files[file] = tmp_path / file
        files[file].write_text(solution(file) if file == own else make_stub(solution(file)))
    found = judge(find(name), answer(find(name), files))
    assert (found.status, found.message, found.remarks) == ("right", "", ())


@EACH_EXERCISE
def test_a_stub_is_to_do(name):
    assert verdict_on(name, make_stub(solution(find(name).file))).status == "unsolved"


def test_a_vote_by_bincount_is_right_where_indices_have_32_bits(indices_of_32_bits):
    name = "KNearestNeighbor.predict_labels"
    body = "y_pred[i] = np.bincount(self.y_train[np.argsort(dists[i])[:k]]).argmax()"
    ours = answered(name, body)
    as_given = ours.replace("= X, require_labels(y, len(X))", "= X, y")
    assert as_given != ours
    for source in (ours, as_given):
        assert verdict_on(name, source).status == "right"


@EACH_EXERCISE
def test_cases_are_the_same_every_time_and_nobody_changes_them(name):
    exercise = find(name)
    for one, other in zip(exercise.calls.cases(), exercise.cases(), strict=True):
        exercise.reference(other)
        assert one.name == other.name
        np.testing.assert_equal(one.arguments, other.arguments)


def test_no_case_lies_on_a_kink_where_two_gradients_are_right():
    for case in find("svm_loss_naive").cases():
        X, W, y = (case.arguments[name] for name in ("X", "W", "y"))
        S = X @ W
        margins = S - S[np.arange(len(y)), y][:, np.newaxis] + 1
        assert np.abs(margins).min() > 1e-4, case.name
    for case in find("TwoLayerNet.gradients").cases():
        params = case.arguments["params"]
        hidden = case.arguments["X"] @ params["W1"] + params["b1"]
        assert np.abs(hidden).min() > 1e-4, case.name


@EACH_EXERCISE
def test_an_exercise_says_where_it_is_and_how_to_begin(name):
    exercise = find(name)
    cases = [case.name for case in exercise.cases()]
    assert len(set(cases)) == len(cases) > 3
    assert len(exercise.hints) >= 3 and all(exercise.hints)
    assert exercise.points > 0 and sum(each.points for each in EXERCISES) == 100
    lesson = SOLUTIONS.parents[1] / "notebooks" / f"{exercise.notebook}.ipynb"
    heading = rf"## {re.escape(exercise.section)}\b"
    assert re.search(heading, lesson.read_text(encoding="utf-8")), exercise.section


# What is said of an answer. Its title, the exercise, what is written instead of the solution, the
# status with the diagnosis, and a pattern that is found in the message.

LINEAR = "svm_loss_naive", "svm_loss_vectorized", "softmax_loss_naive", "softmax_loss_vectorized"
DISTANCES = "KNearestNeighbor.compute_distances_"
VOTE = "KNearestNeighbor.predict_labels"
RETURNS = "return loss, dW\n"
HALF = (NET_PENALTY, f"0.5 * {NET_PENALTY}")
HALF_GRADIENTS = (("2 * reg * W1", "reg * W1"), ("2 * reg * W2", "reg * W2"))
NO_GRADIENTS = (("2 * reg * W1", "0 * W1"), ("2 * reg * W2", "0 * W2"))
SHIFT = "scores -= scores.max(axis=1, keepdims=True)"
LINEAR_HALF = {name: (penalty(name), f"0.5 * {penalty(name)}") for name in LINEAR}
STEP = "self.W -= learning_rate * dW"
TRAINING = """
    batch = np.random.choice(N, batch_size)
    X_batch, y_batch = X[batch], y[batch]
    loss, grads = self.loss(X_batch, y=y_batch, reg=reg)
    loss_history.append(loss)
    velocity = velocity if step else {name: 0 for name in self.params}
    for name in self.params:
        velocity[name] = 0.9 * velocity[name] - learning_rate * grads[name]
        self.params[name] += velocity[name]"""
DECAY = "                learning_rate *= learning_rate_decay\n"

# fmt: off
SAID = [
    # CS231n's own stubs raise nothing: they return zeros or None.
    ("a loop of nothing", f"{DISTANCES}two_loops", "pass", "unsolved", ""),
    ("a loop of rows", f"{DISTANCES}one_loop", "pass", "unsolved", ""),
    ("zeros", f"{DISTANCES}no_loops", "return np.zeros((len(X), len(self.X_train)))",
     "unsolved", ""),
    ("a list that is not used", VOTE, "closest_y = []", "unsolved", ""),
    ("zeros twice", "svm_loss_vectorized", "return 0.0, np.zeros(W.shape)", "unsolved", ""),
    ("zeros like W", "softmax_loss_naive", "return 0.0, np.zeros_like(W)", "unsolved", ""),
    ("None for a batch", "LinearClassifier.train",
     "loss, dW = self.loss(None, None, reg)\nloss_history.append(loss)", "unsolved", ""),
    ("zeros of floats", "LinearClassifier.predict", "return np.zeros(X.shape[0])", "unsolved", ""),
    ("nothing", "LinearClassifier.train", "pass", "unsolved", ""),
    ("an empty dict", "cross_validate", "accuracies = {}\nreturn accuracies", "unsolved", ""),
    ("no accuracies", "cross_validate", [("return accuracies", "return None")],
     "unsolved", ""),
    ("no list for k = 1", "cross_validate",
     [("return accuracies", "return {k: accuracies[k] for k in choices if k > 1}")],
     "wrong wrong-return", r"cross_validate must return accuracies for k = 1 too\.$"),
    ("a number too many", "cross_validate",
     [("return accuracies", "return {k: [*its, 0] for k, its in accuracies.items()}")],
     "wrong wrong-shape", r"accuracies\[1\] must have shape \(5,\), but yours has \(6,\)\.$"),
    ("a number", "cross_validate", "return 0.28", "wrong wrong-return",
     "must return a dict from each k to its accuracies, not a float"),
    ("no scores", "TwoLayerNet.scores", "scores = None", "unsolved", ""),
    ("no labels", "TwoLayerNet.predict", "y_pred = None\nreturn y_pred", "unsolved", ""),

    ("a loss without its gradient", "svm_loss_naive", [(RETURNS, "return loss, 0 * W\n")],
     "unsolved gradient-missing", ""),
    ("a wrong loss without its gradient", "svm_loss_naive",
     [(RETURNS, "return loss + 0.1, 0 * W\n")], "wrong", ""),
    ("a loss that is not a mean, without its gradient", "svm_loss_naive",
     [("loss / N", "loss"), (RETURNS, "return loss, 0 * W\n")], "wrong not-averaged",
     f"Besides: {re.escape(MISTAKES['gradient-missing'].says)}"),
    ("a loss of the net without gradients", "TwoLayerNet.loss",
     [('grads["', 'unused["'), ("grads = Unsolved", "unused = {}; grads = Unsolved")],
     "right", "^$"),
    ("gradients that are none", "TwoLayerNet.gradients", "grads = {}",
     "unsolved gradient-missing", ""),
    ("gradients that are missing beside right ones", "TwoLayerNet.gradients",
     [('grads["b1"] = dH.sum(axis=0)', 'del grads["W1"]')], "unsolved gradient-missing",
     r"grads\['W1'\] and grads\['b1'\] are missing; grads\['W2'\] and grads\['b2'\] are right\.$"),
    ("gradients that are missing beside wrong ones", "TwoLayerNet.gradients",
     [('grads["b1"] = dH.sum(axis=0)', "pass"), ("P[rows, y] -= 1", "pass")],
     "wrong right-class-missing", r"Besides: grads\['b1'\] is missing\.$"),
    *((f"a gradient of {block} that is still 0", "TwoLayerNet.gradients",
       [(line := 'grads["b1"] = dH.sum(axis=0)', f'{line}; grads["{block}"] *= 0')],
       "unsolved gradient-missing", rf"grads\['{block}'\] is 0 in every call\.$")
      for block in ("W2", "b1")),
    *((f"divided by {divisor}", "softmax_loss_naive", [("dW / N + ", f"dW / {divisor} + ")],
       "wrong other-divisor", "it is divided by")
      for divisor in ("X.shape[1]", "(N + 1)", "np.sqrt(N)")),
    ("a loss of 0 beside a wrong gradient", "softmax_loss_vectorized",
     [(RETURNS, "return 0.0, dW + 0.1\n")], "wrong loss-missing",
     "^(?!.*The gradient is right).*Besides: With N = 7.*20 of 20 entries are off"),
    ("a loss of 0 beside a right gradient", "softmax_loss_vectorized",
     [(RETURNS, "return 0.0, dW\n")], "wrong loss-missing",
     r"^The loss is still 0\. The gradient is right\.$"),
    *((f"scores that have no derivative, {part}", f"TwoLayerNet.{part}",
       [("scores = H @ W2 + b2", "scores = (H @ W2 + b2).round(2)")], status, "")
      for part, status in (("scores", "wrong"), ("loss", "right"), ("gradients", "wrong"))),

    # Conventions.
    *((f"half in both, {name}", name, [LINEAR_HALF[name], ("2 * reg * W", "reg * W")],
       "convention half-convention", r"reg \* np.sum\(W \* W\).*2 \* reg \* W")
      for name in LINEAR),
    ("half in both parts of the net, the loss", "TwoLayerNet.loss", [HALF, *HALF_GRADIENTS],
     "convention half-convention", ""),
    ("half in both parts of the net, the gradients", "TwoLayerNet.gradients",
     [HALF, *HALF_GRADIENTS], "convention half-convention", ""),
    ("half in the gradients alone, the loss", "TwoLayerNet.loss", HALF_GRADIENTS, "right", ""),
    ("half in the gradients alone", "TwoLayerNet.gradients", HALF_GRADIENTS,
     "wrong reg-factor-2-missing", ""),
    ("half in the loss alone", "TwoLayerNet.loss", [HALF], "wrong reg-half-in-loss-only", ""),
    ("half in the loss alone, the gradients", "TwoLayerNet.gradients", [HALF], "right", ""),
    ("half in a loss whose gradients have no penalty", "TwoLayerNet.loss", [HALF, *NO_GRADIENTS],
     "convention half-convention", r"There is no penalty in your gradients, though\.$"),
    ("gradients without a penalty, beside a loss of one half", "TwoLayerNet.gradients",
     [HALF, *NO_GRADIENTS], "wrong reg-missing-from-gradient",
     "right is 1.00 and 1.00, by your convention of one half"),
    ("half in one gradient of two", "TwoLayerNet.loss",
     [HALF, HALF_GRADIENTS[0], ("+= 2 * reg * W2", "+= 0")], "convention half-convention",
     r"In one of your gradients there is no penalty, though\.$"),
    ("half in one gradient of two, and another form", "TwoLayerNet.loss",
     [HALF, HALF_GRADIENTS[0], ("+= 2 * reg * W2", "-= 0.3 * reg * W2")],
     "convention half-convention",
     r"In one of your gradients it is not so, or not understood\.$"),
    ("a loss of one half beside gradients that differ", "TwoLayerNet.loss",
     [HALF, HALF_GRADIENTS[0]], "convention half-convention", "^(?!.*take the one half out)"),
    ("gradients that differ", "TwoLayerNet.gradients", [HALF, HALF_GRADIENTS[0]],
     "wrong reg-factors-differ", ""),
    ("half in gradients beside a loss of another form", "TwoLayerNet.gradients",
     [(NET_PENALTY, "reg * (np.sum(W1) + np.sum(W2))"), *HALF_GRADIENTS],
     "convention half-convention", "The penalty in your loss has another form"),
    ("an error besides the convention of one half", "softmax_loss_vectorized",
     [LINEAR_HALF["softmax_loss_vectorized"],
      ("dW += 2 * reg * W", "dW += reg * W; dW[0, 0] += 0.1 * (W.shape[1] == 10)")],
     "wrong", r"^(?!.*look at the penalty).*With N = 12, D = 4, C = 10, reg = 0.1, dW\[0, 0\] is"
     r".*\b1 of \d+ calls are wrong\."),
    ("half in a loss whose gradients are to do", "TwoLayerNet.loss",
     [HALF, ('grads["W', 'unused["W'), ("grads = Unsolved", "unused = {}; grads = Unsolved")],
     "convention half-convention", ""),
    ("half does not hide another mistake", "TwoLayerNet.gradients",
     [HALF, *HALF_GRADIENTS, ("dscores.sum(axis=0)", "N * dscores.sum(axis=0)")],
     "wrong not-averaged", r"grads\['b2'\]"),
    ("momentum", "TwoLayerNet.train", TRAINING, "convention momentum", ""),
    ("decay after the last step of an epoch", "TwoLayerNet.train",
     [(DECAY, f"            if (step + 1) % steps_per_epoch == 0:\n{DECAY}")],
     "convention decay-after-epoch", ""),
    ("a convention hides no crash", "softmax_loss_vectorized",
     [LINEAR_HALF["softmax_loss_vectorized"], ("2 * reg * W", "reg * W"),
      ("scores = X @ W", "scores = np.squeeze(X @ W)")],
     "crash", "with N = 1"),

    # Stability.
    *((f"shifted by {shift}", "softmax_loss_vectorized", [(SHIFT, shift)],
       f"unstable {diagnosis}", f"With {where},")
      for shift, diagnosis, where in (
        ("pass", "overflow", "scores around 1,000"),
        ("scores -= scores.max()", "underflow", "scores around 0 and -1,000"),
        ("scores -= scores.mean()", "shift-not-largest", "two classes 3,000 below the others"),
        ("scores -= scores[:, :1]", "shift-not-largest", "two classes 3,000 below the others"),
        ("scores -= scores[rows, y][:, None]", "shift-not-largest", "scores 1,000 apart"),
        ("scores -= np.abs(scores).max(axis=1, keepdims=True)", "underflow",
         "scores around 0 and -1,000"),
      )),
    ("an exception at large scores", "softmax_loss_naive",
     [("shifted = scores - scores.max()", "import math; shifted = scores"),
      ("np.log(np.exp(shifted).sum())", "math.log(sum(math.exp(s) for s in shifted))")],
     "unstable overflow", ""),
    ("an overflow of the loss", "TwoLayerNet.loss", [(SHIFT, "pass")], "unstable overflow", ""),
    ("an overflow of the loss, the gradients", "TwoLayerNet.gradients", [(SHIFT, "pass")],
     "right", ""),
    ("scores that are cut", "softmax_loss_vectorized",
     [("scores = X @ W", "scores = np.clip(X @ W, -500, 500)")], "unstable",
     r"^It is right for small numbers, and wrong for large ones\."),

    # Zeros of another shape are no blank.
    *((f"zeros of another shape, {name}", name, body, status, "^(?!.*to be written)")
      for name, body, status in (
        ("LinearClassifier.predict", "return 0", "wrong wrong-shape"),
        (VOTE, "return np.zeros((len(dists), 1))", "wrong wrong-shape"),
        ("TwoLayerNet.predict", "return np.zeros(3)", "wrong wrong-shape"),
        ("TwoLayerNet.scores", "scores = np.zeros(W2.shape[1])", "wrong wrong-shape"),
        (f"{DISTANCES}no_loops", "return np.zeros(len(X))", "wrong wrong-shape"),
      )),

    # Mistakes in several places, and around a blank.
    ("a mistake in the layout of 2015", "softmax_loss_vectorized", """
     N = X.shape[1]
     P = np.exp(W.dot(X) - W.dot(X).max(axis=0))
     P /= P.sum(axis=0)
     loss = -np.log(P[y, range(N)]).mean() + reg * np.sum(W * W)
     P[y, range(N)] -= 1
     return loss, P.dot(X.T) / N + reg * W""", "wrong reg-factor-2-missing", ""),
    ("an unknown keyword of the loss", "TwoLayerNet.train",
     [("y=y_batch, reg=reg", "y_batch, reg, keep=0.5")], "crash",
     r"TypeError: loss\(\) got an unexpected keyword argument 'keep'"),
    ("a known keyword of the loss", "TwoLayerNet.train",
     [("y=y_batch, reg=reg", "y_batch, reg, keep=0.5"), ("reg=0.0):", "reg=0.0, keep=1.0):")],
     "right", ""),
    ("a loss that is asked twice in a step", "LinearClassifier.train",
     [(ask := "loss, dW = self.loss(X[batch], y[batch], reg)", f"{ask[11:]}; {ask}")], "right", ""),
    *((f"a bias that is missing, {part}", f"TwoLayerNet.{part}",
       [("scores = H @ W2 + b2", "scores = H @ W2")], status, "")
      for part, status in (
        ("scores", "wrong bias-missing"), ("loss", "right"), ("gradients", "right"))),
    ("gradients that are not of one's own wrong scores", "TwoLayerNet.gradients",
     [("scores = H @ W2 + b2", "scores = H @ W2"), ("= dscores @ W2.T", "= 1.01 * dscores @ W2.T")],
     "wrong", ""),
    ("one step too many", "LinearClassifier.train", [("range(num_iters)", "range(num_iters + 1)")],
     "wrong step-count", ""),
    ("a training that stops learning", "LinearClassifier.train",
     [(STEP, f"{STEP} * (step < 20 and num_iters < 50)")], "wrong loss-not-lowered", ""),
    ("numbers, and what is right", "softmax_loss_naive", [("2 * reg * W", "reg * W")],
     "wrong reg-factor-2-missing",
     r"your dW is 1\.00 times the data term plus 1\.00 times reg \* W"),
    ("several mistakes", "softmax_loss_naive",
     [("loss / N + ", "loss + "), ("2 * reg * W", "reg * W")], "wrong not-averaged",
     f"Besides: {re.escape(MISTAKES['reg-factor-2-missing'].says)}"),
    ("what is not understood, beside what is", "softmax_loss_naive",
     [("loss / N + ", "1.01 * loss / N + "), ("dW / N", "dW")], "wrong not-averaged",
     r"Besides: With N = 7.*loss is \d+\.\d+, but should be"),
    ("inputs that are changed besides", "softmax_loss_naive",
     [("2 * reg * W", "reg * W"), (RETURNS, "X += 1; return loss, dW\n")],
     "wrong reg-factor-2-missing", f"Besides: {re.escape(MISTAKES['inputs-changed'].says)}"),
    *((f"an error early in {name}", name, [("N = X.shape[0]", "N = X.shape[0]; W @ X")],
       "crash factors-do-not-fit", "matmul")
      for name in ("softmax_loss_naive", "svm_loss_naive", "softmax_loss_vectorized")),
    ("an unknown mistake is located", "softmax_loss_vectorized",
     [(RETURNS, "dW[-1] = 0; return loss, dW\n")], "wrong",
     r"The largest error is \d+\.?\d*% of the largest entry\. The error sits in row 4 of dW\. "
     ".*not the derivative of your own loss"),
    ("a gradient of one's own wrong loss", "softmax_loss_naive",
     [("scores = X[i] @ W", "scores = X[i] @ W + 0.1 * np.sin(W[0])"),
      ("* X[i]", "* (X[i] + 0.1 * np.cos(W[0, c]) * (np.arange(X.shape[1]) == 0))")], "wrong",
     "dW is the derivative of your own loss: look for the mistake in both"),
    ("a gradient that is wrong alone", "softmax_loss_naive",
     [(RETURNS, "dW[0] *= 1.1; return loss, dW\n")], "wrong",
     "not the derivative of your own loss"),
    ("a loss in single precision", "softmax_loss_naive",
     [(RETURNS, "dW[0] *= 1.1; return np.float32(loss), dW\n")], "wrong", "^(?!.*derivative)"),
    ("a convention in the loss is not the error", "softmax_loss_naive",
     [LINEAR_HALF["softmax_loss_naive"], ("2 * reg * W", "reg * W * (W > 0)")],
     "wrong", r"reg = 0.3, dW\["),
    ("a convention in the net hides nothing unknown", "TwoLayerNet.gradients",
     [HALF, *HALF_GRADIENTS, ("dH.sum(axis=0)", "dH.sum(axis=0) + 0.01")], "wrong",
     r"reg = 0.7, grads\['b1'\]\["),
    ("an error that depends on the size", "svm_loss_naive",
     [(RETURNS, "return loss, dW * (1 + 0.1 * (N not in (1, 4)))\n")], "wrong",
     "right with N = 4, D = 6, C = 3, reg = 0.8 and with N = 1, D = 3, C = 2, reg = 2"),
    ("an error in the penalty alone", "softmax_loss_vectorized",
     [("dW += 2 * reg * W", "dW += 2 * reg * W * (W > 0)")], "wrong",
     "off only where reg is not 0"),
    *((f"{name} off by {part}", name, [(RETURNS, f"return loss, {1 + part} * dW\n")],
       "wrong constant-factor", "") for name in LINEAR for part in (1e-3, 1e-4)),
    ("dropout", "TwoLayerNet.scores",
     [("scores = H @ W2 + b2",
       "H = H * (np.random.rand(*H.shape) < 0.5) * 2; scores = H @ W2 + b2")],
     "wrong random-result", "such as dropout"),
    ("what fits in one case only", "svm_loss_naive",
     [("2 * reg * W", "(1 + (N == 7)) * reg * W")], "wrong", ""),
    ("another optimiser that is off in one parameter", "TwoLayerNet.train",
     f'{TRAINING} * (-1 if name == "b2" else 1)', "wrong momentum",
     r"Besides: With batches of 8 from 32.*b2\[\d\] is \S+, but should be"),
    ("steps that are off", "LinearClassifier.train",
     [(STEP, f"{STEP}; learning_rate /= 10 if step == num_iters // 2 else 1")],
     "wrong learning-rate-decays",
     r"steps 10 to 15 take 0\.1, 0\.1, 0\.01, 0\.01, 0\.01, 0\.01 times"),
    ("a reg that is not passed on", "TwoLayerNet.train", [(", reg=reg", "")],
     "wrong reg-not-passed-on", r"but the loss gets none, in all 20 steps\."),
    ("a mistake in a penalty of one half", "TwoLayerNet.loss",
     [(NET_PENALTY, "0.5 * reg * sum(np.sum(p * p) for p in (W1, W2, b1, b2))"), *HALF_GRADIENTS],
     "wrong biases-regularised",
     r"goes by your own penalty, 0\.5 \* reg \* sum\(W\^2\)\.\)$"),
]
# fmt: on


@pytest.mark.parametrize("title, name, edits, expected, told", SAID, ids=[said[0] for said in SAID])
def test_what_is_said(title, name, edits, expected, told):
    found = verdict(name, edits)
    assert f"{found.status} {found.diagnosis or ''}".strip() == expected, found.message
    assert re.search(told, found.message), found.message


def test_the_line_that_settles_it_is_told():
    found = verdict("softmax_loss_naive", [("2 * reg * W", "reg * W")])
    assert found.see == "notebooks/softmax.ipynb, derivation, lines 19 to 21"


def test_a_picture_is_drawn_where_rows_or_columns_tell():
    name = "softmax_loss_vectorized"
    row = verdict(name, [(RETURNS, "dW[-1] = 0; return loss, dW\n")])
    assert row.error[0] == "dW" and row.error[1].shape == row.error[2].shape == (5, 4)
    assert verdict(name, [("2 * reg * W", "reg * W")]).error is None


# Remarks on what is right: a title, the exercise, what is written, and the kinds of remarks.

SQUARES = "squares = (A**2).sum(1)[:, None] + (B**2).sum(1) - 2 * A @ B.T"
EPSILON = """
    P = np.exp(X @ W - np.max(X @ W, axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(P[np.arange(len(y)), y] + 1e-5)) + reg * np.sum(W * W)
    P[np.arange(len(y)), y] -= 1
    dW = X.T @ P / len(y) + 2 * reg * W
    {}
    return loss, dW"""
MARGINS = """
    S = {}
    margins = np.maximum(S - S[np.arange(len(y)), y][:, None] + 1, 0)
    margins[np.arange(len(y)), y] = 0
    M = (margins > 0) * 1.0
    M[np.arange(len(y)), y] = -M.sum(axis=1)
    return margins.sum() / len(y) + reg * np.sum(W * W), X.T @ M / len(y) + 2 * reg * W"""
IN_2015 = """
import numpy as np
class LinearClassifier:
    def __init__(self):
        self.W = None
    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200,
              verbose=False):
        dim, num_train = X.shape
        if self.W is None:
            self.W = np.random.randn(np.max(y) + 1, dim) * 0.001
        history = []
        for it in xrange(num_iters):
            batch = np.random.choice(num_train, batch_size)
            loss, grad = self.loss(X[:, batch], y[batch], reg)
            history.append(loss)
            self.W -= learning_rate * grad
        return history
    def predict(self, X):
        return self.W.dot(X).argmax(axis=0)
"""
A_LOOP, A_SECOND_LOOP = ["a loop over the examples"], ["a loop over the training examples"]
# fmt: off
REMARKS = [
    ("float labels", VOTE, [("dtype=np.int64", "dtype=float")], ["float labels"]),
    ("NaN", f"{DISTANCES}no_loops",
     TEXTBOOK[f"{DISTANCES}no_loops"].replace("np.maximum(dists, 0, out=dists)", "pass"),
     ["NaN on identical points"]),
    ("single precision, without NaN", f"{DISTANCES}no_loops",
     f"A, B = X.astype(np.float32), self.X_train.astype(np.float32)\n{SQUARES}\n"
     "return np.sqrt(np.maximum(squares, 0))", ["precision"] * 2),
    ("an order", VOTE, [("candidates[by_distance[:k]]", "np.argsort(dists[i])[:k]")],
     ["order of equal distances"]),
    ("the other order", VOTE, [("candidates[by_distance[:k]]",
     "(len(self.y_train) - 1 - np.argsort(dists[i][::-1], kind='stable'))[:k]")],
     ["order of equal distances"]),
    ("distances for each k", "cross_validate",
     [("predict_labels(dists, k=k)", "predict(X_folds[fold], k=k)")], ["distances"]),
    ("ten counters", VOTE, [(counts := "np.bincount(self.y_train[nearest])", f"{counts}[:10]")],
     ["labels above 9"]),
    ("log of 0", "softmax_loss_naive", [("loss += log_sum - shifted[y[i]]",
     "loss -= np.log(np.exp(shifted[y[i]] - log_sum))")], ["log(0) at an extreme gap"]),
    ("an underflow that the code makes an error", "softmax_loss_vectorized",
     [("    rows = np", "    np.seterr(all='raise')\n    rows = np")], ["underflow as an error"]),
    *((body.split("\n")[0], f"{DISTANCES}no_loops", body, A_LOOP) for body in (
        "return self.compute_distances_two_loops(X)",
        "return self.compute_distances_one_loop(X)",
        "return np.array([np.linalg.norm(self.X_train - x, axis=1) for x in X])",
        "return np.apply_along_axis(lambda x: np.linalg.norm(self.X_train - x, axis=1), 1, X)",
        "norms = map(lambda t: np.linalg.norm(X - t, axis=1), self.X_train)\n"
        "return np.stack(list(norms), axis=1)",
    )),
    ("the naive hinge loss", "svm_loss_vectorized", "return svm_loss_naive(W, X, y, reg)", A_LOOP),
    ("the naive softmax loss", "softmax_loss_vectorized", "return softmax_loss_naive(W, X, y, reg)",
     A_LOOP),
    ("a while loop", "softmax_loss_vectorized", """
     S = np.array([x @ W for x in X])
     S -= S.max(axis=1, keepdims=True)
     log_P = S - np.log(np.exp(S).sum(axis=1, keepdims=True))
     loss, G = 0, np.exp(log_P)
     i = 0
     while i < len(y):
         loss, i = loss - log_P[i, y[i]] / len(y), i + 1
     G[np.arange(len(y)), y] -= 1
     return loss + reg * np.sum(W * W), X.T @ G / len(y) + 2 * reg * W""", A_LOOP),
    ("a second loop", f"{DISTANCES}one_loop",
     "dists[i] = [np.linalg.norm(X[i] - t) for t in self.X_train]", A_SECOND_LOOP),
    ("a loop over the classes", "svm_loss_vectorized",
     MARGINS.format("np.stack([X @ W[:, c] for c in range(W.shape[1])], axis=1)"), []),
    ("all differences", f"{DISTANCES}no_loops",
     "return np.sqrt(((X[:, None] - self.X_train) ** 2).sum(axis=2))", ["memory"]),
    ("all differences in single precision", f"{DISTANCES}no_loops",
     "return np.linalg.norm(np.float32(X[:, None]) - np.float32(self.X_train), axis=2)",
     ["precision", "memory"]),
    ("a small number in the logarithm", "softmax_loss_vectorized", EPSILON.format("pass"),
     ["epsilon in the logarithm", "log(0) at an extreme gap"]),
    ("float32 inside", "softmax_loss_vectorized",
     [("scores = X @ W", "scores = (X @ W).astype(np.float32)")], ["precision"]),
    ("without replacement", "LinearClassifier.train",
     [("(N, batch_size)", "(N, batch_size, replace=False)")], ["drawn without replacement"]),
    ("another optimiser says nothing of batches", "LinearClassifier.train",
     [(STEP, "velocity = 0.9 * velocity + dW if step else dW; self.W -= learning_rate * velocity")],
     []),
    ("the layout of 2015", "svm_loss_vectorized", """
     C, N = W.shape[0], X.shape[1]
     S = W.dot(X)
     margins = np.maximum(S - S[y, range(N)] + 1, 0)
     margins[y, range(N)] = 0
     G = (margins > 0).astype(float)
     G[y, range(N)] = -G.sum(axis=0)
     return margins.sum() / N + reg * np.sum(W * W), G.dot(X.T) / N + 2 * reg * W""",
     ["layout of 2015"]),
    *((f"the layout of 2015, {part}", f"LinearClassifier.{part}", IN_2015,
       ["Python 2 syntax translated", "layout of 2015"]) for part in ("train", "predict")),
]
# fmt: on


@pytest.mark.parametrize("title, name, edits, remarks", REMARKS, ids=[told[0] for told in REMARKS])
def test_what_is_remarked_on(title, name, edits, remarks):
    found = verdict(name, edits)
    assert found.status in ("right", "convention"), found.message
    assert kinds(found.remarks) == remarks


def test_what_is_measured_is_told():
    (told,) = verdict(f"{DISTANCES}one_loop", "dists[i] = [np.linalg.norm(X[i] - t) for t in "
                      "self.X_train]").remarks  # fmt: skip
    assert re.search(r": [\d,]+ more lines of Python run with 12 test and 30 .* than with 2 ", told)
    body = "return np.sqrt(((X[:, None] - self.X_train) ** 2).sum(axis=2))"
    (told,) = verdict(f"{DISTANCES}no_loops", body).remarks
    assert "more than 158 kB at a time" in told
    assert "as much as an array of shape (12, 30, 110)" in told


def test_what_is_measured_leaves_a_tracer_as_it_was():
    def trace(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        verdict("svm_loss_vectorized")
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("also", ["dW *= 1.005", "dW[-1] -= 2 * reg * W[-1]", "dW = 0 * W + 1"])
def test_a_small_number_in_the_logarithm_excuses_no_gradient(also):
    assert verdict("softmax_loss_vectorized", EPSILON.format(also)).status == "wrong"


SQUARED = {
    "sum": lambda X: np.sum(X**2, axis=1),
    "einsum": lambda X: np.einsum("nd,nd->n", X, X),
    "dot": lambda X: np.array([x @ x for x in X]),
    "norm": lambda X: np.linalg.norm(X, axis=1) ** 2,
}
PRODUCTS = {
    "matmul": lambda X, T: X @ T.T,
    "dot": lambda X, T: np.dot(2 * X, T.T) / 2,
    "turned": lambda X, T: (T @ X.T).T,
    "einsum": lambda X, T: np.einsum("nd,md->nm", X, T),
}
SUMS = {
    "a - 2 ab + b": lambda a, b, ab: a - 2 * ab + b,
    "-2 ab + a + b": lambda a, b, ab: -2 * ab + a + b,
    "-2 ab + b + a": lambda a, b, ab: -2 * ab + b + a,
    "a + b - 2 ab": lambda a, b, ab: a + b - 2 * ab,
    "b - 2 ab + a": lambda a, b, ab: b - 2 * ab + a,
}


@pytest.mark.parametrize("squares", SQUARED)
@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("order", SUMS)
def test_squares_of_equal_points_come_out_negative_however_they_are_written(
    squares, product, order
):
    cases = find(f"{DISTANCES}no_loops").cases()
    case = next(case for case in cases if case.failure.startswith("NaN"))
    X, X_train = case.arguments["X"], case.arguments["X_train"]
    a, b = SQUARED[squares](X)[:, np.newaxis], SQUARED[squares](X_train)
    assert np.any(SUMS[order](a, b, PRODUCTS[product](X, X_train)) < 0)


@pytest.mark.parametrize(
    "constructor, sizes, arrays",
    [
        ("D, H, C, std", "D, H, C", "self.params"),
        ("sizes", "sizes", "self.params"),
        ("*, input_size, hidden_size, output_size, std=1e-4", None, "self.params"),
        ("D, H, C, std=1e-4", "D, H, C", "vars(self)"),
    ],
)
def test_a_net_is_made_and_filled_in_its_own_way(constructor, sizes, arrays):
    sizes = sizes or "input_size, hidden_size, output_size"
    source = f"""
import numpy as np
class TwoLayerNet:
    def __init__(self, {constructor}):
        D, H, C = {sizes}
        self.params = {{}}
        {arrays}.update(W1=np.zeros((D, H)), b1=np.zeros(H))
        {arrays}.update(W2=np.zeros((H, C)), b2=np.zeros((1, C)))
    def loss(self, X, y=None, reg=0.0):
        W1, b1, W2, b2 = (np.asarray({arrays}[name]) for name in ("W1", "b1", "W2", "b2"))
        assert b2.shape == (1, W2.shape[1])
        return np.maximum(X @ W1 + b1, 0) @ W2 + b2
    def predict(self, X):
        return self.loss(X).argmax(axis=1)
    def train(self, X, y, X_val, y_val, batch_size, num_iters, reg, learning_rate,
              learning_rate_decay):
        history = []
        for step in range(num_iters):
            batch = np.random.choice(len(X), batch_size)
            loss, grads = self.loss(X[batch], y[batch], reg)
            history.append(loss)
            for name in grads:
                {arrays}[name] = {arrays}[name] - learning_rate * grads[name]
            if step % max(len(X) // batch_size, 1) == 0:
                learning_rate *= learning_rate_decay
        return {{"loss_history": history}}
"""
    for part in ("scores", "train", "predict"):
        assert verdict(f"TwoLayerNet.{part}", source).status == "right", part


# Whom a mistake is charged to.


@EACH_EXERCISE
def test_a_mistake_is_charged_to_its_own_exercise_alone(name):
    for mistake, (old, new, _) in list(WRONG[name].items())[:3]:
        source = spoilt(name, old, new)
        blamed = {
            exercise.name
            for exercise in EXERCISES
            if exercise.file == find(name).file
            and exercise.name != name  # which test_mutants.py judges
            and verdict_on(exercise.name, source).status != "right"
        }
        assert not blamed, mistake


MADE_UP = """import numpy as np
class TwoLayerNet:
    def __init__(self, D, H, C, std=1e-4):
        self.params = {{"W1": np.zeros((D, H)), "b1": np.zeros(H)}}
        self.params |= {{"W2": np.zeros((H, C)), "b2": np.zeros(C)}}
    def loss(self, X, y=None, reg=0.0):
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        scores = {scores}
        return scores if y is None else ({loss}, {grads})
"""
ROWS = "X.sum(axis=1, keepdims=True) * np.arange(len(b2))"
SUM = "sum(p.sum() for p in self.params.values())"
ONES = "{name: np.ones_like(p) for name, p in self.params.items()}"
NEARLY = "1e-9 * X.sum(axis=1, keepdims=True) * b2"


@pytest.mark.parametrize(
    "part, scores, loss, grads",
    [
        ("gradients", ROWS, SUM, ONES),
        ("gradients", f"{ROWS} + {SUM}", SUM, ONES),
        ("gradients", ROWS, "np.zeros(2)", ONES),
        ("gradients", ROWS, "np.inf", ONES),
        ("loss", NEARLY, "np.log(len(b2)) + reg * (np.sum(W1**2) + np.sum(W2**2))", ONES),
    ],
)
def test_what_is_made_up_is_right_for_nothing(part, scores, loss, grads):
    source = MADE_UP.format(scores=scores, loss=loss, grads=grads)
    assert verdict_on(f"TwoLayerNet.{part}", source).status == "wrong"


RELU, DA = "np.maximum(H, 0, out=H)", "dH *= H > 0"


@pytest.mark.parametrize(
    "edits, status",
    [
        ([(RELU, "pass")], "right"),  # with the mask, or without it
        ([(RELU, "pass"), (DA, "pass")], "right"),
        ([(RELU, "H = np.tanh(H)"), (DA, "dH *= 1 - H**2")], "right"),
        ([(RELU, "H = np.tanh(H)"), (DA, "dH *= 1 - H")], "wrong"),
        ([("H @ W2 + b2", "H @ W2")], "right"),
    ],
)
def test_gradients_of_scores_that_are_wrong_in_a_known_way_are_those_of_these(edits, status):
    found = verdict("TwoLayerNet.gradients", edits)
    assert found.status == status, found


def test_where_no_call_can_be_compared_nothing_is_right():
    found = judge(find("nca_loss"), Answers([], []))
    assert (found.status, found.message) == ("wrong", "Nothing came back that could be compared.")


# The catalogue.


@pytest.mark.parametrize(
    "value, told",
    [
        (None, "dW is missing."),
        (np.zeros((2, 1)), "dW must have shape (2,), but yours has (2, 1)."),
        (np.array("a list"), "dW must be an array of shape (2,), but yours is a list."),
        (np.array([1, np.nan]), "dW[1] is nan: all must be finite."),
        (np.array([1.0, 3.0]), "dW[1] is 3, but should be 2; 1 of 2 entries are off."),
        (np.array([[1.0, 2.0]]), None),  # ones in front of a shape are no matter
        (np.array([[[1.0, 2.0]]]), None),
    ],
)
def test_a_complaint_is_one_sentence_or_none(value, told):
    assert complaint("dW", value, np.array([1.0, 2.0])) == told


# Whatever comes back, a verdict comes out.

ODD = {
    "nothing": None,
    "text": np.array("a str"),
    "a number": np.float64(3),
    "too many axes": np.zeros((2, 3, 4, 5)),
    "empty": np.zeros((0,)),
    "complex": np.array([[1j]]),
    "booleans": np.array([True, False]),
    "bytes": np.arange(5, dtype=np.uint8),
    "NaN": np.full((5, 4), np.nan),
    "infinity": np.array(np.inf),
    "huge": np.full((5, 4), 1e300),
}


@functools.cache
def of_the_reference(name):
    return answer(find(name), {file: SOLUTIONS / file for file in FILES})


@EACH_EXERCISE
@pytest.mark.parametrize("odd", ODD)
def test_a_verdict_comes_out_whatever_comes_back(name, odd):
    exercise = find(name)
    reference = of_the_reference(name)
    for spoilt_name in set(reference.cases[0]) - {"transposed"}:
        cases = []
        for case in reference.cases:
            arrays = {key: value for key, value in case.items() if key != spoilt_name}
            if ODD[odd] is not None:
                arrays[spoilt_name] = ODD[odd]
            cases.append(arrays)
        found = judge(exercise, Answers(cases, reference.changed))
        judged = exercise.judged is None or spoilt_name in exercise.judged
        assert found.status != "right" or not judged, spoilt_name
        assert not any(remark.startswith("no diagnosis") for remark in found.remarks)


@EACH_EXERCISE
@pytest.mark.parametrize("kind", ["unsolved", "returned", "crash"])
@pytest.mark.parametrize("where", [0, 1, -1])
def test_a_failure_in_any_case_is_a_verdict(name, kind, where):
    exercise = find(name)
    reference = of_the_reference(name)
    cases = list(reference.cases)
    cases[where] = Failure(kind, "It fails.", exercise.file, 7)
    found = judge(exercise, Answers(cases, reference.changed))
    decides = exercise.cases()[where].failure
    expected = {"unsolved": "unsolved", "returned": "wrong", "crash": "crash"}[kind]
    others = "unstable" if decides in UNSTABLE else "right"
    assert found.status == (expected if decides == "wrong" else others)


def test_a_diagnosis_that_fails_leaves_the_verdict():
    exercise = find("nca_loss")
    broken = dataclasses.replace(exercise, explain=lambda observed: 1 / 0)
    cases = [{**case, "loss": np.array(7.0)} for case in of_the_reference("nca_loss").cases]
    found = judge(broken, Answers(cases, of_the_reference("nca_loss").changed))
    assert (found.status, found.diagnosis) == ("wrong", None)
    assert found.remarks == ("no diagnosis: the search for one failed, ZeroDivisionError",)


def test_an_exercise_that_cannot_be_judged_by_a_case_leaves_it_out():
    case = next(c for c in find("TwoLayerNet.gradients").cases() if c.failure in UNSTABLE)
    assert net.expect_gradients(Observed(case, {"loss": np.array(np.inf)}, {})) is None


def test_what_is_missing_of_a_training_is_a_complaint():
    case = Case("", {"X": np.zeros((32, 4)), "batch_size": 8})
    seen = Observed(case, {}, {"loss_history": np.zeros(20)}, ("loss_history",))
    assert training.complain(seen) == "loss_history is missing."
    fact = {"the batch is a new one": np.full(20, True)}
    told = training.complain(Observed(case, {}, fact, tuple(fact)))
    assert told == training.NOT_ASKED

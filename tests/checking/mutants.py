"""Wrong solutions, and right ones written differently: what the checks are measured with.

WRONG holds, for each exercise, what people write instead of a piece of the reference solution, and
the diagnosis that names it (None where no known mistake fits). Most were counted in public
solutions of the assignment. RIGHT holds whole answers that are right although the reference is
written in another way.

`make mutants` runs them all and prints a table.
"""

import re
import sys
import tempfile
import textwrap
from pathlib import Path

from assignment import FILES
from assignment.checking.exercises import EXERCISES, find
from assignment.checking.judge import judge
from assignment.checking.run import answer
from assignment.checking.stubs import REGION, SOLUTIONS, make_stub

COUNTER = "__import__('collections').Counter(self.y_train[nearest])"
VOTE = "np.bincount(self.y_train[nearest]).argmax()"
NEAREST = "candidates[by_distance[:k]]"
ROOT = "np.sqrt(np.sum(difference**2))"
ROOT_OF_ROW = "np.sqrt(np.sum(differences**2, axis=1))"
PENALTY = "reg * np.sum(W * W)"
BATCH = "np.random.choice(N, batch_size)"
NET_PENALTY = "reg * (W1.ravel() @ W1.ravel() + W2.ravel() @ W2.ravel())"
SHIFT = "scores -= scores.max(axis=1, keepdims=True)"
STEP = "self.W -= learning_rate * dW"
NET_STEP = "self.params[name] -= learning_rate * grads[name]"
VELOCITY = (
    "velocity = {name: 0 for name in self.params} if name == 'W1' and step == 0 else velocity; "
    "velocity[name] = 0.9 * velocity[name] - learning_rate * grads[name]; "
    "self.params[name] += velocity[name]"
)

# What is wrong with a penalty is the same in every loss of a linear classifier. {loss} and {dW} are
# the lines of the solution that add it.
PENALTIES = {
    "factor 2 missing": ("dW", "reg * W", "reg-factor-2-missing"),
    "half in the loss only": ("loss", "0.5 * reg * np.sum(W * W)", "reg-half-in-loss-only"),
    "reg missing from the gradient": ("dW", "0 * W", "reg-missing-from-gradient"),
    "reg missing from the loss": ("loss", "0", "reg-missing-from-loss"),
    "reg divided by N in the loss": ("loss", "reg * np.sum(W * W) / N", "reg-over-n"),
    "reg divided by N in the gradient": ("dW", "2 * reg * W / N", "reg-over-n"),
    "reg for each example": ("loss", "N * reg * np.sum(W * W)", "reg-times-n"),
    "reg twice": ("loss", "2 * reg * np.sum(W * W)", "reg-twice"),
    "reg twice in the gradient": ("dW", "4 * reg * W", "reg-twice"),
    "reg subtracted": ("dW", "-2 * reg * W", "reg-sign"),
    "reg dropped from the gradient": ("dW", "2 * W", "reg-strength-dropped"),
    "reg dropped from the loss": ("loss", "0.5 * np.sum(W * W)", "reg-strength-dropped"),
    "sum of W": ("loss", "reg * np.sum(W)", "reg-other-form"),
    "only reg": ("loss", "0.5 * reg", "reg-other-form"),
    "norm": ("loss", "reg * np.linalg.norm(W)", "reg-other-form"),
    "a twentieth": ("loss", "0.05 * reg * np.sum(W * W)", "reg-other-form"),
    "sum of W in the gradient": ("dW", "reg * np.sum(W)", "reg-other-form"),
    "sign of W": ("dW", "reg * np.sign(W)", "reg-other-form"),
    "penalty before and after the division": (
        "loss",
        "reg * np.sum(W * W) / N + reg * np.sum(W * W)",
        "reg-before-and-after",
    ),
    "last row left out": ("loss", "reg * np.sum(W[:-1] ** 2)", "reg-last-row-missing"),
    "last row left out of the gradient": (
        "dW",
        "2 * reg * np.vstack([W[:-1], 0 * W[-1:]])",
        "reg-last-row-missing",
    ),
    "Python's sum": ("loss", "reg * sum(W * W)", "rows-summed"),
    "a number for the gradient": ("dW", "(reg + np.sum(W * W))", "reg-other-form"),
}

LINEAR_WRONG = {
    "svm_loss_naive": {
        "reg missing from both": (
            "loss / N + reg * np.sum(W * W)\n    dW = dW / N + 2 * reg * W",
            "loss / N\n    dW = dW / N",
            "reg-missing",
        ),
        "loss not a mean": ("loss / N", "loss", "not-averaged"),
        "gradient not a mean": ("dW / N", "dW", "not-averaged"),
        "divided twice": ("dW / N", "dW / N / N", "averaged-twice"),
        "mean over the classes too": ("loss / N", "loss / N / W.shape[1]", "averaged-over-classes"),
        "right class missing": ("dW[:, y[i]] -= X[i]", "pass", "right-class-missing"),
        "right class added": ("dW[:, y[i]] -= X[i]", "dW[:, y[i]] += X[i]", "right-class-sign"),
        "other classes missing": ("dW[:, c] += X[i]", "pass", "other-classes-missing"),
        "margin of 1 missing": ("- scores[y[i]] + 1", "- scores[y[i]]", "margin-missing"),
        "margin turned round": (
            "scores[c] - scores[y[i]] + 1",
            "scores[y[i]] - scores[c] + 1",
            "margin-reversed",
        ),
        "max(0) missing": ("margin > 0", "True", "max-missing"),
        "right class counted": (
            "continue",
            "loss += 1; dW[:, c] -= X[i]; continue",
            "right-class-counted",
        ),
        "margins for the indicator": (
            "dW[:, c] += X[i]\n                dW[:, y[i]] -= X[i]",
            "dW[:, c] += margin * X[i]\n                dW[:, y[i]] -= margin * X[i]",
            "margins-for-indicator",
        ),
        "last example only": ("for i in range(N):", "for i in [N - 1]:", "one-example-only"),
        "first example left out": (
            "for i in range(N):",
            "for i in range(1, N):",
            "example-left-out",
        ),
        "swapped": ("return loss, dW", "return dW, loss", "wrong-return"),
        "sign of everything": ("return loss, dW", "return loss, -dW", "sign"),
        "transposed": ("return loss, dW", "return loss, dW.T.copy()", "transposed"),
        "squared": ("loss += margin", "loss += margin**2", "squared-hinge"),
        "gradient not written yet": (
            "return loss, dW",
            "return loss, np.zeros_like(W)",
            "gradient-missing",
        ),
        "nothing returned": ("return loss, dW", "pass", "wrong-return"),
        "only the loss returned": ("return loss, dW", "return loss", "wrong-return"),
        "X changed": ("return loss, dW", "X *= 2; return loss, dW", "inputs-changed"),
        "W changed": ("return loss, dW", "W -= 1e-3 * dW; return loss, dW", "inputs-changed"),
        "gradient one part in a hundred off": (
            "return loss, dW",
            "return loss, 1.01 * dW",
            "constant-factor",
        ),
        "loss twice": ("return loss, dW", "return 2 * loss, dW", "constant-factor"),
        "half of both": ("return loss, dW", "return loss / 2, dW / 2", "constant-factor"),
        "examples twice": ("dW / N", "2 * dW / N", "constant-factor"),
        "divided by N and the penalty": (
            "dW / N + 2 * reg * W",
            "dW / (N + 2 * reg * W)",
            "divided-by-penalty",
        ),
        "loss divided by N and the penalty": (
            "loss / N + reg * np.sum(W * W)",
            "loss / (N + reg * np.sum(W * W))",
            "divided-by-penalty",
        ),
        "1 for the example": ("dW[:, y[i]] -= X[i]", "dW[:, y[i]] -= 1", "one-for-example"),
        "loss times the label": ("loss += margin", "loss += margin * y[i]", "label-as-factor"),
        "divided in the loop": (
            "dW = np.zeros_like(W)\n    for i in range(N):\n",
            "dW = np.zeros_like(W)\n    for i in range(N):\n"
            "        loss /= N if i else 1; dW /= N if i else 1\n",
            "divided-in-loop",
        ),
        "label of the class": (
            "margin = scores[c] - scores[y[i]] + 1",
            "margin = scores[c] - scores[y[c]] + 1",
            "label-of-class",
        ),
        "a hundred examples at most": ("range(N)", "range(min(N, 100))", None),
        "ten classes at most": ("range(W.shape[1])", "range(min(W.shape[1], 10))", None),
    },
    "svm_loss_vectorized": {
        "violations counted once": ("-M.sum(axis=1)", "-1", "violations-counted-once"),
        "right class missing": (
            "M[rows, y] = -M.sum(axis=1)",
            "pass",
            "right-class-missing",
        ),
        "right class counted": ("margins[rows, y] = 0", "pass", "right-class-counted"),
        "columns for entries": (
            "margins[rows, y] = 0",
            "margins[:, y] = 0",
            "columns-for-entries",
        ),
        "gradient not a mean": ("M /= N", "pass", "not-averaged"),
        "loss not a mean": ("np.sum(margins) / N", "np.sum(margins)", "not-averaged"),
        "mean of everything": ("np.sum(margins) / N", "np.mean(margins)", "averaged-over-classes"),
        "max(0) missing": ("np.maximum(margins, 0, out=margins)", "pass", "max-missing"),
        "a row for a column": ("[:, np.newaxis] - 1", " - 1", "broadcast-wrong-axis"),
        "mask with >=": ("(margins > 0)", "(margins >= 0)", "mask-of-all"),
        "margins for the indicator": (
            "(margins > 0).astype(margins.dtype)",
            "margins.copy()",
            "margins-for-indicator",
        ),
        "margin of 1 missing": ("[:, np.newaxis] - 1", "[:, np.newaxis]", "margin-missing"),
        "sign": ("M /= N", "M /= -N", "sign"),
        "data term missing": ("dW = (M.T @ X).T", "dW = np.zeros_like(W)", "data-term-missing"),
        "minus twice the count": (
            "M[rows, y] = -M.sum(axis=1)",
            "M[rows, y] = -2 * M.sum(axis=1)",
            "wrong-coefficients",
        ),
        "largest margin only": (
            "margins[rows, y] = 0",
            "margins[rows, y] = 0; margins *= margins == margins.max(axis=1, keepdims=True)",
            "largest-margin-only",
        ),
        "transposed": ("return loss, dW", "return loss, dW.T.copy()", "transposed"),
        "ragged": ("return loss, dW", "return loss, [[1.0], [1.0, 2.0]]", "wrong-return"),
        "one class off": ("return loss, dW", "dW[:, -1] *= 1.001; return loss, dW", None),
        "rows for entries": (
            "margins -= scores[rows, y][:, np.newaxis] - 1",
            "margins -= scores[y] - 1",
            "rows-for-entries",
        ),
    },
    "softmax_loss_naive": {
        "gradient twice": ("return loss, dW", "return loss, 2 * dW", "constant-factor"),
        "gradient half": ("return loss, dW", "return loss, dW / 2", "constant-factor"),
        "both twice": ("return loss, dW", "return 2 * loss, 2 * dW", "constant-factor"),
        "examples twice": ("dW / N", "2 * dW / N", "constant-factor"),
        "examples half": ("dW / N", "dW / (2 * N)", "constant-factor"),
        "loss of the examples twice": ("loss / N", "2 * loss / N", "constant-factor"),
        "gradient not a mean": ("dW / N", "dW", "not-averaged"),
        "loss not a mean": ("loss / N", "loss", "not-averaged"),
        "right class missing": ("(p - (c == y[i]))", "p", "right-class-missing"),
        "right class only": (
            "(p - (c == y[i]))",
            "(p - 1) * (c == y[i])",
            "other-classes-missing",
        ),
        "indicator added": ("(p - (c == y[i]))", "(p + (c == y[i]))", "right-class-sign"),
        "indicator only": ("(p - (c == y[i]))", "-1.0 * (c == y[i])", "probabilities-missing"),
        "ones for probabilities": (
            "(p - (c == y[i]))",
            "(1.0 - (c == y[i]))",
            "wrong-coefficients",
        ),
        "p squared": ("(p - (c == y[i]))", "(p**2 - (c == y[i]))", "wrong-coefficients"),
        "not normalised": (
            "np.exp(shifted[c] - log_sum)",
            "np.exp(shifted[c])",
            "not-normalised",
        ),
        "overflow": ("scores - scores.max()", "scores", "overflow"),
        "shifted by the smallest score": ("scores.max()", "scores.min()", "shift-not-largest"),
        "sign": (
            "loss += log_sum - shifted[y[i]]",
            "loss -= log_sum - shifted[y[i]]",
            "sign",
        ),
        "sign of the gradient": ("(p - (c == y[i]))", "((c == y[i]) - p)", "sign"),
        "log missing": (
            "loss += log_sum - shifted[y[i]]",
            "loss -= np.exp(shifted[y[i]] - log_sum)",
            "log-missing",
        ),
        "log of the sum missing": (
            "loss += log_sum - shifted[y[i]]",
            "loss -= scores[y[i]]",
            "log-sum-missing",
        ),
        "logarithm to base 10": (
            "loss += log_sum - shifted[y[i]]",
            "loss -= np.log10(np.exp(shifted[y[i]] - log_sum))",
            "wrong-logarithm",
        ),
        "shifted in one place": (
            "loss += log_sum - shifted[y[i]]",
            "loss += log_sum - scores[y[i]]",
            "shift-in-one-place",
        ),
        "all classes": (
            "loss += log_sum - shifted[y[i]]",
            "loss += np.sum(log_sum - shifted)",
            "all-classes-summed",
        ),
        "last example only": ("for i in range(N):", "for i in [N - 1]:", "one-example-only"),
        "overwritten": ("dW[:, c] += (p", "dW[:, c] = (p", "one-example-only"),
        "last example left out": (
            "for i in range(N):",
            "for i in range(N - 1):",
            "example-left-out",
        ),
        "NaN": ("return loss, dW", "return np.nan, np.nan * W", None),
        "NaN in the loss": ("return loss, dW", "return np.nan, dW", None),
        "y changed": ("return loss, dW", "y += 1; return loss, dW", "inputs-changed"),
        "divided by N and the penalty": (
            "dW / N + 2 * reg * W",
            "dW / (N + reg * W)",
            "divided-by-penalty",
        ),
        "divided by the number of pixels": ("dW / N", "dW / X.shape[1]", "other-divisor"),
        "1 for the example": (
            "dW[:, c] += (p - (c == y[i])) * X[i]",
            "dW[:, c] += p * X[i] - (c == y[i])",
            "one-for-example",
        ),
        "loss times the label": (
            "loss += log_sum - shifted[y[i]]",
            "loss += y[i] * (log_sum - shifted[y[i]])",
            "label-as-factor",
        ),
        "divided in the loop": (
            "    for i in range(N):\n",
            "    for i in range(N):\n        loss /= N if i else 1; dW /= N if i else 1\n",
            "divided-in-loop",
        ),
        "label of the class": ("(c == y[i])", "(c == y[c])", "label-of-class"),
        "a sum that grows": (
            "log_sum = np.log(np.exp(shifted).sum())",
            "log_sum = np.log(np.exp(shifted).sum() + (np.exp(log_sum) if i else 0))",
            "sum-not-reset",
        ),
        "p of the right class for all": (
            "p = np.exp(shifted[c] - log_sum)",
            "p = np.exp(shifted[y[i]] - log_sum)",
            "right-probability-for-all",
        ),
        "exponential missing": (
            "p = np.exp(shifted[c] - log_sum)",
            "p = scores[c] / scores.sum()",
            "exp-missing",
        ),
        "nothing but zeros, in another shape": (
            "return loss, dW",
            "return 0.0, np.zeros(W.shape[1])",
            "loss-missing",
        ),
    },
    "softmax_loss_vectorized": {
        "columns for entries": ("P[rows, y] -= 1", "P[:, y] -= 1", "columns-for-entries"),
        "right class missing": ("P[rows, y] -= 1", "pass", "right-class-missing"),
        "right class added": ("P[rows, y] -= 1", "P[rows, y] += 1", "right-class-sign"),
        "right class set": ("P[rows, y] -= 1", "P[rows, y] = -1", "right-class-overwritten"),
        "not a mean": ("P /= N", "pass", "not-averaged"),
        "divided twice": ("P /= N", "P /= N * N", "averaged-twice"),
        "sum for mean": (
            "np.mean(np.log(sums[:, 0]) - correct)",
            "np.sum(np.log(sums[:, 0]) - correct)",
            "not-averaged",
        ),
        "overflow": (SHIFT, "pass", "overflow"),
        "a row for a column": (SHIFT, "scores -= scores.max(axis=1)", "broadcast-wrong-axis"),
        "one shift for all rows": (SHIFT, "scores -= scores.max()", "underflow"),
        "shifted by the mean": (SHIFT, SHIFT.replace("max", "mean"), "shift-not-largest"),
        "shift along the wrong axis": (
            SHIFT,
            "scores -= scores.max(axis=0)",
            "shift-wrong-axis",
        ),
        "normalised over everything": (
            "P.sum(axis=1, keepdims=True)",
            "np.full((N, 1), P.sum())",
            "sum-wrong-axis",
        ),
        "gradient normalised over the examples": (
            "P /= sums",
            "P /= P.sum(axis=0)",
            "sum-wrong-axis",
        ),
        "not normalised": ("P /= sums", "pass", "not-normalised"),
        "sign": ("P /= N", "P /= -N", "sign"),
        "one percent off": ("return loss, dW", "return loss, 1.01 * dW", "constant-factor"),
        "one entry one percent off": (
            "return loss, dW",
            "dW[0, 0] *= 1.01; return loss, dW",
            None,
        ),
        "transposed": ("return loss, dW", "return loss, dW.T", "transposed"),
        "loss of each example": (
            "loss = np.mean(np.log(sums[:, 0]) - correct)",
            "loss = (np.log(sums[:, 0]) - correct)",
            "wrong-shape",
        ),
        "loss missing": ("return loss, dW", "return 0.0, dW", "loss-missing"),
        "loss missing, and the gradient off": (
            "return loss, dW",
            "return 0.0, dW + 0.1",
            "loss-missing",
        ),
        "rows for entries": ("P[rows, y] -= 1", "P[y] -= 1", "rows-for-entries"),
        "loss of rows": (
            "loss = np.mean(np.log(sums[:, 0]) - correct)",
            "loss = -np.sum(np.log((P / sums)[y])) / N",
            "rows-for-entries",
        ),
        "logarithm of p - 1": (
            "loss = np.mean(np.log(sums[:, 0]) - correct)",
            "loss = -np.mean(np.log(P[rows, y] / sums[:, 0] - 1))",
            "log-after-subtraction",
        ),
    },
}

PENALTY_LINES = {
    "svm_loss_naive": (PENALTY, "2 * reg * W"),
    "svm_loss_vectorized": (PENALTY, "2 * reg * W"),
    "softmax_loss_naive": (PENALTY, "2 * reg * W"),
    "softmax_loss_vectorized": (PENALTY, "2 * reg * W"),
}

WRONG = {
    "KNearestNeighbor.compute_distances_two_loops": {
        "root missing": (ROOT, "np.sum(difference**2)", "root-missing"),
        "L1": (ROOT, "np.sum(np.abs(difference))", "l1-distance"),
        "root inside": (ROOT, "np.sum(np.sqrt(difference**2))", "l1-distance"),
        "largest difference": (ROOT, "np.max(np.abs(difference))", "max-distance"),
        "squared after the sum": (ROOT, "np.sqrt(np.sum(difference) ** 2)", "squared-after-sum"),
        "mean": (ROOT, "np.sqrt(np.mean(difference**2))", "mean-for-sum"),
        "first row only": (
            "dists[i, j] = ",
            "if i:\n                    break\n                dists[i, j] = ",
            "not-filled",
        ),
        "one part in a thousand off": (ROOT, "1.001 * " + ROOT, None),
        "root of absolute differences": (ROOT, "np.sqrt(np.sum(np.abs(difference)))", "root-of-l1"),
        "roots summed": (ROOT, "np.sum(np.sqrt(np.abs(difference)))", "roots-summed"),
        "root twice": (ROOT, f"np.sqrt({ROOT})", "root-twice"),
        "the first number left out": (
            ROOT,
            "np.sqrt(np.sum(difference[1:] ** 2))",
            "numbers-left-out",
        ),
        "the last number only": (ROOT, "np.abs(difference[-1])", "numbers-left-out"),
        "mean without root": (ROOT, "np.mean(difference**2)", "mean-for-sum"),
        "sum of the examples": (
            ROOT,
            "np.sqrt(np.sum((X[i] + self.X_train[j]) ** 2))",
            "cross-term",
        ),
        "cosine": (
            ROOT,
            "X[i] @ self.X_train[j] / np.sqrt(X[i] @ X[i] * (self.X_train[j] @ self.X_train[j]))",
            "cosine-distance",
        ),
        "whole numbers": (ROOT, f"int({ROOT})", "distances-cut"),
        "a whole row": ("dists[i, j] = ", "dists[i] = ", "distances-overwritten"),
        "one half of the rows": (
            "dists[i, j] = ",
            "if j > i:\n                    continue\n                dists[i, j] = ",
            "not-filled",
        ),
    },
    "KNearestNeighbor.compute_distances_one_loop": {
        "root missing": (ROOT_OF_ROW, "np.sum(differences**2, axis=1)", "root-missing"),
        "other axis": ("axis=1", "axis=0", None),
        "no axis": (", axis=1", "", "axis-missing"),
        "L1": (ROOT_OF_ROW, "np.sum(np.abs(differences), axis=1)", "l1-distance"),
        "one row only": ("dists[i] = ", "dists[0] = ", "distances-overwritten"),
        "all rows": ("dists[i] = ", "dists[:] = ", "distances-overwritten"),
        "root of absolute differences": (
            ROOT_OF_ROW,
            "np.sqrt(np.sum(np.abs(differences), axis=1))",
            "root-of-l1",
        ),
        "sorted": (ROOT_OF_ROW, f"np.sort({ROOT_OF_ROW})", "distances-sorted"),
    },
    "KNearestNeighbor.compute_distances_no_loops": {
        "root missing": ("return np.sqrt(dists, out=dists)", "return dists", "root-missing"),
        "sign of the product": ("dists *= -2", "dists *= 2", "cross-term"),
        "factor 2 of the product": ("dists *= -2", "dists *= -1", "cross-term"),
        "squares of X_train missing": ("dists += train_squares", "pass", "squares-missing"),
        "squares of X missing": (
            "dists += test_squares[:, np.newaxis]",
            "pass",
            "squares-missing",
        ),
        "transposed": ("return np.sqrt(dists, out=dists)", "return np.sqrt(dists).T", "transposed"),
        "product only": ("dists *= -2", "return dists", "cross-term"),
        "root before the last square": (
            "dists += train_squares",
            "return np.sqrt(dists) + train_squares",
            "root-of-a-part",
        ),
        "root before the product": (
            "dists *= -2",
            "return np.sqrt(test_squares[:, None] + train_squares) - 2 * dists",
            "root-of-a-part",
        ),
        "a row for a column": (
            "dists += test_squares[:, np.newaxis]",
            "dists += test_squares",
            "broadcast-wrong-axis",
        ),
        "squares along the wrong axis": (
            'np.einsum("nd,nd->n", X, X)',
            'np.resize(np.einsum("nd,nd->d", X, X), len(X))',
            None,
        ),
        "X changed": (
            "dists = X @ self.X_train.T",
            "dists = X @ self.X_train.T; X += 1",
            "inputs-changed",
        ),
        "the first hundred numbers of the product only": (
            "X @ self.X_train.T",
            "X[:, :100] @ self.X_train[:, :100].T",
            None,
        ),
    },
    "KNearestNeighbor.predict_labels": {
        "ties to the nearer": (VOTE, f"{COUNTER}.most_common(1)[0][0]", "ties"),
        "ties to the largest": (
            VOTE,
            "max(self.y_train[nearest], key=lambda c: (sum(self.y_train[nearest] == c), c))",
            "ties",
        ),
        "ties by order of a sort of counts": (
            VOTE,
            "np.argsort(np.bincount(self.y_train[nearest]), kind='stable')[-1]",
            "ties",
        ),
        "ties by order of a set": (
            VOTE,
            "max(set(self.y_train[nearest].tolist()), key=self.y_train[nearest].tolist().count)",
            "ties",
        ),
        "only the nearest votes": ("by_distance[:k]", "by_distance[:1]", "k-ignored"),
        "the farthest vote": (NEAREST, "np.argsort(-dists[i])[:k]", "farthest-neighbours"),
        "one neighbour too many": (NEAREST, "np.argsort(dists[i])[: k + 1]", "k-off-by-one"),
        "one neighbour too few": (
            NEAREST,
            "np.argsort(dists[i])[: max(k - 1, 1)]",
            "k-off-by-one",
        ),
        "the nearest left out": (NEAREST, "np.argsort(dists[i])[1 : k + 1]", "k-off-by-one"),
        "indices for labels": (
            "np.bincount(self.y_train[nearest])",
            "np.bincount(nearest)",
            "indices-for-labels",
        ),
        "labels sorted by value": (
            "self.y_train[nearest]",
            "np.sort(self.y_train)[nearest]",
            "labels-sorted",
        ),
        "the smallest label": (VOTE, "self.y_train[nearest].min()", "vote-missing"),
        "the mean label": (VOTE, "np.round(self.y_train[nearest].mean())", "vote-missing"),
        "label 0 never counted": (
            VOTE,
            "(np.bincount(self.y_train[nearest]) * "
            "(np.arange(self.y_train[nearest].max() + 1) > 0)).argmax()",
            "label-0-left-out",
        ),
        "the count for the label": (
            VOTE,
            "np.bincount(self.y_train[nearest]).max()",
            "count-for-label",
        ),
        "the longest run": (
            VOTE,
            "max(__import__('itertools').groupby(self.y_train[nearest]), "
            "key=lambda run: len(list(run[1])))[0]",
            "longest-run",
        ),
        "the longest run of sorted labels, but the last": (
            VOTE,
            "(lambda c: c[c > 0][:-1].argmax() if len(c[c > 0]) > 1 else 0)"
            "(np.bincount(self.y_train[nearest])); "
            "y_pred[i] = np.unique(self.y_train[nearest])[y_pred[i]]",
            "longest-run",
        ),
        "argsort of argsort": (
            NEAREST,
            "np.argsort(np.argsort(dists[i]))[:k]",
            "ranks-for-indices",
        ),
        "the first to k votes": (
            VOTE,
            "(lambda y: next((c for j, c in enumerate(y) if np.sum(y[: j + 1] == c) == k), 0))"
            "(self.y_train[np.argsort(dists[i], kind='stable')])",
            "first-to-k-votes",
        ),
        "votes counted over indices": (
            VOTE,
            "self.y_train[np.bincount(nearest).argmax()]",
            "votes-over-indices",
        ),
        "nothing where labels tie": (
            VOTE,
            "(lambda c: c.argmax() if np.sum(c == c.max()) == 1 else 0)"
            "(np.bincount(self.y_train[nearest]))",
            "ties-left-open",
        ),
        "the place among sorted labels, looked up in unsorted ones": (
            VOTE,
            "self.y_train[nearest]"
            "[np.unique(self.y_train[nearest], return_counts=True)[1].argmax()]",
            "place-among-sorted",
        ),
        "the place among sorted labels": (
            VOTE,
            "np.unique(self.y_train[nearest], return_counts=True)[1].argmax()",
            "place-for-label",
        ),
        "the label of the label": (VOTE, f"self.y_train[{VOTE}]", "label-as-index"),
        "distances cut to whole numbers": (
            NEAREST,
            "np.argsort(dists[i].astype(int), kind='stable')[:k]",
            "distances-rounded",
        ),
        "all vote": (NEAREST, "np.argsort(dists[i])", "all-examples-vote"),
        "not sorted": (NEAREST, "np.arange(k)", "first-examples-vote"),
        "sorted along the columns": (
            NEAREST,
            "np.argsort(dists, axis=0, kind='stable')[i, :k]",
            "columns-sorted",
        ),
        "the first row for all": (NEAREST, "np.argsort(dists[0])[:k]", "one-example-for-all"),
        "the smallest labels": (NEAREST, "np.argsort(self.y_train)[:k]", "smallest-labels-vote"),
        "the fewest votes": (VOTE, VOTE.replace("argmax", "argmin"), "fewest-votes"),
        "votes weighed by nearness": (
            VOTE,
            "np.bincount(self.y_train[nearest], 1 / (1 + dists[i, nearest])).argmax()",
            "weighted-votes",
        ),
        "the nearest on average": (
            VOTE,
            "min(np.unique(self.y_train[nearest]), "
            "key=lambda c: dists[i, nearest][self.y_train[nearest] == c].mean())",
            "weighted-votes",
        ),
        "more than half of the votes only": (
            VOTE,
            "(lambda c: c.argmax() if c.max() > k / 2 else 0)(np.bincount(self.y_train[nearest]))",
            "majority-only",
        ),
        "nothing where labels tie, as NaN": (
            "y_pred[i] = " + VOTE,
            "y_pred = y_pred.astype(float); c = np.bincount(self.y_train[nearest]); "
            "y_pred[i] = c.argmax() if np.sum(c == c.max()) == 1 else None",
            "ties-left-open",
        ),
        "argmax of the labels": (VOTE, "self.y_train[nearest].argmax()", "vote-missing"),
        "the median label": (VOTE, "np.median(self.y_train[nearest])", "vote-missing"),
        "dists changed": (
            VOTE,
            VOTE + "; dists[i] = 0",
            "inputs-changed",
        ),
        "distances of six decimals": (
            NEAREST,
            'np.argsort(np.round(dists[i], 6), kind="stable")[:k]',
            None,
        ),
        "distances in half precision": (
            NEAREST,
            'np.argsort(dists[i].astype(np.float16), kind="stable")[:k]',
            None,
        ),
        "the first 500 only": (
            NEAREST,
            'np.argsort(dists[i, :500], kind="stable")[:k]',
            None,
        ),
        "the first thousand only": (
            NEAREST,
            'np.argsort(dists[i, :1000], kind="stable")[:k]',
            None,
        ),
        "votes counted in a byte": (
            VOTE,
            "np.bincount(self.y_train[nearest]).astype(np.uint8).argmax()",
            None,
        ),
    },
    "nca_loss": {
        "factor 2 missing": ("2 * dZ.T @ X", "dZ.T @ X", "factor-2-missing"),
        "gradient not a mean": ("- log_p)) / N", "- log_p))", "not-averaged"),
        "an example picks itself": ("np.fill_diagonal(S, -np.inf)", "pass", "self-counted"),
        "sum of logs": ("-np.mean(log_p)", "-np.sum(log_p)", "not-averaged"),
        "mean of p": ("-np.mean(log_p)", "-np.log(np.mean(np.exp(log_p)))", "mean-before-log"),
        "p for log p": ("-np.mean(log_p)", "-np.mean(np.exp(log_p))", "log-missing"),
        "M twice": ("M @ Z + M.T @ Z", "2 * M @ Z", "not-symmetrised"),
        "transposed": ("2 * dZ.T @ X", "(2 * dZ.T @ X).T", "transposed"),
        "sign": ("2 * dZ.T @ X", "-2 * dZ.T @ X", "sign"),
        "sums along the other axis": ("M.sum(axis=0)", "M.sum(axis=1)", "column-sums-missing"),
        "column sums forgotten": (
            " - M.sum(axis=0)[:, np.newaxis] * Z",
            "",
            "column-sums-missing",
        ),
        "distances not squared": (
            "S = 2 * Z @ Z.T - squares[:, np.newaxis] - squares",
            "S = -np.sqrt(np.maximum(squares[:, np.newaxis] + squares - 2 * Z @ Z.T, 0))",
            "distances-not-squared",
        ),
        "half the squares": (
            "S = 2 * Z @ Z.T - squares[:, np.newaxis] - squares",
            "S = Z @ Z.T - squares[:, np.newaxis] / 2 - squares / 2",
            "distances-halved",
        ),
        "far ones likelier": (
            "np.fill_diagonal(S, -np.inf)",
            "S = -S; np.fill_diagonal(S, -np.inf)",
            "distance-sign",
        ),
        "itself in the denominator": (
            "same = y[:, np.newaxis] == y",
            "np.fill_diagonal(S, 0); same = (y[:, np.newaxis] == y) & ~np.eye(N, dtype=bool)",
            "self-in-denominator",
        ),
        "sum of logarithms": (
            "-np.mean(log_p)",
            "-np.sum(log_P[same & ~np.eye(N, dtype=bool)]) / N",
            "log-before-sum",
        ),
        "quotient of exponentials": (
            "log_P = S - log_sum_exp(S)",
            "log_P = np.log(np.exp(S) / np.exp(S).sum(axis=1, keepdims=True))",
            "probability-underflows",
        ),
        "log of a sum of probabilities": (
            "log_p = log_sum_exp(log_P_same)",
            "log_p = np.log(np.exp(log_P_same).sum(axis=1, keepdims=True))",
            "probability-underflows",
        ),
        "no target": (
            "(np.exp(log_P) - np.exp(log_P_same - log_p))",
            "np.exp(log_P)",
            "target-missing",
        ),
        "a target that is not rescaled": (
            "np.exp(log_P_same - log_p)",
            "np.exp(log_P_same)",
            "target-not-rescaled",
        ),
        "gradient not written yet": ("2 * dZ.T @ X", "0 * A", "gradient-missing"),
    },
    **{
        name: {
            **mistakes,
            **{
                mistake: (PENALTY_LINES[name][part == "dW"], new, diagnosis)
                for mistake, (part, new, diagnosis) in PENALTIES.items()
            },
        }
        for name, mistakes in LINEAR_WRONG.items()
    },
    "LinearClassifier.train": {
        "uphill": ("self.W -= ", "self.W += ", "uphill"),
        "no learning rate": ("learning_rate * dW", "dW", "learning-rate-missing"),
        "a thousandth of the rate": (
            "learning_rate * dW",
            "0.001 * learning_rate * dW",
            "learning-rate-other",
        ),
        "never updated": ("self.W -= learning_rate * dW", "pass", "never-updated"),
        "loss not noted": ("loss_history.append(float(loss))", "pass", "history"),
        "batch size noted": ("append(float(loss))", "append(batch_size)", "history"),
        "labels of other examples": ("y[batch]", "y[:batch_size]", "labels-of-other-examples"),
        "other numbers than X": ("X[batch]", "(X[batch] - X.mean())", "not-training-examples"),
        "labels not drawn": ("y[batch]", "y", "labels-of-other-examples"),
        "always the first examples": (
            BATCH,
            "np.arange(batch_size) % N",
            "same-batch-each-step",
        ),
        "one batch for all steps": (
            BATCH,
            "np.random.RandomState(0).choice(N, batch_size)",
            "same-batch-each-step",
        ),
        "one example, repeated": (
            BATCH,
            "np.full(batch_size, np.random.randint(N))",
            "one-example-batch",
        ),
        "indices from the wrong dimension": (
            BATCH,
            "np.random.choice(D, batch_size)",
            "part-never-drawn",
        ),
        "the last example never": (
            BATCH,
            "np.random.randint(N - 1, size=batch_size)",
            "part-never-drawn",
        ),
        "a new batch every second step": (
            BATCH,
            "np.random.choice(N, batch_size) if step % 2 == 0 else batch",
            "same-batch-each-step",
        ),
        "all examples": ("X[batch], y[batch]", "X, y", "batch-size"),
        "half a batch": (BATCH, "np.random.choice(N, batch_size // 2)", "batch-size"),
        "reg not passed on": ("y[batch], reg)", "y[batch], 0.0)", "reg-not-passed-on"),
        "two steps in one": (
            "self.W -= learning_rate * dW",
            "self.W -= 2 * learning_rate * dW",
            "step-twice",
        ),
        "the step made twice": (STEP, f"{STEP}; {STEP}", "step-twice"),
        "W =- step": (STEP, "self.W =- learning_rate * dW", "step-assigned"),
        "W =+ step": (STEP, "self.W =+ learning_rate * dW", "step-assigned"),
        "a copy is moved": (STEP, "W = self.W.copy(); W -= learning_rate * dW", "never-updated"),
        "from the first weights": (
            STEP,
            "W = self.W if step == 0 else W; self.W = W - learning_rate * dW",
            "steps-not-added",
        ),
        "a step in the end": (
            STEP,
            "self.W = self.W - learning_rate * dW * (step == num_iters - 1)",
            "step-after-loop",
        ),
        "mean of all weights": (
            STEP,
            "total = self.W + (total if step else 0); self.W = self.W - learning_rate * dW\n"
            "            if step == num_iters - 1: self.W = total / num_iters",
            "weights-averaged",
        ),
        "over the batch": (STEP, "self.W -= learning_rate * dW / batch_size", "step-averaged"),
        "over all examples": (STEP, "self.W -= learning_rate * dW / N", "step-averaged"),
        "times the batch": (
            STEP,
            "self.W -= learning_rate * dW * batch_size",
            "learning-rate-other",
        ),
        "all gradients so far": (
            STEP,
            "total = dW + (total if step else 0); self.W -= learning_rate * total",
            "gradients-accumulated",
        ),
        "sign of the gradient": (
            STEP,
            "self.W -= learning_rate * np.sign(dW)",
            "gradient-normalised",
        ),
        "penalty in the step": (
            STEP,
            "self.W -= learning_rate * (dW + 2 * reg * self.W)",
            "penalty-in-step",
        ),
        "a rate that decays": (STEP, f"{STEP}; learning_rate *= 0.95", "learning-rate-decays"),
        "plain and momentum": (
            STEP,
            f"{STEP}; v = (0.9 * v if step else 0) - learning_rate * dW; self.W += v",
            "momentum-besides",
        ),
        "two rounds in one": (
            STEP,
            f"{STEP}; loss, dW = self.loss(X[batch], y[batch], reg); {STEP}",
            "step-count",
        ),
        "a step each fourth time": (STEP, f"if step % 4 == 0: {STEP}", "step-count"),
        "AdaGrad": (
            STEP,
            "c = (c if step else 0) + dW**2; self.W -= learning_rate * dW / np.sqrt(c + 1e-8)",
            None,
        ),
        "a loss of its own": (
            "loss, dW = self.loss(X[batch], y[batch], reg)",
            "dW = X[batch].T @ X[batch] @ self.W; loss = np.sum(dW)",
            "loss-not-asked",
        ),
        "labels in a row": ("y[batch]", "y[batch][np.newaxis]", "batch-shape"),
        "labels in a column": ("y[batch]", "y[batch][:, np.newaxis]", "batch-shape"),
        "one-hot labels": ("y[batch]", "np.eye(y.max() + 1)[y[batch]]", "batch-shape"),
        "indices in a row": (BATCH, "np.random.choice(N, (1, batch_size))", "batch-shape"),
        "one index": (BATCH, "np.random.choice(N)", "batch-shape"),
        "whole numbers": ("X[batch]", "X[batch].astype(int)", "not-training-examples"),
        "labels in another order": (
            "y[batch]",
            "np.random.permutation(y[batch])",
            "labels-of-other-examples",
        ),
        "slices past the end": (
            BATCH,
            "np.arange(N)[step * batch_size : (step + 1) * batch_size]",
            "batch-size",
        ),
        "mean of the losses": (
            "loss_history.append(float(loss))",
            "loss_history.append((sum(loss_history) + loss) / (step + 1))",
            "history",
        ),
        "the last loss only": (
            "loss_history.append(float(loss))",
            "loss_history = [float(loss)]",
            "history",
        ),
        "a step only where the loss fell": (
            "self.W -= learning_rate * dW",
            "self.W -= learning_rate * dW * (loss <= min(loss_history[-2:]))",
            "step-count",
        ),
        "the best loss so far noted": (
            "append(float(loss))",
            "append(min([float(loss), *loss_history]))",
            "history",
        ),
        "a loss of two decimals": (
            "append(float(loss))",
            "append(round(float(loss), 2))",
            "history",
        ),
        "an end after twenty steps": (
            "self.W -= learning_rate * dW",
            "self.W -= learning_rate * dW\n            if step == 20: break",
            "history",
        ),
        "a step by another gradient than that of the batch": (
            "self.W -= ",
            "_, dW = self.loss(X, y, 0.0); self.W -= ",
            None,
        ),
        "a keyword that no loss knows": (
            "y[batch], reg)",
            "y[batch], reg, verbose=verbose)",
            None,
        ),
    },
    "LinearClassifier.predict": {
        "argmin": ("argmax", "argmin", "argmin"),
        "other axis": ("axis=1", "axis=0", "wrong-axis"),
        "no axis": ("argmax(axis=1)", "argmax()", "wrong-axis"),
        "the largest score": ("scores.argmax(axis=1)", "scores.max(axis=1)", "scores-for-labels"),
        "the scores": ("scores.argmax(axis=1)", "scores", "scores-for-labels"),
        "nothing returned": ("return scores", "scores", None),
        "ReLU on the scores": ("scores.arg", "np.maximum(scores, 0).arg", "relu-on-scores"),
        "largest in size": ("scores.arg", "np.abs(scores).arg", "absolute-scores"),
        "whole numbers": ("scores.arg", "scores.astype(int).arg", "scores-cut"),
        "from 1": ("argmax(axis=1)", "argmax(axis=1) + 1", "labels-from-1"),
        "the second largest": (
            "scores.argmax(axis=1)",
            "scores.argsort(axis=1)[:, -2]",
            "second-largest",
        ),
        "ones and zeros": (
            "scores.argmax(axis=1)",
            "scores == scores.max(axis=1, keepdims=True)",
            "one-hot-for-labels",
        ),
        "the first for all": (
            "scores.argmax(axis=1)",
            "np.full(len(X), scores[0].argmax())",
            "one-example-for-all",
        ),
        "column": ("scores.argmax(axis=1)", "scores.argmax(axis=1)[:, np.newaxis]", "wrong-shape"),
    },
    "TwoLayerNet.scores": {
        "ReLU missing": ("np.maximum(H, 0, out=H)", "pass", "relu-missing"),
        "sigmoid": ("np.maximum(H, 0, out=H)", "H = 1 / (1 + np.exp(-H))", "other-activation"),
        "first bias missing": (
            "np.maximum(H, 0, out=H)",
            "np.maximum(H - b1, 0, out=H)",
            "bias-missing",
        ),
        "first bias after the ReLU": (
            "np.maximum(H, 0, out=H)",
            "H = np.maximum(H - b1, 0) + b1",
            "bias-after-relu",
        ),
        "ReLU6": ("np.maximum(H, 0, out=H)", "H = np.clip(H, 0, 6)", None),
        "second bias missing": ("scores = H @ W2 + b2", "scores = H @ W2", "bias-missing"),
        "second bias twice": ("scores = H @ W2 + b2", "scores = H @ W2 + 2 * b2", "bias-twice"),
        "first bias twice": ("H += b1", "H += 2 * b1", "bias-twice"),
        "ReLU on the scores": (
            "require_finite(scores, X=X, **self.params)",
            "np.maximum(scores, 0, out=scores)",
            "relu-on-scores",
        ),
        "shifted": (
            "require_finite(scores, X=X, **self.params)",
            SHIFT,
            "scores-shifted",
        ),
        "probabilities": (
            "require_finite(scores, X=X, **self.params)",
            "scores = np.exp(scores); scores /= scores.sum(axis=1, keepdims=True)",
            "probabilities-for-scores",
        ),
        "transposed": (
            "require_finite(scores, X=X, **self.params)",
            "scores = scores.T.copy() if y is None else scores",
            "transposed",
        ),
        "bias in the product": (
            "H += b1",
            "H = X @ (W1 + b1)",
            "bias-in-product",
        ),
        "second bias in the product": (
            "scores = H @ W2 + b2",
            "scores = H @ (W2 + b2)",
            "bias-in-product",
        ),
        "np.max for np.maximum": (
            "np.maximum(H, 0, out=H)",
            "H = np.max(H, 0)",
            "wrong-shape",
        ),
        "weights of one unit off": (
            "scores = H @ W2 + b2",
            "scores = H @ W2 + b2; scores[:, 0] += 0.01 * H[:, 0]",
            None,
        ),
    },
    "TwoLayerNet.loss": {
        "one penalty": (NET_PENALTY, "reg * np.sum(W2 * W2)", "reg-one-layer"),
        "the other penalty": (NET_PENALTY, "reg * np.sum(W1 * W1)", "reg-one-layer"),
        "reg missing": (f"loss += {NET_PENALTY}", "pass", "reg-missing-from-loss"),
        "half": (NET_PENALTY, f"0.5 * {NET_PENALTY}", "reg-half-in-loss-only"),
        "half of one": (
            NET_PENALTY,
            "reg * (0.5 * np.sum(W1 * W1) + np.sum(W2 * W2))",
            "reg-half-in-loss-only",
        ),
        "over N": (NET_PENALTY, f"{NET_PENALTY} / N", "reg-over-n"),
        "twice": (NET_PENALTY, f"2 * {NET_PENALTY}", "reg-twice"),
        "reg dropped": (
            NET_PENALTY,
            "0.5 * (np.sum(W1 * W1) + np.sum(W2 * W2))",
            "reg-strength-dropped",
        ),
        "sums of W": (NET_PENALTY, "reg * (np.sum(W1) + np.sum(W2))", "reg-other-form"),
        "biases regularised": (
            "W2.ravel() @ W2.ravel()",
            "W2.ravel() @ W2.ravel() + b1 @ b1 + b2 @ b2",
            "biases-regularised",
        ),
        "not a mean": ("np.mean(np.log", "np.sum(np.log", "not-averaged"),
        "mean twice": ("np.mean(np.log", "2 * np.mean(np.log", "constant-factor"),
        "sign": ("np.mean(np.log", "-np.mean(np.log", "sign"),
        "overflow": (SHIFT, "pass", "overflow"),
        "one shift for all rows": (SHIFT, "scores -= scores.max()", "underflow"),
        "shifted by the mean": (SHIFT, SHIFT.replace("max", "mean"), "shift-not-largest"),
        "shift along the wrong axis": (SHIFT, "scores -= scores.max(axis=0)", "shift-wrong-axis"),
        "shifted in one place": (
            "correct = scores[rows, y]",
            "correct = self.loss(X)[rows, y]",
            "shift-in-one-place",
        ),
        "one layer twice": (
            NET_PENALTY,
            "reg * (2 * np.sum(W1 * W1) + np.sum(W2 * W2))",
            "reg-layers-differ",
        ),
        "b1 twice": (
            NET_PENALTY,
            "reg * (np.sum(W1 * W1) + np.sum(W2 * W2) + 2 * np.sum(b1 * b1))",
            "biases-regularised",
        ),
        "Python's sum": (
            NET_PENALTY,
            "reg * (np.sum(W1 * W1) + sum(W2 * W2))",
            "rows-summed",
        ),
        "logarithm of p - 1": (
            "loss = np.mean(np.log(sums[:, 0]) - correct)",
            "loss = -np.mean(np.log(P[rows, y] / sums[:, 0] - 1))",
            "log-after-subtraction",
        ),
        "params changed": (
            NET_PENALTY,
            NET_PENALTY + "; W1 *= 0.5",
            "inputs-changed",
        ),
    },
    "TwoLayerNet.gradients": {
        "scores' gradient twice": ("P /= N", "P /= N / 2", "constant-factor"),
        "W2 twice": (
            'grads["b1"] = dH.sum(axis=0)',
            'grads["b1"] = dH.sum(axis=0); grads["W2"] *= 2',
            "constant-factor",
        ),
        "b1 twice": ("dH.sum(axis=0)", "2 * dH.sum(axis=0)", "constant-factor"),
        "ReLU mask missing": ("dH *= H > 0", "pass", "relu-mask-missing"),
        "mask of dH": ("dH *= H > 0", "dH *= dH > 0", "relu-mask-wrong"),
        "mask without the bias": ("dH *= H > 0", "dH *= X @ W1 > 0", "relu-mask-wrong"),
        "mask with >=": ("dH *= H > 0", "dH *= H >= 0", "relu-mask-missing"),
        "H for its mask": ("dH *= H > 0", "dH *= H", "relu-mask-wrong"),
        "factor 2 missing in W2": (
            "2 * reg * W2",
            "reg * W2",
            "reg-factor-2-missing",
        ),
        "factor 2 missing in both": (
            'grads["b1"] = dH.sum(axis=0)',
            'grads["b1"] = dH.sum(axis=0); grads["W1"] -= reg * W1; grads["W2"] -= reg * W2',
            "reg-factor-2-missing",
        ),
        "reg missing": ("+= 2 * reg * W1", "+= 0", "reg-missing-from-gradient"),
        "reg over N": (
            "2 * reg * W1",
            "2 * reg * W1 / N",
            "reg-over-n",
        ),
        "reg dropped": ("2 * reg * W1", "2 * W1", "reg-strength-dropped"),
        "biases regularised": (
            "dH.sum(axis=0)",
            "dH.sum(axis=0) + 2 * reg * b1",
            "biases-regularised",
        ),
        "columns for entries": ("P[rows, y] -= 1", "P[:, y] -= 1", "columns-for-entries"),
        "right class missing": ("P[rows, y] -= 1", "pass", "right-class-missing"),
        "not a mean": ("P /= N", "pass", "not-averaged"),
        "divided twice": ("P /= N", "P /= N * N", "averaged-twice"),
        "sign": ("P /= N", "P /= -N", "sign"),
        "mean for sum": ("dH.sum(axis=0)", "dH.mean(axis=0)", "bias-gradient-averaged"),
        "other axis": ("dscores.sum(axis=0)", "dscores.sum(axis=1)", "bias-gradient-not-summed"),
        "bias gradient not summed": ("dH.sum(axis=0)", "dH", "bias-gradient-not-summed"),
        "b2 not a mean": (
            "dscores.sum(axis=0)",
            "N * dscores.sum(axis=0)",
            "not-averaged",
        ),
        "gradients swapped": (
            'grads["b1"] = dH.sum(axis=0)',
            'grads["b1"] = dH.sum(axis=0); grads["W1"], grads["W2"] = grads["W2"], grads["W1"]',
            "gradients-swapped",
        ),
        "transposed": (
            'grads["W1"] += 2 * reg * W1',
            'grads["W1"] = (grads["W1"] + 2 * reg * W1).T',
            "transposed",
        ),
        "before the ReLU": (
            "H.T @ dscores",
            "(X @ W1 + b1).T @ dscores",
            "pre-activation-for-hidden",
        ),
        "gradient of W2 for W2": (
            "dscores @ W2.T",
            'dscores @ grads["W2"].T',
            "gradient-for-weights",
        ),
        "factor 2 in one, one half in the loss": (
            'grads["b1"] = dH.sum(axis=0)',
            'grads["b1"] = dH.sum(axis=0); grads["W1"] -= reg * W1; '
            "loss -= reg / 2 * (np.sum(W1**2) + np.sum(W2**2))",
            "reg-factors-differ",
        ),
        "dH without W2 transposed": (
            "dscores @ W2.T",
            "dscores @ np.abs(W2.T)",
            None,
        ),
        "biases still missing": (
            'grads["b1"] = dH.sum(axis=0)',
            'del grads["b2"]',
            "gradient-missing",
        ),
    },
    "TwoLayerNet.train": {
        "without replacement": (
            BATCH,
            "np.random.choice(N, batch_size, replace=False)",
            "without-replacement",
        ),
        "weights only": (
            "for name in self.params:",
            'for name in ("W1", "W2"):',
            "parameters-not-updated",
        ),
        "uphill": ("self.params[name] -= ", "self.params[name] += ", "uphill"),
        "no learning rate": (
            "learning_rate * grads[name]",
            "grads[name]",
            "learning-rate-missing",
        ),
        "never updated": (
            "self.params[name] -= learning_rate * grads[name]",
            "pass",
            "never-updated",
        ),
        "loss not noted": ("loss_history.append(float(loss))", "pass", "history"),
        "labels of other examples": ("y[batch]", "y[:batch_size]", "labels-of-other-examples"),
        "always the first examples": (
            BATCH,
            "np.arange(batch_size) % N",
            "same-batch-each-step",
        ),
        "indices from the wrong dimension": (
            BATCH,
            "np.random.choice(D, batch_size)",
            "part-never-drawn",
        ),
        "half a batch": (BATCH, "np.random.choice(N, batch_size // 2)", "batch-size"),
        "reg not passed on": ("reg=reg", "reg=0.0", "reg-not-passed-on"),
        "no decay": (
            "loss_history.append(float(loss))",
            "loss_history.append(float(loss)); learning_rate_decay = 1.0",
            "epoch-count",
        ),
        "decay in each step": (
            "loss_history.append(float(loss))",
            "loss_history.append(float(loss)); learning_rate *= learning_rate_decay",
            "epoch-count",
        ),
        "decay twice": (
            "loss_history.append(float(loss))",
            "loss_history.append(float(loss))\n"
            "            if step % steps_per_epoch == 0: learning_rate *= learning_rate_decay",
            "decay-twice",
        ),
        "W1 twice": (
            NET_STEP,
            f"{NET_STEP}\n            self.params['W1'] -= learning_rate * grads['W1']",
            "step-twice",
        ),
        "name =- step": (NET_STEP, NET_STEP.replace("-=", "=-"), "step-assigned"),
        "a local name": (
            NET_STEP,
            "p = self.params[name]; p = p - learning_rate * grads[name]",
            "never-updated",
        ),
        "plain and momentum": (NET_STEP, f"{NET_STEP}; {VELOCITY}", "momentum-besides"),
        "velocities in self.params": (
            "for name in self.params:",
            "for name in list(self.params):\n"
            "                self.params['v' + name] = 0.9 * grads[name]",
            "no-such-gradient",
        ),
        "labels in a row": ("y[batch]", "y[batch].reshape(1, -1)", "batch-shape"),
        "batches from the validation set": (
            "X[batch], y[batch]",
            "X_val[batch % len(X_val)], y_val[batch % len(X_val)]",
            "not-training-examples",
        ),
        "the loss of the validation set noted": (
            "loss_history.append(float(loss))",
            "loss_history.append(float(self.loss(X_val, y_val, reg)[0]))",
            "history",
        ),
    },
    "TwoLayerNet.predict": {
        "argmin": ("argmax", "argmin", "argmin"),
        "other axis": ("axis=1", "axis=0", "wrong-axis"),
        "the scores": (".argmax(axis=1)", "", "scores-for-labels"),
        "the largest score": (".argmax(axis=1)", ".max(axis=1)", "scores-for-labels"),
        "a forward pass without b1": (
            "self.loss(X)",
            "(np.maximum(X @ self.params['W1'], 0) @ self.params['W2'] + self.params['b2'])",
            "bias-missing",
        ),
        "ReLU on the scores": ("self.loss(X)", "np.maximum(self.loss(X), 0)", "relu-on-scores"),
        "normalised over the examples": (
            "self.loss(X)",
            "(np.exp(self.loss(X)) / np.exp(self.loss(X)).sum(axis=0))",
            "sum-wrong-axis",
        ),
        "dropout in predict": (
            "self.loss(X)",
            "(np.maximum(X @ self.params['W1'] + self.params['b1'], 0) "
            "* (np.random.rand(len(X), len(self.params['b1'])) < 0.5) @ self.params['W2'])",
            "random-result",
        ),
        "a forward pass without ReLU": (
            "self.loss(X)",
            "((X @ self.params['W1'] + self.params['b1']) @ self.params['W2'] + self.params['b2'])",
            "relu-missing",
        ),
    },
}


# A net whose own constructor leaves something in it that its training relies on.
NET = """
    import numpy as np
    class TwoLayerNet(object):
        def __init__(self, D, H, C, std=1e-4, seed=None):
            self.params = dict(W1=std * np.random.randn(D, H), W2=std * np.random.randn(H, C))
            self.params.update(b1=np.zeros({H}), b2=np.zeros({C}))
            {state}
        def loss(self, X, y=None, reg=0.0{more}):
            raise NotImplementedError("another exercise")
        def step(self, grads):
            for name in grads:
                assert grads[name].shape == self.params[name].shape
                self.params[name] = self.params[name] - self.rate * grads[name]
        def train(self, X, y, X_val, y_val, learning_rate=1e-3, learning_rate_decay=0.95,
                  reg=5e-6, num_iters=100, batch_size=200, verbose=False):
            self.rate, history = learning_rate, []
            for it in range(num_iters):
                i = np.random.choice(X.shape[0], batch_size)
                loss, grads = {ask}
                history.append(loss)
                self.step(grads)
                if it % max(X.shape[0] // batch_size, 1) == 0:
                    self.accuracy = (self.predict(X_val, "quickly") == y_val).mean()
                    self.rate *= learning_rate_decay
            return dict(loss_history=history)
        def predict(self, X, how=None):
            raise NotImplementedError("another exercise")
    """

# Right, but not as we write it. Whole answers, in the place of the reference's, or whole files.

RIGHT = {
    "KNearestNeighbor.compute_distances_two_loops": {
        "norm": "dists[i, j] = np.linalg.norm(X[i] - self.X_train[j])",
        "dot": """
            d = X[i, :] - self.X_train[j, :]
            dists[i][j] = np.sqrt(d.dot(d))
            """,
        "power of one half": """
            dists[i, j] = np.sum((self.X_train[j] - X[i]) ** 2) ** 0.5
            """,
        "numbers one at a time": """
            total = 0
            for d in range(X.shape[1]):
                total += (X[i, d] - self.X_train[j, d]) ** 2
            dists[i, j] = total**0.5
            """,
        "float32 inside": """
            d = np.float32(X[i]) - np.float32(self.X_train[j])
            dists[i, j] = np.sqrt(np.sum(d * d))
            """,
    },
    "KNearestNeighbor.compute_distances_one_loop": {
        "norm": "dists[i, :] = np.linalg.norm(self.X_train - X[i], axis=1)",
        "all rows from here on": "dists[i:,] = np.sqrt(((X[i] - self.X_train) ** 2).sum(1))",
    },
    "KNearestNeighbor.compute_distances_no_loops": {
        "no care for round-off": """
            squares = np.sum(X**2, axis=1, keepdims=True) + np.sum(self.X_train**2, axis=1)
            return np.sqrt(squares - 2 * X.dot(self.X_train.T))
            """,
        "scipy": """
            from scipy.spatial.distance import cdist
            return cdist(X, self.X_train)
            """,
        "a matrix": """
            a = np.matrix(np.sum(X**2, axis=1)).T
            squares = a + np.sum(self.X_train**2, axis=1) - 2 * X @ self.X_train.T
            return np.sqrt(np.maximum(squares, 0))
            """,
        "einsum over all differences": """
            d = X[:, None] - self.X_train
            return np.sqrt(np.einsum("ijk,ijk->ij", d, d))
            """,
        "another order in memory": """
            a, b = (X**2).sum(1), (self.X_train**2).sum(1)
            return np.sqrt(np.maximum(b[:, None] - 2 * self.X_train @ X.T + a, 0)).T
            """,
        "one row at a time": """
            return np.array([np.sqrt(((self.X_train - x) ** 2).sum(axis=1)) for x in X])
            """,
    },
    "KNearestNeighbor.predict_labels": {
        "a full sort": """
            closest_y = self.y_train[np.argsort(dists[i], kind="stable")[:k]]
            y_pred[i] = np.argmax(np.bincount(closest_y))
            """,
        "unique": """
            closest_y = self.y_train[np.argsort(dists[i], kind="stable")[:k]]
            labels, counts = np.unique(closest_y, return_counts=True)
            y_pred[i] = labels[np.argmax(counts)]
            """,
        "float labels": """
            y_pred = y_pred.astype(float)
            y_pred[i] = np.argmax(np.bincount(self.y_train[np.argsort(dists[i])[:k]]))
            """,
        "ten counters": """
            counts = np.zeros(10)
            for label in self.y_train[np.argsort(dists[i])][:k]:
                counts[label] += 1
            y_pred[i] = np.argmax(counts)
            """,
        "old scipy": """
            from scipy.stats import mode
            y_pred[i] = mode(self.y_train[np.argsort(dists[i])[:k]])[0][0]
            """,
        "a sorted dict": """
            votes = {}
            for j in dists[i].argsort()[:k]:
                votes[self.y_train[j]] = votes.get(self.y_train[j], 0) + 1
            y_pred[i] = sorted(votes.items(), key=lambda item: (-item[1], item[0]))[0][0]
            """,
    },
    "svm_loss_naive": {
        "the right class last": """
            N, C = X.shape[0], W.shape[1]
            loss, dW = 0.0, np.zeros(W.shape)
            for i in range(N):
                s = W.T.dot(X[i])
                violated = 0
                for c in range(C):
                    margin = s[c] - s[y[i]] + 1
                    if c != y[i] and margin > 0:
                        loss += margin
                        violated += 1
                        dW[:, c] += X[i].T
                dW[:, y[i]] -= violated * X[i].T
            return loss / N + reg * np.sum(W**2), dW / N + 2 * reg * W
            """,
        "the right class not left out": """
            N = X.shape[0]
            loss, dW = -float(N), np.zeros(W.shape)
            for i in range(N):
                s = X[i].dot(W)
                for c in range(W.shape[1]):
                    if s[c] - s[y[i]] + 1 > 0:
                        loss += s[c] - s[y[i]] + 1
                        dW[:, c] += X[i]
                        dW[:, y[i]] -= X[i]
            loss /= N
            dW /= N
            loss += reg * np.sum(W * W)
            dW += reg * 2 * W
            return np.float32(loss), dW
            """,
        "classes outside": """
            N, C = X.shape[0], W.shape[1]
            loss, dW = 0, 0 * W
            for c in range(C):
                for i in range(N):
                    margin = X[i] @ W[:, c] - X[i] @ W[:, y[i]] + 1
                    if margin > 0 and c != y[i]:
                        loss += margin / N
                        dW[:, c] += X[i] / N
                        dW[:, y[i]] -= X[i] / N
            return loss + reg * np.linalg.norm(W) ** 2, dW + (reg + reg) * W
            """,
    },
    "svm_loss_vectorized": {
        "a mask": """
            scores = X.dot(W)
            right = scores[np.arange(len(y)), y].reshape(-1, 1)
            margins = np.maximum(0, scores - right + 1)
            margins[np.arange(len(y)), y] = 0
            loss = margins.sum() / len(y) + reg * np.sum(W**2)
            mask = (margins > 0).astype(float)
            mask[np.arange(len(y)), y] -= mask.sum(axis=1)
            return loss, X.T.dot(mask) / len(y) + 2 * reg * W
            """,
        "one-hot, transposed": """
            Y = np.eye(W.shape[1])[y].T
            S = (X @ W).T
            margins = np.maximum(S - np.sum(S * Y, axis=0) + 1, 0) * (1 - Y)
            V = np.where(margins > 0, 1, 0)
            G = V - Y * V.sum(axis=0)
            loss = np.sum(margins) / X.shape[0] + reg * np.sum(np.square(W))
            return loss, (G @ X).T / X.shape[0] + 2 * reg * W
            """,
        "scatter-add": """
            N = len(X)
            S = X @ W
            margins = S - S[range(N), y][:, None] + 1
            margins[range(N), y] = 0
            i, c = np.nonzero(margins > 0)
            dW = np.zeros(W.shape)
            np.add.at(dW.T, c, X[i] / N)
            np.subtract.at(dW.T, y[i], X[i] / N)
            return np.sum(margins[i, c]) / N + reg * np.vdot(W, W), dW + 2 * reg * W
            """,
        "float32 inside": """
            N = len(X)
            S = np.float32(X) @ np.float32(W)
            margins = np.maximum(S - S[range(N), y][:, None] + 1, 0)
            margins[range(N), y] = 0
            M = np.float32(margins > 0)
            M[range(N), y] = -M.sum(axis=1)
            loss = np.sum(margins) / N + reg * np.sum(W * W)
            return loss, np.float32(X).T @ M / N + 2 * reg * W
            """,
    },
    "softmax_loss_naive": {
        "probabilities": """
            N = X.shape[0]
            loss, dW = 0.0, np.zeros_like(W)
            for i in range(N):
                f = X[i].dot(W)
                f -= np.max(f)
                p = np.exp(f) / np.sum(np.exp(f))
                loss += -np.log(p[y[i]])
                for j in range(W.shape[1]):
                    dW[:, j] += X[i] * p[j]
                dW[:, y[i]] -= X[i]
            return loss / N + reg * np.sum(W * W), dW / N + 2 * reg * W
            """,
        "every number in a loop": """
            import math
            (N, D), C = X.shape, W.shape[1]
            loss, dW = 0.0, np.zeros((D, C))
            for i in range(N):
                s = [sum(X[i, d] * W[d, c] for d in range(D)) for c in range(C)]
                s = [v - max(s) for v in s]
                total = sum(math.exp(v) for v in s)
                loss += (math.log(total) - s[y[i]]) / N
                for c in range(C):
                    for d in range(D):
                        dW[d, c] += X[i, d] * (math.exp(s[c]) / total - (1 if c == y[i] else 0)) / N
            return loss + reg * float(np.sum(W**2)), dW + 2 * reg * W
            """,
        "a small number in the logarithm": """
            N = X.shape[0]
            loss, dW = 0.0, np.zeros_like(W)
            for i in range(N):
                p = np.exp(X[i] @ W - np.max(X[i] @ W))
                p /= p.sum()
                loss -= np.log(p[y[i]] + 1e-6)
                p[y[i]] -= 1
                dW += np.outer(X[i], p)
            return loss / N + reg * np.sum(W * W), dW / N + 2 * reg * W
            """,
    },
    "softmax_loss_vectorized": {
        "one-hot labels": """
            scores = X.dot(W)
            scores = scores - np.max(scores, axis=1, keepdims=True)
            log_P = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
            Y = np.eye(W.shape[1])[y]
            loss = -np.sum(Y * log_P) / len(y) + reg * np.sum(W**2)
            return loss, X.T.dot(np.exp(log_P) - Y) / len(y) + 2 * reg * W
            """,
        "a loss of shape (1,)": """
            scores = X.dot(W)
            scores = scores - np.max(scores, axis=1, keepdims=True)
            log_P = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
            Y = np.eye(W.shape[1])[y]
            loss = -np.sum(Y * log_P).reshape(1) / len(y) + reg * np.sum(W**2)
            return loss, X.T.dot(np.exp(log_P) - Y) / len(y) + 2 * reg * W
            """,
        "log of a probability that is 0 at an extreme gap": """
            scores = X.dot(W)
            P = np.exp(scores - np.max(scores, axis=1, keepdims=True))
            P /= P.sum(axis=1, keepdims=True)
            loss = np.mean(-np.log(P[np.arange(len(y)), y])) + reg * np.sum(W * W)
            P[np.arange(len(y)), y] -= 1
            return loss, X.T.dot(P) / len(y) + 2 * reg * W
            """,
        "scipy": """
            from scipy.special import log_softmax, logsumexp
            S = X @ W
            loss = np.mean(logsumexp(S, axis=1) - S[np.arange(len(y)), y]) + reg * np.sum(W * W)
            G = np.exp(log_softmax(S, axis=1))
            G[np.arange(len(y)), y] -= 1
            return loss, np.einsum("nd,nc->dc", X, G) / len(y) + 2 * reg * W
            """,
        "classes in rows": """
            S = (X @ W).T
            S = S - S.max(axis=0)
            P = np.exp(S) / np.exp(S).sum(axis=0)
            loss = -np.log(P[y, range(len(y))]).mean() + reg * (W**2).sum()
            P[y, range(len(y))] -= 1
            return loss, np.asfortranarray((P / len(y) @ X).T) + 2 * reg * W
            """,
        "extended precision": """
            S = (X @ W).astype(np.longdouble)
            S -= S.max(axis=1, keepdims=True)
            P = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)
            Y = (np.arange(W.shape[1]) == y[:, None]).astype(int)
            loss = -np.sum(np.log(np.sum(P * Y, axis=1))) / len(y) + reg * np.sum(W * W)
            return float(loss), (X.T @ (P - Y) / len(y) + 2 * reg * W).astype(float)
            """,
    },
    "LinearClassifier.train": {
        "all examples where a batch holds them": """
            batch = np.random.choice(N, batch_size) if batch_size < N else np.arange(N)
            loss, dW = self.loss(X[batch], y[batch], reg)
            loss_history.append(loss)
            self.W -= learning_rate * dW
            """,
        "the loss of everything, now and then": """
            batch = np.random.choice(N, batch_size)
            loss, dW = self.loss(X[batch], y[batch], reg)
            loss_history.append(loss)
            self.W -= learning_rate * dW
            if step % 5 == 0:
                total, _ = self.loss(X, y, 0.0)
            """,
        "randint": """
            batch = np.random.randint(0, N, size=batch_size)
            loss, dW = self.loss(X[batch], y[batch], reg)
            loss_history.append(loss)
            self.W = self.W - learning_rate * dW
            """,
        "without replacement": """
            batch = np.random.choice(N, batch_size, replace=False)
            loss, dW = self.loss(X[batch, :], y[batch], reg)
            loss_history.append(loss)
            self.W += -learning_rate * dW
            """,
        "a permutation": """
            batch = np.random.permutation(N)[:batch_size]
            loss, dW = self.loss(X[batch], y[batch], reg)
            loss_history.append(loss)
            self.W -= learning_rate * dW
            """,
        "by keyword, and how well it does meanwhile": """
            batch = np.random.choice(N, batch_size)
            loss, dW = self.loss(reg=reg, y_batch=y[batch], X_batch=X[batch])
            loss_history.append(loss.item())
            self.W -= learning_rate * dW
            self.accuracy = np.mean(self.predict(X) == y)
            """,
        "a loss of a subclass that takes more": """
            import numpy as np
            class LinearClassifier(object):
                def __init__(self):
                    self.W, self.history = None, []
                def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200):
                    if self.W is None:
                        self.W = 0.001 * np.random.randn(X.shape[1], np.max(y) + 1)
                    for it in range(num_iters):
                        batch = np.random.choice(len(X), batch_size)
                        loss, grad = self.loss(X[batch], y[batch], reg, vectorized=True)
                        self.history.append(loss)
                        self.W -= learning_rate * grad
                    return self.history
                def loss(self, X_batch, y_batch, reg):
                    pass
            class Softmax(LinearClassifier):
                def loss(self, X_batch, y_batch, reg, vectorized=False):
                    return softmax_loss_vectorized(self.W, X_batch, y_batch, reg)
            """,
    },
    "LinearClassifier.predict": {
        "a class that cannot be made itself": """
            import abc
            import numpy as np
            class LinearClassifier(abc.ABC):
                W = None
                def predict(self, X):
                    return np.argmax(X.dot(self.W), axis=1)
                @abc.abstractmethod
                def loss(self, X_batch, y_batch, reg):
                    pass
            """,
        "a loop": """
            y_pred = np.zeros(X.shape[0])
            for i in range(X.shape[0]):
                y_pred[i] = np.argmax(X[i].dot(self.W))
            return y_pred
            """,
        "a list": "return [int(np.argmax(x @ self.W)) for x in X]",
    },
    "TwoLayerNet.scores": {
        "where": """
            a = X.dot(W1) + b1
            H = np.where(a > 0, a, 0)
            scores = H.dot(W2) + b2
            """,
        "a mask": """
            H = X.dot(W1) + b1
            H = H * (H > 0)
            scores = np.einsum("nh,hc->nc", H, W2) + b2.reshape(1, -1)
            """,
    },
    "TwoLayerNet.loss": {
        "log of a probability that is 0 at an extreme gap": """
            rows = np.arange(N)
            P = np.exp(scores - scores.max(axis=1, keepdims=True))
            sums = P.sum(axis=1, keepdims=True)
            penalty = reg * (np.sum(W1**2) + np.sum(W2**2))
            loss = np.mean(-np.log(P[rows, y] / sums[:, 0])) + penalty
            """,
    },
    "TwoLayerNet.gradients": {
        "biases of shape (1, H)": """
            dscores = P / sums
            dscores[np.arange(N), y] -= 1
            dscores /= N
            dH = dscores.dot(W2.T) * (H > 0)
            grads["W1"], grads["b1"] = X.T.dot(dH) + 2 * reg * W1, dH.sum(axis=0, keepdims=True)
            grads["W2"] = H.T.dot(dscores) + 2 * reg * W2
            grads["b2"] = dscores.sum(axis=0, keepdims=True)
            """,
        "a new dict, masks by index": """
            G = P / sums - np.eye(W2.shape[1])[y]
            dH = G @ W2.T
            dH[H <= 0] = 0
            ones = np.ones(N)
            grads = {
                "b2": ones @ G / N, "W2": np.dot(H.T, G) / N + 2 * reg * W2,
                "b1": ones @ dH / N, "W1": np.dot(X.T, dH) / N + 2 * reg * W1,
            }
            """,
    },
    "TwoLayerNet.train": {
        "scores asked for, and the loss of the validation set": """
            batch = np.random.choice(N, batch_size)
            X_batch, y_batch = X[batch], y[batch]
            loss, grads = self.loss(X_batch, y_batch, reg)
            loss_history.append(loss)
            accuracy = np.mean(np.argmax(self.loss(X_batch), axis=1) == y_batch)
            for name in self.params:
                self.params[name] -= learning_rate * grads[name]
            validation, _ = self.loss(X_val, y_val, reg=0.0)
            """,
        "four updates": """
            batch = np.random.choice(np.arange(N), size=batch_size, replace=True)
            X_batch, y_batch = X[batch, :], y[batch]
            loss, grads = self.loss(X_batch, y_batch, reg)
            loss_history.append(loss)
            self.params["W1"] += -learning_rate * grads["W1"]
            self.params["b1"] += -learning_rate * grads["b1"]
            self.params["W2"] += -learning_rate * grads["W2"]
            self.params["b2"] += -learning_rate * grads["b2"]
            """,
        "the losses of the validation set and of everything in between": """
            batch = np.random.choice(N, batch_size)
            X_batch, y_batch = X[batch], y[batch]
            loss, grads = self.loss(X=X_batch, y=y_batch, reg=reg)
            validation, _ = self.loss(X_val, y_val, reg=reg)
            everything, _ = self.loss(X, y)
            loss_history.append(loss.item())
            for name in grads:
                assert grads[name].shape == self.params[name].shape
                self.params[name] -= learning_rate * grads[name]
            """,
        "a loss that takes more": NET.format(
            state="self.rate = self.mask = None; self.momenta = dict.fromkeys(self.params, 0)",
            H="H",
            C="C",
            more=", keep=1.0, mode='test'",
            ask="self.loss(X[i], y[i], keep=0.5, mode='train', reg=reg)",
        ),
        "a loss that takes anything": NET.format(
            state="self.rate = None",
            H="H",
            C="C",
            more=", *anything, **else_",
            ask="self.loss(X[i], y[i], reg, 0.5, verbose=verbose)",
        ),
        "biases of shape (1, H)": NET.format(
            state="self.rate = None",
            H="(1, H)",
            C="(1, C)",
            more="",
            ask="self.loss(X[i], y[i], reg)",
        ),
        "more than four arrays among the parameters": NET.format(
            state="self.rate = None; self.params['rates'] = np.ones(4)",
            H="(H, 1)",
            C="(1, C)",
            more="",
            ask="self.loss(X[i], y[i], reg=reg)",
        ),
    },
    "TwoLayerNet.predict": {
        "a forward pass of its own": """
            H = np.maximum(0, X.dot(self.params["W1"]) + self.params["b1"])
            return np.argmax(H.dot(self.params["W2"]) + self.params["b2"], axis=1)
            """,
        "by probabilities": """
            s = self.loss(X)
            p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
            return np.argmax(p, axis=1)
            """,
    },
    "nca_loss": {
        "loops": """
            N, Z = len(X), X.dot(A.T)
            loss, dA = 0.0, np.zeros(A.shape)
            for i in range(N):
                others = np.arange(N) != i
                s = -np.sum((Z[i] - Z) ** 2, axis=1)
                top, same = s[others].max(), others & (y == y[i])
                near = s[same].max()
                total = np.sum(np.exp(s[others] - top))
                kin = np.sum(np.exp(s[same] - near))
                loss -= (near + np.log(kin) - top - np.log(total)) / N
                for j in np.flatnonzero(others):
                    p = np.exp(s[j] - top) / total
                    q = np.exp(s[j] - near) / kin if same[j] else 0
                    dA -= 2 * (p - q) * np.outer(A @ (X[i] - X[j]), X[i] - X[j]) / N
            return loss, dA
            """,
    },
}


# Making and running them.


def solution(file):
    return (SOLUTIONS / file).read_text(encoding="utf-8")


def rewritten(name, rewrite):
    """The source of the solution, with the answer to one exercise rewritten."""
    source = solution(find(name).file)
    names = re.findall(r"# TODO (\S+):", make_stub(source))
    region = list(REGION.finditer(source))[names.index(name)]
    return source[: region.start()] + rewrite(region.group()) + source[region.end() :]


def spoilt(name, old, new):
    """The source of the solution, with a piece of the answer to one exercise replaced."""

    def rewrite(region):
        assert region.count(old) == 1, f"{old!r} is {region.count(old)} times in the solution"
        return region.replace(old, new)

    return rewritten(name, rewrite)


def answered(name, body):
    """The source of the solution, with another answer to one exercise, or in a file of its own."""
    body = textwrap.dedent(body).strip("\n") + "\n"
    if "\nclass " in body:
        return body

    def rewrite(region):
        return textwrap.indent(body, re.match(" *", region).group())

    return rewritten(name, rewrite)


def verdict_on(name, source, folder):
    """The verdict on one exercise, of the solutions with one file replaced."""
    files = {file: SOLUTIONS / file for file in FILES}
    file = find(name).file
    files[file] = Path(folder) / file
    files[file].write_text(source, encoding="utf-8")
    return judge(find(name), answer(find(name), files))


def mutants():
    """(exercise, mistake, source, diagnosis) of every wrong solution."""
    for name, mistakes in WRONG.items():
        for mistake, (old, new, diagnosis) in mistakes.items():
            yield name, mistake, spoilt(name, old, new), diagnosis


def others():
    """(exercise, way, source) of every right solution that is written differently."""
    for name, ways in RIGHT.items():
        for way, body in ways.items():
            yield name, way, answered(name, body)


def main():
    """Print what is caught, diagnosed and missed, and whether anything right is called wrong."""
    with tempfile.TemporaryDirectory() as folder:
        rows = {exercise.name: [0, 0, 0, 0, 0, 0] for exercise in EXERCISES}
        told = []
        for name, mistake, source, diagnosis in mutants():
            found = verdict_on(name, source, folder)
            row = rows[name]
            caught = found.status not in ("right", "convention")
            row[0] += 1
            row[1] += caught
            row[2] += diagnosis is not None
            row[3] += diagnosis is not None and found.diagnosis == diagnosis
            if not caught or found.diagnosis != diagnosis:
                told.append(
                    f"{name}, {mistake}: {found.status}, {found.diagnosis}, not {diagnosis}"
                )
        for name, way, source in others():
            found = verdict_on(name, source, folder)
            rows[name][4] += 1
            if found.status != "right":
                rows[name][5] += 1
                told.append(f"{name}, {way}: {found.status}, {found.message}")
    titles = ["wrong", "caught", "known", "named", "right", "alarms"]
    print(f"{'':46}" + "".join(f"{title:>8}" for title in titles))
    total = [sum(column) for column in zip(*rows.values(), strict=True)]
    for name, row in {**rows, "in all": total}.items():
        print(f"{name:46}" + "".join(f"{count:8}" for count in row))
    wrong, caught, known, named, _, alarms = total
    print(f"\n{caught / wrong:.1%} caught, {named / known:.1%} named, {alarms} false alarms")
    print("\n".join(told))
    return 0 if caught == wrong and named >= 0.95 * known and not alarms else 1


if __name__ == "__main__":
    sys.exit(main())

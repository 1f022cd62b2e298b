"""The one list of exercises: what each is, the calls it makes, what the answers must satisfy.

Check cells, `make progress`, `make watch`, `python -m assignment check` and the tests all read
EXERCISES. Calls and judgement are apart: calls.py runs the function under test and returns arrays;
`expect`, `complain` and `explain` look at those arrays alone. What runs student code imports none
of this.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from assignment.checking.arrays import complaint
from assignment.checking.calls import CALLS, MEASUREMENTS
from assignment.checking.diagnosis import NONE, Explanation, Observed, knn, linear, net, training


def first_complaint(seen):
    """A sentence on the first array that departs from what is expected, or None."""
    for name in seen.judged:
        if told := complaint(name, seen.arrays.get(name), seen.expected[name], seen.tolerance):
            return told
    return None


@dataclass(frozen=True)
class Exercise:
    """One blank for the student to fill.

    name : the function or method, as the check cell calls it; CALLS tells what is called for it
    notebook, section : the lesson, and the heading there
    points : of 100 in all
    hints : they open one at a time, from a question to nearly the line
    judged : names of those arrays that are judged, or None for all; the rest is context
    expect : function(Observed, beside the reference's arrays) -> the right arrays, or None where
        there is nothing to judge by
    complain : function(Observed) -> sentence, or None where all is as expected
    explain : function(list of Observed) -> Explanation; without one, no mistake is named
    """

    name: str
    notebook: str
    section: str
    points: int
    hints: tuple[str, ...]
    judged: tuple[str, ...] | None
    explain: Callable[[list], Explanation] = lambda observed: NONE
    expect: Callable[[Observed], dict | None] = lambda seen: seen.expected
    complain: Callable[[Observed], str | None] = first_complaint

    @property
    def file(self):
        """The student's file it stands in."""
        return CALLS[self.name].file

    @property
    def called(self):
        """The function or method that the calls are made to."""
        return CALLS[self.name].called

    @property
    def cases(self):
        """Function -> list of calls.Case, seeded inputs."""
        return CALLS[self.name].cases

    @property
    def call(self):
        """Function(module, **arguments) -> dict of arrays; the only one that runs student code."""
        return CALLS[self.name].call

    def reference(self, case):
        """What the reference solution returns for a case, context and all."""
        module = import_module(f"assignment.solutions.{Path(self.file).stem}")
        arguments = {name: v for name, v in case.arguments.items() if name not in MEASUREMENTS}
        return {k: np.asarray(v) for k, v in self.call(module, **arguments).items()}


def find(name):
    """The exercise of that name; the last part will do, where only one exercise has it.

    Raises
    ------
    ValueError : if there is none, with the names there are
    """
    names = {exercise.name: exercise for exercise in EXERCISES}
    short = [full for full in names if full.rpartition(".")[2] == name]
    if name in names or len(short) == 1:
        return names.get(name) or names[short[0]]
    if likely := short or difflib.get_close_matches(name, names, cutoff=0.8):
        raise ValueError(f"There is no exercise {name!r}; did you mean {' or '.join(likely)}?")
    raise ValueError(f"There is no exercise {name!r}; there are {', '.join(names)}.")


# In the order in which the notebooks come to them.
EXERCISES = (
    Exercise(
        "KNearestNeighbor.compute_distances_two_loops",
        "knn",
        "3. Two loops",
        4,
        (
            "What is the distance between two points in the plane? Here are 3,072 coordinates.",
            "X[i] - self.X_train[j] is the difference of two images, as a vector.",
            "Square the difference, sum it with np.sum, take the root with np.sqrt.",
        ),
        ("dists",),
        knn.explain_distances,
    ),
    Exercise(
        "KNearestNeighbor.predict_labels",
        "knn",
        "4. A vote",
        6,
        (
            "Which training examples are the k nearest to test example i? np.argsort knows.",
            "Their labels are self.y_train at these indices.",
            "np.bincount counts votes, and argmax takes the first of several largest counts: "
            "the smallest label.",
        ),
        ("y_pred",),
        knn.explain_votes,
        complain=knn.complain_of_votes,
    ),
    Exercise(
        "KNearestNeighbor.compute_distances_one_loop",
        "knn",
        "5. One loop",
        4,
        (
            "What shape has self.X_train - X[i]? Broadcasting repeats the row.",
            "There is one sum of squares for each training example: along which axis?",
            "np.sqrt(np.sum(..., axis=1)) is a whole row of dists.",
        ),
        ("dists",),
        knn.explain_distances,
    ),
    Exercise(
        "KNearestNeighbor.compute_distances_no_loops",
        "knn",
        "6. No loops",
        6,
        (
            "Multiply out |x - t|^2: three terms, of which only one needs both x and t.",
            "All products x.t at once are X @ self.X_train.T, of shape (num_test, num_train).",
            "A column of the squares of X plus a row of those of X_train has that shape too; "
            "np.maximum(..., 0) keeps round-off out of the root.",
        ),
        ("dists",),
        knn.explain_distances,
    ),
    Exercise(
        "nca_loss",
        "knn",
        "14. Its gradient, derived",
        8,
        (
            "It is a softmax over minus the squared distances: where have you seen its gradient?",
            "Fill the diagonal of S with -inf, and an example never picks itself.",
            "With M = (P - Q) / N and Z = X A^T: dZ = M Z + M^T Z - diag(column sums of M) Z, "
            "and dA = 2 dZ^T X.",
        ),
        ("loss", "dA"),
        knn.explain_nca,
    ),
    Exercise(
        "svm_loss_naive",
        "svm",
        "6. The loss with loops",
        8,
        (
            "Each positive margin changes two columns of dW. Which two, and by what?",
            "Where margin > 0, X[i] is added to column c and taken from column y[i].",
            "Divide loss and dW by N, then add reg * np.sum(W * W) and 2 * reg * W.",
        ),
        ("loss", "dW"),
        linear.explain_svm,
    ),
    Exercise(
        "svm_loss_vectorized",
        "svm",
        "9. The loss without loops",
        8,
        (
            "scores[np.arange(N), y] picks the score of the right class in each row.",
            "Put the margins of the right classes to 0, and the sum of np.maximum(margins, 0) "
            "is the loss times N.",
            "M is 1 where a margin is positive, and in column y[i] minus the number of these: "
            "dW = X.T @ M / N + 2 * reg * W.",
        ),
        ("loss", "dW"),
        linear.explain_svm,
    ),
    Exercise(
        "LinearClassifier.train",
        "svm",
        "10. Stochastic gradient descent",
        6,
        (
            "What does one step need? A batch, its loss and gradient, and a move downhill.",
            "np.random.choice(N, batch_size) draws indices; X and y take the same ones.",
            "self.loss(X_batch, y_batch, reg) returns loss and dW; self.W -= learning_rate * dW.",
        ),
        None,
        training.explain_linear_training,
        expect=training.expect,
        complain=training.complain,
    ),
    Exercise(
        "LinearClassifier.predict",
        "svm",
        "10. Stochastic gradient descent",
        2,
        (
            "Which class does an example belong to, when you know the score of each?",
            "np.argmax gives the place of the largest entry; mind the axis.",
            "(X @ self.W).argmax(axis=1)",
        ),
        ("y_pred",),
        linear.explain_linear_prediction,
    ),
    Exercise(
        "softmax_loss_naive",
        "softmax",
        "4. The loss with loops",
        8,
        (
            "For one example: -log p[y] is log(sum(exp(s))) - s[y].",
            "Subtract the largest score first, and exp cannot overflow.",
            "Column c of dW gets (p[c] - (c == y[i])) * X[i]; in the end the mean, and "
            "2 * reg * W.",
        ),
        ("loss", "dW"),
        linear.explain_softmax,
    ),
    Exercise(
        "softmax_loss_vectorized",
        "softmax",
        "7. The loss without loops",
        8,
        (
            "All scores are X @ W: a row for each example. Shift, exp and sum go along rows.",
            "keepdims=True keeps a column a column, and broadcasting does the rest.",
            "P[np.arange(N), y] -= 1 turns probabilities into P - Y; dW = X.T @ P / N + 2 * reg * "
            "W.",
        ),
        ("loss", "dW"),
        linear.explain_softmax,
    ),
    Exercise(
        "TwoLayerNet.scores",
        "two_layer_net",
        "2. Forward: the scores",
        4,
        (
            "Two affine layers, and a ReLU between them: what are the shapes?",
            "np.maximum(0, ...) is the ReLU; it comes after the first bias.",
            "H = np.maximum(0, X @ W1 + b1), scores = H @ W2 + b2.",
        ),
        ("scores",),
        net.explain_scores,
    ),
    Exercise(
        "TwoLayerNet.loss",
        "two_layer_net",
        "3. Forward: the loss",
        6,
        (
            "It is the softmax loss of the scores, which you have written before.",
            "Both weight matrices are regularised, the biases are not.",
            "loss = mean of log(sum(exp(s))) - s[y], plus reg * (np.sum(W1 * W1) + "
            "np.sum(W2 * W2)).",
        ),
        ("loss",),
        net.explain_net_loss,
        expect=net.expect_loss,
    ),
    Exercise(
        "TwoLayerNet.gradients",
        "two_layer_net",
        "5. Backward, in code",
        12,
        (
            "Go backwards: dscores first, then what it means for W2, b2 and H, then for W1 and b1.",
            "dscores = (P - Y) / N; dW2 = H.T @ dscores, db2 the sum of its rows, "
            "dH = dscores @ W2.T.",
            "The ReLU lets dH through only where H > 0. After that, W1 and b1 are as W2 and b2; "
            "2 * reg * W for both weights.",
        ),
        tuple(f"grads['{name}']" for name in ("W1", "b1", "W2", "b2")),
        net.explain_net_gradients,
        expect=net.expect_gradients,
    ),
    Exercise(
        "TwoLayerNet.train",
        "two_layer_net",
        "6. Training, on the toy first",
        8,
        (
            "It is the loop of the linear classifier, with four parameters instead of one.",
            "np.random.choice(N, batch_size) draws with replacement: a batch may exceed N.",
            "for name in self.params: self.params[name] -= learning_rate * grads[name]",
        ),
        None,
        training.explain_net_training,
        expect=training.expect,
        complain=training.complain,
    ),
    Exercise(
        "TwoLayerNet.predict",
        "two_layer_net",
        "6. Training, on the toy first",
        2,
        (
            "self.loss(X) without labels returns the scores.",
            "The class with the largest score, for each row.",
            "self.loss(X).argmax(axis=1)",
        ),
        ("y_pred",),
        net.explain_net_prediction,
    ),
)

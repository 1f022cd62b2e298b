"""The verdicts: right on the reference, to do on a stub, wrong on what people really get wrong."""

import re
import sys
import textwrap

import numpy as np
import pytest

from assignment.checking import verdict
from assignment.checking.exercises import EXERCISES, Exercise, difference
from assignment.checking.stubs import FILES, REGION, SOLUTIONS, make_stub, write_stubs
from assignment.checking.verdict import check, examine, find, place, progress

# Wrong solutions overflow and divide by 0: what counts here is what is said of them.
pytestmark = pytest.mark.filterwarnings("ignore")

EACH_EXERCISE = pytest.mark.parametrize("name", [exercise.name for exercise in EXERCISES])


def solution(file):
    return (SOLUTIONS / file).read_text(encoding="utf-8")


def rewritten(name, rewrite):
    """The source of the solution, with the answer to one exercise rewritten."""
    source = solution(find(name).file)
    names = re.findall(r"# TODO (\S+):", make_stub(source))
    region = list(REGION.finditer(source))[names.index(name)]
    return source[: region.start()] + rewrite(region.group()) + source[region.end() :]


def spoilt(name, old, new):
    def rewrite(answer):
        assert answer.count(old) == 1, f"{old!r} is {answer.count(old)} times in the solution"
        return answer.replace(old, new)

    return rewritten(name, rewrite)


def answered(name, body):
    """The solution with another answer to one exercise."""

    def rewrite(answer):
        indent = re.match(" *", answer).group()
        return textwrap.indent(textwrap.dedent(body).strip("\n") + "\n", indent)

    return rewritten(name, rewrite)


@pytest.fixture
def hand_in(monkeypatch, tmp_path, as_module):
    """A function that puts sources, by file name, in the place of the student's five files."""

    def put(**sources):
        for file in FILES:
            source = sources.get(file.removesuffix(".py"), solution(file))
            (tmp_path / file).write_text(source, encoding="utf-8")

    def module(exercise):
        source = (tmp_path / exercise.file).read_text(encoding="utf-8")
        return as_module(source, exercise.file)

    monkeypatch.setattr(verdict, "student_module", module)
    monkeypatch.setattr(verdict, "_student_file", lambda exercise: tmp_path / exercise.file)
    return put


def hand_in_answer(hand_in, name, source):
    hand_in(**{find(name).file.removesuffix(".py"): source})


@pytest.fixture
def stubs(hand_in):
    hand_in(**{file.removesuffix(".py"): make_stub(solution(file)) for file in FILES})


# Right and to do.


@EACH_EXERCISE
def test_the_reference_is_right(name, hand_in):
    hand_in()
    assert str(examine(find(name))) == f"✓ {name}: right."


@EACH_EXERCISE
def test_a_stub_is_to_do(name, stubs):
    found = examine(find(name))
    assert found.status == "unsolved", str(found)


@EACH_EXERCISE
def test_an_exercise_can_be_right_while_all_others_in_other_files_are_to_do(name, hand_in):
    others = {file.removesuffix(".py"): make_stub(solution(file)) for file in FILES}
    own = find(name).file.removesuffix(".py")
    hand_in(**{**others, own: solution(find(name).file)})
    assert examine(find(name)).status == "right"


@EACH_EXERCISE
def test_place_is_the_line_of_the_todo(name, stubs, tmp_path):
    file, line = re.fullmatch(r"assignment/(\w+\.py), line (\d+)", place(find(name))).groups()
    assert file == find(name).file
    lines = (tmp_path / file).read_text(encoding="utf-8").splitlines()
    assert lines[int(line) - 1].strip().startswith(f"# TODO {name}:")


@EACH_EXERCISE
def test_cases_are_the_same_every_time(name):
    first, second = find(name).cases(), find(name).cases()
    np.testing.assert_equal(first, second)


@EACH_EXERCISE
def test_each_exercise_has_several_cases_or_classes(name):
    cases = find(name).cases()
    assert len(cases) > 1 or name.endswith("predict"), "one case lets a wrong shape slip through"


def test_each_case_gets_arrays_of_its_own():
    shared = np.zeros(3)

    def call(module, X):
        X += 1
        return {"X": X}

    exercise = Exercise("f", "f.py", "f", lambda: {"a": {"X": shared}, "b": {"X": shared}}, call)
    for answer in verdict.run(exercise, None).values():
        np.testing.assert_array_equal(
            answer["X"], [1, 1, 1], "one call changed the next one's input"
        )


# Wrong: (exercise, text of the solution, what people write instead), from 416 wrong functions that
# were measured in public solutions of the assignment.

WRONG = {
    "KNearestNeighbor.compute_distances_two_loops": {
        "root missing": ("np.sqrt(np.sum(difference**2))", "np.sum(difference**2)"),
        "L1": ("np.sqrt(np.sum(difference**2))", "np.sum(np.abs(difference))"),
        "root inside": ("np.sqrt(np.sum(difference**2))", "np.sum(np.sqrt(difference**2))"),
    },
    "KNearestNeighbor.compute_distances_one_loop": {
        "root missing": (
            "np.sqrt(np.sum(differences**2, axis=1))",
            "np.sum(differences**2, axis=1)",
        ),
        "other axis": ("axis=1", "axis=0"),
        "no axis": (", axis=1", ""),
    },
    "KNearestNeighbor.compute_distances_no_loops": {
        "root missing": ("return np.sqrt(dists, out=dists)", "return dists"),
        "sign of the product": ("dists *= -2", "dists *= 2"),
        "factor 2 of the product": ("dists *= -2", "dists *= -1"),
        "squares missing": ("dists += train_squares", "pass"),
        "transposed": ("return np.sqrt(dists, out=dists)", "return np.sqrt(dists).T"),
    },
    "KNearestNeighbor.predict_labels": {
        "ties to the nearer": (
            "np.bincount(self.y_train[nearest]).argmax()",
            "__import__('collections').Counter(self.y_train[nearest]).most_common(1)[0][0]",
        ),
        "ties to the largest": (
            "np.bincount(self.y_train[nearest]).argmax()",
            "max(self.y_train[nearest], key=lambda c: (sum(self.y_train[nearest] == c), c))",
        ),
        "ties by order of a sort of counts": (
            "np.bincount(self.y_train[nearest]).argmax()",
            "np.argsort(np.bincount(self.y_train[nearest]), kind='stable')[-1]",
        ),
        "only the nearest votes": ("by_distance[:k]", "by_distance[:1]"),
        "the farthest vote": ("candidates[by_distance[:k]]", "np.argsort(-dists[i])[:k]"),
        "one neighbour too many": ("candidates[by_distance[:k]]", "np.argsort(dists[i])[: k + 1]"),
        "indices for labels": ("np.bincount(self.y_train[nearest])", "np.bincount(nearest)"),
    },
    "nca_loss": {
        "factor 2 missing": ("2 * dZ.T @ X", "dZ.T @ X"),
        "not a mean": ("- log_p)) / N", "- log_p))"),
        "an example picks itself": ("np.fill_diagonal(S, -np.inf)", "pass"),
        "sum of logs": ("-np.mean(log_p)", "-np.sum(log_p)"),
        "mean of p": ("-np.mean(log_p)", "-np.log(np.mean(np.exp(log_p)))"),
        "M twice": ("M @ Z + M.T @ Z", "2 * M @ Z"),
        "transposed": ("2 * dZ.T @ X", "(2 * dZ.T @ X).T"),
        "sign": ("2 * dZ.T @ X", "-2 * dZ.T @ X"),
    },
    "svm_loss_naive": {
        "factor 2 missing": ("2 * reg * W", "reg * W"),
        "half in the loss only": ("reg * np.sum(W * W)", "0.5 * reg * np.sum(W * W)"),
        "reg missing from the gradient": ("dW / N + 2 * reg * W", "dW / N"),
        "reg missing from the loss": (" + reg * np.sum(W * W)", ""),
        "reg divided by N": ("loss / N + reg * np.sum(W * W)", "(loss + reg * np.sum(W * W)) / N"),
        "sum of W": ("np.sum(W * W)", "np.sum(W)"),
        "loss not a mean": ("loss / N", "loss"),
        "gradient not a mean": ("dW / N", "dW"),
        "right class missing": ("dW[:, y[i]] -= X[i]", "pass"),
        "margin missing": ("- scores[y[i]] + 1", "- scores[y[i]]"),
        "max(0) missing": ("margin > 0", "True"),
        "right class counted": ("if c == y[i]:", "if False:"),
        "last example only": ("for i in range(N):", "for i in [N - 1]:"),
        "gradient not written yet": ("return loss, dW", "return loss, np.zeros_like(W)"),
        "nothing returned": ("return loss, dW", "pass"),
        "only the loss returned": ("return loss, dW", "return loss"),
        "X changed": ("return loss, dW", "X *= 2; return loss, dW"),
    },
    "svm_loss_vectorized": {
        "factor 2 missing": ("2 * reg * W", "reg * W"),
        "reg dropped": ("2 * reg * W", "2 * W"),
        "reg missing from the gradient": ("dW += 2 * reg * W", "pass"),
        "reg missing from the loss": (" + reg * np.sum(W * W)", ""),
        "violations counted once": ("-M.sum(axis=1)", "-1"),
        "right class missing": ("M[rows, y] = -M.sum(axis=1)", "pass"),
        "right class counted": ("margins[rows, y] = 0", "pass"),
        "column for entry": ("margins[rows, y] = 0", "margins[:, y] = 0"),
        "not a mean": ("M /= N", "pass"),
        "max(0) missing": ("np.maximum(margins, 0, out=margins)", "pass"),
    },
    "LinearClassifier.train": {
        "without replacement": (
            "np.random.choice(N, batch_size)",
            "np.random.permutation(N)[:batch_size]",
        ),
        "without replacement, crashing": ("(N, batch_size)", "(N, batch_size, replace=False)"),
        "uphill": ("self.W -= ", "self.W += "),
        "no learning rate": ("learning_rate * dW", "dW"),
        "never updated": ("self.W -= learning_rate * dW", "pass"),
        "loss not noted": ("loss_history.append(float(loss))", "pass"),
        "labels of other examples": ("y[batch]", "y[:batch_size]"),
        "always the first examples": (
            "np.random.choice(N, batch_size)",
            "np.arange(batch_size) % N",
        ),
        "indices from the wrong dimension": ("(N, batch_size)", "(D, batch_size)"),
        "all examples": ("X[batch], y[batch]", "X, y"),
        "reg not passed on": ("y[batch], reg)", "y[batch], 0.0)"),
    },
    "LinearClassifier.predict": {
        "argmin": ("argmax", "argmin"),
        "other axis": ("axis=1", "axis=0"),
        "the scores": ("scores.argmax(axis=1)", "scores.max(axis=1)"),
        "nothing returned": ("return scores", "scores"),
    },
    "softmax_loss_naive": {
        "factor 2 missing": ("2 * reg * W", "reg * W"),
        "reg missing from the gradient": ("dW / N + 2 * reg * W", "dW / N"),
        "reg missing from the loss": (" + reg * np.sum(W * W)", ""),
        "half in the loss only": ("reg * np.sum(W * W)", "0.5 * reg * np.sum(W * W)"),
        "reg divided by N": ("dW / N + 2 * reg * W", "(dW + 2 * reg * W) / N"),
        "gradient not a mean": ("dW / N", "dW"),
        "right class missing": ("(p - (c == y[i]))", "p"),
        "right class only": ("(p - (c == y[i]))", "(p - 1) * (c == y[i])"),
        "overflow": ("scores - scores.max()", "scores"),
        "sign": ("loss += log_sum - shifted[y[i]]", "loss -= log_sum - shifted[y[i]]"),
        "last example only": ("for i in range(N):", "for i in [N - 1]:"),
    },
    "softmax_loss_vectorized": {
        "factor 2 missing": ("2 * reg * W", "reg * W"),
        "reg dropped": ("2 * reg * W", "2 * W"),
        "reg missing from the gradient": ("dW += 2 * reg * W", "pass"),
        "reg missing from the loss": (" + reg * np.sum(W * W)", ""),
        "columns for entries": ("P[rows, y] -= 1", "P[:, y] -= 1"),
        "right class missing": ("P[rows, y] -= 1", "pass"),
        "not a mean": ("P /= N", "pass"),
        "overflow": ("scores -= scores.max(axis=1, keepdims=True)", "pass"),
        "one shift for all rows": ("scores.max(axis=1, keepdims=True)", "scores.max()"),
        "one percent off": ("dW += 2 * reg * W", "dW += 2 * reg * W; dW *= 1.01"),
        "transposed": ("return loss, dW", "return loss, dW.T"),
    },
    "TwoLayerNet.scores": {
        "ReLU missing": ("np.maximum(H, 0, out=H)", "pass"),
        "first bias missing": ("np.maximum(H, 0, out=H)", "np.maximum(H - b1, 0, out=H)"),
        "second bias missing": ("require_finite(scores, X=X, **self.params)", "scores -= b2"),
        "bias twice": ("require_finite(scores, X=X, **self.params)", "scores += b2"),
        "ReLU on the scores": (
            "require_finite(scores, X=X, **self.params)",
            "np.maximum(scores, 0, out=scores)",
        ),
        "shifted": (
            "require_finite(scores, X=X, **self.params)",
            "scores -= scores.max(axis=1, keepdims=True)",
        ),
    },
    "TwoLayerNet.loss": {
        "one penalty": ("np.sum(W1 * W1) + np.sum(W2 * W2)", "np.sum(W2 * W2)"),
        "reg missing": (" + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))", ""),
        "half": ("reg * (np.sum", "0.5 * reg * (np.sum"),
        "biases regularised": (
            "np.sum(W2 * W2)",
            "np.sum(W2 * W2) + np.sum(b1 * b1) + np.sum(b2 * b2)",
        ),
        "not a mean": ("np.mean(np.log", "np.sum(np.log"),
        "overflow": ("scores -= scores.max(axis=1, keepdims=True)", "pass"),
    },
    "TwoLayerNet.gradients": {
        "ReLU mask missing": ("dH *= H > 0", "pass"),
        "factor 2 missing": ("H.T @ dscores + 2 * reg * W2", "H.T @ dscores + reg * W2"),
        "reg missing": ("X.T @ dH + 2 * reg * W1", "X.T @ dH"),
        "biases regularised": ("dH.sum(axis=0)", "dH.sum(axis=0) + 2 * reg * b1"),
        "columns for entries": ("P[rows, y] -= 1", "P[:, y] -= 1"),
        "not a mean": ("P /= N", "pass"),
        "mean for sum": ("dH.sum(axis=0)", "dH.mean(axis=0)"),
        "other axis": ("dscores.sum(axis=0)", "dscores.sum(axis=1)"),
    },
    "TwoLayerNet.train": {
        "without replacement": ("(N, batch_size)", "(N, batch_size, replace=False)"),
        "weights only": ("for name in self.params:", 'for name in ("W1", "W2"):'),
        "uphill": ("self.params[name] -= ", "self.params[name] += "),
        "loss not noted": ("loss_history.append(float(loss))", "pass"),
        "labels of other examples": ("y[batch]", "y[:batch_size]"),
        "indices from the wrong dimension": ("(N, batch_size)", "(D, batch_size)"),
        "reg not passed on": ("reg=reg", "reg=0.0"),
    },
    "TwoLayerNet.predict": {
        "argmin": ("argmax", "argmin"),
        "other axis": ("axis=1", "axis=0"),
        "the scores": (".argmax(axis=1)", ""),
    },
}


def test_every_exercise_has_two_wrong_solutions_at_least():
    assert [e.name for e in EXERCISES if len(WRONG.get(e.name, ())) < 2] == []


@pytest.mark.parametrize(
    "name, mistake", [(name, mistake) for name, mistakes in WRONG.items() for mistake in mistakes]
)
def test_what_people_get_wrong_is_not_right(name, mistake, hand_in):
    hand_in_answer(hand_in, name, spoilt(name, *WRONG[name][mistake]))
    found = examine(find(name))
    assert found.status in ("wrong", "crash"), f"{name} with {mistake!r} is called {found.status}"
    assert found.message and "\n" not in found.message


@EACH_EXERCISE
def test_what_people_get_wrong_in_one_exercise_is_not_charged_to_another(name, hand_in):
    # A wrong answer stays the fault of its own exercise, whatever else its file holds.
    hand_in_answer(hand_in, name, spoilt(name, *next(iter(WRONG[name].values()))))
    builds_on = {
        "TwoLayerNet.scores": {"TwoLayerNet.loss", "TwoLayerNet.gradients"},
        "TwoLayerNet.loss": {"TwoLayerNet.gradients"},
    }
    blamed = {exercise.name for exercise in EXERCISES if examine(exercise).status != "right"}
    assert blamed - builds_on.get(name, set()) == {name}


def test_gradients_that_are_half_written_are_to_do(hand_in):
    half = spoilt("TwoLayerNet.gradients", 'grads["b1"] = dH.sum(axis=0)', "pass")
    hand_in(neural_net=half)
    assert examine(find("TwoLayerNet.gradients")).status == "unsolved"


# Right, but not as we write it.

RIGHT = {
    ("KNearestNeighbor.predict_labels", "a full sort"): """
        closest_y = self.y_train[np.argsort(dists[i], kind="stable")[:k]]
        y_pred[i] = np.argmax(np.bincount(closest_y))
        """,
    ("KNearestNeighbor.predict_labels", "unique"): """
        closest_y = self.y_train[np.argsort(dists[i], kind="stable")[:k]]
        labels, counts = np.unique(closest_y, return_counts=True)
        y_pred[i] = labels[np.argmax(counts)]
        """,
    ("KNearestNeighbor.predict_labels", "float labels"): """
        y_pred = y_pred.astype(float)
        y_pred[i] = np.argmax(np.bincount(self.y_train[np.argsort(dists[i])[:k]]))
        """,
    ("KNearestNeighbor.compute_distances_two_loops", "norm"): """
        dists[i, j] = np.linalg.norm(X[i] - self.X_train[j])
        """,
    ("KNearestNeighbor.compute_distances_no_loops", "no care for round-off"): """
        squares = np.sum(X**2, axis=1, keepdims=True) + np.sum(self.X_train**2, axis=1)
        return np.sqrt(squares - 2 * X.dot(self.X_train.T))
        """,
    ("svm_loss_vectorized", "a mask"): """
        scores = X.dot(W)
        right = scores[np.arange(len(y)), y].reshape(-1, 1)
        margins = np.maximum(0, scores - right + 1)
        margins[np.arange(len(y)), y] = 0
        loss = margins.sum() / len(y) + reg * np.sum(W**2)
        mask = (margins > 0).astype(float)
        mask[np.arange(len(y)), y] -= mask.sum(axis=1)
        return loss, X.T.dot(mask) / len(y) + 2 * reg * W
        """,
    ("softmax_loss_vectorized", "one-hot labels"): """
        scores = X.dot(W)
        scores = scores - np.max(scores, axis=1, keepdims=True)
        log_P = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
        Y = np.eye(W.shape[1])[y]
        loss = -np.sum(Y * log_P) / len(y) + reg * np.sum(W**2)
        return loss, X.T.dot(np.exp(log_P) - Y) / len(y) + 2 * reg * W
        """,
    ("softmax_loss_vectorized", "a loss of shape (1,)"): """
        scores = X.dot(W)
        scores = scores - np.max(scores, axis=1, keepdims=True)
        log_P = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
        Y = np.eye(W.shape[1])[y]
        loss = -np.sum(Y * log_P).reshape(1) / len(y) + reg * np.sum(W**2)
        return loss, X.T.dot(np.exp(log_P) - Y) / len(y) + 2 * reg * W
        """,
    ("softmax_loss_vectorized", "log of a probability that is 0 at an extreme gap"): """
        scores = X.dot(W)
        P = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        loss = np.mean(-np.log(P[np.arange(len(y)), y])) + reg * np.sum(W * W)
        P[np.arange(len(y)), y] -= 1
        return loss, X.T.dot(P) / len(y) + 2 * reg * W
        """,
    ("LinearClassifier.train", "randint"): """
        batch = np.random.randint(0, N, size=batch_size)
        loss, dW = self.loss(X[batch], y[batch], reg)
        loss_history.append(loss)
        self.W = self.W - learning_rate * dW
        """,
    ("LinearClassifier.predict", "a loop"): """
        y_pred = np.zeros(X.shape[0])
        for i in range(X.shape[0]):
            y_pred[i] = np.argmax(X[i].dot(self.W))
        return y_pred
        """,
    ("TwoLayerNet.scores", "where"): """
        a = X.dot(W1) + b1
        H = np.where(a > 0, a, 0)
        scores = H.dot(W2) + b2
        """,
    ("TwoLayerNet.loss", "log of a probability that is 0 at an extreme gap"): """
        rows = np.arange(N)
        P = np.exp(scores - scores.max(axis=1, keepdims=True))
        sums = P.sum(axis=1, keepdims=True)
        penalty = reg * (np.sum(W1**2) + np.sum(W2**2))
        loss = np.mean(-np.log(P[rows, y] / sums[:, 0])) + penalty
        """,
    ("TwoLayerNet.gradients", "biases of shape (1, H)"): """
        dscores = P / sums
        dscores[np.arange(N), y] -= 1
        dscores /= N
        dH = dscores.dot(W2.T) * (H > 0)
        grads["W1"], grads["b1"] = X.T.dot(dH) + 2 * reg * W1, dH.sum(axis=0, keepdims=True)
        grads["W2"] = H.T.dot(dscores) + 2 * reg * W2
        grads["b2"] = dscores.sum(axis=0, keepdims=True)
        """,
    ("TwoLayerNet.train", "four updates"): """
        batch = np.random.choice(np.arange(N), size=batch_size, replace=True)
        X_batch, y_batch = X[batch, :], y[batch]
        loss, grads = self.loss(X_batch, y_batch, reg)
        loss_history.append(loss)
        self.params["W1"] += -learning_rate * grads["W1"]
        self.params["b1"] += -learning_rate * grads["b1"]
        self.params["W2"] += -learning_rate * grads["W2"]
        self.params["b2"] += -learning_rate * grads["b2"]
        """,
    ("TwoLayerNet.predict", "a forward pass of its own"): """
        H = np.maximum(0, X.dot(self.params["W1"]) + self.params["b1"])
        return np.argmax(H.dot(self.params["W2"]) + self.params["b2"], axis=1)
        """,
}


@pytest.mark.parametrize("name, way", RIGHT)
def test_a_right_solution_written_differently_is_right(name, way, hand_in):
    hand_in_answer(hand_in, name, answered(name, RIGHT[name, way]))
    assert str(examine(find(name))) == f"✓ {name}: right."


# What is said, and that something is said whatever happens.


def test_a_wrong_number_is_shown_beside_the_right_one(hand_in):
    hand_in_answer(hand_in, "svm_loss_naive", spoilt("svm_loss_naive", "loss / N", "2 * loss / N"))
    message = examine(find("svm_loss_naive")).message
    numbers = re.search(r"With N = 7, .*: loss is (\S+), but should be (\S+)\.$", message).groups()
    assert float(numbers[0]) == pytest.approx(2 * float(numbers[1]))


def test_a_wrong_entry_is_named_and_the_wrong_ones_are_counted():
    complaint = difference("dW", np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[1.0, 2], [3, 4]]))
    assert complaint == "dW[1, 1] is 5, but should be 4; 1 of 4 entries are off."


@pytest.mark.parametrize(
    "value, complaint",
    [
        (None, "dW is missing."),
        (np.zeros((2, 1)), "dW must have shape (2,), but yours has (2, 1)."),
        (["a", "b"], "dW must hold numbers, but yours holds <U1."),
        ([1, np.nan], "dW[1] is nan: all must be finite."),
        ([[1], [2, 3]], "dW must"),
    ],
)
def test_what_is_no_array_of_the_right_shape_is_a_sentence(value, complaint):
    assert difference("dW", value, np.array([1.0, 2.0])).startswith(complaint)


@EACH_EXERCISE
def test_check_says_one_line_about_a_stub(name, stubs, capsys):
    check(name)
    out = capsys.readouterr().out
    assert out == f"… {name}: to do. Write it in {place(find(name))}.\n"


ODD = {
    "returns nothing": "pass",
    "returns a string": 'return "loss", "dW"',
    "returns a ragged list": "return 1.0, [[1.0], [1.0, 2.0]]",
    "returns an object": "return object(), object()",
    "returns three things": "return 1, 2, 3",
    "raises with two lines": r'raise ValueError("one\ntwo")',
    "raises nothing to say": "raise ValueError",
    "recurses for ever": "return softmax_loss_naive(W, X, y, reg)",
    "leaves": "raise SystemExit",
    "asserts": "assert W is None",
    "warns with an error": "import warnings; raise UserWarning('x')",
}


@pytest.mark.parametrize("odd", ODD)
def test_check_says_one_line_whatever_a_solution_does(odd, hand_in, capsys):
    hand_in(softmax=answered("softmax_loss_naive", ODD[odd]))
    check("softmax_loss_naive")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("✗ softmax_loss_naive: ")


def test_a_crash_is_told_with_its_line(hand_in, tmp_path):
    hand_in(softmax=answered("softmax_loss_naive", "N = len(X)\nreturn undefined_name, 0"))
    lines = (tmp_path / "softmax.py").read_text(encoding="utf-8").splitlines()
    line = 1 + next(i for i, text in enumerate(lines) if "undefined_name" in text)
    assert str(examine(find("softmax_loss_naive"))) == (
        f"✗ softmax_loss_naive: crash. NameError in assignment/softmax.py, line {line}: "
        "name 'undefined_name' is not defined"
    )


def test_a_name_that_is_no_exercise_lists_those_that_are():
    with pytest.raises(ValueError, match="no exercise 'softmax'; the exercises are .*nca_loss"):
        check("softmax")


def test_the_table_has_a_line_for_each_exercise(hand_in, capsys):
    hand_in(softmax=make_stub(solution("softmax.py")))
    assert progress()
    lines = capsys.readouterr().out.splitlines()
    for exercise in EXERCISES:
        label = "to do" if exercise.file == "softmax.py" else "right"
        assert sum(f" {exercise.name} " in f"{line} " and label in line for line in lines) == 1
    assert lines[-1] == f"{len(EXERCISES) - 2} right, 0 wrong, 2 to do"


# The whole way: five files in a folder, laid over the stubs in another process.


def test_progress_on_stubs_is_all_to_do_and_no_failure(tmp_path, run_assignment):
    write_stubs(tmp_path)
    done = run_assignment("progress", files=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"\n0 right, 0 wrong, {len(EXERCISES)} to do\n")
    assert "assignment/softmax.py, line " in done.stdout


def test_progress_on_the_solutions_is_all_right(run_assignment):
    done = run_assignment("with", SOLUTIONS, sys.executable, "-m", "assignment", "progress")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"\n{len(EXERCISES)} right, 0 wrong, 0 to do\n")


def test_progress_on_a_wrong_solution_fails(tmp_path, run_assignment):
    write_stubs(tmp_path)
    wrong = spoilt("softmax_loss_naive", "dW / N + 2 * reg * W", "dW / N + reg * W")
    (tmp_path / "softmax.py").write_text(wrong, encoding="utf-8")
    done = run_assignment("progress", files=tmp_path)
    assert done.returncode == 1
    assert f"\n1 right, 1 wrong, {len(EXERCISES) - 2} to do\n" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture
def after_a_syntax_error(tmp_path, run_assignment):
    """(lines of the table, line of the error): softmax.py cannot be read, the others are right."""
    for file in FILES:
        (tmp_path / file).write_text(solution(file), encoding="utf-8")
    source = spoilt("softmax_loss_naive", "loss = 0.0", "loss = = 0.0")
    (tmp_path / "softmax.py").write_text(source, encoding="utf-8")
    done = run_assignment("progress", files=tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    line = 1 + next(i for i, text in enumerate(source.splitlines()) if "= =" in text)
    return done.stdout.splitlines(), line


def test_a_syntax_error_is_one_sentence_with_file_and_line(after_a_syntax_error):
    lines, number = after_a_syntax_error
    told = [line for line in lines if "softmax_loss" in line]
    assert len(told) == 2
    for line in told:
        assert (
            f"crash   SyntaxError in assignment/softmax.py, line {number}: invalid syntax" in line
        )


def test_a_syntax_error_in_a_file_that_another_imports_names_the_right_file(after_a_syntax_error):
    lines, number = after_a_syntax_error
    told = [line for line in lines if "LinearClassifier." in line]
    assert len(told) == 2
    for line in told:
        assert f"assignment/softmax.py, line {number}" in line, line


def test_a_syntax_error_in_one_file_leaves_the_others_right(after_a_syntax_error):
    lines, _ = after_a_syntax_error
    assert sum("right" in line and "✓" in line for line in lines) == len(EXERCISES) - 4


def test_a_folder_that_is_none_is_a_sentence(tmp_path, run_assignment):
    done = run_assignment("with", tmp_path / "nowhere", "python")
    assert done.returncode == 2
    assert "nowhere is not a folder." in done.stderr and "Traceback" not in done.stderr


def test_the_exit_code_of_the_command_comes_through(tmp_path, run_assignment):
    assert run_assignment("with", tmp_path, sys.executable, "-c", "exit(3)").returncode == 3


@EACH_EXERCISE
def test_a_check_leaves_the_random_numbers_of_the_notebook_alone(name, hand_in, capsys):
    hand_in()
    np.random.seed(7)
    expected = np.random.rand(3)
    np.random.seed(7)
    check(name)
    np.testing.assert_array_equal(np.random.rand(3), expected)

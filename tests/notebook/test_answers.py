"""What a student is to find stands nowhere above the place where it is asked, unless it is folded.

Looked through are the stubs, the lessons with the tables they show, the first two hints of each
exercise, and the site's pages of derivations.
"""

import ast
import json
import re
from functools import cache

import pytest

from assignment import FILES, derivations
from assignment.checking.exercises import COURSE, EXERCISES, find
from assignment.checking.stubs import SOLUTIONS, make_stub
from assignment.derivations import DERIVATIONS
from assignment.derivations.algebra import latex, parse
from assignment.notebook.clean import NOTEBOOKS

PENALTY = ("+ 2 reg W", "= 2 reg W", "and 2 reg W")
SOFTMAX = (
    "X.T @ (P - Y)",
    "X^T (SoftMax(X W) - Y)",
    "X_i^T (SoftMax(X_i W) - y_i^T)",
    "(P - Y) / N",
    "P[np.arange(N), y] -= 1",
    "P[rows, y] -= 1",
    "X[i]^T (p - ",
    "(p - (c == y[i]))",
    "(p[c] - (c == y[i]))",
    *PENALTY,
)
SVM = (
    "X.T @ M",
    "X_i^T (v_i - v_i",
    "V - (V 1 1^T)",
    "dW[:, c] += X[i]",
    "dW[:, y[i]] -= X[i]",
    "adds X[i] to column",
    "added to its column",
    "added to column",
    "minus the number of ones",
    "minus the number of these",
    "minus the number of positive margins",
    "minus their number",
    *PENALTY,
)
NET = (
    "H.T @ dscores",
    "H_1^T G_2",
    "H1.T @ dJ_dO2",
    "(P - Y) / N",
    "(SoftMax(O2) - Y) / N",
    r"\frac{SoftMax(O_2) - Y}{N}",
    r"H_1^T \frac{\partial J}{\partial O_2}",
    "dscores @ W2.T",
    "G_2 W_2^T",
    "dscores.sum(axis=0)",
    "sum of the rows of dscores",
    "X.T @ dH",
    "X^T G_1",
    "X.T @ dJ_dO1",
    "dH *= H > 0",
    "dH[H <= 0] = 0",
    "zero where H is zero",
    *PENALTY,
)
# The forms that people write; "…" stands for a few letters. How a sum is written does not matter.
ANSWERS = {
    "KNearestNeighbor.compute_distances_two_loops": ("sqrt(np.sum((X[i] - self.X_train[j])",),
    "KNearestNeighbor.predict_labels": ("bincount(…).argmax()", "argmax(np.bincount("),
    "KNearestNeighbor.compute_distances_one_loop": ("sqrt(np.sum((self.X_train - X[i])",),
    "KNearestNeighbor.compute_distances_no_loops": (
        "-2 * X @ self.X_train.T",
        "2 * X @ self.X_train.T",
        "2 * X @ T.T",
        "|x|^2 - 2 x.t + |t|^2",
        r"\lVert x \rVert^2 - 2\, x \cdot t + \lVert t \rVert^2",
    ),
    "cross_validate": (
        "np.array_split(X, num_folds)",
        "X_folds[:fold] + X_folds[fold + 1",
        "np.concatenate(X_folds",
        "np.mean(y_pred == y_folds[fold])",
        "accuracies[k].append(",
    ),
    "nca_loss": ("M @ Z + M.T @ Z", "(M + M.T) @ Z", "M = (P - Q) / N"),
    "svm_loss_naive": SVM,
    "svm_loss_vectorized": (*SVM, "M[rows, y] =", "M[np.arange(N), y] ="),
    "LinearClassifier.train": ("self.W -= learning_rate * dW", "self.loss(X[", "self.loss(X_batch"),
    "LinearClassifier.predict": ("argmax(…axis=1)",),
    "softmax_loss_naive": (*SOFTMAX, "log(sum(exp(s))) - s[y"),
    "softmax_loss_vectorized": SOFTMAX,
    "TwoLayerNet.scores": ("np.maximum(0, X @ W1 + b1)", "np.maximum(X @ W1 + b1, 0)"),
    "TwoLayerNet.loss": ("np.sum(W1 * W1) +", "np.sum(W1**2) +", "log(sum(exp(s))) - s[y"),
    "TwoLayerNet.gradients": NET,
    "TwoLayerNet.train": ("self.params[name] -= learning_rate * grads[name]",),
    "TwoLayerNet.predict": ("argmax(…axis=1)",),
    "affine_forward": ("rows @ w + b", "reshape(…) @ w + b"),
    "affine_backward": ("rows.T @ dout", "sum of dout over the examples", "dout @ w.T"),
    "relu_forward": ("maximum(0, x)", "maximum(x, 0)"),
    "relu_backward": ("dout * (x > 0)",),
    "svm_loss": ("minus their number", "dx /= N"),
    "softmax_loss": ("P minus the ones", "(P - Y) / N", "P[np.arange(N), y] -= 1"),
    "sgd": ('w - config["learning_rate"] * dw', "w -= "),
    "sgd_momentum": ('config["momentum"] * v - ', "w + v"),
    "rmsprop": ("decay_rate * cache + (1 - decay_rate)", "learning_rate * dw / (np.sqrt("),
    "adam": ("m / (1 - beta1", "beta1 * m + (1 - beta1)", "beta2 * v + (1 - beta2)"),
    **{
        f"fc_net.{kind}.{part}": forms
        for kind in ("TwoLayerNet", "FullyConnectedNet")
        for part, forms in {
            "init": ("weight_scale * np.random.randn(",),
            "scores": ("affine_forward(X", "affine_relu_forward(X"),
            "loss": ("0.5 * self.reg * np.sum(W * W)", "0.5 * self.reg * np.sum(W**2)"),
            "gradients": ("dw + self.reg * W", "dw plus self.reg * W"),
        }.items()
    },
}
# The blanks of derivations that can be said in words, or by the factor that matters.
IN_WORDS = {
    "nca": (
        "softmax minus target",
        "softmax minus the target",
        "SoftMax(s) - t",
        "SoftMax(s_i) - t_i",
        "(SoftMax(s) - t) @ ds.T",
    ),
    "svm": ("minus the number of its ones", "the right class loses what the others gain"),
}


def blank_answers(name):
    """The blank line as it is typed, as it is typeset, as it was first written, and in words."""
    derivation = DERIVATIONS[name]
    line = derivation.line(derivation.blank)
    right = parse(line.claim)[0][-1]
    original = line.original.partition("=")[2]
    forms = [ast.unparse(right), latex(right, derivation.names)]
    return tuple(filter(None, (*forms, original, *IN_WORDS.get(name, ()))))


WORDS = re.compile(
    r"\\(left|right|displaystyle|quad|odot|cdot|operatorname|mathrm|mathbf|boxed|text)\b"
    r"|\\(begin|end)\{aligned\}|\\[,;! \\]"
)
FRACTION = re.compile(r"\\t?frac\s?(\w|\{[^{}]*\})\s?(\w|\{[^{}]*\})")
TRANSPOSED = re.compile(r"\.T\b|\^T|ᵀ|\\top\b")


@cache
def skeleton(text):
    """A formula as letters alone, be it Python, LaTeX or prose: all forms of it look the same."""
    text = WORDS.sub("", text.replace("==", "="))
    while re.search(r"\\t?frac|\{", text):
        simpler = FRACTION.sub(r"\1/\2", text)
        simpler = re.sub(r"(?<![}c])\{([^{}]*)\}(?!\s?\{)", r"\1", simpler)  # no part of a fraction
        if simpler == text:
            break
        text = simpler
    return re.sub(r"np\.|self\.|[&${}@*`_\s]", "", TRANSPOSED.sub("'", text)).lower()


def told(answers, text):
    """Those of the answers that stand in a text."""
    text = skeleton(text)
    return [
        form
        for form in answers
        if re.search(re.escape(skeleton(form)).replace("…", r".{0,40}?"), text)
    ]


def unfolded(text):
    """What of a text is seen before any click: of what is folded, the summaries."""
    fold = re.compile(
        r"<details>\s*(<summary>.*?</summary>)(?:(?!<details>).)*?</details>", re.DOTALL
    )
    while (shorter := fold.sub(r"\1", text)) != text:
        text = shorter
    return text


@cache
def lesson_of(cell):
    """(path, cells) of the notebook in which a cell has this source, or None."""
    for path in sorted(NOTEBOOKS.rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        if any(cell in "".join(each["source"]) for each in cells):
            return path, cells
    return None


def above(cells, where):
    """(id of the cell, what it shows unfolded) of each cell above that where something is asked."""
    names = {"derivations": derivations}
    for cell in cells:
        source = "".join(cell["source"])
        if where(source):
            return
        yield cell["id"], unfolded(source)
        if cell["cell_type"] == "code" and "derivation" in source and "import" not in source:
            yield f"{cell['id']}, its table", unfolded(shown(source, names))


def shown(source, names):
    """The table that a cell about derivations ends with, if any; it knows no other names."""
    *before, last = ast.parse(source).body
    exec(compile(ast.Module(before, []), "<cell>", "exec"), names)
    if not isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), "<cell>", "exec"), names)
        return ""
    value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    return value._repr_markdown_() if hasattr(value, "_repr_markdown_") else ""


def asks(derivation, source):
    """Whether a cell asks for the blank of a derivation, by its name or as `derivation`."""
    return bool(re.search(rf"^{derivation}\.solve\(", source, re.MULTILINE))


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr("assignment.derivations.derivation.DRAWS", 1)


def test_the_answer_of_every_exercise_is_known():
    assert set(ANSWERS) == {exercise.name for exercise in EXERCISES + COURSE}
    assert all(map(blank_answers, DERIVATIONS))


@pytest.mark.parametrize("file", FILES)
def test_a_stub_holds_no_answer(file):
    stub = make_stub((SOLUTIONS / file).read_text(encoding="utf-8"))
    forms = [f for each in EXERCISES if each.file == file for f in ANSWERS[each.name]]
    forms += [form for name in DERIVATIONS for form in blank_answers(name)]
    assert told(forms, stub) == []


@pytest.mark.parametrize("name", ANSWERS)
def test_the_first_two_hints_hold_no_answer(name):
    assert told(ANSWERS[name], "\n".join(find(name).hints[:2])) == []


@pytest.mark.parametrize("name", [exercise.name for exercise in EXERCISES])
def test_a_lesson_holds_no_answer_above_its_check(name):
    check = f'check("{name}")'
    path, cells = lesson_of(check)
    texts = above(cells, lambda source: check in source)
    found = {f"{path.stem}, {place}": told(ANSWERS[name], text) for place, text in texts}
    assert {place: forms for place, forms in found.items() if forms} == {}


@pytest.mark.parametrize("name", DERIVATIONS)
def test_a_lesson_does_not_show_the_line_that_it_asks_for(name):
    """A lesson calls its first derivation `derivation`."""
    first = f"derivation = derivations.{name}\n"
    path, cells = lesson_of(first) or lesson_of(f"derivations.{name}.solve(")
    called = "derivation" if lesson_of(first) else rf"derivations\.{name}"
    texts = above(cells, lambda source: asks(called, source))
    found = {f"{path.stem}, {place}": told(blank_answers(name), text) for place, text in texts}
    assert {place: forms for place, forms in found.items() if forms} == {}


@pytest.mark.parametrize("name", DERIVATIONS)
def test_a_page_of_the_site_shows_no_answer_unfolded(name):
    build = pytest.importorskip("assignment.site.build", reason="needs requirements-site.txt")
    page = build.derivation_page(DERIVATIONS[name], ["svm"])
    forms = [*blank_answers(name), *SOFTMAX, *SVM, *NET, *ANSWERS["nca_loss"]]
    assert told(forms, unfolded(page)) == []
    assert told(blank_answers(name), page), "it is folded, not left out"


# An answer that somebody plants is found, wherever it is.

WAYS = {
    "a docstring": '    """Softmax loss.\n\n        {}\n    """',
    "code": "dW = {}",
    "prose": "What you need is `{}`, no more.",
    "a formula": "$$\n\\boxed{{\\;dW = {}\\;}}\n$$",
    "a table": "| 25 | $\\displaystyle {}$ <br> the code's own formula | ✓ |",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_planted_answer_is_found(way):
    for forms in (*ANSWERS.values(), *map(blank_answers, DERIVATIONS)):
        for form in forms:
            planted = WAYS[way].format(form.replace("…", "x"))
            assert form in told(forms, unfolded(planted)), planted
            folded = f"<details><summary>Answer</summary>\n\n{planted}\n</details>"
            assert told(forms, unfolded(f"before {folded} after")) == []
            summary = f"<details><summary>{planted}</summary>It is so.</details>"
            assert form in told(forms, unfolded(summary))


@pytest.mark.parametrize(
    "text",
    [
        r"$\tfrac1N X^T (P - Y) + 2\,\mathrm{reg}\,W$",
        r"$\frac{X^T (P - Y)}{N}$",
        "dW = X.T @ (P - Y) / N",
        "dW = X.T.dot(P) + 2*reg*W",
        "`(P - Y)/N`",
        r"$\frac{X^T (\operatorname{SoftMax}(X W) - Y)}{N}$",
    ],
)
def test_other_ways_to_write_the_gradient_are_known(text):
    assert told(SOFTMAX, text)


def test_an_answer_below_the_place_where_it_is_asked_is_no_matter():
    cells = [
        {"id": "a", "cell_type": "markdown", "source": ["look: X.T @ (P - Y)"]},
        {"id": "b", "cell_type": "code", "source": ['check("it")']},
        {"id": "c", "cell_type": "markdown", "source": ["so it is X.T @ (P - Y)"]},
    ]
    texts = [*above(cells, lambda source: 'check("it")' in source)]
    assert [place for place, text in texts if told(SOFTMAX, text)] == ["a"]


def test_a_table_of_a_cell_is_read_too():
    line = "derivation.show(17, 17)"
    before = {"id": "a", "cell_type": "code", "source": ["derivation = derivations.softmax"]}
    table = {"id": "b", "cell_type": "code", "source": [line.replace("derivation.", "open_.")]}
    spoilt = "open_ = derivation.with_line(17, derivation.line(17).claim)\n"
    table["source"] = [spoilt + table["source"][0]]
    found = [
        place
        for place, text in above([before, table], lambda source: False)
        if told(blank_answers("softmax"), text)
    ]
    assert found == ["b, its table"]

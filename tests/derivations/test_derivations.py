"""Every line of the derivations holds, every flagged one fails, and no mutation of one survives."""

import ast
import copy
import json
from dataclasses import replace

import numpy as np
import pytest

from assignment import derivations
from assignment.derivations import DERIVATIONS, algebra
from assignment.derivations.algebra import IllFormed, Matrix, evaluate, latex, parse
from assignment.derivations.report import report
from assignment.solutions.k_nearest_neighbor import nca_loss
from assignment.solutions.linear_svm import svm_loss_vectorized
from assignment.solutions.neural_net import TwoLayerNet
from assignment.solutions.softmax import softmax_loss_vectorized

EACH = pytest.mark.parametrize("name", DERIVATIONS)
ALL_LINES = [
    pytest.param(derivation, line, id=f"{name}-{line.number}")
    for name, derivation in DERIVATIONS.items()
    for line in derivation.lines
]


@pytest.fixture
def few_draws(monkeypatch):
    """Two draws in each shape: enough where the full number is tried elsewhere."""
    monkeypatch.setattr("assignment.derivations.derivation.DRAWS", 2)


@pytest.mark.parametrize("derivation, line", ALL_LINES)
def test_every_line_holds_as_mended_and_fails_as_flagged(derivation, line):
    verdict = derivation.verdict(line.claim)
    assert verdict.status == "holds", f"{line.claim}: {verdict}"
    if not line.written:
        return
    written = derivation.verdict(line.written)
    assert line.original
    assert line.remark and line.kind in ("false", "ill-formed", "loose")
    expected = {line.kind} if line.kind != "loose" else {"false", "ill-formed"}
    assert written.status in expected, f"{line.written}: {written}"


@pytest.mark.parametrize("seed", range(5))
@EACH
def test_other_random_numbers_say_the_same(name, seed, few_draws):
    derivation = DERIVATIONS[name]
    for line in derivation.lines:
        verdict = derivation.verdict(line.claim, seed=100 + seed)
        assert verdict.status == "holds", f"line {line.number}: {verdict}"


def test_sizes_are_all_different_so_that_no_transpose_can_hide():
    for derivation in DERIVATIONS.values():
        assert len(derivation.sizes) >= 3
        for sizes in derivation.sizes:
            assert len(set(sizes.values())) == len(sizes)


# Mutations: each line is spoilt in every way below, one place at a time.

SIBLINGS = dict(
    pair.split()
    for pair in (
        "W1 W2, W2 W1, b1 b2, b2 b1, dW1 dW2, dW2 dW1, db1 db2, db2 db1, H1 O1, O2 O1, dO2 dO1, "
        "dL_dO2 dL_dO1, dJ_dO2 dJ_dO1, a da, da a, W dW, dW W, y one, X Y, M V, s ds, U dU, dl_ds s"
    ).split(",")
)


# Mutations that change nothing, because another theorem holds.
EQUIVALENT = {
    # The trace of a number is the number.
    "dl == -d(log(SoftMax(a))) @ y": "a number is its own trace",
    "dl == tr(-y @ da) + one.T @ y @ d(log(exp(a) @ one)); one.T @ y == 1": "the same",
    "dL == d(-Sum(log(SoftMax(O2)) @ y)) == tr(d(-Sum(y @ log(exp(O2) / (exp(O2) @ one)))))": (
        "the same"
    ),
    # The Hadamard product of two numbers is their product.
    "dl == tr(-y @ da) + tr(one.T @ y * d(log(exp(a) @ one))); one.T @ y == 1": "1 x 1",
    "dL == tr(d(Sum(y @ log(exp(O2) @ one) @ one.T - y @ O2)))"
    " == d(Sum(tr(-y @ O2) + one.T @ y * log(exp(O2) @ one)))": "1 x 1",
    # The margin of the right class is 1 whatever W is, so its differential is 0.
    "dl == d(sigma(m)) @ (one + y) == dsigma(m) * dm @ (one - y)": "dm is 0 at y",
    "dl == d(sigma(m)) @ (one - y) == dsigma(m) * dm @ (one + y)": "dm is 0 at y",
    "dl == dsigma(m) * (one + y).T @ dm.T; v == dsigma(m) * (one - y).T": "dm is 0 at y",
}


def _spoilt(node):
    """(what was done, the new node) for each way of spoiling a node of a formula."""
    match node:
        case ast.Attribute(attr="T", value=inner):
            yield "a transpose dropped", inner
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            yield "a sign dropped", inner
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield "plus for minus", ast.BinOp(left, ast.Sub(), right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield "minus for plus", ast.BinOp(left, ast.Add(), right)
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield "a Hadamard product for a matrix product", ast.BinOp(left, ast.Mult(), right)
        case ast.BinOp(left=ast.Constant(), op=ast.Mult(), right=right):
            yield "a factor dropped", right
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield "a matrix product for a Hadamard product", ast.BinOp(left, ast.MatMult(), right)
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Name(id="N")):
            yield "a mean made a sum", left
        case ast.Call(func=ast.Name(id="Sum" | "tr" as name), args=[inner]):
            yield f"{name} dropped", inner
        case ast.Name(id=name) if name in SIBLINGS:
            yield f"{SIBLINGS[name]} for {name}", ast.Name(SIBLINGS[name], ast.Load())


def mutants(claim):
    """Every claim that differs from this one in one place of a right-hand side."""
    equations = [text.strip() for text in claim.split(";")]
    for number, equation in enumerate(equations):
        tree = ast.parse(equation, mode="eval")
        for side, right in enumerate(tree.body.comparators):
            for place, node in enumerate(ast.walk(right)):
                for what, new in _spoilt(node):
                    spoilt = copy.deepcopy(tree)
                    old = list(ast.walk(spoilt.body.comparators[side]))[place]
                    text = ast.unparse(_Replace(old, new).visit(spoilt))
                    yield what, "; ".join([*equations[:number], text, *equations[number + 1 :]])


class _Replace(ast.NodeTransformer):
    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else self.generic_visit(node)


@EACH
def test_no_mutation_of_a_line_survives(name, few_draws):
    derivation = DERIVATIONS[name]
    tried, survivors = 0, []
    for line in derivation.lines:
        for what, claim in mutants(line.claim):
            tried += 1
            verdict = derivation.verdict(claim, sizes=derivation.sizes[0])
            if claim not in EQUIVALENT and verdict.status == "holds":
                survivors.append(f"line {line.number}, {what}: {claim}")
    assert tried >= 50, "too few mutations to say anything"
    assert not survivors, "\n".join(survivors)


@pytest.mark.parametrize("claim", EQUIVALENT)
def test_mutations_called_equivalent_really_are(claim):
    assert any(d.verdict(claim).status == "holds" for d in DERIVATIONS.values())


# Shapes as mathematics has them.


@pytest.mark.parametrize(
    "expression, complaint",
    [
        ("column * row", "Hadamard product of a 3 x 1 and a 1 x 3 matrix"),
        ("column @ row + number", "sum of a 3 x 3 and a 1 x 1 matrix"),
        ("number + column @ row", "sum of a 1 x 1 and a 3 x 3 matrix"),
        ("column + row", "sum of a 3 x 1 and a 1 x 3 matrix"),
        ("column - 1", "difference of a 3 x 1 matrix and a number"),
        ("1 + column", "sum of a number and a 3 x 1 matrix"),
        ("column / row", "division by a 1 x 3 matrix"),
        ("1 / column", "division by a 3 x 1 matrix"),
        ("column @ column", "product of a 3 x 1 and a 3 x 1 matrix"),
        ("column @ 2.0", "matrix product with a number"),
        ("tr(column)", "trace of a 3 x 1 matrix"),
        ("diag(column)", "diagonal of a 3 x 1 matrix"),
        ("Sum(column)", "sum over the examples of what does not depend on them"),
        ("nobody", "nobody is not defined here"),
        ("column.shape_of_things", "has no place in a formula"),
    ],
)
def test_what_means_nothing_is_ill_formed(expression, complaint):
    symbols = {
        "column": Matrix(np.ones((3, 1))),
        "row": Matrix(np.ones((1, 3))),
        "number": Matrix([[2.0]]),
    }
    with pytest.raises(IllFormed, match=complaint):
        (sides,) = parse(f"1 == {expression}")
        evaluate(sides[1], symbols)


def test_an_equality_under_a_trace_does_not_hold_without_it():
    derivation = derivations.softmax
    assert derivation.verdict("tr(-y @ da) == tr(-da @ y)").status == "holds"
    assert derivation.verdict("-y @ da == -da @ y").status == "ill-formed"
    assert derivation.verdict("W @ W.T == W.T @ W").status == "ill-formed"


def test_what_depends_on_the_example_is_not_what_does_not():
    verdict = derivations.backprop.verdict("dL_dW1 == X.T @ dL_dO1")
    assert verdict.status == "ill-formed" and "example" in verdict.reason


def test_a_line_about_l_has_to_carry_its_change_too():
    """A constant may equal l at one point; its differential gives it away."""
    model = derivations.softmax

    def draw(rng, **sizes):
        symbols = model.draw(rng, **sizes)
        return symbols | {"frozen": Matrix(symbols["l"].array.real)}

    assert replace(model, draw=draw).verdict("l == frozen").status == "false"
    assert replace(model, draw=draw).verdict("frozen == l").status == "holds"


@pytest.mark.parametrize(
    "claim",
    [
        "one.T @ y == (X == X)",
        "dl == [dl][0]",
        "dl == (dl if X else W)",
        "dl == dl.array.item()",
        "dl == (lambda z: z)(dl)",
        "dl == l ** 2",
        "dl == 'x'",
        "dl == tr",
        "dl == exp",
        "dl == d(1)",
        "dl == 1/0",
        "dl == None",
        "dl == W * 2",
        "dl == True",
        "d(dl_dW) == 0 * W",
        "d(d(l)) == 0 * l",
        "dW == log(-exp(dW + 0 * W))",
        "dl == tr(-y @ da",
        "dl tr(-y @ da)",
    ],
)
def test_what_is_no_formula_is_ill_formed_and_can_be_shown(claim):
    broken = derivations.softmax.with_line(14, claim)
    (row,) = broken.show(14, 14).rows
    assert row.verdict.status in ("ill-formed", "false"), row.verdict
    assert row.verdict.status == "ill-formed" or "log(" in claim
    assert str(broken.show(14, 14)) and broken.show(14, 14)._repr_markdown_()


def test_the_strength_of_the_penalty_is_no_constant():
    batch = derivations.softmax_batch
    assert batch.verdict("reg == 0.3").status == "false"
    assert batch.verdict("dL_dW == X.T @ (SoftMax(X @ W) - Y) / N + 0.6 * W").status == "false"


@pytest.mark.parametrize(
    "formula, typeset",
    [
        ("-y @ da", r"-y\,da"),
        ("(-y) @ da", r"-y\,da"),
        ("-(y + W)", "-(y + W)"),
        ("(W + a) @ y", "(W + a) y"),
        ("(W * a) @ y", r"(W \odot a) y"),
        ("W * (a @ y)", r"W \odot (a y)"),
        ("Sum(l) @ l", r"\left(\sum_i l\right) l"),
        ("l @ Sum(l)", r"l \sum_i l"),
        ("W.T.T", "(W^T)^T"),
        ("(a @ W).T", "(a W)^T"),
        ("2 * 3 * W", r"2 \cdot 3\,W"),
        ("a - (y - W)", "a - (y - W)"),
        ("a + (-y)", "a + (-y)"),
    ],
)
def test_a_formula_is_typeset_as_it_is_evaluated(formula, typeset):
    (sides,) = parse(f"l == {formula}")
    assert latex(sides[1], {name: name for name in ("y", "W", "a", "l", "da")}) == typeset


def test_every_line_of_the_originals_is_quoted_in_order():
    for name, count in (("softmax", 18), ("backprop", 21)):
        lines = DERIVATIONS[name].lines
        assert [line.number for line in lines] == [str(i) for i in range(1, count + 1)]
        assert all(line.original for line in lines)
        text = DERIVATIONS[name].original()._repr_markdown_()
        assert all(line.original in text.replace(r"\\&", "") for line in lines)
        assert all(line.remark in text for line in lines)


def test_the_appendix_tells_once_what_is_wrong_and_by_how_much():
    text = derivations.softmax.original()._repr_markdown_()
    assert text.count("✗ ill-formed: sum of a 3 x 3 and a 1 x 1 matrix") == 3
    assert text.count("~ loose notation; read literally: false, error") == 4
    assert text.count("| ✓ |") == 10
    shown = derivations.softmax.show()._repr_markdown_() + str(derivations.softmax.show())
    assert not any(line.remark in shown for line in derivations.softmax.lines if line.remark)


@pytest.mark.parametrize("sizes", [{"D": 0}, {"D": 1}, {"Q": 3}, {"D": 2.5}])
def test_sizes_that_are_none_get_a_sentence(sizes):
    with pytest.raises(ValueError, match="is no size: the sizes are D, K, 2 or more"):
        derivations.softmax.show(**sizes)


def test_a_true_answer_in_the_wrong_terms_is_told_so(capsys):
    for answer in ("tr((SoftMax(a).T - y) @ da)", "d(l)", "tr((SoftMax(a).T - y) @ d(X @ W))"):
        derivations.softmax.solve(answer)
        assert "true, but it should be in terms of dW" in capsys.readouterr().out
    for name, gradient, answer in (
        ("nca", "dl_ds", "tr(dl_ds.T @ ds)"),
        ("backprop", "dL_dO1", "tr(Sum(dL_dO1.T @ dO1))"),
    ):
        DERIVATIONS[name].solve(answer)
        assert f"true, but it should be without {gradient}" in capsys.readouterr().out
    derivations.softmax.solve("tr(dl_da.T @ X @ dW)")
    assert capsys.readouterr().out.startswith("✓"), "line 15 has that gradient"


# The last line is the code's own formula.


def _last(name, number, symbols):
    """The right-hand sides of a line, evaluated on given symbols."""
    sides = parse(DERIVATIONS[name].line(number).claim)
    matrices = {k: v if isinstance(v, float) else Matrix(v) for k, v in symbols.items()}
    return [evaluate(equation[-1], matrices).array for equation in sides]


def _same(a, b):
    return np.abs(a - b).max() <= 1e-12 * np.abs(b).max()


@pytest.fixture
def linear(rng):
    X, W, y = rng.normal(size=(9, 5)), rng.normal(size=(5, 4)), rng.integers(0, 4, size=9)
    return X, W, y, {"X": X, "W": W, "Y": np.eye(4)[y], "N": 9.0, "reg": 0.3}


def test_the_last_softmax_line_is_the_code(linear):
    X, W, y, symbols = linear
    (dW,) = _last("softmax_batch", 25, symbols)
    assert _same(dW, softmax_loss_vectorized(W, X, y, 0.3)[1])


def test_the_last_svm_line_is_the_code(linear):
    X, W, y, symbols = linear
    scores = X @ W
    violated = (scores - scores[np.arange(9), y][:, np.newaxis] + 1 > 0).astype(float)
    symbols |= {"V": violated * (1 - symbols["Y"]), "one": np.ones((4, 1))}
    (M,) = _last("svm", 14, symbols)
    (dW,) = _last("svm", 15, symbols | {"M": M})
    assert _same(dW, svm_loss_vectorized(W, X, y, 0.3)[1])


def test_the_last_back_propagation_lines_are_the_code(rng):
    X, y = rng.normal(size=(9, 5)), rng.integers(0, 4, size=9)
    net = TwoLayerNet(5, 6, 4, std=0.7)
    net.params["b1"], net.params["b2"] = rng.normal(size=6), rng.normal(size=4)
    symbols = {"X": X, "Y": np.eye(4)[y], "N": 9.0, "reg": 0.3, "one": np.ones((9, 1))}
    symbols |= {name: np.atleast_2d(value) for name, value in net.params.items()}
    symbols["O1"] = X @ symbols["W1"] + symbols["b1"]
    symbols["H1"] = np.maximum(0, symbols["O1"])
    symbols["O2"] = symbols["H1"] @ symbols["W2"] + symbols["b2"]
    found = {}
    (symbols["dJ_dO2"],) = _last("backprop_batch", 24, symbols)
    found["W2"], found["b2"] = _last("backprop_batch", 25, symbols)
    (symbols["dJ_dO1"],) = _last("backprop_batch", 26, symbols)
    found["W1"], found["b1"] = _last("backprop_batch", 27, symbols)
    _, grads = net.loss(X, y, reg=0.3)
    for name, value in found.items():
        assert _same(value.reshape(grads[name].shape), grads[name]), name


def test_the_last_nca_line_is_the_code(rng):
    X, A, y = rng.normal(size=(7, 3)), rng.normal(size=(2, 3)), np.array([0, 0, 1, 1, 2, 2, 0])
    Z = X @ A.T
    S = -((Z[:, np.newaxis] - Z) ** 2).sum(axis=2)
    np.fill_diagonal(S, -np.inf)
    P = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)
    Q = P * (y[:, np.newaxis] == y)
    Q /= Q.sum(axis=1, keepdims=True)
    symbols = {"X": X, "Z": Z, "M": (P - Q) / 7, "n": np.ones((7, 1))}
    line = parse(DERIVATIONS["nca"].line(17).claim)[0][-1]
    dA = evaluate(line, {k: Matrix(v) for k, v in symbols.items()}).array
    assert _same(dA, nca_loss(A, X, y)[1])


# What people see.


def test_the_command_tells_every_line_and_says_whether_all_is_sound(capsys, few_draws):
    assert report() is True
    out = capsys.readouterr().out
    lines = [line for derivation in DERIVATIONS.values() for line in derivation.lines]
    held, flagged = len(lines), sum(bool(line.written) for line in lines)
    assert (
        f"{held} of {held} lines hold; {flagged} are flagged as written, of which {flagged}" in out
    )
    assert "sum of a 3 x 3 and a 1 x 1 matrix" in out


def test_the_command_fails_if_a_line_does_not_hold_or_a_flagged_one_does(capsys, few_draws):
    broken = derivations.softmax.with_line(18, "dl_dW == X.T @ (y.T + SoftMax(a))")
    assert report(derivations={"broken": broken}) is False
    assert "✗ false" in capsys.readouterr().out
    line = derivations.softmax.line(9)
    unjust = replace(derivations.softmax, lines=(replace(line, written=line.claim),))
    assert report(derivations={"unjust": unjust}) is False


def test_json_holds_every_line(capsys, few_draws):
    assert report(as_json=True) is True
    data = json.loads(capsys.readouterr().out)
    assert data["sound"] is True
    for name, derivation in DERIVATIONS.items():
        assert [row["line"] for row in data["derivations"][name]] == [
            line.number for line in derivation.lines
        ]


def test_a_table_typesets_the_formula_that_is_checked():
    table = derivations.softmax.show(15, 15)
    shown = table._repr_markdown_()
    assert r"\frac{\partial l}{\partial a}" in shown
    assert "dl_da = -y.T + exp(a) / (exp(a) @ one)" in str(table)
    assert str(table).endswith("✓")


def test_a_click_or_details_tells_the_error_and_the_shapes():
    shape = "1\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}K"
    closed = derivations.softmax.show(15, 15)._repr_markdown_()
    seen, _, behind = closed.partition("<details><summary>✓</summary>")
    assert "error" in behind and shape in behind and "error" not in seen and shape not in seen
    table = derivations.softmax.show(15, 15, details=True)
    assert "<details>" not in table._repr_markdown_() and shape in table._repr_markdown_()
    assert "✓ holds, error" in str(table) and "y: K × 1" in str(table)


def test_what_is_wrong_with_a_line_takes_no_click():
    false = derivations.softmax.with_line(14, "dl == tr((y + exp(a).T / (exp(a) @ one)) @ da)")
    assert "✗ false, error" in false.show(14, 14)._repr_markdown_().replace("<details>", "")
    assert "<details>" not in false.show(14, 14)._repr_markdown_()


@EACH
def test_what_a_lesson_asks_for_is_folded(name, few_draws):
    """The blank line, where it is shown, and what tells it or the code's own formula."""
    derivation = replace(DERIVATIONS[name], blank="")
    assert derivation.line(DERIVATIONS[name].blank).answer
    table = derivation.show()
    for line, row in zip(derivation.lines, table._repr_markdown_().splitlines()[2:], strict=True):
        assert ("<summary>show" in row) == line.answer
    for line, row in zip(derivation.lines, table.rows, strict=True):
        assert row.folded == line.answer
    hidden = [line.claim.replace("==", "=") for line in derivation.lines if line.answer]
    assert hidden and not any(claim in str(table) for claim in hidden)


def test_a_formula_is_broken_where_a_line_is_too_long_for_a_telephone():
    for derivation in DERIVATIONS.values():
        for line in derivation.lines:
            typeset = algebra.latex_claim(line.claim, derivation.names)
            assert algebra.width(typeset) <= 22.5, typeset
    wide = "L == " + " + ".join(["tr(W1.T @ W1)"] * 5)
    names = derivations.backprop.names
    assert algebra.latex_claim(wide, names).count(r"\\") >= 2
    assert r"\\" not in algebra.latex_claim("L == tr(W1.T @ W1)", names)


def test_other_seeds_and_sizes_and_broken_lines_can_be_shown():
    assert derivations.softmax.show(14, 14, seed=5, D=11, K=8).rows[0].verdict.status == "holds"
    broken = derivations.softmax.with_line(14, "dl == tr((-y + exp(a) / (exp(a) @ one)) @ da)")
    assert str(broken.show(14, 14).rows[0].verdict).startswith("✗ ill-formed")


def test_an_unknown_line_is_refused_with_the_lines_there_are():
    with pytest.raises(ValueError, match="There is no line 99; the lines are 1, 2"):
        derivations.softmax.line(99)


@EACH
def test_the_blank_line_is_not_shown(name):
    derivation = DERIVATIONS[name]
    row = derivation.show(derivation.blank, derivation.blank).rows[-1]
    assert row.verdict is None and row.claim.endswith("your_line")


@EACH
def test_no_table_gives_the_blank_line_away(name, few_draws):
    """A flagged line is quoted and mended beside the table, so it cannot be the blank one."""
    derivation = DERIVATIONS[name]
    blank = derivation.line(derivation.blank)
    answer = blank.claim.split("==", 1)[1]
    assert not blank.kind
    assert answer not in str(derivation.show()) + str(derivation.show(details=True))


@EACH
def test_the_blank_line_is_judged(name, capsys):
    derivation = DERIVATIONS[name]
    left, *_, right = map(ast.unparse, parse(derivation.line(derivation.blank).claim)[0])
    for answer, mark in (("", "…"), (right, "✓"), (f"-({right})", "✗"), (left, "✗"), ("((", "✗")):
        derivation.solve(answer)
        assert capsys.readouterr().out.startswith(f"{mark} line {derivation.blank}:"), answer

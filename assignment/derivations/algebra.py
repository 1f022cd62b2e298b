"""Matrix algebra as mathematics has it, not as NumPy broadcasts it; and its formulas in LaTeX.

A formula is written once, as a Python expression such as `tr(-y @ d(log(SoftMax(a))))`. The same
syntax tree is evaluated on arrays and typeset, so what is read is what is checked:

    A @ B       matrix product              d(A)        differential
    A * B       Hadamard product            tr(A)       trace, of square matrices only
    A + B       of equal shapes only        Sum(A)      sum over the examples
    A / s       s a number or 1 x 1         A.T         transpose
    exp log     entry by entry              SoftMax(A)  row by row
    sigma       ReLU, dsigma its slope      diag(A)     a row as a diagonal matrix
"""

import ast
import re
from functools import lru_cache

import numpy as np

STEP = 1e-20  # of the complex step: a value carries its differential as Im / STEP


class IllFormed(Exception):
    """A formula that means nothing: shapes that do not fit, a symbol that is not defined."""


class Matrix:
    """A matrix, or one for each example; its imaginary part over STEP is its differential.

    array : (rows, columns), or (n, rows, columns) for what depends on the example i
    """

    def __init__(self, array):
        self.array = np.asarray(array)
        if self.array.ndim not in (2, 3):
            raise IllFormed(f"an array of {self.array.ndim} dimensions is no matrix")

    @property
    def shape(self):
        return self.array.shape[-2:]

    @property
    def indexed(self):
        """Whether there is one for each example."""
        return self.array.ndim == 3

    @property
    def T(self):
        return Matrix(np.swapaxes(self.array, -1, -2))

    def _same_shape(self, other, what):
        if not isinstance(other, Matrix):
            raise IllFormed(f"{what} of a {_size(self)} matrix and a number")
        if self.shape != other.shape:
            raise IllFormed(f"{what} of a {_size(self)} and a {_size(other)} matrix")
        return other.array

    def __add__(self, other):
        return Matrix(self.array + self._same_shape(other, "sum"))

    def __sub__(self, other):
        return Matrix(self.array - self._same_shape(other, "difference"))

    def __radd__(self, number):
        raise IllFormed(f"sum of a number and a {_size(self)} matrix")

    __rsub__ = __radd__

    def __neg__(self):
        return Matrix(-self.array)

    def __mul__(self, other):
        return Matrix(self.array * self._same_shape(other, "Hadamard product"))

    def __rmul__(self, number):
        return Matrix(number * self.array)

    def __matmul__(self, other):
        if not isinstance(other, Matrix):
            raise IllFormed("matrix product with a number")
        if self.shape[1] != other.shape[0]:
            raise IllFormed(f"product of a {_size(self)} and a {_size(other)} matrix")
        return Matrix(self.array @ other.array)

    def __rmatmul__(self, number):
        raise IllFormed("matrix product with a number")

    def __truediv__(self, other):
        if isinstance(other, Matrix):
            if other.shape != (1, 1):
                raise IllFormed(f"division by a {_size(other)} matrix")
            return Matrix(self.array / other.array)
        return Matrix(self.array / other)

    def __rtruediv__(self, number):
        raise IllFormed(f"division by a {_size(self)} matrix")


def _size(matrix):
    return f"{matrix.shape[0]} x {matrix.shape[1]}"


def tr(A):
    if A.shape[0] != A.shape[1]:
        raise IllFormed(f"trace of a {_size(A)} matrix")
    return Matrix(np.trace(A.array, axis1=-2, axis2=-1)[..., np.newaxis, np.newaxis])


def d(A):
    return Matrix(np.imag(A.array) / STEP)


def exp(A):
    return Matrix(np.exp(A.array))


def log(A):
    return Matrix(np.log(A.array))


def SoftMax(A):
    e = np.exp(A.array)
    return Matrix(e / e.sum(axis=-1, keepdims=True))


def sigma(A):
    return Matrix(np.where(A.array.real > 0, A.array, 0))


def dsigma(A):
    return Matrix((A.array.real > 0).astype(float))


def diag(A):
    if A.shape[0] != 1:
        raise IllFormed(f"diagonal of a {_size(A)} matrix, where a row is needed")
    return Matrix(A.array * np.eye(A.shape[1]))


def Sum(A):
    if not A.indexed:
        raise IllFormed("sum over the examples of what does not depend on them")
    return Matrix(A.array.sum(axis=0))


def _of_matrices(function):
    """The function, refusing plain numbers."""

    def strict(A):
        if not isinstance(A, Matrix):
            raise IllFormed(f"{function.__name__} of a plain number")
        return function(A)

    return strict


FUNCTIONS = {
    f.__name__: _of_matrices(f) for f in (tr, d, exp, log, SoftMax, sigma, dsigma, diag, Sum)
}


@lru_cache(maxsize=256)
def parse(claim):
    """The claims of a line, each a list of the syntax trees of its sides.

    A line holds equations, separated by semicolons; an equation two or more sides, by `==` or `=`.
    """
    claim = re.sub(r"=+", "==", claim)
    equations = []
    for text in claim.split(";"):
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except SyntaxError as error:
            raise IllFormed(
                f"{text.strip()!r} cannot be read ({error.msg}): is an @ or a bracket missing?"
            ) from None
        if not isinstance(tree, ast.Compare) or not all(isinstance(o, ast.Eq) for o in tree.ops):
            raise IllFormed(f"{text.strip()!r} is no equation; write ==")
        sides = [tree.left, *tree.comparators]
        for side in sides:
            _require_formula(side)
        equations.append(sides)
    return equations


def _require_formula(node):
    """Raise IllFormed unless the tree is made of what the first lines of this module list."""
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return
        case ast.Name(id=name) if name not in FUNCTIONS:
            return
        case ast.Attribute(value=inner, attr="T") | ast.UnaryOp(op=ast.USub(), operand=inner):
            return _require_formula(inner)
        case ast.BinOp(
            left=left,
            op=ast.Add() | ast.Sub() | ast.Mult() | ast.MatMult() | ast.Div(),
            right=right,
        ):
            _require_formula(left)
            return _require_formula(right)
        case ast.Call(func=ast.Name(id="d"), args=[inner], keywords=[]):
            names = {n.id for n in ast.walk(inner) if isinstance(n, ast.Name)} - set(FUNCTIONS)
            if any(name.startswith("d") for name in names) or "d(" in ast.unparse(inner):
                raise IllFormed("d of what holds a differential or a gradient is not defined here")
            return _require_formula(inner)
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in FUNCTIONS:
            return _require_formula(inner)
    raise IllFormed(f"{ast.unparse(node)} has no place in a formula")


def evaluate(side, symbols):
    """The value of one side as a Matrix.

    Parameters
    ----------
    side : syntax tree
    symbols : dict from the name of a symbol to a Matrix or a number

    Raises
    ------
    IllFormed : the expression means nothing; the message says where
    """
    try:
        value = eval(_compiled(side), {**FUNCTIONS, "__builtins__": {}}, symbols)
    except NameError as error:
        raise IllFormed(f"{error.name} is not defined here") from None
    except ArithmeticError as error:
        raise IllFormed(str(error)) from None
    value = value if isinstance(value, Matrix) else Matrix([[value]])
    if np.iscomplexobj(value.array) and np.abs(value.array.imag).max(initial=0) > 1:
        raise IllFormed("logarithm of a negative number")
    return value


@lru_cache(maxsize=1024)  # each side is tried on many numbers
def _compiled(side):
    return compile(ast.Expression(side), "<formula>", "eval")


# Typesetting. The strength of an operator: what is weaker than its surroundings needs brackets.
SUM, HADAMARD, PRODUCT, FRACTION, ATOM = 1, 2, 3, 4, 5

PAGE = 17  # em: what a telephone has room for
ROOMS = (np.inf, 14, 11, 8, 5)  # em: what a sum may take before its terms stand below each other

SPELLED = {
    "tr": r"\operatorname{tr}",
    "exp": r"\exp",
    "log": r"\log",
    "SoftMax": r"\operatorname{SoftMax}",
    "sigma": r"\sigma",
    "dsigma": r"\sigma'",
    "diag": r"\operatorname{diag}",
}


def latex(side, names, room=np.inf):
    """A syntax tree in LaTeX; `names` maps symbols to theirs. A sum wider than `room` is broken."""
    return _latex(side, names, room)[0]


def latex_claim(claim, names):
    """A whole line in LaTeX: broken where it is too wide for a telephone, and else set smaller."""
    equations = [_equation(sides, names) for sides in parse(claim)]
    line = r",\quad ".join(equations)
    if len(equations) > 1 and width(line) > PAGE:
        line = _below(equations, r",\\&")
    return line if width(line) <= PAGE else rf"\small {line}"


def _equation(sides, names):
    """left = right, or several right sides below each other; below the left side too, if wide."""
    left, *others = (latex(side, names) for side in sides)
    if len(others) == 1 and width(f"{left} = {others[0]}") <= PAGE:
        return f"{left} = {others[0]}"
    room = PAGE - width(left) - WIDTHS["="]
    others = [_fitting(side, names, room) for side in sides[1:]]
    if max(map(width, others)) <= room:
        return rf"\begin{{aligned}}{left} &= " + r" \\ &= ".join(others) + r"\end{aligned}"
    return _below([_fitting(side, names, PAGE - WIDTHS["="]) for side in sides], r"\\&{}= ")


def _fitting(side, names, page):
    """One side of an equation, with its sums broken as far as it takes to fit."""
    texts = [latex(side, names, room) for room in ROOMS]
    return next((text for text in texts if width(text) <= page), min(texts, key=width))


def _below(parts, between):
    """Parts of a formula, one below the other."""
    return r"\begin{aligned}&" + between.join(parts) + r"\end{aligned}"


def width(text):
    """About how wide a formula is, in em."""
    text = text.replace(r"\{", "(").replace(r"\}", ")").replace(r"\quad", "xx")
    text = re.sub(r"\\(?:operatorname|mathrm|mathbf|exp|log)\b{?(\w*)}?", r"xx\1", text)
    text = re.sub(r"\\(odot|cdot)\b", "+", text.replace(r"\sum", "xxx"))
    text = re.sub(
        r"\\(?!frac|begin|end)[a-zA-Z]+ ?|\\,", lambda c: "'" if len(c[0]) < 4 else "x", text
    )
    text = re.sub(r"[_^](\w|{[^{}]*})", lambda script: "'" * len(script[1].strip("{}")), text)
    innermost = r"\\begin{aligned}((?:(?!\\begin).)*?)\\end{aligned}|\\frac{([^{}]*)}{([^{}]*)}"
    while found := re.search(innermost, text):
        parts = found[1].split(r"\\") if found[1] is not None else found.groups()[1:]
        text = text.replace(found[0], max(parts, key=width))
    text = re.sub(r"[{}&\s]", "", text)
    return sum(WIDTHS.get(letter, 0.75 if letter.isupper() else 0.5) for letter in text)


WIDTHS = {**dict.fromkeys("+-=", 1.5), **dict.fromkeys("()", 0.42), "'": 0.35, ",": 0.4}


def _latex(node, names, room):
    """LaTeX of a node, and the strength of its outermost operator."""

    def part(inner, strength):
        text, own = _latex(inner, names, room)
        return text if own >= strength else _brackets(text)

    if (positive := _without_minus(node)) is not node:
        # Python reads -y @ a as (-y) @ a; on paper it is -(y a), which is the same.
        return f"-{part(positive, HADAMARD)}", SUM
    match node:
        case ast.Constant(value=value):
            return str(value), ATOM
        case ast.Name(id=name):
            return names.get(name, rf"\mathrm{{{name}}}"), ATOM
        case ast.Attribute(value=inner, attr="T"):
            text = part(inner, ATOM)
            bare = not text.startswith(r"\frac") and not text.endswith("^T")
            return (text if bare else _brackets(text)) + "^T", ATOM
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _sum(part(left, SUM), f"+ {_unsigned(right, names, room)}", room), SUM
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _sum(part(left, SUM), f"- {part(right, HADAMARD)}", room), SUM
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{latex(left, names, room)}}}{{{latex(right, names, room)}}}", FRACTION
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if not _is_number(left):
            return rf"{part(left, FRACTION)} \odot {part(right, FRACTION)}", HADAMARD
        case ast.BinOp(left=left, right=right):
            a, b = part(left, PRODUCT), part(right, PRODUCT)
            if a.startswith(r"\sum"):
                a = _brackets(a)  # or it would reach over the right factor too
            if _is_number(left) and _is_number(right):
                return rf"{a} \cdot {b}", PRODUCT
            space = r"\," if _is_number(left) or b.startswith(("d", r"\operatorname")) else " "
            return f"{a}{space}{b}", PRODUCT
        case ast.Call(func=ast.Name(id="Sum"), args=[inner]):
            text, strength = _latex(inner, names, room)
            return rf"\sum_i {text if strength > SUM else _brackets(text, '{}')}", PRODUCT
        case ast.Call(func=ast.Name(id="d"), args=[inner]):
            return f"d{part(inner, ATOM)}", ATOM
        case ast.Call(func=ast.Name(id=function), args=[inner]):
            return SPELLED.get(function, function) + _brackets(latex(inner, names, room)), ATOM
    raise IllFormed(f"{ast.unparse(node)} has no place in a formula")


def _sum(left, right, room):
    """Two terms, one below the other where they are wide."""
    text = f"{left} {right}"
    return text if width(text) <= room else _below([left, right], r"\\&{}")


def _without_minus(node):
    """The node without the minus that its first factor begins with, if there is one."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return inner
        case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult() | ast.Div() as op, right=right):
            positive = _without_minus(left)
            return node if positive is left else ast.BinOp(left=positive, op=op, right=right)
    return node


def _unsigned(node, names, room):
    """The second term of a sum: in brackets if it starts with a minus."""
    text = latex(node, names, room)
    return _brackets(text) if text.startswith("-") else text


def _brackets(text, kind="()"):
    left, right = (rf"\{c}" if c in "{}" else c for c in kind)
    if any(tall in text for tall in (r"\frac", r"\sum", r"\begin")):
        left, right = rf"\left{left}", rf"\right{right}"
    return left + text + right


def _is_number(node):
    """Whether a factor is a plain number: written as one, or a quantity called N or reg."""
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name in ("N", "reg")
        case ast.BinOp(left=left, right=right):
            return _is_number(left) and _is_number(right)
        case ast.UnaryOp(operand=inner):
            return _is_number(inner)
    return False

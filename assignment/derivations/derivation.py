"""A derivation is a list of lines; each line is a claim, and each claim is tried on numbers."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from assignment.derivations.algebra import (
    PAGE,
    STEP,
    IllFormed,
    evaluate,
    latex_claim,
    parse,
    width,
)

TOLERANCE = 1e-12  # relative; the complex step has no round-off of its own
SMALLEST = 1e-2  # all symbols are of size 1: what is this small is small by chance
DRAWS = 10
BLANK = "your_line"  # in a claim: what a student is to find, where no answer is given


@dataclass(frozen=True)
class Line:
    """One line of a derivation.

    number : as the notebook cites it
    claim : equations between expressions (see `algebra`), separated by semicolons
    rule : what leads to it from the lines before, in words
    written : the claim as the original derivation has it, where that does not hold as it stands
    kind : of what is written: "false", "ill-formed", or "loose" where it is only notation; without
        `written` it cannot be read as a formula at all
    remark : one sentence on what is wrong with what is written
    original : the line as it was first written down, in LaTeX
    label : what mistakes cite it by: a number moves when a line is put in
    answer : whether it tells what a student is asked to find: it is shown folded
    """

    number: str
    claim: str
    rule: str
    written: str = ""
    kind: str = ""
    remark: str = ""
    original: str = ""
    label: str = ""
    answer: bool = False


def quoted(lines, originals):
    """The lines, each with its original."""
    return tuple(replace(line, original=o) for line, o in zip(lines, originals, strict=True))


@dataclass(frozen=True)
class Verdict:
    """What numbers say of a claim: status is "holds", "false", "ill-formed", or "to do"."""

    status: str
    error: float = 0.0
    reason: str = ""

    def __str__(self):
        if self.status == "to do":
            return "… to do"
        if self.status == "ill-formed":
            return f"✗ ill-formed: {self.reason}"
        mark = "✓ holds" if self.status == "holds" else "✗ false"
        return f"{mark}, error {self.error:.1g}" if self.error else f"{mark}, exactly"


@dataclass(frozen=True)
class Symbol:
    """How a symbol is typeset, and its shape in letters; a plain number has none."""

    latex: str
    rows: str
    columns: str


@dataclass(frozen=True)
class Derivation:
    """A list of lines about the same symbols.

    symbols : dict from the name in the claims to Symbol
    sizes : dict from the letters of the shapes to several sets of sizes, all different
    draw : function(rng, **sizes) -> dict from names to Matrix or number: random inputs, and the
        values, differentials and gradients that the lines are held against, found without them
    blank : the number of the line that is left to the student
    """

    title: str
    lines: tuple[Line, ...]
    symbols: Mapping[str, Symbol]
    sizes: tuple[Mapping[str, int], ...]
    draw: Callable[..., dict]
    blank: str = ""

    def verdict(self, claim, seed=0, sizes=None):
        """Try a claim on several random draws in each of several shapes.

        Returns
        -------
        Verdict : the worst of all draws
        """
        if BLANK in claim:
            return Verdict("to do")
        worst = Verdict("holds")
        for each in self.sizes if sizes is None else (sizes,):
            for number in range(DRAWS):
                symbols = _drawn(self.draw, seed, number, tuple(each.items()))
                try:
                    error = _error(claim, symbols)
                except IllFormed as reason:
                    return Verdict("ill-formed", np.inf, str(reason))
                if not error <= worst.error:
                    worst = Verdict("holds" if error <= TOLERANCE else "false", error)
        return worst

    def line(self, number):
        """The line of that number.

        Raises
        ------
        ValueError : if there is none, with the numbers there are
        """
        for line in self.lines:
            if line.number == str(number):
                return line
        numbers = ", ".join(line.number for line in self.lines)
        raise ValueError(f"There is no line {number}; the lines are {numbers}.")

    def with_line(self, number, claim):
        """The same derivation with another claim in one line."""
        old = self.line(number)
        new = replace(old, claim=claim, written="", kind="", remark="", original="", answer=False)
        lines = tuple(new if line is old else line for line in self.lines)
        return replace(self, lines=lines, blank="" if self.blank == old.number else self.blank)

    def solve(self, answer):
        """Print whether `answer`, the right side of the blank line, is right, wrong or to do.

        A true line may still not be the one that is wanted: it has to be in terms of the same
        differentials, and not of the left side itself, or of a gradient that comes later.
        """
        line = self.line(self.blank)
        left, *_, wanted = parse(line.claim)[0]
        left = ast.unparse(left)
        answer = answer.split("=")[-1].strip()
        if not answer:
            print(f"… line {line.number}: to do. {left} == ?")
            return
        verdict = self.verdict(f"{left} == {answer}")
        said = f"line {line.number}: {left} == {answer}"
        if verdict.status == "holds":
            needed, used = (self.differentials(text) for text in (ast.unparse(wanted), answer))
            early = self._not_known_yet(answer) | ({left} & set(re.findall(r"\w+", answer)))
            if early or used != needed:
                wish = (
                    f"in terms of {' and '.join(sorted(needed))}"
                    if used != needed
                    else f"without {' and '.join(sorted(early))}"
                )
                print(f"✗ {said}: true, but it should be {wish}")
                return
        print(f"{str(verdict)[0]} {said}: {str(verdict)[2:]}")

    def differentials(self, text):
        """The differentials in an expression: dW and the like, and d itself if it is applied."""
        names = set(re.findall(r"\w+", text))
        return {
            name for name in names if name == "d" or name.removeprefix("d") in self.symbols
        } - set(self.symbols)

    def _not_known_yet(self, answer):
        """The gradients in an answer that no line before the blank has."""
        before = self.lines[: self.lines.index(self.line(self.blank))]
        texts = " ".join(line.claim for line in before), answer
        known, used = (set(re.findall(r"\bd\w+_d\w+", text)) for text in texts)
        return used - known

    def show(self, first=None, last=None, details=False, seed=0, **sizes):
        """The lines from `first` to `last` as a table, each tried on fresh numbers.

        Parameters
        ----------
        first, last : numbers of lines; None for all
        details : bool, show the shapes and the size of the error too; else a click on a tick does
        seed : int, for the random numbers
        sizes : the letters of the shapes, such as D=7; the others as usual

        Returns
        -------
        Table

        Raises
        ------
        ValueError : if there is no such line or size
        """
        for name, size in sizes.items():
            if name not in self.sizes[0] or not isinstance(size, int) or size < 2:
                known = ", ".join(self.sizes[0])
                raise ValueError(f"{name}={size} is no size: the sizes are {known}, 2 or more.")
        sizes = {**self.sizes[0], **sizes} if sizes else None
        numbers = [line.number for line in self.lines]
        start = 0 if first is None else numbers.index(self.line(first).number)
        stop = len(numbers) if last is None else numbers.index(self.line(last).number) + 1
        if start >= stop:
            raise ValueError(f"Line {first} comes after line {last}.")
        rows = [self._row(line, seed, sizes) for line in self.lines[start:stop]]
        return Table(tuple(rows), self.names, details)

    def _row(self, line, seed, sizes):
        shapes = self.shapes_in(line.claim)
        if line.number == self.blank or BLANK in line.claim:
            lefts = (ast.unparse(left) for left, *_ in parse(line.claim))
            claim = "; ".join(f"{left} == {BLANK}" for left in lefts)
            return Row(line.number, claim, line.rule, shapes, None)
        verdict = self.verdict(line.claim, seed, sizes)
        return Row(line.number, line.claim, line.rule, shapes, verdict, line.answer)

    def original(self):
        """The lines as they were first written down, slips included, with what is wrong in each."""
        return Original(
            tuple(
                (line, self.verdict(line.written) if line.written else None)
                for line in self.lines
                if line.original
            )
        )

    @property
    def names(self):
        """dict from the name of a symbol to its LaTeX, differentials and gradients included."""
        names = {name: symbol.latex for name, symbol in self.symbols.items()}
        names[BLANK] = r"\;?"
        for name, text in list(names.items()):
            names[f"d{name}"] = f"d{text}"
            for other, below in list(self.symbols.items()):
                partial = rf"\frac{{\partial {text}}}{{\partial {below.latex}}}"
                names[f"d{name}_d{other}"] = partial
        return names

    def shapes_in(self, claim):
        """(symbol, shape in letters) for the symbols of a claim."""
        found = []
        try:
            equations = parse(claim)
        except IllFormed:
            return ()
        for sides in equations:
            for side in sides:
                found += [node.id for node in ast.walk(side) if isinstance(node, ast.Name)]
        texts = []
        for name in dict.fromkeys(found):
            base = name.split("_d")[-1] if "_d" in name else name
            base = base if base in self.symbols else base.removeprefix("d")
            symbol = self.symbols.get(base)
            if symbol and symbol.rows:
                texts.append((name, f"{symbol.rows} × {symbol.columns}"))
        return tuple(texts)


@lru_cache(maxsize=256)
def _drawn(draw, seed, number, sizes):
    """One draw, kept: all lines of a derivation are tried on the same numbers."""
    return draw(np.random.default_rng([seed, number]), **dict(sizes))


def _error(claim, symbols):
    """The largest relative error between the sides of the equations of a claim."""
    worst = 0.0
    for sides in parse(claim):
        left, *others = (evaluate(side, symbols) for side in sides)
        for right in others:
            if left.shape != right.shape:
                raise IllFormed(
                    "the sides are "
                    + " and ".join(f"{m.shape[0]} x {m.shape[1]}" for m in (left, right))
                )
            if left.indexed != right.indexed:
                raise IllFormed("one side depends on the example, the other does not")
            worst = max(worst, _distance(left.array.real, right.array.real))
            if np.any(left.array.imag):
                # A line about l itself: its change has to agree too.
                worst = max(worst, _distance(left.array.imag / STEP, right.array.imag / STEP))
    return worst


def _distance(a, b):
    sizes = np.abs(a).max(), np.abs(b).max()  # NaN or infinite, if a single entry is
    if not np.isfinite(sizes).all():
        return np.inf
    return float(np.abs(a - b).max() / max(*sizes, SMALLEST))


@dataclass(frozen=True)
class Row:
    """One row of a table; verdict is None where the line is left blank.

    folded : whether it takes a click to see the line; a terminal shows its left side only
    """

    number: str
    claim: str
    rule: str
    shapes: tuple[tuple[str, str], ...]
    verdict: Verdict | None
    folded: bool = False


@dataclass(frozen=True)
class Table:
    """Lines with their verdicts: typeset in a notebook, as text in a terminal."""

    rows: tuple[Row, ...]
    names: Mapping[str, str]
    details: bool = False

    def _repr_markdown_(self):
        head = "| | line and rule | |\n|--:|:--|:--|\n"
        return head + "\n".join(
            f"| {row.number} | {self._line(row)} "
            f'<span class="rule">{row.rule}</span> | {self._judged(row)} |'
            for row in self.rows
        )

    def _line(self, row):
        line = f"${_typeset(row.claim, self.names)}$"
        if not row.folded:
            return f"{line} <br>"
        left = left_side(row.claim)
        return folded(f"show ${self.names[left]}$" if left in self.names else "show", line)

    def _judged(self, row):
        """A tick, and behind it the size of the error and the shapes; what is wrong stands open."""
        if row.verdict is None:
            return "… to do"
        error, shapes = _unbroken(str(row.verdict)), _shapes(row.shapes, self.names)
        if self.details or row.verdict.status != "holds":
            return " <br> ".join([error, *shapes])
        return folded("✓", " <br> ".join([error.removeprefix("✓ "), *shapes]))

    def __str__(self):
        return "\n".join(
            f"{row.number:>3}  {_plain(row)}\n     {row.rule}\n     {self._told(row)}"
            for row in self.rows
        )

    def _told(self, row):
        if row.verdict is None:
            return "… to do"
        if row.verdict.status == "holds" and not self.details:
            return "✓"
        shapes = (f"{name}: {shape}" for name, shape in row.shapes if self.details)
        return "; ".join([str(row.verdict), *shapes])

    __repr__ = __str__


@dataclass(frozen=True)
class Original:
    """(Line, Verdict on what is written, or None) of each line as it was first written down."""

    rows: tuple[tuple[Line, Verdict | None], ...]

    def _repr_markdown_(self):
        head = "| | as it was first written | |\n|--:|:--|:--|\n"
        return head + "\n".join(
            rf"| {line.number} | $\displaystyle {_in_rows(line.original)}$"
            + (f" <br> {line.remark}" if line.remark else "")
            + f" | {_unbroken(_as_written(line, verdict))} |"
            for line, verdict in self.rows
        )

    def __str__(self):
        return "\n".join(
            f"{line.number:>3}  {line.original}\n     "
            + (f"{line.remark}\n     " if line.remark else "")
            + _as_written(line, verdict)
            for line, verdict in self.rows
        )

    __repr__ = __str__


def _in_rows(text):
    """A quoted line; one that is wide has a row for each side, and for each of its equations."""
    if width(text) <= PAGE:
        return text
    rows, open_braces, open_brackets, has_left_side = [""], 0, 0, False
    for piece in re.findall(r"\\text\{[-=]+\}|\\.|->|.", text):
        open_braces += {"{": 1, "}": -1}.get(piece, 0)
        open_brackets += {"(": 1, "[": 1, ")": -1, "]": -1}.get(piece, 0)
        if open_braces == 0 and piece in ("=", r"\text{=}", "->"):
            rows += [""] * has_left_side
            has_left_side = True
        rows[-1] += piece
        if piece.startswith(r"\text{--") or (piece, open_braces, open_brackets) == (",", 0, 0):
            rows.append("")
            has_left_side = False
    return r"\small \begin{aligned}&" + r"\\&".join(rows) + r"\end{aligned}"


def left_side(claim):
    """The left side of the first equation."""
    return ast.unparse(parse(claim)[0][0])


def _plain(row):
    if not row.folded:
        return row.claim.replace("==", "=")
    left = left_side(row.claim)
    return f"{left} = …" if left.isidentifier() else "…"  # a longer one may tell the line before


def _as_written(line, verdict):
    """What is said of a line as written; loose notation may hold, if it is not read literally."""
    if not line.kind:
        return "✓"
    if line.kind != "loose":
        return str(verdict)
    return "~ loose notation" + (f"; read literally: {str(verdict)[2:]}" if verdict else "")


def folded(summary, text):
    """Text that is seen after a click."""
    return f"<details><summary>{summary}</summary>{text}</details>"


def _typeset(claim, names):
    try:
        return r"\displaystyle " + latex_claim(claim, names)
    except IllFormed as reason:
        return rf"\text{{{reason}}}"


def _shapes(shapes, names):
    """Each symbol, typeset, with its shape."""
    return [
        f"${names.get(name, name)}$: {shape}".replace(" ", "\N{NO-BREAK SPACE}")
        for name, shape in shapes
    ]


def _unbroken(verdict):
    """A verdict whose numbers stay on one line."""
    return re.sub(r"(?<=\d)e-(?=\d)", "e\N{NON-BREAKING HYPHEN}", verdict)

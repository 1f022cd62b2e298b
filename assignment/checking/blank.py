"""The line of a file in which an exercise that is not finished is to be written."""

import ast
import re
from collections import deque
from itertools import pairwise

from assignment.checking.exercises import ALL, COURSE
from assignment.checking.stubs import todo_line
from assignment.checking.submission.read import raw, read

BEGINS = re.compile(r"\s*#.*\bTODO\b")
CODE_BEGINS = re.compile(r"\s*#.*\bSTART OF YOUR CODE\b")
ENDS = re.compile(r"\s*#.*\bEND OF YOUR CODE\b")
STATEMENTS = ast.stmt, ast.excepthandler, ast.match_case  # the last two hold some, too


def blank_line(path, exercise):
    """The line of an exercise's blank in a stub of any year, or None.

    A blank is what stands between TODO, or START OF YOUR CODE, and END OF YOUR CODE. Without these
    marks it is the `pass` of the function, or the like, and else the last line of its body.
    """
    text = raw(path).decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    if line := todo_line(text, exercise.name):
        return line
    try:
        function = _function(read(path)[0], exercise.called)
    except Exception:  # whatever is in the file, it is no more than a line that is not told
        return None
    if function is None:
        return None
    lines = text.split("\n")[: function.end_lineno]
    holders = sorted(node.lineno for node in _statements(function) if _holds_the_place(node))
    blanks = _blanks(lines, function, holders)
    if not blanks:
        return holders[0] if holders else function.body[-1].lineno
    parts = [
        other.name
        for other in ALL + COURSE
        if (other.file, other.called) == (exercise.file, exercise.called)
    ]
    if 1 < len(blanks) <= len(parts):  # the last blank may be that of several
        return blanks[min(parts.index(exercise.name), len(blanks) - 1)][0]
    return next((line for line, is_empty in blanks if is_empty), blanks[0][0])


def _function(tree, name):
    """The function of a qualified name, or the first of its last part."""
    *owner, name = name.split(".")
    inside = [n for n in _statements(tree) if isinstance(n, ast.ClassDef) and [n.name] == owner]
    for place in (*inside, tree):
        for node in _statements(place):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
    return None


def _statements(tree):
    """A tree and the statements in it, in the order of ast.walk, without the many expressions."""
    nodes = deque([tree])
    while nodes:
        node = nodes.popleft()
        nodes.extend(n for n in ast.iter_child_nodes(node) if isinstance(n, STATEMENTS))
        yield node


def _holds_the_place(node):
    """Whether a statement is there only because a body cannot be empty."""
    if isinstance(node, ast.Raise):
        return "NotImplemented" in ast.unparse(node)
    is_dots = isinstance(node, ast.Expr) and getattr(node.value, "value", None) is ...
    return is_dots or isinstance(node, ast.Pass)


def _blanks(lines, function, holders):
    """(line to write in, whether nothing is there) of each blank between marks in a function."""
    numbers = range(function.lineno, len(lines) + 1)
    mark = BEGINS if any(BEGINS.match(lines[n - 1]) for n in numbers) else CODE_BEGINS
    begins = [n for n in numbers if mark.match(lines[n - 1])]
    statements = [n.lineno for n in _statements(function) if isinstance(n, ast.stmt)]
    blanks = []
    for begin, end in pairwise([*begins, len(lines) + 1]):
        ends = (n for n in range(begin, end) if ENDS.match(lines[n - 1]))
        end = next(ends, end)
        inside = [n for n in statements if begin < n < end]
        holder = next((n for n in holders if begin < n < end), None)
        code = (n + 1 for n in range(begin, end) if CODE_BEGINS.match(lines[n - 1]))
        prose = (n for n in range(begin, end) if not lines[n - 1].lstrip().startswith("#"))
        line = holder or next(code, None) or next(prose, end)
        blanks.append((line, holder is not None or not inside))
    return blanks

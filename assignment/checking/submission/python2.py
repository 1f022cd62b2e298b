"""Python 2: its syntax is translated, and what it meant by the same words is put in their place.

Only syntax is rewritten as text. What depends on the value (a quotient of integers, `.sort` with a
function) is decided when the line runs, and the functions that gave lists are there as they were.
"""

import ast
import builtins
import functools
import operator
import re

import numpy as np

from assignment.checking.submission.once import is_plain, replaced_assignment

# These say what Python 2 means and nothing else. Not among them: those of fissix that guess by a
# name alone what a call means (np.sort is not list.sort), and those that move lines.
FIXERS = (
    *("dict", "except", "exec", "execfile", "funcattrs", "future", "getcwdu", "has_key"),
    *("itertools", "itertools_imports", "metaclass", "methodattrs", "ne", "next", "nonzero"),
    *("numliterals", "paren", "print", "raise", "renames", "repr", "standarderror", "sys_exc"),
    *("throw", "tuple_params", "types", "unicode", "xreadlines"),
)


def _map(function, *sequences):
    if function is not None:
        return list(map(function, *sequences))
    return list(sequences[0]) if len(sequences) == 1 else list(zip(*sequences, strict=False))


def _filter(function, sequence):
    kept = filter(function, sequence)
    if isinstance(sequence, str):
        return "".join(kept)
    return tuple(kept) if isinstance(sequence, tuple) else list(kept)


def _cmp(a, b):
    return int(a > b) - int(a < b)  # NumPy's truths cannot be subtracted


def _sorted(sequence, cmp=None, key=None, reverse=False):
    values = list(sequence)
    _sort(values, cmp, key, reverse)
    return values


def _sort(values, cmp=None, key=None, reverse=False):
    """list.sort of Python 2, whose first argument compares two values."""
    if cmp is not None:
        compare = functools.cmp_to_key(cmp)
        values.sort(key=lambda v: compare(v if key is None else key(v)), reverse=reverse)
    else:
        values.sort(key=key, reverse=reverse)


def _round(number, digits=0):
    """Halves away from zero, and always a float."""
    step = 10.0**digits
    return float(np.copysign(np.floor(abs(number) * step + 0.5) / step, number))


# What is in no namespace of Python 3.
NEW_NAMES = {
    "xrange": range,
    "raw_input": input,
    "unicode": str,
    "basestring": str,
    "long": int,
    "unichr": chr,
    "cmp": _cmp,
    "reduce": functools.reduce,
}
# What a file of Python 2 finds under names that mean something else today.
BUILTINS = vars(builtins) | {
    **NEW_NAMES,
    "range": lambda *limits: list(range(*limits)),
    "zip": lambda *sequences: list(zip(*sequences, strict=False)),
    "map": _map,
    "filter": _filter,
    "sorted": _sorted,
    "round": _round,
    "intern": lambda text: text,
    "apply": lambda function, values=(), named=None: function(*values, **(named or {})),
    "buffer": memoryview,
    "reload": lambda module: module,
    "file": open,
}

IMPORTS = {"izip", "imap", "ifilter", "izip_longest", "cPickle", "StringIO", "Queue", "urllib2"}
DIVISION = re.compile(r"from\s+__future__\s+import[^\n]*\bdivision\b")
METHODS = re.compile(r"\.(?:iteritems|itervalues|iterkeys|has_key)\(")


def is_python_2(tree, source):
    """Whether a file that Python 3 can read is written for Python 2."""
    if METHODS.search(source):
        return True
    if "except" in source and any(map(_names_the_error, ast.walk(tree))):
        return True
    if not {*re.findall(r"\w+", source)} & (IMPORTS | NEW_NAMES.keys()):
        return False  # as most files: this is faster than to look at their trees
    imported = {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
    return bool(imported & IMPORTS or _free_names(tree) & NEW_NAMES.keys())


def _names_the_error(node):
    """except ValueError, e: which Python 3.14 reads again, but as an error of two kinds."""
    match node:
        case ast.ExceptHandler(type=ast.Tuple(elts=[_, ast.Name() as name]) as both):
            ends = [(n.end_lineno, n.end_col_offset) for n in (name, both)]  # or a ) follows
            return ends[0] == ends[1] and not hasattr(builtins, name.id)
    return False


def _free_names(tree):
    """Names that are used, but neither bound by an import nor assigned anywhere in the file."""
    used, bound = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
    return used - bound


def translated(source, file):
    """The tree of a Python 2 source.

    Raises
    ------
    SyntaxError : it is none either
    """
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError

    failed = None
    for with_print in (False, True):  # print("a", end="") in a file that is else Python 2
        try:
            new = str(_translator(with_print).refactor_string(source, file))
            return ast.parse(new, file)
        except (ParseError, TokenError, SyntaxError, RecursionError) as error:
            failed = failed or error
    raise failed if isinstance(failed, SyntaxError) else SyntaxError(str(failed))


@functools.lru_cache
def _translator(with_print):
    """The fixers, which take longer to set up than to translate a file."""
    from fissix.refactor import RefactoringTool

    fixers = [f"fissix.fixes.fix_{name}" for name in FIXERS]
    return RefactoringTool(fixers, {"print_function": with_print})


def as_it_meant(tree, source):
    """A tree in which quotients, `.sort` and the order of None are those of Python 2."""
    tree = _Methods().visit(tree)
    tree = _OrderOfNone(tree).visit(tree)
    if not DIVISION.search(source):
        tree = _FloorDivision().visit(tree)
    return ast.fix_missing_locations(tree)


class _FloorDivision(ast.NodeTransformer):
    """The quotient of two integers was an integer."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        return _call("__python_2_quotient__", node.left, node.right, like=node, when=ast.Div)

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div) or not is_plain(node.target):
            return node
        return replaced_assignment(node, "__python_2_divided__")


class _Methods(ast.NodeTransformer):
    """values.sort(compare) and values.sort(cmp=compare), if values is a list."""

    def visit_Call(self, node):
        self.generic_visit(node)
        names = {keyword.arg for keyword in node.keywords}
        compares = len(node.args) == 1 or "cmp" in names
        if isinstance(node.func, ast.Attribute) and node.func.attr == "sort" and compares:
            sort = ast.Name("__python_2_sort__", ast.Load())
            call = ast.Call(sort, [node.func.value, *node.args], node.keywords)
            return ast.copy_location(call, node)
        return node


class _OrderOfNone(ast.NodeTransformer):
    """None was less than everything: where it, or what it is assigned to, is compared."""

    def __init__(self, tree):
        assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
        nones = [node.targets for node in assigned if _is_none(node.value)]
        self.names = {ast.unparse(target) for targets in nones for target in targets}

    def visit_Compare(self, node):
        self.generic_visit(node)
        name = ORDERS.get(type(node.ops[0]))
        sides = [node.left, *node.comparators]
        may_be = any(_is_none(side) or ast.unparse(side) in self.names for side in sides)
        if name is None or len(sides) > 2 or not may_be:
            return node
        call = ast.Call(ast.Name(name, ast.Load()), sides, [])
        return ast.copy_location(call, node)


def _is_none(node):
    return isinstance(node, ast.Constant) and node.value is None


def _call(name, *arguments, like, when):
    if not isinstance(like.op, when):
        return like
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), like)


def quotient(a, b):
    """a / b as Python 2 understood it."""
    whole = all(np.asarray(x).dtype.kind in "biu" for x in (a, b))
    return a // b if whole else a / b


def divided(a, b):
    """What a is after a /= b: an array stays the same array."""
    result = quotient(a, b)
    if not isinstance(a, np.ndarray) or np.shape(result) != a.shape:
        return result
    a[...] = result
    return a


def sort(values, *arguments, **named):
    """values.sort(...) of whatever has such a method."""
    if isinstance(values, list):
        return _sort(values, *arguments, **named)
    return values.sort(*arguments, **named)


def _ordered(compare):
    """The operator, for which None is less than everything."""

    def ordered(a, b):
        if (a is None or b is None) and not np.ndim(a) and not np.ndim(b):
            return compare(a is not None, b is not None)
        return compare(a, b)

    return ordered


ORDERS = {
    ast.Lt: "__python_2_less__",
    ast.LtE: "__python_2_less_or_equal__",
    ast.Gt: "__python_2_greater__",
    ast.GtE: "__python_2_greater_or_equal__",
}
HELPERS = {
    "__python_2_less__": _ordered(operator.lt),
    "__python_2_less_or_equal__": _ordered(operator.le),
    "__python_2_greater__": _ordered(operator.gt),
    "__python_2_greater_or_equal__": _ordered(operator.ge),
    "__python_2_quotient__": quotient,
    "__python_2_divided__": divided,
    "__python_2_sort__": sort,
}

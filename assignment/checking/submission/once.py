"""NumPy as it once was: what gave a warning for years and is an error today still runs.

Calls, entries, indices, comparisons and truth values of a hand-in go through the methods of Once.
What NumPy accepts goes through as it is; what it refuses, and once took, is taken, and noted.
"""

import ast
import builtins
import copy
import math
import warnings
from functools import partial

import numpy as np

# Names that NumPy has dropped since 1.16: what it calls them today, and what it has no name for.
NAMES_TODAY = """
    float_ float64, longfloat longdouble, complex_ complex128, cfloat complex128,
    singlecomplex complex64, clongfloat clongdouble, longcomplex clongdouble, bool8 bool_,
    int0 intp, uint0 uintp, string_ bytes_, unicode_ str_, str0 str_, bytes0 bytes_, void0 void,
    Inf inf, infty inf, Infinity inf, PINF inf, NaN nan, NAN nan, round_ round, product prod,
    cumproduct cumprod, row_stack vstack, alltrue all, sometrue any, mat asmatrix, rank ndim"""
GONE_FROM_NUMPY = {
    name: value
    for name, value in {
        **{name: getattr(np, today) for name, today in map(str.split, NAMES_TODAY.split(","))},
        **{kind.__name__: kind for kind in (float, int, object, str, complex)},
        **{"unicode": str, "object0": object, "NINF": -np.inf, "PZERO": 0.0, "NZERO": -0.0},
        "asfarray": lambda a, dtype=float: np.asarray(a, dtype=dtype),
        "in1d": lambda a, b, **named: np.isin(np.ravel(a), b, **named),
        "trapz": np.trapezoid if hasattr(np, "trapezoid") else None,
        "msort": lambda a: np.sort(a, axis=0),
        "alen": len,
        "asscalar": lambda array: array.item(),
        "fastCopyAndTranspose": lambda a: np.array(a).T.copy(),
        "find_common_type": lambda arrays, scalars: np.result_type(*arrays, *scalars),
        "math": math,
        "warnings": warnings,
    }.items()
    if name not in vars(np)
}
GONE_FROM_SCIPY = {"mode", "itemfreq"}  # what stats.mode gives is another thing today
GONE_FROM_ARRAYS = {
    "ptp": np.ptp,
    "itemset": lambda array, *place: array.__setitem__(
        place[0] if len(place) == 2 else (0,) * array.ndim, place[-1]
    ),
    "tostring": lambda array, *order: array.tobytes(*order),
    "newbyteorder": lambda array, *order: array.view(array.dtype.newbyteorder(*order)),
}
RENAMED = {"newshape": "shape", "interpolation": "method"}

ONE_NUMBER = (
    "old entry: {} uses an array of one number as a number, which NumPy has refused since 2.4; "
    "array.item() is the number"
)
INDEX = (
    "old index: {} says a[[rows, columns]] for a[rows, columns], which NumPy takes in another way "
    "since 1.23"
)
OLD = "old NumPy: {} {}, which NumPy has refused since {}"

# These look at the frame that calls them, or are no matter.
LEFT_ALONE = {
    *("super", "locals", "globals", "vars", "dir", "eval", "exec", "isinstance", "hasattr"),
    *("len", "setattr", "print", "enumerate", "zip", "list", "dict", "set", "tuple", "str", "type"),
}


# What is rewritten.


def as_once(tree):
    """A tree whose calls, entries and indices go through Once."""
    return _Rewriting().visit(tree)


class _Rewriting(ast.NodeTransformer):
    def visit_Name(self, node):
        return node  # nothing is in it, as in half of all nodes: to look takes long

    visit_Constant = visit_Name

    def visit_Call(self, node):
        self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in GONE_FROM_ARRAYS:
            attribute = ast.Constant(function.attr, **_place(function))
            node.func = _call("method", function.value, attribute, at=function)
            return node
        if getattr(function, "id", "__").startswith("__") and isinstance(function, ast.Name):
            return node  # put in here
        if getattr(function, "id", None) in LEFT_ALONE:
            return node
        if getattr(function, "id", None) == "map" and node.args:
            node.args[0] = _call("function", node.args[0], at=node.args[0])
        node.func = _method("call", at=function)
        node.args.insert(0, function)
        return node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Mod) and not _is_number(node.left):
            return _call("remainder", node.left, node.right, at=node)
        return node

    def visit_Compare(self, node):
        self.generic_visit(node)
        names = {ast.Eq: "equal", ast.NotEq: "unequal"}
        name = names.get(type(node.ops[0])) if len(node.ops) == 1 else None
        single = ast.Constant | ast.Subscript  # in the innermost loops: y[i] == c
        if name is None or any(isinstance(n, single) for n in (node.left, *node.comparators)):
            return node
        return _call(name, node.left, node.comparators[0], at=node)

    def visit_If(self, node):
        self.generic_visit(node)
        node.test = _truth(node.test)
        return node

    visit_While = visit_IfExp = visit_Assert = visit_If

    def visit_comprehension(self, node):
        self.generic_visit(node)
        node.ifs = [_truth(test) for test in node.ifs]
        return node

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            node.operand = _truth(node.operand)
        return node

    def visit_Subscript(self, node):
        self.generic_visit(node)
        if isinstance(node.slice, ast.List | ast.Name | ast.Call | ast.Subscript | ast.Attribute):
            known = isinstance(node.value, ast.Name | ast.Attribute | ast.List | ast.Tuple)
            twice = [copy.deepcopy(node.value)] if known and is_plain(node.value) else []
            node.slice = _call("index", node.slice, *twice, at=node.slice)
        return node

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if isinstance(node.target, ast.Subscript) and is_plain(node.target):
            node.value = _entry(node.value, node.target)
        return node

    def visit_Assign(self, node):
        self.generic_visit(node)
        if not any(isinstance(part, ast.Subscript) for t in node.targets for part in ast.walk(t)):
            return node
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
            if is_plain(node.targets[0]):
                node.value = _entry(node.value, node.targets[0])
            return node
        return _one_by_one(node)


def _one_by_one(node):
    """a[i], b[j] = values: first into names, then entry by entry; a[i] = b[j] = value likewise."""
    several = len(node.targets) > 1
    targets = node.targets if several else getattr(node.targets[0], "elts", [])
    entries = [target for target in targets if isinstance(target, ast.Subscript)]
    used = {n.id for entry in entries for n in ast.walk(entry) if isinstance(n, ast.Name)}
    stored = {target.id for target in targets if isinstance(target, ast.Name)}
    simple = all(
        isinstance(target, ast.Name | ast.Attribute) or target in entries and is_plain(target)
        for target in targets
    )
    if not entries or not simple or used & stored:
        return node
    names = {target: f"__entry_{i}__" for i, target in enumerate(targets) if target in entries}
    here = _place(node)
    if several:
        first = ast.Assign([ast.Name("__entry__", ast.Store(), **here)], node.value)
        values = {target: ast.Name("__entry__", ast.Load(), **here) for target in targets}
    else:
        unpacked = [
            ast.Name(names[target], ast.Store(), **here) if target in names else target
            for target in targets
        ]
        first = ast.Assign([ast.Tuple(unpacked, ast.Store(), **here)], node.value)
        values = {target: ast.Name(name, ast.Load(), **here) for target, name in names.items()}
    stores = [ast.Assign([t], _entry(v, t) if t in entries else v) for t, v in values.items()]
    for statement in (first, *stores):
        ast.copy_location(statement, node)
        statement.file = getattr(node, "file", None)
    return [first, *stores]


def is_plain(target):
    """Whether a target means one entry, and may be evaluated twice: a[next(it)] may not."""
    other = ast.Slice | ast.Starred | ast.NamedExpr | ast.Await | ast.Yield
    return not any(
        isinstance(node, other) or (isinstance(node, ast.Call) and not _only_looks(node))
        for node in ast.walk(target)
    )


def _only_looks(call):
    """Whether a call changes nothing: one that was put in here, or len(x) and int(x)."""
    if getattr(getattr(call.func, "value", None), "id", "") != "__once__":
        return getattr(call.func, "id", "") == "len"
    return call.func.attr != "call" or getattr(call.args[0], "id", "") == "int"


def replaced_assignment(node, function):
    """target /= value as target = function(target, value)."""
    old = copy.deepcopy(node.target)
    for part in ast.walk(old):
        if hasattr(part, "ctx"):
            part.ctx = ast.Load()
    call = ast.Call(ast.Name(function, ast.Load()), [old, node.value], [])
    return ast.copy_location(ast.Assign([node.target], call), node)


def _call(name, *arguments, at):
    """__once__.name(...), which is where the node was."""
    return ast.Call(_method(name, at), list(arguments), [], **_place(at))


def _method(name, at):
    here = _place(at)
    return ast.Attribute(ast.Name("__once__", ast.Load(), **here), name, ast.Load(), **here)


def _place(node):
    """Where a node is, for another one that stands there: to look for what has none takes long."""
    return {name: getattr(node, name) for name in node._attributes}


def _entry(value, target):
    array, index = copy.deepcopy([target.value, target.slice])
    return _call("entry", value, array, index, at=value)


def _truth(test):
    plain = ast.Name | ast.Attribute | ast.Subscript | ast.Call
    match test:
        case ast.Compare(ops=[ast.Eq()], comparators=[ast.Constant(None)]):
            return _call("none", test.left, at=test)
        case ast.Compare(ops=[ast.NotEq()], comparators=[ast.Constant(None)]):
            return ast.copy_location(
                ast.UnaryOp(ast.Not(), _call("none", test.left, at=test)), test
            )
    if isinstance(test, ast.BoolOp):
        test.values = [_truth(value) for value in test.values]
        return test
    return _call("truth", test, at=test) if isinstance(test, plain) else test


def _is_number(node):
    return isinstance(node, ast.Constant) and not isinstance(node.value, str)


# What is done when it runs.


class Once:
    """What NumPy once understood, for one file; remark(text) is told what had to be conceded."""

    def __init__(self, name, remark):
        self._name = name
        self._remark = remark

    def _note(self, text, *more):
        self._remark(text.format(self._name, *more))

    def call(self, function, /, *arguments, **named):
        """function(...), as NumPy once let one call."""
        try:
            return function(*arguments, **named)
        except (TypeError, ValueError, OverflowError) as error:
            if not _is_refusal(error):
                raise
            for refusal, again in REFUSALS.items():
                if refusal not in str(error):
                    continue
                if changed := again(function, arguments, named):
                    (function, arguments, named), *told = changed
                    result = function(*arguments, **named)
                    self._note(*told)
                    return result
            raise

    def function(self, function):
        """A function that is called by another one, as NumPy once let one call."""
        return function if function is None else partial(self.call, function)

    def none(self, value):
        """value == None, which is false of an array as a whole."""
        if isinstance(value, np.ndarray):
            self._note(OLD, "asks whether an array == None", "1.13")
            return False
        return value == None  # noqa: E711

    def method(self, value, name):
        """A method that arrays had once."""
        if isinstance(value, np.ndarray) and not hasattr(value, name):
            self._note(OLD, f"calls array.{name}", "2.0")
            return partial(GONE_FROM_ARRAYS[name], value)
        return getattr(value, name)

    def entry(self, value, array, index):
        """An array of one number, where it is to be an entry of an array, as that number."""
        if not (_is_one_number(value) and isinstance(array, np.ndarray)):
            return value
        if np.ndim(array[index]):
            return value
        self._note(ONE_NUMBER)
        return value.item()

    def index(self, index, container=None):
        """A list of arrays as an index was a tuple before 1.23, an array of one number a number."""
        if type(index) is int:
            return index
        if isinstance(container, list | tuple | str) and _is_one_number(index):
            self._note(ONE_NUMBER)
            return index.item()
        kinds = (np.ndarray, range, slice)
        if not isinstance(index, list) or not any(isinstance(part, kinds) for part in index):
            return index
        self._note(INDEX)
        return tuple(index)

    def remainder(self, a, b):
        """a % b, which is text where a is."""
        try:
            return a % b
        except TypeError:
            if not isinstance(a, str) or (one := _numbers(b)) is b:
                raise
            self._note(ONE_NUMBER)
            return a % one

    def equal(self, a, b):
        """Arrays of shapes that do not go together were not equal."""
        try:
            return a == b
        except ValueError as error:
            self._must_be_of_shapes(error)
            return False

    def unequal(self, a, b):
        try:
            return a != b
        except ValueError as error:
            self._must_be_of_shapes(error)
            return True

    def _must_be_of_shapes(self, error):
        if not _is_refusal(error) or "broadcast" not in str(error):
            raise error
        self._note(OLD, "compares arrays of shapes that do not go together", "1.25")

    def truth(self, value):
        """An empty array was false."""
        if isinstance(value, np.ndarray) and value.size == 0:
            self._note(OLD, "asks whether an empty array is true", "2.2")
            return False
        return value


def _is_one_number(value):
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.size == 1


def _numbers(value):
    """The same value with arrays of one number as numbers; the very same, if there are none."""
    if _is_one_number(value):
        return value.item()
    if isinstance(value, list | tuple):
        parts = [_numbers(part) for part in value]
        changed = any(a is not b for a, b in zip(parts, value, strict=True))
        return type(value)(parts) if changed and type(value) in (list, tuple) else value
    if type(value) is dict:
        parts = {key: _numbers(part) for key, part in value.items()}
        return parts if any(parts[key] is not part for key, part in value.items()) else value
    return value


def _is_refusal(error):
    """Whether an error was raised by the function called, or by NumPy inside of it."""
    trace = error.__traceback__.tb_next
    while trace is not None:
        if not trace.tb_frame.f_globals.get("__name__", "").startswith("numpy"):
            return False
        trace = trace.tb_next
    return True


def _is_of_numpy(function):
    module = (
        getattr(function, "__module__", None) or type(getattr(function, "__self__", 0)).__module__
    )
    return module.partition(".")[0] == "numpy"


# For each refusal: the call that does what was meant, or None.


def _with_numbers(function, arguments, named):
    converted = _numbers(arguments), _numbers(named)
    if converted[0] is arguments and converted[1] is named:
        return None
    return (function, *converted), ONE_NUMBER


def _with_numbers_as_indices(function, arguments, named):
    return None if _is_of_numpy(function) else _with_numbers(function, arguments, named)


def _sum_of_generator(function, arguments, named):
    return (builtins.sum, arguments[:1], {}), OLD, "calls np.sum with a generator", "2.4"


def _of_list(function, arguments, named):
    told = f"calls np.{function.__name__} with a generator"
    return (function, (list(arguments[0]), *arguments[1:]), named), OLD, told, "1.24"


def _ragged(function, arguments, named):
    """Rows of different lengths made an array of objects."""
    if "dtype" in named or len(arguments) > 1:
        return _with_numbers(function, arguments, named)
    told = f"calls np.{function.__name__} with rows of different lengths"
    rows = np.array(arguments[0], dtype=object)
    return (function, (rows,), named), OLD, told, "1.24"


def _maybe_copied(function, arguments, named):
    return (function, arguments, {**named, "copy": None}), OLD, "says copy=False", "2.0"


def _at_least_1d(function, arguments, named):
    first = np.atleast_1d(arguments[0] if arguments else function.__self__)
    return (np.nonzero, (first,), {}), OLD, "calls np.nonzero on a number", "2.1"


def _empty_is_false(function, arguments, named):
    return (np.size, arguments, {}), OLD, "asks whether an empty array is true", "2.2"


def _wrapped(function, arguments, named):
    """np.uint8(300) was 44."""
    kind = function if isinstance(function, type) else named.get("dtype", [*arguments, None][1])
    if kind is None:
        return None
    wrapped = np.asarray(arguments[0]).astype(kind)[()]
    return (lambda: wrapped, (), {}), OLD, f"puts too large a number into {kind}", "2.0"


def _renamed(function, arguments, named):
    old = next(name for name in RENAMED if name in named)
    others = {RENAMED.get(name, name): value for name, value in named.items()}
    return (function, arguments, others), OLD, f"says {old}= for {RENAMED[old]}=", "2.4"


REFUSALS = {
    "inhomogeneous": _ragged,
    "only 0-dimensional arrays": _with_numbers,
    "setting an array element with a sequence": _with_numbers,
    "a real number is required": _with_numbers,
    "define __round__": _with_numbers,
    "define __trunc__": _with_numbers,
    "only integer scalar arrays": _with_numbers_as_indices,
    "np.sum(generator)": _sum_of_generator,
    "arrays to stack must be": _of_list,
    "Unable to avoid copy": _maybe_copied,
    "nonzero on 0d arrays": _at_least_1d,
    "truth value of an empty array": _empty_is_false,
    "out of bounds for": _wrapped,
    **{f"unexpected keyword argument '{name}'": _renamed for name in RENAMED},
}

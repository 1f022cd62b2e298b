"""Five files in a folder: found at any depth, read in any year's Python, and imported.

Old and half-done work is met half way, and each concession is noted as a remark: Python 2 is
translated, names that NumPy has dropped are put back, a package that is not installed is stood in
for until it is used, and code that would run at import, such as a plot, is left out.
"""

import __future__

import ast
import builtins
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
import types
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from assignment.checking.stubs import FILES

# Folders that hold copies which nobody hands in.
COPIES = re.compile(r"\..*|__MACOSX|__pycache__|site-packages|node_modules")

# Where names are today that have moved.
MOVED = {("scipy.misc", "logsumexp"): "scipy.special"}

OTHER_ASSIGNMENTS = re.compile(r"(?:assignment|homework|hw)[ _-]*[2-9]\b", re.IGNORECASE)

# Where CS231n's files import each other from, or their helpers.
PACKAGES = re.compile(r"(?:assignment\d\w*\.)?cs231n(?:\.classifiers)?|assignment\d\w*")
SIBLING = re.compile(r"(?:assignment\.|(?:\w+\.)*classifiers\.)?(?P<stem>\w+)")

PYTHON_2_BUILTINS = {
    "xrange": range,
    "raw_input": input,
    "unicode": str,
    "basestring": str,
    "long": int,
    "unichr": chr,
    "cmp": lambda a, b: (a > b) - (a < b),
}
PYTHON_2_IMPORTS = {"izip", "imap", "ifilter", "cPickle"}
DIVISION = re.compile(r"from\s+__future__\s+import[^\n]*\bdivision\b")
PYTHON_2_METHODS = re.compile(r"\.(?:iteritems|itervalues|iterkeys|has_key)\(")

# Aliases that NumPy has dropped since 1.20.
GONE_FROM_NUMPY = {
    name: value
    for name, value in {
        "float": float,
        "int": int,
        "object": object,
        "str": str,
        "complex": complex,
        "float_": np.float64,
        "Inf": np.inf,
        "infty": np.inf,
        "Infinity": np.inf,
        "PINF": np.inf,
        "NINF": -np.inf,
        "round_": np.round,
        "asfarray": lambda a, dtype=float: np.asarray(a, dtype=dtype),
        "NaN": np.nan,
        "product": np.prod,
        "in1d": np.isin,
        "row_stack": np.vstack,
        "alltrue": np.all,
        "sometrue": np.any,
        "mat": np.asmatrix,
        "asscalar": lambda array: array.item(),
    }.items()
    if name not in vars(np)
}


def find_files(folder):
    """Where each of the five files is in a folder, at any depth.

    Of several candidates the folder that holds most of the five wins, then one of assignment 1,
    then the one nearest to the top.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict from the name of a file to its Path; names that are not there are left out
    """
    files = {}
    for holder, names in _holders(folder):
        for name in names:
            files.setdefault(name, holder / name)
    return files


def left_out(folder):
    """Further folders that hold as many of the five files as the one that find_files prefers."""
    holders = _holders(folder)
    return [holder for holder, names in holders[1:] if len(names) == len(holders[0][1])]


def _holders(folder):
    """(folder, names of the five that are in it), the most likely one first."""
    holders = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not COPIES.fullmatch(name))
        if found := [name for name in FILES if name in names]:
            holders.append((Path(place), found))

    def rank(holder):
        place, found = holder
        inside = place.relative_to(folder)
        other = OTHER_ASSIGNMENTS.search(str(inside)) is not None
        return -len(found), other, len(inside.parts), str(inside)

    return sorted(holders, key=rank)


# Reading.


def read(path):
    """The syntax tree of a file, and remarks on what had to be translated.

    Returns
    -------
    tree : ast.Module
    remarks : tuple of str

    Raises
    ------
    SyntaxError : if it is no Python, neither of this nor of the last century
    """
    return _read(path, path.read_bytes())


def prepare(path):
    """Do for a file what takes time and runs none of its code; what is known here is not forgotten.

    Returns
    -------
    set of str : the modules that it imports
    """
    tree, _ = read(path)
    for statement in tree.body:
        _compiled(statement, path, 0)
    _asks_for_old_scipy(tree)
    with Submission({path.name: path}):
        pass
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in nodes if isinstance(node, ast.ImportFrom)} - {None}


@lru_cache(maxsize=32)
def _read(path, data):
    remarks = []
    # Before Python 3 a tab reached to the next multiple of eight, and could be mixed with spaces.
    source = _decoded(data).expandtabs(8) + "\n"
    try:
        tree = ast.parse(source, str(path))
        old = _is_python_2(tree, source)
        tree = _translated(source, path) if old else tree
    except SyntaxError as error:
        tree, old = _translated(source, path, error), True
    if old:
        remarks.append(f"Python 2 syntax translated: {path.name} is written for Python 2")
        if not DIVISION.search(source):
            tree = ast.fix_missing_locations(_FloorDivision().visit(tree))
    tree = _ListsAsIndices().visit(_NumbersAsEntries().visit(tree))
    tree = ast.fix_missing_locations(tree)
    if gone := _gone_names(tree):
        remarks.append(
            f"names gone from NumPy: {path.name} says {', '.join(f'np.{name}' for name in gone)}, "
            "which today's NumPy does not have"
        )
    return tree, tuple(remarks)


def _decoded(data):
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return data.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")


def _translated(source, path, error=None):
    """The tree of a Python 2 source; where it is none either, the first error stands."""
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError

    try:
        new = str(_translator().refactor_string(source, str(path)))
        return ast.parse(new, str(path))
    except (ParseError, TokenError, SyntaxError) as second:
        raise (error or second) from None


@cache
def _translator():
    """The fixers for Python 2, which take longer to set up than to translate a file."""
    from fissix.refactor import RefactoringTool, get_fixers_from_package

    fixers = [name for name in get_fixers_from_package("fissix.fixes") if "fix_import" not in name]
    return RefactoringTool(fixers)


def _is_python_2(tree, source):
    """Whether a file that Python 3 can read is written for Python 2."""
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    free = _free_names(tree) & {*PYTHON_2_BUILTINS, "reduce"}
    return bool(free or imported & PYTHON_2_IMPORTS or PYTHON_2_METHODS.search(source))


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
    return used - bound


class _FloorDivision(ast.NodeTransformer):
    """In Python 2 the quotient of two integers was an integer."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        return ast.copy_location(_quotient(node.left, node.right), node)

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div) or not isinstance(node.target, ast.Name):
            return node
        old = ast.Name(node.target.id, ast.Load())
        return ast.copy_location(ast.Assign([node.target], _quotient(old, node.value)), node)


class _ListsAsIndices(ast.NodeTransformer):
    """Once, a[[rows, columns]] meant a[rows, columns]."""

    def visit_Subscript(self, node):
        self.generic_visit(node)
        if isinstance(node.slice, ast.List | ast.Name):
            call = ast.Call(ast.Name("__old_index__", ast.Load()), [node.slice], [])
            node.slice = ast.copy_location(call, node.slice)
        return node


class _NumbersAsEntries(ast.NodeTransformer):
    """Once, an array of one number could be stored as an entry: a[i] = np.array([3])."""

    def visit_Assign(self, node):
        self.generic_visit(node)
        target = node.targets[0]
        if not isinstance(target, ast.Subscript) or not _is_plain(target):
            return node
        index = copy.deepcopy([target.value, target.slice])
        call = ast.Call(ast.Name("__old_entry__", ast.Load()), [node.value, *index], [])
        node.value = ast.copy_location(call, node.value)
        return node


def _is_plain(target):
    """Whether a target means one entry, and may be evaluated twice: a[next(it)] may not."""
    other = ast.Slice | ast.Starred | ast.Call | ast.NamedExpr | ast.Await
    return not any(isinstance(node, other) for node in ast.walk(target))


def _quotient(left, right):
    return ast.Call(ast.Name("__python_2_quotient__", ast.Load()), [left, right], [])


def python_2_quotient(a, b):
    """a / b as Python 2 understood it."""
    whole = all(np.asarray(x).dtype.kind in "biu" for x in (a, b))
    return a // b if whole else a / b


@lru_cache(maxsize=32)
def _asks_for_old_scipy(tree):
    """Whether a tree uses or imports a name that SciPy has changed."""
    return any(
        getattr(node, kind, None) in ("mode", "itemfreq")
        for node in ast.walk(tree)
        for kind in ("id", "attr", "name")
    )


@lru_cache(maxsize=32)
def _gone_names(tree):
    """Names that NumPy no longer has, and that a tree uses."""
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("np", "numpy")
    }
    return sorted(used & GONE_FROM_NUMPY.keys())


# Importing.


class StandIn:
    """In the place of something that could not be imported: harmless until it is called."""

    importing = True  # while files are imported, a decorator may be called

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._name}.{name}")

    def __getitem__(self, index):
        return self

    def __or__(self, other):
        return self

    __ror__ = __or__

    def __mro_entries__(self, bases):
        return ()  # as a base class it adds nothing

    def __call__(self, *arguments, **options):
        if not StandIn.importing:
            raise ModuleNotFoundError(f"{self._name} could not be imported")
        decorates = len(arguments) == 1 and isinstance(arguments[0], types.FunctionType | type)
        return arguments[0] if decorates and not options else self


def bring_back_old_scipy():
    """scipy.stats.mode gave arrays, to be taken apart with [0][0]; itemfreq is gone."""
    from scipy import stats

    today = stats.mode
    if not hasattr(stats, "itemfreq"):
        stats.itemfreq = lambda a: np.stack(np.unique(a, return_counts=True), axis=1)
        stats.mode = lambda *a, **k: type(r := today(*a, **k))(*(_indexable(v) for v in r))


def _indexable(value):
    return value if np.ndim(value) else np.asarray(value).view(_Number)


class _Number(np.ndarray):
    """A number that may also be asked for its first entry."""

    def __getitem__(self, index):
        return super().__getitem__(())


class Submission(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The files of one hand-in, importable under the names that they call each other by.

    Inside a `with` the import system looks here first; afterwards all is as it was before.
    """

    def __init__(self, files):
        self.files = {Path(name).stem: path for name, path in files.items()}
        self.remarks = []
        self.broken = {}  # name of a definition -> the exception it raised

    def load(self, file):
        """The module of one of the five files.

        Raises
        ------
        FileNotFoundError : the file is not there
        SyntaxError : it cannot be read
        """
        stem = Path(file).stem
        if stem not in self.files:
            raise FileNotFoundError(file)
        StandIn.importing = True
        try:
            return importlib.import_module(f"cs231n.classifiers.{stem}")
        finally:
            StandIn.importing = False

    def remarks_on(self, file):
        """What was conceded to read a file."""
        return tuple(dict.fromkeys(remark for name, remark in self.remarks if name == file))

    def __enter__(self):
        self._before = dict(sys.modules)
        for name in list(sys.modules):
            if PACKAGES.fullmatch(name) or self._path(name):
                del sys.modules[name]
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *error):
        sys.meta_path.remove(self)
        for name in list(sys.modules):
            if PACKAGES.fullmatch(name) or self._path(name):
                del sys.modules[name]
        sys.modules.update(self._before)

    # The import system asks these.

    def find_spec(self, name, path=None, target=None):
        if PACKAGES.fullmatch(name):
            return importlib.util.spec_from_loader(name, self, is_package=True)
        if self._path(name):
            return importlib.util.spec_from_loader(name, self)
        return None

    def create_module(self, spec):
        # Whatever name it is imported by, a file is one module.
        path = self._path(spec.name)
        for module in list(sys.modules.values()):
            if path and getattr(module, "__submission__", None) == path:
                return module
        return None

    def exec_module(self, module):
        path = self._path(module.__name__)
        if path is None or hasattr(module, "__submission__"):
            return
        module.__submission__ = path
        module.__file__ = str(path)
        module.__package__ = "cs231n.classifiers"
        tree, remarks = read(path)
        self.remarks += [(path.name, remark) for remark in remarks]
        self._run(tree, module, path)

    def _path(self, name):
        """The file of this hand-in that a module's name means, or None."""
        match = SIBLING.fullmatch(name)
        if match and match["stem"] in self.files:
            return self.files[match["stem"]]
        own = name.startswith("cs231n.") or "." not in name and not _is_installed(name)
        if not own:
            return None
        for holder in {path.parent for path in self.files.values()}:
            for folder in (holder, holder.parent):
                helper = folder / f"{name.rpartition('.')[2]}.py"
                if helper.is_file():
                    return helper
        return None

    def _run(self, tree, module, path):
        """Run a file statement by statement: definitions count, and one that fails is left out."""
        namespace = module.__dict__
        for name, value in PYTHON_2_BUILTINS.items():
            namespace.setdefault(name, value)
        namespace["__python_2_quotient__"] = python_2_quotient
        namespace["__old_index__"] = lambda index: self._old_index(index, path)
        namespace["__old_entry__"] = lambda *entry: self._old_entry(*entry, path)
        for name in _gone_names(tree):
            setattr(np, name, GONE_FROM_NUMPY[name])
        if _asks_for_old_scipy(tree):
            bring_back_old_scipy()
        flags = 0
        for statement in tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                if any(alias.name == "annotations" for alias in statement.names):
                    flags = __future__.annotations.compiler_flag
                continue
            if isinstance(statement, ast.For | ast.While | ast.With | ast.Expr):
                if not _is_constant(statement):
                    self._leave_out(path, statement, "runs at import")
                continue
            try:
                _execute(statement, namespace, path, flags)
            except ImportError as error:
                self._stand_in(statement, namespace, path, error)
            except (Exception, SystemExit) as error:
                if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    self.broken[statement.name] = error
                self._leave_out(path, statement, f"fails at import ({type(error).__name__})")

    def _old_entry(self, value, array, index, path):
        """An array of one number, where it is to be an entry of an array, as that number."""
        if not (isinstance(array, np.ndarray) and isinstance(value, np.ndarray) and value.ndim):
            return value
        if value.size != 1 or np.ndim(array[index]):
            return value
        remark = (
            f"old entry: {path.name} stores an array of one number as an entry, which NumPy has "
            "refused since 2.4; array.item() is the number"
        )
        self.remarks.append((path.name, remark))
        return value.item()

    def _old_index(self, index, path):
        """A list of arrays as an index, as NumPy understood it before 1.23: as a tuple."""
        kinds = (np.ndarray, range, slice)
        if not isinstance(index, list) or not any(isinstance(part, kinds) for part in index):
            return index
        remark = (
            f"old index: {path.name} says a[[rows, columns]] for a[rows, columns], which NumPy "
            "understands in another way since 1.23"
        )
        self.remarks.append((path.name, remark))
        return tuple(index)

    def _leave_out(self, path, statement, why):
        remark = f"code at import left out: line {statement.lineno} of {path.name} {why}"
        self.remarks.append((path.name, remark))

    def _stand_in(self, statement, namespace, path, error):
        """Bind what an import statement would have bound, as far as it can be had."""
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            self._leave_out(path, statement, f"fails at import ({type(error).__name__})")
            return
        missing = []
        for alias in statement.names:
            one = type(statement)(**{**vars(statement), "names": [alias]})
            name = alias.asname or alias.name.partition(".")[0]
            try:
                _execute(one, namespace, path)
            except ImportError:
                if moved := MOVED.get((getattr(statement, "module", None), alias.name)):
                    namespace[name] = getattr(importlib.import_module(moved), alias.name)
                    continue
                if alias.name in PYTHON_2_BUILTINS or hasattr(builtins, alias.name):
                    namespace[name] = PYTHON_2_BUILTINS.get(
                        alias.name, getattr(builtins, alias.name, None)
                    )
                    continue
                source = getattr(statement, "module", None)
                full = f"{source}.{alias.name}" if source else alias.name
                missing.append(full.removesuffix(".*"))
                if alias.name != "*":
                    namespace[name] = StandIn(full)
        if missing:
            remark = (
                f"import left out: {path.name}, line {statement.lineno}, imports "
                f"{', '.join(missing)}, which is not to be had here"
            )
            self.remarks.append((path.name, remark))


@cache
def _is_installed(name):
    return (
        name in sys.stdlib_module_names
        or name in sys.builtin_module_names
        or importlib.machinery.PathFinder.find_spec(name) is not None
    )


def _is_constant(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _execute(statement, namespace, path, flags=0):
    exec(_compiled(statement, path, flags), namespace)


@lru_cache(maxsize=1000)
def _compiled(statement, path, flags):
    return compile(ast.Module([statement], []), str(path), "exec", flags, dont_inherit=True)

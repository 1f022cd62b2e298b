"""The files of a hand-in are imported under the names that they call each other by.

Old and half-done work is met half way, and each concession is noted as a remark: a package that is
not installed is stood in for until it is used, and code that would run at import, such as a plot,
is left out.
"""

import __future__

import ast
import builtins
import contextlib
import copy
import functools
import importlib.machinery
import importlib.util
import inspect
import re
import sys
import types
from pathlib import Path

import numpy as np

from assignment.checking.submission import python2
from assignment.checking.submission.needed import CLASSES, FUNCTIONS, as_asked, defines
from assignment.checking.submission.once import GONE_FROM_NUMPY, Once
from assignment.checking.submission.read import is_notebook, read
from assignment.checking.submission.reference import is_reference_module
from assignment.checking.submission.year import KNOWN

# Where names are today that have moved.
MOVED = {("scipy.misc", "logsumexp"): "scipy.special"}

# What every set-up has but a browser tab, where it is missed by no exercise: none draws.
UNTOLD = ("matplotlib", "IPython", "PIL") if sys.platform == "emscripten" else ()

# Where CS231n's files import each other from, or their helpers.
PACKAGES = re.compile(r"(?:assignment\d\w*\.)?cs231n(?:\.classifiers)?|assignment\d\w*")

# What a file of this century may need besides, such as xrange from a package that is gone.
BUILTINS = {**vars(builtins), **python2.NEW_NAMES}


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


class Submission:
    """The files of one hand-in, importable under the names that they call each other by.

    Inside a `with` the import system looks here first; afterwards all is as it was before.
    """

    def __init__(self, files):
        self.files = {Path(name).stem: path for name, path in files.items()}
        self.sources = set()  # names that lines of the hand-in have in a traceback
        self.remarks = []
        self.trees = {}  # path -> the tree that was run
        self.modules = {}  # path -> its module
        self.broken = {}  # name of a definition -> the exception it raised

    def load(self, file):
        """The module of one of the known files.

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
        """What was conceded to find and read a file."""
        path = self.files[Path(file).stem]
        found = [remark for name, remark in self.remarks if name == path.name]
        if is_notebook(path):
            found.insert(0, f"from a notebook: {path.name} is taken for {file}")
        elif path.name != file:
            found.insert(0, f"under another name: {path.name} is taken for {file}")
        return tuple(found)

    def lacks(self, file, called):
        """That a file has no such function, and where it has one that stands elsewhere."""
        path = self.files[Path(file).stem]
        owner, _, name = called.rpartition(".")
        told = f"{path.name} has no {called}"
        for inside, node, where in _functions(self.trees.get(path, ast.Module([], []))):
            if node.name == name and inside != owner:
                place = f"in {inside}" if inside else "outside the class"
                cell = Path(where).name.removeprefix(path.name)
                return f"{told}: the file has one, but {place}{cell}, line {node.lineno}."
        return f"{told}."

    def __enter__(self):
        self._before = dict(sys.modules), sys.getrecursionlimit()
        sys.setrecursionlimit(2 * self._before[1])  # Once is a step between two calls
        self._forget()
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *error):
        sys.meta_path.remove(self)
        self._forget()
        sys.modules.update(self._before[0])
        sys.setrecursionlimit(self._before[1])

    def _forget(self):
        for name in list(filter(_may_be_own, sys.modules)):
            if self._is_package(name) or self._path(name) or is_reference_module(name):
                del sys.modules[name]

    # The import system asks these.

    def find_spec(self, name, path=None, target=None):
        if is_reference_module(name):
            raise ImportError(f"{name} is the reference, which is not for a hand-in", name=name)
        if self._is_package(name):
            return importlib.util.spec_from_loader(name, self, is_package=True)
        if self._path(name):
            return importlib.util.spec_from_loader(name, self)
        return None

    def create_module(self, spec):
        # Whatever name it is imported by, a file is one module.
        return self.modules.get(self._path(spec.name))

    def exec_module(self, module):
        path = self._path(module.__name__)
        if path is None or path in self.modules:
            return
        module.__submission__ = path
        module.__file__ = str(path)
        module.__package__ = "cs231n.classifiers"
        tree, remarks = read(path)
        self.trees[path], self.modules[path] = tree, module
        for remark in remarks:
            self._remark(path, remark)
        self._run(tree, module, path)
        _answer_to_what_is_asked(module)

    def _remark(self, path, remark):
        if (path.name, remark) not in self.remarks:
            self.remarks.append((path.name, remark))

    def _folders(self):
        """Where helpers may stand: beside the files, and one folder up."""
        holders = dict.fromkeys(path.parent for path in self.files.values())
        return dict.fromkeys(folder for holder in holders for folder in (holder, holder.parent))

    def _is_package(self, name):
        """Whether a name means a folder of CS231n, or one of the hand-in's own."""
        if PACKAGES.fullmatch(name):
            return True
        parts = name.split(".")
        if _is_installed(parts[0]):
            return False
        own = any(folder.joinpath(*parts).is_dir() for folder in self._folders())
        return own or parts[-1] == "classifiers"

    def _path(self, name):
        """The file of this hand-in that a module's name means, or None."""
        *packages, stem = name.split(".")
        if stem.startswith("__"):
            return None
        if packages in ([], ["assignment"]) and stem in self.files:
            return self.files[stem]
        if _is_installed((packages or [stem])[0]):
            return None
        if stem in self.files:
            return self.files[stem]
        for folder in self._folders():
            for helper in (folder.joinpath(*packages, f"{stem}.py"), folder / f"{stem}.py"):
                if helper.is_file():
                    return helper
        return None

    def _run(self, tree, module, path):
        """Run a file statement by statement: definitions count, and one that fails is left out."""
        namespace = module.__dict__
        namespace["__builtins__"] = python2.BUILTINS if tree.python_2 else BUILTINS
        namespace["__once__"] = Once(path.name, lambda remark: self._remark(path, remark))
        namespace.update(python2.HELPERS)
        for name in tree.gone:
            setattr(np, name, GONE_FROM_NUMPY[name])
        if tree.old_scipy:
            bring_back_old_scipy()
        flags = 0
        for statement in tree.body:
            self.sources.add(statement.file)
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                if any(alias.name == "annotations" for alias in statement.names):
                    flags = __future__.annotations.compiler_flag
                continue
            if not defines(statement):
                if not _is_constant(statement):
                    self._leave_out(path, statement, "runs at import")
                continue
            if hasattr(statement, "error"):  # of a cell that is no Python
                self.broken[statement.name] = statement.error
                continue
            try:
                _execute(statement, namespace, flags)
            except ImportError as error:
                self._stand_in(statement, namespace, path, error)
            except (Exception, SystemExit) as error:
                if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    self.broken[statement.name] = error
                self._leave_out(path, statement, f"fails at import ({type(error).__name__})")

    def _leave_out(self, path, statement, why):
        where = f"line {statement.lineno} of {Path(statement.file).name}"
        self._remark(path, f"code at import left out: {where} {why}")

    def _stand_in(self, statement, namespace, path, error):
        """Bind what an import statement would have bound, as far as it can be had."""
        if is_reference_module(error.name or ""):  # what is missed here is not simply missing
            for name in CLASSES + FUNCTIONS:
                self.broken.setdefault(name, error)
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            self._leave_out(path, statement, f"fails at import ({type(error).__name__})")
            return
        module, missing = getattr(statement, "module", None), []
        for alias in statement.names:
            one = copy.copy(statement)
            one.names = [alias]
            with contextlib.suppress(ImportError):
                _execute(one, namespace)
                continue
            if (found := _elsewhere(module, alias.name)) is None:
                full = f"{module}.{alias.name}" if module else alias.name
                if full.partition(".")[0] not in UNTOLD:
                    missing.append(full.removesuffix(".*"))
                found = StandIn(full)
            if alias.name != "*":
                namespace[alias.asname or alias.name.partition(".")[0]] = found
        if missing:
            remark = (
                f"import left out: {Path(statement.file).name}, line {statement.lineno}, imports "
                f"{', '.join(missing)}, which is not to be had here"
            )
            self._remark(path, remark)


def _answer_to_what_is_asked(module):
    """Let functions whose names are written in camelCase answer to the names that are asked for."""
    owners = [module, *(vars(module)[name] for name in CLASSES if name in vars(module))]
    for owner in owners:
        for name, value in list(getattr(owner, "__dict__", {}).items()):
            known = as_asked(name) in FUNCTIONS or owner is not module
            if known and inspect.isfunction(value) and not hasattr(owner, as_asked(name)):
                setattr(owner, as_asked(name), value)


def _elsewhere(module, name):
    """What could once be imported from a module, and is to be had in another way; or None."""
    if module == "numpy" and name in GONE_FROM_NUMPY:
        return GONE_FROM_NUMPY[name]
    if moved := MOVED.get((module, name)):
        return getattr(importlib.import_module(moved), name)
    return BUILTINS.get(name)


@functools.cache
def _may_be_own(name):
    """Whether a module's name may mean one of a hand-in, or the reference; most cannot."""
    top = name.partition(".")[0]
    return top == "assignment" or f"{name}.py" in KNOWN or not _is_installed(top)


@functools.cache
def _is_installed(name):
    return (
        name in sys.stdlib_module_names
        or name in sys.builtin_module_names
        or importlib.machinery.PathFinder.find_spec(name) is not None
    )


def _functions(tree, owner="", file=None):
    """(what it stands in, the node, its file) of each function."""
    for node in ast.iter_child_nodes(tree):
        where, inside = getattr(node, "file", file), owner
        if isinstance(node, ast.FunctionDef):
            yield owner, node, where
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inside = f"{owner}.{node.name}".lstrip(".")
        yield from _functions(node, inside, where)


def _is_constant(statement):
    if isinstance(statement, ast.Pass):
        return True
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _execute(statement, namespace, flags=0):
    exec(_compiled(statement, flags), namespace)


@functools.lru_cache(maxsize=1000)
def _compiled(statement, flags):
    return compile(ast.Module([statement], []), statement.file, "exec", flags, dont_inherit=True)


def prepare(path):
    """Do for a file what takes time and runs none of its code; what is known here is not forgotten.

    Returns
    -------
    set of str : the modules that it imports
    """
    tree, _ = read(path)
    for statement in tree.body:
        _compiled(statement, 0)
    with Submission({path.name: path}):
        pass
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in nodes if isinstance(node, ast.ImportFrom)} - {None}

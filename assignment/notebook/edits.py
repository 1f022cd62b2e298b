"""Edits of one's own files are seen at the next cell, on every version of IPython.

IPython's autoreload would not do: that of IPython 7, which Colab has, cannot be imported on Python
3.12, and every one of them goes by the time of a file, as Python does with what it has compiled: of
two versions of one length that are saved within a second, it runs the first.
"""

import gc
import linecache
import os
import sys
import traceback
from contextlib import suppress
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
)
from pathlib import Path
from types import CellType, FunctionType, ModuleType

import assignment
from assignment import AsItIs

LOADERS = (ExtensionFileLoader, EXTENSION_SUFFIXES), (AsItIs, SOURCE_SUFFIXES)


class Edits:
    """One's own files as they were last read: those beside the five, and beside the notebook.

    names : dict, the names of the notebook
    """

    def __init__(self, names):
        self.names = names
        here = os.getcwd()
        sys.path_importer_cache[here] = FileFinder(here, *LOADERS)
        self.read = _sources()
        for path, module in _modules(self.read).items():  # imported before, perhaps in other words
            loader = getattr(module.__spec__, "loader", None)
            self.read[path] = getattr(loader, "source", self.read[path])

    def take_in(self, info=None):
        """Bring what was imported up to date with its file.

        Where a file fails, all stays as it was; that is told, and tried again, at each cell.
        """
        sources, failed = _sources(), {}
        edited = [path for path, source in sources.items() if source != self.read.get(path)]
        if edited:
            modules = _modules(sources)
            namespaces = [self.names, *map(vars, modules.values())]
            failed, count = dict.fromkeys(path for path in edited if path in modules), None
            while len(failed) != count:  # again, as one may need what is new in another
                count = len(failed)
                errors = {path: renew(modules[path], sources[path], namespaces) for path in failed}
                failed = {path: error for path, error in errors.items() if error}
            for path, error in failed.items():
                print(_told(modules[path], error), file=sys.stderr)
        self.read = {path: source for path, source in sources.items() if path not in failed}


def _sources():
    """What stands in the files, as bytes, by their paths."""
    sources = {}
    for folder in [*map(Path, assignment.__path__), Path.cwd()]:
        for path in folder.glob("[!_]*.py"):
            with suppress(OSError):  # it is just being saved
                sources[path] = path.read_bytes()
    return sources


def _modules(paths):
    """The modules that were imported from files, by the paths of these."""
    modules = [module for module in [*sys.modules.values()] if isinstance(module, ModuleType)]
    # In their dicts, as some make up what they are asked for.
    files = [(vars(module).get("__file__"), module) for module in modules]
    ends = tuple(path.name for path in paths)  # a Path of each of a thousand modules takes long
    found = [(Path(file), module) for file, module in files if file and str(file).endswith(ends)]
    return {path: module for path, module in found if path in paths}


def renew(module, source, namespaces):
    """Run a module again, and give what is new to all who hold something that it defined.

    Parameters
    ----------
    module : module
    source : bytes, its file as it is now
    namespaces : dicts of names, some of which may have been imported from it

    Returns
    -------
    BaseException : what the file raised, in which case all is as before; else None
    """
    names, before = vars(module), dict(vars(module))
    try:
        code = compile(source, module.__file__, "exec", dont_inherit=True)
        for name in before:
            if not name.startswith("__"):
                del names[name]
        exec(code, names)
    except BaseException as error:
        names.clear()
        names.update(before)
        return error
    linecache.cache.pop(module.__file__, None)  # which also goes by time and length
    own = {
        name: (old, names[name])
        for name, old in before.items()
        if name in names and getattr(old, "__module__", None) == module.__name__
    }
    live_on = {id(new): old for name, (old, new) in own.items() if _make_over(name, old, new)}
    kept = {id(old) for old in live_on.values()}
    for name, (old, new) in own.items():
        names[name] = new = live_on.get(id(new), new)
        for namespace in namespaces:
            held = [n for n, thing in namespace.items() if thing is old]
            namespace.update({n: new for n in held if n == name or id(old) not in kept})
    return None


def _make_over(name, old, new):
    """Give a function or class the contents of the new one, if it can have them: others hold it."""
    functions = isinstance(old, FunctionType) and isinstance(new, FunctionType)
    classes = type(old) is type(new) is type
    if not (functions or classes) or _fixed(old) != _fixed(new) or new.__name__ != name:
        return False
    if functions:
        for part in ("__code__", "__defaults__", "__kwdefaults__", "__dict__", "__doc__"):
            setattr(old, part, getattr(new, part))
        for cell, other in zip(old.__closure__ or (), new.__closure__ or (), strict=True):
            with suppress(ValueError):  # it is empty
                cell.cell_contents = other.cell_contents
        return True
    _hand_over(new, old)
    for part in vars(old).keys() - vars(new).keys():
        delattr(old, part)
    for part, value in dict(vars(new)).items():
        if part not in ("__dict__", "__weakref__"):
            if not _make_over(part, vars(old).get(part), value):
                setattr(old, part, value)
    return True


def _hand_over(new, old):
    """Let the objects, the heirs and the methods of a new class belong to the old one."""
    for holder in gc.get_referrers(new):
        if isinstance(holder, CellType):  # where super() finds the class
            holder.cell_contents = old
        elif type(holder) is new:
            holder.__class__ = old
    for heir in new.__subclasses__():
        bases = list(heir.__bases__)
        bases[bases.index(new)] = old
        heir.__bases__ = tuple(bases)


def _fixed(thing):
    """What cannot be changed in a function or a class: others than that are others."""
    if isinstance(thing, FunctionType):
        return thing.__module__, thing.__name__, thing.__code__.co_freevars
    bases = [(base.__module__, base.__qualname__) for base in thing.__bases__]
    return thing.__module__, thing.__name__, bases, vars(thing).get("__slots__")


def _told(module, error):
    """What came of a file that cannot be run, and what is used instead."""
    frames = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if frame.f_code.co_filename == module.__file__]
    said = " ".join(str(error).split())
    if isinstance(error, SyntaxError) and error.filename == module.__file__:
        lines, said = [error.lineno], error.msg
    place = module.__name__.replace(".", "/") + ".py" + "".join(f", line {n}" for n in lines[-1:])
    kind = f"{type(error).__name__}: {said}".removesuffix(": ")
    return f"{place}: {kind}. Until you fix it, the cells use the last version that worked."

"""How a function travels to another machine, and what it returns comes home."""

import io
import pickle
import sys
from functools import partial
from operator import attrgetter

import cloudpickle

import assignment

MODULES = tuple("assignment." + file.removesuffix(".py") for file in assignment.FILES)


class Parcel:
    """A function that travels as it is here and now; there, each call takes a copy of it.

    What the five files define travels by value, not by name: what runs there is what runs here,
    whatever version of a file, if any, that machine has.
    """

    def __init__(self, function):
        self.function = function

    def __call__(self, i):
        return self.function(i)

    def __reduce__(self):
        for name in MODULES:
            if name in sys.modules:
                cloudpickle.register_pickle_by_value(sys.modules[name])
        return partial, (_call_there, list(assignment.__path__), cloudpickle.dumps(self.function))


def _call_there(path, code, i):
    """Files that the function imports when it runs are read anew, from where they are at home."""
    assignment.__path__[:] = path
    for name in MODULES:
        sys.modules.pop(name, None)
    return pickle.loads(code)(i)


def send_home(thing):
    """A pickle, for pickle.loads() at home: classes come by name, so later edits reach them."""
    file = io.BytesIO()
    _Homing(file, protocol=5).dump(thing)
    return file.getvalue()


class _Homing(cloudpickle.Pickler):
    def reducer_override(self, obj):
        known = isinstance(obj, type) and obj.__module__ in (*MODULES, "__main__")
        if known and "<locals>" not in obj.__qualname__:
            return _class_at_home, (obj.__module__, obj.__qualname__)
        return super().reducer_override(obj)


def _class_at_home(module, name):
    return attrgetter(name)(sys.modules[module])

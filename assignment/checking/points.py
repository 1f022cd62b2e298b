"""points.toml: the points that a course gives, what it leaves out, and exercises of its own.

[points]
nca_loss = 12                      # instead of 6
"TwoLayerNet.predict" = false      # left out: no points, and in no table

[points.perceptron_loss]           # one of its own, a blank in one of the five files
points = 5
calls = "assignment.checking.own"  # the module whose CALLS has it, as calls.py of a room has
judged = ["loss", "dW"]            # of the arrays that its calls return
notebook = "svm"                   # the lesson it belongs to, and the heading there
section = "6. The loss with loops"
hints = ["What is the loss where the right class wins?"]
"""

import difflib
import json
import math
import re
import tomllib
from dataclasses import replace
from importlib import import_module

from assignment import FILES
from assignment.checking.exercise import Exercise
from assignment.checking.stubs import ASSIGNMENT

FILE = ASSIGNMENT.parent / "points.toml"
KEYS = ("points", "calls", "judged", "notebook", "section", "hints")
# Where editions and sandboxes take modules from.
MODULE = re.compile(r"assignment\.checking\.\w+(\.(calls|given))?")


def by_course(exercises, others=(), file=FILE):
    """All exercises with the points of a course, None where it leaves one out; with those it adds.

    Parameters
    ----------
    exercises : tuple of Exercise, those of the lessons in their order
    others : those that have points of their own, and names that are taken
    file : Path of points.toml, which need not be there

    Raises
    ------
    ValueError : the file is not as it should be; one sentence says where
    """
    table, own = _table(file), []
    names = [exercise.name for exercise in exercises]
    for name, entry in table.items():
        if isinstance(entry, dict):
            own.append(_own(name, entry, [*names, *(other.name for other in others)]))
        elif name not in names:
            raise _fault(f"there is no exercise {name!r}; {_meant(name, names)}")
        elif entry is not False:
            _require_points(name, entry)
    points = {name: None if entry is False else entry for name, entry in table.items()}
    known = [replace(e, points=points.get(e.name, e.points)) for e in exercises]
    if all(exercise.points is None for exercise in (*known, *own)):
        raise _fault("every exercise is left out: nothing is to be done.")
    lessons = list(dict.fromkeys(exercise.notebook for exercise in (*known, *own)))
    return tuple(sorted((*known, *own), key=lambda exercise: lessons.index(exercise.notebook)))


def _meant(name, names):
    """Which of the names may be meant, or all there are."""
    likely = [known for known in names if name.casefold() in known.casefold()]
    likely = likely or difflib.get_close_matches(name, names)
    return f"did you mean {' or '.join(likely)}?" if likely else f"there are {', '.join(names)}."


def _table(file):
    """The one table of the file; without a file, none."""
    try:
        text = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except ValueError as error:  # it is no TOML, or no UTF-8
        raise _fault(f"it cannot be read: {error}.") from None
    table = text.pop("points", {})
    if text or not isinstance(table, dict):
        odd = next(iter(text), "points")
        raise _fault(f"it has one table, [points], and nothing else: see {odd}.")
    return table


def _own(name, entry, taken):
    """An Exercise that a course adds."""
    if name in taken:
        raise _fault(f"there is an exercise {name} already: give yours another name.")
    if odd := [key for key in (*entry, *KEYS) if (key in entry) != (key in KEYS)]:
        raise _fault(f"{name} needs {', '.join(KEYS)}, and nothing else: see {odd[0]}.")
    _require_points(name, entry["points"])
    for key in KEYS[1:]:
        some = entry[key] if key in ("judged", "hints") else [entry[key]]
        if not isinstance(some, list) or not some or not all(isinstance(s, str) for s in some):
            kind = "a list of texts" if some is entry[key] else "a text"
            raise _fault(f"{key} of {name} must be {kind}, not {entry[key]!r}.")
    lesson = ASSIGNMENT.parent / "notebooks" / f"{entry['notebook']}.ipynb"
    heading = json.dumps(f"# {entry['section']}", ensure_ascii=False)[1:-1]
    if not lesson.is_file() or heading not in lesson.read_text(encoding="utf-8"):
        raise _fault(f"{name} has no place: no {lesson.name} has a heading {entry['section']!r}.")
    _require_module(f"calls of {name}", entry["calls"])
    try:
        calls = import_module(entry["calls"]).CALLS[name]
    except Exception as error:  # whatever a course's own module raises
        told = f"{type(error).__name__}: {error}"
        raise _fault(f"CALLS of {entry['calls']} has no {name} ({told}).") from None
    if calls.given:
        _require_module(f"given in CALLS of {name}", calls.given)
    if calls.file not in FILES:
        raise _fault(f"{name} is in {calls.file}, which is none of {', '.join(FILES)}.")
    hints, judged = tuple(entry["hints"]), tuple(entry["judged"])
    place = entry["notebook"], entry["section"]
    return Exercise(calls, *place, entry["points"], hints, judged, own=True)


def _require_module(what, module):
    if not MODULE.fullmatch(module):
        raise _fault(
            f"{what} must be a module beside ours, such as assignment.checking.own, not {module}."
        )


def _require_points(name, points):
    is_number = isinstance(points, int | float) and not isinstance(points, bool)
    if not is_number or not math.isfinite(points) or points < 0:
        raise _fault(f"{name} has {points!r} points: it must be a number from 0 on, or false.")


def _fault(told):
    return ValueError(f"{FILE.name}: {told}")

"""The one list of exercises, room by room.

Check cells, `make progress`, `make watch`, `python -m assignment check` and the tests all read it.
"""

import difflib

from assignment.checking.knn import exercises as knn
from assignment.checking.layers import exercises as layers
from assignment.checking.linear import exercises as linear
from assignment.checking.net import exercises as net
from assignment.checking.points import by_course
from assignment.checking.submission.read import know

# What only hand-ins have, of the course's own files of 2021 and later.
COURSE = layers.EXERCISES
# In the order in which the notebooks come to them, as points.toml has them.
ALL = by_course(knn.EXERCISES + linear.EXERCISES + net.EXERCISES + knn.FURTHER, COURSE)
for exercise in ALL:  # where a course has added some
    know(exercise.called)
# Those that are asked for.
EXERCISES = tuple(exercise for exercise in ALL if exercise.points is not None)


def find(name, loosely=False):
    """The exercise of that name; the last part will do, where only one exercise has it.

    loosely : whether any part of a name will do, and of several the first counts

    Raises
    ------
    ValueError : if there is none, with the names there are
    """
    names = {exercise.name: exercise for exercise in ALL + COURSE}
    if name in names:
        return names[name]
    # Who says "scores" means the lesson's.
    for some in (ALL, COURSE):
        short = [exercise.name for exercise in some if exercise.name.rpartition(".")[2] == name]
        if len(short) == 1:
            return names[short[0]]
        if short:
            break
    part = name.casefold()
    if loosely and (some := [full for full in names if part and part in full.casefold()]):
        return names[some[0]]
    if likely := short or difflib.get_close_matches(name, names, cutoff=0.8):
        raise ValueError(f"There is no exercise {name!r}; did you mean {' or '.join(likely)}?")
    told = ", ".join(exercise.name for exercise in EXERCISES)
    raise ValueError(f"There is no exercise {name!r}; there are {told}.")

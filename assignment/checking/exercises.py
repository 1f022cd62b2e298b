"""The one list of exercises, room by room.

Check cells, `make progress`, `make watch`, `python -m assignment check` and the tests all read it.
"""

import difflib

from assignment.checking.knn import exercises as knn
from assignment.checking.linear import exercises as linear
from assignment.checking.net import exercises as net

# In the order in which the notebooks come to them.
EXERCISES = knn.EXERCISES + linear.EXERCISES + net.EXERCISES


def find(name):
    """The exercise of that name; the last part will do, where only one exercise has it.

    Raises
    ------
    ValueError : if there is none, with the names there are
    """
    names = {exercise.name: exercise for exercise in EXERCISES}
    short = [full for full in names if full.rpartition(".")[2] == name]
    if name in names or len(short) == 1:
        return names.get(name) or names[short[0]]
    if likely := short or difflib.get_close_matches(name, names, cutoff=0.8):
        raise ValueError(f"There is no exercise {name!r}; did you mean {' or '.join(likely)}?")
    raise ValueError(f"There is no exercise {name!r}; there are {', '.join(names)}.")

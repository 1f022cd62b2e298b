"""From an exercise to a verdict: run its calls, judge the arrays, say it in one sentence."""

import copy
import importlib.util
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assignment.checking.exercises import EXERCISES
from assignment.checking.stubs import FILES, todo_line

MARKS = {"right": "✓", "wrong": "✗", "crash": "✗", "unsolved": "…"}


@dataclass(frozen=True)
class Verdict:
    """What a check found: status is right, wrong, crash or unsolved."""

    exercise: str
    status: str
    message: str

    def __str__(self):
        label = "to do" if self.status == "unsolved" else self.status
        return f"{MARKS[self.status]} {self.exercise}: {label}. {self.message}".rstrip()


def find(name):
    """The exercise of that name.

    Raises
    ------
    ValueError : if there is none, with the names there are
    """
    for exercise in EXERCISES:
        if exercise.name == name:
            return exercise
    names = ", ".join(exercise.name for exercise in EXERCISES)
    raise ValueError(f"There is no exercise {name!r}; the exercises are {names}.")


def student_module(exercise):
    """The module of the file the exercise stands in, as the file is now.

    It is imported afresh, whatever a notebook has loaded, and the notebook's own stays in place.
    """
    names = [f"assignment.{Path(file).stem}" for file in FILES]
    loaded = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    importlib.invalidate_caches()
    try:
        return importlib.import_module(f"assignment.{Path(exercise.file).stem}")
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(loaded)


def reference_module(exercise):
    """The solution of that file."""
    return importlib.import_module(f"assignment.solutions.{Path(exercise.file).stem}")


def run(exercise, module):
    """Call the exercise's function on each of its cases.

    Returns
    -------
    dict from a description of the case to the dict of arrays that came back, and of the inputs as
    the call left them
    """
    answers = {}
    state = np.random.get_state()
    try:
        for case, arguments in exercise.cases().items():
            arguments = copy.deepcopy(arguments)
            answers[case] = dict(exercise.call(module, **arguments))
            answers[case] |= {f"{name} after the call": value for name, value in arguments.items()}
    finally:
        np.random.set_state(state)  # a check between two cells of a notebook changes neither
    return answers


def judge(exercise, answers):
    """Compare answers with the reference's: None if all are right, else a sentence on the first."""
    for case, expected in run(exercise, reference_module(exercise)).items():
        if complaint := exercise.judge(answers[case], expected):
            return f"With {case}: {complaint}"
    return None


def examine(exercise):
    """Run and judge the student's work on one exercise. Whatever that work does, this returns."""
    try:
        with np.errstate(all="ignore"):
            answers = run(exercise, student_module(exercise))
            complaint = judge(exercise, answers)
    except NotImplementedError:
        return Verdict(exercise.name, "unsolved", f"Write it in {place(exercise)}.")
    except (Exception, SystemExit) as error:
        return Verdict(exercise.name, "crash", describe(error, exercise))
    if complaint:
        return Verdict(exercise.name, "wrong", complaint)
    return Verdict(exercise.name, "right", "")


def place(exercise):
    """Where the exercise is to be written: assignment/softmax.py, line 33."""
    line = todo_line(_student_file(exercise), exercise.name)
    return f"assignment/{exercise.file}" + (f", line {line}" if line else "")


def describe(error, exercise):
    """An exception in one sentence: what it says, and the student's line it came from."""
    file, line, what = exercise.file, None, str(error)
    if isinstance(error, SyntaxError):
        file, line, what = Path(error.filename).name, error.lineno, error.msg
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename).name == exercise.file:
                line = frame.lineno
    where = f"assignment/{file}" + (f", line {line}" if line else "")
    return f"{type(error).__name__} in {where}: {' '.join(what.split())}".removesuffix(": ")


def _student_file(exercise):
    spec = importlib.util.find_spec(f"assignment.{Path(exercise.file).stem}")
    return Path(spec.origin)


def check(name):
    """Print whether an exercise is right, wrong (with the numbers that show it) or still to do.

    Parameters
    ----------
    name : str, an exercise of `assignment.checking.exercises.EXERCISES`

    Raises
    ------
    ValueError : if there is no exercise of that name
    """
    print(examine(find(name)))


def progress():
    """Print a table of all exercises.

    Returns
    -------
    bool : False if something is wrong; what is only unsolved is not wrong
    """
    verdicts = [(exercise, examine(exercise)) for exercise in EXERCISES]
    width = max(len(exercise.name) for exercise in EXERCISES)
    notebook = None
    for exercise, verdict in verdicts:
        if exercise.notebook != notebook:
            notebook = exercise.notebook
            print(f"\nnotebooks/{notebook}.ipynb")
        label = "to do" if verdict.status == "unsolved" else verdict.status
        message = place(exercise) if verdict.status == "unsolved" else verdict.message
        line = f"  {MARKS[verdict.status]} {exercise.name:{width}}  {label:6}  {message}"
        print(line.rstrip())
    right = sum(verdict.status == "right" for _, verdict in verdicts)
    todo = sum(verdict.status == "unsolved" for _, verdict in verdicts)
    wrong = len(verdicts) - right - todo
    print(f"\n{right} right, {wrong} wrong, {todo} to do")
    if wrong:
        print("What is marked ✗ above is wrong; the suite itself has its own tests.")
    return wrong == 0

"""The faces of the list of exercises: a card in a notebook, a table in a terminal, JSON."""

import base64
import contextlib
import io
import json
import re
import shutil
import sys
import textwrap
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from assignment import FILES
from assignment.checking.blank import blank_line
from assignment.checking.exercises import ALL, COURSE, EXERCISES, find
from assignment.checking.judge import Verdict, judge
from assignment.checking.run import SECONDS, run_all
from assignment.checking.see import link
from assignment.checking.stubs import ASSIGNMENT, own_folder, todo_line
from assignment.checking.submission.collect import text_of
from assignment.checking.submission.find import HandIn
from assignment.checking.submission.read import opened_once
from assignment.checking.submission.year import KNOWN, OURS
from assignment.checking.trying import call_of
from assignment.given.progress import in_a_notebook

MARKS = {
    "right": "✓",
    "convention": "✓",
    "unstable": "!",
    "unsolved": "…",
    "not asked": "–",
}  # all others: ✗
LABELS = {"unsolved": "to do", "convention": "right, by another convention"}
COUNTED = {
    "right": "right",
    "convention": "right",
    "crash": "wrong",
    "timeout": "wrong",
    "unsolved": "to do",
}
TRY = "from assignment.checking import case"
SOUND = ("right", "convention", "unsolved", "not asked")
# Of a message; what follows "line 3:" or "NameError:" belongs to it.
FIRST_SENTENCE = re.compile(
    r"(?:(?:(?!\. [A-Z]).)*?\bline \d+: )?(?:[A-Z]\w*: )?.*?(?:[.:](?= [A-Z])|$)", re.DOTALL
)
SCHEMA = Path(__file__).with_name("verdicts.schema.json")


@dataclass(frozen=True)
class Sought:
    """What is known of an exercise before anything runs.

    sources : where it may be written, the likeliest place first
    refusals : of each of them, why it is not graded, or None
    absence : what is there instead, if there is none
    place : where it is to be written, as it is told; is_blank : whether there is our blank still
    """

    sources: list
    refusals: list
    absence: str
    place: str
    is_blank: bool


class Work:
    """Files that are to be checked: the five of one's own, or those of a hand-in.

    folder : Path of the hand-in, or None for the files at the top of assignment/

    Raises
    ------
    NoHandIn : it cannot be looked at
    """

    def __init__(self, folder=None):
        self.folder, self._sought = folder, {}
        self.run_all = run_all  # or what brings Answers in another way
        self.hand_in = None
        if folder is not None:
            self._read(folder)
            return
        places = {name: (own_folder() / name, ASSIGNMENT / name) for name in FILES}
        self.files = {
            name: next(path for path in both if path.exists())
            for name, both in places.items()
            if any(path.exists() for path in both)
        }

    def _read(self, folder):
        """Find the files of a hand-in; each is opened once, before any of it runs."""
        with opened_once():
            self.hand_in = HandIn(folder)
            self.files = self.hand_in.files
            try:
                self._sought = {one.name: self._seek(one) for one in self.exercises()}
            except BaseException:
                self.hand_in.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.hand_in is not None:
            self.hand_in.close()

    def shown(self, file):
        """A file as it is told: assignment/softmax.py, or its path inside the hand-in."""
        if self.hand_in is None:
            return f"assignment/{file}"
        return self.hand_in.told(file)

    def place(self, exercise):
        """Where the exercise is to be written: assignment/softmax.py, line 33."""
        if self.hand_in and exercise.name in self._sought:
            return self._sought[exercise.name].place
        path = self.files.get(exercise.file)
        line = path and path.is_file() and blank_line(path, exercise)
        return self.shown(exercise.file) + (f", line {line}" if line else "")

    @property
    def year(self):
        """The Year whose files they are."""
        return self.hand_in.year if self.hand_in else OURS

    def _asks(self, exercise):
        """Whether an exercise is asked for; of one's own files each that is named is."""
        return self.hand_in is None or self.year.asks(exercise)

    def exercises(self):
        """What is looked at: in a hand-in all that there is, whether it is asked for or not."""
        return EXERCISES if self.year is OURS else EXERCISES + COURSE

    def examine(self, exercise, seconds=SECONDS):
        """The verdict on one exercise. Whatever the work does, this returns."""
        return next(self.examine_all([exercise], seconds))

    def examine_all(self, exercises=None, seconds=SECONDS):
        """Verdicts in the order of the exercises, each as soon as it is there."""
        exercises = exercises or self.exercises()
        if self.hand_in is None:
            self._sought = {exercise.name: self._seek(exercise) for exercise in exercises}
        sought = [self._sought[exercise.name] for exercise in exercises]
        pairs = list(zip(exercises, sought, strict=True))
        calls = [(e, self._with(e, its.sources[0])) for e, its in pairs if its.sources]
        with contextlib.closing(self.run_all(calls, seconds)) as answers:
            for exercise, its in pairs:
                verdict = self._judged(exercise, its, answers, seconds)
                yield self._completed(verdict, exercise, its)

    def _seek(self, exercise):
        """The Sought of an exercise: all that is read for it here."""
        sources, path = self._sources(exercise), self.files.get(exercise.file)
        refusals = [self.hand_in and self.hand_in.refusal(exercise, one) for one in sources]
        # What is there instead takes a look at every file: only of what is asked for.
        absence = "" if sources or not self._asks(exercise) else self._absence(exercise.file)
        is_blank = bool(path and todo_line(text_of(path), exercise.name))
        return Sought(sources, refusals, absence, self.place(exercise), is_blank)

    def _sources(self, exercise):
        """Where an exercise may be written, the likeliest place first."""
        if self.hand_in is not None:
            some = self.hand_in.sources(exercise)
            extra = self.hand_in.has(exercise) and self.year.may_hold(exercise)
            return some if self._asks(exercise) or extra else []
        return [self.files[exercise.file]] if exercise.file in self.files else []

    def _with(self, exercise, path):
        return {**self.files, exercise.file: path}

    def _judged(self, exercise, its, answers, seconds):
        """The verdict on what is written: of several places, on the first that is no blank.

        its : Sought; answers : iterator, from which those of the first place come
        """
        if not its.sources:
            return Verdict(exercise.name, "missing", its.absence)
        blank = None
        for number, path in enumerate(its.sources):
            if number:
                answers = self.run_all([(exercise, self._with(exercise, path))], seconds)
            verdict = self._judge(exercise, next(answers))
            if verdict.status in ("missing", "unsolved"):
                blank = blank or verdict
                continue
            return self._as_hand_in(verdict, its, number)
        return blank

    def _judge(self, exercise, answers):
        try:
            return judge(exercise, answers, self.shown)
        except Exception as error:  # whatever came back: other exercises wait
            told = f"What it returns cannot be judged ({type(error).__name__})."
            return Verdict(exercise.name, "crash", told)

    def _absence(self, file):
        return f"There is no {file}." if self.hand_in is None else self.hand_in.absence(file)

    def _as_hand_in(self, verdict, its, number):
        """Somebody's work: no points for the reference, a remark where another place would do."""
        if self.hand_in is None:
            return verdict
        if told := its.refusals[number]:
            return Verdict(verdict.name, "refused", told, remarks=verdict.remarks)
        remark = self.hand_in.remark(its.sources, number)
        return replace(verdict, remarks=verdict.remarks + ((remark,) if remark else ()))

    def _completed(self, verdict, exercise, its):
        """With the place where to write, if it is still to be written; or that it is not asked."""
        if not self._asks(exercise):
            if verdict.status in ("missing", "unsolved"):
                return Verdict(exercise.name, "not asked")
            told = f"not asked for: it is no exercise of the files of {self.year.name}, no points"
            return replace(verdict, remarks=(*verdict.remarks, told))
        if verdict.status != "unsolved":
            return verdict
        needed = {e.name: e for e in ALL + COURSE}.get(verdict.evidence.get("needs"))
        if needed and not its.is_blank:
            told = f"It needs {needed.name}, which is still to be written: {self.place(needed)}."
            return replace(verdict, message=told)
        said = verdict.message if verdict.diagnosis else ""
        told = f"{said} Write it in {its.place}.".strip()
        return replace(verdict, message=told, evidence={})


# Text.


def as_text(verdict, own=True):
    """A verdict for a terminal: what is wrong, what settles it, and what else was noticed.

    own : whether it is on the student's own files, so that case(...) gives the call
    """
    mark = MARKS.get(verdict.status, "✗")
    label = LABELS.get(verdict.status, verdict.status)
    told = [_filled(f"{mark} {verdict.name}: {label}. {verdict.message}".rstrip())]
    if verdict.printed:
        told += ["  Printed in that call:", *(f"    {line}" for line in verdict.printed)]
    if own and "case" in verdict.evidence:
        told.append(_filled(f"  To try that call: {TRY}; {_case(verdict)}"))
    if verdict.see:
        told.append(_filled(f"  See {verdict.see}."))
    return "\n".join(told + [_filled(f"  Remark: {remark}.") for remark in verdict.remarks])


def _filled(text):
    width = min(100, _columns())
    return textwrap.fill(text, width, subsequent_indent="  ", break_on_hyphens=False)


def _columns():
    """The width of the terminal; what is no terminal has room for everything."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 1000


def _case(verdict):
    """The line of a cell that gives the call a verdict speaks of."""
    return f'case("{verdict.name}")'


def table(work, exercises=None):
    """Print a table of exercises, each line as soon as it is known, and return the verdicts."""
    exercises = exercises or work.exercises()
    width = max(len(exercise.name) for exercise in exercises if work.year.asks(exercise))
    verdicts, heading = [], None
    for exercise, verdict in zip(exercises, work.examine_all(exercises), strict=True):
        verdicts.append(verdict)
        if verdict.status == "not asked":
            continue
        if _heading(exercise) != heading:
            heading = _heading(exercise)
            print(f"\n{heading}")
        status = {"unsolved": "to do"}.get(verdict.status, verdict.status)
        first = FIRST_SENTENCE.match(verdict.message)[0]
        said = work.place(exercise) if verdict.status == "unsolved" else first
        points = f"{exercise.points} points" if work.year is OURS else ""
        line = f"  {MARKS.get(verdict.status, '✗')} {verdict.name:{width}}  {status:10}  "
        line += f"{points:9}  {said}" if points else said
        if said and len(line) > _columns():  # it gets lines of its own
            line = line.removesuffix(said).rstrip()
            line += "\n" + textwrap.indent(textwrap.fill(said, _columns() - 6), " " * 6)
        print(line.rstrip(), flush=True)
    pairs = list(zip(exercises, verdicts, strict=True))
    if told := _not_asked([exercise for exercise, v in pairs if v.status == "not asked"]):
        print(f"\nNot asked for in {work.year.name}: {told}")
    pairs = [(exercise, verdict) for exercise, verdict in pairs if work.year.asks(exercise)]
    count = Counter(COUNTED.get(verdict.status, verdict.status) for _, verdict in pairs)
    counts = [f"{count[kind]} {kind}" for kind in ("right", "wrong", "to do")]
    counts += [
        f"{count[kind]} {kind}" for kind in ("unstable", "missing", "refused") if count[kind]
    ]
    right, of = points_of(pairs)
    print(f"\n{', '.join(counts)}; {right:g} of {of:g} points")
    return verdicts


def points_of(pairs):
    """The points of verdicts, and those there are: of each year together as many as of our own.

    pairs : list of (Exercise, Verdict), of what is asked for
    """
    right = sum(e.points for e, v in pairs if COUNTED.get(v.status) == "right")
    of, total = (sum(e.points for e in some) for some in ((e for e, _ in pairs), EXERCISES))
    return right if of == total else round(total * right / of, 1) if of else 0, total


def worth(exercise, year):
    """The points of an exercise, by which each year's are as many as ours; 0 if it is not asked."""
    if exercise.points is None or not year.asks(exercise):
        return 0
    whole = sum(other.points for other in EXERCISES + COURSE if year.asks(other))
    return exercise.points * sum(other.points for other in EXERCISES) / whole


def as_data(pairs, year):
    """Verdicts and points as plain data, as verdicts.schema.json has them.

    pairs : list of (Exercise, Verdict)
    """
    rows, points, of = [], 0, 0
    for exercise, verdict in pairs:
        its = worth(exercise, year)
        got = its if COUNTED.get(verdict.status) == "right" else 0
        points, of = points + got, of + its
        rows.append({**verdict.as_json(), "points": round(got, 2), "of": round(its, 2)})
    return {"points": round(points, 1), "of": round(of, 1), "exercises": rows}


def _heading(exercise):
    return (
        f"notebooks/{exercise.notebook}.ipynb"
        if exercise.file in FILES
        else f"cs231n, {exercise.file}"
    )


def _not_asked(exercises):
    """What is not asked for: a file where that is all of it."""
    told = []
    for file in KNOWN:
        of_file = [exercise.name for exercise in EXERCISES + COURSE if exercise.file == file]
        names = [exercise.name for exercise in exercises if exercise.file == file]
        told += [file] if names == of_file else names
    return ", ".join(told)


def progress(work=None):
    """Print a table of all exercises.

    Returns
    -------
    bool : False if something is wrong; what is only unsolved is not wrong
    """
    work = work or Work()
    sound = all(verdict.status in SOUND for verdict in table(work))
    if not sound:
        where = f" --submission {work.folder}" if work.folder else ""
        print(f"Of what is marked ✗ or !, `python -m assignment check NAME{where}` says more.")
    return sound


def finished():
    """Whether every exercise is right, of which the lessons need each; if not, it is said."""
    with Work() as work:
        done = all(COUNTED.get(v.status) == "right" for v in work.examine_all(ALL))
    if not done:
        print("The lessons are executed here as soon as every exercise is right.")
    return done


def report(exercises=(), folder=None, as_json=False):
    """`python -m assignment check`: print the verdicts on one's own files or on a hand-in.

    Returns
    -------
    bool : False if something is wrong; as JSON always True, since the verdicts are the data
    """
    with Work(folder) as work:
        if as_json:
            exercises = exercises or work.exercises()
            pairs = list(zip(exercises, work.examine_all(exercises), strict=True))
            json.dump(data_of(work, pairs), sys.stdout, indent=2)
            print()
            return True
        if work.hand_in is not None:
            taken = [work.shown(name) for name in KNOWN if name in work.files]
            year = [] if work.year is OURS else [f"The course's files of {work.year.name}."]
            print("\n".join([*dict.fromkeys(taken), *work.hand_in.notes, *year]))
        if not exercises:
            return progress(work)
        verdicts = list(work.examine_all(exercises))
        print("\n".join(as_text(verdict, own=folder is None) for verdict in verdicts))
        return all(verdict.status in SOUND for verdict in verdicts)


def data_of(work, pairs):
    """What verdicts.schema.json promises.

    pairs : list of (Exercise, Verdict)
    """
    return {
        "submission": str(work.folder) if work.hand_in else None,
        "year": work.year.name,
        "files": {name: work.shown(name) for name in KNOWN if name in work.files},
        "left_out": work.hand_in.left_out if work.hand_in else [],
        "notes": work.hand_in.notes if work.hand_in else [],
        **as_data(pairs, work.year),
    }


def hint(name, number=1):
    """Print one hint of an exercise, and how to open the next.

    Raises
    ------
    ValueError : there is no such exercise, or no such hint
    """
    exercise = find(name, loosely=True)
    count = len(exercise.hints)
    if not 1 <= number <= count:
        raise ValueError(f"{exercise.name} has hints 1 to {count}, but not {number}.")
    print(f"Hint {number} of {count} for {exercise.name}:")
    print(
        textwrap.fill(exercise.hints[number - 1], 92, initial_indent="  ", subsequent_indent="  ")
    )
    if number < count:
        print(f"The next one: python -m assignment hint {exercise.name} {number + 1}")
    else:
        print(
            f"That was the last one; see also notebooks/{exercise.notebook}.ipynb, section "
            f"{exercise.section}."
        )


# In a notebook.


def check(name):
    """Show whether an exercise is right; if it is wrong, what is wrong with it.

    In a notebook it shows a card, in a terminal it prints text.

    Parameters
    ----------
    name : str, an exercise of `assignment.checking.exercises.EXERCISES`

    Raises
    ------
    ValueError : if there is no exercise of that name
    """
    exercise = find(name)
    verdict = Work().examine(exercise)
    _shown[exercise.name] = verdict
    if in_a_notebook():
        from IPython.display import display

        display(Card(verdict, exercise))
    else:
        print(as_text(verdict))


_shown = {}  # the last verdict on each exercise that check has shown


def case(name):
    """The arguments of the call that the verdict on an exercise speaks of, to be tried in a cell.

    It is the verdict that check(name) has shown last; where it has shown none, the check is made
    anew. Where nothing is wrong, it is the first call.

    Returns
    -------
    trying.Call : dict from names to arguments; it shows how to make the call

    Raises
    ------
    ValueError : if there is no exercise of that name
    """
    exercise = find(name)
    return call_of(_shown.get(exercise.name) or Work().examine(exercise), exercise)


class Card:
    """A verdict that a notebook shows as HTML, and everything else as text."""

    def __init__(self, verdict, exercise):
        self.verdict = verdict
        self.exercise = exercise

    def __repr__(self):
        return as_text(self.verdict)

    def _repr_html_(self):
        from assignment.checking.card import card

        status = self.verdict.status
        picture, alt = self._picture()
        return card(
            self.verdict,
            MARKS.get(status, "✗"),
            LABELS.get(status, status),
            trying=self._trying(),
            link=self._link(),
            hints=() if status in ("right", "convention") else self.exercise.hints,
            picture=picture,
            alt=alt,
        )

    def _link(self):
        """The address of what settles it."""
        return link(self.verdict.see, self.exercise.notebook)

    def _trying(self):
        """The line of a cell that gives the call."""
        return f"{TRY}; {_case(self.verdict)}" if "case" in self.verdict.evidence else ""

    def _picture(self):
        """A map of the error as PNG in base64, and a sentence for those who do not see it."""
        if self.verdict.error is None:
            return "", ""
        from matplotlib.figure import Figure

        from assignment.given.plots import error_map

        name, got, right = self.verdict.error
        # Fixed margins: to look for the best ones takes longer than all the rest of a check.
        figure = Figure(figsize=(4.2, 2.4), dpi=100)
        figure.subplots_adjust(left=0.14, right=0.92, bottom=0.2, top=0.88)
        alt = error_map(figure.add_subplot(), name, got, right)
        png = io.BytesIO()
        figure.savefig(png, format="png", transparent=True)
        return base64.b64encode(png.getvalue()).decode(), alt

"""The table of exercises on the start page: what is right, what is to do, and where."""

from html import escape
from urllib.parse import quote

from assignment.checking.exercises import EXERCISES
from assignment.checking.faces import LABELS, MARKS, Work, points_of


class Overview:
    """The verdicts on one's own files, which a notebook shows as a table with links.

    rows : list of (Exercise, Verdict, place), the place as "assignment/softmax.py, line 12"
    """

    def __init__(self):
        with Work() as work:
            verdicts = list(work.examine_all())
            self.rows = [(e, v, work.place(e)) for e, v in zip(EXERCISES, verdicts, strict=True)]

    def __repr__(self):
        lines = [
            f"{_told(verdict):12} {exercise.points:3}  {exercise.name}, in {place}"
            for exercise, verdict, place in self.rows
        ]
        return "\n".join([*lines, self._points()])

    def _repr_html_(self):
        rows = "".join(
            f"<tr><td>{_told(verdict)}</td>"
            f'<td style="text-align: left"><a href="{_lesson(exercise)}">{exercise.name}</a></td>'
            f'<td style="text-align: left"><a href="{_file(place)}">{escape(place)}</a></td>'
            f"<td>{exercise.points}</td></tr>\n"
            for exercise, verdict, place in self.rows
        )
        names = ("", "exercise", "where", "points")
        heads = "".join(f'<th style="text-align: left">{name}</th>' for name in names)
        return f"<table><tr>{heads}</tr>\n{rows}</table>\n<p>{self._points()}</p>"

    def _points(self):
        got, of = points_of([(exercise, verdict) for exercise, verdict, _ in self.rows])
        return f"{got:g} of {of:g} points"


def _told(verdict):
    """✓ right"""
    mark = MARKS.get(verdict.status, "✗")
    return f"{mark} {LABELS.get(verdict.status, verdict.status).partition(',')[0]}"


def _lesson(exercise):
    """The heading of an exercise in its lesson, as JupyterLab names it."""
    return f"{exercise.notebook}.ipynb#{quote(exercise.section.replace(' ', '-'))}"


def _file(place):
    """A file beside the folder of the notebooks, with the line where JupyterLab puts the cursor."""
    file, _, line = place.partition(", line ")
    return f"../{file}#line={int(line) - 1}" if line else f"../{file}"

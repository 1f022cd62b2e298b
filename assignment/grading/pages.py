"""A page for each student, and one for the instructor: HTML that needs nothing besides."""

import re
import statistics
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

from assignment.checking.exercises import COURSE, EXERCISES, find
from assignment.checking.faces import LABELS, MARKS
from assignment.checking.mistakes import MISTAKES
from assignment.checking.see import link
from assignment.given.files import write
from assignment.grading.formats import GOOD, TO_DO, asked, late_by
from assignment.grading.likeness import alike

FOLDER = Path(__file__).parent
BINS = 10  # of the distribution


@cache
def _template(name):
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader, trim = FileSystemLoader(FOLDER), {"trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, **trim)
    environment.filters["breakable"] = _breakable
    return environment.get_template(name)


def _breakable(name):
    """A name that a line may end in, after a dot or an underscore."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(name))))


def _write(path, name, **what):
    path.parent.mkdir(exist_ok=True)
    write(path, _template(name).render(**what).encode())


def feedback(out, record):
    """feedback/KEY.html: what is right, what is wrong with the rest, and hints; no answers."""
    exercises = [
        {
            **one,
            "mark": MARKS.get(one["status"], "✗"),
            "label": LABELS.get(one["status"], one["status"]),
            "is_right": counted(one) == "right",
            "is_to_do": counted(one) == "to do",
            "hints": () if one["points"] else find(one["name"]).hints[:-1],  # the last is nearly it
            "link": _link(one),
        }
        for one in asked(record)
    ]
    _write(
        out / "feedback" / f"{record['key']}.html",
        "feedback.html",
        record=record,
        exercises=exercises,
        late=late_by(record),
    )


def _link(exercise):
    """An address in the web; a lesson has none there."""
    address = link(exercise["see"])
    return address if address.startswith("https://") else ""


def summary(out, records):
    """summary.html: the distribution, what went wrong how often, and who writes like whom."""
    points, total, late, to_see = [], set(), 0, []
    statuses, of, mistakes = defaultdict(Counter), {}, defaultdict(set)
    students, prints = {}, {}
    for record in records:
        key = record["key"]
        students[key] = record["student"]
        prints[key] = set(record["fingerprints"])
        late += record["late"]
        if record["points"] is None or record["refused"]:
            to_see.append(record)
            continue
        points.append(record["points"])
        total.add(record["of"])
        for one in asked(record):
            statuses[one["name"]][counted(one)] += 1
            of[one["name"]] = one["of"]
            for name in _mistakes(one):
                mistakes[name].add((key, one["name"]))
    _write(
        out / "summary.html",
        "summary.html",
        count=len(students),
        points=points,
        mean=statistics.fmean(points) if points else 0,
        median=statistics.median(points) if points else 0,
        late=late,
        bars=_bars(points, max(total, default=0) or 100),
        exercises=[(name, of[name], counts) for name, counts in _in_order(statuses)],
        mistakes=_told(mistakes),
        to_see=to_see,
        pairs=[(round(100 * part), students[a], students[b], a, b) for part, a, b in alike(prints)],
    )


def counted(exercise):
    if exercise["status"] in GOOD:
        return "right"
    return "to do" if exercise["status"] in TO_DO else "wrong"


def _mistakes(exercise):
    named = [exercise["diagnosis"], *exercise["evidence"].get("also", ())]
    return [name for name in named if name in MISTAKES]


def _in_order(statuses):
    """By the list of exercises."""
    return [(e.name, statuses[e.name]) for e in EXERCISES + COURSE if e.name in statuses]


def _told(mistakes):
    """(hand-ins, sentence, exercises) of each mistake, the most frequent first."""
    rows = [
        (len({key for key, _ in where}), MISTAKES[name].says, sorted({one for _, one in where}))
        for name, where in mistakes.items()
    ]
    return sorted(rows, key=lambda row: (-row[0], row[1]))


def _bars(points, top):
    """(from, to, hand-ins) of each bin of points; all points are in the last one."""
    counts = Counter(min(int(value * BINS / top), BINS - 1) for value in points)
    return [(f"{i * top / BINS:g}", f"{(i + 1) * top / BINS:g}", counts[i]) for i in range(BINS)]

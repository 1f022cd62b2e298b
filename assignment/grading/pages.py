"""A page for each student, and one for the instructor: HTML that needs nothing besides."""

import math
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
from assignment.grading.formats import GOOD, TO_DO, asked, late_by, remarks
from assignment.grading.likeness import alike

FOLDER = Path(__file__).parent
BINS = 10  # of the distribution, or fewer
BACKUPS = 2  # folders of the same files that one person may have besides
UNNAMED = "Wrong, and none of the mistakes that are known here: each page says where."


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
    """feedback/KEY.html: what is right, what is wrong with the rest, and hints; no answers.

    A remark on several exercises is shown once.
    """
    often = {remark: on for remark, on in remarks(record).items() if len(on) > 1}
    exercises = [
        {
            **one,
            "remarks": [remark for remark in one["remarks"] if remark not in often],
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
        often=often,
        exercises=exercises,
        late=late_by(record),
    )


def _link(exercise):
    """An address in the web; a lesson has none there."""
    address = link(exercise["see"])
    return address if address.startswith("https://") else ""


def summary(out, records, passed=()):
    """summary.html: the distribution, what went wrong how often, and who writes like whom.

    passed : names of what was handed in and is no hand-in
    """
    points, have_all, total, late, to_see = [], 0, set(), 0, []
    statuses, of, mistakes = defaultdict(Counter), defaultdict(Counter), defaultdict(set)
    students, prints, years = {}, {}, defaultdict(list)
    for record in records:
        key = record["key"]
        students[key] = record["student"]
        prints[key] = set(record["fingerprints"])
        late += record["late"]
        if why := _why_by_hand(record):
            to_see.append((record, why))
        if record["points"] is None:
            continue
        points.append(record["points"])
        have_all += record["points"] == record["of"]
        total.add(record["of"])
        years[record["year"]].append(record["student"])
        for one in asked(record):
            statuses[one["name"]][counted(one)] += 1
            of[one["name"]][one["of"]] += 1
            for name in _mistakes(one):
                mistakes[name].add((key, one["name"]))
    _write(
        out / "summary.html",
        "summary.html",
        count=len(students),
        points=points,
        mean=statistics.fmean(points) if points else 0,
        median=statistics.median(points) if points else 0,
        have_all=have_all,
        late=late,
        bars=_bars(points, max(total, default=0) or 100),
        exercises=[(n, of[n].most_common(1)[0][0], counts) for n, counts in _in_order(statuses)],
        mistakes=_told(mistakes),
        to_see=to_see,
        passed=passed,
        years=sorted(years.items(), key=lambda year: -len(year[1])),
        pairs=[(round(100 * part), students[a], students[b], a, b) for part, a, b in alike(prints)],
    )


def counted(exercise):
    if exercise["status"] in GOOD:
        return "right"
    return "to do" if exercise["status"] in TO_DO else "wrong"


def _why_by_hand(record):
    """Why somebody has to look at a hand-in: it is not graded, or not one person's work."""
    if record["refused"]:
        return record["refused"]
    ours = [one["message"] for one in asked(record) if one["status"] == "refused"]
    others = record["notes"] if len(record["left_out"]) > BACKUPS else ()
    return " ".join(dict.fromkeys([*ours, *others]))


def _mistakes(exercise):
    """The mistakes of an exercise; None for one that is wrong otherwise."""
    named = [exercise["diagnosis"], *exercise["evidence"].get("also", ())]
    named = [name for name in named if name in MISTAKES]
    is_wrong = counted(exercise) == "wrong" and exercise["status"] != "refused"
    return named or [None] * is_wrong


def _in_order(statuses):
    """By the list of exercises."""
    return [(e.name, statuses[e.name]) for e in EXERCISES + COURSE if e.name in statuses]


def _told(mistakes):
    """(hand-ins, sentence, exercises) of each mistake, the most frequent first."""
    rows = [
        (
            len({key for key, _ in where}),
            MISTAKES[name].says if name else UNNAMED,
            sorted({one for _, one in where}),
        )
        for name, where in mistakes.items()
    ]
    return sorted(rows, key=lambda row: (-row[0], row[1] == UNNAMED, row[1]))


def _bars(points, top):
    """(from, to, hand-ins) of each bin of whole points; all points are in the last one."""
    width = math.ceil(top / BINS)
    bins = math.ceil(top / width)
    counts = Counter(min(int(value / width), bins - 1) for value in points)
    return [(i * width, (i + 1) * width, counts[i]) for i in range(bins)]

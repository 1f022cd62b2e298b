"""Grades as tables and files, each as its reader has it.

Where a reader takes only hand-ins with its own number of a student, the others are told.
"""

import csv
import html
import io
import json
import re
from collections import Counter
from xml.etree import ElementTree

from assignment.checking.exercises import COURSE, EXERCISES
from assignment.given.files import write

TITLE = "How classifiers learn"
# What a spreadsheet would take for a formula.
FORMULA = re.compile(r"\s*[=+\-@].|[\t\r\n]")
# What XML 1.0 has no place for.
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
GOOD = ("right", "convention")
TO_DO = ("unsolved", "missing")
BROKEN = ("crash", "timeout")


def asked(record):
    """The exercises of a hand-in that were asked for."""
    return [one for one in record["exercises"] if one["status"] != "not asked" and one["of"]]


def told(exercise):
    """What is said of an exercise: the diagnosis, what was printed, what settles it."""
    lines = [exercise["message"]] if exercise["message"] else []
    if exercise["printed"]:
        lines += ["Printed in that call:", *(f"    {line}" for line in exercise["printed"])]
    lines += [f"See {exercise['see']}."] * bool(exercise["see"])
    return "\n".join([*lines, *(f"Remark: {remark}." for remark in exercise["remarks"])])


def remarks(record):
    """Each remark on the exercises of a hand-in, with the names of those that it is on."""
    on = {}
    for one in asked(record):
        for remark in one["remarks"]:
            on.setdefault(remark, []).append(one["name"])
    return on


def lateness(seconds):
    """2 d 3 h"""
    minutes = -(-seconds // 60)
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)[:20]


def late_by(record):
    if record["late_seconds"]:
        return lateness(record["late_seconds"])
    return "late" if record["late"] else ""


def grades(out, records):
    """grades.csv: a row a hand-in, with status and points of each exercise."""
    there = {one["name"] for record in records for one in asked(record)}
    names = [e.name for e in EXERCISES + COURSE if e.name in there]
    head = [
        "student",
        "number",
        "email",
        "hand-in",
        "files of",
        "points",
        "of",
        "handed in",
        "late",
    ]
    heads = [f"{name}, {what}" for name in names for what in ("status", "points")]
    with _table(out / "grades.csv") as table:
        table([*head, *heads, "remarks"])
        for record in records:
            its = {one["name"]: one for one in asked(record)}
            cells = [its.get(name, {}).get(what) for name in names for what in ("status", "points")]
            said = [f"{remark} ({', '.join(on)})" for remark, on in remarks(record).items()]
            about = [record[name] for name in ("student", "number", "hand_in", "year")]
            about.insert(2, record.get("email", ""))  # which older records have not
            about += [record["points"], record["of"], record["handed_in"], late_by(record)]
            table([*about, *cells, "; ".join([*record["notes"], *said])])


class _table:
    """A function that writes a row; the file is there when all of them are."""

    def __init__(self, path):
        self.path, self.text = path, io.StringIO()

    def __enter__(self):
        writer = csv.writer(self.text, lineterminator="\n")
        return lambda row: writer.writerow([_cell(value) for value in row])

    def __exit__(self, kind, *error):
        if kind is None:
            write(self.path, self.text.getvalue().encode())


def _cell(value):
    """A number, or a text that no spreadsheet takes for a formula."""
    if value is None or isinstance(value, int | float):
        return value if value is None else f"{value:g}"
    return f"'{value}" if FORMULA.match(value) else value


def canvas(out, records):
    """canvas.csv, for "Import" in the gradebook: instructure/canvas-lms, lib/gradebook_importer.rb
    of 2026.

    It knows a student by ID, takes the first three columns for who that is, each further one for an
    assignment, and asks which one, if none has its title.
    """
    with _table(out / "canvas.csv") as table:
        table(["Student", "ID", "Section", TITLE])
        table(["    Points Possible", "", "", _of(records)])
        for record in records:
            if _knows("canvas", record):
                table([record["student"], record["number"], "", record["points"]])
    return _others("canvas", records)


def moodle(out, records):
    """moodle.csv, for "Upload grading worksheet": Moodle 3.1 to 5.1 in English,
    mod/assign/feedback/offline/importgradeslib.php.

    It needs Identifier, Grade and Last modified (grade); Feedback comments is HTML, and taken where
    the assignment has those switched on. The assignment's maximum has to be that of the grades. A
    grade that Moodle has already is newer than this one, which has no time: its form asks.
    """
    with _table(out / "moodle.csv") as table:
        heads = ["Identifier", "Full name", "Grade", "Maximum grade"]
        table([*heads, "Last modified (grade)", "Feedback comments"])
        for record in (record for record in records if _knows("moodle", record)):
            lines = [f"{one['name']}: {one['status']}. {told(one)}" for one in asked(record)]
            comment = "<br>".join(html.escape("\n".join([*record["notes"], *lines])).split("\n"))
            who = [f"Participant {record['number']}", record["student"]]
            table([*who, record["points"], record["of"], "-", comment])
    return _others("moodle", records)


def _knows(system, record):
    """Whether a course system can take the grade: an anonymous student has no number there."""
    is_its = record["system"] == system and record["number"].isdecimal()
    return is_its and record["points"] is not None


def _of(records):
    return max((record["of"] or 0 for record in records), default=0)


def _others(system, records):
    """That some are in no table of a course system, and why."""
    count = sum(not _knows(system, record) for record in records)
    if not count:
        return ""
    return (
        f"{system}.csv leaves out {count} hand-ins: they were not graded, or their names are not "
        f"those of a bulk download from {system.capitalize()}."
    )


def gradescope(out, records):
    """gradescope/KEY.json, each a results.json of Gradescope's autograder specifications, 2026.

    What could not be looked at has no points, so that its student can hand in again; what ended the
    grader has no file, and Gradescope says that the autograder failed.
    """
    for record in (record for record in records if record["exercises"]):
        tests = [
            {
                "name": one["name"],
                "score": one["points"],
                "max_score": one["of"],
                "status": "passed" if one["points"] else "failed",
                "output": f"{one['status']}\n{told(one)}".strip(),
            }
            for one in asked(record)
        ]
        notes = "\n".join(record["notes"])
        results = {"score": record["points"] or 0, "output": notes, "tests": tests}
        path = out / "gradescope" / f"{record['key']}.json"
        path.parent.mkdir(exist_ok=True)
        write(path, json.dumps(results, indent=1, ensure_ascii=False).encode())


def junit(out, records):
    """junit.xml, as Jenkins' schema junit-10.xsd (xunit-plugin 3) and pytest's xunit2 have it.

    A suite is a hand-in, a case an exercise: what is wrong is a failure, what crashes an error,
    what is still to do is skipped.
    """
    suites = ElementTree.Element("testsuites", name=TITLE)
    for record in records:
        cases, kinds = [], Counter()
        for one in asked(record):
            case = ElementTree.Element("testcase", name=one["name"], classname=record["key"])
            kind = _kind(one)
            kinds[kind] += 1
            if kind:
                message, text = one["message"].partition("\n")[0], told(one)
                its = {"message": NO_XML.sub("", message), "type": one["status"]}
                ElementTree.SubElement(case, kind, its).text = NO_XML.sub("", text)
            cases.append(case)
        if record["points"] is None:
            kinds["error"] += 1
            case = ElementTree.Element("testcase", name="hand-in", classname=record["key"])
            ElementTree.SubElement(case, "error", message=record["refused"], type="not graded")
            cases.append(case)
        counts = {"tests": len(cases), "failures": kinds["failure"], "errors": kinds["error"]}
        counts = {name: str(n) for name, n in {**counts, "skipped": kinds["skipped"]}.items()}
        suite = ElementTree.SubElement(suites, "testsuite", name=record["key"], **counts)
        properties = ElementTree.SubElement(suite, "properties")
        for name in ("points", "of"):
            ElementTree.SubElement(properties, "property", name=name, value=str(record[name]))
        suite.extend(cases)
    write(out / "junit.xml", ElementTree.tostring(suites, "utf-8", xml_declaration=True))


def _kind(exercise):
    if exercise["status"] in GOOD:
        return ""
    if exercise["status"] in TO_DO:
        return "skipped"
    return "error" if exercise["status"] in BROKEN else "failure"


FORMATS = {format.__name__: format for format in (canvas, moodle, gradescope, junit)}

"""Each table and file is read as its reader reads it, and a spoilt one is not."""

import csv
import io
import json
import re
from functools import partial
from xml.etree import ElementTree

import jsonschema
import pytest

from assignment.checking.exercises import EXERCISES
from assignment.grading import formats, kit
from assignment.grading.classroom50 import NEEDED, result

WORDS = 'He said "<b>&amp;</b>", \x1b[31m\x00\n=1+1'
STATUSES = ["wrong", "crash", "unsolved", "not asked", "unstable", "convention"]


NOT_GRADED = {"points": None, "exercises": [], "refused": "It came to an end."}


@pytest.fixture(scope="module")
def record(make_record):
    said = {"message": WORDS, "remarks": ("costs: 1 loop",), "printed": ("<p>",)}
    return partial(make_record, statuses=STATUSES, verdict=said, notes=["-1"])


@pytest.fixture(scope="module")
def records(record):
    return [
        record("one", system="canvas", number="12345", late=True, late_seconds=90_000),
        record("two", system="moodle", number="678", student="=Student, Two"),
        record("three", student="@student-3"),
        record("four", system="canvas", number="999", **NOT_GRADED),
        record("five", system="canvas", number="anon_Ab1"),
        record("six", system="gradescope", number="5"),
    ]


ASKED = len(EXERCISES) - 1
POINTS = sum(e.points for e in EXERCISES) - sum(
    exercise.points
    for exercise, status in zip(EXERCISES, STATUSES, strict=False)
    if status != "convention"
)


def rows(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


# grades.csv


def test_grades_have_a_row_a_hand_in_and_the_points_add_up(tmp_path, records):
    formats.grades(tmp_path, records)
    head, *table = rows(tmp_path / "grades.csv")
    assert len(table) == len(records) and all(len(row) == len(head) for row in table)
    first = dict(zip(head, table[0], strict=True))
    points = [float(value) for name, value in first.items() if name.endswith(", points") and value]
    assert sum(points) == float(first["points"]) == POINTS and len(points) == ASKED
    assert first[f"{EXERCISES[0].name}, status"] == "wrong"
    assert first["late"] == "1 d 1 h" and first["remarks"].count("costs: 1 loop (") == 1
    assert f"{EXERCISES[0].name}, {EXERCISES[1].name}" in first["remarks"]
    assert dict(zip(head, table[3], strict=True))["points"] == ""  # nobody knows: it is not 0


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "  =1", "\n=1"])
def test_no_cell_is_a_formula(text, tmp_path, record):
    formats.grades(tmp_path, [record("one", student=text, notes=[text])])
    assert not re.match(r"\s*[=+\-@]", rows(tmp_path / "grades.csv")[1][0])
    assert not re.match(r"\s*[=+\-@]", rows(tmp_path / "grades.csv")[1][-1])
    assert formats._cell("student-1") == "student-1" and formats._cell(-1.5) == "-1.5"
    assert formats._cell("-") == "-"  # as Moodle has it where there is no time


@pytest.mark.parametrize(
    "seconds, told", [(30, "1 min"), (3600, "1 h"), (90_000, "1 d 1 h"), (90_061, "1 d 1 h 2 min")]
)
def test_lateness_is_told_in_days_hours_and_minutes(seconds, told):
    assert formats.lateness(seconds) == told


# Course systems.


def read_by_canvas(text):
    """(assignment, points possible, grades by number), as GradebookImporter goes about it."""
    lines = text.splitlines()[:3]
    if len({line.count(";") for line in lines}) == 1 and lines[0].count(";") > lines[0].count(","):
        raise ValueError("taken for semicolons")
    head, *others = csv.reader(io.StringIO(text))
    if not (len(head) > 3 and "Student" in head[0] and "ID" in head[1]):
        raise ValueError("Invalid header row")
    columns = 3 + bool(re.search(r"SIS\s+Login\s+ID", head[2]))
    if "Section" not in head[columns - 1]:
        raise ValueError("Invalid header row")
    grades, possible = {}, None
    for row in others:
        if "Points Possible" in row[0]:
            possible = row[columns]
        elif not all(re.fullmatch(r"(?i)\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row):
            number = re.fullmatch(r"-?[0-9.,]+%?", row[columns]) and re.split("[,.]", row[columns])
            grades[int(row[1])] = float(".".join(["".join(number[:-1]), number[-1]]).strip("."))
    return head[columns:], possible, grades


def test_canvas_reads_its_students_and_the_others_are_told(tmp_path, record, records):
    left = formats.canvas(tmp_path, records)
    text = (tmp_path / "canvas.csv").read_text(encoding="utf-8")
    assert read_by_canvas(text) == ([formats.TITLE], "100", {12345: POINTS})
    assert left.startswith("canvas.csv leaves out 5 hand-ins")
    half = [record("one", system="canvas", number="1", points=93.5)]
    assert not formats.canvas(tmp_path, half)
    assert read_by_canvas((tmp_path / "canvas.csv").read_text())[2] == {1: 93.5}
    for spoilt in (text.replace("Section", ""), text.replace("ID", "Number")):
        with pytest.raises(ValueError, match="Invalid header row"):
            read_by_canvas(spoilt)


def read_by_moodle(text):
    """Rows as assignfeedback_offline_grade_importer makes them."""
    head, *others = csv.reader(io.StringIO(text))
    at = {name: head.index(name) for name in ("Identifier", "Grade", "Last modified (grade)")}
    if any(len(row) != len(head) for row in others):
        raise ValueError("csvweirdcolumns")
    comments = head.index("Feedback comments")
    return [
        (
            int(row[at["Identifier"]][len("Participant ") :]),
            float(row[at["Grade"]]),
            row[comments],
        )
        for row in others
    ]


def test_moodle_reads_its_students_and_no_html_of_theirs(tmp_path, records):
    left = formats.moodle(tmp_path, records)
    text = (tmp_path / "moodle.csv").read_text(encoding="utf-8")
    ((number, grade, comment),) = read_by_moodle(text)
    assert (number, grade) == (678, POINTS) and "5 hand-ins" in left
    assert set(re.findall("<[^>]*>", comment)) == {"<br>"} and "costs: 1 loop" in comment
    with pytest.raises(ValueError, match="is not in list"):
        read_by_moodle(text.replace("Last modified", "Changed"))


VISIBILITY = ["hidden", "after_due_date", "after_published", "visible"]
GRADESCOPE = {  # docs/specs.md of gradescope/autograder_samples
    "type": "object",
    "additionalProperties": False,
    "required": ["score"],
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "visibility": {"enum": VISIBILITY},
        "stdout_visibility": {"enum": VISIBILITY},
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["score"],
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": {"enum": VISIBILITY},
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


def test_gradescope_gets_a_score_for_each_test(tmp_path, records):
    formats.gradescope(tmp_path, records)
    assert not (tmp_path / "gradescope" / "four.json").exists()  # so that it says it failed
    results = json.loads((tmp_path / "gradescope" / "six.json").read_bytes())
    jsonschema.validate(results, GRADESCOPE)
    assert results["score"] == sum(test["score"] for test in results["tests"]) == POINTS
    assert len(results["tests"]) == ASKED
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(results | {"score": "77"}, GRADESCOPE)


INTEGER, TEXT = {"type": "integer", "minimum": 0}, {"type": "string", "minLength": 1}
CLASSROOM_50 = {  # schemas/result-v1.schema.json of foundation50/classroom50
    "type": "object",
    "additionalProperties": False,
    "required": [
        *("schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit"),
        *("release", "review", "datetime", "score", "max-score", "tests"),
    ],
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        "assignment_type": {"enum": ["individual", "group", "team"]},
        "submission": {"type": "string", "pattern": "^submit/"},
        "datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "score": INTEGER,
        "max-score": INTEGER,
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": TEXT,
                    "passed": {"type": "boolean"},
                    "score": INTEGER,
                    "max-score": INTEGER,
                },
            },
        },
        **{n: TEXT for n in ("classroom", "assignment", "owner", "commit", "release", "review")},
    },
}


def test_classroom_50_gets_its_own_words_back(record):
    told = {"CLASSROOM": "class-1", "ASSIGNMENT": "assignment-1", "USERNAME": "student-1"}
    told |= {name: "https://example.org/x" for name in ("COMMIT_URL", "RELEASE_URL")}
    made = result(record("one"), told | {"SUBMISSION_TAG": "submit/1-abc"})
    jsonschema.validate(made, CLASSROOM_50)
    assert made["owner"] == "student-1" and made["score"] == POINTS
    assert made["score"] <= made["max-score"] == 100
    assert all(test["score"] <= test["max-score"] for test in made["tests"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made | {"score": 77.5}, CLASSROOM_50)


def test_the_packages_for_classroom_50_are_locked():
    lock = (kit.ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert all(re.search(rf"^{name}==", lock, re.MULTILINE) for name in NEEDED)


def read_by_jenkins(text):
    """The suites, as junit-10.xsd allows them, with counts that are those of the cases."""
    suites = ElementTree.fromstring(text)
    assert suites.tag == "testsuites"
    for suite in suites:
        assert suite.tag == "testsuite" and {"name", "tests", "failures", "errors"} <= {
            *suite.keys()
        }
        assert {child.tag for child in suite} <= {"properties", "testcase"}
        cases = suite.findall("testcase")
        assert all(case.get("name") for case in cases) and len(cases) == int(suite.get("tests"))
        for count, kind in ("failures", "failure"), ("errors", "error"), ("skipped", "skipped"):
            assert len(suite.findall(f"testcase/{kind}")) == int(suite.get(count))
    return suites


def test_junit_has_a_suite_for_each_hand_in(tmp_path, records):
    formats.junit(tmp_path, records)
    text = (tmp_path / "junit.xml").read_bytes()
    suites = read_by_jenkins(text)
    assert [suite.get("name") for suite in suites] == [one["key"] for one in records]
    first, fourth = suites[0], suites[3]
    assert [case.get("type") for case in first.findall("testcase/*")] == [
        *("wrong", "crash", "unsolved", "unstable")
    ]
    assert fourth.find("testcase/error").get("message") == "It came to an end."
    with pytest.raises(AssertionError):
        read_by_jenkins(text.replace(b'failures="2"', b'failures="1"'))

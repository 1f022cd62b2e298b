"""An edition for students is complete, judges as the suite does, and holds no answer anywhere."""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from functools import cache

import numpy as np
import pytest
from test_answers import ANSWERS, blank_answers, told

from assignment import FILES
from assignment.__main__ import main
from assignment.checking.exercises import COURSE, EXERCISES
from assignment.checking.faces import Work
from assignment.checking.stubs import ASSIGNMENT, REGION, SOLUTIONS, make_stub
from assignment.checking.wire import files_given
from assignment.derivations import DERIVATIONS
from assignment.derivations.algebra import parse
from assignment.edition import release as edition_of
from assignment.edition.release import release
from assignment.grading.sandbox import INSIDE
from assignment.tab import build
from conftest import ROOT, unmarked
from mutants import SOLVED, WRONG, regions, solution, spoilt

EACH = pytest.mark.parametrize("exercise", EXERCISES + COURSE, ids=lambda exercise: exercise.name)


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    place = tmp_path_factory.mktemp("course") / "edition"
    release(place)
    return place


@pytest.fixture
def work(edition, tmp_path):
    """A copy of the edition, as a student has it."""
    return shutil.copytree(edition, tmp_path / "work")


def in_edition(place, *arguments):
    """What Python prints in an edition."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
    environment.pop("PYTHONPATH", None)
    environment.pop("ASSIGNMENT_FILES", None)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return done.stdout


def source_of(file, wrong=False):
    """A solution as a student would have written it; wrong: with a mistake in each exercise."""
    source = whole = solution(file)
    for name, region in reversed(regions(file).items()) if wrong else ():
        old, new, _ = next(iter(WRONG[name].values()))
        other = spoilt(name, old, new)
        piece = other[region.start() : region.end() + len(other) - len(whole)]
        source = source[: region.start()] + piece + source[region.end() :]
    return unmarked(source)


# It works.


@EACH
def test_what_the_checks_go_by_is_what_the_reference_returns(edition, exercise):
    with np.load(edition / f"assignment/checking/stored/{exercise.name}.npz") as file:
        arrays = {name: file[name] for name in file}  # without pickle
    expected = {
        f"{number}/{name}": array
        for number, case in enumerate(exercise.cases())
        for name, array in exercise.reference(case).items()
    }
    assert arrays.keys() == expected.keys()
    for name, array in arrays.items():
        assert array.dtype.kind in "biuf" and array.dtype == expected[name].dtype
        assert np.array_equal(array, expected[name], equal_nan=True), name


def test_it_is_small(edition):
    stored = (edition / "assignment" / "checking" / "stored").glob("*.npz")
    assert sum(path.stat().st_size for path in stored) < 1_500_000


CHECKS = """
import json, os, sys
from assignment.checking.faces import Work
for folder in sys.argv[1:]:
    os.environ["ASSIGNMENT_FILES"] = folder
    print(json.dumps([verdict.as_json() for verdict in Work().examine_all()]))
"""


def test_it_says_right_and_names_mistakes_as_the_suite_does(work, hand_in, monkeypatch):
    for file in FILES:
        (work / "assignment" / file).write_text(source_of(file), encoding="utf-8")
    wrong = {file.removesuffix(".py"): source_of(file, wrong=True) for file in FILES}
    folder = hand_in("wrong", **wrong)
    said = in_edition(work, "-c", CHECKS, "assignment", str(folder)).splitlines()
    solved, named = map(json.loads, said)
    assert [verdict["name"] for verdict in solved] == [exercise.name for exercise in EXERCISES]
    assert {verdict["status"] for verdict in solved} == {"right"}
    monkeypatch.setenv("ASSIGNMENT_FILES", str(folder))
    here = [verdict.as_json() for verdict in Work().examine_all()]
    assert named == json.loads(json.dumps(here))
    assert sum(verdict["diagnosis"] is not None for verdict in named) > len(EXERCISES) / 2


def test_commands_work_in_it(work):
    file = work / "assignment" / "softmax.py"
    blank = file.read_text(encoding="utf-8")
    assert blank == make_stub((SOLUTIONS / "softmax.py").read_text(encoding="utf-8"))
    file.write_text(source_of("softmax.py"), encoding="utf-8")
    in_edition(work, "-m", "assignment", "reset", "softmax_loss_naive")
    text = file.read_text(encoding="utf-8")
    assert text != blank and text.startswith(blank[: blank.index("def softmax_loss_vectorized")])
    commands = re.findall(r"^    (\w+) ", in_edition(work, "-m", "assignment", "-h"), re.M)
    assert {"check", "watch", "hint", "site", "finished", "address"} <= set(commands)
    assert not {"release", "grade", "stubs", "net", "bench", "figures", "checkers"} & set(commands)


def test_a_course_has_points_of_its_own_in_it(work):
    table = work / "points.toml"
    table.write_text('[points]\nnca_loss = 12.5\n"TwoLayerNet.predict" = false\n')
    shown = in_edition(work, "-m", "assignment", "progress")
    points = {e.name: e.points for e in EXERCISES} | {"nca_loss": 12.5, "TwoLayerNet.predict": 0}
    told = f"0 right, 0 wrong, {len(points) - 1} to do; 0 of {sum(points.values())} points\n"
    assert shown.endswith(told)
    assert "12.5 points" in shown and "TwoLayerNet.predict" not in shown
    table.write_text("[points]\nnca_los = 3")
    with pytest.raises(AssertionError, match="^points.toml: there is no exercise 'nca_los'; did"):
        in_edition(work, "-m", "assignment", "progress")


def test_its_code_keeps_the_style_that_its_make_check_asks_for_and_a_students_may_not(work):
    odd = "x=1;import os\n"
    (work / "try.py").write_text(odd)
    (work / "assignment" / "mine.py").write_text(odd)
    for check in (["check"], ["format", "--check"]):
        ruff = "-m", "ruff", *check, "--quiet", "--no-cache"
        in_edition(work, *ruff)
        (work / "assignment" / "given" / "odd.py").write_text(odd)
        with pytest.raises(AssertionError):
            in_edition(work, *ruff)
        (work / "assignment" / "given" / "odd.py").unlink()


def test_its_makefile_and_readme_speak_of_what_is_there(edition):
    makefile, readme = ((edition / name).read_text() for name in ("Makefile", "README.md"))
    targets = re.findall(r"^([a-z-]+):.*  ## ", makefile, re.M)
    assert re.search(r"^\.PHONY: (.*)", makefile, re.M)[1].split() == targets
    assert set(re.findall(r"make ([a-z][a-z-]+)`", readme)) <= set(targets)
    for path in re.findall(r"(?:\]\(|src=\"|srcset=\")(?!http|#)([^)#\"]+)", readme):
        assert (edition / path).exists(), path
    for text in (makefile, readme):
        assert not re.search(r"full suite|edition:|solutions|tests/", text)


LESSONS = """
import json, sys
from pathlib import Path
from assignment import derivations
from assignment.derivations import derivation
from assignment.notebook.clean import LESSONS, NOTEBOOKS, read

derivation.DRAWS = 1
for name, each in derivations.DERIVATIONS.items():
    print(each.show(), each.show()._repr_markdown_(), each.original()._repr_markdown_(), sep="\\n")
    each.solve(json.loads(sys.argv[1])[name])
paths = {name: NOTEBOOKS / f"{name}.ipynb" for name in LESSONS}
lessons = {name: read(path.read_bytes(), name) for name, path in paths.items()}
for lesson in lessons.values():
    names = {"derivations": derivations}
    for cell in lesson.cells:
        if cell.cell_type == "code" and "derivation" in cell.source and "import" not in cell.source:
            exec(cell.source, names)
try:
    from assignment.site.build import write_pages
except ModuleNotFoundError:
    sys.exit()
write_pages(Path(sys.argv[2]), lessons)
"""
WANTED = {
    name: ast.unparse(parse(derivation.line(derivation.blank).claim)[0][-1])
    for name, derivation in DERIVATIONS.items()
}


@pytest.fixture(scope="module")
def lessons(edition, tmp_path_factory):
    """What the cells on derivations print in an edition, and a folder of the pages of its site."""
    pages = tmp_path_factory.mktemp("pages")
    return in_edition(edition, "-c", LESSONS, json.dumps(WANTED), str(pages)), pages


def test_derivations_ask_for_their_lines_and_judge_them_and_the_lessons_go_on(lessons):
    out, _ = lessons
    judged = re.findall(r"^(. line \d+): .+: holds", out, re.M)
    assert judged == [f"✓ line {d.blank}" for d in DERIVATIONS.values()]
    shown = re.sub(r"^. line .*", "", out, flags=re.M)
    asked = sum(line.answer for derivation in DERIVATIONS.values() for line in derivation.lines)
    assert shown.count("     … to do") == asked
    forms = [form for name in DERIVATIONS for form in blank_answers(name)]
    assert told(forms, shown) == []


# No answer is in it.

# What every second program says.
COMMON = {"argmax(…axis=1)", "X.T @ M"}
# What checks need to know: what mistakes return, and what stands beside a student's part in a call.
KNOWING = "assignment/checking"


class Renamed(ast.NodeTransformer):
    """A syntax tree with v0, v1 ... for its names: it is the same, whatever they are called."""

    def __init__(self):
        self.names = {"np": "np", "self": "self"}

    def visit_Name(self, node):
        return ast.Name(self.names.setdefault(node.id, f"v{len(self.names)}"), ast.Load())


def normalised(statements):
    renamed = Renamed()
    return [ast.dump(renamed.visit(ast.parse(ast.unparse(each)))) for each in statements]


def sizes(node, known):
    """How many nodes a tree has, and each in it: those that differ in that need not be compared."""
    known[node] = 1 + sum(sizes(child, known) for child in ast.iter_child_nodes(node))
    return known[node]


@cache
def answers():
    """The statements of each answer, their sizes, and its text."""
    found = []
    for file in SOLVED:
        for region in REGION.finditer(solution(file)):
            text = textwrap.dedent("".join(region[0].splitlines(keepends=True)[1:-1]))
            body = ast.parse(text).body
            found.append((normalised(body), [sizes(each, {}) for each in body], ast.unparse(body)))
    return found


def bodies(tree):
    """Each list of statements in a tree."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            if isinstance(statements := getattr(node, name, None), list):
                yield statements


def answers_in(source):
    """Texts of the answers whose statements stand in a source, whatever the names in it are."""
    tree, known = ast.parse(source), {}
    sizes(tree, known)
    for statements in bodies(tree):
        there = [known[each] for each in statements]
        for answer, size, text in answers():
            for i in range(len(there) - len(size) + 1):
                some = slice(i, i + len(size))
                if there[some] == size and normalised(statements[some]) == answer:
                    yield text


def python_in(path, text):
    """The Python of a file: a module, the cells of a lesson, the blocks of a text."""
    if path.suffix == ".py":
        return [text]
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        return [
            re.sub(r"^(\s*)[!%].*", r"\1pass", "".join(cell["source"]), flags=re.M)
            for cell in cells
            if cell["cell_type"] == "code"
        ]
    return re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)


@cache
def lines_of_answers():
    """Lines that stand in no stub and no hint, and are long enough to be nobody else's."""
    solutions = [path.read_text(encoding="utf-8") for path in SOLUTIONS.rglob("*.py")]
    given = [hint for exercise in EXERCISES + COURSE for hint in exercise.hints]
    given = "\n".join([*given, *map(make_stub, solutions)])
    regions = (match[0] for text in solutions for match in REGION.finditer(text))
    lines = {line.strip() for region in regions for line in region.splitlines()}
    lines -= {line for line in lines if line.startswith("with np.errstate(")}  # tells nothing
    return {line for line in lines if len(line) > 40 and line not in given}


def found_in(place):
    """(file, what is found) of all that tells an answer in a folder."""
    forms = {form for some in ANSWERS.values() for form in some} - COMMON
    forms |= {form for name in DERIVATIONS for form in blank_answers(name)}
    for path in sorted(path for path in place.rglob("*") if path.is_file()):
        file = path.relative_to(place).as_posix()
        if path.suffix in (".png", ".npz"):  # arrays are numbers: see above
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except ValueError:
            yield file, "no text: it may be bytecode"
            continue
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            prose = "\n\n".join("".join(cell["source"]) for cell in cells)
            yield from ((file, "an output") for cell in cells if cell.get("outputs"))
            yield from ((file, fold) for fold in re.findall("<summary>(?!Answer<).*", prose))
        else:
            prose = text
        if "solutions" in path.parts or re.search(r"^ *### (BEGIN|END) SOLUTION", prose, re.M):
            yield file, "a solution"
        yield from ((file, line) for line in lines_of_answers() if line in prose)
        for source in python_in(path, text):
            yield from ((file, answer) for answer in answers_in(source))
        if not file.startswith(KNOWING):
            yield from ((file, form) for form in told(forms, prose))


def test_no_file_of_it_holds_an_answer(edition):
    assert list(found_in(edition)) == []


# What the site takes of it into a browser tab.

PACKED = """
import hashlib
from assignment.tab import build
with build.edition() as suite:
    for name, files in build.archives(suite).items():
        print(name, hashlib.sha256(build.packed(files)).hexdigest())
"""


@pytest.fixture(scope="module")
def in_tab(edition):
    """The files of the archives for the two workers, by their names."""
    return build.archives(edition)


def of_suite(files):
    """What is not of other packages."""
    return {n: d for n, d in files.items() if n.startswith(("assignment/", "notebooks/", "points"))}


def test_no_archive_of_a_tab_holds_an_answer(in_tab, tmp_path):
    for archive, files in in_tab.items():
        for name, data in of_suite(files).items():
            path = tmp_path / archive / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        assert list(found_in(tmp_path / archive)) == []
        assert not [name for name in files if "solutions" in name]
    stored = [name for name in in_tab["judge.zip"] if name.endswith(".npz")]
    assert len(stored) == len(EXERCISES + COURSE)


def test_a_student_in_a_tab_has_what_makes_calls_and_nothing_that_judges(in_tab, tmp_path):
    own = of_suite(in_tab["student.zip"])
    told = ("judge", "mistake", "diagnosis", "stored", "exercise", "notebooks", "derivations")
    assert len(own) > 30 and not [name for name in own if any(word in name for word in told)]
    for name, data in own.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    # It needs no other module of the suite, and has what its calls are given.
    given = {exercise.calls.given for exercise in EXERCISES + COURSE} - {""}
    needed = "assignment.tab.student", "assignment.checking.layers.calls", *given
    in_edition(tmp_path, "-c", f"import {', '.join(needed)}")


def test_what_runs_a_hand_in_of_a_class_tells_no_answer_but_in_what_is_given_to_others():
    def tells(files):
        texts = {file: (ASSIGNMENT / file).read_text(encoding="utf-8") for file in files}
        forms = {form for some in ANSWERS.values() for form in some}
        return {(file, form) for file in files for form in told(forms, texts[file])}

    assert tells(INSIDE) == {
        ("checking/calls.py", "log(sum(exp(s))) - s[y"),  # as a remark says
        ("checking/layers/calls.py", "affine_forward(X"),  # the hand-in's own is called
    }
    given = files_given(EXERCISES + COURSE)
    assert {file for file, _ in tells(given)} == given


def test_the_site_of_an_edition_has_the_same_check_in_a_tab(edition, in_tab):
    digests = {name: hashlib.sha256(build.packed(files)) for name, files in in_tab.items()}
    there = in_edition(edition, "-c", PACKED).split()
    assert there == [word for name, its in digests.items() for word in (name, its.hexdigest())]


def test_archives_are_small_and_the_same_whenever_they_are_made(in_tab):
    packed = {name: build.packed(files) for name, files in in_tab.items()}
    assert sum(map(len, packed.values())) < 1_500_000
    files = in_tab["student.zip"]
    assert build.packed(dict(reversed(files.items()))) == packed["student.zip"]


def test_it_has_no_tests_and_no_history(edition):
    names = {path.name for path in edition.rglob("*")}
    assert not names & {"tests", "solutions", ".git", "__pycache__", "findings", ".partial"}
    assert not [name for name in names if re.search(r"\.pyc$|\.kept-|mutants|^test_.*py$", name)]


def test_the_pages_of_its_site_hold_no_answer(lessons):
    """These are what its search index is made from."""
    _, pages = lessons
    if not (pages / "index.md").exists():
        pytest.skip("needs requirements-site.txt")
    texts = {path: path.read_text(encoding="utf-8") for path in pages.rglob("*.md")}
    assert len(texts) > len(DERIVATIONS)
    for path, text in texts.items():
        for target in re.findall(r"\]\((?!http)([\w./-]+)", text):
            assert (path.parent / target).exists(), f"{path.name} leads to {target}"
    assert list(found_in(pages)) == []


def notebook(kind, source, **more):
    return json.dumps({"cells": [{"cell_type": kind, "source": [source], **more}]})


PLANTED = {
    "notes.md": "In short: `dW = X.T @ (P - Y)`.",
    "notebooks/more.ipynb": notebook("markdown", "dl_ds = SoftMax(s) - t"),
    "notebooks/fold.ipynb": notebook("markdown", "<details><summary>A grid</summary>3e2</details>"),
    "notebooks/run.ipynb": notebook("code", "check", outputs=[{"data": {}}]),
    "assignment/given/copy.py": (SOLUTIONS / "softmax.py").read_text(encoding="utf-8"),
    "assignment/checking/renamed.py": re.sub(
        r"\b(scores|margins?|dW|loss|rows)\b", r"my_\1", source_of("linear_svm.py")
    ),
    "assignment/solutions/other.py": "",
    "results/site/searchindex.js": "Search.setIndex({terms: 'G_2 W_2^T'})",
    "assignment/given/copy.pyc": b"\xcb\r\r\n\x00\x80",
}


@pytest.mark.parametrize("file", PLANTED)
def test_an_answer_that_is_planted_is_found(file, tmp_path):
    text = PLANTED[file]
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert {place for place, _ in found_in(tmp_path)} == {file}


# It is written whole, or not at all.


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path, monkeypatch):
    (tmp_path / "work.txt").write_text("hours of work")
    monkeypatch.setattr(sys, "argv", ["assignment", "release", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == f"{tmp_path} is not empty: name a new folder for the edition."
    assert [path.name for path in tmp_path.iterdir()] == ["work.txt"]


def test_a_release_that_ends_early_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(place):
        place.mkdir()
        (place / "README.md").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(edition_of, "write", interrupted)
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        with pytest.raises(KeyboardInterrupt):
            release(tmp_path / name)
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_what_is_in_no_list_stays_at_home(tmp_path, monkeypatch):
    """A solved file, a kept one, a draft, bytecode: whatever stands around."""
    suite = tmp_path / "suite"
    others = shutil.ignore_patterns(".*", "__pycache__", "datasets", "results", "tests")
    shutil.copytree(ROOT, suite, ignore=others)
    drafts = ("softmax.py", "softmax.py.kept-1", "mine.py", "given/mine.txt", "__pycache__/a.py")
    for name in drafts:
        (suite / "assignment" / name).parent.mkdir(exist_ok=True)
        (suite / "assignment" / name).write_text("hours of work")
    monkeypatch.setattr(edition_of, "ROOT", suite)
    monkeypatch.setattr(edition_of, "ASSIGNMENT", suite / "assignment")
    monkeypatch.setattr(edition_of, "store", lambda folder: None)
    release(tmp_path / "edition")
    files = [path for path in (tmp_path / "edition").rglob("*") if path.suffix in (".py", ".txt")]
    assert not [path for path in files if "hours of work" in path.read_text(encoding="utf-8")]
    assert not list((tmp_path / "edition").rglob("mine*"))

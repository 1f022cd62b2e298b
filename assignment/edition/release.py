"""`python -m assignment release DIR`: the suite for students, in a folder without answers.

What an edition has in place of the solutions are the stubs, and what the reference returned for
each case, as plain arrays. So every check says there what it says here. Left out are, besides the
solutions: wrong ones, all tests, lines of derivations that tell an answer, and what lessons fold
away but for the answers to their own questions. Hints are meant for students and stay.
"""

import ast
import re
import shutil
import tempfile
from pathlib import Path

import nbformat
import numpy as np

from assignment.checking.exercises import ALL, COURSE
from assignment.checking.stubs import ASSIGNMENT, STORED, write_stubs
from assignment.derivations import DERIVATIONS
from assignment.derivations.algebra import parse
from assignment.derivations.derivation import BLANK
from assignment.notebook.clean import LESSONS, NOTEBOOKS, START, cleaned, read

ROOT = ASSIGNMENT.parent
# What stands in an edition; files of other kinds, or elsewhere, may be anybody's drafts.
KEPT = (
    *("README.md", "LICENSE", "Makefile", "points.toml", "pyproject.toml"),
    *("requirements.txt", "requirements-site.txt", ".gitattributes", ".gitignore"),
    *(".binder/*", ".ci/*", ".devcontainer/*", ".vscode/*"),
    *(".github/*.svg", ".github/overview*.png", ".github/workflows/check.yml", "datasets/*.*"),
    *("assignment/__*__.py", "assignment/*/**/*.py", "assignment/checking/*.*"),
    *("assignment/site/**/*.*", "assignment/tab/*.*"),
)
LEFT_OUT = ("solutions", "edition", "grading", "bench", "further/best_net.py", "checking/stored")
# In texts and code: what only the full suite has, and what an edition has in its place.
ONLY_FULL = re.compile(
    r"^ *(?:#|<!--) full suite\b.*?^ *(?:#|<!--) end of full suite\b[^\n]*\n", re.M | re.S
)
ONLY_HERE = re.compile(r"^# edition: ([^\n]*)|^<!-- edition: (.*?) -->", re.M | re.S)
TARGET = re.compile(r"^([a-z-]+):.*  ## ", re.M)
FOLD = re.compile(r"<details><summary>(?!Answer<)(.*?)</summary>.*?</details>", re.S)


def release(folder):
    """Write an edition without answers into a folder, whole or not at all.

    Parameters
    ----------
    folder : Path of a folder that is empty, or not there yet

    Raises
    ------
    ValueError : something is there already
    """
    folder = folder.resolve()
    if folder.is_file() or folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: name a new folder for the edition.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=folder.parent) as partial:
        place = Path(partial, folder.name)
        write(place)
        if folder.is_dir():
            folder.rmdir()
        place.replace(folder)
    print(f"{folder} is an edition without answers: try it, then `git init` it.")


def write(place):
    """Write all files of an edition into a folder that is not there yet."""
    for pattern in KEPT:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and not _is_left_out(path):
                _copy(path, place / path.relative_to(ROOT))
    for name in (*LESSONS, START):
        path = place / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_lesson(name))
    _edit(place / "README.md", _readme(place / "Makefile"))
    _edit(place / "Makefile", _phony)
    for path in (place / "assignment" / "derivations").glob("*.py"):
        _edit(path, _without_answers)
    write_stubs(place / "assignment")
    store(place / "assignment" / "checking" / STORED.name)


def store(folder):
    """Write what the checks of an edition go by: the stubs, and the reference's arrays.

    There is a file for each exercise, NAME.npz, with arrays called "number of the case/name".
    """
    folder.mkdir()
    head = '"""What the checks go by: stubs, and what the reference returned for each case."""\n'
    (folder / "__init__.py").write_text(head)
    write_stubs(folder)
    for exercise in ALL + COURSE:
        arrays = {
            f"{number}/{name}": array
            for number, case in enumerate(exercise.cases())
            for name, array in exercise.reference(case).items()
        }
        np.savez_compressed(folder / f"{exercise.name}.npz", **arrays)


def _is_left_out(path):
    """Whether a file is of the full suite alone, or none of the suite's."""
    inside = path.relative_to(ROOT)
    return "__pycache__" in inside.parts or any(
        path.is_relative_to(ASSIGNMENT / name) for name in LEFT_OUT
    )


def _copy(path, to):
    """Copy a file; of a text what an edition has of it."""
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, to)  # with its permissions
    if path.suffix != ".png":
        _edit(to, lambda text: ONLY_HERE.sub(r"\1\2", ONLY_FULL.sub("", text)))


def _edit(path, edited):
    text = path.read_text(encoding="utf-8")
    path.write_text(edited(text), encoding="utf-8", newline="\n")


def _readme(makefile):
    """A function that leaves out the rows of targets of what is not there."""
    targets = TARGET.findall(makefile.read_text(encoding="utf-8"))

    def has(line):
        return all(name in targets for name in re.findall(r"`make ([a-z-]+)", line))

    def edited(text):
        lines = text.replace("python -m assignment with assignment/solutions ", "").splitlines(True)
        kept = "".join(line for line in lines if not line.startswith("|") or has(line))
        return re.sub(r"\n{3,}", "\n\n", kept)

    return edited


def _phony(text):
    """The Makefile, whose list of targets names those that are there."""
    there = " ".join(TARGET.findall(text))
    return re.sub(r"(?m)(?<=^\.PHONY: ).*", there, text)


def _lesson(name):
    """The bytes of a lesson, without what it folds away of its exercises."""
    notebook = read(cleaned((NOTEBOOKS / f"{name}.ipynb").read_bytes(), name), name)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = FOLD.sub(r"(\1: not in this edition.)", cell.source)
    return (nbformat.writes(notebook, indent=1) + "\n").encode()


def _without_answers(text):
    """A module of derivations whose lines tell no answer, as claims or as first written down."""
    lines = [(d, line) for d in DERIVATIONS.values() for line in d.lines if line.answer]
    for _, line in lines:
        if line.original:
            text = text.replace(f'r"{line.original}"', 'r""')
    claims = {line.claim: _open(derivation, line) for derivation, line in lines}
    told = [n for n in ast.walk(ast.parse(text)) if getattr(n, "value", None) in claims]
    for source, claim in [(ast.get_source_segment(text, node), node.value) for node in told]:
        text = text.replace(source, f'"{claims[claim]}"')
    return text


def _open(derivation, line):
    """The claim of a line with blanks for its right sides, beside the differentials they have."""
    equations = []
    for left, *_, wanted in parse(line.claim):
        name = left.id if isinstance(left, ast.Name) else BLANK  # a longer one may tell an answer
        needed = sorted(derivation.differentials(ast.unparse(wanted)))
        equations.append(f"{name} == {' @ '.join([BLANK, *needed])}")
    return "; ".join(equations)

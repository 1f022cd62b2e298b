"""A stub is its solution with every solution region taken out: one source for each pair."""

import ast
import contextlib
import difflib
import os
import re
import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path

from assignment import FILES
from assignment.given.files import alone, write

ASSIGNMENT = Path(__file__).resolve().parents[1]
# An edition without answers has the stubs in this place, and what the reference returned.
STORED = ASSIGNMENT / "checking" / "stored"
HAS_ANSWERS = not STORED.is_dir()
SOLUTIONS = ASSIGNMENT / "solutions" if HAS_ANSWERS else STORED
LOCK = ".stubs.lock"  # of a folder whose files are being replaced


def solution_of(file):
    """The Path of the solution of a known file; those of the course's later years lie deeper."""
    return next(SOLUTIONS.rglob(file))


def reference_of(file):
    """The module that is the solution of a known file; in an edition without answers, its stub."""
    place = solution_of(file).relative_to(ASSIGNMENT.parent).with_suffix("")
    return import_module(".".join(place.parts))


def own_folder():
    """Where the student's five files are: at the top of assignment/, or what is laid over it."""
    return Path(os.environ.get("ASSIGNMENT_FILES", ASSIGNMENT))


def environment_with(folder):
    """The environment of a process that has the five files of a folder laid over the stubs.

    One thread for each matrix product: parallel runs share the cores, and sums come out in the
    same order on every machine.
    """
    threads = {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    return {**threads, **os.environ, "ASSIGNMENT_FILES": str(folder.resolve())}


REGION = re.compile(
    r"^(?P<indent> *)### BEGIN SOLUTION ?(?P<name>\S*)\n.*?^ *### END SOLUTION\n",
    flags=re.MULTILINE | re.DOTALL,
)


def make_stub(source):
    """The stub of a solution: each region becomes a TODO that raises NotImplementedError.

    The exercise is named after BEGIN SOLUTION, or else it is the function the region stands in.
    A region that fills an `Unsolved` needs no raise: that object raises when it is read.
    """

    tree = ast.parse(source)

    def blank(region):
        before = source[: region.start()].splitlines()
        name = region["name"] or _function_at(tree, len(before) + 1)
        indent = region["indent"]
        if "Unsolved(" in before[-1]:
            return f"{indent}# TODO {name}: your code here\n"
        return (
            f"{indent}# TODO {name}: your code instead of the next line\n"
            f'{indent}raise NotImplementedError("to do: {name}")\n'
        )

    return REGION.sub(blank, source)


@cache
def blanks(file):
    """The name of each blank in one of the five files, and the function that it is a part of."""
    stub = make_stub((SOLUTIONS / file).read_text(encoding="utf-8"))
    tree = ast.parse(stub)
    todos = re.finditer(r"^ *# TODO (\S+):", stub, flags=re.MULTILINE)
    return {t[1]: _function_at(tree, stub.count("\n", 0, t.start()) + 1) for t in todos}


def _function_at(tree, line):
    """Qualified name of the innermost function or method that holds a line."""
    names = []
    body = tree.body
    while inside := [
        node
        for node in body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.lineno < line <= node.end_lineno
    ]:
        names.append(inside[0].name)
        body = inside[0].body
    return ".".join(names)


def todo_line(text, name):
    """The line of the TODO of an exercise in the text of a file, or None where it is solved."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().startswith(f"# TODO {name}:"):
            return number
    return None


def write_stubs(folder=ASSIGNMENT):
    """Write the five stubs into a folder; a file that somebody has edited is kept beside its stub.

    Returns
    -------
    list of (path written, path of the kept copy or None)

    Raises
    ------
    OSError : one cannot be written; what stood there stands there
    """
    written = []
    with alone(folder / LOCK):
        for name in FILES:
            stub = make_stub((SOLUTIONS / name).read_text(encoding="utf-8")).encode()
            path = folder / name
            there = path.read_bytes() if path.exists() else None
            if there == stub:
                continue
            kept = write(path, stub, keep=True)
            # Looked at now: what an editor saved in the meantime is kept too.
            if kept and kept.read_bytes() == _stub_in_git(name):
                kept.unlink()
                kept = None
            written.append((path, kept))
    return written


def _stub_in_git(name):
    """The stub of the solution as it was committed: who has that has edited nothing."""
    show = ["git", "show", f"HEAD:./{name}"]
    with contextlib.suppress(OSError):  # there is no git
        solution = subprocess.run(show, cwd=SOLUTIONS, capture_output=True).stdout
        return make_stub(solution.decode()).encode()


def reset(exercise, folder):
    """Put the blank of one exercise back; the file as it was is kept beside it.

    The blank replaces whatever stands between the nearest lines of the stub, above and below it,
    that are still in the student's file.

    Returns
    -------
    (path of the file, path of the kept copy, or None if the exercise is blank already)
    """
    if exercise.file not in FILES:
        raise ValueError(f"{exercise.name} is of the course's own files: it has no blank here.")
    path = folder / exercise.file
    stub = make_stub((SOLUTIONS / exercise.file).read_text(encoding="utf-8"))
    with alone(folder / LOCK):
        text = _blanked(exercise, stub, path) if path.exists() else stub
        if text is None:
            return path, None
        return path, write(path, text.encode(errors="surrogateescape"), keep=True)


def _blanked(exercise, stub, path):
    """The text of a file with the blank of an exercise; None if it is blank already."""
    yours = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(True)
    stub = stub.splitlines(True)
    start = next(i for i, line in enumerate(stub) if f"# TODO {exercise.name}:" in line)
    end = start + 1 + ("raise NotImplementedError" in stub[start + 1])
    matcher = difflib.SequenceMatcher(None, stub, yours, autojunk=False)
    kept_lines = {
        block.a + i: block.b + i
        for block in matcher.get_matching_blocks()
        for i in range(block.size)
    }
    before = max((i for i in kept_lines if i < start), default=-1)
    after = min((i for i in kept_lines if i >= end), default=len(stub))
    text = "".join(
        yours[: kept_lines.get(before, -1) + 1]
        + stub[before + 1 : after]
        + yours[kept_lines.get(after, len(yours)) :]
    )
    return None if text == "".join(yours) else text

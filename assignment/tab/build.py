"""What the site has for the check in a tab: scripts, and an archive for each of the two workers.

judge.zip is the edition without answers, as far as it judges, and the packages that it needs;
student.zip is what runs student code. Both are the same, byte for byte, whenever they are made of
the same files. pyodide.json says what Pyodide is made of, and where it comes from.
"""

import hashlib
import io
import json
import re
import shutil
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from assignment.checking.exercises import COURSE, EXERCISES
from assignment.checking.see import SHOWN
from assignment.checking.stubs import ASSIGNMENT, HAS_ANSWERS
from assignment.checking.wire import INSIDE, files_given, files_of_calls

HERE = Path(__file__).parent
SCRIPTS = ("python.js", "start.js", "judge.js", "student.js")
MANIFEST = HERE / "pyodide.json"
# Of the suite, what judges; of notebooks, where that stands which a verdict refers to.
JUDGE = (
    *("__init__.py", "[a-z]*.py", "given/*.py", "checking/**/*", "derivations/*.py"),
    *("tab/*.py", "tab/*.html"),
)
WORKER = ("tab/__init__.py", "tab/student.py")
# Packages without compiled parts: fissix reads Python 2, with appdirs; hand-ins show bars.
SHARED = ("fissix", "appdirs", "tqdm")
PACKAGES = ("jinja2", "markupsafe", *SHARED)
PLACE = {"markdown": re.compile("^#.*", re.MULTILINE), "code": SHOWN}  # what see.py looks for
DAY = (1980, 1, 1, 0, 0, 0)  # of all files: archives do not know when they were made


def write(folder, pyodide=None):
    """Write all that the check in a tab needs into a folder of the site.

    pyodide : folder with the files of Pyodide, which are copied; by default they are fetched from
        Pyodide's own address when somebody wants a check

    Raises
    ------
    ValueError : one of the files is not what it has to be
    """
    folder.mkdir(parents=True)
    for name in SCRIPTS:
        shutil.copy(HERE / name, folder / name)
    with edition() as suite:
        for name, files in archives(suite).items():
            (folder / name).write_bytes(packed(files))
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    if pyodide is not None:
        copy(manifest, Path(pyodide), folder / "pyodide")
        manifest["url"] = "pyodide/"
    manifest["archives"] = {
        name: {"bytes": (folder / name).stat().st_size} for name in ("judge.zip", "student.zip")
    }
    (folder / MANIFEST.name).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def copy(manifest, source, folder):
    """Copy the files of Pyodide, each of which must have its SHA-256."""
    folder.mkdir()
    for name, known in manifest["files"].items():
        path = source / name
        if not path.is_file():
            raise ValueError(f"{source} has no {name}: it needs the files of {MANIFEST.name}.")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != known["sha256"]:
            version = manifest["version"]
            raise ValueError(f"{path} is not the one of Pyodide {version}: fetch it anew.")
        (folder / name).write_bytes(data)


@contextmanager
def edition():
    """The folder of an edition without answers; this one, if it has none itself."""
    if not HAS_ANSWERS:
        yield ASSIGNMENT.parent
        return
    from assignment.edition.release import write as write_edition

    with tempfile.TemporaryDirectory() as folder:
        write_edition(Path(folder, "edition"))
        yield Path(folder, "edition")


def archives(suite):
    """(place, bytes) of all files in each of the archives, by its name.

    suite : Path of an edition without answers
    """
    places = {path for pattern in JUDGE for path in (suite / "assignment").glob(pattern)}
    judge = {_below(path, suite): path.read_bytes() for path in places if path.is_file()}
    judge["points.toml"] = (suite / "points.toml").read_bytes()
    for path in (suite / "notebooks").rglob("*.ipynb"):
        judge[_below(path, suite)] = _places_in(path)
    calls = files_of_calls(EXERCISES)  # those of a course's own exercises, too
    given = files_given(EXERCISES + COURSE)  # who checks at home may look at them
    student = {f"assignment/{name}" for name in (*INSIDE, *calls, *given, *WORKER)}
    return {
        "judge.zip": judge | _packages(PACKAGES),
        "student.zip": {name: (suite / name).read_bytes() for name in student} | _packages(SHARED),
    }


def _below(path, folder):
    return path.relative_to(folder).as_posix()


def _places_in(path):
    """A notebook of which only headings, and what shows lines of derivations, are left."""
    told = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        kind = cell["cell_type"]
        kept = PLACE[kind].finditer("".join(cell["source"])) if kind in PLACE else ()
        if source := "\n".join(found[0] for found in kept):
            told.append({"cell_type": kind, "source": source})
    return json.dumps({"cells": told}).encode()


def _packages(names):
    """The Python files of installed packages, and their licences."""
    found = {}
    for name in names:
        place = Path(find_spec(name).origin)
        home = place.parent if place.stem == "__init__" else None
        for path in sorted(home.rglob("*")) if home else [place]:
            if path.suffix in (".py", ".txt") and not {"__pycache__", "tests"} & {*path.parts}:
                found[_below(path, home.parent if home else place.parent)] = path.read_bytes()
        for path in place.parents[1 if home else 0].glob(f"{name}-*/**/*"):
            if path.is_file() and re.match("licen[cs]e|copying", path.name, re.IGNORECASE):
                found[f"licences/{name}/{path.name}"] = path.read_bytes()
    return found


def packed(files):
    """The bytes of an archive, which depend on nothing but the files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, DAY), data, zipfile.ZIP_DEFLATED, 9)
    return target.getvalue()


if __name__ == "__main__":
    write(Path(sys.argv[1]), *sys.argv[2:])

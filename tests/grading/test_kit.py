"""The autograder does what Gradescope asks of it, and workflows say commands that there are."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from assignment.__main__ import PARSER
from assignment.checking.stubs import SOLUTIONS
from assignment.grading.classroom50 import requirements
from assignment.grading.kit import NEEDED, autograder
from assignment.grading.sandbox import NoSandbox, Sandbox
from conftest import ROOT, unmarked


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """/autograder, as Gradescope sets it up from the zip."""
    place = tmp_path_factory.mktemp("autograder")
    autograder(place / "kit.zip")
    with zipfile.ZipFile(place / "kit.zip") as kit:
        kit.extractall(place / "source")
        modes = {one.filename: one.external_attr >> 16 for one in kit.infolist()}
    for script in ("setup.sh", "run_autograder"):
        assert modes[script] & 0o111
        os.chmod(place / "source" / script, modes[script])
    shutil.copy(place / "source" / "run_autograder", place / "run_autograder")
    return place


def run(place, **files):
    """Its results, or None, for a hand-in of these files."""
    for name in ("submission", "results"):
        shutil.rmtree(place / name, ignore_errors=True)
        (place / name).mkdir()
    for stem, text in files.items():
        (place / "submission" / f"{stem}.py").write_text(text)
    environment = {**os.environ, "AUTOGRADER": str(place), "PYTHON": sys.executable}
    done = subprocess.run([place / "run_autograder"], cwd=place, env=environment, timeout=120)
    results = place / "results" / "results.json"
    return done.returncode, json.loads(results.read_bytes()) if results.exists() else None


def test_gradescope_gets_results(unpacked):
    script = (unpacked / "run_autograder").read_text()
    try:
        with Sandbox():
            pass
    except NoSandbox:  # then none of its images would have one
        (unpacked / "run_autograder").write_text(script.replace("TRUST=\n", "TRUST=--trust\n"))
    softmax = unmarked((SOLUTIONS / "softmax.py").read_text(encoding="utf-8"))
    code, results = run(unpacked, softmax=softmax)
    assert code == 0 and results["score"] == 16
    assert {test["name"] for test in results["tests"] if test["status"] == "passed"} == {
        *("softmax_loss_naive", "softmax_loss_vectorized")
    }


def test_where_grading_fails_there_are_no_results(unpacked):
    script = unpacked / "run_autograder"
    script.write_text(script.read_text().replace("--format gradescope", "--format nonsense"))
    assert run(unpacked)[0] != 0 and run(unpacked)[1] is None


def test_the_kit_holds_no_work_of_anybody(unpacked):
    names = [path.relative_to(unpacked / "source").as_posix() for path in unpacked.rglob("*.py")]
    assert "assignment/solutions/softmax.py" in names
    assert not [name for name in names if "kept" in name or "results" in name]


IMPORTED = """
import sys
from joblib import Parallel
from assignment.grading import grade, pages
pages._template("summary.html")
for name, module in sys.modules.items():
    if "site-packages" in (getattr(module, "__file__", None) or "") and "." not in name:
        print(name)
"""


def test_grading_takes_no_other_packages():
    """What a grader has imported that is not Python's is in the kit's lock."""
    environment, command = {**os.environ, "PYTHONPATH": str(ROOT)}, [sys.executable, "-c", IMPORTED]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    imported = {name for name in told.stdout.split() if not name.startswith("_")}
    assert "numpy" in imported and imported <= {*NEEDED}, imported - {*NEEDED}
    assert {line.partition("==")[0] for line in requirements(ROOT, NEEDED)} == {*NEEDED}


@pytest.mark.parametrize(
    "file", [".github/workflows/grade.yml", "assignment/grading/gradescope/run_autograder"]
)
def test_commands_are_those_there_are(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    commands = re.findall(r"-m assignment (grade .*?)(?: \|\| .*)?$", text, re.MULTILINE)
    assert commands
    for line in commands:
        words = [word.strip('"') for word in line.split() if not word.startswith("$TRUST")]
        assert PARSER.parse_args(words).command == "grade"


def test_the_workflow_is_one():
    import yaml

    workflow = yaml.safe_load((ROOT / ".github/workflows/grade.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["grade"]["steps"]
    assert all(("run" in step) != ("uses" in step) for step in steps)
    assert [*workflow[True]] == ["workflow_dispatch"]  # YAML takes "on" for true
    asked = set(re.findall(r"inputs\.(\w+)", str(workflow)))
    assert asked == set(workflow[True]["workflow_dispatch"]["inputs"])

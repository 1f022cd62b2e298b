#!/usr/bin/env python3
"""An autograder.py for Classroom 50 (contract of 2026-08): result.json from `check --json`.

It goes to CLASSROOM/autograders/ASSIGNMENT/autograder.py, and an edition without answers (make
release) beside it, as `suite`. It runs in the student's own repository, which a student may change:
what it says is for the student, and `grade` is for the grade.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

SUITE = Path(os.environ.get("CLASSROOM50_BUNDLE_DIR", Path(__file__).parent)) / "suite"
# Of the locked packages, what checks take.
NEEDED = ("numpy", "scipy", "tqdm", "fissix", "appdirs", "jinja2", "markupsafe", "joblib")


def main():
    """Check the working folder, and write result.json there."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", *requirements(SUITE)]
    subprocess.run(install, check=True)
    command = [sys.executable, "-m", "assignment", "check", "--json", "--submission", os.getcwd()]
    environment = {**os.environ, "PYTHONPATH": str(SUITE)}
    said = subprocess.run(command, cwd=SUITE, env=environment, stdout=subprocess.PIPE, check=True)
    Path("result.json").write_text(json.dumps(result(json.loads(said.stdout), os.environ)))


def requirements(suite, needed=NEEDED):
    """The lines of the lock of a suite that are of these packages."""
    lines = (suite / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.partition("==")[0] in needed]


def result(checked, told):
    """What the runner takes: classroom50/result/v1, whose points are integers.

    checked : dict, of check --json
    told : dict, the environment, in which the runner says what it wants to hear again
    """
    tests = [
        {
            "test-name": one["name"],
            "passed": bool(one["points"]),
            "score": round(one["points"]),
            "max-score": round(one["of"]),
            "output": one["message"],
        }
        for one in checked["exercises"]
        if one["of"]
    ]
    return {
        "schema": "classroom50/result/v1",
        "classroom": told["CLASSROOM"],
        "assignment": told["ASSIGNMENT"],
        "assignment_type": told.get("ASSIGNMENT_TYPE") or "individual",
        "owner": told.get("OWNER") or told["USERNAME"],
        "submission": told["SUBMISSION_TAG"],
        "commit": told["COMMIT_URL"],
        "release": told["RELEASE_URL"],
        "review": told.get("REVIEW_URL") or told["COMMIT_URL"],
        "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


if __name__ == "__main__":
    main()

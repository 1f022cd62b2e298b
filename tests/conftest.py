"""Where randomness, the shipped images and other versions of the five files come from."""

import os

# Two tests at a time leave one core to each: BLAS threads on top of that only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from assignment import FILES
from assignment.__main__ import main
from assignment.checking import judge
from assignment.checking.diagnosis import NONE
from assignment.checking.exercise import Exercise
from assignment.checking.stubs import SOLUTIONS, make_stub
from assignment.given.cifar10 import load_cifar10

ROOT = Path(__file__).resolve().parents[1]

# Where a shell runs the tests in the background, nobody would hear of Ctrl-C.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Pythons whose kernels run notebooks: this one, and two that `make check-colab` sets up in .venv.
KERNELS = {
    "here": Path(sys.executable),
    "colab": Path(sys.prefix, "colab", "bin", "python"),  # IPython 7
    "ipython8": Path(sys.prefix, "ipython8", "bin", "python"),
}


@pytest.fixture
def rng():
    """The one source of random numbers of a test."""
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _seeded():
    """CS231n's train() draws from NumPy's global generator: each test starts it anew."""
    np.random.seed(0)


# Lines of student code that say so once, and sleep for half a second, but not in one go.
AT_WORK = """
import sys, time
if not hasattr(sys, "slept"):
    __import__("ctypes").CDLL(None).prctl(15, b"at-work", 0, 0, 0)
    sys.slept = [time.sleep(0.1) for _ in range(5)]
"""


@pytest.fixture
def stopping():
    """A function that stops, once, the process that is AT_WORK, or others by that; and goes on."""

    def at_work():
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.name() == "at-work":
                    return process

    def stop(seconds, others):
        while not (worker := at_work()):
            time.sleep(0.01)
        stopped = others(worker)
        for process in stopped:
            process.suspend()
        time.sleep(seconds)
        for process in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):  # nobody waited for it
                process.resume()

    def begin(seconds, others=lambda worker: [worker]):
        threads.append(threading.Thread(target=stop, args=(seconds, others)))
        threads[-1].start()

    threads = []
    yield begin
    for thread in threads:
        thread.join()


@pytest.fixture(scope="session")
def shipped():
    """The 5,000 training and the first 500 test images that ship, in CS231n's order."""
    return load_cifar10(num_val=0, num_test=500)


def pooled(images, k):
    """Images with a k-th of the pixels a side, the means of k x k: photographs for little time."""
    side = 32 // k
    squares = images.reshape(len(images), side, k, side, k, 3)
    return squares.mean(axis=(2, 4)).reshape(len(images), -1)


@pytest.fixture
def run_assignment():
    """A function that runs `python -m assignment ...`, with a folder's files over the stubs."""

    def run(*arguments, files=None):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        environment.pop("CI", None)  # under CI pytest prints otherwise
        environment.pop("ASSIGNMENT_FILES", None)
        if files is not None:
            environment["ASSIGNMENT_FILES"] = str(files)
        command = [sys.executable, "-m", "assignment", *map(str, arguments)]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=120
        )

    return run


@pytest.fixture
def command(monkeypatch, capsys):
    """The same in this process, which is all but the start: for what a command says."""

    def run(*arguments, files=None):
        monkeypatch.setattr(sys, "argv", ["assignment", *map(str, arguments)])
        if files is not None:
            monkeypatch.setenv("ASSIGNMENT_FILES", str(files))
        capsys.readouterr()
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code
        return subprocess.CompletedProcess(arguments, int(code or 0), *capsys.readouterr())

    return run


def unmarked(source):
    """A solution without its marks, as a student would have written it; all lines stay in place."""
    return re.sub(r"### (BEGIN|END) SOLUTION.*", "#", source)


@pytest.fixture
def hand_in(tmp_path):
    """A function that makes a hand-in: the solutions, with some files replaced by other sources.

    hand_in(softmax="...") replaces one; None leaves it out; `stubs` are what is not solved.
    """

    def make(folder="hand-in", stubs=False, **sources):
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        for file in FILES:
            source = (SOLUTIONS / file).read_text(encoding="utf-8")
            source = sources.get(Path(file).stem, make_stub(source) if stubs else source)
            if isinstance(source, str):
                source = unmarked(source).encode()
            if source is not None:
                (place / file).write_bytes(source)
        return tmp_path / folder.split("/")[0]

    yield make
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def undiagnosed(monkeypatch):
    """Verdicts without a search for the mistake, which takes longest; it makes nothing right."""
    monkeypatch.setattr(judge, "explained", lambda facts: NONE)


@pytest.fixture
def schema():
    """A function that raises unless data are as `check --json` promises."""
    import jsonschema

    from assignment.checking.faces import SCHEMA

    promised = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(promised)
    return jsonschema.Draft202012Validator(promised).validate


@pytest.fixture(scope="session")
def make_record():
    """A function that makes the record of a hand-in: key, statuses of its first exercises, more.

    What is said of those that are not right is in `verdict`, and of the hand-in in `more`.
    """

    from assignment.checking.exercises import EXERCISES
    from assignment.checking.faces import as_data
    from assignment.checking.judge import Verdict
    from assignment.checking.submission.year import OURS

    def make(key, statuses=(), verdict=(), **more):
        statuses = [*statuses, *["right"] * (len(EXERCISES) - len(statuses))]
        pairs = [
            (
                exercise,
                Verdict(exercise.name, status, **(dict(verdict) if status != "right" else {})),
            )
            for exercise, status in zip(EXERCISES, statuses, strict=True)
        ]
        about = {
            "key": key,
            "student": key,
            "number": "",
            "email": "",
            "system": "",
            "hand_in": f"class/{key}",
        }
        about |= {"year": OURS.name, "files": {}, "left_out": [], "notes": [], "refused": ""}
        about |= {"handed_in": "2026-11-28T12:00:00+00:00", "late_seconds": None, "late": False}
        return about | as_data(pairs, OURS) | {"mark": "", "fingerprints": []} | more

    return make


@pytest.fixture
def indices_of_32_bits(monkeypatch):
    """NumPy as it is where an index has 32 bits: np.bincount takes no labels of 64."""
    bincount = np.bincount

    def refusing(labels, *arguments, **options):
        if np.asarray(labels).dtype == np.int64:
            raise TypeError("Cannot cast array data from int64 to int32 by the rule 'safe'")
        return bincount(labels, *arguments, **options)

    monkeypatch.setattr(np, "intp", np.int32)
    monkeypatch.setattr(np, "bincount", refusing)
    monkeypatch.setattr(Exercise, "cases", Exercise.cases.__wrapped__)  # the labels are made anew

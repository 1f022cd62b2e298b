"""The sandbox: what it shows, what it takes in, and that its verdicts are those of a check."""

import contextlib
import io
import itertools
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import psutil
import pytest

from assignment.checking import faces
from assignment.checking.answering import answer, laid, unlaid
from assignment.checking.exercises import COURSE, EXERCISES, find
from assignment.checking.faces import Work
from assignment.checking.judge import judge
from assignment.checking.nursery import SUITE
from assignment.checking.stubs import SOLUTIONS, solution_of
from assignment.checking.submission.reference import has_marks
from assignment.checking.submission.unpack import NoHandIn
from assignment.checking.wire import files_given
from assignment.grading import reading
from assignment.grading import sandbox as sandboxes
from assignment.grading.sandbox import INSIDE, NoSandbox, Sandbox, copied
from conftest import AT_WORK, ROOT, unmarked
from hostile import RIGHT
from mutants import WRONG, spoilt, verdict_on


@pytest.fixture(scope="module")
def sandbox():
    try:
        with Sandbox(seed="tests") as made:
            yield made
    except NoSandbox as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def drawn_anew():
    sandboxes._draw_from("once")
    yield
    sandboxes._draw_from(None)


def losses(verdicts):
    """The statuses of the two softmax losses."""
    return [v.status for v in verdicts if v.name.startswith("softmax_loss_")]


# What it takes.


def test_without_bubblewrap_it_says_how_to_go_on(monkeypatch):
    monkeypatch.setattr(sandboxes.shutil, "which", lambda name: None)
    with pytest.raises(NoSandbox, match="no bubblewrap here.* With --trust"):
        Sandbox()


def test_a_bubblewrap_that_fails_is_told(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'No permissions to create a namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(NoSandbox, match="No permissions.* --trust"):
        Sandbox()


@pytest.mark.parametrize(("python", "own"), [("/usr", "/tmp"), ("/tmp/suite/.venv", "/own")])
def test_what_a_student_may_write_to_does_not_hide_python(python, own, monkeypatch):
    monkeypatch.setattr(sandboxes, "_folders_of_python", lambda: [Path(python)])
    assert sandboxes._own_folder() == own


def test_a_hand_in_is_right_whatever_its_own_folder_is_called(sandbox, monkeypatch, tmp_path):
    (tmp_path / "softmax.py").write_text(RIGHT)
    monkeypatch.setattr(sandboxes, "_own_folder", lambda: "/own")
    monkeypatch.setattr(sandbox, "_zygote", sandboxes._Zygote())
    try:
        assert losses(sandbox.verdicts(tmp_path)[1]) == ["right"] * 2
    finally:
        sandbox._zygote.end()


def test_python_may_be_called_by_a_path_that_goes_up(sandbox, monkeypatch, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "softmax.py").write_text(RIGHT)
    up = os.path.relpath(Path(sys.executable).parent, tmp_path / "here")
    monkeypatch.setattr(sys, "executable", f"{tmp_path}/here/{up}/{Path(sys.executable).name}")
    monkeypatch.setattr(sandbox, "_zygote", sandboxes._Zygote())
    try:
        assert losses(sandbox.verdicts(tmp_path / "softmax.py")[1]) == ["right"] * 2
    finally:
        sandbox._zygote.end()


def test_with_trust_the_first_line_says_that_there_is_no_protection(tmp_path):
    with Sandbox(trust=True, seed=1) as made:
        assert made.protection.startswith("No protection")
        (tmp_path / "softmax.py").write_text(RIGHT)
        looked, verdicts = made.verdicts(tmp_path)
    assert losses(verdicts) == ["right", "right"] and looked.files["softmax.py"] == "softmax.py"


def test_what_runs_student_code_is_shown_no_answers():
    told = ("solutions", "mistakes", "terms", "diagnosis", "exercises", "judge", "tests")
    assert not [file for file in INSIDE if any(name in file for name in told)]
    assert all((SUITE / file).is_file() for file in INSIDE)
    assert not [file for file in INSIDE if has_marks((SUITE / file).read_text(encoding="utf-8"))]


TELLING = """
import sys

def told(*arguments, **options):
    raise ValueError([n for n in sys.modules if n.endswith(".given") and ".checking." in n])

"""


def telling(file):
    """A file all of whose functions, here classes, tell what they find in place of others."""
    owners = {}
    for owner, *method in (e.called.split(".") for e in EXERCISES + COURSE if e.file == file):
        owners.setdefault(owner, ["__init__"]).extend(method)
    return TELLING + "".join(f"class {o}:\n    {' = '.join(owners[o])} = told\n" for o in owners)


def test_what_is_right_of_another_exercise_is_there_for_the_one_that_is_given_it(sandbox, tmp_path):
    exercises = EXERCISES + COURSE
    for file in {exercise.file for exercise in exercises}:
        (tmp_path / file).write_text(telling(file))
    with Work(tmp_path) as work, sandbox._running(work) as run_all:
        files = {one.path.name: one.path for one in work.hand_in.found}
        answers = run_all((exercise, files) for exercise in exercises)
        found = {e.name: its.cases[0].message for e, its in zip(exercises, answers, strict=True)}
    given = {e.name: [e.calls.given] if e.calls.given else [] for e in exercises}
    assert found == {name: f"ValueError: {modules}" for name, modules in given.items()}
    assert sum(map(bool, given.values())) == 8
    assert not files_given(exercises) & {*INSIDE}


# Verdicts.


def test_they_are_those_of_a_check(sandbox, tmp_path, monkeypatch):
    """Of what is wrong, in a folder, an archive and a notebook, on fresh inputs too."""
    monkeypatch.setattr(sandbox, "jobs", 3)
    wrong = unmarked(spoilt("softmax_loss_naive", "2 * reg * W", "reg * W"))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "softmax.py").write_text(wrong)
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("work/softmax.py", wrong)
        archive.writestr("work/linear_svm.py", "def svm_loss_naive(W, X, y, reg):\n    return W\n")
    notebook = nbformat.v4.new_notebook()
    cells = ["import numpy as np", RIGHT, "%%writefile softmax.py\n" + RIGHT]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    for path in (folder, tmp_path / "packed.zip", tmp_path / "mine.ipynb"):
        looked, verdicts = sandbox.verdicts(path)
        with Work(path) as work:
            assert verdicts == list(work.examine_all())
            assert looked.files == {name: work.shown(name) for name in work.files}


def test_the_same_seed_gives_the_same_inputs_and_another_one_others():
    exercise, inputs = find("softmax_loss_naive"), {}
    for seed in ("a", "b", "a", None):
        sandboxes._draw_from(seed)
        case = exercise.cases()[0].arguments
        assert inputs.setdefault(seed, case["X"].tobytes()) == case["X"].tobytes()
    assert len(set(inputs.values())) == 3


def test_no_exercise_has_the_inputs_of_another_run():
    of_runs = []
    for seed in ("a", "b", None):
        sandboxes._draw_from(seed)
        every = [(exercise.name, exercise.cases()) for exercise in EXERCISES + COURSE]
        of_runs.append({name: pickle.dumps([c.arguments for c in some]) for name, some in every})
    for one, other in itertools.combinations(of_runs, 2):
        assert [name for name in one if one[name] == other[name]] == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", EXERCISES + COURSE, ids=lambda exercise: exercise.name)
def test_on_fresh_inputs_right_is_right_and_wrong_is_not(exercise, drawn_anew, undiagnosed):
    files = {file: solution_of(file) for file in (exercise.file, "linear_classifier.py")}
    found = judge(exercise, answer(exercise, files))
    assert found.status == "right" and not found.remarks, found
    old, new, _ = next(iter(WRONG[exercise.name].values()))
    assert verdict_on(exercise.name, spoilt(exercise.name, old, new)).status != "right"


@pytest.mark.parametrize(
    "seed, name, mistake",
    [
        ("20", "nca_loss", "an example picks itself"),  # the gradient is 0 but for round-off
        ("24", "LinearClassifier.predict", "ReLU on the scores"),  # class 0 had been the largest
    ],
)
def test_whatever_is_drawn_a_mistake_is_named(seed, name, mistake, drawn_anew):
    sandboxes._draw_from(seed)
    old, new, diagnosis = WRONG[name][mistake]
    assert verdict_on(name, spoilt(name, old, new)).diagnosis == diagnosis
    sandboxes._draw_from("once")


def test_with_a_secret_some_cases_are_large(drawn_anew):
    for exercise in EXERCISES + COURSE:
        if exercise.name.endswith((".init", "Net.predict", "Net.train")):  # of one size only
            continue
        largest = max(_size(case.arguments) for case in exercise.cases())
        sandboxes._draw_from(None)
        assert largest >= 1.5 * max(_size(case.arguments) for case in exercise.cases())
        sandboxes._draw_from("once")


def _size(value):
    if isinstance(value, dict):
        return max(map(_size, value.values()), default=0)
    return np.size(value)


def test_an_exception_of_the_judge_is_a_verdict(hand_in, monkeypatch):
    monkeypatch.setattr(faces, "judge", lambda *a: 1 / 0)
    with Work(hand_in(stubs=True)) as work:
        (found,) = work.examine_all([find("svm_loss_naive")])
    assert found.status == "crash" and "ZeroDivisionError" in found.message


# What goes in.


def test_arguments_lie_in_memory_as_they_did():
    def compare(one, other):
        if isinstance(one, dict):
            assert list(one) == list(other)
            for name in one:
                compare(one[name], other[name])
        elif isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
            assert (one.dtype, one.strides) == (other.dtype, other.strides)
            assert one.flags.writeable == other.flags.writeable
            assert one.flags.owndata == other.flags.owndata
        else:
            assert one == other

    for exercise in EXERCISES + COURSE:
        for case in exercise.cases():
            compare(case.arguments, unlaid(pickle.loads(pickle.dumps(laid(case.arguments)))))


def test_a_copy_has_regular_files_only(tmp_path):
    folder = tmp_path / "hand-in"
    (folder / "sub" / ".git").mkdir(parents=True)
    (folder / "softmax.py").write_text(RIGHT)
    (folder / "notes.pdf").write_text("much")
    (folder / "sub" / ".git" / "config.py").write_text("x")
    (folder / "linear_svm.py").symlink_to(SOLUTIONS / "linear_svm.py")
    (folder / "sub" / "linked").symlink_to(SOLUTIONS)
    os.mkfifo(folder / "neural_net.py")
    os.utime(folder / "softmax.py", (10**9, 10**9))
    (tmp_path / "to").mkdir()
    copy, notes = copied(folder, tmp_path / "to")
    files = {str(path.relative_to(copy)): path for path in copy.rglob("*") if not path.is_dir()}
    assert set(files) == {"softmax.py", "notes.pdf"}
    assert files["softmax.py"].read_text() == RIGHT and files["notes.pdf"].read_text() == ""
    assert files["softmax.py"].stat().st_mtime == 10**9
    assert [note.split()[0] for note in notes] == ["linear_svm.py", "neural_net.py"]


def test_a_link_and_what_is_too_large_are_no_hand_ins(tmp_path, monkeypatch):
    (tmp_path / "to").mkdir()
    (tmp_path / "link.py").symlink_to(SOLUTIONS / "softmax.py")
    for path in ("link.py", "nothing"):
        with pytest.raises(NoHandIn, match="is not there, or is a link"):
            copied(tmp_path / path, tmp_path / "to")
    (tmp_path / "large.py").write_text("x" * 100)
    monkeypatch.setattr(sandboxes, "MOST_BYTES", 50)
    with pytest.raises(NoHandIn, match="files of the assignment alone"):
        copied(tmp_path / "large.py", tmp_path / "to")


def linked(folder):
    (folder / "softmax.py").symlink_to(SOLUTIONS / "softmax.py")


def piped(folder):
    os.mkfifo(folder / "softmax.py")


def socketed(folder):
    with socket.socket(socket.AF_UNIX) as its, contextlib.chdir(folder):  # a long path has no room
        its.bind("softmax.py")


def nested(folder):
    (folder / "softmax.py").mkdir()


def device(folder):
    (folder / "softmax.py").symlink_to("/dev/zero")


def hard_linked(other):
    """A hard link is the file itself, as is a copy: it counts by what it says."""

    def make(folder):
        try:
            os.link(other, folder / "softmax.py")
        except OSError:  # on another disk
            shutil.copyfile(other, folder / "softmax.py")

    return make


def linked_folder(folder):
    (folder / "classifiers").symlink_to(SOLUTIONS)


def zipped(*entries):
    def make(folder):
        with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
            for name, text in entries:
                archive.writestr(name, text)

    return make


def tarred(**more):
    def make(folder):
        with tarfile.open(folder / "packed.tar.gz", "w:gz") as archive:
            entry = tarfile.TarInfo("softmax.py")
            vars_of = {"size": 0, **more}
            for name, value in vars_of.items():
                setattr(entry, name, value)
            archive.addfile(entry, io.BytesIO(b""))

    return make


def enormous(folder):
    """A file of 2 GB by its header alone."""
    entry = tarfile.TarInfo("softmax.py")
    entry.size = 2**31
    (folder / "packed.tar").write_bytes(entry.tobuf() + bytes(10240))


@pytest.mark.parametrize(
    "make, status",
    [
        (linked, "missing"),
        (piped, "missing"),
        (socketed, "missing"),
        (hard_linked(SOLUTIONS / "softmax.py"), "refused"),
        (nested, "missing"),
        (device, "missing"),
        (linked_folder, "missing"),
        (zipped(("../softmax.py", RIGHT)), "missing"),
        (zipped(("/tmp/softmax.py", RIGHT)), "missing"),
        (zipped(("softmax.py", "wrong ("), ("a/../softmax.py", RIGHT)), "missing"),
        (tarred(type=tarfile.SYMTYPE, linkname=str(SOLUTIONS / "softmax.py")), "missing"),
        (tarred(type=tarfile.LNKTYPE, linkname="/etc/passwd"), "missing"),
        (tarred(type=tarfile.CHRTYPE, devmajor=1, devminor=5), "missing"),
        (enormous, "missing"),
    ],
)
def test_what_is_no_file_of_its_own_counts_for_nothing(make, status, sandbox, tmp_path):
    folder = tmp_path / "hand-in"
    folder.mkdir()
    make(folder)
    before = sorted(map(str, tmp_path.rglob("*")))
    _, verdicts = sandbox.verdicts(folder)
    assert losses(verdicts) == [status, status]
    assert sorted(map(str, tmp_path.rglob("*"))) == before


def without_a_date(folder):
    """As some programs pack."""
    zipped(("softmax.py", RIGHT))(folder)
    data = bytearray((folder / "packed.zip").read_bytes())
    entry = data.index(b"PK\1\2")
    data[entry + 12 : entry + 16] = bytes(4)
    (folder / "packed.zip").write_bytes(data)


def after_all_dates(folder):
    with tarfile.open(folder / "packed.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("softmax.py")
        entry.size, entry.pax_headers = len(RIGHT), {"mtime": "1e300"}
        archive.addfile(entry, io.BytesIO(RIGHT.encode()))


def beside(*files):
    def make(folder):
        for name, text in (("softmax.py", RIGHT), *files):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)

    return make


def beside_much(folder):
    beside()(folder)
    with open(folder / "log.txt", "wb") as file:
        file.truncate(2**40)


def beside_depths(folder):
    """Folders in folders, whose names together are longer than a path may be."""
    beside()(folder)
    place = os.open(folder, os.O_RDONLY)
    for _ in range(60):
        os.mkdir("d" * 100, dir_fd=place)
        deeper = os.open("d" * 100, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = deeper
    os.close(place)


ENDS = "gone = __import__('os')._exit(0)\n"


def twice(folder):
    """Two names of one file, in the folder and packed."""
    beside()(folder)
    os.link(folder / "softmax.py", folder / "linear_svm.py")
    with tarfile.open(folder / "packed.tar", "w") as archive:
        for name in ("softmax.py", "linear_svm.py"):
            archive.add(folder / name, name)


CARELESS = {
    "two names of one file": twice,
    "packed without a date": without_a_date,
    "packed after all dates": after_all_dates,
    "beside a name of no encoding of text": beside(("linear_svm.py", "# coding: zlib\nx = 1\n")),
    "beside modules of known names": beside(("numpy.py", ENDS), ("sitecustomize.py", ENDS)),
    "beside a package": beside(("json/__init__.py", ENDS), ("x.pth", "import os; os._exit(0)")),
    "beside much": beside_much,
    "beside depths": beside_depths,
}


@pytest.mark.parametrize("kind", CARELESS)
def test_what_is_careless_costs_nothing_else(kind, sandbox, tmp_path):
    """Neither here nor in a check."""
    folder = tmp_path / "hand-in"
    folder.mkdir()
    CARELESS[kind](folder)
    try:
        assert losses(sandbox.verdicts(folder)[1]) == ["right", "right"]
        with Work(folder) as work:
            assert work.examine(find("softmax_loss_naive")).status == "right"
    finally:
        shutil.rmtree(folder)


def test_what_is_no_hand_in_is_told_in_a_sentence(sandbox, tmp_path):
    looked, verdicts = sandbox.verdicts(tmp_path / "nobody")
    assert "nobody is not there" in looked.refused
    assert {v.status for v in verdicts} == {"missing"} and verdicts[0].message == looked.refused


PLANTED = """
import os, signal, sys, time
from assignment.checking.submission import read
from assignment.grading import reading
parsed, reading.READING = read._parsed, 1.0

def planted(part):
    while part.file.endswith("linear_svm.py"):
        {}
    return parsed(part)

read._parsed = planted
reading.main()
"""
DEAF = "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF}); time.sleep(60)"


@pytest.fixture
def reads(sandbox, monkeypatch, tmp_path):
    """A function that gives the verdicts of a sandbox whose reader does something at linear_svm."""
    (tmp_path / "softmax.py").write_text(RIGHT)
    (tmp_path / "linear_svm.py").write_text("def svm_loss_naive(W, X, y, reg):\n    return 0")

    def verdicts(what):
        monkeypatch.setattr(reading.Reader, "program", ("-c", PLANTED.format(what)))
        monkeypatch.setattr(sandbox, "_reader", reading.Reader())
        try:
            return sandbox.verdicts(tmp_path)
        finally:
            sandbox._reader.end()

    return verdicts


@pytest.mark.parametrize(
    "what, thread", [("sum(range(1000))", True), ("os._exit(1)", False), (DEAF, True)]
)
def test_a_file_that_is_bad_to_read_costs_no_other_one(what, thread, reads, monkeypatch):
    """In a thread too: no signal is heard there."""
    monkeypatch.setattr(reading, "LONGEST", 3.0)
    with ThreadPoolExecutor(1) as pool:
        _, verdicts = pool.submit(reads, what).result() if thread else reads(what)
    assert losses(verdicts) == ["right", "right"]
    svm = next(v for v in verdicts if v.name == "svm_loss_naive")
    assert svm.status == "wrong"


def test_where_nothing_can_read_that_is_the_machines_fault(sandbox, monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "_reader", reading.Reader())
    monkeypatch.setattr(reading.Reader, "program", ("-c", "raise SystemExit"))
    with pytest.raises(OSError, match="does not start"):
        sandbox.verdicts(tmp_path)


def test_a_hand_in_that_always_ends_what_reads_it_is_told(sandbox, reads, monkeypatch):
    monkeypatch.setattr(reading, "TRIES", 1)
    looked, verdicts = reads("os._exit(1)")
    assert "ends whatever reads it" in looked.refused
    assert {verdict.status for verdict in verdicts} == {"missing"}


def test_names_are_shown_without_escapes(sandbox, tmp_path):
    folder = tmp_path / "hand-in" / "\x1b[2Jwork"
    folder.mkdir(parents=True)
    (folder / "softmax.py").write_text(
        "def softmax_loss_naive(W, X, y, reg):\n    raise ValueError"
    )
    looked, verdicts = sandbox.verdicts(folder.parent)
    assert "work/softmax.py" in looked.files.values() and "\\x1b" not in repr((looked, verdicts))


# What ends.


def test_a_hand_in_goes_on_where_what_read_it_has_ended(sandbox, tmp_path, monkeypatch):
    (tmp_path / "softmax.py").write_text(RIGHT)
    begin = sandboxes._Session._begin

    def ending(self, read):
        begin(self, read)
        if read:
            os.close(self.notice)
            self.notice = os.open(os.devnull, os.O_RDONLY)
            self.channel.shutdown(2)

    monkeypatch.setattr(sandboxes._Session, "_begin", ending)
    assert losses(sandbox.verdicts(tmp_path)[1]) == ["right", "right"]


def test_where_the_process_that_forks_is_killed_another_one_takes_over(sandbox, tmp_path):
    (tmp_path / "softmax.py").write_text(RIGHT)
    process = sandbox.zygote().process
    process.kill()
    process.wait(10)
    assert losses(sandbox.verdicts(tmp_path)[1]) == ["right", "right"]


@pytest.mark.parametrize("who", ["the worker", "all within", "the judge"])
def test_what_was_stopped_from_outside_is_not_called_too_slow(
    who, sandbox, stopping, monkeypatch, tmp_path
):
    first = RIGHT.index("def softmax_loss_naive")
    (tmp_path / "softmax.py").write_text(RIGHT[:first] + AT_WORK + RIGHT[first:])
    monkeypatch.setattr(sandbox, "seconds", 1.0)
    if who == "the worker":
        stopping(2.5)  # longer than anybody waits for it
    elif who == "all within":
        zygote = psutil.Process(sandbox.zygote().process.pid)
        stopping(1.5, lambda worker: zygote.children(recursive=True))
    else:
        clock = (time.monotonic() + (100 if k > 20 else 0) for k in count())
        monkeypatch.setattr(sandboxes, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert losses(sandbox.verdicts(tmp_path)[1]) == ["right", "right"]


def test_what_sleeps_has_had_its_time(sandbox, monkeypatch, tmp_path):
    """And it is said where."""
    lines = RIGHT.splitlines()
    number = lines.index("    N = X.shape[0]") + 1
    lines[number - 1] = "    __import__('time').sleep(60)"
    (tmp_path / "softmax.py").write_text("\n".join(lines))
    monkeypatch.setattr(sandbox, "seconds", 1.0)
    (found,) = (v for v in sandbox.verdicts(tmp_path)[1] if v.name == "softmax_loss_naive")
    told = f"softmax.py, line {number}: It does not end within 1 seconds."
    assert (found.status, found.message) == ("timeout", told)


def test_all_ends_with_the_grader(sandbox):
    code = (
        "import sys, time\nfrom assignment.grading.sandbox import Sandbox\n"
        "made = Sandbox()\nprint(made.zygote().process.pid, flush=True)\ntime.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment
    ) as grader:
        pid = int(grader.stdout.readline())
        its = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        grader.send_signal(signal.SIGKILL)
    assert len(its) >= 2
    assert not psutil.wait_procs(its, timeout=10)[1]

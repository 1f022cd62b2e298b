"""Whatever ends a command is told in a line; what hides a module is named before it does harm."""

import errno
import os
import signal
import subprocess
import sys

import pytest

import assignment
from assignment import __main__ as command
from assignment.given.files import Busy
from conftest import ROOT


def run(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    line = [sys.executable, *arguments]
    return subprocess.run(line, env=environment, **{"capture_output": True, "text": True} | options)


# What it takes.


def test_a_check_imports_nothing_that_takes_long_and_is_not_needed():
    solved = {"ASSIGNMENT_FILES": str(ROOT / "assignment" / "solutions")}
    line = ("-X", "importtime", "-m", "assignment", "check", "softmax_loss_naive")
    ended = run(*line, env=solved)
    imported = {told.rpartition("|")[2].strip() for told in ended.stderr.splitlines()}
    assert ended.returncode == 0 and "assignment.checking.faces" in imported
    others = {"jinja2", "numpy.ma", "matplotlib", "scipy", "html", "importlib.abc"}
    assert not imported & others


@pytest.mark.parametrize("told, threads", [({}, 1), ({"OPENBLAS_NUM_THREADS": "2"}, 2)])
def test_a_command_with_small_arrays_has_one_thread_unless_it_is_told_another_number(told, threads):
    if os.cpu_count() == 1:
        pytest.skip("OpenBLAS has one thread in any case")
    code = (
        "import sys\nfrom threadpoolctl import threadpool_info\nfrom assignment import __main__\n"
        "sys.argv[1:] = ['derivations']\n__main__.main()\n"
        "print([one['num_threads'] for one in threadpool_info()])"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    line = [sys.executable, "-c", code]
    environment |= {"PYTHONPATH": str(ROOT), **told}
    said = subprocess.run(line, env=environment, capture_output=True, text=True).stdout
    assert said.splitlines()[-1] == f"[{threads}]"


# What ends it.


@pytest.fixture
def ends_by(monkeypatch):
    """A function that gives what sys.exit is given when a command ends by an error."""
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr(command, "heard", [])
    monkeypatch.setattr(command.signal, "SIGHUP", None, raising=False)
    monkeypatch.setattr(sys, "argv", ["assignment", "clean"])

    def ends(by):
        def clean():
            if isinstance(by, int):
                try:
                    signal.raise_signal(by)
                except KeyboardInterrupt:  # as import numpy may do
                    raise ImportError("PLEASE READ THIS") from None
            raise by

        monkeypatch.setattr(command, "main", clean)
        return command.guarded()

    yield ends
    for number, handler in before.items():
        signal.signal(number, handler)


ENDS = [
    (
        OSError(errno.ENOSPC, "No space left on device", "softmax.py"),
        "softmax.py: No space left on",
    ),
    (OSError(errno.EROFS, "Read-only file system", "results"), "results: Read-only file system. C"),
    (PermissionError(errno.EACCES, "Permission denied", "x"), "x: Permission denied."),
    (OSError(errno.ENOSPC, "No space left on device"), "No space left on device. Make room"),
    (FileNotFoundError("train_01.png is missing."), "train_01.png is missing."),
    (Busy("Another is at it."), "Another is at it."),
    (ModuleNotFoundError("", name="numpy"), f"{sys.executable} has no numpy: use "),
]


@pytest.mark.parametrize("error, told", ENDS, ids=[told for _, told in ENDS])
def test_an_error_that_is_no_fault_of_ours_is_told_in_a_sentence(error, told, ends_by):
    said = ends_by(error)
    assert said.startswith(told) and said.endswith((".", "up.")) and "\n" not in said


def test_a_fault_of_ours_shows_where_it_is(ends_by):
    with pytest.raises(ZeroDivisionError):
        ends_by(ZeroDivisionError())


def test_a_reader_who_leaves_is_told_nothing(ends_by, capfd):
    assert ends_by(BrokenPipeError()) == 141
    assert capfd.readouterr().err == ""


def test_ctrl_c_is_one_word_whatever_a_library_makes_of_it(ends_by, capfd):
    assert ends_by(signal.SIGINT) == 130
    assert capfd.readouterr().err == "Interrupted.\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a word")
def test_who_is_ended_cleans_up(ends_by):
    with pytest.raises(SystemExit) as ended:
        ends_by(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM


# Where it speaks to.


@pytest.mark.skipif(os.name == "nt", reason="a shell closes them")
@pytest.mark.parametrize(
    "name, closed", [("hint", "<&-"), ("hint", ">&-"), ("hint", "2>&-"), ("check", "<&- >&- 2>&-")]
)
def test_what_is_closed_is_no_error(name, closed):
    line = f'"{sys.executable}" -m assignment {name} nca_loss {closed}'
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
    assert ("nca_loss" in done.stdout) == (closed in ("<&-", "2>&-"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
def test_output_that_cannot_be_written_is_one_sentence():
    with open("/dev/full", "w") as full:
        done = run(
            "-m", "assignment", "hint", "nca_loss",
            cwd=ROOT, capture_output=False, stdout=full, stderr=subprocess.PIPE,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "No space left on device. Make room there, then say it again.\n"


# What hides a module.


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A folder that stands for that of the suite, and another in which Python was started."""
    (tmp_path / "suite").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setattr(assignment, "ROOT", str(tmp_path / "suite"))
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    return tmp_path


@pytest.mark.parametrize("folder", ["suite", "here"])
@pytest.mark.parametrize("name", ["random", "numpy", "tqdm", "statistics"])
def test_a_file_that_hides_a_module_is_named(folder, name, suite):
    (suite / folder / f"{name}.py").touch()
    file = os.path.join(suite, folder, f"{name}.py")
    told = f"{file} hides the module {name}, which is needed: give it another name."
    assert assignment.hiding() == told


# The last two cannot be hidden.
@pytest.mark.parametrize(
    "name", ["mine.py", "test.py", "softmax.py", "random.txt", "random", "sys.py", "os.py"]
)
def test_a_file_that_hides_nothing_is_let_be(name, suite):
    (suite / "suite" / name).touch()
    (suite / "here" / name).touch()
    assert assignment.hiding() is None


def test_a_folder_where_nothing_is_imported_from_may_hold_anything(suite, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path[1:])
    (suite / "here" / "random.py").touch()
    assert assignment.hiding() is None


def test_the_command_says_one_sentence_and_an_import_raises_it(tmp_path):
    (tmp_path / "random.py").touch()
    told = f"{tmp_path / 'random.py'} hides the module random, which is needed: give it another"
    done = run("-m", "assignment", "hint", "nca_loss", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr == f"{told} name.\n"
    done = run("-c", "import assignment", cwd=tmp_path)
    assert done.stderr.splitlines()[-1] == f"ImportError: {told} name."

"""The processes that run student code: what they are given, what they cannot do, how they end."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from assignment.checking import nursery as nurseries
from assignment.checking import run as running
from assignment.checking.answering import LOCAL, answer, copied
from assignment.checking.exercises import EXERCISES, find
from assignment.checking.faces import Work
from assignment.checking.nursery import Delays, nursery
from assignment.checking.printed import KEPT, LINES, WIDTH, Heard, shown, visible
from assignment.checking.run import run, run_all
from assignment.checking.submission.find import find_files
from assignment.checking.submission.load import prepare
from conftest import AT_WORK
from mutants import answered, solution, spoilt

ROOT = Path(nurseries.SUITE).parent
SOFTMAX = find("softmax_loss_naive")
LINUX = pytest.mark.skipif(
    not nurseries.is_possible(), reason="there is a nursery on Linux 5.3 and later only"
)
BOTH = pytest.mark.parametrize(
    "way", [pytest.param("nursery", marks=LINUX), "alone"], indirect=True
)


@pytest.fixture
def way(request, monkeypatch):
    """Children of a nursery, or processes that are started one by one."""
    if request.param == "alone":
        monkeypatch.setattr(nurseries, "is_possible", lambda: False)


@pytest.fixture
def doing(hand_in):
    """A function that gives the files of a hand-in, whose softmax_loss_naive does what it says."""

    def files(*lines):
        first = "".join(f"    {line}\n" for line in ("import os, sys, time", *lines))
        before, begins, after = solution("softmax.py").partition("    N = X.shape[0]\n")
        return find_files(hand_in(softmax=before + first + begins + after))

    return files


def until(happened, seconds=10):
    """Wait until something has happened; whether it has."""
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.01)
    return happened()


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


# What they are given.


@BOTH
def test_what_runs_student_code_has_never_seen_the_answers(way, doing):
    files = doing("print(*(m for m in sys.modules if m.startswith('assignment.')))")
    seen = set(run(SOFTMAX, files).printed[0].split())
    assert "assignment.checking.calls" in seen
    rooms = {name.split(".")[1] for name in seen}
    assert rooms == {"checking", "given"}
    ours = {name.removeprefix("assignment.checking.") for name in seen if "checking." in name}
    ours = {name for name in ours if not name.startswith("submission")}
    rooms = ("knn", "layers", "linear", "net", "training")  # a nursery keeps those it has called
    calls = {name for room in rooms for name in (room, f"{room}.calls")}
    assert ours <= {"answering", "calls", "nursery", "printed", "run", "stubs"} | calls


@LINUX
def test_a_child_of_the_nursery_has_all_of_numpy_that_a_call_needs(hand_in):
    begins = "    N = X.shape[0]\n"
    told = f"    print(*(set(sys.modules) - BEFORE))\n{begins}"
    source = solution("softmax.py").replace(begins, told, 1)
    files = find_files(hand_in(softmax=f"import sys\nBEFORE = set(sys.modules)\n{source}"))
    answers = run(SOFTMAX, files)
    assert not answers.failure and "numpy" not in answers.printed[0]


@BOTH
def test_each_process_has_a_folder_a_group_and_files_of_its_own(way, doing):
    files = doing(
        "print(os.getcwd(), *sorted(os.listdir()), end=' ')",
        "print(os.getpgid(0) == os.getpid(), [sys.stdin.read()])",
        "fds = [os.path.realpath(f'/dev/fd/{n}') for n in os.listdir('/dev/fd')]",
        "ours = (os.getcwd(), '/dev/null', '/proc')",  # and libffi may hold itself open
        "print(*(f for f in fds if not f.startswith(ours) and 'libffi.so' not in f))",
    )
    folders = set()
    for answers in run_all([(SOFTMAX, files)] * 2):
        first, held = answers.printed[0].splitlines()[:2]
        folder, _, rest = first.partition(" ")
        assert rest == "errors log printed True ['']" and held == ""
        folders.add(folder)
    assert len(folders) == 2 and not any(map(os.path.exists, folders))


@LINUX
def test_both_ways_give_the_same_answers(doing, monkeypatch):
    files = doing("W += 1; print('once')")
    one = run(SOFTMAX, files)
    monkeypatch.setattr(nurseries, "is_possible", lambda: False)
    other = run(SOFTMAX, files)
    np.testing.assert_equal(one.cases, other.cases)
    assert one.changed == other.changed and one.printed == other.printed and one.line == other.line


def test_a_copy_of_an_argument_lies_in_memory_as_the_argument_does():
    def compare(one, other):
        if isinstance(one, dict):
            assert list(one) == list(other)
            for name in one:
                compare(one[name], other[name])
            return
        np.testing.assert_array_equal(one, other)
        if isinstance(one, np.ndarray):
            assert not np.shares_memory(one, other)
            assert (one.dtype, one.strides) == (other.dtype, other.strides)
            assert one.flags.writeable == other.flags.writeable

    for exercise in EXERCISES:
        for case in exercise.cases():
            compare(case.arguments, copied(case.arguments))


# What they cannot do.


@LINUX
def test_who_ends_its_parent_ends_no_sibling_and_not_the_nursery(doing):
    before = nursery().process.pid
    files = doing("os.kill(os.getppid(), 9)", "time.sleep(60)")
    vectorized = find("softmax_loss_vectorized")
    naive, sibling = run_all([(SOFTMAX, files), (vectorized, files)])
    assert naive.failure.kind == "crash" and naive.failure.file == "softmax.py"
    assert sibling.failure is None
    assert nursery().process.pid == before
    assert until(lambda: not psutil.Process(before).children(recursive=True))


@LINUX
def test_a_nursery_that_dies_is_no_matter(doing):
    one = nursery()
    one.process.send_signal(signal.SIGSTOP)  # it takes a task, and never does it
    timer = threading.Timer(0.2, one.process.kill)
    timer.start()
    answers = run(SOFTMAX, doing("pass"))
    timer.join()
    assert answers.failure is None and len(answers.cases) == len(SOFTMAX.cases())
    assert nursery().process.pid != one.process.pid


@LINUX
def test_who_is_silent_is_not_said_to_have_ended():
    ours, theirs = os.pipe()
    child = nurseries.Child(ours, limit=0.01)
    os.write(theirs, b"123\n")
    with pytest.raises(nurseries.Lost):
        child.wait()
    os.close(theirs)
    assert child.wait() == "unknown, since it ended its guard"
    os.close(ours)


@LINUX
def test_a_nursery_leaves_no_process_behind(doing):
    run(SOFTMAX, doing("os.system('sleep 60 &')"))
    family = psutil.Process(nursery().process.pid)
    assert until(lambda: not family.children(recursive=True))


# What they know.


@LINUX
def test_what_has_been_saved_counts_at_once(hand_in):
    folder = hand_in()
    assert Work(folder).examine(SOFTMAX).status == "right"
    before, path = nursery().process.pid, folder / "softmax.py"
    changed = path.stat()
    source = path.read_text(encoding="utf-8").replace("dW / N", "dW * N")  # of the same length
    path.write_text(source, encoding="utf-8")
    os.utime(path, ns=(changed.st_atime_ns, changed.st_mtime_ns))
    assert Work(folder).examine(SOFTMAX).status == "wrong"
    assert nursery().process.pid == before


SWAPS = {
    "another text": "pathlib.Path(beside).write_text('def softmax_loss_naive(W, X, y, reg): 1')",
    "nothing": "os.unlink(beside)",
    "a pipe": "os.unlink(beside) or os.mkfifo(beside)",
    "a link without end": "os.unlink(beside) or os.symlink('/dev/zero', beside)",
}


@LINUX
@pytest.mark.parametrize("swap", SWAPS)
def test_a_file_is_opened_once_whatever_becomes_of_it(swap, hand_in):
    """Linear_svm.py changes softmax.py when it is imported."""
    head = "import os, pathlib\nbeside = pathlib.Path(__file__).with_name('softmax.py')\n"
    svm = f"{head}swapped = {SWAPS[swap]}\n" + solution("linear_svm.py")
    both = [find("svm_loss_naive"), find("softmax_loss_naive")]
    with Work(hand_in(linear_svm=svm)) as work:
        assert [found.status for found in work.examine_all(both, seconds=5.0)] == ["right"] * 2
        assert work.place(both[1]).startswith("softmax.py, line")


@LINUX
def test_a_nursery_of_another_version_of_the_suite_is_not_asked(doing, monkeypatch):
    old = nursery()
    monkeypatch.setattr(nurseries, "_version", lambda: "another")
    assert nursery().process.pid != old.process.pid
    assert run(SOFTMAX, doing("pass")).failure is None


def test_to_prepare_a_file_runs_none_of_it(tmp_path):
    path = tmp_path / "softmax.py"
    path.write_text("import scipy.stats as s, matplotlib\nfrom . import x\nopen('x', 'w')\n1 / 0\n")
    assert prepare(path) == {"scipy.stats", "matplotlib"}
    assert [file.name for file in tmp_path.iterdir()] == ["softmax.py"]


# How they end.

NOTE = "open('{}', 'w').write(f'{{os.getpid()}} {{os.getppid()}}.')"


def noted_in(path):
    """The process that has noted itself, and its parent; none until all is written."""
    text = path.read_text() if path.exists() else ""
    return [*map(int, text[:-1].split())] if text.endswith(".") else []


@BOTH
def test_ctrl_c_ends_the_call(way, doing, tmp_path):
    noted = tmp_path / "pid"
    files = doing(NOTE.format(noted), "time.sleep(60)")

    def interrupt():
        until(lambda: noted_in(noted))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(SOFTMAX, files)
    thread.join()
    assert until(lambda: all(map(is_gone, noted_in(noted)[:1])))


def test_ctrl_c_ends_the_command_with_one_word_and_leaves_nothing(doing, tmp_path):
    noted, temporary = tmp_path / "pid", tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    files = doing(NOTE.format(noted), "time.sleep(60)")
    folder = files["softmax.py"].parent
    command = [sys.executable, "-m", "assignment", "check", "--submission", folder, SOFTMAX.name]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE) as process:
        assert until(lambda: noted_in(noted))
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b"Interrupted.\n" and process.wait() == 130
    assert [*temporary.iterdir()] == []
    assert until(lambda: all(map(is_gone, noted_in(noted)[:1])))


@pytest.mark.parametrize("name", ["progress", "derivations"])
def test_a_reader_who_leaves_is_no_error(name):
    command = [sys.executable, "-m", "assignment", name]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait() == 141


@LINUX
def test_all_end_when_the_process_that_checks_is_killed_and_nothing_is_left(doing, tmp_path):
    noted, temporary = tmp_path / "pid", tmp_path / "temporary"
    temporary.mkdir()
    files = doing(NOTE.format(noted), "time.sleep(60)")
    program = (
        "import json, sys; from assignment.checking.run import run, nursery\n"
        "from assignment.checking.exercises import find\n"
        "print(nursery().process.pid, flush=True)\n"
        "run(find('softmax_loss_naive'), json.loads(sys.argv[1]))"
    )
    given = json.dumps({name: str(path) for name, path in files.items()})
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", program, given]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        pid = int(process.stdout.readline())
        assert until(lambda: noted_in(noted))
        process.kill()
    assert until(lambda: all(map(is_gone, (pid, *noted_in(noted)))))
    assert [*temporary.iterdir()] == []


# Time that is over for no fault of theirs.


@LINUX
def test_what_was_stopped_from_outside_is_not_called_too_slow(doing, stopping):
    files = doing(*AT_WORK.strip().splitlines())
    stopping(1.5)
    answers = run(SOFTMAX, files, seconds=1.0)
    assert answers.failure is None and len(answers.cases) == len(SOFTMAX.cases())


@LINUX
@pytest.mark.parametrize(
    "state, passed, worked, children, long",
    [
        ("S", 0.1, 0.0, False, False),  # it sleeps
        ("R", 0.1, 0.1, False, False),  # it works
        ("R", 0.1, 0.03, False, True),  # others have the processor
        ("R", 0.1, 0.03, True, False),  # those whom it has started
        ("D", 0.1, 0.0, True, False),  # it waits for one of them
        ("T", 0.1, 0.0, False, True),  # it is stopped
        ("S", 2.0, 0.0, False, True),  # and so is who looks
        ("Z", 2.0, 0.0, False, True),
    ],
)
def test_who_is_kept_from_work_is_known(state, passed, worked, children, long, monkeypatch):
    looks = ((k * passed, k * worked, state) for k in range(100))
    monkeypatch.setattr(Delays, "_look", lambda self: next(looks))
    monkeypatch.setattr(Delays, "_has_children", lambda self: children)
    delays = Delays(1, seconds=2.0)
    while delays.seen < 1.9:
        delays.look()
    assert delays.are_long == long


@LINUX
def test_who_keeps_itself_from_work_has_no_more_time(doing, monkeypatch):
    begun, begin = [], running._Run._begin
    monkeypatch.setattr(running._Run, "_begin", lambda self, s: begun.append(s) or begin(self, s))
    files = doing(
        "for _ in range(3):",
        "    if os.fork() == 0:",
        "        break",
        "while True:",
        "    pass",
    )
    assert run(SOFTMAX, files, seconds=1.0).failure.kind == "timeout"
    assert begun == [1.0]


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # as if there were no more room
from assignment.__main__ import guarded
sys.exit(guarded())
"""


@pytest.mark.skipif(os.name == "nt", reason="it cannot limit the size of files")
@pytest.mark.parametrize("arguments", [["check", SOFTMAX.name], ["progress"], ["check", "--json"]])
def test_a_full_temporary_folder_is_no_crash_of_a_right_solution(arguments, hand_in, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ASSIGNMENT_FILES": str(hand_in())}
    command = [sys.executable, "-c", FULL, *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "crash" not in done.stdout
    assert done.stderr.endswith("; TMPDIR may name another folder for temporary files.\n")
    assert done.stderr.count("\n") == 1


def test_a_crash_where_there_is_room_is_one(doing):
    assert run(SOFTMAX, doing("os._exit(3)")).failure.kind == "crash"


def test_a_solution_that_fills_the_disk_is_a_crash(doing, monkeypatch):
    files = doing("open('much', 'wb').write(bytes(10**6)); os._exit(3)")
    full = running._needing_room

    def only_while_it_is_there():
        left = [*Path(tempfile.gettempdir()).glob("*/much")]
        if left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return full()

    monkeypatch.setattr(tempfile, "tempdir", str(files["softmax.py"].parent))
    monkeypatch.setattr(running, "_needing_room", only_while_it_is_there)
    assert run(SOFTMAX, files).failure.kind == "crash"


# What is printed.


@BOTH
def test_what_is_printed_comes_back_call_by_call(way, doing):
    answers = run(SOFTMAX, doing("print('to', W.shape, file=sys.stderr)", "print('see')"))
    names = [case.name for case in SOFTMAX.cases()]
    assert len(answers.printed) == len(names)
    assert answers.printed[0] == "to (5, 4)\nsee\n"  # once, however often it is measured
    assert answers.printed[2] == "to (6, 3)\nsee\n"


@BOTH
@pytest.mark.parametrize("end", ["time.sleep(60)", "os._exit(3)"])
def test_what_was_printed_before_an_end_is_known_with_its_call(way, end, doing):
    files = doing("print('before', X.shape)", f"X.shape[0] != 4 or {end}")
    [answers] = run_all([(SOFTMAX, files)], seconds=1.0)
    assert answers.failure.kind == ("timeout" if "sleep" in end else "crash")
    assert answers.printed == ["", "", "before (4, 6)\n"]


def test_a_flood_is_cut_before_it_is_kept(doing):
    files = doing("for _ in range(1000): print('x' * 10**5)")
    printed = answer(SOFTMAX, files).printed
    assert {len(text) for text in printed} == {KEPT}
    heard = Heard()
    heard.write(b"before the first call")
    heard.begin()
    assert heard.calls == [""]


@LINUX
def test_a_file_that_never_ends_is_not_waited_for(doing):
    files = doing(
        "for name in ('log', 'errors', 'printed', 'answers.json'):",
        "    os.path.exists(name) and os.remove(name)",
        "    os.mkfifo(name)",
        "os._exit(3)",
    )
    answers = run(SOFTMAX, files)
    assert "(exit code 3)" in answers.failure.message and answers.printed == []


def test_a_file_that_is_closed_does_not_spoil_a_call(doing):
    assert run(SOFTMAX, doing("os.closerange(3, 50)", "print(1)")).failure is None


@pytest.mark.parametrize(
    "text, is_seen",
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x08b\x00c\x7f\u202ed\u200b", "abcd"),
        ("\tx\xa0é ✓", "    x é ✓"),
        ("\x1bc\x1b", ""),
    ],
)
def test_what_moves_a_cursor_is_not_shown(text, is_seen):
    assert visible(text) == is_seen


def test_a_few_lines_are_shown():
    assert shown("") == shown("\n\x1b[0m\n") == ()
    assert shown("1\n\n2\r3") == ("1", "2", "3")
    assert shown("\n".join("abcdefgh")) == (*"abcdefgh"[:LINES], "...")
    assert shown("x" * 1000) == ("x" * WIDTH + " ...",)


def test_what_is_printed_stands_in_the_verdict_on_the_call_that_is_off(hand_in):
    source = spoilt(
        "softmax_loss_naive", "loss = 0.0", "loss = 1.0 * (N == 4); print('N is', N, '\\x1b[0m')"
    )
    found = Work(hand_in(softmax=source)).examine(SOFTMAX)
    assert found.evidence["case"].startswith("N = 4")
    assert found.printed == ("N is 4",)
    right = source.replace("1.0 * (N == 4)", "0.0")
    assert Work(hand_in(softmax=right)).examine(SOFTMAX).printed == ()


# Failures say where.


def test_a_failure_of_a_stand_in_reads_as_the_students(hand_in):
    source = answered("TwoLayerNet.train", "loss, grads = self.loss()")
    line = 1 + source[: source.index("self.loss()")].count("\n")
    found = Work(hand_in(neural_net=source)).examine(find("TwoLayerNet.train"))
    told = f"neural_net.py, line {line}: TypeError: loss() missing a required argument"
    assert found.message.startswith(told), found.message


@pytest.mark.parametrize("text", ["a.<locals>.B.f() got", "f() got", "x.y.<locals>.f() got"])
def test_no_function_is_said_to_be_inside_another(text):
    assert LOCAL.sub("", text) == "f() got"


@pytest.mark.parametrize("what", ["None", "(1, 2, 3)", "('a', W)", "(1j, W)"])
def test_what_is_returned_and_cannot_be_meant_is_told_with_its_file_and_line(what, hand_in):
    source = answered("softmax_loss_naive", f"return {what}")
    line = 1 + source[: source.index("def softmax_loss_naive")].count("\n")
    found = Work(hand_in("hand-in/x", softmax=source)).examine(SOFTMAX)
    assert found.diagnosis == "wrong-return"
    assert found.message.startswith(f"x/softmax.py, line {line}: ")
    assert found.evidence["case"] == SOFTMAX.cases()[0].name


def test_every_verdict_on_a_call_says_which(hand_in):
    for body in ("1 / 0", "W += 1; return 0.0, W", "return 1.0, W", "while True: pass"):
        folder = hand_in(softmax=answered("softmax_loss_naive", body))
        found = Work(folder).examine(SOFTMAX, seconds=0.5)
        assert found.evidence["case"] in [case.name for case in SOFTMAX.cases()], found

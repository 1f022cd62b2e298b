"""A hand-in of any year, that does anything: read, run and contained; and what is said of it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from assignment.checking import run as running
from assignment.checking.answering import answer
from assignment.checking.exercises import EXERCISES, find
from assignment.checking.faces import Work
from assignment.checking.judge import judge
from assignment.checking.run import run
from assignment.checking.stubs import SOLUTIONS
from assignment.checking.submission.find import find_files
from mutants import answered, solution, spoilt

ROOT = SOLUTIONS.parents[1]

# Old code calls what will be gone one day, which is the point.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SOFTMAX = solution("softmax.py")


def verdict(folder, name="softmax_loss_naive", seconds=10.0):
    """The verdict on one exercise of a hand-in, called in another process."""
    return Work(folder).examine(find(name), seconds)


def quick(folder, name="softmax_loss_naive"):
    """The same, called in this process: for hand-ins that behave."""
    work = Work(folder)
    return judge(find(name), answer(find(name), work.files), work.shown)


# What is right, and what is not to be had. More of old code: test_old_code.py.

PYTHON_2 = """
import numpy as np
import sys
def softmax_loss_naive(W, X, y, reg):
    loss, dW = 0.0, np.zeros_like(W)
    for i in xrange(X.shape[0]):
        s = X[i].dot(W)
        s -= np.max(s)
\tp = np.exp(s) / np.sum(np.exp(s))
\tloss -= np.log(p[y[i]])
\tp[y[i]] -= 1
\tdW += np.outer(X[i], p)
        if i == 100: print 'loss', loss
    print "done %d" % (X.shape[0] / 2)
    print >>sys.stderr, 'done'
    return loss / len(X) + reg * np.sum(W * W), dW / len(X) + 2 * reg * W
"""


def test_python_2_with_tabs_and_prints_is_translated_and_remarked_on(hand_in):
    with pytest.raises(SyntaxError):
        compile(PYTHON_2, "softmax.py", "exec")
    found = quick(hand_in(softmax=PYTHON_2))
    assert found.status == "right"
    assert found.remarks[0].startswith("Python 2 syntax translated: ")


def test_further_arguments_with_defaults_are_no_matter(hand_in):
    source = SOFTMAX.replace("(W, X, y, reg):", "(W, X, y, reg=0.1, verbose=False, *rest, **more):")
    found = quick(hand_in(softmax=source))
    assert (found.status, found.remarks) == ("right", ())


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("loss = 0.0", "loss = = 0.0", "SyntaxError: invalid syntax in: loss = = 0.0"),
        ("loss = 0.0", "loss = helper(0)", "ModuleNotFoundError: no_such_thing.helper could not"),
        ("def softmax_loss_naive", "@profile\ndef softmax_loss_naive", "NameError: name 'profile'"),
        ("y, reg):", "y, reg, more=open('no such file')):", "FileNotFoundError: "),
    ],
)
def test_what_fails_is_a_crash_with_its_line(old, new, told, hand_in):
    source = "from no_such_thing import helper\n" + SOFTMAX.replace(old, new, 1)
    line = 1 + source[: source.index(new)].count("\n")
    found = quick(hand_in("hand-in/deep", softmax=source))
    assert found.status == "crash"
    assert found.message.startswith(f"deep/softmax.py, line {line}: {told}")


def test_a_function_that_is_not_there_is_missing(hand_in):
    found = quick(hand_in(k_nearest_neighbor="class KNearestNeighbor:\n    pass\n"), "nca_loss")
    assert found.status == "missing"
    assert found.message == "k_nearest_neighbor.py has no nca_loss."


def test_a_broken_file_does_not_spoil_those_that_import_it(hand_in):
    folder = hand_in(softmax="loss = = 0")
    assert quick(folder, "LinearClassifier.train").status == "right"


def test_nothing_is_written_into_the_hand_in(hand_in):
    folder = hand_in("hand-in/x")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    verdict(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


# Whatever it does.

LOOP = "while True:\n    pass"


def test_an_endless_loop_is_a_timeout_with_its_line(hand_in):
    source = answered("softmax_loss_naive", LOOP)
    line = 1 + source[: source.index("while True")].count("\n")
    started = time.monotonic()
    found = verdict(hand_in("hand-in/x", softmax=source), seconds=1.0)
    assert time.monotonic() - started < 30
    assert found.status == "timeout"
    assert found.message.startswith("x/softmax.py, line ")
    assert int(found.message.split("line ")[1].split(":")[0]) in (line, line + 1)
    assert found.message.endswith("It does not end within 1 seconds.")


def test_an_endless_loop_in_one_exercise_is_not_charged_to_another(hand_in):
    folder = hand_in(softmax=answered("softmax_loss_naive", LOOP))
    assert verdict(folder, "softmax_loss_vectorized").status == "right"


def test_an_import_that_does_not_end_is_a_timeout(hand_in):
    source = "import time\nX = time.sleep(100)\n" + SOFTMAX
    assert verdict(hand_in(softmax=source), seconds=0.5).status == "timeout"


ODD = {
    "prints": ("print('x' * 10**6)", "right"),
    "writes to the process's own output": ("import os; os.write(1, b'{}' * 1000)", "right"),
    "warns": ("import warnings; warnings.warn('careful')", "right"),
    "changes directory": ("import os; os.chdir('/')", "right"),
    "changes NumPy": ("np.seterr(all='raise'); np.set_printoptions(precision=1)", "right"),
    "replaces np.sum": ("np.sum = lambda *a, **k: 0", "wrong"),
    "seeds": ("np.random.seed(1)", "right"),
    "starts a thread that never ends": (
        "import threading, time; threading.Thread(target=time.sleep, args=(1e6,)).start()",
        "right",
    ),
    "leaves": ("raise SystemExit", "crash"),
    "leaves with sys.exit": ("import sys; sys.exit(0)", "crash"),
    "ends the process": ("import os; os._exit(0)", "crash"),
    "kills the process": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "crash"),
    "asks for input": ("input()", "crash"),
    "recurses for ever": ("return softmax_loss_naive(W, X, y, reg)", "crash"),
    "asserts": ("assert W is None", "crash"),
    "raises two lines": (r'raise ValueError("one\ntwo")', "crash"),
    "raises nothing to say": ("raise ValueError", "crash"),
    "interrupts": ("raise KeyboardInterrupt", "crash"),
    "returns nothing": ("return", "wrong"),
    "returns text": ('return "loss", "dW"', "wrong"),
    "returns an object": ("return object(), object()", "wrong"),
    "returns a function": ("return (lambda: 1), np.sum", "wrong"),
    "returns three things": ("return 1, 2, 3", "wrong"),
    "returns complex numbers": ("return 1j, W * 1j", "wrong"),
    "returns a generator": ("return (i for i in range(2))", "wrong"),
    "returns what ends who unpickles it": (
        "class Trap:\n        __reduce__ = lambda self: (__import__('os')._exit, (3,))\n"
        "    return np.array([Trap()]), Trap()",
        "wrong",
    ),
    "has a lot to say": ("raise ValueError('x' * 10**6)", "crash"),
    "asks for memory without end": ("return np.ones(2 * 10**9), 0", "crash: MemoryError"),
}


@pytest.mark.parametrize("odd", ODD)
def test_a_verdict_comes_out_whatever_a_hand_in_does(odd, hand_in):
    line, expected = ODD[odd]
    status, _, told = expected.partition(": ")
    source = SOFTMAX.replace("    N = X.shape[0]\n", f"    {line}\n    N = X.shape[0]\n", 1)
    found = verdict(hand_in(softmax=source))
    assert found.status == status and told in found.message, found
    assert "\n" not in found.message and len(found.message) < 500


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for the process in /proc")
def test_a_process_that_is_left_behind_is_ended(hand_in, tmp_path):
    noted = tmp_path / "pid"
    source = "import subprocess\nP = subprocess.Popen(['sleep', '60'])\n"
    source += f"NOTED = open({str(noted)!r}, 'w').write(str(P.pid))\n"
    started = time.monotonic()
    assert verdict(hand_in(softmax=source + SOFTMAX)).status == "right"
    assert time.monotonic() - started < 20
    stat = Path("/proc", noted.read_text(), "stat")

    def ended():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return True

    until = time.monotonic() + 5  # a signal takes a moment to arrive
    while not ended() and time.monotonic() < until:
        time.sleep(0.01)
    assert ended()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_a_lower_limit_on_memory_stays():
    import resource

    low = 2**32
    program = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({low}, {low}))\n"
        "from assignment.checking.run import limit_memory\n"
        "limit_memory()\n"
        "print(*resource.getrlimit(resource.RLIMIT_AS), *resource.getrlimit(resource.RLIMIT_FSIZE))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    limits = list(map(int, done.stdout.split()))
    assert limits[:2] == [low, low], done.stderr
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    assert limits[2] == (running.MEMORY if allowed == resource.RLIM_INFINITY else limits[3])


def test_a_flood_of_errors_is_not_read(hand_in):
    source = answered("softmax_loss_naive", "import os\nwhile True:\n    os.write(2, b'x' * 10**6)")
    found = verdict(hand_in(softmax=source), seconds=0.5)
    assert found.status == "timeout" and len(found.message) < 200


@pytest.mark.parametrize(
    "forged",
    [
        "{}",
        "{**data, 'cases': data['cases'][:1]}",  # the one call that it has an answer to
        "{**data, 'cases': [[[['loss', '<f8', [2**39, 2**39]]], 0]] * len(data['cases'])}",
        "{**data, 'failure': {'kind': 'right', 'message': '', 'file': '', 'line': 1}}",
    ],
)
def test_answers_that_are_not_as_they_must_be_are_a_crash(forged, hand_in):
    source = f"import json\nwhole = json.dumps\njson.dumps = lambda data: whole({forged})\n"
    found = verdict(hand_in(softmax=source + SOFTMAX))
    assert found.status == "crash" and "cannot be read" in found.message


def test_a_file_that_points_to_itself_is_a_verdict(hand_in):
    folder = hand_in(softmax=None)
    (folder / "softmax.py").symlink_to("softmax.py")
    assert verdict(folder).status == "crash"


def test_a_stub_in_a_file_that_is_not_utf8_is_to_do(hand_in):
    source = (answered("softmax_loss_naive", "return 0.0, 0 * W") + "# café\n").encode("latin-1")
    assert verdict(hand_in(softmax=source)).status == "unsolved"


@pytest.mark.parametrize("kind", ["longdouble", "float16"])
def test_any_precision_is_judged(kind, hand_in):
    source = spoilt(
        "softmax_loss_vectorized", "dW += 2 * reg * W", f"dW = (dW + reg * W).astype(np.{kind})"
    )
    assert verdict(hand_in(softmax=source), "softmax_loss_vectorized").status == "wrong"


def test_the_other_process_sees_nothing_of_the_callers_folder(hand_in, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise RuntimeError('a file of the same name')")
    monkeypatch.chdir(tmp_path)
    assert verdict(hand_in()).status == "right"


def test_answers_come_back_as_they_were(hand_in):
    exercise = find("svm_loss_naive")
    files = find_files(hand_in())
    here, there = answer(exercise, files), run(exercise, files)
    assert here.changed == there.changed and here.remarks == there.remarks
    for one, other in zip(here.cases, there.cases, strict=True):
        np.testing.assert_equal(one, other)


def test_a_process_that_never_starts_is_a_timeout(hand_in, monkeypatch):
    monkeypatch.setattr(running, "START", -0.999)
    assert run(find("svm_loss_naive"), find_files(hand_in()), 1.0).failure.kind == "timeout"


# The command.


def test_check_as_json_matches_its_schema(hand_in, run_assignment, schema):
    folder = hand_in(
        "hand-in/assignment1/cs231n/classifiers",
        softmax=spoilt("softmax_loss_naive", "2 * reg * W", "reg * W"),
        linear_svm=None,
        linear_classifier="def f(:",
        neural_net=PYTHON_2,
    )
    done = run_assignment("check", "--json", "--submission", folder)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    schema(data)
    assert [entry["name"] for entry in data["exercises"]] == [e.name for e in EXERCISES]
    found = {entry["name"]: entry for entry in data["exercises"]}
    assert found["softmax_loss_naive"]["diagnosis"] == "reg-factor-2-missing"
    assert found["svm_loss_naive"]["status"] == "missing"
    assert found["LinearClassifier.train"]["status"] == "crash"
    assert found["TwoLayerNet.loss"]["status"] == "missing"
    assert found["nca_loss"]["status"] == "right"
    assert found["nca_loss"]["points"] == found["nca_loss"]["of"] == find("nca_loss").points
    assert found["softmax_loss_naive"]["points"] == 0 < found["softmax_loss_naive"]["of"]
    assert data["points"] == sum(entry["points"] for entry in data["exercises"]) < data["of"] == 100
    assert data["files"]["softmax.py"] == "assignment1/cs231n/classifiers/softmax.py"


def test_the_schema_can_fail(schema):
    good = {"submission": None, "year": "this suite", "files": {}, "left_out": [], "exercises": []}
    good |= {"points": 0, "of": 0}
    schema(good)
    entry = {"name": "f", "message": "", "diagnosis": None, "evidence": {}, "remarks": []}
    perhaps = {**entry, "status": "perhaps", "see": ""}
    unread = {**good, "points": None}
    for bad in ({}, {**good, "more": 1}, {**good, "exercises": [perhaps]}, unread):
        with pytest.raises(Exception, match="required|unexpected|is not one of|is not of type"):
            schema(bad)


def test_some_exercises_can_be_named(hand_in, command):
    done = command("check", "--submission", hand_in(), "nca_loss", "svm_loss_naive")
    assert done.stdout.endswith("✓ nca_loss: right.\n✓ svm_loss_naive: right.\n")
    assert done.returncode == 0


def test_a_hand_in_with_a_mistake_exits_with_1(hand_in, command):
    folder = hand_in(softmax=spoilt("softmax_loss_naive", "dW / N", "dW"))
    hand_in("hand-in/old")
    done = command("check", "--submission", folder)
    assert done.returncode == 1
    assert done.stdout.startswith("k_nearest_neighbor.py\nlinear_svm.py\n")
    assert "There is more than one hand-in: this is not old." in done.stdout
    points = 100 - find("softmax_loss_naive").points
    right = len(EXERCISES) - 1
    assert f"{right} right, 1 wrong, 0 to do; {points} of 100 points" in done.stdout


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("check", "nonsense"), "There is no exercise 'nonsense'"),
        (("check", "--submission", "nowhere"), "nowhere is not a folder."),
        (("hint", "nonsense"), "There is no exercise 'nonsense'"),
        (("hint", "nca_loss", "9"), "nca_loss has hints 1 to 3, but not 9."),
        (("reset", "nonsense"), "There is no exercise 'nonsense'"),
        (("with", "nowhere", "python"), "nowhere is not a folder."),
    ],
)
def test_a_mistyped_command_is_a_sentence(arguments, told, command):
    done = command(*arguments)
    assert done.returncode == 2 and told in done.stderr


def test_a_python_without_the_packages_is_a_sentence():
    command = [sys.executable, "-S", "-m", "assignment", "hint", "nca_loss"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "has no numpy: use" in done.stderr and done.stderr.count("\n") == 1


def test_a_hand_in_that_is_read_only_is_judged(hand_in):
    folder = hand_in()
    os.chmod(folder / "softmax.py", 0o444)
    assert verdict(folder).status == "right"

"""A hand-in of any year, in any folder, that does anything: found, read, run and contained."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from assignment import FILES
from assignment.checking import run as running
from assignment.checking.exercises import EXERCISES, find
from assignment.checking.faces import Work
from assignment.checking.judge import judge
from assignment.checking.run import answer, run
from assignment.checking.stubs import SOLUTIONS
from assignment.checking.submission import Submission, find_files, read
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


def remarks(found):
    assert found.status == "right", found.message
    return [remark.partition(":")[0] for remark in found.remarks]


# Finding the files.


@pytest.mark.parametrize(
    "folder",
    ["hand-in", "hand-in/assignment1/cs231n/classifiers", "hand-in/a b/Übung 1/deep/er"],
)
def test_the_files_are_found_at_any_depth(folder, hand_in):
    files = find_files(hand_in(folder))
    assert sorted(files) == sorted(FILES)


def test_the_folder_that_holds_most_of_the_five_wins(hand_in, tmp_path):
    hand_in("hand-in/a", softmax=None, linear_svm=None, neural_net=None, linear_classifier=None)
    hand_in("hand-in/b/c")
    assert {path.parent.name for path in find_files(tmp_path / "hand-in").values()} == {"c"}


def test_a_file_that_stands_elsewhere_is_taken_from_there(hand_in, tmp_path):
    hand_in("hand-in/a", softmax=None)
    hand_in("hand-in/b", **{file[:-3]: None for file in FILES if file != "softmax.py"})
    files = find_files(tmp_path / "hand-in")
    assert files["softmax.py"].parent.name == "b" and files["linear_svm.py"].parent.name == "a"


def test_the_first_assignment_wins_over_others(hand_in, tmp_path):
    for folder in ("hand-in/assignment2/x", "hand-in/deeper/assignment1/x"):
        hand_in(folder)
    assert "assignment1" in str(find_files(tmp_path / "hand-in")["softmax.py"])


@pytest.mark.parametrize("copy", [".ipynb_checkpoints", "__MACOSX", ".git", "__pycache__"])
def test_copies_that_nobody_hands_in_do_not_count(copy, hand_in, tmp_path):
    hand_in(f"hand-in/{copy}")
    assert find_files(tmp_path / "hand-in") == {}


def test_a_second_hand_in_in_the_folder_is_told(hand_in, tmp_path, run_assignment):
    for folder in ("hand-in/a", "hand-in/b"):
        hand_in(folder)
    done = run_assignment("check", "--submission", tmp_path / "hand-in", "nca_loss")
    assert "a/k_nearest_neighbor.py" in done.stdout
    assert "more than one" in done.stdout and "not b" in done.stdout
    data = json.loads(
        run_assignment("check", "--json", "--submission", tmp_path / "hand-in", "nca_loss").stdout
    )
    assert data["left_out"] == ["b"]


def test_an_empty_folder_has_everything_missing(tmp_path):
    found = verdict(tmp_path)
    assert (found.status, found.message) == ("missing", "There is no softmax.py.")


def test_a_function_that_is_not_there_is_missing(hand_in):
    found = quick(hand_in(k_nearest_neighbor="class KNearestNeighbor:\n    pass\n"), "nca_loss")
    assert found.status == "missing"
    assert found.message == "k_nearest_neighbor.py has no nca_loss."


# Reading: old Python, old NumPy.

OLD = """
def softmax_loss_naive(W, X, y, reg):
{tab}loss, dW = 0.0, np.zeros_like(W)
{tab}for i in xrange(X.shape[0]):
        s = X[i].dot(W)
        s -= np.max(s)
{tab}p = np.exp(s) / np.sum(np.exp(s))
{tab}loss -= np.log(p[y[i]])
{tab}p[y[i]] -= 1
{tab}dW += np.outer(X[i], p)
        if i == 100: print 'loss', loss
    print "done %d" % (X.shape[0] / 2)
    print >>sys.stderr, 'done'
    return loss / len(X) + reg * np.sum(W * W), dW / len(X) + 2 * reg * W
"""
PYTHON_2 = (
    f"import numpy as np\nimport sys\n{OLD}".replace("{tab}p ", "\tp ")
    .replace("{tab}loss -", "\tloss -")
    .replace("{tab}p[", "\tp[")
    .replace("{tab}dW", "\tdW")
    .replace("{tab}", "    ")
)


def test_python_2_with_tabs_and_prints_is_translated_and_remarked_on(hand_in):
    assert "\tp = np" in PYTHON_2 and "        s = X" in PYTHON_2
    with pytest.raises(SyntaxError):
        compile(PYTHON_2, "softmax.py", "exec")
    found = quick(hand_in(softmax=PYTHON_2))
    assert "Python 2 syntax translated" in remarks(found)


def test_in_python_2_the_quotient_of_integers_is_an_integer(hand_in):
    source = PYTHON_2 + "\ndef half(n):\n    n /= 2\n    return n, 7 / 2, 7.0 / 2, 1 / np.ones(2)\n"
    with Submission({"softmax.py": hand_in(softmax=source) / "softmax.py"}) as submission:
        n, whole, real, array = submission.load("softmax.py").half(5)
    assert (n, whole, real) == (2, 3, 3.5)
    np.testing.assert_array_equal(array, [1, 1])


def test_xrange_without_an_import_is_python_2(hand_in):
    source = SOFTMAX.replace("in range(N)", "in xrange(N)")
    assert remarks(quick(hand_in(softmax=source))) == ["Python 2 syntax translated"]


@pytest.mark.parametrize("package", ["past.builtins", "six.moves", "future.moves.builtins"])
def test_xrange_from_a_package_is_no_remark(package, hand_in):
    source = SOFTMAX.replace("in range(N)", "in xrange(N)")
    source = source.replace("import numpy", f"from {package} import xrange\nimport numpy")
    assert remarks(quick(hand_in(softmax=source))) == []


def test_dicts_of_python_2_are_translated(hand_in):
    source = SOFTMAX.replace(
        "    N = X.shape[0]\n    loss = 0.0",
        """    N = X.shape[0]
    sizes = {'N': N}
    for key, value in sizes.iteritems():
        assert sizes.has_key(key)
    loss = 0.0""",
    )
    assert remarks(quick(hand_in(softmax=source))) == ["Python 2 syntax translated"]


def test_names_gone_from_numpy_are_a_remark(hand_in):
    source = SOFTMAX.replace("dW = np.zeros_like(W)", "dW = np.zeros(W.shape, dtype=np.float)")
    found = quick(hand_in(softmax=source))
    assert remarks(found) == ["names gone from NumPy"] and "np.float" in found.remarks[0]


def test_a_list_of_sequences_as_an_index_is_understood_as_once(hand_in):
    source = SOFTMAX.replace("P[rows, y] -= 1", "P[[rows, y]] -= 1; X = X[[0] + list(range(1, N))]")
    found = quick(hand_in(softmax=source), "softmax_loss_vectorized")
    assert remarks(found) == ["old index"]


def test_a_list_of_numbers_as_an_index_is_left_alone(hand_in):
    source = SOFTMAX.replace("P[rows, y] -= 1", "P[rows, y] -= 1; assert len(P[[0, -1, 0]]) == 3")
    assert remarks(quick(hand_in(softmax=source), "softmax_loss_vectorized")) == []


def test_an_array_of_one_number_as_an_entry_is_understood_as_once(hand_in):
    source = answered(
        "KNearestNeighbor.compute_distances_two_loops",
        """
        d = (X[i] - self.X_train[j]).reshape(1, -1)
        dists[i, j] = np.sqrt(d.dot(d.T))
        """,
    )
    found = quick(
        hand_in(k_nearest_neighbor=source), "KNearestNeighbor.compute_distances_two_loops"
    )
    assert remarks(found) == ["old entry"]


def test_an_index_is_evaluated_once(hand_in):
    source = answered(
        "KNearestNeighbor.compute_distances_one_loop",
        """
        rows = iter([i])
        dists[next(rows)] = np.sqrt(np.sum((self.X_train - X[i]) ** 2, axis=1))
        """,
    )
    found = quick(hand_in(k_nearest_neighbor=source), "KNearestNeighbor.compute_distances_one_loop")
    assert remarks(found) == []


def test_arrays_of_one_number_elsewhere_are_left_alone(hand_in):
    lines = (
        "d = {}; d['b'] = np.ones(1); a = np.zeros((2, 1)); a[0] = np.ones(1); a[0, :] = d['b']; "
    )
    source = SOFTMAX.replace(
        "N = X.shape[0]\n", lines + "assert d['b'].shape == (1,); N = X.shape[0]\n"
    )
    assert remarks(quick(hand_in(softmax=source))) == []


def test_the_old_mode_of_scipy_is_understood_and_the_new_one_too(hand_in):
    for vote in ("[0][0]", "[0]", ".mode"):
        source = answered(
            "KNearestNeighbor.predict_labels",
            f"""
            from scipy import stats
            votes = self.y_train[np.argsort(dists[i], kind="stable")[:k]]
            y_pred[i] = stats.mode(votes){vote}
            """,
        )
        found = quick(hand_in(k_nearest_neighbor=source), "KNearestNeighbor.predict_labels")
        assert remarks(found) == [], vote


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_any_encoding_is_read(encoding, hand_in):
    source = SOFTMAX.replace("N = X.shape[0]", "N = X.shape[0]  # déjà vu", 1).encode(encoding)
    assert remarks(quick(hand_in(softmax=source))) == []


def test_lines_that_end_as_on_windows_or_an_old_mac_are_read(hand_in):
    for end in ("\r\n", "\r"):
        assert remarks(quick(hand_in(softmax=SOFTMAX.replace("\n", end).encode()))) == []


def test_what_is_no_python_of_any_year_is_a_crash_with_its_line(hand_in):
    source = SOFTMAX.replace("loss = 0.0", "loss = = 0.0", 1)
    line = 1 + source[: source.index("= =")].count("\n")
    found = quick(hand_in("hand-in/deep", softmax=source))
    assert (found.status, found.message) == (
        "crash",
        f"deep/softmax.py, line {line}: SyntaxError: invalid syntax in: loss = = 0.0",
    )


def test_read_leaves_the_lines_where_they_are(hand_in):
    tree, _ = read(hand_in(softmax=PYTHON_2) / "softmax.py")
    assert tree.body[-1].lineno == 4


# Importing.


def test_an_unused_import_that_is_not_installed_is_a_remark(hand_in):
    source = "import no_such_thing.at.all as gone\nfrom nowhere import f, g as h\n" + SOFTMAX
    found = quick(hand_in(softmax=source))
    assert remarks(found) == ["import left out", "import left out"]
    assert "nowhere.f, nowhere.g" in found.remarks[1]


def test_a_decorator_that_is_not_installed_does_no_harm(hand_in):
    for decorator in ("jit", "jit(nopython=True)"):
        source = SOFTMAX.replace("def softmax_loss_naive", f"@{decorator}\ndef softmax_loss_naive")
        found = quick(hand_in(softmax="from no_numba import jit\n" + source))
        assert remarks(found) == ["import left out"], decorator


def test_an_import_that_fails_and_is_used_is_a_crash_with_its_line(hand_in):
    source = "from no_such_thing import helper\n" + SOFTMAX.replace(
        "loss = 0.0", "loss = helper(0)", 1
    )
    found = quick(hand_in(softmax=source))
    line = 1 + source[: source.index("helper(0)")].count("\n")
    assert found.status == "crash"
    assert found.message.startswith(
        f"softmax.py, line {line}: ModuleNotFoundError: no_such_thing.helper could not be imported"
    )


SCRIPT = """
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.show()
print('at import')
data = open('no such file').read()
SETTINGS = {}
for i in range(10**12):
    pass
while True:
    pass
with open('no such file') as file:
    pass
assert False
raise SystemExit
"""


def test_code_at_import_is_left_out(hand_in):
    found = verdict(
        hand_in(softmax=SOFTMAX + SCRIPT + "\nif __name__ == '__main__':\n    exit(1)\n")
    )
    assert set(remarks(found)) == {"code at import left out"}


def test_constants_and_helpers_at_the_top_are_kept(hand_in):
    source = "ONE = 1\nshift = lambda s: s - s.max()\n"
    source += "try:\n    xrange\nexcept NameError:\n    xrange = range\n"
    source += SOFTMAX.replace("scores - scores.max()", "ONE * shift(scores)").replace(
        "in range(N)", "in xrange(N)"
    )
    assert remarks(quick(hand_in(softmax=source))) == []


@pytest.mark.parametrize(
    "imports",
    [
        "from cs231n.classifiers.softmax import *",
        "from cs231n.classifiers.softmax import softmax_loss_vectorized",
        "from .softmax import *",
        "from softmax import *",
        "import softmax as s; softmax_loss_vectorized = s.softmax_loss_vectorized",
        "from assignment.softmax import softmax_loss_vectorized",
        "from assignment1.cs231n.classifiers.softmax import softmax_loss_vectorized",
    ],
)
def test_files_import_each_other_in_every_style(imports, hand_in):
    spoilt_softmax = SOFTMAX.replace("return loss, dW", "return loss, 3 * dW")
    source = spoilt(
        "svm_loss_vectorized",
        "return loss, dW",
        "assert softmax_loss_vectorized(W, X, y, reg)[1] is not None; return loss, dW",
    )
    folder = hand_in("hand-in/x", linear_svm=imports + "\n" + source, softmax=spoilt_softmax)
    with Submission(find_files(folder)) as submission:
        module = submission.load("linear_svm.py")
        own = submission.load("softmax.py").softmax_loss_vectorized
        assert module.softmax_loss_vectorized is own, "it has the course's stub, not its own file"
    assert quick(folder, "svm_loss_vectorized").status == "right"


def test_helpers_beside_the_files_are_found(hand_in, tmp_path):
    folder = hand_in(
        "hand-in/cs231n/classifiers",
        softmax=(
            "from cs231n.layers import shift\nfrom ..more import twice\n"
            + SOFTMAX.replace("scores - scores.max()", "twice(shift(scores)) / 2")
        ),
    )
    (tmp_path / "hand-in/cs231n/layers.py").write_text(
        "def shift(s):\n    print 's'\n    return s - s.max()\n"
    )
    (tmp_path / "hand-in/cs231n/more.py").write_text("def twice(s):\n    return 2 * s\n")
    assert quick(folder).status == "right"


def test_a_broken_file_does_not_spoil_those_that_import_it(hand_in):
    folder = hand_in(softmax="loss = = 0")
    assert quick(folder, "LinearClassifier.train").status == "right"
    assert quick(folder).status == "crash"


def test_two_files_may_import_each_other(hand_in):
    folder = hand_in(
        softmax="from .linear_svm import *\n" + SOFTMAX,
        linear_svm="from .softmax import *\n" + solution("linear_svm.py"),
    )
    assert quick(folder).status == quick(folder, "svm_loss_naive").status == "right"


def test_importing_leaves_no_trace_in_this_process(hand_in):
    before, path = dict(sys.modules), list(sys.meta_path)
    quick(hand_in())
    assert sys.meta_path == path
    assert not {name for name in set(sys.modules) - set(before) if "cs231n" in name}


def test_nothing_is_written_into_the_hand_in(hand_in):
    folder = hand_in("hand-in/x")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    verdict(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_annotations_that_are_not_evaluated_need_not_exist(hand_in):
    source = "from __future__ import annotations\n" + SOFTMAX.replace(
        "def softmax_loss_naive(W, X", "def softmax_loss_naive(W: NDArray, X"
    )
    assert remarks(quick(hand_in(softmax=source))) == []


def test_true_division_asked_for_among_others_is_true(hand_in):
    source = "from __future__ import absolute_import, division\n" + PYTHON_2.replace(
        "loss / len(X)", "loss * (1 / len(X))"
    )
    assert quick(hand_in(softmax=source)).status == "right"


def test_lists_of_python_2_are_lists(hand_in):
    source = spoilt("svm_loss_naive", "for i in range(N):", """order = range(N)
    order.reverse()
    order.sort(key=lambda i: cmp(i, 0))
    total = reduce(lambda a, b: a + b, {1: 2}.keys())
    for i in order:""")  # fmt: skip
    found = quick(hand_in(linear_svm=source), "svm_loss_naive")
    assert remarks(found) == ["Python 2 syntax translated"]


def test_an_import_of_python_2_is_noticed(hand_in):
    source = "from itertools import izip\n" + spoilt(
        "svm_loss_naive", "for i in range(N):", "for i, _ in izip(range(N), y):"
    )
    found = quick(hand_in(linear_svm=source), "svm_loss_naive")
    assert remarks(found) == ["Python 2 syntax translated"]


@pytest.mark.parametrize("base", ["Missing", "Missing, Other", "torch.nn.Module"])
def test_a_base_class_that_is_not_installed_adds_nothing(base, hand_in):
    source = "from no_such import Missing, Other\nimport torch_not_here as torch\n"
    source += solution("k_nearest_neighbor.py")
    source = source.replace("class KNearestNeighbor:", f"class KNearestNeighbor({base}):")
    found = quick(hand_in(k_nearest_neighbor=source), "KNearestNeighbor.predict_labels")
    assert set(remarks(found)) == {"import left out"}


def test_a_definition_that_fails_and_is_not_asked_for_is_left_out(hand_in):
    source = "DATA = open('no such file')\n" + SOFTMAX + "\ndef plot(x=DATA):\n    pass\n"
    assert set(remarks(quick(hand_in(softmax=source)))) == {"code at import left out"}


def test_a_definition_that_fails_and_is_asked_for_is_a_crash(hand_in):
    source = SOFTMAX.replace("def softmax_loss_naive", "@profile\ndef softmax_loss_naive")
    found = quick(hand_in(softmax=source))
    assert found.status == "crash" and "NameError: name 'profile' is not defined" in found.message


def test_a_data_file_that_is_missing_is_not_a_hand_in_that_is_missing(hand_in):
    source = solution("k_nearest_neighbor.py").replace(
        "class KNearestNeighbor:", "class KNearestNeighbor:\n    X = open('no such file')\n"
    )
    found = quick(hand_in(k_nearest_neighbor=source), "KNearestNeighbor.predict_labels")
    assert found.status == "crash" and "no such file" in found.message


def test_logsumexp_is_found_where_it_is_now(hand_in):
    source = "from scipy.misc import logsumexp\n" + SOFTMAX.replace(
        "np.log(np.exp(shifted).sum())", "logsumexp(shifted)"
    )
    assert remarks(quick(hand_in(softmax=source))) == []


def test_a_bare_import_of_a_helper_beside_the_file_is_found(hand_in):
    folder = hand_in(
        softmax="from my_helper import *\n" + SOFTMAX.replace("scores.max()", "top(scores)")
    )
    (folder / "my_helper.py").write_text("def top(s):\n    return s.max()\n")
    assert remarks(quick(folder)) == []


def test_further_arguments_with_defaults_are_no_matter(hand_in):
    source = SOFTMAX.replace("(W, X, y, reg):", "(W, X, y, reg=0.1, verbose=False, *rest, **more):")
    assert remarks(quick(hand_in(softmax=source))) == []


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


def test_an_endless_loop_at_import_is_a_timeout(hand_in):
    source = "def forever():\n    while True:\n        pass\nX = forever()\n" + SOFTMAX
    assert verdict(hand_in(softmax=source), seconds=1.0).status == "timeout"


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
}


@pytest.mark.parametrize("odd", ODD)
def test_a_verdict_comes_out_whatever_a_hand_in_does(odd, hand_in):
    line, status = ODD[odd]
    source = SOFTMAX.replace("    N = X.shape[0]\n", f"    {line}\n    N = X.shape[0]\n", 1)
    found = verdict(hand_in(softmax=source))
    assert found.status == status, found
    assert "\n" not in found.message and len(found.message) < 1000


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


def test_a_long_message_is_cut(hand_in):
    found = quick(hand_in(softmax=answered("softmax_loss_naive", "raise ValueError('x' * 10**6)")))
    assert found.status == "crash" and len(found.message) < 500


def test_answers_that_cannot_be_read_are_a_crash(hand_in):
    source = "def nothing(*a, **k):\n    pass\nnp_savez = np.savez = nothing\n"
    found = verdict(hand_in(softmax="import numpy as np\n" + source + SOFTMAX))
    assert found.status == "crash" and "cannot be read" in found.message


def test_memory_without_end_is_a_crash(hand_in):
    found = verdict(hand_in(softmax=answered("softmax_loss_naive", "return np.ones(2 * 10**9), 0")))
    assert found.status == "crash" and "MemoryError" in found.message


def test_a_file_that_points_to_itself_is_a_verdict(hand_in):
    folder = hand_in(softmax=None)
    (folder / "softmax.py").symlink_to("softmax.py")
    assert verdict(folder).status == "crash"


def test_a_stub_in_a_file_that_is_not_utf8_is_to_do(hand_in):
    source = answered("softmax_loss_naive", "return 0.0, 0 * W").encode() + "# café\n".encode(
        "latin-1"
    )
    assert verdict(hand_in(softmax=source)).status == "unsolved"


@pytest.mark.parametrize("kind", ["longdouble", "float16"])
def test_any_precision_is_judged(kind, hand_in):
    source = spoilt(
        "softmax_loss_vectorized", "dW += 2 * reg * W", f"dW = (dW + reg * W).astype(np.{kind})"
    )
    assert verdict(hand_in(softmax=source), "softmax_loss_vectorized").status == "wrong"


def test_a_judge_never_unpickles(hand_in):
    trap = (
        "class Trap:\n    def __reduce__(self):\n        import os\n        return os._exit, (3,)\n"
    )
    source = SOFTMAX.replace("    N = X.shape[0]\n", "    return np.array([Trap()]), Trap()\n", 1)
    assert verdict(hand_in(softmax=trap + source)).status == "wrong"


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
    monkeypatch.setattr(running, "START", -0.99)
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
    assert data["files"]["softmax.py"] == "assignment1/cs231n/classifiers/softmax.py"


def test_the_schema_can_fail(schema):
    good = {"submission": None, "files": {}, "left_out": [], "exercises": []}
    schema(good)
    entry = {
        "name": "f",
        "status": "perhaps",
        "message": "",
        "diagnosis": None,
        "evidence": {},
        "remarks": [],
        "see": "",
    }
    for bad in ({}, {**good, "more": 1}, {**good, "exercises": [entry]}):
        with pytest.raises(Exception, match="required|unexpected|is not one of"):
            schema(bad)


def test_some_exercises_can_be_named(hand_in, run_assignment):
    done = run_assignment("check", "--submission", hand_in(), "nca_loss", "svm_loss_naive")
    assert done.stdout.endswith("✓ nca_loss: right.\n✓ svm_loss_naive: right.\n")
    assert done.returncode == 0


def test_a_hand_in_with_a_mistake_exits_with_1(hand_in, run_assignment):
    folder = hand_in(softmax=spoilt("softmax_loss_naive", "dW / N", "dW"))
    done = run_assignment("check", "--submission", folder)
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    assert f"{len(EXERCISES) - 1} right, 1 wrong, 0 to do; 92 of 100 points" in done.stdout


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("check", "nonsense"), "There is no exercise 'nonsense'"),
        (("check", "--submission", "nowhere"), "nowhere is not a folder."),
        (("hint", "nonsense"), "There is no exercise 'nonsense'"),
        (("hint", "nca_loss", "9"), "nca_loss has hints 1 to 3, but not 9."),
        (("reset", "nonsense"), "There is no exercise 'nonsense'"),
    ],
)
def test_a_mistyped_command_is_a_sentence(arguments, told, run_assignment):
    done = run_assignment(*arguments)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr


def test_a_python_without_the_packages_is_a_sentence():
    command = [sys.executable, "-S", "-m", "assignment", "hint", "nca_loss"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "has no numpy: use" in done.stderr and done.stderr.count("\n") == 1


def test_the_solutions_are_a_hand_in_like_any_other(run_assignment):
    done = run_assignment("check", "--submission", SOLUTIONS)
    assert done.returncode == 0, done.stdout
    assert f"{len(EXERCISES)} right, 0 wrong, 0 to do; 100 of 100 points" in done.stdout


def test_a_hand_in_that_is_read_only_is_judged(hand_in):
    folder = hand_in()
    os.chmod(folder / "softmax.py", 0o444)
    assert verdict(folder).status == "right"

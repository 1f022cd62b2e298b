"""Old code means what it once meant, in any encoding, whatever it imports and runs at the top."""

import sys

import numpy as np
import pytest

from assignment.checking.answering import answer
from assignment.checking.exercises import find
from assignment.checking.judge import judge
from assignment.checking.submission.load import Submission
from assignment.checking.submission.read import read
from mutants import answered, solution

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]

NUMPY = tuple(map(int, np.__version__.split(".")[:2]))
START = """
import math, operator
from math import log as ln
import numpy as np
import numpy as numeric
A, B, I = np.array([2.0]), np.array([[2.0]]), np.array([1])
"""


@pytest.fixture
def ran(tmp_path):
    """A function that runs lines as the body of a function in a hand-in: (result, remarks)."""

    def run(lines, start=START):
        body = "".join(f"    {line}\n" for line in lines.splitlines())
        path = tmp_path / "softmax.py"
        path.write_text(f"{start}\ndef f():\n{body}", encoding="utf-8")
        with Submission({"softmax.py": path}) as submission:
            result = submission.load("softmax.py").f()
            return result, submission.remarks_on("softmax.py")

    return run


def kinds(remarks):
    return [remark.partition(":")[0] for remark in remarks]


# What NumPy 1.16 made of it, with warnings at most. Each is refused since the version beside it.
ONCE = {
    "float(A)": (2.0, "old entry", (2, 4)),
    "float(B)": (2.0, "old entry", (2, 4)),
    "float(np.matrix([[2.0]]))": (2.0, "old entry", (2, 4)),
    "int(A)": (2, "old entry", (2, 4)),
    "complex(A)": (2 + 0j, "old entry", (2, 4)),
    "math.log(A)": (np.log(2), "old entry", (2, 4)),
    "ln(A)": (np.log(2), "old entry", (2, 4)),
    "math.sqrt(B)": (np.sqrt(2), "old entry", (2, 4)),
    "math.floor(A)": (2, "old entry", (2, 4)),
    "math.pow(A, 2)": (4.0, "old entry", (2, 4)),
    "math.fsum([A, A])": (4.0, "old entry", (2, 4)),
    "'%.1f' % A": ("2.0", "old entry", (2, 4)),
    "'%d of %d' % (A, 3)": ("2 of 3", "old entry", (2, 4)),
    "'%(x)d' % {'x': A}": ("2", "old entry", (2, 4)),
    "np.arange(I)": (np.arange(1), "old entry", (2, 4)),
    "np.array([1.0, 2.0]).astype(int)[I].__int__() if False else int(I)": (1, "old entry", (2, 4)),
    "list(map(float, B))": ([2.0], "old entry", (2, 4)),
    "[5, 6, 7][I]": (6, "old entry", (1, 12)),
    "operator.index(I)": (1, "old entry", (1, 12)),
    "list(range(I))": ([0], "old entry", (1, 12)),
    "round(A)": (2, "old entry", (1, 0)),
    "np.sum(x * x for x in [1, 2])": (5, "old NumPy", (2, 4)),
    "np.sum(np.ones(2) for x in [1, 2])": (np.array([2.0, 2.0]), "old NumPy", (2, 4)),
    "np.vstack(np.ones(2) for i in range(2))": (np.ones((2, 2)), "old NumPy", (1, 24)),
    "np.hstack(map(np.ones, [1, 2]))": (np.ones(3), "old NumPy", (1, 24)),
    "np.array([[1], [1, 2]]).shape": ((2,), "old NumPy", (1, 24)),
    "np.array([A, A, 3.0], dtype=float)": (np.array([2.0, 2, 3]), "old entry", (1, 24)),
    "np.array(B, copy=False) is B": (True, None, (2, 0)),
    "np.array([1, 2], copy=False)": (np.array([1, 2]), "old NumPy", (2, 0)),
    "np.nonzero(np.array(3))[0]": (np.array([0]), "old NumPy", (2, 1)),
    "np.where(np.array(3) > 1)[0]": (np.array([0]), "old NumPy", (2, 1)),
    "bool(np.array([]))": (False, "old NumPy", (2, 2)),
    "1 if np.array([]) else 2": (2, "old NumPy", (2, 2)),
    "not np.array([])": (True, "old NumPy", (2, 2)),
    "[1 for i in range(2) if np.zeros(0)]": ([], "old NumPy", (2, 2)),
    "1 if A == None else 2": (2, "old NumPy", (1, 0)),
    "1 if np.arange(3) != None else 2": (1, "old NumPy", (1, 0)),
    "not np.arange(3) == None": (True, "old NumPy", (1, 0)),
    "np.arange(3) == np.arange(4)": (False, "old NumPy", (1, 25)),
    "np.arange(3) != np.arange(4)": (True, "old NumPy", (1, 25)),
    "np.uint8(300)": (44, "old NumPy", (2, 0)),
    "np.array([300], dtype=np.uint8)": (np.array([44], np.uint8), "old NumPy", (2, 0)),
    "np.reshape(np.ones(4), newshape=(2, 2))": (np.ones((2, 2)), "old NumPy", (2, 4)),
    "np.percentile([1, 2, 3], 50, interpolation='lower')": (2, "old NumPy", (2, 4)),
    "A.ptp()": (0.0, "old NumPy", (2, 0)),
    "A.tostring() == A.tobytes()": (True, "old NumPy", (2, 3)),
    "np.float(3), np.int(A)": ((3.0, 2), "names gone from NumPy", (1, 24)),
    "numeric.bool8(1), numeric.NaN": ((True, np.nan), "names gone from NumPy", (2, 0)),
    "np.product(A), np.cumproduct(A)": ((2.0, [2.0]), "names gone from NumPy", (2, 0)),
    "np.in1d(A, B)": (np.array([True]), "names gone from NumPy", (2, 4)),
    "np.trapz([1, 2])": (1.5, "names gone from NumPy", (2, 4)),
    "np.asscalar(B)": (2.0, "names gone from NumPy", (1, 23)),
    "np.find_common_type([np.float32], [])": (np.float32, "names gone from NumPy", (2, 0)),
    "np.random.random_integers(3, 3)": (3, None, (2, 5)),
    "np.msort([2, 1])": (np.array([1, 2]), "names gone from NumPy", (2, 0)),
    "np.rank(B), np.alen(B)": ((2, 1), "names gone from NumPy", (1, 23)),
}


@pytest.mark.parametrize("line", ONCE)
def test_what_numpy_once_took_is_taken_with_one_remark(line, ran):
    expected, remark, since = ONCE[line]
    result, remarks = ran(f"return {line}")
    np.testing.assert_equal(result, expected)
    if NUMPY >= since and remark:
        assert remark in kinds(remarks)
    assert len(remarks) <= 2


STORED = {
    "a[0] = A": [2, 0, 0],
    "a[0] = B": [2, 0, 0],
    "a[0] += A": [2, 0, 0],
    "a[0] -= B": [-2, 0, 0],
    "a[0], a[1] = A, 3 * A": [2, 6, 0],
    "a[0] = a[2] = A": [2, 0, 2],
    "n, a[1] = 5, A": [0, 2, 0],
    "a[len(a) - 1] = A": [0, 0, 2],
    "a[int(I)] = A": [0, 2, 0],
    "d = np.zeros((3, 2)); d[0][1] = A; a = d[:, 1]": [2, 0, 0],
    "d = np.zeros((3, 2)); d[0, 1] += A; a = d[:, 1]": [2, 0, 0],
    "a.itemset(0, 2)": [2, 0, 0],
}


@pytest.mark.parametrize("line", STORED)
def test_an_array_of_one_number_may_be_an_entry(line, ran):
    result, remarks = ran(f"a = np.zeros(3)\n{line}\nreturn a")
    np.testing.assert_array_equal(result, STORED[line])
    assert len(remarks) == 1


@pytest.mark.parametrize(
    "lines, expected",
    [
        ("i = 0\na = [1, 2]\na[i], i = 5, 1\nreturn a, i", ([5, 2], 1)),
        ("a = [1, 2]\na[0], a[1] = a[1], a[0]\nreturn a", [2, 1]),
        ("it = iter([0, 1])\na = np.zeros(2)\na[next(it)] = 3\nreturn a", np.array([3.0, 0])),
        ("it = iter([0, 1])\na = np.zeros(2)\na[next(it)] += 3\nreturn a", np.array([3.0, 0])),
        ("a = b = c = 3\nreturn a + b + c", 9),
        ("a = {}\na['x'] = np.ones(1)\nreturn a['x'].shape", (1,)),
        ("a = [0]\na[0] = np.ones(1)\nreturn a[0].shape", (1,)),
        ("a = np.zeros((2, 1))\na[0] = np.ones(1)\na[1, :] = np.ones(1)\nreturn a.shape", (2, 1)),
        ("x = 1\nreturn eval('x + 1'), sorted(locals())", (2, ["x"])),
        ("x = None\nreturn 1 if x == None and not x != None else 2", 1),
        ("return list(map(abs, [-1])), (np.arange(2) == None).shape", ([1], (2,))),
        ("return 7 % 4, -7 % 4, np.arange(3) % 2", (3, 1, np.array([0, 1, 0]))),
        ("return [np.ones(3)[I], {1: 2}.get(1)]", [np.ones(1), 2]),
        ("return 'a' == 'a', 1 != 1, np.arange(2) == 1", (True, False, np.array([False, True]))),
        (
            "class C(dict):\n    def f(self):\n        return super().get(1)\nreturn C({1: 2}).f()",
            2,
        ),
        ("def g(n):\n    return n and g(n - 1)\nreturn g(900)", 0),
        ("return np.sum([x for x in [1, 2]]), float(np.array(2.0))", (3, 2.0)),
        ("return np.arange(6).reshape(3, 2)[[0, -1, 0], 1], len(A[[0, -1, 0]])", ([1, 5, 1], 3)),
    ],
)
def test_what_is_right_today_stays_as_it_is(lines, expected, ran):
    result, remarks = ran(lines)
    np.testing.assert_equal(result, expected)
    assert remarks == ()


@pytest.mark.parametrize(
    "line, error",
    [
        ("float(np.ones(2))", TypeError),
        ("math.log('a')", TypeError),
        ("np.zeros(3)[5]", IndexError),
        ("np.ones((2, 3)) @ np.ones((2, 3))", ValueError),
        ("if_(np.ones(2))", NameError),
        ("1 if np.ones(2) else 2", ValueError),
        ("np.vstack(3)", TypeError),
        ("np.reshape(np.ones(4), shap=2)", TypeError),
        ("'%d' % 'a'", TypeError),
        ("np.exp('a')", TypeError),
    ],
)
def test_what_was_always_an_error_is_one(line, error, ran):
    with pytest.raises(error):
        ran(f"return {line}")


def test_an_error_in_what_is_called_is_not_tried_again(ran):
    with pytest.raises(TypeError, match="only 0-dimensional"):
        ran(
            "calls = []\ndef g(x):\n    calls.append(x)\n    assert len(calls) < 2\n"
            "    raise TypeError('only 0-dimensional arrays can be converted')\n"
            "return list(map(g, [A]))"
        )


def test_right_work_with_numbers_in_arrays_is_right_with_one_remark(tmp_path):
    body = """
        import math
        N = len(X)
        loss, dW = np.zeros(1), np.zeros_like(W)
        for i in range(N):
            scores = X[i:i + 1].dot(W)
            scores -= scores.max()
            total = np.sum(np.exp(s) for s in scores[0]).reshape(1)
            loss += math.log(total) - float(scores[:, y[i]])
            for c in range(W.shape[1]):
                p = np.exp(scores[:, c]) / total
                weight = np.zeros(1)
                weight[0] = p - (c == y[i])
                dW[:, c] += weight[0] * X[i]
        loss = float(loss / N) + reg * np.sum(W * W)
        return loss, dW / N + 2 * reg * W
    """
    path = tmp_path / "softmax.py"
    path.write_text(answered("softmax_loss_naive", body), encoding="utf-8")
    exercise = find("softmax_loss_naive")
    found = judge(exercise, answer(exercise, {"softmax.py": path}))
    assert found.status == "right", found.message
    told = kinds(found.remarks)
    assert told.count("old entry") == 1 and len(told) == len(set(told))


# Python 2.

OLD = "import numpy as np\ndef old():\n    print 'Python 2'\n"
PYTHON_2 = {
    "np.sort(np.array([3, 1, 2]))": np.array([1, 2, 3]),
    "np.sort(np.array([[3, 1]]), 0)": np.array([[3, 1]]),
    "sorted([3, 1, 2])": [1, 2, 3],
    "sorted([3, 1, 2], lambda a, b: b - a)": [3, 2, 1],
    "sorted([3, 1, 2], cmp=lambda a, b: b - a)": [3, 2, 1],
    "sorted([3, 1, 2], key=lambda a: -a)": [3, 2, 1],
    "sorted([3, 1, 2], None, lambda a: -a)": [3, 2, 1],
    "map(lambda a: a + 1, [1, 2])": [2, 3],
    "map(None, [1, 2])": [1, 2],
    "map(None, [1, 2], [3, 4])": [(1, 3), (2, 4)],
    "filter(None, [0, 1])": [1],
    "filter(lambda c: c > 'a', 'abc')": "bc",
    "zip([1], [2])": [(1, 2)],
    "range(3)": [0, 1, 2],
    "reduce(lambda a, b: a + b, [1, 2])": 3,
    "apply(max, [1, 2])": 2,
    "{1: 2}.keys() + {3: 4}.values()": [1, 4],
    "{1: 2}.items()[0]": (1, 2),
    "list({1: 2}.iteritems())": [(1, 2)],
    "{1: 2}.has_key(1)": True,
    "iter([5]).next()": 5,
    "7 / 2": 3,
    "-7 / 2": -4,
    "7 / 2.0, 1 / np.ones(2)": (3.5, np.ones(2)),
    "np.arange(4) / 2": np.array([0, 0, 1, 1]),
    "`12`": "12",
    "10L + 0x1FL": 41,
    "long(3)": 3,
    "0777": 511,
    "1 <> 2": True,
    "u'a' + ur'b'": "ab",
    "(lambda (a, b): a + b)((1, 2))": 3,
    "3 > None, None > -1, None >= None, None < np.float32(0)": (True, False, True, True),
    "cmp(1, 2)": -1,
    "cmp(np.float32(2), np.float32(1))": 1,
    "round(0.5), round(2.5), round(-2.5)": (1.0, 3.0, -3.0),
    "isinstance(1, (int, long)), isinstance('a', basestring)": (True, True),
    "intern('a')": "a",
    "sys.maxint > 0": True,
    "sys.exc_type": None,
}


@pytest.mark.parametrize("line", PYTHON_2)
def test_python_2_means_what_it_meant(line, ran):
    result, remarks = ran(f"return {line}", OLD + "import sys\n")
    np.testing.assert_equal(result, PYTHON_2[line])
    assert kinds(remarks) == ["Python 2 syntax translated"]


@pytest.mark.parametrize(
    "lines, expected",
    [
        ("a = [3, 1, 2]\na.sort()\nreturn a", [1, 2, 3]),
        ("a = [3, 1, 2]\na.sort(lambda a, b: b - a)\nreturn a", [3, 2, 1]),
        ("a = [3, 1, 2]\na.sort(cmp=lambda a, b: b - a)\nreturn a", [3, 2, 1]),
        ("a = [3, 1, 2]\na.sort(cmp)\nreturn a", [1, 2, 3]),
        ("a = [3, 1, 2]\na.sort(key=lambda a: -a)\nreturn a", [3, 2, 1]),
        ("a = np.array([[2, 1], [1, 3]])\na.sort(0)\nreturn a", np.array([[1, 1], [2, 3]])),
        ("a = np.array([3, 1, 2])\na.sort()\nreturn a", np.array([1, 2, 3])),
        ("best = None\nfor x in [1, 3, 2]:\n    if x > best:\n        best = x\nreturn best", 3),
        ("a = [None]\na[0] = None\nreturn a[0] < 0, a[0] <= None", (True, True)),
        ("a = 7\na /= 2\nreturn a", 3),
        ("a = [7]\na[0] /= 2\nreturn a", [3]),
        ("a = np.array([7.0])\nb = a\nb /= 2\nreturn a", np.array([3.5])),
        ("a = np.array([7])\nb = a\nb /= 2\nreturn a", np.array([3])),
        ("g = {'W': np.ones(2)}\nw = g['W']\nw /= 4\nreturn g['W']", np.array([0.25, 0.25])),
        ("g = {'W': np.ones(2)}\ng['W'] /= 4\nreturn g['W']", np.array([0.25, 0.25])),
        ("def f((a, b), c):\n    return a + b + c\nreturn f((1, 2), 3)", 6),
        ("exec 'a = 3' in {}\nreturn 1", 1),
        ("print 'a', 'b',\nprint\nprint >>sys.stderr, 'c'\nreturn 1", 1),
        ("try:\n    raise ValueError, 'x'\nexcept ValueError, e:\n    return str(e)", "x"),
        ("try:\n    raise 'old'\nexcept TypeError:\n    return 1", 1),
        ("def map(a, b):\n    return np.ones(2)\nreturn map(1, 2)", np.ones(2)),
        ("filter = 3\nzip = filter + 1\nreturn zip", 4),
        ("unicode, long = 1, 2\nreturn unicode + long, int('3')", (3, 3)),
        ("class C:\n    def next(self):\n        return 3\n    def __iter__(self):\n"
         "        return self\nreturn iter(C()).next(), next(iter(C()))", (3, 3)),
        ("class C:\n    def __nonzero__(self):\n        return False\nreturn bool(C())", False),
        ("from itertools import izip, imap\nreturn list(izip([1], imap(abs, [-2])))", [(1, 2)]),
    ],
)  # fmt: skip
def test_lines_of_python_2_do_what_they_did(lines, expected, ran):
    result, _ = ran(lines, OLD + "import sys\n")
    np.testing.assert_equal(result, expected)


@pytest.mark.parametrize(
    ("errors", "half"),
    [("ValueError, e", 1), ("(ValueError, KeyError), e", 1), ("(ValueError, KeyError)", 1.5)],
)
def test_an_error_with_its_name_is_of_python_2(errors, half, ran):
    """Although Python 3.14 can read it: two kinds of errors need no parentheses any more."""
    assert ran(f"try:\n    return 3 / 2\nexcept {errors}:\n    return 0", "")[0] == half


def test_translation_leaves_the_lines_where_they_are(tmp_path):
    path = tmp_path / "softmax.py"
    path.write_text(f"{OLD}a = reduce(max, [1])\nb = intern('a')\nc = sorted([1], cmp)\n")
    tree, _ = read(path)
    assert [statement.lineno for statement in tree.body] == [1, 2, 4, 5, 6]


@pytest.mark.parametrize("line", ["print('a', end='')", "print('a', file=sys.stderr)"])
def test_print_as_a_function_in_a_file_that_is_else_python_2(line, ran):
    result, remarks = ran(f"{line}\nreturn list(xrange(2))", "import sys\n")
    assert result == [0, 1] and kinds(remarks) == ["Python 2 syntax translated"]
    result, _ = ran(f"{line}\nreturn `2`", "import sys\n")
    assert result == "2"


def test_lists_of_python_2_do_not_spread_into_other_files(tmp_path):
    (tmp_path / "softmax.py").write_text("print 'old'\nA = range(2)\n")
    (tmp_path / "linear_svm.py").write_text("from softmax import *\nB = range(2), 1 / 2\n")
    files = {name: tmp_path / name for name in ("softmax.py", "linear_svm.py")}
    with Submission(files) as submission:
        module = submission.load("linear_svm.py")
    assert (module.A, module.B) == ([0, 1], (range(2), 0.5))


# Encodings, and lines for a notebook.

SOFTMAX = "import numpy as np\ndef f():\n    return 'é'\n"
ENCODED = {
    "utf-8": (SOFTMAX.encode(), None),
    "utf-8 with its mark": (SOFTMAX.encode("utf-8-sig"), None),
    "utf-16 with its mark": (SOFTMAX.encode("utf-16"), "encoding"),
    "utf-16 the other way": (b"\xfe\xff" + SOFTMAX.encode("utf-16-be"), "encoding"),
    "utf-16 without a mark": (SOFTMAX.encode("utf-16-le"), "encoding"),
    "utf-16 without a mark, the other way": (SOFTMAX.encode("utf-16-be"), "encoding"),
    "utf-16, cut in the middle": (SOFTMAX.encode("utf-16") + b"\n", "encoding"),
    "utf-32": (SOFTMAX.encode("utf-32"), "encoding"),
    "utf-32 the other way": (b"\0\0\xfe\xff" + SOFTMAX.encode("utf-32-be"), "encoding"),
    "latin-1": (SOFTMAX.encode("latin-1"), None),
    "declared": (b"# -*- coding: cp1252 -*-\n" + SOFTMAX.encode("cp1252"), None),
    "declared wrongly": (b"# -*- coding: nonsense -*-\n" + SOFTMAX.encode(), None),
    "NUL at the end": (SOFTMAX.encode() + b"\0" * 512, "stray bytes"),
    "NUL in the middle": (SOFTMAX.encode().replace(b"def", b"\0def"), "stray bytes"),
    "the end of a file on CP/M": (SOFTMAX.encode() + b"\x1a", None),
    "a mark in the middle": (SOFTMAX.replace("def", "\ufeffdef").encode(), None),
    "lines as on Windows": (SOFTMAX.replace("\n", "\r\n").encode(), None),
    "lines as on an old Mac": (SOFTMAX.replace("\n", "\r").encode(), None),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_file_in_any_encoding_is_read(encoding, tmp_path):
    data, remark = ENCODED[encoding]
    path = tmp_path / "softmax.py"
    path.write_bytes(data)
    with Submission({"softmax.py": path}) as submission:
        assert submission.load("softmax.py").f() == "é"
        assert kinds(submission.remarks_on("softmax.py")) == ([remark] if remark else [])


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "%load_ext autoreload\n%autoreload 2",
        "!pip install 'past",
        "files = !ls",
        "?np.sum",
        "np.sum?",
        "get_ipython().magic(u'matplotlib inline')",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "if True:\n    %timeit 3\n    !ls",
        "x = %time 3",
        "%matplotlib inline\nprint 'and Python 2'",
    ],
)
def test_lines_for_a_notebook_are_left_out_with_a_remark(line, ran):
    result, remarks = ran("return 5 % 3", f"{line}\n{START}")
    assert result == 2 and kinds(remarks)[0] == "notebook lines left out"


def test_a_line_that_is_wrong_is_not_taken_for_one_of_a_notebook(tmp_path):
    path = tmp_path / "softmax.py"
    path.write_text("%matplotlib inline\nx = = 3\n")
    with pytest.raises(SyntaxError) as error:
        read(path)
    assert error.value.lineno == 2


# What stands at the top of a file.

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
if __name__ == '__main__':
    exit(1)
"""
PRESENT = """
ONE = 1
shift = lambda s: s - s.max()
try:
    xrange
except NameError:
    xrange = range
"""
OF_PYTHON_2, LEFT_OUT, AT_IMPORT = (
    "Python 2 syntax translated: ",
    "import left out: ",
    "code at import left out: ",
)
XRANGE = "return list(xrange(2))", [0, 1]
# (the top of a file, lines of a function, what it returns, beginnings of remarks)
TOPS = {
    "xrange": ("", *XRANGE, [OF_PYTHON_2]),
    **{
        f"xrange of {package}": (f"from {package} import xrange", *XRANGE, [])
        for package in ("past.builtins", "six.moves", "future.moves.builtins")
    },
    "an import": ("from itertools import izip", "return list(izip('a'))", [("a",)], [OF_PYTHON_2]),
    "methods of dicts": ("", "return {1: 2}.has_key(1)", True, [OF_PYTHON_2]),
    "true division": (
        "from __future__ import absolute_import, division",
        "print 'old'\nreturn 1 / 2",
        0.5,
        [OF_PYTHON_2],
    ),
    "annotations": (
        "from __future__ import annotations\ndef g(x: NDArray):\n    return x",
        "return g(3)",
        3,
        [],
    ),
    "constants and helpers": (PRESENT, "return [shift(A)[0] * ONE for i in xrange(1)]", [0], []),
    "a script": (SCRIPT, "return SETTINGS", {}, [AT_IMPORT] * 8),
    "a definition that fails": (
        "DATA = open('no such file')\ndef plot(x=DATA):\n    pass",
        "return 3",
        3,
        [AT_IMPORT] * 2,
    ),
    "imports that are not used": (
        "import no_such_thing.at.all as gone\nfrom nowhere import f, g as h",
        "return 3",
        3,
        [
            LEFT_OUT + "softmax.py, line 1, imports no_such_thing.at.all,",
            LEFT_OUT + "softmax.py, line 2, imports nowhere.f, nowhere.g,",
        ],
    ),
    **{
        f"@{decorator}": (
            f"from no_numba import jit\n@{decorator}\ndef g():\n    return 3",
            "return g()",
            3,
            [LEFT_OUT],
        )
        for decorator in ("jit", "jit(nopython=True)")
    },
    **{
        f"class C({bases})": (
            "from no_such import Missing, Other\nimport torch_not_here as torch\n"
            f"class C({bases}):\n    x = 3",
            "return C().x",
            3,
            [LEFT_OUT] * 2,
        )
        for bases in ("Missing", "Missing, Other", "torch.nn.Module")
    },
    "logsumexp": ("from scipy.misc import logsumexp", "return logsumexp(A)", 2.0, []),
    **{
        f"mode of SciPy, {which}": (
            "from scipy import stats",
            f"return stats.mode(np.array([5, 7, 7])){which}",
            7,
            [],
        )
        for which in ("[0][0]", "[0]", ".mode")
    },
    "names that are gone": (
        "",
        "return np.float(3)",
        3.0,
        ["names gone from NumPy: softmax.py sa"],
    ),
    "a list of arrays": (
        "",
        "P = np.zeros((2, 2))\nP[[range(2), np.arange(2)]] -= 1\nreturn P",
        -np.eye(2),
        ["old index: softmax.py says"],
    ),
}


@pytest.mark.parametrize("top", TOPS)
def test_what_stands_at_the_top_is_met_half_way(top, ran):
    top, lines, expected, remarks = TOPS[top]
    result, told = ran(lines, f"{top}\nimport numpy as np\nA = np.array([2.0])")
    np.testing.assert_equal(result, expected)
    assert len(told) == len(remarks) and all(map(str.startswith, told, remarks)), told


STYLES = [
    *("from softmax import *", "from .softmax import *", "from assignment.softmax import f"),
    *("import softmax as s; f = s.f", "import classifiers.softmax as s; f = s.f"),
    *("from classifiers.softmax import f", "from classifiers import softmax; f = softmax.f"),
    *("from .classifiers.softmax import f", "from cs231n.softmax import f"),
    *("from cs231n.classifiers.softmax import *", "from cs231n.classifiers.softmax import f"),
    "from assignment1.cs231n.classifiers.softmax import f",
]


@pytest.mark.parametrize("style", STYLES)
def test_files_import_each_other_in_every_style(style, tmp_path):
    (tmp_path / "softmax.py").write_text("from .linear_svm import *\ndef f():\n    return 1\n")
    (tmp_path / "linear_svm.py").write_text(f"{style}\nx = f()\n")
    files = {name: tmp_path / name for name in ("softmax.py", "linear_svm.py")}
    with Submission(files) as submission:
        module = submission.load("linear_svm.py")
        assert module.x == 1 and module.f is submission.load("softmax.py").f
    left = {name for name in sys.modules if "classifiers" in name}
    assert all(name.startswith("assignment.solutions.") for name in left), left


@pytest.mark.parametrize(
    "file, line",
    [
        ("my_helper.py", "from my_helper import *"),
        ("utils/math/more.py", "from utils.math.more import twice"),
        ("../layers.py", "from cs231n.layers import twice"),
        ("../more.py", "from ..more import twice"),
    ],
)
def test_a_helper_is_found_and_read_as_the_five_are(file, line, tmp_path):
    own = tmp_path / "cs231n" / "classifiers" / "softmax.py"
    for path, text in (
        (own, f"{line}\nx = twice(3)\n"),
        (own.parent / file, "def twice(n):\n    print 'old'\n    return 2 * n\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with Submission({"softmax.py": own}) as submission:
        assert submission.load("softmax.py").x == 6


def test_importing_leaves_no_trace_in_this_process(ran):
    before, path = set(sys.modules), list(sys.meta_path)
    ran("return 3")
    assert sys.meta_path == path and {name for name in sys.modules if "231" in name} <= before


@pytest.mark.parametrize("indent, place", [("", "outside the class"), ("        ", "in ")])
def test_a_method_that_stands_elsewhere_is_told_with_its_line(indent, place, tmp_path):
    head, method = solution("neural_net.py").split("    def predict(self, X):")
    source = head + f"{indent}def predict(self, X):\n{indent}    return 0\n"
    path = tmp_path / "neural_net.py"
    path.write_text(source, encoding="utf-8")
    exercise = find("TwoLayerNet.predict")
    found = judge(exercise, answer(exercise, {"neural_net.py": path}))
    line = source[: source.index("def predict")].count("\n") + 1
    assert found.status == "missing" and f"but {place}" in found.message
    assert found.message.endswith(f", line {line}.")

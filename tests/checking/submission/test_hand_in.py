"""A hand-in is found under any name, packed or not, or in a notebook; never the reference."""

import io
import json
import os
import re
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from assignment import FILES
from assignment.checking.answering import answer
from assignment.checking.exercises import EXERCISES, find
from assignment.checking.faces import Work, report
from assignment.checking.stubs import ASSIGNMENT, SOLUTIONS, make_stub
from assignment.checking.submission import unpack
from assignment.checking.submission.find import HandIn, find_files
from assignment.checking.submission.names import ASIDE, EXACT, NEAR, RENAMED, likeness
from assignment.checking.submission.unpack import NoHandIn
from conftest import unmarked
from mutants import solution

SOURCES = {file: unmarked(solution(file)) for file in FILES}
SOFTMAX = SOURCES["softmax.py"]
STUB = make_stub(solution("softmax.py"))


@pytest.fixture
def at_hand(monkeypatch):
    """Run what a hand-in defines in this process: these hand-ins behave."""
    monkeypatch.setattr(
        "assignment.checking.faces.run_all",
        lambda pairs, seconds: (answer(*pair) for pair in pairs),
    )


def written(folder, *names, **sources):
    """A folder with files of these names: what a name says, or what is given for it."""
    for name in names:
        file, _ = likeness(PurePosixPath(name.replace("\\", "/")).name) or (None, None)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sources.get(path.stem) or SOURCES.get(file) or "", encoding="utf-8")
    return folder


def verdict(folder, name="softmax_loss_naive"):
    with Work(folder) as work:
        return work.examine(find(name))


def shown(path):
    """Which file is taken for each of the five, as it is told."""
    with HandIn(path) as hand_in:
        return {name: hand_in.told(name) for name in hand_in.files}


# Names.


NAMES = {
    ("softmax.py", EXACT): ["softmax.py"],
    ("softmax.py", RENAMED): [
        *("Softmax.py", "SOFTMAX.PY", "softmax.py.txt", "softmax.txt", "softmax.py.py"),
        *("softmax (1).py", "softmax(2).py", "softmax-1.py", "softmax_1.py", "softmax 2.py"),
        *("softmax copy.py", "softmax - Copy (2).py", "softmax - Kopie.py", "Copy of softmax.py"),
        *("student_12345_678_softmax.py", "doejane_LATE_12345_678_softmax-1.py", "ｓoftmax.py"),
        "Jane Doe_12345_assignsubmission_file_softmax.py",
    ],
    ("linear_svm.py", RENAMED): ["A1_jdoe_attempt_2020-10-01-12-00-00_linear_svm.py"],
    ("k_nearest_neighbor.py", RENAMED): ["k_nearest_neighbor (3).py"],
    ("linear_classifier.py", RENAMED): ["Linear_Classifier.py"],
    ("softmax.py", NEAR): ["my_softmax.py", "softmax_final.py", "softmax-v2.py"],
    ("k_nearest_neighbor.py", NEAR): ["KNearestNeighbour.py"],
    ("linear_svm.py", NEAR): ["LinearSVM.py"],
    ("neural_net.py", NEAR): ["neural-network.py"],
    ("softmax.py", ASIDE): [
        *("softmax_old.py", "softmax.py.kept-1", "softmax.py.bak", "softmax.py~", "softmax.orig"),
        *("backup of softmax.py", "test_softmax.py"),
    ],
    None: [
        *("softmax.ipynb", "softmax.png", "softmax.pyc", "softmaximum.py", "features.py"),
        *("softmax_and_linear_svm.py", "neural.py", ""),
    ],
}


@pytest.mark.parametrize("means, name", [(m, name) for m, some in NAMES.items() for name in some])
def test_a_name_means_one_of_the_five(means, name):
    assert likeness(name) == means


@pytest.mark.parametrize(
    "name",
    [
        "softmax (1).py",
        "SOFTMAX.PY",
        "softmax.py.txt",
        "student_12345_678_softmax.py",
        "my_softmax.py",
        "answers.py",
        "Jane Doe_12345_assignsubmission_file_/softmax (1).py",
        "a b/Übung 1/deep/er/softmax.py",
        "assignment1\\cs231n\\classifiers\\softmax.py",
    ],
)
def test_a_unique_name_is_taken_with_a_remark(name, tmp_path, at_hand):
    folder = written(tmp_path / "x", name, answers=SOFTMAX)
    found = verdict(folder)
    assert found.status == "right", found.message
    odd = re.split(r"[/\\]", name)[-1] != "softmax.py"
    assert [remark.partition(":")[0] for remark in found.remarks] == ["under another name"] * odd
    assert shown(folder)["softmax.py"] == name.replace("\\", "/")


def test_the_very_name_counts_and_the_other_is_told(tmp_path):
    folder = written(
        tmp_path, "softmax.py", "softmax (1).py", "softmax.py.kept-1", "softmax_old.py"
    )
    with HandIn(folder) as hand_in:
        assert hand_in.told("softmax.py") == "softmax.py"
        assert sorted(hand_in.left_out) == ["softmax (1).py", "softmax.py.kept-1", "softmax_old.py"]
        assert any("Passed over: softmax (1).py" in note for note in hand_in.notes)


@pytest.mark.parametrize(
    "names, there",
    [
        (("softmax.py.bak", "notes.txt"), "; there are softmax.py.bak and notes.txt."),
        (("softmax_old.py", FILES[0]), "; there is softmax_old.py."),
        (("._softmax.py",), "."),
        (("softmax (1).py", "softmax (2).py"), "; there are softmax (1).py and softmax (2).py."),
        (("report.pdf",), "; there is report.pdf."),
        ((), "."),
        ([f"{i}.py" for i in range(9)], "; there are 0.py, 1.py, 2.py, 3.py, 4.py and 4 more."),
    ],
)
def test_what_is_there_instead_is_told(names, there, tmp_path):
    folder = written(tmp_path, *names)
    for i, name in enumerate(names):  # no two alike
        with open(folder / name, "a") as file:
            file.write(f"# {i}\n")
    found = verdict(folder)
    assert (found.status, found.message) == ("missing", f"There is no softmax.py{there}")


@pytest.mark.parametrize(
    "name", ["old_12345_6789_softmax.py", "test_softmax.py", "x/tmp softmax.py"]
)
def test_a_name_that_is_put_aside_is_taken_where_nothing_else_is_there(name, tmp_path, at_hand):
    folder = written(tmp_path, name, "tests/test_linear_svm.py", test_linear_svm="def test(): pass")
    with HandIn(folder) as hand_in:
        assert list(hand_in.files) == ["softmax.py"] and hand_in.left_out == []
        assert hand_in.notes == [
            f"{name} is taken, though it is a backup or a test by its name: nothing else is there."
        ]
    assert verdict(folder).status == "right"


def test_what_macos_notes_beside_a_file_is_nothing(tmp_path):
    written(tmp_path, "._softmax.py", "a/softmax.py", "a/._linear_svm.py", "._old softmax.py")
    with HandIn(tmp_path) as hand_in:
        assert list(hand_in.files) == ["softmax.py"] and hand_in.left_out == hand_in.notes == []


def test_two_that_are_equal_to_the_byte_are_one(tmp_path, at_hand):
    assert verdict(written(tmp_path, "softmax (1).py", "softmax (2).py")).status == "right"


def test_all_in_one_file_is_taken_for_each(tmp_path, at_hand):
    source = "\n".join(SOURCES.values())
    folder = written(tmp_path, "main.py", main=source)
    assert set(shown(folder).values()) == {"main.py"}
    for name in ("softmax_loss_naive", "LinearClassifier.predict", "nca_loss"):
        assert verdict(folder, name).status == "right"


def test_all_in_one_file_that_is_no_python_is_told_with_its_line(tmp_path, at_hand):
    source = "\n".join(SOURCES.values())
    folder = written(tmp_path, "main.py", "linear_svm.py", main=source + "\nx = = 3\n")
    assert shown(folder) == {file: "main.py" for file in FILES} | {"linear_svm.py": "linear_svm.py"}
    found = verdict(folder)
    assert found.status == "crash" and re.match(r"main\.py, line \d+: SyntaxError", found.message)
    (tmp_path / "answers.py").write_text(source)
    assert verdict(folder).status == "right"


def test_each_function_is_found_in_a_file_of_its_own(tmp_path, at_hand):
    naive, vectorized = SOFTMAX.split("def softmax_loss_vectorized")
    folder = written(
        tmp_path, "part1.py", "part2.py", part1=naive,
        part2=naive.split("def softmax_loss_naive")[0] + "def softmax_loss_vectorized" + vectorized,
    )  # fmt: skip
    for name in ("softmax_loss_naive", "softmax_loss_vectorized"):
        assert verdict(folder, name).status == "right"


@pytest.mark.parametrize("kind", ["file", "folder", "loop"])
def test_links_are_followed_once(kind, tmp_path):
    real = written(tmp_path / "real", "softmax.py")
    folder = tmp_path / "x"
    folder.mkdir()
    if kind == "file":
        (folder / "softmax.py").symlink_to(real / "softmax.py")
    else:
        (folder / "linked").symlink_to(real, target_is_directory=True)
    if kind == "loop":
        (real / "again").symlink_to(folder, target_is_directory=True)
    assert find_files(folder)["softmax.py"].name == "softmax.py"


# Which folder.


@pytest.mark.parametrize(
    "taken, its, left, others, why",
    [
        ("work", FILES[1:], "backup", FILES, "backup is a backup or a test by its name"),
        ("x/a", FILES, "b", FILES[1:], "it holds 5 of the files and b 4"),
        ("z/assignment1", FILES, "assignment2", FILES, "assignment2 is of another assignment"),
        ("b", FILES[:2], "a", [FILES[0], "Linear_SVM.py"], "its files have the very names"),
        ("b", FILES, "a/b", FILES, "it is nearer to the top"),
        ("a", FILES, "b", FILES, "it comes first by its name"),
    ],
)
def test_of_two_folders_one_is_taken_and_it_is_told_why(taken, its, left, others, why, tmp_path):
    written(tmp_path / taken, *its)
    written(tmp_path / left, *others)
    for file in its:
        os.utime(tmp_path / taken / file, (1e9, 1e9))
    with HandIn(tmp_path) as hand_in:
        assert {hand_in.told(name) for name in hand_in.files} == {f"{taken}/{file}" for file in its}
        assert hand_in.left_out == [left]
        for file in {*FILES} & {*others} - {*its}:
            assert hand_in.absence(file) == f"There is no {file}; there is {left}/{file}."
        told = f"{taken[0].upper()}{taken[1:]} is taken, since {why}. ({left} has the newer files.)"
        assert hand_in.notes == [f"There is more than one hand-in: this is not {left}. {told}"]


@pytest.mark.parametrize("blank, work", [(".", "a/b"), ("assignment", "my_work")])
@pytest.mark.parametrize("solved", [FILES, FILES[:2]])
def test_a_folder_of_blanks_gives_way_to_one_with_work(blank, work, solved, tmp_path):
    if blank == "assignment":
        clone(tmp_path)
    for name in FILES:
        (tmp_path / blank / name).write_text(make_stub(solution(name)))
    written(tmp_path / work, *solved)
    place = "" if blank == "." else f"{blank}/"
    expected = {name: f"{work}/{name}" if name in solved else place + name for name in FILES}
    with HandIn(tmp_path) as hand_in:
        assert {name: hand_in.told(name) for name in FILES} == expected
        told = " ".join(hand_in.notes)
    if solved == FILES:
        assert f"since {'the top folder' if blank == '.' else blank} holds no answers" in told
    else:
        assert f"Passed over: {place}{FILES[0]} and {place}{FILES[1]}." in told


def test_a_folder_of_blanks_does_not_give_way_to_one_without_answers(tmp_path):
    (tmp_path / "softmax.py").write_text(STUB)
    written(tmp_path / "derivations", "softmax.py", softmax="lines = 3\n")
    assert shown(tmp_path) == {"softmax.py": "softmax.py"}


def test_a_folder_with_something_solved_does_not_give_way(tmp_path):
    for name in FILES:
        (tmp_path / name).write_text(make_stub(solution(name)))
    written(tmp_path, FILES[1])
    written(tmp_path / "a", *FILES)
    assert shown(tmp_path) == {name: name for name in FILES}


@pytest.mark.parametrize(
    "other, its, another, count, left",
    [
        ("v2", FILES[2:], None, 5, [f"v2/{FILES[2]}"]),
        ("v2", FILES[3:], None, 5, []),
        ("v2", FILES[2:], "# another", 3, ["v2"]),
        ("v2_old", FILES[2:], None, 3, ["v2_old"]),
    ],
)
def test_folders_that_share_a_file_are_one_hand_in(other, its, another, count, left, tmp_path):
    written(tmp_path / "v1", *FILES[:3], **{FILES[2][:-3]: another})
    written(tmp_path / other, *its)
    with HandIn(tmp_path) as hand_in:
        assert len(hand_in.files) == count and hand_in.left_out == left


def test_copies_that_nobody_hands_in_do_not_count(tmp_path):
    for copy in (".ipynb_checkpoints", "__MACOSX", ".git", "__pycache__"):
        written(tmp_path / copy, *FILES)
    assert find_files(tmp_path) == {}


# The reference.


def clone(folder):
    """A copy of the suite, as far as it matters here, with five files of a student."""
    for name in ("checking", "solutions", "given"):
        shutil.copytree(
            ASSIGNMENT / name, folder / "assignment" / name, ignore=shutil.ignore_patterns("__pyc*")
        )
    shutil.copytree(
        ASSIGNMENT.parent / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pyc*")
    )
    return written(folder / "assignment", *FILES).parent


@pytest.mark.parametrize("renamed", [None, "softmax_mine.py", "xyz.py", "softmax.py.bak"])
def test_in_a_clone_the_five_at_the_top_are_the_hand_in(renamed, tmp_path):
    folder = clone(tmp_path / "clone")
    if renamed:
        (folder / "assignment" / "softmax.py").rename(folder / "assignment" / renamed)
    with HandIn(folder) as hand_in:
        found = {name: hand_in.told(name) for name in hand_in.files}
        expected = {name: f"assignment/{name}" for name in FILES}
        if renamed:
            expected["softmax.py"] = f"assignment/{renamed}"
        if renamed == "softmax.py.bak":
            del expected["softmax.py"]
            assert "assignment/softmax.py.bak" in hand_in.left_out
            assert hand_in.sources(find("softmax_loss_naive")) == []
        assert found == expected
        assert "assignment/solutions" in hand_in.left_out
        assert (
            "assignment/solutions is the reference solution, which is not graded." in hand_in.notes
        )


def test_a_clone_that_is_packed_is_a_clone(tmp_path):
    folder = clone(tmp_path / "clone")
    (folder / "assignment" / "softmax.py").unlink()
    shutil.make_archive(tmp_path / "packed", "zip", tmp_path, "clone")
    with HandIn(tmp_path / "packed.zip") as hand_in:
        assert "softmax.py" not in hand_in.files
        assert "clone/assignment/solutions" in hand_in.left_out


def test_a_copy_of_the_reference_gets_no_points(tmp_path, at_hand, capsys):
    for file in FILES:
        shutil.copy(SOLUTIONS / file, tmp_path)
    assert not report((), tmp_path)
    told = capsys.readouterr().out
    all = len(EXERCISES)
    assert told.count("  refused  ") == told.count("has the mark of the reference") == all
    assert f"0 right, 0 wrong, 0 to do, {all} refused; 0 of 100 points" in told


def test_the_folder_of_the_reference_itself_is_the_maintainers_check(at_hand):
    assert verdict(SOLUTIONS).status == "right"
    assert verdict(SOLUTIONS / ".." / "solutions", "nca_loss").status == "right"


def test_an_answer_with_marks_is_refused_and_the_rest_of_its_file_is_judged(tmp_path, at_hand):
    naive, vectorized = solution("softmax.py").split("def softmax_loss_vectorized")
    source = unmarked(naive) + "def softmax_loss_vectorized" + vectorized
    written(tmp_path, "softmax.py", softmax=source)
    assert verdict(tmp_path).status == "right"
    found = verdict(tmp_path, "softmax_loss_vectorized")
    line = 1 + source[: source.index("### BEGIN")].count("\n")
    assert found.status == "refused"
    assert found.message.startswith(f"softmax.py, line {line}, has the mark of the reference")


MARKED = "### BEGIN SOLUTION\n{}\n### END SOLUTION\n"


@pytest.mark.parametrize("file", ["softmax.py", "linear_classifier.py"])
def test_in_a_file_with_all_a_mark_refuses_what_it_answers(file, tmp_path):
    source = "\n".join({**SOURCES, file: solution(file)}.values()) + MARKED.format("print(3)")
    written(tmp_path, "main.py", main=source)
    with HandIn(tmp_path) as hand_in:
        told = {e: hand_in.refusal(e, tmp_path / "main.py") for e in EXERCISES}
    assert [e.file == file for e in EXERCISES] == [*map(bool, told.values())]


@pytest.mark.parametrize(
    "source",
    [
        SOFTMAX.split("def ")[0] + MARKED.format("def softmax_loss_naive(*a):\n    pass"),
        "def mine(*a):\n" + "    ### BEGIN SOLUTION\n    return 3\n    ### END SOLUTION\n"
        "def other(*a):\n    return mine(*a)\nsoftmax_loss_naive = other\n",
    ],
)
def test_a_mark_around_an_answer_or_in_its_helper_counts(source, tmp_path):
    written(tmp_path, "softmax.py", softmax=source)
    with HandIn(tmp_path) as hand_in:
        path = tmp_path / "softmax.py"
        assert "has the mark" in hand_in.refusal(find("softmax_loss_naive"), path)
        assert hand_in.refusal(find("softmax_loss_vectorized"), path) is None


def test_each_part_of_a_net_has_marks_of_its_own(tmp_path, at_hand):
    source = solution("neural_net.py")
    marks = "### BEGIN SOLUTION TwoLayerNet.loss\n", "### BEGIN SOLUTION TwoLayerNet.gradients\n"
    start, end = map(source.index, marks)
    source = unmarked(source[:start]) + source[start:end] + unmarked(source[end:])
    written(tmp_path, "neural_net.py", neural_net=source)
    assert verdict(tmp_path, "TwoLayerNet.loss").status == "refused"
    for name in ("TwoLayerNet.scores", "TwoLayerNet.gradients", "TwoLayerNet.predict"):
        assert verdict(tmp_path, name).status == "right"


IMPORTS = [
    "import assignment.solutions.softmax",
    "import assignment.solutions.softmax as mine",
    "from assignment import solutions",
    "from assignment.solutions import softmax",
    "from assignment.solutions.softmax import softmax_loss_naive as other",
    "from .solutions.softmax import *",
    "from ..solutions import softmax",
    "import importlib\nmine = importlib.import_module('assignment.solutions.softmax')",
    "mine = __import__('assignment.solutions.softmax')",
    "import importlib\nmine = importlib.import_module('.solutions.softmax', 'assignment')",
    "def f():\n    from assignment.solutions import softmax",
    "exec('from assignment.solutions.softmax import *')",
    "import sys\nsys.path.insert(0, 'assignment/solutions')",
    "import assignment\ndef f():\n    return assignment.solutions.softmax",
]


# The checks have right losses and distances in place of those that another exercise asks for.
OF_CHECKS = [
    "from assignment.checking import calls",
    "from assignment.checking import check, calls",
    "from assignment.checking.knn import calls",
    "import assignment.checking.net.calls as mine",
    "import assignment.checking\nmine = assignment.checking.calls.measured",
    "import importlib\nmine = importlib.import_module('assignment.checking.calls')",
    "import sys\nmine = sys.modules['assignment.checking.calls']",
    "import sys\nmine = sys.modules.get('assignment.checking.calls')",
    "exec('from assignment.checking import calls')",
]
PLACES = {"solutions": IMPORTS, "checking": OF_CHECKS}
PLACES |= {"grading": ["from assignment.grading import inside"]}


@pytest.mark.parametrize("place, line", [(p, line) for p in PLACES for line in PLACES[p]])
def test_a_file_that_leads_to_answers_of_ours_is_refused(place, line, tmp_path, at_hand):
    written(tmp_path, "softmax.py", softmax=SOFTMAX + line + "\n")
    found = verdict(tmp_path)
    assert found.status == "refused" and f"leads to assignment.{place}," in found.message


@pytest.mark.parametrize(
    "line",
    [
        "# as in assignment.solutions, or assignment.checking.calls",
        "from assignment.checking import case, check",
        "import assignment.checking\nmine = assignment.checking.check",
        "from assignment.checking import *",
        '"""See assignment/solutions."""',
        "from assignment.given import validation",
        "solutions = 3",
        "from .solutions import two",
    ],
)
def test_a_file_that_only_speaks_of_it_is_judged(line, tmp_path, at_hand):
    written(tmp_path, "softmax.py", "solutions.py", softmax=SOFTMAX + line, solutions="two = 2\n")
    assert verdict(tmp_path).status == "right"


LEADING = [
    "from assignment.solutions.softmax import *",
    "from assignment.solutions.softmax import softmax_loss_naive",
    "import importlib\nm = importlib.import_module('assignment' + '.solutions.softmax')\n"
    "softmax_loss_naive = m.softmax_loss_naive",
    "def softmax_loss_naive(*a):\n    from assignment.solutions import softmax",
    "def softmax_loss_naive(*a):\n"
    "    return __import__('.'.join(['assignment', 'solu' + 'tions', 'softmax'])).solutions",
    "def softmax_loss_naive(*a):\n    exec((root / 'solutions' / 'softmax.py').read_text())",
]


@pytest.mark.parametrize("source", LEADING)
@pytest.mark.parametrize("helpers", [(), ("h.py",), ("h.py", "lib/g.py")])
def test_nothing_but_the_reference_is_refused(source, helpers, tmp_path, at_hand):
    imports = ("from h import *", "from lib.g import *")
    chain = [*imports[: len(helpers)], source]
    for name, text in zip(("softmax.py", *helpers), chain, strict=True):
        written(tmp_path, name, **{Path(name).stem: text + "\n"})
    found = verdict(tmp_path)
    assert found.status == "refused", found.message
    assert found.message.startswith((*helpers[-1:], "softmax.py")[0] + ", line ")


def test_a_name_that_hides_is_not_imported(tmp_path, at_hand):
    name = "'assignment.' + ''.join(reversed('snoitulos')) + '.softmax'"
    source = f"def softmax_loss_naive(*a):\n    return __import__({name}).solutions\n"
    written(tmp_path, "softmax.py", softmax=source)
    found = verdict(tmp_path)
    assert found.status == "crash" and "the reference, which is not for a hand-in" in found.message


def test_a_helper_of_ones_own_is_no_reference(tmp_path, at_hand):
    (tmp_path / "solutions").mkdir()
    helper = "from pathlib import Path\nhere = Path('.') / 'solutions'\nimport softmax\n"
    written(tmp_path, "softmax.py", "h.py", softmax=SOFTMAX + "\nfrom h import *\n", h=helper)
    assert verdict(tmp_path).status == "right"


# Packed.


def zipped(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(zipfile.ZipInfo(name) if isinstance(name, str) else name, text)
    return path


def tarred(path, entries, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, text in entries.items():
            entry = tarfile.TarInfo(name) if isinstance(name, str) else name
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


PACKED = {
    "a1/cs231n/classifiers/softmax.py": SOFTMAX,
    "a1/data.bin": "x",
    "__MACOSX/softmax.py": "",
}


@pytest.mark.parametrize("name", ["a.zip", "A.ZIP", "a.tar.gz", "a.tgz", "a.tar", "a.tar.bz2"])
def test_an_archive_is_a_hand_in(name, tmp_path, at_hand):
    if name.casefold().endswith("zip"):
        path = zipped(tmp_path / name, PACKED)
    else:
        path = tarred(
            tmp_path / name, PACKED, {"a.tar": "w", "a.tar.bz2": "w:bz2"}.get(name, "w:gz")
        )
    assert shown(path) == {"softmax.py": "a1/cs231n/classifiers/softmax.py"}
    assert verdict(path).status == "right"


def test_an_archive_in_the_folder_is_a_folder_and_one_in_it_too(tmp_path):
    inner = zipped(tmp_path / "inner.zip", {"hw\\softmax.py": SOFTMAX}).read_bytes()
    (tmp_path / "x").mkdir()
    with zipfile.ZipFile(tmp_path / "x" / "outer.zip", "w") as archive:
        archive.writestr("inner.zip", inner)
    assert shown(tmp_path / "x") == {"softmax.py": "outer.zip/inner.zip/hw/softmax.py"}


def test_what_was_unpacked_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = zipped(tmp_path / "a.zip", PACKED)
    with HandIn(path) as hand_in:
        assert hand_in.files["softmax.py"].is_file()
        assert list((tmp_path / "temporary").iterdir())
    assert not list((tmp_path / "temporary").iterdir())


def link(name, target, kind=tarfile.SYMTYPE):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def zip_link(name):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


OUTSIDE = {
    "../softmax.py": "a.zip",
    "/etc/softmax.py": "a.zip",
    "x/../../softmax.py": "a.tar.gz",
    "..\\softmax.py": "a.zip",
    "C:\\softmax.py": "a.zip",
    "/softmax.py": "a.tgz",
}


@pytest.mark.parametrize("entry", OUTSIDE)
def test_an_archive_that_leads_out_is_refused(entry, tmp_path):
    name = OUTSIDE[entry]
    path = (zipped if name.endswith("zip") else tarred)(tmp_path / name, {entry: "x", "b.py": "x"})
    with pytest.raises(NoHandIn, match="leads out of it"):
        HandIn(path)


@pytest.mark.parametrize(
    "path",
    [
        lambda folder: zipped(folder / "a.zip", {zip_link("softmax.py"): "/etc/passwd"}),
        lambda folder: tarred(folder / "a.tar", {link("softmax.py", "/etc/passwd"): ""}, "w"),
        lambda folder: tarred(folder / "a.tgz", {link("softmax.py", "b.py", tarfile.LNKTYPE): ""}),
    ],
)
def test_a_link_in_an_archive_is_told_and_never_followed(path, tmp_path):
    with HandIn(path(tmp_path)) as hand_in:
        assert hand_in.files == {}
        (note,) = hand_in.notes
    assert "has only a link in place of 'softmax.py': pack the file itself." in note


@pytest.mark.parametrize("pack, link, name", [(zipped, lambda *a: zip_link(a[0]), "a.zip"),
                                              (tarred, lambda *a: link(*a), "a.tar")])  # fmt: skip
def test_other_links_in_an_archive_do_not_matter(pack, link, name, tmp_path):
    (tmp_path / "out").mkdir()
    entries = {
        "softmax.py": SOFTMAX,
        link("env/bin/python3", "/usr/bin/python3"): "",
        link("data", str(tmp_path / "out")): "",
        "data/mine.py": "x = 1",
    }
    path = pack(tmp_path / name, entries)
    with HandIn(path) as hand_in:
        assert list(hand_in.files) == ["softmax.py"] and hand_in.notes == []
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("limit", ["MOST_ENTRIES", "MOST_BYTES"])
@pytest.mark.parametrize("pack, name", [(zipped, "a.zip"), (tarred, "a.tar.gz")])
def test_an_archive_that_is_too_large_is_refused_before_it_is_unpacked(
    pack, name, limit, tmp_path, monkeypatch
):
    monkeypatch.setattr(unpack, limit, 10)
    monkeypatch.setattr(unpack, "_write", None)
    with pytest.raises(NoHandIn, match="is too large"):
        HandIn(pack(tmp_path / name, {f"{i}.py": "xx" for i in range(11)}))


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tgz", "a.tar"])
@pytest.mark.parametrize("data", [b"", b"PK\3\4 no archive", b"x" * 2000, "cut"])
def test_an_archive_that_is_damaged_is_a_sentence(name, data, tmp_path):
    path = tmp_path / name
    if data == "cut":
        big = "".join(f"x{i} = {i * i}\n" for i in range(9999))
        (zipped if name == "a.zip" else tarred)(path, {"softmax.py": big})
        data = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(data)
    with pytest.raises(NoHandIn, match=f"{name} cannot be unpacked: it is damaged"):
        HandIn(path)


def test_a_damaged_archive_beside_the_files_is_told_and_does_not_matter(tmp_path):
    written(tmp_path, "softmax.py")
    (tmp_path / "old.zip").write_bytes(b"PK no archive")
    with HandIn(tmp_path) as hand_in:
        assert hand_in.told("softmax.py") == "softmax.py"
        assert "old.zip cannot be unpacked" in hand_in.notes[0]


# What may be named.


@pytest.mark.parametrize(
    "name, told",
    [
        ("", "--submission needs a name"),
        (" ", "--submission needs a name"),
        ("nowhere", "nowhere is not a folder."),
        ("picture.png", "picture.png is no folder."),
        ("a.zip", "a.zip cannot be unpacked"),
    ],
)
def test_what_cannot_be_looked_at_is_one_sentence(name, told, tmp_path, command):
    for there in ("picture.png", "a.zip"):
        (tmp_path / there).write_bytes(b"no such thing")
    path = tmp_path / name if (tmp_path / name).is_file() else name
    done = command("check", "--submission", path)
    assert done.returncode == 2 and told in done.stderr


@pytest.mark.parametrize("name", ["softmax.py", "mine.py", "softmax_old.py", "softmax.txt"])
def test_a_single_file_is_a_hand_in(name, tmp_path, at_hand):
    path = written(tmp_path, name, mine=SOFTMAX) / name
    assert verdict(path).status == "right"
    assert verdict(path, "nca_loss").status == "missing"


def test_as_json_it_says_what_was_passed_over(tmp_path, command, schema):
    path = zipped(tmp_path / "a.zip", {"a/softmax.py": SOFTMAX, "old/softmax.py": SOFTMAX})
    done = command("check", "--json", "--submission", path, "softmax_loss_naive")
    data = json.loads(done.stdout)
    schema(data)
    assert data["files"] == {"softmax.py": "a/softmax.py"} and data["left_out"] == ["old"]
    assert "old is a backup" in data["notes"][0]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_the_time_of_what_is_packed_is_looked_at(name, tmp_path):
    entries = {}
    for folder, year in (("a", 2001), ("b", 2002)):
        if name == "a.zip":
            entry = zipfile.ZipInfo(f"{folder}/softmax.py", (year, 1, 1, 0, 0, 0))
        else:
            entry = tarfile.TarInfo(f"{folder}/softmax.py")
            entry.mtime = 1e9 + year
        entries[entry] = SOFTMAX
    with HandIn((zipped if name == "a.zip" else tarred)(tmp_path / name, entries)) as hand_in:
        newer = "(b has the newer files.)" in hand_in.notes[0]
    assert newer == (name == "a.zip"), "two seconds are no difference"


def test_a_link_to_everything_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("assignment.checking.submission.collect.MOST_ENTRIES", 10)
    written(tmp_path / "all", *(f"{i}.py" for i in range(11)))
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "link").symlink_to(tmp_path / "all", target_is_directory=True)
    with pytest.raises(NoHandIn, match="more than 10 files"):
        HandIn(tmp_path / "x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_a_file_that_never_ends_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "softmax.py")
    os.mkfifo(tmp_path / "notes.txt")
    assert list(find_files(tmp_path)) == ["softmax.py"]
    with Work(tmp_path) as work:
        found = work.examine(find("softmax_loss_naive"))
    assert found.status == "crash" and "softmax.py is a folder, a pipe or" in found.message


# Notebooks.


def notebook(path, *cells, markdown="Softmax"):
    cells = [new_markdown_cell(markdown), *map(new_code_cell, cells)]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path


IMPORT, NAIVE, VECTORIZED = (
    "import numpy as np\nfrom assignment.given.validation import require_finite, require_linear",
    "def softmax_loss_naive" + SOFTMAX.split("def softmax_loss_naive")[1].split("\ndef ")[0],
    "def softmax_loss_vectorized" + SOFTMAX.split("def softmax_loss_vectorized")[1],
)
CELLS = (IMPORT, NAIVE, VECTORIZED)
NET = SOURCES["neural_net.py"]


def names_of(found):
    assert found.status == "right", found.message
    return [remark.partition(":")[0] for remark in found.remarks]


@pytest.mark.parametrize("alone", [True, False])
def test_a_notebook_is_a_hand_in(alone, tmp_path, at_hand):
    path = notebook(tmp_path / "softmax.ipynb", *CELLS)
    for name in ("softmax_loss_naive", "softmax_loss_vectorized"):
        assert names_of(verdict(path if alone else tmp_path, name)) == ["from a notebook"]


def test_a_cell_may_be_one_string(tmp_path, at_hand):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**cell, "source": f"{IMPORT}\n{NAIVE}"}]
    book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    (tmp_path / "x.ipynb").write_text(json.dumps(book))
    assert "from a notebook" in names_of(verdict(tmp_path))


@pytest.mark.parametrize(
    "cell, remark",
    [
        ("%matplotlib inline\n!pip install numpy\nfiles = !ls", "notebook lines left out"),
        ("%%bash\nls", "cells left out"),
        ("%%time\nx = 1", None),
        ("for i in range(10**12):\n    pass", None),
        ("def broken(:\n    pass", "cell left out"),
        ("best = softmax_loss_naive(np.zeros(3))", None),
        ("np.sum?", "notebook lines left out"),
        ("print 'Python 2'", "Python 2 syntax translated"),
        ("get_ipython().magic('matplotlib inline')", "notebook lines left out"),
    ],
)
def test_a_notebook_with_other_cells_is_read(cell, remark, tmp_path, at_hand):
    path = notebook(tmp_path / "x.ipynb", cell, *CELLS, cell)
    expected = ["from a notebook", *([remark] if remark else [])]
    assert list(dict.fromkeys(names_of(verdict(path)))) == expected


def test_the_kernel_says_that_a_notebook_is_of_python_2(tmp_path, at_hand):
    half = NAIVE.replace("loss = 0.0", "assert 7 / 2 == 3; loss = 0.0", 1)
    path = notebook(tmp_path / "x.ipynb", IMPORT, half)
    assert verdict(path).status == "crash"
    book = nbformat.read(path, 4)
    book.metadata.kernelspec = {"name": "python2", "display_name": "Python 2"}
    nbformat.write(book, path)
    assert "Python 2 syntax translated" in names_of(verdict(path))


def test_helpers_and_constants_of_a_notebook_come_along(tmp_path, at_hand):
    used = NAIVE.replace("scores - scores.max()", "ONE * shift(scores)")
    path = notebook(
        tmp_path / "x.ipynb", IMPORT, "ONE = TWO - 1", "TWO = 2\nONE = TWO - 1", used,
        "shift = lambda s: s - top(s)", "@staticmethod\ndef top(s):\n    return s.max()",
    )  # fmt: skip
    assert "from a notebook" in names_of(verdict(path))


@pytest.mark.parametrize(
    "cell", ["ONES = [one for one in (1, 1)]", "ONES = {one for one in (1, 1)}.union({1})",
             "ONES = list({one: one for one in (1, 1)})"],
)  # fmt: skip
def test_what_a_comprehension_counts_with_is_a_name_of_its_own(cell, tmp_path, at_hand):
    """Neither what stands under that name elsewhere is needed for it, nor it for that."""
    used = NAIVE.replace("scores - scores.max()", "min(ONES) * (scores - scores.max())")
    path = notebook(tmp_path / "x.ipynb", IMPORT, cell, used, "one = np.load('gone.npy')")
    assert names_of(verdict(path)) == ["from a notebook"]
    used = NAIVE.replace("scores - scores.max()", "one * (scores - scores.max())")
    there = [cell.replace("(1, 1)", "np.load('gone.npy')"), "one = 1"]
    path = notebook(tmp_path / "x.ipynb", IMPORT, *there, used)
    assert names_of(verdict(path)) == ["from a notebook"]


def test_the_last_definition_counts_and_that_is_told(tmp_path, at_hand):
    wrong = NAIVE.replace("return loss, dW", "return 3 * loss, dW")
    assert names_of(verdict(notebook(tmp_path / "x.ipynb", IMPORT, wrong, NAIVE)))[1:] == [
        "defined again"
    ]
    found = verdict(notebook(tmp_path / "x.ipynb", IMPORT, NAIVE, wrong))
    assert found.status == "wrong"


def test_a_cell_that_writes_a_file_is_that_file(tmp_path, at_hand):
    path = notebook(
        tmp_path / "x.ipynb",
        "%%writefile cs231n/classifiers/softmax.py\n" + SOFTMAX.replace("/ N", "* N"),
        "%%writefile cs231n/classifiers/softmax.py\n" + "\n".join((IMPORT, NAIVE)),
        "%%writefile -a cs231n/classifiers/softmax.py\n" + VECTORIZED,
        "%%writefile linear_svm.py\nfrom softmax import np\n" + SOURCES["linear_svm.py"],
    )
    for name in ("softmax_loss_naive", "softmax_loss_vectorized", "svm_loss_naive"):
        assert verdict(path, name).status == "right"
    assert shown(path)["softmax.py"] == "x.ipynb/softmax.py"


def test_a_method_that_is_attached_afterwards_belongs_to_its_class(tmp_path, at_hand):
    head, method = NET.split("    def predict(self, X):")
    method = "def predict(self, X):" + method.replace("\n    ", "\n")
    for attach in ("TwoLayerNet.predict = predict", "setattr(TwoLayerNet, 'predict', predict)"):
        path = notebook(tmp_path / "x.ipynb", head, method, attach)
        assert "from a notebook" in names_of(verdict(path, "TwoLayerNet.predict")), attach


@pytest.mark.parametrize("base", ["", "(object)", "(TwoLayerNet)"])
def test_a_class_in_pieces_is_one(base, tmp_path, at_hand):
    head, method = NET.split("    def predict(self, X):")
    cell = f"class TwoLayerNet{base}:\n    def predict(self, X):" + method
    path = notebook(tmp_path / "x.ipynb", head, cell)
    for name in ("TwoLayerNet.predict", "TwoLayerNet.train"):
        assert "from a notebook" in names_of(verdict(path, name))


def test_a_method_outside_its_class_is_told_with_its_cell(tmp_path, at_hand):
    head, method = NET.split("    def predict(self, X):")
    path = notebook(tmp_path / "x.ipynb", head, "    def predict(self, X):" + method)
    found = verdict(path, "TwoLayerNet.predict")
    assert (found.status, found.message) == (
        "missing",
        "x.ipynb has no TwoLayerNet.predict: the file has one, but outside the class, cell 3, line "
        "1.",
    )


def test_a_crash_leads_to_its_cell(tmp_path, at_hand):
    cell = "# here\n" + NAIVE.replace("loss = 0.0", "loss = nothing", 1)
    line = 1 + cell[: cell.index("nothing")].count("\n")
    found = verdict(notebook(tmp_path / "a" / "x.ipynb", IMPORT, cell).parents[1])
    assert found.message.startswith(f"a/x.ipynb, cell 3, line {line}: NameError")


@pytest.mark.parametrize("name", ["x.ipynb", "written.ipynb", "softmax (1).py"])
def test_what_does_not_end_is_told_with_its_line(name, tmp_path):
    source = "import time\ndef softmax_loss_naive(W, X, y, reg):\n    time.sleep(100)\n"
    if name.endswith(".ipynb"):
        notebook(tmp_path / name, "%%writefile softmax.py\n" * (name == "written.ipynb") + source)
    else:
        (tmp_path / name).write_text(source)
    with Work(tmp_path) as work:
        found = work.examine(find("softmax_loss_naive"), 2.0)
    assert found.status == "timeout"
    place = f"{name}, cell 2" if name.endswith(".ipynb") else name
    assert re.match(rf"{re.escape(place)}, line [34]: It does not end", found.message)


def test_a_cell_that_writes_a_helper_counts_as_a_cell(tmp_path, at_hand):
    path = notebook(tmp_path / "x.ipynb", "%%writefile all.py\n" + "\n".join(CELLS))
    assert names_of(verdict(path)) == ["from a notebook"]


def test_a_file_counts_before_a_notebook_unless_it_is_a_stub(tmp_path, at_hand):
    notebook(tmp_path / "x.ipynb", *CELLS)
    written(tmp_path, "softmax.py", softmax=STUB)
    assert "taken from elsewhere" in names_of(verdict(tmp_path))
    written(tmp_path, "softmax.py", softmax=SOFTMAX.replace("dW / N", "dW"))
    found = verdict(tmp_path)
    assert found.status == "wrong" and "written twice" in found.remarks[-1]


def test_a_stub_alone_is_to_do(tmp_path, at_hand):
    notebook(tmp_path / "x.ipynb", "import numpy")
    found = verdict(written(tmp_path, "softmax.py", softmax=STUB))
    assert found.status == "unsolved" and "Write it in softmax.py, line" in found.message


def test_a_notebook_of_format_3_is_read(tmp_path, at_hand):
    import nbformat.v3 as v3

    cells = [v3.new_code_cell(input=source, prompt_number=1) for source in CELLS]
    book = v3.new_notebook(worksheets=[v3.new_worksheet(cells=cells)])
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({**book, "nbformat": 3, "nbformat_minor": 0}))
    assert "from a notebook" in names_of(verdict(path))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": 3, "nbformat": 4}', "<html>"])
@pytest.mark.parametrize("files", [(), ("linear_svm.py",)])
def test_what_is_no_notebook_is_told(text, files, tmp_path):
    written(tmp_path, *files)
    (tmp_path / "x.ipynb").write_text(text + "def softmax_loss_naive")
    found = verdict(tmp_path)
    assert found.status == "missing"
    assert found.message == "x.ipynb cannot be read as a notebook: download it again."


def test_another_notebook_that_cannot_be_read_does_not_matter(tmp_path):
    written(tmp_path, "linear_svm.py", "x.ipynb")
    assert verdict(tmp_path).message == "There is no softmax.py; there is x.ipynb."


@pytest.mark.parametrize("first", [(), (NAIVE,)])
def test_a_cell_that_is_no_python_is_told_with_its_line(first, tmp_path, at_hand):
    path = notebook(tmp_path / "x.ipynb", IMPORT, *first, "\n" + VECTORIZED + "\n    return (\n")
    found = verdict(path, "softmax_loss_vectorized")
    line = VECTORIZED.count("\n") + 3
    told = f"x.ipynb, cell {3 + len(first)}, line {line}: SyntaxError: '(' was never closed"
    assert found.status == "crash" and found.message.startswith(told)


def test_a_method_in_a_cell_that_is_no_python_is_told(tmp_path, at_hand):
    path = notebook(tmp_path / "x.ipynb", NET + "\nx = = 3\n")
    found = verdict(path, "TwoLayerNet.predict")
    assert re.match(r"x\.ipynb, cell 2, line \d+: SyntaxError: invalid syntax", found.message)


def test_a_cell_that_is_no_python_gives_way_to_one_that_is(tmp_path, at_hand):
    path = notebook(tmp_path / "x.ipynb", *CELLS, NAIVE + "\n    return (\n")
    assert "cell left out" in names_of(verdict(path))


def test_a_notebook_without_identifiers_is_read_in_silence(tmp_path, recwarn):
    book = json.loads(notebook(tmp_path / "x.ipynb", *CELLS).read_text())
    for cell in book["cells"]:
        cell.pop("id", None)
    (tmp_path / "x.ipynb").write_text(json.dumps({**book, "nbformat_minor": 5}))
    assert shown(tmp_path) == {"softmax.py": "x.ipynb"} and not recwarn.list


def test_the_lessons_of_the_suite_are_no_hand_in(tmp_path):
    for path in (ASSIGNMENT.parent / "notebooks").rglob("*.ipynb"):
        shutil.copy(path, tmp_path)
    assert shown(tmp_path) == {}


def test_marks_in_a_notebook_are_marks(tmp_path, at_hand):
    source = "def softmax_loss_naive" + solution("softmax.py").split("def softmax_loss_naive")[1]
    found = verdict(notebook(tmp_path / "x.ipynb", IMPORT, source))
    assert found.status == "refused" and found.message.startswith("x.ipynb, cell 3, line ")


def test_there_is_an_exercise_for_all_that_notebooks_may_define():
    from assignment.checking.submission.needed import CLASSES, FUNCTIONS

    assert {e.called.partition(".")[0] for e in EXERCISES} <= {*CLASSES, *FUNCTIONS}

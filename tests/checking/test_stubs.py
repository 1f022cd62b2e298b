"""A stub is its solution without the answers, and both keep CS231n's names and signatures."""

import importlib
import inspect
import re
import shutil
import subprocess

import pytest

from assignment.checking.exercises import EXERCISES
from assignment.checking.stubs import (
    ASSIGNMENT,
    FILES,
    SOLUTIONS,
    make_stub,
    todo_line,
    write_stubs,
)

EACH_FILE = pytest.mark.parametrize("file", FILES)
EACH_EXERCISE = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


def stub_of(file):
    return make_stub((SOLUTIONS / file).read_text(encoding="utf-8"))


@pytest.fixture
def stubs(tmp_path):
    write_stubs(tmp_path)
    return tmp_path


# Students' files and stubs agree.


@EACH_FILE
def test_a_file_that_nobody_has_begun_is_its_stub(file):
    text, stub = (ASSIGNMENT / file).read_text(encoding="utf-8"), stub_of(file)
    blanks = re.findall(r'raise NotImplementedError\("to do: .*"\)', stub)
    if not all(blank in text for blank in blanks):
        pytest.skip(f"assignment/{file} is being solved: it is a student's file now")
    assert text == stub, (
        f"assignment/{file} differs from the stub of assignment/solutions/{file}: run `make stubs` "
        "(python -m assignment stubs); it keeps a copy of what stands there"
    )


@EACH_FILE
def test_a_stub_holds_no_marker_and_no_answer(file):
    solution, stub = (SOLUTIONS / file).read_text(encoding="utf-8"), stub_of(file)
    assert "SOLUTION" not in stub
    outside = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", solution, flags=re.DOTALL)
    for region in re.findall(
        r"### BEGIN SOLUTION[^\n]*\n(.*?)### END SOLUTION", solution, re.DOTALL
    ):
        for line in map(str.strip, region.splitlines()):
            assert line not in stub or line in outside, f"this line of the answer is left: {line}"


@EACH_FILE
def test_every_marker_that_opens_is_closed_and_a_stub_is_python(file):
    marks = re.findall(r"### (BEGIN|END) SOLUTION", (SOLUTIONS / file).read_text(encoding="utf-8"))
    assert marks == ["BEGIN", "END"] * (len(marks) // 2)
    compile(stub_of(file), file, "exec")


@EACH_EXERCISE
def test_every_exercise_has_one_todo_in_its_own_file(exercise):
    todos = [
        (file, line.strip())
        for file in FILES
        for line in stub_of(file).splitlines()
        if line.strip().startswith(f"# TODO {exercise.name}:")
    ]
    assert [file for file, _ in todos] == [exercise.file]


def test_every_todo_is_an_exercise():
    names = re.findall(r"# TODO (\S+):", "\n".join(map(stub_of, FILES)))
    assert sorted(names) == sorted(exercise.name for exercise in EXERCISES)


@EACH_EXERCISE
def test_todo_line_is_the_line_of_the_todo_and_none_where_it_is_solved(exercise, stubs):
    number = todo_line((stubs / exercise.file).read_text(encoding="utf-8"), exercise.name)
    line = (stubs / exercise.file).read_text(encoding="utf-8").splitlines()[number - 1]
    assert line.strip().startswith(f"# TODO {exercise.name}: your code")
    solved = (SOLUTIONS / exercise.file).read_text(encoding="utf-8")
    assert todo_line(solved, exercise.name) is None


def test_a_region_without_a_name_is_called_after_its_function():
    region = "        ### BEGIN SOLUTION\n        return 1\n        ### END SOLUTION\n"
    stub = make_stub("class A:\n    def f(self):\n" + region)
    assert 'raise NotImplementedError("to do: A.f")' in stub


# Writing them.


def test_write_stubs_writes_five_files_and_a_second_call_nothing(tmp_path):
    written = write_stubs(tmp_path)
    assert [(path.name, kept) for path, kept in written] == [(file, None) for file in FILES]
    files = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert files == {file: stub_of(file) for file in FILES}
    assert write_stubs(tmp_path) == []


def test_an_edited_file_is_kept_beside_its_stub(stubs):
    (stubs / "softmax.py").write_text("hours of work\n")
    [(path, kept)] = write_stubs(stubs)
    assert (path.name, kept.name) == ("softmax.py", "softmax.py.kept-1")
    assert kept.read_text() == "hours of work\n"
    assert path.read_text(encoding="utf-8") == stub_of("softmax.py")


def test_a_stub_of_the_committed_solution_is_not_kept_as_yours(stubs, monkeypatch):
    solutions = shutil.copytree(SOLUTIONS, stubs / "solutions")
    monkeypatch.setattr("assignment.checking.stubs.SOLUTIONS", solutions)

    def kept_after_a_change():
        with (solutions / "softmax.py").open("a") as file:
            file.write("# another line\n")
        [(path, kept)] = write_stubs(stubs)
        assert path.read_text(encoding="utf-8").endswith("# another line\n")
        return kept

    assert kept_after_a_change(), "there is no git: nobody knows what the file was"
    for words in ("init", "add .", "-c user.name=a -c user.email=b commit --message=solutions"):
        subprocess.run(["git", *words.split()], cwd=solutions, check=True, capture_output=True)
    assert kept_after_a_change() is None
    (stubs / "softmax.py").write_text("hours of work\n")
    assert kept_after_a_change().read_text() == "hours of work\n"


def test_a_kept_file_is_never_overwritten_and_need_not_be_text(stubs):
    works = b"first", "# d\xe9j\xe0 vu".encode("latin-1")
    for work in works:
        (stubs / "softmax.py").write_bytes(work)
        write_stubs(stubs)
    assert tuple((stubs / f"softmax.py.kept-{i}").read_bytes() for i in (1, 2)) == works


# No stray files.


@pytest.mark.parametrize(
    "folder, ours", [(ASSIGNMENT, ["__init__.py", "__main__.py"]), (SOLUTIONS, ["__init__.py"])]
)
def test_no_stray_file_stands_among_the_students_files_and_the_solutions(folder, ours):
    assert sorted(path.name for path in folder.glob("*.py")) == sorted([*FILES, *ours])


# CS231n's public names.

LOSS = "(W, X, y, reg)"
TRAIN_LINEAR = (
    "(self, X, y, learning_rate=0.001, reg=1e-05, num_iters=100, batch_size=200, verbose=False)"
)
TRAIN_NET = (
    "(self, X, y, X_val, y_val, learning_rate=0.001, learning_rate_decay=0.95, reg=5e-06, "
    "num_iters=100, batch_size=200, verbose=False)"
)
SIGNATURES = {
    "k_nearest_neighbor": {
        "KNearestNeighbor": "()",
        "KNearestNeighbor.train": "(self, X, y)",
        "KNearestNeighbor.predict": "(self, X, k=1, num_loops=0)",
        "KNearestNeighbor.compute_distances_two_loops": "(self, X)",
        "KNearestNeighbor.compute_distances_one_loop": "(self, X)",
        "KNearestNeighbor.compute_distances_no_loops": "(self, X)",
        "KNearestNeighbor.predict_labels": "(self, dists, k=1)",
        "cross_validate": "(X, y, choices, num_folds=5)",
        "nca_loss": "(A, X, y)",
    },
    "linear_svm": dict.fromkeys(("svm_loss_naive", "svm_loss_vectorized"), LOSS),
    "softmax": dict.fromkeys(("softmax_loss_naive", "softmax_loss_vectorized"), LOSS),
    "linear_classifier": {
        f"{name}{method}": signature
        for name in ("LinearClassifier", "LinearSVM", "Softmax")
        for method, signature in {
            "": "()",
            ".train": TRAIN_LINEAR,
            ".predict": "(self, X)",
            ".loss": "(self, X_batch, y_batch, reg)",
        }.items()
    },
    "neural_net": {
        "TwoLayerNet": "(input_size, hidden_size, output_size, std=0.0001)",
        "TwoLayerNet.loss": "(self, X, y=None, reg=0.0)",
        "TwoLayerNet.train": TRAIN_NET,
        "TwoLayerNet.predict": "(self, X)",
    },
}


@pytest.mark.parametrize("package", ["assignment", "assignment.solutions"])
@pytest.mark.parametrize(
    "module, name, signature",
    [(module, *item) for module, names in SIGNATURES.items() for item in names.items()],
)
def test_the_signature_is_cs231ns(package, module, name, signature):
    thing = importlib.import_module(f"{package}.{module}")
    for part in name.split("."):
        thing = getattr(thing, part)
    assert str(inspect.signature(thing)) == signature, "old CS231n work must drop in unchanged"


def test_the_five_files_are_cs231ns():
    assert sorted(FILES) == sorted(f"{module}.py" for module in SIGNATURES)

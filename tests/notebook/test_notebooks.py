"""The notebooks are clean lessons, and running them is a test that can fail."""

import ast
import gc
import json
import os
import re
import shutil
import statistics
import subprocess
import symtable
import sys
from difflib import unified_diff
from functools import cache
from importlib import import_module
from inspect import signature
from operator import attrgetter
from types import ModuleType
from unittest.mock import MagicMock

import IPython
import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from assignment import FILES
from assignment.checking.exercises import EXERCISES
from assignment.checking.stubs import SOLUTIONS, make_stub, write_stubs
from assignment.given.cifar10 import CLASSES, load_cifar10
from assignment.notebook import clean, load_ipython_extension
from assignment.notebook.clean import LESSONS, NOTEBOOKS, START, cleaned, read
from conftest import KERNELS

EACH_LESSON = pytest.mark.parametrize("lesson", LESSONS)


def committed(lesson):
    """The bytes of a notebook as git has it: a working copy may hold outputs, that is its use."""
    show = ["git", "show", f":notebooks/{lesson}.ipynb"]
    shown = subprocess.run(show, cwd=NOTEBOOKS.parent, capture_output=True)
    return shown.stdout or (NOTEBOOKS / f"{lesson}.ipynb").read_bytes()


@cache
def every_cell(lesson):
    """The cells as they stand in the folder, whether git knows of them yet or not."""
    return read((NOTEBOOKS / f"{lesson}.ipynb").read_bytes(), f"{lesson}.ipynb").cells


def code_cells(lesson):
    return [cell.source for cell in every_cell(lesson) if cell.cell_type == "code"]


# What stands in the folder, and what is committed.


def test_every_notebook_is_a_lesson_and_every_exercise_stands_in_one():
    there = {path.relative_to(NOTEBOOKS) for path in NOTEBOOKS.rglob("*.ipynb")}
    own = {path for path in there if ".ipynb_checkpoints" not in path.parts}
    assert {path.with_suffix("").as_posix() for path in own} == {*LESSONS, START}
    assert {exercise.notebook for exercise in EXERCISES} < {*LESSONS}


@pytest.mark.parametrize("lesson", [*LESSONS, START])
def test_a_notebook_is_committed_clean_and_valid(lesson):
    content = committed(lesson)
    message = f"{lesson}.ipynb has outputs or metadata: run `python -m assignment clean`"
    assert content == cleaned(content, lesson), message
    nbformat.validate(json.loads(content))


@EACH_LESSON
def test_a_notebook_never_names_the_solutions(lesson):
    message = "notebooks hold no switch: they import assignment.softmax, whoever wrote it"
    assert "assignment.solutions" not in "\n".join(code_cells(lesson)), message


@EACH_LESSON
def test_cells_are_short(lesson):
    lines = [source.count("\n") + 1 for source in code_cells(lesson)]
    assert statistics.median(lines) <= 6, "long code lives in a .py file"


@pytest.mark.parametrize(
    "lesson, most_cells, most_words",
    [
        ("knn", 90, 3500),
        ("svm", 95, 4000),
        ("softmax", 95, 4100),
        ("two_layer_net", 80, 2900),
    ],
)
def test_a_lesson_fits_into_an_evening_or_two(lesson, most_cells, most_words):
    cells = every_cell(lesson)
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    assert len(cells) <= most_cells and words <= most_words, (len(cells), words)


OWN_WORDS = "**Your answer.** *Write two or three sentences here, then unfold ours.*"


@pytest.mark.parametrize("lesson", ["knn", "svm", "softmax", "two_layer_net"])
def test_two_questions_have_a_cell_for_ones_own_words_before_the_folded_answer(lesson):
    cells = [cell.source for cell in every_cell(lesson)]
    places = [i for i, source in enumerate(cells) if source == OWN_WORDS]
    assert len(places) == 2
    for i in places:
        question = cells[i - 1].rpartition("**Question.**")
        assert question[1] and "<details>" not in question[2]
        assert cells[i + 1].startswith("<details>")


def shows(source):
    """Whether a cell ends with a value or a picture, or prints."""
    return isinstance(ast.parse(source).body[-1], ast.Expr) or "print(" in source


@EACH_LESSON
def test_a_cell_ends_with_what_it_shows(lesson):
    for source in code_cells(lesson)[3:]:  # after what sets the lesson up
        assert shows(source), source


@pytest.mark.parametrize("source", ["x = 1", "x = 1\nassert x", "def f():\n    return 1"])
def test_a_cell_that_shows_nothing_is_seen(source):
    assert not shows(source) and shows(f"{source}\nx")


@EACH_LESSON
def test_a_lesson_checks_its_own_exercises_and_no_others(lesson):
    own = {exercise.name for exercise in EXERCISES if exercise.notebook == lesson}
    checks = re.compile(r"""^check\(["'](.+?)["']\)""", re.MULTILINE)
    assert set(checks.findall("\n".join(code_cells(lesson)))) == own


@EACH_LESSON
def test_a_lesson_states_facts_and_asserts_them(lesson):
    asserts = sum(
        "assert " in source or "check_gradient(" in source for source in code_cells(lesson)
    )
    assert asserts >= 5, "in a clean notebook only an exception can fail"


def test_clean_strips_outputs_counts_and_metadata():
    code = new_code_cell("é = 'ß'", execution_count=7, metadata={"tags": ["x"]}, id="abc")
    code.outputs = [new_output("stream", text="2")]
    dirty = new_notebook(cells=[new_markdown_cell("text"), code], metadata={"trusted": True})
    content = cleaned(nbformat.writes(dirty).encode(), "softmax")
    cells = read(content, "softmax.ipynb").cells
    assert [cell.id for cell in cells] == ["softmax-01", "softmax-02"]
    assert (cells[1].outputs, cells[1].execution_count, cells[1].metadata) == ([], None, {})
    assert b"trusted" not in content and "é = 'ß'" in content.decode()
    assert cleaned(content, "softmax") == content


def test_a_cell_that_moves_to_another_lesson_keeps_its_name():
    cells = [new_markdown_cell("moved", id="knn-83"), new_markdown_cell("new", id="3f2a1b9c-83")]
    content = cleaned(nbformat.writes(new_notebook(cells=cells)).encode(), "further/own_name")
    assert [cell.id for cell in read(content, "").cells] == ["knn-83", "own_name-01"]


@EACH_LESSON
def test_three_new_cells_are_all_that_changes(lesson):
    """With an id of JupyterLab's, with one that is there already, and without."""
    before = committed(lesson)
    notebook = json.loads(before)
    cells = notebook["cells"]
    ids = {"id": "3f2a1b9c"}, {"id": cells[0]["id"]}, {}
    new = [{"cell_type": "markdown", "metadata": {}, "source": "text"} | own for own in ids]
    cells[len(cells) // 2 : len(cells) // 2] = new
    after = cleaned(json.dumps(notebook).encode(), lesson)
    diff = unified_diff(before.decode().split("\n"), after.decode().split("\n"))
    changed = [line for line in [*diff][2:] if line[0] in "+-"]
    assert len(changed) == 3 * 8 and all(line[0] == "+" for line in changed)
    names = [line.strip(' +,"').removeprefix('id": "') for line in changed if '"id"' in line]
    assert len({*names}) == 3 and all(name.encode() not in before for name in names)


BROKEN = {
    "a mark of bytes": (b"\xef\xbb\xbf{}", "line 1: a byte order mark (BOM) stands before"),
    "a conflict": (b'{"cells": [\n<<<<<<< HEAD\n', "line 2: git left both sides of a conflict"),
    "other bytes": (b'{"cells":\n"\xe9"}', "line 2: this is no UTF-8."),
    "half a file": (b'{"cells": [\n1,', "line 2: this is no JSON (Expecting value)."),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_is_no_notebook_is_told_and_nothing_is_written(kind, monkeypatch, tmp_path):
    content, told = BROKEN[kind]
    files = {"a.ipynb": nbformat.writes(new_notebook()).encode(), "b.ipynb": content}
    for name, each in files.items():
        (tmp_path / name).write_bytes(each)
    monkeypatch.setattr(clean, "NOTEBOOKS", tmp_path)
    with pytest.raises(RuntimeError, match=re.escape(f"b.ipynb, {told}")):
        clean.clean_all()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_the_command_cleans_in_place(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(clean, "NOTEBOOKS", tmp_path)
    (tmp_path / "a.ipynb").write_text(nbformat.writes(new_notebook(cells=[new_code_cell("1")])))
    (tmp_path / "further").mkdir()
    shutil.copy(tmp_path / "a.ipynb", tmp_path / "further" / "b.ipynb")
    clean.clean_all()
    clean.clean_all()
    assert capsys.readouterr().out == "cleaned a.ipynb\ncleaned b.ipynb\n"
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert left == {"a.ipynb", "further/b.ipynb"}


# In a kernel, with stubs laid over.

ARGUMENTS = "np.zeros((2, 3)), np.ones((1, 2)), np.array([0]), 0.0"
SESSION = {
    "set up": "%load_ext assignment.notebook\n"
    "import os\nimport numpy as np\nfrom pathlib import Path",
    "import": (
        "from assignment.checking import check\n"
        "from assignment.neural_net import TwoLayerNet\n"
        "from assignment.softmax import softmax_loss_naive\n"
        "net = TwoLayerNet(2, 3, 4)"
    ),
    "call a stub": f"softmax_loss_naive({ARGUMENTS})",
    "check a stub": 'check("softmax_loss_naive")',
    "call a method of a stub": "net.loss(np.ones((1, 2)))",
    "go on": "import IPython\nprint(IPython.version_info[0])",
    "draw": "import matplotlib.pyplot as plt\nplt.plot([1, 3]);",
    "ask for fine pictures": "%config InlineBackend.figure_formats = ['retina']",
    "draw finely": "plt.plot([2, 4]);",
    "another exception": 'raise NotImplementedError("a thought of my own")',
    "write the solution": "file, solution = Path(r'{file}'), Path(r'{solution}')\n"
    "for path in file, file.with_name('neural_net.py'):\n"
    "    path.write_bytes((solution.parent / path.name).read_bytes())",
    "call it again": f"print(round(softmax_loss_naive({ARGUMENTS})[0], 4))",
    "call the method again": "print(net.loss(np.ones((1, 2))).shape)",
    "check it again": 'check("softmax_loss_naive")',
    "make it crash": "file.write_text(file.read_text().replace('return loss', 'return boom'));",
    "call what crashes": f"softmax_loss_naive({ARGUMENTS})",
    "edit it in no time": "text, time = file.read_text(), file.stat().st_mtime_ns\n"
    "file.write_text(text.replace('return boom', 'return 8.25'))\n"
    "os.utime(file, ns=(time, time))",
    "call what took no time": f"print(softmax_loss_naive({ARGUMENTS})[0])",
    "break it": "text = file.read_text()\nfile.write_text('loss = = 0');",
    "call what is broken": f"print(softmax_loss_naive({ARGUMENTS})[0])",
    "check what is broken": 'check("softmax_loss_naive")',
    "mend it": "file.write_text(text.replace('8.25', '7.5'));",
    "call what is mended": f"print(softmax_loss_naive({ARGUMENTS})[0])",
    "set up once more": "%load_ext assignment.notebook",
    "edit it once more": "file.write_text(text.replace('8.25', '6.5'));",
    "call it once more": f"print(softmax_loss_naive({ARGUMENTS})[0])",
}


@pytest.fixture(scope="module", params=KERNELS)
def session(request, tmp_path_factory):
    """The outputs of each cell by its name: a session of a student at work, in each kernel."""
    python = KERNELS[request.param]
    if not python.exists():
        pytest.skip(f"`make check-colab` makes the environment {request.param}")
    folder = tmp_path_factory.mktemp("student")
    write_stubs(folder)
    paths = {"file": folder / "softmax.py", "solution": SOLUTIONS / "softmax.py"}
    cells = [
        new_code_cell(re.sub(r"\{(file|solution)\}", lambda m: str(paths[m[1]]), source))
        for source in SESSION.values()
    ]
    notebook = new_notebook(cells=cells)
    environment = {
        **os.environ,
        "ASSIGNMENT_FILES": str(folder),
        "PYTHONPATH": str(NOTEBOOKS.parent),
        "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython")),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is compiled is kept, as elsewhere
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True)
    client.create_kernel_manager().kernel_spec.argv[0] = str(python)
    client.execute(env=environment)
    return {name: cell.outputs for name, cell in zip(SESSION, notebook.cells, strict=True)}


def told(outputs):
    """All lines that a cell shows as text, without the colours."""
    kinds = {
        "error": lambda output: "\n".join(output.traceback),
        "stream": lambda output: output.text,
        "display_data": lambda output: output.data["text/plain"],
    }
    texts = [kinds[output.output_type](output) for output in outputs]
    return re.sub(r"\x1b\[[\d;]*m", "", "".join(texts)).splitlines()


def to_do(file, name):
    """The line that a stub shows."""
    source = make_stub((SOLUTIONS / file).read_text(encoding="utf-8")).splitlines()
    line = 1 + next(i for i, text in enumerate(source) if f"# TODO {name}:" in text)
    return f"To do: {name} in assignment/{file}, line {line}."


@pytest.mark.parametrize(
    "cell, shown",
    [
        ("set up", []),
        ("import", []),
        ("call a stub", [to_do("softmax.py", "softmax_loss_naive")]),
        ("call a method of a stub", [to_do("neural_net.py", "TwoLayerNet.scores")]),
        # An edited file is seen by the next cell, by an object that was there, by a check.
        ("call it again", ["1.0986"]),
        ("call the method again", ["(1, 4)"]),
        ("check it again", ["✓ softmax_loss_naive: right."]),
        ("call what took no time", ["8.25"]),
        ("call what is mended", ["7.5"]),
        ("call it once more", ["6.5"]),
    ],
)
def test_a_cell_shows(cell, shown, session):
    assert told(session[cell]) == shown


def test_a_check_of_a_stub_raises_nothing_and_shows_a_card(session):
    (output,) = session["check a stub"]
    assert output.output_type == "display_data" and len(told([output])) == 1
    html = output.data["text/html"]
    assert "softmax_loss_naive: to do" in html and "Hint 1 of 3" in html


def test_the_session_goes_on_after_a_stub(session, request):
    wanted = {"colab": 7, "ipython8": 8}.get(request.node.callspec.params["session"])
    assert told(session["go on"]) == [str(wanted or IPython.version_info[0])]


@pytest.mark.parametrize("cell, ends", [("draw", (1, 3)), ("draw finely", (2, 4))])
def test_a_picture_comes_with_words(cell, ends, session):
    metadata = session[cell][0].metadata["image/png"]
    assert metadata["alt"] == f"A line from {ends[0]} at x 0 to {ends[1]} at x 1."
    assert ("width" in metadata) == (cell == "draw finely"), "retina tells the size too"


def test_an_exception_of_ones_own_keeps_its_traceback(session):
    lines = told(session["another exception"])
    assert len(lines) > 1 and lines[-1] == "NotImplementedError: a thought of my own"


def test_a_file_with_a_syntax_error_is_told_and_its_version_before_is_used(session):
    assert sorted(told(session["call what is broken"])) == [
        "8.25",
        "assignment/softmax.py, line 1: SyntaxError: invalid syntax. "
        "Until you fix it, the cells use the last version that worked.",
    ]


def test_a_traceback_shows_the_line_of_an_edited_file(session):
    source = (SOLUTIONS / "softmax.py").read_text(encoding="utf-8").splitlines()
    line = 1 + next(i for i, text in enumerate(source) if text.startswith("    return loss"))
    shown = [text.split() for text in told(session["call what crashes"])]
    assert ["--->", str(line), "return", "boom,", "dW"] in shown


def test_a_file_that_was_broken_is_not_called_right(session):
    lines = told(session["check what is broken"])
    assert "right" not in "\n".join(lines), lines
    assert "SyntaxError" in "\n".join(lines)


@pytest.mark.parametrize(
    "lacks, told_of",
    [
        ("events.register", "(?s)an edited file is .*pictures have no words"),
        ("run_line_magic", "pictures may stand elsewhere"),
        ("display_formatter.formatters.__getitem__", "pictures have no words"),
        ("set_custom_exc", "what is still to be written"),
    ],
)
def test_what_cannot_be_set_up_is_told_and_takes_nothing_else_down(lacks, told_of, capsys):
    shell = MagicMock()
    attrgetter(lacks)(shell).side_effect = AttributeError("it is gone")
    with matplotlib.rc_context():
        load_ipython_extension(shell)
    said = capsys.readouterr().out
    assert re.search(told_of, said) and said.count("\n") == said.count(
        "(AttributeError: it is gone)"
    )
    tried = shell.events.register, shell.run_line_magic, shell.set_custom_exc
    assert all(part.called for part in tried)


def test_what_a_notebook_holds_when_it_sets_up_once_more_may_be_garbage_later():
    with matplotlib.rc_context():
        load_ipython_extension(MagicMock())
        kept = gc.get_freeze_count()
        load_ipython_extension(MagicMock())
    assert gc.get_freeze_count() <= kept


# Running a notebook is no formality.

SPOILT = {
    "svm": ("linear_svm.py", "    return loss, dW\n", "    return loss, 1.01 * dW\n"),
    "two_layer_net": (
        "neural_net.py",
        '        grads["b1"] = dH.sum(axis=0)\n',
        '        grads["b1"] = dH.sum(axis=0); grads["W1"] *= 1.01\n',
    ),
    "softmax": ("softmax.py", "    return loss, dW\n", "    return loss, 1.01 * dW\n"),
    "knn": (
        "k_nearest_neighbor.py",
        "y_pred[i] = np.bincount(self.y_train[nearest]).argmax()",
        "y_pred[i] = np.flatnonzero(np.bincount(votes := self.y_train[nearest]) == "
        "np.bincount(votes).max())[-1]",
    ),
    "further/exact_neighbors": (
        "k_nearest_neighbor.py",
        "test_squares = np.einsum(",
        "test_squares = 0.9 * np.einsum(",
    ),
    "further/metric_learning": (
        "k_nearest_neighbor.py",
        "    return loss, dA.astype(dtype)\n",
        "    return loss, 1.01 * dA.astype(dtype)\n",
    ),
}


LOADED = cache(load_cifar10)


def run_cells(sources):
    """The names that cells define when they run here; what only a kernel understands does not."""
    names = {}
    for source in filter(runs_anywhere, sources):
        exec(source, names)
    return names


def runs_anywhere(source):
    return not re.search(r"^ *[%!]", source, re.MULTILINE)


@pytest.fixture
def quiet(monkeypatch):
    """Checks say nothing, pictures are not shown, the images are read once."""
    monkeypatch.setattr("assignment.given.cifar10.load_cifar10", LOADED)
    monkeypatch.setattr("assignment.checking.check", lambda name: None)
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))


@pytest.mark.parametrize("lesson", SPOILT)
def test_a_notebook_fails_on_a_reference_that_is_a_little_wrong(lesson, monkeypatch, quiet):
    file, old, new = SPOILT[lesson]
    for name in FILES:
        source = (SOLUTIONS / name).read_text(encoding="utf-8")
        if name == file:
            assert old in source, "the solution has changed: spoil it in another way"
            source = source.replace(old, new)
        module = ModuleType(f"assignment.{name.removesuffix('.py')}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        module.__package__ = "assignment"
        exec(source, vars(module))
    with pytest.raises(AssertionError):
        run_cells(code_cells(lesson))


# What a student chooses: the settings that stand there miss the goal, those of the folded answer
# reach it. What the prose then promises is asserted here: a lesson runs with any choice.


def svm_says(
    answered, data, test_answers, test_accuracy, deviation, family_right, changed, on_train, on_val
):
    assert test_accuracy >= 0.34 and round(deviation, 2) == 0.02
    assert 0.75 < family_right < 0.85 and changed <= 0.01
    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (data.y_test, test_answers), 1)
    airplane, cat, dog, ship = map(CLASSES.index, ("airplane", "cat", "dog", "ship"))
    assert min(counts[cat, dog], counts[dog, cat]) > 0.1 * counts[cat].sum()
    assert [*counts[airplane].argsort()[-2:]] == [ship, airplane]
    if answered:
        weakest, strongest = (on_train[:, i].max() - on_val[:, i].max() for i in (0, -1))
        assert on_train.argmax() == on_train.shape[1], "the larger rate, the weakest penalty"
        assert weakest > 0.1 > 0.05 > strongest
        assert (round(on_train.max(), 2), round(on_val[1, 0], 2)) == (0.48, 0.34)
        assert on_val[:, -1].max() < on_val.max() and on_train[:, -1].max() < on_train.max()


def softmax_says(answered, test_accuracy, table, strengths):
    assert test_accuracy >= 0.34
    if answered:
        assert [strengths[i] for i in table.argmax(axis=1)] == [3e3, 1e3]


def two_layer_net_says(answered, test_accuracy, history, dead, size, winner):
    losses = history["loss_history"]
    assert np.mean(losses[100:200]) < 0.9 * losses[0] and dead < size / 2
    if answered:
        assert test_accuracy >= 0.43 and winner.setting["learning_rate"] >= 0.1
        assert history["train_acc_history"][-1] > history["val_acc_history"][-1] + 0.05


SAYS = {"svm": svm_says, "softmax": softmax_says, "two_layer_net": two_layer_net_says}


def cells_for(names, sources):
    """The cells that give these names, and all that these take, in order."""
    needed, taken = {*names}, []
    for source in reversed([*filter(runs_anywhere, sources)]):
        bound, used = bound_and_used(source)
        if needed & bound:
            needed = needed - bound | used - bound  # no cell takes what it then names anew
            taken.append(source)
    return taken[::-1]


def bound_and_used(source):
    """The names that a cell gives to something, and those that it takes from elsewhere."""
    cell = symtable.symtable(source, "<cell>", "exec")
    bound = {s.get_name() for s in cell.get_symbols() if s.is_assigned() or s.is_imported()}
    tables, used = [cell], set()
    for table in tables:
        tables += table.get_children()
        outer = (s for s in table.get_symbols() if table is cell or s.is_global())
        used |= {s.get_name() for s in outer if s.is_referenced()}
    return bound, used


def with_answers(lesson):
    """The code of a lesson, with the settings of the folded answers in the place of its own."""
    sources = code_cells(lesson)
    prose = "\n".join(cell.source for cell in every_cell(lesson) if cell.cell_type == "markdown")
    answers = re.findall(r"^```python\n(\w[\w, ]* = )(\[.*)\n```$", prose, re.MULTILINE)
    assert answers
    for left, right in answers:
        (i,) = (i for i, source in enumerate(sources) if source.startswith(left))
        sources[i] = re.sub(r".*", left + right, sources[i], count=1)
    return sources


@pytest.mark.parametrize("answered", [False, True], ids=["as it stands", "answered"])
@pytest.mark.parametrize("lesson", SAYS)
def test_the_goal_is_reached_by_the_folded_settings_alone(
    lesson, answered, monkeypatch, quiet, capsys
):
    for file in FILES:
        name = file.removesuffix(".py")
        solved = import_module(f"assignment.solutions.{name}")
        monkeypatch.setitem(sys.modules, f"assignment.{name}", solved)
    wanted = [*signature(SAYS[lesson]).parameters][1:]
    names = run_cells(cells_for(wanted, with_answers(lesson) if answered else code_cells(lesson)))
    said = capsys.readouterr().out
    assert ("✓ right: the goal" in said, "short of the goal" in said) == (answered, not answered)
    SAYS[lesson](answered, *(names[name] for name in wanted))


def test_a_cell_that_raises_fails_by_the_files_that_are_laid_over(tmp_path, run_assignment):
    (tmp_path / "softmax.py").write_text("mine = 1")
    cells = map(new_code_cell, ("from assignment.softmax import mine", "assert mine == 2"))
    nbformat.write(new_notebook(cells=[*cells]), tmp_path / "small.ipynb")
    nbval = ["pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q"]
    done = run_assignment("with", tmp_path, sys.executable, "-m", *nbval, tmp_path / "small.ipynb")
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
    assert done.returncode == 1 and "1 failed, 1 passed" in said, said + done.stderr
    assert re.search(r"^AssertionError", said, re.MULTILINE)

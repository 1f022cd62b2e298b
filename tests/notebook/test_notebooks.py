"""The notebooks are clean lessons, and running them is a test that can fail."""

import os
import re
import statistics
import subprocess
import sys
from operator import attrgetter
from unittest.mock import MagicMock

import IPython
import matplotlib
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from assignment import FILES
from assignment.checking.exercises import EXERCISES
from assignment.checking.stubs import SOLUTIONS, make_stub, write_stubs
from assignment.notebook import load_ipython_extension
from assignment.notebook.clean import NOTEBOOKS, clean_text
from conftest import KERNELS

LESSONS = sorted({exercise.notebook for exercise in EXERCISES})
EACH_LESSON = pytest.mark.parametrize("lesson", LESSONS)


def committed(lesson):
    """The text of a notebook as git has it: a working copy may hold outputs, that is its use."""
    path = NOTEBOOKS / f"{lesson}.ipynb"
    shown = subprocess.run(
        ["git", "show", f":notebooks/{path.name}"], cwd=NOTEBOOKS.parent, capture_output=True
    )
    return (path.read_bytes() if shown.returncode else shown.stdout).decode()


def code_cells(lesson):
    notebook = nbformat.reads(committed(lesson), as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def checked_in(lesson):
    return re.findall(r"""^check\(["'](.+?)["']\)""", "\n".join(code_cells(lesson)), re.MULTILINE)


# What is committed.


@EACH_LESSON
def test_a_notebook_is_committed_clean(lesson):
    message = f"{lesson}.ipynb has outputs or metadata: run `python -m assignment clean`"
    assert committed(lesson) == clean_text(committed(lesson), lesson), message


@EACH_LESSON
def test_a_notebook_is_a_valid_one(lesson):
    nbformat.validate(nbformat.reads(committed(lesson), as_version=4))


@EACH_LESSON
def test_a_notebook_never_names_the_solutions(lesson):
    message = "notebooks hold no switch: they import assignment.softmax, whoever wrote it"
    assert "assignment.solutions" not in "\n".join(code_cells(lesson)), message


@EACH_LESSON
def test_cells_are_short(lesson):
    lines = [source.count("\n") + 1 for source in code_cells(lesson)]
    assert statistics.median(lines) <= 6, "long code lives in a .py file"


@EACH_LESSON
def test_each_exercise_of_a_lesson_is_checked_there(lesson):
    wanted = [exercise.name for exercise in EXERCISES if exercise.notebook == lesson]
    missing = [name for name in wanted if name not in checked_in(lesson)]
    assert not missing, f"{lesson}.ipynb has no check(...) for {', '.join(missing)}"


@EACH_LESSON
def test_each_check_of_a_lesson_is_an_exercise_of_its_own(lesson):
    own = [exercise.name for exercise in EXERCISES if exercise.notebook == lesson]
    foreign = [name for name in checked_in(lesson) if name not in own]
    assert not foreign, f"{', '.join(foreign)} belong to another notebook: check them there alone"


@EACH_LESSON
def test_a_lesson_states_facts_and_asserts_them(lesson):
    asserts = sum(
        "assert " in source or "check_gradient(" in source for source in code_cells(lesson)
    )
    assert asserts >= 5, "in a clean notebook only an exception can fail"


def test_clean_strips_outputs_counts_and_metadata():
    code = new_code_cell("1 + 1", execution_count=7, metadata={"tags": ["x"]}, id="abc")
    code.outputs = [new_output("stream", text="2")]
    dirty = new_notebook(cells=[new_markdown_cell("text"), code], metadata={"trusted": True})
    text = clean_text(nbformat.writes(dirty), "softmax")
    cells = nbformat.reads(text, as_version=4).cells
    assert [cell.id for cell in cells] == ["softmax-01", "softmax-02"]
    assert (cells[1].outputs, cells[1].execution_count, cells[1].metadata) == ([], None, {})
    assert "trusted" not in text


def test_cleaning_twice_is_cleaning_once():
    once = clean_text(nbformat.writes(new_notebook(cells=[new_code_cell("é = 'ß'")])), "a")
    assert clean_text(once, "a") == once and "é" in once


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


def stub_line(file, name):
    source = make_stub((SOLUTIONS / file).read_text(encoding="utf-8"))
    return 1 + next(i for i, line in enumerate(source.splitlines()) if f"# TODO {name}:" in line)


@pytest.mark.parametrize("cell", ["set up", "import"])
def test_a_notebook_of_stubs_starts_without_a_word(cell, session):
    assert told(session[cell]) == []


def test_a_stub_that_is_called_shows_one_line(session):
    line = stub_line("softmax.py", "softmax_loss_naive")
    assert told(session["call a stub"]) == [
        f"To do: softmax_loss_naive in assignment/softmax.py, line {line}."
    ]


def test_a_method_of_a_stub_that_is_called_shows_one_line(session):
    line = stub_line("neural_net.py", "TwoLayerNet.scores")
    assert told(session["call a method of a stub"]) == [
        f"To do: TwoLayerNet.scores in assignment/neural_net.py, line {line}."
    ]


def test_a_check_of_a_stub_raises_nothing(session):
    assert [output.output_type for output in session["check a stub"]] == ["display_data"]
    assert len(told(session["check a stub"])) == 1


def test_a_check_shows_a_card(session):
    html = session["check a stub"][0].data["text/html"]
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


def test_an_edited_file_is_seen_by_the_next_cell(session):
    assert told(session["call it again"]) == ["1.0986"]


@pytest.mark.parametrize(
    "cell, number",
    [
        ("call what took no time", "8.25"),
        ("call what is mended", "7.5"),
        ("call it once more", "6.5"),
    ],
)
def test_each_further_edit_is_seen_by_the_next_cell(cell, number, session):
    assert told(session[cell]) == [number]


def test_an_object_that_was_there_before_has_the_method_as_it_is_now(session):
    assert told(session["call the method again"]) == ["(1, 4)"]


def test_a_file_with_a_syntax_error_is_told_and_its_version_before_is_used(session):
    assert sorted(told(session["call what is broken"])) == [
        "8.25",
        "assignment/softmax.py, line 1: SyntaxError: invalid syntax. "
        "Until that is mended, cells use the version before it.",
    ]


def test_a_traceback_shows_the_line_of_an_edited_file(session):
    source = (SOLUTIONS / "softmax.py").read_text(encoding="utf-8").splitlines()
    line = 1 + next(i for i, text in enumerate(source) if text.startswith("    return loss"))
    shown = [text.split() for text in told(session["call what crashes"])]
    assert ["--->", str(line), "return", "boom,", "dW"] in shown


def test_an_edited_file_is_seen_by_the_next_check(session):
    assert told(session["check it again"]) == ["✓ softmax_loss_naive: right."]


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


# Running a notebook is no formality.


def run_notebook(lesson, folder, run_assignment):
    """pytest --nbval-lax of a notebook with the five files of a folder, up to its first failure."""
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=60", "-x", "-q"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *options]
    done = run_assignment("with", folder, *command, NOTEBOOKS / f"{lesson}.ipynb")
    return done.returncode, re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)


SPOILT = {
    "svm": (
        "linear_svm.py",
        "    return loss, dW\n",
        "    return loss, 1.01 * dW\n",
    ),
    "two_layer_net": (
        "neural_net.py",
        '        grads["W1"] += 2 * reg * W1\n',
        '        grads["W1"] += 2 * reg * W1; grads["W1"] *= 1.01\n',
    ),
    "softmax": (
        "softmax.py",
        "    return loss, dW\n",
        "    return loss, 1.01 * dW\n",
    ),
    "knn": (
        "k_nearest_neighbor.py",
        "y_pred[i] = np.bincount(self.y_train[nearest]).argmax()",
        "y_pred[i] = np.flatnonzero(np.bincount(votes := self.y_train[nearest]) == "
        "np.bincount(votes).max())[-1]",
    ),
}


@pytest.mark.parametrize("lesson", SPOILT)
def test_a_notebook_fails_on_a_reference_that_is_a_little_wrong(lesson, tmp_path, run_assignment):
    for file in FILES:
        (tmp_path / file).write_bytes((SOLUTIONS / file).read_bytes())
    file, old, new = SPOILT[lesson]
    source = (tmp_path / file).read_text(encoding="utf-8")
    assert old in source, "the solution has changed: spoil it in another way"
    (tmp_path / file).write_text(source.replace(old, new), encoding="utf-8")

    code, output = run_notebook(lesson, tmp_path, run_assignment)
    assert code == 1 and re.search(r"\b1 failed, \d+ passed", output), output
    raised = re.findall(r"^(\w*(?:Error|Exception)): ", output, re.MULTILINE)
    assert set(raised) == {"AssertionError"}, (
        f"it failed, but not by an assert of a fact:\n{output}"
    )

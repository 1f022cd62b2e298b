"""Where else people work: Colab, which opens a notebook alone, Binder, VS Code, a dev container."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from assignment.notebook import address
from assignment.notebook.clean import LESSONS, NOTEBOOKS
from conftest import KERNELS, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = PROJECT["urls"]["Repository"]
OWNER, SUITE = ADDRESS.rsplit("/", 1)
WORK = (
    "%load_ext assignment.notebook",
    "from assignment.checking import check\ncheck('softmax_loss_naive')",
    "from assignment.given.cifar10 import load_cifar10\nload_cifar10().X_train.shape",
    "import assignment\nassignment.__path__",
)


def setup_cell(lesson):
    """The first code cell of a lesson."""
    cells = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4).cells
    return next(cell.source for cell in cells if cell.cell_type == "code")


def colab(folder, *cells, repository=ROOT):
    """The outputs of cells in a kernel that has, as on Colab, packages but no suite.

    They are Colab's own, where `make check-colab` has set them up, and else those of this Python.
    The address of the suite leads to the repository, by git's own means.
    """
    environment = {key: value for key, value in os.environ.items() if key != "ASSIGNMENT_FILES"} | {
        "COLAB_RELEASE_TAG": "release-colab",
        "PYTHONPATH": "",  # which may lead to the suite
        "IPYTHONDIR": str(folder / ".ipython"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{repository}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
        "PIP_NO_INDEX": "1",  # all is there, but for the suite
        "PIP_NO_DEPS": "1",
    }
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
    client.create_kernel_manager().kernel_spec.argv[0] = str(without_suite(folder / ".python"))
    client.execute(env=environment)
    return ["".join(map(json.dumps, cell.outputs)) for cell in notebook.cells]


def without_suite(folder):
    """A Python that has the packages of Colab, or of this one, but not the suite."""
    if KERNELS["colab"].exists():
        return KERNELS["colab"]
    venv.create(folder, symlinks=True)
    packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
    # In that folder stands a .pth that leads to the suite; it is not read there.
    Path(packages, "packages.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "python"


def test_all_lessons_are_set_up_by_the_same_cell():
    assert len({setup_cell(lesson) for lesson in LESSONS}) == 1
    owner, suite = re.search(r'OWNER, SUITE = "(.*)", "(.*)"', setup_cell("knn")).groups()
    assert (owner, suite) == (OWNER, SUITE)


def test_the_first_cell_installs_what_the_suite_takes_and_colab_has_not():
    lines = (
        (ROOT / "requirements-colab.txt").read_text(encoding="utf-8").split("# ")[1].splitlines()
    )
    there, taken = (
        {re.match(r"[\w-]*", line)[0] for line in some}
        for some in (lines[1:], PROJECT["dependencies"])
    )
    tools = {"jupyter", "jupyterlab", "nbval", "pytest-xdist", "pyyaml", "ruff"}  # no lesson needs
    assert setup_cell("knn").count("%pip install") == 1
    assert taken - there - tools == {re.search(r"%pip install --quiet (.*)", setup_cell("knn"))[1]}


@pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="it clones this checkout, which has no .git"
)
def test_a_lesson_alone_in_a_folder_fetches_the_suite_on_colab(tmp_path):
    setup = setup_cell("softmax")
    first = colab(tmp_path, setup, *WORK, setup, "import os; os.listdir()")
    assert "softmax_loss_naive: to do" in first[2]
    assert "(4500, 3072)" in first[3]
    assert str(tmp_path / SUITE / "assignment") in first[4]
    assert "'assignment'" in first[6] and f"'{SUITE}'" not in first[6], (
        "run twice, it has fetched a second one"
    )
    (tmp_path / SUITE / "assignment" / "softmax.py").write_text("mine = 1")
    again = colab(tmp_path, setup, "from assignment.softmax import mine\nmine")
    assert '"text/plain": "1"' in again[1], "what a student wrote does not outlive a restart"


def test_on_colab_a_suite_that_cannot_be_fetched_gets_one_sentence(tmp_path):
    with pytest.raises(CellExecutionError, match=f"{SUITE} could not be fetched"):
        colab(tmp_path, setup_cell("svm"), repository=tmp_path / "nowhere")


def test_the_setup_does_nothing_elsewhere(tmp_path):
    script = f"""
from IPython.core.interactiveshell import InteractiveShell
import os, sys
shell = InteractiveShell.instance()
before = os.getcwd(), list(sys.path), dict(os.environ), os.listdir()
shell.run_cell({setup_cell("knn")!r}).raise_error()
assert before == (os.getcwd(), list(sys.path), dict(os.environ), os.listdir())
"""
    environment = {k: v for k, v in os.environ.items() if k != "COLAB_RELEASE_TAG"}
    environment["IPYTHONDIR"] = str(tmp_path / ".ipython")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


# Binder, VS Code, a dev container: what they read, and that it leads somewhere.


def links(readme):
    return re.findall(
        r"\]\((https://(?:colab|mybinder)[^)]*)\)", readme.read_text(encoding="utf-8")
    )


@pytest.fixture
def published(tmp_path):
    """A copy of all that has the address of the suite."""
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks").parent


def test_no_badge_leads_nowhere_and_all_places_agree_on_the_address(published):
    assert address.write(root=published) == []
    assert bool(links(ROOT / "README.md")) == (address.NOBODY not in ADDRESS)


def test_an_address_is_written_into_every_file_that_has_it(published):
    with pytest.raises(ValueError, match="example.org is no address such as https://github.com"):
        address.write("https://example.org", published)
    new = "https://github.com/some-school/nets-2.0"
    changed = address.write(new, published)
    assert len(changed) == 2 + len(list((published / "notebooks").rglob("*.ipynb")))
    texts = [path.read_text(encoding="utf-8") for path in changed]
    assert not any(address.NOBODY in text for text in texts)
    assert not any(ADDRESS.rpartition("/")[2] in text for text in texts)
    assert address.write(root=published) == []
    *lessons, binder = links(published / "README.md")
    to = "https://colab.research.google.com/github/some-school/nets-2.0/blob/main/"
    paths = [path.relative_to(published).as_posix() for path in changed if path.suffix == ".ipynb"]
    assert lessons == [to + path for path in sorted(paths)]
    assert binder == f"https://mybinder.org/v2/gh/{new[19:]}/HEAD?urlpath=lab/tree/notebooks"
    assert address.write(ADDRESS, published) and links(published / "README.md") == []


def test_binder_installs_what_make_installs_on_a_python_that_ci_tries():
    tried = re.findall(r'"(3\.\d+)"', (ROOT / ".github/workflows/check.yml").read_text())
    assert (ROOT / ".binder" / "runtime.txt").read_text().strip() in [f"python-{v}" for v in tried]
    line = (ROOT / ".binder" / "requirements.txt").read_text().strip()
    assert line.startswith("-r ") and (ROOT / ".binder" / line[3:]).samefile(
        ROOT / "requirements.txt"
    )


def test_the_dev_container_and_vs_code_use_the_environment_that_make_sets_up():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    python = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert python == "${containerWorkspaceFolder}/.venv/bin/python"
    command, target = container["postCreateCommand"].split()
    assert command == "make" and f"\n{target}: $(READY)" in (ROOT / "Makefile").read_text()
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text())
    assert settings["python.defaultInterpreterPath"] == "${workspaceFolder}/.venv/bin/python"
    wanted = json.loads((ROOT / ".vscode" / "extensions.json").read_text())["recommendations"]
    assert wanted == container["customizations"]["vscode"]["extensions"]

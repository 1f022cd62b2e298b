"""The notebooks are committed clean: sources only, readable cell names, no traces of a run."""

import re
from itertools import count
from pathlib import Path

import nbformat

from assignment.given.files import write

START = "start"  # the page that `make lab` opens
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
# In the order in which they are read; what is in further/ goes on from these four.
LESSONS = (
    "knn",
    "svm",
    "softmax",
    "two_layer_net",
    "further/exact_neighbors",
    "further/metric_learning",
)
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
METADATA = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
FOLDED = {"jupyter": {"source_hidden": True}}
FAULTS = {
    "\ufeff": "a byte order mark (BOM) stands before the text: save it as UTF-8 without one",
    "<<<<<<<": "git left both sides of a conflict here: keep one of them",
}


def read(content, file):
    """The notebook that the bytes of a file hold.

    Raises
    ------
    RuntimeError : they hold none; one sentence names the file and the line
    """
    try:
        # Without validation, in which cells of one id would get others.
        return nbformat.convert(nbformat.reader.reads(content.decode()), 4)
    except UnicodeDecodeError as error:
        number, fault = content.count(b"\n", 0, error.start) + 1, "this is no UTF-8"
    except nbformat.reader.NotJSONError as error:
        number, fault = error.__cause__.lineno, f"this is no JSON ({error.__cause__.msg})"
        line = content.decode().split("\n")[number - 1]
        fault = next((told for mark, told in FAULTS.items() if line.startswith(mark)), fault)
    raise RuntimeError(f"{file}, line {number}: {fault}.")


def clean(notebook, name):
    """Strip a notebook of outputs, counts and metadata; its cells are NAME-01, NAME-02 ...

    A cell keeps its name, also one that has come from another lesson. New ones count on from the
    largest, wherever they stand.
    """
    name = name.rpartition("/")[2]
    names = "\n".join(cell.get("id", "") for cell in notebook.cells)
    numbers = map(int, re.findall(rf"^{name}-(\d+)$", names, re.MULTILINE))
    free, taken = count(1 + max(numbers, default=0)), set()
    for cell in notebook.cells:
        if not re.fullmatch(r"[a-z_]+-\d+", cell.get("id", "")) or cell.id in taken:
            cell.id = f"{name}-{next(free):02d}"
        taken.add(cell.id)
        # What only Colab needs is folded.
        cell.metadata = FOLDED if "COLAB_RELEASE_TAG" in cell.source else {}
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    notebook.metadata = METADATA
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def before_saving(model, **_):
    """For JupyterLab: what it notes of a kernel is not written, so that a look changes no file."""
    if model["type"] == "notebook":
        model["content"]["metadata"] = METADATA


def cleaned(content, name):
    """The bytes of NAME.ipynb as they are when clean; the name may begin with its folder."""
    notebook = clean(read(content, f"{name}.ipynb"), name)
    return (nbformat.writes(notebook, indent=1) + "\n").encode()


def clean_all():
    """Clean every notebook in place; none is written if one cannot be read."""
    paths = sorted(path for where in ("", "further/") for path in NOTEBOOKS.glob(f"{where}*.ipynb"))
    for path, content in [(path, cleaned(path.read_bytes(), path.stem)) for path in paths]:
        if content != path.read_bytes():
            write(path, content)
            print(f"cleaned {path.name}")

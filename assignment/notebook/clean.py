"""The notebooks are committed clean: sources only, readable cell names, no traces of a run."""

from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def clean(notebook, name):
    """Strip a notebook of outputs, counts and metadata, and name its cells NAME-01, NAME-02 ..."""
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"{name}-{number:02d}"
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def clean_text(text, name):
    """The text of a notebook file as it is when clean."""
    return nbformat.writes(clean(nbformat.reads(text, as_version=4), name), indent=1) + "\n"


def clean_all():
    """Clean every notebook in place."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        old = path.read_text(encoding="utf-8")
        text = clean_text(old, path.stem)
        if text != old:
            temporary = path.with_suffix(".partial")
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.replace(path)
            print(f"cleaned {path.name}")

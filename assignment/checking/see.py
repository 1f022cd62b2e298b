"""Where that stands which a verdict refers to: a heading of a lesson, or a page of others."""

import json
import re
from functools import cache
from posixpath import dirname, relpath
from urllib.parse import quote

from assignment.checking.stubs import ASSIGNMENT

PAGES = {
    "Nearest Neighbor Classifier": "https://cs231n.github.io/classification/#nn",
    "Multiclass Support Vector Machine loss": "https://cs231n.github.io/linear-classify/#svm",
    "Regularization": "https://cs231n.github.io/neural-networks-2/#reg",
    "Weight Initialization": "https://cs231n.github.io/neural-networks-2/#init",
    "Parameter updates": "https://cs231n.github.io/neural-networks-3/#update",
    "Mini-batch gradient descent": "https://cs231n.github.io/optimization-1/#gd",
    "Broadcasting": "https://numpy.org/doc/stable/user/basics.broadcasting.html",
}
PLACE = re.compile(
    r"notebooks/(?P<lesson>[\w/]+)\.ipynb, "
    r"(?:section (?P<section>\d+)(?:, (?P<part>.+))?|derivation, lines? (?P<line>\d+))"
)
TITLE = re.compile(r'(?:notes|manual), "(?P<title>.+)"')
SHOWN = re.compile(r"derivation\.show\((\d+), (\d+)\)|_batch\.show\(\)")


def link(see, lesson="knn"):
    """The address of a place, as a notebook has to say it; empty where it has none.

    Parameters
    ----------
    see : str, as in mistakes.py
    lesson : the notebook that says it
    """
    if page := TITLE.search(see):
        return PAGES.get(page["title"], "")
    place = PLACE.search(see)
    heading = place and _heading(**place.groupdict())
    if not heading:
        return ""
    notebook = relpath(f"{place['lesson']}.ipynb", dirname(lesson) or ".")
    # As JupyterLab names the headings of a notebook.
    return f"{notebook}#{quote(heading.replace(' ', '-'))}"


@cache
def _heading(lesson, section, part, line):
    """The heading of a section or a part of it, or over a line of the derivation; None without."""
    above = ""
    for heading, source in _cells(lesson):
        above = heading or above
        if section and (above == part or not part and above.startswith(f"{section}. ")):
            return above
        for first, last in SHOWN.findall(source) if line else ():
            if not first or int(first) <= int(line) <= int(last):
                return above
    return None


def _cells(lesson):
    """(the last heading in it or None, source) of each cell of a lesson."""
    path = ASSIGNMENT.parent / "notebooks" / f"{lesson}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):  # there is no link then
        return
    for cell in cells:
        source = "".join(cell["source"])
        is_text = cell["cell_type"] == "markdown"
        headings = re.findall(r"^#+ (.+?) *$", source, re.MULTILINE) if is_text else []
        yield (headings[-1] if headings else None), "" if is_text else source

"""`python -m assignment site`: the lessons executed with the reference, as a site in a folder.

An edition without answers executes them with the student's files, each lesson as far as these go.
"""

import asyncio
import json
import re
import shutil
import string
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_markdown_cell
from sphinx.cmd.build import build_main

from assignment.checking.exercises import COURSE, EXERCISES
from assignment.checking.stubs import (
    HAS_ANSWERS,
    SOLUTIONS,
    environment_with,
    own_folder,
)
from assignment.checking.submission.year import LAST
from assignment.derivations import DERIVATIONS
from assignment.derivations.derivation import left_side
from assignment.given.alt_text import FAILED
from assignment.given.files import alone
from assignment.given.progress import progress_bar
from assignment.notebook import address
from assignment.notebook.clean import LESSONS, NOTEBOOKS, read
from assignment.site import bundle, dark
from assignment.site.exercises import exercise_page, exercises_page, hand_ins_page, slug
from assignment.tab import build as tab

FILES, FOLDER = ("the reference", SOLUTIONS) if HAS_ANSWERS else ("your files", own_folder())
ROOT = NOTEBOOKS.parent
SITE = ROOT / "results" / "site"
AT_ONCE = 2
SECONDS = 600  # for a cell
CHECK = re.compile(r'^check\("(.+)"\)', re.M)


def build(site=SITE, notebooks=NOTEBOOKS, pyodide=None):
    """Build the site anew; an older one stays until the new one is complete.

    pyodide : folder with the files of Pyodide, for a site that needs no network; see tab/build.py

    Returns
    -------
    int : 0, or what Sphinx returns when something is wrong, be it only a warning

    Raises
    ------
    RuntimeError : a notebook raises, or shows a picture that has no alt text; or it is interrupted
    Busy : another process is at it
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    busy = f"Another process is building {site.name}: wait until it is done, or end it."
    with alone(site.with_name(f"{site.name}.lock"), busy):
        return _build(site, notebooks, pyodide)


def _build(site, notebooks, pyodide):
    paths = [notebooks / f"{lesson}.ipynb" for lesson in LESSONS]
    place = site.with_name(f"{site.name}.partial")
    _clear(place, site)  # of a build that was killed
    place.mkdir(parents=True)
    try:
        pages, made = place / "pages", place / "made"
        print(f"Executing the lessons with {FILES} takes about a minute.", flush=True)
        with asyncio.Runner(loop_factory=LoopWithoutSignals) as runner:
            executed = runner.run(execute(paths))
        write_pages(pages, dict(zip(LESSONS, executed, strict=True)))
        options = ["-q", "--fail-on-warning", "-c", Path(__file__).parent, "-d", place / "read"]
        if failed := build_main([*map(str, options), str(pages), str(made)]):
            return failed
        tab.write(made / "tab", pyodide)
        bundle.write_scripts(made, site.with_name("npm"))
        if site.exists():
            site.replace(place / "before")
        made.replace(site)
    except KeyboardInterrupt:
        raise RuntimeError("Interrupted: the site is as it was.") from None
    finally:
        _clear(place, site)
    print(f"The site is built: open {(site / 'index.html').as_uri()}")
    return 0


def _clear(place, site):
    """Remove what a build leaves; the older site goes back where the new one has not come."""
    if (place / "before").exists() and not site.exists():
        (place / "before").replace(site)
    shutil.rmtree(place, ignore_errors=True)


class LoopWithoutSignals(asyncio.SelectorEventLoop):
    """Ctrl-C ends all; a NotebookClient would take it, end its own kernel, and the others go on."""

    def add_signal_handler(self, *arguments):
        raise RuntimeError("signals are left alone")  # as a loop in a thread says, too

    def call_exception_handler(self, context):
        """What still waits for a kernel that has been ended has nothing to say."""


async def execute(paths):
    """The notebooks as they are after a run with these files, two at a time."""
    free = asyncio.Semaphore(AT_ONCE)
    notebooks = [read(path.read_bytes(), path.name) for path in paths]
    code = sum(cell.cell_type == "code" for notebook in notebooks for cell in notebook.cells)
    bar = progress_bar(code, "cells")

    async def one(path, notebook):
        folder = {"metadata": {"path": path.parent}}
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            resources=folder,
            on_cell_executed=lambda **_: bar.update(),
            extra_arguments=[
                "--IPKernelApp.log_level=50",  # no word on how a kernel is connected, or ended
                f"--IPKernelApp.extensions={dark.__name__}",
            ],
        )
        async with free:
            try:
                return await client.async_execute(env=environment_with(FOLDER))
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                if HAS_ANSWERS:
                    raise RuntimeError(f"{path.name} fails with the reference.\n{error}") from None
                return notebook  # up to the first blank

    with bar:
        done = await asyncio.gather(*map(one, paths, notebooks), return_exceptions=True)
    if failures := [each for each in done if isinstance(each, Exception)]:
        raise RuntimeError("\n".join(map(str, failures)))
    return done


def write_pages(folder, lessons):
    """Write what Sphinx reads: Markdown, notebooks, and the files that these link to.

    lessons : dict from the name of a lesson to its executed notebook
    """
    for name, notebook in lessons.items():
        path = folder / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook.cells = [c for c in notebook.cells if "COLAB_RELEASE_TAG" not in c.source]
        notebook.cells = [each for cell in notebook.cells for each in (cell, *leads(cell, name))]
        notebook.metadata.pop("widgets", None)
        for cell in notebook.cells:
            if "outputs" in cell:  # where a progress bar was, an empty one is left
                cell.outputs = [o for o in cell.outputs if o.get("data") != {"text/plain": ""}]
        pictures(notebook.cells, path)
        nbformat.write(notebook, path)
    sources = {key: "\n".join(c.source for c in n.cells) for key, n in lessons.items()}
    pages = {
        "index.md": front_page() + contents(),
        "README.md": (ROOT / "README.md").read_text(encoding="utf-8"),
        "exercises.md": exercises_page(),
        "exercises/hand-ins.md": hand_ins_page(),
        **{f"exercises/{each.name}.md": exercise_page(each) for each in EXERCISES},
        "course.md": course_page(),
        **{
            f"derivations/{name}.md": derivation_page(
                derivation,
                [key for key in lessons if re.search(rf"derivations\.{name}\b", sources[key])],
            )
            for name, derivation in DERIVATIONS.items()
        },
    }
    if HAS_ANSWERS:
        contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        pages |= {"checkers.md": checkers_page(), "CONTRIBUTING.md": contributing}
    for name, text in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        for target in re.findall(r"\]\(([\w./-]+)\)", text):
            if (ROOT / target).is_file() and not (folder / target).exists():
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / target, folder / target)


def leads(cell, lesson):
    """Below the check of an exercise, a cell that leads to the page on which it can be tried."""
    checks = CHECK.findall(cell.source) if cell.cell_type == "code" else ()
    up = "../" * (lesson.count("/") + 1)
    links = [f"[Try `{name}` in this browser]({up}exercises/{name}.md)" for name in checks]
    return [new_markdown_cell(", ".join(links))] if links else []


def pictures(cells, path):
    """Put each picture of the outputs, and its dark variant, into files beside the notebook.

    Both are named with its alt text. MyST-NB would take one from the cell alone, where several
    pictures may stand. And a control is a dead thing without a kernel: only the picture that comes
    with it is shown.

    Raises
    ------
    RuntimeError : a picture has none
    """
    number = 0
    for cell in cells:
        for output in cell.get("outputs", ()):
            if "image/png" not in output.get("data", {}):
                continue
            alt = " ".join(output.metadata.get("image/png", {}).get("alt", "").split())
            if not alt or alt.startswith(FAILED):
                raise RuntimeError(f"{path.name}: a picture of cell {cell.id} has no alt text.")
            number += 1
            literal = re.sub(f"([{re.escape(string.punctuation)}])", r"\\\1", alt)
            shown = []
            for kind, page in {"image/png": "light", dark.MIME: "dark"}.items():
                file = path.with_name(f"{path.stem}-{number:02d}-{page}.png")
                file.write_bytes(b64decode(output.data[kind]))
                shown.append(f"![{literal}]({file.name}){{.only-{page}}}")
            output.data = {"text/markdown": "\n".join(shown)}


def front_page():
    """What people will be able to do, a picture, and where to begin."""
    owner, suite = address.known()
    buttons = {
        "Read the first lesson": "notebooks/knn.html",
        "Try an exercise, here": "exercises.html",
    }
    if owner != address.NOBODY:
        to = "https://colab.research.google.com/github"
        buttons["Open it in Colab"] = f"{to}/{owner}/{suite}/blob/main/notebooks/knn.ipynb"
    buttons["Run it: two commands"] = "README.html"
    links = "\n".join(f'<a class="button" href="{to}">{name}</a>' for name, to in buttons.items())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    light = re.search(r"!\[[^]]*\]\(\.github/overview\.png\)", readme)[0]
    dark_one = light.replace("overview.png", "overview-dark.png")
    picture = f"{light}{{.only-light}}\n{dark_one}{{.only-dark}}"
    text = Path(__file__).with_name("front.md").read_text(encoding="utf-8")
    return string.Template(text).substitute(links=links, picture=picture)


def contents():
    """The entries of the menu."""
    groups = {
        "Lessons": [f"notebooks/{name}" for name in LESSONS if "/" not in name],
        "Further": [f"notebooks/{name}" for name in LESSONS if "/" in name],
        "Derivations": [f"derivations/{name}" for name in DERIVATIONS],
        "In a browser tab": ["exercises", "exercises/hand-ins"],
        "More": ["course", "Set-up, and all figures <README>"],
    }
    if HAS_ANSWERS:
        groups["More"] += ["checkers", "CONTRIBUTING"]
    trees = (
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```"
        for caption, pages in groups.items()
    )
    return "\n\n" + "\n\n".join(trees) + "\n"


def course_page():
    """What of the course's files of this year is met where, made from the list."""
    asked = [exercise for exercise in EXERCISES + COURSE if LAST.asks(exercise)]
    rows = "\n".join(
        f"| `{exercise.file}` | `{exercise.name}` | [{exercise.notebook}, section "
        f"{exercise.section}](notebooks/{exercise.notebook}.ipynb#{slug(exercise.section)}) |"
        for exercise in asked
    )
    return (
        "# If you come with this year's course files\n\n"
        f"The lessons here are written for five files of their own. The files of {LAST.name} are "
        "checked as they are:\n\n"
        "```\npython -m assignment check --submission YOUR_FOLDER\n```\n\n"
        "takes the folder, or the zip, and shows a table of verdicts; `check NAME --submission "
        "YOUR_FOLDER` says more of one, and `hint NAME` helps. Each exercise, and the lesson that "
        "explains it:\n\n"
        f"| file | exercise | lesson |\n|:--|:--|:--|\n{rows}\n\n"
        "What differs:\n\n"
        "- `fc_net.py` has a penalty of 0.5 * reg * sum(W^2), with reg * W as its derivative; the "
        "linear files have reg * sum(W^2), with 2 * reg * W. Both are right where they stand.\n"
        "- A net is made of layers there, and of matrices in the lesson: what `affine_backward` "
        "returns, the derivation finds line by line.\n"
        "- The loss of `softmax_loss_naive` is given there; here it is derived.\n"
        "- `linear_svm.py` is gone since 2025; the lesson svm is still worth an evening.\n"
        "- Two notebooks have no lesson here: features, and FullyConnectedNets, whose code is "
        "checked.\n"
    )


def checkers_page():
    """What gradient checkers say to the same inputs, from the file that a command writes."""
    told = json.loads((ROOT / "assignment" / "bench" / "checkers.json").read_text(encoding="utf-8"))
    rows, names = told["rows"], list(next(iter(told["rows"].values())))
    table = "\n".join(
        f"| {given} | "
        + " | ".join(f"{'✓' if c['due'] else '✗'} {c['says']}" for c in cells.values())
        + " |"
        for given, cells in rows.items()
    )
    head = [*(name.split()[0] for name in names[:-1]), "ours"]
    ours = "\n".join(
        f"- {given}: `{cells[names[-1]]['words']}`"
        for given, cells in rows.items()
        if cells[names[-1]]["words"]
    )
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    return (
        "# What gradient checkers say\n\n"
        "Each checker is given a function, an array and a gradient, as its manual says, with its "
        "own settings. ✓ is what had to be said, or a message that names the fault; ✗ is not.\n\n"
        f"{{.checkers}}\n| input | {' | '.join(head)} |\n|:--|{':--|' * len(head)}\n{table}\n\n"
        f"- The functions are {', '.join(names[:-1])}, and `{names[-1]}`.\n"
        "- SciPy computes an error, and numdifftools, statsmodels and jacobi a derivative, and "
        "leave the judgement to their users: here, *right* is right to 1e-5 of the largest entry.\n"
        "- One part in a thousand is what PyTorch allows, unless it is told otherwise.\n"
        "- A function that reads `x` itself is CS231n's way; most checkers move a copy of `x`.\n"
        "- mygrad is missing: version 2.5.0 comes without a checker.\n\n"
        f"What `{names[-1]}` says, where it is not *right*:\n\n{ours}\n\n"
        f"Made by `python -m assignment checkers` with {versions}.\n"
    )


def derivation_page(derivation, lessons):
    """All lines of a derivation, those that a lesson asks for hidden, each with its verdict."""
    links = " and ".join(f"[{name}](../notebooks/{name}.ipynb)" for name in lessons)
    symbols = "\n".join(
        f"| ${symbol.latex}$ | `{name}` | "
        + (f"{symbol.rows} × {symbol.columns} |" if symbol.rows else "a number |")
        for name, symbol in derivation.symbols.items()
    )
    lines = replace(derivation, blank="").show()._repr_markdown_()
    name = next(name for name, each in DERIVATIONS.items() if each is derivation)
    known = json.dumps({"derivation": name, "claims": claims(derivation)})
    return (
        f"# {derivation.title}\n\nThe lines of the lesson {links}, each tried on random numbers "
        "in shapes that are all different: a click on a tick shows how well both sides agree. What "
        "the lesson asks you to find is hidden. Change a line, and the same numbers say whether it "
        "still holds.\n\n"
        f"<script type='application/json' data-page='derivation'>{known}</script>\n\n"
        f"{{.lines}}\n{lines}\n\n"
        "## Symbols\n\nIn Python `@` is the matrix product, `*` the product entry by entry, `.T` "
        "the transpose, and `d(...)` a differential.\n\n"
        f"| symbol | in Python | shape |\n|:--|:--|:--|\n{symbols}\n"
    )


def claims(derivation):
    """dict from the number of each line to its claim; of what one is to find, its left side."""
    return {
        line.number: f"{left_side(line.claim)} == " if line.answer else line.claim
        for line in derivation.lines
    }

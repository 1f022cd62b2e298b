"""The pages of the site on which something is tried: what they say, and what their scripts know."""

import ast
import inspect
import json
import re
import string
import textwrap

from assignment import FILES
from assignment.checking.exercises import EXERCISES
from assignment.checking.stubs import SOLUTIONS, make_stub, reference_of
from assignment.notebook import address

# A matrix product in a browser's NumPy against the same on the machine itself. For 200 x 3072 by
# 3072 x 500 it was 74 and 110 in single precision, 315 and 409 in double (Pyodide 0.27.7).
SLOWER = 100
SECTION = re.compile(r"\n\n(?=[A-Z]\w+\n-+\n)")
ENTRY = re.compile(r"([A-Za-z_]\w*(?:, \w+)*) : (.*)", re.S)


def exercises_page():
    """The index of exercises, made from the list."""
    rows = "\n".join(
        f"| [`{exercise.name}`](exercises/{exercise.name}.md) <br> {_purpose(exercise)} <br> "
        f"[{exercise.notebook}, section {exercise.section}]"
        f"(notebooks/{exercise.notebook}.ipynb#{slug(exercise.section)}); "
        f"`{exercise.file}` | {exercise.points} |"
        for exercise in EXERCISES
    )
    total = sum(exercise.points for exercise in EXERCISES)
    pages = "\n".join(f"exercises/{exercise.name}" for exercise in EXERCISES)
    return (
        f"# Exercises\n\n{len(EXERCISES)} blanks, {total:g} points, in the order of the lessons. "
        "Each has a page with an editor, and a check that says *right*, or names the bug. It all "
        "runs in this browser tab: you install nothing, and what you type stays on your computer."
        "\n\n<div data-page='overview' data-overview></div>\n\n"
        f"| exercise | points |\n|:--|--:|\n{rows}\n\n"
        'In a notebook `check("NAME")` does the same, and in a terminal '
        "`python -m assignment check NAME`; `python -m assignment hint NAME` helps.\n\n"
        f"{whole_lessons('')}\n\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"
    )


def exercise_page(exercise):
    """The task, the stub where the editor will be, and where to read on."""
    lesson = f"../notebooks/{exercise.notebook}.ipynb"
    task, arguments = described(_docstring(exercise))
    whole = ""
    if exercise.called != exercise.name:
        title = exercise.section.partition(". ")[2]
        whole = f"**{title}**: {_purpose(exercise)}\n\n"
    return (
        f"# {_breakable(exercise.name)}\n\n{whole}{task}\n\n"
        f"{{.small}}\n{exercise.points} points. The lesson explains it: [{exercise.notebook}, "
        f"section {exercise.section}]({lesson}#{slug(exercise.section)}).\n\n"
        f"## Your code\n\n<div data-page='exercise' data-exercise='{exercise.name}'>\n\n"
        f"```python\n{_function(exercise)}\n```\n\n</div>\n\n"
        f"{arguments}\n\n{whole_lessons('../')}\n"
    )


def hand_ins_page():
    """Where old work is dropped."""
    return (
        "# What is wrong with my old solution?\n\n"
        "Take the files that you wrote for CS231n's first assignment, of any year from 2015 on, in "
        "Python 2 or 3. The check runs in this browser tab: nothing is sent anywhere. It says "
        "what is right, and names the bugs.\n\n"
        "<div data-page='hand_ins' data-hand-ins></div>\n\n"
        "An instructor gets a first look at a class: drop several hand-ins at once, or a folder "
        "of them. To grade one, see [the README](../README.md).\n\n"
        f"{whole_lessons('../')}\n"
    )


def whole_lessons(up):
    """That lessons as a whole are not for a browser, and what they are for.

    up : the way from the page to the top of the site
    """
    owner, suite = address.known()
    colab = ""
    if owner != address.NOBODY:
        to = "https://colab.research.google.com/github"
        colab = f", or open it [in Colab]({to}/{owner}/{suite}/blob/main/notebooks/knn.ipynb)"
    return (
        "## The whole lessons\n\n"
        "They train on thousands of images, and a browser tab is no place for that: large "
        f"matrix products take {SLOWER} times as long in it, or more. "
        f"[Get the suite]({up}README.md)"
        f"{colab}; two commands do the rest:\n\n"
        "```\nmake lab      # opens JupyterLab with a page that says where to start\n"
        "make check    # proves that everything here is sound\n```"
    )


def described(docstring):
    """A docstring as Markdown: (what it says, what it says of arguments and results)."""
    text, *sections = SECTION.split(docstring)
    paragraphs = text.split("\n\n")
    task = [_paragraph(part) for part in paragraphs if not part.startswith("Source:")]
    more = [_paragraph(part) for part in paragraphs if part.startswith("Source:")]
    for section in sections:
        head, _, body = section.split("\n", 2)
        more += [f"**{head}**", _entries(body)]
    return "\n\n".join(task), "\n\n".join(["## Arguments and results", *more] if more else [])


def _paragraph(text):
    if text.startswith("    "):
        return f"```\n{inspect.cleandoc(text)}\n```"
    return _plain(text)


def _entries(body):
    """A list of names, each with what it is; what names none is a sentence."""
    told = []
    for line in body.split("\n"):
        if ENTRY.fullmatch(line) or not told:
            told.append(line)
        else:
            told[-1] += f" {line.strip()}"
    entries = (ENTRY.fullmatch(text) for text in told)
    return "\n".join(
        f"- `{entry[1]}`: {_plain(entry[2])}" if entry else f"- {_plain(text)}"
        for entry, text in zip(entries, told, strict=True)
    )


def _plain(text):
    """Text in which nothing is Markdown, but for what stands in backticks."""
    pieces = " ".join(text.split()).split("`")
    pieces[::2] = [re.sub(f"([{re.escape(string.punctuation)}])", r"\\\1", p) for p in pieces[::2]]
    return "`".join(pieces)


def _breakable(name):
    """A long name, that may be broken behind a dot or an underscore."""
    return re.sub(r"([._])", r"\1<wbr>", name)


def _purpose(exercise):
    """The first line of the docstring of the function, as the student's file has it."""
    if exercise.called != exercise.name:
        return f"A part of `{exercise.called}`."
    return _docstring(exercise).splitlines()[0]


def _docstring(exercise):
    return inspect.getdoc(_reference(exercise))


def _reference(exercise):
    """The function of the reference; in an edition without answers, its stub."""
    thing = reference_of(exercise.file)
    for name in exercise.called.split("."):
        thing = getattr(thing, name)
    return thing


def stub(file):
    """The text of one of the five files as students get it."""
    return make_stub((SOLUTIONS / file).read_text(encoding="utf-8"))


def _function(exercise):
    """The function of a blank as the stub has it, but for the docstring, which the page tells."""
    text = stub(exercise.file)
    node = ast.parse(text)
    for name in exercise.called.split("."):
        node = next(each for each in node.body if getattr(each, "name", None) == name)
    docstring = node.body[0]
    lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
    del lines[docstring.lineno - node.lineno : docstring.end_lineno - node.lineno + 1]
    return textwrap.dedent("\n".join(lines))


def slug(heading):
    """The anchor of a heading, as GitHub and MyST have it."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def known_to_scripts():
    """A module with what the scripts of these pages go by: the list of exercises, and the stubs."""
    exercises = [
        {"name": e.name, "file": e.file, "called": e.called, "points": e.points} for e in EXERCISES
    ]
    files = {file: stub(file) for file in FILES}
    known = {"EXERCISES": exercises, "FILES": files}
    return "".join(f"export const {name} = {json.dumps(it)};\n" for name, it in known.items())

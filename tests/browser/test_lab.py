"""The lessons in JupyterLab, as `make lab` opens them: before, amid and after the work."""

import re
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from assignment import FILES
from assignment.checking.exercises import EXERCISES
from assignment.checking.stubs import SOLUTIONS
from assignment.notebook.clean import LESSONS, clean
from lab import ROOT, Notebook, checkout, edit, make_lab

# The files that a student has solved, and the theme of their JupyterLab.
STUDENTS = {
    "beginner": ((), "JupyterLab Light"),
    "softmax-solved": (("softmax.py",), "JupyterLab Dark"),
    "reference": (FILES, "JupyterLab Light"),
}
# The blanks of which a lesson has need, in turn.
NEEDS = {
    "knn": ["KNearestNeighbor.compute_distances_two_loops"],
    "svm": ["svm_loss_naive"],
    "softmax": ["softmax_loss_naive", "LinearClassifier.train"],
    "two_layer_net": ["TwoLayerNet.scores"],
    "further/exact_neighbors": ["KNearestNeighbor.compute_distances_no_loops"],
    "further/metric_learning": ["nca_loss"],
}
FILE = {exercise.name: exercise.file for exercise in EXERCISES}


@pytest.fixture(scope="module", params=STUDENTS)
def student(request, tmp_path_factory):
    """name, project, solved files and address of a student who has started `make lab`."""
    solved, theme = STUDENTS[request.param]
    project = checkout(tmp_path_factory.mktemp("project"))
    for file in solved:
        shutil.copy(SOLUTIONS / file, project / "assignment" / file)
    with make_lab(project, tmp_path_factory.mktemp("home"), theme) as address:
        yield request.param, project, solved, address


def todo(project, name):
    """The one line that a stub shows, from the files as they are."""
    lines = (project / "assignment" / FILE[name]).read_text(encoding="utf-8").splitlines()
    number = 1 + next(i for i, line in enumerate(lines) if f"# TODO {name}:" in line)
    return f"To do: {name} in assignment/{FILE[name]}, line {number}."


def first_blank(lesson, solved):
    return next(name for name in NEEDS[lesson] if FILE[name] not in solved)


def complaints(notebook):
    """What a person would not like to see in a notebook, cell by cell."""
    for index, cell in enumerate(notebook.cells()):
        outputs = cell.get("outputs", ())
        for output in outputs:
            if output["output_type"] == "error":
                yield index, re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output["traceback"]))
            if output.get("name") == "stderr":
                yield index, output["text"]
        if not outputs:
            continue
        shown = notebook.show(index)
        images = shown.locator(".jp-OutputArea img:visible")
        expect(images).to_have_count(sum(map(is_picture, outputs)))
        for image in images.all():
            if not image.evaluate("it => it.decode().then(() => it.naturalWidth > 100, () => 0)"):
                yield index, "a picture is not drawn"
        for output in shown.locator(".jp-OutputArea-output").all():
            if output.evaluate("it => it.scrollWidth > it.clientWidth + 1"):
                yield index, "an output is cut off"


def is_picture(output):
    data = output.get("data", {})
    return "image/png" in data or "<img" in "".join(data.get("text/html", ""))


def is_control(cell):
    data = [output.get("data", {}) for output in cell.get("outputs", ())]
    return any("application/vnd.jupyter.widget-view+json" in d for d in data)


def use(cell):
    """Press each button, and move the slider with the keyboard to its end: the picture answers."""
    picture, slider = cell.locator(".jp-OutputArea img"), cell.get_by_role("slider")

    def answers(move):
        before, alt = picture.get_attribute("src"), picture.get_attribute("alt")
        move()
        expect(picture).not_to_have_attribute("src", before, timeout=30_000)
        assert picture.get_attribute("alt") not in ("", alt)

    for button in cell.locator("button.widget-toggle-button").all()[1:]:
        answers(button.click)
    last = int(float(slider.get_attribute("aria-valuemax")))
    for place in range(1, last + 1):
        answers(lambda: slider.press("ArrowRight"))
        expect(slider).to_have_attribute("aria-valuenow", f"{place}.0")
    assert last > 5


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_as_far_as_the_work_is_done(lesson, student, page):
    name, project, solved, address = student
    page.goto(address)
    notebook = Notebook(page, lesson)
    notebook.run_all()
    cells = notebook.cells()

    checks = {
        i: re.findall(r'^check\("(.*)"\)', cell["source"], re.M) for i, cell in enumerate(cells)
    }
    assert any(checks.values()) == (lesson != "further/exact_neighbors")
    for index, names in checks.items():
        if not names:
            continue
        if not cells[index]["execution_count"]:  # after the first blank
            notebook.run(index)
        cards = notebook.show(index).locator("section.assignment-card > p:first-child")
        expect(cards).to_have_text(
            [f"✓ {n}: right" if FILE[n] in solved else f"… {n}: to do" for n in names]
        )

    found = [what for index, what in complaints(notebook)]
    assert found == ([] if name == "reference" else [todo(project, first_blank(lesson, solved))])

    if name == "reference":
        assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")
        controls = [index for index, cell in enumerate(cells) if is_control(cell)]
        assert len(controls) == ("/" not in lesson)
        for index in controls:
            use(notebook.show(index))
    notebook.photograph(ROOT / "results" / "screenshots" / name / lesson)
    notebook.close()


@pytest.fixture
def beginner(tmp_path):
    """The address of a JupyterLab with stubs, for one test alone."""
    for folder in ("project", "home"):
        (tmp_path / folder).mkdir()
    with make_lab(checkout(tmp_path / "project"), tmp_path / "home") as address:
        yield address


def test_a_saved_edit_is_seen_by_the_next_check(beginner, page):
    page.goto(beginner)
    notebook = Notebook(page, "softmax")
    notebook.run_all()
    index = next(
        i
        for i, cell in enumerate(notebook.cells())
        if 'check("softmax_loss_naive")' in cell["source"]
    )
    card = notebook.show(index).locator("section.assignment-card")
    expect(card).to_contain_text("… softmax_loss_naive: to do")

    solved = (SOLUTIONS / "softmax.py").read_text(encoding="utf-8")
    forgotten = solved.replace("+ 2 * reg * W", "+ reg * W")
    assert forgotten != solved, "the solution has changed: spoil it in another way"
    for source, says in (
        (solved, "✓ softmax_loss_naive: right"),
        (forgotten, "the gradient has only"),
    ):
        edit(page, "assignment/softmax.py", source)
        notebook.run(index)
        expect(card).to_contain_text(says)


UGLY = (
    "1 / 0",
    "import sys; print('litter', file=sys.stderr)",
    "from IPython.display import HTML\nHTML('<img src=nowhere.png width=200 height=200>')",
    "HTML('<table><tr><td style=\"min-width: 3000px\">wide</table>')",
    "'nothing is wrong here'",
)


def test_what_nobody_would_like_to_see_is_found(beginner, page, tmp_path):
    cells = [new_code_cell(source) for source in UGLY]
    ugly = clean(new_notebook(cells=cells), "ugly")
    nbformat.write(ugly, tmp_path / "project" / "notebooks" / "ugly.ipynb")
    page.goto(beginner)
    notebook = Notebook(page, "ugly")
    for index in range(len(UGLY)):
        notebook.run(index)
    (error, *others) = complaints(notebook)
    assert error[0] == 0 and "ZeroDivisionError" in error[1]
    assert others == [(1, "litter\n"), (2, "a picture is not drawn"), (3, "an output is cut off")]


def test_the_start_page_leads_to_the_line_of_a_blank_and_a_look_changes_no_file(
    beginner, page, tmp_path
):
    file = tmp_path / "project" / "notebooks" / "start.ipynb"
    before = file.read_bytes()
    page.goto(beginner)
    notebook = Notebook(page, "start")
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    assert file.read_bytes() == before
    notebook.run_all()
    page.locator(".jp-OutputArea a", has_text="assignment/softmax.py, line").first.click()
    line = "jupyterapp.shell.currentWidget.content.editor?.getCursorPosition().line"
    page.wait_for_function(f"() => {line} > 0")
    source = (tmp_path / "project/assignment/softmax.py").read_text(encoding="utf-8")
    assert "TODO softmax_loss_naive" in source.splitlines()[page.evaluate(line)]

"""The lessons in JupyterLab, as `make lab` opens them: before, amid and after the work."""

import re
import shutil

import pytest
from lab import ROOT, Notebook, checkout, edit, make_lab
from playwright.sync_api import expect

from assignment.checking.exercises import EXERCISES
from assignment.checking.stubs import FILES, SOLUTIONS

LESSONS = ("knn", "svm", "softmax", "two_layer_net")
# The files that a student has solved, and the theme of their JupyterLab.
STUDENTS = {
    "beginner": ((), "JupyterLab Light"),
    "softmax-solved": (("softmax.py",), "JupyterLab Dark"),
    "reference": (FILES, "JupyterLab Light"),
}
# The first blank of which a lesson has need, where it is not solved.
STOPS_AT = {
    "knn": "KNearestNeighbor.compute_distances_two_loops",
    "svm": "svm_loss_naive",
    "softmax": "softmax_loss_naive",
    "two_layer_net": "TwoLayerNet.scores",
}


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
    file = next(exercise.file for exercise in EXERCISES if exercise.name == name)
    lines = (project / "assignment" / file).read_text(encoding="utf-8").splitlines()
    number = 1 + next(i for i, line in enumerate(lines) if f"# TODO {name}:" in line)
    return f"To do: {name} in assignment/{file}, line {number}."


def errors(cells):
    return [
        [re.sub(r"\x1b\[[\d;]*m", "", line) for line in output["traceback"]]
        for cell in cells
        for output in cell.get("outputs", ())
        if output["output_type"] == "error"
    ]


def pictures(cell):
    """How many pictures the outputs of a cell hold."""
    data = [output.get("data", {}) for output in cell.get("outputs", ())]
    return sum("image/png" in d or "<img" in "".join(d.get("text/html", "")) for d in data)


def is_control(cell):
    data = [output.get("data", {}) for output in cell.get("outputs", ())]
    return any("application/vnd.jupyter.widget-view+json" in d for d in data)


def use(cell):
    """Move each slider with the keyboard and press each button: the picture answers."""
    picture = cell.locator(".jp-OutputArea img")
    sliders, buttons = cell.get_by_role("slider"), cell.locator("button.widget-toggle-button")
    assert sliders.count() > 0
    moves = [lambda: sliders.first.press("ArrowRight")]
    moves += [button.click for button in buttons.all()[1:]]
    for move in moves:
        before, alt = picture.get_attribute("src"), picture.get_attribute("alt")
        move()
        expect(picture).not_to_have_attribute("src", before)
        assert picture.get_attribute("alt") not in ("", alt)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_as_far_as_the_work_is_done(lesson, student, page):
    name, project, solved, address = student
    page.goto(address)
    notebook = Notebook(page, lesson)
    notebook.run_all()
    cells = notebook.cells()

    stop = "LinearClassifier.train" if (name, lesson) == ("softmax-solved", "softmax") else None
    stop = stop or STOPS_AT[lesson]
    if name == "reference":
        assert errors(cells) == []
        assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")
    else:
        assert errors(cells) == [[todo(project, stop)]]
    stderr = [
        output["text"]
        for cell in cells
        for output in cell.get("outputs", ())
        if output.get("name") == "stderr"
    ]
    assert stderr == []

    checks = {
        i: re.findall(r'^check\("(.*)"\)', cell["source"], re.M) for i, cell in enumerate(cells)
    }
    assert any(checks.values())
    for index, names in checks.items():
        if not names:
            continue
        if not cells[index]["execution_count"]:  # after the first blank
            notebook.run(index)
        cards = notebook.show(index).locator("section.assignment-card > p:first-child")
        done = {exercise.name: exercise.file in solved for exercise in EXERCISES}
        expect(cards).to_have_text(
            [f"✓ {name}: right" if done[name] else f"… {name}: to do" for name in names]
        )

    for index, cell in enumerate(cells):
        if not cell.get("outputs"):
            continue
        shown = notebook.show(index)
        images = shown.locator(".jp-OutputArea img:visible")
        expect(images).to_have_count(pictures(cell))
        for image in images.all():
            assert image.evaluate("img => img.decode().then(() => img.naturalWidth)") > 100
        for output in shown.locator(".jp-OutputArea-output").all():
            assert output.evaluate("it => it.scrollWidth - it.clientWidth") <= 1, "it is cut off"

    if name == "reference":
        (index,) = (index for index, cell in enumerate(cells) if is_control(cell))
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

"""What the site is made of; tests/browser looks at the site itself."""

import base64
import json
import re
import signal

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from assignment.checking.exercises import COURSE, EXERCISES
from assignment.checking.submission.year import LAST
from assignment.derivations import DERIVATIONS
from assignment.given.files import Busy, alone
from assignment.notebook.clean import NOTEBOOKS

pytest.importorskip("myst_nb", reason="needs requirements-site.txt")
build = pytest.importorskip("assignment.site.build")
bundle = pytest.importorskip("assignment.site.bundle")
described = pytest.importorskip("assignment.site.exercises").described

PNG, DARK = (base64.b64encode(each).decode() for each in (b"any bytes", b"dark ones"))

PAGES = "light", "dark"


def picture(alt, **others):
    """A cell whose output is a picture."""
    data = {"image/png": PNG, build.dark.MIME: DARK, "text/plain": "<Figure>", **others}
    output = new_output("display_data", data, metadata={"image/png": {"alt": alt} if alt else {}})
    return new_code_cell("plot()", outputs=[output])


def test_the_index_lists_each_exercise_once_and_links_to_its_page_and_its_heading():
    text = build.exercises_page()
    rows = re.findall(
        r"^\| \[`(.+?)`\]\(exercises/(.+?)\.md\) <br> .+ <br> "
        r"\[.+?\]\(notebooks/([\w/]+)\.ipynb#(.+?)\); .+ \| \d+ \|$",
        text,
        re.M,
    )
    names = [exercise.name for exercise in EXERCISES]
    assert [name for name, *_ in rows] == [page for _, page, *_ in rows] == names
    for *_, lesson, anchor in rows:
        notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
        sources = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        assert anchor in map(build.slug, re.findall(r"^#+ (.+)", sources, re.M))


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_page_of_an_exercise_has_its_blank_and_no_answer(exercise):
    text = build.exercise_page(exercise)
    code = re.search(r"```python\n(.*?)\n```", text, re.S)[1]
    assert code.startswith(f"def {exercise.called.rpartition('.')[2]}(") and '"""' not in code
    assert f"# TODO {exercise.name}:" in code and "BEGIN SOLUTION" not in text
    assert f"data-exercise='{exercise.name}'" in text and f"{exercise.points} points" in text


def test_a_docstring_becomes_prose_a_formula_and_lists():
    docstring = (
        "Says *it*, `a_b`.\n\nWith p:\n\n    loss = -log p\n\nSource: a book.\n\nReturns\n-------\n"
        "loss : scalar, and\n    more\ndict of lists: a_b\nand c"
    )
    task, arguments = described(docstring)
    assert task == "Says \\*it\\*\\, `a_b`\\.\n\nWith p\\:\n\n```\nloss = -log p\n```"
    assert arguments.endswith(
        "Source\\: a book\\.\n\n**Returns**\n\n"
        "- `loss`: scalar\\, and more dict of lists\\: a\\_b and c"
    )


def test_below_each_check_of_a_lesson_a_link_leads_to_its_page():
    cell = new_code_cell('check("svm_loss_naive")')
    assert build.leads(new_code_cell("checks()"), "svm") == []
    (led,) = build.leads(cell, "further/svm")
    assert led.source == "[Try `svm_loss_naive` in this browser](../../exercises/svm_loss_naive.md)"


def test_a_line_to_be_tried_tells_no_answer():
    for derivation in DERIVATIONS.values():
        claims = build.claims(derivation)
        for line in derivation.lines:
            left = f"{build.left_side(line.claim)} == "
            assert claims[line.number] == (left if line.answer else line.claim)


def test_packages_of_npm_are_exact_locked_by_hash_and_name_no_host():
    lock = json.loads((bundle.HERE / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((bundle.HERE / "package.json").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", each) for each in wanted["dependencies"].values())
    assert lock["packages"][""]["dependencies"] == wanted["dependencies"]
    others = {name: each for name, each in lock["packages"].items() if name}
    assert all("integrity" in each and "resolved" not in each for each in others.values())
    assert {each["license"] for each in others.values()} == {"MIT"}


def test_the_front_page_has_a_button_for_colab_where_there_is_an_address(monkeypatch):
    assert "colab" not in build.front_page() or build.address.known()[0] != build.address.NOBODY
    monkeypatch.setattr(build.address, "known", lambda: ("some-school", "nets"))
    to = "https://colab.research.google.com/github/some-school/nets/blob/main/notebooks/knn.ipynb"
    assert f'<a class="button" href="{to}">Open it in Colab</a>' in build.front_page()


def test_the_page_of_the_course_leads_from_each_of_its_exercises_to_a_lesson():
    text = build.course_page()
    rows = re.findall(
        r"^\| `(.+?)` \| `(.+?)` \| \[.+?\]\(notebooks/([\w/]+)\.ipynb#(.+?)\) \|$", text, re.M
    )
    asked = [exercise for exercise in EXERCISES + COURSE if LAST.asks(exercise)]
    assert [name for _, name, _, _ in rows] == [exercise.name for exercise in asked]
    for _, _, lesson, anchor in rows:
        notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
        sources = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        assert anchor in map(build.slug, re.findall(r"^#+ (.+)", sources, re.M))


def test_the_page_of_gradient_checkers_has_a_row_for_each_input_and_ours_is_last():
    text = build.checkers_page()
    head, _, *rows = re.findall(r"^\|.*\|$", text, re.M)
    assert head.endswith("| jacobi | ours |") and len(rows) == 12
    assert all(re.fullmatch(r"\|[^|]+(\| [✓✗] [^|]+){8}\| ✓ [^|]+\|", row) for row in rows)
    assert "Made by `python -m assignment checkers` with scipy " in text


def test_the_menu_leads_to_every_lesson():
    pages = re.findall(r"^notebooks/(.+)$", build.contents(), re.M)
    assert pages == [*build.LESSONS]


@pytest.mark.parametrize("name", DERIVATIONS)
def test_a_derivation_shows_every_line_with_its_verdict(name):
    text = build.derivation_page(DERIVATIONS[name], ["svm"])
    rows = re.findall(r"^\| (\d+) .* \| (.+) \|$", text, re.M)
    assert {number for number, _ in rows} == {line.number for line in DERIVATIONS[name].lines}
    assert all(verdict.startswith("<details><summary>✓</summary>") for _, verdict in rows)
    assert "✗" not in text


def test_a_picture_keeps_its_alt_text(tmp_path):
    cells = [picture("Two *stars* [of] 5 $ each\nin a row"), new_markdown_cell("text")]
    build.pictures(cells, tmp_path / "svm.ipynb")
    alt = r"![Two \*stars\* \[of\] 5 \$ each in a row]"
    shown = cells[0].outputs[0].data["text/markdown"].splitlines()
    assert shown == [f"{alt}(svm-01-{page}.png){{.only-{page}}}" for page in PAGES]
    assert (tmp_path / "svm-01-light.png").read_bytes() == b"any bytes"
    assert (tmp_path / "svm-01-dark.png").read_bytes() == b"dark ones"


def test_a_control_is_shown_as_its_picture(tmp_path):
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    cells = [picture("A slider", **view)]
    build.pictures(cells, tmp_path / "svm.ipynb")
    assert list(cells[0].outputs[0].data) == ["text/markdown"]


def test_a_picture_without_alt_text_ends_the_build(tmp_path):
    with pytest.raises(RuntimeError, match=r"svm\.ipynb: a picture of cell .+ has no alt text"):
        build.pictures([picture("")], tmp_path / "svm.ipynb")


@pytest.fixture
def interruptible():
    """As at a terminal: what a script starts in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    "source, says",
    [
        ("1 / 0", r"(?s)svm\.ipynb fails .*ZeroDivisionError"),
        (
            "import os, time; time.sleep(4); os.kill(os.getppid(), 2); time.sleep(60)",
            "Interrupted: the site is",
        ),
    ],
)
def test_a_build_that_ends_early_leaves_the_old_site(
    source, says, monkeypatch, tmp_path, interruptible
):
    monkeypatch.setattr(build, "LESSONS", ("knn", "svm"))
    for lesson, cell in ("knn", "1 + 1"), ("svm", source):
        notebook = new_notebook(cells=[new_code_cell(cell)])
        nbformat.write(notebook, tmp_path / f"{lesson}.ipynb")
    site = tmp_path / "results" / "site"
    site.mkdir(parents=True)
    (site / "index.html").touch()
    (site.parent / "site.partial" / "pages").mkdir(parents=True)  # of a build that was killed
    with pytest.raises(RuntimeError, match=says):
        build.build(site, notebooks=tmp_path)
    assert [path.name for path in site.parent.rglob("*")] == ["site", "index.html"]


def test_a_site_that_was_put_aside_when_a_build_was_killed_comes_back(monkeypatch, tmp_path):
    site = tmp_path / "site"
    (tmp_path / "site.partial" / "before").mkdir(parents=True)
    (tmp_path / "site.partial" / "before" / "index.html").touch()
    monkeypatch.setattr(build, "LESSONS", ("none",))
    with pytest.raises(FileNotFoundError):
        build.build(site, notebooks=tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["index.html", "site"]


def test_of_two_builds_the_second_gets_a_sentence(tmp_path):
    with alone(tmp_path / "site.lock"), pytest.raises(Busy, match="^Another process is building"):
        build.build(tmp_path / "site", notebooks=tmp_path)

"""The pages on which one works, as people use them: exercises, old hand-ins, lines to be tried.

The site is the one that `make site` has built, with a Pyodide of its own.
"""

import base64
import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from assignment.checking.exercises import EXERCISES
from assignment.checking.stubs import SOLUTIONS, make_stub
from assignment.tab.build import write
from layers import starters

site = pytest.importorskip("test_site", reason="needs requirements-site.txt")
write_service_worker = pytest.importorskip("assignment.site.bundle").write_service_worker

NAIVE = "exercises/softmax_loss_naive.html"
PYODIDE = Path(os.environ.get("PYODIDE", site.ROOT / ".venv" / "pyodide"))
START = 90_000  # milliseconds that Python may take to start where everything else runs too
# As it is typed: the editor indents what stands in the loop.
WRONG = """N = len(X)
loss, dW = 0.0, np.zeros_like(W)
for i in range(N):
scores = X[i] @ W
p = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
print("probabilities", p)
loss -= np.log(p[y[i]])
p[y[i]] -= 1
dW += np.outer(X[i], p)
"""
LAST = "return loss / N + reg * np.sum(W * W), dW / N + reg * W"
LOOP = "while True:\n        W = W + 0\n    return 0, W"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Where the site is served that has Python too."""
    assert (site.SITE / "index.html").exists(), "there is no site: run `make site` first"
    assert PYODIDE.is_dir(), "There is no Pyodide: make check-browser fetches it."
    folder = tmp_path_factory.mktemp("site") / "suite"  # its address is not the top of a host
    shutil.copytree(site.SITE, folder, ignore=shutil.ignore_patterns("tab"))
    write(folder / "tab", PYODIDE)
    write_service_worker(folder)
    server = site.serve(folder.parent)
    yield f"{server.url}suite/"
    server.shutdown()


@pytest.fixture
def said(page, url):
    """What the page says in its console."""
    page.set_default_timeout(START)
    told = []
    page.on("console", lambda m: told.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    return told


def editor(page):
    return page.get_by_role("textbox", name="softmax.py, with the function")


def focus(page):
    """Go into the editor; it puts the cursor where it was a moment later."""
    editor(page).focus()
    page.locator(".cm-focused").wait_for()
    page.wait_for_timeout(100)


def open_exercise(page, url, name="softmax_loss_naive"):
    page.goto(f"{url}exercises/{name}.html")
    page.locator(".cm-editor").wait_for()
    focus(page)


def text_of(page):
    """The whole file, folded lines too, as it would be downloaded."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    assert waiting.value.suggested_filename == "softmax.py"
    focus(page)
    return Path(waiting.value.path()).read_text(encoding="utf-8")


def card(page, label):
    """The card that says so; how long it took is seconds from now."""
    start = time.monotonic()
    page.get_by_role("region", name=f"Check of softmax_loss_naive: {label}").wait_for()
    return page.locator(".assignment-card").inner_text(), time.monotonic() - start


def stub():
    return make_stub((SOLUTIONS / "softmax.py").read_text(encoding="utf-8"))


def blank_in(text):
    return 'raise NotImplementedError("to do: softmax_loss_naive")' in text


def barriers_in_all(page, name):
    """What axe finds in light and dark, wide and narrow; and what is wider than the window."""
    told = {}
    for scheme in site.SCHEMES:
        for width in site.WIDTHS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 1000})
            page.wait_for_timeout(100)
            found = site.barriers(page)
            if site.excess(page) > 0:
                found.append(f"{site.excess(page)} px too wide")
            if found:
                told[f"{scheme}, {width}"] = found
            picture = site.SCREENSHOTS / f"{name}-{scheme}-{width}.jpg"
            page.screenshot(path=picture, full_page=True, type="jpeg", quality=80)
    return told


def test_an_exercise_is_solved_by_typing_and_a_wrong_step_is_named(page, url, said):
    got = []
    page.on("response", lambda response: got.append(response))
    start = time.monotonic()
    page.goto(url + NAIVE)
    page.locator(".cm-editor").wait_for()
    painted = time.monotonic() - start
    page.wait_for_timeout(500)
    assert not [each.url for each in got if "/tab/pyodide/" in each.url]  # only when it is used
    size = sum(int(each.headers.get("content-length", 0)) for each in got)

    focus(page)
    page.keyboard.type(WRONG)
    page.keyboard.press("Shift+Tab")
    page.keyboard.type(LAST)
    assert "    for i in range(N):\n        scores = X[i] @ W\n" in text_of(page)
    page.keyboard.press("Control+Enter")
    told, first = card(page, "wrong")
    assert "the gradient has only reg * W" in told
    assert "Printed in that call:" in told and "probabilities [" in told
    page.get_by_text("Hint 1 of 3").click()
    assert page.locator(".assignment-card details").first.get_attribute("open") is not None
    see = page.locator(".assignment-card a").get_attribute("href")
    assert see.startswith("../notebooks/softmax.html#") and page.request.get(f"{url}x/{see}").ok
    assert barriers_in_all(page, "working-exercise") == {}

    page.set_viewport_size({"width": 1280, "height": 1000})
    focus(page)
    for _ in "reg * W":
        page.keyboard.press("Backspace")
    page.keyboard.type("2 * reg * W")
    page.get_by_role("button", name="Check", exact=True).click()
    _, again = card(page, "right")
    assert page.get_by_text("It printed:").is_visible()
    assert page.get_by_text("Next: softmax_loss_vectorized").is_visible()
    fetched = (
        sum(
            int(each.headers.get("content-length", 0))
            for each in got
            if not each.url.startswith("blob:")
        )
        - size
    )
    print(
        f"\npainted after {painted:.1f} s with {size / 1e6:.2f} MB; Python and the first check "
        f"{first:.1f} s, {fetched / 1e6:.1f} MB; the next check {again:.1f} s"
    )

    page.goto(url + "exercises.html")
    counts = page.locator(".counts")
    assert counts.inner_text() == f"1 right, 0 wrong, {len(EXERCISES) - 1} to do; 8 of 100 points"
    row = page.get_by_role("row", name="softmax_loss_naive")
    assert "✓ right" in row.inner_text()
    assert barriers_in_all(page, "working-overview") == {}
    open_exercise(page, url)
    page.keyboard.type("x")
    page.wait_for_timeout(500)
    page.goto(url + "exercises.html")
    assert "edited since" in page.get_by_role("row", name="softmax_loss_naive").inner_text()
    assert said == []


def test_a_loop_is_ended_with_its_line_and_the_next_check_works(page, url, said):
    open_exercise(page, url)
    page.keyboard.insert_text(LOOP)
    page.keyboard.press("Control+Enter")
    told, _ = card(page, "timeout")
    line = text_of(page).split("\n").index("        W = W + 0") + 1
    assert re.search(rf"line ({line - 1}|{line})\b", told)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Enter")
    card(page, "to do")
    page.keyboard.insert_text(LOOP)
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped.").wait_for()
    assert LOOP in text_of(page) and said == []


def test_what_was_typed_comes_back_and_reset_can_be_taken_back(page, url, said):
    open_exercise(page, url)
    page.keyboard.insert_text("return 1 / 2, W  # mine")
    page.reload()
    page.locator(".cm-editor").wait_for()
    mine = text_of(page)
    assert "    return 1 / 2, W  # mine\n" in mine and not blank_in(mine)
    page.get_by_role("button", name="Reset").click()
    assert text_of(page) == stub()
    page.keyboard.press("Control+z")
    assert text_of(page) == mine
    page.keyboard.press("Control+y")
    page.reload()
    page.get_by_role("button", name="Back to what was there").click()
    assert text_of(page) == mine
    # The other exercise of that file holds the same text.
    open_exercise(page, url, "softmax_loss_vectorized")
    assert text_of(page) == mine
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("It is blank.").wait_for()
    assert said == []


def test_a_file_is_opened_and_downloaded_as_it_is(page, url, said, tmp_path):
    solution = (SOLUTIONS / "softmax.py").read_text(encoding="utf-8")
    (tmp_path / "softmax.py").write_text(solution, encoding="utf-8")
    open_exercise(page, url)
    page.locator("input[type=file]").set_input_files(tmp_path / "softmax.py")
    page.get_by_text("softmax.py is open as softmax.py").wait_for()
    assert text_of(page) == solution
    page.get_by_role("button", name="Whole file").click()
    assert page.locator(".cm-line", has_text="def softmax_loss_vectorized").is_visible()
    page.get_by_role("button", name="Reset").click()
    assert blank_in(text_of(page)) and "softmax_loss_vectorized: your code" not in text_of(page)
    assert said == []


def test_the_keyboard_gets_in_and_out_and_a_slash_is_a_slash(page, url, said):
    open_exercise(page, url)
    page.keyboard.type("a = 1 / 2")
    page.keyboard.press("Tab")
    assert re.search(r"^ {8}a = 1 / 2$", text_of(page), re.M)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent")
    assert focused == "Check" and said == []
    keys = editor(page).get_attribute("aria-describedby")
    assert "Escape, then Tab leaves" in page.locator(f"#{keys}").inner_text()


def test_it_works_without_a_network_after_the_first_visit(page, url, said, context):
    open_exercise(page, url)
    page.keyboard.press("Control+Enter")
    card(page, "to do")
    page.wait_for_timeout(500)
    context.set_offline(True)
    page.reload()
    open_exercise(page, url)
    page.keyboard.insert_text("return 1.0, W")
    page.keyboard.press("Control+Enter")
    card(page, "wrong")
    page.goto(url + "exercises/hand-ins.html")  # not visited before
    assert page.locator(".drop").is_visible()


@pytest.fixture
def zips(tmp_path):
    """Two hand-ins as they were sent: of 2016 in Python 2, with a bug, and of 2026."""

    def old(path, text):
        text = re.sub(r"from (builtins|past).*\n", "", text).replace(" in range(", " in xrange(")
        if path.endswith("softmax.py"):
            text = text.replace(
                "    loss = loss / X", "    print 'loss', loss\n    loss = loss / X"
            )
            assert text.count("dW = dW / X.shape[0] + 2 * reg * W") == 1
            text = text.replace("dW = dW / X.shape[0] + 2 * reg", "dW = dW / X.shape[0] + reg")
        return text

    starters.write(tmp_path / "bob-2026", 2026, solved=True)
    for path, text in starters.starter(2020, solved=True).items():
        place = tmp_path / "jane-2016" / "assignment1" / "cs231n" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(old(path, text), encoding="utf-8")
    names = ("bob-2026", "jane-2016")
    return [shutil.make_archive(tmp_path / name, "zip", tmp_path / name) for name in names]


DROP = """async ([names, contents]) => {
  const transfer = new DataTransfer();
  names.forEach((name, i) => transfer.items.add(
    new File([Uint8Array.from(atob(contents[i]), (c) => c.charCodeAt(0))], name)));
  document.querySelector(".drop").dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def test_old_hand_ins_that_are_dropped_get_a_table_each_and_one_of_all(page, url, said, zips):
    page.goto(url + "exercises/hand-ins.html")
    page.locator(".drop").wait_for()
    contents = [base64.b64encode(Path(each).read_bytes()).decode() for each in zips]
    page.evaluate(DROP, [[Path(each).name for each in zips], contents])
    page.get_by_text("2 hand-ins are checked.").wait_for(timeout=2 * START)
    rows = [
        row.inner_text().split("\t")
        for row in page.locator(".results table").first.locator("tbody tr").all()
    ]
    assert rows == [
        ["bob-2026.zip", "2025 and 2026", "100 of 100", "24", "0", "0"],
        ["jane-2016.zip", "2015 to 2020", "91 of 100", "14", "1", "0"],
    ]
    wrong = page.get_by_role("region", name="Check of softmax_loss_naive: wrong").inner_text()
    assert "the gradient has only reg * W" in wrong and "Python 2 syntax translated" in wrong
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the verdicts").click()
    data = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert [(each["submission"], each["points"]) for each in data] == [
        ("bob-2026.zip", 100),
        ("jane-2016.zip", 91),
    ]
    assert barriers_in_all(page, "working-hand-ins") == {} and said == []


def test_a_line_of_a_derivation_is_tried(page, url, said):
    page.goto(url + "derivations/softmax.html")
    page.locator(".lines mjx-container").first.wait_for()
    page.get_by_role("button", name="Try line 14 with a change").click()
    line = page.get_by_role("textbox", name="Line 14, in Python")
    right = line.input_value()
    assert right == "dl == tr((-y + exp(a).T / (exp(a) @ one)) @ da)"
    for text, verdict in (
        (right.replace("-y", "y"), "✗ false"),
        (right.replace(".T", ""), "✗ ill-formed"),
        (right.replace("-y + ", "").replace("/ (exp(a) @ one)", "/ (exp(a) @ one) - y"), "✓ holds"),
    ):
        line.fill(text)
        line.press("Enter")
        page.locator(".tried", has_text=verdict).wait_for()
    page.get_by_role("button", name="Try line 17 with a change").click()
    blank = page.get_by_role("textbox", name="Line 17, in Python")
    assert blank.input_value() == "dl == "
    assert barriers_in_all(page, "working-derivation") == {}
    page.reload()
    assert line.input_value() == text
    page.get_by_role("button", name="As it was").click()
    assert line.input_value() == right and said == []


SAYS = {
    "no WebAssembly": ("delete window.WebAssembly", "it has no WebAssembly"),
    "no workers": ("delete window.Worker", "cannot run Python"),
    "storage forbidden": (
        "Object.defineProperty(window, 'localStorage', {get: () => { "
        "throw new DOMException('', 'SecurityError') }})",
        "This browser does not keep what you type. It forbids storage",
    ),
    "storage full": (
        "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') }",
        "This browser does not keep what you type. Its storage is full",
    ),
}


@pytest.mark.parametrize("name", SAYS)
def test_what_a_browser_cannot_do_is_said_in_a_sentence_and_nothing_is_lost(name, page, url, said):
    script, sentence = SAYS[name]
    page.add_init_script(script)
    open_exercise(page, url)
    page.keyboard.insert_text("return 0, W")
    page.get_by_text(sentence).wait_for()
    assert "    return 0, W\n" in text_of(page)
    assert set(said) <= {"SecurityError"}  # of the theme, which asks for a storage, too


def test_a_network_that_is_lost_is_said_and_the_next_check_tries_again(browser, url):
    with browser.new_context(service_workers="block") as context:
        page = context.new_page()
        page.set_default_timeout(START)
        page.route("**/tab/pyodide.json", lambda route: route.abort())
        open_exercise(page, url)
        page.keyboard.insert_text("return 1.0, W")
        page.get_by_text("is there a network?").wait_for()
        page.unroute("**/tab/pyodide.json")
        page.keyboard.press("Control+Enter")
        card(page, "wrong")


def test_from_a_folder_it_says_how_it_works(page, url):
    page.goto((site.SITE / NAIVE).as_uri())
    assert page.get_by_text("python -m http.server").is_visible()
    assert "def softmax_loss_naive" in page.locator("[data-exercise] pre").inner_text()

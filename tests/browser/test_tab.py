"""The check in a browser tab says what the terminal says, to the letter, and shuts code in."""

import io
import json
import os
import re
import zipfile
from pathlib import Path

import pytest
from test_site import serve

import mutants
from assignment import FILES
from assignment.checking.calls import LOG_0
from assignment.checking.exercises import COURSE, EXERCISES, find
from assignment.checking.faces import Work, as_data, data_of
from assignment.checking.mistakes import MISTAKES
from assignment.checking.submission.year import KNOWN
from assignment.derivations import DERIVATIONS
from assignment.tab.build import write
from mutants import SOLVED, answered, spoilt

ROOT = Path(__file__).resolve().parents[2]
PYODIDE = Path(os.environ.get("PYODIDE", ROOT / ".venv" / "pyodide"))
MINUTES = 10
START = """async () => {
  const { Python } = await import("/tab/python.js");
  window.python = new Python();
  const begun = performance.now();
  await python.ready();
  return (performance.now() - begun) / 1000;
}"""
CHECK = "([name, files]) => python.check(name, files)"
MOST = 20e6  # bytes that are transferred before the first check
# Where numbers of 80 bits are those of 64, what needs the 80 is not right at its very end.
NO_LONGER = ("extended precision",)

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a page that has the tab and nothing else, with a Pyodide of its own."""
    assert PYODIDE.is_dir(), "There is no Pyodide: make check-browser fetches it."
    folder = tmp_path_factory.mktemp("site")
    write(folder / "tab", PYODIDE)
    (folder / "index.html").write_text("<!doctype html><title>A tab</title><body>")
    server = serve(folder)
    yield server.url
    server.shutdown()


@pytest.fixture(scope="module")
def tab(site, browser):
    """A page on which Python is ready, as `python`."""
    page = browser.new_page()
    page.set_default_timeout(60_000 * MINUTES)
    page.goto(f"{site}index.html")
    page.evaluate(START)
    yield page
    page.close()


def files_of(name, source):
    """The solutions by their names, with one replaced."""
    file = find(name).file
    others = {f: path for f, path in SOLVED.items() if f in FILES or file not in FILES}
    return {f: path.read_text(encoding="utf-8") for f, path in others.items()} | {file: source}


def in_terminal(name, files, folder):
    """The entry of `check --json`."""
    exercise = find(name)
    with Work() as work:
        for file, text in files.items():
            work.files[file] = folder / file
            work.files[file].write_text(text, encoding="utf-8")
        return plain(as_data([(exercise, work.examine(exercise))], work.year)["exercises"][0])


def plain(data):
    return json.loads(json.dumps(data))


def in_tab(tab, name, files):
    """The same of the tab, which tells more besides."""
    told = tab.evaluate(CHECK, [name, files])
    return {key: value for key, value in told.items() if key not in ("html", "said", "seconds")}


def versions(name):
    """(what it is, source, diagnosis) of all wrong and right solutions of an exercise."""
    for mistake, (old, new, diagnosis) in mutants.WRONG[name].items():
        yield mistake, spoilt(name, old, new), diagnosis
    for way, body in mutants.RIGHT[name].items():
        yield way, answered(name, body), None


def as_drawn(told):
    """What is told whatever random numbers an answer was made of."""
    says = MISTAKES[told["diagnosis"]].says
    assert told["message"].startswith(says)
    return {**told, "message": says, "evidence": told["evidence"]["case"]}


@pytest.mark.parametrize("name", [exercise.name for exercise in EXERCISES + COURSE])
def test_all_mutants_get_the_verdict_of_the_terminal(name, tab, tmp_path):
    seen, differ = 0, {}
    for what, source, diagnosis in versions(name):
        files = files_of(name, source)
        here, there = in_terminal(name, files, tmp_path), in_tab(tab, name, files)
        if what in NO_LONGER:
            assert there["remarks"] == [LOG_0]
            there["remarks"] = []
        if diagnosis == "random-result":
            here, there = as_drawn(here), as_drawn(there)
        if here != there:
            differ[what] = {key: (here[key], there[key]) for key in here if here[key] != there[key]}
        seen += 1
    assert seen == len(mutants.WRONG[name]) + len(mutants.RIGHT[name])
    assert differ == {}


SOFTMAX = """
import numpy as np

def softmax_loss_naive(W, X, y, reg):
    {}
    scores = X @ W
    P = np.exp(scores - scores.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    log_P = scores - scores.max(axis=1, keepdims=True)
    log_P -= np.log(np.exp(log_P).sum(axis=1, keepdims=True))
    loss = -log_P[np.arange(len(y)), y].mean() + reg * np.sum(W * W)
    return loss, X.T @ P / len(y) + 2 * reg * W
"""


def softmax(first="pass"):
    """The files of a right softmax, which does something else first."""
    return {"softmax.py": SOFTMAX.format("\n    ".join(first.strip().splitlines()))}


def verdict(tab, first="pass"):
    return in_tab(tab, "softmax_loss_naive", softmax(first))


def told(tab, first):
    """What code that runs in the student's worker says of something."""
    found = verdict(tab, f"{first}\nraise RuntimeError(repr(told))")
    return found["message"].partition("RuntimeError: ")[2].partition(" (with ")[0]


# Loops.

LOOPS = {
    "in Python": "n = 0\nwhile True: n += 1",
    "within one call of C": "n = 1\nsum(iter(int, 1))",
    "behind another line": "for _ in range(100): n = 1\nprint('so far')\nwhile True: pass",
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_loop_is_ended_and_its_line_told_as_in_the_terminal(loop, tab, tmp_path):
    here = in_terminal("softmax_loss_naive", softmax(loop), tmp_path)
    assert here["status"] == "timeout" and f"line {4 + loop.count(chr(10)) + 1}:" in here["message"]
    assert verdict(tab, loop) == here
    assert verdict(tab)["status"] == "right"


def test_what_is_stopped_is_ended_at_once(tab):
    ended = tab.evaluate(
        """async ([name, files]) => {
          const waiting = python.check(name, files).catch(error => error.name);
          await new Promise(done => setTimeout(done, 1000));
          const begun = performance.now();
          python.stop();
          return [await waiting, performance.now() - begun];
        }""",
        ["softmax_loss_naive", softmax(LOOPS["in Python"])],
    )
    assert ended[0] == "AbortError" and ended[1] < 1000
    assert verdict(tab)["status"] == "right"


# Student code is shut in.

GONE = {
    "leaves": "import os; os._exit(3)",
    "takes all memory": "x = [np.empty(2**27) for _ in range(40)]",
    "goes down without end": "f = lambda n: f(n + 1)\nf(0)",
}


@pytest.mark.parametrize("first", GONE.values(), ids=GONE)
def test_who_leaves_gets_the_verdict_of_the_terminal_and_others_go_on(first, tab, tmp_path):
    here = in_terminal("softmax_loss_naive", softmax(first), tmp_path)
    assert here["status"] == "crash"
    assert verdict(tab, first) == here
    assert verdict(tab)["status"] == "right"


WRECKS = {
    "NumPy": "np.exp = np.sum = None",
    "builtins": "import builtins; builtins.len = builtins.print = None",
    "the suite": "from assignment.checking import wire; wire.parsed = wire.flat = None",
    "modules": "import sys; sys.modules.clear()",
    "files": "import os; os.close(1); os.close(2); open('/tmp/full', 'w').write('x' * 10**6)",
}


@pytest.mark.parametrize("first", WRECKS.values(), ids=WRECKS)
def test_what_one_exercise_does_the_next_one_does_not_see(first, tab):
    verdict(tab, first)
    assert verdict(tab)["status"] == "right"
    assert told(tab, "import os; told = os.listdir('/tmp')") == "[]"


def test_what_is_not_loaded_yet_can_be_imported(tab):
    verdict(tab)  # after which all is laid back
    late = "import colorsys, numpy.ma, numpy.polynomial"
    assert told(tab, f"{late}; told = int(numpy.ma.sum([1, 2]))") == "3"


FRAME = """
import json, os, struct
def send(letter, told, data=b""):
    text = json.dumps(told).encode()
    file = os.open("/dev/judge", os.O_WRONLY)
    os.write(file, letter + struct.pack("<II", len(text), len(data)) + text + data)
answer = {"token": "0", "arrays": [], "after": [], "remarks": [], "line": 1, "size": 0}
"""
FORGED = {
    "an answer without a token": "send(b'a', answer)",
    "an answer of another shape": "send(b'a', ['right'])",
    "that it is loaded": "send(b'l', {'failure': None, 'remarks': [], 'line': 1})",
    "no frame": "os.write(os.open('/dev/judge', os.O_WRONLY), b'right')",
    "lengths that are none": "os.write(os.open('/dev/judge', 1), b'a' + b'\\xff' * 8)",
    "too much that is printed": "send(b'p', None, b'x' * 100_000)",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_message_is_refused(forged, tab):
    found = verdict(tab, FRAME + forged)
    assert found["status"] == "crash" and "Its answers cannot be read" in found["message"]
    assert verdict(tab)["status"] == "right"


def test_it_finds_no_answers(tab):
    walk = (
        "import os\n"
        # SciPy, if a file before has asked for it, brings arrays of its own.
        "found = [os.path.join(at, name) for at, _, names in os.walk('/') for name in names\n"
        "         if '/site-packages/scipy/' not in at + '/']\n"
        "told = [path for path in found if path.endswith('.npz') or 'solution' in path\n"
        "        or path.endswith(('judge.py', 'mistakes.py', 'diagnosis.py', 'ipynb'))]"
    )
    assert told(tab, walk) == "[]"
    assert told(tab, walk.replace("path.endswith('.npz')", "path.endswith('wire.py')")) != "[]"


@pytest.mark.parametrize("module", ["js", "pyodide_js", "pyodide", "pyodide.code", "_pyodide_core"])
def test_it_finds_no_way_to_javascript(module, tab):
    tries = f"try: import {module} as told\nexcept ImportError as error: told = str(error)"
    assert "No module named" in told(tab, tries)


REACH = """async url => {
  const tried = {
    network: () => fetch(url),
    import: () => import(url + "tab/python.js"),
    storage: () => new Promise((yes, no) => {
      const asked = indexedDB.open("x");
      asked.onsuccess = yes;
      asked.onerror = () => no(asked.error);
    }),
    caches: () => caches.open("x"),
    socket: () => new Promise((yes, no) => {
      const socket = new WebSocket(url.replace("http", "ws"));
      socket.onopen = yes;
      socket.onerror = no;
    }),
  };
  const reached = [];
  for (const [name, reach] of Object.entries(tried)) {
    await Promise.resolve().then(reach).then(() => reached.push(name), () => {});
  }
  return reached;
}"""


def test_no_script_around_it_reaches_network_or_storage(tab, site):
    """Even if student code found its way to JavaScript: it would be in a worker of this kind."""
    frame = next(frame for frame in tab.frames if frame != tab.main_frame)
    workers = [worker for worker in tab.workers if worker.evaluate("origin") == "null"]
    assert len(workers) == 1
    for place in (frame, *workers):
        assert place.evaluate(REACH, site) == []
        assert "Maximum" not in str(place.evaluate("typeof parent === 'undefined' || origin"))
    assert set(tab.evaluate(REACH, site)) >= {"network", "import", "storage", "caches"}


# Hand-ins, lines, bytes.


def packed(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


MARK = re.compile(r"^ *### (?:BEGIN|END) SOLUTION.*\n", re.MULTILINE)
PYTHON_2 = SOFTMAX.format("print 'W has', W.shape").replace("2 * reg * W", "reg * W")
HAND_INS = {
    "jane.zip": packed(
        {
            f"assignment1/cs231n/classifiers/{file}": MARK.sub("", SOLVED[file].read_text())
            for file in FILES
        }
    ),
    "bob/cs231n/classifiers/softmax.py": PYTHON_2.encode(),
    "bob/cs231n/classifiers/__init__.py": b"",
    "course/eve.zip": packed({file: SOLVED[file].read_text() for file in KNOWN[5:]}),
    "course/dan.zip": b"no archive",
}


def test_several_hand_ins_get_what_check_submission_says(tab, tmp_path, monkeypatch):
    dropped = [{"path": path, "bytes": list(data)} for path, data in HAND_INS.items()]
    found = tab.evaluate(
        """async files => {
          const told = [];
          const laid = files.map(({ path, bytes }) => ({ path, bytes: Uint8Array.from(bytes) }));
          const found = await python.handIns(laid, { onResult: ({ name }) => told.push(name) });
          return found.map((one, i) => ({ ...one, told: told[i] }));
        }""",
        dropped,
    )
    assert [one["name"] for one in found] == ["bob", "course/dan.zip", "course/eve.zip", "jane.zip"]
    assert all(one["told"] == one["name"] for one in found)
    monkeypatch.chdir(tmp_path)
    for path, data in HAND_INS.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(data)
    for one in found:
        if one["error"]:
            assert one["name"] == "course/dan.zip" and one["json"] is None
            assert "cannot be unpacked" in one["error"]
            continue
        with Work(Path(one["name"])) as work:
            exercises = work.exercises()
            pairs = list(zip(exercises, work.examine_all(exercises), strict=True))
            assert one["json"] == plain(data_of(work, pairs))
        assert one["html"].count("<tr") == 1 + sum(v.status != "not asked" for _, v in pairs)
    assert {one["name"]: one["json"]["points"] for one in found if one["json"]}["jane.zip"] == 100


def test_a_line_is_tried_as_in_the_notebook(tab):
    line = DERIVATIONS["softmax"].lines[0]
    lines = [["softmax", line.number, text] for text in ("dl == x", line.claim)]
    lines.append(["svm", "99", "l == l"])
    said = tab.evaluate(
        "lines => Promise.all(lines.map(l => python.line(...l).catch(e => ({ text: e.message }))))",
        lines,
    )
    assert said[0] == {"status": "ill-formed", "text": "✗ ill-formed: x is not defined here"}
    here = DERIVATIONS["softmax"].verdict(line.claim)
    assert here.status == "holds"
    assert said[1] == {"status": "holds", "text": str(here)}
    assert said[2]["text"].startswith("There is no line 99; the lines are 1, ")


def test_no_more_is_fetched_than_is_needed(site, browser):
    page = browser.new_page()
    sizes = {}

    def count(request):
        if "/tab/" in request.url:
            sizes[request.url.rpartition("/")[2]] = request.sizes()["responseBodySize"]

    page.on("requestfinished", count)
    page.goto(f"{site}index.html")
    page.evaluate("async () => { window.tab = new (await import('/tab/python.js')).Python() }")
    page.wait_for_timeout(500)
    assert list(sizes) == ["python.js"]  # nothing of Python, before somebody wants it
    page.evaluate("() => tab.ready()")
    page.wait_for_timeout(500)
    assert {"pyodide.asm.wasm", "judge.zip", "student.zip"} < sizes.keys()
    assert 15e6 < sum(sizes.values()) < MOST
    page.close()


def test_a_file_that_is_not_the_one_it_should_be_is_not_used(site, browser):
    page = browser.new_page()
    page.route("**/python_stdlib.zip", lambda route: route.fulfill(body=b"something else"))
    page.goto(f"{site}index.html")
    said = page.evaluate(
        START.replace(
            "await python.ready()",
            "try { await python.ready() } catch (error) { return error.message }",
        )
    )
    assert "python_stdlib.zip is not the file that it should be" in said
    page.close()

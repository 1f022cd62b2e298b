"""A search gives the same trials however many processes take part, and leaves nothing behind."""

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import psutil
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from threadpoolctl import threadpool_info, threadpool_limits

from assignment import FILES
from assignment.checking.stubs import SOLUTIONS, make_stub
from assignment.notebook.clean import NOTEBOOKS
from assignment.search import Trial, best_trial, grid, reached, search, trials, workers

ROOT = NOTEBOOKS.parent
LARGE = np.arange(2**18, dtype=float)  # 2 MiB
four = grid(i=[0, 1, 2, 3])
EACH_NUMBER_OF_JOBS = pytest.mark.parametrize("n_jobs", [1, 2])
EACH_METHOD = pytest.mark.parametrize("method", ["fork", "spawn"])


def draw(i):
    """What depends on the seed, on a large array and on the setting, and takes its time."""
    first = np.random.normal(size=3 + i)
    time.sleep(0.02 * (4 - i))
    return i, first, np.random.normal(size=3), LARGE.reshape(512, 512) @ np.full(512, 0.1 + i)


def told(trials):
    return pickle.dumps([(trial.setting, trial.value, trial.error) for trial in trials])


# The same trials, whatever the workers.


def test_a_grid_lists_all_combinations_the_last_name_varying_fastest():
    pairs = [(setting["rate"], setting["reg"]) for setting in grid(rate=[1, 2], reg=(3, 4))]
    assert pairs == [(1, 3), (1, 4), (2, 3), (2, 4)]


@pytest.mark.parametrize("choice", ["adam", b"adam", 0.1, None, np.array(3)])
def test_a_grid_of_one_word_or_number_is_told_to_be_a_list(choice):
    with pytest.raises(ValueError, match=r"^kind has to be a list of choices: say grid\(kind=\["):
        grid(reg=[0.0], kind=choice)
    assert grid(kind=[choice]) == [{"kind": choice}]


@pytest.mark.parametrize(
    "evaluate, settings, told",
    [
        (0.5, four, "evaluate must be a function of one setting, not 0.5"),
        (draw, {"i": [0, 1]}, "settings must be a list of dicts"),
    ],
)
def test_a_search_of_no_function_or_no_settings_is_refused(evaluate, settings, told):
    with pytest.raises(ValueError, match=told):
        search(evaluate, settings, n_jobs=1)


@pytest.mark.parametrize(
    "value, told",
    [(None, "None"), ([0.5, "net"], "a list"), ((), "a tuple"), ((None, 1), "a tuple")],
)
def test_a_forgotten_return_or_a_list_for_a_tuple_is_told(value, told):
    with pytest.raises(ValueError, match=f"tuple that starts with one, and returned {told}.$"):
        best_trial([Trial({"i": 0}, 0.5), Trial({"i": 1}, value)])
    assert best_trial([Trial({}, 0.5), Trial({}, np.array(0.7)), Trial({}, np.True_)]).value == 1


def test_trials_are_the_same_bit_for_bit_with_one_job_and_with_two():
    assert told(search(draw, four, n_jobs=1)) == told(search(draw, four, n_jobs=2))


def test_trials_are_the_same_where_threads_share_the_random_numbers():
    before = np.random.get_state()[1].tolist()
    with ThreadPoolExecutor(4) as pool:
        by_threads = list(pool.map(partial(trials._trial, draw, four, 0), range(4)))
    assert np.random.get_state()[1].tolist() == before
    values = [trial.value for trial in search(draw, four)]
    assert pickle.dumps([pickle.loads(value) for _, value, _ in by_threads]) == pickle.dumps(values)


@EACH_NUMBER_OF_JOBS
def test_trials_come_in_the_order_of_the_settings(n_jobs):
    def late(i):  # the first takes longest
        time.sleep(0.1 * (3 - i))
        return i

    assert [trial.value for trial in search(late, four, n_jobs)] == [0, 1, 2, 3]


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_so_many_run_at_a_time_as_there_are_jobs(n_jobs, tmp_path):
    def running(i, at_least):
        (tmp_path / str(i)).touch()
        time.sleep(0.1)
        deadline = time.monotonic() + 30
        while (count := len([*tmp_path.iterdir()])) < at_least and time.monotonic() < deadline:
            time.sleep(0.01)
        if at_least == 1:
            (tmp_path / str(i)).unlink()
        return count

    trials = search(running, grid(i=range(6), at_least=[1]), n_jobs)
    assert max(trial.value for trial in trials) <= n_jobs
    trials = search(running, grid(i=range(n_jobs), at_least=[n_jobs]), n_jobs)
    assert {trial.value for trial in trials} == {n_jobs}


@EACH_NUMBER_OF_JOBS
def test_each_setting_starts_from_the_seed(n_jobs):
    trials = search(lambda i: np.random.randint(1000), four, n_jobs, seed=7)
    np.random.seed(7)
    assert [trial.value for trial in trials] == [np.random.randint(1000)] * 4


@EACH_NUMBER_OF_JOBS
def test_a_search_does_not_touch_the_random_numbers_of_its_caller(n_jobs):
    search(draw, four, n_jobs)
    after = np.random.normal()
    np.random.seed(0)  # as at the start of each test
    assert np.random.normal() == after


@EACH_NUMBER_OF_JOBS
def test_a_setting_does_not_see_what_another_left_behind(n_jobs):
    seen, shared = [], np.zeros(2**18)

    def remember(i):
        seen.append(i)
        shared[i] = 1
        return len(seen), shared.sum()

    assert [trial.value for trial in search(remember, four, n_jobs)] == [(1, 1)] * 4
    assert not seen and not shared.any()


@EACH_NUMBER_OF_JOBS
def test_matrix_products_run_on_one_thread(n_jobs):
    with threadpool_limits(3):
        trials = search(lambda i: [pool["num_threads"] for pool in threadpool_info()], four, n_jobs)
    assert all(trial.value and set(trial.value) == {1} for trial in trials)


@pytest.mark.skipif(workers.METHOD != "fork", reason="elsewhere all that a function uses is copied")
def test_what_a_function_uses_is_shared_not_copied():
    lock = threading.Lock()  # cannot be pickled
    with pytest.raises(TypeError):
        pickle.dumps(lock)
    assert [trial.value for trial in search(lambda i: lock.locked(), four, n_jobs=2)] == [False] * 4


def test_what_a_setting_prints_does_not_pass_through_the_notebook():
    # From a process that was forked, ipykernel 7 sends each print by a connection of its own.
    assert sys.stdout is not sys.__stdout__
    (trial,) = search(lambda i: sys.stdout is sys.__stdout__, four[:1])
    assert trial.value


# When something goes wrong.


@EACH_NUMBER_OF_JOBS
def test_a_setting_that_crashes_is_told_in_one_line_and_the_others_are_kept(n_jobs):
    def crash(i):
        if i == 1:
            raise ValueError("two\nlines")
        if i == 2:
            sys.exit("no more")
        return i / 10

    trials = search(crash, four, n_jobs)
    errors = "ValueError: two lines", "SystemExit: no more"
    assert [trial.value for trial in trials] == [0, None, None, 0.3]
    assert [trial.error for trial in trials] == [None, *errors, None]
    assert repr(trials[:2]) == "[Trial(i=0: 0), Trial(i=1: ValueError: two lines)]"
    assert best_trial(trials) is trials[3]


def test_if_every_setting_fails_the_search_says_why():
    said = re.escape("All 4 settings failed; the first: Trial(i=0: ZeroDivisionError: ")
    with pytest.raises(RuntimeError, match=said):
        search(lambda i: i / 0, four, n_jobs=1)


def test_no_settings_give_no_trials():
    assert search(draw, []) == []


@EACH_NUMBER_OF_JOBS
def test_a_stub_comes_through_and_not_as_a_failed_trial(n_jobs):
    def unsolved(i):
        if i == 1:
            raise NotImplementedError("to do: softmax_loss_naive")
        raise NotImplementedError("a thought of my own") if i else ValueError

    with pytest.raises(NotImplementedError, match="^to do: softmax_loss_naive$"):
        search(unsolved, four, n_jobs)
    trials = search(lambda i: unsolved(i) if i == 2 else i, four[:1] + four[2:], n_jobs)
    assert trials[1].error == "NotImplementedError: a thought of my own"


def test_a_worker_that_is_killed_gives_one_sentence():
    def die(i):
        if i == 1:
            os._exit(3)
        time.sleep(i)

    before = processes()
    with pytest.raises(RuntimeError, match=r"^A worker process died: [^.\n]*\.$") as raised:
        search(die, four, n_jobs=2)
    assert raised.value.__cause__ is None and raised.value.__suppress_context__
    assert processes() == before and len(search(draw, four, n_jobs=2)) == 4


def test_nan_never_wins():
    scores = [float("nan"), 0.1, float("nan"), 0.3, 0.3, 0.2]
    trials = [Trial({"i": i}, score) for i, score in enumerate(scores)]
    assert best_trial(trials) is trials[3], "and the first of equals does"
    pairs = [Trial(trial.setting, (trial.value, "model")) for trial in trials]
    assert best_trial(pairs) is pairs[3]


def test_without_a_score_there_is_no_best_but_a_sentence():
    with pytest.raises(RuntimeError, match=re.escape("the first is Trial(i=0: nan).")):
        best_trial([Trial({"i": 0}, np.nan), Trial({"i": 1}, error="ValueError")])
    with pytest.raises(RuntimeError, match="None of 0 trials has a score: there are none."):
        best_trial([])


@pytest.mark.parametrize(
    "scores, said",
    [
        ((0.25, 0.375), "✓ right: the goal of 0.375 is reached by Trial(i=1: 0.375)"),
        ((0.25, 0.125), "… 0.125 short of the goal of 0.375; the best so far is Trial(i=0: 0.25)"),
        ((np.nan,), "… None of 1 trials has a score: the first is Trial(i=0: nan)."),
        ((), "… None of 0 trials has a score: there are none."),
    ],
)
def test_how_far_it_is_to_a_goal_is_told_and_nothing_is_raised(scores, said):
    assert reached([Trial({"i": i}, score) for i, score in enumerate(scores)], 0.375) == said


# Nothing is left behind.


def run_python(*arguments, start_new_session=False, **variables):
    """What a Python has said that was started for it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=100,
        start_new_session=start_new_session,
    )


def processes():
    """Those that this one has started, or they, and that run."""
    children = psutil.Process().children(recursive=True)
    return {child.pid for child in children if child.status() != psutil.STATUS_ZOMBIE}


@pytest.mark.parametrize("end", ["well", "to do"])
def test_nothing_is_left_behind(end):
    def run(i):
        if end == "to do" and i == 1:
            raise NotImplementedError("to do: svm_loss_naive")
        time.sleep(0.1 * i)
        return os.getpid()

    before = processes()
    if end == "to do":
        with pytest.raises(NotImplementedError):
            search(run, four, n_jobs=2)
    else:
        assert os.getpid() not in {trial.value for trial in search(run, four, n_jobs=2)}
    assert processes() == before


@pytest.mark.skipif(os.name == "nt", reason="an interrupt is sent otherwise there")
@EACH_METHOD
def test_an_interrupt_stops_the_search_and_leaves_nothing_behind(method):
    script = f"""
        import os, signal, time
        import psutil
        from assignment.search import grid, search, workers

        def slow(i):
            # As Jupyter does: to the kernel, and to all processes that it has started.
            if i == 0:
                os.killpg(0, signal.SIGINT)
            time.sleep(1000)

        workers.METHOD = {method!r}
        try:
            search(slow, grid(i=range(4)), n_jobs=2)
        except KeyboardInterrupt:
            left = psutil.Process().children(recursive=True)
            tracker = "resource_" + "tracker"  # a fork's command line has all of this text in it
            print("interrupted", [p for p in left if tracker not in str(p.cmdline())])
    """
    done = run_python("-c", textwrap.dedent(script), start_new_session=True)
    assert (done.stdout, done.stderr) == ("interrupted []\n", "")


@pytest.mark.skipif(os.name == "nt", reason="a process is killed otherwise there")
@EACH_METHOD
def test_trials_end_when_what_started_them_is_killed(method, tmp_path):
    (tmp_path / "slow.py").write_text(
        textwrap.dedent(f"""
        import os, signal, time
        from assignment.search import grid, search, workers

        def slow(i):
            if i == 1:
                os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(1000)

        if __name__ == "__main__":
            workers.METHOD = {method!r}
            search(slow, grid(i=range(4)), n_jobs=2)
    """)
    )
    # It comes back when nobody has its standard output open any more.
    done = run_python(str(tmp_path / "slow.py"))
    assert done.returncode == -signal.SIGKILL


@pytest.mark.skipif(os.name == "nt", reason="no signal goes to a thread there")
@pytest.mark.parametrize("hears", ["this thread", "another thread, as those of BLAS"])
def test_an_interrupt_while_a_process_is_started_waits_and_is_not_lost(hears):
    ends, started = threading.Event(), []
    other = threading.Thread(target=ends.wait)
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt), workers._interrupts_wait():
            thread = other if hears.startswith("another") else threading.main_thread()
            signal.pthread_kill(thread.ident, signal.SIGINT)
            time.sleep(0.05)
            started.append("started")
    finally:
        ends.set()
    assert started
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


# In a notebook, with files that are edited.

EDIT = "path = Path({file!r})\npath.write_text(path.read_text().replace({old!r}, {new!r}));"
SESSION = {
    "set up": (
        "%load_ext assignment.notebook\n"
        "import time\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from assignment.search import best_trial, grid, search\n"
        "from assignment.linear_classifier import LinearSVM"
    ),
    "define": (
        "X, y = np.eye(6, 50_000), np.arange(6) % 3\n"
        "class Mine(LinearSVM):\n"
        "    pass\n"
        "def trained(reg):\n"
        "    time.sleep(0.2)\n"
        "    from assignment import softmax\n"
        "    svm = Mine()\n"
        "    svm.W = np.zeros((X.shape[1], 3))\n"
        "    return svm.loss(X, y, reg)[0], svm, np.random.normal(), softmax.__file__\n"
        "settings = grid(reg=[0.0, 1.0, 2.0, 3.0])"
    ),
    "search": "trials = search(trained, settings, n_jobs=2)",
    "trials": "draws = [trial.value[2] for trial in trials]\n[trial.score for trial in trials]",
    "classes": "{type(trial.value[1]) is Mine for trial in trials}",
    "edit": EDIT.format(file="{svm}", old="return loss, dW", new="return 10 * loss, dW"),
    "search again": "[trial.score for trial in search(trained, settings, n_jobs=2)]",
    "search here": "[trial.score for trial in search(trained, settings, n_jobs=1)]",
    "edit again": EDIT.format(file="{svm}", old="return 10 *", new="return 100 *"),
    "loss of a trial": "trials[0].value[1].loss(X, y, 0.0)[0]",
    "break": "source = path.read_text()\npath.write_text('loss = = 0');",
    "search what is broken": "[trial.score for trial in search(trained, settings, n_jobs=2)]",
    "new Pythons": (
        "import os\n"
        "from assignment.search import workers\n"
        "workers.METHOD = 'spawn'\n"
        "del os.environ['ASSIGNMENT_FILES']"
    ),
    "search in new Pythons": "trials = search(trained, settings[:2], n_jobs=2)",
    "draws of those": "[trial.value[2] for trial in trials] == draws[:2]",
    "files of those": "{Path(trial.value[3]).parent == path.parent for trial in trials}",
    "scores of those": "[trial.score for trial in trials]",
    "classes of those": "{type(trial.value[1]) is Mine for trial in trials}",
    "mend": "path.write_text(source);\nworkers.METHOD = {method!r}",
    "edit once more": EDIT.format(file="{svm}", old="return 100 *", new="return 1000 *"),
    "loss of those": "trials[0].value[1].loss(X, y, 0.0)[0]",
    "crash": EDIT.format(file="{svm}", old="    return 1000", new="    boom\n    return 1000"),
    "search what crashes": "search(trained, settings, n_jobs=2)",
    "crash in a cell": (
        "def fails(i):\n    if i:\n        boom\n    return i\nsearch(fails, grid(i=[0, 1]))"
    ),
    "unsolve": "path.write_text(Path({stub!r}).read_text());",
    "search what is unsolved": "search(trained, settings, n_jobs=2)",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """The outputs of each cell by its name: a student edits linear_svm.py and searches."""
    folder = tmp_path_factory.mktemp("student")
    for file in FILES:
        (folder / file).write_bytes((SOLUTIONS / file).read_bytes())
    stub = folder / "stub.txt"
    stub.write_text(make_stub((SOLUTIONS / "linear_svm.py").read_text()))
    places = {
        "'{svm}'": repr(str(folder / "linear_svm.py")),
        "{stub!r}": repr(str(stub)),
        "{method!r}": repr(workers.METHOD),
    }
    cells = [
        new_code_cell(re.sub("|".join(map(re.escape, places)), lambda m: places[m[0]], source))
        for source in SESSION.values()
    ]
    notebook = new_notebook(cells=cells)
    environment = {
        **os.environ,
        "ASSIGNMENT_FILES": str(folder),
        "PYTHONPATH": str(ROOT),
        "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython")),
    }
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True)
    client.execute(env=environment)
    return {name: cell.outputs for name, cell in zip(SESSION, notebook.cells, strict=True)}


def error_of(outputs):
    """The last line of a cell's error, without colours."""
    (error,) = [output for output in outputs if output.output_type == "error"]
    return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback)).splitlines()


@pytest.mark.parametrize(
    "what, cell, value",
    [
        ("a function of a notebook is searched", "trials", [2, 2, 2, 2]),
        ("a class that comes home is the class that left", "classes", {True}),
        ("an edited file is seen by the next search", "search again", [20, 20, 20, 20]),
        ("and without workers", "search here", [20, 20, 20, 20]),
        ("and by what a search returned", "loss of a trial", 200),
        ("workers run what the notebook runs", "search what is broken", [200, 200, 200, 200]),
        ("trials of new Pythons are the same bit for bit", "draws of those", True),
        ("new Pythons run what the notebook runs", "scores of those", [200, 200]),
        ("and read the five files where it does", "files of those", {True}),
        ("what comes home from them is of the class that left", "classes of those", {True}),
        ("and sees edits", "loss of those", 2000),
    ],
)
def test_in_a_notebook(what, cell, value, session):
    outputs = session[cell]
    assert all(output.output_type != "error" for output in outputs), outputs
    got = eval(outputs[-1].data["text/plain"])
    assert got == (value if isinstance(value, set) else pytest.approx(value)), what


def test_a_crash_is_told_with_the_line_of_the_students_file(session):
    source = (SOLUTIONS / "linear_svm.py").read_text().splitlines()
    line = 1 + max(i for i, text in enumerate(source) if "return loss, dW" in text)
    said = error_of(session["search what crashes"])[-1]
    assert said == (
        "RuntimeError: All 4 settings failed; the first: Trial(reg=0.0: NameError: name 'boom' is "
        f"not defined (assignment/linear_svm.py, line {line + 1}))."
    )


def test_a_crash_is_told_with_the_line_of_the_cell(session):
    shown = session["crash in a cell"][-1].data["text/plain"]
    assert "Trial(i=1: NameError: name 'boom' is not defined (fails, line 3))" in shown


def test_a_stub_that_is_searched_shows_one_line(session):
    (line,) = error_of(session["search what is unsolved"])
    assert line.startswith("To do: svm_loss_vectorized in assignment/linear_svm.py, line ")


def test_a_progress_bar_is_shown_and_goes_away(session):
    (output,) = session["search"]
    assert (output.output_type, output.data) == ("display_data", {"text/plain": ""})


def test_a_progress_bar_counts_the_settings_and_is_none_in_a_log(capsys, monkeypatch):
    search(lambda i: time.sleep(0.15), four, n_jobs=1)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    search(lambda i: time.sleep(0.15), four, n_jobs=1)
    shown = capsys.readouterr().err.split("\r")
    assert [text for text in shown if "2 of 4 settings" in text] and not shown[-1].strip()


# On a Dask cluster.

ON_DASK = """
    import importlib, json, os, sys, time
    from pathlib import Path
    import numpy as np
    from assignment.search import grid, search
    from dask.distributed import Client, LocalCluster

    import assignment.linear_classifier, assignment.linear_svm
    from assignment.linear_classifier import LinearSVM

    LARGE, four = np.ones(2**18), grid(i=[0, 1, 2, 3])
    X, y = np.eye(6, 50_000), np.arange(6) % 3

    def trained(i):
        from assignment.linear_svm import svm_loss_naive  # a worker has to find it by itself
        svm = LinearSVM()
        svm.W = np.zeros((X.shape[1], 3))
        naive = svm_loss_naive(np.zeros((2, 3)), np.ones((1, 2)), np.array([0]), 0.0)[0]
        return svm.loss(X, y, 0.0)[0], naive, svm

    def die(i):
        if i == 1:
            os._exit(LARGE.size)
        time.sleep(0.1)

    def draw(i):
        LARGE[i] = 2
        return LARGE.sum(), np.random.normal(size=3).tolist()

    def main():
        seen = {}
        del os.environ["ASSIGNMENT_FILES"]  # a cluster that knows nothing of it
        options = {"n_workers": 2, "processes": True, "threads_per_worker": 1}
        with LocalCluster(**options, dashboard_address=None) as cluster, Client(cluster) as client:
            same = repr(search(draw, four)) == repr(search(draw, four, client=client))
            seen["trials are the same bit for bit"] = same
            first = search(trained, four, client=client)
            seen["losses by the five files of the caller"] = [trial.value[:2] for trial in first]
            home = "a class that comes home is the class that left"
            seen[home] = all(type(trial.value[2]) is LinearSVM for trial in first)
            workers = client.run(os.getpid)
            path = Path(assignment.linear_svm.__file__)
            path.write_text(path.read_text().replace("return loss, dW", "return 10 * loss, dW"))
            importlib.reload(assignment.linear_svm)
            importlib.reload(assignment.linear_classifier)
            globals()["LinearSVM"] = assignment.linear_classifier.LinearSVM
            second = search(trained, four, client=client)
            seen["losses after an edit"] = [trial.value[:2] for trial in second]
            seen["workers live on"] = client.run(os.getpid) == workers
            time.sleep(0.5)
            left = [name for names in client.has_what().values() for name in names]
            seen["left on the workers"] = left
            start = time.monotonic()
            try:
                search(die, four, client=client)
            except RuntimeError as error:
                seen["killed"] = str(error)
            seen["seconds"] = time.monotonic() - start
            seen["after"] = len(search(draw, four, client=client))
        print(json.dumps(seen))

    if __name__ == "__main__":
        main()
"""


@pytest.fixture(scope="module")
def on_dask(tmp_path_factory):
    """What was seen in a process that searches on a cluster of two workers."""
    needed = "optional: pip install -r requirements-bench.txt"
    pytest.importorskip("distributed", reason=needed)
    folder = tmp_path_factory.mktemp("five")
    for file in FILES:
        (folder / file).write_bytes((SOLUTIONS / file).read_bytes())
    script = tmp_path_factory.mktemp("script") / "on_dask.py"
    script.write_text(textwrap.dedent(ON_DASK))
    done = run_python(script, ASSIGNMENT_FILES=str(folder))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "what, value",
    [
        ("trials are the same bit for bit", True),
        ("losses by the five files of the caller", [[2, 2]] * 4),
        ("a class that comes home is the class that left", True),
        ("losses after an edit", [[20, 20]] * 4),
        ("workers live on", True),
        ("left on the workers", []),
    ],
)
def test_on_dask(what, value, on_dask):
    assert np.allclose(on_dask[what], value)


def test_on_dask_a_worker_that_is_killed_gives_one_sentence(on_dask):
    assert on_dask["killed"].startswith("A worker process died: ")
    assert on_dask["seconds"] < 60 and on_dask["after"] == 4

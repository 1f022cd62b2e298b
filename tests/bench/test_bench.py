"""What the benchmark says is what happened: times, memory, failures, agreement of the answers."""

import json
import os
import signal
import subprocess
import sys
import time
import types
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest

from assignment.bench import measure, publish, run, work
from assignment.bench.measure import Contestant, Turn, compare, memory, ratio, seconds
from assignment.bench.work import Images
from assignment.given.cifar10 import Cifar10
from assignment.given.files import Busy, alone
from conftest import ROOT, pooled

# Contestants: each of these runs in another process, so each stands in a module.


def sleeping(pause):
    return lambda: time.sleep(pause)


def allocating(size):
    def work():
        held = np.ones(size // 8)
        time.sleep(0.1)
        return float(held[0])

    return work


def raising(error):
    def work():
        raise error

    return work


def dying(code):
    return lambda: os._exit(code)


def importing(package):
    return __import__(package)


CONTESTANTS = {
    "slow": Contestant("a", sleeping, 0.6),
    "quick": Contestant("a", sleeping, 0.2),
    "takes memory": Contestant("a", allocating, 200_000_000),
    "raises": Contestant("a", raising, MemoryError("no room")),
    "is not installed": Contestant("a", importing, "no_such_package"),
    "dies": Contestant("b", dying, 3),
    "shares its process": Contestant("b", sleeping, 0),
}


@pytest.fixture(scope="module")
def compared():
    return compare(CONTESTANTS, rounds=3)


def test_a_contestant_that_takes_three_times_as_long_has_the_ratio_3(compared):
    turns, _ = compared
    assert ratio(turns["slow"], turns["quick"]) == pytest.approx(3, rel=0.3)
    assert seconds(turns["slow"]) == pytest.approx(0.6, rel=0.3)


def test_the_ratio_is_taken_within_a_round():
    slow_then_quick = [Turn(2.0, 0), Turn(20.0, 0), Turn(4.0, 0)]
    bare = [Turn(1.0, 0), Turn(10.0, 0), Turn(1.0, 0)]
    assert ratio(slow_then_quick, bare) == 2, "a slow moment of the machine slows both"


def test_memory_is_the_peak_above_what_stood_before(compared):
    turns = compared[0]["takes memory"]
    assert memory(turns) == pytest.approx(200_000_000, rel=0.2)
    assert turns[-1].answer == 1.0


def test_who_fails_is_told_and_the_others_stay(compared):
    turns, failures = compared
    assert list(turns) == ["slow", "quick", "takes memory"]
    assert all(len(of_each) == 3 for of_each in turns.values())
    assert failures["raises"] == "MemoryError: no room"
    assert failures["is not installed"].startswith("ModuleNotFoundError")
    assert failures["dies"].startswith("BrokenProcessPool")
    assert failures["shares its process"].startswith("BrokenProcessPool")


class Here:
    """In place of a ProcessPoolExecutor: this process does it, at once."""

    def __init__(self, *arguments, **options):
        pass

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, cancel_futures):
        pass


@pytest.fixture
def here(monkeypatch, shipped):
    """No processes that read all images, which are tried above, and each turn is one call."""

    def few(full, num_val, num_test, num_train=None):
        k = 4 if num_train else 1  # smaller ones for neighbours; the steps know their size
        X, y = pooled(shipped.X_train[: num_train or 300], k), shipped.y_train[: num_train or 300]
        X_test, y_test = pooled(shipped.X_test[:num_test], k), shipped.y_test[:num_test]
        return Cifar10(X, y, X[:num_val], y[:num_val], X_test, y_test)

    monkeypatch.setattr(measure, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(run, "compare", lambda contestants, rounds, _: compare(contestants, rounds))
    monkeypatch.setattr(work, "load_cifar10", few)
    monkeypatch.setattr(work, "prepared_images", work.prepared_images.__wrapped__)


def test_a_missing_peer_is_said_to_be_missing(here, capsys):
    failures = {}
    run.run({"peer": Contestant("a", importing, "no_such_package")}, failures, rounds=1)
    assert failures == {"peer": "missing: pip install -r requirements-bench.txt"}
    assert "peer: missing" in capsys.readouterr().out


def test_answers_are_compared_by_true_distances(monkeypatch):
    class Line:
        """Three queries at 0; examples at 1, -1, 2, 3: one tie."""

        X_train = np.array([[1.0], [-1.0], [2.0], [3.0]], dtype=np.float32)
        y_train = np.array([0, 1, 1, 1])
        X_test, y_test = np.zeros((3, 1), dtype=np.float32), np.array([0, 1, 1])

    monkeypatch.setattr(Images, "load", lambda self: Line)
    ours = np.array([[0], [0], [2]])
    theirs = np.array([[0], [1], [0]])  # the same, a tie, nearer
    answers = {"labels": np.array([0, 0, 1]), "ours": ours, "theirs": theirs, "few": theirs[:1]}
    sentences, farther = work.compare_answers(Images(False, 3, 4), answers, "labels", "ours")
    labels, neighbours = sentences
    assert farther == 1
    assert "in 3 of 3 images; 66.7% of all are right" in labels
    assert "for 1 images; else 1 ties, 0 where ours are nearer, 1 where theirs are" in neighbours


def test_a_slope_is_the_exponent():
    n = np.array([10.0, 100.0, 1000.0])
    assert run.slope(n, 3 * n**1.5) == pytest.approx(1.5)


TINY = replace(
    run.QUICK_SIZES,
    num_test=100,
    num_train=300,
    batches=(50,),
    hidden=20,
    growing_train=(100, 300),
    growing_batch=(50, 100),
    growing_hidden=(10, 20),
    rounds=1,
)


def finished(sizes, failures):
    """In place of minutes."""
    return {"test_accuracy": 0.5}


def test_the_whole_of_it_on_few_images(here, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(run, "QUICK_SIZES", TINY)
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(run, "net", finished)
    assert run.bench(quick=True) == 0
    said = capsys.readouterr().out
    assert run.PREDICT in said and "slope" in said
    files = sorted(path.name for path in (tmp_path / "results").iterdir())
    assert files == ["bench-quick.json", "bench-quick.png"]
    results = json.loads((tmp_path / "results" / "bench-quick.json").read_text())
    assert results["neighbours"]["rows"][run.BARE]["ratio"] == 1
    assert {"date", "processor", "cores", "numpy"} <= results["machine"].keys()
    for name in ("FAISS IndexFlatL2", "scikit-learn, brute force"):
        assert (name in results["neighbours"]["rows"]) != (name in results["failures"])


def test_a_reference_that_disagrees_with_pytorch_fails_the_benchmark(monkeypatch):
    failures = {}
    turns = {
        (f"{kind}, batch 50", name): [Turn(1.0, 0, answer)]
        for kind in ("softmax", "svm", "net of 20")
        for name, answer in ((run.BARE, None), (run.REFERENCE, 2.0), ("PyTorch", 2.1))
    }
    monkeypatch.setattr(run, "run", lambda *arguments, **named: turns)
    run.steps(TINY, failures)
    assert len(failures) == 3 and all(run.REFERENCE in name for name in failures)


def test_without_the_full_set_there_is_one_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(run, "FULL", tmp_path / "nothing")
    assert run.bench() == 1
    assert "make data" in capsys.readouterr().out


def interrupted(sizes, failures):
    raise KeyboardInterrupt


def test_an_interrupted_benchmark_leaves_what_was_finished(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(run, "QUICK_SIZES", TINY)
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    monkeypatch.setattr(run, "neighbours", finished)
    monkeypatch.setattr(run, "steps", interrupted)
    assert run.bench(quick=True) == 130
    assert "Interrupted" in capsys.readouterr().out
    assert json.loads((tmp_path / "bench-quick.json").read_text())["neighbours"]


KILLED = """
import os, signal, time
from assignment.bench.measure import Contestant, compare

def prepare(kills):
    if kills:
        os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(1000)

if __name__ == "__main__":
    compare({"a": Contestant("one", prepare, False), "b": Contestant("other", prepare, True)}, 1)
"""


@pytest.mark.skipif(os.name == "nt", reason="a process is killed otherwise there")
def test_contestants_end_when_the_benchmark_is_killed(tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    # It comes back when nobody has its standard output open any more.
    done = subprocess.run(
        [sys.executable, tmp_path / "killed.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=100,
    )
    assert done.returncode == -signal.SIGKILL


def test_of_two_benchmarks_the_second_gets_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    with alone(tmp_path / "bench.lock"), pytest.raises(Busy, match="^Another bench is running"):
        run.bench(quick=True)


def test_without_the_bare_products_and_the_reference_there_are_rows_all_the_same(monkeypatch):
    def only_faiss(contestants, failures, rounds, at_least=0.0):
        failures[run.EXACT] = "died"
        return {name: [Turn(1.0, 0)] for name in contestants if name == "FAISS IndexFlatL2"}

    monkeypatch.setattr(run, "run", only_faiss)
    rows = run.neighbours(TINY, {})["rows"]
    assert rows["FAISS IndexFlatL2"]["ratio"] is None


def test_faiss_is_told_what_processor_this_is(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", types.ModuleType("faiss"))
    blas = {"internal_api": "openblas", "architecture": "SapphireRapids"}
    monkeypatch.setattr(work, "threadpool_info", lambda: [{"internal_api": "openmp"}, blas])
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    work.faiss_flat(Images(False, 10, 50))
    assert os.environ["OPENBLAS_CORETYPE"] == "SkylakeX"


def test_the_figures_of_the_readme_are_those_of_the_kept_results():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    results = json.loads((ROOT / ".github" / "bench.json").read_text(encoding="utf-8"))
    assert publish.with_figures(readme, results) == readme, "run `make figures`"
    for section in publish.FIGURES:
        assert f"<!-- figures: {section} -->" in readme
    results["neighbours"]["rows"][run.EXACT]["ratio"] += 1
    assert publish.with_figures(readme, results) != readme


def test_what_is_not_whole_is_not_published(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(publish, "RESULTS", tmp_path)
    monkeypatch.setattr(publish, "README", tmp_path / "README.md")
    results = {"net": {}, "failures": {"FAISS IndexFlatL2": run.MISSING}}
    for told in (None, {"failures": {}}, results):
        if told:
            (tmp_path / "bench.json").write_text(json.dumps(told))
        assert publish.publish() == 1
        assert "run `make bench` to its end first" in capsys.readouterr().out
    assert not publish.README.exists()

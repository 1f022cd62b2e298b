"""`make bench`: the sizes that are timed, the table, the picture and the file of results."""

import importlib.metadata
import os
import platform
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import psutil

from assignment.bench import work
from assignment.bench.measure import Contestant, compare, memory, ratio, seconds
from assignment.bench.work import Images, Step
from assignment.further import best_net
from assignment.further.best_net import write_json
from assignment.given.cifar10 import FULL
from assignment.given.files import alone

RESULTS = best_net.RESULTS
PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "faiss-cpu", "torch")
BARE = "bare matrix products"
PREDICT, EXACT = "KNearestNeighbor.predict", "ExactNeighbors"
COMPILED = f"{EXACT}, compiled"
MISSING = "missing: pip install -r requirements-bench.txt"
REFERENCE = "reference"
SOFTMAX_OF_TORCH = {
    "PyTorch": work.torch_softmax_step,
    "PyTorch, W row by row": work.torch_softmax_step_by_rows,
}
GROWTH_PICTURES = (
    ("training images", "seconds"),
    ("training images", "megabytes"),
    ("batch", "seconds"),
    ("hidden units", "seconds"),
)


@dataclass(frozen=True)
class Sizes:
    """What is timed: of the full set, or of the images that ship."""

    full: bool
    num_test: int
    num_train: int
    batches: tuple
    hidden: int
    growing_train: tuple
    growing_batch: tuple
    growing_hidden: tuple
    rounds: int = 5


FULL_SIZES = Sizes(
    full=True,
    num_test=10_000,
    num_train=50_000,
    batches=(200, 2_000, 49_000),
    hidden=500,
    growing_train=(5_000, 10_000, 20_000, 50_000),
    growing_batch=(200, 1_000, 5_000, 20_000, 50_000),
    growing_hidden=(64, 128, 256, 512, 1_024, 2_048),
)
QUICK_SIZES = Sizes(
    full=False,
    num_test=1_000,
    num_train=5_000,
    batches=(200, 2_000),
    hidden=100,
    growing_train=(500, 1_000, 2_000, 5_000),
    growing_batch=(200, 1_000, 5_000),
    growing_hidden=(64, 256, 1_024),
)


def bench(quick=False):
    """Time everything, print each table as it comes, write results/bench.json and bench.png.

    Parameters
    ----------
    quick : bool, the 6,000 images that ship, in less than a minute; results/bench-quick.*

    Returns
    -------
    int : 0; 1 where the images are missing or the reference itself failed; 130 if interrupted

    Raises
    ------
    Busy : another process is at it, and each would slow the other down
    """
    RESULTS.mkdir(parents=True, exist_ok=True)
    with alone(RESULTS / "bench.lock", "Another bench is running: wait until it is done."):
        return _bench(quick)


def _bench(quick):
    sizes = QUICK_SIZES if quick else FULL_SIZES
    if sizes.full and not FULL.is_dir():
        print("The full CIFAR-10 is not here: fetch it with `make data`, or say --quick.")
        return 1
    results = {"machine": machine(), "sizes": asdict(sizes) | {"k": work.K, "reg": work.REG}}
    print("\n".join(f"{name}: {value}" for name, value in results["machine"].items()))
    failures = results["failures"] = {}
    name = "bench-quick" if quick else "bench"
    sections = {"neighbours": neighbours, "steps": steps, "growth": growth, "net": net}
    try:
        for section, time_it in sections.items():
            results[section] = time_it(sizes, failures)
            write_json(RESULTS / f"{name}.json", results)
    except KeyboardInterrupt:
        print(f"\nInterrupted: what was finished stands in results/{name}.json.")
        return 130
    draw(results, name)
    print(f"\nWritten: results/{name}.json and .png")
    failed = [name for name, said in failures.items() if said != MISSING]
    return int(any(ours in name for ours in (PREDICT, EXACT, REFERENCE) for name in failed))


def machine():
    """What the figures hold for."""
    from threadpoolctl import threadpool_info

    def version(package):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return MISSING

    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return {
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": platform.platform(),
        "BLAS of NumPy": ", ".join(
            f"{b['internal_api']} {b['version']}, {b.get('architecture')}, "
            f"{b['num_threads']} threads"
            for b in blas
        ),
        "python": platform.python_version(),
    } | {package: version(package) for package in PACKAGES}


def processor():
    """The name of the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def neighbours(sizes, failures):
    """Nearest neighbours of each test image, whatever index they need included."""
    prepare = {
        BARE: work.bare_product,
        PREDICT: work.predict,
        EXACT: work.exact_neighbors,
        COMPILED: work.exact_neighbors_compiled,
        "vectorised textbook version": work.textbook,
        "FAISS IndexFlatL2": work.faiss_flat,
        "torch.cdist and topk": work.torch_cdist,
        "scikit-learn, brute force": work.sklearn_brute,
    }
    images = Images(sizes.full, sizes.num_test, sizes.num_train)
    turns = run(
        {name: Contestant(name, function, images) for name, function in prepare.items()},
        failures,
        sizes.rounds,
    )
    rows = rows_of(turns)
    print_rows(
        f"{work.K} nearest of {sizes.num_train:,} images to each of {sizes.num_test:,} test images",
        rows,
    )
    checks = []
    if EXACT in turns:
        answers = {name: runs[-1].answer for name, runs in turns.items()}
        checks, farther = work.compare_answers(images, answers, PREDICT, EXACT)
        if farther:
            failures[EXACT] = f"{farther} queries with neighbours that are not the nearest"
    print("\n".join(checks))
    # SciPy computes pair by pair, in double precision: one query in a hundred is enough.
    few = replace(images, num_test=sizes.num_test // 100)
    scipy = {BARE: work.bare_product, "scipy.spatial.distance.cdist": work.scipy_cdist}
    turns = run(
        {name: Contestant(name, function, few) for name, function in scipy.items()},
        failures,
        sizes.rounds,
        at_least=0.2,
    )
    few_rows = rows_of(turns)
    print_rows(f"The same to {few.num_test:,} of the test images", few_rows)
    return {"rows": rows, "checks": checks, "few": few_rows}


def steps(sizes, failures):
    """Loss and gradients beside the matrix products in them and beside PyTorch."""
    kinds = {
        "softmax": (0, work.linear_products, work.softmax_step, SOFTMAX_OF_TORCH),
        "svm": (0, work.linear_products, work.svm_step, {}),
        "net": (sizes.hidden, work.net_products, work.net_step, {"PyTorch": work.torch_net_step}),
    }
    contestants = {}
    for kind, (hidden, products, reference, torch) in kinds.items():
        for batch in sizes.batches:
            step = Step(sizes.full, batch, hidden)
            label = f"{kind}{f' of {hidden}' if hidden else ''}, batch {batch:,}"
            contestants[label, BARE] = Contestant("NumPy", products, step)
            contestants[label, REFERENCE] = Contestant("NumPy", reference, step)
            for name, function in torch.items():
                contestants[label, name] = Contestant("PyTorch", function, step)
    turns = run(contestants, failures, sizes.rounds, at_least=0.2)
    tables = {}
    for label in dict.fromkeys(label for label, _ in turns):
        of_label = {name: runs for (where, name), runs in turns.items() if where == label}
        tables[label] = rows_of(of_label)
        print_rows(f"Loss and gradients of {label}, float32", tables[label])
        losses = [runs[-1].answer for name, runs in of_label.items() if name != BARE]
        if not np.allclose(losses, losses[:1], rtol=1e-4):
            failures[f"{REFERENCE}, {label}"] = f"losses differ: {losses}"
    return tables


def growth(sizes, failures):
    """How seconds and memory grow with the training images, the batch and the hidden units."""
    cases = {}
    for n in sizes.growing_train:
        images = Images(sizes.full, sizes.num_test, n)
        cases["training images", PREDICT, n] = (work.predict, images)
        cases["training images", EXACT, n] = (work.exact_neighbors, images)
    for n in sizes.growing_batch:
        cases["batch", "softmax", n] = (work.softmax_step, Step(sizes.full, n))
        cases["batch", "svm", n] = (work.svm_step, Step(sizes.full, n))
        cases["batch", "net", n] = (work.net_step, Step(sizes.full, n, sizes.hidden))
    for n in sizes.growing_hidden:
        cases["hidden units", "net", n] = (work.net_step, Step(sizes.full, 2_000, n))
    turns = run(
        {
            case: Contestant(f"{case}" if case[0] == "training images" else "steps", *work_of)
            for case, work_of in cases.items()
        },
        failures,
        sizes.rounds,
        at_least=0.05,
    )
    curves = {}
    for (axis, name, n), runs in turns.items():
        curve = curves.setdefault(axis, {}).setdefault(
            name, {"n": [], "seconds": [], "megabytes": []}
        )
        curve["n"].append(n)
        curve["seconds"].append(seconds(runs))
        curve["megabytes"].append(max(memory(runs), 1) / 1e6)  # a logarithm needs something
    print(f"\nGrowth: the slope in a log-log plot; {sizes.num_test:,} test images, batch 2,000")
    for axis, named in curves.items():
        for name, curve in named.items():
            curve["slope"] = slope(curve["n"], curve["seconds"])
            first, last = curve["n"][0], curve["n"][-1]
            print(
                f"  {name}: seconds ~ {axis}^{curve['slope']:.2f} from {first:,} to {last:,}, "
                f"at most {max(curve['megabytes']):.0f} MB"
            )
    return curves


def net(sizes, failures):
    """The network of ten minutes, trained anew, beside whatever `make net` has under way."""
    print("\nThe two-layer net of `make net`")
    result = best_net.run(quick=not sizes.full, restart=True, folder=RESULTS / "bench-net")
    print(
        f"  seed {result['seed']}, {result['seconds']:.0f} s, "
        f"validation {result['validation_accuracy']:.1%}, test {result['test_accuracy']:.1%}"
    )
    return {name: value for name, value in result.items() if name != "history"}


def run(contestants, failures, rounds, at_least=0.0):
    turns, failed = compare(contestants, rounds, at_least)
    for name, said in failed.items():
        name = name if isinstance(name, str) else ", ".join(map(str, name))
        if said.startswith("ModuleNotFoundError"):
            said = MISSING
        failures[name] = said
        print(f"  {name}: {said}")
    return turns


def rows_of(turns):
    """dict from name to its ratio to the bare products (None without those), seconds and bytes."""
    return {
        name: {
            "ratio": ratio(runs, turns[BARE]) if BARE in turns else None,
            "seconds": seconds(runs),
            "bytes": memory(runs),
        }
        for name, runs in turns.items()
    }


def print_rows(title, rows):
    print(f"\n{title}\n{'':44s}{'x bare':>8s}{'time':>12s}{'peak memory':>14s}")
    for name, r in rows.items():
        time = f"{r['seconds']:.2f} s" if r["seconds"] >= 1 else f"{r['seconds'] * 1e3:.2f} ms"
        ratio_to_bare = "-" if r["ratio"] is None else f"{r['ratio']:.2f}"
        held = f"{r['bytes'] / 1e6:.0f} MB" if r["bytes"] > 10e6 else "below 10 MB"
        print(f"  {name:42s}{ratio_to_bare:>8s}{time:>12s}{held:>14s}")


def slope(n, values):
    """Of the straight line through the logarithms."""
    return float(np.polyfit(np.log(n), np.log(values), 1)[0])


def draw(results, name):
    """results/NAME.png."""
    import matplotlib.pyplot as plt

    from assignment.given import plots

    def ratios_in(tables):
        return {
            f"{label}{name}": r["ratio"]
            for label, rows in tables.items()
            for name, r in rows.items()
            if name != BARE and r["ratio"]
        }

    with plt.rc_context(plots.STYLE):
        fig, axes = plt.subplots(3, 2, figsize=(11, 12))
        axes = axes.ravel()
        unit = "time, as a multiple of the bare matrix products"
        near = results["neighbours"]
        plots.ratios(
            axes[0], ratios_in({"": near["rows"] | near["few"]}), {PREDICT, EXACT, COMPILED}, unit
        )
        axes[0].set_title(f"{work.K} nearest neighbours")
        bars = ratios_in({f"{label}: ": rows for label, rows in results["steps"].items()})
        plots.ratios(axes[1], bars, {name for name in bars if name.endswith(REFERENCE)}, unit)
        axes[1].set_title("loss and gradients")
        for ax, (axis, what) in zip(axes[2:], GROWTH_PICTURES, strict=True):
            plots.growth(ax, results["growth"][axis], what)
            ax.set_xlabel(axis)
        fig.savefig(RESULTS / f"{name}.png")
        plt.close(fig)

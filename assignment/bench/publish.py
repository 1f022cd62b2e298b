"""`make figures`: what the last `make bench` found, in README.md and .github/."""

import json
import re
from pathlib import Path

from assignment.bench.run import BARE, COMPILED, EXACT, PREDICT, REFERENCE, RESULTS
from assignment.given.files import write

ROOT = Path(__file__).parents[2]
README, KEPT = ROOT / "README.md", ROOT / ".github"
BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.S)
PYTORCH, BY_ROWS = "PyTorch", "PyTorch, W row by row"


def publish():
    """Keep results/bench.json and bench.png in .github/, and write README's figures by them.

    Returns
    -------
    int : 0; 1 where there are no results of the full set, or some contestant is missing
    """
    found = RESULTS / "bench.json"
    results = json.loads(found.read_text(encoding="utf-8")) if found.is_file() else {}
    if "net" not in results or results["failures"]:
        print("results/bench.json is not there, or not whole: run `make bench` to its end first.")
        return 1
    for name in ("bench.json", "bench.png"):
        write(KEPT / name, (RESULTS / name).read_bytes())
    write(README, with_figures(README.read_text(encoding="utf-8"), results).encode())
    print("Written: README.md, .github/bench.json and bench.png. Look at them, and commit them.")
    return 0


def with_figures(readme, results):
    """The text of the README with the figures of these results in its marked places."""
    return BLOCK.sub(lambda found: found[1] + FIGURES[found[2]](results) + found[3], readme)


def neighbours(results):
    """Of nearest neighbours."""
    rows = results["neighbours"]["rows"]
    ours = (PREDICT, EXACT, COMPILED)
    lines = ["| | × product | time | memory |", "|:--|--:|--:|--:|"]
    for name, row in rows.items():
        told = f"**{name}**" if name in ours else name
        held = f"{row['bytes'] / 1e6:,.0f} MB"
        lines.append(f"| {told} | {row['ratio']:.2f} | {row['seconds']:.1f} s | {held} |")
    return "\n".join(lines) + "\n"


def steps(results):
    """Of loss and gradients."""
    tables = results["steps"]
    kinds = list(dict.fromkeys(label.partition(", ")[0] for label in tables))
    batches = list(dict.fromkeys(label.partition(", ")[2] for label in tables))

    def ratio(kind, batch, name):
        return f"{tables[f'{kind}, {batch}'][name]['ratio']:.2f}"

    lines = [f"| | {' | '.join(batches)} |", f"|:--|{'--:|' * len(batches)}"]
    for kind in kinds:
        has_torch = PYTORCH in tables[f"{kind}, {batches[0]}"]
        cells = [
            ratio(kind, batch, REFERENCE)
            + (f" ({ratio(kind, batch, PYTORCH)})" if has_torch else "")
            for batch in batches
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    *most, last = [ratio("softmax", batch, BY_ROWS) for batch in batches]
    softmax = tables[f"softmax, {batches[0]}"]
    step, products = softmax[REFERENCE]["seconds"], softmax[BARE]["seconds"]
    lines += [
        "",
        "For softmax, PyTorch is given W as `torch.nn.Linear` keeps it; with W row by row, as one",
        f"writes it down, it is {', '.join(most)} and {last}. At {batches[0]} a step of softmax",
        f"lasts {step * 1e3:.2f} ms, and its products alone {products * 1e3:.2f} ms.",
    ]
    return "\n".join(lines) + "\n"


def net(results):
    """Of the network of `make net`."""
    its, cores = results["net"], results["machine"]["cores"]
    return (
        f"`make net` trains the reference network (seed {its['seed']}, {its['seconds']:.0f} s on "
        f"{cores} cores): **{its['test_accuracy']:.1%} of the test images** are right.\n"
    )


def machine(results):
    """Of the day and the place."""
    its = results["machine"]
    return (
        f"{its['date'][:10]}, {its['cores']} cores, {its['system'].partition('-')[0]}, NumPy "
        f"{its['numpy']} with {its['BLAS of NumPy'].partition(',')[0]}.\n"
    )


FIGURES = {each.__name__: each for each in (neighbours, steps, net, machine)}

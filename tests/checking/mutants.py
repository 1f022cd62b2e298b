"""Wrong solutions, and right ones written differently: what the checks are measured with.

WRONG holds, for each exercise, what people write instead of a piece of the reference solution, and
the diagnosis that names it (None where no known mistake fits). Most were counted in public
solutions of the assignment. RIGHT holds whole answers that are right although the reference is
written in another way.

`make mutants` runs them all and prints a table; with MUTANTS_ARGS="--seeds 1 20" it says what is
judged wrongly on the inputs that a class would get from these secret seeds.
"""

import argparse
import ast
import functools
import os
import re
import sys
import tempfile
import textwrap
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from pathlib import Path

from threadpoolctl import threadpool_limits

import knn.mutants
import layers.mutants
import linear.mutants
import net.mutants
from assignment import FILES
from assignment.checking.answering import answer
from assignment.checking.exercises import COURSE, EXERCISES, find
from assignment.checking.judge import judge
from assignment.checking.stubs import REGION, make_stub, solution_of
from assignment.checking.submission.year import KNOWN
from assignment.grading import sandbox as sandboxes

ROOMS = knn.mutants, linear.mutants, net.mutants, layers.mutants
WRONG = {name: ways for room in ROOMS for name, ways in room.WRONG.items()}
RIGHT = {name: ways for room in ROOMS for name, ways in room.RIGHT.items()}
REFERENCES, REFERENCE = EXERCISES + COURSE, "the reference"
SOLVED = {file: solution_of(file) for file in KNOWN}


@functools.cache
def solution(file):
    """The source of a solution, without its last look at the result, which only we take."""
    source = SOLVED[file].read_text(encoding="utf-8")
    return re.sub(r"^ *require_finite\((loss|d?w)\b.*\n", "", source, flags=re.MULTILINE)


@functools.cache
def regions(file):
    """The answers in a solution, by the names of their exercises."""
    source = solution(file)
    names = re.findall(r"# TODO (\S+):", make_stub(source))
    return dict(zip(names, REGION.finditer(source), strict=True))


def rewritten(name, rewrite):
    """The source of the solution, with the answer to one exercise rewritten."""
    file = find(name).file
    if find(name) in COURSE:
        return _rewritten_function(solution(file), find(name), rewrite)
    source, region = solution(file), regions(file)[name]
    return source[: region.start()] + rewrite(region.group()) + source[region.end() :]


def _rewritten_function(source, exercise, rewrite):
    """The same of the course's own files, whose answers have no marks: the function is one."""
    functions = {node.name: node for node in ast.parse(source).body if hasattr(node, "name")}
    function, lines = functions.get(exercise.called), source.splitlines(keepends=True)
    if function is None:  # the method of a network, which another class may give it
        return rewrite(source)
    start, end = function.lineno - 1, function.end_lineno
    return "".join([*lines[:start], rewrite("".join(lines[start:end])), *lines[end:]])


def spoilt(name, old, new):
    """The source of the solution, with a piece of the answer to one exercise replaced.

    It is the answer of the textbook, where that is simpler than ours.
    """

    def rewrite(region):
        assert region.count(old) == 1, f"{old!r} is {region.count(old)} times in the solution"
        return region.replace(old, new)

    if name in knn.mutants.TEXTBOOK:
        return answered(name, rewrite(textwrap.dedent(knn.mutants.TEXTBOOK[name])))
    return rewritten(name, rewrite)


def answered(name, body):
    """The source of the solution, with another answer to one exercise, or in a file of its own."""
    body = textwrap.dedent(body).strip("\n") + "\n"
    if re.search("^class ", body, re.MULTILINE):
        return body

    def rewrite(region):
        return textwrap.indent(body, re.match(" *", region).group())

    return rewritten(name, rewrite)


def verdict_on(name, source):
    """The verdict on one exercise, of the solutions with one file replaced."""
    with tempfile.TemporaryDirectory() as folder:
        file = find(name).file
        files = {f: path for f, path in SOLVED.items() if f in FILES or file not in FILES}
        files[file] = Path(folder) / file
        files[file].write_text(source, encoding="utf-8")
        return judge(find(name), answer(find(name), files))


def mutants():
    """(exercise, mistake, source, diagnosis) of every wrong solution."""
    for name, mistakes in WRONG.items():
        for mistake, (old, new, diagnosis) in mistakes.items():
            yield name, mistake, spoilt(name, old, new), diagnosis


def others():
    """(exercise, way, source) of every right solution that is written differently."""
    for name, ways in RIGHT.items():
        for way, body in ways.items():
            yield name, way, answered(name, body)


def with_verdicts(solutions):
    """Each of (exercise, ..., source, ...) with the verdict on it; all cores are at work."""
    solutions = list(solutions)
    names, _, sources, *_ = zip(*solutions, strict=True)
    with ProcessPoolExecutor(os.cpu_count(), None, threadpool_limits, (1,)) as processes:
        verdicts = processes.map(verdict_on, names, sources)
        yield from zip(solutions, verdicts, strict=True)


def misjudged(name, mistake, found, diagnosis):
    """In a line, what is wrong with the verdict on a wrong solution, or None."""
    if is_caught(found) and found.diagnosis == diagnosis:
        return None
    return f"{name}, {mistake}: {found.status}, {found.diagnosis}, not {diagnosis}"


def is_caught(found):
    return found.status not in ("right", "convention")


def alarm(name, way, found):
    """In a line, what is wrong with the verdict on a right solution, or None."""
    is_fine = found.status == "right" and not (way == REFERENCE and found.remarks)
    return None if is_fine else f"{name}, {way}: {found.status}, {found.message or found.remarks}"


def table():
    """Print what is caught, diagnosed and missed, and whether anything right is called wrong."""
    rows = {exercise.name: [0, 0, 0, 0, 0, 0] for exercise in REFERENCES}
    told = []
    for (name, mistake, _, diagnosis), found in with_verdicts(mutants()):
        row = rows[name]
        row[0] += 1
        row[1] += is_caught(found)
        row[2] += diagnosis is not None
        row[3] += diagnosis is not None and found.diagnosis == diagnosis
        told.append(misjudged(name, mistake, found, diagnosis))
    for (name, way, _), found in with_verdicts(others()):
        rows[name][4] += 1
        rows[name][5] += found.status != "right"
        told.append(alarm(name, way, found))
    titles = ["wrong", "caught", "known", "named", "right", "alarms"]
    print(f"{'':46}" + "".join(f"{title:>8}" for title in titles))
    total = [sum(column) for column in zip(*rows.values(), strict=True)]
    for name, row in {**rows, "in all": total}.items():
        print(f"{name:46}" + "".join(f"{count:8}" for count in row))
    wrong, caught, known, named, _, alarms = total
    print(f"\n{caught / wrong:.1%} caught, {named / known:.1%} named, {alarms} false alarms")
    print("\n".join(filter(None, told)))
    return 0 if caught == wrong and named >= 0.95 * known and not alarms else 1


def judged_with(seed):
    """(how many verdicts, a line for each wrong one) where a secret seed draws the inputs anew."""
    sandboxes._draw_from(seed)
    right = ((exercise.name, REFERENCE, solution(exercise.file)) for exercise in REFERENCES)
    told = [alarm(name, way, verdict_on(name, text)) for name, way, text in chain(right, others())]
    for name, mistake, source, diagnosis in mutants():
        told.append(misjudged(name, mistake, verdict_on(name, source), diagnosis))
    return len(told), [*filter(None, told)]


def with_seeds(first, last):
    """Print what is judged wrongly with each of some seeds; a process for each, on all cores."""
    seeds = [str(seed) for seed in range(first, last + 1)]
    wrong = 0
    with ProcessPoolExecutor(os.cpu_count(), None, threadpool_limits, (1,)) as processes:
        for seed, (count, told) in zip(seeds, processes.map(judged_with, seeds), strict=True):
            head = f"seed {seed}: {count} verdicts, {len(told)} wrong"
            print(head, *told, sep="\n  ", flush=True)
            wrong += len(told)
    return 1 if wrong else 0


def main(*arguments):
    parser = argparse.ArgumentParser(description="What the checks catch.")
    told = "judge on inputs drawn anew from each of these secret seeds"
    parser.add_argument("--seeds", nargs=2, type=int, metavar=("FIRST", "LAST"), help=told)
    seeds = parser.parse_args(arguments).seeds
    if seeds and seeds[0] > seeds[1]:
        parser.error(f"--seeds goes from FIRST up to LAST, and {seeds[0]} is above {seeds[1]}")
    return with_seeds(*seeds) if seeds else table()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

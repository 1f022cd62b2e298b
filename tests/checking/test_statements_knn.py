"""Nothing is said that was not compared: distances, votes, folds, NCA, predictions and training.

Faults are crossed in pairs. Of each answer that comes out, every sentence of the verdict must be
true: a mistake that is named must be in one of the constructions here that give the very same
arrays, or fulfil its condition in CONDITIONS; each number that is told must be found in the arrays
(SENTENCES). A sentence that has no condition fails.
"""

import dataclasses
import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest

from assignment.checking.answering import Answers, _encoded
from assignment.checking.arrays import TOLERANCE, agrees, shaped
from assignment.checking.diagnosis import Explanation, Observed
from assignment.checking.exercises import find
from assignment.checking.judge import judge
from assignment.checking.linear.calls import W_GRADIENT
from assignment.checking.mistakes import MISTAKES
from assignment.checking.net.calls import NET_GRADIENTS, NET_START
from assignment.checking.training.calls import QUESTIONS, STEPS

pytestmark = pytest.mark.filterwarnings("ignore")


# What is true. A condition looks at the calls that came back, a list of Observed.


def somewhere(rule):
    """Holds if it does so in one of the calls that noted it."""
    return lambda calls: any(rule(seen) for seen in calls if "steps" in seen.arrays)


def entries(seen):
    """(what came back, what is right) of the one array, entry by entry."""
    (name,) = seen.judged
    right = seen.expected[name]
    return np.nan_to_num(shaped(seen.arrays[name], right), nan=-1), right


def is_partly_zero(observed):
    pairs = [entries(seen) for seen in observed]
    wrong = [np.abs(got - right) > 1e-3 * (1 + np.abs(right)) for got, right in pairs]
    return any(map(np.any, wrong)) and all(
        np.all(got[off] == 0) for (got, _), off in zip(pairs, wrong, strict=True)
    )


def goes_to_a_tied_label(observed):
    for seen in observed:
        dists, y, k = (seen.arguments[name] for name in ("dists", "y_train", "k"))
        for row, label in zip(dists, entries(seen)[0], strict=True):
            votes = np.bincount(y[np.argsort(row, kind="stable")[:k]], minlength=1000)
            if not 0 <= label == int(label) or votes[int(label)] != votes.max():
                return False
    return True


def full(seen, sizes):
    B, N = seen.arguments["batch_size"], len(seen.arguments["X"])
    return np.isin(sizes, (B, min(B, N)))


CONDITIONS = {
    "wrong-shape": lambda calls: any(
        shaped(seen.arrays[name], seen.expected[name]).shape != seen.expected[name].shape
        for seen in calls
        for name in seen.judged
        if name in seen.arrays
    ),
    "not-filled": is_partly_zero,
    "ties": goes_to_a_tied_label,
    "step-count": somewhere(lambda seen: seen.arrays["steps"] != STEPS),
    "loss-not-asked": lambda calls: not any("steps" in seen.arrays for seen in calls),
    "history": lambda calls: any(
        not np.array_equal(np.ravel(seen.arrays["loss_history"]), seen.arrays["losses"])
        for seen in calls
        if "losses" in seen.arrays
    ),
    "batch-shape": somewhere(
        lambda seen: (
            len(seen.arrays["shape of the first X_batch"]) != 2
            or seen.arrays["shape of the first X_batch"][1] != 4
            or len(seen.arrays["shape of the first y_batch"]) != 1
        )
    ),
    "batch-size": somewhere(lambda seen: not full(seen, seen.arrays["rows in X_batch"]).all()),
    "labels-of-other-examples": somewhere(
        lambda seen: (
            np.any(
                seen.arrays["labels that belong to their rows"]
                < seen.arrays["rows that are rows of X"]
            )
            or not full(seen, seen.arrays["labels in y_batch"]).all()
        )
    ),
    "not-training-examples": somewhere(
        lambda seen: np.any(seen.arrays["rows that are rows of X"] < seen.arrays["rows in X_batch"])
    ),
    "same-batch-each-step": somewhere(lambda seen: not seen.arrays["the batch is a new one"].all()),
    "one-example-batch": somewhere(
        lambda seen: np.mean(seen.arrays["different examples in a batch"] == 1) > 0.5
    ),
    "part-never-drawn": somewhere(
        lambda seen: seen.arrays["examples drawn"] < len(seen.arguments["X"])
    ),
    "reg-not-passed-on": somewhere(lambda seen: np.any(seen.arrays["reg in the loss"] != 0.7)),
    "loss-not-lowered": lambda calls: any(
        np.mean(history[-10:]) >= np.mean(history[:10]) / 2
        for seen in calls
        if (history := seen.arrays.get("losses down a bowl")) is not None
    ),
    "parameters-not-updated": somewhere(
        lambda seen: any(
            np.all(path == path[0]) for name, path in seen.arrays.items() if "path of" in name
        )
    ),
    "step-after-loop": somewhere(
        lambda seen: all(
            np.all(path[:-1] == path[0]) and np.any(path[-1] != path[0])
            for name, path in seen.arrays.items()
            if "path of" in name
        )
    ),
}


def number(text):
    return float(text.rstrip(".;,"))


def close(told, value):
    """A number is told with a few digits."""
    return np.isclose(number(told), value, rtol=2e-3, atol=1e-6, equal_nan=True)


def holds_of_an_entry(found, seen):
    name, index = found["array"], found["index"]
    got, right = shaped(seen.arrays[name], seen.expected[name]), seen.expected[name]
    place = tuple(map(int, index.split(", "))) if index else ()
    return close(found["got"], got[place]) and close(found["right"], right[place])


def holds_of_a_vote(found, seen):
    i = int(found["i"])
    k, y = seen.arguments["k"], seen.arguments["y_train"]
    near = y[np.argsort(seen.arguments["dists"][i], kind="stable")[:k]]
    told = [int(label) for label in found["labels"].split(", ") if label != "..."]
    got, right = entries(seen)
    return (
        int(found["k"] or 1) == k
        and told == list(near[:15])
        and close(found["got"], got[i])
        and close(found["right"], right[i])
    )


def steps_of(array, rule):
    """A check of `in 7 of 20 steps`: how often the rule holds for the entries of an array."""

    def holds(found, seen):
        off = rule(seen.arrays[array], seen)
        told = off.size if found["n"] == "all" else int(found["n"].removesuffix(" of"))
        return told == off.sum() and int(found["steps"]) == off.size

    return holds


def holds_of_rates(found, seen):
    name = found["array"]
    gradient = {"W": W_GRADIENT, **NET_GRADIENTS}[name]
    moves = -np.diff(seen.arrays[f"path of {name}"], axis=0)
    told = np.array([float(rate) for rate in found["got"].split(", ")])
    steps = np.arange(int(found["first"]) - 1, int(found["last"]))
    along = [rate * (1 + t % 3) * gradient for t, rate in zip(steps, told, strict=True)]
    return np.allclose(along, moves[steps], rtol=2e-3, atol=1e-6)


def holds_of_a_shape(found, seen):
    name = found["array"]
    return str(shaped(seen.arrays[name], seen.expected[name]).shape) == f"({found['shape']})"


def holds_of_a_batch(found, seen):
    shape = seen.arrays[f"shape of the first {found['array']}"]
    return str(tuple(map(int, shape))) == f"({found['shape']})"


def holds_of_draws(found, seen):
    count, N = seen.arrays["examples drawn"], len(seen.arguments["X"])
    return (int(found["drawn"]), int(found["N"])) == (count, N) and count < N


def holds_of_sizes(found, seen):
    array = "rows in X_batch" if found["what"] == "X" else "labels in y_batch"
    return steps_of(array, lambda sizes, seen: ~full(seen, sizes))(found, seen)


COUNT = r"in (?P<n>all|\d+ of) (?P<steps>\d+) steps"
PLACE = r"(?P<array>\w+(\[\d+\](?=\[))?)(\[(?P<index>[\d, ]+)\])?"
SENTENCES = {
    PLACE + r" is (?P<got>\S+), but should be (?P<right>[^\s;]+)"
    r"(; \d+ of \d+ entries are off)?\.": holds_of_an_entry,
    PLACE + r" is (nan|-?inf): all must be finite\.": lambda found, seen: (
        not np.isfinite(seen.arrays[found["array"]]).all()
    ),
    r"(?P<array>\w+(\[\d+\])?) must have shape \([\d, ]+\), but yours has "
    r"\((?P<shape>[\d, ]*)\)\.": holds_of_a_shape,
    r"the nearest (neighbour|(?P<k>\d+)) of test example (?P<i>\d+) ha(ve|s) the labels? "
    r"(?P<labels>[\d, .]+?)(, nearest first)?: you predict (?P<got>\S+), but should predict "
    r"(?P<right>\d+)\.": holds_of_a_vote,
    r"(?P<zeros>\d+) of \d+ distances are 0\.": lambda found, seen: (
        int(found["zeros"]) == np.sum((entries(seen)[0] == 0) & (entries(seen)[1] > 0))
    ),
    r"steps (?P<first>\d+) to (?P<last>\d+) take (?P<got>.+?) times the gradient off "
    r"(?P<array>\w+); right are .+?\d\.(?= |$)": holds_of_rates,
    rf"(?P<what>X|y)_batch has \d+ (rows|labels) and not \d+, {COUNT}\.": holds_of_sizes,
    rf"X_batch has rows that are not rows of X, {COUNT}\.": steps_of(
        "rows that are rows of X", lambda known, seen: known < seen.arrays["rows in X_batch"]
    ),
    rf"y_batch does not hold the labels of the rows of X_batch, {COUNT}\.": steps_of(
        "labels that belong to their rows",
        lambda own, seen: own < seen.arrays["rows that are rows of X"],
    ),
    rf"X_batch is that of the step before, {COUNT} after the first\.": steps_of(
        "the batch is a new one", lambda is_new, seen: ~is_new[1:]
    ),
    rf"all rows of X_batch are the same example, {COUNT}\.": steps_of(
        "different examples in a batch", lambda count, seen: count == 1
    ),
    rf"train was given reg = 0\.7, but the loss gets \S+, {COUNT}\.": steps_of(
        "reg in the loss", lambda regs, seen: regs != 0.7
    ),
    r"(?P<array>[Xy]_batch) has shape \((?P<shape>[\d, ]*)\) in the first step, but should have "
    r"\([\d, ]+\)\.": holds_of_a_batch,
    r"only (?P<drawn>\d+) of (?P<N>\d+) examples ever come into a batch, in \d+ draws\.": (
        holds_of_draws
    ),
    r"num_iters is 20, but the weights make (?P<steps>\d+) steps?\.": lambda found, seen: (
        int(found["steps"]) == seen.arrays["steps"] != 20
    ),
    r"train never asks for self\.loss\(X_batch, y_batch, \.\.\.\)\.": lambda found, seen: (
        "steps" not in seen.arrays
    ),
    r"which are far apart, the last ten losses are (?P<last>\S+) on average, and the first ten "
    r"(?P<first>\S+): they should fall below the half\.": lambda found, seen: (
        number(found["last"]) >= number(found["first"]) / 2
    ),
}
# Sentences that are told without a case.
OF_ALL = {
    r"(Only zeros come back: s|S)till to be written\.": lambda found, observed: (
        not any(np.any(seen.arrays[name]) for seen in observed for name in seen.judged)
    ),
    r"(?P<names>(W1|b1|W2|b2| and )+) ends? as at the start\.": lambda f, observed: all(
        np.array_equal(seen.arrays[name], NET_START[name])
        for name in f["names"].split(" and ")
        for seen in observed
        if name in seen.arrays
    ),
    r"(?P<array>\w+) is off too, in another way\.": lambda f, observed: any(
        not agrees(seen.arrays[f["array"]], seen.expected[f["array"]])
        for seen in observed
        if f["array"] in seen.arrays
    ),
    r"\d+ of (?P<all>\d+) calls are wrong(: right with .+?)?\.(?= |$)": lambda f, observed: (
        int(f["all"]) == len(observed)
    ),
    r"The largest error is (?P<size>\S+)% of the largest entry\.": lambda f, observed: (
        number(f["size"]) > 0
    ),
    r"The error sits in (row|column)s? [\d, ]+ of \w+\.": lambda f, observed: True,
}


def untrue(found, observed, constructions):
    """Sentences of a verdict that do not hold, or of which nobody has said when they do.

    constructions : list of (names of the faults, name of an array, that array of each call)
    """
    text, told = found.message, []
    for name in filter(None, [found.diagnosis, *found.evidence.get("also", ())]):
        text = text.replace(MISTAKES[name].says, "", 1)
        holds = any(
            name in faults and same([seen.arrays.get(key) for seen in observed], arrays)
            for faults, key, arrays in constructions
        )
        if not (holds or (name in CONDITIONS and CONDITIONS[name](observed))):
            told.append(f"{name}: {MISTAKES[name].says}")
    cases = {f"With {seen.case.name}, ": seen for seen in observed}
    for beginning, seen in sorted(cases.items(), key=lambda item: -len(item[0])):
        for pattern, holds in SENTENCES.items() if beginning in text else ():
            while match := re.search(re.escape(beginning) + pattern, text):
                text = text.replace(match[0], "", 1)
                told += [] if holds(match, seen) else [match[0]]
    for pattern, holds in OF_ALL.items():
        while match := re.search(pattern, text):
            text = text.replace(match[0], "", 1)
            told += [] if holds(match, observed) else [match[0]]
    rest = text.replace("Besides:", "").strip()
    return told + ([f"without a condition: {rest}"] if rest else [])


def same(one, other):
    """Whether two lists of arrays are equal to round-off."""
    return all(
        a is not None
        and a.shape == b.shape
        and agrees(np.nan_to_num(a, nan=-1.0), np.nan_to_num(b, nan=-1.0), 1e-4)
        for a, b in zip(one, other, strict=True)
        if a is not None or b is not None
    )


def check(name, answers, constructions, pairs, wrong, named):
    """Nothing is untrue in the verdicts on answers, of which so many at least are wrong and named.

    answers : list of (names of the faults, dicts of arrays, one for each case)
    """
    exercise, untold, verdicts = find(name), [], []
    for faults, got in answers:
        got = [_encoded(case) for case in got]
        verdicts.append(judge(exercise, Answers(got, [[] for _ in got])))
        told = untrue(verdicts[-1], plain(exercise, got), constructions)
        untold += [f"{' + '.join(faults) or 'right'}: {says}" for says in told]
    assert not untold and len(answers) == pairs
    assert sum(found.status in ("wrong", "unsolved", "unstable") for found in verdicts) >= wrong
    assert sum(found.diagnosis is not None for found in verdicts) >= named


def check_crossed(name, key, first, second, answer, wrong, named):
    """The same of each pair of faults, compared by one array."""
    answers, pairs = crossed(name, first, second, answer), len(first) * len(second)
    check(name, answers, by(key, answers, name), pairs, wrong, named)


def plain(exercise, got):
    """The calls that decide, as the judge sees them."""
    observed = []
    for case, arrays in zip(exercise.cases(), got, strict=True):
        arrays = exercise.facts(case.arguments, arrays)
        seen = Observed(case, arrays, exercise.reference(case), tolerance=TOLERANCE)
        expected = exercise.expect(seen)
        judged = exercise.judged or tuple(set(expected) - {"transposed"})
        if case.failure == "wrong":
            observed.append(Observed(case, arrays, expected, judged))
    return observed


def crossed(exercise, first, second, answer):
    """Answers of each pair of faults: (names, dicts of arrays).

    first, second : dicts from names of faults to what makes them; answer : function(arguments of a
    case, the one, the other) -> dict of arrays
    """
    exercise = find(exercise)

    def answers(one, other):
        """Cases that do not decide come back as they should."""
        return [
            answer(case.arguments, one, other)
            if case.failure == "wrong"
            else exercise.reference(case)
            for case in exercise.cases()
        ]

    return [(a + b, answers(first[a], second[b])) for a, b in itertools.product(first, second)]


def by(key, answers, exercise):
    """Answers as constructions, compared by one array."""
    exercise = find(exercise)

    def decisive(got):
        calls = zip(got, exercise.cases(), strict=True)
        calls = ((case, _encoded(arrays)) for arrays, case in calls if case.failure == "wrong")
        return [exercise.facts(case.arguments, arrays).get(key) for case, arrays in calls]

    return [
        (faults, key, [a if a is None else np.asarray(a) for a in decisive(got)])
        for faults, got in answers
    ]


# Distances: what is summed, and what becomes of the sums.


def expanded(*factors):
    """A sum of |x|^2, x.t and |t|^2."""

    def sums(X, T):
        parts = (X**2).sum(axis=1)[:, np.newaxis], X @ T.T, (T**2).sum(axis=1)
        return (
            sum(factor * part for factor, part in zip(factors, parts, strict=True)) + 0 * parts[1]
        )

    return sums


def differences(way):
    return lambda X, T: way(X[:, np.newaxis] - T)


SUMS = {
    (): differences(lambda d: (d**2).sum(axis=2)),
    ("mean-for-sum",): differences(lambda d: (d**2).mean(axis=2)),
    ("squared-after-sum",): differences(lambda d: d.sum(axis=2) ** 2),
    ("numbers-left-out",): differences(lambda d: (d[..., 1:] ** 2).sum(axis=2)),
    ("numbers-left-out", "last"): differences(lambda d: d[..., -1] ** 2),
    ("axis-missing",): differences(lambda d: (d**2).sum(axis=(1, 2))[:, None] + 0 * d[..., 0]),
    ("root-of-l1", "l1-distance"): differences(lambda d: np.abs(d).sum(axis=2)),
    ("max-distance",): differences(lambda d: np.abs(d).max(axis=2)),
    ("roots-summed",): differences(lambda d: np.sqrt(np.abs(d)).sum(axis=2)),
    ("cross-term",): expanded(1, 2, 1),
    ("cross-term", "factor"): expanded(1, -1, 1),
    ("squares-missing",): expanded(0, -2, 1),
    ("squares-missing", "other"): expanded(1, -2, 0),
    ("root-of-a-part",): lambda X, T: (np.sqrt(expanded(1, -2, 0)(X, T)) + (T**2).sum(axis=1)) ** 2,
}
ENDS = {
    (): np.sqrt,
    ("root-missing",): lambda S: S,
    ("root-twice",): lambda S: np.sqrt(np.sqrt(S)),
    ("distances-cut",): lambda S: np.floor(np.sqrt(S)),
    ("distances-cut", "root-missing"): np.floor,
    ("distances-sorted",): lambda S: np.sort(np.sqrt(S), axis=1),
    ("transposed",): lambda S: np.sqrt(S).T,
    ("transposed", "root-missing"): lambda S: S.T,
    ("distances-overwritten",): lambda S: np.sqrt(S[-1:]) + 0 * S,
    ("not-filled",): lambda S: np.sqrt(S) * (np.arange(len(S)) % 2 == 0)[:, np.newaxis],
    ("a percent off",): lambda S: 1.01 * np.sqrt(S),
}


def test_distances():
    name = "KNearestNeighbor.compute_distances_no_loops"

    def answer(arguments, sums, end):
        return {"dists": end(sums(*(arguments[key].astype(float) for key in ("X", "X_train"))))}

    check_crossed(name, "dists", SUMS, ENDS, answer, wrong=150, named=40)


# Votes: who votes, and who wins. Each takes the labels, the distances of one row and k.

VOTERS = {
    (): lambda d, k: np.argsort(d, kind="stable")[:k],
    ("k-off-by-one",): lambda d, k: np.argsort(d, kind="stable")[: k + 1],
    ("k-off-by-one", "nearest left out"): lambda d, k: np.argsort(d, kind="stable")[1 : k + 1],
    ("k-ignored",): lambda d, k: np.argsort(d, kind="stable")[:1],
    ("farthest-neighbours",): lambda d, k: np.argsort(-d, kind="stable")[:k],
    ("all-examples-vote",): lambda d, k: np.argsort(d, kind="stable"),
    ("first-examples-vote",): lambda d, k: np.arange(k),
    ("ranks-for-indices",): lambda d, k: np.argsort(np.argsort(d, kind="stable"))[:k],
    ("distances-rounded",): lambda d, k: np.argsort(d.astype(int), kind="stable")[:k],
}


def counted_votes(way):
    return lambda y, near, d: way(*np.unique(y[near], return_counts=True))


def run_of(labels):
    runs = [(label, len(list(run))) for label, run in itertools.groupby(labels)]
    return max(runs, key=lambda run: run[1])[0]


WINNERS = {
    (): counted_votes(lambda labels, counts: labels[counts.argmax()]),
    ("ties",): counted_votes(lambda labels, counts: labels[counts == counts.max()][-1]),
    ("longest-run",): lambda y, near, d: run_of(y[near]),
    ("fewest-votes",): counted_votes(lambda labels, counts: labels[counts.argmin()]),
    ("place-for-label",): counted_votes(lambda labels, counts: counts.argmax()),
    ("place-among-sorted",): lambda y, near, d: y[near][
        np.unique(y[near], return_counts=True)[1].argmax()
    ],
    ("count-for-label",): counted_votes(lambda labels, counts: counts.max()),
    ("ties-left-open",): counted_votes(
        lambda labels, counts: 0 if np.sum(counts == counts.max()) > 1 else labels[counts.argmax()]
    ),
    ("label-0-left-out",): lambda y, near, d: np.bincount(y[near], y[near] > 0).argmax(),
    ("weighted-votes",): lambda y, near, d: np.bincount(y[near], 1 / (1 + d[near])).argmax(),
    ("vote-missing",): lambda y, near, d: y[near].mean(),
    ("majority-only",): counted_votes(
        lambda labels, counts: labels[counts.argmax()] if 2 * counts.max() > counts.sum() else 0
    ),
    ("vote-missing", "largest"): lambda y, near, d: y[near].max(),
    ("indices-for-labels",): lambda y, near, d: near[0],
    ("votes-over-indices",): lambda y, near, d: y[near.min()],
    ("labels-sorted",): lambda y, near, d: np.bincount(np.sort(y)[near]).argmax(),
    ("smallest-labels-vote",): lambda y, near, d: np.bincount(np.sort(y)[: len(near)]).argmax(),
}


def test_votes():
    name = "KNearestNeighbor.predict_labels"

    def answer(arguments, voters, winner):
        dists, y, k = (arguments[key] for key in ("dists", "y_train", "k"))
        return {"y_pred": np.array([winner(y, voters(row, k), row) for row in dists])}

    check_crossed(name, "y_pred", VOTERS, WINNERS, answer, wrong=130, named=40)


# Cross-validation: who trains and who is predicted, by which k, and what is noted of it.


def but(folds, *left_out):
    return np.concatenate([fold for i, fold in enumerate(folds) if i not in left_out])


def cut(folds, way):
    """Other folds of as many examples, each given by N, F and its number."""
    N, F = sum(map(len, folds)), len(folds)
    return [way(np.arange(N), N // F, F, i) for i in range(F)]


def trained_on(way):
    return lambda folds, i: (way(folds, i), way(folds, i), folds[i])


def with_folds(way):
    def round_of(folds, i):
        its = cut(folds, way)
        return but(its, i), but(its, i), its[i]

    return round_of


# Who trains, whose labels they get, and who is predicted.
ROUNDS = {
    (): trained_on(but),
    ("trained-on-all",): trained_on(lambda folds, i: np.concatenate(folds)),
    ("validated-on-training",): lambda folds, i: [but(folds, i)] * 3,
    ("validated-on-training", "the fold"): lambda folds, i: [folds[i]] * 3,
    ("validated-on-training", "all"): lambda folds, i: [np.concatenate(folds)] * 3,
    ("folds-swapped",): lambda folds, i: (folds[i], folds[i], but(folds, i)),
    ("fold-left-out",): trained_on(lambda folds, i: but(folds, i, 0)),
    ("fold-left-out", "next"): trained_on(lambda folds, i: but(folds, i, (i + 1) % len(folds))),
    ("one-fold-trains",): trained_on(lambda folds, i: folds[-1 if i < len(folds) - 1 else -2]),
    ("same-fold-validated",): lambda folds, i: (but(folds, i), but(folds, i), folds[0]),
    ("trained-once",): trained_on(lambda folds, i: but(folds, 0)),
    ("folds-not-aligned",): lambda folds, i: (but(folds, i), but(folds, i)[::-1], folds[i]),
    ("rows-left-out",): with_folds(lambda all, size, F, i: all[i * size : (i + 1) * size]),
    ("folds-cut-otherwise",): with_folds(lambda all, size, F, i: all[i::F]),
    ("half of them",): trained_on(lambda folds, i: but(folds, i)[::2]),
}
WHICH_K = {
    (): lambda choices, i: choices[i],
    ("choice-ignored",): lambda choices, i: choices[0],
    ("other-choice",): lambda choices, i: choices[i] + 1,
    ("other-choice", "sorted"): lambda choices, i: sorted(choices)[i],
}


def each_list(way):
    return lambda lists: [way(its) for its in lists]


# Of lists of arrays, of what is right in each fold.
NOTES = {
    (): each_list(lambda its: [np.mean(right) for right in its]),
    ("fold-mean",): each_list(lambda its: np.mean([np.mean(right) for right in its])),
    ("fold-mean", "pooled"): each_list(lambda its: [np.mean(np.concatenate(its))] * len(its)),
    ("folds-overwritten",): each_list(lambda its: [np.mean(its[-1])]),
    ("list-shared",): lambda lists: (
        [[np.mean(right) for its in lists for right in its]] * len(lists)
    ),
    ("not-a-share",): each_list(lambda its: [np.sum(right) for right in its]),
    ("not-a-share", "wrong ones"): each_list(lambda its: [np.mean(~right) for right in its]),
    ("the largest",): each_list(lambda its: [max(map(np.mean, its))] * len(its)),
}


def cross_validated(arguments, round_of, which_k, note):
    X, y, choices, F = (arguments[key] for key in ("X", "y", "choices", "num_folds"))
    folds, lists = np.array_split(np.arange(len(X)), F), [[] for _ in choices]
    for fold in range(F):
        train, labels, asked = round_of(folds, fold)
        dists = np.linalg.norm(X[asked][:, np.newaxis] - X[train], axis=2)
        near = y[labels][np.argsort(dists, axis=1, kind="stable")]
        for i in range(len(choices)):
            voters = near[:, : which_k(choices, i)]
            lists[i].append(np.array([np.bincount(row).argmax() for row in voters]) == y[asked])
    return {f"accuracies[{k}]": its for k, its in zip(choices, note(lists), strict=True)}


@pytest.mark.parametrize(
    "rounds, ks, notes, wrong, named",
    [(ROUNDS, {(): WHICH_K[()]}, NOTES, 119, 95), (ROUNDS, WHICH_K, {(): NOTES[()]}, 59, 50)],
    ids=["notes", "choices"],
)
def test_folds(rounds, ks, notes, wrong, named):
    """All choices are compared by k = 3, which is tried in each case."""
    name, both = "cross_validate", {a + b: (ks[a], notes[b]) for a in ks for b in notes}

    def answer(arguments, round_of, ends):
        return cross_validated(arguments, round_of, *ends)

    check_crossed(name, "accuracies[3]", rounds, both, answer, wrong, named)


# NCA: faults of the loss with faults of the gradient.


def chosen(arguments, itself=False, similarity=lambda D: -D):
    """Z, who is of the same class, P and Q."""
    A, X, y = (arguments[key].astype(float) for key in ("A", "X", "y"))
    Z = X @ A.T
    S = similarity(((Z[:, np.newaxis] - Z) ** 2).sum(axis=2))
    other = ~np.eye(len(X), dtype=bool)
    S = np.where(other | itself, S, -np.inf)
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    own = P * ((y[:, np.newaxis] == y) & other)
    return X, Z, P, own, own / own.sum(axis=1, keepdims=True)


def loss_of(way, **choice):
    return lambda arguments: way(chosen(arguments, **choice)[3])


def log_p(own):
    return np.log(own.sum(axis=1))


def gradient_of(M_of, columns=1, both=(1, 1), **choice):
    def gradient(arguments):
        X, Z, P, own, Q = chosen(arguments, **choice)
        M = M_of(P, own, Q) / len(X)
        dZ = both[0] * M @ Z + both[1] * M.T @ Z - columns * M.sum(axis=0)[:, np.newaxis] * Z
        return 2 * dZ.T @ X

    return gradient


def difference_of(P, own, Q):
    return P - Q


LOSSES = {
    (): loss_of(lambda own: -log_p(own).mean()),
    ("not-averaged",): loss_of(lambda own: -log_p(own).sum()),
    ("sign",): loss_of(lambda own: log_p(own).mean()),
    ("log-missing",): loss_of(lambda own: -own.sum() / len(own)),
    ("mean-before-log",): loss_of(lambda own: -np.log(own.sum() / len(own))),
    ("self-in-denominator",): loss_of(lambda own: -log_p(own).mean(), itself=True),
    ("distances-not-squared",): loss_of(
        lambda own: -log_p(own).mean(), similarity=lambda D: -np.sqrt(D)
    ),
    ("distances-halved",): loss_of(lambda own: -log_p(own).mean(), similarity=lambda D: -D / 2),
    ("example-left-out",): loss_of(lambda own: -log_p(own)[1:].sum() / len(own)),
    ("wrong-logarithm",): loss_of(lambda own: -np.log10(own.sum(axis=1)).mean()),
    ("constant-factor",): loss_of(lambda own: -2 * log_p(own).mean()),
    ("a percent off",): loss_of(lambda own: -1.01 * log_p(own).mean()),
    ("0",): lambda arguments: 0.0,
}
RIGHT_GRADIENT = gradient_of(difference_of)
GRADIENTS = {
    (): RIGHT_GRADIENT,
    ("factor-2-missing",): lambda arguments: RIGHT_GRADIENT(arguments) / 2,
    ("not-averaged",): lambda arguments: len(arguments["X"]) * RIGHT_GRADIENT(arguments),
    ("sign",): lambda arguments: -RIGHT_GRADIENT(arguments),
    ("transposed",): lambda arguments: RIGHT_GRADIENT(arguments).T,
    ("column-sums-missing",): gradient_of(difference_of, columns=0),
    ("not-symmetrised",): gradient_of(difference_of, both=(2, 0)),
    ("target-missing",): gradient_of(lambda P, own, Q: P),
    ("target-not-rescaled",): gradient_of(lambda P, own, Q: P - own),
    ("self-in-denominator",): gradient_of(difference_of, itself=True),
    ("distances-halved",): gradient_of(difference_of, similarity=lambda D: -D / 2),
    ("a percent off",): lambda arguments: 1.01 * RIGHT_GRADIENT(arguments),
    ("gradient-missing",): lambda arguments: 0 * RIGHT_GRADIENT(arguments),
}


def test_nca():
    def answer(arguments, loss, gradient):
        return {"loss": loss(arguments), "dA": gradient(arguments)}

    answers = crossed("nca_loss", LOSSES, GRADIENTS, answer)
    losses = crossed("nca_loss", LOSSES, {(): RIGHT_GRADIENT}, answer)
    gradients = crossed("nca_loss", {(): LOSSES[()]}, GRADIENTS, answer)
    constructions = by("loss", losses, "nca_loss") + by("dA", gradients, "nca_loss")
    check("nca_loss", answers, constructions, pairs=169, wrong=160, named=140)


# Predictions: what is done to the scores, and how a label is read from them.

SCORES = {
    (): lambda S: S,
    ("relu-on-scores",): lambda S: np.maximum(S, 0),
    ("absolute-scores",): np.abs,
    ("scores-cut",): np.trunc,
    ("sum-wrong-axis",): lambda S: np.exp(S) / np.exp(S).sum(axis=0),
    ("argmin",): lambda S: -S,
}
READINGS = {
    (): lambda S: S.argmax(axis=1),
    ("second-largest",): lambda S: np.argsort(S, axis=1)[:, -2],
    ("labels-from-1",): lambda S: S.argmax(axis=1) + 1,
    ("one-example-for-all",): lambda S: S[:1].argmax(axis=1) + np.zeros(len(S)),
    ("not-filled",): lambda S: S.argmax(axis=1) * (np.arange(len(S)) == 0),
    ("scores-for-labels",): lambda S: S.max(axis=1),
    ("wrong-axis",): lambda S: S.argmax(axis=0),
    ("a class for another",): lambda S: np.where(S.argmax(axis=1) == 1, 0, S.argmax(axis=1)),
}


def test_predictions():
    name = "LinearClassifier.predict"

    def answer(arguments, scores, reading):
        return {"y_pred": reading(scores(arguments["X"].astype(float) @ arguments["W"]))}

    check_crossed(name, "y_pred", SCORES, READINGS, answer, wrong=46, named=15)


def forward(b1=1, b2=1, activation=lambda a: np.maximum(a, 0), after=0):
    def scores(X):
        p = NET_START
        return (activation(X @ p["W1"] + b1 * p["b1"]) + after * p["b1"]) @ p["W2"] + b2 * p["b2"]

    return scores


FORWARDS = {
    (): forward(),
    ("bias-missing",): forward(b1=0),
    ("bias-missing", "b2"): forward(b2=0),
    ("bias-twice",): forward(b1=2),
    ("bias-after-relu",): forward(b1=0, after=1),
    ("relu-missing",): forward(activation=lambda a: a),
    ("other-activation",): forward(activation=np.tanh),
    ("other-activation", "leaky"): forward(activation=lambda a: np.maximum(a, 0.01 * a)),
    ("relu6",): forward(activation=lambda a: np.clip(a, 0, 6)),
}


def test_predictions_of_the_net():
    name = "TwoLayerNet.predict"

    def answer(arguments, scores, change):
        return {"y_pred": change(scores(arguments["X"].astype(float))).argmax(axis=1)}

    check_crossed(name, "y_pred", FORWARDS, SCORES, answer, wrong=50, named=30)


# Training: batches, steps and the list of losses, in small training loops.


def drawn(N, size):
    return np.random.randint(N, size=size)  # as choice does, which takes longer


BATCHES = {
    (): lambda X, y, B, i: (X[i], y[i]),
    ("labels",): lambda X, y, B, i: (X[i], y[: len(i)]),
    ("some labels",): lambda X, y, B, i: (X[i], y[i] if i[0] % 3 else y[::-1][i]),
    ("other rows",): lambda X, y, B, i: (X[i] - X.mean(axis=0), y[i]),
    ("first rows",): lambda X, y, B, i: (X[np.arange(B) % len(X)], y[np.arange(B) % len(X)]),
    ("half",): lambda X, y, B, i: (X[i[: B // 2]], y[i[: B // 2]]),
    ("one example",): lambda X, y, B, i: (X[i[:1].repeat(B)], y[i[:1].repeat(B)]),
    ("first four",): lambda X, y, B, i: (X[i % 4], y[i % 4]),
    ("a row of labels",): lambda X, y, B, i: (X[i], y[i][np.newaxis]),
    ("all",): lambda X, y, B, i: (X, y),
}


def plus(way):
    """Steps that need no memory: what is added to the weights."""
    return lambda W, dW, rate, memory: W + way(W, dW, rate)


def with_momentum(W, dW, rate, memory, plain=0):
    memory["v"] = 0.9 * memory.get("v", 0) - rate * dW
    return W + memory["v"] - plain * rate * dW


def with_all_gradients(W, dW, rate, memory):
    memory["sum"] = memory.get("sum", 0) + dW
    return W - rate * memory["sum"]


def from_the_first(W, dW, rate, memory):
    return memory.setdefault("start", W) - rate * dW


WALKS = {
    (): plus(lambda W, dW, rate: -rate * dW),
    ("uphill",): plus(lambda W, dW, rate: rate * dW),
    ("never-updated", "parameters-not-updated"): plus(lambda W, dW, rate: 0 * dW),
    ("learning-rate-missing",): plus(lambda W, dW, rate: -dW),
    ("learning-rate-other",): plus(lambda W, dW, rate: -0.3 * rate * dW),
    ("step-twice",): plus(lambda W, dW, rate: -2 * rate * dW),
    ("step-assigned",): plus(lambda W, dW, rate: -W - rate * dW),
    ("gradient-normalised",): plus(lambda W, dW, rate: -rate * np.sign(dW)),
    ("penalty-in-step",): plus(lambda W, dW, rate: -rate * (dW + 0.7 * W)),
    ("momentum",): with_momentum,
    ("momentum-besides",): lambda *step: with_momentum(*step, plain=1),
    ("gradients-accumulated",): with_all_gradients,
    ("steps-not-added",): from_the_first,
    ("clipped",): plus(lambda W, dW, rate: -rate * np.clip(dW, -1, 1)),
}
HISTORIES = {
    (): lambda history, loss: history + [loss],
    ("the last",): lambda history, loss: [loss],
    ("means",): lambda history, loss: history + [(sum(history) + loss) / (len(history) + 1)],
    ("nothing",): lambda history, loss: history,
}
STRENGTHS = {(): 1.0, ("no reg",): 0.0}


def linear_training(batch, walk, note, strength=1.0, steps=20):
    """A module with a LinearClassifier whose training loop is made of these."""

    class LinearClassifier:
        def train(self, X, y, learning_rate, reg, num_iters, batch_size, verbose=False):
            history, memory = [], {}
            self.W = getattr(self, "W", np.zeros((X.shape[1], y.max() + 1)))
            for _ in range(num_iters * steps // 20):
                indices = drawn(len(X), batch_size)
                loss, dW = self.loss(*batch(X, y, batch_size, indices), strength * reg)
                history = note(history, float(loss))
                self.W = walk(self.W, dW, learning_rate, memory)
            return history

    return SimpleNamespace(LinearClassifier=LinearClassifier)


def trained(name, parts):
    """Answers of training loops, each given as a module: (names, dicts of arrays).

    The last case is a longer training, which decides only where all else is right; the one before,
    of read-only examples, gives what the first does.
    """
    exercise = find(name)
    *cases, again, bowl = exercise.cases()
    np.testing.assert_equal(again.arguments, cases[0].arguments)
    answers = [
        (names, [exercise.call(module, **case.arguments) for case in cases])
        for names, module in parts
    ]
    last = exercise.reference(bowl)
    return [(names, [*arrays, arrays[0], last]) for names, arrays in answers]


def test_training():
    name, right = "LinearClassifier.train", HISTORIES[()]
    parts = [
        (a + b, linear_training(BATCHES[a], WALKS[b], right))
        for a, b in itertools.product(BATCHES, WALKS)
    ]
    parts += [
        (b + c, linear_training(BATCHES[()], WALKS[b], HISTORIES[c]))
        for b, c in itertools.product(list(WALKS)[:4], HISTORIES)
    ]
    parts += [
        (a + d, linear_training(BATCHES[a], WALKS[()], right, STRENGTHS[d], steps))
        for a, d in itertools.product(BATCHES, STRENGTHS)
        for steps in (10, 21)
    ]
    answers = trained(name, parts)
    check(name, answers, by("path of W", answers, name), pairs=196, wrong=180, named=180)


def test_a_loop_that_asks_without_end_is_told_so():
    exercise, parts = find("LinearClassifier.train"), (BATCHES[()], WALKS[()], HISTORIES[()])
    asks, ends_not = (linear_training(*parts, steps=QUESTIONS + more) for more in (0, 1))
    arguments = exercise.cases()[0].arguments
    noted = {name: np.asarray(array) for name, array in exercise.call(asks, **arguments).items()}
    assert exercise.facts(arguments, noted)["steps"] == QUESTIONS
    with pytest.raises(RuntimeError, match="asked without end, where num_iters is 20"):
        exercise.call(ends_not, **arguments)


def net_training(**walks):
    """A module with a TwoLayerNet whose training loop moves the weights and the biases by these."""

    class TwoLayerNet:
        def __init__(self, input_size, hidden_size, output_size, std=1e-4):
            self.params = {name: 0 * value for name, value in NET_START.items()}

        def train(self, X, y, X_val, y_val, learning_rate, learning_rate_decay, reg, **options):
            history, memory = [], {name: {} for name in self.params}
            N, size = len(X), options["batch_size"]
            for step in range(options["num_iters"]):
                indices = drawn(N, size)
                loss, grads = self.loss(X[indices], y[indices], reg=reg)
                history.append(loss)
                for name, value in self.params.items():
                    walk = walks.get(name, walks[name[0]])
                    self.params[name] = walk(value, grads[name], learning_rate, memory[name])
                if step % max(N // size, 1) == 0:
                    learning_rate *= learning_rate_decay
            return {"loss_history": history}

    return SimpleNamespace(TwoLayerNet=TwoLayerNet)


def test_training_of_the_net():
    """The mistake in the weights beside that in the biases, and b1 beside all others."""
    name = "TwoLayerNet.train"
    walks = {faults: walk for faults, walk in WALKS.items() if faults != ("penalty-in-step",)}
    parts = [
        (a + b, net_training(W=walks[a], b=walks[b]))
        for a, b in itertools.product(list(walks)[:9], list(walks)[:7])
    ]
    parts += [(a, net_training(W=WALKS[()], b=WALKS[()], b1=walks[a])) for a in walks]
    answers = trained(name, parts)
    alone = trained(name, [(a, net_training(W=walks[a], b=walks[a])) for a in walks])
    constructions = [
        construction
        for parameter in NET_START
        for construction in by(f"path of {parameter}", alone, name)
    ]
    check(name, answers, constructions, pairs=76, wrong=70, named=70)


# The check of the statements can fail.


def of_l1_distances(explain):
    name = "KNearestNeighbor.compute_distances_no_loops"
    exercise = dataclasses.replace(find(name), explain=explain)
    got = [
        {"dists": np.abs(case.arguments["X"][:, None] - case.arguments["X_train"]).sum(axis=2)}
        for case in exercise.cases()
    ]
    answers = [(("l1-distance",), got)]
    found = judge(exercise, Answers([_encoded(case) for case in got], [[] for _ in got]))
    return untrue(found, plain(exercise, got), by("dists", answers, name))


def test_a_false_sentence_is_found():
    assert of_l1_distances(lambda observed: Explanation(("l1-distance",))) == []
    (told,) = of_l1_distances(lambda observed: Explanation(("root-missing",)))
    assert told.startswith("root-missing: These are squared distances")
    (told,) = of_l1_distances(lambda observed: Explanation(("l1-distance", "not-filled")))
    assert told.startswith("not-filled: ")


def test_a_false_number_is_found():
    case = "With 4 test and 5 training examples of 6 numbers"
    told = f"{case}, dists[0, 0] is 1, but should be 2."
    explanation = Explanation(("l1-distance",), told)
    assert of_l1_distances(lambda observed: explanation) == [told]
    explanation = Explanation(("l1-distance",), f"{case}, 3 of 20 distances are 0.")
    assert len(of_l1_distances(lambda observed: explanation)) == 1


def test_a_sentence_that_nobody_has_a_condition_for_is_found():
    explanation = Explanation(("l1-distance",), "It looks as if you were tired.")
    (told,) = of_l1_distances(lambda observed: explanation)
    assert told == "without a condition: It looks as if you were tired."


def test_a_batch_is_told_with_its_count_of_steps():
    def labels(X, y, B, i):
        return X[i], (y[::-1][i] if len(steps) % 4 == 0 else y[i])

    steps = []

    def note(history, loss):
        steps.append(loss)
        return [*history, loss]

    module = linear_training(labels, WALKS[()], note)
    exercise = find("LinearClassifier.train")
    (got,) = trained(exercise.name, [((), module)])
    found = judge(exercise, Answers([_encoded(case) for case in got[1]], [[]] * len(got[1])))
    assert found.diagnosis == "labels-of-other-examples"
    assert "in 5 of 20 steps" in found.message

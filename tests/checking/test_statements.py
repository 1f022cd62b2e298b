"""Nothing is said that was not compared: every sentence of a verdict has a condition here.

Losses and gradients are made of known parts, right ones and faults: each loss fault is paired with
each gradient fault, each fault of one layer with each of the other. The parts say what is true of
an answer; the verdict on it is taken apart, and each of its sentences must be true.
"""

import dataclasses
import functools
import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest

from assignment.checking import diagnosis, judge
from assignment.checking.answering import Answers
from assignment.checking.exercise import Exercise
from assignment.checking.exercises import find
from assignment.checking.linear import diagnosis as linear
from assignment.checking.linear.terms import AGREE
from assignment.checking.mistakes import MISTAKES
from assignment.checking.net import diagnosis as net

pytestmark = pytest.mark.filterwarnings("ignore")


@dataclasses.dataclass(frozen=True)
class Part:
    """A data term, a factor or a penalty, and the mistakes that are in it.

    make : function that returns it for a case
    mistakes : names of MISTAKES that are true of it; none where it is right, or of no known kind
    """

    make: object
    mistakes: frozenset = frozenset()


def part(make, *mistakes):
    return Part(make, frozenset(mistakes))


# Data terms, as sums over the examples: of scores S, labels y, and N rows.


def log_P(S):
    return S - np.log(np.exp(S).sum(axis=1, keepdims=True))


def own(S, y):
    return -log_P(S)[np.arange(len(y)), y]


def one_hot(S, y):
    return np.eye(S.shape[1])[y]


def margins(S, y):
    """Of the wrong classes, before they are cut off; the right class has -1."""
    return S - S[np.arange(len(y)), y][:, np.newaxis] + 1 - 2 * one_hot(S, y)


def balanced(M):
    """The right class, which has 0, loses what the others have together."""
    return lambda S, y: M(S, y) - one_hot(S, y) * M(S, y).sum(axis=1, keepdims=True)


def violated(S, y):
    return (margins(S, y) > 0).astype(float)


def hinge(S, y):
    return np.maximum(margins(S, y), 0).sum(axis=1)


# What the sum over the examples is multiplied by.
SCALES = {
    "": part(lambda N, C: 1 / N),
    "not a mean": part(lambda N, C: 1, "not-averaged"),
    "divided twice": part(lambda N, C: 1 / N**2, "averaged-twice"),
    "over the classes too": part(lambda N, C: 1 / N / C, "averaged-over-classes"),
    "doubled": part(lambda N, C: 2 / N, "constant-factor"),
    "sign": part(lambda N, C: -1 / N, "sign"),
    "one percent": part(lambda N, C: 1.01 / N, "constant-factor"),
    "off with ten classes": part(lambda N, C: (1.3 if C == 10 else 1) / N),
}

SOFTMAX_LOSSES = {
    "": part(lambda S, y: own(S, y).sum()),
    "log missing": part(lambda S, y: -np.exp(-own(S, y)).sum(), "log-missing"),
    "only -s": part(lambda S, y: -(S * one_hot(S, y)).sum(), "log-sum-missing"),
    "base 10": part(lambda S, y: own(S, y).sum() / np.log(10), "wrong-logarithm"),
    "all classes": part(lambda S, y: -log_P(S).sum(), "all-classes-summed"),
    "not shifted back": part(lambda S, y: (own(S, y) - S.max(axis=1)).sum(), "shift-in-one-place"),
    "normalised over examples": part(
        lambda S, y: -log_P(S.T).T[np.arange(len(y)), y].sum(), "sum-wrong-axis"
    ),
    "last only": part(lambda S, y: own(S, y)[-1], "one-example-only"),
    "first left out": part(lambda S, y: own(S, y)[1:].sum(), "example-left-out"),
    "times the label": part(lambda S, y: (y * own(S, y)).sum(), "label-as-factor"),
    "nothing": part(lambda S, y: 0.0, "data-term-missing"),
    "noise": part(lambda S, y: own(S, y).sum() + 0.1 * len(y)),
    "squared": part(lambda S, y: (own(S, y) ** 2).sum()),
}
SOFTMAX_GRADIENTS = {
    "": part(lambda S, y: np.exp(log_P(S)) - one_hot(S, y)),
    "right class missing": part(lambda S, y: np.exp(log_P(S)), "right-class-missing"),
    "others missing": part(
        lambda S, y: (np.exp(log_P(S)) - 1) * one_hot(S, y), "other-classes-missing"
    ),
    "only -Y": part(lambda S, y: -one_hot(S, y), "probabilities-missing"),
    "set to -1": part(
        lambda S, y: np.exp(log_P(S)) * (1 - one_hot(S, y)) - one_hot(S, y),
        "right-class-overwritten",
    ),
    "added": part(lambda S, y: np.exp(log_P(S)) + one_hot(S, y), "right-class-sign"),
    "not normalised": part(lambda S, y: np.exp(S) - one_hot(S, y), "not-normalised"),
    "normalised over examples": part(
        lambda S, y: np.exp(log_P(S.T).T) - one_hot(S, y), "sum-wrong-axis"
    ),
    "last only": part(
        lambda S, y: (
            (np.exp(log_P(S)) - one_hot(S, y)) * (np.arange(len(y)) == len(y) - 1)[:, None]
        ),
        "one-example-only",
    ),
    "p of the right class": part(
        lambda S, y: np.exp(-own(S, y))[:, None] - one_hot(S, y), "right-probability-for-all"
    ),
    "squared": part(lambda S, y: np.exp(log_P(S)) ** 2 - one_hot(S, y)),
    "nothing": part(lambda S, y: 0 * S, "data-term-missing"),
}
HINGE_LOSSES = {
    "": part(lambda S, y: hinge(S, y).sum()),
    "right class counted": part(lambda S, y: (hinge(S, y) + 1).sum(), "right-class-counted"),
    "margin missing": part(lambda S, y: np.maximum(margins(S, y) - 1, 0).sum(), "margin-missing"),
    "not cut off": part(lambda S, y: (margins(S, y) * (1 - one_hot(S, y))).sum(), "max-missing"),
    "squared": part(lambda S, y: (np.maximum(margins(S, y), 0) ** 2).sum(), "squared-hinge"),
    "largest only": part(
        lambda S, y: np.maximum(margins(S, y), 0).max(axis=1).sum(), "largest-margin-only"
    ),
    "last only": part(lambda S, y: hinge(S, y)[-1], "one-example-only"),
    "last left out": part(lambda S, y: hinge(S, y)[:-1].sum(), "example-left-out"),
    "times the label": part(lambda S, y: (y * hinge(S, y)).sum(), "label-as-factor"),
    "nothing": part(lambda S, y: 0.0, "data-term-missing"),
    "noise": part(lambda S, y: hinge(S, y).sum() + 0.1 * len(y)),
    "cubed": part(lambda S, y: (hinge(S, y) ** 3).sum()),
}
HINGE_GRADIENTS = {
    "": part(balanced(violated)),
    "right class missing": part(violated, "right-class-missing"),
    "others missing": part(
        lambda S, y: -one_hot(S, y) * violated(S, y).sum(axis=1, keepdims=True),
        "other-classes-missing",
    ),
    "counted once": part(lambda S, y: violated(S, y) - one_hot(S, y), "violations-counted-once"),
    "one too many": part(
        lambda S, y: balanced(violated)(S, y) - one_hot(S, y), "right-class-counted"
    ),
    "every class": part(balanced(lambda S, y: 1 - one_hot(S, y)), "mask-of-all"),
    "margins": part(balanced(lambda S, y: np.maximum(margins(S, y), 0)), "margins-for-indicator"),
    "added": part(
        lambda S, y: violated(S, y) + one_hot(S, y) * violated(S, y).sum(axis=1, keepdims=True),
        "right-class-sign",
    ),
    "margin missing": part(balanced(lambda S, y: margins(S, y) > 1), "margin-missing"),
    "last only": part(
        lambda S, y: balanced(violated)(S, y) * (np.arange(len(y)) == len(y) - 1)[:, None],
        "one-example-only",
    ),
    "thrice": part(
        lambda S, y: violated(S, y) - 3 * one_hot(S, y) * violated(S, y).sum(axis=1, keepdims=True)
    ),
    "nothing": part(lambda S, y: 0 * S, "data-term-missing"),
}

# Penalties: of weights W, reg and N. The first two are right, each beside the other of its kind.
PENALTIES = {
    "": part(lambda W, reg, N: reg * np.sum(W * W)),
    "half": part(lambda W, reg, N: reg * np.sum(W * W) / 2),
    "missing": part(lambda W, reg, N: 0.0, "reg-missing-from-loss"),
    "over N": part(lambda W, reg, N: reg * np.sum(W * W) / N, "reg-over-n"),
    "half, over N": part(lambda W, reg, N: reg * np.sum(W * W) / 2 / N, "reg-over-n"),
    "times N": part(lambda W, reg, N: reg * np.sum(W * W) * N, "reg-times-n"),
    "twice": part(lambda W, reg, N: 2 * reg * np.sum(W * W), "reg-twice"),
    "before and after": part(
        lambda W, reg, N: (1 + 1 / N) * reg * np.sum(W * W), "reg-before-and-after"
    ),
    "subtracted": part(lambda W, reg, N: -reg * np.sum(W * W), "reg-sign"),
    "half, dropped": part(lambda W, reg, N: np.sum(W * W) / 2, "reg-strength-dropped"),
    "sum of W": part(lambda W, reg, N: reg * np.sum(W), "reg-other-form"),
    "norm": part(lambda W, reg, N: reg * np.linalg.norm(W), "reg-other-form"),
    "a twentieth": part(lambda W, reg, N: 0.05 * reg * np.sum(W * W), "reg-other-form"),
    "last row": part(lambda W, reg, N: reg * np.sum(W[:-1] ** 2), "reg-last-row-missing"),
    "fourth powers": part(lambda W, reg, N: reg * np.sum(W**4)),
}
PENALTY_GRADIENTS = {
    "": part(lambda W, reg, N: 2 * reg * W),
    "half": part(lambda W, reg, N: reg * W),
    "missing": part(lambda W, reg, N: 0 * W, "reg-missing-from-gradient"),
    "over N": part(lambda W, reg, N: 2 * reg * W / N, "reg-over-n"),
    "half, over N": part(lambda W, reg, N: reg * W / N, "reg-over-n"),
    "times N": part(lambda W, reg, N: 2 * reg * W * N, "reg-times-n"),
    "twice": part(lambda W, reg, N: 4 * reg * W, "reg-twice"),
    "before and after": part(lambda W, reg, N: 2 * (1 + 1 / N) * reg * W, "reg-before-and-after"),
    "subtracted": part(lambda W, reg, N: -2 * reg * W, "reg-sign"),
    "dropped": part(lambda W, reg, N: 2 * W, "reg-strength-dropped"),
    "a number": part(lambda W, reg, N: reg + 0 * W, "reg-other-form"),
    "signs": part(lambda W, reg, N: reg * np.sign(W), "reg-other-form"),
    "a tenth": part(lambda W, reg, N: 0.2 * reg * W, "reg-other-form"),
    "last row": part(
        lambda W, reg, N: 2 * reg * np.vstack([W[:-1], 0 * W[-1:]]), "reg-last-row-missing"
    ),
    "cubes": part(lambda W, reg, N: 4 * reg * W**3),
}


@dataclasses.dataclass(frozen=True)
class Side:
    """A loss, or a gradient: data term times factor plus penalty."""

    data: Part
    scale: Part
    penalty: Part
    is_half: bool  # whether the penalty is made with one half

    @property
    def mistakes(self):
        return self.data.mistakes | self.scale.mistakes | self.penalty.mistakes


def sides(data, penalties):
    """40 ways: each part wrong alone, and some together."""
    combinations = [
        *(("", "", penalty) for penalty in penalties),
        *(("", scale, "") for scale in SCALES if scale),
        *((fault, "", "") for fault in data if fault),
        ("nothing", "", "missing"),
        ("", "off with ten classes", "half"),
        ("", "sign", "half"),
        ("", "not a mean", "over N"),
        ("", "sign", "subtracted"),
        *((fault, "", "half") for fault in list(data)[1:9]),
    ]
    return [
        Side(data[d], SCALES[s], penalties[p], p.startswith("half"))
        for d, s, p in combinations[:40]
    ]


# A verdict taken apart: each sentence with the condition under which it is true.


def near(a, b):
    return np.allclose(a, b, rtol=1e-5, atol=1e-9)


class Truth:
    """What is true of an answer.

    cases : name of a case -> Case; sides : name of an array -> Side
    made : name of an array -> name of a case -> (data term, penalty); right : as they should be
    """

    def __init__(self, cases, right, sides, made):
        self.cases, self.right, self.sides, self.made = cases, right, sides, made

    def got(self, name, case):
        return sum(self.made[name][case])

    def should(self, name, case, half=False):
        data, penalty = self.right[name][case]
        return data + (penalty / 2 if half else penalty)

    def off(self, name, case, half=False):
        """Which entries are off, by the tolerance of the checks."""
        right = np.asarray(self.should(name, case, half))
        scale = np.abs(right).max(initial=0)
        return np.abs(self.got(name, case) - right) > 1e-5 * (np.abs(right) + 0.1 * scale)

    def is_right(self, name, half=False):
        return not any(self.off(name, case, half).any() for case in self.cases)

    def is_zero(self, name):
        return not any(np.any(self.got(name, case)) for case in self.cases)

    def is_multiple(self, name):
        """Of what is right, by one number in all cases."""
        factors = []
        for case in self.cases:
            got, right = np.ravel(self.got(name, case)), np.ravel(self.should(name, case))
            factors.append(got @ right / (right @ right))
            if not near(got, factors[-1] * right):
                return False
        return near(factors, factors[0])

    def has_penalty(self, name, times):
        """Whether it is the right one times a number, in all cases."""
        return all(
            near(self.made[name][case][1], times * self.right[name][case][1]) for case in self.cases
        )


def is_true_of(mistake, truth):
    """Whether the sentence of a mistake is true."""
    losses = [name for name in truth.sides if name == "loss"]
    gradients = [name for name in truth.sides if "W" in name]  # those that have a penalty

    def some(names, times):
        return any(truth.has_penalty(name, times) for name in names)

    relations = {
        "loss-missing": lambda: any(map(truth.is_zero, losses)),
        "gradient-missing": lambda: any(
            truth.is_zero(name) for name in truth.sides if name != "loss"
        ),
        "reg-missing": lambda: some(losses, 0) and some(gradients, 0),
        "reg-factor-2-missing": lambda: some(losses, 1) and some(gradients, 0.5),
        "reg-half-in-loss-only": lambda: (
            truth.sides["loss"].is_half and some(gradients, 1) and not some(gradients, 0.5)
        ),
        "reg-factors-differ": lambda: some(gradients, 0.5) and some(gradients, 1),
        "half-convention": lambda: some(losses, 0.5) or some(gradients, 0.5),
        "constant-factor": lambda: any(map(truth.is_multiple, truth.sides)),
        "reg-other-form": lambda: not (some(losses, 1) and some(gradients, 1)),
        "wrong-coefficients": lambda: any(
            not near(truth.made[name][case][0], truth.right[name][case][0])
            for name in gradients
            for case in truth.cases
        ),
        "other-divisor": lambda: all(
            np.linalg.matrix_rank(
                np.stack([np.ravel(part["dW"][case][0]) for part in (truth.made, truth.right)]),
                rtol=1e-5,
            )
            == 1
            for case in truth.cases
        ),
        # Of a net with penalties of two layers in one loss.
        "reg-missing-from-gradient": lambda: some(gradients, 0),
    }
    declared = any(mistake in side.mistakes for side in truth.sides.values())
    return declared or relations.get(mistake, lambda: False)()


class Told:
    """What a verdict tells, beside the truth. `half`: its numbers are those of one half."""

    def __init__(self, verdict, truth):
        self.message, self.truth = verdict.message, truth
        self.half = judge.BY_HALVES in self.message or judge.BY_FEWER in self.message
        self.weights = [name for name in truth.sides if "W" in name]

    def some(self, names, times):
        return any(self.truth.has_penalty(name, times) for name in names)

    def all(self, names, times):
        return all(self.truth.has_penalty(name, times) for name in names)

    def off(self, name, case):
        return self.truth.off(name, case, self.half)

    def first(self):
        """The array whose error is located, and the case whose numbers are told."""
        name = r"(?P<name>\w+(\['\w+'\])?)"
        return re.search(with_case(*self.truth.cases) + name, self.message)

    @property
    def named(self):
        return self.first()["name"]


def one_of(texts):
    """A pattern of texts, of which one may be the beginning of another."""
    return "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))


@functools.cache
def with_case(*names):
    return f"With (?P<case>{one_of(names)}), "


def an_entry(told, m):
    case, name = m["case"], m["name"]
    index = tuple(int(i) for i in (m["index"] or "").split(", ") if i)
    got, right = told.truth.got(name, case), told.truth.should(name, case, told.half)
    off = told.off(name, case)
    return (
        (m["count"] is None or int(m["count"]) == off.sum())
        and off[index]
        and np.isclose(np.asarray(got)[index], float(m["got"]), rtol=1e-5)
        and np.isclose(np.asarray(right)[index], float(m["right"]), rtol=1e-5, atol=1e-12)
    )


def a_sum(told, m):
    case, name = m["case"], m["name"]
    data, penalty = told.truth.right[name][case]
    fits = np.allclose(
        told.truth.got(name, case),
        float(m["a"]) * data + float(m["b"]) * penalty / 2,
        rtol=0.01,
        atol=0.01 * np.abs(penalty).max(),
    )
    is_half = any(side.is_half for side in told.truth.sides.values())
    return fits and (m["times"] == "1" and is_half if m["half"] else m["times"] == "2")


def calls(told, m):
    cases = told.truth.cases
    wrong = {case for case in cases if told.off(told.named, case).any()}
    right = {*re.findall(one_of(cases), m["right"] or "")}
    return (int(m["k"]), int(m["n"])) == (len(wrong), len(cases)) and not right & wrong


def a_size(told, m):
    case, name = told.first().groups()[:2]
    right = np.asarray(told.truth.should(name, case, told.half))
    worst = np.abs(told.truth.got(name, case) - right).max() / np.abs(right).max()
    return np.isclose(100 * worst, float(m["size"]), rtol=0.01)


def places(told, m):
    case, name = told.first().groups()[:2]
    off = told.off(name, case)
    axis = 1 if m["axis"] == "row" else 0
    return off.ndim == 2 and sorted(map(int, m["places"].split(", "))) == sorted(
        np.flatnonzero(off.any(axis=axis))
    )


def a_coefficient(told, m):
    case, i, c = m["case"], int(m["i"]), int(m["c"])
    X, y = (told.truth.cases[case].arguments[name] for name in ("X", "y"))
    got, right = (
        np.linalg.lstsq(X.T, terms["dW"][case][0], rcond=None)[0][i, c]
        for terms in (told.truth.made, told.truth.right)
    )
    return (
        np.isclose(got, float(m["got"]), atol=1e-4)
        and np.isclose(right, float(m["right"]), atol=1e-4)
        and (m["whose"] == "its class") == (y[i] == c)
    )


def only_with_reg(told, m):
    """True, and the penalty is where the mistake is."""
    name, truth = told.named, told.truth
    return all(
        told.off(name, case).any() == (truth.cases[case].arguments["reg"] != 0)
        and near(truth.made[name][case][0], truth.right[name][case][0])
        for case in truth.cases
    )


def a_divisor(told, m):
    case, truth = m["case"], told.truth
    made, right = truth.made["dW"][case][0], truth.right["dW"][case][0]
    N = len(truth.cases[case].arguments["X"])
    return np.allclose(made * float(m["divisor"]), right * N, rtol=1e-3)


def fewer(told, m):
    truth, name = told.truth, told.named
    half, whole = (sum(truth.off(name, c, h).any() for c in truth.cases) for h in (True, False))
    return half < whole


def in_part(told, m):
    return ["loss"] if m["part"] == "loss" else told.weights


SAYS = {mistake.says: name for name, mistake in MISTAKES.items()}
NUMBER = r"(-?\d[\d.e+-]*\d|-?\d|nan|-?inf)"
# Every sentence that there is, with the condition under which it is true.
SENTENCES = {
    "Besides: ": lambda told, m: True,
    one_of(SAYS): lambda told, m: is_true_of(SAYS[m[0]], told.truth),
    rf"{{with_case}}(?P<name>\w+(?:\['\w+'\])?)(?:\[(?P<index>[\d, ]+)\])? is "
    rf"(?P<got>{NUMBER}), but should be (?P<right>{NUMBER})"
    r"(?:; (?P<count>\d+) of \d+ entries are off)?\.": an_entry,
    rf"{{with_case}}your (?P<name>\S+) is (?P<a>{NUMBER}) times the data term plus "
    rf"(?P<b>{NUMBER}) times reg \* W\d?; "
    r"right is 1.00 and (?P<times>\d).00(?P<half>, by your convention of one half)?\.": a_sum,
    r"(?P<k>\d+) of (?P<n>\d+) calls are wrong(?P<right>: right with .*?)?\.(?= |$)": calls,
    r"The largest error is (?P<size>[\d.e+-]+)% of the largest entry\.": a_size,
    r"The error sits in (?P<axis>row|column)s? (?P<places>[\d, ]+) of \S+\.": places,
    r"It is off only where reg is not 0: look at the penalty\.": only_with_reg,
    rf"{{with_case}}column (?P<c>\d+) of dW holds (?P<got>{NUMBER}) times example "
    rf"(?P<i>\d+), but should hold (?P<right>{NUMBER}) times "
    r"\(\d+ is (?P<whose>its class|not its class)\)\.": a_coefficient,
    r"The gradient is right\.": lambda told, m: told.truth.is_right("dW"),
    r"Only zeros come back: still to be written\.": lambda told, m: told.truth.is_zero("loss"),
    re.escape(AGREE): lambda told, m: told.all(["loss", *told.weights], 0.5),
    r"In one of your gradients there is no penalty, though\.": lambda told, m: (
        told.some(told.weights, 0) and not told.all(told.weights, 0)
    ),
    r"In one of your gradients it is not so, or not understood\.": lambda told, m: (
        told.some(told.weights, 0.5) and not told.all(told.weights, 0.5)
    ),
    rf"{{with_case}}it is divided by (?P<divisor>{NUMBER})\.": a_divisor,
    r"grads\['(?P<block>\w+)'\] is 0 in every call\.": lambda told, m: told.truth.is_zero(
        f"grads['{m['block']}']"
    ),
    r"There is no penalty in your (?P<part>gradients|loss), though\.": lambda told, m: told.some(
        in_part(told, m), 0
    ),
    r"The penalty in your (?P<part>gradients|loss) (has another form|is there not, or not "
    r"understood), so that the two could not be compared\.": lambda told, m: (
        not told.all(in_part(told, m), 0.5)
    ),
    re.escape(judge.BY_HALVES): lambda told, m: any(s.is_half for s in told.truth.sides.values()),
    re.escape(judge.BY_FEWER): fewer,
}


@functools.cache
def known(*cases):
    """SENTENCES, for cases of these names."""
    patterns = [pattern.replace("{with_case}", with_case(*cases)) for pattern in SENTENCES]
    return [*zip(map(re.compile, patterns), SENTENCES.values(), strict=True)]


def untrue(verdict, truth):
    """The first thing in a verdict that is not true, or None."""
    told, rest = Told(verdict, truth), verdict.message
    while rest := rest.strip():
        sentences = known(*truth.cases)
        found = [(m, holds) for pattern, holds in sentences if (m := pattern.match(rest))]
        if not found:
            return f"without a condition: {rest}"
        m, holds = max(found, key=lambda pair: pair[0].end())
        if not holds(told, m):
            return f"not true: {m.group()}"
        rest = rest[m.end() :]
    return None


# Making answers, and the verdicts on them.


@pytest.fixture
def quick(monkeypatch):
    """Seven cases each, and what has been searched for once is known."""
    known, search = {}, diagnosis.search

    def named(made):  # the parts of a search are functions made anew each time
        return (made.func, made.args) if isinstance(made, functools.partial) else made.__qualname__

    def searched(observed, name, data, penalty=diagnosis.no_penalty, scales=diagnosis.as_it_is):
        arrays = [seen.arrays.get(name, np.array(np.nan)) for seen in observed]
        key = name, named(data), named(penalty), scales
        key += tuple((array.shape, array.tobytes()) for array in arrays)
        if key not in known:
            known[key] = search(observed, name, data, penalty, scales)
        return known[key]

    for module in (diagnosis, linear, net):
        monkeypatch.setattr(module, "search", searched)
    monkeypatch.setattr(Exercise, "cases", functools.cache(lambda self: self.calls.cases()[:7]))


def verdict_on(name, truth):
    """The verdict on an answer that is made of parts, without a function that returns it."""
    arrays = [
        {part: np.asarray(truth.got(part, case)) for part in truth.sides} for case in truth.cases
    ]
    if "grads['W1']" in truth.sides:
        for arrays_of_case, case in zip(arrays, truth.cases.values(), strict=True):
            arrays_of_case["scores"] = forward(case).S
    found = judge.judge(find(name), Answers(arrays, [[] for _ in arrays]))
    assert not any(remark.startswith("no diagnosis") for remark in found.remarks)
    return found


def linear_terms(case, loss, gradient):
    """(data term, penalty) of the loss and of dW, for a case."""
    W, X, y, reg = (case.arguments[name] for name in ("W", "X", "y", "reg"))
    N, C = len(X), W.shape[1]
    S, factors = X @ W, (loss.scale.make(N, C), gradient.scale.make(N, C))
    return (
        (factors[0] * loss.data.make(S, y), loss.penalty.make(W, reg, N)),
        (factors[1] * (X.T @ gradient.data.make(S, y)), gradient.penalty.make(W, reg, N)),
    )


LINEAR = {
    "softmax_loss_vectorized": (SOFTMAX_LOSSES, SOFTMAX_GRADIENTS),
    "svm_loss_naive": (HINGE_LOSSES, HINGE_GRADIENTS),
}


def linear_truths(name):
    """Every loss fault with every gradient fault."""
    cases = {case.name: case for case in find(name).cases()}
    losses, gradients = map(sides, LINEAR[name], (PENALTIES, PENALTY_GRADIENTS))
    terms = [
        {case: linear_terms(cases[case], loss, gradient) for case in cases}
        for loss, gradient in zip(losses, gradients, strict=True)
    ]
    made_losses, made_gradients = (
        [{case: both[case][place] for case in cases} for both in terms] for place in (0, 1)
    )
    right = {"loss": made_losses[0], "dW": made_gradients[0]}
    for (loss, its), (gradient, other) in itertools.product(
        zip(losses, made_losses, strict=True), zip(gradients, made_gradients, strict=True)
    ):
        yield Truth(cases, right, {"loss": loss, "dW": gradient}, {"loss": its, "dW": other})


@pytest.mark.parametrize("name", LINEAR)
def test_what_is_said_of_a_loss_and_a_gradient_is_true(name, quick):
    told = [untrue(verdict_on(name, truth), truth) for truth in linear_truths(name)]
    assert len(told) == 1600
    assert [wrong for wrong in told if wrong] == []


# The net: each fault of one layer with each of the other, and each of the loss with gradients.


@functools.cache
def _forward(name):
    case = next(case for case in find("TwoLayerNet.loss").cases() if case.name == name)
    net = SimpleNamespace(**case.arguments, **case.arguments["params"])
    net.N, net.C = len(net.X), net.W2.shape[1]
    net.a = net.X @ net.W1 + net.b1
    net.H = np.maximum(net.a, 0)
    net.S = net.H @ net.W2 + net.b2
    net.Y = one_hot(net.S, net.y)
    return net


def forward(case):
    """X, y, the parameters, N, C, X W1 + b1, H, the scores and Y of a case."""
    return _forward(case.name)


def averaged(dS):
    return dS.mean(axis=0)


def summed(dS):
    return dS.sum(axis=0)


# (weights, bias) of the gradients of a layer, from G, the gradient of the scores.
def layer_2(weights=lambda n, G: n.H.T @ G, bias=lambda n, G: summed(G), in_weights=(), in_bias=()):
    return weights, bias, in_weights, in_bias


SECOND_LAYER = {
    "": layer_2(),
    "before the ReLU": layer_2(lambda n, G: n.a.T @ G, in_weights=("pre-activation-for-hidden",)),
    "mean of the bias": layer_2(bias=lambda n, G: averaged(G), in_bias=("bias-gradient-averaged",)),
    "one for all": layer_2(
        bias=lambda n, G: 0 * n.b2 + G.sum(), in_bias=("bias-gradient-not-summed",)
    ),
    "squares": layer_2(lambda n, G: (n.H**2).T @ G, lambda n, G: summed(G) + 0.01),
}


def layer_1(mask, mistake=(), W2=lambda n, G: n.W2):
    def back(n, G):
        dH = G @ W2(n, G).T
        return dH * mask(n, dH)

    return (lambda n, G: n.X.T @ back(n, G), lambda n, G: summed(back(n, G)), mistake, mistake)


FIRST_LAYER = {
    "": layer_1(lambda n, dH: n.H > 0),
    "mask missing": layer_1(lambda n, dH: 1, ("relu-mask-missing",)),
    "mask of dH": layer_1(lambda n, dH: dH > 0, ("relu-mask-wrong",)),
    "mask without b1": layer_1(lambda n, dH: n.X @ n.W1 > 0, ("relu-mask-wrong",)),
    "times H": layer_1(lambda n, dH: n.H, ("relu-mask-wrong",)),
    "through its own gradient": layer_1(
        lambda n, dH: n.H > 0,
        ("gradient-for-weights",),
        lambda n, G: n.H.T @ G * 0 + n.H.T @ (np.exp(log_P(n.S)) - n.Y) / n.N,
    ),
    "absolute": layer_1(lambda n, dH: n.H > 0, (), lambda n, G: np.abs(n.W2)),
}


def layers(paths, block):
    """40 ways to be wrong in one layer: {W: Side, b: Side} each, and how to make them."""
    combinations = [
        *(("", "", "", penalty) for penalty in PENALTY_GRADIENTS),
        *((path, "", "", "") for path in paths if path),
        *(("", "", scale, "") for scale in SCALES if scale),
        *(("", fault, "", "") for fault in SOFTMAX_GRADIENTS if fault),
        *((path, "", "", "half") for path in paths if path),
        *((path, "", "", "missing") for path in paths if path),
        *(("", "", scale, "half") for scale in SCALES if scale),
    ][:40]
    for path, fault, scale, penalty in combinations:
        of_weights, of_bias, in_weights, in_bias = paths[path]
        G, factor = SOFTMAX_GRADIENTS[fault], SCALES[scale]
        none = Part(lambda *_: 0.0)
        yield (
            {
                f"grads['W{block}']": Side(
                    Part(of_weights, G.mistakes | {*in_weights}),
                    factor,
                    PENALTY_GRADIENTS[penalty],
                    penalty.startswith("half"),
                ),
                f"grads['b{block}']": Side(
                    Part(of_bias, G.mistakes | {*in_bias}), factor, none, False
                ),
            },
            G,
        )


def net_terms(case, side, G, weights):
    """(data term, penalty) of a gradient, for a case; weights : name of those that are penalised"""
    n = forward(case)
    coefficients = side.scale.make(n.N, n.C) * G.make(n.S, n.y)
    penalty = 0 if weights is None else side.penalty.make(getattr(n, weights), n.reg, n.N)
    return side.data.make(n, coefficients), penalty


def made_layers(paths, block, cases):
    """For each way: (sides, made) of one layer."""
    for both, G in layers(paths, block):
        yield (
            both,
            {
                name: {
                    case: net_terms(cases[case], side, G, f"W{block}" if "W" in name else None)
                    for case in cases
                }
                for name, side in both.items()
            },
        )


def loss_terms(case, side):
    n = forward(case)
    flat = np.concatenate([n.W1.ravel(), n.W2.ravel()])
    penalty = side.penalty.make(n if side.penalty in NET_PENALTIES.values() else flat, n.reg, n.N)
    return side.scale.make(n.N, n.C) * side.data.make(n.S, n.y), penalty


NET_PENALTIES = {
    "one layer": part(lambda n, reg, N: reg * np.sum(n.W2**2), "reg-one-layer"),
    "one layer twice": part(
        lambda n, reg, N: reg * (2 * np.sum(n.W1**2) + np.sum(n.W2**2)), "reg-layers-differ"
    ),
    "half of one layer": part(
        lambda n, reg, N: reg * (np.sum(n.W1**2) / 2 + np.sum(n.W2**2)), "reg-layers-differ"
    ),
    "biases too": part(
        lambda n, reg, N: reg * sum(np.sum(p**2) for p in n.params.values()), "biases-regularised"
    ),
    "half, biases too": part(
        lambda n, reg, N: reg * sum(np.sum(p**2) for p in n.params.values()) / 2,
        "biases-regularised",
    ),
}


def net_cases():
    return {case.name: case for case in find("TwoLayerNet.loss").cases()}


def layer_truths():
    """Each fault of one layer with each of the other, beside a loss that is right or by halves."""
    cases = net_cases()
    first = list(made_layers(FIRST_LAYER, 1, cases))
    second = list(made_layers(SECOND_LAYER, 2, cases))
    losses = [
        Side(SOFTMAX_LOSSES[""], SCALES[""], PENALTIES[penalty], penalty == "half")
        for penalty in ("", "half")
    ]
    losses = [(side, {case: loss_terms(cases[case], side) for case in cases}) for side in losses]
    right = {"loss": losses[0][1], **first[0][1], **second[0][1]}
    for number, ((sides_1, made_1), (sides_2, made_2)) in enumerate(
        itertools.product(first, second)
    ):
        side, made = losses[number % 2]
        yield Truth(
            cases, right, {"loss": side, **sides_1, **sides_2}, {"loss": made, **made_1, **made_2}
        )


def net_loss_truths():
    """Each fault of the loss with forty of the gradients."""
    cases = net_cases()
    first = list(made_layers(FIRST_LAYER, 1, cases))
    second = list(made_layers(SECOND_LAYER, 2, cases))
    losses = sides(SOFTMAX_LOSSES, PENALTIES | NET_PENALTIES)
    losses = [(side, {case: loss_terms(cases[case], side) for case in cases}) for side in losses]
    right = {"loss": losses[0][1], **first[0][1], **second[0][1]}
    for number, ((side, made), (sides_1, made_1)) in enumerate(itertools.product(losses, first)):
        sides_2, made_2 = second[number % 7 if number % 3 else number % 40]
        yield Truth(
            cases, right, {"loss": side, **sides_1, **sides_2}, {"loss": made, **made_1, **made_2}
        )


@pytest.mark.parametrize(
    "name, truths",
    [
        ("TwoLayerNet.gradients", layer_truths),
        ("TwoLayerNet.gradients", net_loss_truths),
        ("TwoLayerNet.loss", net_loss_truths),
    ],
)
def test_what_is_said_of_a_net_is_true(name, truths, quick):
    told = [untrue(verdict_on(name, truth), truth) for truth in truths()]
    assert len(told) == 1600
    assert [wrong for wrong in told if wrong] == []


# The test itself: a sentence that is false, one that nobody knows, a number that is off.


def is_found(beginning):
    """Whether the verdict on one of some pairs is said to be untrue in such a way."""
    truths = itertools.islice(linear_truths("svm_loss_naive"), 0, None, 7)
    told = (untrue(verdict_on("svm_loss_naive", truth), truth) or "" for truth in truths)
    return any(wrong.startswith(beginning) for wrong in told)


def test_a_false_sentence_is_found(quick, monkeypatch):
    monkeypatch.setattr(linear, "name_penalties", lambda *_: (("reg-factor-2-missing",), False))
    assert is_found("not true: The penalty in the loss is reg * sum")


def test_a_sentence_without_a_condition_is_found(quick, monkeypatch):
    monkeypatch.setattr(judge, "locate", lambda *_: "The moon is in the way.")
    assert is_found("without a condition: The moon is in the way.")


def test_a_false_number_is_found(quick, monkeypatch):
    monkeypatch.setattr(judge, "in_halves", lambda seen: seen)
    assert is_found("not true: With N = ")


def test_a_false_place_is_found(quick, monkeypatch):
    monkeypatch.setattr(judge, "locate", lambda *_: "The error sits in row 17 of dW.")
    assert is_found("not true: The error sits in row 17 of dW.")

"""From the arrays that came back to a verdict. No student code runs here."""

import random
import re
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from assignment.checking.answering import Failure
from assignment.checking.arrays import TOLERANCE, TOLERANCE_FLOAT32, allowed, complaint, shaped
from assignment.checking.calls import LOG_0, UNSTABLE
from assignment.checking.diagnosis import NONE, Explanation, Observed, in_halves, locate
from assignment.checking.exercise import first_complaint
from assignment.checking.mistakes import MISTAKES
from assignment.checking.printed import shown

STATUSES = (
    *("right", "wrong", "convention", "unstable"),
    *("unsolved", "crash", "timeout", "missing", "refused", "not asked"),
)

# What the numbers of a message are held against, where it is not this course's penalty.
BY_HALVES = "(What it should be goes by your own penalty, 0.5 * reg * sum(W^2).)"
BY_FEWER = (
    "(What it should be goes by a penalty of 0.5 * reg * sum(W^2): with that, fewer calls are off.)"
)

LAYOUT_OF_2015 = "layout of 2015: W is (C, D) and X is (D, N) here; what is told is turned"


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    name : of the exercise
    status : one of STATUSES
    message : one sentence or two for the student; empty where all is right
    diagnosis : the name of the mistake in MISTAKES, or None
    evidence : what shows it; verdicts.schema.json says which entries there are
    remarks : departures that are no mistakes, each "what: why"
    see : the line of a derivation or lecture that settles it
    printed : the first lines of what the student's code printed in the call that is off
    error : (name, got, right) of a matrix that is off, for a picture; not part of the JSON
    """

    name: str
    status: str
    message: str = ""
    diagnosis: str | None = None
    evidence: dict = field(default_factory=dict)
    remarks: tuple = ()
    see: str = ""
    printed: tuple = ()
    error: tuple | None = field(default=None, compare=False, repr=False)

    def as_json(self):
        """The verdict as plain data; verdicts.schema.json describes it."""
        data = asdict(replace(self, error=None))
        del data["error"]
        return {**data, "remarks": list(self.remarks), "printed": list(self.printed)}


def judge(exercise, answers, shown=str):
    """The verdict on the answers to one exercise, by whichever has something to say first.

    Parameters
    ----------
    exercise : Exercise
    answers : run.Answers
    shown : function from the name of a file to how it is told
    """
    with random_numbers_kept(), np.errstate(all="ignore"):
        facts = Facts(exercise, answers, shown)
        found = without_answers(facts) or not_finished(facts) or failed(facts, first=True)
        if not found:
            explanation = explained(facts)
            found = (
                wrong(facts, explanation)
                or failed(facts)
                or not_compared(facts)
                or changed_its_inputs(facts)
                or unstable(facts)
                or right(facts, explanation.convention, explanation.evidence)
            )
        return replace(found, printed=facts.printed(found.evidence.get("case")))


@contextmanager
def random_numbers_kept():
    """The reference draws its own random numbers: those of the notebook go on as if nothing was."""
    states = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])


# Calls in which right code has probabilities of 0, and what is said where that ends them.
UNDERFLOWS = ("shift-not-largest", "probability-underflows", LOG_0)
UNDERFLOW = (
    "underflow as an error: it is raised where a probability is 0, and these calls are not judged"
)


class Facts:
    """What a verdict is made from.

    seen : list of Observed, of the calls that returned arrays
    failures : list of (case, Failure), of the others
    complaints : list of (Observed, sentence or None), of what was seen
    plain, wrong, broken : of the calls that decide, those that were seen, those of them that are
        off, and those that failed
    changed : names of arguments that some call has changed
    remarks : tuple of str, to which `explained` adds
    """

    def __init__(self, exercise, answers, shown):
        self.exercise, self.answers, self.shown = exercise, answers, shown
        self.cases, self.remarks = exercise.cases(), answers.remarks
        arrays = [case for case in answers.cases if isinstance(case, dict)]
        if any(np.any(case.get("transposed", False)) for case in arrays):
            self.remarks += (LAYOUT_OF_2015,)
        self.seen, self.failures = [], []
        for case, arrays in zip(self.cases, answers.cases, strict=False):
            self._sort(case, arrays)
        self.complaints = [(seen, exercise.complain(seen)) for seen in self.seen]
        decide = [(seen, told) for seen, told in self.complaints if seen.case.failure == "wrong"]
        self.plain = [seen for seen, _ in decide]
        self.wrong = [seen for seen, told in decide if told]
        self.broken = [(case, f) for case, f in self.failures if case.failure == "wrong"]
        self.changed = sorted({name for names in answers.changed for name in names})

    def _sort(self, case, arrays):
        """Into what was seen and what failed; a case that nothing can be said of is left out."""
        if isinstance(arrays, Failure):
            # Where the code asks NumPy for it, an underflow is an error, which does no harm there.
            if case.failure in UNDERFLOWS and "underflow encountered" in arrays.message:
                self.remarks += (UNDERFLOW,) * (UNDERFLOW not in self.remarks)
            else:
                self.failures.append((case, arrays))
            return
        strange = [name for name, array in arrays.items() if array.dtype.kind not in "biuf"]
        if judged := [name for name in strange if name in (self.exercise.judged or strange)]:
            self.failures.append((case, _no_array(judged[0], arrays[judged[0]])))
            return
        arrays = {name: array for name, array in arrays.items() if name not in strange}
        try:
            arrays = self.exercise.facts(case.arguments, arrays)
        except Exception as error:  # it is not what our own calls send
            told = f"What it returns cannot be judged ({type(error).__name__})."
            self.failures.append((case, Failure("crash", told)))
            return
        seen = Observed(case, arrays, self.exercise.reference(case), tolerance=_tolerance(case))
        expected = self.exercise.expect(seen)
        if expected is not None:
            judged = self.exercise.judged or set(expected) - {"transposed"}
            judged = tuple(name for name in expected if name in judged)
            self.seen.append(replace(seen, expected=expected, judged=judged))

    def printed(self, name):
        """The first lines of what was printed in the call of the case of that name."""
        printed = zip(self.cases, self.answers.printed, strict=False)
        return next((shown(str(text)) for case, text in printed if case.name == name), ())

    def placed(self, failure, case=None):
        """A failure with its file and line, and the call that failed."""
        where = self.shown(failure.file) if failure.file else ""
        where += f", line {failure.line}" if failure.line else ""
        told = f"{where}: {failure.message}" if where else failure.message
        return f"{told} (with {case.name})" if case else told

    def absent(self):
        """Names of what is judged and never comes back."""
        judged = self.plain[0].judged if self.exercise.judged and self.plain else ()
        return [n for n in judged if not any(n in seen.arrays for seen in self.plain)]

    def in_halves(self):
        """The calls beside what is right for a penalty of 0.5 * reg * sum(W^2)."""
        has_penalty = self.exercise.judged and "reg" in self.plain[0].arguments
        return [in_halves(seen) for seen in self.plain] if has_penalty else self.plain

    def verdict(self, status, message="", mistake=None, **more):
        """The Verdict; of a known mistake with its sentence, and what settles it."""
        if mistake:
            see = MISTAKES[mistake].see_in(self.exercise.notebook)
            more = {"diagnosis": mistake, "see": see, **more}
            message = f"{MISTAKES[mistake].says} {message}"
        message = " ".join(message.split())
        return Verdict(self.exercise.name, status, message, remarks=self.remarks, **more)


# What there is to say, in this order; each gives a Verdict, or None.


def without_answers(facts):
    failure = facts.answers.failure
    if failure is None:
        return None
    if failure.kind == "missing":
        return facts.verdict("missing", failure.message)
    # The process never came back from the last call that it has begun.
    began = facts.cases[: len(facts.answers.printed)]
    evidence = {"case": began[-1].name} if began else {}
    return facts.verdict(failure.kind, facts.placed(failure), evidence=evidence)


def not_finished(facts):
    """A stub raises, or returns zeros or None; gradients may be still to come."""
    raised = [failure.message for _, failure in facts.broken if failure.kind == "unsolved"]
    absent = facts.absent()
    if not raised and (facts.broken or not _is_blank(facts)):
        there = [name for name in facts.seen[0].judged if name not in absent] if absent else []
        if not there or any(
            facts.exercise.complain(replace(seen, judged=_there(seen))) for seen in facts.plain
        ):
            return None
        told = f"{_listed(absent)} missing; {_listed(there)} right."
        return facts.verdict("unsolved", told, "gradient-missing" if "grads" in told else None)
    has_loss = any(np.any(seen.arrays.get("loss", 0)) for seen in facts.seen)
    if has_loss and "gradients" in facts.exercise.name:
        told = f"{_listed(absent)} missing." if absent else ""
        return facts.verdict("unsolved", told, "gradient-missing")
    for other in (told.removeprefix("to do: ") for told in raised if told.startswith("to do: ")):
        if other != facts.exercise.name:
            told = f"It needs {other}, which is still to be written."
            return facts.verdict("unsolved", told, evidence={"needs": other})
    zeros = any(_there(seen) for seen in facts.seen)
    what = "Only zeros come back: still" if zeros and not raised else "Still"
    return facts.verdict("unsolved", f"{what} to be written.")


def _there(seen):
    """Names of what is judged and came back."""
    return tuple(name for name in seen.judged if name in seen.arrays)


def _is_blank(facts):
    """Whether nothing has come back but zeros of the right shape, where something was due."""
    seen = facts.seen
    if facts.exercise.judged is None:  # a training: has it ever asked for a loss?
        told = [each.arrays.get("losses down a bowl", ()) for each in seen]
        return not any("steps" in each.arrays for each in seen) and not any(map(np.size, told))
    got = [(each.arrays[name], each.expected[name]) for each in seen for name in _there(each)]
    due = any(np.any(each.expected[name]) for each in seen for name in each.judged)
    zeros = all(not np.any(a) and shaped(a, right).shape == right.shape for a, right in got)
    if facts.exercise.name.endswith(".predict"):  # label 0 is an answer; CS231n's stub has 0.0
        zeros = zeros and all(array.dtype.kind == "f" for array, _ in got)
    return any(each.judged for each in seen) and zeros and (due or not got)


def failed(facts, first=False):
    """Exceptions, and answers that are no arrays.

    first : before the numbers are looked at; then only the first call's, if numbers are off too
    """
    if not facts.broken:
        return None
    case, failure = facts.broken[0]
    evidence = {"case": case.name}
    if failure.kind == "returned":
        failure = replace(failure, file=facts.exercise.file, line=facts.answers.line)
        told = facts.placed(failure)
        return facts.verdict("wrong", told, diagnosis="wrong-return", evidence=evidence)
    if first and facts.wrong and case.name != facts.cases[0].name:
        return None
    told = f"{failure.message} (with {case.name})"
    raising = (m.name for m in MISTAKES.values() if m.raises and re.search(m.raises, told))
    mistake = next(raising, None)
    if mistake == "inputs-changed":
        return facts.verdict("wrong", facts.placed(failure), mistake, evidence=evidence)
    return facts.verdict("crash", facts.placed(failure, case), mistake, evidence=evidence)


def not_compared(facts):
    """Of no call that decides there is anything to judge by: nothing is right then."""
    if not facts.plain:
        return facts.verdict("wrong", "Nothing came back that could be compared.")
    return None


def explained(facts):
    """The Explanation of numbers that are off; what it remarks, all later verdicts do."""
    if not facts.wrong:
        return NONE
    try:
        explanation = facts.exercise.explain(facts.plain)
    except Exception as error:  # the verdict is sound without it, and three hundred others wait
        explanation = NONE
        facts.remarks += (f"no diagnosis: the search for one failed, {type(error).__name__}",)
    if explanation.mistakes == () and not explanation.convention and _is_random(facts):
        explanation = Explanation(("random-result",))
    facts.remarks += explanation.remarks
    return explanation


def _is_random(facts):
    """Whether the first call, made once more, gave something else."""
    seen = {seen.case.name: seen for seen in facts.plain}
    calls = [seen.get(facts.cases[0].name), seen.get("the first case again")]
    return None not in calls and not all(
        np.array_equal(*(call.arrays.get(name) for call in calls), equal_nan=True)
        for name in _there(calls[0])
    )


def wrong(facts, explanation):
    """Numbers that are off, with the mistake that explains them."""
    if not facts.wrong:
        return None
    if explanation.mistakes == ("gradient-missing",):
        return facts.verdict("unsolved", explanation.evidence, "gradient-missing")
    if facts.changed and explanation.mistakes == ("wrong-coefficients",):
        return changed_its_inputs(facts)  # whatever else it looks like
    if explanation.mistakes:
        return _named(facts, explanation)
    if explanation.array is None and (explanation.convention or explanation.remarks):
        return None
    return changed_its_inputs(facts) or _measured(facts, explanation)


def _named(facts, explanation):
    """Known mistakes, and what is off besides."""
    first, *others = explanation.mistakes
    off = facts.wrong
    if explanation.half:
        off = [seen for seen in facts.in_halves() if facts.exercise.complain(seen)]
    if facts.changed:
        others.append("inputs-changed")
    evidence, error = _evidence(facts.exercise, off, explanation.array)
    evidence["also"] = others
    if explanation.evidence:
        evidence["fit"] = explanation.evidence
    told = [explanation.evidence or evidence["says"]]
    told += [f"Besides: {MISTAKES[other].says}" for other in others]
    if explanation.rest:
        told.append(f"Besides: {_evidence(facts.exercise, off, explanation.rest)[0]['says']}")
    if absent := facts.absent():
        told.append(f"Besides: {_listed(absent)} missing.")
    if explanation.half and any("should be" in sentence for sentence in told):
        told.append(BY_HALVES)
    return facts.verdict("wrong", " ".join(told), first, evidence=evidence, error=error)


def _measured(facts, explanation):
    """What is not known is measured, by the convention that fits more calls."""
    plain, halved, beside = facts.plain, facts.in_halves(), ""
    evidence, error = _evidence(facts.exercise, facts.wrong, explanation.array)
    name = evidence["array"]
    off = _off(halved, name)
    more_off = len(_off(plain, name)) - len(off)
    if off and (more_off > 0 or more_off == 0 and explanation.half):
        plain, beside = halved, BY_HALVES if explanation.half else BY_FEWER
        evidence, error = _evidence(facts.exercise, off, name)
    says = evidence["says"]
    judged = facts.exercise.judged or ()
    speaks_of_it = len(judged) == 1 or (judged and name and name in says)  # and of no other fact
    evidence["where"] = where = locate(plain, name) if speaks_of_it else ""
    shape = "wrong-shape" if f"{name} must have shape" in says else None
    message = f"{says} {where} {beside}"
    return facts.verdict("wrong", message, diagnosis=shape, evidence=evidence, error=error)


def _evidence(exercise, off, array=None):
    """One number beside the right one, of a certain array or else of the first that is off.

    off : list of Observed, not empty

    Returns
    -------
    dict, the evidence of a Verdict; and its error, or None
    """
    told = (
        (seen, name, complaint(name, seen.arrays.get(name), seen.expected[name], seen.tolerance))
        for seen in off
        for name in ([array] if array in seen.judged else seen.judged)
    )
    seen, name, says = next((t for t in told if t[2]), (off[0], None, None))
    has_its_own_words = exercise.complain is not first_complaint
    if has_its_own_words or len(exercise.judged) == 1 or says is None:
        of_array = replace(seen, judged=(array,) if array in seen.judged else seen.judged)
        says = exercise.complain(of_array) or exercise.complain(seen)
    evidence = {"case": seen.case.name, "array": name, "says": f"With {seen.case.name}, {says}"}
    got, right = seen.arrays.get(name), seen.expected.get(name)
    if got is None or right.ndim != 2 or shaped(got, right).shape != right.shape:
        return evidence, None
    got = shaped(got, right)
    right_entries = np.abs(got - right) <= allowed(right, seen.tolerance)
    # A picture helps where there is something to see: whole rows or columns that are right.
    tells = right_entries.all(axis=0).any() or right_entries.all(axis=1).any()
    return evidence, (name, got, right) if tells else None


def changed_its_inputs(facts):
    if not facts.changed:
        return None
    names = ", ".join(facts.changed)
    changes = zip(facts.cases, facts.answers.changed, strict=False)
    evidence = {"changed": names, "case": next(case.name for case, its in changes if its)}
    return facts.verdict("wrong", f"Changed: {names}.", "inputs-changed", evidence=evidence)


def unstable(facts):
    """Right, but not for large scores."""
    told = [(_instability(seen), seen.case, says) for seen, says in facts.complaints if says]
    told += [(case.failure, case, facts.placed(failure)) for case, failure in facts.failures]
    told = [entry for entry in told if entry[0] in UNSTABLE]
    if not told:
        return None
    kind, case, says = min(told, key=lambda entry: UNSTABLE.index(entry[0]))
    evidence = {"case": case.name, "says": f"With {case.name}, {says}"}
    is_lost = re.search("is (nan|-?inf)|OverflowError|math domain", says)
    if is_lost and kind in MISTAKES:
        return facts.verdict("unstable", evidence["says"], kind, evidence=evidence)
    message = f"It is right for small numbers, and wrong for large ones. {evidence['says']}"
    return facts.verdict("unstable", message, evidence=evidence)


def right(facts, convention, evidence):
    """Right, perhaps by another convention; and what else was noticed."""
    notes = [case.failure for case, _ in facts.failures]
    # With another way of training, no case comes out as expected.
    if not convention or facts.exercise.judged:
        notes += [_note(seen) for seen, told in facts.complaints if told]
    notes = [note for note in notes if note != "wrong"]
    if any(seen.arrays.get("y_pred", np.array(0)).dtype.kind == "f" for seen in facts.seen):
        notes.append("float labels: predictions are labels, integers, but these are floats")
    if not facts.wrong and facts.exercise.judged and any(map(_is_coarse, facts.plain)):
        notes.append(
            "precision: right to about seven digits only, as if computed in float32, or with a "
            "small number added somewhere"
        )
    notes += [note for seen in facts.seen for note in facts.exercise.notice(seen)]
    facts.remarks = tuple(dict.fromkeys(facts.remarks + tuple(notes)))
    if convention:
        return facts.verdict("convention", evidence, convention)
    return facts.verdict("right")


def _instability(seen):
    """What it means that a case is off. Where log(0) is lost, P and the gradient are not."""
    if seen.case.failure == LOG_0 and not np.isfinite(seen.arrays.get("dW", 0)).all():
        return "shift-not-largest"
    return seen.case.failure


def _note(seen):
    """The remark on a case that is off: where it speaks of NaN, only if there is one."""
    if seen.case.failure.startswith("NaN") and not np.isnan(seen.arrays["dists"]).any():
        return (
            "precision: where points are equal, or nearly, round-off makes the distance another "
            "one than it is"
        )
    return seen.case.failure


def _off(observed, name):
    """Those whose array of that name is not as it must be."""
    return [
        seen
        for seen in observed
        if name in seen.expected
        and complaint(name, seen.arrays.get(name), seen.expected[name], seen.tolerance)
    ]


def _listed(names):
    """a and b are"""
    *others, last = names
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"


def _no_array(name, array):
    """A failure for what is no array of real numbers."""
    what = "complex numbers" if array.dtype.kind == "c" else array
    return Failure("returned", f"{name} must be an array of real numbers, but yours is {what}.")


def _tolerance(case):
    """A looser one where the inputs are float32, or where only an overflow would matter."""
    if case.failure in UNSTABLE:
        return 1e-2
    return TOLERANCE_FLOAT32 if _has_float32(case.arguments) else TOLERANCE


def _has_float32(arguments):
    return any(
        _has_float32(value)
        if isinstance(value, dict)
        else getattr(value, "dtype", None) == np.float32
        for value in arguments.values()
    )


def _is_coarse(seen):
    """Whether a right answer to float64 inputs has only the digits of float32."""
    for name in seen.judged:
        got, right = shaped(seen.arrays[name], seen.expected[name]), seen.expected[name]
        if got.dtype.kind == "f" and seen.tolerance == TOLERANCE:
            scale = np.abs(right) + np.abs(right).max(initial=0)
            if not np.all(np.abs(got - right) <= 1e-8 * scale):
                return True
    return False

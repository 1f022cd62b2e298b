"""What an exercise is: the calls it makes, and what the answers must satisfy.

Calls and judgement are apart: calls.py runs the function under test and returns arrays; `expect`,
`complain` and `explain` look at those arrays alone. What runs student code imports none of this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from assignment.checking.arrays import complaint
from assignment.checking.calls import MEASUREMENTS, Calls
from assignment.checking.cost import costs
from assignment.checking.diagnosis import NONE, Explanation, Observed
from assignment.checking.stubs import HAS_ANSWERS, STORED, reference_of


def first_complaint(seen):
    """A sentence on the first array that departs from what is expected, or None."""
    for name in seen.judged:
        if told := complaint(name, seen.arrays.get(name), seen.expected[name], seen.tolerance):
            return told
    return None


@dataclass(frozen=True)
class Exercise:
    """One blank for the student to fill.

    calls : what is called for it
    notebook, section : the lesson, as a path below notebooks/, and the heading there
    points : of 100 in all; None where a course leaves it out
    hints : they open one at a time, from a question to nearly the line
    judged : names of those arrays that are judged, or None for all; the rest is context
    facts : function(arguments of a case, dict of arrays that its call returned) -> the arrays that
        are looked at; what the student's side says of itself is worked out here from raw numbers
    expect : function(Observed, beside the reference's arrays) -> the right arrays, or None where
        there is nothing to judge by
    complain : function(Observed) -> sentence, or None where all is as expected
    explain : function(list of Observed) -> Explanation; without one, no mistake is named
    notice : function(Observed) -> remarks on a right answer
    own : whether a course has added it
    """

    calls: Calls
    notebook: str
    section: str
    points: int
    hints: tuple[str, ...]
    judged: tuple[str, ...] | None
    explain: Callable[[list], Explanation] = lambda observed: NONE
    facts: Callable[[dict, dict], dict] = lambda arguments, arrays: arrays
    expect: Callable[[Observed], dict | None] = lambda seen: seen.expected
    complain: Callable[[Observed], str | None] = first_complaint
    notice: Callable[[Observed], list] = costs
    own: bool = False

    @property
    def name(self):
        """The function or method, as the check cell calls it."""
        return self.calls.name

    @property
    def file(self):
        """The student's file it stands in."""
        return self.calls.file

    @property
    def called(self):
        """The function or method that the calls are made to."""
        return self.calls.called

    @cache  # noqa: B019  an exercise is there as long as the process
    def cases(self):
        """The list of calls.Case, seeded inputs: the very same each time, which nobody changes."""
        return self.calls.cases()

    @property
    def call(self):
        """Function(module, **arguments) -> dict of arrays; the only one that runs student code."""
        return self.calls.call

    @cache  # noqa: B019  an exercise is there as long as the process
    def reference(self, case):
        """What the reference solution returns for one of the cases, facts, context and all.

        An edition without answers has it stored: see edition/release.py.
        """
        if not HAS_ANSWERS:
            with np.load(STORED / f"{self.name}.npz", allow_pickle=False) as file:
                place = f"{self.cases().index(case)}/"
                return {k.removeprefix(place): file[k] for k in file if k.startswith(place)}
        arguments = {name: v for name, v in case.arguments.items() if name not in MEASUREMENTS}
        arrays = self.call(reference_of(self.file), **arguments)
        return self.facts(case.arguments, {name: np.asarray(a) for name, a in arrays.items()})

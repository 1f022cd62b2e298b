"""A known mistake is one object: what is said of it, what it returns, and what settles it.

It is named only where what it returns is what came back, to round-off, in every call.
"""


class Mistake:
    """One mistake that people make.

    name : the `diagnosis` of a verdict; it stays the same from year to year
    says : the sentence for the student; without one it stands in another room, and this entry tells
        only what the mistake returns in this one
    see : what settles it, perhaps another in each lesson
    returns : what is judged, such as "dists" -> function of the terms of a call (a lesson's own)
        that gives what this mistake makes of it: an array, or a list of them; (array, *names)
        where other mistakes are in it besides, or "half", a penalty's other convention
    hides : names of mistakes that are no news where this one is known
    raises : pattern of an exception that gives it away, told as "ValueError: ... (with this case)"
    """

    def __init__(self, name, says="", see="", *, hides=(), raises="", **returns):
        self.name, self.says, self.see = name, says, see
        self.hides, self.raises, self.returns = hides, raises, returns

    def see_in(self, lesson):
        """What settles it, for a student of a lesson."""
        see = self.see if isinstance(self.see, str) else self.see.get(lesson, "")
        return see.format_map(line_numbers(lesson)) if "{" in see else see


def candidates(mistakes, what, *terms):
    """(names, array) of all that these mistakes make of what is judged, in their order."""
    for mistake in mistakes:
        if what in mistake.returns:
            made = mistake.returns[what](*terms)
            for array in made if isinstance(made, list) else [made]:
                array, *others = array if isinstance(array, tuple) else (array,)
                yield (mistake.name, *others), array


def derivation(**lines):
    """Where a derivation settles it, in each lesson that has one: "{label} to {label}" of lines."""
    return {
        lesson: f"notebooks/{lesson}.ipynb, derivation, line{'s' * (line.count('{') > 1)} {line}"
        for lesson, line in lines.items()
    }


def line_numbers(lesson):
    """The numbers of the lines of a lesson's derivations that have a label, by their labels."""
    from assignment.derivations import LESSONS  # takes a while, and few verdicts point there

    lines = [line for derivation in LESSONS[lesson] for line in derivation.lines]
    return {line.label: line.number for line in lines if line.label}

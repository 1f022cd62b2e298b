"""A known mistake: what is said of it, and where it is settled.

Its name is the `diagnosis` of a verdict and stays the same from year to year.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """One mistake that people make.

    says : the sentence for the student
    see : what settles it, perhaps another in each lesson
    """

    name: str
    says: str
    see: str | dict = ""

    def see_in(self, lesson):
        """What settles it, for a student of a lesson."""
        return self.see if isinstance(self.see, str) else self.see.get(lesson, "")


def derivation(**lines):
    """Where a derivation settles it, in each lesson that has one."""
    return {
        lesson: f"notebooks/{lesson}.ipynb, derivation, {line}" for lesson, line in lines.items()
    }

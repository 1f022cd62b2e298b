"""What is known of a hand-in, made up."""

import pytest

from assignment.checking.exercises import EXERCISES
from assignment.checking.faces import as_data
from assignment.checking.judge import Verdict
from assignment.checking.submission.year import OURS


@pytest.fixture(scope="session")
def make_record():
    """A function that makes the record of a hand-in: key, statuses of its first exercises, more.

    What is said of those that are not right is in `verdict`, and of the hand-in in `more`.
    """

    def make(key, statuses=(), verdict=(), **more):
        statuses = [*statuses, *["right"] * (len(EXERCISES) - len(statuses))]
        pairs = [
            (
                exercise,
                Verdict(exercise.name, status, **(dict(verdict) if status != "right" else {})),
            )
            for exercise, status in zip(EXERCISES, statuses, strict=True)
        ]
        about = {"key": key, "student": key, "number": "", "system": "", "hand_in": f"class/{key}"}
        about |= {"year": OURS.name, "files": {}, "left_out": [], "notes": [], "refused": ""}
        about |= {"handed_in": "2026-11-28T12:00:00+00:00", "late_seconds": None, "late": False}
        return about | as_data(pairs, OURS) | {"mark": "", "fingerprints": []} | more

    return make

"""How long a call takes."""

from statistics import median
from time import perf_counter

from assignment.given.validation import require_count


def seconds(function, *arguments, repeats=3):
    """Median time of `repeats` calls of function(*arguments), in seconds."""

    repeats = require_count(repeats, "repeats", 1)

    def once():
        start = perf_counter()
        function(*arguments)
        return perf_counter() - start

    return median(once() for _ in range(repeats))

"""What a right answer costs: loops where there should be none, memory, and work done twice."""

import math


def costs(seen):
    """Remarks on what calls.py has measured of a call, if it has."""
    return [told for told in (_loop(seen), _memory(seen), _again(seen)) if told]


def _loop(seen):
    """A loop runs a line or more for each further example; without one, their number stays."""
    for what, name in (("examples", "X"), ("training examples", "X_train")):
        if (lines := seen.arrays.get(f"lines by {what}")) is None:
            continue
        few, many = lines
        if many - few >= len(seen.arguments[name]) - 2:
            # How many lines there are in all, each version of Python counts in its own way.
            return (
                f"a loop over the {what}: {many - few:,} more lines of Python run with "
                f"{seen.case.name} than with 2 {what}, here or in what is called"
            )
    return None


def _memory(seen):
    """An array of all differences, in single precision or better, shows in the peak."""
    if "memory" not in seen.arrays:
        return None
    dists, shape = (
        seen.expected["dists"],
        (*seen.expected["dists"].shape, seen.arguments["X"].shape[1]),
    )
    limit = 4 * math.prod(shape)
    if seen.arrays["memory"] < limit:
        return None
    return (
        f"memory: more than {limit / 1000:,.0f} kB at a time with {seen.case.name}, as much "
        f"as an array of shape {shape}; the distances alone are {dists.nbytes / 1000:,.0f} kB"
    )


def _again(seen):
    """Distances that are computed for each k anew."""
    folds = seen.arguments.get("num_folds")
    if folds is None or seen.arrays.get("distances computed", 0) <= folds:
        return None
    return (
        f"distances: they are computed {seen.arrays['distances computed']} times with "
        f"{seen.case.name}; once for each fold will do, since they do not depend on k"
    )

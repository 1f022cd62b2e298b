"""Mistakes in distances, votes, cross-validation and NCA."""

from dataclasses import replace
from functools import partial

import numpy as np

from assignment.checking.arrays import agrees, complaint, shaped
from assignment.checking.diagnosis import (
    SCALES,
    Explanation,
    in_common,
    once_for_each_case,
    search,
    turned,
    unique,
)
from assignment.checking.knn.mistakes import MISTAKES
from assignment.checking.knn.terms import Distances, Folds, Neighbours, Vote
from assignment.checking.mistake import candidates

# Distances.


def explain_distances(observed):
    """By the formula that gives them. NaN, the root of what is negative, is evidence too."""
    if not all("dists" in seen.arrays for seen in observed):
        return Explanation()
    numbers = _without_nan(observed, "dists")
    names = in_common(search(numbers, "dists", _distances))
    return Explanation(names) if names else _not_filled(numbers)


@once_for_each_case
@np.errstate(all="ignore")
def _distances(seen):
    terms = Distances(seen.arguments["X"], seen.arguments["X_train"])
    found = candidates(MISTAKES, "dists", terms)
    return [(names, np.nan_to_num(dists, nan=-1.0)) for names, dists in found]


def _without_nan(observed, name):
    """The same, with -1 for NaN in that array; nothing else is looked at."""
    return [
        replace(seen, arrays={name: np.nan_to_num(seen.arrays[name], nan=-1.0)})
        for seen in observed
    ]


def _not_filled(observed):
    """The explanation, if each distance is right or 0."""
    told, some_are_right = "", False
    for seen in observed:
        right = seen.expected["dists"]
        got = shaped(seen.arrays["dists"], right)
        if got.shape != right.shape or not agrees(got[got != 0], right[got != 0], seen.tolerance):
            return Explanation()
        some_are_right |= bool(np.any(got))
        empty = (got == 0) & (right > 0)
        if empty.any() and not told:
            told = f"With {seen.case.name}, {empty.sum()} of {right.size} distances are 0."
    return Explanation(("not-filled",), told) if told and some_are_right else Explanation()


# Votes.


def complain_of_votes(seen):
    """A sentence on the first vote that departs from what is expected, or None."""
    right = seen.expected["y_pred"]
    told = complaint("y_pred", seen.arrays.get("y_pred"), right, seen.tolerance)
    wrong = _wrong_votes(seen)
    if not told or wrong is None:
        return told
    i, label, near = next((i, label, vote.near) for i, label, vote in wrong)
    labels = ", ".join(map(str, near[:15])) + (", ..." if len(near) > 15 else "")
    whose = f"the nearest {len(near)} of test example {i} have the labels {labels}, nearest first"
    if len(near) == 1:
        whose = f"the nearest neighbour of test example {i} has the label {labels}"
    return f"{whose}: you predict {float(label):g}, but should predict {right[i]}."


def _wrong_votes(seen):
    """(i, label, Vote) of each wrong prediction; None if there is not one for each example."""
    got, right = seen.arrays.get("y_pred"), seen.expected["y_pred"]
    if got is None or (got := shaped(got, right)).shape != right.shape:
        return None
    return ((i, got[i], Vote(**seen.arguments, i=i)) for i in np.flatnonzero(got != right))


def explain_votes(observed):
    """Ties are recognised by what they are, however they are broken; the rest by its formula."""
    if _only_ties(observed):
        return Explanation(("ties",), _told_first(observed))
    if not all("y_pred" in seen.arrays for seen in observed):
        return Explanation()
    # NaN is what is left of None in an array of floats.
    names = in_common(search(_without_nan(observed, "y_pred"), "y_pred", _predictions))
    return Explanation(names, _told_first(observed)) if names else Explanation()


def _told_first(observed):
    told = ((seen, complain_of_votes(seen)) for seen in observed)
    return next(f"With {seen.case.name}, {says}" for seen, says in told if says)


def _only_ties(observed):
    """Whether each wrong prediction is a label that has as many votes as the right one."""
    return all(
        wrong is not None
        and all(label in vote.labels[vote.counts == vote.most] for _, label, vote in wrong)
        for wrong in map(_wrong_votes, observed)
    )


@once_for_each_case
@np.errstate(all="ignore")
def _predictions(seen):
    """Candidates for y_pred: those of the vote in each row, and those that mix up the rows."""
    right = seen.expected["y_pred"]
    votes = (Vote(**seen.arguments, i=i) for i in range(len(right)))
    rows = zip(*(candidates(MISTAKES, "vote", vote) for vote in votes), strict=True)
    one_by_one = [(row[0][0], np.array([label for _, label in row])) for row in rows]
    return [*one_by_one, *candidates(MISTAKES, "y_pred", right)]


# Cross-validation.


def explain_folds(observed):
    """By who trains and who is predicted, by which k, and by what is noted of it."""
    return Explanation(in_common(search([*map(_stacked, observed)], "accuracies", _accuracies)))


def _stacked(seen):
    """The same with one array, a row for each choice; without it where lists are missing."""
    rows = [seen.arrays.get(name) for name in seen.judged]
    known = all(row is not None and row.shape == rows[0].shape for row in rows)
    arrays = {"accuracies": np.stack(rows)} if known else {}
    expected = {"accuracies": np.stack([seen.expected[name] for name in seen.judged])}
    return replace(seen, arrays=arrays, expected=expected)


@once_for_each_case
@np.errstate(all="ignore")
def _accuracies(seen):
    """Candidates: what is right but for two of the three at most."""
    terms = Folds(*(seen.arguments[name] for name in ("X", "y", "choices", "num_folds")))
    rounds = [((), terms.rounds), *candidates(MISTAKES, "rounds", terms)]
    choices = [((), terms.ks), *candidates(MISTAKES, "ks", terms)]
    found = []
    for of_rounds, its in rounds:
        by_k, sizes = terms.right(its)
        for of_choices, ks in choices:
            counts = by_k[np.clip(ks, 1, len(by_k)) - 1]
            noted = [((), counts / sizes)]
            if not (of_rounds and of_choices):
                noted += candidates(MISTAKES, "noted", terms, counts, sizes)
            found += [(of_rounds + of_choices + names, array) for names, array in noted]
    return found


# Neighbourhood components analysis.


def explain_nca(observed):
    """By the loss and the gradient that it is, each in a scale of its own."""
    loss = search(observed, "loss", partial(_nca, "loss"), scales=SCALES)
    gradient = search(observed, "dA", partial(_nca, "dA"), scales=SCALES)
    if not gradient and (
        gradient := search(turned(observed, "dA"), "dA", partial(_nca, "dA"), scales=SCALES)
    ):
        gradient = [((*gradient[0][0], "transposed"), ())]
    names = unique(name for fits in (gradient, loss) if fits for name in fits[0][0])
    unknown = [name for name, fits in (("loss", loss), ("dA", gradient)) if not fits]
    if not names:
        return Explanation(array=unknown[0] if unknown else None)
    if names == ("gradient-missing",) and unknown:
        return Explanation(array="loss")
    shows = "dA" if gradient and gradient[0][0] else "loss"
    return Explanation(names, array=shows, rest=unknown[0] if unknown else None)


@once_for_each_case
@np.errstate(all="ignore")
def _nca(what, seen):
    """Candidates for the loss or for dA."""
    right = Neighbours(**seen.arguments)
    others = candidates(MISTAKES, "neighbours", right)
    of_others = [(names, getattr(other, what)) for names, other in others]
    return [((), getattr(right, what)), *of_others, *candidates(MISTAKES, what, right)]

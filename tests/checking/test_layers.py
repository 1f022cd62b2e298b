"""Two faults at once in a file of 2021 and later: what is said of them is what was planted."""

from itertools import combinations

import pytest

from layers.mutants import WRONG
from mutants import rewritten, verdict_on

# What is measured, and not looked up: the shape of an array, an argument that has changed.
MEASURED = {"wrong-shape", "inputs-changed"}
CROSSED = ("svm_loss", "softmax_loss", "sgd_momentum", "fc_net.TwoLayerNet.gradients")


def pairs(name):
    """(source, what was planted) of each two mistakes that stand in different places."""
    for (one, theirs), (other, its) in combinations(WRONG[name].items(), 2):
        for (old, new, _), (second, third, _) in ((theirs, its), (its, theirs)):

            def both(region, old=old, new=new, second=second, third=third):
                changed = region.replace(old, new)
                if region.count(old) != 1 or changed.count(second) != 1:
                    raise LookupError
                return changed.replace(second, third)

            try:
                source = rewritten(name, both)
            except LookupError:
                continue
            yield f"{one}, {other}", source, {theirs[2], its[2]}
            break


def untrue(name):
    """Pairs of which something else is said, or which are called right."""
    for told, source, planted in pairs(name):
        found = verdict_on(name, source)
        said = {found.diagnosis, *found.evidence.get("also", ())} - {None}
        fails = any(remark.startswith("no diagnosis") for remark in found.remarks)
        if found.status == "right" or said - planted - MEASURED or fails:
            yield told, said


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CROSSED)
def test_of_two_mistakes_only_what_was_planted_is_said(name):
    assert len(list(pairs(name))) >= 10
    assert list(untrue(name)) == []


@pytest.mark.filterwarnings("ignore")
def test_a_sentence_on_what_was_not_planted_is_found(monkeypatch):
    ways = WRONG["svm_loss"].items()
    of_sign = {way: (old, new, "margin-reversed") for way, (old, new, _) in ways}
    monkeypatch.setitem(WRONG, "svm_loss", of_sign)
    assert next(untrue("svm_loss"), None)

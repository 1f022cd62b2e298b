"""Derivations that run: one object gives the formula that is read and the one that is checked."""

from assignment.given.derivations.backprop import backprop, backprop_batch
from assignment.given.derivations.nca import nca
from assignment.given.derivations.softmax import softmax, softmax_batch
from assignment.given.derivations.svm import svm

DERIVATIONS = {
    "softmax": softmax,
    "softmax_batch": softmax_batch,
    "backprop": backprop,
    "backprop_batch": backprop_batch,
    "svm": svm,
    "nca": nca,
}
__all__ = ["DERIVATIONS", *DERIVATIONS]

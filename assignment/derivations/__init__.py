"""Derivations that run: one object gives the formula that is read and the one that is checked."""

from assignment.derivations.backprop import backprop, backprop_batch
from assignment.derivations.nca import nca
from assignment.derivations.softmax import softmax, softmax_batch
from assignment.derivations.svm import svm

DERIVATIONS = {
    "softmax": softmax,
    "softmax_batch": softmax_batch,
    "backprop": backprop,
    "backprop_batch": backprop_batch,
    "svm": svm,
    "nca": nca,
}
LESSONS = {
    "svm": (svm,),
    "softmax": (softmax, softmax_batch),
    "two_layer_net": (backprop, backprop_batch),
    "further/metric_learning": (nca,),
}
__all__ = ["DERIVATIONS", "LESSONS", *DERIVATIONS]

"""CS231n's first assignment. The five files beside this one are yours; every folder is ours."""

import os

FILES = (
    "k_nearest_neighbor.py",
    "linear_svm.py",
    "softmax.py",
    "linear_classifier.py",
    "neural_net.py",
)

# A folder named in ASSIGNMENT_FILES lays its five files over the ones here: that is how the same
# notebooks and checks run on the reference (assignment/solutions) or on a submission.
if "ASSIGNMENT_FILES" in os.environ:
    __path__.insert(0, os.environ["ASSIGNMENT_FILES"])

from assignment.checking.mistake import Mistake, derivation

VOTE = "notebooks/knn.ipynb, section 4"
NCA_LOSS = "notebooks/knn.ipynb, section 13"
NCA_GRADIENT = "notebooks/knn.ipynb, section 14"
LOSS = derivation(svm="line 12", softmax="line 19", two_layer_net="line 22") | {"knn": NCA_LOSS}
GRADIENT = derivation(svm="line 15", softmax="line 25", two_layer_net="lines 24 to 27") | {
    "knn": NCA_GRADIENT
}

MISTAKES = (
    Mistake("transposed", "The array is transposed: its rows are the columns."),
    Mistake("not-filled", "Part of the result is right; all the rest is 0, as if never filled."),
    Mistake(
        "one-example-for-all",
        "All examples get the label of the first or of the last: each has a row of its own.",
        {"knn": VOTE},
    ),
    Mistake("loss-missing", "The loss is still 0.", LOSS),
    Mistake("gradient-missing", "The gradient, or a part of it, is still missing.", GRADIENT),
    # Any exercise.
    Mistake("wrong-return", "The function does not return what its docstring says."),
    Mistake("wrong-shape", "The result has the wrong shape."),
    Mistake(
        "random-result",
        "The same call gives another result the second time: something random is in it, such as "
        "dropout, or something is kept from one call to the next.",
    ),
    Mistake(
        "broadcast-wrong-axis",
        "A matrix meets an array with one number for each of its rows, which NumPy lays along its "
        "columns: make a column of it, with x[:, np.newaxis] or keepdims=True.",
        'NumPy manual, "Broadcasting"',
    ),
    Mistake(
        "inputs-changed", "The function changes its arguments: work on a copy, or on a new array."
    ),
)

"""Mistakes that people make in several rooms, and what settles those of several rooms."""

from assignment.checking.mistake import Mistake, derivation

VOTE = "notebooks/knn.ipynb, section 4"
NCA = "further/metric_learning"
NCA_LOSS = {NCA: f"notebooks/{NCA}.ipynb, section 1"}
NCA_GRADIENT = {NCA: f"notebooks/{NCA}.ipynb, section 2"}
DESCENT = {
    "svm": "notebooks/svm.ipynb, section 10",
    "two_layer_net": "notebooks/two_layer_net.ipynb, section 6",
}
LOSS = derivation(svm="{loss}", softmax="{loss}", two_layer_net="{loss}") | NCA_LOSS
GRADIENT = derivation(svm="{dW}", softmax="{dW}", two_layer_net="{dO2} to {dW1}") | NCA_GRADIENT

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
    # The mean over N examples: what a sum over them is multiplied by. C : number of classes
    Mistake(
        "not-averaged",
        "The sum over the examples is not divided by N.",
        LOSS,
        scale=lambda N, C: 1.0,
    ),
    Mistake(
        "averaged-twice",
        "The sum over the examples is divided by N twice.",
        LOSS,
        scale=lambda N, C: 1 / N**2,
    ),
    Mistake(
        "averaged-over-classes",
        "The sum is divided by the number of classes: the mean runs over the N examples only.",
        LOSS,
        scale=lambda N, C: [1 / (N * C), 1 / C],
    ),
    Mistake(
        "constant-factor",
        "There is a factor besides the 1 / N of the mean, the same in every call.",
        LOSS,
        scale=lambda N, C: [2 / N, 1 / (2 * N)],
    ),
    Mistake(
        "sign",
        "The sign is wrong: the part that depends on the examples is multiplied by -1.",
        GRADIENT,
        scale=lambda N, C: [-1 / N, (-1.0, "not-averaged")],
    ),
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
        raises=r"broadcast .* shapes (\((\d+),\d+\) \(\2,\)|\((\d+),\) \(\3,\d+\))",
    ),
    Mistake(
        "factors-do-not-fit",
        "The factors of a matrix product do not fit: the left one needs as many columns as the "
        "right one has rows. Print both shapes; perhaps a .T is missing.",
        # Of images, whose shapes are longer, another mistake says more.
        raises=r"(matmul: .* core dimension 0|not aligned)(?!.* of shape \((\d+, ){2})",
    ),
    Mistake(
        "inputs-changed",
        "The function changes its arguments: work on a copy, or on a new array.",
        raises=r"(?s)read-only.* \(with read-only \w+\)$",
    ),
)

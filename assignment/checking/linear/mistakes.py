from assignment.checking.mistake import Mistake, derivation

MULTICLASS_SVM = 'notes, "Multiclass Support Vector Machine loss"'
DESCENT = {
    "svm": "notebooks/svm.ipynb, section 10",
    "two_layer_net": "notebooks/two_layer_net.ipynb, section 6",
}
PREDICTION = DESCENT
NCA_LOSS = "notebooks/knn.ipynb, section 13"
NCA_GRADIENT = "notebooks/knn.ipynb, section 14"
LARGE_SCORES = "notebooks/softmax.ipynb, section 6"
LOSS = derivation(svm="line 12", softmax="line 19", two_layer_net="line 22") | {"knn": NCA_LOSS}
PENALTY = derivation(svm="lines 12 and 13", softmax="lines 19 to 21", two_layer_net="line 23")
GRADIENT = derivation(svm="line 15", softmax="line 25", two_layer_net="lines 24 to 27") | {
    "knn": NCA_GRADIENT
}
OF_SCORES = derivation(svm="line 10", softmax="line 15", two_layer_net="line 10")
LOG = derivation(softmax="lines 1 and 7", two_layer_net="lines 1 and 5") | {"knn": NCA_LOSS}
HINGE = derivation(svm="lines 2 and 3")["svm"]
VIOLATED = derivation(svm="line 5")["svm"]
BALANCE = derivation(svm="line 10")["svm"]

MISTAKES = (
    # Regularisation.
    Mistake(
        "reg-factor-2-missing",
        "The penalty in the loss is reg * sum(W^2), whose derivative is 2 * reg * W: the gradient "
        "has only reg * W.",
        PENALTY,
    ),
    Mistake(
        "reg-half-in-loss-only",
        "One half stands before a penalty in the loss, 0.5 * reg * sum(W^2), whose derivative is "
        "reg * W, but the gradient adds 2 * reg * W: take the one half out of the loss.",
        PENALTY,
    ),
    Mistake(
        "reg-missing",
        "The penalty is missing, in the loss and in the gradient: loss + reg * sum(W^2), "
        "dW + 2 * reg * W.",
        PENALTY,
    ),
    Mistake(
        "reg-missing-from-gradient",
        "The derivative of the penalty is missing from the gradient: + 2 * reg * W for "
        "reg * sum(W^2), + reg * W for one half of it.",
        GRADIENT,
    ),
    Mistake(
        "reg-missing-from-loss",
        "The penalty is missing from the loss: this course adds reg * sum(W^2).",
        LOSS,
    ),
    Mistake(
        "reg-over-n",
        "The penalty is divided by N too: it is added after the mean over the examples.",
        LOSS,
    ),
    Mistake(
        "reg-times-n",
        "The penalty is added once for each example: it is added once, after the loop.",
        LOSS,
    ),
    Mistake(
        "reg-twice",
        "The penalty is too large by a factor, as if it were added more than once.",
        PENALTY,
    ),
    Mistake(
        "reg-before-and-after",
        "The penalty is added twice, once before the division by N and once after it: it is added "
        "once, after the division.",
        LOSS,
    ),
    Mistake(
        "reg-last-row-missing",
        "The last row of W is left out of the penalty, as if it were a bias: the sum runs over "
        "all of W.",
        LOSS,
    ),
    Mistake(
        "rows-summed",
        "The sum of the penalty runs over the rows alone and leaves one number for each class, as "
        "Python's own sum does: np.sum(W * W) is one number.",
        LOSS,
    ),
    Mistake(
        "divided-by-penalty",
        "The sum over the examples is divided by N plus the penalty: x /= N + penalty means "
        "x / (N + penalty). Divide first, then add the penalty in a line of its own.",
        LOSS,
    ),
    Mistake("reg-sign", "The penalty is subtracted; it has to be added.", LOSS),
    Mistake(
        "reg-strength-dropped",
        "The penalty does not depend on reg: its strength is not multiplied in.",
        LOSS,
    ),
    Mistake(
        "reg-other-form",
        "The penalty is not reg * sum(W^2), with 2 * reg * W as its derivative.",
        PENALTY,
    ),
    # The mean over the examples.
    Mistake("not-averaged", "The sum over the examples is not divided by N.", LOSS),
    Mistake("averaged-twice", "The sum over the examples is divided by N twice.", LOSS),
    Mistake(
        "averaged-over-classes",
        "The sum is divided by the number of classes: the mean runs over the N examples only.",
        LOSS,
    ),
    Mistake(
        "one-example-only",
        "Only one example of the batch counts, the first or the last: look for a line that is "
        "overwritten in each turn of the loop, or stands outside it.",
        GRADIENT,
    ),
    Mistake(
        "example-left-out",
        "The first or the last example of the batch does not count: look at the ends of the loop.",
        GRADIENT,
    ),
    Mistake(
        "constant-factor",
        "There is a factor besides the 1 / N of the mean, the same in every call.",
        LOSS,
    ),
    Mistake(
        "divided-in-loop",
        "The division by N stands inside the loop and is done again for each example: it is done "
        "once, after the loop.",
        LOSS,
    ),
    Mistake(
        "label-as-factor",
        "The loss of each example is multiplied by its label y[i]: a label says which class is "
        "right, it is no factor.",
        LOSS,
    ),
    Mistake(
        "label-of-class",
        "The label is looked up by the number of a class, y[c]: y has one label for each example, "
        "y[i].",
        OF_SCORES,
    ),
    Mistake(
        "rows-for-entries",
        "A[y] means whole rows: the entries of the right classes are A[np.arange(N), y].",
        "notebooks/softmax.ipynb, section 7",
    ),
    Mistake(
        "one-for-example",
        "In the column of the right class the number 1 stands where the example X[i] should.",
        OF_SCORES,
    ),
    Mistake(
        "sign",
        "The sign is wrong: the part that depends on the examples is multiplied by -1.",
        GRADIENT,
    ),
    Mistake(
        "data-term-missing",
        "Only the penalty is there: the part that depends on the examples is missing.",
        GRADIENT,
    ),
    # The hinge loss.
    Mistake(
        "right-class-counted",
        "The right class is counted among the violated margins: its own margin is always 1.",
        MULTICLASS_SVM,
    ),
    Mistake("margin-missing", "The margin of 1 is missing: s[c] - s[y] + 1.", HINGE),
    Mistake(
        "margin-reversed",
        "The margin is turned round: it is s[c] - s[y] + 1, not s[y] - s[c] + 1.",
        HINGE,
    ),
    Mistake("max-missing", "Margins below 0 count as well: max(0, margin) is missing.", HINGE),
    Mistake(
        "mask-of-all",
        "Every class counts as a violated margin in the gradient: the mask has to be margin > 0; "
        "after max(0, margin), margin >= 0 is always true.",
        VIOLATED,
    ),
    Mistake(
        "squared-hinge",
        "The margins are squared: that is another loss, the L2-SVM.",
        MULTICLASS_SVM,
    ),
    Mistake(
        "largest-margin-only",
        "Only the largest margin of each example counts: the loss sums all that are violated.",
        MULTICLASS_SVM,
    ),
    Mistake(
        "right-class-missing",
        "The part of the right class is missing from the gradient.",
        OF_SCORES,
    ),
    Mistake(
        "violations-counted-once",
        "The column of the right class gets -X[i] once, but it is -X[i] for each violated margin.",
        BALANCE,
    ),
    Mistake(
        "other-classes-missing",
        "Only the column of the right class gets a gradient: the other classes' part is missing.",
        OF_SCORES,
    ),
    Mistake(
        "margins-for-indicator",
        "The gradient is weighted by the size of the margins: each violated one counts as 1.",
        VIOLATED,
    ),
    Mistake(
        "right-class-sign",
        "The part of the right class has the wrong sign.",
        OF_SCORES,
    ),
    Mistake(
        "columns-for-entries",
        "A[:, y] means whole columns: the entries of the right classes are A[np.arange(N), y].",
        "notebooks/softmax.ipynb, section 7",
    ),
    # Softmax.
    Mistake(
        "log-missing",
        "The loss is made of the probabilities themselves: the logarithm is missing.",
        LOG,
    ),
    Mistake(
        "log-after-subtraction",
        "The loss is the logarithm of p - 1, not of p: NaN, since p - 1 is negative. Take the "
        "logarithm before 1 is subtracted for the gradient.",
        LOG,
    ),
    Mistake(
        "exp-missing",
        "The scores themselves are divided by their sum: the exponential is missing.",
        LOG,
    ),
    Mistake(
        "sum-not-reset",
        "The sum of the exponentials goes on growing from example to example: it starts at 0 for "
        "each.",
        LOG,
    ),
    Mistake(
        "right-probability-for-all",
        "Every class gets the probability of the right class: class c has its own, p[c].",
        OF_SCORES,
    ),
    Mistake(
        "log-sum-missing",
        "The loss is only -s[y]: the logarithm of the sum, + log(sum(exp(s))), is missing.",
        LOG,
    ),
    Mistake(
        "wrong-logarithm",
        "The logarithm has another base: the loss takes the natural one, np.log.",
        LOG,
    ),
    Mistake(
        "all-classes-summed",
        "The logarithms of all classes are summed: only that of the right class counts.",
        LOG,
    ),
    Mistake(
        "shift-in-one-place",
        "The largest score is subtracted in one place and not in the other: s[y] and "
        "log(sum(exp(s))) have to be shifted by the same number.",
        LARGE_SCORES,
    ),
    Mistake(
        "shift-wrong-axis",
        "The shift subtracts the largest score of each column; a row may be shifted, "
        "a column may not: np.max(scores, axis=1, keepdims=True).",
        LARGE_SCORES,
    ),
    Mistake(
        "sum-wrong-axis",
        "The probabilities are normalised over the examples: those of each row have to sum to 1.",
        LOG,
    ),
    Mistake(
        "not-normalised",
        "The exponentials are not divided by their sum in the gradient.",
        OF_SCORES,
    ),
    Mistake(
        "probabilities-missing",
        "Only the right class is in the gradient: the probabilities of all classes are missing.",
        OF_SCORES,
    ),
    Mistake(
        "wrong-coefficients",
        "The gradient is a sum of the examples, as it must be, but the examples have other "
        "coefficients in it.",
        OF_SCORES,
    ),
    Mistake(
        "other-divisor",
        "The sum over the examples in the gradient is right, but it is not divided by N.",
        GRADIENT,
    ),
    Mistake(
        "right-class-overwritten",
        "The entry of the right class is set to -1: it is p - 1, so subtract 1 from it, -= 1.",
        OF_SCORES,
    ),
    Mistake("argmin", "The class with the smallest score is predicted.", PREDICTION),
    Mistake(
        "wrong-axis",
        "The largest score is taken over the wrong axis: axis=1 gives one class per example.",
        PREDICTION,
    ),
    Mistake(
        "scores-for-labels",
        "These are scores or probabilities: the prediction is the index of the largest score, "
        "np.argmax(scores, axis=1).",
        PREDICTION,
    ),
    Mistake(
        "one-hot-for-labels",
        "These are ones and zeros, with the one in the predicted class: the prediction is its "
        "index, np.argmax(scores, axis=1).",
        PREDICTION,
    ),
    Mistake(
        "absolute-scores",
        "The score that is largest in size is predicted, whatever its sign.",
        PREDICTION,
    ),
    Mistake(
        "scores-cut",
        "The scores are cut or rounded to whole numbers before the largest is taken.",
        PREDICTION,
    ),
    Mistake("second-largest", "The class with the second largest score is predicted.", PREDICTION),
    Mistake("labels-from-1", "The labels are all one too large: they start at 0.", PREDICTION),
    Mistake(
        "overflow",
        "The exponential overflows for large scores: subtract the largest score of each row first.",
        LARGE_SCORES,
    ),
    Mistake(
        "underflow",
        "Every exponential of a row is 0 where its scores lie far below those of another row: "
        "subtract the largest score of each row, not one number from all.",
        LARGE_SCORES,
    ),
    Mistake(
        "shift-not-largest",
        "Where the scores of a row lie far apart, the exponentials overflow, or all are 0: "
        "subtract the largest score of each row, and nothing else.",
        LARGE_SCORES,
    ),
    Mistake(
        "half-convention",
        "Your penalty is that of one half, 0.5 * reg * sum(W^2), whose gradient is reg * W: "
        "another convention than this course's, which is reg * np.sum(W * W) in the loss and "
        "2 * reg * W in the gradient.",
        PENALTY,
    ),
)

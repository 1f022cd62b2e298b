"""The catalogue of known mistakes: what is said of each, and where it is settled.

A name here is the `diagnosis` of a verdict and stays the same from year to year. What each mistake
would have returned stands in diagnosis/; it is named only where that fits to round-off.
"""

from dataclasses import dataclass

# CS231n's notes, by their titles.
MULTICLASS_SVM = 'notes, "Multiclass Support Vector Machine loss"'
DESCENT = {
    "svm": "notebooks/svm.ipynb, section 10",
    "two_layer_net": "notebooks/two_layer_net.ipynb, section 6",
}
DISTANCE = "notebooks/knn.ipynb, section 2"
VOTE = "notebooks/knn.ipynb, section 4"
NO_LOOPS = "notebooks/knn.ipynb, section 6"
PREDICTION = DESCENT
NCA_LOSS = "notebooks/knn.ipynb, section 13"
NCA_GRADIENT = "notebooks/knn.ipynb, section 14"
LARGE_SCORES = "notebooks/softmax.ipynb, section 6"


def derivation(**lines):
    """Where a derivation settles it, in each lesson that has one."""
    return {
        lesson: f"notebooks/{lesson}.ipynb, derivation, {line}" for lesson, line in lines.items()
    }


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
FORWARD = derivation(two_layer_net="line 3")["two_layer_net"]
WEIGHTS = derivation(two_layer_net="line 22")["two_layer_net"]
MASK = derivation(two_layer_net="line 18")["two_layer_net"]
SECOND_LAYER = derivation(two_layer_net="line 25")["two_layer_net"]
BLOCKS = derivation(two_layer_net="lines 25 and 27")["two_layer_net"]


@dataclass(frozen=True)
class Mistake:
    """says : the sentence for the student; see : what settles it, perhaps another in each lesson"""

    says: str
    see: str | dict = ""

    def see_in(self, lesson):
        """What settles it, for a student of a lesson."""
        return self.see if isinstance(self.see, str) else self.see.get(lesson, "")


MISTAKES = {
    # Distances.
    "root-missing": Mistake(
        "These are squared distances: the square root is missing.",
        DISTANCE,
    ),
    "root-twice": Mistake("The root is taken twice: this is the root of the distance.", DISTANCE),
    "root-of-a-part": Mistake(
        "The root is taken of a part of |x|^2 - 2 x.t + |t|^2: it is taken of the whole sum.",
        NO_LOOPS,
    ),
    "l1-distance": Mistake(
        "This is the L1 distance, made of absolute differences; the L2 distance is the root of "
        "the sum of squares.",
        DISTANCE,
    ),
    "root-of-l1": Mistake(
        "The root is taken of the sum of the absolute differences: square them instead, then sum, "
        "then take the root.",
        DISTANCE,
    ),
    "roots-summed": Mistake(
        "The roots of the absolute differences are summed: square the differences, sum, then "
        "take one root.",
        DISTANCE,
    ),
    "max-distance": Mistake(
        "This is the largest of the differences, not the root of the sum of their squares.",
        DISTANCE,
    ),
    "cosine-distance": Mistake(
        "This is the cosine of the angle between x and t, or 1 minus it, not their distance.",
        DISTANCE,
    ),
    "squared-after-sum": Mistake(
        "The differences are summed before they are squared, and cancel: square each, then sum.",
        DISTANCE,
    ),
    "mean-for-sum": Mistake(
        "A mean over the numbers of an example stands where they have to be summed.", DISTANCE
    ),
    "numbers-left-out": Mistake(
        "Not all numbers of the two examples are compared: the first or the last is left out, or "
        "is the only one that counts.",
        DISTANCE,
    ),
    "cross-term": Mistake(
        "This is not |x - t|^2 = |x|^2 - 2 x.t + |t|^2: a sign or a factor is another one, or more "
        "than one term is missing.",
        NO_LOOPS,
    ),
    "squares-missing": Mistake(
        "One of the squares of |x - t|^2 = |x|^2 - 2 x.t + |t|^2 is missing.",
        NO_LOOPS,
    ),
    "axis-missing": Mistake(
        "The sum runs over all training examples at once: it needs axis=1, so that each keeps a "
        "distance of its own.",
        "notebooks/knn.ipynb, section 5",
    ),
    "distances-cut": Mistake(
        "The numbers are cut or rounded to whole ones: distances are floats.",
        DISTANCE,
    ),
    "distances-sorted": Mistake(
        "The distances are sorted: dists[i, j] is that of X[i] and X_train[j], in their order.",
        DISTANCE,
    ),
    "distances-overwritten": Mistake(
        "Distances of one example stand in the places of others: they are written to dists[i, j], "
        "or a whole row at once to dists[i].",
        "notebooks/knn.ipynb, section 3",
    ),
    "transposed": Mistake("The array is transposed: its rows are the columns."),
    "not-filled": Mistake("Part of the result is right; all the rest is 0, as if never filled."),
    # Votes.
    "ties": Mistake(
        "A label with most votes is predicted, but a tie does not go to the smallest of them.",
        "notebooks/knn.ipynb, section 8, Ties",
    ),
    "ties-left-open": Mistake(
        "Where labels have equally many votes, none of them is predicted: the smallest has to be.",
        "notebooks/knn.ipynb, section 8, Ties",
    ),
    "majority-only": Mistake(
        "A label is predicted only where more than half of the k nearest have it: most votes are "
        "enough.",
        VOTE,
    ),
    "distances-rounded": Mistake(
        "The distances are cut or rounded to whole numbers before the vote: compare them as they "
        "are.",
        VOTE,
    ),
    "k-off-by-one": Mistake(
        "One too many or one too few votes, or the nearest is left out: look at the ends of the "
        "slice.",
        VOTE,
    ),
    "k-ignored": Mistake("Only the nearest neighbour counts, whatever k is.", VOTE),
    "all-examples-vote": Mistake(
        "All training examples vote, whatever k is: take the first k of the sorted ones.", VOTE
    ),
    "first-examples-vote": Mistake(
        "The first k training examples vote, however far they are: sort by distance first.", VOTE
    ),
    "farthest-neighbours": Mistake("The k farthest training examples vote, not the nearest.", VOTE),
    "columns-sorted": Mistake(
        "The distances are sorted along their columns, over the test examples: a row of dists "
        "belongs to one test example.",
        VOTE,
    ),
    "one-example-for-all": Mistake(
        "All examples get the label of the first or of the last: each has a row of its own.",
        {"knn": VOTE},
    ),
    "labels-sorted": Mistake(
        "The labels are sorted by value before the neighbours look theirs up: a neighbour's label "
        "is self.y_train at its own index.",
        VOTE,
    ),
    "smallest-labels-vote": Mistake(
        "The k smallest of all labels vote, not the labels of the k nearest: sort the distances, "
        "and not the labels.",
        VOTE,
    ),
    "ranks-for-indices": Mistake(
        "Ranks are used as indices: np.argsort(dists[i]) gives the indices from near to far, and "
        "argsort of that turns it round into ranks.",
        VOTE,
    ),
    "indices-for-labels": Mistake(
        "These are indices of training examples, not their labels: look them up in self.y_train.",
        VOTE,
    ),
    "votes-over-indices": Mistake(
        "Votes are counted over the indices of the neighbours, each of which occurs once: count "
        "their labels.",
        VOTE,
    ),
    "longest-run": Mistake(
        "The longest run of equal labels is predicted, or the longest but for the last run: count "
        "all votes for a label.",
        VOTE,
    ),
    "first-to-k-votes": Mistake(
        "The first label to reach a number of votes is predicted: let the k nearest vote, and then "
        "see who has most.",
        VOTE,
    ),
    "place-among-sorted": Mistake(
        "The place of the winner among the sorted different labels is looked up in another list: "
        "it belongs to the list that np.unique returns.",
        VOTE,
    ),
    "place-for-label": Mistake(
        "This is the place of the winner among the sorted different labels, not the label itself.",
        VOTE,
    ),
    "label-as-index": Mistake(
        "The winning label is used as an index, and the label there is predicted: it is the answer "
        "already.",
        VOTE,
    ),
    "count-for-label": Mistake(
        "This is how many votes the winner has, not its label: argmax in place of max.", VOTE
    ),
    "label-0-left-out": Mistake("Votes for label 0 do not count.", VOTE),
    "fewest-votes": Mistake("The label with the fewest votes is predicted.", VOTE),
    "weighted-votes": Mistake(
        "Votes are weighed by the distances, or these are added up for each label: each of the k "
        "nearest has one vote.",
        VOTE,
    ),
    "vote-missing": Mistake(
        "No vote is held: this is the smallest, the largest, the last, the middle, the mean or the "
        "sum of the neighbours' labels, or the place of the largest.",
        VOTE,
    ),
    # Regularisation.
    "reg-factor-2-missing": Mistake(
        "The penalty in the loss is reg * sum(W^2), whose derivative is 2 * reg * W: the gradient "
        "has only reg * W.",
        PENALTY,
    ),
    "reg-half-in-loss-only": Mistake(
        "One half stands before a penalty in the loss, 0.5 * reg * sum(W^2), whose derivative is "
        "reg * W, but the gradient adds 2 * reg * W: take the one half out of the loss.",
        PENALTY,
    ),
    "reg-missing": Mistake(
        "The penalty is missing, in the loss and in the gradient: loss + reg * sum(W^2), "
        "dW + 2 * reg * W.",
        PENALTY,
    ),
    "reg-missing-from-gradient": Mistake(
        "The derivative of the penalty is missing from the gradient: + 2 * reg * W for "
        "reg * sum(W^2), + reg * W for one half of it.",
        GRADIENT,
    ),
    "reg-missing-from-loss": Mistake(
        "The penalty is missing from the loss: this course adds reg * sum(W^2).", LOSS
    ),
    "reg-over-n": Mistake(
        "The penalty is divided by N too: it is added after the mean over the examples.",
        LOSS,
    ),
    "reg-times-n": Mistake(
        "The penalty is added once for each example: it is added once, after the loop.",
        LOSS,
    ),
    "reg-twice": Mistake(
        "The penalty is too large by a factor, as if it were added more than once.", PENALTY
    ),
    "reg-before-and-after": Mistake(
        "The penalty is added twice, once before the division by N and once after it: it is added "
        "once, after the division.",
        LOSS,
    ),
    "reg-last-row-missing": Mistake(
        "The last row of W is left out of the penalty, as if it were a bias: the sum runs over "
        "all of W.",
        LOSS,
    ),
    "rows-summed": Mistake(
        "The sum of the penalty runs over the rows alone and leaves one number for each class, as "
        "Python's own sum does: np.sum(W * W) is one number.",
        LOSS,
    ),
    "divided-by-penalty": Mistake(
        "The sum over the examples is divided by N plus the penalty: x /= N + penalty means "
        "x / (N + penalty). Divide first, then add the penalty in a line of its own.",
        LOSS,
    ),
    "reg-factors-differ": Mistake(
        "The gradients of W1 and W2 have different penalties: one reg * W, the other 2 * reg * W.",
        WEIGHTS,
    ),
    "reg-layers-differ": Mistake(
        "W1 and W2 are penalised with different factors: both take reg * sum(W^2).", WEIGHTS
    ),
    "reg-sign": Mistake("The penalty is subtracted; it has to be added.", LOSS),
    "reg-strength-dropped": Mistake(
        "The penalty does not depend on reg: its strength is not multiplied in.",
        LOSS,
    ),
    "reg-other-form": Mistake(
        "The penalty is not reg * sum(W^2), with 2 * reg * W as its derivative.",
        PENALTY,
    ),
    "reg-one-layer": Mistake(
        "Only one of the two weight matrices is regularised: W1 and W2 both are.",
        WEIGHTS,
    ),
    "biases-regularised": Mistake(
        "The biases are regularised: only the weights W1 and W2 are.", WEIGHTS
    ),
    # The mean over the examples.
    "not-averaged": Mistake("The sum over the examples is not divided by N.", LOSS),
    "averaged-twice": Mistake("The sum over the examples is divided by N twice.", LOSS),
    "averaged-over-classes": Mistake(
        "The sum is divided by the number of classes: the mean runs over the N examples only.",
        LOSS,
    ),
    "one-example-only": Mistake(
        "Only one example of the batch counts, the first or the last: look for a line that is "
        "overwritten in each turn of the loop, or stands outside it.",
        GRADIENT,
    ),
    "example-left-out": Mistake(
        "The first or the last example of the batch does not count: look at the ends of the loop.",
        GRADIENT,
    ),
    "constant-factor": Mistake(
        "There is a factor besides the 1 / N of the mean, the same in every call.",
        LOSS,
    ),
    "divided-in-loop": Mistake(
        "The division by N stands inside the loop and is done again for each example: it is done "
        "once, after the loop.",
        LOSS,
    ),
    "label-as-factor": Mistake(
        "The loss of each example is multiplied by its label y[i]: a label says which class is "
        "right, it is no factor.",
        LOSS,
    ),
    "label-of-class": Mistake(
        "The label is looked up by the number of a class, y[c]: y has one label for each example, "
        "y[i].",
        OF_SCORES,
    ),
    "rows-for-entries": Mistake(
        "A[y] means whole rows: the entries of the right classes are A[np.arange(N), y].",
        "notebooks/softmax.ipynb, section 7",
    ),
    "one-for-example": Mistake(
        "In the column of the right class the number 1 stands where the example X[i] should.",
        OF_SCORES,
    ),
    "sign": Mistake(
        "The sign is wrong: the part that depends on the examples is multiplied by -1.", GRADIENT
    ),
    "data-term-missing": Mistake(
        "Only the penalty is there: the part that depends on the examples is missing.",
        GRADIENT,
    ),
    "loss-missing": Mistake("The loss is still 0.", LOSS),
    "gradient-missing": Mistake("The gradient, or a part of it, is still missing.", GRADIENT),
    # The hinge loss.
    "right-class-counted": Mistake(
        "The right class is counted among the violated margins: its own margin is always 1.",
        MULTICLASS_SVM,
    ),
    "margin-missing": Mistake("The margin of 1 is missing: s[c] - s[y] + 1.", HINGE),
    "margin-reversed": Mistake(
        "The margin is turned round: it is s[c] - s[y] + 1, not s[y] - s[c] + 1.",
        HINGE,
    ),
    "max-missing": Mistake("Margins below 0 count as well: max(0, margin) is missing.", HINGE),
    "mask-of-all": Mistake(
        "Every class counts as a violated margin in the gradient: the mask has to be margin > 0; "
        "after max(0, margin), margin >= 0 is always true.",
        VIOLATED,
    ),
    "squared-hinge": Mistake(
        "The margins are squared: that is another loss, the L2-SVM.", MULTICLASS_SVM
    ),
    "largest-margin-only": Mistake(
        "Only the largest margin of each example counts: the loss sums all that are violated.",
        MULTICLASS_SVM,
    ),
    "right-class-missing": Mistake(
        "The part of the right class is missing from the gradient.",
        OF_SCORES,
    ),
    "violations-counted-once": Mistake(
        "The column of the right class gets -X[i] once, but it is -X[i] for each violated margin.",
        BALANCE,
    ),
    "other-classes-missing": Mistake(
        "Only the column of the right class gets a gradient: the other classes' part is missing.",
        OF_SCORES,
    ),
    "margins-for-indicator": Mistake(
        "The gradient is weighted by the size of the margins: each violated one counts as 1.",
        VIOLATED,
    ),
    "right-class-sign": Mistake(
        "The part of the right class has the wrong sign.",
        OF_SCORES,
    ),
    "columns-for-entries": Mistake(
        "A[:, y] means whole columns: the entries of the right classes are A[np.arange(N), y].",
        "notebooks/softmax.ipynb, section 7",
    ),
    # Softmax.
    "log-missing": Mistake(
        "The loss is made of the probabilities themselves: the logarithm is missing.",
        LOG,
    ),
    "log-after-subtraction": Mistake(
        "The loss is the logarithm of p - 1, not of p: NaN, since p - 1 is negative. Take the "
        "logarithm before 1 is subtracted for the gradient.",
        LOG,
    ),
    "exp-missing": Mistake(
        "The scores themselves are divided by their sum: the exponential is missing.", LOG
    ),
    "sum-not-reset": Mistake(
        "The sum of the exponentials goes on growing from example to example: it starts at 0 for "
        "each.",
        LOG,
    ),
    "right-probability-for-all": Mistake(
        "Every class gets the probability of the right class: class c has its own, p[c].",
        OF_SCORES,
    ),
    "log-sum-missing": Mistake(
        "The loss is only -s[y]: the logarithm of the sum, + log(sum(exp(s))), is missing.",
        LOG,
    ),
    "wrong-logarithm": Mistake(
        "The logarithm has another base: the loss takes the natural one, np.log.",
        LOG,
    ),
    "all-classes-summed": Mistake(
        "The logarithms of all classes are summed: only that of the right class counts.",
        LOG,
    ),
    "shift-in-one-place": Mistake(
        "The largest score is subtracted in one place and not in the other: s[y] and "
        "log(sum(exp(s))) have to be shifted by the same number.",
        LARGE_SCORES,
    ),
    "shift-wrong-axis": Mistake(
        "The shift subtracts the largest score of each column; a row may be shifted, "
        "a column may not: np.max(scores, axis=1, keepdims=True).",
        LARGE_SCORES,
    ),
    "sum-wrong-axis": Mistake(
        "The probabilities are normalised over the examples: those of each row have to sum to 1.",
        LOG,
    ),
    "not-normalised": Mistake(
        "The exponentials are not divided by their sum in the gradient.", OF_SCORES
    ),
    "probabilities-missing": Mistake(
        "Only the right class is in the gradient: the probabilities of all classes are missing.",
        OF_SCORES,
    ),
    "wrong-coefficients": Mistake(
        "The gradient is a sum of the examples, as it must be, but the examples have other "
        "coefficients in it.",
        OF_SCORES,
    ),
    "other-divisor": Mistake(
        "The sum over the examples in the gradient is right, but it is not divided by N.", GRADIENT
    ),
    "right-class-overwritten": Mistake(
        "The entry of the right class is set to -1: it is p - 1, so subtract 1 from it, -= 1.",
        OF_SCORES,
    ),
    # Neighbourhood components analysis.
    "factor-2-missing": Mistake(
        "The gradient lacks the factor 2 of the squared distance.",
        NCA_GRADIENT,
    ),
    "self-counted": Mistake(
        "An example is its own neighbour: j = i has to be left out.",
        NCA_LOSS,
    ),
    "self-in-denominator": Mistake(
        "An example counts in its own denominator: j = i has to be left out of that sum too.",
        NCA_LOSS,
    ),
    "distances-not-squared": Mistake(
        "The softmax is taken over the distances: it is over their squares.", NCA_LOSS
    ),
    "distances-halved": Mistake(
        "The softmax is taken over half the squared distances: it is over the squares themselves.",
        NCA_LOSS,
    ),
    "distance-sign": Mistake(
        "Far examples are likelier than near ones: the softmax is over minus the squared "
        "distances.",
        NCA_LOSS,
    ),
    "mean-before-log": Mistake(
        "The logarithm is taken of the mean: the loss is the mean of the logarithms.",
        NCA_LOSS,
    ),
    "log-before-sum": Mistake(
        "The logarithm is taken of each P[i, j]: sum over the examples of the class first.",
        NCA_LOSS,
    ),
    "probability-underflows": Mistake(
        "The probabilities of a whole class underflow to 0 where examples are far apart, and their "
        "logarithm or quotient is lost: stay with logarithms, and take log_sum_exp.",
        NCA_GRADIENT,
    ),
    "not-symmetrised": Mistake(
        "M^T Z is missing, or M Z stands in its place: an example moves its neighbours, and they "
        "move it.",
        NCA_GRADIENT,
    ),
    "column-sums-missing": Mistake(
        "The term - diag(column sums of M) Z is missing, or has another sign: the rows of M sum to "
        "0, its columns do not.",
        NCA_GRADIENT,
    ),
    "target-missing": Mistake(
        "P stands for M in the gradient: the target Q is not subtracted.", NCA_GRADIENT
    ),
    "target-not-rescaled": Mistake(
        "The target Q is P restricted to the right class, but its rows are not rescaled to sum 1.",
        NCA_GRADIENT,
    ),
    # The net.
    "relu-missing": Mistake(
        "The ReLU between the layers is missing: H = max(0, X W1 + b1).", FORWARD
    ),
    "other-activation": Mistake(
        "The hidden layer has another activation than the ReLU, max(0, X W1 + b1).",
        FORWARD,
    ),
    "relu-on-scores": Mistake(
        "The scores go through a ReLU, which makes 0 of negative ones: they stay as they are.",
        {"two_layer_net": FORWARD},
    ),
    "bias-missing": Mistake("A bias is missing: X W1 + b1 and H W2 + b2.", FORWARD),
    "bias-after-relu": Mistake(
        "The bias b1 is added after the ReLU: it comes before, H = max(0, X W1 + b1).", FORWARD
    ),
    "bias-twice": Mistake("A bias is added twice.", FORWARD),
    "scores-shifted": Mistake(
        "The scores are returned after the shift by their row maximum: return them as they are.",
        "notebooks/two_layer_net.ipynb, section 2",
    ),
    "probabilities-for-scores": Mistake(
        "These are probabilities: return the scores, before exp and quotient.",
        "notebooks/two_layer_net.ipynb, section 2",
    ),
    "relu-mask-missing": Mistake(
        "The gradient passes through the ReLU where it was shut: dH has to be 0 where H is 0.",
        MASK,
    ),
    "relu-mask-wrong": Mistake(
        "The gradient is not let through the ReLU as it must be: times 1 where its input "
        "X W1 + b1 is positive, times 0 elsewhere.",
        MASK,
    ),
    "pre-activation-for-hidden": Mistake(
        "The gradient of W2 is made with X W1 + b1, before the ReLU: it takes H, after it.",
        SECOND_LAYER,
    ),
    "bias-gradient-not-summed": Mistake(
        "The gradient of a bias is the sum of dscores (or dH) over the examples, axis=0.",
        BLOCKS,
    ),
    "bias-gradient-averaged": Mistake(
        "The gradient of a bias is averaged over the examples, but dscores already has its 1/N: "
        "sum it.",
        BLOCKS,
    ),
    "gradients-swapped": Mistake(
        "The gradient of one parameter stands under the name of another: they are swapped.", BLOCKS
    ),
    "gradient-for-weights": Mistake(
        "The gradient of W2 stands where W2 itself should: dH = dscores W2^T.",
        MASK,
    ),
    "bias-in-product": Mistake(
        "A bias is inside the product, X (W1 + b1) or H (W2 + b2): it is added after it.", FORWARD
    ),
    # Training and prediction.
    "never-updated": Mistake("The weights are never changed.", DESCENT),
    "uphill": Mistake(
        "The step goes uphill: it is W -= learning_rate * dW, with a minus.", DESCENT
    ),
    "learning-rate-missing": Mistake(
        "The step is the gradient itself: it is not multiplied by the learning rate.",
        DESCENT,
    ),
    "learning-rate-other": Mistake(
        "The size of the steps is not the learning rate that was given.", DESCENT
    ),
    "step-twice": Mistake(
        "Each step is twice learning_rate * dW: it is made twice, or there is a 2 in it.", DESCENT
    ),
    "step-averaged": Mistake(
        "The step is divided by the number of examples, but the gradient is their mean already.",
        DESCENT,
    ),
    "step-assigned": Mistake(
        "The step takes the place of the weights, where it has to be added to them: W =- step "
        "and W =+ step assign; it is W -= learning_rate * dW.",
        DESCENT,
    ),
    "steps-not-added": Mistake(
        "Each step starts from the first weights again: it has to start from where the last one "
        "led.",
        DESCENT,
    ),
    "step-after-loop": Mistake(
        "The weights stay the same until the loss has been asked for the last time: the step "
        "belongs into the loop.",
        DESCENT,
    ),
    "weights-averaged": Mistake(
        "In the end the weights are the mean of all steps' weights: they stay where the last step "
        "leads.",
        DESCENT,
    ),
    "gradients-accumulated": Mistake(
        "Each step takes the sum of all gradients so far: it takes that of its own batch alone.",
        DESCENT,
    ),
    "gradient-normalised": Mistake(
        "Only the direction or the sign of the gradient counts in the step: it is "
        "learning_rate * dW, with dW as it is.",
        DESCENT,
    ),
    "penalty-in-step": Mistake(
        "The step takes the derivative of the penalty besides the gradient, which holds it "
        "already.",
        DESCENT,
    ),
    "momentum-besides": Mistake(
        "A plain step and a step with momentum are both made: one of them is enough, in this "
        "course the plain one.",
        DESCENT,
    ),
    "parameters-not-updated": Mistake(
        "Some parameters are never changed: W1, b1, W2 and b2 all take the step.", DESCENT
    ),
    "epoch-count": Mistake(
        "The learning rate does not decay as it must, once an epoch, which is every "
        "N / batch_size steps.",
        DESCENT,
    ),
    "learning-rate-decays": Mistake(
        "The learning rate falls during the training: in this function it stays what was given.",
        DESCENT,
    ),
    "decay-twice": Mistake(
        "The learning rate decays twice in an epoch: the lines below the blank do it already.",
        DESCENT,
    ),
    "no-such-gradient": Mistake(
        "There are gradients for W1, b1, W2 and b2 alone: what else you keep, such as velocities, "
        "belongs into a dict of its own and not into self.params.",
        DESCENT,
    ),
    "step-count": Mistake("The number of steps is not num_iters.", DESCENT),
    "loss-not-asked": Mistake(
        "The batch's loss and gradient do not come from self.loss(...), which every classifier "
        "brings along.",
        DESCENT,
    ),
    "history": Mistake(
        "The list loss_history must hold the loss of each batch, one number a step.", DESCENT
    ),
    "batch-shape": Mistake(
        "A batch has the wrong shape: X_batch is (batch_size, D), and y_batch is (batch_size,), "
        "as X[indices] and y[indices] are for a list of indices.",
        DESCENT,
    ),
    "batch-size": Mistake("A batch does not have batch_size examples.", DESCENT),
    "labels-of-other-examples": Mistake(
        "The labels of a batch are not those of its examples: X and y take the same indices.",
        DESCENT,
    ),
    "same-batch-each-step": Mistake(
        "A step sees the same batch as the step before: draw a new one in each.", DESCENT
    ),
    "one-example-batch": Mistake(
        "A batch holds one example again and again: draw batch_size indices, not one.", DESCENT
    ),
    "part-never-drawn": Mistake(
        "Some of the examples never come into a batch: indices are drawn from 0 to N - 1.",
        DESCENT,
    ),
    "not-training-examples": Mistake(
        "A batch has rows that are not rows of X: X_batch is X[indices].", DESCENT
    ),
    "reg-not-passed-on": Mistake(
        "The loss does not get the reg that train was given: self.loss(X_batch, y_batch, reg).",
        DESCENT,
    ),
    "loss-not-lowered": Mistake("Training does not lower the loss by half.", DESCENT),
    "without-replacement": Mistake(
        "The batch is drawn without replacement, which cannot be done where batch_size exceeds N "
        "(as in the toy example): leave out replace=False.",
        DESCENT,
    ),
    "argmin": Mistake("The class with the smallest score is predicted.", PREDICTION),
    "wrong-axis": Mistake(
        "The largest score is taken over the wrong axis: axis=1 gives one class per example.",
        PREDICTION,
    ),
    "scores-for-labels": Mistake(
        "These are scores or probabilities: the prediction is the index of the largest score, "
        "np.argmax(scores, axis=1).",
        PREDICTION,
    ),
    "one-hot-for-labels": Mistake(
        "These are ones and zeros, with the one in the predicted class: the prediction is its "
        "index, np.argmax(scores, axis=1).",
        PREDICTION,
    ),
    "absolute-scores": Mistake(
        "The score that is largest in size is predicted, whatever its sign.", PREDICTION
    ),
    "scores-cut": Mistake(
        "The scores are cut or rounded to whole numbers before the largest is taken.", PREDICTION
    ),
    "second-largest": Mistake("The class with the second largest score is predicted.", PREDICTION),
    "labels-from-1": Mistake("The labels are all one too large: they start at 0.", PREDICTION),
    # Any exercise.
    "wrong-return": Mistake("The function does not return what its docstring says."),
    "wrong-shape": Mistake("The result has the wrong shape."),
    "random-result": Mistake(
        "The same call gives another result the second time: something random is in it, such as "
        "dropout, or something is kept from one call to the next."
    ),
    "broadcast-wrong-axis": Mistake(
        "A matrix meets an array with one number for each of its rows, which NumPy lays along its "
        "columns: make a column of it, with x[:, np.newaxis] or keepdims=True.",
        'NumPy manual, "Broadcasting"',
    ),
    "inputs-changed": Mistake(
        "The function changes its arguments: work on a copy, or on a new array."
    ),
    "overflow": Mistake(
        "The exponential overflows for large scores: subtract the largest score of each row first.",
        LARGE_SCORES,
    ),
    "underflow": Mistake(
        "Every exponential of a row is 0 where its scores lie far below those of another row: "
        "subtract the largest score of each row, not one number from all.",
        LARGE_SCORES,
    ),
    "shift-not-largest": Mistake(
        "Where the scores of a row lie far apart, the exponentials overflow, or all are 0: "
        "subtract the largest score of each row, and nothing else.",
        LARGE_SCORES,
    ),
    "decay-after-epoch": Mistake(
        "The learning rate decays after the last step of an epoch, in this course after its first.",
        DESCENT,
    ),
    "momentum": Mistake(
        "The step has a momentum: that is another optimiser than the plain gradient descent of "
        "this course, W -= learning_rate * dW.",
        DESCENT,
    ),
    "half-convention": Mistake(
        "Your penalty is that of one half, 0.5 * reg * sum(W^2), whose gradient is reg * W: "
        "another convention than this course's, which is reg * np.sum(W * W) in the loss and "
        "2 * reg * W in the gradient.",
        PENALTY,
    ),
}

from assignment.checking.mistake import Mistake

DISTANCE = "notebooks/knn.ipynb, section 2"
VOTE = "notebooks/knn.ipynb, section 4"
NO_LOOPS = "notebooks/knn.ipynb, section 6"
NCA_LOSS = "notebooks/knn.ipynb, section 13"
NCA_GRADIENT = "notebooks/knn.ipynb, section 14"

MISTAKES = (
    # Distances.
    Mistake(
        "root-missing",
        "These are squared distances: the square root is missing.",
        DISTANCE,
    ),
    Mistake("root-twice", "The root is taken twice: this is the root of the distance.", DISTANCE),
    Mistake(
        "root-of-a-part",
        "The root is taken of a part of |x|^2 - 2 x.t + |t|^2: it is taken of the whole sum.",
        NO_LOOPS,
    ),
    Mistake(
        "l1-distance",
        "This is the L1 distance, made of absolute differences; the L2 distance is the root of "
        "the sum of squares.",
        DISTANCE,
    ),
    Mistake(
        "root-of-l1",
        "The root is taken of the sum of the absolute differences: square them instead, then sum, "
        "then take the root.",
        DISTANCE,
    ),
    Mistake(
        "roots-summed",
        "The roots of the absolute differences are summed: square the differences, sum, then "
        "take one root.",
        DISTANCE,
    ),
    Mistake(
        "max-distance",
        "This is the largest of the differences, not the root of the sum of their squares.",
        DISTANCE,
    ),
    Mistake(
        "cosine-distance",
        "This is the cosine of the angle between x and t, or 1 minus it, not their distance.",
        DISTANCE,
    ),
    Mistake(
        "squared-after-sum",
        "The differences are summed before they are squared, and cancel: square each, then sum.",
        DISTANCE,
    ),
    Mistake(
        "mean-for-sum",
        "A mean over the numbers of an example stands where they have to be summed.",
        DISTANCE,
    ),
    Mistake(
        "numbers-left-out",
        "Not all numbers of the two examples are compared: the first or the last is left out, or "
        "is the only one that counts.",
        DISTANCE,
    ),
    Mistake(
        "cross-term",
        "This is not |x - t|^2 = |x|^2 - 2 x.t + |t|^2: a sign or a factor is another one, or more "
        "than one term is missing.",
        NO_LOOPS,
    ),
    Mistake(
        "squares-missing",
        "One of the squares of |x - t|^2 = |x|^2 - 2 x.t + |t|^2 is missing.",
        NO_LOOPS,
    ),
    Mistake(
        "axis-missing",
        "The sum runs over all training examples at once: it needs axis=1, so that each keeps a "
        "distance of its own.",
        "notebooks/knn.ipynb, section 5",
    ),
    Mistake(
        "distances-cut",
        "The numbers are cut or rounded to whole ones: distances are floats.",
        DISTANCE,
    ),
    Mistake(
        "distances-sorted",
        "The distances are sorted: dists[i, j] is that of X[i] and X_train[j], in their order.",
        DISTANCE,
    ),
    Mistake(
        "distances-overwritten",
        "Distances of one example stand in the places of others: they are written to dists[i, j], "
        "or a whole row at once to dists[i].",
        "notebooks/knn.ipynb, section 3",
    ),
    # Votes.
    Mistake(
        "ties",
        "A label with most votes is predicted, but a tie does not go to the smallest of them.",
        "notebooks/knn.ipynb, section 8, Ties",
    ),
    Mistake(
        "ties-left-open",
        "Where labels have equally many votes, none of them is predicted: the smallest has to be.",
        "notebooks/knn.ipynb, section 8, Ties",
    ),
    Mistake(
        "majority-only",
        "A label is predicted only where more than half of the k nearest have it: most votes are "
        "enough.",
        VOTE,
    ),
    Mistake(
        "distances-rounded",
        "The distances are cut or rounded to whole numbers before the vote: compare them as they "
        "are.",
        VOTE,
    ),
    Mistake(
        "k-off-by-one",
        "One too many or one too few votes, or the nearest is left out: look at the ends of the "
        "slice.",
        VOTE,
    ),
    Mistake("k-ignored", "Only the nearest neighbour counts, whatever k is.", VOTE),
    Mistake(
        "all-examples-vote",
        "All training examples vote, whatever k is: take the first k of the sorted ones.",
        VOTE,
    ),
    Mistake(
        "first-examples-vote",
        "The first k training examples vote, however far they are: sort by distance first.",
        VOTE,
    ),
    Mistake("farthest-neighbours", "The k farthest training examples vote, not the nearest.", VOTE),
    Mistake(
        "columns-sorted",
        "The distances are sorted along their columns, over the test examples: a row of dists "
        "belongs to one test example.",
        VOTE,
    ),
    Mistake(
        "labels-sorted",
        "The labels are sorted by value before the neighbours look theirs up: a neighbour's label "
        "is self.y_train at its own index.",
        VOTE,
    ),
    Mistake(
        "smallest-labels-vote",
        "The k smallest of all labels vote, not the labels of the k nearest: sort the distances, "
        "and not the labels.",
        VOTE,
    ),
    Mistake(
        "ranks-for-indices",
        "Ranks are used as indices: np.argsort(dists[i]) gives the indices from near to far, and "
        "argsort of that turns it round into ranks.",
        VOTE,
    ),
    Mistake(
        "indices-for-labels",
        "These are indices of training examples, not their labels: look them up in self.y_train.",
        VOTE,
    ),
    Mistake(
        "votes-over-indices",
        "Votes are counted over the indices of the neighbours, each of which occurs once: count "
        "their labels.",
        VOTE,
    ),
    Mistake(
        "longest-run",
        "The longest run of equal labels is predicted, or the longest but for the last run: count "
        "all votes for a label.",
        VOTE,
    ),
    Mistake(
        "first-to-k-votes",
        "The first label to reach a number of votes is predicted: let the k nearest vote, and then "
        "see who has most.",
        VOTE,
    ),
    Mistake(
        "place-among-sorted",
        "The place of the winner among the sorted different labels is looked up in another list: "
        "it belongs to the list that np.unique returns.",
        VOTE,
    ),
    Mistake(
        "place-for-label",
        "This is the place of the winner among the sorted different labels, not the label itself.",
        VOTE,
    ),
    Mistake(
        "label-as-index",
        "The winning label is used as an index, and the label there is predicted: it is the answer "
        "already.",
        VOTE,
    ),
    Mistake(
        "count-for-label",
        "This is how many votes the winner has, not its label: argmax in place of max.",
        VOTE,
    ),
    Mistake("label-0-left-out", "Votes for label 0 do not count.", VOTE),
    Mistake("fewest-votes", "The label with the fewest votes is predicted.", VOTE),
    Mistake(
        "weighted-votes",
        "Votes are weighed by the distances, or these are added up for each label: each of the k "
        "nearest has one vote.",
        VOTE,
    ),
    Mistake(
        "vote-missing",
        "No vote is held: this is the smallest, the largest, the last, the middle, the mean or the "
        "sum of the neighbours' labels, or the place of the largest.",
        VOTE,
    ),
    # Neighbourhood components analysis.
    Mistake(
        "factor-2-missing",
        "The gradient lacks the factor 2 of the squared distance.",
        NCA_GRADIENT,
    ),
    Mistake(
        "self-counted",
        "An example is its own neighbour: j = i has to be left out.",
        NCA_LOSS,
    ),
    Mistake(
        "self-in-denominator",
        "An example counts in its own denominator: j = i has to be left out of that sum too.",
        NCA_LOSS,
    ),
    Mistake(
        "distances-not-squared",
        "The softmax is taken over the distances: it is over their squares.",
        NCA_LOSS,
    ),
    Mistake(
        "distances-halved",
        "The softmax is taken over half the squared distances: it is over the squares themselves.",
        NCA_LOSS,
    ),
    Mistake(
        "distance-sign",
        "Far examples are likelier than near ones: the softmax is over minus the squared "
        "distances.",
        NCA_LOSS,
    ),
    Mistake(
        "mean-before-log",
        "The logarithm is taken of the mean: the loss is the mean of the logarithms.",
        NCA_LOSS,
    ),
    Mistake(
        "log-before-sum",
        "The logarithm is taken of each P[i, j]: sum over the examples of the class first.",
        NCA_LOSS,
    ),
    Mistake(
        "probability-underflows",
        "The probabilities of a whole class underflow to 0 where examples are far apart, and their "
        "logarithm or quotient is lost: stay with logarithms, and take log_sum_exp.",
        NCA_GRADIENT,
    ),
    Mistake(
        "not-symmetrised",
        "M^T Z is missing, or M Z stands in its place: an example moves its neighbours, and they "
        "move it.",
        NCA_GRADIENT,
    ),
    Mistake(
        "column-sums-missing",
        "The term - diag(column sums of M) Z is missing, or has another sign: the rows of M sum to "
        "0, its columns do not.",
        NCA_GRADIENT,
    ),
    Mistake(
        "target-missing",
        "P stands for M in the gradient: the target Q is not subtracted.",
        NCA_GRADIENT,
    ),
    Mistake(
        "target-not-rescaled",
        "The target Q is P restricted to the right class, but its rows are not rescaled to sum 1.",
        NCA_GRADIENT,
    ),
)

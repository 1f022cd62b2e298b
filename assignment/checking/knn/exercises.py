"""The exercises of the first lesson and of metric_learning, and how their answers are judged."""

from assignment.checking.exercise import Exercise
from assignment.checking.knn import diagnosis
from assignment.checking.knn.calls import CALLS, MOST_NEIGHBOURS

# In the order in which the notebooks come to them.
EXERCISES = (
    Exercise(
        CALLS["KNearestNeighbor.compute_distances_two_loops"],
        "knn",
        "3. Two loops",
        3,
        (
            "What is the distance between two points in the plane? Here are 3,072 coordinates.",
            "X[i] - self.X_train[j] is the difference of two images, as a vector.",
            "Square the difference, sum it with np.sum, take the root with np.sqrt.",
        ),
        ("dists",),
        diagnosis.explain_distances,
    ),
    Exercise(
        CALLS["KNearestNeighbor.predict_labels"],
        "knn",
        "4. A vote",
        5,
        (
            "Which training examples are the k nearest to test example i? np.argsort finds them.",
            "Their labels are self.y_train at these indices.",
            "np.bincount counts votes, and argmax takes the first of several largest counts: "
            "the smallest label.",
        ),
        ("y_pred",),
        diagnosis.explain_votes,
        complain=diagnosis.complain_of_votes,
    ),
    Exercise(
        CALLS["KNearestNeighbor.compute_distances_one_loop"],
        "knn",
        "5. One loop",
        3,
        (
            "What is the shape of self.X_train - X[i]? Broadcasting repeats the row.",
            "There is one sum of squares for each training example: along which axis?",
            "np.sqrt(np.sum(..., axis=1)) is a whole row of dists.",
        ),
        ("dists",),
        diagnosis.explain_distances,
    ),
    Exercise(
        CALLS["KNearestNeighbor.compute_distances_no_loops"],
        "knn",
        "6. No loops",
        6,
        (
            "Multiply out |x - t|^2: three terms, of which only one needs both x and t.",
            "All products x.t at once are X @ self.X_train.T, of shape (num_test, num_train).",
            "A column of the squares of X plus a row of those of X_train has that shape too; "
            "np.maximum(..., 0) keeps round-off out of the root.",
        ),
        ("dists",),
        diagnosis.explain_distances,
    ),
    Exercise(
        CALLS["cross_validate"],
        "knn",
        "9. How many neighbours? Cross-validation",
        5,
        (
            "Say it in words first: while one fold is hidden, which images train, and which are "
            "predicted? How often does that happen?",
            "np.array_split cuts X into a list of folds, and y in the same places. Lists are "
            "joined with +, and np.concatenate makes one array of a list. The distances do not "
            "depend on k.",
            "For each fold: train on np.concatenate(X_folds[:fold] + X_folds[fold + 1 :]) and on "
            "the same of y_folds, compute the distances of X_folds[fold], and for each k append "
            "np.mean(predict_labels(dists, k=k) == y_folds[fold]) to accuracies[k].",
        ),
        tuple(f"accuracies[{k}]" for k in range(1, MOST_NEIGHBOURS + 1)),
        diagnosis.explain_folds,
    ),
)
# After softmax.
FURTHER = (
    Exercise(
        CALLS["nca_loss"],
        "further/metric_learning",
        "2. Its gradient, derived",
        6,
        (
            "It is a softmax over minus the squared distances: where have you met its gradient?",
            "Fill the diagonal of S with -np.inf, and an example never picks itself.",
            "With M = (P - Q) / N and Z = X A^T: dZ = M Z + M^T Z - diag(column sums of M) Z, "
            "and dA = 2 dZ^T X.",
        ),
        ("loss", "dA"),
        diagnosis.explain_nca,
    ),
)

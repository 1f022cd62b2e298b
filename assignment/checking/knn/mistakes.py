"""Mistakes in distances, votes, cross-validation and NCA: what is said, and what each returns.

What it returns is made of the terms in terms.py: `dists` of Distances; `vote`, the label of one
test example, of Vote; `y_pred`, those of all, of what is right; of Folds `rounds`, who trains and
who is predicted, and `ks`, how many vote for each choice; of these, the numbers of right
predictions and the sizes of the folds `noted`, the accuracies; `loss` and `dA` of Neighbours, of
which `neighbours` makes others that have both.
"""

from functools import partial

import numpy as np

from assignment.checking.common import NCA_GRADIENT, NCA_LOSS
from assignment.checking.knn.terms import (
    distances_of,
    longest_runs,
    others,
    root,
    winner,
    winners,
)
from assignment.checking.mistake import Mistake

# What settles them.
in_distances, in_votes, in_squares, in_folds = (
    partial(Mistake, see=f"notebooks/knn.ipynb, section {number}") for number in (2, 4, 6, 9)
)
in_nca_loss, in_nca_gradient = (partial(Mistake, see=see) for see in (NCA_LOSS, NCA_GRADIENT))

MISTAKES = (
    # Distances.
    in_distances(
        "root-missing",
        "These are squared distances: the square root is missing.",
        dists=lambda t: t.dists**2,
    ),
    in_distances(
        "root-twice",
        "The root is taken twice: this is the root of the distance.",
        dists=lambda t: np.sqrt(t.dists),
    ),
    in_squares(
        "root-of-a-part",
        "The root is taken of a part of |x|^2 - 2 x.t + |t|^2: it is taken of the whole sum.",
        dists=lambda t: [
            np.sqrt(t.xx) + np.sqrt(t.tt) - 2 * t.xt,
            *(
                t.dists**2 - part + rooted
                for part in (t.xx, t.tt, -2 * t.xt, t.xx + t.tt, t.xx - 2 * t.xt, t.tt - 2 * t.xt)
                for rooted in root(part)
            ),
        ],
    ),
    in_distances(
        "l1-distance",
        "This is the L1 distance, made of absolute differences; the L2 distance is the root of "
        "the sum of squares.",
        dists=lambda t: [t.sizes.sum(axis=2), (t.sizes.mean(axis=2), "mean-for-sum")],
    ),
    in_distances(
        "root-of-l1",
        "The root is taken of the sum of the absolute differences: square them instead, then sum, "
        "then take the root.",
        dists=lambda t: np.sqrt(t.sizes.sum(axis=2)),
    ),
    in_distances(
        "roots-summed",
        "The roots of the absolute differences are summed: square the differences, sum, then "
        "take one root.",
        dists=lambda t: np.sqrt(t.sizes).sum(axis=2),
    ),
    in_distances(
        "max-distance",
        "This is the largest of the differences, not the root of the sum of their squares.",
        dists=lambda t: t.sizes.max(axis=2),
    ),
    in_distances(
        "cosine-distance",
        "This is the cosine of the angle between x and t, or 1 minus it, not their distance.",
        dists=lambda t: [t.xt / np.sqrt(t.xx * t.tt), 1 - t.xt / np.sqrt(t.xx * t.tt)],
    ),
    in_distances(
        "squared-after-sum",
        "The differences are summed before they are squared, and cancel: square each, then sum.",
        dists=lambda t: distances_of(t.differences.sum(axis=2) ** 2),
    ),
    in_distances(
        "mean-for-sum",
        "A mean over the numbers of an example stands where they have to be summed.",
        dists=lambda t: distances_of(t.squares.mean(axis=2)),
    ),
    in_distances(
        "numbers-left-out",
        "Not all numbers of the two examples are compared: the first or the last is left out, or "
        "is the only one that counts.",
        dists=lambda t: distances_of(
            *(t.squares[..., part].sum(axis=2) for part in np.s_[1:, :-1, :1, -1:])
        ),
    ),
    in_squares(
        "cross-term",
        "This is not |x - t|^2 = |x|^2 - 2 x.t + |t|^2: a sign or a factor is another one, or more "
        "than one term is missing.",
        dists=lambda t: distances_of(
            *(t.xx + factor * t.xt + t.tt for factor in (2, -1, 1, 0)),
            t.xt,
            -2 * t.xt,
            t.xx - 2 * t.xt - t.tt,
        ),
    ),
    in_squares(
        "squares-missing",
        "One of the squares of |x - t|^2 = |x|^2 - 2 x.t + |t|^2 is missing.",
        dists=lambda t: distances_of(t.xx - 2 * t.xt, t.tt - 2 * t.xt),
    ),
    in_squares(
        "row-meets-row",
        "An array with one number for each test example meets one with one for each training "
        "example: make a column of the first, with x[:, np.newaxis], and NumPy takes all pairs.",
        raises=r"broadcast .* \((\d+),\) \((\d+),\)\s+\(with (\1 test and \2|\2 test and \1) ",
    ),
    Mistake(
        "axis-missing",
        "The sum runs over all training examples at once: it needs axis=1, so that each keeps a "
        "distance of its own.",
        "notebooks/knn.ipynb, section 5",
        dists=lambda t: distances_of(t.squares.sum(axis=(1, 2))[:, np.newaxis] + 0 * t.xt),
    ),
    in_distances(
        "distances-cut",
        "The numbers are cut or rounded to whole ones: distances are floats.",
        dists=lambda t: [
            np.floor(t.dists),
            np.rint(t.dists),
            (np.floor(t.dists**2), "root-missing"),
        ],
    ),
    in_distances(
        "distances-sorted",
        "The distances are sorted: dists[i, j] is that of X[i] and X_train[j], in their order.",
        dists=lambda t: [np.sort(t.dists, axis=axis) for axis in (0, 1)],
    ),
    Mistake(
        "distances-overwritten",
        "Distances of one example stand in the places of others: they are written to dists[i, j], "
        "or a whole row at once to dists[i].",
        "notebooks/knn.ipynb, section 3",
        dists=lambda t: [
            dists
            for last, place in zip(
                (t.dists[-1:], t.dists[:, -1:]), np.indices(t.dists.shape), strict=True
            )
            for dists in (last + 0 * place, np.where(place == 0, last, 0))
        ],
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
        vote=lambda t: [
            fill if 1 < t.ties == tied else t.winner
            for tied in (t.ties, len(t.labels))
            for fill in (0, -1)
        ],
    ),
    in_votes(
        "majority-only",
        "A label is predicted only where more than half of the k nearest have it: most votes are "
        "enough.",
        vote=lambda t: [t.winner if t.most > t.k / 2 else other for other in (0, -1, t.near[0])],
    ),
    in_votes(
        "distances-rounded",
        "The distances are cut or rounded to whole numbers before the vote: compare them as they "
        "are.",
        vote=lambda t: t.of(
            *(
                np.argsort(whole(t.d), kind=kind)[: t.k]
                for whole in (np.trunc, np.rint)
                for kind in ("stable", None)
            )
        ),
    ),
    in_votes(
        "k-off-by-one",
        "One too many or one too few votes, or the nearest is left out: look at the ends of the "
        "slice.",
        vote=lambda t: t.of(
            *(t.order[part] for part in np.s_[: max(t.k - 1, 1), : t.k + 1, 1 : t.k + 1, 1 : t.k])
        ),
    ),
    in_votes(
        "k-ignored", "Only the nearest neighbour counts, whatever k is.", vote=lambda t: t.near[0]
    ),
    in_votes(
        "all-examples-vote",
        "All training examples vote, whatever k is: take the first k of the sorted ones.",
        vote=lambda t: t.of(t.order),
    ),
    in_votes(
        "first-examples-vote",
        "The first k training examples vote, however far they are: sort by distance first.",
        vote=lambda t: t.of(np.arange(len(t.y))[: t.k]),
    ),
    in_votes(
        "farthest-neighbours",
        "The k farthest training examples vote, not the nearest.",
        vote=lambda t: t.of(t.order[::-1][: t.k]),
    ),
    in_votes(
        "columns-sorted",
        "The distances are sorted along their columns, over the test examples: a row of dists "
        "belongs to one test example.",
        vote=lambda t: winner(t.y[np.argsort(t.dists, axis=0, kind="stable")[t.i, : t.k]]),
    ),
    in_votes(
        "labels-sorted",
        "The labels are sorted by value before the neighbours look theirs up: a neighbour's label "
        "is self.y_train at its own index.",
        vote=lambda t: winners(np.sort(t.y)[t.nearest]),
    ),
    in_votes(
        "smallest-labels-vote",
        "The k smallest of all labels vote, not the labels of the k nearest: sort the distances, "
        "and not the labels.",
        vote=lambda t: winner(np.sort(t.y)[: t.k]),
    ),
    in_votes(
        "ranks-for-indices",
        "Ranks are used as indices: np.argsort(dists[i]) gives the indices from near to far, and "
        "argsort of that turns it round into ranks.",
        vote=lambda t: t.of(np.argsort(t.order, kind="stable")[: t.k]),
    ),
    in_votes(
        "indices-for-labels",
        "These are indices of training examples, not their labels: look them up in self.y_train.",
        vote=lambda t: [winner(t.nearest), t.nearest[0]],
    ),
    in_votes(
        "votes-over-indices",
        "Votes are counted over the indices of the neighbours, each of which occurs once: count "
        "their labels.",
        vote=lambda t: [t.y[t.nearest.min()], t.y[t.nearest.max()]],
    ),
    in_votes(
        "longest-run",
        "The longest run of equal labels is predicted, or the longest but for the last run: count "
        "all votes for a label.",
        vote=lambda t: [*longest_runs(t.near), longest_runs(np.sort(t.near))[-1]],
    ),
    in_votes(
        "first-to-k-votes",
        "The first label to reach a number of votes is predicted: let the k nearest vote, and then "
        "see who has most.",
        vote=lambda t: t.first_to_k_votes(),
    ),
    in_votes(
        "place-among-sorted",
        "The place of the winner among the sorted different labels is looked up in another list: "
        "it belongs to the list that np.unique returns.",
        vote=lambda t: [labels[t.place] for labels in (t.near, t.y, np.sort(t.y))],
    ),
    in_votes(
        "place-for-label",
        "This is the place of the winner among the sorted different labels, not the label itself.",
        vote=lambda t: t.place,
    ),
    in_votes(
        "label-as-index",
        "The winning label is used as an index, and the label there is predicted: it is the answer "
        "already.",
        vote=lambda t: [
            labels[t.winner] if t.winner < len(labels) else -1 for labels in (t.y, t.near)
        ],
    ),
    in_votes(
        "count-for-label",
        "This is how many votes the winner has, not its label: argmax in place of max.",
        vote=lambda t: t.most,
    ),
    in_votes(
        "label-0-left-out",
        "Votes for label 0 do not count.",
        vote=lambda t: winner(t.near[t.near > 0]) if t.near.any() else 0,
    ),
    in_votes(
        "fewest-votes",
        "The label with the fewest votes is predicted.",
        vote=lambda t: [t.labels[t.counts.argmin()], np.bincount(t.near).argmin()],
    ),
    in_votes(
        "weighted-votes",
        "Votes are weighed by the distances, or these are added up for each label: each of the k "
        "nearest has one vote.",
        vote=lambda t: [
            *map(
                t.heaviest,
                [1 / t.d, 1 / t.d**2, 1 / (1 + t.d), np.exp(-t.d), np.exp(-(t.d**2)), -t.d, t.d],
            ),
            t.heaviest(-t.d, np.mean),
        ],
    ),
    in_votes(
        "vote-missing",
        "No vote is held: this is the smallest, the largest, the last, the middle, the mean or the "
        "sum of the neighbours' labels, or the place of the largest.",
        vote=lambda t: [
            *(t.near.min(), t.near.max(), t.near[-1], t.near.sum(), t.near.argmax()),
            *(way(np.median(t.near)) for way in (float, np.rint, np.trunc)),
            *(way(t.near.mean()) for way in (float, np.rint, np.trunc, np.ceil)),
        ],
    ),
    # Cross-validation: who trains and who is predicted.
    in_folds(
        "trained-on-all",
        "The fold that is predicted is among the training examples: leave it out.",
        rounds=lambda t: [t.rounds_of(t.folds, [np.arange(t.N)] * t.F)],
    ),
    in_folds(
        "validated-on-training",
        "The examples that are predicted are those that train: predict the fold that was left out.",
        rounds=lambda t: [
            t.rounds_of(t.folds, some, some)
            for some in (t.folds, [train for train, *_ in t.rounds], [np.arange(t.N)] * t.F)
        ],
    ),
    in_folds(
        "folds-swapped",
        "The fold trains and all others are predicted: it is the other way round.",
        rounds=lambda t: [t.rounds_of(t.folds, t.folds, [train for train, *_ in t.rounds])],
    ),
    in_folds(
        "fold-left-out",
        "One more fold is left out of the training examples: all train but the one that is "
        "predicted.",
        rounds=lambda t: [
            t.rounds_of(t.folds, [others(t.folds, i, left_out(i)) for i in range(t.F)])
            for left_out in (
                lambda i: 0,
                lambda i: t.F - 1,
                lambda i: (i + 1) % t.F,
                lambda i: (i - 1) % t.F,
                lambda i: int(i == 0),
                lambda i: t.F - 1 - (i == t.F - 1),
            )
        ],
    ),
    in_folds(
        "one-fold-trains",
        "Only one of the other folds trains: train forgets what it was given before, so join them "
        "with np.concatenate.",
        rounds=lambda t: [
            t.rounds_of(t.folds, [t.folds[trains(i)] for i in range(t.F)])
            for trains in (
                lambda i: int(i == 0),
                lambda i: t.F - 1 - (i == t.F - 1),
                lambda i: (i + 1) % t.F,
                lambda i: (i - 1) % t.F,
            )
        ],
    ),
    in_folds(
        "same-fold-validated",
        "The same fold is predicted in each round: each fold has its turn.",
        rounds=lambda t: [
            t.rounds_of(t.folds, train, [t.folds[i]] * t.F)
            for i in (0, -1)
            for train in (None, [t.rounds[i][0]] * t.F)
        ],
    ),
    in_folds(
        "trained-once",
        "The classifier is trained once, without the first or the last fold, and predicts all of "
        "them: train it anew for each fold.",
        rounds=lambda t: [t.rounds_of(t.folds, [t.rounds[i][0]] * t.F) for i in (0, -1)],
    ),
    in_folds(
        "folds-not-aligned",
        "Examples get the labels of others: the folds of y have to be those of X, in the same "
        "order.",
        rounds=lambda t: [
            *(
                [(train, other(train, asked), asked, asked) for train, _, asked, _ in t.rounds]
                for other in (
                    lambda train, asked: np.arange(len(train)),
                    lambda train, asked: train[::-1],
                    lambda train, asked: np.roll(train, -np.searchsorted(train, asked[0])),
                    lambda train, asked: np.roll(train, np.searchsorted(train, asked[0])),
                )
            ),
            [(train, train, asked, np.arange(len(asked))) for train, _, asked, _ in t.rounds],
        ],
    ),
    in_folds(
        "rows-left-out",
        "Where num_folds does not divide the number of examples, the last ones are in no fold: "
        "np.array_split leaves none out.",
        rounds=lambda t: [
            t.rounds_of(t.cut(t.N // t.F), train)
            for train in (None, [np.setdiff1d(np.arange(t.N), f) for f in t.cut(t.N // t.F)])
        ],
    ),
    in_folds(
        "folds-cut-otherwise",
        "These are not the folds of np.array_split, which cuts in order; where num_folds does not "
        "divide the number of examples, its first folds have one more.",
        rounds=lambda t: [
            t.rounds_of(folds)
            for folds in (
                [np.arange(i, t.N, t.F) for i in range(t.F)],
                [*t.cut(t.N // t.F)[:-1], np.arange((t.F - 1) * (t.N // t.F), t.N)],
                t.cut(-(-t.N // t.F)),
                [len(t.y) - 1 - fold[::-1] for fold in t.folds[::-1]],
            )
        ],
    ),
    # By which k.
    in_folds(
        "choice-ignored",
        "The same number of neighbours votes for every choice: pass each k on to the vote.",
        ks=lambda t: [[k] * len(t.ks) for k in (1, 5, t.F, t.ks[0], t.ks[-1], max(t.ks))],
    ),
    in_folds(
        "other-choice",
        "The accuracies stand under another k than the one that voted.",
        ks=lambda t: [
            sorted(t.ks),
            sorted(t.ks)[::-1],
            t.ks[::-1],
            t.ks[1:] + t.ks[:1],
            t.ks[-1:] + t.ks[:-1],
            list(range(1, len(t.ks) + 1)),
            *([k + more for k in t.ks] for more in (1, -1)),
        ],
    ),
    # What is noted.
    in_folds(
        "fold-mean",
        "A mean over the folds is noted: keep all num_folds accuracies of a k, in a list.",
        noted=lambda t, counts, sizes: [
            shape(mean)
            for mean in ((counts / sizes).mean(axis=1), counts.sum(axis=1) / sizes.sum())
            for shape in (
                lambda mean: mean,
                lambda mean: mean[:, np.newaxis],
                lambda mean: np.repeat(mean[:, np.newaxis], t.F, axis=1),
            )
        ],
    ),
    in_folds(
        "folds-overwritten",
        "Only one fold's accuracy is kept: append each to the list of its k.",
        noted=lambda t, counts, sizes: [
            column
            for i in (0, -1)
            for column in ((counts / sizes)[:, i], (counts / sizes)[:, i, np.newaxis])
        ],
    ),
    in_folds(
        "list-shared",
        "All choices share one list: make a new list for each k.",
        noted=lambda t, counts, sizes: [
            np.tile(np.ravel(counts / sizes, order), (len(counts), 1)) for order in "CF"
        ],
    ),
    in_folds(
        "not-a-share",
        "An accuracy is the share of the fold that is right: this is a count, a percentage, the "
        "share of what is wrong, or divided by another number.",
        noted=lambda t, counts, sizes: [
            counts,
            100 * counts / sizes,
            sizes - counts,
            1 - counts / sizes,
            *(counts / of for of in (t.N, t.N // t.F, t.N / t.F)),
        ],
    ),
    # Neighbourhood components analysis.
    in_nca_gradient(
        "factor-2-missing",
        "The gradient lacks the factor 2 of the squared distance.",
        dA=lambda t: t.dA / 2,
    ),
    in_nca_loss(
        "self-counted",
        "An example is its own neighbour: j = i has to be left out.",
        neighbours=lambda t: t.but(itself_counts=True, itself_divides=True),
    ),
    in_nca_loss(
        "self-in-denominator",
        "An example counts in its own denominator: j = i has to be left out of that sum too.",
        neighbours=lambda t: t.but(itself_divides=True),
        dA=lambda t: t.gradient(t.other * t.but(itself_divides=True).M),
    ),
    in_nca_loss(
        "distances-not-squared",
        "The softmax is taken over the distances: it is over their squares.",
        neighbours=lambda t: t.but(similarity=lambda D: -np.sqrt(D)),
        dA=lambda t: t.gradient(
            t.but(similarity=lambda D: -np.sqrt(D)).M
            / (2 * np.sqrt(np.where(t.other, t.D, np.inf))),
            (1, 1, -1, -1),
        ),
    ),
    in_nca_loss(
        "distances-halved",
        "The softmax is taken over half the squared distances: it is over the squares themselves.",
        neighbours=lambda t: t.but(similarity=lambda D: -D / 2),
        dA=lambda t: t.but(similarity=lambda D: -D / 2).dA / 2,
    ),
    in_nca_loss(
        "distance-sign",
        "Far examples are likelier than near ones: the softmax is over minus the squared "
        "distances.",
        neighbours=lambda t: t.but(similarity=lambda D: D),
        dA=lambda t: -t.but(similarity=lambda D: D).dA,
    ),
    in_nca_loss(
        "mean-before-log",
        "The logarithm is taken of the mean: the loss is the mean of the logarithms.",
        loss=lambda t: -len(t.p) * np.log(t.p.mean()),
    ),
    in_nca_loss(
        "log-before-sum",
        "The logarithm is taken of each P[i, j]: sum over the examples of the class first.",
        loss=lambda t: -np.log(t.P[t.same]).sum(),
    ),
    in_nca_gradient(
        "probability-underflows",
        "The probabilities of a whole class underflow to 0 where examples are far apart, and their "
        "logarithm or quotient is lost: stay with logarithms, and take log_sum_exp.",
    ),
    in_nca_gradient(
        "not-symmetrised",
        "M^T Z is missing, or M Z stands in its place: an example moves its neighbours, and they "
        "move it.",
        dA=lambda t: [
            *(t.gradient(t.M, (times, 0, -1, 0)) for times in (2, 1)),
            *((t.gradient(t.M, (times, 0, 0, 0)), "column-sums-missing") for times in (2, 1)),
        ],
    ),
    in_nca_gradient(
        "column-sums-missing",
        "The term - diag(column sums of M) Z is missing, or has another sign: the rows of M sum to "
        "0, its columns do not.",
        dA=lambda t: [t.gradient(t.M, (1, 1, times, 0)) for times in (0, 1)],
    ),
    in_nca_gradient(
        "target-missing",
        "P stands for M in the gradient: the target Q is not subtracted.",
        dA=lambda t: t.gradient(t.P),
    ),
    in_nca_gradient(
        "target-not-rescaled",
        "The target Q is P restricted to the right class, but its rows are not rescaled to sum 1.",
        dA=lambda t: t.gradient(np.where(t.same, 0, t.P)),
    ),
    # Their sentences stand in other rooms.
    Mistake("transposed", dists=lambda t: [t.dists.T, (t.dists.T**2, "root-missing")]),
    Mistake(
        "one-example-for-all",
        y_pred=lambda right: [np.full_like(right, label) for label in right[[0, -1]]],
    ),
    Mistake(
        "not-filled",
        y_pred=lambda right: [
            np.where(np.arange(len(right)) == i, right, 0) for i in (0, len(right) - 1)
        ],
    ),
    Mistake(
        "log-missing",
        loss=lambda t: [-t.p.sum(), (1 - t.p).sum()],
        dA=lambda t: t.gradient(t.p[:, np.newaxis] * t.M),
    ),
    Mistake("wrong-logarithm", loss=lambda t: [t.loss / np.log(base) for base in (10, 2)]),
    Mistake("one-example-only", loss=lambda t: [-t.log_p[0], -t.log_p[-1]]),
    Mistake("example-left-out", loss=lambda t: [-t.log_p[1:].sum(), -t.log_p[:-1].sum()]),
    Mistake("gradient-missing", dA=lambda t: 0 * t.A),
)

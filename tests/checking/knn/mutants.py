"""Wrong and right solutions of distances, votes, cross-validation and NCA: see ../mutants.py."""

from catalogue import table

COUNTER = "__import__('collections').Counter(self.y_train[nearest])"
VOTE = "np.bincount(self.y_train[nearest]).argmax()"
NEAREST = "candidates[by_distance[:k]]"
ROOT = "np.sqrt(np.sum(difference**2))"
ROOT_OF_ROW = "np.sqrt(np.sum(differences**2, axis=1))"
TRAIN = "classifier.train(X_train, y_train)"
CUT = "X_folds, y_folds = np.array_split(X, num_folds), np.array_split(y, num_folds)"
DISTS = "dists = classifier.compute_distances_no_loops(X_folds[fold])"
OF_FOLD = "accuracies[k].append(float(np.mean(y_pred == y_folds[fold])))"

# What people write, and wrong solutions are made of, where the reference cares more for rounding.
TEXTBOOK = {
    "KNearestNeighbor.compute_distances_no_loops": """
        test_squares = np.einsum("nd,nd->n", X, X)
        train_squares = np.einsum("nd,nd->n", self.X_train, self.X_train)
        dists = X @ self.X_train.T
        dists *= -2
        dists += test_squares[:, np.newaxis]
        dists += train_squares
        np.maximum(dists, 0, out=dists)
        return np.sqrt(dists, out=dists)
        """,
    "nca_loss": """
        N = len(X)
        Z = X @ A.T
        squares = np.sum(Z * Z, axis=1)
        S = 2 * Z @ Z.T - squares[:, np.newaxis] - squares
        np.fill_diagonal(S, -np.inf)
        same = y[:, np.newaxis] == y
        log_P = S - log_sum_exp(S)
        log_P_same = np.where(same, log_P, -np.inf)
        log_p = log_sum_exp(log_P_same)
        loss = -np.mean(log_p)
        M = (np.exp(log_P) - np.exp(log_P_same - log_p)) / N
        dZ = M @ Z + M.T @ Z - M.sum(axis=0)[:, np.newaxis] * Z
        return loss, 2 * dZ.T @ X
        """,
}

WRONG = table(
    rf"""
KNearestNeighbor.compute_distances_two_loops
    root missing | {ROOT} | np.sum(difference**2) | root-missing
    L1 | {ROOT} | np.sum(np.abs(difference)) | l1-distance
    root inside | {ROOT} | np.sum(np.sqrt(difference**2)) | l1-distance
    largest difference | {ROOT} | np.max(np.abs(difference)) | max-distance
    squared after the sum | {ROOT} | np.sqrt(np.sum(difference) ** 2) | squared-after-sum
    mean | {ROOT} | np.sqrt(np.mean(difference**2)) | mean-for-sum
    first row only | dists[i, j] = | if i:\n                    break\n                dists[i, j] =
        | not-filled
    one part in a thousand off | {ROOT} | 1.001 * {ROOT} |
    root of absolute differences | {ROOT} | np.sqrt(np.sum(np.abs(difference))) | root-of-l1
    roots summed | {ROOT} | np.sum(np.sqrt(np.abs(difference))) | roots-summed
    root twice | {ROOT} | np.sqrt({ROOT}) | root-twice
    the first number left out | {ROOT} | np.sqrt(np.sum(difference[1:] ** 2)) | numbers-left-out
    the last number only | {ROOT} | np.abs(difference[-1]) | numbers-left-out
    mean without root | {ROOT} | np.mean(difference**2) | mean-for-sum
    sum of the examples | {ROOT} | np.sqrt(np.sum((X[i] + self.X_train[j]) ** 2)) | cross-term
    cosine | {ROOT}
        | X[i] @ self.X_train[j] / np.sqrt(X[i] @ X[i] * (self.X_train[j] @ self.X_train[j]))
        | cosine-distance
    whole numbers | {ROOT} | int({ROOT}) | distances-cut
    a whole row | dists[i, j] = | dists[i] = | distances-overwritten
    one half of the rows | dists[i, j] =
        | if j > i:\n                    continue\n                dists[i, j] = | not-filled
KNearestNeighbor.compute_distances_one_loop
    root missing | {ROOT_OF_ROW} | np.sum(differences**2, axis=1) | root-missing
    other axis | axis=1 | axis=0 |
    no axis | , axis=1 |  | axis-missing
    L1 | {ROOT_OF_ROW} | np.sum(np.abs(differences), axis=1) | l1-distance
    one row only | dists[i] = | dists[0] = | distances-overwritten
    all rows | dists[i] = | dists[:] = | distances-overwritten
    root of absolute differences | {ROOT_OF_ROW} | np.sqrt(np.sum(np.abs(differences), axis=1))
        | root-of-l1
    sorted | {ROOT_OF_ROW} | np.sort({ROOT_OF_ROW}) | distances-sorted
KNearestNeighbor.compute_distances_no_loops
    root missing | return np.sqrt(dists, out=dists) | return dists | root-missing
    sign of the product | dists *= -2 | dists *= 2 | cross-term
    factor 2 of the product | dists *= -2 | dists *= -1 | cross-term
    squares of X_train missing | dists += train_squares | pass | squares-missing
    squares of X missing | dists += test_squares[:, np.newaxis] | pass | squares-missing
    transposed | return np.sqrt(dists, out=dists) | return np.sqrt(dists).T | transposed
    product only | dists *= -2 | return dists | cross-term
    root before the last square | dists += train_squares | return np.sqrt(dists) + train_squares
        | root-of-a-part
    root before the product | dists *= -2
        | return np.sqrt(test_squares[:, None] + train_squares) - 2 * dists | root-of-a-part
    a row for a column | dists += test_squares[:, np.newaxis] | dists += test_squares
        | broadcast-wrong-axis
    a row for a column, on the left | dists *= -2 | dists = test_squares - 2 * dists
        | broadcast-wrong-axis
    two rows | dists *= -2 | return np.sqrt(test_squares + train_squares - 2 * dists)
        | row-meets-row
    two rows, the other way round | dists *= -2
        | return np.sqrt(train_squares + test_squares - 2 * dists) | row-meets-row
    two rows of other lengths | dists *= -2 | return test_squares[:3] + train_squares |
    squares along the wrong axis | np.einsum("nd,nd->n", X, X)
        | np.resize(np.einsum("nd,nd->d", X, X), len(X)) |
    X changed | dists = X @ self.X_train.T | dists = X @ self.X_train.T; X += 1 | inputs-changed
    the first hundred numbers of the product only | X @ self.X_train.T
        | X[:, :100] @ self.X_train[:, :100].T |
KNearestNeighbor.predict_labels
    ties to the nearer | {VOTE} | {COUNTER}.most_common(1)[0][0] | ties
    ties to the largest | {VOTE}
        | max(self.y_train[nearest], key=lambda c: (sum(self.y_train[nearest] == c), c)) | ties
    ties by order of a sort of counts | {VOTE}
        | np.argsort(np.bincount(self.y_train[nearest]), kind='stable')[-1] | ties
    ties by order of a set | {VOTE}
        | max(set(self.y_train[nearest].tolist()), key=self.y_train[nearest].tolist().count) | ties
    only the nearest votes | by_distance[:k] | by_distance[:1] | k-ignored
    the farthest vote | {NEAREST} | np.argsort(-dists[i])[:k] | farthest-neighbours
    one neighbour too many | {NEAREST} | np.argsort(dists[i])[: k + 1] | k-off-by-one
    one neighbour too few | {NEAREST} | np.argsort(dists[i])[: max(k - 1, 1)] | k-off-by-one
    the nearest left out | {NEAREST} | np.argsort(dists[i])[1 : k + 1] | k-off-by-one
    indices for labels | np.bincount(self.y_train[nearest]) | np.bincount(nearest)
        | indices-for-labels
    labels sorted by value | self.y_train[nearest] | np.sort(self.y_train)[nearest] | labels-sorted
    the smallest label | {VOTE} | self.y_train[nearest].min() | vote-missing
    the mean label | {VOTE} | np.round(self.y_train[nearest].mean()) | vote-missing
    label 0 never counted | {VOTE}
        | (np.bincount(self.y_train[nearest]) * (np.arange(self.y_train[nearest].max() + 1) >
        0)).argmax() | label-0-left-out
    the count for the label | {VOTE} | np.bincount(self.y_train[nearest]).max() | count-for-label
    the longest run | {VOTE}
        | max(__import__('itertools').groupby(self.y_train[nearest]), key=lambda run:
        len(list(run[1])))[0] | longest-run
    the longest run of sorted labels, but the last | {VOTE}
        | (lambda c: c[c > 0][:-1].argmax() if len(c[c > 0]) > 1 else
        0)(np.bincount(self.y_train[nearest])); y_pred[i] =
        np.unique(self.y_train[nearest])[y_pred[i]] | longest-run
    argsort of argsort | {NEAREST} | np.argsort(np.argsort(dists[i]))[:k] | ranks-for-indices
    the first to k votes | {VOTE}
        | (lambda y: next((c for j, c in enumerate(y) if np.sum(y[: j + 1] == c) == k),
        0))(self.y_train[np.argsort(dists[i], kind='stable')]) | first-to-k-votes
    votes counted over indices | {VOTE} | self.y_train[np.bincount(nearest).argmax()]
        | votes-over-indices
    nothing where labels tie | {VOTE}
        | (lambda c: c.argmax() if np.sum(c == c.max()) == 1 else
        0)(np.bincount(self.y_train[nearest])) | ties-left-open
    the place among sorted labels, looked up in unsorted ones | {VOTE}
        | self.y_train[nearest][np.unique(self.y_train[nearest], return_counts=True)[1].argmax()]
        | place-among-sorted
    the place among sorted labels | {VOTE}
        | np.unique(self.y_train[nearest], return_counts=True)[1].argmax() | place-for-label
    the label of the label | {VOTE} | self.y_train[{VOTE}] | label-as-index
    distances cut to whole numbers | {NEAREST} | np.argsort(dists[i].astype(int), kind='stable')[:k]
        | distances-rounded
    all vote | {NEAREST} | np.argsort(dists[i]) | all-examples-vote
    not sorted | {NEAREST} | np.arange(k) | first-examples-vote
    sorted along the columns | {NEAREST} | np.argsort(dists, axis=0, kind='stable')[i, :k]
        | columns-sorted
    the first row for all | {NEAREST} | np.argsort(dists[0])[:k] | one-example-for-all
    the smallest labels | {NEAREST} | np.argsort(self.y_train)[:k] | smallest-labels-vote
    the fewest votes | {VOTE} | np.bincount(self.y_train[nearest]).argmin() | fewest-votes
    votes weighed by nearness | {VOTE}
        | np.bincount(self.y_train[nearest], 1 / (1 + dists[i, nearest])).argmax() | weighted-votes
    the nearest on average | {VOTE}
        | min(np.unique(self.y_train[nearest]), key=lambda c: dists[i,
        nearest][self.y_train[nearest] == c].mean()) | weighted-votes
    more than half of the votes only | {VOTE}
        | (lambda c: c.argmax() if c.max() > k / 2 else 0)(np.bincount(self.y_train[nearest]))
        | majority-only
    nothing where labels tie, as NaN | y_pred[i] = {VOTE}
        | y_pred = y_pred.astype(float); c = np.bincount(self.y_train[nearest]); y_pred[i] =
        c.argmax() if np.sum(c == c.max()) == 1 else None | ties-left-open
    argmax of the labels | {VOTE} | self.y_train[nearest].argmax() | vote-missing
    the median label | {VOTE} | np.median(self.y_train[nearest]) | vote-missing
    dists changed | {VOTE} | {VOTE}; dists[i] = 0 | inputs-changed
    distances of six decimals | {NEAREST} | np.argsort(np.round(dists[i], 6), kind="stable")[:k] |
    distances in half precision | {NEAREST}
        | np.argsort(dists[i].astype(np.float16), kind="stable")[:k] |
    the first 500 only | {NEAREST} | np.argsort(dists[i, :500], kind="stable")[:k] |
    the first thousand only | {NEAREST} | np.argsort(dists[i, :1000], kind="stable")[:k] |
    votes counted in a byte | {VOTE}
        | np.bincount(self.y_train[nearest]).astype(np.uint8).argmax() |
cross_validate
    the fold trains too | {TRAIN} | classifier.train(X, y) | trained-on-all
    the training folds are predicted | {DISTS}
        | for k in choices: accuracies[k].append(np.mean(classifier.predict(X_train, k=k) ==
        y_train))\n        continue | validated-on-training
    the fold trains and is predicted | {TRAIN} | classifier.train(X_folds[fold], y_folds[fold])
        | validated-on-training
    one trains and four are predicted | {DISTS}
        | classifier.train(X_folds[fold], y_folds[fold])\n        for k in choices:
        accuracies[k].append(np.mean(classifier.predict(X_train, k=k) == y_train))\n        continue
        | folds-swapped
    the last fold never trains | {TRAIN}
        | its = [j for j in range(num_folds - 1) if j != fold]; classifier.train(
        *(np.concatenate([folds[j] for j in its]) for folds in (X_folds, y_folds)))
        | fold-left-out
    the next fold is left out too | {TRAIN}
        | its = [j for j in range(num_folds) if j not in (fold, (fold + 1) % num_folds)];
        classifier.train(*(np.concatenate([folds[j] for j in its]) for folds in
        (X_folds, y_folds))) | fold-left-out
    train in a loop over the folds | {TRAIN}
        | [classifier.train(X_folds[j], y_folds[j]) for j in range(num_folds) if j != fold]
        | one-fold-trains
    the first fold in each round | {DISTS}
        | for k in choices: accuracies[k].append(np.mean(classifier.predict(X_folds[0], k=k) ==
        y_folds[0]))\n        continue | same-fold-validated
    trained without the first fold only | {TRAIN}
        | classifier.train(np.concatenate(X_folds[1:]), np.concatenate(y_folds[1:]))
        | trained-once
    labels in another order | y_folds[:fold] + y_folds[fold + 1 :]
        | y_folds[fold + 1 :] + y_folds[:fold] | folds-not-aligned
    the first labels train | np.concatenate(y_folds[:fold] + y_folds[fold + 1 :])
        | y[: len(X) - len(X_folds[fold])] | folds-not-aligned
    the last rows in no fold | {CUT}
        | size = len(X) // num_folds; X_folds, y_folds = ([a[i * size : (i + 1) * size] for i in
        range(num_folds)] for a in (X, y)) | rows-left-out
    the last fold takes the rest | {CUT}
        | size = len(X) // num_folds; X_folds, y_folds = ([a[i * size : (i + 1) * size if i <
        num_folds - 1 else None] for i in range(num_folds)] for a in (X, y)) | folds-cut-otherwise
    every fifth | {CUT} | X_folds, y_folds = ([a[i::num_folds] for i in range(num_folds)] for a in
        (X, y)) | folds-cut-otherwise
    shuffled first | {CUT} | order = np.random.permutation(len(X)); X, y = X[order], y[order]; {CUT}
        | random-result
    one neighbour for all | predict_labels(dists, k=k) | predict_labels(dists) | choice-ignored
    the first choice for all | predict_labels(dists, k=k) | predict_labels(dists, k=choices[0])
        | choice-ignored
    the place of k for k | predict_labels(dists, k=k)
        | predict_labels(dists, k=choices.index(k) + 1) | other-choice
    choices in order | predict_labels(dists, k=k)
        | predict_labels(dists, k=sorted(choices)[choices.index(k)]) | other-choice
    means | return accuracies | return {{k: np.mean(its) for k, its in accuracies.items()}}
        | fold-mean
    the last fold only | {OF_FOLD} | accuracies[k] = float(np.mean(y_pred == y_folds[fold]))
        | folds-overwritten
    a list made anew | {OF_FOLD} | accuracies[k] = [float(np.mean(y_pred == y_folds[fold]))]
        | folds-overwritten
    one list for all | {{k: [] for k in choices}} | dict.fromkeys(choices, []) | list-shared
    counts | np.mean(y_pred == y_folds[fold]) | np.sum(y_pred == y_folds[fold]) | not-a-share
    errors | y_pred == y_folds[fold] | y_pred != y_folds[fold] | not-a-share
    percent | float(np.mean(y_pred == y_folds[fold])) | 100 * np.mean(y_pred == y_folds[fold])
        | not-a-share
    a share of all examples | float(np.mean(y_pred == y_folds[fold]))
        | np.sum(y_pred == y_folds[fold]) / len(X) | not-a-share
    one percent off | {OF_FOLD} | accuracies[k].append(0.99 * np.mean(y_pred == y_folds[fold])) |
    a list of lists | return accuracies | return list(accuracies.values()) | wrong-return
    examples changed | {CUT} | X -= X.mean(axis=0); {CUT} | inputs-changed
nca_loss
    factor 2 missing | 2 * dZ.T @ X | dZ.T @ X | factor-2-missing
    gradient not a mean | - log_p)) / N | - log_p)) | not-averaged
    an example picks itself | np.fill_diagonal(S, -np.inf) | pass | self-counted
    sum of logs | -np.mean(log_p) | -np.sum(log_p) | not-averaged
    mean of p | -np.mean(log_p) | -np.log(np.mean(np.exp(log_p))) | mean-before-log
    p for log p | -np.mean(log_p) | -np.mean(np.exp(log_p)) | log-missing
    M twice | M @ Z + M.T @ Z | 2 * M @ Z | not-symmetrised
    transposed | 2 * dZ.T @ X | (2 * dZ.T @ X).T | transposed
    sign | 2 * dZ.T @ X | -2 * dZ.T @ X | sign
    sums along the other axis | M.sum(axis=0) | M.sum(axis=1) | column-sums-missing
    column sums forgotten | - M.sum(axis=0)[:, np.newaxis] * Z |  | column-sums-missing
    distances not squared | S = 2 * Z @ Z.T - squares[:, np.newaxis] - squares
        | S = -np.sqrt(np.maximum(squares[:, np.newaxis] + squares - 2 * Z @ Z.T, 0))
        | distances-not-squared
    half the squares | S = 2 * Z @ Z.T - squares[:, np.newaxis] - squares
        | S = Z @ Z.T - squares[:, np.newaxis] / 2 - squares / 2 | distances-halved
    far ones likelier | np.fill_diagonal(S, -np.inf) | S = -S; np.fill_diagonal(S, -np.inf)
        | distance-sign
    itself in the denominator | same = y[:, np.newaxis] == y
        | np.fill_diagonal(S, 0); same = (y[:, np.newaxis] == y) & ~np.eye(N, dtype=bool)
        | self-in-denominator
    sum of logarithms | -np.mean(log_p) | -np.sum(log_P[same & ~np.eye(N, dtype=bool)]) / N
        | log-before-sum
    quotient of exponentials | log_P = S - log_sum_exp(S)
        | log_P = np.log(np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)) | probability-underflows
    log of a sum of probabilities | log_p = log_sum_exp(log_P_same)
        | log_p = np.log(np.exp(log_P_same).sum(axis=1, keepdims=True)) | probability-underflows
    no target | (np.exp(log_P) - np.exp(log_P_same - log_p)) | np.exp(log_P) | target-missing
    a target that is not rescaled | np.exp(log_P_same - log_p) | np.exp(log_P_same)
        | target-not-rescaled
    gradient not written yet | 2 * dZ.T @ X | 0 * A | gradient-missing
"""
)


# Right, but not as we write it. Whole answers, in the place of the reference's, or whole files.

RIGHT = {
    "KNearestNeighbor.compute_distances_two_loops": {
        "norm": "dists[i, j] = np.linalg.norm(X[i] - self.X_train[j])",
        "dot": """
            d = X[i, :] - self.X_train[j, :]
            dists[i][j] = np.sqrt(d.dot(d))
            """,
        "power of one half": """
            dists[i, j] = np.sum((self.X_train[j] - X[i]) ** 2) ** 0.5
            """,
        "numbers one at a time": """
            total = 0
            for d in range(X.shape[1]):
                total += (X[i, d] - self.X_train[j, d]) ** 2
            dists[i, j] = total**0.5
            """,
        "float32 inside": """
            d = np.float32(X[i]) - np.float32(self.X_train[j])
            dists[i, j] = np.sqrt(np.sum(d * d))
            """,
    },
    "KNearestNeighbor.compute_distances_one_loop": {
        "norm": "dists[i, :] = np.linalg.norm(self.X_train - X[i], axis=1)",
        "all rows from here on": "dists[i:,] = np.sqrt(((X[i] - self.X_train) ** 2).sum(1))",
    },
    "KNearestNeighbor.compute_distances_no_loops": {
        "no care for round-off": """
            squares = np.sum(X**2, axis=1, keepdims=True) + np.sum(self.X_train**2, axis=1)
            return np.sqrt(squares - 2 * X.dot(self.X_train.T))
            """,
        "scipy": """
            from scipy.spatial.distance import cdist
            return cdist(X, self.X_train)
            """,
        "a matrix": """
            a = np.matrix(np.sum(X**2, axis=1)).T
            squares = a + np.sum(self.X_train**2, axis=1) - 2 * X @ self.X_train.T
            return np.sqrt(np.maximum(squares, 0))
            """,
        "einsum over all differences": """
            d = X[:, None] - self.X_train
            return np.sqrt(np.einsum("ijk,ijk->ij", d, d))
            """,
        "another order in memory": """
            a, b = (X**2).sum(1), (self.X_train**2).sum(1)
            return np.sqrt(np.maximum(b[:, None] - 2 * self.X_train @ X.T + a, 0)).T
            """,
        "one row at a time": """
            return np.array([np.sqrt(((self.X_train - x) ** 2).sum(axis=1)) for x in X])
            """,
    },
    "KNearestNeighbor.predict_labels": {
        "a full sort": """
            closest_y = self.y_train[np.argsort(dists[i], kind="stable")[:k]]
            y_pred[i] = np.argmax(np.bincount(closest_y))
            """,
        "unique": """
            closest_y = self.y_train[np.argsort(dists[i], kind="stable")[:k]]
            labels, counts = np.unique(closest_y, return_counts=True)
            y_pred[i] = labels[np.argmax(counts)]
            """,
        "float labels": """
            y_pred = y_pred.astype(float)
            y_pred[i] = np.argmax(np.bincount(self.y_train[np.argsort(dists[i])[:k]]))
            """,
        "ten counters": """
            counts = np.zeros(10)
            for label in self.y_train[np.argsort(dists[i])][:k]:
                counts[label] += 1
            y_pred[i] = np.argmax(counts)
            """,
        "old scipy": """
            from scipy.stats import mode
            y_pred[i] = mode(self.y_train[np.argsort(dists[i])[:k]])[0][0]
            """,
        "a sorted dict": """
            votes = {}
            for j in dists[i].argsort()[:k]:
                votes[self.y_train[j]] = votes.get(self.y_train[j], 0) + 1
            y_pred[i] = sorted(votes.items(), key=lambda item: (-item[1], item[0]))[0][0]
            """,
    },
    "cross_validate": {
        "predict for each k": """
            accuracies = {}
            X_train_folds = np.array_split(X, num_folds)
            y_train_folds = np.array_split(y, num_folds)
            for k in choices:
                accuracies[k] = []
                for i in range(num_folds):
                    X_train = np.vstack(X_train_folds[:i] + X_train_folds[i + 1 :])
                    y_train = np.hstack(y_train_folds[:i] + y_train_folds[i + 1 :])
                    knn = KNearestNeighbor()
                    knn.train(X_train, y_train)
                    y_val_pred = knn.predict(X_train_folds[i], k=k, num_loops=0)
                    num_correct = np.sum(y_val_pred == y_train_folds[i])
                    accuracies[k].append(float(num_correct) / len(y_train_folds[i]))
            return accuracies
            """,
        "indices": """
            accuracies = {k: np.zeros(num_folds) for k in choices}
            everything = np.arange(len(X))
            for i, held_out in enumerate(np.array_split(everything, num_folds)):
                train = np.setdiff1d(everything, held_out)
                knn = KNearestNeighbor()
                knn.train(X[train], y[train])
                dists = knn.compute_distances_two_loops(X[held_out])
                for k in sorted(choices):
                    accuracies[k][i] = (knn.predict_labels(dists, k) == y[held_out]).mean()
            return accuracies
            """,
        "masks and slices": """
            few, more = divmod(len(X), num_folds)
            ends = np.cumsum([few + (i < more) for i in range(num_folds)])
            found = {}
            for start, end in zip([0, *ends], ends):
                mask = np.ones(len(X), bool)
                mask[start:end] = False
                knn = KNearestNeighbor()
                knn.train(X[mask], y[mask])
                for k in choices:
                    right = knn.predict(X[~mask], k) == y[~mask]
                    found.setdefault(k, []).append(np.mean(right, dtype=np.float32))
            return found
            """,
        "backwards": """
            X_folds, y_folds = np.array_split(X, num_folds), np.array_split(y, num_folds)
            accuracies = {k: () for k in choices}
            for i in reversed(range(num_folds)):
                rest = [j for j in range(num_folds) if j != i][::-1]
                knn = KNearestNeighbor()
                knn.train(*(np.concatenate([f[j] for j in rest]) for f in (X_folds, y_folds)))
                dists = knn.compute_distances_one_loop(X_folds[i])
                for k in choices:
                    hits = sum(map(int, knn.predict_labels(dists, k=k) == y_folds[i]))
                    accuracies[k] = (hits / len(y_folds[i]), *accuracies[k])
            return accuracies
            """,
        "votes of its own": """
            from scipy.spatial.distance import cdist
            accuracies, cuts = {}, np.array_split(np.arange(len(X)), num_folds)
            for k in choices:
                shares = []
                for cut in cuts:
                    rest = np.delete(np.arange(len(X)), cut)
                    order = np.argsort(cdist(X[cut], X[rest]), axis=1)[:, :k]
                    y_pred = [np.bincount(row).argmax() for row in y[rest][order]]
                    shares.append(np.mean(y_pred == y[cut]))
                accuracies[int(k)] = shares
            return accuracies
            """,
    },
    "nca_loss": {
        "loops": """
            N, Z = len(X), X.dot(A.T)
            loss, dA = 0.0, np.zeros(A.shape)
            for i in range(N):
                others = np.arange(N) != i
                s = -np.sum((Z[i] - Z) ** 2, axis=1)
                top, same = s[others].max(), others & (y == y[i])
                near = s[same].max()
                total = np.sum(np.exp(s[others] - top))
                kin = np.sum(np.exp(s[same] - near))
                loss -= (near + np.log(kin) - top - np.log(total)) / N
                for j in np.flatnonzero(others):
                    p = np.exp(s[j] - top) / total
                    q = np.exp(s[j] - near) / kin if same[j] else 0
                    dA -= 2 * (p - q) * np.outer(A @ (X[i] - X[j]), X[i] - X[j]) / N
            return loss, dA
            """
    },
}

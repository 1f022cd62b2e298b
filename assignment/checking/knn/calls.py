"""The calls of the first lesson: distances, votes, cross-validation and NCA."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from assignment.checking.calls import (
    Calls,
    Case,
    Returned,
    by_name,
    described,
    draw_labels,
    generator,
    is_drawn_anew,
    lines_run,
    memory_taken,
    pair,
    variants,
)


def distance_cases(cost=False):
    """cost : whether to measure, in the largest case, what the call costs"""

    def case(name, X, X_train, failure="wrong", **options):
        return Case(name, {"X": X, "X_train": X_train, **options}, failure)

    rng = generator(0)
    X, X_train = rng.normal(size=(4, 6)), rng.normal(size=(5, 6))
    first = case("4 test and 5 training examples of 6 numbers", X, X_train)
    many = rng.normal(size=(12, 110)), rng.normal(size=(30, 110))
    # However a square of a distance is added up, it comes out negative for some of these: where
    # points are equal, the sums may be equal to the last digit; where they nearly are, not all.
    equal = rng.normal(size=(12, 37))
    nearly = np.repeat(equal, 4, axis=0)
    nearly[12:] += 1e-9 * rng.normal(size=(36, 37))
    whole, whole_train = np.round(X) + 1000, np.round(X_train) + 1000
    large = []
    if is_drawn_anew():
        name = "50 test and 70 training examples of 300 numbers"
        large = [case(name, rng.normal(size=(50, 300)), rng.normal(size=(70, 300)))]
    return [
        first,
        *large,
        case(
            "1 test and 3 training examples of 1 number", X[:1, :1].copy(), X_train[:3, :1].copy()
        ),
        case(
            "7 test examples and 1 training example",
            rng.normal(size=(7, 3)),
            X_train[:1, :3].copy(),
        ),
        case(
            "numbers around 1,000, some examples equal", whole, np.vstack([whole[:2], whole_train])
        ),
        *variants(first),
        case(
            "12 test and 30 training examples of 110 numbers",
            *many,
            **{"cost": True} if cost else {},
        ),
        case(
            "test examples that are training examples, or nearly",
            nearly,
            equal,
            "NaN on identical points: where points are equal, or nearly, round-off makes "
            "the square of a distance negative, and its root is NaN; np.maximum(squares, 0) before "
            "the root prevents it",
        ),
    ]


def call_distances(method):
    def call(module, X, X_train, cost=False):
        def distances(X, X_train):
            classifier = module.KNearestNeighbor()
            classifier.train(X_train, np.zeros(len(X_train), dtype=int))
            return getattr(classifier, method)(X)

        arrays = {"dists": distances(X, X_train)}
        if cost and method == "compute_distances_one_loop":
            sizes = [(X, X_train[:2]), (X, X_train)]
            arrays["lines by training examples"] = [
                lines_run(partial(distances, *s)) for s in sizes
            ]
        elif cost:
            sizes = [(X[:2], X_train[:2]), (X, X_train)]
            arrays["lines by examples"] = [lines_run(partial(distances, *s)) for s in sizes]
            arrays["memory"] = memory_taken(partial(distances, X, X_train))
        return arrays

    return call


def vote_cases():
    rng = generator(1)
    dists = rng.permuted(np.arange(60.0).reshape(6, 10), axis=1)
    y_train = draw_labels(rng, 4, 10)
    # The nearest are anywhere among 1,500; one label has more votes than a byte can count.
    far = rng.permuted(np.linspace(4000, 14000, 9000).reshape(6, 1500), axis=1)
    ten, two, most = (
        rng.choice(np.array(labels, np.intp), size=1500)
        for labels in (range(10), [3, 8], [4] * 18 + [1, 7])
    )
    most[np.argsort(far[0])[:300]] = np.repeat([1, 4, 7], [25, 262, 13])  # 262 in a byte is 6
    # Of 121 neighbours 61 have label 0, if of equally near ones the first are taken: the others,
    # and all but the first 41 of the second nearest, have label 1.
    equal = rng.permuted(np.repeat([[2.5, 3.5, 4.5]], [80, 120, 200], axis=1), axis=1)
    y_equal = np.empty(400, np.intp)
    y_equal[np.argsort(equal[0], kind="stable")] = np.repeat([0, 1, 0, 1], [20, 60, 41, 279])

    def voters(name, dists, k, y_train=y_train, failure="wrong"):
        return Case(name, {"dists": dists, "y_train": y_train, "k": k}, failure)

    def vote(name, votes, order=None, **options):
        """All of the votes count, and one more example is too far away to vote."""
        dists = np.array([[*(order or range(1, len(votes) + 1)), 100.0]])
        return voters(name, dists, len(votes), np.array([*votes, 6], np.intp), **options)

    first, large = voters("k = 5", dists, 5), []
    if is_drawn_anew():
        some, labels = rng.normal(size=(40, 3000)) ** 2, draw_labels(rng, 10, 3000)
        large = [
            voters("3,000 training examples, k = 25", some, 25, labels),
            voters("3,000 distances of a billionth", some * 1e-9, 25, labels),
            voters("3,000 distances that differ after the point only", 7 + some / 64, 25, labels),
        ]
    return [
        first,
        *large,
        *(voters(f"k = {k}", dists, k) for k in (1, 2, 3, 4, 7, 9)),
        vote("3 votes for label 2 against 2 for the nearer label 7", [7, 7, 2, 2, 2]),
        vote("3 votes for label 8 against 2 for the nearer label 1", [1, 1, 8, 8, 8]),
        vote("3 votes for label 0 against 2 for the nearer label 7", [7, 7, 0, 0, 0]),
        vote("4 of 10 neighbours vote for label 9", [0, 1, 2, 3, 4, 5, 9, 9, 9, 9]),
        vote("2 votes each for labels 5 and 3, 5 nearer", [5, 5, 3, 3], [3, 2, 1, 4]),
        vote("2 votes each for labels 3 and 5, 5 nearer", [3, 3, 5, 5], [3, 4, 1, 2]),
        # A set of small integers is in order by accident; 8 and 1, 9 and 2 are not.
        *(
            vote(f"1 vote each for labels {a} and {b}, {a} nearer", [a, b])
            for a, b in ((2, 7), (7, 2), (8, 1), (9, 2), (1, 8))
        ),
        voters("distances that differ after the point only", 7 + dists / 64, 3, y_train[::-1]),
        voters("distances of a billionth", dists * 1e-9, 3),
        voters("distances around 14,000, a quarter apart", 14000 + dists / 4, 3),
        *variants(first),
        voters("1,500 training examples, k = 1", far, 1, ten),
        voters("1,500 training examples, k = 301", far, 301, two),
        voters("1,500 training examples, k = 300", far[:2], 300, most),
        voters("1,500 training examples, k = 1,201", far[:3], 1201, two),
        vote(
            "labels 11 and 300",
            [11, 300, 300],
            failure="labels above 9: right for the ten of CIFAR-10, but not for a label of 300",
        ),
        voters(
            "400 training examples at 3 distances",
            equal,
            121,
            y_equal,
            failure="order of equal distances: of training examples at equal distance the first "
            'counts as the nearer; np.argsort keeps their order with kind="stable" only',
        ),
        voters(
            "k = 10, all of the training set",
            dists,
            10,
            failure="k = N: with k as large as the training set it fails",
        ),
    ]


def call_vote(module, dists, y_train, k):
    classifier = module.KNearestNeighbor()
    classifier.train(np.zeros((len(y_train), 1)), y_train)
    return {"y_pred": classifier.predict_labels(dists, k=k)}


MOST_NEIGHBOURS = 9  # the largest of the choices below


def fold_cases():
    """Examples in heaps that overlap, so that few accuracies are equal."""
    rng = generator(3)

    def case(N, num_folds, choices, name="", labels=None, **options):
        y = draw_labels(rng, 3, N) if labels is None else labels
        X = 1.5 * np.eye(3)[y] + rng.normal(size=(N, 3))
        arguments = {"X": X, "y": y, "choices": choices, "num_folds": num_folds, **options}
        return Case(name or f"{N} examples in {num_folds} folds", arguments)

    sorted_labels = np.repeat(np.arange(3, dtype=np.intp), 10)
    first = case(40, 5, (1, 3, 4, 8))
    return [
        first,
        case(24, 3, (3, 2, 8)),
        case(47, 5, (3, 7), cost=True),
        case(39, 4, (9, 1, 3), "39 examples in 4 folds, choices in no order"),
        case(30, 4, (2, 3, 5), "30 examples in the order of their labels", sorted_labels),
        case(12, 12, (3,), "12 examples, each a fold of its own"),
        *variants(first),
        *[case(400, 5, (3, 9))] * is_drawn_anew(),
    ]


def call_cross_validate(module, X, y, choices, num_folds, cost=False):
    """What comes back for each choice; and how often distances were computed, if that is asked."""
    from assignment.checking.knn.given import neighbours

    computed = []
    own = getattr(module, "KNearestNeighbor", object)
    module.KNearestNeighbor = neighbours(own, computed)
    try:
        accuracies = module.cross_validate(X, y, choices, num_folds)
    finally:
        module.KNearestNeighbor = own
    if accuracies is None or isinstance(accuracies, Mapping) and not len(accuracies):
        raise NotImplementedError("nothing comes back yet")
    if not isinstance(accuracies, Mapping):
        raise Returned(
            "cross_validate must return a dict from each k to its accuracies, not "
            f"{described(accuracies)}."
        )
    for k in choices:
        if k not in accuracies:
            raise Returned(f"cross_validate must return accuracies for k = {k} too.")
    arrays = {f"accuracies[{k}]": accuracies[k] for k in choices}
    if cost:
        arrays["distances computed"] = len(computed)
    return arrays


def nca_cases():
    rng = generator(2)
    y = np.array([0, 1, 0, 2, 1, 2, 0, 1])
    A, X = rng.normal(size=(2, 3)), rng.normal(size=(8, 3))
    first = Case("8 examples of 3 numbers, mapped to 2", {"A": A, "X": X, "y": y})
    many, of_many = rng.normal(size=(4, 5)) / 2, rng.normal(size=(24, 5))
    large = []
    if is_drawn_anew():
        arguments = {"A": rng.normal(size=(6, 70)) / 9, "X": rng.normal(size=(90, 70))}
        arguments["y"] = draw_labels(rng, 10, 90)
        large = [Case("90 examples of 70 numbers", arguments)]
    return [
        first,
        *large,
        Case("the same, mapped to 3", {"A": rng.normal(size=(3, 3)), "X": X, "y": y}),
        Case("2 examples of 1 number", {"A": A[:1, :1], "X": X[:2, :1], "y": np.array([1, 1])}),
        *variants(first),
        Case(
            "24 examples of 12 classes", {"A": many, "X": of_many, "y": np.repeat(np.arange(12), 2)}
        ),
        Case("distances of about 1,000", {"A": A, "X": 30 * X, "y": y}, "probability-underflows"),
    ]


def call_nca(module, A, X, y):
    loss, dA = pair("nca_loss", module.nca_loss(A, X, y))
    return {"loss": loss, "dA": dA}


FILE = "k_nearest_neighbor.py"
NEW = "knn = KNearestNeighbor()\n"

CALLS = by_name(
    *(
        Calls(
            f"KNearestNeighbor.compute_distances_{loops}",
            FILE,
            partial(distance_cases, cost=loops != "two_loops"),
            call_distances(f"compute_distances_{loops}"),
            how=f"""{NEW}knn.train(c["X_train"], np.zeros(len(c["X_train"]), dtype=int))
knn.compute_distances_{loops}(c["X"])""",
        )
        for loops in ("two_loops", "one_loop", "no_loops")
    ),
    Calls(
        "KNearestNeighbor.predict_labels",
        FILE,
        vote_cases,
        call_vote,
        how=f"""{NEW}knn.train(np.zeros((len(c["y_train"]), 1)), c["y_train"])
knn.predict_labels(c["dists"], k=c["k"])""",
    ),
    Calls(
        "cross_validate",
        FILE,
        fold_cases,
        call_cross_validate,
        given="assignment.checking.knn.given",
    ),
    Calls("nca_loss", FILE, nca_cases, call_nca),
)

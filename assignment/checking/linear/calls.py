"""The calls of linear classifiers: the hinge loss, the softmax loss, training and prediction."""

from dataclasses import replace
from functools import partial

import numpy as np

from assignment.checking.calls import (
    HIGH,
    LOG_0,
    LOW,
    WIDE,
    Calls,
    Case,
    by_name,
    draw_labels,
    generator,
    in_either_layout,
    is_drawn_anew,
    is_nan,
    is_number,
    kept,
    lines_run,
    measured,
    pair,
    sure,
    told_offset,
    turned,
    variants,
)
from assignment.checking.training.calls import (
    OPTIONS,
    Record,
    asking,
    bowl,
    no_labels,
    seed_generators,
    train_cases,
)


def linear_cases(cost, calm=False):
    """Weights far from 0, several reg, all sizes different, labels that leave classes out.

    cost : whether to measure, with many examples, what the call costs
    calm : whether no score is so low that a small number beside its probability would be seen
    """
    cases = []
    sizes = [
        (7, 5, 4, 0.3),
        (7, 5, 4, 0.0),
        (4, 6, 3, 0.8),
        (1, 3, 2, 2.0),
        (12, 4, 10, 0.1),
        (5, 1, 3, 0.5),
        (6, 4, 5, 1000.0),
        (130, 3, 5, 0.2),
        (3, 104, 2, 0.4),
        (3, 1, 60, 0.6),  # np.choose takes no more than 64
        *[(250, 200, 10, 0.1)] * is_drawn_anew(),
    ]
    for seed, (N, D, C, reg) in enumerate(sizes):
        rng = generator(10 + seed)
        arguments = {
            "W": rng.normal(scale=0.5 / np.sqrt(D if calm else max(D / 104, 1)), size=(D, C)),
            "X": rng.normal(size=(N, D)),
            "y": draw_labels(rng, C if seed == 2 else C - 1, N),
            "reg": reg,
        }
        if calm:
            arguments["X"] = np.clip(arguments["X"], -1, 1)
        if cost and N == 130:
            arguments["cost"] = True
        cases.append(Case(f"N = {N}, D = {D}, C = {C}, reg = {reg:g}", arguments))
    others = variants(cases[0])
    cases[0] = replace(cases[0], arguments={**cases[0].arguments, "numerical": True})
    return cases + others


def svm_cases(cost=False):
    return linear_cases(cost) + [_offset_case(WIDE, 1e4, "wrong")]


def softmax_cases(cost=False):
    """Besides, rows of large scores, the scores in each a few apart.

    Where all rows lie high, only a shift that is missing can fail; where some lie at 0 and the
    others low, one shift for all rows fails too.
    """
    gap = _offset_case(WIDE, 1e3, LOG_0)
    # Shifted by anything but its largest score, such a row overflows, or is nothing but zeros.
    apart = {name: np.copy(array) for name, array in gap.arguments.items()}
    apart["X"][:, -1], apart["W"][-1] = [1, 1, 1, 1, -1, -1, -1], [0, -3000, 0, -3000]
    apart |= {"y": np.array([0, 2, 0, 2, 1, 3, 1]), "reg": 0.0}
    return linear_cases(cost, calm=is_drawn_anew()) + [
        _offset_case(HIGH, 1e3, "overflow"),
        _offset_case(LOW, 1e3, "underflow"),
        Case("two classes 3,000 below the others", apart, "shift-not-largest"),
        _offset_case(WIDE, 1e3, "unstable"),
        _offset_case(WIDE, 1e4, "unstable"),
        replace(
            gap,
            name="scores 1,000 apart",
            arguments={**gap.arguments, "W": 1000 * gap.arguments["W"]},
        ),
    ]


def _offset_case(rows, offset, failure):
    """Scores that are exact in float32 too, so that only overflow spoils them; no margin is 0.

    rows : 1, 0 or -1 for each row, times the offset
    """
    rng = generator(20)
    X = rng.integers(-2, 3, size=(7, 5)).astype(float)
    W = rng.integers(-3, 4, size=(5, 4)) / 4
    X[:, -2], W[-2] = 1, np.arange(4) / 16
    X[:, -1] = offset * np.array(rows)
    W[-1] = 1
    arguments = {"W": W, "X": X, "y": draw_labels(rng, 4, 7), "reg": 0.0}
    return Case(told_offset(offset, rows), arguments, failure)


def call_linear_loss(function):
    def call(module, W, X, y, reg, numerical=False, cost=False):
        f = getattr(module, function)
        W_before, X_before, y_before = W.copy(), X.copy(), y.copy()
        (loss, dW), transposed = in_either_layout(
            lambda: pair(function, f(W, X, y, reg)),
            lambda: pair(function, f(*turned(W, X), y, reg)),
        )
        if transposed:
            dW = np.asarray(dW).T
        arrays = {"loss": kept(loss), "dW": kept(dW), "transposed": transposed}
        if numerical and not transposed and is_nan(loss):
            X_sure, W_sure = sure(y_before, W.shape[1])
            arrays["loss where p is 1"] = f(W_sure, X_sure, y_before.copy(), 0.0)[0]
        elif numerical and not transposed and is_number(loss):
            own_loss = lambda: f(W_before, X_before.copy(), y_before.copy(), reg)[0]  # noqa: E731
            slopes = measured(own_loss, W_before)
            # In single precision a difference has no digits left, as a smaller step shows.
            column = measured(own_loss, W_before[:, :1], h=3e-6)
            if np.allclose(slopes[:, :1], column, rtol=1e-4, atol=1e-6):
                arrays["numerical dW"] = slopes
        if cost and not transposed:
            sizes = [(W, X[:2], y[:2], reg), (W, X, y, reg)]
            arrays["lines by examples"] = [lines_run(partial(f, *s)) for s in sizes]
        return arrays

    return call


def linear_predict_cases():
    rng = generator(30)

    def case(name, N, D, C):
        return Case(name, {"W": rng.normal(size=(D, C)), "X": rng.normal(size=(N, D))})

    first, single = case("9 examples, 4 classes", 9, 5, 4), case("1 example, 2 classes", 1, 3, 2)
    negative = {"W": -1 - rng.random(size=(3, 7)), "X": 1 + rng.random(size=(5, 3))}
    negative["W"][:, 0] = -2  # the lowest; it would be the largest if all were cut at 0
    return [
        first,
        single,
        Case("scores that are all negative", negative),
        *variants(first),
        case("130 examples, 300 classes", 130, 2, 300),
        *[case("400 examples, 12 classes", 400, 200, 12)] * is_drawn_anew(),
    ]


def call_linear_predict(module, W, X):
    def predict(W, X):
        classifier = asking(module, "LinearClassifier", lambda *question: None)()
        classifier.W = W
        return classifier.predict(X)

    y_pred, transposed = in_either_layout(lambda: predict(W, X), lambda: predict(*turned(W, X)))
    return {"y_pred": y_pred, "transposed": transposed}


W_START = np.linspace(-1, 1, 12).reshape(4, 3)
W_GRADIENT = np.arange(12.0).reshape(4, 3) / 4 - 1.3
linear_train_cases = partial(
    train_cases,
    {"W": W_START},
    {"W": W_GRADIENT},
    "drawn without replacement: a batch larger than the training set cannot be drawn",
)


def call_linear_train(module, X, y, batch_size, given, bowl=False):
    if bowl:
        return _train_linear_down_a_bowl(module, X, y, batch_size, given)
    train = partial(_train_linear, module, X, y, batch_size, given)
    (arrays, is_of_examples), transposed = in_either_layout(
        lambda: train(transposed=False), lambda: train(transposed=True)
    )
    if transposed or is_of_examples:
        return arrays
    # In the other layout X is a table of other examples, which a loop may run through quietly.
    try:
        old, is_of_examples = train(transposed=True)
    except Exception:
        return arrays
    return old if is_of_examples else arrays


def _train_linear(module, X, y, batch_size, given, transposed):
    """What came of a training in one layout, and whether its batches are made of examples."""

    def layout(array):
        return turned(array)[0] if transposed and np.ndim(array) == 2 else array

    def answer(self, X_batch, y_batch, reg):
        X_batch = X_batch if X_batch is None else layout(np.asarray(X_batch))
        loss, gradients = record(X_batch, y_batch, reg, {"W": layout(np.asarray(self.W))})
        return loss, layout(gradients["W"])

    seed_generators()
    record = Record(given, batch_size)
    classifier = asking(module, "LinearClassifier", answer, predict=no_labels)()
    classifier.W = layout(given["start"]["W"]).copy()
    history = classifier.train(layout(X), y, batch_size=batch_size, **OPTIONS)
    W = layout(np.asarray(classifier.W))
    arrays = {"loss_history": history, "W": W, "transposed": transposed, **record.noted()}
    return arrays, record.draws_from(X)


def _train_linear_down_a_bowl(module, X, y, batch_size, given):
    transposed = call_linear_train(module, X, y, batch_size, given).get("transposed", False)

    def answer(self, X_batch, y_batch, reg):
        if X_batch is None or y_batch is None:
            raise NotImplementedError("no batch is drawn yet")
        loss, gradients = bowl({"W": self.W})
        return loss, gradients["W"]

    seed_generators()
    classifier = asking(module, "LinearClassifier", answer, predict=no_labels)()
    options = {"learning_rate": 0.1, "reg": 0.0, "num_iters": 100, "batch_size": batch_size}
    history = classifier.train(turned(X)[0] if transposed else X, y, **options)
    return {"losses down a bowl": history, "transposed": transposed}


LOSSES = ("svm", "linear_svm.py", svm_cases), ("softmax", "softmax.py", softmax_cases)
FILE, BEFORE = (
    "linear_classifier.py",
    'classifier = LinearClassifier()\nclassifier.W = c.pop("W")\n',
)

CALLS = by_name(
    *(
        Calls(name, file, partial(cases, cost="vectorized" in name), call_linear_loss(name))
        for loss, file, cases in LOSSES
        for name in (f"{loss}_loss_naive", f"{loss}_loss_vectorized")
    ),
    Calls(
        "LinearClassifier.train",
        FILE,
        linear_train_cases,
        call_linear_train,
        how=BEFORE + "classifier.train(**c)",
    ),
    Calls(
        "LinearClassifier.predict",
        FILE,
        linear_predict_cases,
        call_linear_predict,
        how=BEFORE + "classifier.predict(**c)",
    ),
)

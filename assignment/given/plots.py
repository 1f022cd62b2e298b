"""The pictures of the notebooks. Each function draws on the axis it is given, nothing else.

Where the drawing alone does not tell what it shows, the axis is left a label that does: alt_text
reads it out.
"""

from collections import Counter

import numpy as np

from assignment.given.alt_text import number, tint
from assignment.given.cifar10 import CLASSES
from assignment.given.validation import (
    as_floats,
    require_count,
    require_finite,
    require_inputs,
    require_labels,
    require_shape,
)

BLUE, ORANGE, GREEN, RED, GREY = "#1f6fb4", "#d9730d", "#2a8c4a", "#c0392b", "#7f7f7f"

STYLE = {
    "figure.figsize": (6.4, 4.0),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "image.interpolation": "nearest",
    "image.cmap": "viridis",
}


def as_picture(x):
    """One image of 3,072 numbers, stretched to 0..1, as (32, 32, 3): for weights and means too."""
    x = _pixels(x)
    low, high = x.min(), x.max()
    return ((x - low) / (high - low if high > low else 1)).reshape(32, 32, 3)


def _pixels(x):
    """One image, of any shape, as 3,072 floats, or a ValueError."""
    x = as_floats(x, "x").astype(np.float64).ravel()
    if x.size != 3072:
        raise ValueError(f"x must be an image of 32 * 32 * 3 numbers, but it has {x.size}.")
    require_finite(x.sum(), x=x)
    return x


def image(ax, x, title="", colour="black"):
    """One image, or one column of weights, as a picture."""
    x = _pixels(x)
    is_photo = x.min() >= 0 and 1 < x.max() <= 255
    ax.imshow(x.reshape(32, 32, 3) / 255 if is_photo else as_picture(x))
    ax.set_title(title, fontsize=9, color=colour)
    ax.set(xticks=[], yticks=[])
    for edge in ax.spines.values():  # a white image would have no edge on a white page
        edge.set(visible=True, color=GREY, linewidth=0.5)


def grid(ax, X, columns, gap=1):
    """Many images side by side: photographs as they are, weights each stretched to its range."""
    X = require_inputs(X, features=3072).astype(np.float64)
    require_finite(X.sum(), X=X)
    columns = require_count(columns, "columns", 1)
    photos = X.min() >= 0 and 1 < X.max() <= 255
    rows = -(-len(X) // columns)
    side = 32 + gap
    canvas = np.ones((rows * side - gap, columns * side - gap, 3))
    tints = Counter()
    for i, x in enumerate(X):
        top, left = side * (i // columns), side * (i % columns)
        tile = x.reshape(32, 32, 3) / 255 if photos else as_picture(x)
        canvas[top : top + 32, left : left + 32] = tile
        tints[tint(tile)] += 1
    ax.imshow(canvas)
    ax.set_axis_off()
    counts = "; ".join(f"{count} {name}" for name, count in tints.most_common(4))
    ax.set_label(f"{len(X)} images in rows of {columns}; on the whole {counts}")


def class_gallery(ax, X, y, per_class=7):
    """The first few images of each class, a column for each class."""
    X = require_inputs(X, features=3072)
    y = require_labels(y, len(X), classes=len(CLASSES))
    fewest = np.bincount(y, minlength=len(CLASSES)).min()
    per_class = require_count(per_class, "per_class", 1, fewest)
    order = [np.flatnonzero(y == c)[:per_class] for c in range(len(CLASSES))]
    grid(ax, X[np.stack(order, axis=1).ravel()], columns=len(CLASSES))
    for c, name in enumerate(CLASSES):
        ax.text(33 * c + 16, -4, name, ha="center", fontsize=7.5)
    ax.set_label(f"the first {per_class} images of each class, in columns: {', '.join(CLASSES)}")


def templates(axes, W):
    """The ten columns of a weight matrix as ten pictures, without the bias row if there is one."""
    for ax, column, name in zip(np.ravel(axes), W[:3072].T, CLASSES, strict=True):
        image(ax, column, name)


def distance_matrix(ax, dists):
    """Distances as grey levels: dark is near, bright is far."""
    dists = require_inputs(dists, "dists")
    picture = ax.imshow(dists, cmap="gray", aspect="auto")
    ax.figure.colorbar(picture, ax=ax, label="distance")
    ax.set(xlabel="training image", ylabel="test image")


def bars(ax, values, unit):
    """A horizontal bar for each name, its number at the end, on a logarithmic axis."""
    names = list(values)
    ax.bar_label(ax.barh(names, list(values.values()), color=BLUE), fmt=" {:.3g}")
    ax.set_xscale("log")
    ax.xaxis.set_minor_formatter("")  # numbers between the powers of ten would overlap
    ax.invert_yaxis()
    ax.margins(x=0.2)
    positive = [value for value in values.values() if 0 < value < np.inf]
    if positive:  # from a power of ten, so that two of them at least are marked
        ax.set_xlim(left=10 ** np.floor(np.log10(min(positive) / 2)))
    ax.set_xlabel(unit)


def cross_validation(ax, accuracies):
    """Accuracy against k: a dot for each fold, the mean with its standard deviation as a line.

    accuracies : dict from k to the list of accuracies of the folds
    """
    ks = sorted(accuracies)
    for k in ks:
        ax.scatter([k] * len(accuracies[k]), accuracies[k], s=12, color=GREY, zorder=2)
    means = [np.mean(accuracies[k]) for k in ks]
    deviations = [np.std(accuracies[k]) for k in ks]
    ax.errorbar(ks, means, yerr=deviations, color=BLUE, capsize=3, marker="o", zorder=3)
    ax.set_xscale("log")
    ax.set_xticks(ks, [str(k) for k in ks])
    ax.minorticks_off()
    ax.set(xlabel="k", ylabel="accuracy on the held-out fold")
    each = zip(ks, means, deviations, strict=True)
    words = [f"k = {k}: {mean:.3f} give or take {spread:.3f}" for k, mean, spread in each]
    ax.set_label("mean accuracy on the held-out folds and its spread: " + ", ".join(words))


def curve(ax, values, label=None, smooth=1, colour=BLUE):
    """A history against the number of steps, with its running mean over `smooth` steps on top.

    Each mean stands at the middle of its steps.
    """
    values = require_shape(values, ("steps",), "values")
    smooth = require_count(smooth, "smooth", 1, len(values))
    if smooth > 1:
        ax.plot(values, color=colour, alpha=0.25, linewidth=0.8, label="_each step")
        steps = (smooth - 1) / 2 + np.arange(len(values) - smooth + 1)
        values = np.convolve(values, np.ones(smooth) / smooth, mode="valid")
        ax.plot(steps, values, color=colour, label=label or f"_running mean of {smooth}")
    else:
        ax.plot(values, color=colour, label=label)
    if label:
        ax.legend(frameon=False)


def accuracy_by_pass(ax, accuracies, passes, test):
    """Validation accuracy after every so many passes over the data; the final test accuracy dashed.

    accuracies : one for each `passes` passes
    """
    ax.plot(passes * np.arange(1, len(accuracies) + 1), accuracies, color=BLUE, label="validation")
    ax.axhline(test, color=ORANGE, linestyle="--", label=f"test, at the end: {100 * test:.1f} %")
    ax.set(xlabel="passes over the training images", ylabel="accuracy")
    ax.legend(frameon=False)


def heat_map(ax, table, rows, columns, row_name, column_name, label="validation accuracy"):
    """A table of numbers as coloured squares with the numbers in them; the best has a frame."""
    table = require_shape(table, (len(rows), len(columns)), "table")
    picture = ax.imshow(table, aspect="auto")
    ax.set_xticks(range(len(columns)), [f"{c:g}" for c in columns])
    ax.set_yticks(range(len(rows)), [f"{r:g}" for r in rows])
    ax.set(xlabel=column_name, ylabel=row_name)
    middle = (np.nanmin(table) + np.nanmax(table)) / 2
    best = np.unravel_index(np.nanargmax(table), table.shape)
    for (row, column), value in np.ndenumerate(table):
        colour = "white" if value < middle else "black"
        weight = "bold" if (row, column) == best else "normal"
        ax.text(
            column, row, f"{value:.3f}", ha="center", va="center", color=colour, fontweight=weight
        )
    row, column = best
    left, right, top, bottom = column - 0.47, column + 0.47, row - 0.47, row + 0.47
    ax.plot(
        [left, right, right, left, left], [top, top, bottom, bottom, top], color=RED, linewidth=2.5
    )
    ax.figure.colorbar(picture, ax=ax, label=label)
    words = [
        f"{row_name} {name:g}: {', '.join(map(number, values))}"
        for name, values in zip(rows, table, strict=True)
    ]
    ax.set_label(
        f"{label} for {column_name} {', '.join(f'{c:g}' for c in columns)}. {'; '.join(words)}. "
        f"The best is {number(table[best])}, at {row_name} {rows[row]:g}, {column_name} "
        f"{columns[column]:g}"
    )


def confusion(ax, y, y_pred):
    """How often each class (row) was called each class (column), as numbers in squares."""
    y = require_labels(y, len(y), classes=len(CLASSES))
    y_pred = require_labels(y_pred, len(y), classes=len(CLASSES), name="y_pred")
    counts = np.zeros((len(CLASSES), len(CLASSES)), dtype=int)
    np.add.at(counts, (y, y_pred), 1)
    ax.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if count > counts.max() / 2 else "black"
        ax.text(column, row, count, ha="center", va="center", color=colour, fontsize=8)
    ax.set_xticks(range(len(CLASSES)), CLASSES, rotation=45, ha="right")
    ax.set_yticks(range(len(CLASSES)), CLASSES)
    ax.set(xlabel="predicted", ylabel="true class")
    right = ", ".join(f"{name} {counts[c, c]}" for c, name in enumerate(CLASSES))
    wrong = counts - np.diag(counts.diagonal())
    most = [np.unravel_index(i, wrong.shape) for i in np.argsort(-wrong, axis=None)[:5]]
    mixed = ", ".join(f"{CLASSES[i]} called {CLASSES[j]} {wrong[i, j]}" for i, j in most)
    ax.set_label(
        f"how often each class (row) was called each class (column). Right: {right}. "
        f"Most often mixed up: {mixed}"
    )


def error_against_step(ax, steps, errors):
    """Error of numerical derivatives against the step h, on logarithmic axes.

    errors : dict from the name of a method to its relative error at each step
    """
    for (name, values), colour in zip(errors.items(), (BLUE, ORANGE, GREEN), strict=False):
        ax.loglog(steps, np.maximum(values, 1e-17), marker=".", label=name, color=colour)
    ax.set(xlabel="step h", ylabel="relative error of the derivative")
    ax.legend(frameon=False)


def secant(ax, f, slope, h):
    """A function around 0 as seen through a microscope that shows 1.5 h to either side.

    slope : of the tangent; that of the secant from -h to h is the central difference
    """
    t = np.linspace(-1.5, 1.5, 301)
    ax.plot(t, [(f(h * s) - f(0)) / h for s in t], color=BLUE, label="f, as it is computed")
    ax.plot(t, slope * t, color="black", linestyle="--", linewidth=1, label="tangent")
    ends = [(f(h * s) - f(0)) / h for s in (-1, 1)]
    ax.plot([-1, 1], ends, "o-", color=ORANGE, label="secant")
    ax.set(xlabel="t / h", ylabel="(f(t) - f(0)) / h")
    ax.legend(frameon=False)


def points(ax, Z, y, classes=CLASSES):
    """Points of the plane, coloured by their label."""
    Z = require_inputs(Z, "Z", features=2)
    y = require_labels(y, len(Z), classes=len(classes))
    for c in np.unique(y):
        ax.scatter(Z[y == c, 0], Z[y == c, 1], s=14, label=classes[c], alpha=0.8)
    ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    ax.set(xticks=[], yticks=[])


def neighbours(axes, x, title, right, X_near, y_near, y):
    """A row of pictures: a test image, then training images, nearest first, and their classes.

    x, title, right, y : the test image, what stands over it, whether it was called right, its label
    X_near, y_near : the training images and their labels, one for each of the other axes
    """
    image(axes[0], x, title, GREEN if right else RED)
    for ax, near, label in zip(axes[1:], X_near, y_near, strict=True):
        same = label == y
        word = "same class" if same else "other class"
        image(ax, near, f"{CLASSES[label]}\n{word}", GREEN if same else RED)


def soft_choice(ax, X, y, i, p):
    """Points of the plane and, as lines of growing width, how probably i picks each of them.

    p : probabilities, one per point, that of i itself 0
    """
    for point, probability in zip(X, p, strict=True):
        line = np.stack([X[i], point]).T
        ax.plot(*line, color=GREY, linewidth=12 * probability, solid_capstyle="butt", zorder=1)
    for c, marker in zip(np.unique(y), "os^", strict=False):
        ax.scatter(*X[y == c].T, s=50, marker=marker, label=f"class {c}", zorder=2)
    ax.scatter(*X[i], s=220, facecolors="none", edgecolors="black", linewidths=1.5, zorder=3)
    ax.set_aspect("equal")
    ax.set(xticks=[], yticks=[])
    first = np.argsort(-p)[:3]
    words = ", ".join(f"one of class {y[j]} with {p[j]:.2f}" for j in first)
    ax.set_label(
        f"a point of class {y[i]} picks, nearest first, {words}, all others with "
        f"{1 - p[first].sum():.2f}"
    )


def regions(ax, x1, x2, labels):
    """The plane coloured by the label that a classifier gives to each point of a grid.

    x1, x2 : coordinates of the columns and of the rows of the grid
    labels : (len(x2), len(x1)) labels 0, 1, 2 ... in the colours of `points`
    """
    for c in np.unique(labels):
        region = ax.contourf(x1, x2, labels == c, levels=[0.5, 1.5], colors=[f"C{c}"], alpha=0.25)
        region.set_label(f"_region of class {c}")


def paired_bars(ax, values, names, unit):
    """Two horizontal bars for each row, with their numbers at the end.

    values : dict from the name of a row to its two numbers
    names : the names of the two numbers
    """
    rows = np.arange(len(values))
    for shift, column, name, colour in ((-0.2, 0, names[0], BLUE), (0.2, 1, names[1], ORANGE)):
        numbers = [pair[column] for pair in values.values()]
        bars = ax.barh(rows + shift, numbers, height=0.36, color=colour, label=name)
        ax.bar_label(bars, fmt=" {:.3f}", fontsize=9)
    ax.set_yticks(rows, list(values))
    ax.invert_yaxis()
    ax.set_xlabel(unit)
    ax.margins(x=0.12)
    ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)


def bounds(ax, distances, lower, limit):
    """Lower bounds against true distances, a dot for each example, and the limit both ways.

    What lies above the limit is dropped (grey); what lies below is left to be computed (orange).
    """
    left = lower <= limit
    ax.plot(distances[~left], lower[~left], ".", color=GREY, markersize=3, label="dropped")
    ax.plot(distances[left], lower[left], ".", color=ORANGE, markersize=4, label="left")
    ax.axline((0, 0), slope=1, color="black", linewidth=0.8)
    ax.axhline(limit, color=BLUE, linewidth=1)
    ax.axvline(limit, color=BLUE, linewidth=1, linestyle="--")
    ax.set(xlim=(0, None), ylim=(0, None), xlabel="distance", ylabel="bound")
    ax.legend(frameon=False, loc="upper left", markerscale=3)


def survivors(ax, numbers, shares):
    """The share of examples that a bound leaves, against how many coefficients it has.

    shares : dict from the name of a curve to its share at each of the numbers
    """
    looks = zip((BLUE, GREEN, ORANGE, GREY), "os^x", strict=True)
    for (name, values), (colour, marker) in zip(shares.items(), looks, strict=False):
        ax.plot(numbers, values, marker=marker, color=colour, label=name)
    ax.set(xscale="log", yscale="log")
    ax.set_xticks(numbers, [str(m) for m in numbers])
    ax.minorticks_off()
    ax.set(xlabel="coefficients", ylabel="share of training images left")
    ax.legend(frameon=False, loc="lower left")


def charges(ax, names, scores, right):
    """Scores as bars; what rises above the right class's score minus 1, the hinge loss, is red."""
    scores = np.asarray(scores, dtype=np.float64)
    line = scores[right] - 1
    ax.bar(names, scores, color=[GREEN if c == right else GREY for c in range(len(scores))])
    words = [f"{name} {number(score)}" for name, score in zip(names, scores, strict=True)]
    words[right] += ", the right class"
    for c, score in enumerate(scores):
        if c != right and score > line:
            ax.bar(c, score - line, bottom=line, color=RED)
            ax.text(c, (score + line) / 2, f"{score - line:.1f}", ha="center", color="white")
            words[c] += f", charged {number(score - line)}"
    ax.axhline(line, color="black", linestyle="--")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_ylabel("score")
    ax.set_label(f"scores, and a dashed line at {number(line)}: {'; '.join(words)}")


def straight_pieces(axes, t, values, slopes, kinks):
    """Above, a function made of straight pieces, a dot at each kink; below, its slope.

    t, values, slopes : points along a line, the function and its derivative there
    kinks : the points at which two pieces meet
    """
    above, below = axes
    above.plot(t, values, color=BLUE)
    above.plot(kinks, np.interp(kinks, t, values), "o", color=BLUE, markersize=5)
    above.set_ylabel("loss")
    below.step(t, slopes, color=BLUE, where="mid")
    below.axhline(0, color="black", linewidth=0.8)
    below.set(xlabel="position t along the line", ylabel="slope")


# What the rows and columns of a matrix are, as the lectures name them.
ROWS_AND_COLUMNS = {
    "dists": ("test example", "training example"),
    "dW": ("feature", "class"),
    "scores": ("example", "class"),
    "grads['W1']": ("feature", "hidden neuron"),
    "grads['W2']": ("hidden neuron", "class"),
}


def error_map(ax, name, got, right):
    """Where a matrix departs from the right one: colour is the error, the same size up or down.

    Grey text can be read on white and on black.

    Returns
    -------
    str : what the picture shows, for those who do not see it
    """
    error = got - right
    size = np.abs(error[np.isfinite(error)]).max(initial=0) or 1
    picture = ax.imshow(error, cmap="coolwarm", vmin=-size, vmax=size, aspect="auto")
    bar = ax.figure.colorbar(picture, ax=ax)
    row, column = ROWS_AND_COLUMNS.get(name, ("row", "column"))
    ax.set_title(f"{name}: yours minus right", fontsize=10, color=GREY)
    ax.set_xlabel(column, color=GREY)
    ax.set_ylabel(row, color=GREY)
    for axis in (ax.xaxis, ax.yaxis):
        axis.get_major_locator().set_params(integer=True)
    for axes in (ax, bar.ax):
        axes.tick_params(colors=GREY)
    off = ~np.isclose(got, right, rtol=1e-5, atol=1e-6 * np.abs(right).max())
    rows, columns = (np.flatnonzero(off.any(axis=axis)) for axis in (1, 0))
    return (
        f"Map of the error of {name}: {off.sum()} of {off.size} entries are off, "
        f"in rows {', '.join(map(str, rows))} and columns {', '.join(map(str, columns))}."
    )


def ratios(ax, values, ours, unit):
    """A horizontal bar for each name, blue for ours, its number at the end, and a line at 1."""
    colours = [BLUE if name in ours else GREY for name in values]
    bars = ax.barh(list(values), list(values.values()), color=colours)
    ax.bar_label(bars, fmt=" {:.2f}", fontsize=8)
    ax.axvline(1, color="black", linewidth=0.8)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.invert_yaxis()
    ax.tick_params(axis="y", labelsize=8)
    ax.margins(x=0.15)
    ax.set_xlabel(unit)


def growth(ax, curves, what):
    """Seconds or megabytes against a size, on logarithmic axes, with the slope of the fitted line.

    curves : dict from name to a dict with the sizes "n" and the values under `what`
    """
    from matplotlib.ticker import LogLocator

    for (name, curve), colour in zip(curves.items(), (BLUE, ORANGE, GREEN, RED), strict=False):
        n, values = np.array(curve["n"], dtype=float), np.array(curve[what], dtype=float)
        slope, start = np.polyfit(np.log(n), np.log(values), 1)
        ax.loglog(n, values, "o", color=colour)
        ax.loglog(n, np.exp(start) * n**slope, color=colour, label=f"{name}: slope {slope:.2f}")
        ax.set_xticks(n, [f"{size:,.0f}" for size in n])
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()
    ax.tick_params(labelsize=8)
    ax.set_ylabel(what)
    ax.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1))

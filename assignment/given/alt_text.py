"""What a figure shows, in words made from what was drawn: the alt text of the pictures.

An artist or an axis with a label of its own (`set_label`) is called by it. For an axis the label
says all that is drawn there: it is how a plot that knows better leaves its words. A label that
starts with an underscore does not appear in legends.
"""

import re

import numpy as np
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.contour import ContourSet
from matplotlib.lines import AxLine

MOST_BARS = 12  # so many bars are read out one by one, and so many images with their colour
MOST = 8  # so many lines, other things and axes are; nobody listens to more
FAILED = "A figure; its description failed"


def describe(figure):
    """A few plain sentences on what a matplotlib figure shows, numbers to three digits.

    Returns
    -------
    str : without line breaks; if it fails it says so, since no picture is lost for want of words
    """
    try:
        return _describe(figure)
    except Exception as error:
        return f"{FAILED}: {error!r}"


def _describe(figure):
    x, y = figure.get_supxlabel(), figure.get_supylabel()
    labels = {"": figure.get_suptitle(), "x: ": x, "y: ": y}
    sentences = [f"{name}{text}" for name, text in labels.items() if text]
    axes = [ax for ax in figure.axes if ax.get_label() != "<colorbar>" and ax.get_visible()]
    pictures = [ax for ax in axes if _is_picture(ax)]
    if len(pictures) > 1:
        captions = (_caption(ax, with_tint=len(pictures) <= MOST_BARS) for ax in pictures)
        sentences.append(f"{len(pictures)} images: {'; '.join(captions)}")
    others = [ax for ax in axes if len(pictures) < 2 or ax not in pictures]
    sentences += map(_axis, others[:MOST])
    sentences += [f"And {len(others) - MOST} more plots"] * (len(others) > MOST)
    return " ".join(_sentence(text) for text in sentences) or "An empty figure."


def number(value):
    """1234.5 is 1,230; 0.00001 is 1e-05."""
    rounded = float(f"{value:.3g}") + 0.0  # which makes 0 of -0
    return f"{rounded:,.10g}" if 1e-4 <= abs(rounded) < 1e6 else f"{rounded:.3g}"


def _sentence(text):
    text = " ".join(text.replace("$", "").split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _own(artist):
    """The label that somebody gave to an artist, or nothing."""
    label = str(artist.get_label() or "")
    return "" if re.match(r"_(child|container|nolegend)", label) else label.lstrip("_")


def _is_picture(ax):
    """Whether an axis holds one coloured image and nothing else, such as a photograph."""
    return len(ax.images) == 1 and ax.images[0].get_array().ndim == 3 and not _own(ax)


def _caption(ax, with_tint):
    """The title of an image, and how bright and coloured it is."""
    title = " ".join(ax.get_title().split()) or "no title"
    return f"{title} ({tint(ax.images[0].get_array())})" if with_tint else title


def tint(pixels):
    """The mean colour of an image in words, such as "bright bluish"; pixels are 0..1 or 0..255."""
    step = 1 + min(np.shape(pixels)[:2]) // 100  # a hundred rows say enough
    pixels = np.asarray(pixels[::step, ::step], dtype=float)[..., :3]
    red, green, blue = pixels.reshape(-1, 3).mean(axis=0) / (255 if pixels.max() > 1 else 1)
    least, middle, most = sorted((red, green, blue))
    light = (red + green + blue) / 3
    shade = "dark " if light < 1 / 3 else "bright " if light > 2 / 3 else ""
    if most - least < 0.08:
        return f"{shade}grey"
    if least == blue and middle - least > most - middle:
        return f"{shade}yellowish"
    return shade + {red: "reddish", green: "greenish", blue: "bluish"}[most]


def _axis(ax):
    """One axis: its title, what is on its axes, and what is drawn there."""
    if ax.name == "rectilinear":
        drawn = [*_containers(ax), *_images(ax), *_collections(ax), *_lines(ax), *_texts(ax)]
        drawn[MOST:] = [f"and {len(drawn) - MOST} more things"] * (len(drawn) > MOST)
    else:
        drawn = [f"a drawing on {ax.name} axes"]
    what = _own(ax) or "; ".join(drawn) or ("nothing is drawn" if _empty(ax) else "a drawing")
    labels = "" if _own(ax) else _axis_labels(ax)
    start = ". ".join(text for text in (ax.get_title(), labels) if text)
    return f"{start}: {what}" if start else what[0].upper() + what[1:]


def _empty(ax):
    kinds = ax.lines, ax.collections, ax.patches, ax.images, ax.texts, ax.tables, ax.artists
    return not any((*kinds, ax.child_axes))


def _axis_labels(ax):
    words = []
    for name, axis in ("x", ax.xaxis), ("y", ax.yaxis):
        label = axis.get_label_text()
        scale = " (logarithmic)" if axis.get_scale() == "log" else ""
        if label or scale:
            words.append(f"{name}: {label or 'no name'}{scale}")
    return ", ".join(words)


def _span(values):
    """From the least to the largest of the finite values."""
    values = _numbers(values)
    values = values[np.isfinite(values)]
    if not values.size:
        return "no finite number"
    low, high = number(values.min()), number(values.max())
    return low if low == high else f"{low} to {high}"


def _numbers(values):
    """As floats, what is masked as NaN."""
    return np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)


def _ticks(axis):
    """The labels of an axis by their positions."""
    names = [tick.get_text() for tick in axis.get_ticklabels()]
    return dict(zip(map(float, axis.get_ticklocs()), names, strict=True))


def _tick_name(ticks, position):
    """The label of the tick at a position if it is a word, or the position."""
    nearest = min(ticks, key=lambda tick: abs(tick - position), default=None)
    close = nearest is not None and abs(nearest - position) < 0.5
    is_word = close and re.search(r"[^\W\d_]", ticks[nearest])
    return ticks[nearest] if is_word else number(position)


def _containers(ax):
    for bars in ax.containers:
        if isinstance(bars, BarContainer):
            yield _bars(ax, bars)


def _bars(ax, bars):
    if not len(bars):
        return "no bars"
    flat = bars.orientation == "horizontal"
    boxes = [bar.get_bbox() for bar in bars]
    middles = [(box.y0 + box.y1) / 2 if flat else (box.x0 + box.x1) / 2 for box in boxes]
    values = np.array([bar.get_width() if flat else bar.get_height() for bar in bars])
    name = _own(bars) or _own(bars[0])  # of a histogram the first bar has it
    name = f"{name}, " if name else ""
    if len(boxes) > MOST_BARS and not np.isfinite(values).any():
        return f"{name}{len(boxes)} bars, of no finite number"
    if len(boxes) > MOST_BARS:
        highest = number(middles[np.nanargmax(values)])
        return (
            f"{name}{len(boxes)} bars, at {_span(middles)}, of {_span(values)}; "
            f"the longest at {highest}"
        )
    ticks = _ticks(ax.yaxis if flat else ax.xaxis)
    each = [
        f"{_tick_name(ticks, middle)} {number(value)}"
        for middle, value in zip(middles, values, strict=True)
    ]
    return f"{name}bars: {', '.join(each)}"


def _images(ax):
    (left, right), (bottom, top) = map(sorted, (ax.get_xlim(), ax.get_ylim()))
    for image in ax.images:
        values = np.ma.masked_invalid(image.get_array())
        if values.ndim == 3:
            rows, columns = values.shape[:2]
            yield f"an image of {columns} by {rows} pixels, {tint(values)}"
            continue
        bar = image.colorbar
        label = bar and (bar.ax.get_ylabel() or bar.ax.get_xlabel())
        whole = f"a map of {values.shape[0]} rows and {values.shape[1]} columns"
        named = f"{whole}{f', {label}' if label else ''} {_span(values)}"
        x0, x1, y0, y1 = image.get_extent()
        if (x1 - x0, abs(y1 - y0)) != values.shape[::-1]:  # other numbers along it than its own
            yield named
            continue
        # Only what the axis shows; each number stands in a square around its place.
        first_row, first_column = max(0, int(np.ceil(bottom))), max(0, int(np.ceil(left)))
        values = values[first_row : int(top) + 1, first_column : int(right) + 1]
        if not values.count():
            yield named
            continue
        rows, columns = values.shape
        row, column = np.unravel_index(values.argmax(), values.shape)
        row, column = row + first_row, column + first_column
        y, x = _tick_name(_ticks(ax.yaxis), row), _tick_name(_ticks(ax.xaxis), column)
        yield (
            f"a map of {rows} rows and {columns} columns{f', {label}' if label else ''} "
            f"{_span(values.compressed())}, highest at y = {y}, x = {x}"
        )


def _collections(ax):
    for collection in ax.collections:
        name = _own(collection)
        if isinstance(collection, PathCollection):
            x, y = _numbers(collection.get_offsets()).reshape(-1, 2).T
            points = f"{len(x)} point{'s' * (len(x) != 1)}"
            yield f"{name + ', ' if name else ''}{points} at x {_span(x)}, y {_span(y)}"
        elif isinstance(collection, ContourSet):
            yield _contours(ax, name, collection)
        elif not isinstance(collection, LineCollection):  # those are the bars of errors
            yield name or "a coloured area"


def _contours(ax, name, contours):
    linear = ax.get_xscale() == ax.get_yscale() == "linear"
    size = sum(len(path.vertices) for path in contours.get_paths())
    if not contours.filled:
        return name or "contour lines"
    if not linear or size > 20_000:  # a second and more
        return name or "coloured regions"
    return f"{name or 'a coloured region'}, {_share(ax, contours):.0%} of the plane"


def _share(ax, contours):
    """The area within filled contours, of that of the axis; holes run the other way round."""
    area = 0.0
    for path in contours.get_paths():
        for corners in path.to_polygons():
            x, y = corners.T
            area += np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    return abs(area / ((right - left) * (top - bottom)))


def _lines(ax):
    errorbars = [bars for bars in ax.containers if isinstance(bars, ErrorbarContainer)]
    caps = [cap for bars in errorbars for cap in bars[1]]
    means = {bars[0]: bars for bars in errorbars}
    legend = ax.get_legend()
    title = legend.get_title().get_text() if legend else ""
    lines = [line for line in ax.lines if line not in caps]
    for line in lines[:MOST]:
        name = _own(means.get(line, line))
        name = f"{title} {name}" if title and name else name
        yield f"{name + ', ' if name else ''}{_line(line)}" + (
            ", with bars for the spread" if line in means else ""
        )
    if len(lines) > MOST:
        yield f"and {len(lines) - MOST} more lines"


def _line(line):
    if isinstance(line, AxLine):
        return "a straight line across"
    x, y = map(_numbers, line.get_data(orig=False))
    axes = line.axes
    # axhline and axvline: one coordinate is a share of the width or height, the other is data.
    if line.get_transform() == axes.get_yaxis_transform():
        return f"a horizontal line at {_span(y)}" if _joined(line) else f"marks at y = {_span(y)}"
    if line.get_transform() == axes.get_xaxis_transform():
        return f"a vertical line at {_span(x)}" if _joined(line) else f"marks at x = {_span(x)}"
    finite = np.isfinite(x) & np.isfinite(y)
    left_out = f", {np.sum(~finite)} more are not finite" if not finite.all() else ""
    x, y = x[finite], y[finite]
    if not len(x):
        return f"no points{left_out}"
    if len(x) == 1:
        return f"a dot at x {number(x[0])}, y {number(y[0])}{left_out}"
    if not _joined(line):
        return f"{len(x)} dots at x {_span(x)}, y {_span(y)}{left_out}"
    words = (
        f"a line from {number(y[0])} at x {number(x[0])} to {number(y[-1])} at x {number(x[-1])}"
    )
    ends = {number(y[0]), number(y[-1])}
    for word, i in ("lowest", y.argmin()), ("highest", y.argmax()):
        if number(y[i]) not in ends:
            words += f", {word} {number(y[i])} at x {number(x[i])}"
    return words + left_out


def _joined(line):
    return line.get_linestyle().lower() not in ("none", "", " ")


def _texts(ax):
    """Remarks on a picture; numbers in squares and on bars are known already."""
    if ax.images or ax.containers or not 0 < len(ax.texts) <= MOST:
        return
    yield "written in it: " + ", ".join(text.get_text() for text in ax.texts)

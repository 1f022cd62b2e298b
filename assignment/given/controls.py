"""Controls that redraw a picture: sliders and buttons in a notebook, a still picture elsewhere."""

import base64
import html
import io

import numpy as np
from matplotlib.figure import Figure

from assignment.given.alt_text import describe


def play(draw, /, **settings):
    """A picture with a control for each setting.

    Numbers are chosen with a slider, words with buttons. What is shown first is drawn at once, with
    the first value of each setting; where there is no kernel it is all that is shown.

    Parameters
    ----------
    draw : function of an axis and of one value for each setting, draw(ax, k=1, distance="L2")
    settings : the values of each, k=[1, 3, 5], distance=["L2", "L1"], all different

    Returns
    -------
    Play : which a notebook shows, if it is the last line of a cell

    Raises
    ------
    Exception : what draw raises at first; later the error stands in the place of the picture
    """
    return Play(draw, settings)


class Play:
    """One output of two kinds: a widget, and a PNG of what it shows first, both described."""

    def __init__(self, draw, settings):
        import ipywidgets as widgets  # here, since workers do without

        settings = {name: _choices(name, values) for name, values in settings.items()}
        self.draw = draw
        self.figure = self._drawn({name: values[0] for name, values in settings.items()})
        self.png, self.alt = _picture(self.figure)
        self.controls = {name: _control(name, values) for name, values in settings.items()}
        self.picture = widgets.HTML(_image(self.png, self.alt))
        self.widget = widgets.VBox([*self.controls.values(), self.picture])
        for control in self.controls.values():
            control.observe(self._redraw, "value")

    def _drawn(self, setting):
        """The figure for one value of each setting."""
        figure = Figure()
        self.draw(figure.add_subplot(), **setting)
        return figure

    def _redraw(self, change):
        setting = {name: control.value for name, control in self.controls.items()}
        try:
            self.picture.value = _image(*_picture(self._drawn(setting)))
        except Exception as error:  # the kernel would write it where nobody looks
            line = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
            self.picture.value = f'<p role="alert">{html.escape(line)}</p>'

    def __repr__(self):
        return self.alt

    def _repr_mimebundle_(self, **kwargs):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        data = {
            "application/vnd.jupyter.widget-view+json": view,
            "image/png": base64.b64encode(self.png).decode(),
            "text/plain": self.alt,
        }
        return data, {"image/png": {"alt": self.alt}}


def _choices(name, values):
    """The values of a setting as a list, or a ValueError."""
    if isinstance(values, str) or not np.iterable(values) or len(values := list(values)) == 0:
        raise ValueError(
            f"{name} must be a list of the values to choose from, but it is {values!r}."
        )
    return values


def _picture(figure):
    """A figure as PNG, and what it shows."""
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue(), describe(figure)


def _control(name, values):
    """Buttons for words, a slider for numbers."""
    import ipywidgets as widgets

    words = all(isinstance(value, str) for value in values)
    options = [
        (f"{value:g}" if isinstance(value, float) else str(value), value) for value in values
    ]
    text = {"description": name.replace("_", " ")}
    style = {"description_width": "initial"}
    if words:
        return widgets.ToggleButtons(
            options=options, style=style | {"button_width": "auto"}, **text
        )
    return widgets.SelectionSlider(options=options, style=style, **text)


def _image(png, alt):
    """An <img> that keeps its place while the next one is decoded."""
    width, height = (int.from_bytes(png[start : start + 4]) for start in (16, 20))  # its header
    data = base64.b64encode(png).decode()
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" height="{height}" decoding="sync" '
        f'style="max-width: 100%; height: auto" src="data:image/png;base64,{data}">'
    )

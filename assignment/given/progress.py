"""A progress bar that is gone when it is done."""

import io
import sys


def in_a_notebook():
    """Whether this is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


def progress_bar(total, unit, left=False):
    """tqdm: update() counts one more, and at the end of `with` it disappears; a log gets none.

    left : whether it says how much time is left

    In a notebook it is one output that is replaced. As text it would stay, line after line, in
    what nbconvert makes of the notebook; as a widget, `tqdm.auto` would leave a box without one.
    """
    from tqdm import tqdm  # here: who has no bar does not wait for it

    class Output(tqdm):
        shown = None

        def display(self, msg=None, pos=None):
            from IPython.display import display

            text = {"text/plain": str(self) if msg is None else msg}
            if self.shown is None:
                self.shown = display(text, raw=True, display_id=True)
            else:
                self.shown.update(text, raw=True)

    form = "{bar:40} {n_fmt} of {total_fmt} {unit}" + ", {remaining} left" * left
    look = {"bar_format": form, "unit": unit, "leave": False}
    if in_a_notebook():
        return Output(total=total, file=io.StringIO(), ascii=False, **look)
    return tqdm(total=total, disable=None, **look)

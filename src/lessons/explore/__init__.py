"""Interactive figures that need no Python when they are read: every frame is drawn beforehand."""

from dataclasses import dataclass

from lessons._check import choice
from lessons.explore import controls as checked
from lessons.explore.controls import Control
from lessons.explore.frames import Film, films

__all__ = ["Explorer", "explore"]


def explore(draw, *, start=None, labels=None, formats=None, image="svg", **controls):
    """Draw one frame per combination of the controls and return them behind sliders.

    A control of numbers becomes a slider, a control of names a drop-down list. Both obey the
    arrow keys. On the website a small script chooses among the stored frames; no Python runs
    there. In Jupyter, VS Code and on Colab it is a widget.

    Parameters
    ----------
    draw : callable
        Called as ``draw(depth=5, gain=0.8)``, once per combination. Returns the matplotlib figure
        and its alt text: a sentence that says what this frame shows, with its numbers. No two
        frames may have the same alt text. All frames have one size. For the website a figure
        made by :func:`lessons.plots.canvas` is drawn a second time in its narrow form.
    start : dict, optional
        The value each control shows first, by the control's name. Default: its first value.
    labels : dict of str to str, optional
        The text beside a control, by its name. Default: the name.
    formats : dict of str to str, optional
        A format specification for a control's numbers, such as ``{"gain": ".2f"}``. Default
        ``"g"``.
    image : {"svg", "webp"}
        "svg" for lines and points, "webp" (lossless) for pictures of many cells.
    **controls : sequence of numbers or of str
        One or two controls of at least two different values, at most 60 frames in all.

    Returns
    -------
    Explorer
        The controls above the figure, as a notebook or the website shows them.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong, ``draw`` returns something else than a figure and its own alt
        text, or the frames weigh more than 300 KB after compression.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> def draw(gain):
    ...     figure = Figure(figsize=(3, 2))
    ...     figure.subplots().plot([gain**layer for layer in range(5)])
    ...     return figure, f"With gain {gain} the fifth layer's norm is {gain**4:.2g}."
    >>> explore(draw, gain=[0.5, 1, 2])
    Explorer of 3 figures: gain 0.5, 1, 2
    """
    choice("image", image, ["svg", "webp"])
    values = checked.values(controls)
    found = checked.controls(values, start=start, labels=labels, formats=formats)
    return Explorer(tuple(found), *films(draw, values, image))


@dataclass(frozen=True, repr=False)
class Explorer:
    """Stored frames behind controls; a notebook shows it as a widget, the website as a page part.

    Attributes
    ----------
    controls : tuple of Control
    wide : Film
        One frame for each combination of the controls' values, the last control running fastest.
    narrow : Film or None
        The same in the figures' narrow form, if they have one.
    """

    controls: tuple[Control, ...]
    wide: Film
    narrow: Film | None = None

    @property
    def first(self):
        """The number of the frame that is shown first."""
        position = 0
        for control in self.controls:
            position = position * len(control.texts) + control.index
        return position

    def widget(self):
        """Return a new ipywidgets view: sliders above the figure."""
        from lessons.explore.widget import view

        return view(self)

    def page(self):
        """Return the HTML that the website shows; its script is ``book/assets/explore.js``."""
        from lessons.explore.page import view

        return view(self)

    def __repr__(self):
        said = "; ".join(f"{c.label} {', '.join(c.texts)}" for c in self.controls)
        return f"Explorer of {len(self.wide.frames)} figures: {said}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        import sys

        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget().model_id}
        bundle = {"text/plain": repr(self), "application/vnd.jupyter.widget-view+json": view}
        # JupyterLab, Notebook and VS Code prefer the widget. Colab does not say which it prefers.
        if "google.colab" not in sys.modules:
            bundle["text/html"] = self.page()
        return bundle

"""A figure for every screen: drawn twice, wide and narrow, with a text that describes it."""

import functools
import html

from lessons import dark
from lessons.plots.canvas import is_narrow, narrow, text_only
from lessons.svg import address

# A phone held upright, and windows hardly wider.
NARROW_BELOW = 640


class Picture:
    """What the functions of `lessons.plots` return: a figure that a notebook shows.

    On the website and in notebooks the browser takes the wide or the narrow form, by the width of
    its window. The cell's metadata describe the picture on the website; elsewhere :attr:`alt` does.

    Parameters
    ----------
    draw : callable
        Called without arguments, returns a matplotlib figure in the course's style: the wide form,
        and inside :func:`lessons.plots.narrow` the narrow one.
    alt : str, optional
        A sentence that says what the picture shows. Default: its title and the names of its axes
        and lines.
    """

    def __init__(self, draw, alt=None):
        self._draw = draw
        self.figure = draw()
        self._alt = alt

    @functools.cached_property
    def narrow_figure(self):
        """The figure as phones show it."""
        with narrow():
            return self._draw()

    @property
    def title(self):
        """Title of the first panel that has one."""
        titles = [ax.get_title(loc="left") or ax.get_title() for ax in self.figure.axes]
        return " ".join(next(filter(None, titles), "").split())

    @property
    def alt(self):
        """A text that describes the picture."""
        return self._alt or ". ".join(filter(None, [self.title, *_axes(self.figure)])) + "."

    def __repr__(self):
        return f"Picture({self.title!r})"

    def _repr_mimebundle_(self, include=None, exclude=None):
        if text_only():
            return {"text/plain": repr(self)}
        turned = dark.style(".lessons-picture img", dark.TURNED)
        forms = (self.narrow_figure, self.figure)
        (small, small_size), (large, size) = ((address(f), _size(f)) for f in forms)
        return {
            "text/plain": repr(self),
            "text/html": (
                f'<div class="lessons-picture">{turned}<picture>'
                f'<source media="(max-width: {NARROW_BELOW}px)" {small_size} srcset="{small}">'
                f'<img alt="{html.escape(self.alt)}" {size} style="max-width:100%;height:auto" '
                f'src="{large}"></picture></div>'
            ),
        }


def picture(draw, alt=None):
    """Return a `Picture` of what ``draw(narrow=…)`` draws, such as ``monitor.report().plot``."""
    return Picture(lambda: draw(narrow=is_narrow()), alt)


def pictured(draw):
    """Let a function that returns a matplotlib figure return a `Picture` of both forms."""

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        return Picture(functools.partial(draw, *args, **kwargs))

    return drawn


def _size(figure):
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    return f'width="{width}" height="{height}"'


def _axes(figure):
    for ax in figure.axes:
        if ax.get_xlabel() and ax.get_ylabel():
            yield f"Horizontal: {ax.get_xlabel()}; vertical: {ax.get_ylabel()}"
    names = [
        line.get_label()
        for ax in figure.axes
        for line in ax.lines
        if not str(line.get_label()).startswith("_")
    ]
    if names:
        yield "Lines: " + ", ".join(dict.fromkeys(names))

"""One picture for wide and narrow screens: both forms whole, legible and described."""

import html
import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import matplotlib as mpl
import numpy as np
import pytest

from lessons import plots
from lessons.plots.clipping import wall
from lessons.plots.phases import phase_diagram
from lessons.plots.sigmoid import widths
from lessons.plots.signal_propagation import cobweb
from lessons.plots.vanishing_and_exploding import signals

PHONE = 358  # pixels that a page gives a figure on a phone of 390


def norms(factor, layers=20):
    return [0.8 * factor ** (layers - i) for i in range(1, layers + 1)]


PICTURES = {
    "by layer": lambda: plots.gradient_by_layer(
        {"vanishing": norms(0.25), "healthy": norms(1), "exploding": norms(2)},
        "One backward pass, three nets of 20 layers",
        roles={"vanishing": "vanishing", "healthy": "healthy", "exploding": "exploding"},
    ),
    "lines": lambda: plots.lines(
        range(30), {"a long name": np.arange(30.0), "b": np.arange(30.0)[::-1]}, "Two", "x", "y"
    ),
    "wall": wall,
    "widths": widths,
    # What an explorer draws, without its alt text.
    "walk along the map": lambda: plots.Picture(lambda: cobweb()[0]),
    "two phases": lambda: plots.Picture(lambda: phase_diagram()[0]),
    "three norms": lambda: plots.Picture(lambda: signals(depth=20)[0]),
}


@pytest.fixture(scope="module", params=PICTURES)
def picture(request):
    return PICTURES[request.param]()


def images(picture):
    """Return the addresses of the narrow and the wide image, and the HTML."""
    page = picture._repr_mimebundle_()["text/html"]
    return re.search('srcset="([^"]*)"', page)[1], re.search(' src="([^"]*)"', page)[1], page


def texts(figure):
    figure.draw_without_rendering()
    shown = [t for t in figure.findobj(mpl.text.Text) if t.get_visible() and t.get_text().strip()]
    # The label of a tick that lies beyond the axis is there, and not drawn.
    ticks = [t for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for t in _beyond(axis)]
    return [t for t in shown if t not in ticks and t.get_window_extent().overlaps(figure.bbox)]


def _beyond(axis):
    low, high = sorted(axis.get_view_interval())
    for tick in axis.get_major_ticks():
        if not low <= tick.get_loc() <= high:
            yield from (tick.label1, tick.label2)


def test_each_form_is_a_drawing_of_its_own_size(picture):
    for address, figure in zip(images(picture), (picture.narrow_figure, picture.figure)):  # noqa: B905
        assert address.startswith("data:image/svg+xml,")
        assert " " not in address  # a space would end it in srcset
        root = ElementTree.fromstring(unquote(address.partition(",")[2]))
        inches = float(root.get("width").removesuffix("pt")) / 72
        assert inches == pytest.approx(figure.get_figwidth(), abs=0.01)


def test_a_phone_shows_the_narrow_form_without_shrinking_it_and_its_text_is_legible(picture):
    figure = picture.narrow_figure
    width = 96 * figure.get_figwidth()
    shown = min(1, PHONE / width)
    assert shown > 0.97
    assert min(t.get_fontsize() for t in texts(figure)) * 96 / 72 * shown >= 11


def test_no_text_leaves_the_figure(picture):
    for figure in (picture.figure, picture.narrow_figure):
        for text in texts(figure):
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= figure.bbox.x1 + 1, text.get_text()
            assert box.y0 >= -1 and box.y1 <= figure.bbox.y1 + 1, text.get_text()


def test_it_says_what_it_shows(picture):
    alt = html.unescape(re.search('alt="([^"]*)"', images(picture)[2])[1])
    assert alt == picture.alt
    assert alt.startswith(picture.title) and "Horizontal: " in alt


def test_the_same_data_give_the_same_bytes():
    one, other = (PICTURES["lines"]()._repr_mimebundle_() for _ in range(2))
    assert one == other


def test_a_short_text_can_be_given():
    made = plots.Picture(PICTURES["lines"]().figure.__class__, alt="A line that falls.")
    assert made.alt == "A line that falls."


def test_what_takes_narrow_is_drawn_in_both_forms():
    seen = []

    def draw(*, narrow):
        seen.append(narrow)
        return plots.heatmap(np.eye(2), [0, 1], [0, 1], "T", "x", "y", "c").figure

    assert "data:image/png" in unquote(images(plots.picture(draw))[0])  # the colours' own pixels
    assert seen == [False, True]

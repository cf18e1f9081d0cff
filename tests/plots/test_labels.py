"""Names of lines stand beside their own line and touch neither each other nor another line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons import plots
from lessons.plots.labels import _spread


def labelled(curves, **options):
    x = np.arange(len(next(iter(curves.values()))))
    return plots.lines(x, curves, "T", "x", "y", **options).figure


def names(figure):
    """Return the names that stand in the axes or beside them, with their boxes."""
    figure.draw_without_rendering()
    ax = figure.axes[0]
    return {t.get_text(): t.get_window_extent() for t in ax.texts}


X = np.linspace(0, 1, 40)
APART = {"up": X, "flat": 0 * X + 0.5, "down": 1 - X}
FAN = {f"power {n}": 1 - (1 - X) * n / 4 for n in range(1, 5)}


@pytest.mark.parametrize("curves", [APART, FAN], ids=["apart", "fan"])
def test_names_touch_neither_each_other_nor_another_line(curves):
    figure = labelled(curves)
    found = names(figure)
    assert set(found) == set(curves) and not figure.legends
    boxes = list(found.values())
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    for line in figure.axes[0].lines:
        points = line.get_transform().transform(line.get_xydata())
        for name, box in found.items():
            if name != line.get_label():
                assert not any(box.contains(*point) for point in points)


def test_a_line_named_beside_it_is_the_nearest():
    figure = labelled(FAN)
    lines = {
        line.get_label(): line.get_transform().transform(line.get_xydata())
        for line in figure.axes[0].lines
    }
    for name, box in names(figure).items():
        centre = np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2])
        distance = {k: np.linalg.norm(path - centre, axis=1).min() for k, path in lines.items()}
        assert min(distance, key=distance.get) == name


def test_where_there_is_no_room_a_legend_names_the_lines():
    figure = labelled({f"a long name of line {i}": X + 1e-3 * i for i in range(9)})
    assert not names(figure)
    assert len(figure.legends[0].get_texts()) == 9


def test_a_legend_can_be_asked_for():
    assert labelled(APART, legend=True).legends


def test_lines_on_each_other_are_all_to_be_seen():
    """The first is the widest, and each later one leaves a rim of the one below."""
    widths = [line.get_linewidth() for line in labelled(dict.fromkeys("abc", X)).axes[0].lines]
    assert np.diff(widths).max() <= -1.5
    assert len({line.get_linewidth() for line in labelled(APART).axes[0].lines}) == 1


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=6))
def test_places_are_apart_in_order_and_as_near_as_can_be(wanted):
    wanted = np.array(wanted)
    places = _spread(wanted, 10)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(places[order]) >= 10 - 1e-9).all()
    if (np.diff(np.sort(wanted)) >= 10).all():
        np.testing.assert_allclose(places, wanted)
    assert abs(places.mean() - wanted.mean()) < 1e-6

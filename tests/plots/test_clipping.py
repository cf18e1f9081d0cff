"""The clipping chapter's figures show the numbers that the clipping functions give."""

import numpy as np
import pytest

from lessons.plots.clipping import METHODS, cut_in_two_dimensions, wall


@pytest.mark.parametrize("method", METHODS)
def test_squares_lie_inside_the_border_and_the_text_says_how_many_moved(method):
    figure, alt = cut_in_two_dimensions(method, 1.0)
    (ax,) = figure.axes
    lines = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    after, border = lines["after"], lines["allowed"]
    assert after.shape == (24, 2)
    if method == "global L2 norm":
        assert np.linalg.norm(after, axis=1).max() <= 1
    assert (np.abs(after) <= border.max(axis=0) + 1e-9).all()
    assert f"threshold 1: {len(lines['before, too long'])} of 24 gradients change" in alt


def test_only_the_rescaling_methods_turn_nothing():
    turned = {m: "up to 0 degrees" not in cut_in_two_dimensions(m, 1.0)[1] for m in METHODS}
    assert [m for m, t in turned.items() if not t] == ["global L2 norm", "L∞, rescale"]


def test_the_wall_throws_the_unclipped_descent_and_not_the_clipped_one():
    figure = wall().figure
    paths = {line.get_label(): line.get_xydata() for line in figure.axes[0].get_lines()}
    longest = {
        label: np.linalg.norm(np.diff(path, axis=0), axis=1).max()
        for label, path in paths.items()
        if len(path) > 1
    }
    assert longest["clipped to 0.3"] <= 0.3 + 1e-9
    assert longest["not clipped"] > 3
    (low, high), (left, right) = figure.axes[0].get_ylim(), figure.axes[0].get_xlim()
    for path in paths.values():
        assert (path[:, 0] > left).all() and (path[:, 0] < right).all()
        assert (path[:, 1] > low).all() and (path[:, 1] < high).all()


def test_unknown_methods_and_thresholds_are_named():
    with pytest.raises(ValueError, match="method='by valu' is unknown"):
        cut_in_two_dimensions("by valu", 1.0)
    with pytest.raises(ValueError, match=r"threshold=0\.0"):
        cut_in_two_dimensions("global L2 norm", 0)

"""Every figure is labelled, and its colours can be told apart by every reader."""

import itertools
import math

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from colorspacious import cspace_convert, deltaE

from lessons import plots
from lessons.plots import colors
from lessons.training import History


def history(losses, stopped_at=None):
    steps = list(range(len(losses)))
    return History(
        steps, losses, [0.5] * len(losses), torch.ones(len(losses), 2), ["1", "2"], stopped_at
    )


FIGURES = {
    "by layer": lambda: plots.gradient_by_layer({"a": [1, 2, 3], "b": [0.0, math.inf, 1.0]}),
    "lines": lambda: plots.lines(
        [1, 2], {"a": [1, 2], "b": [3, math.nan]}, "T", "x (m)", "y (s)", log="xy"
    ),
    "heatmap": lambda: plots.heatmap(np.eye(2), [0, 1], [0, 1], "T", "x", "y", "c", diverging=True),
    "training": lambda: plots.training_curves(
        {"a": history([2.0, 1.0]), "b": history([1.0, math.nan], 1)}
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_labelled_closed_and_leaves_rcparams_alone(name):
    before = dict(mpl.rcParams)
    picture = FIGURES[name]()
    figure = picture.figure
    assert dict(mpl.rcParams) == before
    assert not plt.get_fignums()
    axes = figure.axes
    assert axes[0].get_title(loc="left")
    assert all(ax.get_ylabel() for ax in axes)
    assert axes[0].get_xlabel()
    for drawn in (figure, picture.narrow_figure):
        drawn.draw_without_rendering()
    assert dict(mpl.rcParams) == before


def test_lost_layers_are_shown_and_named():
    ax = plots.gradient_by_layer({"net": [0.0, 1e-3, math.nan, 1.0]}).figure.axes[0]
    shown = {line.get_label(): line.get_xydata() for line in ax.lines}
    assert shown["net: exactly 0"][:, 0].tolist() == [1]
    assert shown["net: inf or NaN"][:, 0].tolist() == [3]
    assert 0 < shown["net: exactly 0"][0, 1] < 1e-3 and shown["net: inf or NaN"][0, 1] > 1
    np.testing.assert_allclose(shown["net"][[1, 3], 1], [1e-3, 1])


def test_everything_lost_is_still_a_figure():
    plots.gradient_by_layer({"net": [0.0, 0.0]}).figure.draw_without_rendering()


@pytest.mark.parametrize("role", plots.COLORS)
def test_each_colour_stands_out_on_white(role, contrast):
    """WCAG 2.2, criterion 1.4.11: graphics need a contrast of 3 to 1."""
    assert contrast(plots.COLORS[role], "#ffffff") >= 3


def seen_by(color, deficiency):
    rgb = mpl.colors.to_rgb(color)
    if deficiency is None:
        return rgb
    space = {"name": "sRGB1+CVD", "cvd_type": deficiency, "severity": 100}
    return np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)


@pytest.mark.parametrize("deficiency", [None, "deuteranomaly", "protanomaly", "tritanomaly"])
def test_all_colours_differ_for_colour_blind_readers(deficiency):
    """Machado et al. 2009, full severity; a CAM02-UCS distance of 14 is a clear difference."""
    seen = {role: seen_by(color, deficiency) for role, color in plots.COLORS.items()}
    for a, b in itertools.combinations(seen, 2):
        assert deltaE(seen[a], seen[b], input_space="sRGB1") > 14, (a, b)


def test_only_a_role_gives_a_line_a_colour_that_means_something():
    names = [f"line {i}" for i in range(9)]
    given = colors.looks(names, {"line 3": "exploding", "line 4": "dark"})
    assert given["line 3"]["color"] == plots.COLORS["exploding"]
    rest = [given[name]["color"] for name in names if name != "line 3"]
    assert not set(rest) & set(colors.MEANINGS.values())
    assert rest.count(plots.COLORS["dark"]) == 1


def test_lines_of_one_colour_differ_in_marker_and_dashes():
    given = colors.looks("abc", dict.fromkeys("abc", "healthy"))
    assert {look["color"] for look in given.values()} == {plots.COLORS["healthy"]}
    assert len({look["marker"] for look in given.values()}) == 3
    assert len({str(look["linestyle"]) for look in given.values()}) == 3


@pytest.mark.parametrize("role", plots.COLORS)
def test_names_in_the_lines_colours_can_be_read(role, contrast):
    assert contrast(colors.ink(plots.COLORS[role]), "#ffffff") >= 4.5


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plots.gradient_by_layer({}), TypeError, "curves"),
        (lambda: plots.gradient_by_layer([1, 2]), TypeError, "curves"),
        (lambda: plots.gradient_by_layer({"a": []}), ValueError, r"curves\['a'\] has shape"),
        (lambda: plots.gradient_by_layer({"a": [-1.0]}), ValueError, r"curves\['a'\] holds -1.0"),
        (lambda: plots.gradient_by_layer({"a": ["x"]}), TypeError, r"curves\['a'\]"),
        (
            lambda: plots.gradient_by_layer({"a": [1.0]}, roles={"a": "helthy"}),
            ValueError,
            "Did you mean 'healthy'",
        ),
        (
            lambda: plots.lines([1], {"a": [1, 2]}, "T", "x", "y"),
            ValueError,
            "has 2 values; expected 1",
        ),
        (lambda: plots.lines([1, 2], {"a": [1]}, "T", "x", "y"), ValueError, "expected 2.*NaN"),
        (lambda: plots.lines([1], {"a": [1]}, "T", "x", "y", log="z"), ValueError, "log='z'"),
        (
            lambda: plots.heatmap(np.eye(2), [1], [1, 2], "T", "x", "y", "c"),
            ValueError,
            r"expected \(2, 1\)",
        ),
        (lambda: plots.training_curves({}), TypeError, "histories"),
        (
            lambda: plots.training_curves({"a": history([1.0])}, show=["los"]),
            ValueError,
            "Did you mean 'loss'",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()

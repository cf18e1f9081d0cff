"""The panels of many chapters show what the lab measures."""

import math

import numpy as np
import pytest
import torch

from lessons.activations import ACTIVATIONS
from lessons.measure import distance_by_layer
from lessons.networks import mlp
from lessons.plots import COLORS, panels
from lessons.training import History


def history(losses, stopped_at=None):
    steps = list(range(0, 10 * len(losses), 10))
    return History(steps, losses, [], torch.ones(len(losses), 1), ["1"], stopped_at)


RUNS = {
    "falls": history([2.0, 0.2, 0.02]),
    "stalls": history([2.3, 2.3, 2.3]),
    "jumps": history([2.0, 1e30, math.nan], 20),
    "never": history([math.inf, math.inf, math.nan], 0),
}


def test_each_activation_is_drawn_with_its_slope():
    figure = panels.activations(tuple(ACTIVATIONS)).figure
    for ax, f in zip(figure.axes, ACTIVATIONS.values(), strict=True):
        assert ax.get_title(loc="left") == f.label
        curve, slope = (line.get_ydata() for line in ax.lines[1:])
        x = torch.as_tensor(ax.lines[1].get_xdata())
        np.testing.assert_allclose(curve, f.function(x))
        known = np.isfinite(slope)
        np.testing.assert_allclose(slope[known], f.derivative(x).numpy()[known])
        assert known.mean() > 0.98
        assert any(f"{f.steepest_slope:.3g}" in text.get_text() for text in ax.texts)


def test_the_collapse_is_what_is_measured():
    x = torch.eye(64).double()[:4]
    nets = {"a": mlp(4, dtype=torch.float64), "b": mlp(4, activation="tanh", dtype=torch.float64)}
    drawn = {line.get_label(): line.get_ydata() for line in
             panels.forward_collapse(nets, x).figure.axes[0].lines}  # fmt: skip
    for name, net in nets.items():
        np.testing.assert_allclose(drawn[name], distance_by_layer(net, x))
    with pytest.raises(ValueError, match=r"depths .*4.*3"):
        panels.forward_collapse({"a": nets["a"], "c": mlp(3, dtype=torch.float64)}, x)
    with pytest.raises(TypeError, match="nets"):
        panels.forward_collapse([mlp(3)], x)


def test_each_run_has_a_panel_on_common_axes():
    figure = panels.loss_curves(RUNS, {"falls": "healthy"}).figure
    assert [ax.get_title(loc="left") for ax in figure.axes] == list(RUNS)
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    assert len({ax.get_xlim() for ax in figure.axes}) == 1
    falls, stalls, jumps, never = figure.axes
    assert falls.lines[0].get_color() == COLORS["healthy"]
    assert stalls.lines[0].get_color() == COLORS["dark"]
    low, high = falls.get_ylim()
    assert low < 0.02 and 2.3 < high < 1e4, "one jump does not make the others flat"
    for ax, texts in ((falls, []), (jumps, ["not finite"]), (never, ["not finite"])):
        assert [text.get_text() for text in ax.texts] == texts


def test_on_a_phone_two_panels_stand_side_by_side():
    left = {ax.get_position().x0 for ax in panels.loss_curves(RUNS).narrow_figure.axes}
    assert len(left) == 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: panels.activations([]), ValueError, "names is empty"),
        (lambda: panels.activations(["rleu"]), ValueError, "Did you mean 'relu'"),
        (lambda: panels.loss_curves({}), TypeError, "histories"),
        (lambda: panels.loss_curves(RUNS, {"falls": "helthy"}), ValueError, "'healthy'"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""The figures of the chapter on deep random nets say what the theory says."""

import math
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from lessons.plots import COLORS, signal_propagation
from lessons.plots.phases import phase_diagram
from lessons.plots.signal_propagation import cobweb, trainable
from lessons.propagation import chi, variance_map


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize(("variance", "role"), [(1.0, "vanishing"), (3.0, "exploding")])
def test_a_net_has_the_colour_of_its_phase_and_the_slope_of_its_factor(variance, role):
    figure, alt = phase_diagram("tanh", variance, 0.05, depth=11)
    left, right = figure.axes
    point, line = left.lines[-1], right.lines[0]
    assert to_hex(point.get_color()).upper() == COLORS[role]
    factor = math.sqrt(chi("tanh", variance, 0.05))
    back = line.get_ydata()
    assert back[-1] == 1 and back[0] == pytest.approx(factor**10)
    assert f"a factor of {factor:.2f} per layer" in alt


def test_the_border_of_the_phases_is_where_the_factor_is_one():
    across, up = phase_diagram()[0].axes[0].lines[0].get_data()
    for weights, biases in list(zip(across, up, strict=True))[5::10]:
        assert chi("tanh", weights, biases) == pytest.approx(1, abs=1e-4)


def test_the_walk_goes_along_the_map_and_the_sentence_names_its_end():
    figure, alt = cobweb("tanh", 1.5, 0.05, layers=4)
    x, y = figure.axes[0].lines[2].get_data()
    value = 3.0
    for before, after in zip(x[1::2], y[1::2], strict=False):
        assert before == pytest.approx(value)
        value = variance_map("tanh", value, 1.5, 0.05)
        assert after == pytest.approx(value)
    assert f"has become {value:.2g}." in alt
    assert "has become more than 4." in cobweb("relu", 4.0, 0.05)[1]


def test_the_line_lies_at_so_many_depth_scales_and_shapes_must_agree(monkeypatch):
    depths, variances = [5, 20], [1.0, 2.0, 3.0]
    scale = SimpleNamespace(correlation=2.5)
    monkeypatch.setattr(signal_propagation, "depth_scale", lambda *net: scale)
    figure = trainable(np.eye(2, 3), depths, variances, 0.05, scales=4.0).figure
    assert set(figure.axes[0].lines[0].get_ydata()) == {10.0}
    (cells,) = figure.axes[0].collections
    np.testing.assert_array_equal(cells.get_array().reshape(2, 3), np.eye(2, 3))
    with pytest.raises(ValueError, match=r"accuracy has shape \(3, 2\); expected \(2, 3\)"):
        trainable(np.zeros((3, 2)), depths, variances, 0.05)

"""Measured maps and predicted lines: they agree, and the figures say what they show."""

import numpy as np
import pytest

from lessons.plots import phases
from lessons.propagation import critical_line, mean_field_factor


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "elu", "sigmoid"])
def test_the_predicted_lines_lie_on_the_measured_map(activation):
    """Theory plus what 128 neurons take away, about 1/(4n) decades per layer and less for few."""
    measured = phases.measured_by_depth(activation)
    predicted = phases.predicted_by_depth(activation)
    for g in (0, 12, 16, 24, 40):
        for depth in (5, 20, 40):
            allowed = 0.15 + 0.025 * depth
            expected = predicted[depth - 1, g // 4]
            assert measured[depth - 1, g] == pytest.approx(expected, abs=allowed)


@pytest.mark.parametrize("activation", ["tanh", "elu", "selu"])
def test_the_edge_is_the_critical_line(activation):
    weights, biases = phases.edge_of_chaos(activation)
    assert (np.diff(biases) > 0).all() and biases[-1] > 0.32
    at = critical_line(activation, 0.2).weight_variance
    assert np.interp(0.2, biases, weights) == pytest.approx(at, abs=0.02)
    assert (np.diff(weights) > 0).all()  # larger biases move the edge to larger weights


@pytest.mark.parametrize("activation", ["tanh", "elu", "relu"])
def test_the_measured_map_changes_its_sign_at_the_edge(activation):
    weights, biases = phases.edge_of_chaos(activation)
    measured = phases.measured_phases(activation)
    for row, bias in zip(measured[2:], phases.BIASES[2:], strict=True):
        edge = np.interp(bias, biases, weights)
        assert (row[edge - 0.6 > phases.WEIGHTS] < 0).all()
        assert (row[edge + 0.8 < phases.WEIGHTS] > 0).all()


def test_gelu_has_no_edge_and_a_signal_that_runs_away():
    assert phases.edge_of_chaos("gelu") is None
    measured = phases.measured_phases("gelu")
    assert (measured[:, phases.WEIGHTS < 1.7] < 0).all()
    assert (measured[:, phases.WEIGHTS > 2.6] > 0).all()
    assert mean_field_factor("gelu", 3.0) == pytest.approx(1.5**0.5, abs=1e-4)  # as a ReLU


def test_figures_say_their_numbers():
    figure, alt = phases.gain_and_depth("relu")
    assert alt.startswith("ReLU, 40 layers: 10 to the -30 at gain 0.25")
    assert len(figure.axes) == 2
    _, alt = phases.phase_diagram("gelu", 1.5, 0.05)
    assert "a factor of 0.67 per layer" in alt

"""Mean-field theory: closed forms, papers' numbers, and properties of the maps."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.activations import ACTIVATIONS, LEAKY_SLOPE, Activation
from lessons.propagation import (
    chi,
    correlation_fixed_point,
    correlation_map,
    critical_line,
    depth_scale,
    variance_fixed_point,
    variance_map,
)
from lessons.propagation.expectation import pair_expectation

ERF = Activation(
    "erf",
    "erf",
    torch.erf,
    lambda x: 2 / math.sqrt(math.pi) * torch.exp(-x * x),
    2 / math.sqrt(math.pi),
    0.0,
    "x = 0",
    "",
)
variances = st.floats(0.01, 100.0)


def arcsine(variance, correlation):
    """E erf(u1) erf(u2), Williams 1997, eq. 11."""
    return 2 / math.pi * math.asin(2 * variance * correlation / (1 + 2 * variance))


@given(variances, st.floats(0.1, 10))
def test_variance_maps_with_closed_forms(q, weight_variance):
    leaky = (1 + LEAKY_SLOPE**2) / 2
    for activation, mean_square in [
        ("identity", q),
        ("relu", q / 2),
        ("leaky_relu", q * leaky),
        (ERF, arcsine(q, 1.0)),
    ]:
        found = variance_map(activation, q, weight_variance, 0.3)
        assert found == pytest.approx(weight_variance * mean_square + 0.3, rel=1e-7)


@settings(max_examples=25)
@given(variances, st.floats(-1, 1))
def test_pairs_have_the_closed_form_of_erf_and_relu(q, c):
    assert pair_expectation(torch.erf, q, c) == pytest.approx(arcsine(q, c), abs=1e-6)
    arc = math.sqrt((1 - c) * (1 + c)) + c * (math.pi - math.acos(c))
    expected = q * arc / (2 * math.pi)  # Cho and Saul 2009
    assert pair_expectation(torch.relu, q, c) == pytest.approx(expected, abs=1e-6, rel=1e-6)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("c", [-0.7, 0.0, 0.5, 0.99])
def test_pairs_agree_with_a_million_samples(name, c):
    function = ACTIVATIONS[name].function
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(2, 1_000_000, generator=generator, dtype=torch.float64)
    products = function(1.5 * z[0]) * function(1.5 * (c * z[0] + math.sqrt(1 - c * c) * z[1]))
    error = 5 * products.std().item() / 1000
    assert pair_expectation(function, 2.25, c) == pytest.approx(products.mean().item(), abs=error)


def test_fixed_points_in_closed_form():
    assert variance_fixed_point("relu", 1.0, 0.3) == pytest.approx(0.6)  # σ_b²/(1 − σ_w²/2)
    assert variance_fixed_point("identity", 0.5, 1.0) == pytest.approx(2.0)
    assert variance_fixed_point("relu", 2.0) == 1.0  # every variance is one
    assert variance_fixed_point("relu", 2.01) == math.inf
    assert variance_fixed_point("relu", 1.99) == 0.0


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("weight_variance", [0.5, 1.5])
def test_a_fixed_point_is_fixed_and_the_map_leads_to_it(name, weight_variance):
    q = variance_fixed_point(name, weight_variance, 0.2)
    if q == math.inf:
        assert chi(name, weight_variance, 0.2) > 1
        return
    assert variance_map(name, q, weight_variance, 0.2) == pytest.approx(q, rel=1e-6)
    for start in (q / 2, 2 * q):
        step = variance_map(name, start, weight_variance, 0.2)
        assert (step - start) * (q - start) > 0


def test_the_edge_of_chaos():
    """Poole et al. 2016 and Schoenholz et al. 2017: tanh with σ_b² = 0.05."""
    assert critical_line("tanh", 0.05).weight_variance == pytest.approx(1.76095, abs=1e-4)
    assert critical_line("tanh").weight_variance == pytest.approx(1.0, abs=1e-9)
    assert critical_line("relu").weight_variance == pytest.approx(2.0)
    assert critical_line("leaky_relu").weight_variance == pytest.approx(2 / (1 + LEAKY_SLOPE**2))
    assert critical_line(ERF).weight_variance == pytest.approx(math.pi / 4)  # slope 2/√π at 0


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "elu", "selu"])
def test_on_the_critical_line_a_layer_multiplies_by_one(name):
    point = critical_line(name, 0.05)
    assert chi(name, point.weight_variance, 0.05) == pytest.approx(1.0, abs=1e-4)
    q = variance_map(name, point.fixed_point, point.weight_variance, 0.05)
    assert q == pytest.approx(point.fixed_point, rel=1e-6)


@pytest.mark.parametrize("name", ["softplus", "gelu", "silu"])
@pytest.mark.parametrize("bias_variance", [0.0, 0.05])
def test_where_the_variance_runs_away_first_there_is_no_critical_point(name, bias_variance):
    with pytest.raises(ValueError, match=f"'{name}' has no critical point"):
        critical_line(name, bias_variance)
    settled = [w for w in (1.5, 1.8, 1.95, 2.1) if variance_fixed_point(name, w) < math.inf]
    assert settled
    assert all(chi(name, w, bias_variance) < 1 for w in settled)


@settings(max_examples=15)
@given(st.floats(0.5, 4.0), st.floats(0.01, 1.0))
def test_the_slope_of_the_correlation_map_at_one_is_chi(weight_variance, bias_variance):
    """Schoenholz et al. 2017, eq. 5."""
    h = 1e-4
    below = correlation_map("tanh", 1 - h, weight_variance, bias_variance)
    assert (1 - below) / h == pytest.approx(chi("tanh", weight_variance, bias_variance), rel=5e-3)


def test_order_makes_inputs_alike_and_chaos_does_not():
    assert correlation_fixed_point("tanh", 1.0, 0.05) == 1.0
    c = correlation_fixed_point("tanh", 2.5, 0.05)
    assert 0 < c < 0.9
    assert correlation_map("tanh", c, 2.5, 0.05) == pytest.approx(c, abs=1e-8)


def test_the_depth_scale_is_infinite_on_the_edge_and_falls_on_both_sides():
    edge = critical_line("tanh", 0.05).weight_variance
    assert depth_scale("tanh", edge, 0.05).correlation > 1e5
    near, far = (depth_scale("tanh", edge * f, 0.05).correlation for f in (0.9, 0.5))
    assert near > 2 * far
    near, far = (depth_scale("tanh", edge * f, 0.05).correlation for f in (1.1, 2.0))
    assert near > 2 * far


@given(st.floats(0.2, 1.9))
def test_depth_scales_of_relu_are_closed(weight_variance):
    """Variance and correlation both shrink by σ_w²/2 a layer."""
    expected = -1 / math.log(weight_variance / 2)
    found = depth_scale("relu", weight_variance, 0.1)
    assert found.variance == pytest.approx(expected, rel=1e-4)
    assert found.correlation == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: variance_map("tanh", -1.0, 1.0), "variance=-1.0"),
        (lambda: variance_fixed_point("tanh", 0.0), "weight_variance=0.0"),
        (lambda: variance_fixed_point("tanh", 1.0, start=0.0), "start=0.0"),
        (lambda: correlation_map("tanh", 1.5, 1.0), "correlation=1.5"),
        (lambda: correlation_map("tanh", 0.5, 0.5), "weight_variance=0.5 lets"),
        (lambda: depth_scale("relu", 3.0, 0.1), "weight_variance=3.0 lets"),
        (lambda: critical_line("tanh", -1.0), "bias_variance=-1.0"),
        (lambda: chi("tahn", 1.0), "Did you mean 'tanh'"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

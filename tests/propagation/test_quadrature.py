"""Theory to 1e-6, against averages computed in another way: scipy's adaptive quadrature.

Averages over two alike inputs come from the expansion in Hermite polynomials He_k:
E f(u1) f(u2) = Σ c^k a_k², with a_k = E f(√q z) He_k(z) / √k!.
"""

import functools
import math

import pytest
import torch
from scipy.integrate import quad

from lessons.activations import ACTIVATIONS, Activation
from lessons.propagation import (
    batch_norm_growth,
    chi,
    correlation_fixed_point,
    correlation_map,
    critical_line,
    depth_scale,
    variance_fixed_point,
    variance_map,
)
from lessons.propagation.expectation import pair_expectation
from lessons.propagation.mean_field import HOMOGENEOUS

NAMES = sorted(ACTIVATIONS)
EDGED = ["sigmoid", "tanh", "elu", "selu"]
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


def average(g):
    """E g(z) over z ~ N(0, 1), with a kink at 0."""

    def density(z):
        return g(z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    return sum(quad(density, *ends, epsabs=1e-13, limit=200)[0] for ends in ((-12, 0), (0, 12)))


def at(function, x):
    return function(torch.tensor(x, dtype=torch.float64)).item()


@functools.cache
def mean_square(name, kind, q):
    function, root = getattr(ACTIVATIONS[name], kind), math.sqrt(q)
    return average(lambda z: at(function, root * z) ** 2)


def pair(function, q, c, terms=60):
    """E f(u1) f(u2) by Hermite polynomials, normalised so that each has mean square 1."""
    root, total = math.sqrt(q), 0.0
    nodes = torch.linspace(0, 12, 60_001, dtype=torch.float64)
    nodes = torch.cat([-nodes.flip(0), nodes])  # 0 twice: a kink lies between two panels
    weight = torch.exp(-nodes * nodes / 2) / math.sqrt(2 * math.pi)
    values = function(root * nodes) * weight
    before, here = torch.zeros_like(nodes), torch.ones_like(nodes)
    for k in range(terms):
        total += c**k * torch.trapezoid(values * here, nodes).item() ** 2
        before, here = here, (nodes * here - math.sqrt(k) * before) / math.sqrt(k + 1)
    return total


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("q", [0.04, 1.0, 9.0])
def test_variance_map(name, q):
    expected = 1.3 * mean_square(name, "function", q) + 0.2
    assert variance_map(name, q, 1.3, 0.2) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_fixed_point_and_chi(name):
    weight_variance = 0.8 if name in ("identity", "selu") else 1.3
    q = variance_fixed_point(name, weight_variance, 0.2)
    expected = weight_variance * mean_square(name, "function", q) + 0.2
    assert q == pytest.approx(expected, rel=1e-6)
    slope = weight_variance * mean_square(name, "derivative", q)
    assert chi(name, weight_variance, 0.2) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("c", [-0.5, 0.3, 0.7])
def test_correlation_map(name, c):
    weight_variance = 0.8 if name in ("identity", "selu") else 1.3
    q = variance_fixed_point(name, weight_variance, 0.2)
    product = pair(ACTIVATIONS[name].function, q, c)
    found = correlation_map(name, c, weight_variance, 0.2)
    assert found == pytest.approx((weight_variance * product + 0.2) / q, abs=1e-6)


@pytest.mark.parametrize("name", EDGED)
@pytest.mark.parametrize("bias_variance", [0.01, 0.05, 0.5])
def test_critical_line(name, bias_variance):
    weight_variance, q = critical_line(name, bias_variance)
    assert weight_variance * mean_square(name, "derivative", q) == pytest.approx(1, abs=1e-6)
    forward = weight_variance * mean_square(name, "function", q) + bias_variance
    assert forward == pytest.approx(q, rel=1e-6)


@pytest.mark.parametrize("q", [0.1, 1.0, 5.0])
def test_critical_line_of_erf_in_closed_form(q):
    """χ = σ_w² (4/π) / √(1 + 4q), and E erf² is an arcsine."""
    weight_variance = math.pi / 4 * math.sqrt(1 + 4 * q)
    bias_variance = q - weight_variance * 2 / math.pi * math.asin(2 * q / (1 + 2 * q))
    found = critical_line(ERF, bias_variance)
    assert found == pytest.approx((weight_variance, q), rel=1e-6)


@pytest.mark.parametrize("q", [1e-4, 1.0, 30.0, 1e6, 1e12])
@pytest.mark.parametrize("apart", [1.9, 1.0, 0.3, 1e-3, 1e-6, 1e-9])
def test_pairs_of_erf_in_closed_form(q, apart):
    """Williams, 1997, for the function: however sharp it bends, however alike the two are."""
    c = 1 - apart
    product = 2 / math.pi * math.asin(2 * q * c / (1 + 2 * q))
    assert pair_expectation(ERF.function, q, c) == pytest.approx(product, rel=1e-10, abs=1e-15)
    slopes = 4 / math.pi / math.sqrt(1 + 4 * q + 4 * q * q * apart * (1 + c))
    assert pair_expectation(ERF.derivative, q, c) == pytest.approx(slopes, rel=1e-6)


@pytest.mark.parametrize("apart", [1.9, 1.0, 0.3, 1e-3, 1e-6, 1e-9])
def test_pairs_of_steps_in_closed_form(apart):
    """Both pre-activations are positive with chance ½ − angle/2π (Sheppard, 1899)."""
    angle = 2 * math.asin(math.sqrt(apart / 2))
    found = pair_expectation(ACTIVATIONS["relu"].derivative, 1.0, 1 - apart)
    assert found == pytest.approx(0.5 - angle / (2 * math.pi), rel=1e-9)


@pytest.mark.parametrize("name", HOMOGENEOUS)
@pytest.mark.parametrize("bias_variance", [0.0, 0.05])
def test_critical_weights_of_straight_pieces(name, bias_variance):
    slopes = ACTIVATIONS[name].derivative(torch.tensor([1.0, -1.0], dtype=torch.float64))
    expected = 2 / slopes.square().sum().item()
    found = critical_line(name, bias_variance).weight_variance
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("weight_variance", [1.0, 2.5])
def test_depth_scales(weight_variance):
    """dq/dq by Stein's lemma; the correlation's at c* by Hermite polynomials."""
    found = depth_scale("tanh", weight_variance, 0.05)
    q = variance_fixed_point("tanh", weight_variance, 0.05)
    slope = average(lambda z: math.tanh(math.sqrt(q) * z) * z / math.cosh(math.sqrt(q) * z) ** 2)
    slope *= weight_variance / math.sqrt(q)
    assert found.variance == pytest.approx(-1 / math.log(slope), rel=1e-6)
    c = correlation_fixed_point("tanh", weight_variance, 0.05)
    parting = weight_variance * pair(ACTIVATIONS["tanh"].derivative, q, c, terms=150)
    assert found.correlation == pytest.approx(-1 / math.log(parting), rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_batch_norm_growth_in_infinite_batches(name):
    mean = average(lambda z: at(ACTIVATIONS[name].function, z))
    spread = mean_square(name, "function", 1.0) - mean**2
    expected = mean_square(name, "derivative", 1.0) / spread
    assert batch_norm_growth(name) == pytest.approx(expected, rel=1e-6)

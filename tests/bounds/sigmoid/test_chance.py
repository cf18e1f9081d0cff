"""Chances of explosion: quadrature against counting, special functions and scipy."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from lessons.activations import ACTIVATIONS
from lessons.bounds.sigmoid import (
    explosion_intervals,
    explosion_width,
    factor_chance,
    sampled_chance,
)


@pytest.mark.parametrize("inputs", ["uniform", "normal"])
@pytest.mark.parametrize("bias_std", [0.0, 0.7])
@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_quadrature_and_counting_agree(name, bias_std, inputs):
    options = {"weight_std": 3.0, "bias_std": bias_std, "inputs": inputs}
    for above in (0.25, 1.0):
        chance, error = sampled_chance(name, above, **options, samples=100_000, seed=1)
        assert abs(chance - factor_chance(name, above, **options)) < 4.5 * error


def test_the_documents_setting():
    """w ~ N(0,1), x uniform on (0,1), no bias: the numbers the chapter gives."""
    assert math.erf(1 / math.sqrt(2)) == pytest.approx(0.683, abs=5e-4)  # P(|w| < 1)
    assert 1 - factor_chance("sigmoid", 0.25) == pytest.approx(0.760, abs=5e-4)
    # Given w, the window (−h, h) of z overlaps wx ∈ (0, w) on a share h/w of it.
    expected, _ = quad(
        lambda w: 2 * norm.pdf(w) * explosion_width("sigmoid", w) / 2, 4, 12, epsabs=0, epsrel=1e-10
    )
    assert factor_chance("sigmoid") == pytest.approx(expected, rel=1e-8)
    assert factor_chance("sigmoid") == pytest.approx(6.13e-6, rel=1e-3)


def test_identity_explodes_when_the_weight_exceeds_one():
    for inputs in ("uniform", "normal"):
        for above in (0.5, 1.0, 3.0):
            assert factor_chance("identity", above, inputs=inputs) == pytest.approx(
                2 * norm.sf(above), rel=1e-10
            )


def test_relu_explodes_half_as_often_as_the_identity():
    """z = wx + b is positive with chance ½ whatever the symmetric w and b."""
    for inputs, bias_std in (("uniform", 0.0), ("uniform", 1.0), ("normal", 0.5)):
        assert factor_chance("relu", inputs=inputs, bias_std=bias_std) == pytest.approx(
            norm.sf(1), rel=1e-9
        )


@pytest.mark.parametrize(("name", "weight_std"), [("sigmoid", 2.0), ("gelu", 0.8), ("silu", 6.0)])
def test_uniform_inputs_without_bias_against_direct_integration(name, weight_std):
    def share(w):
        windows = explosion_intervals(name, w)
        return sum(max(0.0, min(high, 1.0) - max(low, 0.0)) for low, high in windows)

    critical = ACTIVATIONS[name].critical_weight
    nodes, shares = np.polynomial.legendre.leggauss(60)
    expected = 0.0
    for left, right in ((critical, 2 * critical), (2 * critical, 12 * weight_std + critical)):
        w = left + (right - left) * (nodes + 1) / 2
        values = norm.pdf(w, scale=weight_std) * np.array([share(v) + share(-v) for v in w])
        expected += shares @ values * (right - left) / 2
    assert factor_chance(name, weight_std=weight_std) == pytest.approx(expected, rel=2e-3)


def test_counting_and_quadrature_have_the_same_defaults():
    chance, error = sampled_chance("sigmoid", 0.25, samples=100_000)
    assert abs(chance - factor_chance("sigmoid", 0.25)) < 4.5 * error
    given = {"weight_std": 1.0, "bias_std": 0.0, "inputs": "uniform"}
    assert factor_chance("sigmoid", 0.25) == factor_chance("sigmoid", 0.25, **given)


@pytest.mark.parametrize("weight_std", [0.3, 1.0, 6.0])
def test_corners_of_the_share_of_inputs_do_not_cost_digits(weight_std):
    """Softplus: x > −ln(w − 1)/w, or for −w x < ln(w − 1)/w; both shares have corners."""

    def share(w):
        return (
            1 + np.clip(math.log(w - 1) / w, 0, 1) - np.clip(-math.log(w - 1) / w, 0, 1)
        ) * norm.pdf(w, scale=weight_std)

    corner = 1.278464542761074  # 1/(w − 1) = eʷ; below it no w > 0 has such an x, for −w below 2
    expected = quad(share, corner, 2, epsabs=0, epsrel=1e-12)[0]
    expected += quad(
        share, 2, 2 + 40 * weight_std, epsabs=0, epsrel=1e-12, points=[2 + 3 * weight_std]
    )[0]
    assert factor_chance("softplus", weight_std=weight_std) == pytest.approx(expected, rel=1e-6)


def test_a_bump_of_two_windows_keeps_its_digits():
    """SiLU, by the midpoint rule with 40 000 weights."""
    assert factor_chance("silu", weight_std=0.3) == pytest.approx(4.51094e-5, rel=2e-6)


@pytest.mark.parametrize("weight_std", [1.0, 100.0, 1e6])
def test_sigmoid_with_weights_of_any_size(weight_std):
    """|z| < arcosh(|w|/2 − 1) and x < |z|/|w|, integrated over ln |w|."""

    def share(u):
        w = math.exp(u)
        return 2 * norm.pdf(w, scale=weight_std) * min(1, math.acosh(max(w / 2 - 1, 1)) / w) * w

    expected = quad(
        share, math.log(4), math.log(4 + 40 * weight_std), limit=400, epsabs=0, epsrel=1e-10
    )[0]
    assert factor_chance("sigmoid", weight_std=weight_std) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("inputs", ["uniform", "normal"])
def test_a_random_bias_against_double_integration(inputs):
    """Integrate over w and x; b enters through the normal distribution function."""
    bias_std = 0.8
    low, high = (0, 1) if inputs == "uniform" else (-8, 8)
    nodes, shares = np.polynomial.legendre.leggauss(400)
    x = (low + (high - low) * (nodes + 1) / 2)[:, None]
    total = 0.0
    for left, right in ((4, 6), (6, 12), (12, 30)):
        w = left + (right - left) * (nodes + 1) / 2
        edge = explosion_width("sigmoid", w) * w / 2
        inside = norm.cdf((edge - w * x) / bias_std) - norm.cdf((-edge - w * x) / bias_std)
        density = 1.0 if inputs == "uniform" else norm.pdf(x)
        grid = 2 * norm.pdf(w, scale=3) * density * inside
        total += shares @ grid @ shares * (right - left) * (high - low) / 4
    chance = factor_chance("sigmoid", weight_std=3.0, bias_std=bias_std, inputs=inputs)
    assert chance == pytest.approx(total, rel=1e-4)


def test_a_vanishing_bias_is_the_limit_of_small_ones():
    for name in ("sigmoid", "silu"):
        assert factor_chance(name, bias_std=1e-6) == pytest.approx(factor_chance(name), rel=1e-5)


def test_chance_falls_with_the_bound_and_grows_with_the_weights():
    chances = [factor_chance("tanh", above) for above in (0.1, 0.3, 1.0, 2.0, 4.0)]
    assert chances == sorted(chances, reverse=True)
    assert factor_chance("sigmoid", weight_std=0.05) == 0.0
    below = [factor_chance("sigmoid", weight_std=s) for s in (1.0, 2.0, 4.0, 8.0)]
    assert below == sorted(below)


def test_sampling_is_reproducible_and_honest_when_nothing_is_counted():
    assert sampled_chance("tanh", seed=3, samples=1000) == sampled_chance(
        "tanh", seed=3, samples=1000
    )
    assert sampled_chance("tanh", seed=3, samples=1000) != sampled_chance(
        "tanh", seed=4, samples=1000
    )
    none = sampled_chance("sigmoid", weight_std=0.1, samples=1000)
    assert none.chance == 0.0
    assert none.standard_error == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"activation": "sigmod"}, ValueError, "activation='sigmod'.*'sigmoid'"),
        ({"above": 0.0}, ValueError, "above=0.0"),
        ({"above": float("nan")}, ValueError, "above=nan"),
        ({"weight_std": -1.0}, ValueError, "weight_std=-1.0"),
        ({"weight_std": "1"}, TypeError, "weight_std='1'"),
        ({"bias_std": -0.1}, ValueError, "bias_std=-0.1"),
        ({"bias_std": math.inf}, ValueError, "bias_std=inf"),
        ({"inputs": "gaussian"}, ValueError, "inputs='gaussian'.*'normal'"),
    ],
)
def test_bad_input_is_refused(options, error, message):
    arguments = {"activation": "sigmoid"} | options
    with pytest.raises(error, match=message):
        factor_chance(**arguments)
    with pytest.raises(error, match=message):
        sampled_chance(**arguments)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"samples": 1}, ValueError, "samples=1"),
        ({"samples": 10.0}, TypeError, "samples=10.0"),
        ({"seed": -1}, ValueError, "seed=-1"),
        ({"seed": None}, TypeError, "seed=None"),
    ],
)
def test_bad_sampling_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        sampled_chance("sigmoid", **options)

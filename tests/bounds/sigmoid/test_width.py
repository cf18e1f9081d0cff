"""Windows of explosion against brute force, closed forms and symmetries."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from lessons.activations import ACTIVATIONS, SELU_SCALE, Activation, get
from lessons.bounds.sigmoid import explosion_intervals, explosion_width, widest_edge, widest_window

NAMES = list(ACTIVATIONS)
UNBOUNDED = [n for n in NAMES if n not in ("sigmoid", "tanh")]
names = st.sampled_from(NAMES)
weights = st.one_of(st.floats(-3, 3), st.floats(-20, 20), st.floats(-1e3, 1e3))
biases = st.floats(-10, 10)


def factor(name, x, weight, bias):
    """|w f′(wx+b)| by autograd in float64, for an array of x."""
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = ACTIVATIONS[name].function(weight * x + bias)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope.abs().numpy()


@settings(deadline=None, max_examples=300)
@given(names, weights, biases)
def test_intervals_are_what_brute_force_finds(name, weight, bias):
    if weight == 0:
        assert explosion_intervals(name, weight, bias) == []
        return
    z = np.concatenate([np.linspace(-60, 60, 4801), np.linspace(-3, 3, 2401)]) + 1e-4
    with np.errstate(over="ignore"):
        x = (z - bias) / weight
    x = x[np.isfinite(x)]
    size = factor(name, x, weight, bias)
    inside = np.zeros_like(x, dtype=bool)
    for low, high in explosion_intervals(name, weight, bias):
        inside |= (low < x) & (x < high)
    clear = np.abs(size - 1) > 1e-9
    np.testing.assert_array_equal(inside[clear], (size > 1)[clear])


@settings(deadline=None, max_examples=300)
@given(names, weights, biases)
def test_the_factor_is_one_at_each_finite_end(name, weight, bias):
    kinks = {"relu", "leaky_relu", "selu"}
    for interval in explosion_intervals(name, weight, bias):
        for x in filter(math.isfinite, interval):
            z = weight * x + bias
            if name in kinks and abs(z) < 1e-9:
                continue
            assert factor(name, [x], weight, bias)[0] == pytest.approx(1, abs=1e-9)


@settings(deadline=None)
@given(names, weights, biases)
def test_width_is_the_sum_of_the_intervals_for_every_bias(name, weight, bias):
    intervals = explosion_intervals(name, weight, bias)
    total = sum(high - low for low, high in intervals)
    assert explosion_width(name, weight) == pytest.approx(total, rel=1e-9, abs=1e-12)
    assert intervals == sorted(intervals)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(intervals))


@settings(deadline=None)
@given(names, weights, biases)
def test_the_sign_of_the_weight_mirrors_the_intervals(name, weight, bias):
    mirrored = [(-high, -low) for low, high in reversed(explosion_intervals(name, weight, bias))]
    assert explosion_intervals(name, -weight, bias) == mirrored
    assert explosion_width(name, -weight) == explosion_width(name, weight)


@pytest.mark.parametrize("name", NAMES)
def test_no_window_up_to_the_critical_weight_and_one_above(name):
    critical = ACTIVATIONS[name].critical_weight
    for weight in (0.0, 1e-300, critical / 2, critical * (1 - 1e-12)):
        assert explosion_intervals(name, weight) == []
        assert explosion_width(name, weight) == 0.0
    assert explosion_width(name, critical * (1 + 1e-6)) > 0
    if name not in ("gelu", "silu", "selu"):
        assert explosion_width(name, critical) == 0.0


@settings(deadline=None)
@given(st.floats(4.001, 1e4))
def test_sigmoid_width_is_the_documents_formula(w):
    formula = (2 / w) * math.log(w * (1 + math.sqrt(1 - 4 / w)) / 2 - 1)
    assert explosion_width("sigmoid", w) == pytest.approx(formula, rel=1e-11)


@pytest.mark.parametrize("excess", [2.0**-50, 1e-12, 1e-9, 1e-6])
def test_sigmoid_just_above_four_keeps_its_digits(excess):
    """arccosh(1+t) = √(2t)·(1 − t/12 + 3t²/160 − …)."""
    w = 4 * (1 + excess)
    t = (w - 4) / 2
    series = math.sqrt(2 * t) * (1 - t / 12 + 3 * t * t / 160)
    assert explosion_width("sigmoid", w) == pytest.approx(2 * series / w, rel=1e-14)


@pytest.mark.parametrize("w", [1e8, 1e20, 1e300, 1.7e308])
def test_huge_weights_follow_their_asymptotes(w):
    """arccosh(w/2 − 1) → ln w and arcsinh √(w−1) → ln(2√w)."""
    assert explosion_width("sigmoid", w) == pytest.approx(2 / w * math.log(w - 2), rel=1e-14)
    assert explosion_width("tanh", w) == pytest.approx(2 / w * math.log(2 * math.sqrt(w)), rel=1e-8)
    for name in UNBOUNDED:
        assert explosion_width(name, w) == math.inf
    # −1/w is met left of the minimum by GELU and SiLU, so each has a second interval there.
    for name in ("gelu", "silu"):
        (low, high), (start, end) = explosion_intervals(name, w)
        assert low < high <= start < end == math.inf


@settings(deadline=None)
@given(st.floats(-1e6, 1e6))
def test_tanh_is_a_rescaled_sigmoid(w):
    """tanh x = 2σ(2x) − 1, so its window at w is twice the sigmoid's at 4w."""
    assert explosion_width("tanh", w) == pytest.approx(
        2 * explosion_width("sigmoid", 4 * w), rel=1e-9
    )


def test_sigmoid_window_is_centred_on_minus_b_over_w():
    for weight, bias in [(5.0, 1.0), (-7.0, 3.0), (40.0, -2.0)]:
        [(low, high)] = explosion_intervals("sigmoid", weight, bias)
        assert (low + high) / 2 == pytest.approx(-bias / weight, rel=1e-12)


def test_gelu_and_silu_get_a_second_interval_where_their_negative_slope_is_steep_enough():
    """f′(−x) = 1 − f′(x), so the steepest negative slope is sup f′ − 1."""
    for name, weight in (("gelu", 7.757), ("silu", 10.02)):
        threshold = 1 / (get(name).steepest_slope - 1)
        assert threshold == pytest.approx(weight, abs=5e-3)
        assert len(explosion_intervals(name, threshold * (1 - 1e-9))) == 1
        assert len(explosion_intervals(name, threshold * (1 + 1e-9))) == 2


@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_gelu_and_silu_windows_are_bounded_below_weight_one(name):
    critical = get(name).critical_weight
    w = np.linspace(critical + 1e-6, 1 - 1e-6, 50)
    widths = explosion_width(name, w)
    assert np.isfinite(widths).all()
    assert (np.diff(widths) > 0).all()
    assert explosion_width(name, np.nextafter(1.0, 0.0)) < math.inf
    assert explosion_width(name, 1.0) == math.inf


def test_silu_at_weight_one_starts_where_x_sigmoid_x_is_one():
    """SiLU′ = σ + xσ(1−σ) > 1 is xσ(x) > 1."""
    start = brentq(lambda x: x / (1 + math.exp(-x)) - 1, 0, 3, xtol=1e-15)
    [(low, _)] = explosion_intervals("silu", 1.0)
    assert low == pytest.approx(start, rel=1e-13)


def test_leaky_relu_covers_the_line_above_one_hundred():
    assert explosion_intervals("leaky_relu", 100.0) == [(0.0, math.inf)]
    assert explosion_intervals("leaky_relu", -100.1, 3.0) == [(-math.inf, math.inf)]


def test_selu_window_is_bounded_between_its_two_slopes():
    assert explosion_intervals("selu", 0.8)[0][1] == 0.0
    assert explosion_width("selu", 1 / SELU_SCALE) < math.inf
    assert explosion_width("selu", 1 / SELU_SCALE + 1e-12) == math.inf


def test_width_is_vectorised_and_keeps_the_shape():
    w = np.linspace(-12, 12, 24).reshape(2, 3, 4)
    for name in NAMES:
        width = explosion_width(name, w)
        assert width.shape == w.shape
        assert width.dtype == np.float64
        scalars = [explosion_width(name, v) for v in w.ravel().tolist()]
        np.testing.assert_array_equal(width.ravel(), scalars)
        assert all(type(s) is float for s in scalars)
    assert explosion_width("sigmoid", []).shape == (0,)
    assert explosion_width("gelu", np.array([5], dtype=np.int64)).tolist() == [math.inf]


def test_widest_window_of_the_sigmoid():
    """dW/dw = 0 where w/√(w²−4w) = arccosh(w/2−1), solved here in w instead of z."""
    at = brentq(
        lambda w: w / math.sqrt(w * w - 4 * w) - math.acosh(w / 2 - 1), 5, 9, xtol=1e-14, rtol=1e-14
    )
    weight, width = widest_window("sigmoid")
    assert weight == pytest.approx(at, abs=1e-12)
    assert weight == pytest.approx(6.8941510323, abs=1e-10)
    assert width == pytest.approx(0.4477432047, abs=1e-10)
    assert width == pytest.approx(explosion_width("sigmoid", weight), rel=1e-14)
    assert width == pytest.approx(1 / math.sinh(widest_edge()), rel=1e-14)
    # What the documents say, to the digits they give.
    assert (round(weight, 1), round(width, 2)) == (6.9, 0.45)


def test_widest_window_of_tanh():
    weight, width = widest_window("tanh")
    assert weight == pytest.approx(1.7235378, abs=5e-8)
    assert width == pytest.approx(0.8954864, abs=5e-8)
    assert width == pytest.approx(explosion_width("tanh", weight), rel=1e-14)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_no_window_is_wider_than_the_widest(name):
    weight, width = widest_window(name)
    found = minimize_scalar(
        lambda w: -explosion_width(name, w), bounds=(weight / 2, weight * 3), method="bounded"
    )
    assert -found.fun == pytest.approx(width, rel=1e-12)
    grid = np.geomspace(weight / 10, weight * 1e6, 20_000)
    assert explosion_width(name, grid).max() <= width


@pytest.mark.parametrize("name", UNBOUNDED)
def test_unbounded_windows_start_at_the_threshold(name):
    threshold, width = widest_window(name)
    assert width == math.inf
    assert explosion_width(name, threshold * (1 + 1e-12)) == math.inf
    assert explosion_width(name, threshold * (1 - 1e-12)) < math.inf


def test_widest_edge_solves_its_equation():
    z = widest_edge()
    assert z * math.tanh(z / 2) == pytest.approx(1, rel=1e-14)
    assert z == pytest.approx(1.5434046384, abs=5e-11)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("sigmiod", 5.0), ValueError, "activation='sigmiod'.*'sigmoid'"),
        (("sigmoid", float("nan")), ValueError, "weight=nan"),
        (("sigmoid", math.inf), ValueError, "weight=inf"),
        (("sigmoid", "5"), TypeError, "weight='5'"),
        (("sigmoid", True), TypeError, "weight=True"),
        (("sigmoid", 1 + 2j), TypeError, "weight="),
        (("sigmoid", [5.0]), TypeError, "weight="),
        (("sigmoid", 5.0, float("nan")), ValueError, "bias=nan"),
        (("sigmoid", 5.0, None), TypeError, "bias=None"),
    ],
)
def test_bad_intervals_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        explosion_intervals(*arguments)


@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        ([1.0, float("nan")], ValueError, "weight contains nan"),
        ([1.0, -math.inf], ValueError, "weight contains -inf"),
        ("5", TypeError, "weight has dtype"),
        ([True], TypeError, "weight has dtype bool"),
        ([1j], TypeError, "weight has dtype complex128"),
        (None, TypeError, "weight has dtype object"),
        ([[1.0], [1.0, 2.0]], ValueError, "weight="),
    ],
)
def test_bad_widths_are_refused(weight, error, message):
    with pytest.raises(error, match=message):
        explosion_width("sigmoid", weight)


def test_an_activation_outside_the_table_is_refused():
    mine = Activation("mine", "Mine", torch.sin, torch.cos, 1.0, 0.0, "x = 0", r"\sin x")
    for function in (widest_window, lambda a: explosion_width(a, 2.0)):
        with pytest.raises(ValueError, match="is not in lessons"):
            function(mine)

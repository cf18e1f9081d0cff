"""The table of activations against torch's autograd and against closed forms."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from lessons.activations import ACTIVATIONS, get, leaky, table

NAMES = list(ACTIVATIONS)
reals = st.floats(-1e4, 1e4)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(x=reals | st.floats(-10, 10))
def test_derivative_is_autograds(name, x):
    activation = ACTIVATIONS[name]
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = activation.function(x)
    (expected,) = torch.autograd.grad(y, x)
    torch.testing.assert_close(activation.derivative(x.detach()), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_derivative_at_the_kink_is_autograds(name):
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(ACTIVATIONS[name].function(x).sum(), x)
    torch.testing.assert_close(ACTIVATIONS[name].derivative(x.detach()), expected)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", NAMES)
def test_extremes_stay_finite_in_every_dtype(name, dtype):
    x = torch.tensor([-1e4, -800, -90, -20, 0, 20, 90, 800, 1e4], dtype=dtype)
    for f in (ACTIVATIONS[name].function, ACTIVATIONS[name].derivative):
        y = f(x)
        assert y.dtype == dtype
        assert y.shape == x.shape
        assert torch.isfinite(y).all()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus"])
def test_tails_keep_their_digits(name):
    """Far out, σ′(x) ≈ e^−|x|, sech²x ≈ 4e^−2|x| and σ(x) ≈ e^x, not 0."""
    tail = {"sigmoid": lambda x: math.exp(-abs(x)), "tanh": lambda x: 4 * math.exp(-2 * abs(x)),
            "softplus": math.exp}[name]  # fmt: skip
    for x in (-300.0, -45.0):
        value = ACTIVATIONS[name].derivative(torch.tensor(x, dtype=torch.float64)).item()
        assert value == pytest.approx(tail(x), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(a=st.floats(-20, 20), b=st.floats(-20, 20))
def test_no_chord_is_steeper_than_the_steepest_slope(name, a, b):
    """The mean value theorem: |f(a) − f(b)| ≤ sup|f′| · |a − b|."""
    f = ACTIVATIONS[name].function
    a, b = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    bound = ACTIVATIONS[name].steepest_slope * abs(a - b)
    assert abs(f(a) - f(b)) <= bound + 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_steepest_slope_is_the_supremum(name):
    activation = ACTIVATIONS[name]
    x = torch.linspace(-40, 40, 160_000, dtype=torch.float64)  # even: without the kink at 0
    slope = activation.derivative(x)
    assert slope.abs().max() <= activation.steepest_slope * (1 + 1e-15)
    assert slope.abs().max() == pytest.approx(activation.steepest_slope, rel=1e-3)
    there = torch.tensor(activation.steepest_at, dtype=torch.float64)
    if math.isfinite(there):
        assert activation.derivative(there).item() == pytest.approx(
            activation.steepest_slope, rel=1e-15
        )
    assert activation.critical_weight * activation.steepest_slope == pytest.approx(1, rel=1e-15)


def test_gelu_is_steepest_at_root_two():
    """GELU″ = (2 − x²) φ(x), so the slope there is Φ(√2) + √2 φ(√2)."""
    x = math.sqrt(2)
    assert get("gelu").steepest_at == x
    assert get("gelu").steepest_slope == pytest.approx(norm.cdf(x) + x * norm.pdf(x), rel=1e-15)
    assert get("gelu").steepest_slope == pytest.approx(1.1289041, abs=1e-7)
    assert get("gelu").critical_weight == pytest.approx(0.8858, abs=5e-5)


def test_silu_is_steepest_where_x_tanh_half_x_is_two():
    x = brentq(lambda x: x * math.tanh(x / 2) - 2, 1, 4, xtol=1e-15)
    assert get("silu").steepest_at == pytest.approx(x, rel=1e-14)
    assert get("silu").steepest_slope == pytest.approx(0.5 + x / 4, rel=1e-15)
    assert get("silu").steepest_slope == pytest.approx(1.0998393, abs=1e-7)
    assert get("silu").critical_weight == pytest.approx(0.9092, abs=5e-5)


def test_selu_constants_hold_mean_zero_and_variance_one():
    """Klambauer et al. 2017: under N(0,1) SELU's output has mean 0 and second moment 1."""

    def moment(power):
        def integrand(x):
            y = get("selu").function(torch.tensor(x, dtype=torch.float64)).item()
            return y**power * norm.pdf(x)

        return quad(integrand, -12, 0)[0] + quad(integrand, 0, 12)[0]

    assert moment(1) == pytest.approx(0, abs=1e-12)
    assert moment(2) == pytest.approx(1, abs=1e-12)


def test_selu_and_softplus_suprema_are_limits():
    selu, softplus = get("selu"), get("softplus")
    left = torch.tensor([-1e-3, -1e-6, -1e-9], dtype=torch.float64)
    gaps = selu.steepest_slope - selu.derivative(left)
    assert (gaps > 0).all()
    assert gaps[-1] < 1e-8
    assert selu.derivative(torch.tensor(1e-300, dtype=torch.float64)) < selu.steepest_slope
    x = torch.tensor([5.0, 30.0], dtype=torch.float64)
    torch.testing.assert_close(1 - softplus.derivative(x), torch.exp(-x), rtol=0.01, atol=1e-16)


def test_get_takes_names_and_activations():
    assert get(get("relu")) is ACTIVATIONS["relu"]
    with pytest.raises(ValueError, match=r"activation='gleu' is unknown.*'gelu'"):
        get("gleu")
    with pytest.raises(ValueError, match="activation=3 is unknown"):
        get(3)


def test_table_shows_every_row_as_text_and_as_html():
    text, html = repr(table()), table()._repr_html_()
    assert len(text.splitlines()) == 1 + len(NAMES)
    assert html.count("<tr>") == 1 + len(NAMES)
    for name in NAMES:
        assert ACTIVATIONS[name].label in text
        assert ACTIVATIONS[name].label in html
        assert f">{ACTIVATIONS[name].critical_weight:.3g}<" in html
    assert [row[0] for row in table("tanh", "relu").rows] == ["Tanh", "ReLU"]
    with pytest.raises(ValueError, match="'tanh'"):
        table("tahn")


@given(slope=st.floats(-1, 1), x=reals)
def test_leaky_is_torchs_leaky_relu_with_autograds_slope(slope, x):
    f = leaky(slope)
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.leaky_relu(x, slope)
    (expected,) = torch.autograd.grad(y, x)
    assert f.function(x.detach()) == y.detach() and f.derivative(x.detach()) == expected
    assert f.steepest_slope >= abs(expected)


def test_leaky_has_relu_linear_and_the_absolute_value_at_its_ends():
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    for slope, expected in ((0, x.relu()), (1, x), (-1, x.abs())):
        torch.testing.assert_close(leaky(slope).function(x), expected)

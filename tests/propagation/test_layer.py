"""How random nets multiply a gradient: simulation, theory and closed forms agree."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.activations import ACTIVATIONS
from lessons.propagation import chain, layer_factor, mean_field_factor

F64 = torch.float64
finite = st.floats(-5, 5)


@given(
    st.sampled_from(sorted(ACTIVATIONS)),
    st.lists(st.tuples(finite, finite), min_size=1, max_size=8),
    finite,
)
def test_the_product_of_a_chains_factors_is_autograds_derivative(name, neurons, x):
    weights, biases = zip(*neurons, strict=True)
    result = chain(name, weights, biases, x)
    start = torch.tensor(x, dtype=F64, requires_grad=True)
    value = start
    for i, (w, b) in enumerate(neurons):
        value = ACTIVATIONS[name].function(w * value + b)
        torch.testing.assert_close(result.outputs[i], value.detach())
    value.backward()
    torch.testing.assert_close(result.factors.prod(), start.grad, rtol=1e-9, atol=1e-12)


def test_many_inputs_go_through_a_chain_as_each_alone():
    weights, biases = [3.0, -2.0, 7.0], [0.1, 0.0, -1.0]
    x = torch.tensor([[0.0, 0.3], [-1.0, 2.0]])
    together = chain("sigmoid", weights, biases, x)
    assert together.outputs.shape == together.factors.shape == (3, 2, 2)
    assert together.outputs.dtype == F64
    for i, j in ((0, 1), (1, 0)):
        alone = chain("sigmoid", weights, biases, x[i, j].item())
        torch.testing.assert_close(together.outputs[:, i, j], alone.outputs)
        torch.testing.assert_close(together.factors[:, i, j], alone.factors)


@pytest.mark.parametrize("start", [0.5, 0.501, 0.51, 0.6])
def test_a_chain_of_equal_sigmoids_explodes_only_on_its_balance_point(start):
    """With b = -w/2, 0.5 is a fixed point; w > 4 makes it unstable and other starts leave."""
    w = 6.9
    log = chain("sigmoid", [w] * 40, [-w / 2] * 40, start).factors.log10().sum()
    if start == 0.5:
        assert log.item() == pytest.approx(40 * math.log10(w / 4))
    else:
        assert log < -10


@pytest.mark.parametrize(("width", "expected"), [(64, 0.86), (128, 1.04), (512, 1.47)])
def test_standard_normal_sigmoid_layers_flip_with_the_width(width, expected):
    simulated = layer_factor("sigmoid", width, 1.0, depth=25, seeds=1 + 600 // width, settle=5)
    assert simulated == pytest.approx(expected, abs=0.05)
    assert simulated == pytest.approx(mean_field_factor("sigmoid", width), rel=0.06)


def test_one_standard_normal_sigmoid_neuron_shrinks_the_gradient():
    # The mean of ln |w| for w ~ N(0, 1) is -(gamma + ln 2)/2; the slope takes at least ln 4 more.
    euler = 0.5772156649015329
    bound = math.exp(-(euler + math.log(2)) / 2) / 4
    factor = layer_factor("sigmoid", 1, 1.0, depth=60, seeds=200)
    assert 0.8 * bound < factor < 1.1 * bound
    assert factor == pytest.approx(0.13, abs=0.02)


@pytest.mark.parametrize("width", [1e4, 1e6, 1e10, 1e20, 1e30])
def test_wide_standard_normal_sigmoid_layers_have_a_closed_form(width):
    """q -> n/2, and the bump of area 1/6 under sigma'^2 gives chi = sqrt(n)/(6 sqrt(pi)).

    So the factor passes 1 at n = 36 pi = 113 neurons.
    """
    closed = math.sqrt(math.sqrt(width) / (6 * math.sqrt(math.pi)))
    assert mean_field_factor("sigmoid", width) == pytest.approx(closed, rel=0.01)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("identity", 3.0),
        ("relu", 2.12),
        ("gelu", 2.12),
        ("silu", 2.12),
        ("tanh", 1.37),
        ("sigmoid", 0.54),
    ],
)
def test_factors_at_gain_three(name, expected):
    assert mean_field_factor(name, 9.0) == pytest.approx(expected, abs=0.01)
    simulated = layer_factor(name, 128, 3 / math.sqrt(128), depth=25, seeds=3)
    assert simulated == pytest.approx(expected, rel=0.04)


@given(st.floats(0.1, 20))
def test_relu_multiplies_by_the_root_of_half_the_variance(variance):
    """He et al. 2015: half of the neurons pass everything, the others nothing."""
    assert mean_field_factor("relu", variance) == pytest.approx(math.sqrt(variance / 2))


def test_tanh_at_the_edge_of_chaos():
    """Poole et al. 2016: with a bias variance of 0.05 the edge lies at 1.76095."""
    assert mean_field_factor("tanh", 1.76095, 0.05, depth=300) == pytest.approx(1.0, abs=1e-5)
    assert mean_field_factor("tanh", (5 / 3) ** 2, depth=300) ** 2 == pytest.approx(
        1.2098, abs=1e-4
    )


@pytest.mark.parametrize("name", ["identity", "relu", "gelu", "silu"])
def test_very_deep_nets_neither_overflow_nor_underflow(name):
    """A ReLU net of 400 layers with these weights leaves float64 at both ends."""
    for width, weight_std in ((16, 10.0), (16, 1e-3)):
        deep = layer_factor(name, width, weight_std, depth=400, seeds=1)
        scaled = layer_factor(name, width, weight_std, depth=60, seeds=6)
        assert deep == pytest.approx(scaled, rel=0.15)
    for variance in (0.01, 512.0):
        factor = mean_field_factor(name, variance, depth=400)
        assert factor == pytest.approx(mean_field_factor(name, variance, depth=30), rel=1e-6)


def test_a_relu_layer_that_is_off_lets_nothing_through():
    """With one neuron per layer each is off with chance 1/2: 60 layers never all pass."""
    assert layer_factor("relu", 1, 1.0, depth=60, seeds=20) == 0.0


def test_linear_nets_multiply_by_the_root_of_n_times_the_variance():
    assert layer_factor("identity", 256, 0.1, depth=20, seeds=4) == pytest.approx(1.6, rel=0.02)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: chain("sigmoid", [], [], 0.5), ValueError, "weights has 0 and biases 0"),
        (lambda: chain("sigmoid", [1.0], [1.0, 2.0], 0.5), ValueError, "biases 2"),
        (lambda: chain("sigmoid", [math.nan], [0.0], 0.5), ValueError, "weights=nan"),
        (lambda: chain("relu", [1.0], [0.0], torch.tensor([1.0, math.inf])), ValueError, "x holds"),
        (lambda: chain("sigmod", [1.0], [0.0], 0.5), ValueError, "Did you mean 'sigmoid'"),
        (lambda: layer_factor("relu", 0, 1.0), ValueError, "width=0"),
        (lambda: layer_factor("relu", 8, -1.0), ValueError, "weight_std=-1.0"),
        (lambda: layer_factor("relu", 8, 1.0, depth=5), ValueError, "settle=10"),
        (lambda: mean_field_factor("relu", 0), ValueError, "weight_variance=0.0"),
        (lambda: mean_field_factor("relu", 1e31), ValueError, r"weight_variance=1e\+31"),
        (lambda: mean_field_factor("relu", 1.0, -0.1), ValueError, "bias_variance=-0.1"),
        (lambda: mean_field_factor("relu", 1.0, depth=0), ValueError, "depth=0"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()

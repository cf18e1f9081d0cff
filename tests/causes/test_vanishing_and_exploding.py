"""Facts of the chapter *Vanishing and exploding*: its prose may say no more than this."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from lessons.activations import ACTIVATIONS
from lessons.causes.vanishing_and_exploding import (
    backpropagate,
    forward_overflow,
    layer_jacobians,
    layers_to_limit,
)
from lessons.data import digits
from lessons.measure import (
    decades_per_layer,
    gradient_agreement,
    loss_gradients,
    signals_by_layer,
    weights_by_layer,
)
from lessons.networks import mlp, three_nets
from lessons.training import train

F64 = torch.float64


@pytest.fixture(scope="module")
def data():
    return digits(dtype=F64)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_the_product_of_jacobians_is_autograds_gradient(activation, data):
    net = mlp(6, 16, activation=activation, initialization="lecun", gain=2.0, seed=3, dtype=F64)
    x = data.train_x[0].clone().requires_grad_()
    answer = net(x)
    error = torch.autograd.grad(functional.cross_entropy(answer, data.train_y[0]), answer)[0]
    expected = torch.autograd.grad(net(x), x, error)[0]
    signals = backpropagate(layer_jacobians(net, x.detach()), error)
    assert len(signals) == 7
    torch.testing.assert_close(signals[0], expected, rtol=1e-12, atol=0)


def test_each_jacobian_is_torchs_jacobian(data):
    net = mlp(4, 8, activation="tanh", seed=1, dtype=F64)
    h = data.train_x[5]
    for i, (layer, jacobian) in enumerate(zip(net.layers, layer_jacobians(net, h), strict=True)):
        function = layer if i == 3 else (lambda v, a=layer: torch.tanh(a(v)))
        expected = torch.autograd.functional.jacobian(function, h)
        torch.testing.assert_close(jacobian, expected, rtol=1e-12, atol=1e-15)
        h = function(h).detach()


@pytest.mark.parametrize("seed", range(4))
def test_the_three_nets_do_what_they_are_named_for(seed, data):
    for name, net in three_nets(seed=seed, dtype=F64).items():
        norms = list(loss_gradients(net, data.train_x, data.train_y).values())
        ratio = math.log10(norms[0] / norms[-1])
        assert {
            "vanishing": ratio < -10,
            "healthy": abs(ratio) < 1,
            "exploding": ratio > 5,
        }[name], (name, ratio)


@pytest.mark.parametrize("seed", range(3))
def test_a_whisper_agrees_and_a_shout_does_not(seed, data):
    halves = [(data.train_x[:700], data.train_y[:700]), (data.train_x[700:], data.train_y[700:])]
    agreement = {
        k: gradient_agreement(net, halves) for k, net in three_nets(seed=seed, dtype=F64).items()
    }
    assert min(agreement["vanishing"]) > 0.9
    assert min(agreement["healthy"]) > 0.6
    assert max(map(abs, agreement["exploding"][:10])) < 0.25


def test_no_learning_rate_saves_the_two_sick_nets():
    data = digits()
    best = {}
    for name in three_nets():
        best[name] = 0.0
        for lr in (1e-4, 1e-3, 1e-2, 1e-1):
            net = three_nets()[name]
            how = {"lr": lr, "momentum": 0.9, "steps": 100, "record_every": 100}
            history = train(net, data.train_x, data.train_y, **how)
            best[name] = max(best[name], history.accuracy[-1])
    assert best["healthy"] > 0.6
    assert best["vanishing"] < 0.2 and best["exploding"] < 0.3, best


def test_an_update_below_float32s_spacing_changes_nothing():
    data = digits()
    net = three_nets()["vanishing"]
    before = {k: w.detach().clone() for k, w in weights_by_layer(net).items()}
    train(net, data.train_x, data.train_y, lr=0.01, steps=100, record_every=100)
    moved = [not torch.equal(w, before[k]) for k, w in weights_by_layer(net).items()]
    assert not any(moved[:5]) and all(moved[-5:])


def test_a_relu_net_with_one_doubled_gain_is_lost_after_one_step():
    data = digits()
    history = train(mlp(20, gain=2.0), data.train_x, data.train_y, lr=0.01, steps=10)
    assert history.stopped_at == 1


@given(st.sampled_from([0.5, 0.8, 1.25, 2.0]), st.integers(0, 5))
def test_relu_weight_gradients_scale_alike_in_every_layer(gain, seed):
    """f(gx) = g f(x): every layer's weight gradient sees the other L - 1 gains, no more no less.

    The error at the output depends on the gain too, so it is the same given vector in both nets.
    """
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(seed), dtype=F64)

    def norms(g):
        net = mlp(6, 16, inputs=8, outputs=3, gain=g, seed=seed, dtype=F64)
        net(x).sum().backward()
        return torch.stack([layer.weight.grad.norm() for layer in net.layers])

    torch.testing.assert_close(norms(gain), norms(1.0) * gain**5, rtol=1e-10, atol=0)


def test_the_weight_gradient_is_error_times_signal(data):
    net = mlp(5, 16, activation="gelu", dtype=F64)
    measured = signals_by_layer(net, data.train_x[:1], data.train_y[:1])
    # One sample: the gradient is the outer product, whose norm is the product of the two norms.
    product = torch.tensor(measured["signal"]) * torch.tensor(measured["error signal"])
    torch.testing.assert_close(product, torch.tensor(measured["weight gradient"]))


def test_entries_below_one_can_explode_and_entries_above_one_can_vanish():
    """Document 000, section 1, has the single weight decide; width and slope do."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(20, 512, 512, generator=generator, dtype=F64) * 0.6 - 0.3
    v = torch.randn(512, generator=generator, dtype=F64)
    growth = torch.linalg.multi_dot([*weights, v[:, None]]).norm() / v.norm()
    assert weights.abs().max() < 1
    # n Var = 512 * 0.3^2 / 3, a factor of 3.92 a layer
    assert math.log(growth) / 20 == pytest.approx(math.log(math.sqrt(512 * 0.03)), rel=0.02)
    assert 2.0 * 0.25 < 1  # the steepest sigmoid neuron of weight 2


@given(
    st.floats(-3, 3).filter(lambda s: abs(s) > 1e-3),
    st.integers(2, 40),
    st.floats(1e-5, 1e5),
)
def test_decades_per_layer_finds_the_slope_and_ignores_the_scale(slope, layers, scale):
    norms = [scale * 10 ** (slope * i) for i in range(layers)]
    assert decades_per_layer(norms[::-1]) == pytest.approx(slope)


@pytest.mark.parametrize(
    ("dtype", "factor", "limit"),
    [
        (torch.float32, 2.0, 128),  # 2^128 is the first power of two above the largest float32
        (torch.float32, 0.5, 150),  # 2^-149 is the smallest subnormal; 2^-150 rounds to even: 0
        (torch.float64, 2.0, 1024),
        (torch.float16, 2.0, 16),
        (torch.bfloat16, 2.0, 128),
    ],
)
def test_limits_of_ieee_754(dtype, factor, limit):
    assert layers_to_limit(factor, dtype) == limit
    powers = [torch.tensor(1.0, dtype=dtype)]
    for _ in range(limit):
        powers.append(powers[-1] * factor)  # exact in binary until it leaves the range
    assert 0 < powers[-2] < math.inf
    assert powers[-1] in (0, math.inf)


@pytest.mark.parametrize("width", [64, 128, 256, 512])
def test_overflow_comes_at_the_layer_that_arithmetic_predicts(width):
    predicted = layers_to_limit(width**0.5)
    seen = [forward_overflow(width, predicted + 5, seed).layer for seed in range(5)]
    # The largest of `width` entries is about three deviations out: it may be one layer early.
    assert all(predicted - 1 <= layer <= predicted for layer in seen), (predicted, seen)


def test_deep_sigmoid_gradients_are_exactly_zero_in_float32_only():
    data = digits()
    how = {"activation": "sigmoid", "initialization": "xavier"}
    norms = loss_gradients(mlp(80, **how), data.train_x, data.train_y)
    exact = loss_gradients(mlp(80, **how, dtype=F64), data.train_x.double(), data.train_y)
    assert norms["1"] == 0.0 and 0 < exact["1"] < 1e-45


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"expected one sample, a Tensor of shape \(64,\)"):
        layer_jacobians(mlp(2), torch.zeros(2, 64))
    with pytest.raises(ValueError, match=r"norms=.*positive and finite"):
        decades_per_layer([0.0, math.inf, 1.0])
    for factor, error in ((1.0, ValueError), (-2.0, ValueError), ("2", TypeError)):
        with pytest.raises(error, match="factor"):
            layers_to_limit(factor)
    with pytest.raises(ValueError, match="width=0"):
        forward_overflow(0)

"""Facts of the chapter *Vanishing and exploding*: its prose may say no more than this."""

import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from lessons.activations import ACTIVATIONS
from lessons.causes.vanishing_and_exploding import (
    backpropagate,
    layer_factors,
    layer_jacobians,
    layers_to_limit,
    overflow_layer,
    send_change,
)
from lessons.data import digits
from lessons.measure import (
    decades_per_layer,
    distance_by_layer,
    gradient_agreement,
    loss_gradients,
    signals_by_layer,
    weights_by_layer,
)
from lessons.networks import mlp, three_nets
from lessons.propagation import mean_field_factor
from lessons.steps import equal_steps, freeze
from lessons.training import train
from lessons.twins import twin

F64 = torch.float64
CENTRED = replace(ACTIVATIONS["sigmoid"], name="centred", function=lambda z: torch.sigmoid(z) - 0.5)
RECIPES = {
    "sigmoid": {"activation": "sigmoid", "initialization": "xavier"},
    "sigmoid − ½": {"activation": CENTRED, "initialization": "xavier"},
    "ReLU": {},
    "ReLU halved": {"gain": 0.5},
    "ReLU doubled": {"gain": 2.0},
    "tanh": {"activation": "tanh", "initialization": "normal"},
    "tanh ÷ 10": {"activation": "tanh", "initialization": "normal", "gain": 1 / 10},
    "tanh ÷ 16": {"activation": "tanh", "initialization": "normal", "gain": 1 / 16},
}


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


def two_halves(data):
    return [(data.train_x[:700], data.train_y[:700]), (data.train_x[700:], data.train_y[700:])]


@pytest.mark.parametrize("seed", range(3))
def test_only_the_chaotic_gradient_depends_on_the_half_of_the_data(seed, data):
    agreement = {
        name: gradient_agreement(mlp(20, seed=seed, dtype=F64, **recipe), two_halves(data))
        for name, recipe in RECIPES.items()
    }
    assert min(agreement["sigmoid"]) > 0.9
    assert min(agreement["ReLU"]) > 0.6
    assert min(agreement["ReLU doubled"]) > 0.85, "exploded, and no noise"
    assert max(map(abs, agreement["tanh"][:10])) < 0.25


@pytest.mark.parametrize("seed", range(3))
def test_the_vanished_gradient_does_not_know_which_digit_it_saw(seed, data):
    """Shuffled labels would show nothing: they hardly turn the gradient of ReLU doubled either."""
    mean = data.train_x.mean(0, keepdim=True).expand_as(data.train_x)
    pairs = [(data.train_x, data.train_y), (mean, data.train_y)]
    agreement = {
        name: gradient_agreement(mlp(20, seed=seed, dtype=F64, **RECIPES[name]), pairs)
        for name in ("sigmoid", "ReLU", "ReLU doubled")
    }
    # Layers 1 to 3 still see the pixels; from layer 4 on the input looks always the same.
    assert min(agreement["sigmoid"][3:]) > 0.99
    assert max(agreement["ReLU"][3:10] + agreement["ReLU doubled"][3:10]) < 0.95


def reached(net, **how):
    data = digits()
    how = {"steps": 100, "record_every": 1000} | how
    return train(net, data.train_x, data.train_y, **how).accuracy[-1]


@pytest.mark.parametrize("seed", range(1, 3))  # the chapter itself trains seed 0
def test_at_no_tried_rate_does_a_sick_net_learn(seed):
    assert reached(three_nets(seed=seed)["healthy"], lr=0.01, momentum=0.9) > 0.5
    rates = {"vanishing": [1e-2, 1.0, 100.0], "exploding": [1e-3, 1e-2, 1e-1]}
    for name, tried in rates.items():
        best = max(reached(three_nets(seed=seed)[name], lr=lr, momentum=0.9) for lr in tried)
        assert best < 0.3, (name, best)


@pytest.mark.parametrize(
    ("layers", "low", "high"), [(0, 0.9, 1.0), (10, 0.45, 0.65), (19, 0.195, 0.285)]
)
def test_a_healthy_net_with_frozen_first_layers_learns_less_but_learns(layers, low, high):
    how = {"lr": 0.01, "momentum": 0.9, "steps": 200, "clip": partial(freeze, layers=layers)}
    found = [reached(three_nets(seed=seed)["healthy"], **how) for seed in range(3)]
    assert low < min(found) and max(found) < high, found


@pytest.mark.parametrize("seed", range(3))
def test_a_layer_multiplies_an_error_and_a_small_change_alike(seed, data):
    """One product of Jacobians, read in two directions; the signal goes its own way."""
    for name, recipe in RECIPES.items():
        net = mlp(20, seed=seed, dtype=F64, **recipe)
        factors = layer_factors(net, data.train_x[:16])
        assert factors.change == pytest.approx(factors.error, rel=0.05)
        error, signal = {
            "sigmoid": (0.23, 1.0),
            "sigmoid − ½": (0.24, 0.25),
            "ReLU": (1.0, 1.0),
            "ReLU halved": (0.5, 0.5),
            "ReLU doubled": (2.0, 2.0),
            "tanh": (1.9, 1.0),
            "tanh ÷ 10": (0.78, 0.78),
            "tanh ÷ 16": (0.5, 0.5),
        }[name]
        assert factors.error == pytest.approx(error, rel=0.1), name
        assert factors.signal == pytest.approx(signal, rel=0.1), name


@pytest.mark.parametrize("seed", range(3))
def test_two_digits_stay_apart_where_signal_and_change_go_alike(seed, data):
    x = data.train_x[:256]
    apart = {
        name: distance_by_layer(mlp(20, seed=seed, dtype=F64, **recipe), x)[19]
        for name, recipe in RECIPES.items()
    }
    assert apart["sigmoid"] < 1e-11
    assert min(apart["sigmoid − ½"], apart["ReLU"], apart["tanh ÷ 16"]) > 0.1
    assert apart["ReLU halved"] == pytest.approx(apart["ReLU"], rel=1e-9)
    assert apart["ReLU doubled"] == pytest.approx(apart["ReLU"], rel=1e-9)
    assert apart["tanh"] == pytest.approx(math.sqrt(2), abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_a_speck_of_dust_changes_the_chaotic_nets_answers_more_than_its_twin_does(seed, data):
    x = data.train_x
    dusty, values = x.clone(), x.unique()
    assert len(values) == 17
    dusty[:, 36] += values[1] - values[0]  # one pixel, one step
    net = three_nets(seed=seed, dtype=F64)["exploding"]
    answers = net(x).argmax(1)
    twins = [(twin(net, seed=k)(x).argmax(1) != answers).double().mean() for k in range(5)]
    assert min(twins) > 0.025 and max(twins) < 0.06
    assert 0.85 < (net(dusty).argmax(1) != answers).double().mean() < 0.95


def test_in_float32_all_digits_look_the_same_from_layer_12_on():
    x = digits().train_x[:256]
    signals = three_nets()["vanishing"].forward_all(x)
    spread = [(h.amax(0) - h.amin(0)).max().item() for h in signals]  # signals are near 0.5
    assert spread[5] > 1e-5
    assert max(spread[11:19]) < 1e-6


def louder(parameters):
    """Lift gradients far above Adam's epsilon of 1e-8, which alone sees their size."""
    for p in parameters:
        p.grad.mul_(1e10)


@pytest.mark.parametrize("seed", range(1, 3))
@pytest.mark.parametrize("name", ["sigmoid", "ReLU halved", "ReLU doubled", "tanh", "tanh ÷ 10"])
def test_with_the_size_corrected_those_learn_that_still_see_their_input(name, seed):
    how = {"optimizer": "adam", "lr": 1e-3, "steps": 200, "clip": louder}
    learns = reached(mlp(20, seed=seed, **RECIPES[name]), **how) > 0.3
    assert learns == (name not in {"sigmoid", "tanh"})


@pytest.mark.parametrize("seed", range(3))
def test_at_ten_times_the_rate_the_faded_tanh_net_is_not_healed(seed):
    how = {"optimizer": "adam", "lr": 1e-2, "steps": 200, "clip": louder}
    assert reached(mlp(20, seed=seed, **RECIPES["tanh ÷ 10"]), **how) < 0.25


@pytest.mark.parametrize("seed", range(2))
def test_alike_is_no_guarantee(seed):
    """Tanh ÷ 16 fades as fast as ReLU halved, signal and change alike."""
    how = {"optimizer": "adam", "lr": 1e-3, "steps": 200, "clip": louder}
    assert reached(mlp(20, seed=seed, **RECIPES["tanh ÷ 16"]), **how) < 0.25


@pytest.mark.parametrize("seed", range(2))
def test_one_relative_step_for_all_layers_heals_a_sigmoid_only_without_its_constant(seed):
    how = {"optimizer": "adam", "lr": 5e-3, "steps": 400, "clip": equal_steps}
    assert reached(mlp(20, seed=seed, **RECIPES["sigmoid"]), **how) < 0.25
    assert reached(mlp(20, seed=seed, **RECIPES["sigmoid − ½"]), **how) > 0.3


def test_an_update_below_float32s_spacing_changes_nothing():
    data = digits()
    net = three_nets()["vanishing"]
    before = {k: w.detach().clone() for k, w in weights_by_layer(net).items()}
    train(net, data.train_x, data.train_y, lr=0.01, steps=100, record_every=100)
    moved = [not torch.equal(w, before[k]) for k, w in weights_by_layer(net).items()]
    assert not any(moved[:5]) and all(moved[-5:])
    # Biases start at 0, where float32 is finer: those of the same layers have moved.
    assert all(layer.bias.any() for layer in net.layers)


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


def test_weights_above_one_can_vanish_and_weights_below_one_can_explode():
    """Document 000, section 1, has the weights alone decide; width and slope do with them."""
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
    seen = [overflow_layer(width, predicted + 5, seed) for seed in range(5)]
    # The largest of `width` entries is about three deviations out: it may be one layer early.
    assert all(predicted - 1 <= layer <= predicted for layer in seen), (predicted, seen)


def test_deep_sigmoid_gradients_are_exactly_zero_in_float32_only():
    data = digits()
    how = {"activation": "sigmoid", "initialization": "xavier"}
    norms = loss_gradients(mlp(80, **how), data.train_x, data.train_y)
    exact = loss_gradients(mlp(80, **how, dtype=F64), data.train_x.double(), data.train_y)
    assert norms["1"] == 0.0 and 0 < exact["1"] < 1e-45


@pytest.mark.parametrize("seed", range(3))
def test_in_a_relu_net_with_tiny_weights_only_the_last_bias_has_a_gradient(seed):
    """Document 004's worst case: here training stops in all layers, not in the first alone."""
    data = digits()
    net = mlp(40, gain=0.05, seed=seed)
    assert not any(loss_gradients(net, data.train_x, data.train_y).values())
    assert [bool(layer.bias.grad.any()) for layer in net.layers[-1:]] == [True]


@pytest.mark.parametrize(("seed", "gain"), [(0, 0.14), (1, 0.15), (2, 0.16)])
def test_the_gain_that_levels_the_tanh_nets_error_signal(seed, gain, data):
    """Exercise 3: a little above 1/8, and another one for each net."""
    low, high = (
        decades_per_layer(
            signals_by_layer(
                mlp(20, seed=seed, dtype=F64, **(RECIPES["tanh"] | {"gain": g})),
                data.train_x[:700],
                data.train_y[:700],
            )["error signal"]
        )
        for g in (gain - 0.005, gain + 0.005)
    )
    assert low * high < 0


def test_at_equal_large_weights_relu_explodes_faster_than_tanh_but_its_slope_is_no_larger():
    names = ["identity", "relu", "tanh", "sigmoid"]
    factors = [mean_field_factor(name, 64) for name in names]  # weights from N(0, 1)
    assert factors == sorted(factors, reverse=True)
    assert factors == pytest.approx([8.0, 5.66, 2.12, 0.89], abs=0.01)
    assert ACTIVATIONS["relu"].steepest_slope == ACTIVATIONS["tanh"].steepest_slope == 1
    assert mean_field_factor("relu", 1.0) < mean_field_factor("tanh", 1.0) < 1


@pytest.mark.parametrize("seed", range(3))
def test_an_exploding_net_underflows_too(seed):
    """Document 001, section 2.2: nine of ten shares are exactly 0, and the loss is finite."""
    data = digits()
    answers = mlp(20, gain=2.0, seed=seed)(data.train_x)
    assert (answers.softmax(1) == 0).double().mean() == pytest.approx(0.9, abs=0.001)
    assert functional.cross_entropy(answers, data.train_y).isfinite()


def test_the_gradient_of_a_bias_is_the_error_signal(data):
    """Document 002, example 1; over a batch the error signals add up."""
    net = mlp(5, 16, activation="sigmoid", seed=2, dtype=F64)
    measured = signals_by_layer(net, data.train_x[:1], data.train_y[:1])
    norms = [layer.bias.grad.norm().item() for layer in net.layers]
    assert norms == pytest.approx(measured["error signal"], rel=1e-12)


@given(st.floats(0.2, 3), st.integers(1, 300), st.integers(0, 5))
def test_squares_add_up(deviation, n, seed):
    r"""E[z^2] = n s^2 E[x^2], by the mean over many draws of the weights."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, generator=generator, dtype=F64)
    weights = deviation * torch.randn(20_000, n, generator=generator, dtype=F64)
    mean = (weights @ x).square().mean().item()
    assert mean == pytest.approx(n * deviation**2 * x.square().mean().item(), rel=0.06)


def test_a_change_goes_forward_as_autograd_says(data):
    net = mlp(6, 16, activation="tanh", seed=4, dtype=F64)
    x = data.train_x[3]
    change = torch.randn(64, generator=torch.Generator().manual_seed(0), dtype=F64)
    _, expected = torch.autograd.functional.jvp(net, x, change)
    changes = send_change(layer_jacobians(net, x), change)
    assert len(changes) == 7
    torch.testing.assert_close(changes[-1], expected, rtol=1e-10, atol=1e-14)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="model has 2 layers; expected at least 3"):
        layer_factors(mlp(2), torch.zeros(2, 64))
    with pytest.raises(ValueError, match=r"expected one sample, a Tensor of shape \(64,\)"):
        layer_jacobians(mlp(2), torch.zeros(2, 64))
    with pytest.raises(ValueError, match=r"norms=.*positive and finite"):
        decades_per_layer([0.0, math.inf, 1.0])
    for factor, error in ((1.0, ValueError), (-2.0, ValueError), ("2", TypeError)):
        with pytest.raises(error, match="factor"):
            layers_to_limit(factor)
    with pytest.raises(ValueError, match="width=0"):
        overflow_layer(0)

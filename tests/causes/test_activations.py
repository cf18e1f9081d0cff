"""What activations let through: closed forms, autograd, prediction against measurement."""

import itertools
import math

import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import brentq

from lessons.activations import ACTIVATIONS, leaky
from lessons.causes.activations import (
    held_factors,
    means,
    net,
    off_and_dead,
    passing,
    predicted,
    predicted_logs,
    root_mean_square_slope,
    shifted,
    slopes_by_layer,
)
from lessons.data import digits
from lessons.measure import distance_by_layer, signals_by_layer
from lessons.propagation import mean_field_factor, sweep, variance_fixed_point
from lessons.training import train

F64 = torch.float64
NAMES = list(ACTIVATIONS)
GAINS = [0.5, 1, 2, 4, 8]


@pytest.fixture(scope="module")
def batch():
    data = digits(dtype=F64)
    return data.train_x[:256], data.train_y[:256]


@pytest.fixture(scope="module")
def measured():
    """Factor per layer 3 … 12 at width 512: (activations, gains, seeds)."""
    logs = sweep(NAMES, GAINS, 12, width=512, batch=8, seeds=3).log10_factor
    return 10 ** ((logs[:, :, -1] - logs[:, :, 1]) / 10)


@pytest.mark.parametrize("gain", GAINS)
@pytest.mark.parametrize("name", NAMES)
def test_each_of_three_nets_is_within_three_per_cent(name, gain, measured):
    found = measured[NAMES.index(name), GAINS.index(gain)]
    expected = predicted(name, gain)
    assert (found / expected - 1).abs().max() < 0.03
    assert abs(found.mean() / expected - 1) < 0.015


@pytest.mark.parametrize("name", NAMES)
def test_the_walk_by_layer_is_the_mean_field_of_that_layer(name):
    logs = predicted_logs(name, 1.7, 6)
    for depth, log in enumerate(logs, start=1):
        expected = mean_field_factor(name, 1.7**2, depth=depth)
        assert 10**log == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("slope", [-1, -0.3, 0, 0.01, 0.2, 1])
@pytest.mark.parametrize("size", [0.01, 1, 50])
def test_leaky_slopes_have_a_closed_form(slope, size):
    found = root_mean_square_slope(leaky(slope), size)
    assert found == pytest.approx(math.sqrt((1 + slope**2) / 2), rel=1e-6)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu", "selu"])
@pytest.mark.parametrize("size", [0.3, 2.0])
def test_the_slope_agrees_with_scipy(name, size):
    def integrand(u):
        slope = ACTIVATIONS[name].derivative(torch.tensor(size * u, dtype=F64)).item()
        return slope**2 * math.exp(-u * u / 2) / math.sqrt(2 * math.pi)

    expected = math.sqrt(quad(integrand, -9, 9, points=[0], limit=200)[0])
    assert root_mean_square_slope(name, size) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("gain", "order"), [
    (1, ["sigmoid", "relu", "tanh", "identity"]),
    (8, ["sigmoid", "tanh", "relu", "identity"]),
])  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_the_order_turns_round(gain, order, seed, batch):
    factors = [passing(name, gain, *batch, seed=seed).error for name in order]
    assert all(b / a > 1.05 for a, b in itertools.pairwise(factors))


def test_relu_overtakes_tanh_at_a_gain_of_one_and_a_half():
    def ahead(gain):
        return gain / math.sqrt(2) - mean_field_factor("tanh", gain**2, depth=200)

    assert brentq(ahead, 1.1, 3) == pytest.approx(1.513, abs=1e-3)


@pytest.mark.parametrize(("name", "gain", "factor"), [
    ("identity", 8, 8), ("relu", 8, 5.66), ("tanh", 8, 2.12), ("sigmoid", 8, 0.89),
    ("tanh", 5 / 3, 1.10), ("relu", math.sqrt(2), 1), ("sigmoid", 1, 0.235),
])  # fmt: skip
def test_width_64_has_the_known_factors(name, gain, factor, batch):
    assert means(name, gain, *batch).error == pytest.approx(factor, rel=0.03)


@pytest.mark.parametrize(("name", "usual"), [
    ("tanh", 5 / 3), ("relu", math.sqrt(2)), ("linear", 1), ("sigmoid", 1),
])  # fmt: skip
def test_pytorch_recommends_the_usual_gains(name, usual):
    assert torch.nn.init.calculate_gain(name) == pytest.approx(usual)


@pytest.mark.parametrize("seed", range(3))
def test_saturated_and_exploding_open_and_vanishing(seed, batch):
    a, b = passing("sigmoid", 1, *batch, seed=seed), passing("tanh", 8, *batch, seed=seed)
    assert a.saturated < 0.001 and a.error < 0.25
    assert b.saturated > 0.75 and b.error > 2
    for gain, found in ((1, a), (8, b)):
        assert found.error == pytest.approx(gain * found.slope, rel=0.05)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu"])
def test_held_sizes_follow_the_slope(name):
    sizes = [0.1, 1, 7, 30]
    for size, found in zip(sizes, held_factors(name, 8, sizes, seeds=3), strict=True):
        assert found == pytest.approx(8 * root_mean_square_slope(name, size), rel=0.05)


def test_tanh_held_at_its_own_size_has_its_own_factor():
    own = math.sqrt(variance_fixed_point("tanh", 64))
    expected = mean_field_factor("tanh", 64, depth=50)
    assert 8 * root_mean_square_slope("tanh", own) == pytest.approx(expected, rel=1e-6)
    edge = brentq(lambda size: 8 * root_mean_square_slope("tanh", size) - 1, 1, 100)
    assert edge == pytest.approx(34, abs=0.1)


def test_the_saturation_of_a_sigmoid_net_turns_growth_into_decay():
    """Gain 8: twice in the middle, 0.9 at its own size, which is the gain by the root of two."""
    assert 8 * root_mean_square_slope("sigmoid", 0.1) == pytest.approx(2, abs=0.01)
    assert mean_field_factor("sigmoid", 64, depth=50) == pytest.approx(0.89, abs=0.01)
    for name, share in (("tanh", 1), ("sigmoid", math.sqrt(0.5))):
        size = math.sqrt(variance_fixed_point(name, 100.0**2))
        assert size / 100 == pytest.approx(share, rel=0.02)


def test_biases_saturate_and_make_tanh_vanish():
    """The same weights: only what pushes z out has changed."""
    for bias, grows in ((0, True), (50, False)):
        logs = sweep(["tanh"], [8], 12, width=512, batch=8, seeds=3, bias_variance=bias**2)
        assert ((logs.log10_factor[0, 0, -1] > 0) == grows).all()


@pytest.mark.parametrize(("name", "constant"), [
    ("tanh", math.sqrt(4 / 3 / math.sqrt(2 * math.pi))),
    ("sigmoid", math.sqrt(math.sqrt(2) / 6 / math.sqrt(2 * math.pi))),
])  # fmt: skip
def test_saturation_takes_a_root(name, constant):
    """The constants of the text, 0.73 and 0.31; the integrals of f′² are 4/3 and 1/6."""
    assert round(constant, 2) == {"tanh": 0.73, "sigmoid": 0.31}[name]
    for gain in (100, 1000):
        found = mean_field_factor(name, gain**2) / math.sqrt(gain)
        assert found == pytest.approx(constant, rel=4e-3)
    third = root_mean_square_slope("tanh", 30) / root_mean_square_slope("tanh", 3)
    assert third == pytest.approx(1 / math.sqrt(10), rel=0.02)


def test_a_wide_sigmoid_net_explodes_above_a_gain_of_about_ten():
    edge = brentq(lambda gain: mean_field_factor("sigmoid", gain**2) - 1, 5, 20)
    assert edge == pytest.approx(10, abs=0.7)


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_larger_weights_never_let_less_through(name):
    """Tried from 0.25 to 64: saturation does not outrun the weights that cause it."""
    factors = [mean_field_factor(name, 4.0**k, depth=60) for k in range(-2, 7)]
    assert all(b > a for a, b in itertools.pairwise(factors))


def test_six_of_ten_are_a_relu_at_gain_eight_and_all_shrink_at_a_half():
    eight = {name: predicted(name, 8) for name in NAMES}
    assert sum(abs(f - 8 / math.sqrt(2)) < 0.005 for f in eight.values()) == 6
    assert [name for name, f in eight.items() if f < 1] == ["sigmoid"]
    assert max(predicted(name, 0.5) for name in NAMES) < 0.75
    assert sum(f.steepest_slope > 1 for f in ACTIVATIONS.values()) == 3


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_the_error_signal_is_what_arrives_times_the_slope(activation, batch):
    """Document 003 §3.1: ∂C/∂z = ∂C/∂h ⊙ f′(z), here against autograd."""
    x, y = batch
    model = net(activation, 1.5, depth=3)
    z = (model.layers[0](x)).detach().requires_grad_()
    h = model.activation.function(z)
    rest = model.layers[2](model.activation.function(model.layers[1](h)))
    loss = torch.nn.functional.cross_entropy(rest, y)
    at_z, at_h = torch.autograd.grad(loss, [z, h])
    slopes = slopes_by_layer(model, x)
    torch.testing.assert_close(at_z, at_h * slopes[0], rtol=1e-9, atol=1e-18)
    assert at_z.norm() == pytest.approx(signals_by_layer(model, x, y)["error signal"][0])


@pytest.mark.parametrize("seed", range(3))
def test_dead_neurons_come_with_inputs_that_are_alike(seed, batch):
    x, _ = batch
    model = net("relu", math.sqrt(2), seed=seed)
    shares = off_and_dead(model, x)
    assert all(0.35 < off < 0.65 for off, _ in shares)
    assert shares[0][1] < 0.05 < 0.15 < shares[18][1]
    distances = distance_by_layer(model, x)
    assert distances[18] < 0.7 * distances[0]
    noise = torch.randn(256, 64, generator=torch.Generator().manual_seed(seed), dtype=F64)
    assert 0.3 < off_and_dead(model, x[:1] + 1e-3 * noise)[0][1] < 0.6


@pytest.mark.parametrize("seed", range(3))
def test_a_dead_layer_lets_nothing_through_and_a_leaky_one_its_slope(seed, batch):
    how = {"layer": 3, "depth": 6, "seed": seed}
    left = {}
    for activation in ("relu", leaky(0.01), leaky(0.2)):
        models = [shifted(activation, by, **how) for by in (0, 9)]
        before, after = (signals_by_layer(m, *batch)["error signal"][0] for m in models)
        left[models[0].activation.name] = after / before
    whole = digits(dtype=F64).train_x
    assert left["relu"] == 0 and off_and_dead(shifted("relu", 9, **how), whole)[2] == (1, 1)
    assert 0.003 < left["leaky_0.01"] < 0.03
    assert 0.15 < left["leaky_0.2"] < 0.6


@pytest.mark.parametrize(("slope", "shift", "learns"), [
    (0, 0, True), (0, 9, False), (0.01, 9, False), (0.2, 9, True), (0.2, 20, False),
])  # fmt: skip
def test_who_learns_with_a_dead_layer(slope, shift, learns):
    data = digits()
    how = {"lr": 0.01, "momentum": 0.9, "steps": 40, "record_every": 40}
    for seed in range(3):
        model = shifted(leaky(slope), shift, layer=3, depth=6, seed=seed).float()
        before = [layer.weight.detach().clone() for layer in model.layers]
        end = train(model, data.train_x, data.train_y, seed=seed, **how).accuracy[-1]
        assert end > 0.4 if learns else end < 0.32
        same = [torch.equal(a, b.weight) for a, b in zip(before, model.layers, strict=True)]
        assert all(same) if (slope, shift) == (0, 9) else not any(same)


@pytest.mark.parametrize("seed", range(3))
def test_without_its_dead_neurons_a_net_has_the_same_output_and_gradients(seed, batch):
    model = net("relu", math.sqrt(2), seed=seed)
    alive = [(slopes != 0).any(0) for slopes in slopes_by_layer(model, batch[0])]
    cut = net("relu", math.sqrt(2), seed=seed)
    ends = [torch.ones(64, dtype=torch.bool), *alive, torch.ones(10, dtype=torch.bool)]
    for layer, before, after in zip(cut.layers, ends[:-1], ends[1:], strict=True):
        layer.weight = torch.nn.Parameter(layer.weight[after][:, before].detach())
        layer.bias = torch.nn.Parameter(layer.bias[after].detach())
    assert sum((~part).sum() for part in alive) > 100
    for each in (model, cut):
        torch.nn.functional.cross_entropy(each(batch[0]), batch[1]).backward()
    torch.testing.assert_close(cut(batch[0]), model(batch[0]))
    for small, layer, before, after in zip(
        cut.layers, model.layers, ends[:-1], ends[1:], strict=True
    ):
        left = layer.weight.grad[after][:, before]
        torch.testing.assert_close(small.weight.grad, left)
        torch.testing.assert_close(left.norm(), layer.weight.grad.norm())


@pytest.mark.parametrize("seed", range(3))
def test_adam_wakes_a_leaky_layer_and_no_dead_one(seed):
    data = digits()
    how = {"optimizer": "adam", "lr": 0.003, "steps": 40, "record_every": 40, "seed": seed}
    for activation, learns in (("relu", False), (leaky(0.01), True), (leaky(0.2), True)):
        model = shifted(activation, 9, layer=3, depth=6, seed=seed).float()
        end = train(model, data.train_x, data.train_y, **how).accuracy[-1]
        assert end > 0.6 if learns else end < 0.2


@pytest.mark.parametrize("seed", range(3))
def test_behind_a_dead_layer_biases_feed_the_last_two(seed):
    data = digits()
    model = shifted("relu", 9, layer=3, depth=6, seed=seed).float()
    generator = torch.Generator().manual_seed(seed)
    for layer in model.layers[3:]:
        layer.bias.data.uniform_(-1 / 8, 1 / 8, generator=generator)  # PyTorch's own
    before = [layer.weight.detach().clone() for layer in model.layers]
    train(model, data.train_x, data.train_y, lr=0.01, steps=5, seed=seed, record_every=5)
    same = [torch.equal(a, b.weight) for a, b in zip(before, model.layers, strict=True)]
    assert same == [True] * 4 + [False] * 2
    with torch.no_grad():
        assert (model(data.train_x) - model(data.train_x[:1])).abs().max() < 1e-6


def test_bad_input_is_named(batch):
    with pytest.raises(ValueError, match="depth=3"):
        passing("relu", 1, *batch, depth=3)
    with pytest.raises(ValueError, match=r"gain=0\.0"):
        predicted("relu", 0.0)
    with pytest.raises(ValueError, match="settle=12"):
        predicted("relu", 1.0, settle=12)
    with pytest.raises(ValueError, match="sizes=0"):
        held_factors("tanh", 1.0, [0])
    with pytest.raises(ValueError, match="layer=6"):
        shifted("relu", 1, layer=6, depth=6)
    with pytest.raises(ValueError, match="slope=2"):
        leaky(2)

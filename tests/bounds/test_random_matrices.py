"""Random matrices: the quarter circle, Newman's exponents, needles and circles."""

import math

import numpy as np
import pytest
import torch

from lessons.bounds.random_matrices import (
    FORMATS,
    draw,
    end_to_end,
    last_layer,
    layers_until_lost,
    lyapunov_exponents,
    measured_last_layer,
    needle,
    predicted_exponents,
    quarter_circle,
    singular_values,
)
from lessons.data import digits
from lessons.networks import mlp
from lessons.propagation import jacobian_singular_values

F64 = torch.float64


def test_singular_values_lie_on_a_quarter_of_a_circle():
    found = np.mean([singular_values(256, seed=seed).numpy() for seed in range(3)], axis=0)
    assert np.abs(found - quarter_circle(256)).max() < 0.03
    assert found.mean() == pytest.approx(8 / (3 * math.pi), rel=0.01)
    assert (found**2).mean() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("width", [1, 4, 16, 64])
def test_exponents_are_newmans(width):
    found = torch.stack([lyapunov_exponents(width, 300, seed=seed) for seed in range(4)]).mean(0)
    np.testing.assert_allclose(found.numpy(), predicted_exponents(width), atol=0.06)


@pytest.mark.parametrize("width", [8, 64])
def test_all_exponents_together_are_the_volume(width):
    """The sum of the exponents is E ln |det W|, a sum of chi-square logarithms (Goodman 1963)."""
    volumes = [
        torch.linalg.slogdet(draw(width, generator=torch.Generator().manual_seed(s))).logabsdet
        for s in range(400)
    ]
    volumes = torch.stack(volumes) / math.log(10)
    error = 4 * volumes.std().item() / 20
    assert predicted_exponents(width).sum() == pytest.approx(volumes.mean().item(), abs=error)


def test_a_gain_moves_every_exponent_alike():
    one, two = (lyapunov_exponents(12, 40, gain=gain) for gain in (1.0, 2.0))
    torch.testing.assert_close(two - one, torch.full((12,), math.log10(2), dtype=F64))
    moved = predicted_exponents(12, 2.0) - predicted_exponents(12)
    assert moved == pytest.approx(math.log10(2))


@pytest.mark.parametrize("seed", range(3))
def test_gaussian_layers_make_a_needle_and_orthogonal_ones_do_not(seed):
    long, short = torch.linalg.svdvals(needle(30, seed=seed)).tolist()
    assert short / long < 1e-2
    long, short = torch.linalg.svdvals(needle(12, "orthogonal", seed=seed)).tolist()
    assert short == pytest.approx(long, rel=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_directions_grow_and_vanish_at_once(seed):
    found = lyapunov_exponents(64, 100, gain=2.0, seed=seed)
    assert 0.7 < (found > 0).double().mean() < 0.8
    assert found[-1] < -0.7


@pytest.mark.parametrize("seed", range(3))
def test_only_orthogonal_nets_keep_the_middle_axis(seed):
    x = digits(dtype=F64).train_x[:4]

    def axes(activation, initialization):
        how = {"activation": activation, "initialization": initialization, "seed": seed}
        net = mlp(20, outputs=64, dtype=F64, **how)
        return jacobian_singular_values(net, x)[:, [0, 31]].log10().mean(0)

    assert axes("identity", "orthogonal").abs().max() < 1e-9
    assert axes("identity", "lecun")[1] < -2
    assert axes("relu", "he")[1] < -3


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_axes_of_a_relu_net_are_no_more_than_the_neurons_that_are_on(seed, activation):
    x = digits(dtype=F64).train_x[:4]
    net = mlp(5, outputs=64, activation=activation, seed=seed, dtype=F64)
    on = torch.stack([(h > 0).sum(1) for h in net.forward_all(x)[:-1]]).min(0).values
    values = jacobian_singular_values(net, x)
    left = (values > 1e-13 * values[:, :1]).sum(1)
    # It is the slope of 0 that takes the axes away: a leaky slope leaves them.
    assert (left == on).all() if activation == "relu" else (left > on + 10).all()


def test_condition_numbers_of_end_to_end_jacobians():
    x = digits(dtype=F64).train_x[:4]
    assert end_to_end("identity", "orthogonal", x)["condition"] == pytest.approx(0, abs=1e-9)
    assert end_to_end("relu", "he", x)["condition"] == math.inf
    for depth in (1, 3, 6):  # a factor of ten and more for each further layer
        found = end_to_end("identity", "lecun", x, depth)["condition"]
        predicted = depth * np.ptp(predicted_exponents(64))
        assert predicted < found < predicted + 2.5
    near, far = (end_to_end("tanh", "orthogonal", x, gain=g)["condition"] for g in (0.2, 2.0))
    assert near < 0.3 and far > 5


@pytest.mark.parametrize("entries", ["signs", "uniform"])
def test_other_entries_of_the_same_variance_do_the_same(entries):
    generator = torch.Generator().manual_seed(0)

    def other(n):
        u = torch.rand(n, n, generator=generator, dtype=F64)
        return ((u - 0.5).sign() if entries == "signs" else (u - 0.5) * 12**0.5) / n**0.5

    found = torch.linalg.svdvals(other(256)).numpy()
    assert np.abs(found - quarter_circle(256)).max() < 0.06
    axes, total, depth = torch.eye(64, dtype=F64), 0.0, 200
    for _ in range(depth):
        axes, stretched = torch.linalg.qr(other(64) @ axes)
        total = total + stretched.diagonal().abs().log10()
    np.testing.assert_allclose((total / depth).numpy(), predicted_exponents(64), atol=0.12)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("gain", [2.0, 0.5, 4.0, 0.25, 1.5, 10.0, 0.1, 22.6])
def test_each_format_ends_at_the_layer_that_arithmetic_predicts(name, gain):
    rounded = name == "bfloat16" and gain == 1.5  # each product is, 219 times
    assert abs(measured_last_layer(name, gain) - last_layer(name, gain)) == rounded


def test_a_needle_is_lost_at_width_two_as_well():
    first, last = predicted_exponents(2)
    assert layers_until_lost("float32", 2) == pytest.approx(23 * math.log10(2) / (first - last))


def test_a_needle_is_one_closed_line():
    line = needle(3)
    assert torch.allclose(line[0], line[-1]) and line.norm(dim=1).max() == pytest.approx(
        1, abs=1e-3
    )
    turns = torch.atan2(*needle(0).T.flip(0)).diff().remainder(2 * math.pi).sum()
    assert turns.item() == pytest.approx(2 * math.pi)


@pytest.mark.parametrize("seed", range(3))
def test_a_product_in_float32_loses_its_last_axis_when_predicted(seed):
    generator = torch.Generator().manual_seed(seed)
    product, exact, wrong = torch.eye(64), torch.eye(64, dtype=F64), []
    for _ in range(9):
        weight = draw(64, generator=generator)
        product, exact = weight.float() @ product, weight @ exact
        true = torch.linalg.svdvals(exact)[-1]
        wrong.append((torch.linalg.svdvals(product.double())[-1] / true - 1).abs().item())
    assert wrong[1] < 0.1
    assert wrong[-1] > 10
    lost = next(layer for layer, error in enumerate(wrong, 1) if error > 1)
    assert lost == pytest.approx(layers_until_lost("float32", 64), abs=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: last_layer("float8", 2.0), "name='float8'"),
        (lambda: last_layer("float32", 1.0), "gain=1.0 never ends"),
        (lambda: measured_last_layer("float16", 1.0), "gain=1.0 has not ended"),
        (lambda: layers_until_lost("float32", 1), "width=1 has one axis"),
        (lambda: singular_values(0), "width=0"),
        (lambda: singular_values(3, "gausian"), "Did you mean 'gaussian'"),
        (lambda: lyapunov_exponents(3, 0), "depth=0"),
        (lambda: predicted_exponents(3, 0.0), "gain=0"),
        (lambda: needle(-1), "layers=-1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

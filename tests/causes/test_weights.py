"""The size of the first weights: closed forms, torch's singular values, orderings over seeds."""

import math

import pytest
import torch

from lessons.causes.weights import (
    accuracies,
    all_above_one,
    all_below_a_third,
    carried_back,
    factors,
    largest_singular_value,
)
from lessons.data import digits
from lessons.measure import signals_by_layer
from lessons.networks import mlp

F64 = torch.float64


@pytest.fixture(scope="module")
def batch():
    data = digits(dtype=F64)
    return data.train_x[:256], data.train_y[:256]


@pytest.mark.parametrize("width", [32, 64, 256])
@pytest.mark.parametrize("gain", [0.4, 1.0, 3.0])
def test_relu_has_the_factor_of_he(width, gain, batch):
    """He et al. 2015: the size of a weight times the root of half the width."""
    size = gain * math.sqrt(2 / width)
    found = [factors(size, *batch, depth=16, width=width, seed=seed) for seed in range(6)]
    for values in zip(*found, strict=True):
        assert sum(values) / 6 == pytest.approx(gain, rel=0.06)


@pytest.mark.parametrize("seed", range(3))
def test_the_knob_turns_both_factors_alike(seed, batch):
    one, two = (factors(size, *batch, seed=seed) for size in (0.1, 0.2))
    assert two.signal / one.signal == pytest.approx(2)
    assert two.error / one.error == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_all_weights_above_one_is_the_wrong_test(seed):
    assert all_above_one(64, torch.Generator().manual_seed(seed)).min() > 1
    assert all_below_a_third(64, torch.Generator().manual_seed(seed)).abs().max() < 0.3
    assert carried_back(all_above_one, activation="identity", seed=seed) > 35
    assert carried_back(all_above_one, activation="tanh", seed=seed) < -1200
    assert carried_back(all_above_one, activation="sigmoid", seed=seed) < -600
    for activation, least in (("identity", 10), ("tanh", 2.5)):
        log = carried_back(all_below_a_third, width=512, activation=activation, seed=seed)
        assert log > least


@pytest.mark.parametrize("seed", range(3))
def test_above_one_in_size_with_random_signs_explodes_with_tanh(seed):
    """It is the one sign that saturates the net of the chapter, not the size alone."""

    def draw(width, generator):
        signs = torch.randint(0, 2, (width, width), generator=generator).double() * 2 - 1
        return signs * all_above_one(width, generator)

    assert carried_back(draw, activation="tanh", seed=seed) > 5
    assert -3 < carried_back(draw, activation="sigmoid", seed=seed) < 0


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_what_is_carried_back_is_autograds_gradient(activation):
    """The signal that sets the slopes is the net's own, not a shorter one."""

    def draw(width, generator):
        return 3 * torch.randn(width, width, generator=generator, dtype=F64)

    generator = torch.Generator().manual_seed(5)
    h = start = torch.ones(16, dtype=F64, requires_grad=True)
    for _ in range(4):
        h = getattr(torch, activation)(draw(16, generator) @ h)
    v = torch.randn(16, generator=generator, dtype=F64)
    (back,) = torch.autograd.grad(h, start, v)
    found = carried_back(draw, 4, 16, activation=activation, seed=5)
    assert found == pytest.approx(math.log10(back.norm() / v.norm()), rel=1e-9)


def test_a_matrix_of_equal_entries_above_one_can_lose_a_gradient():
    weight = torch.full((4, 4), 1.1, dtype=F64)
    assert not (weight.T @ torch.tensor([1.0, -1.0, 0.0, 0.0], dtype=F64)).any()


@pytest.mark.parametrize("seed", range(3))
def test_the_largest_singular_value_is_twice_the_typical_factor(seed):
    assert largest_singular_value(512, 512**-0.5, seed) == pytest.approx(2, rel=0.03)
    assert largest_singular_value(64, 0.125, seed) == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_vanishing_is_certain_below_one(seed):
    """Pascanu et al. 2013: the norm falls at least by the largest singular value."""

    def draw(width, generator):
        matrix = torch.randn(width, width, generator=generator, dtype=F64)
        return 0.9 * matrix / torch.linalg.matrix_norm(matrix, 2)

    assert carried_back(draw, activation="tanh", seed=seed) <= 20 * math.log10(0.9)


def test_only_the_right_size_learns():
    data = digits()
    how = {"steps": 100, "lr": 0.01}
    assert min(accuracies(0.177, data.train_x, data.train_y, **how)) > 0.3
    for size in (0.1, 0.5):
        assert max(accuracies(size, data.train_x, data.train_y, **how)) < 0.2


def test_a_size_a_little_too_large_learns_at_a_rate_a_thousand_times_smaller():
    data = digits()
    found = accuracies(0.25, data.train_x, data.train_y, steps=300, lr=1e-5)
    assert min(found) > 0.35 and max(found) < 0.6
    assert max(accuracies(0.25, data.train_x, data.train_y, steps=100, lr=0.01)) < 0.3


@pytest.mark.parametrize("width", [64, 256])
def test_one_matrix_repeated_grows_more_than_as_many_different_ones(width):
    """Document 000's recurrent net: both are random, linear and of size 1/√n; 40 steps."""
    growths = []
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)

        def draw(generator=generator):
            return torch.randn(width, width, generator=generator, dtype=F64) / math.sqrt(width)

        shared = draw()
        same = other = torch.randn(width, generator=generator, dtype=F64)
        for _ in range(40):
            same, other = shared @ same, draw() @ other
        growths.append((same.norm() / other.norm()).log10().item())
    assert min(growths) > 0


def test_bad_input_is_named(batch):
    with pytest.raises(ValueError, match=r"weight_std=0\.0"):
        factors(0.0, *batch)
    with pytest.raises(ValueError, match="depth=3"):
        factors(0.1, *batch, depth=3)
    with pytest.raises(ValueError, match="width=0"):
        carried_back(all_above_one, width=0)


@pytest.mark.parametrize("seed", range(3))
def test_uniform_weights_of_the_same_size_have_the_same_factor(seed, batch):
    """Exercise 2: the "pytorch" initialization is uniform, between -gain/√n and gain/√n."""
    bound = math.sqrt(3 * 2 / 64)
    net = mlp(20, initialization="pytorch", gain=bound * 8, seed=seed, dtype=F64)
    errors = signals_by_layer(net, *batch)["error signal"]
    assert (errors[0] / errors[-2]) ** (1 / 18) == pytest.approx(1, abs=0.03)

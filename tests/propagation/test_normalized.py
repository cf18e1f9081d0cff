"""Batch normalization at initialization: closed forms, and nets that are measured."""

import math

import pytest
import torch

from lessons.activations import ACTIVATIONS
from lessons.propagation import batch_norm_growth


def measured(activation, batch_size, seed, width=600, depth=9):
    """The mean factor of a layer on the squared gradient norm, in one random net."""
    function = ACTIVATIONS[activation].function
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    h, kept = draw(batch_size, width).requires_grad_(), []
    for _ in range(depth):
        y = h @ draw(width, width).T
        y.retain_grad()
        kept.append(y)
        h = function((y - y.mean(0)) / y.var(0, correction=0).sqrt())
    (h * draw(batch_size, width)).sum().backward()
    logs = torch.stack([y.grad.square().sum() * y.square().mean() for y in kept]).log()
    return math.exp((logs[2] - logs[-2]).item() / (depth - 4))


def test_relu_is_pi_over_pi_minus_one():
    """Yang et al. 2019, corollary 3.10."""
    assert batch_norm_growth("relu") == pytest.approx(math.pi / (math.pi - 1), rel=1e-9)


def test_a_linear_net_grows_only_in_finite_batches():
    assert batch_norm_growth("identity") == pytest.approx(1.0)
    for size in (4, 5, 8, 64):
        assert batch_norm_growth("identity", size) == pytest.approx((size - 2) / (size - 3))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_large_batches_come_near_the_infinite_one(name):
    limit = batch_norm_growth(name)
    near, nearer = (abs(batch_norm_growth(name, size) - limit) for size in (64, 512))
    assert nearer < near / 4
    assert nearer < 0.01 * limit


@pytest.mark.parametrize(("name", "size"), [("relu", 8), ("relu", 64), ("tanh", 16)])
def test_random_nets_do_what_is_predicted(name, size):
    logs = [math.log(measured(name, size, seed)) for seed in range(3)]
    assert math.exp(sum(logs) / 3) == pytest.approx(batch_norm_growth(name, size), rel=0.05)


@pytest.mark.parametrize("size", [3, 0, -1])
def test_a_batch_that_is_too_small_is_named(size):
    with pytest.raises(ValueError, match=f"batch_size={size}"):
        batch_norm_growth("relu", size)

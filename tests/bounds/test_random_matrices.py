"""Random matrices: the quarter circle, Newman's exponents, needles and circles."""

import math

import numpy as np
import pytest
import torch

from lessons.bounds.random_matrices import (
    draw,
    lyapunov_exponents,
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


@pytest.mark.parametrize(
    ("call", "message"),
    [
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

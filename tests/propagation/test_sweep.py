"""Many nets at once: the sweep agrees with autograd, with theory, and with itself."""

import math

import pytest
import torch

from lessons.activations import ACTIVATIONS
from lessons.propagation import mean_field_factor, sweep


def by_autograd(activation, gain, depth, width, seed, samples=16):
    """log10 of the gradient's factor over ``depth`` layers, one backward pass in float64."""
    function = ACTIVATIONS[activation].function
    generator = torch.Generator().manual_seed(1000 + seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x = draw(samples, width).requires_grad_()
    h = x
    for _ in range(depth):
        h = function(gain * h @ draw(width, width).T / math.sqrt(width))
    error = draw(samples, width)
    (gradient,) = torch.autograd.grad(h, x, error)
    return (gradient.norm(dim=1) / error.norm(dim=1)).log10().mean().item()


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("gain", [0.8, 2.0])
def test_it_agrees_with_autograd(name, gain):
    """Within 0.1 decades, on the mean of 24 seeds, at three prefix depths of one sweep."""
    width, seeds = 96, 24
    ours = sweep([name], [gain], 12, width=width, seeds=seeds).mean(name)[0]
    for depth in (1, 5, 12):
        theirs = sum(by_autograd(name, gain, depth, width, seed) for seed in range(seeds)) / seeds
        assert ours[depth - 1].item() == pytest.approx(theirs, abs=0.1)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_factor_per_layer_is_the_predicted_one(name):
    """Within 3 % at width 512, three seeds."""
    found = sweep([name], [1.5], 24, width=512, batch=4, seeds=3).mean(name)[0]
    per_layer = 10 ** ((found[-1] - found[11]) / 12).item()
    assert per_layer == pytest.approx(mean_field_factor(name, 1.5**2, depth=20), rel=0.03)


def test_no_cell_is_lost_over_a_hundred_decades():
    found = sweep(["sigmoid", "tanh", "relu"], [0.05, 8.0], 120, width=32, batch=4, seeds=2)
    assert found.log10_factor.isfinite().all()
    assert found.log10_signal.isfinite().all()
    assert found.mean("sigmoid")[0, -1] < -150
    assert found.mean("relu")[1, -1] > 80


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_has_a_number_in_every_cell(name):
    found = sweep([name], [0.1, 1.0, 4.0], 40, width=64, batch=4, seeds=3)
    assert found.log10_factor.isfinite().all()
    assert found.log10_factor.shape == (1, 3, 40, 3)


def test_a_layer_that_is_off_is_minus_infinity_and_not_nan():
    found = sweep(["relu"], [1.0], 60, width=1, batch=2, seeds=3)
    assert (found.log10_factor[..., -1, :] == -math.inf).all()
    assert (found.log10_signal[..., -1, :] == -math.inf).all()


def test_a_huge_gain_does_not_overflow():
    found = sweep(["relu"], [1.0, 1e4], 40, width=64, batch=2, seeds=1)
    gap = found.log10_factor[0, 1] - found.log10_factor[0, 0]
    torch.testing.assert_close(gap[:, 0], 4.0 * torch.arange(1, 41, dtype=torch.float64))


def test_prefixes_and_gains_are_those_of_smaller_sweeps():
    how = {"width": 24, "batch": 3, "seeds": 2}
    large = sweep(["tanh", "relu"], [0.7, 1.4], 9, **how)
    small = sweep(["relu"], [1.4], 5, **how)
    torch.testing.assert_close(
        small.log10_factor[0, 0], large.log10_factor[1, 1, :5], rtol=1e-4, atol=1e-5
    )


def test_the_signal_of_a_linear_net_grows_by_the_gain():
    found = sweep(["identity"], [2.0], 20, width=256, seeds=4)
    rate = found.log10_signal[0, 0, -1].mean().item() / 20
    assert rate == pytest.approx(math.log10(2), abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sweep([], [1.0]), "activations_ is empty"),
        (lambda: sweep(["relu"], []), "gains is empty"),
        (lambda: sweep(["relu"], [0.0]), "gains=0.0"),
        (lambda: sweep(["relu"], [1.0], 0), "depth=0"),
        (lambda: sweep(["relu"], [1.0], 2, seeds=1, width=4).mean("tanh"), "activation='tanh'"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""What the chapter says of chains and layers, over seeds, weights and widths."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.bounds.sigmoid import explosion_width
from lessons.data import digits
from lessons.measure import signals_by_layer
from lessons.networks import mlp
from lessons.propagation import chain, layer_factor, mean_field_factor

W = 6.89
numbers = st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("start", "largest", "first_below"), [(0.501, 183, 12), (0.51, 18, 7), (0.6, 1.94, 3)]
)
def test_a_chain_beside_the_middle_grows_turns_and_vanishes(start, largest, first_below):
    factors = chain("sigmoid", [W] * 20, [-W / 2] * 20, start).factors
    gradient = factors.cumprod(0)
    assert gradient.max().item() == pytest.approx(largest, rel=0.005)
    assert (factors < 1).tolist() == [neuron >= first_below for neuron in range(1, 21)]
    assert gradient[-1] < 0.01


def test_the_middle_of_the_widest_window_explodes():
    factors = chain("sigmoid", [W] * 20, [-W / 2] * 20, 0.5).factors
    torch.testing.assert_close(factors, torch.full((20,), W / 4, dtype=torch.float64))


@given(numbers)
def test_the_mean_gradient_of_a_chain_is_below_one(neurons):
    """Order is kept or reversed, so the gradients add up to the distance of the outermost outputs.

    The mean over a grid is compared with that distance, which is exact; the bound is exact too.
    """
    weights, biases = zip(*neurons, strict=True)
    ends = chain("sigmoid", weights, biases, torch.tensor([0.0, 1.0])).outputs[-1]
    distance = abs(ends[1] - ends[0]).item()
    assert distance < 1
    x = torch.linspace(0, 1, 2001, dtype=torch.float64)
    run = chain("sigmoid", weights, biases, x)
    steps = run.outputs[-1].diff()
    assert (steps >= 0).all() or (steps <= 0).all()
    smooth = run.factors.abs().cumprod(0)[-1]
    if smooth.max() < 20:  # else the grid is too coarse for the peak
        assert torch.trapezoid(smooth, x).item() == pytest.approx(distance, abs=0.02)


@pytest.mark.parametrize("neurons", [1, 2, 5, 10, 20])
def test_the_mean_stays_while_the_share_shrinks(neurons):
    x = torch.linspace(0, 1, 200_001, dtype=torch.float64)
    run = chain("sigmoid", [W] * neurons, [-W / 2] * neurons, x)
    gradient = run.factors.prod(0)
    outputs = run.outputs[-1]
    distance = (outputs[-1] - outputs[0]).item()
    assert gradient.mean().item() == pytest.approx(distance, abs=2e-4)
    assert gradient.max().item() == pytest.approx((W / 4) ** neurons, rel=1e-9)
    assert (gradient > 100).double().mean() < 0.01
    if neurons == 20:
        assert 4e-4 < (gradient > 1).double().mean() < 5e-4


@pytest.mark.parametrize("weight", [3.0, W, 20.0, -10.0])
def test_the_steps_between_neighbours_give_the_mean_where_a_grid_misses_the_peak(weight):
    x = torch.linspace(0, 1, 200_001, dtype=torch.float64)
    run = chain("sigmoid", [weight] * 20, [-weight / 2] * 20, x)
    steps = run.outputs.diff(dim=1).abs().sum(1)
    assert (steps < 1).all()
    ends = (run.outputs[:, -1] - run.outputs[:, 0]).abs()
    torch.testing.assert_close(steps, ends, rtol=1e-9, atol=1e-12)
    if weight == 20.0:
        assert run.factors.prod(0).mean() > 1e6, "what a mean over the grid would say"


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_no_window_closes(name):
    weights = torch.logspace(1, 300, 300, dtype=torch.float64).numpy()
    assert (explosion_width(name, weights) > 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_width_turns_vanishing_into_exploding(seed):
    """Nets on the digits with weights from N(0, 1), error signal of layer 1 against layer 20."""
    data = digits(dtype=torch.float64)
    ratios = {}
    for width in (1, 16, 512):
        how = {"activation": "sigmoid", "initialization": "normal", "dtype": torch.float64}
        signals = signals_by_layer(
            mlp(20, width, seed=seed, **how), data.train_x[:64], data.train_y[:64]
        )["error signal"]
        ratios[width] = math.log10(signals[0] / signals[-1])
    assert ratios[1] < -12 and ratios[16] < -3 and ratios[512] > 2


@pytest.mark.parametrize("seed", range(3))
def test_a_wide_net_folds_a_line_that_a_chain_keeps_in_order(seed):
    """Why the chain's budget does not bind a layer: the steps of one neuron along the line."""
    data = digits(dtype=torch.float64)
    share = torch.linspace(0, 1, 4001, dtype=torch.float64)[:, None]
    line = data.train_x[0] + share * (data.train_x[1] - data.train_x[0])
    steps = {}
    for width in (1, 512):
        how = {"activation": "sigmoid", "initialization": "normal", "seed": seed}
        steps[width] = mlp(20, width, **how, dtype=torch.float64).forward_all(line)[18][:, 0].diff()
    assert (steps[1] >= 0).all() or (steps[1] <= 0).all()
    assert (steps[512] > 0).any() and (steps[512] < 0).any() and steps[512].abs().sum() > 10


def test_the_theory_without_the_approximation_passes_one_at_103():
    assert mean_field_factor("sigmoid", 102.0) < 1 < mean_field_factor("sigmoid", 104.0)


@pytest.mark.parametrize("seed", range(3))
def test_with_weights_scaled_by_the_width_width_drops_out(seed):
    factors = [
        layer_factor("sigmoid", n, n**-0.5, depth=20, seeds=800 // n, seed=seed, settle=5)
        for n in (16, 64, 256)
    ]
    assert factors == pytest.approx([mean_field_factor("sigmoid", 1.0)] * 3, rel=0.06)
    assert max(factors) < 0.25


@pytest.mark.parametrize("seed", range(3))
def test_a_simulated_layer_passes_one_where_the_formula_does(seed):
    below, above = (
        layer_factor("sigmoid", n, 1.0, depth=30, seeds=8, seed=seed) for n in (90, 140)
    )
    assert below < 1 < above


@pytest.mark.parametrize("seed", range(3))
def test_at_equal_weights_relu_grows_fastest_but_for_no_activation(seed):
    """N(0, 1), width 64; real layers of this width lie up to an eighth below the theory."""
    names = ["sigmoid", "tanh", "relu", "identity"]
    theory = [mean_field_factor(name, 64.0) for name in names]
    assert theory == pytest.approx([0.892, 2.118, 5.657, 8.0], abs=1e-3)
    found = [layer_factor(name, 64, 1.0, depth=20, seeds=4, seed=seed) for name in names]
    assert found == pytest.approx(theory, rel=0.15)


@pytest.mark.parametrize("seed", range(3))
def test_at_he_weights_tanh_grows_and_relu_does_not(seed):
    assert mean_field_factor("relu", 2.0) == pytest.approx(1)
    assert mean_field_factor("tanh", 2.0) == pytest.approx(1.05, abs=0.005)
    relu, tanh = (
        layer_factor(name, 256, (2 / 256) ** 0.5, depth=20, seeds=4, seed=seed)
        for name in ("relu", "tanh")
    )
    assert tanh > 1.02 and relu == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("name", ["relu", "gelu", "silu"])
def test_steeper_than_relu_is_not_faster(name):
    assert mean_field_factor(name, 64.0) == pytest.approx(math.sqrt(32), rel=1e-3)


def test_narrow_tanh_layers_shrink_where_the_formula_says_they_grow():
    closed = math.sqrt(4 / 3 * math.sqrt(4 / (2 * math.pi)))
    assert closed > 1
    for seed in range(3):
        factors = [layer_factor("tanh", n, 1.0, seeds=60, seed=seed) for n in (4, 16)]
        assert factors[0] < 0.95 and factors[1] > 1.05

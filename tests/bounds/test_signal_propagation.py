"""Two inputs in a random net: measured, predicted, and the depth to which nets learn."""

import math

import pytest
import torch

from lessons.bounds.signal_propagation import (
    correlation_by_layer,
    predicted_correlations,
    trained,
    with_biases_,
)
from lessons.data import digits
from lessons.measure import signals_by_layer
from lessons.networks import mlp
from lessons.propagation import chi, depth_scale, mean_field_factors, sweep, variance_map


@pytest.mark.parametrize(
    ("activation", "weight_variance", "bias_variance", "within"),
    [("tanh", 1.0, 0.05, 0.03), ("tanh", 1.761, 0.05, 0.06), ("relu", 2.0, 0.0, 0.06)],
)
def test_two_inputs_become_as_alike_as_predicted(
    activation, weight_variance, bias_variance, within
):
    how = {"depth": 16, "start": 0.5}
    three = [
        correlation_by_layer(activation, weight_variance, bias_variance, seed=seed, **how)
        for seed in range(3)
    ]
    measured = torch.tensor(three).mean(0)
    predicted = torch.tensor(
        predicted_correlations(activation, weight_variance, bias_variance, **how)
    )
    assert (measured - predicted).abs().max() < within


@pytest.mark.parametrize("seed", range(3))
def test_small_weights_merge_and_large_weights_scatter(seed):
    def last(weight_variance, start):
        return correlation_by_layer("tanh", weight_variance, 0.05, start=start, seed=seed)[-1]

    assert last(1.0, 0.0) > 0.99
    assert last(3.0, 0.9) < 0.6
    assert abs(last(3.0, 0.9) - last(3.0, 0.0)) < 0.25


@pytest.mark.parametrize("seed", range(3))
def test_deep_tanh_nets_learn_near_the_edge_only(seed):
    data = digits()
    how = {"steps": 80, "seed": seed}
    (low, edge, high), shallow = (
        trained([depth], variances, data.train_x, data.train_y, **how)[0]
        for depth, variances in ((32, [0.7, 1.76, 4.5]), (8, [0.7, 4.5]))
    )
    assert edge > 0.6
    assert max(low, high) < edge - 0.3
    assert min(shallow) > 0.8
    assert depth_scale("tanh", 0.7, 0.05).correlation * 6 < 32


def test_most_deep_chaotic_nets_that_theory_allows_learn_at_a_smaller_rate():
    """Figure 1: at 4.5 the line allows 38 layers; what is lost there is lost to the step.

    Of 12 nets (three seeds, four draws of the last bit) ten got a quarter right or more.
    """
    assert 32 < 6 * depth_scale("tanh", 4.5, 0.05).correlation < 40
    data = digits()
    reached = []
    for seed in range(6):
        how = {"steps": 80, "seed": seed, "lr": 0.001}
        (found,) = trained([32], [0.7, 4.5], data.train_x, data.train_y, **how)
        reached.append([float(a) for a in found])
    assert max(vanishing for vanishing, _ in reached) < 0.2
    assert sum(chaotic > 0.2 for _, chaotic in reached) >= 3


def test_tanh_with_xaviers_weights_does_not_settle():
    """q ≈ 1/(2l), and the gradient's factor over L layers is about 1/√L."""
    q, seen = 1.0, [1.0]
    for _ in range(999):
        q = variance_map("tanh", q, 1.0)
        seen.append(q)
    assert seen[2] < 0.25
    assert seen[99] == pytest.approx(1 / 200, rel=0.03)
    assert seen[999] == pytest.approx(1 / 2000, rel=0.01)
    loss = sum(math.log10(f) for f in mean_field_factors("tanh", 1.0, depth=1000))
    assert loss == pytest.approx(-1.6, abs=0.05)


def test_two_nearly_equal_inputs_part_by_chi():
    """Their distance is squared with the gradient: one layer multiplies it by χ."""
    for weight_variance in (1.0, 3.0):
        how = {"start": 1 - 1e-6, "depth": 2, "width": 2048}
        found = [
            correlation_by_layer("tanh", weight_variance, 0.05, seed=seed, **how)[1]
            for seed in range(3)
        ]
        parted = sum(1 - c for c in found) / 3 / 1e-6
        assert parted == pytest.approx(chi("tanh", weight_variance, 0.05), rel=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_pytorchs_default_loses_a_root_of_six_per_relu_layer(seed):
    data = digits(dtype=torch.float64)
    net = mlp(20, 256, initialization="pytorch", seed=seed, dtype=torch.float64)
    errors = signals_by_layer(net, data.train_x[:256], data.train_y[:256])["error signal"][:-1]
    assert (errors[0] / errors[-1]) ** (1 / 18) == pytest.approx(6**-0.5, rel=0.06)


def test_gain_five_thirds_explodes_and_keeps_the_signal():
    found = sweep(["tanh"], [5 / 3], 300, width=128, batch=2, seeds=3)
    assert found.log10_factor[0, 0, -1].min() > 9
    assert (found.log10_signal[0, 0, -1].abs() < 0.3).all()
    assert chi("tanh", 25 / 9) == pytest.approx(1.2098, abs=1e-4)


@pytest.mark.parametrize("width", [32, 128])
def test_a_linear_net_loses_half_its_depth_over_its_width(width):
    """E ln ‖Wv‖/‖v‖ = (ψ(n/2) − ln(n/2))/2, about −1/(2n)."""
    logs = sweep(["identity"], [1.0], 100, width=width, batch=4, seeds=40).log10_factor
    exact = (torch.special.digamma(torch.tensor(width / 2.0)) - math.log(width / 2)) / 2
    error = 4 * logs[0, 0, -1].std().item() / math.sqrt(40)
    assert logs[0, 0, -1].mean().item() == pytest.approx(
        100 * exact.item() * math.log10(math.e), abs=error
    )


def test_biases_are_drawn_for_the_hidden_layers():
    net = with_biases_(mlp(5, 256, dtype=torch.float64), 0.09, seed=3)
    assert torch.cat([layer.bias for layer in net.layers[:-1]]).std().item() == pytest.approx(
        0.3, rel=0.1
    )
    assert not net.layers[-1].bias.any()


def test_what_is_left_out_is_as_the_docstring_says():
    left_out = {"bias_variance": 0.0, "start": 0.5, "seed": 0}
    small = {"depth": 3, "width": 32}
    assert correlation_by_layer("tanh", 1.5, **small) == correlation_by_layer(
        "tanh", 1.5, **small, **left_out
    )
    nets = [with_biases_(mlp(3, 8), 0.1, **seed) for seed in ({}, {"seed": 0})]
    assert torch.equal(nets[0].layers[1].bias, nets[1].layers[1].bias)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: with_biases_(mlp(2), -1.0), "variance=-1.0"),
        (lambda: correlation_by_layer("tanh", 1.0, start=2.0), "start=2.0"),
        (lambda: predicted_correlations("tanh", 1.5, 0.05, depth=0), "depth=0"),
        (lambda: trained([2], [0.0], torch.ones(2, 64), torch.zeros(2).long()), "weight_variances"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""What the chapter *Which threshold?* says, on more seeds than it shows."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from lessons.data import digits, recall
from lessons.fixes.clip_threshold import norm_percentiles, recording
from lessons.gradients import direction_cosine, gradient_vector
from lessons.measure import loss_gradients
from lessons.networks import rnn, three_nets
from lessons.training import train

SEEDS = range(4)
INFINITY = math.inf


def right(seed, lr, clip=INFINITY, steps=150):
    x, y = recall(300, 20, seed=seed)
    net = rnn(16, inputs=8, outputs=4, gain=1.6, seed=seed)
    clip = clip if callable(clip) else partial(clip_grad_norm_, max_norm=clip)
    how = {"steps": steps, "batch_size": 32, "record_every": steps, "seed": seed, "clip": clip}
    return train(net, x, y, lr=lr, **how).accuracy[-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_hill_has_two_sides(seed):
    assert right(seed, 0.3) < 0.8
    assert min(right(seed, 0.3, 0.3), right(seed, 0.3, 1.0)) > 0.95
    assert right(seed, 0.3, 0.01) < 0.6


def test_on_the_right_side_training_fails_with_scissors_on():
    assert np.mean([right(seed, 0.3, 3.0) for seed in range(3)]) < 0.85


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("product", [0.003, 0.01, 0.03])
def test_where_each_step_is_cut_only_the_product_counts(seed, product):
    fast, slow = (right(seed, lr, product / lr) for lr in (0.3, 0.03))
    assert fast == pytest.approx(slow, abs=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_small_rate_learns_without_scissors(seed):
    norms = []
    assert right(seed, 0.03, recording(partial(clip_grad_norm_, max_norm=INFINITY), norms)) > 0.8
    assert max(norms) < 30


@pytest.mark.parametrize("seed", [*SEEDS, 4, 5])
def test_the_recipe_works(seed):
    norms = []
    right(seed, 0.03, recording(partial(clip_grad_norm_, max_norm=INFINITY), norms), steps=50)
    for threshold in norm_percentiles(norms, [50, 95]).thresholds:
        assert right(seed, 0.03, threshold) > 0.9
        assert right(seed, 0.3, threshold / 10) > 0.9


def following(percentile):
    seen = []

    def clip(parameters):
        seen.append(clip_grad_norm_(parameters, INFINITY).item())
        return clip_grad_norm_(parameters, np.percentile(seen, percentile).item())

    return clip


def test_a_threshold_that_follows_still_leaves_the_step_to_be_chosen():
    assert all(right(seed, 0.3, following(10)) > 0.9 for seed in range(3))
    assert min(right(seed, 0.3, following(50)) for seed in SEEDS) < 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_cutting_after_each_part_turns_the_sum(seed):
    data = digits(dtype=torch.float64)
    x, y = data.train_x[:128], data.train_y[:128]
    net = three_nets(seed=seed, dtype=torch.float64)["healthy"]
    loss_gradients(net, x, y)
    whole = gradient_vector(net.parameters())
    cosines = []
    for cut_at in ({1, 2, 3, 4}, {4}):
        net.zero_grad()
        for number, (a, b) in enumerate(zip(x.chunk(4), y.chunk(4), strict=True), 1):
            (cross_entropy(net(a), b) / 4).backward()
            if number in cut_at:
                clip_grad_norm_(net.parameters(), 1.0)
        cosines.append(direction_cosine(whole, gradient_vector(net.parameters())))
    assert cosines[0] < 0.98 and cosines[1] == pytest.approx(1, abs=1e-9)


def test_a_threshold_has_the_unit_of_the_gradient():
    data = digits(dtype=torch.float64)
    x, y = data.train_x[:128], data.train_y[:128]
    norms = []
    for reduction in ("mean", "sum"):
        net = three_nets(dtype=torch.float64)["healthy"]
        cross_entropy(net(x), y, reduction=reduction).backward()
        norms.append(gradient_vector(net.parameters()).norm().item())
    assert norms[1] / norms[0] == pytest.approx(128)

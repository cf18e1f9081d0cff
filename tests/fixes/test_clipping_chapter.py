"""What the chapter *Gradient clipping* says, on other seeds and more settings than it shows."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch

from lessons.data import digits, recall
from lessons.fixes.clipping import clip_by_global_norm, clip_by_value, clip_per_layer, compare
from lessons.gradients import direction_cosine
from lessons.loss_wall import curvature, descend, loss_and_gradient
from lessons.measure import gradient_agreement, loss_gradients
from lessons.monitor.finding import Thresholds
from lessons.monitor.rules.trends import decades, thirds
from lessons.networks import mlp, rnn, three_nets
from lessons.propagation import through_time
from lessons.training import train
from tests.fixes.parameters import with_gradients

SEEDS = range(3)


def recurrent(seed, gain=1.2):
    return rnn(10, inputs=8, outputs=4, gain=gain, activation="identity", seed=seed)


def run(seed, lr, max_norm=None, gain=1.2, steps=200, optimizer="sgd"):
    x, y = recall(300, 30, seed=seed)
    clip = max_norm and partial(clip_by_global_norm, max_norm=max_norm)
    how = {"batch_size": 32, "record_every": 10, "steps": steps, "clip": clip}
    how["optimizer"] = optimizer
    return train(recurrent(seed, gain), x, y, lr=lr, seed=seed, **how)


def right(*args, **kwargs):
    return run(*args, **kwargs).accuracy[-1]


# --- the net that explodes through time ------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_recurrent_net_explodes_by_the_courses_own_limit(seed):
    norms = through_time(recurrent(seed), *recall(300, 30, seed=seed))
    assert norms[0] / norms[-1] == pytest.approx(1.2**29, rel=1e-3)
    assert -decades(*thirds(norms)) > Thresholds().time_rise


@pytest.mark.parametrize("seed", SEEDS)
def test_clipped_it_learns_at_two_rates_and_unclipped_at_none(seed):
    rates = [1e-5, 1e-4, 3e-4, 5e-4, 7e-4, 1e-3, 3e-3]
    assert max(right(seed, lr) for lr in rates) < 0.92
    assert min(right(seed, lr, 0.1) for lr in (0.3, 1.0)) > 0.95


def test_a_few_nets_of_twelve_need_no_scissors_and_all_twelve_learn_with_them():
    alone = {seed: right(seed, 3e-4) for seed in range(3, 12)}
    assert 1 <= sum(share > 0.9 for share in alone.values()) <= 4, alone
    assert all(right(seed, 0.3, 0.1) > 0.95 for seed in range(3, 12))


@pytest.mark.parametrize("seed", [1, 2])
def test_scissors_for_the_first_half_alone_do_not_do_it(seed):
    x, y = recall(300, 30, seed=seed)
    thresholds = itertools.chain([0.1] * 100, itertools.repeat(np.inf))
    how = {"lr": 0.3, "batch_size": 32, "steps": 200, "seed": seed}
    history = train(
        recurrent(seed), x, y, clip=lambda p: clip_by_global_norm(p, next(thresholds)), **how
    )
    assert history.stopped_at is not None and history.stopped_at > 100


def test_ten_times_as_many_steps_do_it_without_scissors():
    assert all(right(seed, 3e-4, steps=2000) > 0.95 for seed in SEEDS)


def test_adam_does_it_without_scissors():
    assert all(right(seed, 0.01, optimizer="adam") > 0.95 for seed in SEEDS)


def test_a_healthy_start_alone_does_not_do_it():
    for lr in (1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3):
        assert min(right(seed, lr, gain=1.0) for seed in SEEDS) < 0.7
    assert all(right(seed, 0.3, 0.1, gain=1.0) > 0.9 for seed in SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradients_of_one_run_differ_by_more_than_four_powers_of_ten(seed):
    norms = run(seed, 0.3, 0.1).gradient_norms.norm(dim=1)
    assert norms[0] > 300
    assert norms.max() / norms.min() > 1e4


# --- what turns ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [*SEEDS, 3])
def test_unequal_layers_are_why_value_clipping_turns_the_sick_nets_more(seed):
    data = digits(dtype=torch.float64)

    def size(vector):
        return vector.square().mean().sqrt().item()

    def cosine(vector):
        (w,) = with_gradients(vector)
        clip_by_value(w, size(vector))
        return direction_cosine(vector, w.grad)

    cosines = {}
    for name, net in three_nets(seed=seed, dtype=torch.float64).items():
        loss_gradients(net, data.train_x, data.train_y)
        gradients = [p.grad.flatten() for p in net.parameters()]
        equal = [gradient / size(gradient) for gradient in gradients]
        cosines[name] = cosine(torch.cat(gradients)), cosine(torch.cat(equal))
    for sick in ("vanishing", "exploding"):
        assert cosines[sick][0] < cosines["healthy"][0] - 0.02
        assert cosines[sick][1] > cosines["healthy"][1] + 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_no_cut_lifts_a_layer_and_the_vanishing_nets_first_layer_is_not_touched(seed):
    data = digits(dtype=torch.float64)
    net = three_nets(seed=seed, dtype=torch.float64)["vanishing"]
    before = loss_gradients(net, data.train_x, data.train_y)
    cuts = {
        "norm": partial(clip_by_global_norm, max_norm=1.0),
        "value": partial(clip_by_value, clip_value=0.01),
        "layer": partial(clip_per_layer, max_norm=0.1),
    }
    for name, effect in compare(net, cuts).items():
        assert effect.by_layer["1"] == pytest.approx(before["1"], rel=1e-12)
        assert all(effect.by_layer[i] <= before[i] for i in before)
        assert (effect.cosine > 1 - 1e-12) == (name == "norm")
    (small,) = compare(net, {"small": partial(clip_by_global_norm, max_norm=0.01)}).values()
    assert small.by_layer["1"] < 0.1 * before["1"]


@pytest.mark.parametrize("seed", [*SEEDS, 3])
def test_turning_is_not_bad_in_itself(seed):
    data = digits()
    cuts = {
        "not": None,
        "norm": partial(clip_by_global_norm, max_norm=1.0),
        "value": partial(clip_by_value, clip_value=0.01),
        "layer": partial(clip_per_layer, max_norm=0.3),
    }
    how = {"lr": 0.1, "steps": 80, "seed": seed, "record_every": 80}
    reached = {
        name: train(
            three_nets(seed=seed)["healthy"], data.train_x, data.train_y, clip=clip, **how
        ).accuracy[-1]
        for name, clip in cuts.items()
    }
    assert min(reached["norm"], reached["value"], reached["layer"]) > 0.5
    assert reached["value"] > reached["norm"] > reached["not"]


@pytest.mark.parametrize("seed", [*SEEDS, 3])
def test_a_loud_gradient_with_a_message_learns_once_it_is_cut_and_noise_does_not(seed):
    data, exact = digits(), digits(dtype=torch.float64)
    halves = [(exact.train_x[i::2], exact.train_y[i::2]) for i in range(2)]
    nets = {"loud": {"gain": 2.0}, "chaos": {"activation": "tanh", "initialization": "normal"}}
    agree, reached = {}, {"loud": [], "chaos": []}
    for name, how in nets.items():
        agree[name] = gradient_agreement(mlp(20, seed=seed, dtype=torch.float64, **how), halves)[0]
        for lr, limit in ((0.1, 0.3), (0.1, 1.0), (0.3, 0.3)):
            clip = partial(clip_by_global_norm, max_norm=limit)
            net = mlp(20, seed=seed, **how)
            history = train(net, data.train_x, data.train_y, lr=lr, clip=clip, steps=100, seed=seed)
            reached[name].append(history.accuracy[-1])
    assert agree["loud"] > 0.8 and abs(agree["chaos"]) < 0.4
    assert max(reached["loud"]) > 0.25 and max(reached["chaos"]) < 0.17


# --- the wall --------------------------------------------------------------------------------


def test_the_unclipped_descent_ends_on_a_plain_and_the_clipped_one_lower():
    ends = {}
    for limit in (np.inf, 0.3):
        path, norms = descend(5.0, -2.0, lr=1.0, max_norm=limit, steps=45)
        ends[limit] = path[-1], norms
    path, norms = ends[np.inf]
    assert norms.max() > 30 * np.median(norms[: norms.argmax()])
    assert norms[norms.argmax() + 1 :].max() < 1e-3
    assert loss_and_gradient(*ends[0.3][0])[0] < loss_and_gradient(*path)[0]


def test_where_the_gradient_is_longer_it_is_good_for_a_shorter_way():
    ws, bs = np.meshgrid(np.linspace(4, 7, 151), np.linspace(-4, -1, 151))
    norm = np.hypot(*loss_and_gradient(ws, bs)[1:])
    reach = norm / curvature(ws, bs)
    edges = [0.1, 1, 10, 1000]
    medians = [np.median(reach[(norm >= a) & (norm < b)]) for a, b in itertools.pairwise(edges)]
    assert medians[0] > 30 * medians[1] > 60 * medians[2]

"""Schedules and steps against PyTorch's in float64, closed forms, and what each cures."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy
from torch.optim import lr_scheduler as theirs

from lessons.data import digits
from lessons.fixes import learning_rate as chapter
from lessons.loss_wall import descend
from lessons.measure import loss_gradients
from lessons.networks import mlp, three_nets
from lessons.plots.learning_rate import after_steps, gradient_and_step, rules_on_the_wall

DATA = digits()
X, Y = DATA.train_x[:256], DATA.train_y[:256]
TEST = (DATA.test_x, DATA.test_y)

SCHEDULES = {
    "staircase": (
        partial(chapter.staircase, every=7, factor=0.3),
        lambda o: theirs.StepLR(o, 7, 0.3),
    ),
    "exponential": (
        partial(chapter.exponential, factor=0.97),
        lambda o: theirs.ExponentialLR(o, 0.97),
    ),
    "cosine": (
        partial(chapter.cosine, steps=30),
        lambda o: theirs.CosineAnnealingLR(o, 30),
    ),
    "cosine with a floor": (
        partial(chapter.cosine, steps=30, lowest=0.2),
        lambda o: theirs.CosineAnnealingLR(o, 30, eta_min=0.2 * 0.5),
    ),
    "warm-up": (
        partial(chapter.warm_up, steps=12, start=0.05),
        lambda o: theirs.LinearLR(o, 0.05, 1.0, 12),
    ),
    "constant": (chapter.constant, lambda o: theirs.LambdaLR(o, lambda _: 1.0)),
}
RULES = {
    "plain": (chapter.plain, partial(torch.optim.SGD)),
    "momentum": (chapter.momentum, partial(torch.optim.SGD, momentum=0.9)),
    "nesterov": (chapter.nesterov, partial(torch.optim.SGD, momentum=0.9, nesterov=True)),
    "adam": (chapter.adam, partial(torch.optim.Adam)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_each_schedule_is_torchs(name):
    ours, scheduler = SCHEDULES[name]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler = scheduler(optimizer)
    for step in range(55):  # 55 of 30: the cosine goes up again
        rate = optimizer.param_groups[0]["lr"]
        assert 0.5 * ours(step) == pytest.approx(rate, rel=1e-12, abs=1e-12)
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("name", RULES)
def test_each_rule_is_torchs_over_many_steps(name):
    rule, optimizer = RULES[name]
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    mix = torch.randn(3, 3, generator=generator, dtype=torch.float64)
    ours, memory = start.clone().requires_grad_(), None
    net = torch.nn.Parameter(start.clone())
    optimizer = optimizer([net], lr=0.01)

    def loss(w):
        return ((w @ mix) ** 2).sum() / 2 + torch.sin(w).sum()

    for _ in range(300):
        (gradient,) = torch.autograd.grad(loss(ours), ours)
        step, memory = rule(gradient, memory)
        ours = (ours - 0.01 * step).detach().requires_grad_()
        optimizer.zero_grad()
        loss(net).backward()
        optimizer.step()
    torch.testing.assert_close(ours, net, rtol=0, atol=1e-10)
    assert (ours - start).abs().max() > 0.1


@pytest.mark.parametrize("name", RULES)
def test_a_race_is_each_run_alone_with_torch(name):
    rule, optimizer = RULES[name]
    x, y = X[:40].double(), Y[:40]
    nets = [mlp(3, 8, activation="tanh", seed=k, dtype=torch.float64) for k in (0, 1)]
    schedule = partial(chapter.cosine, steps=20)
    settings = [(0.02, chapter.constant), (0.05, schedule)]
    found = chapter.race(nets, settings, x, y, rule=rule, steps=20, every=10, test=(x, y))
    assert found.steps == [0, 10, 20]
    for i, (rate, factor) in enumerate(settings):
        for k in (0, 1):
            net = mlp(3, 8, activation="tanh", seed=k, dtype=torch.float64)
            stepper = optimizer(net.parameters(), lr=rate)
            for t in range(20):
                stepper.param_groups[0]["lr"] = rate * factor(t)
                stepper.zero_grad()
                cross_entropy(net(x), y).backward()
                stepper.step()
            norms = torch.tensor(list(loss_gradients(net, x, y).values()), dtype=torch.float64)
            torch.testing.assert_close(found.gradient[i, k, -1], norms, rtol=1e-9, atol=1e-12)
            loss = cross_entropy(net(x), y).detach()
            torch.testing.assert_close(found.loss[i, k, -1], loss, rtol=1e-10, atol=1e-12)
            right = (net(x).argmax(1) == y).double().mean()
            assert found.accuracy[i, k, -1] == found.held_out[i, k] == right


@given(st.integers(0, 200), st.integers(1, 100), st.floats(0.01, 1))
def test_schedules_stay_between_their_ends(step, steps, low):
    assert low <= chapter.warm_up(step, steps, low) <= 1
    assert low - 1e-12 <= chapter.cosine(step, steps, low) <= 1
    assert 0 <= chapter.staircase(step, steps, low) <= 1
    assert chapter.warm_up(step + 1, steps, low) >= chapter.warm_up(step, steps, low)
    assert chapter.cosine(steps, steps, low) == pytest.approx(low)


@given(st.floats(-1e3, 1e3), st.floats(0, 0.95))
def test_a_constant_gradient_reaches_its_pace(gradient, mu):
    for rule in (chapter.momentum, chapter.nesterov):
        memory = None
        for _ in range(600):
            step, memory = rule(gradient, memory, mu)
        assert step == pytest.approx(gradient / (1 - mu), rel=1e-6, abs=1e-9)


@given(st.floats(1e-12, 1e12), st.integers(1, 30))
def test_adams_step_of_a_constant_gradient_has_a_closed_form(size, steps):
    memory = None
    for _ in range(steps):
        step, memory = chapter.adam(size, memory)
    assert step == pytest.approx(size / (size + 1e-8), rel=1e-9)


def test_one_huge_gradient_stops_adam_for_ever_in_float32_in_torch_too():
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([weight], lr=0.1)
    memory = None
    for t in range(100):
        weight.grad = torch.tensor([1e21 if t == 0 else 1.0])
        step, memory = chapter.adam(weight.grad, memory)
        optimizer.step()
        assert step == 0
    assert weight == 0


@pytest.mark.parametrize(("lr", "mu"), [(0.1, 0.0), (1.5, 0.0), (0.15, 0.9), (0.5, 0.5)])
def test_the_noise_of_a_parabola(lr, mu):
    generator = np.random.default_rng(0)
    w, memory, squares = np.zeros(2000), None, []
    for t in range(900):
        gradient = w + generator.standard_normal(2000)
        step, memory = chapter.momentum(gradient, memory, mu)
        w = w - lr * step
        if t >= 300:
            squares.append((w**2).mean() / 2)
    assert np.mean(squares) == pytest.approx(chapter.quadratic_noise(lr, mu=mu), rel=0.03)
    assert chapter.quadratic_noise(2 * (1 + mu), mu=mu) == math.inf


def test_the_plain_path_is_the_walls_own():
    path, _ = descend(5.0, -2.0, lr=0.3, steps=40)
    np.testing.assert_array_equal(chapter.wall_path(5.0, -2.0, 0.3, steps=40), path)


def test_the_step_is_cured_by_the_rate_and_a_slope_is_not():
    nets = [mlp(6, 32, seed=k) for k in range(3)]
    found = chapter.race(nets, [(2.0, chapter.constant), (0.1, chapter.constant)], X, Y, test=TEST)
    flat = found.gradient[0, :, 0]
    assert (flat.max(1).values / flat.min(1).values < 3).all()
    assert (found.accuracy[0, :, -1] < 0.3).all()
    assert (found.accuracy[1, :, -1] > 0.95).all()
    assert (found.held_out[1] > 0.75).all()
    rates = [(r, chapter.constant) for r in (0.01, 0.1)]
    for kind in ("vanishing", "exploding"):
        nets = [three_nets(12, 32, seed=k)[kind] for k in range(3)]
        found = chapter.race(nets, rates, X, Y, steps=60)
        steep = found.gradient[0, :, 0, 0] / found.gradient[0, :, 0, -1]
        assert (steep < 1e-4).all() if kind == "vanishing" else (steep > 100).all()
        assert (found.accuracy[..., -1] < 0.4).all()


def test_warm_up_cures_a_loud_start_and_decay_does_not():
    nets = [mlp(6, 32, gain=1.5, seed=k) for k in range(3)]
    schedules = [
        chapter.constant,
        partial(chapter.exponential, factor=0.95),
        partial(chapter.warm_up, steps=30),
    ]
    found = chapter.race(nets, [(0.2, s) for s in schedules], X, Y).accuracy[..., -1]
    assert (found[:2] < 0.75).any(1).all()
    assert (found[2] > 0.95).all()


def test_ten_small_steps_or_a_small_rate_save_the_loud_start_too():
    nets = [mlp(6, 32, gain=1.5, seed=k) for k in range(6)]
    ten = [(0.2, lambda t: 0.1 if t < 10 else 1.0), (0.02, chapter.constant)]
    assert (chapter.race(nets, ten, X, Y).accuracy[..., -1] > 0.7).all()
    nets = [mlp(6, 32, seed=k) for k in range(3)]
    found = chapter.race(nets, [(0.2, chapter.constant)], X, Y)
    assert (found.accuracy[0, :, -1] > 0.9).all()


def test_a_net_that_fits_its_digits_loses_the_noise_at_a_constant_rate():
    nets = [mlp(3, 32, seed=k) for k in range(3)]
    stairs = partial(chapter.staircase, every=200, factor=0.1)
    settings = [(0.05, chapter.constant), (0.2, stairs)]
    found = chapter.race(nets, settings, DATA.train_x, DATA.train_y, steps=2000, every=100, batch=4)
    calm, stopped = found.loss[..., -5:].mean(-1)
    assert (calm < 0.5 * stopped).all()


def test_adam_hides_an_explosion_and_does_not_remove_it():
    nets = [three_nets(12, 32, seed=k)["exploding"] for k in range(3)]
    settings = [(1e-3, chapter.constant)]
    found = chapter.race(nets, settings, X, Y, rule=chapter.adam, test=TEST)
    steep = found.gradient[0, :, :, 0] / found.gradient[0, :, :, -1]
    assert (steep > 20).all()  # at the first and at the last step
    assert (found.step[0, :, 0].max(1).values / found.step[0, :, 0].min(1).values < 5).all()
    assert (found.accuracy[0, :, -1] > 0.55).all()
    assert (found.held_out < 0.3).all()
    nets = [three_nets(12, 32, seed=k)["healthy"] for k in range(3)]
    healthy = chapter.race(nets, [(1e-2, chapter.constant)], X, Y, rule=chapter.adam, test=TEST)
    assert (healthy.held_out > 0.7).all()


def test_momentum_at_one_pace_throws_more_softly_and_not_more_rarely():
    generator = np.random.default_rng(0)
    w, b = generator.uniform(4.5, 6, 200), generator.uniform(-3, -1.5, 200)
    for rate in (0.03, 0.1, 0.3):
        shares = []
        for rule, eta in ((chapter.plain, rate), (chapter.momentum, rate / 10)):
            path = chapter.wall_path(w, b, eta, rule, steps=200)
            ways = [np.linalg.norm(path[k:] - path[:-k], axis=1).max(0) for k in (1, 20)]
            shares.append([(way > 1).mean() for way in ways])
        assert shares[1][0] < 0.6 * shares[0][0]
        assert shares[1][1] > 0.75 * shares[0][1]


def test_a_slope_that_only_units_make_is_no_illness():
    x, nets = X.double(), []
    for k in range(3):
        net = mlp(6, 32, seed=k, dtype=torch.float64)
        before = net(x)
        with torch.no_grad():
            net.layers[0].weight *= 30
            net.layers[-1].weight /= 30
        torch.testing.assert_close(net(x), before)
        nets.append(net)
    found = chapter.race(nets, [(1e-3, chapter.constant)], x, Y)
    assert (found.gradient[0, :, 0, 0] < 3e-3 * found.gradient[0, :, 0, -1]).all()
    assert (found.accuracy[0, :, -1] > 0.55).all()


def test_a_small_rate_brings_the_exploding_net_down_late_and_on_seen_digits_only():
    nets = [three_nets(12, 32, seed=k)["exploding"] for k in range(3)]
    settings = [(rate, chapter.constant) for rate in (0.003, 0.01)]
    found = chapter.race(nets, settings, X, Y, steps=600, every=100, test=TEST)
    assert (found.accuracy[:, :, 1] < 0.45).all()
    assert (found.accuracy[..., -1].max(0).values > 0.5).all()
    assert (found.held_out < 0.45).all()


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: chapter.staircase(-1, 3), "step"),
        (lambda: chapter.cosine(1, 0), "steps"),
        (lambda: chapter.warm_up(1, 3, start=0), "start"),
        (lambda: chapter.momentum(1.0, 1.0, mu=1), "mu"),
        (lambda: chapter.adam(1.0, beta2=1.0), "beta2"),
        (lambda: chapter.adam(1.0, eps=-1), "eps"),
        (lambda: chapter.quadratic_noise(0), "lr"),
        (lambda: chapter.quadratic_noise(1, mu=1), "mu"),
        (lambda: chapter.race([], [(1, chapter.constant)], X, Y), "nets"),
        (lambda: chapter.race([mlp(2)], [(1, chapter.constant)], X, Y, batch=10**6), "batch"),
        (lambda: chapter.wall_path(5, -2, 0), "lr"),
        (lambda: after_steps(0.1, 9), "steps"),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises((ValueError, TypeError), match=named):
        call()


def test_figures_say_their_numbers():
    _, alt = after_steps(1.0, 2)
    assert "Rate 1, steps taken: 2" in alt
    norms = {"a": [1.0, 10.0], "b": [2.0, 2.0]}
    drawn = gradient_and_step(norms, norms, {"a": "exploding", "b": "dark"}).figure
    assert drawn.axes[0].get_ylim() == drawn.axes[1].get_ylim()
    assert len(rules_on_the_wall(steps=5).figure.axes[0].lines) == 4

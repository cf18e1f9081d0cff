"""The steep start: closed forms of a parabola, PyTorch's own descent, orders over three seeds."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy, one_hot

from lessons.causes.loss_surface import descents, loss_and_slope, starts
from lessons.causes.loss_surface.sharpness import top_eigenvalues
from lessons.data import digits
from lessons.networks import mlp
from lessons.plots.loss_surface import edge
from lessons.propagation import top_hessian_eigenvalue
from lessons.training import train

F64 = torch.float64


def net_of(seed=0, gain=0.5):
    how = {"activation": "tanh", "initialization": "xavier", "dtype": F64}
    return mlp(3, 16, gain=gain, seed=seed, **how)


def squared(net, samples=50):
    data = digits(dtype=F64)
    x, y = data.train_x[:samples], one_hot(data.train_y[:samples], 10)
    return lambda: ((net(x) - y) ** 2).sum(1).mean() / 2


@pytest.fixture(scope="module")
def at_the_edge():
    grid = [(rate, mu) for rate in (0.2, 0.3, 0.4) for mu in (0.0, 0.5)]
    return grid, descents(grid)


def near(sharpness, limit):
    """Return for each seed the share of the second half within 10 % of the limit."""
    second = sharpness[:, sharpness.shape[1] // 2 :]
    return ((second / limit - 1).abs() < 0.1).double().mean(1)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_descent_is_torchs_own(seed, momentum):
    found = descents([(0.3, 0.0), (0.2, momentum)], seeds=2, steps=20)
    net = net_of(seed)
    loss = squared(net)
    stepper = torch.optim.SGD(net.parameters(), lr=0.2, momentum=momentum)
    for _ in range(20):
        stepper.zero_grad()
        loss().backward()
        stepper.step()
    stepper.zero_grad()
    value = loss()
    value.backward()
    norm = math.hypot(*(p.grad.norm().item() for p in net.parameters()))
    assert found.loss[1, seed, -1].item() == pytest.approx(value.item(), rel=1e-9)
    assert found.gradient[1, seed, -1].item() == pytest.approx(norm, rel=1e-7)
    sharpness = top_hessian_eigenvalue(loss, net.parameters())
    assert found.sharpness[1, seed, -1].item() == pytest.approx(sharpness, rel=0.01)


def test_a_start_that_moves_little_needs_few_products():
    w = torch.randn(3, 30, dtype=F64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    scale = torch.linspace(1, 5, 30, dtype=F64) * torch.tensor([[1.0], [2.0], [3.0]])

    def losses():
        return (scale * w**2).sum(1) / 2

    values, vectors = top_eigenvalues(losses, [w], first=30)
    again, _ = top_eigenvalues(losses, [w], vectors, products=2)
    torch.testing.assert_close(values, torch.tensor([5.0, 10.0, 15.0], dtype=F64))
    torch.testing.assert_close(again, values)


@given(
    momentum=st.floats(0, 0.95),
    curvature=st.floats(1e-3, 1e3),
    share=st.sampled_from([0.3, 0.9, 0.98, 1.02, 1.5]),
)
def test_a_parabola_is_stable_below_the_limit(momentum, curvature, share):
    """The two eigenvalues of one step with momentum, on a parabola."""
    rate = share * 2 * (1 + momentum) / curvature
    step = [[1 - rate * curvature, -rate * momentum], [curvature, momentum]]
    assert (abs(np.linalg.eigvals(step)).max() < 1) == (share < 1)


@pytest.mark.parametrize("seed", range(3))
def test_training_comes_to_the_edge_and_stays(seed, at_the_edge):
    """Cohen et al. 2021: 2/η, with momentum 2(1 + μ)/η."""
    grid, found = at_the_edge
    for (rate, mu), sharpness in zip(grid, found.sharpness, strict=True):
        assert near(sharpness, 2 * (1 + mu) / rate)[seed] > 0.5
    assert found.loss[:, seed, -1].max() < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_the_edge_is_reached_from_below_and_from_above(seed, at_the_edge):
    _, found = at_the_edge
    assert found.sharpness[0, seed, 0] < 0.9 * 10 and found.sharpness[4, seed, 0] > 1.2 * 5


def test_high_momentum_has_learned_before_it_comes_to_the_edge():
    found = descents([(rate, 0.9) for rate in (0.2, 0.3, 0.4)])
    for rate, sharpness in zip((0.2, 0.3, 0.4), found.sharpness, strict=True):
        assert near(sharpness, 3.8 / rate).max() < 0.5
    assert found.loss[..., -1].max() < 1e-3
    early, late = found.sharpness[2, :, :6].amax(1) / 9.5, found.sharpness[2, :, -1] / 9.5
    assert early.max() > 1.05 and late.max() < 0.95


def test_a_small_rate_need_not_come_to_the_edge():
    """Two of three seeds reach 2/η = 20; the third has nearly learned the digits and settles."""
    found = descents([(0.1, 0.0)], steps=1200, every=200)
    assert (found.sharpness[0, :, -2:] > 18).all(1).tolist() == [True, True, False]
    assert found.sharpness[0, 2].max() < 16


def test_the_rate_holds_the_sharpness_down():
    found = descents([(0.4, 0.0)], steps=500, change=(60, 0.2)).sharpness[0]
    assert found[:, 6].max() < 7.5 and found[:, -1].min() > 9 and found[:, -1].max() < 12


@pytest.mark.parametrize("seed", range(3))
def test_the_start_is_steepest_and_not_most_curved(seed):
    found = descents([(0.1, 0.0)])
    assert found.gradient[0, seed].argmax() == 0
    assert found.gradient[0, seed, -1] < 0.1 * found.gradient[0, seed, 0]
    assert found.sharpness[0, seed, -1] > 1.5 * found.sharpness[0, seed, 0]


def test_the_step_alone_makes_the_gradient_explode():
    grid = [(0.2, 0.0), (0.6, 0.0), (1.2, 0.0), (0.4, 0.9), (0.6, 0.9)]
    found = descents(grid, steps=100)
    lost = found.loss[..., -1].isnan()
    assert lost.all(1).tolist() == lost.any(1).tolist() == [False, False, True, False, True]
    early = descents([(1.2, 0.0)], steps=4, every=1).gradient[0]
    assert (early[:, 4] > 100 * early[:, 0]).all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("wait", [0, 100])
def test_momentum_loses_the_start_and_not_what_comes_later(seed, wait):
    net = net_of(seed)
    loss = squared(net)
    stepper = torch.optim.SGD(net.parameters(), lr=0.6)
    value = torch.zeros(())
    for step in range(wait + 100):
        stepper.param_groups[0]["momentum"] = 0.9 if step >= wait else 0.0
        stepper.zero_grad()
        value = loss()
        value.backward()
        stepper.step()
        if not value < 1e6:
            break
    assert (value.item() < 0.01) == (wait == 100)


def test_from_a_flat_start_momentum_loses_fewer():
    """The limit at rate 0.6 with momentum 0.9 is 6.3; without it, 3.3."""
    half, quarter = (descents([(0.6, 0.9)], gain=g, steps=100, every=100) for g in (0.5, 0.25))
    lost = [found.loss[0, :, -1].isnan().sum().item() for found in (half, quarter)]
    assert lost == [3, 1]
    assert half.sharpness[0, :, 0].min() > 3.8 / 0.6
    assert quarter.sharpness[0, :, 0].max() < 2.5
    start = half.sharpness[0, 0, 0].item()
    assert start * 0.6 / 2 == pytest.approx(2.6, abs=0.05)
    assert start * 1.2 / 2 == pytest.approx(5.1, abs=0.05)


def test_a_start_of_full_size_is_lost_at_the_rate_that_half_the_size_learns_with():
    found = descents([(0.4, 0.0)], gain=1.0, steps=100, every=100)
    assert found.loss[0, :, -1].isnan().all()


def test_a_loss_times_two_to_the_n_at_a_rate_divided_by_it_takes_the_same_steps():
    ends = []
    for factor in (1.0, 64.0):
        net = net_of()
        loss = squared(net)
        stepper = torch.optim.SGD(net.parameters(), lr=0.2 / factor)
        for _ in range(30):
            stepper.zero_grad()
            (factor * loss()).backward()
            stepper.step()
        ends.append(torch.cat([p.detach().reshape(-1) for p in net.parameters()]))
    assert torch.equal(*ends)


@pytest.mark.parametrize("seed", range(3))
def test_a_height_is_no_slope(seed):
    (low, one), (high, ten) = (loss_and_slope(e, "squared", seed=seed) for e in (1, 10))
    assert high == pytest.approx(100 * low) and ten == pytest.approx(10 * one)
    (low, one), (high, ten) = (loss_and_slope(e, "cross-entropy", seed=seed) for e in (10, 100))
    assert high > 9 * low and ten == pytest.approx(one, rel=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_one_function_has_many_slopes(seed):
    data = digits(dtype=F64)
    x, y = data.train_x[:50], data.train_y[:50]
    answers, slopes = [], []
    for c in (1, 1e6):
        net = mlp(3, 16, seed=seed, dtype=F64)
        with torch.no_grad():
            net.layers[0].weight.mul_(c)
            net.layers[1].weight.div_(c)
        answers.append(net(x))
        gradients = torch.autograd.grad(cross_entropy(answers[-1], y), list(net.parameters()))
        slopes.append(math.hypot(*(g.norm().item() for g in gradients)))
    torch.testing.assert_close(*answers)
    assert slopes[1] > 1e5 * slopes[0]


def test_deep_quiet_nets_keep_the_gradient_of_the_last_bias():
    data = digits(dtype=F64)
    x, y = data.train_x[:256], data.train_y[:256]
    net = mlp(20, gain=0.5, dtype=F64)
    loss = cross_entropy(net(x), y)
    *others, last = torch.autograd.grad(loss, list(net.parameters()))
    assert loss.item() == pytest.approx(math.log(10), abs=0.01)
    assert max(g.norm() for g in others if g.ndim == 2) < 1e-5 and last.norm() > 0.05


@given(st.lists(st.floats(-50, 50), min_size=10, max_size=10), st.integers(0, 9))
def test_the_error_signal_of_cross_entropy_is_bounded(outputs, digit):
    outputs = torch.tensor([outputs], dtype=F64, requires_grad=True)
    cross_entropy(outputs, torch.tensor([digit])).backward()
    assert outputs.grad.norm() <= math.sqrt(2) + 1e-12


def test_the_longer_the_gradient_the_shorter_the_way():
    found = starts([0.1], points=201)
    assert found.rank_correlation < -0.5
    wall, plain = found.gradient > 1, found.gradient < 0.1
    assert np.median(found.distance[plain]) > 20 * np.median(found.distance[wall])
    assert found.falls[0.1][plain].mean() > 0.99 and found.falls[0.1][wall].mean() < 0.8


def test_a_deep_nets_start_need_not_be_its_steepest_place():
    data = digits(dtype=F64)
    x, y = data.train_x[:256], data.train_y[:256]
    ratios = []
    for seed in range(3):
        history = train(mlp(20, seed=seed, dtype=F64), x, y, lr=0.01, steps=180, batch_size=256)
        norms = history.gradient_norms.norm(dim=1)
        ratios.append((norms.max() / norms[0]).item())
    assert sorted(r > 4 for r in ratios) == [False, True, True]


@pytest.mark.parametrize("seed", range(3))
def test_cross_entropy_gets_flat_in_the_end(seed):
    data = digits(dtype=F64)
    x, y = data.train_x[:50], data.train_y[:50]
    net = net_of(seed)
    stepper = torch.optim.SGD(net.parameters(), lr=0.1)
    found = []
    for step in range(601):
        if step in (0, 20, 40, 80, 160, 600):
            found.append(top_hessian_eigenvalue(lambda: cross_entropy(net(x), y), net.parameters()))
        stepper.zero_grad()
        loss = cross_entropy(net(x), y)
        loss.backward()
        stepper.step()
    assert max(found) < 2 / 0.1 and max(found) > found[0] > found[-1]


def test_the_explorer_says_its_limit():
    assert "The limit is 15." in edge(0.2, 0.5)[1]
    assert "The limit is 20." in edge(0.1, 0.0, steps=20)[1]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="settings is empty"):
        descents([])
    with pytest.raises(ValueError, match="momentum is 1"):
        descents([(0.1, 1.0)])
    with pytest.raises(ValueError, match="a rate=0"):
        descents([(0, 0.0)])
    with pytest.raises(ValueError, match="loss='abs'"):
        loss_and_slope(1, "abs")
    with pytest.raises(ValueError, match="points=20"):
        starts(points=20)

"""Losses: PyTorch's values and gradients, closed forms, what they heal and what they do not."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from lessons.fixes import losses as chapter
from lessons.fixes.losses import LOSSES, absolute, huber, log_cosh, patients, smooth_l1, squared
from lessons.measure import decades_per_layer
from lessons.networks import three_nets
from lessons.plots.losses import NETS, both_ways, pull, slopes

F64 = torch.float64
PAIRS = {
    "squared": (squared, F.mse_loss),
    "absolute": (absolute, F.l1_loss),
    "huber 1": (huber, F.huber_loss),
    "huber 0.3": (partial(huber, delta=0.3), partial(F.huber_loss, delta=0.3)),
    "smooth 1": (smooth_l1, F.smooth_l1_loss),
    "smooth 2.5": (partial(smooth_l1, beta=2.5), partial(F.smooth_l1_loss, beta=2.5)),
    "smooth 0": (partial(smooth_l1, beta=0), partial(F.smooth_l1_loss, beta=0.0)),
}


def both(shape, dtype=F64, size=3.0):
    generator = torch.Generator().manual_seed(0)
    x, y = (size * torch.randn(shape, generator=generator, dtype=F64) for _ in range(2))
    return x.to(dtype).requires_grad_(), y.to(dtype).requires_grad_()


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=20, deadline=None)
@given(shape=st.lists(st.integers(0, 4), max_size=3), size=st.sampled_from([1e-9, 1.0, 1e6]))
def test_each_is_pytorchs(name, reduction, shape, size):
    """Any shape, empty and without dimensions too; forward and backward, to 1e-10."""
    ours, torchs = (partial(f, reduction=reduction) for f in PAIRS[name])
    x, y = both(shape, size=size)
    weight = torch.rand(ours(x, y).shape, generator=torch.Generator().manual_seed(1), dtype=F64)
    found, wanted = ours(x, y), torchs(x, y)
    near = {"rtol": 1e-10, "atol": 1e-10, "equal_nan": True}
    torch.testing.assert_close(found, wanted, **near)
    slopes_found = torch.autograd.grad((found * weight).sum(), (x, y))
    slopes_wanted = torch.autograd.grad((wanted * weight).sum(), (x, y))
    torch.testing.assert_close(slopes_found, slopes_wanted, **near)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("loss", [squared, absolute, huber, smooth_l1, log_cosh])
def test_each_keeps_the_dtype_and_is_as_exact_as_it(loss, dtype):
    x, y = both((50,), dtype)
    exact = loss(x.detach().double(), y.detach().double(), reduction="none")
    found = loss(x, y, reduction="none")
    assert found.dtype == dtype
    tolerance = 8 * torch.finfo(dtype).eps
    torch.testing.assert_close(found.double(), exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("corner", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("name", ["huber 1", "smooth 1", "absolute"])
def test_at_the_corners_the_slope_is_pytorchs(name, corner):
    x = torch.tensor(corner, dtype=F64, requires_grad=True)
    zero = torch.zeros((), dtype=F64)
    found, wanted = (torch.autograd.grad(f(x, zero), x)[0] for f in PAIRS[name])
    assert found == wanted


def test_huber_at_infinity_has_a_slope():
    x = torch.tensor([math.inf, -math.inf], dtype=F64, requires_grad=True)
    (slope,) = torch.autograd.grad(huber(x, torch.zeros(2, dtype=F64), 2.0, "sum"), x)
    assert slope.tolist() == [2.0, -2.0]


@pytest.mark.parametrize("e", [0.0, 1e-9, -1e-4, 0.999, -1.0, 1.001, 5.0, -700.0, 1e300])
def test_log_cosh_neither_overflows_nor_rounds_away(e):
    x = torch.tensor(e, dtype=F64, requires_grad=True)
    value = log_cosh(x, torch.zeros((), dtype=F64))
    (slope,) = torch.autograd.grad(value, x)
    a = abs(e)
    exact = a * a / 2 if a < 1e-3 else a - math.log(2) + math.log1p(math.exp(-2 * a))
    assert value.item() == pytest.approx(exact, rel=1e-6 if a < 1e-3 else 1e-12)
    assert slope.item() == pytest.approx(math.tanh(e), rel=1e-12)


def test_log_cosh_keeps_small_errors_in_float32():
    e = torch.tensor([1e-4])
    plain = e + torch.log1p(torch.exp(-2 * e)) - math.log(2)
    assert abs(plain.item() / 5e-9 - 1) > 0.5  # the plain form has lost them
    assert log_cosh(e, torch.zeros(1)).item() == pytest.approx(5e-9, rel=1e-4)


@settings(max_examples=50, deadline=None)
@given(e=st.floats(-1e6, 1e6), delta=st.floats(1e-3, 1e3), k=st.floats(1e-2, 1e2))
def test_the_slope_of_huber_is_the_clamped_error_and_units_rescale_it(e, delta, k):
    x = torch.tensor(e, dtype=F64, requires_grad=True)
    zero = torch.zeros((), dtype=F64)
    (slope,) = torch.autograd.grad(huber(x, zero, delta), x)
    assert slope.item() == pytest.approx(max(-delta, min(delta, e)), rel=1e-12, abs=1e-300)
    scaled = huber(k * x.detach(), zero, k * delta).item()
    assert scaled == pytest.approx(k**2 * huber(x.detach(), zero, delta).item(), rel=1e-9)
    assert smooth_l1(x, zero, delta).item() == pytest.approx(
        huber(x, zero, delta).item() / delta, rel=1e-12
    )


def test_bounded_or_not_and_smooth_or_not():
    """Figure 2: the largest slope, and where the second derivative jumps."""
    e = torch.tensor([0.999, 1.001, 1e6], dtype=F64, requires_grad=True)
    found = {}
    for name, loss in LOSSES.items():
        value = loss(e, torch.zeros(3, dtype=F64), reduction="sum")
        (first,) = torch.autograd.grad(value, e, create_graph=True)
        second = torch.zeros(3)
        if first.requires_grad and name != "absolute":
            (second,) = torch.autograd.grad(first.sum(), e)
        found[name] = first[2].item(), (second[0] - second[1]).item()
    assert found["squared"] == (2e6, 0.0)
    assert found["Huber"] == (1.0, 1.0)
    assert found["absolute"] == (1.0, 0.0)
    assert found["log-cosh"][0] == 1.0 and 0 < found["log-cosh"][1] < 0.01


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: huber([1.0], torch.ones(1)), TypeError, "input is a list"),
        (lambda: squared(torch.ones(2), torch.ones(2, 1)), ValueError, "target has shape"),
        (lambda: squared(torch.ones(2), torch.ones(2, dtype=F64)), ValueError, "dtype"),
        (lambda: squared(torch.ones(2).long(), torch.ones(2)), TypeError, "real numbers"),
        (lambda: huber(torch.ones(1), torch.ones(1), delta=0), ValueError, "delta=0"),
        (lambda: smooth_l1(torch.ones(1), torch.ones(1), beta=-1), ValueError, "beta=-1"),
        (lambda: log_cosh(torch.ones(1), torch.ones(1), "avg"), ValueError, "reduction='avg'"),
        (lambda: patients(0.5), ValueError, r"wrong=0\.5"),
        (lambda: chapter.starts_learning("hubert"), ValueError, "Did you mean"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_best_constant_lies_between_median_and_mean():
    y = torch.rand(101, generator=torch.Generator().manual_seed(0), dtype=F64) ** 4
    assert chapter.best_constant(y) == pytest.approx(y.mean().item(), abs=1e-12)
    assert chapter.best_constant(y, 1e-9) == pytest.approx(y.median().item(), abs=1e-6)
    assert y.median() < chapter.best_constant(y, 0.1) < y.mean()


def test_efficiency_is_what_a_simulation_finds():
    assert chapter.efficiency(1.345) == pytest.approx(0.95, abs=5e-4)
    assert chapter.efficiency(1e-6) == pytest.approx(2 / math.pi, rel=1e-5)
    assert chapter.efficiency(10) == pytest.approx(1)
    draws = torch.randn(4000, 40, generator=torch.Generator().manual_seed(0), dtype=F64)
    middles = draws.mean(1)
    for _ in range(30):  # a Newton step for all samples at once
        errors = draws - middles[:, None]
        middles = middles + errors.clamp(-1, 1).mean(1) / (errors.abs() < 1).double().mean(1)
    found = (draws.mean(1).var() / middles.var()).item()
    assert found == pytest.approx(chapter.efficiency(1.0), abs=0.03)


def test_the_fitted_line_has_no_slope_left():
    people = patients(0.05, dtype=F64)
    line = torch.tensor(chapter.fit_line(people.x, people.y[:, 0], 1.0), dtype=F64)
    line.requires_grad_()
    loss = huber(line[0] + people.x @ line[1:], people.y[:, 0])
    assert torch.autograd.grad(loss, line)[0].abs().max() < 1e-8
    least = chapter.fit_line(people.x, people.y[:, 0])
    table = torch.cat([torch.ones(300, 1, dtype=F64), people.x], 1)
    wanted = torch.linalg.lstsq(table, people.y).solution[:, 0]
    torch.testing.assert_close(torch.tensor(least, dtype=F64), wanted)


def test_figure_1_one_point_of_twenty():
    _, squared_says = pull("none", 20)
    _, huber_says = pull("0.5", 20)
    assert "slope is 10." in squared_says and "has 37% of" in squared_says
    assert "slope is 5." in huber_says


@pytest.mark.parametrize("seed", range(3))
def test_wrong_targets_before_and_after(seed):
    """Squared is broken, clipped or not; the bounded ones learn; without wrong ones all do."""
    clean, people = patients(0.0, seed, F64), patients(0.05, seed, F64)
    right = {name: chapter.trained(LOSSES[name], clean, seed=seed) for name in ("squared", "Huber")}
    ends = {name: chapter.trained(loss, people, seed=seed) for name, loss in LOSSES.items()}
    short = partial(clip_grad_norm_, max_norm=0.1)
    clipped = chapter.trained(squared, people, clip=short, seed=seed)
    assert max(end.error for end in right.values()) < 0.85
    assert ends["squared"].error > 2.5 and clipped.error > 1.4
    assert max(ends[name].error for name in ("Huber", "log-cosh", "absolute")) < 0.95
    assert ends["squared"].gradient[0] > 4 * ends["Huber"].gradient[0]
    assert ends["squared"].signal[-1] == pytest.approx(ends["Huber"].signal[-1], rel=0.3)


def test_which_delta():
    """Figure 3; and 1.345 spreads of the errors are a good choice at 5 %."""
    for seed in range(3):
        errors = {
            share: [
                chapter.linear_error(patients(share, seed, F64), delta)
                for delta in (0.1, 1.0, 10.0, 100.0)
            ]
            for share in (0.0, 0.05, 0.2)
        }
        assert max(errors[0.0]) < 1.1 * min(errors[0.0])
        assert max(errors[0.05][:2]) < 1.05 * min(errors[0.05]) < 0.75 < 0.85 < errors[0.05][2]
        assert errors[0.05][3] > 1.5
        assert errors[0.2][0] < 0.8 * errors[0.2][1] < errors[0.2][2] / 5
        people = patients(0.05, seed, F64)
        line = torch.tensor(chapter.fit_line(people.x, people.y[:, 0], 1.0), dtype=F64)
        spread = chapter.middle_spread(line[0] + people.x @ line[1:] - people.y[:, 0])
        chosen = chapter.linear_error(people, 1.345 * spread)
        assert chosen < 1.05 * min(errors[0.05])


def test_targets_in_another_unit():
    for seed in range(3):
        assert (100 * patients(0.0, seed).y).abs().gt(1).double().mean() > 0.95
    for name, wanted in {"squared": (False, True), "Huber": (True, False)}.items():
        for lr, learns in zip((0.05, 1e-4), wanted, strict=True):
            left = chapter.starts_learning(name, scale=100, lr=lr)
            assert all((v < 0.95) == learns for v in left), (name, lr, left)


@pytest.mark.parametrize("net", NETS)
def test_the_layers_behind_it_multiply_as_before(net):
    wanted = {"healthy": 0.0, "exploding": 0.33, "vanishing": -0.63}[net]
    for seed in range(3):
        people = patients(seed=seed, dtype=F64)
        found = {
            name: chapter.by_layer(loss, people, width=64, seed=seed, **NETS[net])
            for name, loss in LOSSES.items()
        }
        for name, norms in found.items():
            assert norms["signal"] == found["squared"]["signal"]
            assert abs(decades_per_layer(norms["error signal"]) - wanted) < 0.05, name
            if name != "squared":
                assert norms["error signal"][-1] < found["squared"]["error signal"][-1] / 3
                assert norms["error signal"][-1] <= 1 / math.sqrt(300) * (1 + 1e-12)


def test_an_exploding_net_is_not_healed():
    for seed in range(3):
        people = patients(0.0, seed, F64)

        def end(loss, gain, lr, people=people, seed=seed):
            how = {"depth": 20, "gain": gain, "lr": lr, "seed": seed}
            return chapter.trained(loss, people, **how).error

        assert end(squared, 1.0, 0.003) < 1 and end(huber, 1.0, 0.003) < 1
        assert end(squared, 1.3, 0.001) == math.inf
        assert 1 < end(huber, 1.3, 0.001) < math.inf
        for lr in (0.01, 0.001, 0.0001):
            assert end(huber, 2.0, lr) > 0.98


def test_a_wrong_input_is_not_bounded():
    for seed in range(3):
        people = patients(0.0, seed, F64)
        for loss, growth in ((squared, 100), (huber, 10), (absolute, 10), (log_cosh, 10)):
            small, large = (
                chapter.wrong_input(loss, people, size, seed=seed) for size in (1e4, 1e5)
            )
            assert large / small == pytest.approx(growth, rel=0.1)


def test_cross_entropy_has_a_bounded_slope():
    """Also where the answers are huge: the norm of the error signal is at most √2 per sample."""
    x = 1e3 * torch.randn(20, 64, generator=torch.Generator().manual_seed(0), dtype=F64)
    outputs = three_nets(dtype=F64)["exploding"](x).detach().requires_grad_()
    value = F.cross_entropy(outputs, torch.arange(20) % 10, reduction="sum")
    (slope,) = torch.autograd.grad(value, outputs)
    assert slope.norm(dim=1).max() <= math.sqrt(2) + 1e-12
    assert slope.norm(dim=1).max() > 1.3


def test_the_figures_are_drawn():
    first, second = slopes(LOSSES).figure.axes
    ends = {line.get_label(): line.get_ydata()[-1] for line in first.lines}
    assert ends["squared"] == 6.0 and ends["Huber"] == ends["absolute"] == 1.0
    assert ends["log-cosh"] == pytest.approx(math.tanh(3.0))
    middle = {line.get_label(): line.get_ydata()[300] for line in second.lines}
    assert (middle["squared"], middle["Huber"], middle["absolute"]) == (2.0, 1.0, 0.0)
    figure, alt = both_ways("vanishing")
    assert len(figure.axes) == 2 and "vanishing net" in alt

"""The threshold: adaptive clipping, Adam's memory, the bias, percentiles, against plain loops."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from lessons.fixes.clip_threshold import (
    adam_steps,
    adaptive_clip,
    expected_after_clipping,
    norm_percentiles,
    recording,
)
from lessons.fixes.clipping import clip_by_value
from tests.fixes.parameters import INF, NAN, normal, with_gradients


@pytest.mark.parametrize(
    "shape", [(6, 5), (4, 3, 3, 3), (2, 3, 4), (5,), (1,), ()], ids=lambda s: f"{len(s)}d-{s}"
)
def test_adaptive_clip_equals_its_equation_in_plain_loops(shape):
    weight, gradient = normal(shape, shape, seed=3)
    parameter = nn.Parameter(weight * torch.logspace(-6, 2, weight.numel()).reshape(shape))
    parameter.grad = gradient.clone()
    factor, eps = 0.1, 1e-3
    rows = zip(parameter, gradient, strict=True) if len(shape) > 1 else [(parameter, gradient)]
    expected = []
    for w, g in rows:
        w_norm = math.sqrt(sum(x * x for x in w.flatten().tolist()))
        g_norm = math.sqrt(sum(x * x for x in g.flatten().tolist()))
        limit = factor * max(w_norm, eps)
        expected += [x * (limit / g_norm if g_norm > limit else 1.0) for x in g.flatten().tolist()]
    norm = adaptive_clip(parameter, factor, eps)
    torch.testing.assert_close(
        parameter.grad.flatten(), torch.tensor(expected, dtype=torch.float64), rtol=1e-14, atol=0
    )
    assert norm.item() == pytest.approx(gradient.norm().item())


def test_adaptive_clip_ignores_the_scale_that_weights_and_gradients_share():
    weight, gradient = normal((6, 5), (6, 5))
    results = []
    for scale in (1.0, 1e6):
        parameter = nn.Parameter(weight * scale)
        parameter.grad = gradient * scale
        adaptive_clip(parameter, 0.1)
        results.append(parameter.grad / scale)
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("norm", [1.0, 1e-3, 1e-4, 1e-6])
def test_adaptive_clip_keeps_its_promise_down_to_epsilon(norm):
    lr, factor, eps = 0.1, 0.01, 1e-3
    (w,) = with_gradients(*normal((4, 3)))
    with torch.no_grad():
        w.mul_(norm / w.norm(dim=1, keepdim=True))
    adaptive_clip(w, factor, eps)
    change = lr * w.grad.norm(dim=1) / w.detach().norm(dim=1)
    assert change.max().item() == pytest.approx(lr * factor * max(1.0, eps / norm))


def test_a_bias_at_zero_may_move_by_the_ratio_times_epsilon():
    bias = nn.Parameter(torch.zeros(5))
    bias.grad = torch.ones(5)
    adaptive_clip(bias, 0.01)
    assert bias.grad.norm().item() == pytest.approx(0.01 * 1e-3)


# --- Adam ------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [INF, 2.0, 0.3])
def test_adam_steps_are_torchs(limit):
    generator = torch.Generator().manual_seed(0)
    gradients = torch.randn(80, generator=generator, dtype=torch.float64)
    gradients[20] = 500.0
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer, lengths = torch.optim.Adam([weight], lr=1.0), []
    for gradient in gradients:
        before, weight.grad = weight.item(), gradient.reshape(1).clone()
        clip_by_value(weight, limit)
        optimizer.step()
        lengths.append(abs(weight.item() - before))
    np.testing.assert_allclose(adam_steps(gradients.tolist(), limit), lengths, rtol=1e-9)


@pytest.mark.parametrize("factor", [1e-4, 1.0, 1e6])
def test_a_constant_factor_drops_out_of_adam_far_from_its_epsilon(factor):
    gradients = np.random.default_rng(0).normal(size=40)
    np.testing.assert_allclose(adam_steps(factor * gradients), adam_steps(gradients), rtol=5e-3)


def test_adam_slows_down_where_gradients_come_near_its_epsilon():
    # A constant gradient g gives g / (g + eps) of a step.
    for gradient in (1e-7, 1e-8, 1e-9):
        expected = gradient / (gradient + 1e-8)
        assert adam_steps([gradient] * 30)[-1] == pytest.approx(expected)
    assert adam_steps([1e-9] * 30)[-1] == pytest.approx(0.09, abs=0.001)
    assert adam_steps([0.0, 0.0], eps=0).tolist() == [0.0, 0.0]


def test_an_accident_stays_in_adams_memory_unless_it_is_cut():
    gradients = np.ones(8000)
    gradients[10] = 1000.0
    free, cut = adam_steps(gradients), adam_steps(gradients, max_norm=2.0)
    assert free[50:600].max() < 0.05
    assert cut.min() > 0.9
    half = 10 + math.log(1000 / 3) / 0.001  # until 1000 * 0.999 ** k is 3
    assert np.flatnonzero(free[50:] > 0.5)[0] + 50 == pytest.approx(half, rel=0.01)


def test_momentum_makes_a_step_of_cut_gradients_up_to_ten_times_as_long():
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    for _ in range(300):
        before, weight.grad = weight.item(), torch.full((1,), 7.0, dtype=torch.float64)
        clip_by_value(weight, 0.5)
        optimizer.step()
    assert abs(weight.item() - before) == pytest.approx(0.1 * 0.5 / (1 - 0.9))


# --- the average and the percentiles ---------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7])
def test_the_mean_of_clipped_batches_equals_the_mean_over_all_batches(size):
    rare, common, share, limit = 10.0, -1.0, 0.2, 1.0
    expected = 0.0
    for batch in itertools.product([rare, common], repeat=size):
        (w,) = with_gradients(torch.tensor([sum(batch) / size], dtype=torch.float64))
        clip_by_value(w, limit)
        chance = math.prod(share if sample == rare else 1 - share for sample in batch)
        expected += chance * w.grad.item()
    mean = expected_after_clipping(rare, common, share, size, limit)
    assert mean == pytest.approx(expected, abs=1e-12)
    unclipped = expected_after_clipping(rare, common, share, size, INF)
    assert unclipped == pytest.approx(share * rare + (1 - share) * common)


def test_clipping_single_samples_can_turn_the_average_step_around():
    assert expected_after_clipping(10.0, -1.0, 0.2, 1, 1.0) == pytest.approx(-0.6)
    assert expected_after_clipping(10.0, -1.0, 0.2, 1000, 1.0) == pytest.approx(1.0, abs=0.02)


def test_percentiles_clip_the_share_they_say():
    norms = [float(i) for i in range(1, 1001)]
    table = norm_percentiles([*norms, INF, NAN], percentiles=[50, 90, 99])
    assert (table.steps, table.nonfinite) == (1000, 2)
    for percentile, threshold in zip(table.percentiles, table.thresholds, strict=True):
        assert sum(norm > threshold for norm in norms) == pytest.approx(1000 - 10 * percentile)
    assert "90 %" in str(table) and ">90 %</th>" in table._repr_html_()
    assert norm_percentiles([torch.tensor(2.0)]).thresholds == (2.0,) * 5


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda w: adaptive_clip(w, eps=0), ValueError, "eps=0.0 .* above 0"),
        (lambda w: norm_percentiles([]), ValueError, "norms has 0 elements"),
        (lambda w: norm_percentiles([NAN]), ValueError, "none finite"),
        (lambda w: norm_percentiles([-1.0]), ValueError, "element -1"),
        (lambda w: norm_percentiles([1.0], [101]), ValueError, "percentiles=101.0"),
        (lambda w: norm_percentiles([1.0], 50), TypeError, "percentiles=50"),
        (lambda w: expected_after_clipping(1, 0, 1.5, 1, 1), ValueError, "share=1.5"),
        (lambda w: expected_after_clipping(1, 0, 0.5, 0, 1), ValueError, "batch_size=0"),
        (lambda w: adam_steps([1.0, NAN]), ValueError, r"gradients\[1\]=nan"),
        (lambda w: adam_steps([1.0], 0), ValueError, "max_norm=0.0"),
        (lambda w: adam_steps([1.0], betas=(0.9, 1.0)), ValueError, "betas=.* below 1"),
        (lambda w: recording(3, []), TypeError, "clip=3 is a int"),
        (lambda w: recording(clip_by_value, ()), TypeError, r"norms=\(\) is a tuple"),
    ],
)
def test_errors_name_argument_value_and_expectation(call, error, message):
    (w,) = with_gradients(torch.tensor([3.0, 4.0]))
    with pytest.raises(error, match=message):
        call(w)
    assert w.grad.tolist() == [3.0, 4.0]

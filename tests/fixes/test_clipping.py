"""Clipping against closed forms and properties, in float64."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lessons.data import digits
from lessons.fixes.clipping import (
    clip_by_global_norm,
    clip_by_infinity_norm,
    clip_by_value,
    clip_per_layer,
    compare,
)
from lessons.gradients import direction_cosine, gradient_vector
from lessons.measure import loss_gradients
from lessons.networks import mlp
from tests.fixes.parameters import (
    INF,
    METHODS,
    NAN,
    clipped,
    from_lists,
    grads,
    normal,
    thresholds,
    vectors,
    with_gradients,
)


def test_three_four_becomes_point_six_point_eight():
    (w,) = with_gradients(torch.tensor([3.0, 4.0], dtype=torch.float64))
    assert clip_by_global_norm(w, 1.0) == 5.0
    torch.testing.assert_close(
        w.grad, torch.tensor([0.6, 0.8], dtype=torch.float64), atol=1e-6, rtol=0
    )
    assert w.grad.norm() < 1.0  # torch's 1e-6 leaves it just below


def test_the_two_readings_of_the_infinity_norm_differ():
    gradient = torch.tensor([4.0, -1.0, 0.5], dtype=torch.float64)
    (rescaled,), (clamped,) = with_gradients(gradient), with_gradients(gradient)
    assert clip_by_infinity_norm(rescaled, 1.0, how="rescale") == 4.0
    assert clip_by_infinity_norm(clamped, 1.0, how="clamp") == 4.0
    torch.testing.assert_close(rescaled.grad, gradient / 4, atol=1e-6, rtol=0)
    assert clamped.grad.tolist() == [1.0, -1.0, 0.5]
    assert direction_cosine(gradient, rescaled.grad) == pytest.approx(1.0, abs=1e-15)
    expected = (4 + 1 + 0.25) / math.sqrt((16 + 1 + 0.25) * (1 + 1 + 0.25))
    assert direction_cosine(gradient, clamped.grad) == pytest.approx(expected, abs=1e-15)


def test_value_clipping_to_one_rms_of_a_gaussian_has_the_cosine_of_the_integral():
    # E[x clamp(x)] = P(|x| < 1), by Stein's lemma; E[clamp(x)^2] from the same integrals.
    inside = math.erf(1 / math.sqrt(2))
    density = math.exp(-0.5) / math.sqrt(2 * math.pi)
    square = inside - 2 * density + (1 - inside)
    (gradient,) = normal((400_000,))
    (w,) = with_gradients(gradient)
    clip_by_value(w, gradient.square().mean().sqrt().item())
    cosine = direction_cosine(gradient, w.grad)
    assert cosine == pytest.approx(inside / math.sqrt(square), abs=2e-3)
    assert round(cosine, 2) == 0.95


def test_value_clipping_of_two_scales_has_the_cosine_of_the_integral():
    # A share p of the elements has standard deviation s, the others 1; the threshold is the rms.
    p, s = 0.01, 100.0
    limit = math.sqrt(p * s**2 + 1 - p)

    def moments(deviation):  # E[x clamp(x)] and E[clamp(x)^2] of a Gaussian
        t = limit / deviation
        inside, density = math.erf(t / math.sqrt(2)), math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
        square = inside - 2 * t * density + t * t * (1 - inside)
        return deviation**2 * inside, deviation**2 * square

    product, square = (
        p * large + (1 - p) * small for large, small in zip(moments(s), moments(1.0), strict=True)
    )
    (gradient,) = normal((400_000,))
    gradient[:4000] *= s
    (w,) = with_gradients(gradient)
    clip_by_value(w, gradient.square().mean().sqrt().item())
    cosine = direction_cosine(gradient, w.grad)
    assert cosine == pytest.approx(product / (limit * math.sqrt(square)), abs=5e-3)


@given(vectors, thresholds)
def test_the_threshold_holds(lists, threshold):
    allowed = threshold * (1 + 1e-12)
    assert clipped(clip_by_global_norm, lists, threshold)[1].norm() <= allowed
    assert clipped(clip_by_value, lists, threshold)[1].abs().max() <= threshold
    assert clipped(clip_by_infinity_norm, lists, threshold)[1].abs().max() <= allowed
    parameters = from_lists(lists)
    clip_per_layer(parameters, threshold)
    assert all(g.norm() <= allowed for g in grads(parameters))


@given(vectors, thresholds)
def test_rescaling_keeps_the_direction_and_short_gradients(lists, threshold):
    for clip, order in ((clip_by_global_norm, 2), (clip_by_infinity_norm, INF)):
        before, after = clipped(clip, lists, threshold)
        if torch.linalg.vector_norm(before, order) <= threshold - 1e-6:
            assert torch.equal(before, after)
        if before.norm() > 1e-100:
            assert direction_cosine(before, after) == pytest.approx(1.0, abs=1e-12)


@given(vectors, thresholds)
def test_clamping_twice_is_clamping_once(lists, threshold):
    _, once = clipped(clip_by_value, lists, threshold)
    _, twice = clipped(clip_by_value, [once.tolist()], threshold)
    assert torch.equal(once, twice)


@given(vectors)
def test_a_tiny_clip_value_gives_the_sign_and_its_cosine_is_at_least_one_over_root_n(lists):
    flat = [x for values in lists for x in values if abs(x) > 1e-3]
    if not flat:
        return
    before, after = clipped(clip_by_value, [flat], 1e-3)
    assert torch.equal(after, 1e-3 * before.sign())
    cosine = direction_cosine(before, after)
    l1, l2 = before.abs().sum().item(), before.norm().item()
    assert cosine == pytest.approx(l1 / (l2 * math.sqrt(len(flat))), rel=1e-12)
    assert cosine >= 1 / math.sqrt(len(flat)) - 1e-12


@given(vectors, thresholds, st.floats(1e-3, 1e3))
def test_scaling_gradient_and_threshold_together_scales_the_result(lists, threshold, scale):
    scaled = [[scale * x for x in values] for values in lists]
    _, a = clipped(clip_by_value, lists, threshold)
    _, b = clipped(clip_by_value, scaled, scale * threshold)
    torch.testing.assert_close(scale * a, b, rtol=1e-12, atol=0)


def test_compare_measures_each_cut_and_leaves_the_gradient_as_it_was():
    data, net = digits(dtype=torch.float64), mlp(20, gain=1.5, dtype=torch.float64)
    by_layer = loss_gradients(net, data.train_x[:100], data.train_y[:100])
    before = gradient_vector(net.parameters())
    effects = compare(net, METHODS)
    assert torch.equal(gradient_vector(net.parameters()), before)
    for name, effect in effects.items():
        assert effect.norm_before == pytest.approx(before.norm().item())
        assert effect.norm_after < effect.norm_before
        assert (effect.cosine > 1 - 1e-12) == (name in {"global", "global inf", "rescale"})
    ratio = effects["global"].norm_after / before.norm().item()
    assert effects["global"].by_layer == pytest.approx({k: ratio * v for k, v in by_layer.items()})

    def fails(parameters):
        clip_by_value(parameters, 1e-3)
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        compare(net, {"fails": fails})
    assert torch.equal(gradient_vector(net.parameters()), before)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda w: clip_by_global_norm(w, 1.0, "fro"), ValueError, "norm_type='fro' is unknown"),
        (lambda w: clip_by_global_norm(w, 1.0, 0), ValueError, "norm_type=0.0 .* at least 1"),
        (lambda w: clip_by_global_norm(w, 1.0, NAN), ValueError, "norm_type=nan"),
        (lambda w: clip_by_global_norm(w, 1.0, None), TypeError, "norm_type=None is a NoneType"),
        (lambda w: clip_by_global_norm(w, 1.0, foreach="yes"), TypeError, "foreach='yes'"),
        (lambda w: clip_by_infinity_norm(w, 1.0, "scale"), ValueError, "mean 'rescale'"),
        (lambda w: clip_by_value(w, 1.0, foreach=2), TypeError, "foreach=2"),
        (lambda w: compare(nn.Linear(2, 1), {"a": 1}), TypeError, "clips={'a': 1}"),
        (lambda w: compare(nn.Linear(2, 1), {}), ValueError, "model has no gradients"),
    ],
)
def test_errors_name_argument_value_and_expectation(call, error, message):
    (w,) = with_gradients(torch.tensor([3.0, 4.0]))
    with pytest.raises(error, match=message):
        call(w)
    assert w.grad.tolist() == [3.0, 4.0]

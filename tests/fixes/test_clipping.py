"""Clipping against torch's own functions, closed forms and plain loops, in float64."""

import itertools
import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from lessons.data import digits
from lessons.fixes.clip_threshold import (
    adaptive_clip,
    expected_after_clipping,
    norm_percentiles,
    recording,
)
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
from lessons.training import train

INF, NAN = math.inf, math.nan
METHODS = {
    "global": partial(clip_by_global_norm, max_norm=1.0),
    "global inf": partial(clip_by_global_norm, max_norm=1.0, norm_type="inf"),
    "value": partial(clip_by_value, clip_value=1.0),
    "rescale": partial(clip_by_infinity_norm, max_norm=1.0, how="rescale"),
    "clamp": partial(clip_by_infinity_norm, max_norm=1.0, how="clamp"),
    "layer": partial(clip_per_layer, max_norm=1.0),
    "adaptive": partial(adaptive_clip, clip_factor=0.01),
}
every_method = pytest.mark.parametrize("clip", METHODS.values(), ids=METHODS.keys())
foreach_or_not = pytest.mark.parametrize("foreach", [None, True, False])


def with_gradients(*gradients):
    """Parameters of ones whose gradients are copies of these; None gives one without."""
    parameters = []
    for gradient in gradients:
        shape = (2,) if gradient is None else gradient.shape
        dtype = torch.float64 if gradient is None else gradient.dtype
        parameter = nn.Parameter(torch.ones(shape, dtype=dtype))
        parameter.grad = None if gradient is None else gradient.clone()
        parameters.append(parameter)
    return parameters


def normal(*shapes, scale=1.0, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return [
        scale * torch.randn(s, generator=generator, dtype=torch.float64).to(dtype) for s in shapes
    ]


def grads(parameters):
    return [parameter.grad for parameter in parameters]


def assert_same(ours, theirs, exact=True):
    for a, b in zip(grads(ours), grads(theirs), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(
                a, b, equal_nan=True, **({"rtol": 0, "atol": 0} if exact else {})
            )


SHAPES = [(), (1,), (7,), (3, 5), (4, 2, 3, 3), (0,), (0, 4)]


# --- the same as torch -----------------------------------------------------------------------


@foreach_or_not
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("max_norm", [1e-3, 1.0, 10.0, 1e6, INF])
@pytest.mark.parametrize("norm_type", [1, 2, 2.0, 3.5])
def test_global_norm_is_torchs_to_the_last_bit(foreach, dtype, max_norm, norm_type):
    gradients = [*normal(*SHAPES, scale=3.0, dtype=dtype), None]
    ours, theirs = with_gradients(*gradients), with_gradients(*gradients)
    norm = clip_by_global_norm(ours, max_norm, norm_type, foreach=foreach)
    expected = clip_grad_norm_(theirs, max_norm, norm_type, foreach=foreach)
    assert norm == expected and norm.dtype == expected.dtype
    assert_same(ours, theirs)


@foreach_or_not
@pytest.mark.parametrize("norm_type", [INF, "inf"])
def test_infinity_norm_rescaling_is_torchs(foreach, norm_type):
    gradients = normal((3, 5), (7,), scale=3.0)
    ours, theirs = with_gradients(*gradients), with_gradients(*gradients)
    norm = clip_by_global_norm(ours, 1.0, norm_type, foreach=foreach)
    assert norm == clip_grad_norm_(theirs, 1.0, norm_type, foreach=foreach)
    assert_same(ours, theirs)
    again = with_gradients(*gradients)
    assert clip_by_infinity_norm(again, 1.0, foreach=foreach) == norm
    assert_same(again, theirs)


@foreach_or_not
@pytest.mark.parametrize("clip_value", [1e-3, 1.0, 1e6, INF])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_value_is_torchs_to_the_last_bit(foreach, clip_value, dtype):
    gradients = [*normal(*SHAPES, scale=3.0, dtype=dtype), None]
    ours, theirs = with_gradients(*gradients), with_gradients(*gradients)
    norm = clip_by_value(ours, clip_value, foreach=foreach)
    clip_grad_value_(theirs, clip_value, foreach=foreach)
    assert_same(ours, theirs)
    assert norm == clip_grad_norm_(with_gradients(*gradients), INF)
    clamped = with_gradients(*gradients)
    largest = clip_by_infinity_norm(clamped, clip_value, how="clamp", foreach=foreach)
    assert_same(clamped, theirs)
    assert largest == max(g.abs().max() for g in gradients if g is not None and g.numel())


@foreach_or_not
def test_mixed_dtypes_are_treated_as_torch_treats_them(foreach):
    gradients = [
        *normal((3, 5), (2,), scale=9.0),
        *normal((4,), (2, 2), scale=9.0, dtype=torch.float32),
        *normal((6,), scale=9.0, dtype=torch.bfloat16),
    ]
    ours, theirs = with_gradients(*gradients), with_gradients(*gradients)
    norm = clip_by_global_norm(ours, 1.0, foreach=foreach)
    torch.testing.assert_close(norm, clip_grad_norm_(theirs, 1.0, foreach=foreach))
    assert_same(ours, theirs, exact=False)
    assert [g.dtype for g in grads(ours)] == [g.dtype for g in gradients]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@foreach_or_not
def test_mixed_devices_are_treated_as_torch_treats_them(foreach):
    gradients = normal((3, 5), (2,), (4, 4), scale=9.0)
    ours, theirs = with_gradients(*gradients), with_gradients(*gradients)
    for parameters in (ours, theirs):
        parameters[1] = nn.Parameter(parameters[1].detach().cuda())
        parameters[1].grad = gradients[1].cuda()
    norm = clip_by_global_norm(ours, 1.0, foreach=foreach)
    torch.testing.assert_close(norm, clip_grad_norm_(theirs, 1.0, foreach=foreach))
    assert_same(ours, theirs, exact=False)


@foreach_or_not
@pytest.mark.parametrize("bad", [INF, -INF, NAN])
def test_nan_and_inf_spread_as_in_torch(foreach, bad):
    gradients = [torch.tensor([3.0, bad]), torch.tensor([[1.0]])]
    ours, theirs = with_gradients(*gradients), with_gradients(*gradients)
    norm = clip_by_global_norm(ours, 1.0, foreach=foreach)
    expected = clip_grad_norm_(theirs, 1.0, foreach=foreach)
    torch.testing.assert_close(norm, expected, equal_nan=True)
    assert_same(ours, theirs)
    ours, theirs = with_gradients(*gradients), with_gradients(*gradients)
    clip_by_value(ours, 1.0, foreach=foreach)
    clip_grad_value_(theirs, 1.0, foreach=foreach)
    assert_same(ours, theirs)


def test_one_infinite_element_gives_zeros_and_nan():
    w, b = with_gradients(torch.tensor([3.0, INF]), torch.tensor([1.0]))
    assert clip_by_global_norm([w, b], 1.0) == INF
    assert w.grad[0] == 0 and w.grad[1].isnan() and b.grad == 0


def test_finite_float32_elements_with_an_infinite_norm_become_zero_as_in_torch():
    (ours,), (theirs,) = (with_gradients(torch.full((2,), 1e30)) for _ in range(2))
    assert clip_by_global_norm(ours, 1.0) == clip_grad_norm_(theirs, 1.0) == INF
    assert_same([ours], [theirs])
    assert (ours.grad == 0).all()


@every_method
@pytest.mark.parametrize("bad", [INF, NAN])
def test_error_if_nonfinite_raises_before_anything_is_changed(clip, bad):
    parameters = with_gradients(*normal((3, 5), scale=9.0), torch.tensor([2.0, bad]))
    before = [g.clone() for g in grads(parameters)]
    with pytest.raises(RuntimeError, match="expected a finite number"):
        clip(parameters, error_if_nonfinite=True)
    for kept, now in zip(before, grads(parameters), strict=True):
        torch.testing.assert_close(now, kept, rtol=0, atol=0, equal_nan=True)
    with pytest.raises(RuntimeError, match="non-finite"):
        clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)


def test_every_tensor_alone_is_torchs_global_norm_of_that_tensor():
    gradients = normal((3, 5), (7,), (2, 2, 2), scale=2.0)
    ours, theirs = with_gradients(*gradients), with_gradients(*gradients)
    clip_per_layer(ours, 1.0)
    for parameter in theirs:
        clip_grad_norm_(parameter, 1.0)
    assert_same(ours, theirs)


# --- shapes of the argument ------------------------------------------------------------------


@every_method
def test_tensor_list_and_generator_are_the_same(clip):
    (gradient,) = normal((4, 3), scale=5.0)
    results = []
    for wrap in (lambda p: p[0], list, tuple, iter, lambda p: (q for q in p)):
        parameters = with_gradients(gradient)
        norm = clip(wrap(parameters))
        assert isinstance(norm, torch.Tensor) and norm.ndim == 0
        results.append((norm, parameters))
    for norm, parameters in results[1:]:
        assert norm == results[0][0]
        assert_same(parameters, results[0][1])


@every_method
def test_nothing_to_clip(clip):
    assert clip([]) == 0
    assert clip(with_gradients(None, None)) == 0
    assert clip(with_gradients(torch.zeros(0))) == 0
    with pytest.warns(UserWarning, match="empty generator"):
        assert clip(p for p in []) == 0


@every_method
def test_zero_gradients_stay_zero(clip):
    parameters = with_gradients(torch.zeros(3, 2), torch.zeros(4))
    assert clip(parameters) == 0
    assert (gradient_vector(parameters) == 0).all()


@every_method
def test_a_gradient_that_carries_a_graph_can_be_clipped(clip):
    w = nn.Parameter(torch.tensor([[3.0, 4.0]]))
    (w.grad,) = torch.autograd.grad((w**3).sum(), w, create_graph=True)
    assert w.grad.requires_grad
    assert clip(w) > 1
    assert w.grad.norm() < 48


@every_method
def test_the_method_fits_the_training_loop(clip):
    data, norms = digits(), []
    history = train(
        mlp(3, width=16), data.train_x, data.train_y, steps=20, clip=recording(clip, norms)
    )
    assert history.stopped_at is None
    assert len(norms) == 20 and all(math.isfinite(norm) for norm in norms)


# --- closed forms ----------------------------------------------------------------------------


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


# --- properties ------------------------------------------------------------------------------

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
vectors = st.lists(st.lists(numbers, min_size=1, max_size=5), min_size=1, max_size=4)
thresholds = st.floats(1e-3, 1e3)


def from_lists(lists):
    return with_gradients(*(torch.tensor(values, dtype=torch.float64) for values in lists))


def clipped(clip, lists, *threshold):
    parameters = from_lists(lists)
    before = gradient_vector(parameters)
    clip(parameters, *threshold)
    return before, gradient_vector(parameters)


@given(vectors, thresholds)
@settings(deadline=None, derandomize=True)
def test_no_method_lets_a_norm_or_an_element_grow(lists, threshold):
    for clip in (
        clip_by_global_norm,
        clip_by_value,
        clip_by_infinity_norm,
        partial(clip_by_infinity_norm, how="clamp"),
        clip_per_layer,
        adaptive_clip,
    ):
        before, after = clipped(clip, lists, threshold)
        assert (after.abs() <= before.abs()).all()
        assert (after * before >= 0).all()


@given(vectors, thresholds)
@settings(deadline=None, derandomize=True)
def test_the_threshold_holds(lists, threshold):
    allowed = threshold * (1 + 1e-12)
    assert clipped(clip_by_global_norm, lists, threshold)[1].norm() <= allowed
    assert clipped(clip_by_value, lists, threshold)[1].abs().max() <= threshold
    assert clipped(clip_by_infinity_norm, lists, threshold)[1].abs().max() <= allowed
    parameters = from_lists(lists)
    clip_per_layer(parameters, threshold)
    assert all(g.norm() <= allowed for g in grads(parameters))


@given(vectors, thresholds)
@settings(deadline=None, derandomize=True)
def test_rescaling_keeps_the_direction_and_short_gradients(lists, threshold):
    for clip, order in ((clip_by_global_norm, 2), (clip_by_infinity_norm, INF)):
        before, after = clipped(clip, lists, threshold)
        if torch.linalg.vector_norm(before, order) <= threshold - 1e-6:
            assert torch.equal(before, after)
        if before.norm() > 1e-100:
            assert direction_cosine(before, after) == pytest.approx(1.0, abs=1e-12)


@given(vectors, thresholds)
@settings(deadline=None, derandomize=True)
def test_clamping_twice_is_clamping_once(lists, threshold):
    _, once = clipped(clip_by_value, lists, threshold)
    _, twice = clipped(clip_by_value, [once.tolist()], threshold)
    assert torch.equal(once, twice)


@given(vectors)
@settings(deadline=None, derandomize=True)
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


@given(vectors, thresholds, st.randoms(use_true_random=False))
@settings(deadline=None, derandomize=True)
def test_the_order_of_the_parameters_does_not_matter(lists, threshold, random):
    order = random.sample(range(len(lists)), len(lists))
    for clip in (clip_by_global_norm, clip_by_value, clip_per_layer, adaptive_clip):
        straight, shuffled = from_lists(lists), from_lists(lists)
        norm = clip(straight, threshold)
        other = clip([shuffled[i] for i in order], threshold)
        torch.testing.assert_close(norm, other, rtol=1e-12, atol=0)
        for a, b in zip(straight, shuffled, strict=True):
            torch.testing.assert_close(a.grad, b.grad, rtol=1e-12, atol=0)


@given(vectors, thresholds, st.floats(1e-3, 1e3))
@settings(deadline=None, derandomize=True)
def test_scaling_gradient_and_threshold_together_scales_the_result(lists, threshold, scale):
    scaled = [[scale * x for x in values] for values in lists]
    _, a = clipped(clip_by_value, lists, threshold)
    _, b = clipped(clip_by_value, scaled, scale * threshold)
    torch.testing.assert_close(scale * a, b, rtol=1e-12, atol=0)


# --- measures --------------------------------------------------------------------------------


def test_direction_cosine_neither_overflows_nor_underflows():
    huge = torch.tensor([3e38, 3e38], dtype=torch.float32)
    assert direction_cosine(huge, torch.tensor([1e-38, 0.0])) == pytest.approx(math.sqrt(0.5))
    assert direction_cosine([1e300, 1e300], [5e-324, 5e-324]) == pytest.approx(1.0)
    assert direction_cosine([1.0, 0.0], [0.0, -2.0]) == 0.0
    assert direction_cosine([1.0, 2.0], [-1.0, -2.0]) == pytest.approx(-1.0)


@pytest.mark.parametrize("none", [[0.0, 0.0], [INF, 1.0], [NAN, 1.0]])
def test_where_there_is_no_direction_the_cosine_is_nan(none):
    assert math.isnan(direction_cosine([1.0, 2.0], none))
    assert math.isnan(direction_cosine(none, [1.0, 2.0]))
    assert math.isnan(direction_cosine([], []))


def test_gradient_vector_is_a_copy_in_float64_in_the_order_of_the_parameters():
    parameters = with_gradients(torch.tensor([[1.0, 2.0]]), None, torch.tensor(3.0))
    vector = gradient_vector(parameters)
    assert vector.dtype == torch.float64 and vector.tolist() == [1.0, 2.0, 3.0]
    vector.zero_()
    assert parameters[0].grad.sum() == 3.0
    assert gradient_vector([]).shape == (0,)


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


# --- bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [0, -1.0, NAN])
@pytest.mark.parametrize(
    "clip, name",
    [
        (clip_by_global_norm, "max_norm"),
        (clip_by_value, "clip_value"),
        (clip_by_infinity_norm, "max_norm"),
        (clip_per_layer, "max_norm"),
        (adaptive_clip, "clip_factor"),
    ],
)
def test_a_threshold_must_be_above_zero(clip, name, bad):
    parameters = with_gradients(torch.tensor([3.0, 4.0]))
    with pytest.raises(ValueError, match=f"{name}={float(bad)!r} is out of range; expected a"):
        clip(parameters, bad)
    for wrong in ("1", None, True, [1.0]):
        with pytest.raises(TypeError, match=f"{name}=.* expected a real number"):
            clip(parameters, wrong)
    assert parameters[0].grad.tolist() == [3.0, 4.0]


@every_method
def test_what_is_no_parameter_is_named_and_nothing_is_changed(clip):
    (w,) = with_gradients(torch.tensor([3.0, 4.0]))
    with pytest.raises(TypeError, match=r"parameters\[1\]='b' is a str; expected a tensor"):
        clip([w, "b"])
    with pytest.raises(TypeError, match="parameters=3 is a int; expected a tensor or an iterable"):
        clip(3)
    with pytest.raises(TypeError, match=r"Linear; expected .* model\.parameters\(\)"):
        clip(nn.Linear(2, 2))
    assert w.grad.tolist() == [3.0, 4.0]


@every_method
def test_a_sparse_gradient_is_refused_with_a_way_out_and_nothing_is_changed(clip):
    (w,) = with_gradients(torch.tensor([3.0, 4.0]))
    table = nn.Embedding(5, 3, sparse=True)
    table(torch.tensor([1, 1, 2])).sum().backward()
    with pytest.raises(
        TypeError, match=r"parameters\[1\]\.grad has layout torch.sparse_coo; .*dense"
    ):
        clip([w, table.weight])
    assert w.grad.tolist() == [3.0, 4.0]
    table.weight.grad = table.weight.grad.to_dense()
    assert clip([w, table.weight]) > 1


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda w: clip_by_global_norm(w, 1.0, "fro"), ValueError, "norm_type='fro' is unknown"),
        (lambda w: clip_by_global_norm(w, 1.0, 0), ValueError, "norm_type=0.0 .* at least 1"),
        (lambda w: clip_by_global_norm(w, 1.0, NAN), ValueError, "norm_type=nan"),
        (lambda w: clip_by_global_norm(w, 1.0, None), TypeError, "norm_type=None is a NoneType"),
        (lambda w: clip_by_global_norm(w, 1.0, foreach="yes"), TypeError, "foreach='yes'"),
        (lambda w: clip_by_infinity_norm(w, 1.0, "scale"), ValueError, "mean 'rescale'"),
        (lambda w: adaptive_clip(w, eps=0), ValueError, "eps=0.0 .* above 0"),
        (lambda w: clip_by_value(w, 1.0, foreach=2), TypeError, "foreach=2"),
        (lambda w: direction_cosine([1.0], [1.0, 2.0]), ValueError, r"after has shape \(2,\)"),
        (lambda w: direction_cosine("a", [1.0]), TypeError, "before is a str"),
        (lambda w: direction_cosine([1.0], None), TypeError, "after is a NoneType"),
        (lambda w: direction_cosine([1.0], torch.ones(1) * 1j), TypeError, "after is a Tensor"),
        (lambda w: norm_percentiles([]), ValueError, "norms has 0 elements"),
        (lambda w: norm_percentiles([NAN]), ValueError, "none finite"),
        (lambda w: norm_percentiles([-1.0]), ValueError, "element -1"),
        (lambda w: norm_percentiles([1.0], [101]), ValueError, "percentiles=101.0"),
        (lambda w: norm_percentiles([1.0], 50), TypeError, "percentiles=50"),
        (lambda w: compare(nn.Linear(2, 1), {"a": 1}), TypeError, "clips={'a': 1}"),
        (lambda w: compare(nn.Linear(2, 1), {}), ValueError, "model has no gradients"),
        (lambda w: expected_after_clipping(1, 0, 1.5, 1, 1), ValueError, "share=1.5"),
        (lambda w: expected_after_clipping(1, 0, 0.5, 0, 1), ValueError, "batch_size=0"),
        (lambda w: recording(3, []), TypeError, "clip=3 is a int"),
        (lambda w: recording(clip_by_value, ()), TypeError, r"norms=\(\) is a tuple"),
    ],
)
def test_errors_name_argument_value_and_expectation(call, error, message):
    (w,) = with_gradients(torch.tensor([3.0, 4.0]))
    with pytest.raises(error, match=message):
        call(w)
    assert w.grad.tolist() == [3.0, 4.0]


def test_complex_gradients_are_rescaled_as_in_torch_and_not_clamped():
    gradient = torch.tensor([3 + 4j, 1.0])
    (ours,), (theirs,) = with_gradients(gradient), with_gradients(gradient)
    assert clip_by_global_norm(ours, 1.0) == clip_grad_norm_(theirs, 1.0)
    assert_same([ours], [theirs])
    (w,), (complex_,) = with_gradients(torch.tensor([3.0])), with_gradients(gradient)
    with pytest.raises(TypeError, match="complex64; expected real numbers"):
        clip_by_value([w, complex_], 1.0)
    assert w.grad == 3.0

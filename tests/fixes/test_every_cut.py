"""What every way of clipping does: torch's arguments, nothing grows, bad input changes nothing."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import clip_grad_norm_

from lessons.data import digits
from lessons.fixes.clip_threshold import adaptive_clip, recording
from lessons.fixes.clipping import (
    clip_by_global_norm,
    clip_by_infinity_norm,
    clip_by_value,
    clip_per_layer,
)
from lessons.gradients import gradient_vector
from lessons.networks import mlp
from lessons.training import train
from tests.fixes.parameters import (
    INF,
    NAN,
    assert_same,
    clipped,
    every_method,
    from_lists,
    grads,
    normal,
    thresholds,
    vectors,
    with_gradients,
)


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


@every_method
@pytest.mark.parametrize("bad", [INF, NAN])
def test_unless_asked_for_a_bad_gradient_is_no_error(clip, bad):
    """So does torch, and figures of runs that end in nan need it."""
    norm = clip(with_gradients(torch.tensor([2.0, bad])))
    assert not torch.as_tensor(norm).isfinite()
    assert not clip_grad_norm_(with_gradients(torch.tensor([2.0, bad])), 1.0).isfinite()


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


@given(vectors, thresholds)
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


@given(vectors, thresholds, st.randoms(use_true_random=False))
def test_the_order_of_the_parameters_does_not_matter(lists, threshold, random):
    order = random.sample(range(len(lists)), len(lists))
    for clip in (clip_by_global_norm, clip_by_value, clip_per_layer, adaptive_clip):
        straight, shuffled = from_lists(lists), from_lists(lists)
        norm = clip(straight, threshold)
        other = clip([shuffled[i] for i in order], threshold)
        torch.testing.assert_close(norm, other, rtol=1e-12, atol=0)
        for a, b in zip(straight, shuffled, strict=True):
            torch.testing.assert_close(a.grad, b.grad, rtol=1e-12, atol=0)


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

"""Clipping does what torch's own functions do, to the last bit."""

import pytest
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from lessons.fixes.clipping import (
    clip_by_global_norm,
    clip_by_infinity_norm,
    clip_by_value,
    clip_per_layer,
)
from tests.fixes.parameters import (
    INF,
    NAN,
    assert_same,
    grads,
    normal,
    with_gradients,
)

foreach_or_not = pytest.mark.parametrize("foreach", [None, True, False])
SHAPES = [(), (1,), (7,), (3, 5), (4, 2, 3, 3), (0,), (0, 4)]


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


def test_every_tensor_alone_is_torchs_global_norm_of_that_tensor():
    gradients = normal((3, 5), (7,), (2, 2, 2), scale=2.0)
    ours, theirs = with_gradients(*gradients), with_gradients(*gradients)
    clip_per_layer(ours, 1.0)
    for parameter in theirs:
        clip_grad_norm_(parameter, 1.0)
    assert_same(ours, theirs)


def test_complex_gradients_are_rescaled_as_in_torch_and_not_clamped():
    gradient = torch.tensor([3 + 4j, 1.0])
    (ours,), (theirs,) = with_gradients(gradient), with_gradients(gradient)
    assert clip_by_global_norm(ours, 1.0) == clip_grad_norm_(theirs, 1.0)
    assert_same([ours], [theirs])
    (w,), (complex_,) = with_gradients(torch.tensor([3.0])), with_gradients(gradient)
    with pytest.raises(TypeError, match="complex64; expected real numbers"):
        clip_by_value([w, complex_], 1.0)
    assert w.grad == 3.0

"""Norms and samples against torch's own in float64."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.monitor.watching import measure

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def normal(*shape, scale=1.0, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (scale * torch.randn(*shape, generator=generator, dtype=torch.float64)).to(dtype)


def test_norms_of_many_kinds_at_once():
    tensors = [normal(5, 3, dtype=dtype, seed=i) for i, dtype in enumerate(DTYPES)]
    tensors += [normal(0), normal(1)[0], normal(4, 4).to_sparse()]
    got = measure.to_host(measure.norms(tensors), len(tensors)).tolist()
    true = [torch.linalg.vector_norm(t.to_dense().double()).item() for t in tensors]
    assert got == pytest.approx(true, rel=1e-6)


def test_half_precision_does_not_overflow():
    tensor = torch.full((100,), 6e4, dtype=torch.float16)
    assert measure.to_host(measure.norms([tensor]), 1).item() == pytest.approx(6e5, rel=1e-3)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_infinite(value):
    tensor = torch.ones(3)
    tensor[1] = value
    values = measure.to_host(measure.norms([tensor]), 1)
    assert measure.again_in_float64(values, [tensor]).item() == math.inf


@pytest.mark.parametrize("scale", [1e-30, 1e25])
def test_norms_beyond_the_room_of_float32_squares(scale):
    tensor = normal(10, scale=scale)
    values = measure.to_host(measure.norms([tensor]), 1)
    true = torch.linalg.vector_norm(tensor.double()).item()
    assert measure.again_in_float64(values, [tensor]).item() == pytest.approx(true, rel=1e-6)


@given(st.integers(1, 4096))
def test_a_small_tensor_is_its_own_sample(count):
    tensor = normal(count)
    assert torch.equal(measure.sample(tensor), tensor)


@pytest.mark.parametrize("shape", [(300, 300), (7, 5, 31, 33), (4097,)])
@pytest.mark.parametrize("layout", ["contiguous", "transposed", "channels last"])
def test_the_norm_of_a_sample_estimates_that_of_the_whole(shape, layout):
    tensor = normal(*shape)
    if layout == "transposed":
        tensor = tensor.T if tensor.ndim == 2 else tensor
    elif tensor.ndim == 4:
        tensor = tensor.to(memory_format=torch.channels_last)
    sample = measure.sample(tensor)
    assert sample.numel() <= measure.SAMPLED
    assert set(sample.flatten().tolist()) <= set(tensor.flatten().tolist())
    # The standard error of a norm of m normal numbers is 1 / sqrt(2 m).
    estimate = torch.linalg.vector_norm(sample) * math.sqrt(tensor.numel() / sample.numel())
    error = 5 / math.sqrt(2 * sample.numel())
    assert estimate.item() == pytest.approx(torch.linalg.vector_norm(tensor).item(), rel=error)


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=9), max_size=6), st.integers(0, 3))
def test_shares(vectors, limit):
    tensors = [torch.tensor(vector, dtype=torch.float32) for vector in vectors]
    got = measure.shares_at_most(tensors, [float(limit)] * len(tensors))
    assert got == pytest.approx(
        [sum(v <= limit for v in vector) / len(vector) for vector in vectors]
    )

"""Samples of weights before and after a step."""

import pytest
import torch

from lessons.monitor.watching import measure
from lessons.monitor.watching.samples import Samples
from tests.monitor.watching.test_measure import normal


def norms(samples, blocks, count):
    return (measure.to_host(samples.norms(blocks), count) * samples.scales).tolist()


def kinds():
    """Small and large, of several dtypes, with gaps in memory, transposed and channels last."""
    return [
        normal(50, 50),
        normal(200, 200, seed=1),
        normal(8, 8, dtype=torch.bfloat16, seed=2),
        normal(90, 90, seed=3)[::2],
        normal(90, 70, seed=4).T,
        normal(8, 16, 9, 9, seed=5).to(memory_format=torch.channels_last),
        normal(200, 200, seed=6),
        normal(30, 40, seed=7).T,
    ]


def test_norms_of_weights_and_of_changes():
    tensors = kinds()
    samples = Samples(tensors)
    before = samples.copy()
    true = [torch.linalg.vector_norm(tensor.double()).item() for tensor in tensors]
    assert norms(samples, before, len(tensors)) == pytest.approx(true, rel=0.06)
    for tensor in tensors:
        tensor += 0.5
    got = norms(samples, samples.change(before), len(tensors))
    true = [0.5 * tensor.numel() ** 0.5 for tensor in tensors]
    assert got == pytest.approx(true, rel=1e-2)
    assert got[:2] == pytest.approx(true[:2], rel=1e-4)


def test_the_copy_does_not_follow():
    tensors = [torch.zeros(100, 100), torch.zeros(2, 2)]
    samples = Samples(tensors)
    before = samples.copy()
    tensors[0].fill_(3.0)
    assert all(block.count_nonzero() == 0 for block in before)


def test_a_tensor_that_moves_to_other_memory_is_followed():
    tensor = torch.nn.Parameter(torch.zeros(100, 100))
    samples = Samples([tensor])
    with torch.no_grad():
        before = samples.copy()
        tensor.data = torch.ones(100, 100)
        assert norms(samples, samples.change(before), 1) == pytest.approx([100.0])
        tensor.data = torch.ones(2, 2)  # nothing to compare with
        assert samples.norms(samples.change(before)) == []


def test_nothing():
    samples = Samples([])
    assert samples.norms(samples.change(samples.copy())) == []

"""Norms of lists of tensors."""

import torch
from otter.test_files import test_case

name = "q1"
points = None
SECRET = "the-hidden-tests-were-here"


@test_case(points=1, hidden=False, failure_message="The norm of (3, 4) is 5.")
def test_example(norm):
    assert norm([torch.tensor([3.0]), torch.tensor([4.0])]) == 5.0


@test_case(points=2, hidden=True, failure_message="Try tensors of several shapes.")
def test_random(norm, _seed):
    generator = torch.Generator().manual_seed(_seed)
    for size in (1, 7, 30):
        tensors = [torch.randn(size, 2, generator=generator) for _ in range(3)]
        value = norm(tensors)
        assert type(value) is float
        expected = torch.cat([tensor.flatten() for tensor in tensors]).norm()
        assert abs(value - float(expected)) <= 1e-5 * float(expected)


@test_case(points=1, hidden=True)
def test_refusal(norm):
    try:
        norm([])
    except ValueError:
        return
    raise AssertionError("an empty list has no norm")

"""A tensor, a number, and who wrote it."""

import torch
from otter.test_files import test_case

name = "q2"
points = None


@test_case(points=1, hidden=True, failure_message="half(x) is x / 2.")
def test_half(half):
    x = torch.tensor([1.0, -3.0], dtype=torch.float64)
    torch.testing.assert_close(half(x), x / 2, rtol=0, atol=0)


@test_case(points=1, hidden=False)
def test_threshold(threshold, _student):
    assert threshold == 0.5, f"{_student}: threshold is {threshold!r}"

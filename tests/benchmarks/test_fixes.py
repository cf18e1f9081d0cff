"""The benchmark of the fixes: both of a pair compute the same. Nothing is timed."""

import pytest
import torch

from benchmarks import fixes

PAIRS = fixes.pairs()


def result(job):
    """Run a job once; return what it left in the tensors that it holds."""
    job()
    return [
        tensor.detach().clone() if tensor.grad is None else tensor.grad.clone()
        for cell in (getattr(job, "__closure__", None) or ())
        for tensor in (
            cell.cell_contents if isinstance(cell.cell_contents, list) else [cell.cell_contents]
        )
        if isinstance(tensor, torch.Tensor)
    ]


@pytest.mark.parametrize(
    "name", [n for n in PAIRS if n not in ("He initialization", "AdamW, one step")]
)
def test_both_of_a_pair_leave_the_same_gradient(name):
    ours, theirs = map(result, PAIRS[name])
    assert ours and len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_every_job_runs():
    found = fixes.measure(rounds=1, repeats=1)
    assert set(found) == set(PAIRS) and all(len(ratios) == 1 for ratios in found.values())


def test_the_section_shows_medians():
    text = fixes.section({"GELU": [1.0, 2.0, 4.0]})
    assert "| GELU | 2.0 | 1.5 to 3.0 |" in text and "3 rounds" in text

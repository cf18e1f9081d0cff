"""How many dead units are a sign, and how many a fault."""

import pytest
import torch

from lessons.monitor import Record, Row, findings


def record_with(field, shares, losses=None):
    """Three looks at a net whose activation modules have these shares."""
    names = ("0.weight", "1.weight")
    values = torch.tensor([1.0, 1.0, 1.0, 1e-3], dtype=torch.float64)[:, None].repeat(1, 2)
    record = Record(matrices=names)
    for step in range(3):
        found = {field: {str(place): share for place, share in enumerate(shares)}}
        record.add(Row(step, 0, names, values, **found))
    for step, loss in enumerate(losses or []):
        record.add_loss(step, loss)
    return record


def severities(record, kind):
    return [found.severity for found in findings(record) if found.kind == kind]


FALLING = [0.9**step for step in range(25)]
FLAT = [1.0] * 25


@pytest.mark.parametrize(
    ("shares", "losses", "severity"),
    [
        ([0.69, 0.5, 0.6], FLAT, []),
        ([0.75, 0.5, 0.6], FLAT, ["notice"]),  # one layer: in a deep net by chance
        ([0.75, 0.7, 0.7], FLAT, ["warning"]),  # all of the net
        ([0.75, 0.7, 0.7], None, ["warning"]),
        ([0.75, 0.7, 0.7], FALLING, ["notice"]),
        ([0.96, 0.1, 0.1], FLAT, ["error"]),  # nothing passes this layer
        ([0.96, 0.1, 0.1], None, ["error"]),
        ([0.96, 0.1, 0.1], FALLING, ["notice"]),
    ],
)
def test_dead_units(shares, losses, severity):
    assert severities(record_with("dead", shares, losses), "dead_units") == severity


@pytest.mark.parametrize(
    ("shares", "losses", "severity"),
    [
        ([0.49, 0.1], FLAT, []),
        ([0.51, 0.1], FLAT, ["warning"]),
        ([0.51, 0.1], FALLING, ["warning"]),
        ([0.96, 0.1], FLAT, ["error"]),
        ([0.96, 0.1], FALLING, ["warning"]),
    ],
)
def test_saturated_values(shares, losses, severity):
    assert severities(record_with("saturated", shares, losses), "saturated") == severity

"""Fading and exploding over the time steps: limits, and one explosion that destroyed the net."""

import pytest
import torch

from lessons.monitor import Record, Row, findings

TIME = 30


def record_with(decades, ratios=(1e-3,) * 6, exploding=range(6)):
    """Looks at a recurrent net; between the thirds of its 30 time steps lie so many decades."""
    names, record = ("weight_ih", "weight_hh"), Record(matrices=("weight_ih", "weight_hh"))
    for step, ratio in enumerate(ratios):
        slope = decades / 20 if step in exploding else 0.0  # medians at 4.5 and 24.5
        norms = [10 ** (slope * t) for t in range(TIME)]
        values = torch.tensor([1.0, 1.0, 1.0, ratio], dtype=torch.float64)[:, None].repeat(1, 2)
        record.add(Row(step, 0, names, values, times={"rnn": (list(range(TIME)), norms)}))
    return record


def kinds(record):
    return [(found.severity, found.kind) for found in findings(record)]


@pytest.mark.parametrize(
    ("decades", "found"),
    [
        (2.9, []),
        (3.1, [("warning", "vanishing_through_time")]),
        (-1.1, []),
        (-1.3, [("warning", "exploding_through_time")]),
    ],
)
def test_the_limits_hold_between_the_thirds(decades, found):
    assert kinds(record_with(decades)) == found


def test_one_explosion_is_enough_if_its_step_destroyed_the_weights():
    once = record_with(-4, (50.0, *(1e-3,) * 5), exploding=(0,))
    assert kinds(once) == [("warning", "exploding_through_time")]
    assert findings(once)[0].since_step == 0
    harmless = record_with(-4, (0.01, *(1e-3,) * 5), exploding=(0,))
    assert kinds(harmless) == []


@pytest.mark.parametrize(
    ("decades", "slope", "found"),
    [
        (3.1, 0.04, ("notice", "vanishing_through_time")),  # a task may need no memory
        (3.1, 0.0, ("warning", "vanishing_through_time")),
        (-1.3, 0.04, ("warning", "exploding_through_time")),
        (-1.3, 0.0, ("error", "exploding_through_time")),
    ],
)
def test_what_it_is_worth_depends_on_whether_the_loss_falls(decades, slope, found):
    record = record_with(decades)
    for step in range(25):
        record.add_loss(step, 2 - slope * step)
    assert found in kinds(record)

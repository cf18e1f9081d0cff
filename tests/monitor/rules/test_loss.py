"""The course of the loss, and what a step can make of it, against closed forms."""

import math

import pytest
import torch
from torch import nn

from lessons.monitor import Monitor, Record, Thresholds
from lessons.monitor.rules.loss import course_of_loss, has_halved, loss_trend, pull_and_reduction
from tests.monitor.nets import sgd


def record_of(losses):
    record = Record()
    for step, value in enumerate(losses):
        record.add_loss(step, value)
    return record


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
@pytest.mark.parametrize(
    ("course", "trend"),
    [
        (lambda t: math.exp(-t / 10), "falling"),
        (lambda t: 2 + math.exp(-t / 3), "fallen"),  # fits the mean, then lies still
        (lambda t: 2 - 0.0001 * t, "flat"),
        (lambda t: 2 + 0.1 * t, "rising"),
    ],
)
def test_a_loss_that_no_longer_falls_has_fallen(scale, course, trend):
    losses = [scale * course(step) for step in range(40)]
    assert loss_trend(record_of(losses), Thresholds()) == trend


@pytest.mark.parametrize(
    ("slope", "found"),
    [
        (0.1, ("diverging_loss", "error", "from 2.45 in the first quarter to 5.45 in the last")),
        (-1e-4, ("stalled_loss", "notice", "from 2 in the first quarter to 2 in the last")),
    ],
)
def test_a_rising_loss_is_an_error_and_a_flat_one_a_notice(slope, found):
    kind, severity, words = found
    (only,) = course_of_loss(record_of([2 + slope * step for step in range(40)]), Thresholds())
    assert (only.kind, only.severity) == (kind, severity)
    assert words in only.evidence


@pytest.mark.parametrize("course", [lambda t: math.exp(-t / 10), lambda t: 2 + math.exp(-t / 3)])
def test_a_loss_that_falls_or_has_fallen_is_no_finding(course):
    assert course_of_loss(record_of([course(step) for step in range(40)]), Thresholds()) == []


def test_a_loss_has_halved_only_where_enough_of_it_is_known_and_means_something():
    limits, losses = Thresholds(), [1.0] * 20 + [0.4] * 20
    assert has_halved(record_of(losses), limits)
    assert not has_halved(record_of([1.0] * 20 + [0.6] * 20), limits)
    assert not has_halved(record_of(losses[18:22]), limits)
    record = record_of(losses)
    assert loss_trend(record, limits) is not None
    record.judges_losses = False
    assert not has_halved(record, limits)
    assert loss_trend(record, limits) is None


class Square(nn.Module):
    """The loss (c w x)^2 of one weight w: its pull is 2, its reduction twice the relative step."""

    def __init__(self, scale):
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False).double()
        nn.init.constant_(self.layer.weight, 0.5)
        self.scale = scale

    def forward(self, x):
        return self.scale * self.layer(x).square().mean()


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("relative", [1e-4, 0.3])
def test_pull_and_reduction_of_a_square(scale, unit, relative):
    """Neither the scale of the loss nor the unit of the data matters."""
    model = Square(scale)
    optimizer = sgd(model, relative / (2 * scale * unit**2))  # dL/dw = 2 scale unit^2 w
    with Monitor(model, optimizer, every=1) as monitor:
        for _ in range(3):
            optimizer.zero_grad()
            loss = model(torch.tensor([[unit]], dtype=torch.float64))
            monitor.loss(loss)
            loss.backward()
            optimizer.step()
    for row, pull, reduction in pull_and_reduction(monitor.record, monitor.record.rows):
        assert row.step in (0, 1, 2)
        assert pull == pytest.approx(2, rel=1e-6)
        assert reduction == pytest.approx(2 * relative, rel=1e-6)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_losses_that_are_no_scale_are_left_out(bad):
    model = Square(1.0)
    optimizer = sgd(model, 0.1)
    with Monitor(model, optimizer, every=1) as monitor:
        for value in (bad, 1.0):
            optimizer.zero_grad()
            monitor.loss(value)
            model(torch.ones(1, 1, dtype=torch.float64)).backward()
            optimizer.step()
    assert [row.step for row, _, _ in pull_and_reduction(monitor.record, monitor.record.rows)] == [
        1
    ]


def test_a_loss_told_after_the_step_counts_for_it():
    model = Square(1.0)
    optimizer = sgd(model, 0.05)
    with Monitor(model, optimizer, every=1) as monitor:
        loss = model(torch.ones(1, 1, dtype=torch.float64))
        loss.backward()
        optimizer.step()
        monitor.loss(loss)
    ((_, pull, reduction),) = pull_and_reduction(monitor.record, monitor.record.rows)
    assert (pull, reduction) == (pytest.approx(2), pytest.approx(0.2))

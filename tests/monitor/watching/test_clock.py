"""The budget, on a clock that the test moves."""

import pytest

from lessons.monitor import Monitor
from lessons.monitor.watching import clock
from lessons.monitor.watching.clock import Budget, following
from tests.monitor.nets import batches, plain, sgd, train


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def run(patch, share, cost, steps, every=1, bare=1.0):
    """A training of ``steps`` steps of ``bare`` seconds, each look costs ``cost`` seconds."""
    time = Clock()
    patch.setattr(clock, "clock", time)
    patch.setattr(clock, "UNSEEN", 1.0)  # this clock sees everything
    budget, due, looks = Budget(share), 0, []
    for step in range(steps):
        time.now += bare
        if step >= due:
            with budget:
                time.now += cost
            looks.append(step)
            with budget:
                due = budget.due(step + 1, following(step, every), len(looks))
    return looks


@pytest.mark.parametrize("cost", [0.01, 0.1, 1.0, 5.0])
@pytest.mark.parametrize("share", [0.01, 0.02, 0.1])
def test_the_budget_is_kept(monkeypatch, share, cost):
    steps = 20_000
    looks = run(monkeypatch, share, cost, steps)
    # The looks at steps 0, 1, 2, 4 and 8 are always made.
    spent = cost * (len(looks) - 5)
    assert spent <= share * steps
    # And it is used, but for at most two looks that are saved up.
    assert cost * (len(looks) + 2) >= 0.98 * min(share * steps, cost * steps)


def test_without_a_budget_the_stride_stays(monkeypatch):
    looks = run(monkeypatch, None, 5.0, 100, every=10)
    assert looks == [0, 1, 2, 4, 8, 10, 20, 30, 40, 50, 60, 70, 80, 90]


def test_a_cheap_look_is_made_as_often_as_asked(monkeypatch):
    assert run(monkeypatch, 0.02, 0.001, 50, every=10)[-3:] == [20, 30, 40]


def test_inner_times_are_counted_once(monkeypatch):
    time = Clock()
    monkeypatch.setattr(clock, "clock", time)
    budget = Budget(0.1)
    with budget:
        time.now += 1.0
        with budget:
            time.now += 2.0
    assert budget.spent == 3.0


def test_a_monitor_widens_its_stride(monkeypatch):
    """Time stands still outside the monitor but for 1 s a step; every reading takes 0.1 s."""

    class Ticking(Clock):
        def __call__(self):
            self.now += 0.1
            return self.now

    time = Ticking()
    monkeypatch.setattr(clock, "clock", time)
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1, budget=0.05) as monitor:
        for batch in batches(200, size=2):
            time.now += 1.0
            train(model, optimizer, [batch])
    gaps = [
        b.step - a.step for a, b in zip(monitor.record.rows, monitor.record.rows[1:], strict=False)
    ]
    assert max(gaps) > 10

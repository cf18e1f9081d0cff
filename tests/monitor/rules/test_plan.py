"""As many steps as are planned: too few for their size, on real nets; what is slow to start."""

import math
from statistics import median
from types import SimpleNamespace

import pytest
import torch
from scipy import integrate
from torch.nn import functional

from benchmarks.detection import drawn, outcomes
from benchmarks.detection.planned import run
from lessons.monitor import Monitor, Thresholds
from lessons.monitor.rules import plan
from tests.monitor.nets import batches, plain, sgd

PLANNED = 400


def watched(lr, steps=100, planned=PLANNED, schedule=None, factor=1.0, adam=False, seed=0):
    model = plain(width=32)
    torch.manual_seed(seed)
    for module in model[::2]:
        module.reset_parameters()
    make = torch.optim.Adam if adam else torch.optim.SGD
    optimizer = make(model.parameters(), lr=lr if adam else lr / factor)
    with Monitor(model, optimizer, planned=planned) as monitor:
        for step, (x, y) in enumerate(batches(steps, size=64, seed=seed)):
            if schedule:
                optimizer.param_groups[0]["lr"] = schedule(step) * lr
            optimizer.zero_grad()
            (factor * functional.cross_entropy(model(x), y)).backward()
            optimizer.step()
    return monitor


def alarms(monitor):
    return [found.kind for found in monitor.findings() if found.severity != "notice"]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("factor", [1e-5, 1.0, 1e5])
def test_a_rate_is_too_small_for_the_plan_alone(factor, seed):
    """Far from 1e-3 of the loss a step; 400 of them reach little, 20 000 may."""
    monitor = watched(0.005, factor=factor, seed=seed)
    (found,) = [f for f in monitor.findings() if f.severity != "notice"]
    assert (found.kind, found.severity) == ("step_too_small", "warning")
    assert "all 400 planned steps together" in found.evidence
    for planned in (None, 50 * PLANNED):
        assert alarms(watched(0.005, planned=planned, factor=factor, seed=seed)) == []


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("steps", [100, PLANNED])
def test_a_good_rate_is_none(steps, seed):
    assert alarms(watched(3e-3, steps, adam=True, seed=seed)) == []
    assert alarms(watched(0.3, steps, seed=seed)) == []


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_schedule_that_ends_at_0_is_none(seed):
    """The last steps are tiny, and they are not all there were."""
    assert alarms(watched(0.3, PLANNED, schedule=lambda t: 1 - t / PLANNED, seed=seed)) == []


def test_nothing_is_said_before_a_fifth_of_the_plan():
    assert alarms(watched(0.005, steps=79)) == []
    assert alarms(watched(0.005, steps=80)) == ["step_too_small"]


def test_the_sum_by_hand():
    """All of ten steps are looked at, so each look stands for itself."""
    monitor = watched(0.1, steps=10, planned=10)
    rows = [row for row in monitor.record.rows if row.step in (0, 1, 2, 4, 8)]
    losses = dict(monitor.record.losses)

    def share(row):
        products = row.get("gradient") * row.get("update")
        return products.nansum().item() / losses[row.step]

    first, second, third, fifth, ninth = map(share, rows)
    now, before = median([third, fifth, ninth]), median([second, third, fifth])
    growth = (now / before) ** (1 / 2)  # a step, from step 2 to step 4
    coming = integrate.quad(lambda steps: now * growth**steps, 0, 2)[0]  # after step 8
    total = first + second + 2 * third + 4 * fifth + coming
    for limit, said in ((0.99 * total, []), (1.01 * total, ["step_too_small"])):
        limits = Thresholds(planned_reduction=limit)
        monitor._limits = limits
        assert alarms(monitor) == said


def shares(*reductions):
    return [(SimpleNamespace(step=10 * i), 1.0, r) for i, r in enumerate(reductions)]


def test_what_is_to_come_goes_on_as_it_went():
    """Level, halving and doubling every ten steps, against the sum of the series."""
    level = plan._still_to_come(shares(*[0.01] * 6), 150)
    assert level == (0.01, pytest.approx(0.01 * 100))
    for factor in (0.5, 2.0):
        now, coming = plan._still_to_come(shares(*[0.01 * factor**i for i in range(6)]), 150)
        assert now == pytest.approx(0.01 * factor**4)
        exact = integrate.quad(lambda t: now * factor ** (t / 10), 0, 100)[0]  # noqa: B023
        assert coming == pytest.approx(exact)


def test_a_growth_without_end_and_a_stop_stay_numbers():
    assert 1e100 < plan._still_to_come(shares(*[1e-9] * 4, 1, 1, 1), 10**9)[1] < math.inf
    assert plan._still_to_come(shares(1.0, 1.0, 1.0, 0.0, 0.0, 0.0), 100) == (0.0, 0.0)


def test_a_net_that_leaves_its_plateau_is_none():
    """A recurrent net asked to recall: no learning in sight at step 100, and it learns later."""
    config = next(c for c in drawn.THIRD if c.name.startswith("third 39:"))
    seen = run(config, outcomes.stored()[0][config.task], looks=(100,))
    assert seen["outcome"] == "learned"
    assert seen["verdicts"] == {"plain 100": None, "planned 100": None}


@pytest.mark.parametrize("planned", [0, -5])
def test_a_plan_has_steps(planned):
    with pytest.raises(ValueError, match="planned"):
        Monitor(model := plain(), sgd(model), planned=planned)

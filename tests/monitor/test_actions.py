"""What the monitor does when it finds something, while the training runs."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor
from lessons.monitor.actions import CutRate, RollBack, SickTraining, Skip, fail, stop
from tests.monitor.nets import batches, hooks_on, plain, sgd, train


def sick():
    return plain(20, activation=nn.Sigmoid)


def weights(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def spoiled(model, optimizer, monitor, bad_step, steps=30):
    """Train; at one step the batch holds a NaN."""
    for step, (x, y) in enumerate(batches(steps)):
        x = x * math.nan if step == bad_step else x
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


def test_each_finding_is_told_once():
    model, told = sick(), []
    optimizer = sgd(model)
    with Monitor(model, optimizer, on_finding=lambda f, m: told.append((f.kind, m))) as monitor:
        train(model, optimizer, batches(60))
    kinds = [kind for kind, _ in told]
    assert "vanishing" in kinds and len(kinds) == len(set(kinds))
    assert all(who is monitor for _, who in told)


def test_a_healthy_run_is_left_alone_bit_for_bit():
    def run(**options):
        model = plain()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        actions = [stop, fail, Skip(), RollBack(), CutRate()]
        with Monitor(model, optimizer, **({"on_finding": actions} if options else {})) as monitor:
            train(model, optimizer, batches(30))
        assert not monitor.stopped and monitor.healthy()
        assert not hooks_on(model) and not optimizer._optimizer_step_pre_hooks
        return weights(model)

    assert all(map(torch.equal, run(), run(act=True)))


def test_stop():
    model = sick()
    optimizer, made = sgd(model), 0
    with Monitor(model, optimizer, on_finding=stop) as monitor:
        for batch in batches(60):
            train(model, optimizer, [batch])
            made += 1
            if monitor.stopped:
                break
    assert made < 10


def test_fail_says_what_was_found_and_prints_the_report(capsys):
    model = sick()
    optimizer = sgd(model)
    with (
        pytest.raises(SickTraining, match="vanishing") as caught,
        Monitor(model, optimizer, on_finding=fail),
    ):
        train(model, optimizer, batches(60))
    assert caught.value.finding.kind == "vanishing"
    assert "error vanishing" in capsys.readouterr().err


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_what_ends_the_loop_does_not_end_the_report(error, capsys):
    model = plain()
    optimizer = sgd(model)
    with pytest.raises(error), Monitor(model, optimizer):
        train(model, optimizer, batches(3))
        raise error
    assert "no findings (3 steps, 3 kept)" in capsys.readouterr().err
    assert not hooks_on(model)


@pytest.mark.parametrize("bad_step", [10, 13])
def test_skip_leaves_out_the_step_that_would_spoil_the_weights(bad_step):
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, on_finding=Skip()) as monitor:
        spoiled(model, optimizer, monitor, bad_step)
    assert all(weight.isfinite().all() for weight in weights(model))
    assert monitor.record.skipped[0] == 1


def test_roll_back_returns_to_the_last_good_weights():
    model = plain()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    back = RollBack()
    with Monitor(model, optimizer, on_finding=back) as monitor:
        spoiled(model, optimizer, monitor, 13)
    assert back.step == 11  # the look at step 10 was good
    assert all(weight.isfinite().all() for weight in weights(model))
    moments = [v for state in optimizer.state.values() for v in state.values()]
    assert all(torch.as_tensor(value).isfinite().all() for value in moments)


def test_roll_back_is_exact():
    model = plain()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    kept = {}

    def remember(finding, monitor):
        kept["after"] = weights(model)

    with Monitor(model, optimizer, on_finding=[RollBack(), remember]):
        for step, (x, y) in enumerate(batches(14)):
            if step == 11:
                kept["before"] = weights(model)
            optimizer.zero_grad()
            functional.cross_entropy(model(x * math.nan if step == 13 else x), y).backward()
            optimizer.step()
    assert all(map(torch.equal, kept["before"], kept["after"]))


def test_cut_rate():
    model = sick()
    optimizer = sgd(model, 0.5)
    with Monitor(model, optimizer, on_finding=CutRate(0.1)):
        train(model, optimizer, batches(5))
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)


@pytest.mark.parametrize("wrong", [3, [stop, "stop"]])
def test_no_callable_is_refused(wrong):
    model = plain()
    with pytest.raises(TypeError):
        Monitor(model, sgd(model), on_finding=wrong)


@pytest.mark.parametrize(
    ("schedule", "undone"),
    [
        (lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0), True),
        (lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 100), False),
    ],
)
def test_a_schedule_that_computes_the_rate_anew_undoes_a_cut(schedule, undone):
    model = sick()
    optimizer = sgd(model)
    (group,) = optimizer.param_groups
    rate, changes = group["lr"], schedule(optimizer)
    cut = []
    with Monitor(model, optimizer, on_finding=lambda f, m: (CutRate(0.1)(f, m), cut.append(f))):
        for batch in batches(30):
            train(model, optimizer, [batch])
            changes.step()
    assert cut and (group["lr"] == rate) == undone


def test_roll_back_leaves_buffers_alone():
    model = nn.BatchNorm1d(4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    back = RollBack()

    class Looked:
        optimizers, record = [optimizer], type("Record", (), {"steps": 3})

    back.healthy(Looked)
    model(torch.full((8, 4), 5.0) + torch.randn(8, 4, generator=torch.manual_seed(0)))
    with torch.no_grad():
        model.weight += 1
    averages = model.running_mean.clone()
    back(None, Looked)
    assert model.weight.tolist() == [1] * 4 and torch.equal(model.running_mean, averages)
    assert averages.abs().min() > 0.1

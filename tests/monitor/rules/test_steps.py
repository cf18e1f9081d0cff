"""Steps too large and too small, on real nets; converged ones and odd ones stay quiet."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor, Record, Row, findings
from tests.monitor.nets import batches, plain, sgd, train


def adam(model, lr):
    return torch.optim.Adam(model.parameters(), lr=lr)


def watched(model, optimizer, factor=1.0, steps=25, data=None):
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in data or batches(steps, size=64):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y)
            monitor.loss(factor * loss)
            (factor * loss).backward()
            optimizer.step()
    return monitor


def alarms(monitor):
    return [found.kind for found in monitor.findings() if found.severity != "notice"]


@pytest.mark.parametrize("factor", [1e-5, 1.0, 1e5])
@pytest.mark.parametrize(
    ("optimizer", "found"),
    [
        (lambda m, f: sgd(m, 1e-5 / f), ["step_too_small"]),
        (lambda m, f: adam(m, 1e-6), ["step_too_small"]),
        (lambda m, f: sgd(m, 0.1 / f), []),
        (lambda m, f: adam(m, 1e-3), []),
    ],
)
def test_small_steps_that_lead_nowhere(factor, optimizer, found):
    model = plain()
    assert alarms(watched(model, optimizer(model, factor), factor)) == found


def test_small_steps_of_a_converged_net_are_no_finding():
    """The same learning rate is too small for a new net and fine for one that has converged."""
    model = plain()
    assert "step_too_small" in alarms(watched(model, adam(model, 3e-6)))
    model = plain(width=32)
    x, y = next(batches(1, size=256))
    data = [(x, y)] * 25
    train(model, adam(model, 1e-2), data * 16)
    assert functional.cross_entropy(model(x), y) < 1e-3
    assert alarms(watched(model, adam(model, 1e-5), data=data)) == []


def test_a_net_that_lies_in_its_minimum_is_no_finding():
    """Linear regression solved exactly: the steps are tiny since there is nothing to learn."""
    torch.manual_seed(0)
    x = torch.randn(200, 5, dtype=torch.float64)
    y = x.sum(1, keepdim=True) + torch.randn(200, 1, dtype=torch.float64)
    model = nn.Linear(5, 1).double()
    best = torch.linalg.lstsq(torch.cat([x, torch.ones(200, 1).double()], 1), y).solution
    with torch.no_grad():
        model.weight.copy_(best[:5].T + 1e-5)
        model.bias.copy_(best[5])
    optimizer = sgd(model, 1e-3)
    with Monitor(model, optimizer, every=1) as monitor:
        for _ in range(30):
            optimizer.zero_grad()
            loss = functional.mse_loss(model(x), y)
            monitor.loss(loss)
            loss.backward()
            optimizer.step()
    assert all(0 < row.get("ratio")[0] < 1e-6 for row in monitor.record.rows)
    assert alarms(monitor) == []


def test_large_steps_that_kill_the_units_are_the_cause():
    model = plain(6, 32)
    monitor = watched(model, adam(model, 0.5))
    kinds = {found.kind: found for found in monitor.findings()}
    assert monitor.findings()[0].kind == "step_too_large"
    assert kinds["step_too_large"].since_step == 0
    assert kinds["dead_units"].severity == "notice"
    assert kinds["dead_units"].since_step > 0


def record_with(rows, losses=None):
    """Five layers of weight norm 1; rows are (gradient, update) of all layers."""
    names = tuple(f"{i}.weight" for i in range(5))
    record = Record(matrices=names)
    for step, (gradient, weight, update) in enumerate(rows):
        values = torch.tensor([gradient, gradient, weight, update], dtype=torch.float64)
        record.add(Row(step, 0, names, values[:, None].repeat(1, 5)))
    for step, value in enumerate(losses or []):
        record.add_loss(step, value)
    return record


def named(record):
    return [f.kind for f in findings(record) if f.severity != "notice"]


def test_one_step_beyond_the_gradient_is_a_finding_where_the_gradient_collapses():
    """Step 10 promises 5 g u / L = 5 times the loss; after it 1 % of the gradient is left."""
    flat, falling = [1.0] * 25, [0.9**i for i in range(25)]
    calm, leap = (0.1, 1.0, 1e-3), (20.0, 1.0, 0.05)
    after = [(0.2, 1.0, 1e-3)] * 14
    rows = [calm] * 10 + [leap] + after
    assert named(record_with(rows, flat)) == ["step_too_large"]
    assert named(record_with(rows, falling)) == []
    recovers = [calm] * 10 + [leap] + [(4.0, 1.0, 1e-3)] * 14
    assert named(record_with(recovers, flat)) == []


def test_weights_that_grow_tenfold_between_two_looks():
    grows = [(1.0, 1.0, 1e-3)] * 4 + [(1.0, 11.0, 1e-3)] * 4
    doubles = [(1.0, 1.0, 1e-3)] * 4 + [(1.0, 9.0, 1e-3)] * 4
    assert named(record_with(grows)) == ["step_too_large"]
    assert named(record_with(doubles)) == []


def test_a_large_step_is_forgiven_while_the_loss_falls():
    rows = [(1.0, 1.0, 0.3)] + [(1.0, 1.0, 1e-2)] * 24
    assert named(record_with(rows, [0.9**i for i in range(25)])) == []
    assert named(record_with(rows, [1.0] * 25)) == ["step_too_large"]


def test_the_evidence_names_the_largest_step_of_the_run():
    rows = [(1.0, 1.0, update) for update in (0.3, 0.7, 0.2, 0.4, 0.3, 0.3, 0.3, 0.3)]
    (found,) = [f for f in findings(record_with(rows, [1.0] * 8)) if f.kind == "step_too_large"]
    assert "one step changes the median layer by 0.7 of its own size" in found.evidence


def test_a_regression_has_no_guess_and_its_tiny_steps_are_a_finding_all_the_same():
    """The weights are pulled by 5 times the loss; no step wins more than 5e-9 of it."""
    assert named(record_with([(1.0, 1.0, 1e-9)] * 25, [1.0] * 25)) == ["step_too_small"]


@pytest.mark.parametrize(("slope", "severity"), [(0.04, "warning"), (0.0, "error")])
def test_steps_as_large_as_the_weights_are_an_error_where_nothing_is_learned(slope, severity):
    record = record_with([(1.0, 1.0, 2.0)] * 25, [2 - slope * step for step in range(25)])
    (found,) = [f for f in findings(record) if f.kind == "step_too_large"]
    assert found.severity == severity


def at_rate(lr, seed, shift=0.0):
    model = plain(width=64)
    torch.manual_seed(seed)
    for module in model[::2]:
        module.reset_parameters()
    optimizer, data = adam(model, lr), batches(100, size=64, seed=seed)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in data:
            optimizer.zero_grad()
            (functional.cross_entropy(model(x), y) - shift).backward()
            optimizer.step()
    return alarms(monitor)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_large_steps_do_no_harm_where_the_loss_has_halved(seed):
    """The same steps are an alarm where the loss has not halved, or where half means nothing."""
    assert at_rate(0.1, seed) == []
    assert at_rate(0.3, seed) == ["step_too_large"]
    assert at_rate(0.1, seed, shift=1.0) == ["step_too_large"]

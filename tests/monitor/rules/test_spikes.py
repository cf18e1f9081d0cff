"""A spike that passed is kept, though the last looks do not show it."""

import pytest
from torch.nn import functional

from lessons.monitor import Monitor
from tests.monitor.nets import batches, plain, sgd


def run(spikes=(), factor=1e3, every=10):
    model = plain()
    optimizer = sgd(model, 0.05)
    with Monitor(model, optimizer, every=every) as monitor:
        for step, (x, y) in enumerate(batches(60)):
            optimizer.zero_grad()
            scale = factor if step in spikes else 1.0
            (scale * functional.cross_entropy(model(x), y)).backward()
            optimizer.param_groups[0]["lr"] = 0.05 / scale
            optimizer.step()
    return monitor


@pytest.mark.parametrize("every", [1, 10])
def test_a_spike_of_the_loss_is_reported_though_it_fell_between_looks(every):
    monitor = run([23, 37], every=every)
    found = next(f for f in monitor.findings() if (f.kind, f.where) == ("spike", "loss"))
    assert (found.since_step, found.severity) == (23, "notice")
    assert "2 times (steps 23, 37)" in found.evidence
    assert monitor.healthy()


def test_a_spike_of_the_gradient_is_seen_where_it_was_looked_at():
    found = [(f.where, f.since_step) for f in run([23], every=1).findings() if f.kind == "spike"]
    assert ("gradient", 23) in found


def test_a_run_without_one():
    assert "spike" not in [f.kind for f in run().findings()]

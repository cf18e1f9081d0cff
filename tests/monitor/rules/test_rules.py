"""Real runs that are sick in a known way, and healthy but odd ones that must raise no alarm."""

import dataclasses
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import KINDS, Monitor, Record, Row, Thresholds, findings
from lessons.monitor.rules.loss import loss_trend
from tests.monitor.nets import batches, plain, sgd, train

STEPS = 25


def adam(model, lr=1e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def scaled(model, scale):
    """Draw every weight matrix anew with standard deviation ``scale / sqrt(inputs)``."""
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, scale / math.sqrt(module.in_features))
            nn.init.zeros_(module.bias)
    return model


def watch(model, optimizer, steps=STEPS, factor=1.0, every=1, tell_loss=True):
    with Monitor(model, optimizer, every=every) as monitor:
        for x, y in batches(steps, size=64):
            optimizer.zero_grad()
            loss = factor * functional.cross_entropy(model(x), y)
            if tell_loss:
                monitor.loss(loss)
            loss.backward()
            optimizer.step()
    return monitor


def alarms(monitor):
    return [found.kind for found in monitor.findings() if found.severity != "notice"]


class Residual(nn.Module):
    def __init__(self, blocks=40, width=16):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Linear(8, width), nn.Linear(width, 3)
        pairs = [(nn.LayerNorm(width), nn.Linear(width, width)) for _ in range(blocks)]
        self.blocks = nn.ModuleList(nn.Sequential(*pair, nn.ReLU()) for pair in pairs)

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = x + 0.1 * block(x)
        return self.last(x)


# --- sick ----------------------------------------------------------------------------------------
SICK = {
    "sigmoid, deep": ("vanishing", lambda: plain(20, activation=nn.Sigmoid), sgd),
    "ReLU, gain too small": ("vanishing_signals", lambda: scaled(plain(20), 0.3), sgd),
    "tanh, large weights": ("exploding", lambda: scaled(plain(20, 64, nn.Tanh), 8.0), sgd),
    "ReLU, gain too large": ("exploding_signals", lambda: scaled(plain(20), 3.0), sgd),
    "dead ReLU": ("dead_units", lambda: with_bias(plain(), -50.0), sgd),
    "saturated tanh": ("weights_too_large", lambda: scaled(plain(4, 16, nn.Tanh), 100.0), adam),
    "learning rate too small": ("step_too_small", plain, lambda model: sgd(model, 1e-9)),
    "learning rate too large": ("step_too_large", plain, lambda model: adam(model, 1.0)),
}


def with_bias(model, value):
    for module in list(model)[:-1]:
        if isinstance(module, nn.Linear):
            nn.init.constant_(module.bias, value)
    return model


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize(("kind", "build", "optimizer"), SICK.values(), ids=SICK.keys())
def test_sick_runs_are_named(kind, build, optimizer, every):
    model = build()
    monitor = watch(model, optimizer(model), every=every)
    assert kind in alarms(monitor)
    assert not monitor.healthy()


@pytest.mark.parametrize("tell_loss", [True, False])
def test_findings_need_no_loss(tell_loss):
    model = plain(20, activation=nn.Sigmoid)
    assert "vanishing" in alarms(watch(model, sgd(model), tell_loss=tell_loss))


def test_a_vanishing_gradient_is_described():
    model = plain(20, activation=nn.Sigmoid)
    monitor = watch(model, sgd(model))
    found = monitor.findings()[0]
    assert (found.kind, found.severity, found.since_step) == ("vanishing", "error", 0)
    assert found.where == "0.weight … 10.weight"  # a third of 20 matrices, every second module
    row = monitor.record.rows[-1]
    norms = row.get("gradient", monitor.record.matrices).log10()
    place = torch.arange(20.0, dtype=torch.float64)
    cov = torch.cov(torch.stack([place, norms]))
    assert f"{cov[0, 1] / cov[0, 0]:.2g} decades per layer" in found.evidence
    assert found.source.startswith("Zhang et al. 2021")


# --- through time --------------------------------------------------------------------------------
class Reader(nn.Module):
    """Reads 40 steps, answers after the last."""

    def __init__(self, cell, gain):
        super().__init__()
        torch.manual_seed(0)
        self.cell, self.head = cell, nn.Linear(16, 3)
        for name, parameter in cell.named_parameters():
            if "weight_hh" in name or name == "recurrent.weight":
                nn.init.orthogonal_(parameter, gain)

    def forward(self, x):
        x = x[:, None].expand(-1, 40, -1)
        if isinstance(self.cell, nn.RNNBase):
            return self.head(self.cell(x)[0][:, -1])
        state = x.new_zeros(len(x), 16)
        if isinstance(self.cell, nn.LSTMCell):
            state = (state, state)
        for t in range(40):
            state = self.cell(0.0 * x[:, t], state)  # nothing new comes in
        return self.head(state[0] if isinstance(state, tuple) else state)


class Plain(nn.Module):
    """h_t = W h_{t-1} + V x_t, without an activation."""

    def __init__(self):
        super().__init__()
        self.inputs, self.recurrent = nn.Linear(8, 16), nn.Linear(16, 16, bias=False)

    def forward(self, x, state):
        return self.inputs(x) + self.recurrent(state)


@pytest.mark.parametrize(
    ("cell", "gain", "kind"),
    [
        (lambda: nn.RNN(8, 16, batch_first=True), 0.3, "vanishing_through_time"),
        (lambda: nn.RNNCell(8, 16), 0.3, "vanishing_through_time"),
        (Plain, 0.5, "vanishing_through_time"),
        (Plain, 1.5, "exploding_through_time"),
    ],
    ids=["RNN", "RNNCell", "loop", "exploding loop"],
)
def test_gradients_through_time(cell, gain, kind):
    model = Reader(cell(), gain)
    monitor = watch(model, sgd(model, 1e-14), steps=12, tell_loss=False)
    assert kind in alarms(monitor)


def test_the_rate_through_time_is_that_of_the_recurrent_matrix():
    """|∂L/∂h_t| = 0.5^(T-t) |∂L/∂h_T| exactly, for half an orthogonal matrix and no activation."""
    model = Reader(Plain(), 0.5).double()
    optimizer = sgd(model, 1e-9)
    with Monitor(model, optimizer, every=1) as monitor:
        train(model, optimizer, batches(3, dtype=torch.float64))
    steps, norms = monitor.record.rows[-1].times["cell.recurrent"]
    assert steps == list(range(40))
    last = norms[-1]
    assert norms == pytest.approx([last * 0.5 ** (39 - t) for t in steps], rel=1e-6)


# --- healthy -------------------------------------------------------------------------------------
HEALTHY = {
    "plain": (plain, sgd),
    "deep ReLU": (lambda: scaled(plain(20, 32), math.sqrt(2)), lambda m: sgd(m, 0.05)),
    "deep tanh": (lambda: scaled(plain(20, 32, nn.Tanh), 1.0), adam),
    "residual": (Residual, adam),
    "fast Adam": (plain, lambda model: adam(model, 1e-2)),
    "GRU": (lambda: Reader(nn.GRU(8, 16, batch_first=True), 1.0), lambda m: adam(m, 1e-2)),
    "huge inputs": (lambda: nn.Sequential(Times(1e4), plain()), adam),
    "tiny inputs": (lambda: nn.Sequential(Times(1e-4), plain()), sgd),
}


class Times(nn.Module):
    """Inputs in another unit, and the scale that matches them."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return functional.layer_norm(self.factor * x, x.shape[-1:], eps=0.0)


@pytest.mark.parametrize("tell_loss", [True, False])
@pytest.mark.parametrize(("build", "optimizer"), HEALTHY.values(), ids=HEALTHY.keys())
def test_healthy_runs_raise_no_alarm(build, optimizer, tell_loss):
    model = build()
    monitor = watch(model, optimizer(model), tell_loss=tell_loss)
    if not (tell_loss is False and "cell" in dict(model.named_children())):
        assert alarms(monitor) == []


@pytest.mark.parametrize("factor", [1e-5, 1.0, 1e5])
def test_the_scale_of_the_loss_does_not_matter(factor):
    """With an optimizer without scale: the step goes along the sign of the gradient."""

    class Sign(torch.optim.Optimizer):
        def __init__(self, model):
            super().__init__(model.parameters(), {"lr": 1e-3})

        @torch.no_grad()
        def step(self):
            for parameter in self.param_groups[0]["params"]:
                parameter -= 1e-3 * parameter.grad.sign()

    model = plain()
    assert alarms(watch(model, Sign(model), factor=factor)) == []
    model = plain()
    assert alarms(watch(model, adam(model), factor=factor)) == []


def test_a_converged_network_raises_no_alarm():
    model = plain()
    train(model, adam(model, 1e-2), batches(400, size=64))
    assert alarms(watch(model, adam(model, 1e-4))) == []
    assert alarms(watch(model, sgd(model))) == []


def test_a_schedule_that_ends_at_zero_raises_no_alarm():
    model = plain()
    optimizer = sgd(model)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=30)
    with Monitor(model, optimizer, every=1) as monitor:
        for batch in batches(40):
            train(model, optimizer, [batch])
            schedule.step()
    assert alarms(monitor) == []


# --- the loss ------------------------------------------------------------------------------------
def with_losses(values):
    record = Record()
    for step, value in enumerate(values):
        record.add_loss(step, value)
    return record


def noise(count, seed=0):
    return torch.randn(count, generator=torch.Generator().manual_seed(seed)).tolist()


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
def test_the_trend_of_the_loss(scale):
    limits = Thresholds()
    falling = [scale * (2 - 0.01 * i + 0.05 * e) for i, e in enumerate(noise(60))]
    rising = [scale * (2 + 0.05 * i + 0.05 * e) for i, e in enumerate(noise(60))]
    flat = [scale * (2 + 0.05 * e) for e in noise(60)]
    assert loss_trend(with_losses(falling), limits) == "falling"
    assert loss_trend(with_losses(rising), limits) == "rising"
    assert loss_trend(with_losses(flat), limits) == "flat"
    assert loss_trend(with_losses(flat[:5]), limits) is None
    assert [f.kind for f in findings(with_losses(rising))] == ["diverging_loss"]
    stalled = findings(with_losses(flat))
    assert [(f.kind, f.severity) for f in stalled] == [("stalled_loss", "notice")]


# --- limits --------------------------------------------------------------------------------------
def test_every_limit_has_a_source():
    limits = Thresholds()
    for field in dataclasses.fields(limits):
        assert len(limits.source(field.name)) > 5


def test_limits_can_be_set():
    model = plain(20, activation=nn.Sigmoid)
    strict = Thresholds(depth_decades=30.0, signal_decades=30.0, dead_share=2.0, loss_change=1.0)
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1, limits=strict) as monitor:
        train(model, optimizer, batches(STEPS))
    assert "vanishing" not in [found.kind for found in monitor.findings()]


def test_kinds_are_those_that_were_promised():
    assert set(KINDS) == {
        "exploding", "vanishing", "vanishing_through_time", "exploding_through_time",
        "non_finite", "dead_units", "saturated", "step_too_large", "step_too_small",
        "diverging_loss", "stalled_loss", "no_gradient", "missing_zero_grad", "squashed_logits",
        "raw_logits", "wrong_axis", "targets_too_large", "inputs_too_large", "weights_too_large",
        "exploding_signals", "vanishing_signals", "spike",
    }  # fmt: skip


def test_rules_do_not_change_the_record():
    model = plain(20, activation=nn.Sigmoid)
    record = watch(model, sgd(model)).record
    rows = list(record.rows)
    assert findings(record) == findings(record)
    assert record.rows == rows


def test_a_record_can_be_made_by_hand():
    """Ten layers whose gradient falls by exactly half a decade per layer."""
    names = tuple(f"{i}.weight" for i in range(10))
    gradient = torch.tensor([10 ** (0.5 * (i - 9)) for i in range(10)], dtype=torch.float64)
    weight = torch.ones(10, dtype=torch.float64)
    values = torch.stack([gradient, gradient, weight, 1e-3 * gradient])
    record = Record(matrices=names)
    for step in range(3):
        record.add(Row(step, 0, names, values))
    (found,) = findings(record)
    assert found.kind == "vanishing"
    assert "loses 0.5 decades per layer" in found.evidence

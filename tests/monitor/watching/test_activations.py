"""Dead and saturated: the limits are where autograd's slopes are 1 % and 5 % of the steepest."""

import pytest
import torch
from torch import nn

from lessons.monitor import Monitor
from lessons.monitor.watching import measure
from lessons.monitor.watching.activations import (
    DEAD,
    SATURATED,
    SLOPE_DEAD,
    SLOPE_SATURATED,
    answers,
    kind,
)
from tests.monitor.nets import batches, plain, sgd, train


def slopes(module, x):
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(module(x).sum(), x)
    return gradient


def build(name):
    return {"Threshold": lambda: nn.Threshold(0.0, 0.0)}.get(name, getattr(nn, name))()


@pytest.mark.parametrize("name", DEAD)
def test_units_are_dead_where_the_slope_is_almost_0(name):
    module = build(name)
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)
    slope = slopes(module, x).abs()
    side, limit = DEAD[name]
    seen = x if side == "input" else module(x)
    dead = seen <= limit
    assert dead.any()
    assert (slope[dead] <= 1.1 * SLOPE_DEAD * slope.max()).all()
    # Everything clearly to the right of the limit answers, or lies where the slope turns its sign.
    right = x > x[dead].max() + 0.3
    assert (slope[right] > SLOPE_DEAD).double().mean() > 0.98


@pytest.mark.parametrize("name", SATURATED)
def test_values_are_saturated_where_the_slope_is_small(name):
    module = build(name)
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)
    slope = slopes(module, x).abs()
    numbers, limit = answers(module, (x[:, None],), module(x)[:, None], False)
    saturated = numbers.flatten() <= limit + 1e-12
    assert torch.equal(saturated, slope <= SLOPE_SATURATED * slope.max() * (1 + 1e-9))


def share(module, x, channels_first=False):
    numbers, limit = answers(module, (x,), module(x), channels_first)
    return measure.shares_at_most([numbers], [limit])[0]


@pytest.mark.parametrize(
    ("shape", "channels_first"),
    [
        ((16, 4), False),
        ((16, 4), True),
        ((16, 7, 4), False),
        ((16, 4, 7), True),
        ((2, 4, 3, 3), True),
    ],
)
def test_the_dimension_of_the_units(shape, channels_first):
    x = torch.ones(shape)
    unit = 1 if channels_first else -1
    x.select(unit, 2).fill_(-1.0)
    assert share(nn.ReLU(), x, channels_first) == 0.25


def test_one_answer_keeps_a_unit_alive():
    x = -torch.ones(16, 4)
    x[3, 1] = 0.1
    assert share(nn.ReLU(), x) == 0.75


def test_other_libraries_names_and_modules_that_cannot_die():
    class GELUActivation(nn.Module):
        def forward(self, x):
            return nn.functional.gelu(x)

    assert kind(GELUActivation()) == "dead"
    assert kind(nn.LeakyReLU()) is None
    assert kind(nn.Linear(2, 2)) is None
    assert kind(nn.ReLU6()) == "saturated"


def test_an_output_that_saturates_is_an_answer():
    model = nn.Sequential(plain(outputs=1), nn.Sigmoid())
    with torch.no_grad():
        model[0][-1].bias.fill_(30.0)
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, _ in batches(5):
            optimizer.zero_grad()
            (model(x) - 1).square().sum().backward()
            optimizer.step()
    assert monitor.record.rows[-1].saturated["1"] == 1.0
    assert monitor.record.outputs == ("1",)
    assert "saturated" not in [found.kind for found in monitor.findings()]


def test_a_module_that_is_used_twice_counts_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.third = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 3)
            self.activation = nn.ReLU()

        def forward(self, x):
            x = self.activation(self.first(x))
            return self.third(self.activation(self.second(x)))

    model = Twice()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        train(model, optimizer, batches(3))
    assert list(monitor.record.rows[-1].dead) == ["activation", "activation (call 2)"]


def test_biases_tell_where_activations_are_functions():
    class Functions(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(8, 8), nn.Linear(8, 3)
            nn.init.constant_(self.first.bias, 5.0)
            with torch.no_grad():
                self.first.bias[:6] = -50.0

        def forward(self, x):
            return self.last(torch.relu(self.first(x)))

    model = Functions()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        train(model, optimizer, batches(5))
    assert monitor.record.rows[-1].idle == {"first": 0.75, "last": 0.0}
    assert "dead_units" in [found.kind for found in monitor.findings()]

"""The first number that is not finite: which tensor, and at which step."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor
from tests.monitor.nets import batches, plain, sgd


class Spoil(nn.Module):
    """Passes its input on; from a step on it spoils the values or the gradients."""

    def __init__(self, where, value, step):
        super().__init__()
        self.where, self.value, self.step, self.calls = where, value, step, 0

    def forward(self, x):
        self.calls += 1
        if self.calls > self.step:
            if self.where == "forward":
                x = x + torch.full_like(x[:, :1], self.value)
            elif self.where == "backward":
                x = x + 0.0
                x.register_hook(lambda gradient: gradient * self.value)
        return x


def spoiled(where, value, step, every):
    model = plain(5)
    model.insert(4, Spoil(where, value, step))
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=every) as monitor:
        for x, y in batches(step + 15):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    return monitor


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("every", [1, 10])
def test_the_step_and_the_gradient_are_found(value, every):
    monitor = spoiled("backward", value, 13, every)
    bad = monitor.record.bad
    # The backward pass meets the layer before the spoiled place first: 2.weight, then 0.weight.
    assert (bad.step, bad.what, bad.name, bad.certain) == (13, "gradient", "2.weight", True)
    assert set(bad.others) == {"2.bias", "0.weight", "0.bias"}
    assert monitor.findings()[0].kind == "non_finite"
    assert monitor.findings()[0].since_step == 13


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_the_first_layer_whose_output_is_not_finite(value):
    bad = spoiled("forward", value, 13, 1).record.bad
    assert (bad.step, bad.what, bad.name, bad.certain) == (13, "output", "5", True)
    assert bad.others[0] == "7"


def test_the_step_of_a_spoiled_output_is_found_between_watched_steps():
    """The forward pass of step 13 was not watched, so it is the gradients that tell."""
    bad = spoiled("forward", math.nan, 13, 10).record.bad
    assert (bad.step, bad.what, bad.certain) == (13, "gradient", True)
    assert bad.name == "9.bias" or bad.name.startswith("9")  # nearest the output


@pytest.mark.parametrize("told", [True, False])
def test_a_closure_hides_its_gradient_until_someone_tells(told):
    """Before the closure has run, only the gradient of the step before can be looked at."""
    model = plain(5)
    model.insert(4, Spoil("backward", math.nan, 13))
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1000) as monitor:
        for x, y in batches(20):

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = functional.cross_entropy(model(x), y)
                loss.backward()
                if told:
                    monitor.within_step(optimizer)
                return loss

            optimizer.step(closure)
    bad = monitor.record.bad
    assert (bad.step, bad.certain) == ((13, True) if told else (14, False))
    assert (bad.what, bad.name) == ("gradient", "2.weight") if told else ("weight", "0.weight")


def test_rows_before_it_are_kept_and_judged():
    monitor = spoiled("backward", math.nan, 13, 1)
    assert [row.step for row in monitor.record.usable()] == list(range(13))


def test_a_spoiled_weight():
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for step, (x, y) in enumerate(batches(6)):
            if step == 3:
                with torch.no_grad():
                    model[2].weight[0, 0] = math.nan
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    bad = monitor.record.bad
    assert (bad.step, bad.what, bad.name, bad.others) == (3, "weight", "2.weight", ())


def test_a_loss_that_is_not_finite():
    model = plain()
    with Monitor(model, sgd(model)) as monitor:
        monitor.loss(1.0)
        monitor.loss(math.nan)
    assert monitor.record.bad.what == "loss"
    assert not monitor.healthy()

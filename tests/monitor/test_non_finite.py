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
    assert (bad.step, bad.what, bad.name, bad.certain) == (13, "output", "4", True)
    assert bad.others[:3] == ("5", "6", "7")


def test_the_step_of_a_spoiled_output_is_found_between_watched_steps():
    """The forward pass of step 13 was not watched: it is run again."""
    bad = spoiled("forward", math.nan, 13, 10).record.bad
    assert (bad.step, bad.what, bad.name, bad.certain) == (13, "output", "4", True)
    assert (bad.origin.nan, bad.origin.shape, bad.origin.dtype) == (32 * 16, (32, 16), "float32")


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


class Logarithm(nn.Module):
    """From a step on its sums are below 0 in one place."""

    def __init__(self, step):
        super().__init__()
        self.step, self.calls = step, 0

    def forward(self, x):
        self.calls += 1
        if self.calls <= self.step:
            return x
        positive = x.abs() + 1
        positive[0, 0] = -2.0
        return positive.log()


def step_by_step(model, steps, loss_of, every=10, spoil=None):
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=every) as monitor:
        for step, (x, y) in enumerate(batches(steps)):
            optimizer.zero_grad()
            x = spoil(x) if spoil and step == 12 else x
            loss_of(model(x), y, step).backward()
            optimizer.step()
    return monitor


def cross_entropy(scores, y, step):
    return functional.cross_entropy(scores, y)


@pytest.mark.parametrize("every", [1, 10])
def test_the_operation_is_named(every):
    model = plain(4)
    model.insert(4, Logarithm(12))
    monitor = step_by_step(model, 20, cross_entropy, every)
    bad = monitor.record.bad
    origin = bad.origin
    assert (bad.step, bad.what, bad.name) == (12, "output", "4")
    assert (origin.operation, origin.nan, origin.inf, origin.low) == ("log", 1, 0, -2.0)
    assert origin.shape == (32, 16) and set(origin.others) >= {"5", "7"}
    assert "log gave 1 NaN in float32 [32, 16]" in monitor.findings()[0].evidence


def test_a_batch_that_is_not_finite():
    def spoil(x):
        x = x.clone()
        x[3, 2] = math.nan
        return x

    monitor = step_by_step(plain(4), 20, cross_entropy, spoil=spoil)
    bad = monitor.record.bad
    assert (bad.step, bad.what, bad.name, bad.origin.nan) == (12, "input", "the batch", 1)


@pytest.mark.parametrize("every", [1, 10])
def test_the_logarithm_of_0_in_the_loss_is_the_losss(every):
    def loss_of(scores, y, step):
        probabilities = scores.softmax(1)
        if step >= 13:
            probabilities = probabilities * 0
        return functional.nll_loss(probabilities.log(), y)

    bad = step_by_step(plain(4), 20, loss_of, every).record.bad
    assert (bad.step, bad.what, bad.name) == (13, "loss", "loss")


def test_a_loss_whose_gradient_alone_is_not_finite():
    def loss_of(scores, y, step):
        return functional.cross_entropy(scores, y) + (scores * (step < 13)).square().sum().sqrt()

    monitor = step_by_step(plain(4), 20, loss_of)
    bad = monitor.record.bad
    assert (bad.step, bad.what, bad.name) == (13, "loss", "loss")
    assert all(math.isfinite(value) for step, value in monitor.record.losses if step == 13)


def test_looking_again_changes_nothing():
    def run(watched):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(), nn.Linear(16, 3))
        model.insert(3, Logarithm(5))
        optimizer = sgd(model)
        monitor = Monitor(model, optimizer) if watched else None
        for x, y in batches(7):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        if monitor:
            monitor.close()
            assert monitor.record.origin.operation == "log"
        return model, torch.rand(3)

    (plainly, random), (watched, same) = run(False), run(True)
    assert torch.equal(random, same)
    assert model_calls(watched) == model_calls(plainly)
    for one, other in zip(
        plainly.state_dict().values(), watched.state_dict().values(), strict=True
    ):
        assert torch.equal(one.nan_to_num(7), other.nan_to_num(7))


def model_calls(model):
    return [module.calls for module in model if isinstance(module, Logarithm)]


def test_what_could_not_be_seen_is_said():
    class Stubborn(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = plain(4)

        def __deepcopy__(self, memo):
            raise RuntimeError("there is one of me")

        def forward(self, x):
            return self.inner(x)

    def loss_of(scores, y, step):
        return functional.cross_entropy(scores if step < 13 else scores * math.nan, y)

    with_told = step_by_step(Stubborn(), 20, loss_of)
    assert with_told.record.origin.what == "not seen"
    evidence = with_told.findings()[0].evidence
    assert "not seen" in evidence and "every=1" in evidence

"""Gradients that never arrive, and gradients that nobody clears."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor
from tests.monitor.nets import batches, plain, sgd, train


def alarms(monitor):
    return [(found.kind, found.where) for found in monitor.findings() if found.severity != "notice"]


def test_an_optimizer_of_copies():
    model = plain()
    optimizer = sgd(copy.deepcopy(model))
    with Monitor(model, optimizer) as monitor:
        train(model, optimizer, batches(12))
    (found,) = monitor.findings()
    assert (found.kind, found.severity, found.where) == ("no_gradient", "error", "all parameters")
    assert "none of the optimizer's 8 parameters belongs to the model" in found.evidence
    assert monitor.healthy() is False


class Cut(nn.Module):
    def __init__(self, place, forget=True):
        super().__init__()
        self.net, self.place = plain(6), place

    def forward(self, x):
        for place, layer in enumerate(self.net):
            x = layer(x.detach() if place == self.place else x)
        return x


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize("set_to_none", [True, False])
def test_a_graph_that_is_cut_in_the_middle(every, set_to_none):
    model = Cut(4)
    for parameter in model.parameters():
        parameter.grad = None if set_to_none else torch.zeros_like(parameter)
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=every) as monitor:
        for x, y in batches(12):
            optimizer.zero_grad(set_to_none=set_to_none)
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert alarms(monitor) == [("no_gradient", "net.0, net.2")]
    assert "reaches net.4 and not what comes before it: 4 of 12" in monitor.findings()[0].evidence


@pytest.mark.parametrize(
    ("place", "where"),
    [
        (2, "net.0"),
        (6, "net.0, net.2, net.4"),
        (8, "net.0, net.2, net.4 and 1 more"),
    ],
)
def test_the_layers_before_a_cut_are_named(place, where):
    model = Cut(place)
    with Monitor(model, optimizer := sgd(model)) as monitor:
        train(model, optimizer, batches(12))
    assert alarms(monitor) == [("no_gradient", where)]
    assert f"reaches net.{place} and not" in monitor.findings()[0].evidence


def test_a_loss_that_is_cut_off():
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer) as monitor:
        for x, y in batches(12):
            optimizer.zero_grad()
            functional.cross_entropy(model(x).detach().requires_grad_(), y).backward()
            optimizer.step()
    assert alarms(monitor) == [("no_gradient", "all parameters")]
    assert "no backward pass reached one" in monitor.findings()[0].evidence


def test_parameters_that_ask_for_no_gradient():
    model = plain()
    body, head = model[:6], model[6]
    optimizer = sgd(body)
    body.requires_grad_(False)
    with Monitor(model, optimizer) as monitor:
        train(model, optimizer, batches(12))
    assert (
        "none of the optimizer's 6 parameters has requires_grad" in monitor.findings()[0].evidence
    )
    assert head.weight.grad is not None


class Heads(nn.Module):
    """An auxiliary head that the loss does not use."""

    def __init__(self):
        super().__init__()
        self.body, self.extra, self.head = plain(4), nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        x = self.body(x)
        self.unused = self.extra(x)
        return self.head(x)


def test_a_head_that_is_not_used_is_a_notice():
    model = Heads()
    optimizer = sgd(model)
    with Monitor(model, optimizer) as monitor:
        train(model, optimizer, batches(12))
    assert monitor.healthy()
    (found,) = [f for f in monitor.findings() if f.kind == "no_gradient"]
    assert (found.where, found.severity) == ("extra.weight, extra.bias", "notice") or (
        set(found.where.split(", ")) == {"extra.weight", "extra.bias"}
    )


def loop(monitor_options=(), *, zero="before", passes=1, every=1, steps=12):
    model = plain()
    optimizer = sgd(model, 0.01)
    with Monitor(model, optimizer, every=every) as monitor:
        for x, y in batches(steps):
            if zero == "before":
                optimizer.zero_grad()
            if zero == "by hand":
                for parameter in model.parameters():
                    parameter.grad = None
            if zero == "to 0":
                optimizer.zero_grad(set_to_none=False)
            for part, answers in zip(x.chunk(passes), y.chunk(passes), strict=True):
                (functional.cross_entropy(model(part), answers) / passes).backward()
            optimizer.step()
            if zero == "after":
                model.zero_grad()
    return monitor


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize("passes", [1, 4])
def test_gradients_that_nobody_clears(passes, every):
    kinds = [found.kind for found in loop(zero=None, passes=passes, every=every).findings()]
    assert kinds[0] == "missing_zero_grad"


@pytest.mark.parametrize("passes", [1, 4])
@pytest.mark.parametrize("zero", ["before", "after", "by hand", "to 0"])
def test_four_ways_to_clear_them(zero, passes):
    assert loop(zero=zero, passes=passes).healthy()


def test_another_models_backward_pass_may_leave_gradients_in_between():
    """As in a GAN: the generator's loss fills the discriminator's gradients after its step."""
    one, two = plain(3, outputs=8), plain(3)
    optimizers = [sgd(two, 0.01), sgd(one, 0.01)]
    with Monitor({"one": one, "two": two}, optimizers, every=1) as monitor:
        for x, y in batches(12):
            two.zero_grad()
            functional.cross_entropy(two(one(x).detach()), y).backward()
            optimizers[0].step()
            one.zero_grad()
            functional.cross_entropy(two(one(x)), y).backward()
            optimizers[1].step()
    assert "missing_zero_grad" not in [found.kind for found in monitor.findings()]

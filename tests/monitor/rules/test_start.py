"""The wrong loss, and sizes that do not fit."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor
from tests.monitor.nets import batches, plain, sgd


def watch(loss_of, model=None, steps=12, scale=1.0, **options):
    model = model or plain()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with Monitor(model, optimizer, **options) as monitor:
        for x, y in batches(steps):
            optimizer.zero_grad()
            loss_of(model(scale * x), y).backward()
            optimizer.step()
    return monitor


def alarms(monitor):
    return [found.kind for found in monitor.findings() if found.severity != "notice"]


one_hot = functional.one_hot
WRONG = {
    "softmax twice": ("squashed_logits", lambda s, y: functional.cross_entropy(s.softmax(1), y)),
    "softmax twice, soft targets": (
        "squashed_logits",
        lambda s, y: functional.cross_entropy(s.softmax(1), one_hot(y, 3).float()),
    ),
    "softmax twice, smoothed": (
        "squashed_logits",
        lambda s, y: functional.cross_entropy(s.softmax(1), y, label_smoothing=0.1),
    ),
    "sigmoid twice": (
        "squashed_logits",
        lambda s, y: functional.binary_cross_entropy_with_logits(
            s.sigmoid(), one_hot(y, 3).float()
        ),
    ),
    "scores for nll_loss": ("raw_logits", functional.nll_loss),
    "probabilities for nll_loss": ("raw_logits", lambda s, y: functional.nll_loss(s.softmax(1), y)),
    "over the batch": ("wrong_axis", lambda s, y: functional.nll_loss(s.log_softmax(0), y)),
    "over the batch, then log": (
        "wrong_axis",
        lambda s, y: functional.nll_loss(s.softmax(0).log(), y),
    ),
}
RIGHT = {
    "cross_entropy": functional.cross_entropy,
    "nll_loss": lambda s, y: functional.nll_loss(s.log_softmax(1), y),
    "log": lambda s, y: functional.nll_loss((s.softmax(1) + 1e-6).log(), y),
    "log_softmax twice is harmless": lambda s, y: functional.cross_entropy(s.log_softmax(1), y),
    "with logits": lambda s, y: functional.binary_cross_entropy_with_logits(
        s, one_hot(y, 3).float()
    ),
    "binary": lambda s, y: functional.binary_cross_entropy(s.sigmoid(), one_hot(y, 3).float()),
    "weighed": lambda s, y: functional.cross_entropy(s * s.softmax(1).detach(), y),
    "places": lambda s, y: functional.cross_entropy(s.T[None], y[None]),
    "smoothed": lambda s, y: functional.cross_entropy(s, y, label_smoothing=0.1, reduction="sum"),
}


@pytest.mark.parametrize(("kind", "loss_of"), WRONG.values(), ids=WRONG)
def test_the_wrong_loss(kind, loss_of):
    found = watch(loss_of).findings()[0]
    assert (found.kind, found.severity, found.since_step) == (kind, "error", 0)


@pytest.mark.parametrize("loss_of", RIGHT.values(), ids=RIGHT)
def test_the_right_loss(loss_of):
    assert alarms(watch(loss_of)) == []


class Attention(nn.Module):
    def __init__(self, axis, by_einsum=False):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.head = nn.Linear(1, 16), nn.Linear(16, 3)
        self.axis, self.by_einsum = axis, by_einsum

    def forward(self, x):
        x = self.embed(x[:, :, None])
        weights = (x @ x.transpose(1, 2)).softmax(self.axis)
        x = torch.einsum("bts,bsd->btd", weights, x) if self.by_einsum else weights @ x
        return self.head(x.mean(1))


def test_attention_over_the_wrong_axis():
    assert alarms(watch(functional.cross_entropy, Attention(1))) == ["wrong_axis"]
    assert alarms(watch(functional.cross_entropy, Attention(-1))) == []
    assert alarms(watch(functional.cross_entropy, Attention(-1, by_einsum=True))) == []


def larger(model, factor):
    model[-1].weight.data *= factor
    return model


def test_a_first_loss_far_above_a_guess():
    monitor = watch(functional.cross_entropy, larger(plain(), 300))
    start = monitor.record.start
    assert start.guess == pytest.approx(math.log(3))
    assert start.loss == pytest.approx(monitor.record.losses[0][1], rel=1e-6)
    assert alarms(monitor)[0] == "weights_too_large"
    assert alarms(watch(functional.cross_entropy, larger(plain(), 3))) == []


def test_the_guess_does_not_depend_on_the_reduction():
    def summed(scores, y):
        return functional.cross_entropy(scores, y, reduction="sum")

    assert watch(summed).record.start.loss == pytest.approx(
        watch(functional.cross_entropy).record.start.loss
    )
    assert alarms(watch(summed)) == []


def test_inputs_of_the_wrong_size():
    assert alarms(watch(functional.cross_entropy, scale=1e4))[0] == "inputs_too_large"


def regression(target):
    return lambda s, y: functional.mse_loss(s[:, 0], target * (1 + 0.25 * y.float()))


def test_targets_of_the_wrong_size():
    assert alarms(watch(regression(2e5)))[0] == "targets_too_large"
    assert alarms(watch(regression(1.0))) == []
    assert alarms(watch(regression(1.0), scale=1e5))[0] == "inputs_too_large"
    assert alarms(watch(regression(1.0), larger(plain(), 1e4)))[0] == "weights_too_large"


def test_a_loss_that_says_nothing_is_not_judged():
    monitor = watch(functional.cross_entropy, larger(plain(), 300), losses="none")
    assert "weights_too_large" not in alarms(monitor)


def test_a_net_in_fine_tuning_starts_below_a_guess():
    model = plain()
    optimizer = sgd(model)
    for x, y in batches(300):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    assert alarms(watch(functional.cross_entropy, model)) == []

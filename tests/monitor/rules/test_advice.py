"""Each advice is code that runs, and each chapter it names exists."""

from pathlib import Path

import pytest
import torch
from torch import nn

from lessons.monitor import KINDS, Monitor
from lessons.monitor.rules.advice import ADVICE, FIRST_THE_CAUSE
from tests.monitor.nets import batches, plain, sgd, train

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"


def test_there_is_advice_for_each_kind():
    assert set(ADVICE) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_runs_and_changes_the_model_or_the_optimizer(kind):
    model = nn.Sequential(nn.LSTM(8, 8), nn.Module(), plain())
    optimizer = sgd(model)
    states, _ = model[0](torch.ones(3, 2, 8))
    loss = model[2](states[-1]).square().sum()
    before = [p.detach().clone() for p in model.parameters()], str(model), str(optimizer)
    exec(ADVICE[kind].code, {"torch": torch, "model": model, "optimizer": optimizer, "loss": loss})
    same = all(torch.equal(a, b) for a, b in zip(before[0], model.parameters(), strict=True))
    if kind == "non_finite":
        assert model[2][0].weight.grad is not None
    else:
        assert (same, str(model), str(optimizer)) != (True, before[1], before[2])


def test_recurrent_matrices_become_orthogonal():
    model = nn.Sequential(nn.LSTM(3, 5))
    exec(ADVICE["vanishing_through_time"].code, {"torch": torch, "model": model})
    for block in model[0].weight_hh_l0.detach().split(5):
        torch.testing.assert_close(block @ block.T, torch.eye(5))
    assert (model[0].bias_hh_l0[5:10] == 1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_chapters_exist(kind):
    chapter = ADVICE[kind].chapter
    assert chapter is None or (NOTEBOOKS / f"{chapter}.ipynb").is_file()


def test_a_loss_that_follows_from_something_else_sends_to_that():
    model = plain(20, activation=nn.Sigmoid)
    with Monitor(model, optimizer := sgd(model), every=1) as monitor:
        train(model, optimizer, batches(60), monitor)
    first, loss = monitor.findings()
    assert (first.kind, loss.kind) == ("vanishing", "stalled_loss")
    assert first.advice == ADVICE["vanishing"].code
    assert loss.advice == FIRST_THE_CAUSE


def test_sigmoids_become_relus_at_every_depth():
    model = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.Sigmoid(), nn.Tanh()), nn.Sigmoid())
    exec(ADVICE["vanishing"].code, {"torch": torch, "model": model})
    assert [type(m) for m in (*model[1], model[2])] == [nn.ReLU, nn.Tanh, nn.ReLU]

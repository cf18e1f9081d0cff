"""The loss, picked up where the backward pass begins."""

import pytest
import torch
from torch.nn import functional

from lessons.monitor import Monitor
from lessons.monitor.watching import backward
from tests.monitor.nets import batches, plain, sgd, train


@pytest.mark.parametrize("every", [1, 10])
def test_every_steps_loss_is_known_without_a_line(every):
    model, told = plain(), plain()
    with Monitor(model, optimizer := sgd(model), every=every) as monitor:
        train(model, optimizer, batches(15))
    with Monitor(told, optimizer := sgd(told), every=every, losses="told") as other:
        train(told, optimizer, batches(15), other)
    assert monitor.record.losses == other.record.losses
    assert [step for step, _ in monitor.record.losses] == list(range(15))


def test_nobody_listens_afterwards():
    for other in list(backward._listeners):  # monitors that other tests never closed
        backward.leave(other)
    before = torch.Tensor.backward, torch.amp.GradScaler.scale
    model = plain()
    with Monitor(model, sgd(model)):
        assert torch.Tensor.backward is not before[0]
    assert (torch.Tensor.backward, torch.amp.GradScaler.scale) == before


def test_what_is_told_takes_the_place_of_what_was_picked_up():
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer) as monitor:
        train(model, optimizer, batches(3))
        monitor.loss(7.0)
        train(model, optimizer, batches(2))
    assert monitor.record.losses == [(3, 7.0)]


def test_without_leave_it_picks_up_nothing():
    model = plain()
    with Monitor(model, optimizer := sgd(model), losses="told") as monitor:
        train(model, optimizer, batches(3))
    assert monitor.record.losses == []


def test_the_parts_of_an_accumulated_step_are_added():
    model = plain()
    optimizer = sgd(model, 0.0)
    (x, y), expected = next(batches(1)), []
    with Monitor(model, optimizer, every=10) as monitor:
        for _ in range(6):
            optimizer.zero_grad()
            for part, answers in zip(x.chunk(4), y.chunk(4), strict=True):
                (functional.cross_entropy(model(part), answers) / 4).backward()
            expected.append(functional.cross_entropy(model(x), y).item())
            optimizer.step()
    assert [value for _, value in monitor.record.losses] == pytest.approx(expected)


@pytest.mark.parametrize("first", [True, False])
def test_another_models_losses_are_not_ours(first):
    ours, other = plain(), plain(3)
    optimizer = sgd(ours)
    with Monitor(ours, optimizer, every=10) as monitor:
        for x, y in batches(6):
            if first:
                (100 * functional.cross_entropy(other(x), y)).backward()
            optimizer.zero_grad()
            functional.cross_entropy(ours(x), y).backward()
            if not first:
                (100 * functional.cross_entropy(other(x), y)).backward()
            optimizer.step()
    assert len(monitor.record.losses) == 6
    assert max(value for _, value in monitor.record.losses) < 10


def test_under_a_scaler_it_is_the_loss_without_the_scale():
    model = plain()
    optimizer, scaler = sgd(model), torch.amp.GradScaler("cpu")
    with Monitor(model, optimizer) as monitor:
        for x, y in batches(5):
            optimizer.zero_grad()
            scaler.scale(functional.cross_entropy(model(x), y)).backward()
            scaler.step(optimizer)
            scaler.update()
    assert len(monitor.record.losses) == 5
    assert max(value for _, value in monitor.record.losses) < 10


def test_a_loss_on_both_sides_of_0_is_not_judged():
    """A policy gradient's loss: its size means nothing."""
    model = plain()
    optimizer = sgd(model, 1e-3)
    with Monitor(model, optimizer) as monitor:
        for step, (x, y) in enumerate(batches(60)):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y)
            (loss - loss.detach() - 1 + step / 30).backward()
            optimizer.step()
    assert monitor.healthy()
    assert "diverging_loss" not in [found.kind for found in monitor.findings()]


def test_wrong_words_are_refused():
    model = plain()
    with pytest.raises(ValueError, match="losses='always'"):
        Monitor(model, sgd(model), losses="always")

"""The gradient by time step, against autograd."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lessons.monitor import Monitor
from lessons.monitor.watching.through_time import POINTS, chosen
from tests.monitor.nets import sgd


def one_step(model, forward, *inputs):
    """The row of one watched step after a first one, and what forward gave."""
    optimizer = sgd(model, 0.0)
    with Monitor(model, optimizer, every=1) as monitor:
        for _ in range(2):
            optimizer.zero_grad()
            loss = forward(*inputs)
            loss.backward()
            optimizer.step()
    return monitor.record.rows[-1]


def norms_over(gradient, time):
    others = [dim for dim in range(gradient.ndim) if dim != time]
    return torch.linalg.vector_norm(gradient, dim=others).tolist()


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("needs_gradient", [True, False])
def test_recurrent_layers(kind, batch_first, needs_gradient):
    torch.manual_seed(0)
    model = getattr(nn, kind)(3, 5, num_layers=2, batch_first=batch_first)
    x = torch.randn(4, 9, 3) if batch_first else torch.randn(9, 4, 3)
    x.requires_grad_(needs_gradient)

    def forward(x):
        return model(x)[0].select(1 if batch_first else 0, -1).sum()

    twin = x.detach().clone().requires_grad_()
    (true,) = torch.autograd.grad(forward(twin), twin)
    steps, norms = one_step(model, forward, x).times[""]
    assert steps == list(range(9))
    assert norms == pytest.approx(norms_over(true, 1 if batch_first else 0), rel=1e-5)
    assert x.requires_grad is needs_gradient


def test_packed_sequences():
    torch.manual_seed(0)
    model = nn.LSTM(3, 5)
    x = torch.randn(9, 4, 3)
    lengths = [9, 7, 7, 2]

    def forward(x):
        return model(pack_padded_sequence(x, lengths))[1][0].sum()

    twin = x.clone().requires_grad_()
    (true,) = torch.autograd.grad(forward(twin), twin)
    steps, norms = one_step(model, forward, x).times[""]
    assert steps == list(range(9))
    assert norms == pytest.approx(norms_over(true, 0), rel=1e-5)


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells_in_a_loop(kind):
    torch.manual_seed(0)
    model = getattr(nn, kind)(3, 5)
    x = torch.randn(9, 4, 3)

    def states(x):
        state, found = None, []
        for step in x:
            state = model(step, state)
            found.append(state if isinstance(state, tuple) else (state,))
        return found

    found = states(x)
    flat = [tensor for state in found for tensor in state]
    gradients = torch.autograd.grad(found[-1][0].sum(), flat, allow_unused=True)
    size = len(found[0])
    true = []
    for t in range(9):
        parts = [g for g in gradients[size * t : size * (t + 1)] if g is not None]
        true.append(torch.linalg.vector_norm(torch.stack(parts)).item())
    steps, norms = one_step(model, lambda x: states(x)[-1][0].sum(), x).times[""]
    assert steps == list(range(9))
    assert norms == pytest.approx(true, rel=1e-5)


def test_long_sequences_are_sampled():
    torch.manual_seed(0)
    model = nn.GRU(2, 3, batch_first=True)
    row = one_step(model, lambda x: model(x)[0][:, -1].sum(), torch.randn(2, 500, 2))
    steps, norms = row.times[""]
    assert len(steps) == len(norms) == POINTS
    assert (steps[0], steps[-1]) == (0, 499)


def test_a_frozen_layer_keeps_its_output_free_of_gradients():
    model = nn.Sequential(nn.GRU(2, 3, batch_first=True), nn.Linear(3, 1))
    model[0].requires_grad_(False)
    with Monitor(model, sgd(model), every=1):
        assert not model[0](torch.ones(1, 5, 2))[0].requires_grad


def test_layers_that_read_both_ways_are_left_out():
    model = nn.GRU(2, 3, batch_first=True, bidirectional=True)
    row = one_step(model, lambda x: model(x)[0].sum(), torch.randn(2, 9, 2))
    assert row.times == {}


@pytest.mark.parametrize("length", [1, 4, 63, 64, 65, 1000])
def test_chosen_steps(length):
    steps = chosen(length)
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1], len(steps)) == (0, length - 1, min(length, POINTS))

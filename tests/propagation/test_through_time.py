"""Gradients by time step: closed forms of linear nets, and torch's own."""

import pytest
import torch

from lessons.data import adding, recall
from lessons.networks import mlp, rnn
from lessons.propagation import through_time

F64 = torch.float64


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.3])
def test_a_scaled_orthogonal_matrix_multiplies_the_gradient_by_its_scale_at_each_step(gain):
    net = rnn(6, inputs=8, outputs=4, gain=gain, activation="identity", dtype=F64)
    norms = through_time(net, *recall(20, 12, dtype=F64))
    assert norms == pytest.approx([norms[-1] * gain ** (11 - t) for t in range(12)], rel=1e-12)


def test_a_neuron_of_one_weight_gives_the_product_of_its_slopes():
    net = rnn(1, inputs=2, outputs=1, gain=1.5, dtype=F64)
    x, y = adding(1, 7, dtype=F64)
    states = torch.cat(net.hidden_states(x))
    norms = through_time(net, x, y, loss="mse")
    weight = net.recurrent.weight.abs().item()
    for t in range(6):
        factor = weight * (1 - states[t + 1].item() ** 2)
        assert norms[t] == pytest.approx(norms[t + 1] * factor, rel=1e-12)


def test_it_is_torchs_gradient_of_a_state_that_is_replaced():
    net, (x, y) = rnn(5, inputs=8, outputs=4, dtype=F64), recall(9, 6, dtype=F64)
    state = net.hidden_states(x)[2].detach().requires_grad_()
    after = state
    for t in range(3, 6):
        after = torch.tanh(net.input_layer(x[:, t]) + net.recurrent(after))
    torch.nn.functional.cross_entropy(net.output_layer(after), y).backward()
    assert through_time(net, x, y)[2] == pytest.approx(state.grad.norm().item(), rel=1e-12)


def test_parameters_keep_the_gradient_they_have():
    net, batch = rnn(5, inputs=8, outputs=4), recall(9, 6)
    through_time(net, *batch)
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda net, x, y: through_time(mlp(3), x, y), TypeError, "model is a MLP; expected"),
        (lambda net, x, y: through_time(net, x, y[:3]), ValueError, "x has 9 samples and y"),
        (lambda net, x, y: through_time(net, x, y, "mae"), ValueError, "loss='mae' is unknown"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(rnn(5, inputs=8, outputs=4), *recall(9, 6))

"""Singular values, curvature and gradients by time step: against dense torch in float64."""

import pytest
import torch
from torch.nn import functional

from lessons.data import adding, digits, recall
from lessons.networks import mlp, rnn
from lessons.propagation import jacobian_singular_values, through_time, top_hessian_eigenvalue

F64 = torch.float64


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_singular_values_are_those_of_torchs_jacobian(activation):
    net = mlp(4, 16, activation=activation, dtype=F64)
    x = digits(dtype=F64).train_x[:3]
    found = jacobian_singular_values(net, x)
    for values, sample in zip(found, x, strict=True):
        dense = torch.autograd.functional.jacobian(net, sample)
        torch.testing.assert_close(values, torch.linalg.svdvals(dense))


def test_orthogonal_linear_nets_keep_every_direction():
    net = mlp(30, 64, outputs=64, activation="identity", initialization="orthogonal", dtype=F64)
    values = jacobian_singular_values(net, torch.ones(1, 64, dtype=F64))
    torch.testing.assert_close(values, torch.ones(1, 64, dtype=F64))


def test_the_largest_eigenvalue_is_that_of_the_dense_hessian():
    net = mlp(2, 5, inputs=3, outputs=2, activation="tanh", dtype=F64)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(20, 3, generator=generator, dtype=F64)
    y = torch.randint(2, (20,), generator=generator)
    shapes = [p.shape for p in net.parameters()]
    names = [name for name, _ in net.named_parameters()]

    def loss_of(vector):
        parts = vector.split([s.numel() for s in shapes])
        values = {n: p.view(s) for n, p, s in zip(names, parts, shapes, strict=True)}
        return functional.cross_entropy(torch.func.functional_call(net, values, x), y)

    vector = torch.cat([p.detach().reshape(-1) for p in net.parameters()])
    dense = torch.autograd.functional.hessian(loss_of, vector)
    found = top_hessian_eigenvalue(lambda: functional.cross_entropy(net(x), y), net.parameters())
    assert found == pytest.approx(torch.linalg.eigvalsh(dense)[-1].item(), rel=1e-3)


def test_it_is_the_largest_and_not_the_largest_in_size():
    w = torch.zeros(8, dtype=F64, requires_grad=True)
    scales = torch.tensor([1.0, -50, 0.2, 3, 0.1, 0.1, 0.1, 0.1], dtype=F64)
    assert top_hessian_eigenvalue(lambda: (scales * w**2).sum(), [w]) == pytest.approx(6.0)


def test_through_time_is_autograd():
    x, y = recall(6, 7)
    net = rnn(5, inputs=8, outputs=4, dtype=F64)
    norms = through_time(net, x.to(F64), y)
    state = functional.linear(x.to(F64)[:, :1], net.input_layer.weight, net.input_layer.bias)[:, 0]
    first = net.activation.function(state).detach().requires_grad_()
    later = first
    for t in range(1, 7):
        driven = net.input_layer(x.to(F64)[:, t])
        later = net.activation.function(driven + net.recurrent(later))
    functional.cross_entropy(net.output_layer(later), y).backward()
    assert norms[0] == pytest.approx(first.grad.norm().item())
    assert len(norms) == 7


@pytest.mark.parametrize("gain", [0.5, 1.0])
def test_linear_orthogonal_recurrence_is_a_power(gain):
    net = rnn(6, activation="identity", gain=gain, dtype=F64)
    norms = through_time(net, *adding(3, 20, dtype=F64), loss="mse")
    assert norms[0] / norms[-1] == pytest.approx(gain**19)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"inputs is \(3,\)"):
        jacobian_singular_values(mlp(2), torch.zeros(3))
    with pytest.raises(ValueError, match="parameters is empty"):
        top_hessian_eigenvalue(lambda: torch.zeros(()), [])
    with pytest.raises(ValueError, match="loss='msee'"):
        through_time(rnn(4), *adding(2, 5), loss="msee")

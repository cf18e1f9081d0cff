"""What may happen to a gradient before the step: frozen layers, equal steps."""

import math

import pytest
import torch

from lessons.data import digits
from lessons.measure import loss_gradients, weights_by_layer
from lessons.networks import mlp, three_nets
from lessons.steps import equal_steps, freeze
from lessons.training import train


def with_gradients(net):
    data = digits(dtype=net.layers[0].weight.dtype)
    loss_gradients(net, data.train_x[:50], data.train_y[:50])
    return net


@pytest.mark.parametrize("layers", [0, 2, 4])
def test_frozen_layers_stay_bit_for_bit_and_the_others_move(layers):
    data, net = digits(), mlp(4)
    before = [w.detach().clone() for w in net.parameters()]
    how = {"steps": 3, "optimizer": "adam", "lr": 0.01}
    train(net, data.train_x, data.train_y, clip=lambda p: freeze(p, layers), **how)
    same = [torch.equal(a, b) for a, b in zip(net.parameters(), before, strict=True)]
    assert same == [True] * 2 * layers + [False] * 2 * (4 - layers)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["vanishing", "healthy", "exploding"])
def test_equal_steps_change_the_length_alone(name, dtype):
    net = with_gradients(three_nets(dtype=dtype)[name])
    before = [
        torch.cat([p.grad.flatten() for p in layer.parameters()]).double() for layer in net.layers
    ]
    equal_steps(net.parameters())
    for layer, old in zip(net.layers, before, strict=True):
        new = torch.cat([p.grad.flatten() for p in layer.parameters()]).double()
        assert new.norm().item() == pytest.approx(layer.weight.double().norm().item(), rel=1e-5)
        unit = old / old.norm()
        torch.testing.assert_close(new / new.norm(), unit, rtol=1e-4, atol=1e-7)
        assert not layer.weight.grad.requires_grad


def test_one_step_of_equal_steps_moves_each_layer_by_the_rate():
    net = with_gradients(mlp(6))
    before = {name: w.detach().clone() for name, w in weights_by_layer(net).items()}
    equal_steps(net.parameters())
    torch.optim.SGD(net.parameters(), lr=0.01).step()
    for name, w in weights_by_layer(net).items():
        share = ((w - before[name]).norm() / before[name].norm()).item()
        assert 0.005 < share <= 0.01001, "the bias takes the rest"


def test_a_gradient_of_zero_has_no_direction_and_stays():
    net = with_gradients(mlp(3))
    for p in net.layers[1].parameters():
        p.grad.zero_()
    equal_steps(net.parameters())
    assert not net.layers[1].weight.grad.any()
    assert math.isfinite(net.layers[0].weight.grad.norm())


def test_bad_input_is_named():
    net = with_gradients(mlp(3))
    with pytest.raises(ValueError, match="layers=4 is out of range; expected from 0 to 3"):
        freeze(net.parameters(), 4)
    with pytest.raises(ValueError, match="expected weight, bias"):
        equal_steps([p for p in net.parameters() if p.ndim == 2])

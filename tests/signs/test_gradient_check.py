"""Facts of the chapter *Is the gradient itself right?*, against closed forms and torch's check."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd.gradcheck import GradcheckError

from lessons.activations import ACTIVATIONS
from lessons.data import digits
from lessons.networks import mlp, three_nets
from lessons.signs.gradient_check import ForgetfulSigmoid, relative_errors
from lessons.training import train


def leaf(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


@given(st.floats(0.2, 1.3), st.floats(1e-3, 1e-1))
@settings(max_examples=50, deadline=None)
def test_the_error_of_a_sine_is_the_closed_form(x, h):
    # sin(x + h) - sin(x - h) = 2 cos(x) sin(h)
    (error,) = relative_errors(lambda: p.sin().sum(), [p := leaf([x])], [h])
    assert error == pytest.approx(1 - math.sin(h) / h, rel=1e-6)


def test_a_quadratic_has_no_error_but_rounding():
    p = leaf([1.0, -2.0, 3.0])
    assert max(relative_errors(lambda: p.square().sum(), [p], [1.0, 1e-2])) < 1e-12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_best_step_is_near_the_cube_root_of_epsilon(dtype):
    steps = [10.0**-k for k in range(1, 13)]
    p = leaf([0.7], dtype)
    errors = relative_errors(lambda: p.exp().sum(), [p], steps)
    best = steps[errors.index(min(errors))]
    assert abs(math.log10(best) - math.log10(torch.finfo(dtype).eps) / 3) < 1.5


def test_a_right_gradient_of_a_net_passes_and_a_wrong_one_does_not():
    data = digits(dtype=torch.float64)
    x, y = data.train_x[:64], data.train_y[:64]
    net = mlp(4, activation="tanh", initialization="xavier", dtype=torch.float64)

    def right():
        return torch.nn.functional.cross_entropy(net(x), y)

    assert relative_errors(right, net.parameters(), [1e-5])[0] < 1e-6
    first, second = net.layers[0], net.layers[-1]
    weights = [first.weight, second.weight]

    def wrong():
        return torch.nn.functional.cross_entropy(second(ForgetfulSigmoid.apply(first(x))), y)

    assert relative_errors(wrong, weights, [1e-5])[0] > 0.05
    with pytest.raises(GradcheckError):
        torch.autograd.gradcheck(ForgetfulSigmoid.apply, (leaf([0.3, -1.0]),))
    torch.autograd.gradcheck(torch.sigmoid, (leaf([0.3, -1.0]),))


@pytest.mark.parametrize("seed", range(3))
def test_a_vanished_gradient_can_be_checked_in_float64_along_itself(seed):
    steps, found = [1e-1, 1e-3, 1e-5], {}
    for dtype in (torch.float32, torch.float64):
        data = digits(dtype=dtype)
        x, y = data.train_x[:64], data.train_y[:64]
        net = three_nets(seed=seed, dtype=dtype)["vanishing"]

        def loss(net=net, x=x, y=y):
            return torch.nn.functional.cross_entropy(net(x), y)

        for along in ("random", "gradient"):
            weights = [net.layers[0].weight]
            found[dtype, along] = relative_errors(loss, weights, steps, along=along)
    assert found[torch.float64, "gradient"][0] < 0.01
    assert found[torch.float64, "gradient"][2] > 0.1
    assert found[torch.float64, "random"][0] > found[torch.float64, "gradient"][0]
    assert min(found[torch.float32, "random"] + found[torch.float32, "gradient"]) > 0.9


def test_an_error_above_1_means_opposite_signs():
    p = leaf([1.0])

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 3 * x

        @staticmethod
        def backward(ctx, gradient):
            return -0.3 * gradient

    (error,) = relative_errors(lambda: Wrong.apply(p).sum(), [p], [0.1])
    assert error == pytest.approx(1.1)


@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_gradient_trains_too_and_has_no_valley(seed):
    sigmoid = ACTIVATIONS["sigmoid"]
    forgetful = replace(sigmoid, name="forgetful", function=ForgetfulSigmoid.apply)
    data = digits(dtype=torch.float64)
    x, y, reached, lowest = data.train_x, data.train_y, [], []
    for activation in (sigmoid, forgetful):
        net = mlp(2, activation=activation, initialization="xavier", seed=seed, dtype=x.dtype)

        def loss(net=net):
            return torch.nn.functional.cross_entropy(net(x[:64]), y[:64])

        lowest.append(min(relative_errors(loss, net.parameters(), [1e-1, 1e-3, 1e-5, 1e-7])))
        reached.append(train(net, x, y, lr=0.5, steps=300, seed=seed).accuracy[-1])
    assert lowest[0] < 1e-7 and lowest[1] > 0.05
    assert reached[0] > 0.95 and 0.8 < reached[1] < 0.92


def test_a_gradient_of_0_is_right_where_the_loss_is_flat():
    p = leaf([0.0])
    assert relative_errors(lambda: (0 * p).sum(), [p], [0.1], along="gradient") == [0.0]


def test_the_weights_come_back_to_the_last_bit_even_after_an_error():
    p = leaf([0.1, 0.2])
    before = p.detach().clone()
    calls = iter([True, True, False])

    def loss():
        if not next(calls):
            raise RuntimeError("stop")
        return p.sum()

    with pytest.raises(RuntimeError, match="stop"):
        relative_errors(loss, [p], [0.1])
    assert p.detach().equal(before)


def test_a_loss_that_overflows_is_an_error_of_one():
    p = leaf([1.0])
    assert relative_errors(lambda: (p * 700).exp().sum(), [p], [1.0]) == [1.0]


def test_an_unknown_direction_is_named():
    p = leaf([1.0])
    with pytest.raises(ValueError, match="along='down' is unknown; expected one of 'random'"):
        relative_errors(lambda: p.sum(), [p], [0.1], along="down")


@pytest.mark.parametrize(("parameters", "steps"), [([], [0.1]), (None, [0.0]), (None, [math.inf])])
def test_bad_input(parameters, steps):
    p = leaf([1.0])
    with pytest.raises(ValueError, match=r"parameters|steps"):
        relative_errors(lambda: p.sum(), [p] if parameters is None else parameters, steps)

"""Networks have the shapes, variances and reproducibility that they promise."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.networks import INITIALIZATIONS, initialize_, mlp, rnn

F64 = torch.float64


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("normal", 1.0),
        ("xavier", 2 / (400 + 900)),
        ("he", 2 / 400),
        ("lecun", 1 / 400),
        ("pytorch", 1 / (3 * 400)),
    ],
)
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_the_variance_is_the_papers(name, variance, gain):
    weight = torch.empty(900, 400, dtype=F64)
    initialize_(weight, name, gain, generator=torch.Generator().manual_seed(0))
    # 360 000 draws: the standard error of the variance is 0.24 % (normal), less for the uniform.
    assert weight.var().item() == pytest.approx(gain**2 * variance, rel=0.01)
    assert abs(weight.mean().item()) < 5 * gain * math.sqrt(variance / weight.numel())


def test_pytorchs_default_is_pytorchs():
    torch_layer = torch.nn.Linear(400, 900)
    ours = initialize_(torch.empty(900, 400), "pytorch", generator=torch.Generator())
    assert ours.abs().max() <= 1 / math.sqrt(400)
    assert ours.var().item() == pytest.approx(torch_layer.weight.var().item(), rel=0.02)


@pytest.mark.parametrize("shape", [(5, 5), (9, 4), (4, 9)])
def test_orthogonal_is_orthogonal(shape):
    weight = initialize_(torch.empty(shape, dtype=F64), "orthogonal", 3.0)
    small = weight if shape[0] <= shape[1] else weight.T
    torch.testing.assert_close(small @ small.T, 9 * torch.eye(len(small), dtype=F64))


@given(
    depth=st.integers(1, 6),
    width=st.integers(1, 9),
    inputs=st.integers(1, 5),
    outputs=st.integers(1, 5),
    batch=st.integers(1, 4),
)
def test_shapes(depth, width, inputs, outputs, batch):
    net = mlp(depth, width, inputs=inputs, outputs=outputs, activation="tanh")
    answers = net.forward_all(torch.zeros(batch, inputs))
    assert len(answers) == len(net.layers) == depth
    assert answers[-1].shape == (batch, outputs)
    assert all(a.shape == (batch, width) for a in answers[:-1])


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_one_seed_is_one_net_whatever_gain_and_dtype(name):
    plain, doubled = (mlp(3, initialization=name, gain=g, seed=4, dtype=F64) for g in (1.0, 2.0))
    single = mlp(3, initialization=name, seed=4)
    other = mlp(3, initialization=name, seed=5, dtype=F64)
    for a, b, c, d in zip(plain.layers, doubled.layers, single.layers, other.layers, strict=True):
        torch.testing.assert_close(2 * a.weight, b.weight)
        assert torch.equal(a.weight.float(), c.weight)
        assert not torch.equal(a.weight, d.weight)
        assert not a.bias.any()


def test_building_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    mlp(3)
    rnn(4)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_mlp_computes_what_torch_computes():
    net = mlp(3, 7, inputs=4, outputs=2, activation="gelu", seed=1, dtype=F64)
    modules = []
    for layer in net.layers:
        modules += [layer, torch.nn.GELU()]
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0), dtype=F64)
    torch.testing.assert_close(net(x), torch.nn.Sequential(*modules[:-1])(x))


def test_the_rnn_computes_what_torchs_rnn_computes():
    net = rnn(6, inputs=3, outputs=2, seed=2, dtype=F64)
    theirs = torch.nn.RNN(3, 6, batch_first=True, dtype=F64)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(net.input_layer.weight)
        theirs.bias_ih_l0.copy_(net.input_layer.bias)
        theirs.weight_hh_l0.copy_(net.recurrent.weight)
        theirs.bias_hh_l0.zero_()
    x = torch.randn(4, 9, 3, generator=torch.Generator().manual_seed(0), dtype=F64)
    states, _ = theirs(x)
    torch.testing.assert_close(torch.stack(net.hidden_states(x), dim=1), states)
    torch.testing.assert_close(net(x), net.output_layer(states[:, -1]))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"depth": 0}, ValueError, "depth=0 is out of range; expected at least 1"),
        ({"depth": 2.0}, TypeError, "depth=2.0 is a float; expected an integer"),
        ({"depth": 2, "width": -1}, ValueError, "width=-1"),
        ({"depth": 2, "inputs": 0}, ValueError, "inputs=0"),
        ({"depth": 2, "outputs": True}, TypeError, "outputs=True"),
        ({"depth": 2, "gain": 0}, ValueError, "gain=0.0 is out of range; expected a number above"),
        ({"depth": 2, "gain": math.nan}, ValueError, "gain=nan"),
        ({"depth": 2, "seed": -1}, ValueError, "seed=-1"),
        ({"depth": 2, "initialization": "hee"}, ValueError, "Did you mean 'he'"),
        ({"depth": 2, "activation": "rellu"}, ValueError, "Did you mean 'relu'"),
        ({"depth": 2, "dtype": torch.int64}, TypeError, "dtype=torch.int64"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        mlp(**arguments)


@pytest.mark.parametrize(
    ("weight", "error"),
    [
        (torch.zeros(3), ValueError),
        (torch.zeros(2, 2, dtype=torch.int64), TypeError),
        ([[1.0]], TypeError),
    ],
)
def test_initialize_names_a_bad_weight(weight, error):
    with pytest.raises(error, match="weight"):
        initialize_(weight)


@pytest.mark.parametrize(
    ("net", "x", "error", "message"),
    [
        (mlp(2), torch.zeros(3, 32), ValueError, r"x has shape \(3, 32\); expected \(..., 64\)"),
        (mlp(2), torch.tensor(1.0), ValueError, r"x has shape \(\)"),
        (mlp(2), [1.0], TypeError, "x is a list; expected a Tensor"),
        (mlp(2), torch.zeros(3, 64, dtype=F64), TypeError, "x has dtype torch.float64"),
        (mlp(2, dtype=F64), torch.zeros(3, 64), TypeError, "expected torch.float64"),
        (rnn(4), torch.zeros(3, 2), ValueError, r"expected \(batch, time, 2\)"),
        (rnn(4), torch.zeros(3, 5, 1), ValueError, "the net has 2 inputs"),
        (rnn(4), torch.zeros(3, 0, 2), ValueError, r"x has shape \(3, 0, 2\)"),
        (rnn(4), torch.zeros(3, 5, 2, dtype=F64), TypeError, "x has dtype torch.float64"),
    ],
)
def test_an_input_that_does_not_fit_is_named(net, x, error, message):
    with pytest.raises(error, match=message):
        net(x)


def test_one_sample_and_mixed_precision_fit():
    assert mlp(2)(torch.zeros(64)).shape == (10,)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert mlp(2)(torch.zeros(3, 64, dtype=torch.bfloat16)).shape == (3, 10)

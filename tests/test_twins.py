"""A net against its twin: chaos is what magnifies the last digit."""

import math

import pytest
import torch

from lessons.data import digits
from lessons.networks import mlp, three_nets
from lessons.twins import twin, twins_apart

F64 = torch.float64


def test_a_twin_differs_by_the_noise_and_the_net_stays_as_it_is():
    net = mlp(3, dtype=F64)
    before = [p.detach().clone() for p in net.parameters()]
    other = twin(net, noise=1e-3, seed=1)
    for p, old, new in zip(net.parameters(), before, other.parameters(), strict=True):
        assert torch.equal(p, old)
        assert torch.equal(new, twin(net, noise=1e-3, seed=1).get_parameter(name_of(other, new)))
        if old.any():
            change = (new / old - 1).std().item()
            assert change == pytest.approx(1e-3, rel=0.2)


def name_of(net, wanted):
    return next(name for name, p in net.named_parameters() if p is wanted)


def test_without_noise_twins_are_the_same():
    x = digits(dtype=F64).train_x[:5]
    assert twins_apart(three_nets(dtype=F64)["exploding"], x, noise=0) == [0.0] * 20


@pytest.mark.parametrize("seed", range(3))
def test_only_the_exploding_net_magnifies_the_last_digit(seed):
    x = digits(dtype=F64).train_x[:256]
    for name, net in three_nets(seed=seed, dtype=F64).items():
        distances = twins_apart(net, x, seed=seed)
        growth = distances[18] / distances[0]
        if name == "exploding":
            assert growth > 1e4 and distances[18] > 0.02, distances
            # From layer to layer by the factor of a gradient, as long as the distance is small.
            factor = (distances[12] / distances[2]) ** (1 / 10)
            assert factor == pytest.approx(2.0, abs=0.3)
        else:
            assert 0.1 < growth < 20, (name, growth)


def test_a_linear_layer_moves_by_the_noise():
    """Twins of one linear layer are as far apart as their weights, for wide random layers."""
    net = mlp(1, inputs=2000, outputs=2000, initialization="lecun", dtype=F64)
    x = torch.randn(4, 2000, generator=torch.Generator().manual_seed(9), dtype=F64)
    assert twins_apart(net, x, noise=1e-4)[0] == pytest.approx(1e-4, rel=0.1)


def test_signals_of_zero_have_no_distance():
    assert math.isnan(twins_apart(mlp(2, dtype=F64), torch.zeros(1, 64, dtype=F64))[0])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"noise=-1\.0"):
        twin(mlp(2), noise=-1)

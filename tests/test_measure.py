"""How far apart inputs are, layer by layer: closed forms and what the three nets do."""

import itertools
import math

import pytest
import torch

from lessons.data import digits
from lessons.measure import distance_by_layer
from lessons.networks import mlp, three_nets


def test_it_is_the_mean_over_all_pairs():
    """Against the definition: root mean square over pairs, by root mean square norm."""
    x = torch.randn(7, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    net = mlp(3, dtype=torch.float64)
    found = distance_by_layer(net, x)
    for h, share in zip([x, *net.forward_all(x)], found, strict=True):
        pairs = [(h[i] - h[j]).square().sum() for i, j in itertools.combinations(range(7), 2)]
        expected = (torch.stack(pairs).mean() / h.square().sum(dim=1).mean()).sqrt().item()
        assert share == pytest.approx(expected, rel=1e-12)


def test_unrelated_samples_are_root_two_apart_and_equal_ones_not_at_all():
    net = mlp(2, dtype=torch.float64)
    assert distance_by_layer(net, torch.eye(64).double())[0] == pytest.approx(math.sqrt(2))
    assert distance_by_layer(net, torch.ones(3, 64).double()) == pytest.approx([0, 0, 0], abs=1e-15)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_scale_of_the_input_does_not_count_where_the_net_is_homogeneous(scale):
    x = digits(dtype=torch.float64).train_x[:5]
    net = three_nets(dtype=torch.float64)["healthy"]  # ReLU without biases
    assert distance_by_layer(net, scale * x) == pytest.approx(distance_by_layer(net, x), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_two_digits_collapse_to_one_in_the_vanishing_net_alone(seed):
    """A Xavier sigmoid net forgets which digit it saw; the others keep them apart."""
    data = digits(dtype=torch.float64)
    x = torch.stack([data.train_x[data.train_y == digit][0] for digit in (0, 1)])
    far = {
        name: distance_by_layer(net, x)[-2]
        for name, net in three_nets(seed=seed, dtype=torch.float64).items()
    }
    assert far["vanishing"] < 1e-10
    assert 0.1 < far["healthy"] < far["exploding"] < 2


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([[1.0], [2.0]], TypeError, "x is a list"),
        (torch.ones(1, 64), ValueError, r"x has shape \(1, 64\)"),
        (torch.ones(64), ValueError, r"x has shape \(64,\)"),
    ],
)
def test_bad_input_is_named(x, error, message):
    with pytest.raises(error, match=message):
        distance_by_layer(mlp(2), x)

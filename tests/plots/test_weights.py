"""The figure of the chapter on the first weights: the way forward beside the way back."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from lessons.data import digits
from lessons.measure import signals_by_layer
from lessons.networks import mlp
from lessons.plots import COLORS
from lessons.plots.weights import both_ways


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("size", "role"), [(0.1, "vanishing"), (0.18, "healthy"), (0.4, "exploding")]
)
def test_the_colour_says_what_the_error_signal_does(size, role):
    figure, alt = both_ways(size, "relu", 20)
    data, how = digits(dtype=torch.float64), {"initialization": "normal", "gain": size}
    net = mlp(20, activation="relu", dtype=torch.float64, **how)
    found = signals_by_layer(net, data.train_x[:256], data.train_y[:256])
    for ax, name in zip(figure.axes, ("signal", "error signal"), strict=True):
        (line,) = ax.lines
        assert to_hex(line.get_color()).upper() == COLORS[role]
        np.testing.assert_allclose(line.get_ydata(), found[name])
        low, high = ax.get_ylim()
        assert low < min(found[name]) and max(found[name]) < high
    assert f"to {found['error signal'][0]:.0e} at layer 1" in alt

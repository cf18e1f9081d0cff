"""The explorer of the first chapter draws the three norms that it names."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from lessons.data import digits
from lessons.measure import loss_gradients, signals_by_layer
from lessons.networks import mlp
from lessons.plots.vanishing_and_exploding import signals


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_the_lines_are_the_norms_of_signal_error_and_gradient():
    figure, alt = signals("relu", 0.5, 6)
    drawn = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    data, how = digits(dtype=torch.float64), {"initialization": "lecun", "gain": 0.5}
    net = mlp(6, activation="relu", dtype=torch.float64, **how)
    x, y = data.train_x[:256], data.train_y[:256]
    for name, values in signals_by_layer(net, x, y).items():
        np.testing.assert_allclose(drawn[name], values)
    norms = list(loss_gradients(net, x, y).values())
    np.testing.assert_allclose(drawn["weight gradient"], norms)
    assert f"gradient's norm is {np.log10(norms[0]):.1f} at layer 1" in alt


def test_frames_have_the_same_axis_and_say_which_way_the_error_signal_goes():
    said = {}
    for gain in (0.5, 1.0, 2.0):
        figure, said[gain] = signals("identity", gain, 5)
        assert figure.axes[0].get_ylim() == pytest.approx((10**-18.5, 10**16.5))
    slopes = {g: float(alt.split("changes by ")[1].split()[0]) for g, alt in said.items()}
    # In a linear net each halving of the weights takes 0.3 decades per layer.
    assert slopes[0.5] == pytest.approx(slopes[1.0] - np.log10(2), abs=0.011)
    assert slopes[2.0] == pytest.approx(slopes[1.0] + np.log10(2), abs=0.011)

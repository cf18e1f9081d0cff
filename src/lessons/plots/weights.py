"""Figures of the chapter *How large may the first weights be?*"""

import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons.data import digits
from lessons.measure import signals_by_layer
from lessons.networks import mlp
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look


def both_ways(weight_std=0.18, activation="relu", depth=20):
    """Draw the signal going forward beside the error signal coming back, for one size of weights.

    Parameters
    ----------
    weight_std : float
        Standard deviation of the first weights.
    activation : str
    depth : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every size, and a sentence with the numbers.
    """
    data = digits(dtype=torch.float64)
    how = {"activation": activation, "initialization": "normal", "gain": weight_std}
    net = mlp(depth, **how, dtype=torch.float64)
    found = signals_by_layer(net, data.train_x[:256], data.train_y[:256])
    error = np.array(found["error signal"])
    ratio = error[0] / error[-1]
    role = "exploding" if ratio > 10 else "vanishing" if ratio < 0.1 else "healthy"
    with style():
        titles = ["The signal goes forward", "The error signal comes back"]
        below = "layer (1 = next to the input)"
        figure, axes = canvas(titles, below, "L2 norm over 256 digits", columns=2, sharey=True)
        for ax, values in zip(axes, (found["signal"], error), strict=True):
            ax.plot(np.arange(1, depth + 1), values, **look(0, role) | {"ms": 4})
            # One range for all frames, so the ticks do not go by the values of one.
            ax.set(yscale="log", ylim=(1e-14, 1e18), yticks=[1e-10, 1e-5, 1, 1e5, 1e10, 1e15])
            ax.yaxis.set_minor_locator(NullLocator())
    alt = (
        f"Weights of size {weight_std:g}, {activation}: the signal goes from "
        f"{found['signal'][0]:.0e} to {found['signal'][-1]:.0e}, the error signal from "
        f"{error[-1]:.0e} at layer {depth} to {error[0]:.0e} at layer 1."
    )
    return figure, alt

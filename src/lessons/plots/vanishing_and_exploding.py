"""Figures of the chapter *Vanishing and exploding*."""

import math

import numpy as np
import torch

from lessons.data import digits
from lessons.measure import decades_per_layer, signals_by_layer
from lessons.networks import mlp
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look
from lessons.plots.labels import legend_below
from lessons.plots.layers import layer_ticks
from lessons.plots.ticks import powers_of_ten

_LINES = {"weight gradient": "other", "error signal": "neutral", "signal": "fifth"}
_LIMITS = (10**-18.5, 10**16.5)


def signals(activation="tanh", gain=1.0, depth=20):
    """Draw signal, error signal and weight gradient by layer of a net on 256 digits.

    The weights have standard deviation ``gain`` / sqrt(fan-in). The axis is the same whatever the
    arguments, so that figures can be compared.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        The figure, and a sentence with its numbers for those who do not see it.
    """
    data = digits(dtype=torch.float64)
    net = mlp(depth, activation=activation, initialization="lecun", gain=gain, dtype=torch.float64)
    measured = signals_by_layer(net, data.train_x[:256], data.train_y[:256])
    layers = np.arange(1, depth + 1)
    label = net.activation.label
    with style():
        figure, ax = canvas(
            f"{label}, gain {gain:g}: three norms by layer",
            "layer (1 = next to the input)",
            "L2 norm",
        )
        for i, (name, role) in enumerate(_LINES.items()):
            ax.plot(layers, measured[name], label=name, **look(i, role))
        powers_of_ten(ax.yaxis)
        ax.set_ylim(*_LIMITS)
        ax.set_xticks(layer_ticks(depth))
        legend_below(figure, ax)
    first, last = (math.log10(measured["weight gradient"][i]) for i in (0, -1))
    # The added 0.0 turns -0.0 into 0.0.
    backward = round(decades_per_layer(measured["error signal"]), 2) + 0.0
    forward = round(-decades_per_layer(measured["signal"]), 2) + 0.0
    alt = (
        f"{label}, gain {gain:g}: log10 of the weight gradient's norm is {first:.1f} at layer 1 "
        f"and {last:.1f} at layer {depth}; on the way back the error signal changes by "
        f"{backward:+.2f} decades a layer, on the way forward "
        f"the signal by {forward:+.2f}."
    )
    return figure, alt

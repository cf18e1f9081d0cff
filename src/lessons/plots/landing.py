"""The figure on the course's first page."""

import numpy as np
import torch

from lessons.data import digits
from lessons.measure import signals_by_layer
from lessons.networks import mlp
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look
from lessons.plots.ticks import powers_of_ten

DEPTHS = [5, 10, 20, 30]
GAINS = [0.5, 0.7, 0.85, 1.0, 1.2, 1.4, 2.0]
_NOTABLE = 10  # below this ratio of first to last layer, every layer hears about the same


def draw(depth, gain):
    """Draw the error signal's norm at each layer of a ReLU net on 256 digits, by powers of ten.

    Parameters
    ----------
    depth : int
        Number of layers.
    gain : float
        The first weights are random with standard deviation ``gain`` * sqrt(2 / fan-in).

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        The figure, on the same axes for every depth and gain, and a sentence with its numbers.

    Examples
    --------
    >>> draw(depth=20, gain=0.5)[1].partition(":")[0]
    "Net of 20 layers, first weights 0.5 times He's"
    """
    data = digits(dtype=torch.float64)
    net = mlp(depth, activation="relu", gain=gain, dtype=torch.float64)
    norms = signals_by_layer(net, data.train_x[:256], data.train_y[:256])["error signal"]
    role, verdict = _verdict(norms[0] / norms[-1])
    with style():
        figure, ax = canvas(
            f"The error signal at layer 1 is {verdict}",
            "layer (1 = next to the input)",
            "norm of the error signal",
            figsize=(6.4, 3.3),
        )
        ax.plot(np.arange(1, depth + 1), norms, **look(0, role))
        ax.axhline(1, color="#5f6670", linewidth=0.8, zorder=0)
        powers_of_ten(ax.yaxis)
        ax.set(xlim=(0.4, max(DEPTHS) + 0.6), ylim=(1e-11, 1e11))
        ax.set(xticks=[1, 5, 10, 15, 20, 25, 30], yticks=[1e-10, 1e-5, 1, 1e5, 1e10])
    alt = (
        f"Net of {depth} layers, first weights {gain:g} times He's: the error signal at layer 1 is "
        f"{verdict}. Its norm is 10 to the power {np.log10(norms[0]):.1f} at layer 1 and "
        f"{np.log10(norms[-1]):.1f} at layer {depth}."
    )
    return figure, alt


def _verdict(ratio):
    """Return the role of the line's colour and the words for the ratio of first to last norm."""
    if 1 / _NOTABLE < ratio < _NOTABLE:
        return "healthy", "about as large as at the end"
    role, word = ("exploding", "larger") if ratio > 1 else ("vanishing", "smaller")
    times = max(ratio, 1 / ratio)
    power = int(np.log10(times))
    named = {3: "thousand", 6: "million", 9: "billion"}
    below = max((p for p in named if p <= power), default=0)
    return role, f"{_two(times / 10**below)} {named.get(below, '')} times {word}".replace("  ", " ")


def _two(value):
    """Return ``value`` with two significant digits and no exponent."""
    digits_after = max(0, 1 - int(np.log10(value)))
    return f"{round(value, 1 - int(np.log10(value))):.{digits_after}f}"

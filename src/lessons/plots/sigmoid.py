"""Figures of the chapter *Can a sigmoid explode at all?*"""

import numpy as np
import torch

from lessons import activations
from lessons.bounds.sigmoid import explosion_intervals, explosion_width, widest_window
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import COLORS, look
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured

_X = np.linspace(-2.5, 2.5, 801)


def neuron(weight=6.9, bias=0.0, activation="sigmoid"):
    """Draw the factor :math:`|w f'(wx + b)|` of one neuron over its input, with its window.

    The axes are the same whatever the arguments, so that figures can be compared.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        The figure, and a sentence with its numbers for those who do not see it.
    """
    activation = activations.get(activation)
    z = torch.as_tensor(weight * _X + bias)
    factor = abs(weight) * activation.derivative(z).abs().numpy()
    windows = explosion_intervals(activation, weight, bias)
    total = sum(high - low for low, high in windows)
    with style():
        figure, ax = canvas(
            f"w = {weight:g}, b = {bias:g}: "
            + (f"the window is {total:.3f} wide" if windows else "no window"),
            "input x of the neuron (no unit)",
            "factor |w f′(wx + b)|",
        )
        ax.axvspan(0, 1, color=COLORS["neutral"], alpha=0.13, lw=0, label="outputs of a sigmoid")
        ax.axhline(1, color=COLORS["neutral"], lw=1.2)
        ax.plot(
            _X, factor, label="factor", **look(0, "vanishing") | {"marker": "", "linestyle": "-"}
        )
        for low, high in windows:
            inside = (low < _X) & (high > _X)
            line = look(0, "exploding") | {"marker": "", "linestyle": "-", "linewidth": 4}
            ax.plot(_X[inside], factor[inside], label="factor above 1", **line)
        ax.set_xlim(_X[0], _X[-1])
        ax.set_ylim(0, 4.2)
        legend_below(figure, ax)
    where = " and ".join(f"from {low:.3f} to {high:.3f}" for low, high in windows)
    alt = f"Weight {weight:g}, bias {bias:g}: the factor is at most {factor.max():.2f}; " + (
        f"it is above 1 for x {where}, a window {total:.3f} wide."
        if windows
        else "it is above 1 for no x."
    )
    return figure, alt


@pictured
def widths(names=("sigmoid", "tanh"), largest=40.0):
    """Draw the width of the window over the weight, with its maximum, for bounded activations.

    Returns
    -------
    Picture
    """
    weights = np.geomspace(0.5, largest, 600)
    with style():
        title = "The window opens late, peaks and closes again"
        figure, ax = canvas(title, "size of the weight |w|", "width of the window in x")
        for name, role in zip(names, ["dark", "other", "fifth"], strict=False):
            line = look(0, role)
            curve = explosion_width(name, weights)
            label = activations.get(name).label
            ax.plot(weights, curve, label=label, **line | {"marker": ""})
            peak = widest_window(name)
            ax.plot(*peak, line["marker"], color=line["color"], ms=8)
            aside = name == "sigmoid"  # right above it another curve passes
            ax.annotate(
                f"{peak.width:.3f} at |w| = {peak.weight:.2f}",
                peak,
                xytext=(12, 8) if aside else (0, 9),
                textcoords="offset points",
                ha="left" if aside else "center",
            )
        ax.set_xscale("log")
        ax.set_xticks([0.5, 1, 2, 4, 7, 10, 20, 40], ["0.5", "1", "2", "4", "7", "10", "20", "40"])
        ax.minorticks_off()
        ax.set_ylim(0, 1.05)
        legend_below(figure, ax)
    return figure

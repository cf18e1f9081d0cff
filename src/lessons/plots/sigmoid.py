"""Figures of the chapter *Can a sigmoid explode at all?*"""

import numpy as np
import torch
from matplotlib.collections import LineCollection

from lessons import activations
from lessons._check import integer
from lessons.bounds.sigmoid import explosion_intervals, explosion_width, widest_window
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import COLORS, look
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured
from lessons.propagation import chain

_X = np.linspace(-2.5, 2.5, 801)


@pictured
def chains(weights=(2, 10), depth=7, inputs=33):
    """Draw many inputs on their way through chains of equal sigmoid neurons, one panel a weight.

    Each bias is -w/2, so that 0.5 stays where it is. A piece of a line is orange where the neuron's
    factor is above 1, so that neighbours part, and blue where it is below 1.

    Parameters
    ----------
    weights : sequence of float
    depth : int
        Neurons in each chain.
    inputs : int
        How many inputs, spread evenly from 0 to 1.

    Returns
    -------
    Picture
    """
    depth, x = integer("depth", depth), torch.linspace(0, 1, integer("inputs", inputs, least=2))
    colors = {True: COLORS["exploding"], False: COLORS["vanishing"]}
    with style():
        titles = [f"Weight {w:g}" for w in weights]
        labels = "neuron (0 = the input)", "input, then outputs"
        figure, axes = canvas(titles, *labels, columns=len(titles), sharey=True)
        for ax, w in zip(np.atleast_1d(axes), weights, strict=True):
            run = chain("sigmoid", [w] * depth, [-w / 2] * depth, x)
            path = np.vstack([x, run.outputs])  # (depth + 1, inputs)
            parting = (run.factors.abs() > 1).flatten()
            pieces = [
                [(layer, path[layer, i]), (layer + 1, path[layer + 1, i])]
                for layer in range(depth)
                for i in range(inputs)
            ]
            shades = [colors[bool(p)] for p in parting]
            ax.add_collection(LineCollection(pieces, colors=shades, lw=1.4))
            ax.set(xlim=(0, depth), ylim=(-0.02, 1.02), xticks=range(depth + 1))
        ax.plot([], [], color=colors[True], label="lines part: factor above 1")
        ax.plot([], [], color=colors[False], label="lines meet: factor below 1")
        legend_below(figure, ax)
    return figure


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
def widths(names=("sigmoid", "tanh"), largest=400.0):
    """Draw the width of the window over the weight, with its maximum, for bounded activations.

    Returns
    -------
    Picture
    """
    weights = np.geomspace(0.5, largest, 600)
    with style():
        title = "The window opens late, peaks, narrows and never closes"
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
        ticks = [1, 2, 4, 10, 40, 100, 400]
        ax.set_xticks(ticks, map(str, ticks))
        ax.minorticks_off()
        ax.set_ylim(0, 1.05)
        legend_below(figure, ax)
    return figure

"""Figures of the chapter *How does a gate carry a gradient across 100 steps?*"""

import functools

import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons.data import recall
from lessons.fixes.lstm import both_ways, kept, reader
from lessons.plots.canvas import array, canvas, style
from lessons.plots.colors import look, looks
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured
from lessons.plots.ticks import powers_of_ten

_LOWEST = 1e-30  # of the gradients in all frames


def carried(bias=1.0, steps=100):
    """Draw the gradient by time step of an untrained LSTM, a plain net, and the forget gate alone.

    Parameters
    ----------
    bias : float
        Of the forget gates.
    steps : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every bias, and a sentence with the numbers.
    """
    ours, plain = _gradients("lstm", bias, steps), _gradients("plain", None, steps)
    alone = [kept(bias, steps - t) for t in range(1, steps + 1)]
    role = "vanishing" if ours[0] < 0.1 else "healthy"
    with style():
        labels = ["time step t", "norm of the gradient, last step = 1"]
        figure, ax = canvas(f"Forget bias {bias:g}, {steps} steps", *labels)
        t = np.arange(1, steps + 1)
        smooth = {"marker": ""}
        ax.plot(t, plain, label="plain net", **look(0, "neutral") | smooth)
        ax.plot(t, alone, label="forget gate alone", **look(1, "dark") | smooth)
        ax.plot(t, ours, label="LSTM", **look(2, role) | smooth | {"linestyle": "-"})
        powers_of_ten(ax.yaxis)
        ax.set(ylim=(_LOWEST, 100), xlim=(0, steps + 1))
        legend_below(figure, ax)
    alt = (
        f"Forget bias {bias:g}, {steps} steps: at step 1 {ours[0]:.1g} of the gradient is left in "
        f"the LSTM, {plain[0]:.1g} in the plain net; the forget gate alone would leave "
        f"{alone[0]:.1g}."
    )
    return figure, alt


@functools.cache
def _gradients(kind, bias, steps):
    x, y = recall(16, steps, dtype=torch.float64)
    return both_ways(reader(kind, forget=bias, dtype=torch.float64), x, y)[1]


@pictured
def two_panels(found, roles):
    """Draw the size of the memory beside the gradient, both by time step.

    Parameters
    ----------
    found : dict of str to (list, list)
        Label to what ``both_ways`` returned.
    roles : dict of str to str
        Label to a key of ``COLORS``.

    Returns
    -------
    Picture
    """
    with style():
        titles = ["Forward: the memory", "Backward: the gradient"]
        labels = ["root mean square", "norm, last step = 1"]
        figure, axes = canvas(titles, "time step t", labels, columns=2)
        styles = looks(found, roles)
        for name, pair in found.items():
            for ax, values in zip(axes, pair, strict=True):
                values = array(name, values)
                line = styles[name] | {"marker": ""}
                ax.plot(np.arange(1, len(values) + 1), values, label=name, **line)
        for ax in axes:
            powers_of_ten(ax.yaxis)
            ax.yaxis.set_minor_locator(NullLocator())
        legend_below(figure, axes[0])
    return figure

"""Figures of the chapter *Why does adding x make 56 layers trainable?*"""

import functools
import itertools

import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons.data import digits
from lessons.fixes import residual
from lessons.plots.canvas import canvas, named_arrays, style
from lessons.plots.colors import look, looks
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured
from lessons.plots.ticks import powers_of_ten


@pictured
def both_streams(streams, *, roles=None):
    """Draw the stream's signal beside the gradient that comes back, for each net.

    Parameters
    ----------
    streams : dict of str to lessons.fixes.residual.Stream
    roles : dict of str to str, optional
        Label to a key of ``COLORS``.

    Returns
    -------
    Picture
    """
    styles = looks(streams, roles)
    with style():
        figure, axes = canvas(
            ["The signal goes forward", "The gradient comes back"],
            "blocks passed",
            ["mean square of the signal", "L2 norm of the gradient"],
            columns=2,
        )
        for ax, name in zip(axes, ("signal", "gradient"), strict=True):
            for label, found in streams.items():
                values = getattr(found, name)
                ax.plot(range(len(values)), values, label=label, **styles[label] | {"marker": ""})
            if name == "signal":
                ax.set(yscale="log", ylim=(0.1, 1e3))
            powers_of_ten(ax.yaxis)
        legend_below(figure, axes[0])
    return figure


@pictured
def along_the_line(curves, *, roles=None):
    """Draw one panel for each net: one element of the gradient along a line of inputs.

    Parameters
    ----------
    curves : dict of str to array of shape (points,)
    roles : dict of str to str, optional

    Returns
    -------
    Picture
    """
    curves = named_arrays("curves", curves)
    styles = looks(curves, roles)
    with style():
        titles = list(curves)
        along = "place on the line (share of the way)"
        figure, axes = canvas(titles, along, "gradient (largest = 1)", columns=len(titles))
        for ax, (label, values) in zip(np.atleast_1d(axes), curves.items(), strict=True):
            at = np.linspace(0, 1, len(values))
            line = styles[label] | {"marker": "", "linestyle": "-", "linewidth": 1.2}
            ax.plot(at, values / np.abs(values).max(), **line)
            ax.set_ylim(-1.1, 1.1)
    return figure


@pictured
def by_length(measured, paths):
    """Draw how many paths have each length, beside how much of the gradient they bring.

    Parameters
    ----------
    measured : array of shape (lengths,)
        Shares of the gradient's squared norm.
    paths : array of shape (lengths,)
        Shares of the number of paths.

    Returns
    -------
    Picture
    """
    curves = named_arrays("shares", {"of the paths": paths, "of the gradient": measured})
    with style():
        title = "The gradient prefers short paths"
        figure, ax = canvas(title, "branches on the path", "share")
        for index, (label, values) in enumerate(curves.items()):
            ax.plot(range(len(values)), values, label=label, **look(index, None) | {"ms": 4})
        legend_below(figure, ax)
    return figure


@functools.cache
def _measured(branch, blocks, width=64, samples=64):
    data = digits(dtype=torch.float64)
    x, y = data.train_x[:samples], data.train_y[:samples]
    net = residual.net_of(branch, blocks, width, dtype=torch.float64)
    variance = net.stream(x)[0].var(0).mean().item()
    signal = residual.stream(net, x, y).signal
    shares = residual.path_shares(residual.path_gradients(net, x, y))
    return signal, shares, residual.gradient_growth(branch, blocks, variance)


def one_polynomial(branch="He", blocks=27):
    """Draw the stream's growth and the lengths of the gradient's paths, for one kind of branch.

    Parameters
    ----------
    branch : str
        One of :data:`lessons.fixes.residual.BRANCHES`.
    blocks : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every branch, and a sentence with the numbers.
    """
    signal, shares, backward = _measured(branch, blocks)
    growth = residual.growth(branch, blocks)
    predicted = signal[0] * np.array(list(itertools.accumulate(growth, np.multiply, initial=1.0)))
    lengths = residual.predicted_shares(backward)
    grown = signal[-1] / signal[0]
    role = "exploding" if grown > 100 else "healthy"
    with style():
        figure, axes = canvas(
            ["The signal on its way", "The gradient by path length"],
            ["blocks passed", "branches on the path"],
            ["mean square of the signal", "share of the gradient"],
            columns=2,
        )
        measured, line = look(0, role), look(1, "neutral") | {"marker": ""}
        axes[0].plot(signal, **measured | {"linestyle": "none", "ms": 4}, label="measured")
        axes[0].plot(predicted, **line, label="predicted")
        axes[0].set(yscale="log", ylim=(0.1, 1e10), xlim=(-0.5, 27.5))
        axes[0].set_yticks([1, 1e3, 1e6, 1e9])
        axes[0].yaxis.set_minor_locator(NullLocator())
        axes[1].plot(shares, **measured | {"linestyle": "none", "ms": 4})
        axes[1].plot(lengths, **line)
        axes[1].set(ylim=(-0.03, 1.03), xlim=(-0.5, 27.5))
        legend_below(figure, axes[0])
    alt = (
        f"Branch {branch}, {blocks} blocks: the mean square of the signal grows by a factor of "
        f"{grown:.2g}; the gradient comes through {residual.mean_length(shares):.1f} branches on "
        "average."
    )
    return figure, alt

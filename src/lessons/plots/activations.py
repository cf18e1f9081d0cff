"""Figures of the chapter *Which activation lets the gradient through?*"""

import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons import activations
from lessons.causes.activations import net, predicted_logs, slopes_by_layer
from lessons.data import digits
from lessons.measure import signals_by_layer
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import COLORS, VANISHING_TO_EXPLODING, look
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured
from lessons.plots.ticks import powers_of_ten
from lessons.propagation import sweep


def slopes_and_layers(activation="tanh", gain=2.0, depth=20):
    """Draw the slopes that occur in a random net beside what becomes of signal and error signal.

    Parameters
    ----------
    activation : str
    gain : float
    depth : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every net, and a sentence with the numbers.
    """
    data = digits(dtype=torch.float64)
    x, y = data.train_x[:128], data.train_y[:128]
    model = net(activation, gain, depth=depth)
    found = signals_by_layer(model, x, y)
    slopes = torch.stack(slopes_by_layer(model, x)).numpy()
    size = np.sqrt((slopes**2).mean())
    error = np.array(found["error signal"])
    ratio = error[0] / error[-1]
    role = "exploding" if ratio > 10 else "vanishing" if ratio < 0.1 else "healthy"
    edges = np.arange(-0.025, 1.2, 0.05)
    shares = np.histogram(slopes, edges)[0] / slopes.size
    with style():
        titles = [
            "How steep the neurons are",
            f"{gain:g} · {size:.2f} = {gain * size:.2f} per layer",
        ]
        below = ["slope f′(z)", "layer (1 = next to the input)"]
        beside = ["share of the neurons", "L2 norm over 128 digits"]
        figure, (left, right) = canvas(titles, below, beside, columns=2)
        left.bar(edges[:-1] + 0.025, shares, 0.045, color=COLORS["other"])
        left.axvline(size, color=COLORS["dark"], lw=1.5)
        words = f"root mean\nsquare {size:.2f}"
        at = {"ha": "left", "x": size + 0.03} if size < 0.75 else {"ha": "right", "x": size - 0.03}
        left.text(y=0.97, va="top", s=words, color=COLORS["dark"], fontsize=9, **at)
        left.set(xlim=(-0.05, 1.2), ylim=(0, 1))
        layers = np.arange(1, depth + 1)
        signal = look(0, "neutral") | {"ms": 3, "label": "signal, forward"}
        right.plot(layers, found["signal"], **signal)
        right.plot(layers, error, **look(0, role) | {"ms": 4, "label": "error signal, back"})
        # One range for all frames, so the ticks do not go by the values of one.
        ticks = [1e-15, 1e-10, 1e-5, 1, 1e5, 1e10, 1e15]
        right.set(yscale="log", ylim=(1e-19, 1e19), yticks=ticks)
        right.yaxis.set_minor_locator(NullLocator())
        legend_below(figure, right)
    label = activations.get(activation).label
    alt = (
        f"{label}, gain {gain:g}: the root mean square of the slopes is {size:.2f}; the signal "
        f"goes from {found['signal'][0]:.0e} to {found['signal'][-1]:.0e}, the error signal from "
        f"{error[-1]:.0e} at layer {depth} to {error[0]:.0e} at layer 1."
    )
    return figure, alt


@pictured
def predicted_and_measured(
    gains, predicted, measured, drawn=("identity", "relu", "tanh", "sigmoid")
):
    """Draw the predicted factor of a layer with the measured one on it, and the error of each.

    Parameters
    ----------
    gains : sequence of float
    predicted, measured : dict of str to list of float
        By the name of the activation; one value for each gain.
    drawn : sequence of str
        Those that the left panel shows. The right one shows the error of all.

    Returns
    -------
    Picture
    """
    with style():
        titles = ["What one layer multiplies by", "How wrong the prediction is"]
        below = ["gain γ", "measured above predicted (%)"]
        figure, (left, right) = canvas(titles, below, ["factor", ""], columns=2)
        for name, role in zip(drawn, ("neutral", "other", "fifth", "dark"), strict=True):
            line = look(0, role)
            left.plot(gains, predicted[name], color=line["color"], ls=line["linestyle"], lw=1.5)
            marks = {"color": line["color"], "marker": line["marker"], "linestyle": "", "ms": 6}
            left.plot(gains, measured[name], label=activations.get(name).label, **marks)
        powers_of_ten(left.yaxis)
        left.set_xscale("log")
        left.set_xticks(gains, [f"{gain:g}" for gain in gains])
        left.xaxis.set_minor_locator(NullLocator())
        rows = np.arange(len(predicted))
        for row, name in zip(rows[::-1], predicted, strict=True):
            off = 100 * (np.array(measured[name]) / np.array(predicted[name]) - 1)
            right.plot(off, np.full(len(off), row), "o", ms=5, color=COLORS["other"], alpha=0.6)
        right.axvspan(-3, 3, color=COLORS["neutral"], alpha=0.12, lw=0)
        right.axvline(0, color=COLORS["neutral"], lw=1)
        right.set(xlim=(-6, 6), yticks=rows[::-1])
        right.set_yticklabels([activations.get(name).label for name in predicted])
        legend_below(figure, left)
    return figure


@pictured
def held(sizes, measured, predicted, own):
    """Draw a layer's factor over the size of z while the weights stay the same.

    Parameters
    ----------
    sizes : sequence of float
    measured, predicted : dict of str to list of float
        By the name of the activation; one value for each size.
    own : dict of str to (float, float)
        Size and factor of the net that is left alone.

    Returns
    -------
    Picture
    """
    with style():
        figure, ax = canvas("One set of weights, z held", "size of z", "factor per layer")
        ax.axhline(1, color=COLORS["healthy"], lw=1)
        for name, role in zip(measured, ("other", "fifth", "dark"), strict=False):
            line = look(0, role)
            ax.plot(sizes, predicted[name], color=line["color"], ls=line["linestyle"], lw=1.5)
            marks = {"color": line["color"], "marker": line["marker"], "linestyle": "", "ms": 6}
            ax.plot(sizes, measured[name], label=activations.get(name).label, **marks)
            if name in own:
                ring = {"ms": 16, "mfc": "none", "mew": 2, "color": line["color"]}
                ax.plot(*own[name], "o", **ring)
        powers_of_ten(ax.xaxis)
        powers_of_ten(ax.yaxis)
        legend_below(figure, ax)
    return figure


def gain_and_depth(activation="tanh", depth=24, width=128):
    """Draw the gradient's factor over gain and depth, with the predicted borders on it.

    Parameters
    ----------
    activation : str
    depth, width : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
    """
    gains = np.geomspace(0.5, 16, 9)
    logs = sweep([activation], gains.tolist(), depth, width=width, batch=4, seeds=2)
    logs = logs.mean(activation).numpy().T  # (depth, gains)
    expected = np.cumsum([predicted_logs(activation, g, depth) for g in gains], axis=1).T
    layers = np.arange(1, depth + 1)
    label = activations.get(activation).label
    with style():
        figure, ax = canvas(f"{label}: what is left of a gradient", "gain γ", "number of layers")
        ax.grid(False)
        cells = {"cmap": VANISHING_TO_EXPLODING, "vmin": -10, "vmax": 10, "rasterized": True}
        mesh = ax.pcolormesh(gains, layers, logs, shading="nearest", **cells)
        bar = figure.colorbar(mesh, ax=ax, label="factor", extend="both")
        bar.set_ticks([-10, -5, 0, 5, 10], labels=["10⁻¹⁰", "10⁻⁵", "1", "10⁵", "10¹⁰"])
        lines = {"levels": [-1, 1], "colors": COLORS["dark"], "linewidths": 1.5, "linestyles": "-"}
        ax.contour(gains, layers, expected, **lines)
        ax.set_xscale("log")
        ax.set_xticks([0.5, 1, 2, 4, 8, 16], ["0.5", "1", "2", "4", "8", "16"])
        ax.xaxis.set_minor_locator(NullLocator())
    low, high = logs[-1, 0], logs[-1, -1]
    alt = (
        f"{label}: after {depth} layers 10 to the {low:.0f} of a gradient is left at gain 0.5, and "
        f"10 to the {high:.0f} at gain 16."
    )
    return figure, alt

"""Figures of the chapter *How deep can a random net be?*"""

import functools
import math

import numpy as np

from lessons import activations
from lessons.plots.canvas import array, canvas, style
from lessons.plots.colors import COLORS, LITTLE_TO_MUCH, look
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured
from lessons.propagation import chi, critical_line, depth_scale, variance_map


@pictured
def trainable(accuracy, depths, weight_variances, bias_variance, scales=6.0):
    r"""Draw how well tanh nets learned, with the depth that theory allows as a line.

    Parameters
    ----------
    accuracy : array of shape (len(depths), len(weight_variances))
    depths, weight_variances : sequence
        Increasing.
    bias_variance : float
    scales : float
        The line is drawn at this many depth scales :math:`\xi_c`.

    Returns
    -------
    Picture
    """
    values, depths = array("accuracy", accuracy, 2), array("depths", depths)
    variances = array("weight_variances", weight_variances)
    if values.shape != (len(depths), len(variances)):
        wanted = (len(depths), len(variances))
        raise ValueError(f"accuracy has shape {values.shape}; expected {wanted}.")
    with style():
        title = "Which nets learned?"
        figure, ax = canvas(title, "weight variance σw²", "number of layers")
        ax.grid(False)
        cells = {"cmap": LITTLE_TO_MUCH, "vmin": 0, "vmax": 1, "rasterized": True}
        mesh = ax.pcolormesh(_edges(variances), _edges(depths), values, **cells)
        figure.colorbar(mesh, ax=ax, label="share of digits right")
        fine, one = _depth_scales(_edges(variances)[0], _edges(variances)[-1], bias_variance)
        line = scales * one
        ax.plot(fine, line, color=COLORS["dark"], lw=5)
        ax.plot(fine, line, color="#ffffff", lw=2, label=f"{scales:g} depth scales")
        ax.set(xscale="log", yscale="log", ylim=_edges(depths)[[0, -1]])
        ax.set_xticks(variances, [f"{w:.3g}" for w in variances])
        ax.set_yticks(depths, [f"{d:g}" for d in depths])
        ax.minorticks_off()
        legend = figure.legend(loc="outside lower center")
        for handle in legend.legend_handles:
            handle.set_color(COLORS["dark"])
    return figure


def cobweb(activation="tanh", weight_variance=1.5, bias_variance=0.05, layers=12):
    r"""Draw the variance map and the walk of a signal along it.

    Parameters
    ----------
    activation : str
    weight_variance, bias_variance : float
    layers : int
        Steps of the walk, which begins at 3.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
    """
    f = activations.get(activation)
    q = np.linspace(0, 4, 41)
    curve = [variance_map(f, value, weight_variance, bias_variance) for value in q]
    walk = [3.0]
    for _ in range(layers):
        walk.append(min(variance_map(f, walk[-1], weight_variance, bias_variance), 1e6))
    with style():
        figure, ax = canvas(
            f"{f.label}, weight variance {weight_variance:g}",
            "variance of z at one layer",
            "at the next layer",
            figsize=(5.4, 4.6),
        )
        ax.plot([0, 4], [0, 4], color=COLORS["neutral"], lw=1, label="unchanged")
        ax.plot(q, curve, **look(0, "dark") | {"marker": "", "linestyle": "-"}, label="the map")
        x = np.repeat(walk, 2)[:-1]
        y = np.concatenate([[0], np.repeat(walk[1:], 2)])
        ax.plot(x, y, color=COLORS["other"], lw=1.2, label="a signal, layer by layer")
        ax.plot(walk[0], 0, "s", color=COLORS["other"], ms=6)
        ax.set(xlim=(0, 4), ylim=(0, 4))
        legend_below(figure, ax)
    end = "more than 4" if walk[-1] > 4 else f"{walk[-1]:.2g}"
    growth = math.sqrt(chi(f, weight_variance, bias_variance))
    alt = (
        f"{f.label}, weight variance {weight_variance:g}: after {layers} layers the variance 3 has "
        f"become {end}. The gradient's factor per layer is {growth:.2f}."
    )
    return figure, alt


@functools.cache
def _depth_scales(low, high, bias_variance, points=24):
    """Depth scales of tanh between two weight variances, for both forms of the figure."""
    edge = critical_line("tanh", bias_variance).weight_variance
    fine = np.geomspace(low, high, points)
    fine = np.sort(np.append(fine, [0.97 * edge, 1.03 * edge]))  # where the line is steep
    return fine, np.array([depth_scale("tanh", w, bias_variance).correlation for w in fine])


def _edges(centres):
    """Edges of cells around increasing centres, half way on a logarithmic axis."""
    logs = np.log(centres)
    middle = (logs[:-1] + logs[1:]) / 2
    first, last = logs[0] * 2 - middle[0], logs[-1] * 2 - middle[-1]
    return np.exp(np.concatenate([[first], middle, [last]]))

"""Panels that many chapters use: activations with slopes, the signal's collapse, small curves."""

import math
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons import activations as table
from lessons._check import choice
from lessons.measure import distance_by_layer
from lessons.plots.canvas import NARROW, WIDE, array, is_narrow, style
from lessons.plots.colors import COLORS, ink
from lessons.plots.curves import lines
from lessons.plots.picture import pictured
from lessons.plots.ticks import PowersOfTen, power_of_ten


@pictured
def activations(names=("sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu")):
    """Draw activation functions with their slopes, one panel each, all on the same axes.

    Parameters
    ----------
    names : sequence of str
        Keys of ``lessons.activations.ACTIVATIONS``.

    Returns
    -------
    Picture

    Examples
    --------
    >>> [ax.get_title(loc="left") for ax in activations(["sigmoid", "tanh"]).figure.axes]
    ['Sigmoid', 'Tanh']
    """
    shown = [table.get(name) for name in names]
    if not shown:
        raise ValueError("names is empty; expected names of activation functions.")
    x = torch.linspace(-4, 4, 401, dtype=torch.float64)  # odd: 0 is among them
    with style():
        figure, axes = grid([f.label for f in shown], 3, 2, row_height=2.25)
        for ax, f in zip(axes, shown, strict=True):
            jump = np.where(f.derivative(x).diff(prepend=torch.zeros(1)).abs() > 0.3, np.nan, 1)
            ax.axhline(0, color=COLORS["neutral"], lw=0.8, zorder=0)
            ax.plot(x, f.function(x), color=COLORS["dark"], label="function f")
            slope = f.derivative(x).numpy() * jump
            ax.plot(x, slope, color=COLORS["other"], label="slope f′", lw=2.6, zorder=1)
            ax.text(
                0.96, 0.05, f"slope at most {f.steepest_slope:.3g}", transform=ax.transAxes,
                color=ink(COLORS["other"]), ha="right",
            )  # fmt: skip
            ax.set(xlim=(-4, 4), ylim=(-1.3, 2.5), xticks=[-4, -2, 0, 2, 4], yticks=[-1, 0, 1, 2])
        for ax in axes:
            ax.label_outer()
            ax.set_xlabel("input z" if ax.get_subplotspec().is_last_row() else "")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def forward_collapse(nets, x, title="How far apart two different digits still are", *, roles=None):
    """Draw how alike different inputs become on their way through each net.

    Parameters
    ----------
    nets : dict of str to lessons.networks.MLP
        In float64, all of one depth.
    x : Tensor of shape (samples, features)
        At least two samples.
    title : str
    roles : dict of str to str, optional
        Label to a key of ``COLORS``.

    Returns
    -------
    Picture
        Of :func:`lessons.measure.distance_by_layer`, by powers of ten.

    Raises
    ------
    TypeError, ValueError
        If the nets differ in depth, or ``x`` holds less than two samples.
    """
    if not isinstance(nets, dict) or not nets:
        raise TypeError(f"nets={nets!r}; expected a dict of label to net, not empty.")
    distances = {label: distance_by_layer(net, x) for label, net in nets.items()}
    depths = {label: len(d) - 1 for label, d in distances.items()}
    if len(set(depths.values())) > 1:
        raise ValueError(f"nets have depths {depths}; expected one depth.")
    layers = range(next(iter(depths.values())) + 1)
    ylabel = "distance, as a share of the signal"
    axes = (title, "layer (0 = the input)", ylabel)
    return lines(layers, distances, *axes, roles=roles, markers=True, log="y")


@pictured
def loss_curves(histories, roles=None, columns=4, ylim=None):
    """Draw the loss of many runs, one small panel each, all on the same axes.

    Parameters
    ----------
    histories : dict of str to lessons.training.History
    roles : dict of str to str, optional
        Label to a key of ``COLORS``. Without one a line is dark.
    columns : int
        Panels side by side in the wide form; the narrow one has two.
    ylim : (float, float), optional
        Ends of the y axis; a loss above leaves its panel at the top.

    Returns
    -------
    Picture
        A cross marks where a run was stopped because it was no longer finite.

    Raises
    ------
    TypeError, ValueError
        If there is no history, or a role is unknown.
    """
    if not isinstance(histories, dict) or not histories:
        raise TypeError(f"histories={histories!r}; expected a dict of label to History.")
    roles = {name: choice("role", role, COLORS) for name, role in (roles or {}).items()}
    losses = {name: array(name, history.loss) for name, history in histories.items()}
    finite = np.concatenate([loss[np.isfinite(loss) & (loss > 0)] for loss in losses.values()])
    # A loss of 1e30 must not make all others flat: it leaves the panel at the top.
    low, high = ylim or (finite.min() / 2, min(finite.max(), 1e4 * finite.min(), 1e3) * 2)
    with style():
        figure, axes = grid(list(histories), columns, 2, row_height=1.55)
        for ax, (name, history) in zip(axes, histories.items(), strict=True):
            color = COLORS[roles.get(name, "dark")]
            steps, loss = np.asarray(history.steps, dtype=float), losses[name]
            ax.plot(steps, np.where(np.isfinite(loss), loss, np.nan), color=color)
            if history.stopped_at is not None:
                last = np.flatnonzero(np.isfinite(loss))
                y = np.clip(loss[last[-1]], low, high / 3) if len(last) else math.sqrt(low * high)
                x = steps[last[-1]] if len(last) else steps[0]
                ax.plot(x, y, "x", ms=8, mew=2, color=color, clip_on=False, label="stopped")
                ax.annotate("not finite", (x, y), (7, 0), textcoords="offset points", va="center")
        axes[0].set_yscale("log")
        axes[0].yaxis.set_major_locator(PowersOfTen())
        axes[0].yaxis.set_major_formatter(power_of_ten)
        axes[0].yaxis.set_minor_locator(NullLocator())
        axes[0].set_ylim(low, high)
        most = max(history.steps[-1] for history in histories.values())
        for ax in axes:
            ax.set_xlim(-0.02 * most, most)
        figure.supxlabel("step", fontsize=plt.rcParams["axes.labelsize"])
        figure.supylabel("loss", fontsize=plt.rcParams["axes.labelsize"])
    return figure


def grid(titles, columns, narrow_columns, row_height):
    """Open small panels on common axes; call inside :func:`lessons.plots.style`.

    Parameters
    ----------
    titles : list of str
        One for each panel.
    columns, narrow_columns : int
        Panels side by side, in the wide and in the narrow form.
    row_height : float
        In inches.

    Returns
    -------
    figure, axes : Figure, array of as many Axes as titles
    """
    columns = min(narrow_columns if is_narrow() else columns, len(titles))
    rows = math.ceil(len(titles) / columns)
    size = (NARROW if is_narrow() else WIDE, row_height * rows + 0.5)
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True)
    axes = np.atleast_1d(axes).flatten()
    letters = int(10 * size[0] / columns) - 2
    for ax, title in zip(axes, titles, strict=False):
        # Small panels have small titles, above the plot and not bold.
        ax.set_title(textwrap.fill(title, letters), fontsize=plt.rcParams["axes.labelsize"], pad=4)
    for ax in axes[len(titles) :]:
        ax.remove()
    for ax in axes[max(0, len(titles) - columns) : len(titles)]:
        ax.tick_params(labelbottom=True)
    plt.close(figure)
    return figure, axes[: len(titles)]

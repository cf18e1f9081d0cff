"""Figures of the chapter *Can the loss itself bound the gradient?*"""

import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons.fixes.losses import LOSSES, by_layer, fit_line, patients
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured

NETS = {
    "healthy": {},
    "exploding": {"activation": "tanh", "initialization": "normal"},
    "vanishing": {"activation": "sigmoid", "initialization": "xavier"},
}
_ROLES = {"squared": "other", "Huber": "dark", "log-cosh": "neutral", "absolute": "fifth"}


def pull(delta="3", wrong=20):
    """Draw 20 points, one of them wrong, the line that a loss fits, and how hard each point pulls.

    Parameters
    ----------
    delta : str
        Of Huber's loss; "none" is the squared loss.
    wrong : float
        How far above its place the last point lies.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every frame, and a sentence with the numbers.
    """
    generator = torch.Generator().manual_seed(3)
    x = torch.linspace(0, 1, 20, dtype=torch.float64)
    noise = 0.5 * torch.randn(20, generator=generator, dtype=torch.float64)
    y = 5 * x + noise
    y[-1] += wrong
    bound = float("inf") if delta == "none" else float(delta)
    bias, slope = fit_line(x, y, bound)
    errors = bias + slope * x - y
    pulls = errors.clamp(-bound, bound).abs()
    share = (pulls[-1] / pulls.sum()).item()
    name = "squared loss" if delta == "none" else f"Huber, δ = {delta}"
    with style():
        titles = [f"Fitted: {name}", "How hard each point pulls"]
        figure, axes = canvas(titles, "x", ["y", "slope of its loss (size)"], columns=2)
        axes[0].plot(x, y, "o", color="#9aa0a8", ms=5)
        axes[0].plot(x[-1], y[-1], "D", color="#1F2933", ms=8)
        axes[0].plot(x, 5 * x, **look(0, "neutral") | {"marker": ""}, label="without noise")
        line = look(0, "other") | {"marker": "", "linestyle": "-", "lw": 2.2}
        axes[0].plot(x, bias + slope * x, **line, label="fitted")
        axes[0].set(ylim=(-4, 28))
        axes[1].vlines(x[:-1], 0, pulls[:-1], color="#9aa0a8", lw=5)
        axes[1].vlines(x[-1:], 0, pulls[-1:], color="#1F2933", lw=5)
        axes[1].set(ylim=(0, 20), xlim=(-0.05, 1.05))
        legend_below(figure, axes[0])
    alt = (
        f"{name}, the last point {wrong:g} too high: the line's slope is {slope:.1f} (5 without "
        f"noise), and this one point has {share:.0%} of the pull of all 20."
    )
    return figure, alt


@pictured
def slopes(losses, reach=3.0):
    """Draw the first and the second derivative of losses over the error.

    Parameters
    ----------
    losses : dict of str to callable
        Of answer and target.
    reach : float
        The largest error; above 0.

    Returns
    -------
    Picture
    """
    e = torch.linspace(-reach, reach, 600, dtype=torch.float64, requires_grad=True)
    with style():
        titles = ["The slope of the loss", "The second derivative"]
        labels = ["first derivative", "second derivative"]
        figure, axes = canvas(titles, "error (answer − target)", labels, columns=2)
        for name, loss in losses.items():
            value = loss(e, torch.zeros_like(e), reduction="sum")
            (first,) = torch.autograd.grad(value, e, create_graph=True)
            second = torch.zeros_like(e)
            if first.requires_grad:
                second = torch.autograd.grad(first.sum(), e, allow_unused=True)[0]
                second = torch.zeros_like(e) if second is None else second
            line = look(0, _ROLES[name]) | {"marker": ""}
            for ax, values in zip(axes, (first, second), strict=True):
                ax.plot(e.detach(), values.numpy(force=True), label=name, **line)
        axes[0].set_ylim(-3.2, 3.2)
        axes[1].set_ylim(-0.15, 2.3)
        legend_below(figure, axes[0])
    return figure


def both_ways(net="exploding", depth=20):
    """Draw signal and error signal by layer before training, under three losses.

    Parameters
    ----------
    net : str
        A key of ``NETS``.
    depth : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every net, and a sentence with the numbers.
    """
    people = patients(dtype=torch.float64)
    layers = np.arange(1, depth + 1)
    with style():
        titles = ["The signal goes forward", "The error signal comes back"]
        labels = ["L2 norm over 300 patients", "L2 norm"]
        figure, axes = canvas(titles, "layer (1 = next to the input)", labels, columns=2)
        ends = []
        for name in ("squared", "Huber", "absolute"):
            found = by_layer(LOSSES[name], people, depth=depth, width=64, **NETS[net])
            line = look(0, _ROLES[name]) | {"ms": 4}
            axes[0].plot(layers, found["signal"], label=name, **line)
            error = found["error signal"]
            axes[1].plot(layers, error, label=name, **line)
            ends.append(f"{name} from {error[-1]:.0e} to {error[0]:.0e}")
        for ax, low, high in zip(axes, (1e-1, 1e-14), (1e4, 1e8), strict=True):
            ax.set(yscale="log", ylim=(low, high))
            ax.yaxis.set_minor_locator(NullLocator())
        axes[1].set_yticks([1e-12, 1e-6, 1, 1e6])
        legend_below(figure, axes[0])
    alt = f"{net} net: three signals alike; error signal, layer {depth} to 1: {'; '.join(ends)}."
    return figure, alt

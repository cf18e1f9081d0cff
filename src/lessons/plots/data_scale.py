"""Figures of the chapter *What do raw units do to the first gradient?*"""

import math

import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons.causes.data_scale import build, two_ways
from lessons.data import digits
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look
from lessons.plots.labels import legend_below

SCALES = {"inputs × 1/16": 1 / 16, "inputs as they are": 1.0, "inputs × 16": 16.0}
START = (-1.5, 0.7)


def valley(unit=1.0, rate=0.5, steps=20):
    """Draw the loss of a linear regression with two features, and gradient descent on it.

    Parameters
    ----------
    unit : float
        The second feature's numbers are so many times larger than the first's.
    rate : float
        The learning rate, as a share of the largest that is stable.
    steps : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every frame, and a sentence with the numbers.
    """
    curvature = np.array([1.0, unit**2])
    factor = 1 - rate * 2 / curvature.max() * curvature
    path = np.array(START) * factor ** np.arange(steps + 1)[:, None]
    loss = (path**2 * curvature).sum(1)
    if rate > 1:
        role, end = "exploding", f"the loss has grown {loss[-1] / loss[0]:.0f}-fold"
    else:
        slowest = math.log(max(abs(factor).max(), 1e-9))
        needed = math.ceil(round(math.log(0.01) / slowest, 6))
        role = "healthy" if needed <= steps else "dark"
        end = f"{abs(factor[0]) ** steps:.0%} of the way along weight 1 is left"
        end += f"; both weights are within 1 % after {needed}"
    with style():
        title = "Two features in one unit"
        if unit != 1:
            title = f"Second feature in a unit {unit:g} times smaller"
        figure, ax = canvas(title, "weight 1 (0 = best)", "weight 2 (0 = best)", figsize=(5.6, 4.4))
        one, two = np.meshgrid(np.linspace(-2, 2, 161), np.linspace(-1.2, 1.2, 241))
        height = (one**2 + unit**2 * two**2) / loss[0]
        ax.grid(False)
        ax.contour(one, two, height, levels=[0.01, 0.1, 0.3, 1], colors="#9aa0a8", linewidths=1)
        ax.plot(*path.T, **look(0, role) | {"ms": 4, "lw": 1.3, "linestyle": "-"})
        ax.plot(*START, "k*", ms=13, ls="none")
        ax.plot(0, 0, "k+", ms=12, mew=2, ls="none")
        ax.set(xlim=(-2, 2), ylim=(-1.2, 1.2), xticks=[-2, -1, 0, 1, 2], yticks=[-1, 0, 1])
    alt = (
        f"Unit {unit:g} times smaller, condition number {unit**2:g}, rate {rate:g} of the largest "
        f"stable one: after {steps} steps {end}."
    )
    return figure, alt


def both_ways(net="ReLU", depth=10):
    """Draw signal and gradient by layer for digits in three units.

    Parameters
    ----------
    net : str
        A key of ``lessons.causes.data_scale.NETS``.
    depth : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every net, and a sentence with the numbers.
    """
    data = digits(dtype=torch.float64)
    batch = data.train_x[:256], data.train_y[:256]
    layers = np.arange(1, depth + 1)
    with style():
        titles = ["The signal that a layer gets", "The gradient of its weights"]
        labels = ["typical size (root mean square)", "L2 norm"]
        figure, axes = canvas(titles, "layer (1 = next to the input)", labels, columns=2)
        ends = []
        for i, (name, scale) in enumerate(SCALES.items()):
            found = two_ways(build(net, depth), scale * batch[0], batch[1])
            line = look(i, ("fifth", "dark", "other")[i]) | {"ms": 4}
            for ax, values in zip(axes, found, strict=True):
                ax.plot(layers, values, label=name, **line)
            signal, gradient = found
            ends.append(
                f"{name}: layer 2 gets {signal[1]:.2g}, layer {depth} {signal[-1]:.2g}; gradient "
                f"{gradient[0]:.2g} at layer 1, {gradient[-1]:.2g} at layer {depth}"
            )
        for ax, ends_of in zip(axes, ((0.01, 40), (0.003, 200)), strict=True):
            ax.set(yscale="log", ylim=ends_of, xticks=[1, depth // 2, depth])
            ax.yaxis.set_minor_locator(NullLocator())
        legend_below(figure, axes[0])
    return figure, f"{net}. " + ". ".join(ends) + "."

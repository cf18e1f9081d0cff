"""Figures of the chapter *Why is one matrix used a hundred times the worst case?*"""

import functools

import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons.causes.depth_and_recurrence import draw, growth, predicted_spread, spectral_radius
from lessons.plots.canvas import array, canvas, style
from lessons.plots.colors import COLORS
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured


def repeated(radius=1.1, length=50, width=64):
    """Draw a linear recurrent net, forward and back, beside a deep net with weights of that size.

    Parameters
    ----------
    radius : float
        Spectral radius of the one matrix, which has independent normal entries.
    length : int
        Steps of time, up to 100.
    width : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every radius, and a sentence with the numbers.
    """
    one, different = (
        [np.array(norms[:length]) * radius ** np.arange(1, length + 1) for norms in net]
        for net in _unit_radius(width, length)
    )
    t = np.arange(1, length + 1)
    end = one[1][-1]
    role = "exploding" if end > 10 else "vanishing" if end < 0.1 else "healthy"
    with style():
        titles = ["The signal goes forward", "The gradient comes back"]
        below = ["steps t forward", "steps t back"]
        figure, axes = canvas(titles, below, "norm", columns=2, sharey=True)
        for ax, mine, others in zip(axes, one, different, strict=True):
            ax.plot(t, others, color=COLORS["neutral"], ls=(0, (5, 1.5)), label="different ones")
            ax.plot(t, radius**t, color=COLORS["dark"], lw=1, label="radius to the power t")
            ax.plot(t, mine, color=COLORS[role], label="one matrix")
            ax.set(yscale="log", ylim=(1e-15, 1e12), yticks=[1e-10, 1e-5, 1, 1e5, 1e10])
            ax.set_xlim(0, length)
            ax.yaxis.set_minor_locator(NullLocator())
        legend_below(figure, axes[0])
    alt = (
        f"Spectral radius {radius:g}, {length} steps: the gradient ends at {end:.0e} with one "
        f"matrix and at {different[1][-1]:.0e} with different ones; the radius alone predicts "
        f"{radius**length:.0e}."
    )
    return figure, alt


@functools.cache
def _unit_radius(width, length):
    """Growth by one matrix of radius 1, and by different ones whose entries have the same size."""
    generator = torch.Generator().manual_seed(0)
    shared = draw(width, generator=generator)
    radius = spectral_radius(shared)
    others = [draw(width, generator=generator) / radius for _ in range(length)]
    return growth([shared / radius] * length), growth(others)


@pictured
def fans(one, different, width, lines=40):
    """Draw how far nets of one size of weights come apart.

    Parameters
    ----------
    one, different : array of shape (steps, nets)
        Decades gained, from :func:`lessons.causes.depth_and_recurrence.spread`.
    width : int
        Of the nets, for the predicted band of the different ones.
    lines : int
        Nets that are drawn.

    Returns
    -------
    Picture
    """
    panels = [array("different", different, 2), array("one", one, 2)]
    steps = np.arange(1, len(panels[0]) + 1)
    mean, deviation = np.array([predicted_spread(width, int(t)) for t in steps]).T
    with style():
        titles = [f"{len(steps)} different matrices", f"One matrix, {len(steps)} times"]
        ylabel = "norm of the gradient"
        figure, axes = canvas(titles, "steps back", ylabel, columns=2, sharey=True)
        for ax, decades in zip(axes, panels, strict=True):
            for net in decades.T[:lines]:
                role = "exploding" if net[-1] > 1 else "vanishing" if net[-1] < -1 else "healthy"
                ax.plot(steps, 10**net, color=COLORS[role], lw=0.7)
            ax.set(yscale="log", ylim=(1e-11, 1e11), yticks=[1e-10, 1e-5, 1, 1e5, 1e10])
            ax.yaxis.set_minor_locator(NullLocator())
        for sign in (-2, 2):
            axes[0].plot(
                steps, 10 ** (mean + sign * deviation), color=COLORS["dark"], ls="--", lw=1.5
            )
    return figure

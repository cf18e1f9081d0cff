"""Figures of the chapter *Why is the start so steep?*"""

import functools
import itertools

import numpy as np
from matplotlib.ticker import NullLocator

from lessons._check import number
from lessons.causes.loss_surface import descents
from lessons.plots.canvas import array, canvas, style
from lessons.plots.colors import look
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured
from lessons.plots.ticks import power_of_ten

RATES, MOMENTA = (0.2, 0.3, 0.4), (0, 0.5, 0.9)
_HIGHEST = 20.0  # of the sharpness in all frames


def edge(rate=0.2, momentum=0.0, steps=400):
    """Draw the loss beside the sharpness, with the limit that rate and momentum set.

    Parameters
    ----------
    rate : float
        Above 0.
    momentum : float
        From 0, below 1.
    steps : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        Three seeds on the same axes for every rate, and a sentence with the numbers.
    """
    limit = 2 * (1 + number("momentum", momentum, least=0)) / number("rate", rate, above=0)
    kept, loss, sharpness = _run(rate, momentum, steps)
    with style():
        titles = ["The loss", "Its sharpness, and the limit"]
        figure, axes = canvas(titles, "step", ["loss", "largest eigenvalue"], columns=2)
        for ax, values in zip(axes, (loss, sharpness), strict=True):
            for line in values:
                ax.plot(kept, line, **look(0, "other") | {"marker": "", "linestyle": "-"})
        axes[0].set(yscale="log", ylim=(1e-4, 2), yticks=[1e-4, 1e-3, 1e-2, 1e-1, 1])
        axes[0].yaxis.set_minor_locator(NullLocator())
        axes[1].axhline(limit, **look(0, "dark") | {"marker": "", "linestyle": (0, (5, 2))})
        axes[1].text(
            0.98, 0.04, f"dashed: limit {limit:.3g}", ha="right", transform=axes[1].transAxes
        )
        axes[1].set(ylim=(0, _HIGHEST))
    first, last = sharpness[:, 0], sharpness[:, -1]
    alt = (
        f"Rate {rate:g}, momentum {momentum:g}: from {first.min():.2g} to {first.max():.2g} at the "
        f"start the sharpness comes to {last.min():.2g} to {last.max():.2g} after {steps} steps. "
        f"The limit is {limit:.3g}."
    )
    return figure, alt


@functools.cache
def _runs(steps):
    """All settings of the explorer at once, which is faster than one by one."""
    return descents(list(itertools.product(RATES, MOMENTA)), steps=steps)


def _run(rate, momentum, steps):
    if rate in RATES and momentum in MOMENTA:
        found, i = _runs(steps), RATES.index(rate) * len(MOMENTA) + MOMENTA.index(momentum)
        return found.steps, found.loss[i], found.sharpness[i]
    found = descents([(rate, momentum)], steps=steps)
    return found.steps, found.loss[0], found.sharpness[0]


@pictured
def first_steps(found, rates, seed=0):
    """Draw loss and gradient side by side over the first steps, one line for each rate.

    Parameters
    ----------
    found : Descents
        One setting for each rate.
    rates : dict of float to str
        Rate to a role, a key of ``COLORS``.
    seed : int
        Which of the seeds is drawn.

    Returns
    -------
    Picture
    """
    steps = array("steps", found.steps)
    with style():
        titles = ["Forward: the loss", "Backward: the gradient"]
        labels = ["loss", "L2 norm of the gradient"]
        figure, axes = canvas(titles, "step", labels, columns=2)
        for ax, values in zip(axes, (found.loss, found.gradient), strict=True):
            for (rate, role), line in zip(rates.items(), values[:, seed], strict=True):
                ax.plot(steps, np.asarray(line), label=f"rate {rate:g}", **look(0, role))
            ax.set_yscale("log")
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.yaxis.set_major_formatter(power_of_ten)
            ax.yaxis.set_minor_locator(NullLocator())
        legend_below(figure, axes[0])
    return figure

"""Figures of the chapter *When is the step, not the gradient, too large?*"""

import functools

import numpy as np

from lessons._check import integer
from lessons.data import digits
from lessons.fixes import learning_rate as chapter
from lessons.loss_wall import loss_and_gradient
from lessons.networks import mlp
from lessons.plots.canvas import array, canvas, style
from lessons.plots.colors import look
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured
from lessons.plots.ticks import powers_of_ten

_MOST = 3  # steps of the explorer


def after_steps(rate=0.1, steps=3):
    """Draw signal and gradient by layer of a healthy net before training and after some steps.

    Parameters
    ----------
    rate : float
        Above 0.
    steps : int
        From 1 to 3.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        The same axes for all rates, and a sentence with the numbers.
    """
    steps = integer("steps", steps, least=1, most=_MOST)
    runs = [run[min(steps, len(run) - 1)] for run in _runs(rate)]
    starts = [run[0] for run in _runs(rate)]
    median = {
        key: np.median([[max(found[key]) for found in group] for group in (starts, runs)], axis=1)
        for key in ("signal", "weight gradient")
    }
    before, after = median["weight gradient"]
    role = "exploding" if after > 3 * before else "healthy"
    with style():
        titles = ["Forward: the signal", "Backward: the gradient"]
        labels = ["L2 norm of the signal", "L2 norm of the gradient"]
        figure, axes = canvas(titles, "layer (1 = next to the input)", labels, columns=2)
        for ax, key, ends in zip(axes, median, ((1e1, 1e10), (1e-1, 1e10)), strict=True):
            lines = ((starts, "dark", "at the start"), (runs, role, f"steps taken: {steps}"))
            for group, color, label in lines:
                for i, found in enumerate(group):
                    line = look(0, color) | {"lw": 1.4, "ms": 4, "label": None if i else label}
                    layers = range(1, len(found[key]) + 1)
                    ax.plot(layers, np.clip(found[key], *ends), **line)
            ax.set_ylim(ends[0] / 1.6, ends[1] * 1.6)
            ax.set_xticks(list(layers))
            powers_of_ten(ax.yaxis)
        legend_below(figure, axes[0])
    alt = (
        f"Rate {rate:g}, steps taken: {steps}. The largest signal goes from "
        f"{median['signal'][0]:.2g} to {median['signal'][1]:.2g}, the largest gradient from "
        f"{before:.2g} to {after:.2g} (medians of three seeds)."
    )
    return figure, alt


@functools.cache
def _runs(rate):
    data = digits()
    x, y = data.train_x[:256], data.train_y[:256]
    return [chapter.by_layer(mlp(6, 32, seed=k), x, y, rate, _MOST) for k in range(3)]


@pictured
def gradient_and_step(gradients, steps, roles):
    """Draw the gradient by layer beside the step that an optimizer makes of it.

    Parameters
    ----------
    gradients, steps : dict of str to array of shape (layers,)
        L2 norms.
    roles : dict of str to str
        Label to a key of ``COLORS``.

    Returns
    -------
    Picture
    """
    with style():
        titles = ["The gradient", "Adam's step"]
        labels = ["L2 norm of the gradient", "L2 norm of the step"]
        figure, axes = canvas(titles, "layer (1 = next to the input)", labels, columns=2)
        for ax, curves in zip(axes, (gradients, steps), strict=True):
            for i, (label, norms) in enumerate(curves.items()):
                norms = array(label, norms)
                line = look(0, roles[label]) | {"linestyle": ("-", (0, (4, 2)))[i % 2]}
                ax.plot(range(1, len(norms) + 1), norms, label=label, **line)
            ax.xaxis.get_major_locator().set_params(integer=True)
            powers_of_ten(ax.yaxis)
        low = min(ax.get_ylim()[0] for ax in axes)
        high = max(ax.get_ylim()[1] for ax in axes)
        for ax in axes:
            ax.set_ylim(low, high)
        legend_below(figure, axes[0])
    return figure


@pictured
def rules_on_the_wall(w=5.0, b=-2.0, lr=0.3, mu=0.9, steps=60):
    """Draw the loss wall with descents of equal pace: plain, with momentum, with Nesterov's.

    Parameters
    ----------
    w, b, lr, mu, steps : float, float, float, float, int
        Start, the plain rate, the momentum and the number of steps. With momentum the rate is
        ``lr * (1 - mu)``, so that along a constant slope all move equally fast.

    Returns
    -------
    Picture
    """
    ws, bs = np.linspace(4.1, 5.6, 121), np.linspace(-2.9, -0.8, 141)
    losses = loss_and_gradient(ws[None, :], bs[:, None])[0]
    runs = {
        "plain": (chapter.plain, lr, "other"),
        "momentum": (functools.partial(chapter.momentum, mu=mu), lr * (1 - mu), "fifth"),
        "Nesterov": (functools.partial(chapter.nesterov, mu=mu), lr * (1 - mu), "dark"),
    }
    with style():
        figure, ax = canvas("Three rules of one pace", "weight w", "bias b", figsize=(7, 5.2))
        ax.grid(False)
        shades = {"cmap": "Greys", "vmin": 0, "vmax": 0.9, "rasterized": True}
        mesh = ax.pcolormesh(ws, bs, losses, shading="nearest", **shades)
        figure.colorbar(mesh, ax=ax, label="loss C")
        for label, (rule, rate, role) in runs.items():
            path = chapter.wall_path(w, b, rate, rule, steps=steps)
            line = look(0, role) | {"ms": 4, "lw": 1.3, "markeredgecolor": "white", "mew": 0.5}
            ax.plot(path[:, 0], path[:, 1], label=label, **line)
        ax.plot(w, b, "k*", ms=13, ls="none", label="start")
        ax.set(xlim=(ws[0], ws[-1]), ylim=(bs[0], bs[-1]))
        legend_below(figure, ax)
    return figure

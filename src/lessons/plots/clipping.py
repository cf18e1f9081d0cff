"""Figures of the chapter *Gradient clipping*."""

from functools import partial

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from lessons._check import choice, number
from lessons.fixes.clipping import clip_by_global_norm, clip_by_infinity_norm, clip_by_value
from lessons.loss_wall import descend, loss_and_gradient
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured
from lessons.plots.regions import circle, cut_gradients, rectangle

METHODS = {
    "global L2 norm": clip_by_global_norm,
    "L∞, rescale": partial(clip_by_infinity_norm, how="rescale"),
    "L∞, clamp (by value)": clip_by_value,
}
_GREYS = LinearSegmentedColormap.from_list("greys", ["#ffffff", "#7b828c"])


def cut_in_two_dimensions(method, threshold):
    """Draw 24 gradients of two numbers before and after a cut, with the region that is allowed.

    Parameters
    ----------
    method : str
        A key of ``METHODS``.
    threshold : float
        Above 0.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        The figure, and a sentence with its numbers for those who do not see it.
    """
    clip = METHODS[choice("method", method, METHODS)]
    threshold = number("threshold", threshold, above=0)
    border = circle(threshold) if "L2" in method else rectangle(threshold, threshold)
    title = f"{method}, threshold {threshold:g}"
    return cut_gradients(lambda weight: clip(weight, threshold), border, title)


@pictured
def wall(w=5.0, b=-2.0, lr=1.0, max_norm=0.3, steps=45):
    """Draw the loss wall and two descents from one start: unclipped and clipped.

    Parameters
    ----------
    w, b, lr, max_norm, steps
        As in :func:`lessons.loss_wall.descend`.

    Returns
    -------
    Picture
    """
    ws, bs = np.linspace(3.5, 6.7, 193), np.linspace(-3.2, 3, 249)
    losses = loss_and_gradient(ws[None, :], bs[:, None])[0]
    runs = {"not clipped": np.inf, f"clipped to {max_norm:g}": max_norm}
    with style():
        title = "The loss wall: one step too long"
        figure, ax = canvas(title, "weight w", "bias b", figsize=(7, 5.6))
        ax.grid(False)
        shades = {"cmap": _GREYS, "vmin": 0, "rasterized": True}
        mesh = ax.pcolormesh(ws, bs, losses, shading="nearest", **shades)
        figure.colorbar(mesh, ax=ax, label="loss C", ticks=[0, 0.1, 0.2, 0.3, 0.4])
        for role, (label, limit) in zip(("exploding", "healthy"), runs.items(), strict=True):
            path, _ = descend(w, b, lr, limit, steps)
            line = look(0, role) | {"ms": 4, "lw": 1.3, "markeredgecolor": "white", "mew": 0.5}
            ax.plot(path[:, 0], path[:, 1], label=label, **line)
        ax.plot(w, b, "k*", ms=13, ls="none", label="start")
        ax.set(xlim=(ws[0], ws[-1]), ylim=(bs[0], bs[-1]))
        legend_below(figure, ax)
    return figure

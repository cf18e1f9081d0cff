"""Figures of the chapter *Gradient clipping*."""

import math
from functools import partial

import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap

from lessons._check import choice, number
from lessons.fixes.clip_threshold import adaptive_clip
from lessons.fixes.clipping import clip_by_global_norm, clip_by_infinity_norm, clip_by_value
from lessons.gradients import direction_cosine
from lessons.loss_wall import descend, loss_and_gradient
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import COLORS, look
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured

WEIGHTS = (2.0, 0.5)  # of the two units that the adaptive method looks at
METHODS = {
    "global L2 norm": clip_by_global_norm,
    "L∞, rescale": partial(clip_by_infinity_norm, how="rescale"),
    "L∞, clamp (by value)": clip_by_value,
    "adaptive (AGC)": adaptive_clip,
}
_GREYS = LinearSegmentedColormap.from_list("greys", ["#ffffff", "#7b828c"])
_SIZE = (5.4, 6.0)


def cut_in_two_dimensions(method, threshold):
    """Draw 24 gradients of two numbers before and after a cut, with the region that is allowed.

    Parameters
    ----------
    method : str
        A key of ``METHODS``.
    threshold : float
        Above 0. For the adaptive method it is the factor on the weights' norms.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        The figure, and a sentence with its numbers for those who do not see it.
    """
    clip = METHODS[choice("method", method, METHODS)]
    threshold = number("threshold", threshold, above=0)
    before = _spread()
    after = np.array([_cut(clip, gradient, threshold) for gradient in before])
    cut = np.abs(after - before).max(axis=1) > 1e-4
    turns = [_degrees(a, b) for a, b in zip(before, after, strict=True)]
    with style():
        figure, ax = canvas(
            f"{method}, threshold {threshold:g}",
            "gradient of the first weight",
            "gradient of the second weight",
            figsize=_SIZE,
        )
        border = _border(method, threshold)
        ax.fill(*border, facecolor="#e9f3ef", zorder=0)
        ax.plot(*border, color=COLORS["neutral"], linestyle="--", lw=1.2, label="allowed")
        # One line with gaps draws faster than 24.
        moved = np.stack([before, after, np.full_like(after, np.nan)], axis=1).reshape(-1, 2)
        ax.plot(*moved.T, color=COLORS["exploding"], lw=1, alpha=0.6)
        hollow = {"marker": "o", "ls": "none", "mfc": "white", "color": COLORS["exploding"]}
        ax.plot(*before[cut].T, label="before, too long", **hollow)
        full = {"marker": "s", "ls": "none", "ms": 5, "color": COLORS["healthy"]}
        ax.plot(*after.T, label="after", **full)
        ax.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4))
        # Fixed places: laying out each of many frames anew takes as long as drawing them.
        figure.set_layout_engine("none")
        ax.set_position([0.13, 0.17, 0.84, 0.84 * _SIZE[0] / _SIZE[1]])
        ax.legend(loc="upper center", bbox_to_anchor=(0.47, -0.11), ncols=3)
    alt = (
        f"{method}, threshold {threshold:g}: {cut.sum()} of {len(before)} gradients change; "
        f"the direction turns by up to {max(turns):.0f} degrees, "
        f"by {np.mean(turns):.1f} degrees on average."
    )
    return figure, alt


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


def _spread():
    """24 gradients: 12 directions, one long and one short each."""
    angles = np.deg2rad(np.arange(12) * 30 + 10)
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (12, 2)
    return np.concatenate([3.0 * unit, 1.2 * unit])


def _cut(clip, gradient, threshold):
    weight = torch.tensor(WEIGHTS, dtype=torch.float64)[:, None]  # two units of one weight each
    weight.grad = torch.tensor(gradient, dtype=torch.float64)[:, None]
    clip(weight, threshold)
    return weight.grad[:, 0].numpy()


def _degrees(a, b):
    return math.degrees(math.acos(direction_cosine(a, b)))


def _border(method, threshold):
    if method == "global L2 norm":
        angle = np.linspace(0, 2 * np.pi, 181)
        return threshold * np.cos(angle), threshold * np.sin(angle)
    x, y = (threshold * w for w in WEIGHTS) if "adaptive" in method else (threshold, threshold)
    return np.array([x, x, -x, -x, x]), np.array([-y, y, y, -y, -y])

"""Gradients of two numbers before and after a cut, and the region that is left alone."""

import math

import numpy as np
import torch

from lessons.gradients import direction_cosine
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import COLORS

_SIZE = (5.4, 6.0)


def cut_gradients(clip, border, title, weights=(1.0, 1.0)):
    """Draw 24 gradients of two numbers before and after a cut, with the region that is allowed.

    Parameters
    ----------
    clip : callable
        ``clip(parameter)``; the parameter has two units of one weight each, shape (2, 1).
    border : pair of arrays of shape (n,)
        The closed curve around the gradients that stay as they are.
    title : str
    weights : pair of float
        The two weights.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        The figure, and a sentence with its numbers for those who do not see it.
    """
    before = _spread()
    after = np.array([_cut(clip, gradient, weights) for gradient in before])
    cut = np.abs(after - before).max(axis=1) > 1e-4
    turns = [_degrees(a, b) for a, b in zip(before, after, strict=True)]
    with style():
        labels = (f"gradient of the {n} weight" for n in ("first", "second"))
        figure, ax = canvas(title, *labels, figsize=_SIZE)
        ax.fill(*border, facecolor="#f0eef2", zorder=0)
        ax.plot(*border, color=COLORS["neutral"], linestyle="--", lw=1.2, label="allowed")
        # One line with gaps draws faster than 24.
        moved = np.stack([before, after, np.full_like(after, np.nan)], axis=1).reshape(-1, 2)
        ax.plot(*moved.T, color=COLORS["other"], lw=1, alpha=0.8)
        hollow = {"marker": "o", "ls": "none", "mfc": "white", "color": COLORS["other"]}
        ax.plot(*before[cut].T, label="before, too long", **hollow)
        full = {"marker": "s", "ls": "none", "ms": 5, "color": COLORS["dark"]}
        ax.plot(*after.T, label="after", **full)
        ax.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4))
        # Fixed places: laying out each of many frames anew takes as long as drawing them.
        figure.set_layout_engine("none")
        ax.set_position([0.13, 0.17, 0.84, 0.84 * _SIZE[0] / _SIZE[1]])
        ax.legend(loc="upper center", bbox_to_anchor=(0.47, -0.11), ncols=3)
    alt = (
        f"{title}: {cut.sum()} of {len(before)} gradients change; "
        f"the direction turns by up to {max(turns):.0f} degrees, "
        f"by {np.mean(turns):.1f} degrees on average."
    )
    return figure, alt


def rectangle(x, y):
    """Return the border of the rectangle from (-x, -y) to (x, y) as a pair of arrays."""
    return np.array([x, x, -x, -x, x]), np.array([-y, y, y, -y, -y])


def circle(radius):
    """Return the border of a circle around (0, 0) as a pair of arrays."""
    angle = np.linspace(0, 2 * np.pi, 181)
    return radius * np.cos(angle), radius * np.sin(angle)


def _spread():
    """24 gradients: 12 directions, one long and one short each."""
    angles = np.deg2rad(np.arange(12) * 30 + 10)
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (12, 2)
    return np.concatenate([3.0 * unit, 1.2 * unit])


def _cut(clip, gradient, weights):
    weight = torch.tensor(weights, dtype=torch.float64)[:, None]
    weight.grad = torch.tensor(gradient, dtype=torch.float64)[:, None]
    clip(weight)
    return weight.grad[:, 0].numpy()


def _degrees(a, b):
    return math.degrees(math.acos(direction_cosine(a, b)))

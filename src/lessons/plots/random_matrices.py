"""Figures of the chapter *What replaces the weight?*"""

import torch

from lessons.bounds.random_matrices import needle
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import COLORS


def circle_to_needle(layers=3, net="gaussian 0"):
    """Draw what random layers make of a circle of gradients.

    Parameters
    ----------
    layers : int
    net : str
        Kind of the matrices and seed, as "orthogonal 1".

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
    """
    kind, seed = net.split()
    shape = needle(layers, kind, int(seed))
    long, short = torch.linalg.svdvals(shape).tolist()
    with style():
        title = f"{kind.capitalize()} (seed {seed}), {layers} layer{'' if layers == 1 else 's'}"
        labels = ("first entry", "second entry")
        figure, ax = canvas(title, *labels, figsize=(4.6, 4.6))
        ax.plot(*shape.T, color=COLORS["dark"])
        ax.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")
    alt = (
        f"After {layers} {kind} layers (seed {seed}) the circle is an ellipse whose short axis is "
        f"{short / long:.1g} of its long axis."
    )
    return figure, alt

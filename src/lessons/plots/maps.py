"""A matrix as colours."""

import numpy as np

from lessons.plots.canvas import array, canvas, style
from lessons.plots.colors import LITTLE_TO_MUCH, VANISHING_TO_EXPLODING
from lessons.plots.picture import pictured


@pictured
def heatmap(values, x, y, title, xlabel, ylabel, colorlabel, *, limits=None, diverging=False):
    """Draw a matrix as colours.

    Parameters
    ----------
    values : array of shape (len(y), len(x))
    x, y : array
        Centres of the columns and of the rows, increasing.
    title, xlabel, ylabel, colorlabel : str
        Labels name their unit.
    limits : (float, float), optional
        Ends of the colour scale.
    diverging : bool
        Blue below 0, orange above 0 (in the book: vanishing and exploding).

    Returns
    -------
    Picture

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree.
    """
    values, x, y = array("values", values, 2), array("x", x), array("y", y)
    if values.shape != (len(y), len(x)):
        raise ValueError(f"values has shape {values.shape}; expected {(len(y), len(x))}.")
    if limits is None and diverging:
        limits = (-np.nanmax(np.abs(values)), np.nanmax(np.abs(values)))
    low, high = limits or (np.nanmin(values), np.nanmax(values))
    with style():
        figure, ax = canvas(title, xlabel, ylabel)
        ax.grid(False)
        colors = VANISHING_TO_EXPLODING if diverging else LITTLE_TO_MUCH
        options = {"cmap": colors, "vmin": low, "vmax": high, "rasterized": True}
        mesh = ax.pcolormesh(x, y, values, shading="nearest", **options)
        figure.colorbar(mesh, ax=ax, label=colorlabel)
    return figure

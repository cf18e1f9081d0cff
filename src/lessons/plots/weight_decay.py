"""Figures of the chapter *Does holding weights small keep gradients small?*"""

import numpy as np
from matplotlib.ticker import NullLocator

from lessons.fixes.weight_decay import walk, walk_size
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look


def late(decay=0.0, step=1000):
    """Draw signal and error signal of a net whose weights have walked at random.

    Parameters
    ----------
    decay : float
    step : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every frame, and a sentence with the numbers.
    """
    found = walk(step, decay)
    error = np.array(found["error signal"])
    ratio = error[0] / error[-1]
    role = "exploding" if ratio > 10 else "vanishing" if ratio < 0.1 else "healthy"
    layers = np.arange(1, len(error) + 1)
    with style():
        titles = ["The signal goes forward", "The error signal comes back"]
        labels = ["L2 norm over 256 digits", "L2 norm"]
        figure, axes = canvas(titles, "layer (1 = next to the input)", labels, columns=2)
        for ax, values in zip(axes, (found["signal"], error), strict=True):
            ax.plot(layers, values, **look(0, role) | {"ms": 4})
            ax.set(yscale="log", ylim=(1e-9, 1e15), yticks=[1e-6, 1, 1e6, 1e12])
            ax.yaxis.set_minor_locator(NullLocator())
    alt = (
        f"Decay {decay:g}, after {step} steps: the weights have size "
        f"{walk_size(step, decay):.2f}, and the error signal goes from {error[-1]:.0e} at layer "
        f"{len(error)} to {error[0]:.0e} at layer 1."
    )
    return figure, alt

"""Figures of the chapter *What does normalising fix, and when does it make things worse?*"""

import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons.data import digits
from lessons.fixes.batch_norm import normed
from lessons.measure import signals_by_layer
from lessons.networks import THREE_NETS
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look
from lessons.plots.labels import legend_below

NAMES = {
    "vanishing": "vanishing (sigmoid, Xavier)",
    "healthy": "healthy (ReLU, He)",
    "exploding": "exploding (tanh, N(0, 1))",
}


def with_and_without(net=NAMES["healthy"], depth=20):
    """Draw signal and error signal by layer of one net, without and with batch normalization.

    Parameters
    ----------
    net : str
        A value of ``NAMES``.
    depth : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every frame, and a sentence with the numbers.
    """
    kind = next(kind for kind, name in NAMES.items() if name == net)
    data = digits(dtype=torch.float64)
    batch = data.train_x[:256], data.train_y[:256]
    layers, said = np.arange(1, depth + 1), []
    with style():
        titles = ["The signal goes forward", "The error signal comes back"]
        labels = ["typical size (root mean square)", "norm, that of the last layer = 1"]
        below = "layer (1 = next to the input)"
        figure, axes = canvas(titles, below, labels, columns=2)
        for norm, name, role in (("none", "as it is", kind), ("batch", "batch norm", "other")):
            found = signals_by_layer(normed(norm, depth, **THREE_NETS[kind]), *batch)
            signal = np.array(found["signal"]) / (256 * 64) ** 0.5
            error = np.array(found["error signal"]) / found["error signal"][-2]
            line = look(0, role) | {"ms": 4}
            axes[0].plot(layers, signal, label=name, **line)
            axes[1].plot(layers[:-1], error[:-1], label=name, **line)
            said.append(f"{name}, the error signal is multiplied by {error[0]:.2g}")
        axes[0].set(yscale="log", ylim=(0.1, 10))
        axes[1].set(yscale="log", ylim=(1e-26, 1e14), yticks=[1e-20, 1e-10, 1, 1e10])
        for ax in axes:
            ax.yaxis.set_minor_locator(NullLocator())
            ax.set_xticks([1, depth // 2, depth])
        legend_below(figure, axes[0])
    return figure, f"{net}, {depth} layers, on its way back: {'; '.join(said)}."

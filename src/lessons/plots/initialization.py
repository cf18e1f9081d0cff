"""Figures of the chapter *Which variance keeps the signal alive both ways?*"""

import numpy as np
import torch
from matplotlib.ticker import NullLocator

from lessons.data import digits
from lessons.fixes import initialization as chapter
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look
from lessons.plots.picture import pictured
from lessons.plots.ticks import powers_of_ten

WIDTHS = {
    "64, 64, 64, …": [64] * 22 + [10],
    "32, 512, 32, 512, …": [64] + [32, 512] * 10 + [32, 10],
    "512, falling to 32": [64, *(round(512 * 16 ** (-i / 20)) for i in range(21)), 10],
}
SIZES = {
    "always 0.03": lambda n_in, n_out: 0.03,
    "1 / inputs": lambda n_in, n_out: (2 / n_in) ** 0.5,
    "1 / outputs": lambda n_in, n_out: (2 / n_out) ** 0.5,
    "2 / (inputs + outputs)": lambda n_in, n_out: (4 / (n_in + n_out)) ** 0.5,
}


def both_ways(variance="1 / inputs", widths="32, 512, 32, 512, …"):
    """Draw signal and error signal, layer by layer, of a ReLU net for one choice of the variance.

    Parameters
    ----------
    variance : str
        A key of ``SIZES``; all but the first are doubled for ReLU.
    widths : str
        A key of ``WIDTHS``.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        Root mean squares over neurons and 256 digits, on the same axes for every choice.
    """
    data = digits(dtype=torch.float64)
    net = chapter.net(WIDTHS[widths])
    with torch.no_grad():
        for layer in net.layers:
            n_out, n_in = layer.weight.shape
            layer.weight.mul_(SIZES[variance](n_in, n_out) / (2 / n_in) ** 0.5)
    found = chapter.per_neuron(net, data.train_x[:256], data.train_y[:256])
    # From the first hidden layer to the last one; the ends of the net have sizes of their own.
    signal, error = (np.array(found[k]) for k in ("signal", "error signal"))
    signal, error = signal[1:] / signal[1], error[:-1] / error[-2]
    with style():
        titles = ["The signal goes forward", "The error signal comes back"]
        below = "layer (1 = next to the input)"
        figure, axes = canvas(titles, below, "one neuron, relative", columns=2, sharey=True)
        for ax, values, end in ((axes[0], signal, signal[-1]), (axes[1], error, error[0])):
            role = "exploding" if end > 10 else "vanishing" if end < 0.1 else "healthy"
            ax.plot(np.arange(1, len(values) + 1), values, **look(0, role) | {"ms": 4})
            # One range for all frames, so the ticks do not go by the values of one.
            ax.set(yscale="log", ylim=(1e-17, 1e5), yticks=[1e-15, 1e-10, 1e-5, 1, 1e5])
            ax.yaxis.set_minor_locator(NullLocator())
    alt = (
        f"Widths {widths}; variance {variance}: over the hidden layers a neuron's signal is "
        f"multiplied by {signal[-1]:.1g}, its error signal on the way back by {error[0]:.1g}."
    )
    return figure, alt


@pictured
def before_and_after(found, roles):
    """Draw one neuron's signal and error signal by layer, for several starts.

    Parameters
    ----------
    found : dict of str to sequence of dict
        For each start what `lessons.fixes.initialization.per_neuron` returns, seed by seed.
    roles : dict of str to str
        Label to a key of ``COLORS``.

    Returns
    -------
    Picture
        The line is the geometric mean over the seeds; hidden layers only.
    """
    titles = ["The signal goes forward", "The error signal comes back"]
    with style():
        figure, axes = canvas(
            titles, "layer (1 = next to the input)", "one neuron (r.m.s.)", columns=2, sharey=True
        )
        for ax, name, part in zip(
            axes, ("signal", "error signal"), (slice(1, None), slice(None, -1)), strict=True
        ):
            for i, (label, seeds) in enumerate(found.items()):
                values = np.array([one[name][part] for one in seeds])
                mean = np.exp(np.log(values).mean(axis=0))
                line = look(i, roles[label]) | {"ms": 4}
                ax.plot(np.arange(1, len(mean) + 1), mean, label=label, **line)
            powers_of_ten(ax.yaxis)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure

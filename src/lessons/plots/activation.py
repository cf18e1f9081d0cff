"""Figures of the chapter *When is another activation the cure?*"""

import functools
import math

import numpy as np
import torch

from lessons.activations import get
from lessons.data import digits
from lessons.measure import signals_by_layer
from lessons.networks import mlp
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look, looks
from lessons.plots.labels import legend_below
from lessons.plots.picture import pictured
from lessons.plots.ticks import powers_of_ten

HUNDRED = 100


@pictured
def learns_nothing(gradients, histories):
    """Draw a net that fails: its gradient by layer, and its loss over training, seed by seed.

    Parameters
    ----------
    gradients : sequence of array, shape (layers,)
        The weights' gradient norms of each seed.
    histories : sequence of lessons.training.History

    Returns
    -------
    Picture
    """
    line = look(0, "vanishing") | {"marker": "", "lw": 1.5}
    with style():
        titles = ["Its gradient before training", "Its loss"]
        below = ["layer (1 = next to the input)", "step"]
        figure, axes = canvas(titles, below, ["L2 norm of the gradient", "loss"], columns=2)
        for norms, history in zip(gradients, histories, strict=True):
            axes[0].plot(np.arange(1, len(norms) + 1), norms, **line)
            axes[1].plot(history.steps, history.loss, **line)
        axes[1].axhline(math.log(10), **look(0, "neutral") | {"marker": "", "ls": ":"})
        powers_of_ten(axes[0].yaxis)
        axes[1].set_ylim(0, 3)
    return figure


@pictured
def four_nets(found, roles):
    """Draw signal and error signal by layer, one line for each net.

    Parameters
    ----------
    found : dict of str to sequence of dict
        What `lessons.measure.signals_by_layer` returns, seed by seed.
    roles : dict of str to str
        Label to a key of ``COLORS``.

    Returns
    -------
    Picture
        Geometric means over the seeds, hidden layers only, each relative to where it begins.
    """
    titles = ["The signal goes forward", "The error signal comes back"]
    styles = looks(found, roles)
    with style():
        below = "layer (1 = next to the input)"
        figure, axes = canvas(titles, below, "relative size", columns=2, sharey=True)
        for ax, name in zip(axes, ("signal", "error signal"), strict=True):
            for label, seeds in found.items():
                values = np.array([one[name] for one in seeds])
                mean = np.exp(np.log(values).mean(axis=0))
                # Layer l gets signal h_{l-1}: from the first hidden layer's output on.
                mean = mean[1:] / mean[1] if name == "signal" else mean[:-1] / mean[-2]
                line = styles[label] | {"ms": 4}
                ax.plot(np.arange(1, len(mean) + 1), mean, label=label, **line)
            powers_of_ten(ax.yaxis)
        legend_below(figure, axes[0])
    return figure


def hundred_layers(activation="selu", weights="1 / inputs", width=64):
    """Draw what 100 layers make of a neuron's mean and size, and of the error signal.

    Parameters
    ----------
    activation : str
    weights : str
        "1 / inputs" or "2 / inputs": the variance of a first weight.
    width : int

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        On the same axes for every choice.
    """
    deviation, error = _both_ways(activation, weights, width)
    layers = np.arange(1, HUNDRED + 1)
    low, high = 1e-30, 1e30
    with style():
        titles = ["The signal goes forward", "The error signal comes back"]
        below = "layer (1 = next to the input)"
        ylabels = ["deviation of a neuron", "relative to layer 100"]
        figure, axes = canvas(titles, below, ylabels, columns=2)
        for ax, values, end in ((axes[0], deviation, deviation[-1]), (axes[1], error, error[0])):
            role = "exploding" if end > 1e3 else "vanishing" if end < 1e-3 else "healthy"
            values = np.clip(values, low, high)
            ax.plot(layers, values, **look(0, role) | {"marker": ""})
            ax.axhline(1, **look(0, "neutral") | {"marker": "", "ls": ":", "lw": 1})
            ax.set(
                yscale="log", ylim=(low, high), yticks=[1e-30, 1e-20, 1e-10, 1, 1e10, 1e20, 1e30]
            )
            ax.minorticks_off()
    alt = (
        f"{get(activation).label}, variance {weights}: at layer 100 a neuron's output deviates by "
        f"{deviation[-1]:.1g}; the error signal at layer 1 is {error[0]:.1g} of that at layer 100."
    )
    return figure, alt


@functools.cache
def _both_ways(activation, weights, width):
    net = mlp(
        HUNDRED + 1,
        width,
        activation=activation,
        initialization="lecun" if weights.startswith("1") else "he",
        dtype=torch.float64,
    )
    data = digits(dtype=torch.float64)
    x, y = data.train_x[:64], data.train_y[:64]
    with torch.no_grad():
        outputs = net.forward_all(x)[:-1]
    deviation = np.array([h.std().item() for h in outputs])
    error = np.array(signals_by_layer(net, x, y)["error signal"][:-1])
    return deviation, error / error[-1]


@pictured
def never_on(found, roles):
    """Draw the share of neurons that are on for no sample, over training, seed by seed.

    Parameters
    ----------
    found : dict of str to sequence of lessons.fixes.activation.Watched
    roles : dict of str to str

    Returns
    -------
    Picture
    """
    with style():
        figure, ax = canvas("Neurons that are on for no digit", "step", "share of hidden neurons")
        for label, seeds in found.items():
            for k, one in enumerate(seeds):
                share = one.never_on.double().mean((1, 2)).numpy()
                name = label if k == 0 else "_"
                ax.plot(one.steps, share, label=name, **looks(found, roles)[label] | {"marker": ""})
        ax.set_ylim(0, 1)
        legend_below(figure, ax)
    return figure

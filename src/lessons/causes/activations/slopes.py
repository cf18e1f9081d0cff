"""The slopes that occur in a random net, and what one of its layers does to both signals."""

from typing import NamedTuple

import torch

from lessons._check import integer
from lessons._threads import one_thread
from lessons.loss import check_batch
from lessons.measure import signals_by_layer
from lessons.networks import mlp


class Passing(NamedTuple):
    """Per layer: factors on ``signal`` and ``error`` signal, root mean square ``slope``, shares."""

    signal: float
    error: float
    slope: float
    saturated: float


def net(activation, gain, *, depth=20, width=64, seed=0):
    r"""Build a plain net with weights of standard deviation gain/√inputs, in float64, no biases."""
    how = {"activation": activation, "initialization": "lecun", "gain": gain, "seed": seed}
    return mlp(depth, width, **how, dtype=torch.float64)


@torch.no_grad()
def slopes_by_layer(model, x):
    r"""Return the slopes :math:`f'(z_l)` that occur in a plain net, layer by layer.

    Parameters
    ----------
    model : lessons.networks.MLP
    x : Tensor, shape (samples, inputs)

    Returns
    -------
    list of Tensor, shape (samples, width)
        One for each layer but the last, which has no activation.

    Examples
    --------
    >>> slopes = slopes_by_layer(net("relu", 1.0, depth=3), torch.eye(64, dtype=torch.float64))
    >>> len(slopes), sorted(set(slopes[0].flatten().tolist()))
    (2, [0.0, 1.0])
    """
    f, found = model.activation, []
    for layer in model.layers[:-1]:
        z = layer(x)
        found.append(f.derivative(z))
        x = f.function(z)
    return found


@one_thread()
def passing(activation, gain, x, y, *, depth=20, width=64, seed=0):
    r"""Measure what one layer of a random net does to signal and error signal, and why.

    Parameters
    ----------
    activation : str or Activation
    gain : float
        The standard deviation of a weight times √inputs, above 0. Biases are 0.
    x : Tensor, shape (samples, 64)
    y : Tensor of int64, shape (samples,)
    depth : int
        Weight matrices, at least 4.
    width, seed : int

    Returns
    -------
    Passing
        ``signal`` and ``error``: geometric means over the hidden layers. ``slope``: the root mean
        square of :math:`f'(z)`, ``saturated``: the share of slopes below a tenth of the steepest;
        both over all neurons and samples.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> from lessons.data import digits
    >>> data = digits(dtype=torch.float64)
    >>> found = passing("identity", 2.0, data.train_x[:32], data.train_y[:32])
    >>> found.slope, found.saturated, round(found.error, 1)
    (1.0, 0.0, 2.0)
    """
    depth = integer("depth", depth, least=4)
    check_batch(x, y, "cross_entropy")
    model = net(activation, gain, depth=depth, width=width, seed=seed)
    found = signals_by_layer(model, x.double(), y)
    signal, error = found["signal"][1:], found["error signal"][:-1]
    slopes = torch.stack(slopes_by_layer(model, x.double())).abs()
    return Passing(
        (signal[-1] / signal[0]) ** (1 / (depth - 2)),
        (error[0] / error[-1]) ** (1 / (depth - 2)),
        slopes.square().mean().sqrt().item(),
        (slopes < model.activation.steepest_slope / 10).double().mean().item(),
    )


def means(activation, gain, x, y, *, depth=20, width=64, seeds=3):
    """Average :func:`passing` over nets of the seeds 0, 1, …

    Returns
    -------
    Passing

    Examples
    --------
    >>> from lessons.data import digits
    >>> data = digits(dtype=torch.float64)
    >>> round(means("relu", 2.0, data.train_x[:32], data.train_y[:32]).error, 1)
    1.4
    """
    seeds = integer("seeds", seeds)
    how = {"depth": depth, "width": width}
    found = [passing(activation, gain, x, y, seed=seed, **how) for seed in range(seeds)]
    return Passing(*(sum(values) / seeds for values in zip(*found, strict=True)))

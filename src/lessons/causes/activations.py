"""One knob, the activation: its slopes, how many neurons saturate or die, and what gets through."""

import math
from typing import NamedTuple

import torch

from lessons import activations
from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.loss import check_batch
from lessons.measure import signals_by_layer
from lessons.networks import mlp
from lessons.propagation import variance_map
from lessons.propagation.expectation import LARGEST, SMALLEST, expectation


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


def root_mean_square_slope(activation, size):
    r"""Return :math:`\sqrt{\mathbb E f'(z)^2}` for normal z of this size.

    Parameters
    ----------
    activation : str or Activation
    size : float
        The standard deviation of z, above 0.

    Examples
    --------
    >>> [round(root_mean_square_slope("relu", size), 4) for size in (0.1, 10.0)]
    [0.7071, 0.7071]
    """
    f = activations.get(activation)
    size = number("size", size, above=0, most=1e50)
    return math.sqrt(expectation(lambda z: f.derivative(z) ** 2, size**2))


def predicted_logs(activation, gain, depth):
    """Return log10 of each layer's predicted factor: gain × root mean square slope.

    Parameters
    ----------
    activation : str or Activation
    gain : float
        Above 0.
    depth : int

    Returns
    -------
    list of float
        The input of the first layer is N(0, 1); the size of z goes on by
        :func:`lessons.propagation.variance_map`.

    Examples
    --------
    >>> [round(value, 3) for value in predicted_logs("relu", 2.0, 2)]
    [0.151, 0.151]
    """
    f, gain = activations.get(activation), number("gain", gain, above=0, most=1e10)
    depth = integer("depth", depth)
    q, logs = gain**2, []
    while len(logs) < depth:
        logs.append(math.log10(gain * root_mean_square_slope(f, math.sqrt(q))))
        before, q = q, min(max(variance_map(f, q, gain**2), SMALLEST), LARGEST)
        if abs(q / before - 1) < 1e-9:  # settled: all further layers are alike
            logs += [logs[-1]] * (depth - len(logs))
    return logs


def predicted(activation, gain, *, depth=12, settle=2):
    r"""Predict a very wide layer's factor on the error signal.

    Parameters
    ----------
    activation, gain, depth
        See :func:`predicted_logs`.
    settle : int
        The first layers, which are left out.

    Returns
    -------
    float
        The geometric mean over the other layers.

    Examples
    --------
    >>> round(predicted("relu", 2.0), 4), round(predicted("sigmoid", 8.0), 2)
    (1.4142, 0.89)
    """
    logs = predicted_logs(activation, gain, depth)
    settle = integer("settle", settle, least=0, most=depth - 1)
    return 10 ** (sum(logs[settle:]) / (depth - settle))


@one_thread()
@torch.no_grad()
def held_factors(activation, gain, sizes, *, width=256, depth=8, batch=16, seeds=3, seed=0):
    r"""Measure a layer's factor while the size of its z is held, whatever the weights.

    In each layer z is multiplied by a number that gives it the root mean square ``size``; slope
    and signal are taken there. A random direction meets the weights and these slopes alone.

    Parameters
    ----------
    activation : str or Activation
    gain : float
        Above 0.
    sizes : sequence of float
        Above 0.
    width, depth, batch, seeds, seed : int
        ``batch`` inputs, each with a direction of its own.

    Returns
    -------
    list of float
        For each size the root mean square factor of a layer on the direction's norm, averaged
        geometrically over layers and nets.

    Examples
    --------
    >>> round(held_factors("tanh", 8.0, [0.01])[0])  # the weights alone
    8
    """
    f, gain = activations.get(activation), number("gain", gain, above=0)
    sizes = [number("sizes", size, above=0) for size in sizes]
    width, depth, batch = integer("width", width), integer("depth", depth), integer("batch", batch)
    logs = torch.zeros(len(sizes), dtype=torch.float64)
    for s in range(integer("seeds", seeds)):
        generator = torch.Generator().manual_seed(integer("seed", seed, least=0) + s)
        start = torch.randn(2, batch, width, generator=generator, dtype=torch.float64)
        states = [start] * len(sizes)
        for _ in range(depth):
            weight = torch.randn(width, width, generator=generator, dtype=torch.float64)
            for i, (size, (h, v)) in enumerate(zip(sizes, states, strict=True)):
                z = h @ weight.T
                z = z * (size / z.square().mean(1, keepdim=True).sqrt())
                v = f.derivative(z) * ((v / v.norm(dim=1, keepdim=True)) @ weight.T)
                logs[i] += (v.norm(dim=1).square().mean() * gain**2 / width).log() / 2
                states[i] = f.function(z), v
    return (logs / (seeds * depth)).exp().tolist()


def off_and_dead(model, x):
    """Return, for each layer, two shares: slopes of 0, and neurons whose slope is 0 for all of x.

    Parameters
    ----------
    model : lessons.networks.MLP
    x : Tensor, shape (samples, inputs)

    Returns
    -------
    list of (float, float)

    Examples
    --------
    >>> x = torch.eye(64, dtype=torch.float64)
    >>> off_and_dead(net("tanh", 1.0, depth=3), x)
    [(0.0, 0.0), (0.0, 0.0)]
    """
    zero = [slopes == 0 for slopes in slopes_by_layer(model, x)]
    return [(z.double().mean().item(), z.all(0).double().mean().item()) for z in zero]


def shifted(activation, shift, *, layer=5, depth=10, seed=0):
    """Build a He net and lower all biases of one hidden layer by ``shift``.

    Parameters
    ----------
    activation : str or Activation
    shift : float
    layer : int
        From 1 to ``depth - 1``.
    depth, seed : int

    Returns
    -------
    lessons.networks.MLP

    Examples
    --------
    >>> shifted("relu", 3, layer=2).layers[1].bias[0].item()
    -3.0
    """
    depth = integer("depth", depth, least=2)
    model = net(activation, math.sqrt(2), depth=depth, seed=seed)
    with torch.no_grad():
        bias = model.layers[integer("layer", layer, most=depth - 1) - 1].bias
        bias -= number("shift", shift)
    return model

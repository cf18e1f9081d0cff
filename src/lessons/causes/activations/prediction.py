"""The factor of a layer, gain times root mean square slope: predicted, and with z held."""

import math

import torch

from lessons import activations
from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.propagation import variance_map
from lessons.propagation.expectation import LARGEST, SMALLEST, expectation


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

"""One knob, the size of the first weights: what it does forward, backward, and to learning."""

import math
from typing import NamedTuple

import torch

from lessons import activations
from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.measure import signals_by_layer
from lessons.networks import mlp
from lessons.training import train


class Factors(NamedTuple):
    """Per layer: by how much the ``signal`` grows forward and the ``error`` signal backward."""

    signal: float
    error: float


@one_thread()
def factors(weight_std, x, y, *, depth=20, width=64, activation="relu", seed=0):
    r"""Measure by how much one layer of a random net multiplies signal and error signal.

    Parameters
    ----------
    weight_std : float
        Standard deviation of every weight, above 0. Biases are 0.
    x : Tensor, shape (samples, 64)
    y : Tensor of int64, shape (samples,)
    depth : int
        Weight matrices, at least 4.
    width, seed : int
    activation : str or Activation

    Returns
    -------
    Factors
        Geometric means over the hidden layers; those of another width are left out.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> from lessons.data import digits
    >>> data = digits(dtype=torch.float64)
    >>> small = factors(0.1, data.train_x[:64], data.train_y[:64])
    >>> large = factors(0.2, data.train_x[:64], data.train_y[:64])
    >>> [round(b / a, 1) for a, b in zip(small, large)]  # one knob turns both
    [2.0, 2.0]
    """
    depth = integer("depth", depth, least=4)
    weight_std = number("weight_std", weight_std, above=0)
    how = {"activation": activation, "initialization": "normal", "gain": weight_std, "seed": seed}
    net = mlp(depth, width, **how, dtype=torch.float64)
    found = signals_by_layer(net, x.double(), y)
    signal, error = found["signal"][1:], found["error signal"][:-1]
    steps = depth - 2
    return Factors((signal[-1] / signal[0]) ** (1 / steps), (error[0] / error[-1]) ** (1 / steps))


@one_thread()
@torch.no_grad()
def carried_back(draw, depth=20, width=64, *, activation="identity", seed=0):
    """Send a random vector back through a net whose matrices ``draw`` makes.

    Parameters
    ----------
    draw : callable
        ``draw(width, generator)`` returns one weight matrix, shape (width, width), in float64.
    depth, width : int
    activation : str or Activation
        The forward pass begins with a vector of ones.
    seed : int

    Returns
    -------
    float
        log10 of the factor on the vector's norm; minus infinity if nothing is left.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> halves = lambda width, generator: torch.eye(width, dtype=torch.float64) / 2
    >>> round(10 ** carried_back(halves, depth=3), 3)
    0.125
    """
    f = activations.get(activation)
    depth, width = integer("depth", depth), integer("width", width)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    h = torch.ones(width, dtype=torch.float64)
    jacobians = []
    for _ in range(depth):
        weight = draw(width, generator)
        z = weight @ h
        jacobians.append(f.derivative(z)[:, None] * weight)
        h = f.function(z)
        h = h * (1e50 / h.norm().clamp(min=1e50))  # only a net without saturation gets there
    v = torch.randn(width, generator=generator, dtype=torch.float64)
    v, total = v / v.norm(), 0.0
    for jacobian in reversed(jacobians):
        v = jacobian.T @ v
        length = v.norm().item()
        if length == 0:
            return -math.inf
        v, total = v / length, total + math.log10(length)
    return total


def all_above_one(width, generator):
    """Draw weights between 1 and 1.5: all of them above 1."""
    return 1 + 0.5 * torch.rand(width, width, generator=generator, dtype=torch.float64)


def all_below_a_third(width, generator):
    """Draw weights between -0.3 and 0.3: none of them is large."""
    return 0.6 * torch.rand(width, width, generator=generator, dtype=torch.float64) - 0.3


@one_thread()
def largest_singular_value(width, weight_std, seed=0):
    """Return the largest singular value of one matrix of N(0, weight_std²) weights.

    Examples
    --------
    >>> 1.9 < largest_singular_value(256, 1 / 16) < 2.05
    True
    """
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    size = (integer("width", width),) * 2
    matrix = torch.randn(size, generator=generator, dtype=torch.float64)
    return number("weight_std", weight_std, above=0) * torch.linalg.matrix_norm(matrix, 2).item()


def accuracies(weight_std, x, y, *, depth=20, steps=60, lr=0.02, seeds=3):
    """Train the ReLU net from weights of this size; return its accuracy for each seed.

    Parameters
    ----------
    weight_std, x, y, depth
        As in :func:`factors`.
    steps, seeds : int
    lr : float
        Of SGD with momentum 0.9.

    Returns
    -------
    list of float
    """
    how = {"lr": lr, "momentum": 0.9, "steps": steps, "record_every": steps}
    return [
        train(
            mlp(depth, initialization="normal", gain=weight_std, seed=seed), x, y, seed=seed, **how
        ).accuracy[-1]
        for seed in range(integer("seeds", seeds))
    ]

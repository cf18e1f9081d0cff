"""By how much one layer of a random net multiplies an error signal: simulated."""

import math

import torch

from lessons import activations
from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.propagation.expectation import LARGEST, SMALLEST


def held(x):
    """Bring a signal into the range in which no activation's slopes change any more."""
    size = x.abs().max().item()
    if size == 0 or SMALLEST <= size <= LARGEST:
        return x
    return x / size * min(max(size, SMALLEST), LARGEST)


@one_thread()
@torch.no_grad()
def layer_factor(activation, width, weight_std, *, depth=40, seeds=8, seed=0, settle=10):
    r"""Simulate by how much one layer of a random net multiplies the norm of an error signal.

    Weights are independent, :math:`N(0, \sigma^2)`, biases 0, the input is N(0, 1). A random
    vector travels back through the Jacobians :math:`J_l = \operatorname{diag}(f'(z_l)) W_l` and
    is brought back to length 1 after each, so nothing overflows or underflows.

    Parameters
    ----------
    activation : str or Activation
    width : int
        Neurons in each layer.
    weight_std : float
        The standard deviation of every weight, whatever the width.
    depth : int
        Number of layers.
    seeds : int
        Number of random nets.
    seed : int
        Of the first one.
    settle : int
        The first layers, which are left out: the signal has not settled there. Less than depth.

    Returns
    -------
    float
        The geometric mean of :math:`\|J_l^\top v\| / \|v\|` over layers and nets; 0.0 if one of
        the nets lets nothing through, as narrow ReLU nets do when a whole layer is off.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> 1.4 < layer_factor("sigmoid", 512, 1.0, depth=15, seeds=1, settle=5) < 1.6
    True
    """
    activation = activations.get(activation)
    width, weight_std = integer("width", width), number("weight_std", weight_std, above=0)
    depth, seeds = integer("depth", depth), integer("seeds", seeds)
    settle = integer("settle", settle, least=0, most=depth - 1)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    total = 0.0
    for _ in range(seeds):
        x, jacobians = draw(width), []
        for layer in range(depth):
            weight = weight_std * draw(width, width)
            z = weight @ x
            x = held(activation.function(z))
            if layer >= settle:
                jacobians.append(activation.derivative(z)[:, None] * weight)
        v = draw(width)
        for jacobian in reversed(jacobians):
            v = jacobian.T @ (v / v.norm())
            if not v.any():
                return 0.0
            total += math.log(v.norm().item())
    return math.exp(total / (seeds * (depth - settle)))

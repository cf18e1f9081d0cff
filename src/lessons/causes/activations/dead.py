"""Neurons that are off, neurons that are dead, and a net with a layer that was killed."""

import math

import torch

from lessons._check import integer, number
from lessons.causes.activations.slopes import net, slopes_by_layer


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

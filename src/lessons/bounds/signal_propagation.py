"""How a random net treats two inputs, and to what depth such nets can be trained."""

import math

import torch

from lessons import activations
from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.networks import mlp
from lessons.propagation import correlation_map, variance_fixed_point
from lessons.training import train


def with_biases_(net, variance, seed=0):
    """Draw the biases of all hidden layers from N(0, variance), in place.

    Parameters
    ----------
    net : lessons.networks.MLP
    variance : float
        :math:`\\sigma_b^2`, at least 0.
    seed : int

    Returns
    -------
    MLP
        ``net`` itself.

    Examples
    --------
    >>> net = with_biases_(mlp(3, width=512), 0.25)
    >>> round(net.layers[1].bias.std().item(), 1), net.layers[-1].bias.any().item()
    (0.5, False)
    """
    deviation = math.sqrt(number("variance", variance, least=0))
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    with torch.no_grad():
        for layer in net.layers[:-1]:
            layer.bias.normal_(0, deviation, generator=generator)
    return net


@one_thread()
@torch.no_grad()
def correlation_by_layer(
    activation, weight_variance, bias_variance=0.0, *, start=0.5, depth=30, width=512, seed=0
):
    r"""Measure how alike two inputs become on their way through a random net.

    Parameters
    ----------
    activation : str or Activation
    weight_variance, bias_variance : float
        :math:`\sigma_w^2` (width times the variance of one weight) and :math:`\sigma_b^2`.
    start : float
        Correlation of the two pre-activations at layer 1, from -1 to 1. Their variance is the
        fixed point of the map from the first layer on.
    depth, width, seed : int

    Returns
    -------
    list of float
        The uncentred correlation :math:`z_1 \cdot z_2 / (\|z_1\| \|z_2\|)` at layers 1 … depth.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    References
    ----------
    Poole et al., 2016, figure 2; Schoenholz et al., 2017, figure 2.
    """
    activation = activations.get(activation)
    start = number("start", start, least=-1, most=1)
    depth, width = integer("depth", depth), integer("width", width)
    q = variance_fixed_point(activation, weight_variance, bias_variance)
    q = q if 1e-100 < q < 1e100 else 1.0
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    # Two vectors that are exactly so alike, of exactly this variance.
    basis = torch.linalg.qr(draw(width, 2)).Q.T * math.sqrt(q * width)
    z = torch.stack([basis[0], start * basis[0] + math.sqrt(1 - start**2) * basis[1]])
    found = []
    for _ in range(depth):
        found.append((z[0] @ z[1] / (z[0].norm() * z[1].norm())).item())
        weight = draw(width, width) * math.sqrt(weight_variance / width)
        z = activation.function(z) @ weight.T + math.sqrt(bias_variance) * draw(width)
    return found


def predicted_correlations(activation, weight_variance, bias_variance=0.0, *, start=0.5, depth=30):
    """Return what mean-field theory says of :func:`correlation_by_layer`; same arguments.

    Examples
    --------
    >>> found = predicted_correlations("relu", 2.0, start=0.0, depth=3)
    >>> [round(c, 2) for c in found]
    [0.0, 0.32, 0.49]
    """
    found = [number("start", start, least=-1, most=1)]
    for _ in range(integer("depth", depth) - 1):
        c = correlation_map(activation, found[-1], weight_variance, bias_variance)
        found.append(min(max(c, -1.0), 1.0))
    return found


def trained(depths, weight_variances, x, y, *, bias_variance=0.05, lr=0.01, steps=100, seed=0):
    r"""Train a tanh net of 64 neurons for each depth and weight variance; return the accuracies.

    Parameters
    ----------
    depths : sequence of int
    weight_variances : sequence of float
        :math:`\sigma_w^2` of the hidden layers.
    x : Tensor, shape (samples, 64)
    y : Tensor of int64, shape (samples,)
    bias_variance, lr : float
        SGD with momentum 0.9.
    steps, seed : int

    Returns
    -------
    list of list of float
        Share of right answers on the training data, a row for each depth.
    """
    rows = []
    for depth in depths:
        rows.append([])
        for variance in weight_variances:
            gain = math.sqrt(number("weight_variances", variance, above=0))
            how = {"activation": "tanh", "initialization": "lecun", "gain": gain}
            net = with_biases_(mlp(depth, seed=seed, **how), bias_variance, seed + 1)
            how = {"lr": lr, "momentum": 0.9, "steps": steps, "record_every": steps}
            rows[-1].append(train(net, x, y, seed=seed, **how).accuracy[-1])
    return rows

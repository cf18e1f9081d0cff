"""The gradient as a product of Jacobians, both ways, and what float32 makes of it."""

import math
from typing import NamedTuple

import torch

from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.networks import initialize_


@torch.no_grad()
def layer_jacobians(model, x):
    r"""Return the Jacobian of every layer at one sample.

    .. math:: J_l = \partial h_l / \partial h_{l-1} = \operatorname{diag}(f'(z_l))\, W_l,
        \qquad z_l = W_l h_{l-1} + b_l, \quad h_l = f(z_l)

    The last layer has no activation, so there :math:`J_L = W_L`.

    Parameters
    ----------
    model : lessons.networks.MLP
    x : Tensor, shape (inputs,)
        One sample, h_0.

    Returns
    -------
    list of Tensor, shape (n_l, n_{l-1})
        ``depth`` matrices, the first layer's first.

    Raises
    ------
    ValueError
        If ``x`` is not one sample of the model's input size.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, 2016, section 6.5.
    """
    inputs = model.layers[0].in_features
    if not isinstance(x, torch.Tensor) or x.shape != (inputs,):
        raise ValueError(f"x={x!r}; expected one sample, a Tensor of shape ({inputs},).")
    jacobians = []
    for i, layer in enumerate(model.layers):
        z = layer(x)
        last = i == len(model.layers) - 1
        slope = torch.ones_like(z) if last else model.activation.derivative(z)
        jacobians.append(slope[:, None] * layer.weight)
        x = z if last else model.activation.function(z)
    return jacobians


def backpropagate(jacobians, error):
    """Carry an error signal from the output back to the input, one Jacobian at a time.

    Parameters
    ----------
    jacobians : list of Tensor, shape (n_l, n_{l-1})
        See :func:`layer_jacobians`.
    error : Tensor, shape (n_L,)
        Gradient of the loss with respect to the output.

    Returns
    -------
    list of Tensor
        The gradient with respect to h_0, h_1, …, h_L.

    Examples
    --------
    >>> quarter = torch.eye(1) / 4
    >>> backpropagate([quarter] * 3, torch.ones(1))[0].item() == 4**-3
    True
    """
    signals = [error]
    for jacobian in reversed(jacobians):
        signals.append(jacobian.T @ signals[-1])
    return signals[::-1]


def send_change(jacobians, change):
    """Carry a small change of the input forward to the output, one Jacobian at a time.

    The same matrices as in :func:`backpropagate`, in the other order and not transposed.

    Parameters
    ----------
    jacobians : list of Tensor, shape (n_l, n_{l-1})
        See :func:`layer_jacobians`.
    change : Tensor, shape (n_0,)

    Returns
    -------
    list of Tensor
        The change of h_0, h_1, …, h_L, to first order.

    Examples
    --------
    >>> quarter = torch.eye(1) / 4
    >>> send_change([quarter] * 3, torch.ones(1))[-1].item() == 4**-3
    True
    """
    changes = [change]
    for jacobian in jacobians:
        changes.append(jacobian @ changes[-1])
    return changes


class Factors(NamedTuple):
    """By what one layer multiplies, see :func:`layer_factors`."""

    error: float
    change: float
    signal: float


@one_thread()
@torch.no_grad()
def layer_factors(model, x, seed=0):
    """Measure by how much a layer multiplies an error, a small change and the signal.

    A random error goes back through the layers 2 to L - 1, a random change goes forward through
    the same Jacobians, and so does the signal itself.

    Parameters
    ----------
    model : lessons.networks.MLP
        At least three layers; best in float64.
    x : Tensor, shape (samples, inputs)
    seed : int
        Of the random directions, another one for each sample.

    Returns
    -------
    Factors
        ``error`` (backward), ``change`` and ``signal`` (forward): geometric means over these
        layers and the samples.

    Raises
    ------
    ValueError
        If the model has fewer than three layers.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> net = mlp(5, activation="identity", initialization="orthogonal", gain=0.5)
    >>> [round(factor, 3) for factor in layer_factors(net, torch.ones(2, 64))]
    [0.5, 0.5, 0.5]
    """
    depth = len(model.layers)
    if depth < 3:
        raise ValueError(f"model has {depth} layers; expected at least 3.")
    # Far from the seeds of nets: a direction must not repeat their weights.
    generator = torch.Generator().manual_seed(10**9 + integer("seed", seed, least=0))
    logs = torch.zeros(3, dtype=torch.float64)
    for sample in x:
        jacobians = layer_jacobians(model, sample)[1:-1]
        size = len(jacobians[0])
        error, change = torch.randn(2, size, generator=generator, dtype=torch.float64).to(x.dtype)
        signals = model.forward_all(sample)
        ends = [
            (error, backpropagate(jacobians, error)[0]),
            (change, send_change(jacobians, change)[-1]),
            (signals[0], signals[-2]),
        ]
        logs += torch.stack([(end.norm() / start.norm()).double().log() for start, end in ends])
    return Factors(*(logs / (len(x) * (depth - 2))).exp().tolist())


def layers_to_limit(factor, dtype=torch.float32):
    """Return after how many factors a number that starts at 1 leaves the range of ``dtype``.

    With ``factor`` > 1 the first n with factor**n beyond the largest finite number; with
    ``factor`` < 1 the first n with factor**n at or below half the smallest positive (subnormal)
    number, which is rounded to exactly 0.

    Parameters
    ----------
    factor : float
        Positive and not 1.
    dtype : torch.dtype

    Returns
    -------
    int

    References
    ----------
    IEEE 754-2019, section 3.3 and 7.4 to 7.5.

    Examples
    --------
    >>> layers_to_limit(512**0.5), layers_to_limit(0.25)
    (29, 75)
    """
    factor = number("factor", factor, above=0)
    if factor == 1:
        raise ValueError(f"factor={factor!r} never leaves the range; expected another number.")
    info = torch.finfo(dtype)
    # In powers of two both limits are whole numbers, so exact powers come out right.
    exponent = math.log2(info.max) if factor > 1 else math.log2(info.tiny) + math.log2(info.eps) - 1
    return math.ceil(round(exponent) / math.log2(factor))


@one_thread()
@torch.no_grad()
def overflow_layer(width=512, depth=40, seed=0, dtype=torch.float32):
    """Send a random vector through linear layers with weights from N(0, 1) until it overflows.

    Each layer multiplies the norm by about sqrt(width).

    Returns
    -------
    int or None
        The first layer (from 1) with an infinite entry; None if there is none.

    Examples
    --------
    >>> overflow_layer(width=64, depth=10) is None
    True
    """
    width, depth = integer("width", width), integer("depth", depth)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    h = torch.randn(width, generator=generator, dtype=torch.float64).to(dtype)
    for layer in range(1, depth + 1):
        weight = initialize_(torch.empty(width, width), "normal", generator=generator)
        h = weight.to(dtype) @ h
        if not h.isfinite().all():
            return layer
    return None

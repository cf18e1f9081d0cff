"""What a training loop may do to a net's gradient before the step: freeze layers, equal steps.

Each function changes the ``.grad`` of an MLP's parameters in place and fits
``training.train(…, clip=…)``.
"""

import math

import torch

from lessons._check import integer


def _by_layer(parameters):
    """Return the (weight, bias) of each layer of an MLP, from the input to the output."""
    parameters = list(parameters)
    pairs = list(zip(parameters[::2], parameters[1::2], strict=False))
    shapes = [(w.ndim, b.ndim) for w, b in pairs]
    if len(parameters) % 2 or set(shapes) != {(2, 1)}:
        found = [tuple(p.shape) for p in parameters]
        raise ValueError(f"parameters have shapes {found}; expected weight, bias, weight, bias, ….")
    return pairs


def freeze(parameters, layers):
    """Set the gradient of the first ``layers`` layers to 0, so that they stay as they are.

    Parameters
    ----------
    parameters : list of Tensor
        Of an :class:`lessons.networks.MLP`, with gradients.
    layers : int

    Raises
    ------
    ValueError
        If there are fewer layers, or the parameters are not an MLP's.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> net = mlp(3)
    >>> net(torch.ones(1, 64)).sum().backward()
    >>> freeze(net.parameters(), 2)
    >>> [bool(layer.weight.grad.any()) for layer in net.layers]
    [False, False, True]
    """
    pairs = _by_layer(parameters)
    for weight, bias in pairs[: integer("layers", layers, least=0, most=len(pairs))]:
        weight.grad.zero_()
        bias.grad.zero_()


@torch.no_grad()
def equal_steps(parameters):
    r"""Make each layer's gradient as long as its weights: every layer gets the same relative step.

    .. math:: g_l \leftarrow \frac{\lVert W_l \rVert}{\lVert g_l \rVert}\, g_l

    The size of the gradient no longer counts, at any layer; only its direction does. A gradient
    of exactly 0 has no direction and stays.

    Parameters
    ----------
    parameters : list of Tensor
        Of an :class:`lessons.networks.MLP`, with gradients. A weight matrix and its bias are one
        layer.

    Raises
    ------
    ValueError
        If the parameters are not an MLP's.

    References
    ----------
    You, Gitman and Ginsburg, 2017, Large batch training of convolutional networks (LARS), without
    its momentum and weight decay.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> net = mlp(3)
    >>> net(torch.ones(1, 64)).sum().backward()
    >>> equal_steps(net.parameters())
    >>> weight, bias = net.layers[0].parameters()
    >>> length = (weight.grad.norm() ** 2 + bias.grad.norm() ** 2).sqrt()
    >>> bool(torch.isclose(length, weight.norm()))
    True
    """
    for weight, bias in _by_layer(parameters):
        # Summed in float64: the square of a float32 gradient of 1e-30 is 0.
        length = math.hypot(*(_norm(p.grad) for p in (weight, bias)))
        if length > 0:
            for p in (weight, bias):
                p.grad.copy_(p.grad.double().mul_(_norm(weight) / length))


def _norm(values):
    return torch.linalg.vector_norm(values, dtype=torch.float64).item()

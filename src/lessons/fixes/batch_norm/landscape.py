"""How far a gradient can be trusted, and what the size of the weights does to it."""

import torch
from torch.nn.functional import cross_entropy

from lessons._check import number
from lessons._threads import one_thread
from lessons.gradients import direction_cosine, gradient_vector


@one_thread()
def largest_cosine_rate(net, x, y, rates, cosine=0.5):
    """Return the largest of ``rates`` after whose step the gradient still points the same way.

    One step of gradient descent is made with each rate, and taken back.

    Parameters
    ----------
    net : nn.Module
    x, y : Tensor
        A batch.
    rates : sequence of float
        From small to large.
    cosine : float
        The gradient before and after the step must have a larger one.

    Returns
    -------
    float
        0 if no rate passes.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> x, y = torch.eye(64).double(), torch.arange(64) % 10
    >>> largest_cosine_rate(mlp(1, dtype=torch.float64), x, y, [0.1, 1.0])
    1.0
    """
    parameters, best = list(net.parameters()), 0.0
    before = _gradient(net, x, y)
    start = [p.detach().clone() for p in parameters]
    steps = [p.grad.clone() for p in parameters]
    for rate in rates:
        _set(parameters, [w - rate * g for w, g in zip(start, steps, strict=True)])
        if not direction_cosine(before, _gradient(net, x, y)) > cosine:
            break
        best = rate
    _set(parameters, start)
    return best


@one_thread()
def scaled_weights(net, x, y, factor):
    """Multiply the weights and biases before each normalisation by ``factor``; compare.

    Returns
    -------
    change, gradient : float
        The largest change of an output, and by what the gradient of the first weights is
        multiplied.

    Examples
    --------
    >>> from lessons.fixes.batch_norm import normed
    >>> x, y = torch.randn(64, 64, generator=torch.manual_seed(0)).double(), torch.arange(64) % 10
    >>> change, gradient = scaled_weights(normed("batch", 3), x, y, 4.0)
    >>> change < 1e-3, round(gradient, 2)
    (True, 0.25)
    """
    factor, found = number("factor", factor, above=0), []
    for scale in (1.0, factor):
        with torch.no_grad():
            for layer in net.layers[:-1]:
                layer.weight *= scale
                layer.bias *= scale
            answer = net(x)
        _gradient(net, x, y)
        found.append((answer, net.layers[0].weight.grad.norm().item()))
    (old, before), (new, after) = found
    with torch.no_grad():
        for layer in net.layers[:-1]:
            layer.weight /= factor
            layer.bias /= factor
    return (new - old).abs().max().item(), after / before


def _gradient(net, x, y):
    net.zero_grad()
    cross_entropy(net(x), y).backward()
    return gradient_vector(net.parameters())


@torch.no_grad()
def _set(parameters, values):
    for p, value in zip(parameters, values, strict=True):
        p.copy_(value)

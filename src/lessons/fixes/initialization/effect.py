"""What becomes of nets that begin with a recipe: by layer, by neuron, and in training."""

import itertools
import math

import torch
from torch import nn

from lessons import activations
from lessons._check import integer
from lessons._threads import one_thread
from lessons.fixes.initialization.recipes import fill_
from lessons.measure import signals_by_layer
from lessons.networks import MLP
from lessons.training import evaluate, train


def net(
    widths,
    recipe="he",
    *,
    shape="normal",
    gain=1.0,
    activation="relu",
    seed=0,
    dtype=torch.float64,
):
    """Build a plain net whose layers may differ in width.

    Parameters
    ----------
    widths : sequence of int
        Inputs, neurons of each hidden layer, outputs.
    recipe, shape, gain
        See :func:`fill_`.
    activation : str or Activation
    seed : int
        The same numbers whatever the recipe, the gain and the dtype.
    dtype : torch.dtype

    Returns
    -------
    MLP

    Raises
    ------
    ValueError
        If there are less than two widths.

    Examples
    --------
    >>> [tuple(layer.weight.shape) for layer in net([64, 8, 32, 10]).layers]
    [(8, 64), (32, 8), (10, 32)]
    """
    widths = [integer("widths", n) for n in widths]
    if len(widths) < 2:
        raise ValueError(f"widths={widths}; expected the inputs, hidden layers and the outputs.")
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    layers = [nn.Linear(n, m, dtype=torch.float64) for n, m in itertools.pairwise(widths)]
    for layer in layers:
        fill_(layer, recipe, shape, gain, generator=generator)
    return MLP(layers, activations.get(activation)).to(dtype)


def per_neuron(net, x, y):
    """Measure the root mean square of one neuron's signal and error signal, layer by layer.

    Parameters
    ----------
    net : MLP
    x, y : Tensor
        A batch and its answers.

    Returns
    -------
    dict of str to list of float
        "signal" (what the layer gets) and "error signal", layer 1 first.

    Examples
    --------
    >>> x, y = torch.ones(4, 64, dtype=torch.float64), torch.zeros(4, dtype=torch.long)
    >>> round(per_neuron(net([64, 16, 10]), x, y)["signal"][0], 6)
    1.0
    """
    found = signals_by_layer(net, x, y)
    n_out, n_in = zip(*(layer.weight.shape for layer in net.layers), strict=True)
    return {
        name: [norm / math.sqrt(len(x) * n) for norm, n in zip(found[name], sizes, strict=True)]
        for name, sizes in (("signal", n_in), ("error signal", n_out))
    }


def different_neurons(weight, digits=6):
    """Count the rows of a weight matrix that differ by more than rounding.

    Parameters
    ----------
    weight : Tensor, shape (n_out, n_in)
    digits : int
        Rows that are equal to this many decimal places of the largest weight count as one.

    Examples
    --------
    >>> different_neurons(torch.tensor([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0]]))
    2
    """
    weight = weight.detach()
    largest = weight.abs().max()
    rows = weight / largest if largest > 0 else weight
    return len(torch.unique((rows * 10**digits).round(), dim=0))


def reached(build, x, y, *, steps=400, lr=0.01, momentum=0.0, seeds=3):
    """Train the net of each seed; return its loss and its accuracy on all of ``x``.

    Parameters
    ----------
    build : callable
        ``build(seed)`` returns a net.
    x, y : Tensor
    steps : int
    lr, momentum : float
        Of SGD.
    seeds : int

    Returns
    -------
    list of (float, float)
    """
    outcomes = []
    for seed in range(integer("seeds", seeds)):
        net = build(seed)
        train(net, x, y, lr=lr, momentum=momentum, steps=steps, seed=seed, record_every=steps)
        outcomes.append(evaluate(net, x, y))
    return outcomes


@one_thread()
@torch.no_grad()
def residual_growth(net, x):
    """Return by how much the blocks of a residual net multiply the signal's norm.

    Parameters
    ----------
    net : ResidualNet
    x : Tensor

    Returns
    -------
    float
    """
    first, *_, last, _ = net.forward_all(x)
    return (last.norm() / first.norm()).item()

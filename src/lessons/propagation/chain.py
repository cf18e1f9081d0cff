"""A chain of single neurons: the gradient as a product of numbers."""

from typing import NamedTuple

import torch

from lessons import activations
from lessons._check import number


class Chain(NamedTuple):
    """What :func:`chain` computes: ``outputs`` x_1 … x_L and ``factors``, float64, (L, …)."""

    outputs: torch.Tensor
    factors: torch.Tensor


def chain(activation, weights, biases, x):
    r"""Send numbers through a chain of single neurons, :math:`x_l = f(w_l x_{l-1} + b_l)`.

    Parameters
    ----------
    activation : str or Activation
    weights, biases : sequence of float, shape (L,)
    x : float, or Tensor of any shape
        The input x_0, or many inputs that go through the same chain.

    Returns
    -------
    Chain
        The factor of neuron l is :math:`w_l f'(w_l x_{l-1} + b_l)`; the product of all is the
        derivative of the last output with respect to x_0. Behind the neurons' dimension stand
        those of ``x``.

    Raises
    ------
    TypeError, ValueError
        If the lists are empty, differ in length or hold anything but finite numbers.

    References
    ----------
    Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 5.

    Examples
    --------
    >>> chain("sigmoid", [4.0, 4.0], [-2.0, -2.0], 0.5).factors.tolist()
    [1.0, 1.0]
    """
    activation = activations.get(activation)
    weights = [number("weights", w) for w in weights]
    biases = [number("biases", b) for b in biases]
    if len(weights) != len(biases) or not weights:
        raise ValueError(
            f"weights has {len(weights)} and biases {len(biases)} entries; expected as many, not 0."
        )
    if isinstance(x, torch.Tensor):
        x = x.detach().double()
        if not x.isfinite().all():
            raise ValueError("x holds NaN or inf; expected finite numbers.")
    else:
        x = torch.tensor(number("x", x), dtype=torch.float64)
    outputs, factors = [], []
    for w, b in zip(weights, biases, strict=True):
        z = w * x + b
        factors.append(w * activation.derivative(z))
        x = activation.function(z)
        outputs.append(x)
    return Chain(torch.stack(outputs), torch.stack(factors))

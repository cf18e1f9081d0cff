"""How a random net multiplies a gradient: by simulation, and by mean-field theory."""

import math
from typing import NamedTuple

import torch

from lessons import activations
from lessons._check import integer, number

# Midpoints, so that no node lies on the kink of a ReLU, and spaced by sinh, so that they crowd
# at 0: a sigmoid's bump is resolved even when it is 1e15 times narrower than the normal density.
_STEP = 1e-4
_S = torch.arange(-1 + _STEP / 2, 1, _STEP, dtype=torch.float64)
_NODES = torch.sinh(40 * _S) * (10 / math.sinh(40))
_SPACING = torch.cosh(40 * _S) * (400 / math.sinh(40) * _STEP)
_DENSITY = torch.exp(-(_NODES**2) / 2) * _SPACING / math.sqrt(2 * math.pi)
# Signals are held in this range. Outside it every activation here is homogeneous to the last
# digit (f(cx) = c f(x), or constant), so slopes do not change, and nothing overflows.
_SMALLEST, _LARGEST = 1e-100, 1e100


class Chain(NamedTuple):
    """What :func:`chain` computes: ``outputs`` x_1 … x_L and ``factors``, both float64, (L,)."""

    outputs: torch.Tensor
    factors: torch.Tensor


def chain(activation, weights, biases, x):
    r"""Send a number through a chain of single neurons, :math:`x_l = f(w_l x_{l-1} + b_l)`.

    Parameters
    ----------
    activation : str or Activation
    weights, biases : sequence of float, shape (L,)
    x : float
        The input x_0.

    Returns
    -------
    Chain
        The factor of neuron l is :math:`w_l f'(w_l x_{l-1} + b_l)`; the product of all is the
        derivative of the last output with respect to x_0.

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
    x = torch.tensor(number("x", x), dtype=torch.float64)
    outputs, factors = [], []
    for w, b in zip(weights, biases, strict=True):
        z = w * x + b
        factors.append(w * activation.derivative(z))
        x = activation.function(z)
        outputs.append(x)
    return Chain(torch.stack(outputs), torch.stack(factors))


def _held(x):
    size = x.abs().max().item()
    if size == 0 or _SMALLEST <= size <= _LARGEST:
        return x
    return x / size * min(max(size, _SMALLEST), _LARGEST)


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
            x = _held(activation.function(z))
            if layer >= settle:
                jacobians.append(activation.derivative(z)[:, None] * weight)
        v = draw(width)
        for jacobian in reversed(jacobians):
            v = jacobian.T @ (v / v.norm())
            if not v.any():
                return 0.0
            total += math.log(v.norm().item())
    return math.exp(total / (seeds * (depth - settle)))


def mean_field_factor(activation, weight_variance, bias_variance=0.0, *, depth=40):
    r"""Predict :func:`layer_factor` for very wide layers: :math:`\sqrt\chi`.

    .. math:: q_{l+1} = \sigma_w^2\, \mathbb E f(\sqrt{q_l} z)^2 + \sigma_b^2, \qquad
        \chi = \sigma_w^2\, \mathbb E f'(\sqrt{q} z)^2, \qquad z \sim N(0, 1)

    Parameters
    ----------
    activation : str or Activation
    weight_variance : float
        :math:`\sigma_w^2 = n \operatorname{Var} w`: the width times the variance of one weight,
        up to 1e30.
    bias_variance : float
        :math:`\sigma_b^2`.
    depth : int
        Layers after which χ is taken, from a first pre-activation variance of
        :math:`\sigma_w^2 + \sigma_b^2`.

    Returns
    -------
    float
        Above 1 gradients explode, below 1 they vanish.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    References
    ----------
    Poole et al., 2016, eq. 3; Schoenholz et al., 2017, eq. 5.

    Examples
    --------
    >>> round(mean_field_factor("relu", 2.0), 6)
    1.0
    """
    activation = activations.get(activation)
    weight_variance = number("weight_variance", weight_variance, above=0, most=1e30)
    bias_variance = number("bias_variance", bias_variance, least=0, most=1e30)
    q = weight_variance + bias_variance
    for _ in range(integer("depth", depth) - 1):
        signal = activation.function(math.sqrt(q) * _NODES)
        q = weight_variance * (_DENSITY @ signal**2).item() + bias_variance
        q = min(max(q, _SMALLEST), _LARGEST)
    slope = activation.derivative(math.sqrt(q) * _NODES)
    return math.sqrt(weight_variance * (_DENSITY @ slope**2).item())

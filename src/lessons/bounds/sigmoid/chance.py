r"""How likely a random neuron enlarges a gradient: :math:`P(|w\,f'(wx+b)| > a)`.

Everywhere here :math:`w \sim N(0, \sigma_w^2)`, :math:`b \sim N(0, \sigma_b^2)` and the input x
are independent; x is uniform on (0, 1), where a sigmoid's outputs lie, or standard normal.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import ndtr

from lessons._check import choice, integer, number
from lessons.activations import LEAKY_SLOPE, SELU_SCALE
from lessons.bounds.sigmoid.windows import known, windows

INPUTS = ("uniform", "normal")


class Estimate(NamedTuple):
    """A sampled probability with its standard error."""

    chance: float
    standard_error: float


def _uniform_cdf(z, weight, bias_std):
    """P(weight·x + b ≤ z) for x uniform on (0, 1), b ~ N(0, bias_std²) and weight > 0."""
    margin = 40 * bias_std  # beyond it the chance is 0 or 1 to the last digit
    z = np.clip(z, -margin, weight + margin)
    if bias_std == 0:
        return z / weight

    def integral(u):  # of the normal distribution function
        return u * ndtr(u) + np.exp(-u * u / 2) / math.sqrt(2 * math.pi)

    steps = integral(z / bias_std) - integral((z - weight) / bias_std)
    return steps * (bias_std / weight)


def _chance_given(weight, size, activation, bias_std, inputs):
    """P(z lies in a window) for each \\|w\\| in ``weight``, both signs being equally likely."""

    def cdf(z):
        if inputs == "normal":
            return ndtr(z / np.hypot(weight, bias_std))
        return _uniform_cdf(z, weight, bias_std)

    total = np.zeros_like(weight)
    for low, high in windows(activation, size):
        high = np.maximum(low, high)
        # A negative w mirrors z, because b is symmetric.
        total += (cdf(high) - cdf(low) + cdf(-low) - cdf(-high)) / 2
    return total


def _kinks(activation, above, first, last):
    """Return where an end of a window passes 0, w or −w, the ends of z = wx for x in (0, 1)."""
    w = np.geomspace(first, last, 2000)
    ends = [end for low, high in windows(activation, w / above) for end in (low, high)]
    found = []
    for end, side in itertools.product(ends, (-1, 0, 1)):
        gap = np.where(np.isfinite(end), end - side * w, np.nan)
        (at,) = np.nonzero(gap[1:] * gap[:-1] < 0)
        share = gap[at] / (gap[at] - gap[at + 1])
        found.extend(w[at] + share * (w[at + 1] - w[at]))
    return found


def _panels(activation, above, weight_std, corners):
    """Yield the ends of panels that cover the weights which can exceed ``above``."""
    first = activation.critical_weight * above
    last = math.sqrt(first**2 + 80 * weight_std**2)  # beyond: a share of e⁻⁴⁰
    breaks = {1.0, 1 / SELU_SCALE, 1 / LEAKY_SLOPE}  # where the set of windows changes
    if activation.steepest_slope > 1:
        breaks.add(1 / (activation.steepest_slope - 1))
    ends = {first, last} | {above * b for b in breaks}
    if corners:
        ends |= set(_kinks(activation, above, first, last))
    ends |= {first * 2.0**k for k in range(1, max(1, math.ceil(math.log2(last / first))))}
    ends = sorted(e for e in ends if first <= e <= last)
    return itertools.pairwise(ends)


def _arguments(activation, above, weight_std, bias_std, inputs):
    return (
        known(activation),
        number("above", above, above=0),
        number("weight_std", weight_std, above=0),
        number("bias_std", bias_std, least=0),
        choice("inputs", inputs, INPUTS),
    )


def factor_chance(activation, above=1.0, *, weight_std=1.0, bias_std=0.0, inputs="uniform"):
    r"""Return :math:`P(|w\,f'(wx+b)| > a)` for a random neuron, by quadrature.

    Given w, the window of z is known in closed form or by root finding, and so is the
    chance of z = wx + b to lie in it; what is left is an integral over w, smooth but for
    known corners, where panels end.

    Parameters
    ----------
    activation : str or Activation
        One of ``lessons.activations.ACTIVATIONS``.
    above : float
        a > 0. The default 1 is the chance that the neuron enlarges the gradient.
    weight_std, bias_std : float
        Standard deviations σ_w > 0 of w and σ_b ≥ 0 of b; their means are 0.
    inputs : {"uniform", "normal"}
        x uniform on (0, 1), or standard normal.

    Returns
    -------
    float
        The probability, to about nine digits.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown or a number is out of its range.

    Examples
    --------
    >>> print(f"{factor_chance('sigmoid', 1.0):.2e}")
    6.13e-06
    >>> print(f"{1 - factor_chance('sigmoid', 0.25):.3f}")
    0.760
    """
    activation, above, weight_std, bias_std, inputs = _arguments(
        activation, above, weight_std, bias_std, inputs
    )
    nodes, node_weights = np.polynomial.legendre.leggauss(60)
    t, dt = (nodes + 1) / 2, node_weights / 2
    total = 0.0
    corners = inputs == "uniform"  # rounded where there is a bias
    for start, end in _panels(activation, above, weight_std, corners):
        # A window opens like a square root: t² makes it smooth.
        weight = start + (end - start) * t**2
        density = math.sqrt(2 / math.pi) / weight_std * np.exp(-((weight / weight_std) ** 2) / 2)
        chance = _chance_given(weight, weight / above, activation, bias_std, inputs)
        total += (density * chance * 2 * (end - start) * t * dt).sum()
    return float(total)


def sampled_chance(
    activation,
    above=1.0,
    *,
    weight_std=1.0,
    bias_std=0.0,
    inputs="uniform",
    samples=1_000_000,
    seed=0,
):
    r"""Estimate ``factor_chance`` by drawing ``samples`` neurons and counting.

    The standard error is :math:`\sqrt{p(1-p)/n}` at the sampled p, and at p = 1/n when
    nothing, or everything, was counted.

    Parameters
    ----------
    activation, above, weight_std, bias_std, inputs
        As for ``factor_chance``.
    samples : int
        Number n of neurons, at least 2.
    seed : int
        Of the torch.Generator.

    Returns
    -------
    Estimate
        (chance, standard_error).

    Examples
    --------
    >>> chance, error = sampled_chance("sigmoid", 0.25, samples=100_000)
    >>> abs(chance - factor_chance("sigmoid", 0.25)) < 4 * error
    True
    """
    activation, above, weight_std, bias_std, inputs = _arguments(
        activation, above, weight_std, bias_std, inputs
    )
    samples, seed = integer("samples", samples, least=2), integer("seed", seed, least=0)
    generator = torch.Generator().manual_seed(seed)
    draw = torch.rand if inputs == "uniform" else torch.randn
    count = 0
    for first in range(0, samples, 1_000_000):
        n = min(samples - first, 1_000_000)
        w = weight_std * torch.randn(n, generator=generator, dtype=torch.float64)
        b = bias_std * torch.randn(n, generator=generator, dtype=torch.float64)
        x = draw(n, generator=generator, dtype=torch.float64)
        count += int(((w * activation.derivative(w * x + b)).abs() > above).sum())
    p = min(max(count, 1), samples - 1) / samples
    return Estimate(count / samples, math.sqrt(p * (1 - p) / samples))

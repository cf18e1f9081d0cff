"""Where SELU's two constants come from, and what it does to a variance and a gradient."""

import math
from typing import NamedTuple

from lessons import activations
from lessons._check import number
from lessons.propagation.expectation import expectation


def selu_constants():
    r"""Derive SELU's α and λ: for z from N(0, 1) the output has mean 0 and variance 1.

    With Φ the normal distribution and :math:`\int_{-\infty}^0 e^{kz} \varphi(z)\,dz
    = e^{k^2/2}\,\Phi(-k)`:

    .. math::
        \alpha = \frac{1/\sqrt{2\pi}}{\frac12 - \sqrt e\,\Phi(-1)}, \qquad
        \lambda^{-2} = \tfrac12 + \alpha^2 \left( e^2\,\Phi(-2) - 2 \sqrt e\,\Phi(-1)
        + \tfrac12 \right)

    Returns
    -------
    (float, float)
        α and λ.

    References
    ----------
    Klambauer et al., 2017.

    Examples
    --------
    >>> [round(c, 4) for c in selu_constants()]
    [1.6733, 1.0507]
    """
    one, two = (math.exp(k * k / 2) * math.erfc(k / math.sqrt(2)) / 2 for k in (1, 2))
    alpha = 1 / math.sqrt(2 * math.pi) / (1 / 2 - one)
    return alpha, (1 / 2 + alpha**2 * (two - 2 * one + 1 / 2)) ** -0.5


class Moments(NamedTuple):
    """Of f(z): its ``mean`` and ``variance``; and the root mean square of the ``slope`` f'(z)."""

    mean: float
    variance: float
    slope: float


def moments(activation, variance=1.0):
    """Return what an activation makes of normal numbers with mean 0.

    Parameters
    ----------
    activation : str or Activation
    variance : float
        Of z, from 1e-100 to 1e100.

    Returns
    -------
    Moments

    References
    ----------
    Klambauer et al., 2017, their map g for weights with sum 0 and sum of squares 1.

    Examples
    --------
    >>> [round(abs(m), 2) for m in moments("selu")]
    [0.0, 1.0, 1.04]
    >>> [round(m, 2) for m in moments("relu")]
    [0.4, 0.34, 0.71]
    """
    f = activations.get(activation)
    variance = number("variance", variance, least=1e-100, most=1e100)
    mean = expectation(f.function, variance)
    square = expectation(lambda z: f.function(z) ** 2, variance)
    slope = math.sqrt(expectation(lambda z: f.derivative(z) ** 2, variance))
    return Moments(mean, square - mean**2, slope)

"""Two inputs on their way through a random net: correlation map, critical line, depth scale."""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from lessons import activations
from lessons._check import number
from lessons.propagation.expectation import LARGEST, SMALLEST, expectation, pair_expectation
from lessons.propagation.mean_field import (
    HOMOGENEOUS,
    chi,
    variance_fixed_point,
    variance_map,
)


class CriticalPoint(NamedTuple):
    """Where χ = 1: ``weight_variance`` σ_w² and the ``fixed_point`` q* there (NaN if any is)."""

    weight_variance: float
    fixed_point: float


class DepthScale(NamedTuple):
    """Layers in which a deviation shrinks to 1/e: of the ``variance``, of the ``correlation``."""

    variance: float
    correlation: float


def correlation_map(activation, correlation, weight_variance, bias_variance=0.0):
    r"""Return how alike two inputs are one layer later, once their variance has settled.

    .. math:: c_{l+1} = \frac{\sigma_w^2\, \mathbb E f(u_1) f(u_2) + \sigma_b^2}{q^*}

    where :math:`u_1, u_2` are normal with variance :math:`q^*` and correlation :math:`c_l`.

    Parameters
    ----------
    activation : str or Activation
    correlation : float
        :math:`c_l`, from -1 to 1.
    weight_variance, bias_variance : float
        See :func:`lessons.propagation.variance_map`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or if the variance has no fixed point above 0.

    References
    ----------
    Poole et al., 2016, eq. 5; for ReLU in closed form Cho and Saul, 2009, eq. 6.

    Examples
    --------
    >>> round(correlation_map("relu", 0.0, 2.0) * math.pi, 6)
    1.0
    """
    activation = activations.get(activation)
    c = number("correlation", correlation, least=-1, most=1)
    q = _fixed_point(activation, weight_variance, bias_variance)
    if activation.name == "relu":
        arc = math.sqrt((1 - c) * (1 + c)) + c * (math.pi - math.acos(c))
        product = q * arc / (2 * math.pi)
    else:
        product = pair_expectation(activation.function, q, c)
    return (weight_variance * product + bias_variance) / q


def _fixed_point(activation, weight_variance, bias_variance):
    q = variance_fixed_point(activation, weight_variance, bias_variance)
    if not SMALLEST < q < LARGEST:
        raise ValueError(
            f"weight_variance={weight_variance!r} lets the variance of {activation.name} go to "
            f"{q:g}; expected a fixed point above 0."
        )
    return q


def critical_line(activation, bias_variance=0.0):
    r"""Return the weight variance at which :math:`\chi = 1`: the edge of chaos.

    Parameters
    ----------
    activation : str or Activation
    bias_variance : float
        :math:`\sigma_b^2`, from 0 to 1e3.

    Returns
    -------
    CriticalPoint
        The first one met when :math:`q^*` grows from 1e-9 on, of those at which a signal settles.

    Raises
    ------
    TypeError, ValueError
        If the bias variance is out of range or the activation has no such point: the variance of
        GELU, SiLU and softplus runs away before χ reaches 1.

    Notes
    -----
    At a given :math:`q^*` both variances follow: :math:`\sigma_w^2 = 1 / \mathbb E f'^2` and
    :math:`\sigma_b^2 = q^* - \sigma_w^2\, \mathbb E f^2`. The root of the second is sought.

    References
    ----------
    Schoenholz et al., 2017, section 3; Hayou, Doucet and Rousseau, 2019, definition 2.

    Examples
    --------
    >>> round(critical_line("relu").weight_variance, 6)
    2.0
    """
    activation = activations.get(activation)
    bias_variance = number("bias_variance", bias_variance, least=0, most=1e3)

    def weight_variance(q):
        return 1 / expectation(lambda x: activation.derivative(x) ** 2, q)

    if activation.name in HOMOGENEOUS:
        return CriticalPoint(weight_variance(1.0), math.nan if bias_variance == 0 else math.inf)

    def excess(log_q):
        q = math.exp(log_q)
        signal = expectation(lambda x: activation.function(x) ** 2, q)
        return q - weight_variance(q) * signal - bias_variance

    if bias_variance == 0:
        # A signal may settle at 0, where only the slope at the origin counts.
        at_origin = weight_variance(1e-16)
        ratios = [variance_map(activation, q, at_origin) / q - 1 for q in (1e-16, 1e-3)]
        if abs(ratios[0]) < 1e-6 and ratios[1] < 0:
            return CriticalPoint(at_origin, 0.0)
    grid = np.log(np.geomspace(1e-9, 1e9, 400))
    values = [excess(at) for at in grid]
    for i in range(len(grid) - 1):
        if values[i] * values[i + 1] < 0:
            q = math.exp(brentq(excess, grid[i], grid[i + 1], xtol=1e-14))
            if _slope(activation, q, weight_variance(q), bias_variance) < 1 + 1e-6:
                return CriticalPoint(weight_variance(q), q)
    raise ValueError(
        f"activation={activation.name!r} has no critical point at bias_variance={bias_variance:g}; "
        "expected one for which χ = 1 at a variance that the signal settles at."
    )


def depth_scale(activation, weight_variance, bias_variance=0.0):
    r"""Return after how many layers a deviation from the fixed point has shrunk to 1/e.

    .. math:: \xi_q^{-1} = -\ln \frac{d q_{l+1}}{d q_l}\Big|_{q^*}, \qquad
        \xi_c^{-1} = -\ln \sigma_w^2\, \mathbb E f'(u_1) f'(u_2)\Big|_{c^*}

    Parameters
    ----------
    activation : str or Activation
    weight_variance, bias_variance : float
        See :func:`lessons.propagation.variance_map`.

    Returns
    -------
    DepthScale
        Infinity where nothing shrinks. The correlation's is the depth to which two inputs can
        be told apart; nets much deeper cannot be trained.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or if the variance has no fixed point above 0.

    References
    ----------
    Schoenholz et al., 2017, eqs. 7 and 9.

    Examples
    --------
    >>> depth_scale("tanh", 1.0, 0.05).correlation < 5
    True
    """
    activation = activations.get(activation)
    q = _fixed_point(activation, weight_variance, bias_variance)
    slope = _slope(activation, q, weight_variance, bias_variance)
    c = correlation_fixed_point(activation, weight_variance, bias_variance)
    parting = weight_variance * pair_expectation(activation.derivative, q, c)
    return DepthScale(_layers(slope), _layers(parting))


def correlation_fixed_point(activation, weight_variance, bias_variance=0.0):
    """Return c*, how alike two inputs end up: 1 unless χ is above 1.

    Parameters and errors are those of :func:`depth_scale`.

    Examples
    --------
    >>> correlation_fixed_point("tanh", 1.0, 0.05)
    1.0
    """
    activation = activations.get(activation)
    if chi(activation, weight_variance, bias_variance) <= 1 + 1e-9:
        return 1.0

    def gap(c):
        return correlation_map(activation, c, weight_variance, bias_variance) - c

    if gap(0.0) <= 0:
        return 0.0  # an odd f without biases: from 0 the correlation does not move
    return brentq(gap, 0.0, 1 - 1e-7, xtol=1e-12)


def _slope(activation, q, weight_variance, bias_variance):
    up, down = (
        variance_map(activation, q * factor, weight_variance, bias_variance)
        for factor in (1 + 1e-5, 1 - 1e-5)
    )
    return (up - down) / (2e-5 * q)


def _layers(slope):
    return math.inf if slope >= 1 - 1e-9 else -1 / math.log(slope)

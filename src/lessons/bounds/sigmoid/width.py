r"""Where one neuron enlarges a gradient: the x with :math:`|w\,f'(wx+b)| > 1`.

In a chain of single neurons :math:`x_{l+1} = f(w x_l + b)` the gradient is multiplied by
:math:`w\,f'(w x_l + b)` at each neuron. It can grow only where this factor exceeds 1 in size.
With :math:`z = wx + b` the condition is :math:`|f'(z)| > 1/|w|`, a set of z that does not depend
on b; x follows as :math:`(z-b)/w`.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from lessons._check import number
from lessons.activations import SELU_SCALE
from lessons.bounds.sigmoid.windows import known, windows


class WidestWindow(NamedTuple):
    """The weight whose window is widest, and that width in units of x."""

    weight: float
    width: float


def explosion_intervals(activation, weight, bias=0.0):
    r"""Return the open intervals of x on which :math:`|w\,f'(wx+b)| > 1`.

    Parameters
    ----------
    activation : str or Activation
        One of ``lessons.activations.ACTIVATIONS``.
    weight, bias : float
        w and b of the neuron, finite. A weight of 0 gives no interval.

    Returns
    -------
    list of (float, float)
        Sorted and disjoint; an end may be ±inf. Empty, or one interval; two for GELU and SiLU
        once \|w\| exceeds 7.76 and 10.0, where their negative slope is steep enough as well.

    Raises
    ------
    TypeError, ValueError
        If the activation is unknown, or a number is not real and finite.

    Notes
    -----
    At a kink f′ is what autograd uses (``Activation.derivative``): for leaky ReLU and
    \|w\| > 100 the kink counts and the interval is the whole line. For SELU and
    0.569 < \|w\| ≤ 0.952 the kink is the open end of the interval. An interval that is
    narrower than the rounding of its ends, far from 0, is left out.

    References
    ----------
    Nielsen, *Neural Networks and Deep Learning* (2015), chapter 5, treats the sigmoid.

    Examples
    --------
    >>> [(low, high)] = explosion_intervals("sigmoid", 5.0)
    >>> print(f"{low:.3f} to {high:.3f}")
    -0.192 to 0.192
    >>> explosion_intervals("sigmoid", 4.0)
    []
    >>> explosion_intervals("relu", -2.0, bias=1.0)
    [(-inf, 0.5)]
    """
    activation = known(activation)
    weight, bias = number("weight", weight), number("bias", bias)
    intervals = []
    for low, high in windows(activation, np.array([abs(weight)])):
        if low[0] < high[0]:
            ends = sorted((z - bias) / weight + 0.0 for z in (low.item(), high.item()))
            intervals.append(tuple(ends))
    return sorted((low, high) for low, high in intervals if low < high)


def explosion_width(activation, weight):
    r"""Return the total length of the x-intervals on which :math:`|w\,f'(wx+b)| > 1`.

    It does not depend on b. For the sigmoid it is :math:`\frac{2}{|w|}\operatorname{arccosh}
    \left(\frac{|w|}{2}-1\right)` for :math:`|w| > 4`, else 0; for tanh
    :math:`\frac{2}{|w|}\operatorname{arcsinh}\sqrt{|w|-1}` for :math:`|w| > 1`.

    Parameters
    ----------
    activation : str or Activation
        One of ``lessons.activations.ACTIVATIONS``.
    weight : float or array_like of any shape
        w, finite.

    Returns
    -------
    float or numpy.ndarray
        The length in units of x, of the shape of ``weight``; inf where a window is unbounded.

    Raises
    ------
    TypeError, ValueError
        If the activation is unknown, or a weight is not real and finite.

    Examples
    --------
    >>> round(explosion_width("sigmoid", 6.9), 4)
    0.4477
    >>> explosion_width("relu", [0.5, 2.0])
    array([ 0., inf])
    """
    activation = known(activation)
    try:
        weights = np.asarray(weight)
    except ValueError as error:
        raise ValueError(f"weight={weight!r} is no array; expected rows of one length.") from error
    if weights.dtype.kind not in "iuf":
        raise TypeError(f"weight has dtype {weights.dtype}; expected real numbers.")
    weights = weights.astype(np.float64)
    if not np.isfinite(weights).all():
        bad = weights[~np.isfinite(weights)][0]
        raise ValueError(f"weight contains {bad}; expected finite numbers.")
    size = np.abs(weights).ravel()
    length = sum(np.maximum(high - low, 0.0) for low, high in windows(activation, size))
    width = np.divide(length, size, out=np.zeros_like(size), where=size > 0)
    return width.item() if weights.ndim == 0 else width.reshape(weights.shape)


def widest_edge():
    r"""Return z*, the positive solution of :math:`z\tanh(z/2) = 1`.

    On the sigmoid's window edge :math:`|w| = 2 + 2\cosh z` and the width is
    :math:`2z/|w| = z/(1+\cosh z)`; its derivative vanishes where :math:`z\tanh(z/2) = 1`.

    Examples
    --------
    >>> round(widest_edge(), 10)
    1.5434046384
    """
    return brentq(lambda z: z * math.tanh(z / 2) - 1, 1.0, 2.0, xtol=1e-15, rtol=1e-15)


def widest_window(activation):
    r"""Return (weight, width) where ``explosion_width`` peaks over positive weights.

    Sigmoid: :math:`(2+2\cosh z^*,\ 1/\sinh z^*)` with z* of ``widest_edge``. Tanh, being
    :math:`2\sigma(2x)-1`, has a quarter of that weight and twice that width. The windows of
    the other activations are unbounded for every weight above a threshold: (threshold, inf).

    Examples
    --------
    >>> weight, width = widest_window("sigmoid")
    >>> print(f"{weight:.10f} {width:.10f}")
    6.8941510323 0.4477432047
    >>> widest_window("relu")
    WidestWindow(weight=1.0, width=inf)
    """
    activation = known(activation)
    z = widest_edge()
    weight, width = 2 + 2 * math.cosh(z), 1 / math.sinh(z)
    match activation.name:
        case "sigmoid":
            return WidestWindow(weight, width)
        case "tanh":
            return WidestWindow(weight / 4, 2 * width)
        case "selu":
            return WidestWindow(1 / SELU_SCALE, math.inf)
        case _:
            return WidestWindow(1.0, math.inf)

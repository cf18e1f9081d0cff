r"""Averages over normal pre-activations: :math:`E f(\sqrt q z)` and averages over two of them."""

import functools
import math

import numpy as np
import torch

# Midpoints, so that no node lies on the kink of a ReLU, and spaced by sinh, so that they crowd
# at 0: a sigmoid's bump is resolved even when it is 1e15 times narrower than the normal density.
_STEP = 1e-4
_S = torch.arange(-1 + _STEP / 2, 1, _STEP, dtype=torch.float64)
NODES = torch.sinh(40 * _S) * (10 / math.sinh(40))
_SPACING = torch.cosh(40 * _S) * (400 / math.sinh(40) * _STEP)
DENSITY = torch.exp(-(NODES**2) / 2) * _SPACING / math.sqrt(2 * math.pi)
# Signals are held in this range. Outside it every activation here is homogeneous to the last
# digit (f(cx) = c f(x), or constant), so slopes do not change, and nothing overflows.
SMALLEST, LARGEST = 1e-100, 1e100
_REACH = 9.0  # standard deviations; beyond lies 2e-19 of the normal distribution


def expectation(function, variance):
    r"""Return :math:`E\,\phi(\sqrt q\, z)` for :math:`z \sim N(0, 1)`.

    Parameters
    ----------
    function : callable
        φ: a float64 tensor in, one of the same shape out. A kink or step may lie at 0 only.
    variance : float
        q, at least 0.

    Returns
    -------
    float

    Examples
    --------
    >>> round(expectation(torch.relu, 4.0) * (2 * math.pi) ** 0.5, 6)
    2.0
    """
    return (DENSITY @ function(math.sqrt(variance) * NODES)).item()


def graded(low, high, kinks, points=8, levels=24, widest=1.0):
    """Return Gauss-Legendre nodes and weights on [low, high] that crowd at each kink.

    Parameters
    ----------
    low, high : float
    kinks : sequence of float
        Those outside the interval are ignored.
    points, levels : int
        Nodes in a panel, and halvings of the panels towards a kink.
    widest : float
        The widest panel.

    Returns
    -------
    nodes, weights : arrays of float64
    """
    marks = np.array([low, *sorted(k for k in kinks if low < k < high), high])
    shrinking = 0.5 ** np.arange(levels)
    halves = np.diff(marks)[:, None] / 2
    towards = [marks[:-1, None] + halves * shrinking, marks[1:, None] - halves * shrinking]
    even = np.linspace(low, high, math.ceil((high - low) / widest) + 1)
    edges = np.concatenate([marks, even, *(t.ravel() for t in towards)])
    edges = np.unique(edges)
    at, share = np.polynomial.legendre.leggauss(points)
    half = np.diff(edges)[:, None] / 2
    nodes = (edges[:-1, None] + half) + half * at
    return nodes.ravel(), (half * share).ravel()


def _crowded(reach, bend):
    """Return nodes and weights that resolve what bends over a length of 1 / ``bend`` at 0."""
    levels = math.ceil(math.log2(2 * reach * max(bend, 1))) + 1
    return _around_0(reach, min(levels, 24))


@functools.cache
def _around_0(reach, levels):
    return graded(-reach, reach, [0.0], levels=levels)


def pair_expectation(function, variance, correlation):
    r"""Return :math:`E\,\phi(u_1)\,\phi(u_2)` for two normal numbers of one variance.

    Parameters
    ----------
    function : callable
        φ, as in :func:`expectation`.
    variance : float
        q, of both.
    correlation : float
        c, from -1 to 1.

    Returns
    -------
    float

    Notes
    -----
    :math:`u_1 = \sqrt q\, z_1`, :math:`u_2 = \sqrt q\,(c z_1 + \sqrt{1 - c^2} z_2)`. The inner
    integral, over :math:`z_2`, has its kink where :math:`u_2 = 0`. Beside a kink φ bends where
    \|u\| is about 1, and the inner integral, as a function of :math:`z_1`, where
    :math:`|z_1|` is about :math:`\sqrt{1 - c^2}`: nodes need crowd no more than that.

    Examples
    --------
    >>> round(pair_expectation(torch.relu, 1.0, 0.0) * 2 * math.pi, 6)  # (E relu)²
    1.0
    """
    root = math.sqrt(variance)
    side = math.sqrt(max(0.0, (1 - correlation) * (1 + correlation)))
    if side == 0:
        sign = math.copysign(1, correlation)
        return expectation(lambda x: function(x) * function(sign * x), variance)
    z1, weight1 = _crowded(_REACH, max(root, 1 / side))
    # Over z2 the kink lies at t = −c z1 / side: nodes are placed around it, in its own coordinate.
    t, weight2 = _crowded(2 * _REACH, root * side)
    kink = np.clip(-correlation * z1 / side, -_REACH, _REACH)[:, None]
    z2 = kink + t
    density = np.exp(-(z2**2) / 2 - z1[:, None] ** 2 / 2) / (2 * math.pi)
    first = function(torch.from_numpy(root * z1)).numpy()
    second = torch.from_numpy(root * (correlation * z1[:, None] + side * z2))
    inner = (function(second).numpy() * density) @ weight2
    return float((first * inner) @ weight1)

"""Products of random matrices: singular values, Lyapunov exponents, and the needle they make."""

import math

import numpy as np
import torch
from scipy.special import digamma

from lessons._check import choice, integer, number
from lessons._threads import one_thread
from lessons.networks import initialize_, mlp
from lessons.propagation import jacobian_singular_values

KINDS = {"gaussian": "lecun", "orthogonal": "orthogonal"}


def draw(width, kind="gaussian", gain=1.0, *, generator):
    r"""Draw one square matrix, in float64.

    Parameters
    ----------
    width : int
        n.
    kind : {"gaussian", "orthogonal"}
        Independent entries from :math:`N(0, g^2/n)`, or g times a random orthogonal matrix.
    gain : float
        g, above 0.
    generator : torch.Generator

    Returns
    -------
    Tensor of float64, shape (n, n)
    """
    empty = torch.empty(integer("width", width), width, dtype=torch.float64)
    return initialize_(empty, KINDS[choice("kind", kind, KINDS)], gain, generator=generator)


@one_thread()
def singular_values(width, kind="gaussian", gain=1.0, seed=0):
    """Return the singular values of one random matrix, the largest first.

    Examples
    --------
    >>> singular_values(3, "orthogonal").round(decimals=6).tolist()
    [1.0, 1.0, 1.0]
    """
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    return torch.linalg.svdvals(draw(width, kind, gain, generator=generator))


def quarter_circle(width):
    r"""Return what singular values of a wide Gaussian matrix of gain 1 should be, largest first.

    They have the density :math:`\sqrt{4 - s^2}/\pi` between 0 and 2: a quarter of a circle.

    Parameters
    ----------
    width : int
        How many.

    Returns
    -------
    array of float64, shape (width,)
        Quantiles of the middle of each n-th part.

    References
    ----------
    Marchenko and Pastur, 1967, for square matrices.

    Examples
    --------
    >>> round(float(quarter_circle(10_000).mean()) * 3 * math.pi / 8, 4)
    1.0
    """
    s = np.linspace(0, 2, 20_001)
    share = (s * np.sqrt(4 - s**2) / 2 + 2 * np.arcsin(s / 2)) / math.pi
    middles = (np.arange(integer("width", width)) + 0.5) / width
    return np.interp(middles, share, s)[::-1].copy()


@one_thread()
@torch.no_grad()
def lyapunov_exponents(width, depth=200, kind="gaussian", gain=1.0, seed=0):
    r"""Measure by how many powers of ten each direction grows per layer.

    The product of ``depth`` matrices stretches a sphere to an ellipsoid. The exponents are
    log10 of its axes divided by the depth, for many layers. They are computed from the diagonals
    of a QR decomposition of each layer, so that no axis is lost to rounding.

    Parameters
    ----------
    width, depth : int
    kind, gain
        See :func:`draw`.
    seed : int

    Returns
    -------
    Tensor of float64, shape (width,)
        Decades per layer, the largest first.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    References
    ----------
    Benettin, Galgani, Giorgilli and Strelcyn, 1980.

    Examples
    --------
    >>> lyapunov_exponents(2, depth=3, kind="orthogonal", gain=10.0).round(decimals=6).tolist()
    [1.0, 1.0]
    """
    gain = number("gain", gain, above=0)
    depth = integer("depth", depth)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    axes = torch.eye(integer("width", width), dtype=torch.float64)
    total = torch.zeros(width, dtype=torch.float64)
    for _ in range(depth):
        axes, stretched = torch.linalg.qr(draw(width, kind, gain, generator=generator) @ axes)
        total += stretched.diagonal().abs().log10()
    return (total / depth).sort(descending=True).values


def predicted_exponents(width, gain=1.0):
    r"""Return the exponents of a product of Gaussian matrices, in decades per layer.

    .. math:: \lambda_i = \frac12 \Bigl( \ln \frac{2 g^2}{n}
        + \psi\Bigl(\frac{n - i + 1}{2}\Bigr) \Bigr), \qquad i = 1, \dots, n

    with ψ the digamma function; here divided by ln 10.

    Parameters
    ----------
    width : int
        n.
    gain : float
        g.

    Returns
    -------
    array of float64, shape (n,)

    References
    ----------
    Newman, 1986, The distribution of Lyapunov exponents: exact results for random matrices.

    Examples
    --------
    >>> predicted_exponents(1).round(3).tolist()  # E ln |w| = −(γ + ln 2)/2
    [-0.276]
    """
    n = integer("width", width)
    gain = number("gain", gain, above=0)
    i = np.arange(1, n + 1)
    return (math.log(2 * gain**2 / n) + digamma((n - i + 1) / 2)) / (2 * math.log(10))


@one_thread()
def needle(layers, kind="gaussian", seed=0, points=181):
    """Return what a product of random 2 × 2 matrices makes of a circle, its long axis brought to 1.

    Parameters
    ----------
    layers : int
        Matrices; 0 leaves the circle.
    kind : {"gaussian", "orthogonal"}
    seed, points : int

    Returns
    -------
    Tensor of float64, shape (points, 2)

    Examples
    --------
    >>> needle(0, points=5).norm(dim=1).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    angle = torch.linspace(0, 2 * math.pi, integer("points", points), dtype=torch.float64)
    circle = torch.stack([angle.cos(), angle.sin()])  # (2, points)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    product = torch.eye(2, dtype=torch.float64)
    for _ in range(integer("layers", layers, least=0)):
        product = draw(2, kind, generator=generator) @ product
        product = product / torch.linalg.matrix_norm(product, 2)
    return (product @ circle).T


def end_to_end(activation, initialization, x, depth=5, seeds=3, gain=1.0):
    """Measure the end-to-end Jacobian of nets of width 64, at the samples ``x``.

    Parameters
    ----------
    activation, initialization, gain
        See :func:`lessons.networks.mlp`.
    x : Tensor of float64, shape (samples, 64)
    depth, seeds : int

    Returns
    -------
    dict of str to float
        log10 of the ``first`` axis and of the ``condition`` number (largest by smallest singular
        value, infinite above 1e13, where float64 cannot tell), and the ``axes`` that are left
        (longer than 1e-13 of the first); means over samples and seeds.

    Examples
    --------
    >>> found = end_to_end("identity", "orthogonal", torch.ones(1, 64, dtype=torch.float64))
    >>> {name: round(abs(value), 6) for name, value in found.items()}
    {'first': 0.0, 'condition': 0.0, 'axes': 64.0}
    """
    how = {"activation": activation, "initialization": initialization, "gain": gain}
    values = []
    for seed in range(integer("seeds", seeds)):
        net = mlp(depth, outputs=64, seed=seed, dtype=torch.float64, **how)
        values.append(jacobian_singular_values(net, x))
    values = torch.cat(values)  # (seeds * samples, 64)
    relative = values / values[:, :1]
    lost = relative < 1e-13
    condition = torch.where(lost[:, -1], math.inf, -relative[:, -1].log10())
    return {
        "first": values[:, 0].log10().mean().item(),
        "condition": condition.mean().item(),
        "axes": (~lost).sum(1).double().mean().item(),
    }

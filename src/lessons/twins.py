"""A net and its twin, which differ in the last digit: how far apart their signals come."""

import copy

import torch

from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.loss import check_model


@torch.no_grad()
def twin(model, noise=1e-7, seed=0):
    """Return a copy of ``model`` with each weight multiplied by 1 + ``noise`` times N(0, 1).

    With the default the two nets differ in about the last digit that float32 holds.

    Parameters
    ----------
    model : nn.Module
        Left as it is.
    noise : float
        The relative size of the change.
    seed : int

    Returns
    -------
    nn.Module

    Raises
    ------
    TypeError, ValueError
        If ``model`` is no network or the noise is negative.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> net = mlp(2, dtype=torch.float64)
    >>> change = twin(net).layers[0].weight / net.layers[0].weight - 1
    >>> bool(1e-9 < change.abs().max() < 1e-6)
    True
    """
    check_model(model)
    noise = number("noise", noise, least=0)
    # Far from the seeds of nets: with a net's own seed the noise would repeat its weights.
    generator = torch.Generator().manual_seed(10**9 + integer("seed", seed, least=0))
    changed = copy.deepcopy(model)
    for p in changed.parameters():
        # Drawn in float64, so that one seed gives the same change in every dtype.
        draw = torch.randn(p.shape, generator=generator, dtype=torch.float64)
        p.copy_(p.double() * (1 + noise * draw))
    return changed


@one_thread()
@torch.no_grad()
def twins_apart(model, x, noise=1e-7, seed=0):
    r"""Return how far the signals of a net and of its twin are apart, at each layer.

    .. math:: \lVert a - b \rVert \Big/ \sqrt{(\lVert a \rVert^2 + \lVert b \rVert^2)/2}

    A number that grows with each layer is chaos: the net magnifies the last digit. √2 says that
    the two have nothing in common any more.

    Parameters
    ----------
    model : lessons.networks.MLP
        In float64: float32 rounds by as much as the twins differ.
    x : Tensor, shape (samples, inputs)
        The norms are taken over all samples.
    noise, seed : float, int
        See :func:`twin`.

    Returns
    -------
    list of float
        Layer 1 first; NaN where both signals are 0 or one is not finite.

    References
    ----------
    Poole et al., 2016, section 3; Schoenholz et al., 2017, section 3.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> distances = twins_apart(mlp(3, dtype=torch.float64), torch.ones(1, 64).double())
    >>> all(1e-9 < d < 1e-5 for d in distances)
    True
    """
    pairs = zip(model.forward_all(x), twin(model, noise, seed).forward_all(x), strict=True)
    found = []
    for a, b in pairs:
        a, b = a.double(), b.double()
        found.append(((a - b).norm() / ((a.norm() ** 2 + b.norm() ** 2) / 2).sqrt()).item())
    return found

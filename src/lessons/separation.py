"""How far apart two signals are on their way forward through a net, layer by layer."""

import copy

import torch

from lessons._check import integer, number


def separation(first, second):
    r"""Return the distance of two signals relative to their size, at each layer.

    .. math:: \frac{\lVert a - b \rVert}{\sqrt{(\lVert a \rVert^2 + \lVert b \rVert^2)/2}}

    0 says that they are the same, :math:`\sqrt 2` that they have nothing in common (a right angle
    at equal lengths), 2 that one is minus the other.

    Parameters
    ----------
    first, second : sequence of Tensor, shape (batch, n_l)
        What each layer puts out, see :meth:`lessons.networks.MLP.forward_all`. The norms are
        taken over the whole batch, in float64.

    Returns
    -------
    list of float
        One number per layer; 0.0 where both signals are 0.

    Raises
    ------
    ValueError
        If the numbers of layers or the shapes differ.

    References
    ----------
    Poole et al., 2016, section 2.2, follow the angle between two signals with depth.

    Examples
    --------
    >>> a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> [round(d, 3) for d in separation([a, a], [a, b])]
    [0.0, 1.414]
    """
    first, second = list(first), list(second)
    if len(first) != len(second):
        raise ValueError(f"first has {len(first)} layers, second {len(second)}; expected as many.")
    found = []
    for layer, (a, b) in enumerate(zip(first, second, strict=True), start=1):
        if a.shape != b.shape:
            shapes = f"{tuple(a.shape)} and {tuple(b.shape)}"
            raise ValueError(f"the shapes at layer {layer} are {shapes}; expected the same.")
        a, b = a.detach().double(), b.detach().double()
        size = ((a.norm() ** 2 + b.norm() ** 2) / 2).sqrt()
        found.append(((a - b).norm() / size).item() if size > 0 else 0.0)
    return found


def strangers(y):
    """Return for each sample the next one, in the order of the batch, that is of another class.

    Parameters
    ----------
    y : Tensor of int64, shape (samples,)
        The classes; at least two different ones.

    Returns
    -------
    Tensor of int64, shape (samples,)
        Indices: ``x[strangers(y)]`` holds a stranger for each row of ``x``.

    Raises
    ------
    ValueError
        If all samples are of one class.

    Examples
    --------
    >>> strangers(torch.tensor([7, 7, 3])).tolist()
    [2, 2, 0]
    """
    if y.ndim != 1 or len(y.unique()) < 2:
        raise ValueError(f"y={y.tolist()}; expected the classes of samples, at least two of them.")
    found = []
    for i in range(len(y)):
        other = (torch.arange(1, len(y)) + i) % len(y)  # all the others, starting with the next
        found.append(other[y[other] != y[i]][0])
    return torch.stack(found)


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

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> net = mlp(2, dtype=torch.float64)
    >>> change = twin(net).layers[0].weight / net.layers[0].weight - 1
    >>> bool(1e-9 < change.abs().max() < 1e-6)
    True
    """
    noise = number("noise", noise, least=0)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    changed = copy.deepcopy(model)
    for p in changed.parameters():
        # Drawn in float64, so that one seed gives the same change in every dtype.
        draw = torch.randn(p.shape, generator=generator, dtype=torch.float64)
        p.copy_(p.double() * (1 + noise * draw))
    return changed

"""A ReLU net with one input is made of straight pieces: fold them, find them, count them."""

import itertools

import torch

from lessons import activations
from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.networks import MLP


def tooth(x):
    r"""Return the tent map: up from 0 to 1 on [0, ½], down again to 0 at 1.

    .. math:: 2\,\mathrm{ReLU}(x) - 4\,\mathrm{ReLU}(x - \tfrac12)

    Parameters
    ----------
    x : Tensor
        From 0 to 1.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> tooth(torch.tensor([0.0, 0.25, 0.5, 1.0]))
    tensor([0.0000, 0.5000, 1.0000, 0.0000])
    """
    return 2 * torch.relu(x) - 4 * torch.relu(x - 0.5)


def sawtooth(folds, slope=2.0):
    r"""Build the net that applies the tent map again and again, from weights written by hand.

    Two neurons a layer, :math:`\mathrm{ReLU}(h)` and :math:`\mathrm{ReLU}(h - \frac12)`, and
    :math:`h \leftarrow s\,\mathrm{ReLU}(h) - 2s\,\mathrm{ReLU}(h-\frac12)` from one to the next.

    Parameters
    ----------
    folds : int
        How often; the net has ``folds`` hidden layers.
    slope : float
        s, above 0, at most 2. At 2 it has :math:`2^{folds}` straight pieces on [0, 1].

    Returns
    -------
    MLP
        One input, one output, float64.

    References
    ----------
    Telgarsky 2016, Benefits of depth in neural networks, section 2.

    Examples
    --------
    >>> net = sawtooth(3)
    >>> net(torch.tensor([[0.0], [0.125], [0.25]]).double()).flatten().tolist()
    [0.0, 1.0, 0.0]
    """
    folds, slope = integer("folds", folds), number("slope", slope, above=0, most=2)
    sizes = [1] + [2] * folds + [1]
    layers = [torch.nn.Linear(n, m, dtype=torch.float64) for n, m in itertools.pairwise(sizes)]
    with torch.no_grad():
        for i, layer in enumerate(layers):
            row = [1.0] if i == 0 else [slope, -2 * slope]
            layer.weight.copy_(torch.tensor([row] * layer.out_features, dtype=torch.float64))
            layer.bias.copy_(torch.tensor([0.0, -0.5][: layer.out_features]))
    return MLP(layers, activations.get("relu"))


@one_thread()
@torch.no_grad()
def breakpoints(net, low=0.0, high=1.0):
    """Find every place where a net of one input bends, exactly: layer by layer, no grid.

    Between two neighbouring bends of the layers before, each neuron's sum is a straight line. So
    it crosses 0 at most once, at a place that two values give.

    Parameters
    ----------
    net : lessons.networks.MLP
        ReLU, one input, one output, float64.
    low, high : float
        The interval.

    Returns
    -------
    Tensor of float64
        Places inside the interval, in order, where some neuron switches. The net bends at most
        there.

    Raises
    ------
    ValueError
        If the net has not one input, or another activation than ReLU.

    Examples
    --------
    >>> breakpoints(sawtooth(2)).tolist()
    [0.25, 0.5, 0.75]
    """
    low, high = number("low", low), number("high", high)
    if low >= high:
        raise ValueError(f"low={low!r}, high={high!r}; expected low below high.")
    if net.layers[0].in_features != 1 or net.activation is not activations.get("relu"):
        raise ValueError("net is no ReLU net of one input; expected one such as sawtooth(3).")
    places = torch.tensor([low, high], dtype=torch.float64)
    for i in range(len(net.layers) - 1):
        h = places[:, None]
        for layer in net.layers[:i]:
            h = torch.relu(layer(h))
        z = net.layers[i](h)  # (places, neurons)
        before, after = z[:-1], z[1:]
        crosses = before * after < 0
        share = before / (before - after)
        found = places[:-1, None] + share * places.diff()[:, None]
        places = torch.cat([places, found[crosses]]).unique()
    return places[1:-1]


@one_thread()
@torch.no_grad()
def count_pieces(net, low=0.0, high=1.0, tolerance=1e-9):
    """Count the straight pieces of a net of one input: the slope changes between two of them.

    Parameters
    ----------
    net, low, high
        As in :func:`breakpoints`.
    tolerance : float
        Two slopes that differ by less, relative to the steepest, are one.

    Returns
    -------
    int

    Examples
    --------
    >>> [count_pieces(sawtooth(folds)) for folds in (1, 2, 5, 10)]
    [2, 4, 32, 1024]
    """
    ends = torch.tensor([low, high], dtype=torch.float64)
    places = torch.cat([ends[:1], breakpoints(net, low, high), ends[1:]])
    slopes = net(places[:, None]).flatten().diff() / places.diff()
    change = slopes.diff().abs() > number("tolerance", tolerance, above=0) * slopes.abs().max()
    return 1 + int(change.sum())


def pieces_of(depth, width):
    r"""Return the most straight pieces that a ReLU net of one input and one output can have.

    A layer of n neurons bends each piece at most n times, so :math:`(n+1)^{L-1}` is a limit. One
    hidden layer reaches it: :math:`n + 1`.

    Parameters
    ----------
    depth : int
        L, the number of weight matrices.
    width : int
        n, the neurons of each hidden layer.

    Returns
    -------
    int

    Examples
    --------
    >>> pieces_of(2, 1023), pieces_of(11, 2)
    (1024, 59049)
    """
    return (integer("width", width) + 1) ** (integer("depth", depth) - 1)

"""Two further steps: measure the variance (LSUV), and let the number of layers count (Fixup)."""

import math

import torch
from torch import nn

from lessons._check import choice, integer
from lessons._threads import one_thread
from lessons.fixes.initialization.recipes import fill_, orthogonal_

BRANCHES = ("he", "zero", "fixup")


@one_thread()
@torch.no_grad()
def lsuv_(net, x, *, generator=None):
    """Give each layer orthogonal weights of the size that makes its output's variance on ``x`` 1.

    Layer-sequential unit variance: a layer is measured after those before it were corrected.

    Parameters
    ----------
    net : nn.Module
        Its linear layers and convolutions are changed in place; their biases become 0.
    x : Tensor
        A batch.
    generator : torch.Generator, optional

    Returns
    -------
    nn.Module
        ``net`` itself.

    Raises
    ------
    ValueError
        If the net has no such layer, or a layer's output does not vary.

    References
    ----------
    Mishkin and Matas, 2016, algorithm 1.

    Examples
    --------
    >>> layer = lsuv_(nn.Linear(5, 7), torch.eye(5), generator=torch.manual_seed(0))
    >>> round(layer(torch.eye(5)).var(correction=0).item(), 4)
    1.0
    """
    layers = [m for m in net.modules() if isinstance(m, nn.Linear | nn.modules.conv._ConvNd)]
    if not layers:
        raise ValueError(f"net is a {type(net).__name__} without a linear layer or convolution.")

    def rescale(layer, _, output):
        size = output.std(correction=0)
        if not 0 < size < math.inf:
            raise ValueError(f"A layer's output has deviation {size:g}; expected one above 0.")
        layer.weight.div_(size)
        return output / size  # what the corrected layer gives; its bias is 0

    for layer in layers:
        orthogonal_(layer.weight, generator=generator)
        if layer.bias is not None:
            layer.bias.zero_()
    hooks = [layer.register_forward_hook(rescale) for layer in layers]
    try:
        net(x)  # one pass: each layer sees what the corrected ones before it send
    finally:
        for hook in hooks:
            hook.remove()
    return net


class ResidualNet(nn.Module):
    """Blocks ``h + a V relu(W relu(h))`` between a first and a last layer; see `residual_net`."""

    def __init__(self, blocks, width, inputs, outputs, dtype):
        super().__init__()
        how = {"dtype": dtype}
        self.first = nn.Linear(inputs, width, **how)
        self.inner = nn.ModuleList(nn.Linear(width, width, **how) for _ in range(blocks))
        self.outer = nn.ModuleList(nn.Linear(width, width, **how) for _ in range(blocks))
        self.scale = nn.Parameter(torch.ones(blocks, **how))
        self.last = nn.Linear(width, outputs, **how)

    def forward_all(self, x):
        """Return the stream after the first layer and after each block, then the output."""
        stream = [self.first(x)]  # each (batch, width)
        for inner, outer, scale in zip(self.inner, self.outer, self.scale, strict=True):
            branch = outer(torch.relu(inner(torch.relu(stream[-1]))))
            stream.append(stream[-1] + scale * branch)
        return [*stream, self.last(stream[-1])]

    def forward(self, x):
        """Map (batch, inputs) to (batch, outputs)."""
        return self.forward_all(x)[-1]


@torch.no_grad()
def residual_net(blocks, start="he", width=64, *, inputs=64, outputs=10, seed=0, dtype=None):
    r"""Build a residual net without normalization, with one of three starts.

    ======  =================================================================================
    he      every matrix He's
    zero    the same, but the last matrix of each branch is 0: each block begins as identity
    fixup   as zero; the output's matrix is 0 too, and the first matrix of each branch is
            multiplied by blocks^(-1/2)
    ======  =================================================================================

    Parameters
    ----------
    blocks : int
        Each has a branch of two matrices.
    start : str
        One of ``BRANCHES``.
    width, inputs, outputs : int
    seed : int
    dtype : torch.dtype, optional

    Returns
    -------
    ResidualNet

    Raises
    ------
    ValueError
        If the start is unknown or a size is below 1.

    References
    ----------
    Zhang, Dauphin and Ma, 2019: with m matrices in a branch the factor is blocks^(-1/(2m-2)).
    Its scalar biases are the layers' own biases here.

    Examples
    --------
    >>> net = residual_net(8, "zero")
    >>> stream = net.forward_all(torch.ones(1, 64))
    >>> torch.equal(stream[0], stream[8])
    True
    """
    choice("start", start, BRANCHES)
    blocks, width = integer("blocks", blocks), integer("width", width)
    net = ResidualNet(blocks, width, integer("inputs", inputs), integer("outputs", outputs), dtype)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    for layer in (net.first, *net.inner, *net.outer, net.last):
        fill_(layer, "he", generator=generator)
    for inner, outer in zip(net.inner, net.outer, strict=True):
        if start != "he":
            outer.weight.zero_()
        if start == "fixup":
            inner.weight.mul_(blocks**-0.5)
    if start == "fixup":
        net.last.weight.zero_()
    return net

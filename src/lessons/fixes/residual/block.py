"""One residual block, y = S(x) + c F(x), and deep nets of such blocks or of their branches."""

import itertools
import math

import torch
from torch import nn
from torch.nn.functional import relu

from lessons._check import choice, integer, number
from lessons.networks.initialization import linear
from lessons.networks.inputs import check_inputs

ORDERS = ("pre", "post")


class Block(nn.Module):
    r"""A branch F and a way around it: ``after(shortcut(x) + scale * branch(x))``.

    Its Jacobian is :math:`I + c\,J_F`, whatever F is, where ``shortcut`` and ``after`` are the
    identity.

    Parameters
    ----------
    branch : nn.Module
        Maps (batch, inputs) to (batch, outputs).
    shortcut : nn.Module or None
        Maps x to the shape of ``branch(x)``; ``nn.Identity()`` by default. With None nothing is
        added: a plain block.
    scale : float
        c, the factor on the branch.
    after : nn.Module
        Applied to the sum; ``nn.Identity()`` by default, ``nn.ReLU()`` in the first ResNets.

    Raises
    ------
    TypeError, ValueError
        If a part is no module, or ``scale`` is no finite number. In ``forward``, if shortcut and
        branch give different shapes.

    Examples
    --------
    >>> block = Block(nn.Linear(3, 3, bias=False))
    >>> _ = nn.init.zeros_(block.branch.weight)
    >>> block(torch.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[1.0, 2.0, 3.0]]
    """

    def __init__(self, branch, shortcut=nn.Identity(), scale=1.0, after=nn.Identity()):  # noqa: B008
        super().__init__()
        for name, part in (("branch", branch), ("after", after), ("shortcut", shortcut)):
            if not isinstance(part, nn.Module) and not (name == "shortcut" and part is None):
                raise TypeError(f"{name} is a {type(part).__name__}; expected an nn.Module.")
        self.scale = number("scale", scale)
        self.branch, self.shortcut, self.after = branch, shortcut, after

    def forward(self, x):
        change = self.scale * self.branch(x)  # (batch, outputs)
        if self.shortcut is None:
            return self.after(change)
        kept = self.shortcut(x)
        if kept.shape != change.shape:  # PyTorch would stretch the smaller one
            raise ValueError(
                f"shortcut(x) has shape {tuple(kept.shape)} and branch(x) {tuple(change.shape)}; "
                "expected the same. Where the width changes the shortcut needs a projection."
            )
        return self.after(kept + change)


class ResidualNet(nn.Module):
    """A first layer, blocks of two layers each, a last layer; built by :func:`residual_net`.

    Attributes
    ----------
    blocks : nn.ModuleList of Block
    layers : list of nn.Linear
        All weight matrices from the input to the output, those of projections left out.
    """

    def __init__(self, first, blocks, norm, last, order):
        super().__init__()
        self.first, self.blocks = first, nn.ModuleList(blocks)
        self.norm, self.last, self.order = norm, last, order

    @property
    def layers(self):
        inner = [m for b in self.blocks for m in b.branch if isinstance(m, nn.Linear)]
        return [self.first, *inner, self.last]

    def stream(self, x):
        """Return what flows between the blocks, x_0, x_1, …: blocks + 1 tensors (batch, width)."""
        check_inputs(x, self.first, ("batch",))
        x = self.first(x)
        if self.order == "post":
            x = relu(self.norm(x))
        states = [x]
        for block in self.blocks:
            states.append(block(states[-1]))
        return states

    def answer(self, x):
        """Map the last state of the stream, (batch, width), to (batch, outputs)."""
        return self.last(x if self.order == "post" else relu(self.norm(x)))

    def forward(self, x):
        """Map (batch, inputs) to (batch, outputs)."""
        return self.answer(self.stream(x)[-1])


def residual_net(
    depth,
    width=64,
    *,
    shortcut=True,
    normalize=True,
    order="pre",
    scale=1.0,
    zero_init=False,
    inputs=64,
    outputs=10,
    seed=0,
    dtype=torch.float32,
):
    r"""Build a deep net of blocks, x ← x + F(x), or of the same branches alone, x ← F(x).

    A branch has two layers: in the order "pre" it is norm, ReLU, linear, norm, ReLU, linear, and
    nothing follows the addition; in the order "post" it is linear, norm, ReLU, linear, norm, and
    a ReLU follows the addition. Norm is ``nn.BatchNorm1d``. Weights are He's, the first layer's
    LeCun's (so that the stream starts as large as the inputs), biases 0.

    Parameters
    ----------
    depth : int
        Weight matrices on the longest way: 2 and two for each block, so an even number.
    width : int or sequence of int
        Of the stream; a sequence gives it after the first layer and after each block. Where it
        changes, the shortcut is a projection: a linear layer without bias, LeCun-initialized.
    shortcut : bool
        Whether x is added.
    normalize : bool
        Whether there is batch normalization.
    order : {"pre", "post"}
    scale : float
        Factor on each branch.
    zero_init : bool
        Start each branch at 0: its last weights are 0, or with "post" its last norm's factor γ.
    inputs, outputs, seed, dtype
        See :func:`lessons.networks.mlp`.

    Returns
    -------
    ResidualNet

    Raises
    ------
    TypeError, ValueError
        On an odd depth, a wrong number of widths, or anything else out of range.

    References
    ----------
    He, Zhang, Ren and Sun, 2016, Deep residual learning, and Identity mappings.

    Examples
    --------
    >>> net = residual_net(56)
    >>> len(net.layers), len(net.blocks), net(torch.zeros(5, 64)).shape
    (56, 27, torch.Size([5, 10]))
    """
    depth = integer("depth", depth, least=2)
    if depth % 2:
        raise ValueError(f"depth={depth!r} is odd; expected 2 layers and 2 for each block.")
    blocks = depth // 2 - 1
    if isinstance(width, (list, tuple)):
        if len(width) != blocks + 1:
            raise ValueError(f"width has {len(width)} entries; expected {blocks + 1}.")
        widths = [integer(f"width[{i}]", n) for i, n in enumerate(width)]
    else:
        widths = [integer("width", width)] * (blocks + 1)
    for name, value in (("shortcut", shortcut), ("normalize", normalize), ("zero_init", zero_init)):
        if not isinstance(value, bool):
            raise TypeError(f"{name}={value!r}; expected True or False.")
    choice("order", order, ORDERS)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    first = linear(integer("inputs", inputs), widths[0], "lecun", 1.0, generator)

    def norm(n):
        return nn.BatchNorm1d(n, dtype=torch.float64) if normalize else nn.Identity()

    built = []
    for n, m in itertools.pairwise(widths):
        one = linear(n, m, "he", 1.0, generator)
        two = linear(m, m, "he", 1.0, generator)
        if order == "pre":
            parts = [norm(n), nn.ReLU(), one, norm(m), nn.ReLU(), two]
        else:
            parts = [one, norm(m), nn.ReLU(), two, norm(m)]
        if zero_init:
            nn.init.zeros_(
                parts[-1].weight if isinstance(parts[-1], nn.BatchNorm1d) else two.weight
            )
        way = None if not shortcut else nn.Identity() if n == m else _projection(n, m, generator)
        after = nn.ReLU() if order == "post" else nn.Identity()
        built.append(Block(nn.Sequential(*parts), way, scale, after))
    last = linear(widths[-1], integer("outputs", outputs), "he", 1.0, generator)
    closing = norm(widths[0] if order == "post" else widths[-1])
    return ResidualNet(first, built, closing, last, order).to(dtype)


def _projection(n, m, generator):
    layer = linear(n, m, "normal", 1 / math.sqrt(n), generator)
    layer.bias = None
    return layer

"""What flows between the blocks: the size of the signal, and of the gradient that comes back."""

import math
from typing import NamedTuple

import torch

from lessons._check import choice, integer, number
from lessons._threads import one_thread
from lessons.fixes.residual.block import residual_net
from lessons.loss import check_batch, loss_of

BRANCHES = ("He", "BatchNorm", "1/√M", "zero")


class Stream(NamedTuple):
    """By state x_0, x_1, …: mean square of the ``signal``, L2 norm of the ``gradient``."""

    signal: list
    gradient: list


def net_of(branch, blocks, width=64, **how):
    """Build a residual net whose branches are of one of four kinds.

    "He": He-initialized, nothing normalised. "BatchNorm": the same with batch normalization.
    "1/√M": the same as "He", each branch times 1/√blocks. "zero": as "He", the last weights of
    each branch start at 0.

    Examples
    --------
    >>> net_of("1/√M", 4).blocks[0].scale
    0.5
    """
    choice("branch", branch, BRANCHES)
    blocks = integer("blocks", blocks)
    scale = blocks**-0.5 if branch == "1/√M" else 1.0
    kind = {"normalize": branch == "BatchNorm", "zero_init": branch == "zero", "scale": scale}
    return residual_net(2 * blocks + 2, width, **kind, **how)


def growth(branch, blocks):
    r"""Return by how much each block multiplies the stream's mean square at the start.

    The sum of two independent parts has the sum of their squares. A branch that is the share
    :math:`a_l` of what passes by makes it :math:`1 + a_l` times as large:

    ==========  ======================================  =========================
    branch      :math:`a_l` of block l = 1, 2, … M      mean square after block l
    ==========  ======================================  =========================
    He          1                                       2^l
    BatchNorm   1/l                                     l + 1
    1/√M        1/M                                     (1 + 1/M)^l, below e
    zero        0                                       1
    ==========  ======================================  =========================

    The row of BatchNorm holds for :math:`x_0` of mean square 1: its branches have size 1 whatever
    the stream's size, so that a stream that starts at s grows to s + l.

    Returns
    -------
    list of float
        :math:`1 + a_l`.

    References
    ----------
    De and Smith, 2020, Batch normalization biases residual blocks towards the identity function.

    Examples
    --------
    >>> growth("BatchNorm", 3)
    [2.0, 1.5, 1.3333333333333333]
    """
    choice("branch", branch, BRANCHES)
    blocks = integer("blocks", blocks)
    share = {
        "He": lambda _: 1.0,
        "BatchNorm": lambda block: 1 / block,
        "1/√M": lambda _: 1 / blocks,
        "zero": lambda _: 0.0,
    }[branch]
    return [1 + share(block) for block in range(1, blocks + 1)]


def gradient_growth(branch, blocks, variance=1.0):
    r"""Return by how much each block multiplies the *squared* gradient that comes back.

    As :func:`growth`, but for BatchNorm. There the branch divides the gradient by the variance
    *over the batch* of what it gets. That of the stream is :math:`v_0` at the start and gains
    :math:`1 - 1/\pi` with each block (the mean square of ReLU less its squared mean, twice).
    Inside the branch a second normalization divides by :math:`1 - 1/\pi`:

    .. math:: 1 + a_l = 1 + \frac{\pi}{\pi - 1} \cdot \frac{1}{v_0 + (l - 1)(1 - 1/\pi)}

    Multiplied over many blocks this is a power of their number,
    :math:`M^{(\pi/(\pi-1))^2} = M^{2.15}`, where a plain net has an exponential of it.

    Parameters
    ----------
    branch, blocks
        As in :func:`growth`.
    variance : float
        :math:`v_0`, above 0.

    Returns
    -------
    list of float
        :math:`1 + a_l` of block l = 1, 2, …

    Examples
    --------
    >>> [round(factor, 2) for factor in gradient_growth("BatchNorm", 3)]
    [2.47, 1.87, 1.62]
    """
    if branch != "BatchNorm":
        return growth(branch, blocks)
    variance, left = number("variance", variance, above=0), 1 - 1 / math.pi
    return [
        1 + 1 / (left * (variance + block * left)) for block in range(integer("blocks", blocks))
    ]


@one_thread()
def stream(net, x, y):
    """Measure the stream of a net, forward and backward.

    Parameters
    ----------
    net : ResidualNet
        In the mode (train or eval) in which it is.
    x, y : Tensor
        A batch and its classes.

    Returns
    -------
    Stream

    Examples
    --------
    >>> net = residual_net(6, shortcut=True, zero_init=True, normalize=False)
    >>> found = stream(net, torch.randn(8, 64), torch.zeros(8, dtype=torch.long))
    >>> len(set(found.signal)), len(set(found.gradient))
    (1, 1)
    """
    check_batch(x, y)
    states = net.stream(x)
    gradients = torch.autograd.grad(loss_of(net.answer(states[-1]), y), states)
    return Stream(
        [s.detach().double().square().mean().item() for s in states],
        [g.double().norm().item() for g in gradients],
    )

"""What training makes of it: test accuracy at one training loss, and which maps a block can fit."""

import copy
from typing import NamedTuple

import torch
from torch import nn

from lessons._check import choice, integer, number
from lessons._threads import one_thread
from lessons.fixes.residual.block import Block
from lessons.loss import check_batch, check_model, loss_of
from lessons.networks.initialization import linear
from lessons.training import evaluate, train

TARGETS = ("x + small", "rotation", "-x")


@one_thread()
def with_statistics_of(net, x):
    """Return a copy of ``net`` in eval mode whose batch normalizations use the statistics of ``x``.

    Parameters
    ----------
    net : nn.Module
    x : Tensor, shape (samples, inputs)

    Examples
    --------
    >>> net = with_statistics_of(nn.BatchNorm1d(1), torch.tensor([[1.0], [3.0]]))
    >>> net.running_mean.item(), net.running_var.item(), net.training
    (2.0, 2.0, False)
    """
    check_model(net)
    frozen = copy.deepcopy(net)
    norms = [m for m in frozen.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if norms:
        for norm in norms:
            norm.momentum = 1.0  # all of this batch, nothing of what was before
        with torch.no_grad():
            frozen.train()(x)
    return frozen.eval()


class Reached(NamedTuple):
    """``steps`` until the loss was reached (None: never), the ``loss``, and ``test`` accuracy."""

    steps: int | None
    loss: float
    test: float


@one_thread()
def reach(net, data, loss=0.7, *, lr=0.05, momentum=0.9, batch_size=128, most=200, seed=0):
    """Train ``net`` in place until its loss on all training data is at most ``loss``.

    Parameters
    ----------
    net : nn.Module
    data : lessons.data.Digits
    loss : float
        Looked at after every step.
    lr, momentum, batch_size, seed
        As in :func:`lessons.training.train`.
    most : int
        Steps after which it gives up.

    Returns
    -------
    Reached
        The test accuracy is the net's with the statistics of all training data.
    """
    check_model(net)
    check_batch(data.train_x, data.train_y)
    loss, most = number("loss", loss, above=0), integer("most", most)
    stepper = torch.optim.SGD(net.parameters(), lr=number("lr", lr, above=0), momentum=momentum)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    batches, steps = [], None
    for step in range(most + 1):
        now = evaluate(net, data.train_x, data.train_y)[0]
        if now <= loss:
            steps = step
            break
        if not batches:
            batches = list(torch.randperm(len(data.train_x), generator=generator).split(batch_size))
        batch = batches.pop()
        stepper.zero_grad()
        loss_of(net(data.train_x[batch]), data.train_y[batch]).backward()
        stepper.step()
    frozen = with_statistics_of(net, data.train_x)
    return Reached(steps, now, evaluate(frozen, data.test_x, data.test_y)[1])


@one_thread()
def fit_error(target, shortcut, *, size=8, width=32, steps=100, lr=0.1, seed=0):
    r"""Fit a map of ``size`` numbers with one block; return the error that is left.

    The block's branch is linear, ReLU, linear. The maps: "x + small" is
    :math:`x + 0.1 \tanh(Ax)`, "rotation" is :math:`Qx` with a random orthogonal Q, and "-x".

    Parameters
    ----------
    target : {"x + small", "rotation", "-x"}
    shortcut : bool
        Whether the block adds x.
    size, width, steps, seed : int
    lr : float

    Returns
    -------
    float
        Mean squared error on fresh inputs from N(0, 1), where always answering 0 has about 1.

    Examples
    --------
    >>> fit_error("x + small", True) < fit_error("x + small", False)
    True
    """
    choice("target", target, TARGETS)
    size, width = integer("size", size), integer("width", width)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    draw = {"generator": generator, "dtype": torch.float64}
    matrix = torch.randn(size, size, **draw)
    rotation = torch.linalg.qr(matrix)[0]
    function = {
        "x + small": lambda x: x + 0.1 * torch.tanh(x @ matrix),
        "rotation": lambda x: x @ rotation,
        "-x": lambda x: -x,
    }[target]
    x, fresh = torch.randn(512, size, **draw), torch.randn(512, size, **draw)
    one = linear(size, width, "he", 1.0, generator)
    two = linear(width, size, "lecun", 1.0, generator)
    block = Block(nn.Sequential(one, nn.ReLU(), two), nn.Identity() if shortcut else None)
    train(block, x, function(x), loss="mse", lr=lr, steps=steps, record_every=steps, seed=seed)
    return evaluate(block, fresh, function(fresh), loss="mse")[0]

"""Training with a normalisation: both modes are looked at in the end."""

from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy

from lessons._check import integer, number
from lessons._threads import one_thread


class Reached(NamedTuple):
    """What a net has learned.

    Attributes
    ----------
    loss : float
        On the training data, in evaluation mode.
    train, test : float
        Share of right answers on either part, in evaluation mode.
    batch : float
        Share of right answers on the training data in training mode: each batch with its own
        mean and variance.
    differ : float
        Share of training samples to which the two modes give different answers.
    """

    loss: float
    train: float
    test: float
    batch: float
    differ: float


@one_thread()
def fit(net, data, *, lr=0.1, steps=60, batch_size=128, weight_decay=0.0, seed=0):
    """Train ``net`` in place by plain gradient descent and return what it has learned.

    Parameters
    ----------
    net : nn.Module
    data : lessons.data.Digits
    lr : float
    steps, batch_size : int
        The last, smaller batch of each pass is left out.
    weight_decay : float
        Of the weight matrices alone.
    seed : int
        Of the shuffling.

    Returns
    -------
    Reached
        NaN as the loss, and no right answer, where the net has overflowed.

    Examples
    --------
    >>> from lessons.data import digits
    >>> from lessons.fixes.batch_norm import normed
    >>> fit(normed("batch", 3, dtype=torch.float32), digits(), steps=40).test > 0.5
    True
    """
    lr, decay = number("lr", lr, above=0), number("weight_decay", weight_decay, least=0)
    batch_size = integer("batch_size", batch_size, most=len(data.train_x))
    matrices = [p for p in net.parameters() if p.ndim > 1]
    vectors = [p for p in net.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": vectors}]
    optimizer = torch.optim.SGD(groups, lr=lr)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    batches = []
    net.train()
    for _ in range(integer("steps", steps)):
        if not batches:
            order = torch.randperm(len(data.train_x), generator=generator)
            batches = [b for b in order.split(batch_size) if len(b) == batch_size]
        batch = batches.pop()
        answer = net(data.train_x[batch])
        optimizer.zero_grad()
        cross_entropy(answer, data.train_y[batch]).backward()
        optimizer.step()
    return _look(net, data, batch_size, generator)


@torch.no_grad()
def _look(net, data, batch_size, generator):
    x, y = data.train_x, data.train_y
    net.eval()
    answer, test = net(x), _right(net(data.test_x), data.test_y)
    kept = {name: value.clone() for name, value in net.state_dict().items()}
    net.train()
    order = torch.randperm(len(x), generator=generator).split(batch_size)
    order = [batch for batch in order if len(batch) == batch_size][: max(1, 512 // batch_size)]
    alone = torch.cat([net(x[batch]) for batch in order])
    net.load_state_dict(kept)  # looking must not move the running averages
    seen = torch.cat(order)
    differ = (alone.argmax(1) != answer[seen].argmax(1)).double().mean().item()
    loss = cross_entropy(answer, y).item()
    return Reached(loss, _right(answer, y), test, _right(alone, y[seen]), differ)


def _right(answer, y):
    return ((answer.argmax(1) == y) & answer.isfinite().all(1)).double().mean().item()

"""Nets whose activation is swapped, and units that are never on, counted while a net trains."""

import copy
import itertools
from typing import NamedTuple

import torch

from lessons import activations
from lessons._check import integer
from lessons._threads import one_thread
from lessons.networks import MLP
from lessons.training import History, evaluate, train


def swapped(net, activation):
    """Return a copy of a plain net: the same weights, another activation.

    Parameters
    ----------
    net : lessons.networks.MLP
    activation : str or Activation

    Returns
    -------
    MLP

    Raises
    ------
    TypeError, ValueError
        If ``net`` is no plain net, or the name is unknown.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> swapped(mlp(3), "gelu").activation.label
    'GELU'
    """
    if type(net) is not MLP:
        raise TypeError(f"net is a {type(net).__name__}; expected a plain net such as mlp(20).")
    net = copy.deepcopy(net)
    net.activation = activations.get(activation)
    return net


def outcomes(build, x, y, *, seeds=3, steps=60, **how):
    """Train the net of each seed; return its loss and its share of right answers.

    Parameters
    ----------
    build : callable
        ``build(seed)`` returns a net.
    x, y : Tensor
        The training data.
    seeds, steps : int
    **how
        To :func:`lessons.training.train`.

    Returns
    -------
    list of (float, float)
        On all of ``x``; the loss is not finite where training overflowed.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> x, y = torch.ones(8, 64), torch.zeros(8, dtype=torch.long)
    >>> len(outcomes(lambda seed: mlp(2, seed=seed), x, y, seeds=2, steps=1))
    2
    """
    found = []
    for seed in range(integer("seeds", seeds)):
        net = build(seed)
        train(net, x, y, steps=steps, seed=seed, record_every=steps, **how)
        found.append(evaluate(net, x, y))
    return found


@one_thread()
@torch.no_grad()
def never_on(net, x):
    """Return which hidden neurons put out a number above 0 for no sample.

    In a ReLU net they are dead: all their slopes are 0. In a leaky one they have the small slope
    for every sample.

    Parameters
    ----------
    net : lessons.networks.MLP
        With an activation that keeps the sign.
    x : Tensor, shape (samples, inputs)

    Returns
    -------
    Tensor of bool, shape (hidden layers, width)

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> never_on(mlp(3, width=5, inputs=2), torch.zeros(1, 2)).sum().item()
    10
    """
    return torch.stack([~(h > 0).any(0) for h in net.forward_all(x)[:-1]])


class Watched(NamedTuple):
    """What :func:`watched` saw: at ``steps`` which neurons were never on, and the ``history``."""

    steps: list
    never_on: torch.Tensor
    history: History

    def woken(self):
        """Return which neurons were never on at some record, and on at a later one.

        Returns
        -------
        Tensor of bool, shape (hidden layers, width)
        """
        was = self.never_on.cummax(0).values[:-1]
        return (was & ~self.never_on[1:]).any(0)


def watched(net, x, y, *, steps=200, every=10, **how):
    """Train a net in place, and note after every so many steps which neurons are never on.

    Parameters
    ----------
    net : lessons.networks.MLP
        All hidden layers of one width.
    x, y : Tensor
        The training data; a neuron is looked at on all of it.
    steps, every : int
    **how
        To :func:`lessons.training.train`.

    Returns
    -------
    Watched
        ``never_on`` has shape (records, hidden layers, width).

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> x, y = torch.randn(8, 64), torch.zeros(8, dtype=torch.long)
    >>> watched(mlp(3), x, y, steps=4, every=2).steps
    [0, 2, 4]
    """
    steps, every = integer("steps", steps), integer("every", every)
    kept, seen, step = [], [], itertools.count()

    def look(_):
        if (now := next(step)) % every == 0:
            kept.append(now)
            seen.append(never_on(net, x))

    history = train(net, x, y, steps=steps, clip=look, record_every=steps, **how)
    kept.append(history.steps[-1])
    seen.append(never_on(net, x))
    return Watched(kept, torch.stack(seen), history)

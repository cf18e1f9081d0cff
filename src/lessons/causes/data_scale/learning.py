"""Does it learn? Digits in other units, and targets in raw ones."""

import torch

from lessons._check import integer, number
from lessons.causes.data_scale.bowl import prepare
from lessons.causes.data_scale.nets import build
from lessons.data import diabetes, digits
from lessons.training import train


def digits_learned(kind, factor, *, optimizer="sgd", lr=0.1, steps=40, seeds=3):
    """Train nets of 4 layers on standardised digits times ``factor``.

    Parameters
    ----------
    kind : str
        A key of ``NETS``.
    factor : float
        Above 0.
    optimizer, lr, steps
        As in :func:`lessons.training.train`.
    seeds : int

    Returns
    -------
    list of float
        Share of right answers at the end, for each seed.

    Examples
    --------
    >>> digits_learned("ReLU", 1.0, steps=40, seeds=1)[0] > 0.5
    True
    """
    data, factor = digits(), number("factor", factor, above=0)
    how = {"optimizer": optimizer, "lr": lr, "steps": steps, "record_every": steps}
    return [
        train(
            build(kind, 4, seed=seed, dtype=torch.float32),
            factor * data.train_x, data.train_y, seed=seed, **how,
        ).accuracy[-1]
        for seed in range(integer("seeds", seeds))
    ]  # fmt: skip


def progression_left(raw_targets, *, optimizer="sgd", lr=0.01, steps=100, seeds=3):
    """Train ReLU nets of 4 layers on the patients; the targets may stay in raw units.

    Parameters
    ----------
    raw_targets : bool
        Otherwise they are standardised. The inputs always are.
    optimizer, lr, steps
        As in :func:`lessons.training.train`.
    seeds : int

    Returns
    -------
    list of float
        The loss at the end by the variance of the targets, for each seed: 1 is what answering
        the mean would leave. Infinite where training stopped.

    Examples
    --------
    >>> progression_left(False, steps=100, seeds=1)[0] < 0.6
    True
    """
    x, y = diabetes(torch.float32)
    y = y if raw_targets else prepare(y)
    how = {"optimizer": optimizer, "lr": lr, "steps": steps, "record_every": steps}
    left = []
    for seed in range(integer("seeds", seeds)):
        net = build("ReLU", 4, seed=seed, dtype=torch.float32, inputs=10, outputs=1)
        history = train(net, prepare(x), y, loss="mse", seed=seed, **how)
        share = history.loss[-1] / y.var(correction=0).item()
        left.append(share if history.stopped_at is None else float("inf"))
    return left

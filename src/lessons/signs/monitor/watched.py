"""A training loop with the gradient monitor around it, and the patients seen through it."""

import torch

from lessons._check import choice, integer, number
from lessons._threads import one_thread
from lessons.monitor import Monitor

OPTIMIZERS = ("sgd", "adam")


@one_thread()
def watched(
    model,
    x,
    y,
    *,
    optimizer="sgd",
    lr=0.005,
    momentum=0.9,
    steps=100,
    batch_size=128,
    scale=1.0,
    clip=None,
    every=10,
    seed=0,
):
    """Train a classifier with a monitor around the loop, and return the monitor.

    Parameters
    ----------
    model : nn.Module
        Changed in place.
    x : Tensor, shape (samples, features)
    y : Tensor of int64, shape (samples,)
    optimizer : {"sgd", "adam"}
    lr : float
        Learning rate.
    momentum : float
        Of SGD; Adam has its own.
    steps, batch_size : int
    scale : float
        The loss is multiplied by this.
    clip : callable, optional
        ``clip(parameters)`` changes the gradients before each step.
    every : int
        The monitor looks at every this many steps.
    seed : int
        Of the order of the batches.

    Returns
    -------
    Monitor
        Closed.

    Raises
    ------
    ValueError
        On an unknown optimizer, or numbers out of range.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> x = torch.ones(4, 64)
    >>> watched(mlp(3), x, torch.zeros(4, dtype=torch.int64), steps=5)
    Monitor(closed, 5 steps, 4 of them watched and kept)
    """
    choice("optimizer", optimizer, OPTIMIZERS)
    number("lr", lr, above=0)
    number("scale", scale, above=0)
    integer("steps", steps, least=1)
    integer("batch_size", batch_size, least=1)
    if optimizer == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), lr, momentum=momentum)
    else:
        optimizer = torch.optim.Adam(model.parameters(), lr)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    with Monitor(model, optimizer, every) as monitor:
        for _ in range(steps):
            batch = torch.randint(len(x), (batch_size,), generator=generator)
            loss = scale * torch.nn.functional.cross_entropy(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            if clip is not None:
                clip(list(model.parameters()))
            optimizer.step()
            monitor.loss(loss)
    return monitor


def seen(patient, x, y, *, steps=100, every=10, seed=0):
    """Train a patient of the chapter on signs under the monitor.

    Parameters
    ----------
    patient : lessons.patients.Patient
    x : Tensor, shape (samples, 64)
    y : Tensor of int64, shape (samples,)
    steps, every, seed : int
        As in :func:`watched`; the seed also builds the net.

    Returns
    -------
    Monitor
    """
    x = patient.spoil(x) if patient.spoil else x
    how = {"momentum": 0.0} | patient.how
    return watched(patient.build(seed), x, y, steps=steps, every=every, seed=seed, **how)


def verdict(monitor):
    """Return the kind of the gravest finding, or "healthy" where there is none above a notice.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> x, y = torch.ones(4, 64), torch.zeros(4, dtype=torch.int64)
    >>> verdict(watched(mlp(3), x, y, lr=1e9, steps=5))
    'non_finite'
    """
    return "healthy" if monitor.healthy() else monitor.findings()[0].kind


def gradient_by_layer(monitor, look=0):
    """Return {layer: gradient norm of its weight matrix} at one look of the monitor.

    Parameters
    ----------
    monitor : Monitor
    look : int
        0 is the first step; -1 the last look.

    Returns
    -------
    dict of str to float
        From input to output.
    """
    row = monitor.record.rows[look]
    names = list(monitor.record.matrices)
    return dict(zip(names, row.get("gradient", names).tolist(), strict=True))

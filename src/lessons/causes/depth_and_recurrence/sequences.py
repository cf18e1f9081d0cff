"""A recurrent net on a task: factors per step of time, and what training makes of them."""

from typing import NamedTuple

import torch

from lessons._check import integer
from lessons._threads import one_thread
from lessons.networks import rnn
from lessons.propagation import through_time
from lessons.training import train


class StepFactors(NamedTuple):
    """Per step of time: by how much a small ``change`` grows forward and the ``gradient`` back."""

    change: float
    gradient: float


@one_thread()
def step_factors(net, x, y, *, loss="cross_entropy", skip=5, seed=0):
    r"""Measure by how much one step of time multiplies a small change, and the gradient.

    Parameters
    ----------
    net : lessons.networks.RNN
    x : Tensor, shape (batch, T, inputs)
    y : Tensor
    loss : str
    skip : int
        Steps left out at each end; T must be at least 2 skip + 2.
    seed : int
        Of the direction of the change, the same for the whole batch.

    Returns
    -------
    StepFactors
        Geometric means over the steps between. The change δ is followed by the chain rule,
        :math:`\delta_t = f'(z_t) \odot W_h \delta_{t-1}`; no finite difference.

    Raises
    ------
    TypeError, ValueError
        If there are too few steps, or an argument does not fit.

    Examples
    --------
    >>> from lessons.data import recall
    >>> net = rnn(6, inputs=8, outputs=4, activation="identity", gain=0.5, dtype=torch.float64)
    >>> found = step_factors(net, *recall(4, 20, dtype=torch.float64))
    >>> [round(value, 6) for value in found]
    [0.5, 0.5]
    """
    first, last = integer("skip", skip, least=0), len(x[0]) - 1 - skip
    if last <= first:
        raise ValueError(f"x has {len(x[0])} steps; expected at least {2 * skip + 2}.")
    norms = through_time(net, x, y, loss)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    with torch.no_grad():
        states, driven = net.hidden_states(x), net.input_layer(x)
        one = torch.randn(states[0].shape[1], generator=generator, dtype=torch.float64).to(x.dtype)
        change = one.expand_as(states[0])
        start = change.norm()
        for t in range(first + 1, last + 1):
            z = driven[:, t] + net.recurrent(states[t - 1])
            change = net.activation.derivative(z) * net.recurrent(change)
    steps = last - first
    forward = (change.norm() / start).item() ** (1 / steps)
    return StepFactors(forward, (norms[first] / norms[last]) ** (1 / steps))


class Course(NamedTuple):
    """What :func:`course` saw of one run.

    Attributes
    ----------
    steps : list of int
        Where ``ratio`` was measured.
    ratio : list of float
        Norm of the gradient at the first hidden state, divided by that at the last.
    norms : list of float
        Norm of the whole gradient at each step but the last.
    accuracy : float
        At the end, on all sequences.
    """

    steps: list
    ratio: list
    norms: list
    accuracy: float


def course(
    gain,
    x,
    y,
    *,
    width=32,
    optimizer="adam",
    steps=150,
    lr=0.003,
    clip=None,
    every=25,
    seed=0,
):
    """Train a recurrent tanh net and watch its gradient through time.

    Parameters
    ----------
    gain : float
        Of the first recurrent matrix, with independent entries.
    x, y : Tensor
        One-hot sequences and their classes, such as those of :func:`lessons.data.recall`.
    width, steps : int
    optimizer : {"adam", "sgd"}
    lr : float
    clip : callable, optional
        See :func:`lessons.training.train`; it comes after the look.
    every : int
        Steps between two looks at the ratio, on the first 64 sequences.
    seed : int

    Returns
    -------
    Course

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.
    """
    shape = {"inputs": x.shape[2], "outputs": int(y.max()) + 1}
    net = rnn(width, **shape, initialization="lecun", gain=gain, seed=seed, dtype=x.dtype)
    every = integer("every", every)
    looked, ratio, norms = [], [], []

    def look(parameters):
        if len(norms) % every == 0:
            looked.append(len(norms))
            through = through_time(net, x[:64], y[:64])
            ratio.append(through[0] / through[-1])
        norms.append(torch.stack([p.grad.double().norm() for p in parameters]).norm().item())
        if clip is not None:
            clip(parameters)

    how = {"optimizer": optimizer, "lr": lr, "steps": steps, "batch_size": 32, "seed": seed}
    history = train(net, x, y, clip=look, record_every=steps, **how)
    through = through_time(net, x[:64], y[:64])
    accuracy = history.accuracy[-1]
    return Course([*looked, steps], [*ratio, through[0] / through[-1]], norms, accuracy)

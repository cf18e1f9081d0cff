"""Nets under several losses: patients some of whose targets are wrong, and an exploding net."""

import math
from typing import NamedTuple

import torch

from lessons._check import choice, integer, number
from lessons._threads import one_thread
from lessons.data import diabetes
from lessons.fixes.losses.functions import absolute, huber, log_cosh, squared
from lessons.fixes.losses.robust import fit_line, middle_spread
from lessons.gradients import gradient_vector
from lessons.measure import loss_gradients, signals_by_layer
from lessons.networks import mlp
from lessons.training import train

LOSSES = {
    "squared": squared,
    "Huber": huber,
    "log-cosh": log_cosh,
    "absolute": absolute,
}


class Patients(NamedTuple):
    """Patients for training and for the test; only training targets may be wrong.

    Attributes
    ----------
    x, y, test_x, test_y : Tensor
        Inputs standardised; targets minus their median, by their middle spread.
    wrong : Tensor of bool
        Which training targets are ten times too large.
    """

    x: torch.Tensor
    y: torch.Tensor
    test_x: torch.Tensor
    test_y: torch.Tensor
    wrong: torch.Tensor


class Outcome(NamedTuple):
    """A trained net.

    Attributes
    ----------
    error : float
        Mean squared error on the right targets of the test, by their variance: 1 is what
        answering their mean would leave. Infinite where training stopped.
    signal, gradient : list of float
        After training, by layer: :func:`lessons.measure.signals_by_layer` on the training data.
    """

    error: float
    signal: list
    gradient: list


@one_thread()
def patients(wrong=0.05, seed=0, dtype=torch.float32):
    """Split the patients, and write one zero too many behind a share of the training targets.

    Parameters
    ----------
    wrong : float
        Share of the training targets, from 0 to below 0.5.
    seed : int
        Of the split and of who is hit.
    dtype : torch.dtype

    Returns
    -------
    Patients
        300 for training, 142 for the test. Median and middle spread are those of the training
        targets as they are given, wrong ones too.

    Examples
    --------
    >>> people = patients(0.05)
    >>> people.wrong.sum().item(), people.y.max().item() > 10
    (15, True)
    """
    wrong = number("wrong", wrong, least=0, most=0.49)
    x, y = diabetes()
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    order = torch.randperm(len(x), generator=generator)
    x, y = x[order], y[order]
    hit = torch.zeros(300, dtype=torch.bool)
    hit[torch.randperm(300, generator=generator)[: round(300 * wrong)]] = True
    given = torch.where(hit[:, None], 10 * y[:300], y[:300])
    mean, deviation = x[:300].mean(0), x[:300].std(0, correction=0)
    middle, spread = given.quantile(0.5), middle_spread(given)
    x, y, given = (x - mean) / deviation, (y - middle) / spread, (given - middle) / spread
    parts = (x[:300], given, x[300:], y[300:])
    return Patients(*(part.to(dtype) for part in parts), hit)


@one_thread()
def trained(loss, people, *, depth=4, lr=0.01, steps=100, clip=None, seed=0, **net):
    """Train a net on patients with one loss; say how far it is from the right targets.

    Parameters
    ----------
    loss : callable
        Of answer and target.
    people : Patients
    depth, lr, steps, clip, seed
        See :func:`lessons.networks.mlp` and :func:`lessons.training.train`.
    **net
        More for :func:`lessons.networks.mlp`.

    Returns
    -------
    Outcome

    Examples
    --------
    >>> trained(squared, patients(0.0)).error < 0.8
    True
    """
    model = _net(depth, seed, people.x.dtype, **net)
    how = {"lr": lr, "steps": steps, "clip": clip, "seed": seed, "record_every": steps}
    history = train(model, people.x, people.y, loss=loss, **how)
    found = signals_by_layer(model, people.x, people.y, loss)
    with torch.no_grad():
        error = squared(model(people.test_x), people.test_y).item()
    error = error / people.test_y.var(correction=0).item()
    stopped = history.stopped_at is not None or not math.isfinite(error)
    return Outcome(math.inf if stopped else error, found["signal"], found["weight gradient"])


@one_thread()
def by_layer(loss, people, **net):
    """Return signal, error signal and weight gradient by layer, before training.

    Parameters
    ----------
    loss : callable
    people : Patients
        In float64 for nets that explode.
    **net
        For :func:`lessons.networks.mlp`: depth, activation, gain, seed …

    Returns
    -------
    dict of str to list of float
        See :func:`lessons.measure.signals_by_layer`.

    Examples
    --------
    >>> list(by_layer(huber, patients(dtype=torch.float64), depth=3))
    ['signal', 'error signal', 'weight gradient']
    """
    model = _net(net.pop("depth", 20), net.pop("seed", 0), people.x.dtype, **net)
    return signals_by_layer(model, people.x, people.y, loss)


@one_thread()
def wrong_input(loss, people, size=100.0, column=2, seed=0):
    """Set one input of one patient to ``size`` standard deviations; look at the first gradient.

    Parameters
    ----------
    loss : callable
    people : Patients
    size : float
    column : int
        0 to 9.
    seed : int
        Of the net.

    Returns
    -------
    float
        The gradient's norm by that of the clean data.

    Examples
    --------
    >>> wrong_input(huber, patients(0.0, dtype=torch.float64), 1e4) > 10
    True
    """
    model = _net(4, seed, people.x.dtype)
    typed = people.x.clone()
    typed[0, integer("column", column, least=0, most=9)] = number("size", size)
    found = []
    for x in (people.x, typed):
        loss_gradients(model, x, people.y, loss)
        found.append(gradient_vector(model.parameters()).norm().item())
    return found[1] / found[0]


@one_thread()
def starts_learning(loss, *, scale=1.0, lr=0.01, steps=100, seeds=3):
    """Train on clean patients whose targets, standardised, are multiplied by ``scale``.

    Parameters
    ----------
    loss : str or callable
        A key of ``LOSSES``, or a function.
    scale : float
        Above 0: the size of the unit.
    lr, steps, seeds
        Of the training.

    Returns
    -------
    list of float
        What is left of the test error, for each seed; see :class:`Outcome`.

    Examples
    --------
    >>> starts_learning("squared", scale=1.0, seeds=1)[0] < 0.8
    True
    """
    scale = number("scale", scale, above=0)
    loss = loss if callable(loss) else LOSSES[choice("loss", loss, LOSSES)]
    left = []
    for seed in range(integer("seeds", seeds)):
        p = patients(0.0, seed, torch.float64)
        p = p._replace(y=scale * p.y, test_y=scale * p.test_y)
        left.append(trained(loss, p, lr=lr, steps=steps, seed=seed).error)
    return left


def _net(depth, seed, dtype, **net):
    return mlp(depth, net.pop("width", 32), inputs=10, outputs=1, seed=seed, dtype=dtype, **net)


def linear_error(people, delta=math.inf):
    """Return the test error of a linear model, fitted to the end by Huber's loss.

    Parameters
    ----------
    people : Patients
    delta : float
        Above 0; infinite for least squares.

    Returns
    -------
    float
        See :class:`Outcome`.

    Examples
    --------
    >>> people = patients(0.05, dtype=torch.float64)
    >>> linear_error(people, 1.0) < 1 < linear_error(people)
    True
    """
    line = torch.tensor(fit_line(people.x, people.y[:, 0], delta), dtype=people.x.dtype)
    answer = line[0] + people.test_x @ line[1:]
    error = squared(answer, people.test_y[:, 0])
    return (error / people.test_y.var(correction=0)).item()

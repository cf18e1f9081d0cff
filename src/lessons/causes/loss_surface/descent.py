"""Many descents at once: a small net from the same starts, at several rates and momenta."""

from dataclasses import dataclass

import torch
from torch.nn.functional import one_hot

from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.causes.loss_surface.sharpness import flat, top_eigenvalues
from lessons.data import digits
from lessons.networks import mlp

LOST = 1e6  # a run whose loss is above this is given up


@dataclass(frozen=True, repr=False)
class Descents:
    """What :func:`descents` saw, at each recorded step.

    Attributes
    ----------
    steps : list of int
    loss, sharpness, gradient : Tensor of float64, shape (settings, seeds, records)
        The loss, the largest eigenvalue of its Hessian and the gradient's norm. NaN once a run is
        lost: its loss was above a million.
    """

    steps: list
    loss: torch.Tensor
    sharpness: torch.Tensor
    gradient: torch.Tensor

    def __repr__(self):
        settings, seeds, records = self.loss.shape
        return f"Descents({settings} settings, {seeds} seeds, {records} records)"


@one_thread()
def descents(
    settings, *, seeds=3, steps=400, every=10, samples=50, width=16, gain=0.5, change=None
):
    """Descend the loss of a small tanh net by full-batch gradient descent, all settings at once.

    The net has three layers. The loss is half the squared distance between its ten outputs and
    the right answer (1 for the digit, 0 for the others), averaged over all samples. All runs of
    a seed start from the same weights; a step is v ← μ v + g, then w ← w − η v.

    Parameters
    ----------
    settings : sequence of (float, float)
        Rate η (above 0) and momentum μ (from 0, below 1) of each run.
    seeds : int
        Runs from seeds 0, 1, ….
    steps, every : int
        Number of steps, and of steps between two records.
    samples, width : int
        Digits, and neurons in a hidden layer.
    gain : float
        Of the first weights; 1 is Xavier's.
    change : (int, float), optional
        From this step on, every run has this rate.

    Returns
    -------
    Descents

    Raises
    ------
    ValueError
        If a rate, a momentum or a size is out of range.

    References
    ----------
    Cohen, Kaur, Li, Kolter and Talwalkar, 2021.

    Examples
    --------
    >>> found = descents([(0.1, 0.0), (0.1, 0.5)], seeds=2, steps=20)
    >>> found.loss.shape, bool((found.loss[..., -1] < found.loss[..., 0]).all())
    (torch.Size([2, 2, 3]), True)
    """
    settings = [(number("a rate", lr, above=0), _momentum(mu)) for lr, mu in settings]
    if not settings:
        raise ValueError("settings is empty; expected pairs of a rate and a momentum.")
    seeds, steps, every = integer("seeds", seeds), integer("steps", steps), integer("every", every)
    at, later = (None, None) if change is None else change
    data = digits(dtype=torch.float64)
    x = data.train_x[: integer("samples", samples, most=len(data.train_x))]
    target = one_hot(data.train_y[: len(x)], 10).double()
    parameters = _starts(len(settings), seeds, width, gain)
    first = [p.detach().clone() for p in parameters]
    velocities = [torch.zeros_like(p) for p in parameters]
    lr, mu = torch.tensor(settings, dtype=torch.float64).repeat_interleave(seeds, 0).T
    lr = lr.clone()
    vector, alive, records = None, torch.ones(len(lr), dtype=torch.bool), []

    def losses():
        return _losses(parameters, x, target)

    for step in range(steps + 1):
        if step == at:
            lr[alive] = number("the later rate", later, above=0)
        loss = losses()
        gradients = torch.autograd.grad(loss.sum(), parameters)
        alive = alive & (loss.detach() < LOST)
        if step % every == 0 or step == steps:
            sharpness, vector = top_eigenvalues(losses, parameters, vector)
            norms = flat(gradients).norm(dim=1)
            found = torch.stack([loss.detach(), sharpness, norms])
            records.append((step, found.masked_fill(~alive, torch.nan)))
        with torch.no_grad():
            for p, start, v, g in zip(parameters, first, velocities, gradients, strict=True):
                each = (-1,) + (1,) * (p.ndim - 1)
                v.mul_(mu.view(each)).add_(g)
                p.sub_(lr.view(each) * v)
                p[~alive], v[~alive] = start[~alive], 0.0
    kept, values = zip(*records, strict=True)
    values = torch.stack(values, dim=2).view(3, len(settings), seeds, len(kept))
    return Descents(list(kept), *values)


def _starts(settings, seeds, width, gain):
    """Return the parameters of settings * seeds nets, stacked; a seed's start for each setting."""
    how = {"activation": "tanh", "initialization": "xavier", "gain": gain}
    nets = [mlp(3, width, seed=seed, dtype=torch.float64, **how) for seed in range(seeds)]
    stacks = [
        torch.stack(list(found)) for found in zip(*(n.parameters() for n in nets), strict=True)
    ]
    stacks = [s.detach().repeat(settings, *[1] * (s.ndim - 1)) for s in stacks]
    return [s.clone().requires_grad_() for s in stacks]


def _losses(parameters, x, target):
    """Return one loss for each of the stacked nets."""
    h = x.expand(len(parameters[0]), *x.shape)  # (nets, samples, inputs)
    pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
    for i, (weight, bias) in enumerate(pairs):
        h = torch.baddbmm(bias[:, None], h, weight.transpose(1, 2))
        h = torch.tanh(h) if i < len(pairs) - 1 else h
    return ((h - target) ** 2).sum(2).mean(1) / 2


def _momentum(value):
    value = number("a momentum", value, least=0)
    if value >= 1:
        raise ValueError(f"a momentum is {value:g}; expected less than 1.")
    return value

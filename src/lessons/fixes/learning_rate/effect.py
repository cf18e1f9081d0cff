"""What a step does: in a training loop, on the loss wall, and to the noise of a parabola."""

import numpy as np
import torch

from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.fixes.learning_rate.rules import plain
from lessons.fixes.learning_rate.schedules import constant
from lessons.loss_wall import loss_and_gradient
from lessons.measure import signals_by_layer


@one_thread()
def by_layer(net, x, y, lr, steps):
    """Take steps of gradient descent; return signal and gradient by layer before and after each.

    Parameters
    ----------
    net : lessons.networks.MLP
        It is trained in place.
    x, y : Tensor
        All samples are in each step.
    lr : float
    steps : int
        Updates; 0 only measures.

    Returns
    -------
    list of dict of str to list of float
        What :func:`lessons.measure.signals_by_layer` returns. It ends early where a weight is no
        longer finite.

    Examples
    --------
    >>> from lessons.data import digits
    >>> from lessons.networks import mlp
    >>> data = digits()
    >>> found = by_layer(mlp(3), data.train_x, data.train_y, 0.1, 2)
    >>> len(found), len(found[0]["weight gradient"])
    (3, 3)
    """
    lr, found = number("lr", lr, above=0), [signals_by_layer(net, x, y)]
    for _ in range(integer("steps", steps, least=0)):
        parameters = list(net.parameters())
        with torch.no_grad():
            for p in parameters:
                p -= lr * p.grad
        if not all(p.isfinite().all() for p in parameters):
            break
        found.append(signals_by_layer(net, x, y))
    return found


def wall_path(w, b, lr, rule=plain, *, steps=60, schedule=constant):
    """Go down the loss wall with any rule and schedule.

    Parameters
    ----------
    w, b : float or arrays that broadcast together
        Where to start.
    lr : float
    rule : callable
        Such as :func:`lessons.fixes.learning_rate.momentum`.
    steps : int
    schedule : callable
        Step to factor of the rate.

    Returns
    -------
    array of shape (steps + 1, 2, ...)
        w and b before the first step and after each.

    Examples
    --------
    >>> wall_path(5.0, -2.0, 0.1, steps=3).shape
    (4, 2)
    """
    lr = number("lr", lr, above=0)
    here = np.stack(np.broadcast_arrays(np.asarray(w, float), np.asarray(b, float)))
    path, memory = [here], None
    for step in range(integer("steps", steps)):
        gradient = np.stack(loss_and_gradient(*path[-1])[1:])
        direction, memory = rule(gradient, memory)
        path.append(path[-1] - lr * schedule(step) * direction)
    return np.stack(path)


def quadratic_noise(lr, curvature=1.0, noise=1.0, mu=0.0):
    r"""Return the loss at which a noisy descent of a parabola ends, on average.

    The gradient is :math:`\lambda w + s\xi` with independent :math:`\xi` of variance 1. Then

    .. math:: \mathbb E\, C = \frac{\lambda}{2}\,\mathbb E\, w^2
              = \frac{\eta s^2 (1+\mu)}{2 (1-\mu) \left(2 (1+\mu) - \eta\lambda\right)} .

    Parameters
    ----------
    lr, curvature, noise : float
        η, λ above 0, and s at least 0.
    mu : float
        The momentum; from 0, below 1.

    Returns
    -------
    float
        Infinite from the edge, ηλ = 2(1+μ), on.

    Examples
    --------
    >>> quadratic_noise(0.5), quadratic_noise(2.0)
    (0.16666666666666666, inf)
    """
    lr, curvature = number("lr", lr, above=0), number("curvature", curvature, above=0)
    noise, mu = number("noise", noise, least=0), number("mu", mu, least=0)
    if mu >= 1:
        raise ValueError(f"mu={mu!r} is out of range; expected less than 1.")
    room = 2 * (1 + mu) - lr * curvature
    return lr * noise**2 * (1 + mu) / (2 * (1 - mu) * room) if room > 0 else float("inf")

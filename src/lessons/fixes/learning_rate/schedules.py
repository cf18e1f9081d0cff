"""Schedules: by what the learning rate is multiplied at each step. The first step is step 0."""

import math

from lessons._check import integer, number


def constant(step):
    """Return 1: the rate stays.

    Examples
    --------
    >>> constant(7)
    1.0
    """
    integer("step", step, least=0)
    return 1.0


def staircase(step, every, factor=0.1):
    r"""Multiply the rate by ``factor`` after each ``every`` steps: :math:`f^{\lfloor t/n \rfloor}`.

    Parameters
    ----------
    step : int
        From 0.
    every : int
        Steps between two changes.
    factor : float
        Above 0.

    Returns
    -------
    float

    References
    ----------
    ``torch.optim.lr_scheduler.StepLR``.

    Examples
    --------
    >>> [staircase(t, every=2, factor=0.5) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    step, every = integer("step", step, least=0), integer("every", every)
    return number("factor", factor, above=0) ** (step // every)


def exponential(step, factor):
    r"""Multiply the rate by ``factor`` after each step: :math:`f^t`.

    Parameters
    ----------
    step : int
        From 0.
    factor : float
        Above 0; below 1 the rate decays.

    Returns
    -------
    float

    References
    ----------
    ``torch.optim.lr_scheduler.ExponentialLR``.

    Examples
    --------
    >>> [exponential(t, 0.5) for t in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """
    return number("factor", factor, above=0) ** integer("step", step, least=0)


def cosine(step, steps, lowest=0.0):
    r"""Let the rate fall along half a wave: :math:`l + (1 - l)\,(1 + \cos(\pi t/T))/2`.

    Parameters
    ----------
    step : int
        From 0.
    steps : int
        T, the steps from the highest to the lowest rate. After them the wave goes up again.
    lowest : float
        l, the lowest rate as a share of the highest; from 0 to 1.

    Returns
    -------
    float

    References
    ----------
    Loshchilov and Hutter 2017, equation 5; ``torch.optim.lr_scheduler.CosineAnnealingLR``.

    Examples
    --------
    >>> [round(cosine(t, 4), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """
    step, steps = integer("step", step, least=0), integer("steps", steps)
    lowest = number("lowest", lowest, least=0, most=1)
    return lowest + (1 - lowest) * (1 + math.cos(math.pi * step / steps)) / 2


def warm_up(step, steps, start=0.01):
    r"""Let the rate rise evenly and then stay: :math:`s + (1 - s) \min(t/T, 1)`.

    Parameters
    ----------
    step : int
        From 0.
    steps : int
        T, the steps until the full rate is reached.
    start : float
        s, the first rate as a share of the full one; above 0, at most 1.

    Returns
    -------
    float

    References
    ----------
    Goyal and others 2017, section 2.2; ``torch.optim.lr_scheduler.LinearLR``.

    Examples
    --------
    >>> [warm_up(t, 4, start=0.2) for t in range(6)]
    [0.2, 0.4, 0.6000000000000001, 0.8, 1.0, 1.0]
    """
    step, steps = integer("step", step, least=0), integer("steps", steps)
    start = number("start", start, above=0, most=1)
    return start + (1 - start) * min(step / steps, 1.0)

"""Statistics without nets: what one answer, or one straight line, makes of wrong numbers."""

import math

import torch

from lessons._check import integer, number
from lessons._threads import one_thread


def middle_spread(values):
    r"""Return 1.4826 times the median distance from the median.

    For normal numbers it is their standard deviation; wrong numbers hardly move it, as long as
    they are few.

    Parameters
    ----------
    values : Tensor
        At least one number.

    Returns
    -------
    float

    Examples
    --------
    >>> round(middle_spread(torch.tensor([0.0, 1.0, 2.0, 3.0, 1e9])), 4)
    1.4826
    """
    values = values.detach().double().flatten()
    return 1.4826022185056018 * (values - values.quantile(0.5)).abs().quantile(0.5).item()


def efficiency(delta):
    r"""Return how well Huber's loss uses clean data, compared with the squared one.

    For normal errors of standard deviation 1 the variance of the estimated middle is
    :math:`\mathbb E\,\mathrm{clamp}(e)^2 / P(|e|<\delta)^2` by the number of samples. The squared
    loss has 1 in the place of that fraction; this returns its inverse: the share of the data
    that would do for the squared loss.

    Parameters
    ----------
    delta : float
        In standard deviations; above 0.

    Returns
    -------
    float
        Between 2/π (the absolute loss) and 1.

    References
    ----------
    P. J. Huber, Robust estimation of a location parameter, 1964.

    Examples
    --------
    >>> round(efficiency(1.345), 3)
    0.95
    """
    delta = number("delta", delta, above=0)
    inside = math.erf(delta / math.sqrt(2))
    density = math.exp(-(delta**2) / 2) / math.sqrt(2 * math.pi)
    spread = inside - 2 * delta * density + delta**2 * (1 - inside)
    return inside**2 / spread


@one_thread()
def fit_line(x, y, delta=math.inf, rounds=300):
    r"""Fit a straight line, or a plane, by Huber's loss; by least squares if ``delta`` is infinite.

    Each round is a weighted least squares problem with the weights
    :math:`\min(1, \delta/|e|)`. Where the weights stand still, the clamped errors and their
    products with each feature add up to 0: the gradient of the loss.

    Parameters
    ----------
    x : Tensor, shape (samples,) or (samples, features)
        In float64; no feature depends on the others.
    y : Tensor, shape (samples,)
    delta : float
        In the unit of ``y``; above 0.
    rounds : int
        At most; it ends where nothing changes any more.

    Returns
    -------
    list of float
        The bias, then a slope for each feature.

    References
    ----------
    P. J. Huber, Robust Statistics, 1981, section 7.8.

    Examples
    --------
    >>> x = torch.arange(9.0, dtype=torch.float64)
    >>> y = 2 * x + 1
    >>> y[8] = 1000
    >>> round(fit_line(x, y)[1]), round(fit_line(x, y, 0.1)[1], 1)
    (68, 2.0)
    """
    delta = number("delta", delta, above=0, finite=False)
    table = torch.cat([torch.ones_like(y)[:, None], x.reshape(len(y), -1)], 1)
    weights, line = torch.ones_like(y), torch.zeros(table.shape[1], dtype=y.dtype)
    for _ in range(integer("rounds", rounds)):
        last, weighted = line, weights[:, None] * table
        line = torch.linalg.solve(weighted.T @ table, weighted.T @ y)
        if (line - last).abs().max() < 1e-10 * line.abs().max():
            break
        weights = (delta / (table @ line - y).abs().clamp(min=1e-12)).clamp(max=1)
    return line.tolist()


@one_thread()
def best_constant(y, delta=math.inf):
    """Return the one answer to all of ``y`` for which Huber's loss is lowest.

    Parameters
    ----------
    y : Tensor
    delta : float
        Above 0. Infinite: the mean. Near 0: the median.

    Returns
    -------
    float

    Examples
    --------
    >>> y = torch.tensor([0.0, 1.0, 8.0])
    >>> round(best_constant(y), 6), round(best_constant(y, 1e-3), 2), round(best_constant(y, 2), 6)
    (3.0, 1.0, 1.5)
    """
    delta = number("delta", delta, above=0, finite=False)
    y = y.detach().double().flatten()
    low, high = y.min().item(), y.max().item()
    for _ in range(100):  # the clamped errors' sum grows with the answer: halve the interval
        middle = (low + high) / 2
        if (middle - y).clamp(-delta, delta).sum() > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2

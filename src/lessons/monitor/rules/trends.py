"""Small statistics of series that the rules share."""

import math

import torch


def median(values):
    """Return the median of a sequence as a float, NaN for an empty one."""
    values = sorted(values)
    if not values:
        return math.nan
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2


def thirds(values):
    """Return the median of the first third of ``values`` and that of the last.

    Examples
    --------
    >>> thirds([1.0, 2.0, 3.0, 4.0, 5.0, 9.0])
    (1.5, 7.0)
    """
    size = max(1, len(values) // 3)
    return median(values[:size]), median(values[-size:])


def decades(low, high):
    """Return log10(high / low); inf or -inf where one of the two is 0, 0 where both are.

    Examples
    --------
    >>> decades(1e-5, 1e-2), decades(0.0, 1.0)
    (3.0, inf)
    """
    if low <= 0 or high <= 0:
        return math.inf if high > low else -math.inf if low > high else 0.0
    return round(math.log10(high) - math.log10(low), 12)


def slope(values):
    """Return the least-squares slope of log10 of the positive values against their places."""
    points = [(i, math.log10(value)) for i, value in enumerate(values) if value > 0]
    if len(points) < 2:
        return math.nan
    x, y = torch.tensor(points, dtype=torch.float64).T
    x = x - x.mean()
    return ((x * y).sum() / x.square().sum()).item()


def last_run(items, condition, least=1):
    """Return the items of the unbroken run at the end that meet the condition.

    A run of fewer than ``least`` items is none.

    Examples
    --------
    >>> last_run([9, 1, 8, 9], lambda value: value > 5)
    [8, 9]
    >>> last_run([9, 1, 8, 9], lambda value: value > 5, least=3)
    []
    """
    run = []
    for item in reversed(items):
        if not condition(item):
            break
        run.append(item)
    return run[::-1] if len(run) >= least else []


def looks_needed(record, limits, seen=1):
    """Return in how many looks in a row something must show.

    Before a number that is not finite there may be no more of them: what was ``seen`` is enough.
    """
    return limits.least_rows if record.bad is None else min(limits.least_rows, seen)


def kendall(values, most=200):
    r"""Return how many standard deviations a series is away from having no trend.

    .. math:: z = S / \sqrt{n (n - 1) (2n + 5) / 18}, \quad
              S = \sum_{i<j} \operatorname{sign}(x_j - x_i)

    Parameters
    ----------
    values : sequence of float
        Of a longer one at most ``most`` evenly spread values are compared.

    References
    ----------
    Kendall 1938, *A new measure of rank correlation*; Mann 1945.

    Examples
    --------
    >>> round(kendall([5.0, 4.0, 3.0, 2.0, 1.0]), 2)
    -2.45
    """
    n = len(values)
    if n > most:
        values = [values[round(i * (n - 1) / (most - 1))] for i in range(most)]
        n = most
    if n < 3:
        return 0.0
    x = torch.tensor(values, dtype=torch.float64)
    total = torch.triu(torch.sign(x[None, :] - x[:, None]), 1).sum().item()
    return total / math.sqrt(n * (n - 1) * (2 * n + 5) / 18)

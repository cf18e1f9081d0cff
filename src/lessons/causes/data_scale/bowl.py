"""Linear regression: its loss is a bowl, and the inputs alone decide how round the bowl is."""

import math
from typing import NamedTuple

import torch

from lessons._check import choice, number
from lessons._threads import one_thread

PREPARATIONS = ("raw", "centred", "divided", "standardised", "whitened")


class Descent(NamedTuple):
    """What gradient descent needs.

    Attributes
    ----------
    condition : float
        Largest eigenvalue of the Hessian by the smallest.
    largest_rate : float
        Twice the inverse of the largest eigenvalue; beyond it descent diverges.
    loss_steps, weight_steps : int
        Steps, at half of that rate, until only ``share`` of the start's excess loss, or of the
        start's distance from the best weights, is left.
    """

    condition: float
    largest_rate: float
    loss_steps: int
    weight_steps: int


@one_thread()
def prepare(x, how="standardised"):
    """Scale the columns of a data table.

    Parameters
    ----------
    x : Tensor, shape (samples, features)
    how : str
        "raw"; "centred" (mean 0); "divided" (by the standard deviation); "standardised" (both);
        "whitened" (standardised, then turned and scaled until no two columns are correlated).

    Returns
    -------
    Tensor of the shape of ``x``

    Raises
    ------
    ValueError
        If ``how`` is unknown, or a column that is to be divided is constant.

    Examples
    --------
    >>> prepare(torch.tensor([[1.0, 100.0], [3.0, 500.0]]))
    tensor([[-1., -1.],
            [ 1.,  1.]])
    """
    choice("how", how, PREPARATIONS)
    mean, deviation = x.mean(0), x.std(0, correction=0)
    if how not in ("raw", "centred") and not deviation.all():
        constant = (deviation == 0).nonzero().flatten().tolist()
        raise ValueError(f"x has constant columns {constant}; expected columns that vary.")
    if how in ("centred", "standardised", "whitened"):
        x = x - mean
    if how in ("divided", "standardised", "whitened"):
        x = x / deviation
    if how == "whitened":
        left, _, right = torch.linalg.svd(x, full_matrices=False)
        x = math.sqrt(len(x)) * left @ right
    return x


@one_thread()
def descent(x, y, share=0.01):
    r"""Say how many steps gradient descent needs for a linear regression with a bias.

    The loss is :math:`C = \frac{1}{2N} \lVert A w - y \rVert^2`, with a column of ones before
    ``x`` in :math:`A`. Its Hessian is :math:`A^\top A / N`, whatever ``y``. At the rate
    :math:`1/\lambda_\max` the error along an eigenvector is multiplied by
    :math:`1 - \lambda_i/\lambda_\max` in each step, so nothing is simulated.

    Parameters
    ----------
    x : Tensor, shape (samples, features)
    y : Tensor, shape (samples, 1)
    share : float
        Between 0 and 1. Descent starts at weights of 0.

    Returns
    -------
    Descent

    Raises
    ------
    ValueError
        If ``share`` is out of range or the columns depend on each other.

    References
    ----------
    LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998, section 5.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    >>> descent(x, x[:, :1]).loss_steps  # a round bowl
    1
    >>> found = descent(x * torch.tensor([1.0, 10.0]), x[:, :1])  # in a unit ten times smaller
    >>> round(found.condition, 6)
    100.0
    """
    share = number("share", share, above=0, most=1)
    a = torch.cat([torch.ones_like(x[:, :1]), x], 1).double() / math.sqrt(len(x))
    left, s, _ = torch.linalg.svd(a, full_matrices=False)
    if s[-1] <= 1e-12 * s[0]:
        raise ValueError("x has columns that depend on each other; expected independent ones.")
    along = (left.T @ y.double() / math.sqrt(len(x))).flatten()
    decay = torch.log1p(-((s / s[0]) ** 2))
    steps = [_until(squares, decay, limit) for squares, limit in
             ((along**2, share), ((along / s) ** 2, share**2))]  # fmt: skip
    return Descent(((s[0] / s[-1]) ** 2).item(), (2 / s[0] ** 2).item(), *steps)


def _until(squares, decay, share):
    """Smallest number of steps after which the sum of the squares is at most ``share`` of it."""

    def left(steps):
        return (squares * (2 * steps * decay).exp()).sum() / squares.sum()

    low, high = 0, 1
    while left(high) > share:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if left(middle) > share else (low, middle)
    return high

"""Five losses of an error e = input − target; all but the first have a bounded slope."""

import math

import torch

from lessons._check import choice, number

REDUCTIONS = ("none", "mean", "sum")


def squared(input, target, reduction="mean"):
    r"""Return the squared error :math:`e^2`; its slope :math:`2e` has no bound.

    Parameters
    ----------
    input, target : Tensor
        The net's answers and the right ones: of one shape and one floating-point dtype.
    reduction : str
        "mean" or "sum" over all elements, or "none": one loss for each.

    Returns
    -------
    Tensor
        One number, or for "none" the shape of ``input``.

    Raises
    ------
    TypeError, ValueError
        If the two do not belong together, or the reduction is unknown. (PyTorch would stretch
        shapes that differ, and compare each with each.)

    Examples
    --------
    >>> squared(torch.tensor([1.0, 5.0]), torch.zeros(2), "none")
    tensor([ 1., 25.])
    """
    return _reduced(_error(input, target).square(), reduction)


def absolute(input, target, reduction="mean"):
    r"""Return the absolute error :math:`|e|`; its slope is -1 or 1, however small the error.

    Parameters, returned value and errors are those of :func:`squared`.

    Examples
    --------
    >>> absolute(torch.tensor([1.0, -5.0]), torch.zeros(2), "sum")
    tensor(6.)
    """
    return _reduced(_error(input, target).abs(), reduction)


def huber(input, target, delta=1.0, reduction="mean"):
    r"""Return Huber's loss: half the squared error up to ``delta``, a straight line beyond.

    .. math:: r(e) = c\,(e - c/2), \qquad c = \mathrm{clamp}(e, -\delta, \delta),
              \qquad r'(e) = c

    Its slope is the error, clamped.

    Parameters
    ----------
    input, target, reduction
        See :func:`squared`.
    delta : float
        Where the line begins, in the unit of the target; above 0.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError, ValueError
        As :func:`squared`, or if ``delta`` is not positive.

    References
    ----------
    P. J. Huber, Robust estimation of a location parameter, 1964.

    Examples
    --------
    >>> huber(torch.tensor([1.0, 5.0]), torch.zeros(2), delta=2.0, reduction="none")
    tensor([0.5000, 8.0000])
    """
    delta = number("delta", delta, above=0)
    error = _error(input, target)
    near = error.clamp(-delta, delta)
    return _reduced(near * (error - near / 2), reduction)


def smooth_l1(input, target, beta=1.0, reduction="mean"):
    r"""Return Huber's loss divided by ``beta``: its slope is at most 1, its curvature 1/beta.

    Parameters
    ----------
    input, target, reduction
        See :func:`squared`.
    beta : float
        Where the line begins; at 0 it is the absolute error.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError, ValueError
        As :func:`squared`, or if ``beta`` is negative.

    References
    ----------
    R. Girshick, Fast R-CNN, 2015, equation 3.

    Examples
    --------
    >>> smooth_l1(torch.tensor([1.0, 5.0]), torch.zeros(2), beta=2.0, reduction="none")
    tensor([0.2500, 4.0000])
    """
    beta = number("beta", beta, least=0)
    if beta == 0:
        return absolute(input, target, reduction)
    return _reduced(huber(input, target, beta, "none") / beta, reduction)


def log_cosh(input, target, reduction="mean"):
    r"""Return :math:`\ln\cosh e`; its slope :math:`\tanh e` bends without a corner.

    Written so that neither large errors overflow (:math:`\cosh 90` does in float32) nor small
    ones are rounded away: near 0 it is :math:`\ln(1 + 2\sinh^2(e/2))`, elsewhere
    :math:`|e| + \ln(1 + e^{-2|e|}) - \ln 2`.

    Parameters, returned value and errors are those of :func:`squared`.

    Examples
    --------
    >>> log_cosh(torch.tensor([1e-3, 1000.0]), torch.zeros(2), "none")
    tensor([5.0000e-07, 9.9931e+02])
    """
    error = _error(input, target)
    near = error.clamp(-1, 1)  # each branch gets only what it can bear: else its slope is nan
    small = torch.log1p(2 * torch.sinh(near / 2).square())
    large = error.abs() + torch.log1p(torch.exp(-2 * error.abs())) - math.log(2)
    return _reduced(torch.where(error.abs() < 1, small, large), reduction)


def _error(input, target):
    for name, value in (("input", input), ("target", target)):
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name} is a {type(value).__name__}; expected a Tensor.")
        if not value.is_floating_point():
            raise TypeError(f"{name} has dtype {value.dtype}; expected real numbers.")
    if input.shape != target.shape or input.dtype != target.dtype:
        raise ValueError(
            f"target has shape {tuple(target.shape)} and dtype {target.dtype}; expected those of "
            f"input, {tuple(input.shape)} and {input.dtype}."
        )
    return input - target


def _reduced(losses, reduction):
    choice("reduction", reduction, REDUCTIONS)
    return losses if reduction == "none" else getattr(losses, reduction)()

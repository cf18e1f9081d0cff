"""Clipping: cut a gradient that is too long before the optimizer uses it.

Every function changes the ``.grad`` of the parameters in place and returns the norm of the
whole gradient *before* clipping. Fix the threshold to get what ``training.train`` takes:
``clip=functools.partial(clip_by_global_norm, max_norm=1.0)``.
"""

import math

import torch

from lessons._check import choice, number
from lessons.gradients import (
    EPSILON,
    clamp_,
    gradients_of,
    multiply_,
    refuse_nonfinite,
    total_norm,
)


@torch.no_grad()
def clip_by_global_norm(
    parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None
):
    r"""Rescale the whole gradient when its norm is above a threshold.

    .. math:: g \leftarrow \min\Bigl(1, \frac{\theta}{\|g\|_p}\Bigr)\, g

    All gradients together count as one vector :math:`g`, so its direction stays. Arguments and
    result are those of ``torch.nn.utils.clip_grad_norm_``.

    Parameters
    ----------
    parameters : tensor or iterable of tensors
        Any shapes, dtypes and devices; those without a gradient are skipped.
    max_norm : float
        The threshold θ, above 0. Infinity clips nothing and only measures.
    norm_type : float, default 2.0
        The order p of the norm, at least 1, or ``"inf"`` for the largest absolute element.
    error_if_nonfinite : bool, default False
        Raise, and change nothing, when the norm is NaN or infinite.
    foreach : bool, optional
        Fused calls per device and dtype; by default on CPU and CUDA.

    Returns
    -------
    tensor of no dimension
        The norm before clipping; 0 without gradients.

    Raises
    ------
    RuntimeError
        The norm is not finite and ``error_if_nonfinite`` is true.

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, *On the difficulty of training recurrent neural
    networks*, Algorithm 1.

    Examples
    --------
    >>> w = torch.zeros(2, dtype=torch.float64)
    >>> w.grad = torch.tensor([3.0, 4.0], dtype=torch.float64)
    >>> print(clip_by_global_norm(w, max_norm=1.0).item(), w.grad.numpy().round(3))
    5.0 [0.6 0.8]
    """
    max_norm = number("max_norm", max_norm, above=0, finite=False)
    gradients = gradients_of(parameters)
    norm = total_norm(gradients, norm_type, foreach)
    refuse_nonfinite(norm, error_if_nonfinite)
    factor = max_norm / (norm + EPSILON)
    multiply_(gradients, factor.clamp(max=1.0), foreach)
    return norm


@torch.no_grad()
def clip_by_value(parameters, clip_value, error_if_nonfinite=False, foreach=None):
    r"""Clamp each element of the gradient to ``[-clip_value, clip_value]``.

    .. math:: g_i \leftarrow \max(-\theta, \min(\theta, g_i))

    Each element is cut alone, so the direction turns. As ``torch.nn.utils.clip_grad_value_``.

    Parameters
    ----------
    parameters, error_if_nonfinite, foreach
        As in `clip_by_global_norm`.
    clip_value : float
        The threshold θ on each element, above 0.

    Returns
    -------
    tensor of no dimension
        The L2 norm of the whole gradient before clipping.

    References
    ----------
    Mikolov 2012, *Statistical language models based on neural networks* (PhD thesis).

    Examples
    --------
    >>> w = torch.zeros(2)
    >>> w.grad = torch.tensor([3.0, -0.5])
    >>> norm = clip_by_value(w, clip_value=1.0)
    >>> w.grad
    tensor([ 1.0000, -0.5000])
    """
    clip_value = number("clip_value", clip_value, above=0, finite=False)
    gradients = gradients_of(parameters)
    norm = total_norm(gradients, 2.0, foreach)
    refuse_nonfinite(norm, error_if_nonfinite)
    clamp_(gradients, clip_value, foreach)
    return norm


@torch.no_grad()
def clip_by_infinity_norm(
    parameters, max_norm, how="rescale", error_if_nonfinite=False, foreach=None
):
    r"""Bring the largest absolute element down to a threshold, in one of two readings.

    Both hold :math:`\|g\|_\infty = \max_i |g_i|` at :math:`\theta` or below, and they are two
    different operations: ``"rescale"`` multiplies the whole gradient by
    :math:`\min(1, \theta/\|g\|_\infty)`; ``"clamp"`` cuts each element alone and is
    `clip_by_value`.

    Parameters
    ----------
    parameters, error_if_nonfinite, foreach
        As in `clip_by_global_norm`.
    max_norm : float
        The threshold θ on the largest absolute element, above 0.
    how : {"rescale", "clamp"}
        Which of the two.

    Returns
    -------
    tensor of no dimension
        The largest absolute element before clipping.

    Examples
    --------
    >>> w = torch.zeros(2, dtype=torch.float64)
    >>> for how in ("rescale", "clamp"):
    ...     w.grad = torch.tensor([4.0, -1.0], dtype=torch.float64)
    ...     largest = clip_by_infinity_norm(w, max_norm=1.0, how=how)
    ...     print(how, w.grad.numpy().round(3))
    rescale [ 1.   -0.25]
    clamp [ 1. -1.]
    """
    max_norm = number("max_norm", max_norm, above=0, finite=False)
    how = choice("how", how, ["rescale", "clamp"])
    if how == "rescale":
        return clip_by_global_norm(parameters, max_norm, math.inf, error_if_nonfinite, foreach)
    gradients = gradients_of(parameters)
    largest = total_norm(gradients, math.inf, foreach)
    refuse_nonfinite(largest, error_if_nonfinite)
    clamp_(gradients, max_norm, foreach)
    return largest


@torch.no_grad()
def clip_per_layer(parameters, max_norm, error_if_nonfinite=False):
    r"""Rescale the gradient of each parameter tensor by its own L2 norm.

    .. math:: g_l \leftarrow \min\Bigl(1, \frac{\theta}{\|g_l\|_2}\Bigr)\, g_l

    A weight and its bias are two tensors. Each keeps its direction; the whole does not.

    Parameters
    ----------
    parameters, error_if_nonfinite
        As in `clip_by_global_norm`.
    max_norm : float
        The threshold θ on each tensor, above 0.

    Returns
    -------
    tensor of no dimension
        The L2 norm of the whole gradient before clipping.

    Examples
    --------
    >>> large, small = torch.zeros(1), torch.zeros(1)
    >>> large.grad, small.grad = torch.tensor([100.0]), torch.tensor([0.1])
    >>> norm = clip_per_layer([large, small], max_norm=1.0)
    >>> large.grad, small.grad
    (tensor([1.]), tensor([0.1000]))
    """
    max_norm = number("max_norm", max_norm, above=0, finite=False)
    gradients = gradients_of(parameters)
    norm = total_norm(gradients)
    refuse_nonfinite(norm, error_if_nonfinite)
    for gradient in gradients:
        factor = max_norm / (torch.linalg.vector_norm(gradient) + EPSILON)
        gradient.mul_(factor.clamp(max=1.0))
    return norm

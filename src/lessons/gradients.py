"""The gradients of many parameters read as one vector: collect, measure, change in place."""

import math
import reprlib
import types
import warnings

import numpy as np
import torch

from lessons._check import choice, number

EPSILON = 1e-6  # torch's: no division by zero when every gradient is zero


def as_list(parameters):
    """Return parameters (a tensor, an iterable or a generator) as a list of tensors."""
    if isinstance(parameters, torch.Tensor):
        return [parameters]
    try:
        listed = list(parameters)
    except TypeError:
        kind = type(parameters).__name__
        raise TypeError(
            f"parameters={reprlib.repr(parameters)} is a {kind}; "
            "expected a tensor or an iterable of tensors such as model.parameters()."
        ) from None
    if isinstance(parameters, types.GeneratorType) and not listed:
        warnings.warn(
            "parameters is an empty generator (used up before?): nothing is clipped.",
            UserWarning,
            stacklevel=6,
        )
    for position, parameter in enumerate(listed):
        if not isinstance(parameter, torch.Tensor):
            raise TypeError(
                f"parameters[{position}]={reprlib.repr(parameter)} is a "
                f"{type(parameter).__name__}; expected a tensor."
            )
    return listed


def with_gradients(parameters):
    """Return the parameters whose ``.grad`` is there and has at least one element."""
    found = []
    for position, parameter in enumerate(as_list(parameters)):
        gradient = parameter.grad
        if gradient is None:
            continue
        if gradient.layout != torch.strided:
            raise TypeError(
                f"parameters[{position}].grad has layout {gradient.layout}; expected a dense "
                "tensor: make it one with .to_dense()."
            )
        if gradient.numel() > 0:
            found.append(parameter)
    return found


def gradients_of(parameters):
    """Return the ``.grad`` of each parameter that has one with at least one element."""
    return [parameter.grad for parameter in with_gradients(parameters)]


def norm_order(norm_type):
    """Return the order p of a norm as a float: a number of at least 1, or ``'inf'``."""
    if isinstance(norm_type, str):
        return float(choice("norm_type", norm_type, ["inf"]))
    return number("norm_type", norm_type, least=1, finite=False)


def total_norm(gradients, norm_type=2.0, foreach=None):
    """Return the norm of all gradients read as one long vector, as a tensor of no dimension."""
    norm_type = norm_order(norm_type)
    if not gradients:
        return torch.tensor(0.0)
    norms = []
    for group in _groups(gradients, foreach):
        if len(group) > 1:
            norms.extend(torch._foreach_norm(group, norm_type))
        else:
            norms.append(torch.linalg.vector_norm(group[0], norm_type))
    device = gradients[0].device
    return torch.linalg.vector_norm(torch.stack([norm.to(device) for norm in norms]), norm_type)


def multiply_(gradients, factor, foreach=None):
    """Multiply each gradient in place by the same ``factor`` (a tensor of no dimension)."""
    for group in _groups(gradients, foreach):
        here = factor.to(group[0].device)
        if len(group) > 1:
            torch._foreach_mul_(group, here)
        else:
            group[0].mul_(here)


def clamp_(gradients, limit, foreach=None):
    """Clamp each element of each gradient in place to ``[-limit, limit]``."""
    for gradient in gradients:
        if gradient.is_complex():
            raise TypeError(f"a gradient has dtype {gradient.dtype}; expected real numbers.")
    for group in _groups(gradients, foreach):
        if len(group) > 1:
            torch._foreach_clamp_min_(group, -limit)
            torch._foreach_clamp_max_(group, limit)
        else:
            group[0].clamp_(-limit, limit)


def refuse_nonfinite(norm, error_if_nonfinite):
    """Raise if asked to and the norm is NaN or infinite; called before anything is changed."""
    if error_if_nonfinite and not math.isfinite(norm):
        raise RuntimeError(
            f"The total norm of the gradients is {norm.item()}; expected a finite number. "
            "With error_if_nonfinite=False the gradients are clipped all the same."
        )


def gradient_vector(parameters):
    """Return all gradients as one long float64 vector: a copy, in the order of the parameters.

    Parameters
    ----------
    parameters : tensor or iterable of tensors
        Those without a gradient are skipped.

    Returns
    -------
    Tensor of float64, shape (elements,)

    Examples
    --------
    >>> w, b = torch.zeros(2), torch.zeros(1)
    >>> w.grad, b.grad = torch.tensor([3.0, 4.0]), torch.tensor([0.5])
    >>> gradient_vector([w, b])
    tensor([3.0000, 4.0000, 0.5000], dtype=torch.float64)
    """
    parts = [g.detach().to("cpu", torch.float64).flatten() for g in gradients_of(parameters)]
    return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64)


def direction_cosine(before, after):
    r"""Return the cosine of the angle between two vectors, :math:`a \cdot b / (\|a\| \|b\|)`.

    1 says that the direction is the same. Each vector is first divided by its largest absolute
    element, so that no square overflows or underflows.

    Parameters
    ----------
    before, after : tensors or array-likes of one shape
        For example from `gradient_vector`.

    Returns
    -------
    float
        From -1 to 1. NaN where there is no direction: a vector of zeros or with an element that
        is not finite.

    Raises
    ------
    TypeError, ValueError
        The vectors hold no real numbers, or their shapes differ.

    Examples
    --------
    >>> direction_cosine([1e200, 0.0], [1e-200, 0.0])
    1.0
    >>> print(f"{direction_cosine([3.0, 4.0], [1.0, 1.0]):.3f}")
    0.990
    """
    a, b = as_vector("before", before), as_vector("after", after)
    if a.shape != b.shape:
        raise ValueError(f"after has shape {tuple(b.shape)}; expected {tuple(a.shape)} as before.")
    cosine = _direction(a.flatten()) @ _direction(b.flatten())
    return cosine.clamp(-1.0, 1.0).item()


def as_vector(name, value):
    if isinstance(value, torch.Tensor) and not value.is_complex():
        return value.detach().to("cpu", torch.float64)
    try:
        if value is None or isinstance(value, torch.Tensor):
            raise TypeError
        return torch.as_tensor(np.array(value, dtype=np.float64))
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise TypeError(
            f"{name} is a {kind}; expected real numbers in a tensor or array."
        ) from None


def _groups(gradients, foreach):
    """Split into lists that one fused call can treat: same device and dtype; or one by one."""
    if foreach not in (None, True, False):
        raise TypeError(f"foreach={foreach!r} is unknown; expected True, False or None.")
    if foreach is None:
        foreach = all(gradient.device.type in ("cpu", "cuda") for gradient in gradients)
    if not foreach:
        return [[gradient] for gradient in gradients]
    groups = {}
    for gradient in gradients:
        groups.setdefault((gradient.device, gradient.dtype), []).append(gradient)
    return list(groups.values())


def _direction(vector):
    if not len(vector):
        return vector.new_full((1,), torch.nan)
    scaled = vector / vector.abs().max()
    return scaled / torch.linalg.vector_norm(scaled)

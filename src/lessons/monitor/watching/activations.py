"""Dead and saturated units, read from what the activation modules put out.

A unit is dead when it answers to no sample of the batch: its slope is below 1 % of the steepest
for all of them, so its weights get (almost) no gradient. A value is saturated when it lies where
the slope of a bounded function is below 5 % of the steepest. Activations that are called as
functions (``torch.relu(x)``) are no modules and cannot be seen; for those the track counts the
biases without gradient.
"""

import functools
import math

import torch

# Values looked at per module and step, in whole samples.
MOST_VALUES = 8192
SLOPE_DEAD = 0.01
SLOPE_SATURATED = 0.05

# Class name: (read the input or the output, the unit is dead if its largest value is at most this).
# ReLU: slope 0 at outputs of 0. ELU: slope y + 1. Softplus: slope 1 - exp(-y).
# GELU, SiLU and Mish turn back below 0 and so are read from the input: |slope| < 0.01 left of here.
DEAD = {
    "ReLU": ("output", 0.0),
    "Threshold": ("output", 0.0),
    "ELU": ("output", -1.0 + SLOPE_DEAD),
    "CELU": ("output", -1.0 + SLOPE_DEAD),
    "SELU": ("output", -1.0507009873554805 * 1.6732632423543772 * (1 - SLOPE_DEAD)),
    "Softplus": ("output", -math.log1p(-SLOPE_DEAD)),
    "GELU": ("input", -3.1),
    "SiLU": ("input", -6.8),
    "Mish": ("input", -6.8),
}
# Class name: (middle of the range, distance from it at which the slope is 5 % of the steepest).
SATURATED = {
    "Sigmoid": (0.5, 0.5 * math.sqrt(1 - SLOPE_SATURATED)),
    "Tanh": (0.0, math.sqrt(1 - SLOPE_SATURATED)),
    "Softsign": (0.0, 1 - math.sqrt(SLOPE_SATURATED)),
    "Hardtanh": (0.0, 1.0),
    "Hardsigmoid": (0.5, 0.5),
}
# Modules whose output has its units in dimension 1, before the places.
CHANNELS_FIRST = ("Conv", "BatchNorm", "InstanceNorm", "GroupNorm")


def kind(module):
    """Return "dead" or "saturated", what can be read of this activation; None for other modules.

    Examples
    --------
    >>> kind(torch.nn.ReLU()), kind(torch.nn.Tanh()), kind(torch.nn.LeakyReLU())
    ('dead', 'saturated', None)
    """
    name = _name(type(module))
    if name is None:
        return None
    return "dead" if name in DEAD else "saturated"


@functools.lru_cache(maxsize=512)
def _name(kind_of_module):
    """Return the key of a class of activations; other libraries' ``SiLUActivation`` counts."""
    for cls in kind_of_module.__mro__:
        name = cls.__name__.removesuffix("Activation").removeprefix("New")
        if name in DEAD or name in SATURATED:
            return name
    return None


@functools.lru_cache(maxsize=512)
def is_channels_first(kind_of_module):
    """Return whether modules of this class put out (batch, units, places…)."""
    return kind_of_module.__name__.removeprefix("Lazy").startswith(CHANNELS_FIRST)


def _few(values):
    """Return the first samples of ``values``, about ``MOST_VALUES`` numbers."""
    count = values.numel()
    if count <= MOST_VALUES:
        return values
    return values[: max(1, MOST_VALUES * len(values) // count)]


def largest_by_unit(values, channels_first):
    """Return each unit's largest value: over samples and places, or over samples and time.

    Parameters
    ----------
    values : Tensor
        (batch, units, places…) with ``channels_first``, otherwise (batch, …, units).

    Returns
    -------
    Tensor, shape (units,)
    """
    if values.ndim == 2:
        return _few(values).amax(0)
    unit = 1 if channels_first else values.ndim - 1
    others = [dim for dim in range(values.ndim) if dim != unit]
    return _few(values).amax(others)


def answers(module, inputs, output, channels_first):
    """Return what one call of an activation module shows of dead units or saturated values.

    Parameters
    ----------
    module : nn.Module
        One of those of which `kind` is not None.
    inputs : tuple
    output : Tensor
    channels_first : bool
        See `largest_by_unit`.

    Returns
    -------
    tuple of (Tensor, float) or None
        Numbers and a limit: the share of numbers at or below the limit is wanted. They are each
        unit's largest value, or the negative distances of values from the middle of the range.
        None where nothing can be read.

    Examples
    --------
    >>> y = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    >>> answers(torch.nn.ReLU(), (), y, False)
    (tensor([0., 1.]), 0.0)
    """
    name = _name(type(module))
    if not isinstance(output, torch.Tensor) or output.ndim < 2 or output.numel() == 0:
        return None
    if name in DEAD:
        side, limit = DEAD[name]
        if side == "input" and (getattr(module, "inplace", False) or not inputs):
            return None  # overwritten
        if name in ("ELU", "CELU"):
            limit *= module.alpha
        values = output if side == "output" else inputs[0]
        return largest_by_unit(values.detach(), channels_first), limit
    if name == "Hardtanh":  # and ReLU6
        middle, far = (module.max_val + module.min_val) / 2, (module.max_val - module.min_val) / 2
    else:
        middle, far = SATURATED[name]
    return -(_few(output.detach()) - middle).abs(), -far

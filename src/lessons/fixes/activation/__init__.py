"""Another activation as a cure: the ReLU family written out, SELU's constants, swapped nets.

``forms`` and ``parametric`` hold what is more than a row of ``lessons.activations``;
``fixed_point`` derives two constants; ``units`` swaps an activation and watches neurons that are
never on.
"""

from lessons.fixes.activation.fixed_point import Moments, moments, selu_constants
from lessons.fixes.activation.forms import (
    FORMS,
    elu,
    gelu,
    gelu_tanh_derivative,
    leaky_relu,
    relu,
    selu,
    silu,
    softplus,
)
from lessons.fixes.activation.parametric import PReLUNet, parametric, prelu, prelu_gradients
from lessons.fixes.activation.units import Watched, never_on, outcomes, swapped, watched

__all__ = [
    "FORMS",
    "Moments",
    "PReLUNet",
    "Watched",
    "elu",
    "gelu",
    "gelu_tanh_derivative",
    "leaky_relu",
    "moments",
    "never_on",
    "outcomes",
    "parametric",
    "prelu",
    "prelu_gradients",
    "relu",
    "selu",
    "selu_constants",
    "silu",
    "softplus",
    "swapped",
    "watched",
]

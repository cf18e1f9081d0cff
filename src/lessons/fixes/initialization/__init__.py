"""The first weights: which variance holds the signal forward and the gradient backward?

``fans`` counts connections, ``recipes`` turns counts into random weights, ``further`` holds what
needs data or depth (LSUV, a zero branch, Fixup), ``effect`` measures nets that begin with them.
"""

from lessons.fixes.initialization.effect import (
    different_neurons,
    net,
    per_neuron,
    reached,
    residual_growth,
)
from lessons.fixes.initialization.fans import Fans, fans
from lessons.fixes.initialization.further import BRANCHES, ResidualNet, lsuv_, residual_net
from lessons.fixes.initialization.recipes import (
    RECIPES,
    deviation,
    fill_,
    gain_backward,
    gain_forward,
    orthogonal_,
)

__all__ = [
    "BRANCHES",
    "RECIPES",
    "Fans",
    "ResidualNet",
    "deviation",
    "different_neurons",
    "fans",
    "fill_",
    "gain_backward",
    "gain_forward",
    "lsuv_",
    "net",
    "orthogonal_",
    "per_neuron",
    "reached",
    "residual_growth",
    "residual_net",
]

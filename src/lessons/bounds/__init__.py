"""Part *bounds*: what one neuron, and a layer of them, can do to a gradient."""

from lessons.bounds.chance import Estimate, factor_chance, sampled_chance
from lessons.bounds.sigmoid import (
    WidestWindow,
    explosion_intervals,
    explosion_width,
    widest_edge,
    widest_window,
)

__all__ = [
    "Estimate",
    "WidestWindow",
    "explosion_intervals",
    "explosion_width",
    "factor_chance",
    "sampled_chance",
    "widest_edge",
    "widest_window",
]

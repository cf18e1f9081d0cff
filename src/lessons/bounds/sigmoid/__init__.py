"""Where, and how likely, one neuron can make a gradient grow."""

from lessons.bounds.sigmoid.chance import Estimate, factor_chance, sampled_chance
from lessons.bounds.sigmoid.width import (
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

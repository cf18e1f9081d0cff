"""One knob, the activation: its slopes, how many neurons saturate or die, and what gets through."""

from lessons.causes.activations.dead import off_and_dead, shifted
from lessons.causes.activations.prediction import (
    held_factors,
    predicted,
    predicted_logs,
    root_mean_square_slope,
)
from lessons.causes.activations.slopes import Passing, means, net, passing, slopes_by_layer

__all__ = [
    "Passing",
    "held_factors",
    "means",
    "net",
    "off_and_dead",
    "passing",
    "predicted",
    "predicted_logs",
    "root_mean_square_slope",
    "shifted",
    "slopes_by_layer",
]

"""One matrix used at each step against as many different ones; a recurrent net through time."""

from lessons.causes.depth_and_recurrence.powers import (
    Growth,
    draw,
    growth,
    predicted_spread,
    relay,
    relay_norms,
    spectral_radius,
    spread,
)
from lessons.causes.depth_and_recurrence.sequences import Course, StepFactors, course, step_factors

__all__ = [
    "Course",
    "Growth",
    "StepFactors",
    "course",
    "draw",
    "growth",
    "predicted_spread",
    "relay",
    "relay_norms",
    "spectral_radius",
    "spread",
    "step_factors",
]

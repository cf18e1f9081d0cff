"""Losses of regression: which of them bound the gradient of one sample, and what that is worth."""

from lessons.fixes.losses.effect import (
    LOSSES,
    Outcome,
    by_layer,
    linear_error,
    patients,
    starts_learning,
    trained,
    wrong_input,
)
from lessons.fixes.losses.functions import absolute, huber, log_cosh, smooth_l1, squared
from lessons.fixes.losses.robust import best_constant, efficiency, fit_line, middle_spread

__all__ = [
    "LOSSES",
    "Outcome",
    "absolute",
    "best_constant",
    "by_layer",
    "efficiency",
    "fit_line",
    "huber",
    "linear_error",
    "log_cosh",
    "middle_spread",
    "patients",
    "smooth_l1",
    "squared",
    "starts_learning",
    "trained",
    "wrong_input",
]

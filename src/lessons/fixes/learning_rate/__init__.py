"""The learning rate: schedules and steps written out, and when the step is what is too long."""

from lessons.fixes.learning_rate.effect import by_layer, quadratic_noise, wall_path
from lessons.fixes.learning_rate.rules import adam, momentum, nesterov, plain
from lessons.fixes.learning_rate.schedules import constant, cosine, exponential, staircase, warm_up
from lessons.race import Race, race

__all__ = [
    "Race",
    "adam",
    "by_layer",
    "constant",
    "cosine",
    "exponential",
    "momentum",
    "nesterov",
    "plain",
    "quadratic_noise",
    "race",
    "staircase",
    "wall_path",
    "warm_up",
]

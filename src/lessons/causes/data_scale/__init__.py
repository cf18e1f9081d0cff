"""The scale of the data: what units, means, outliers and raw targets do to the first gradient."""

from lessons.causes.data_scale.bowl import PREPARATIONS, Descent, descent, prepare
from lessons.causes.data_scale.learning import digits_learned, progression_left
from lessons.causes.data_scale.nets import NETS, build, one_wrong_number, response, two_ways

__all__ = [
    "NETS",
    "PREPARATIONS",
    "Descent",
    "build",
    "descent",
    "digits_learned",
    "one_wrong_number",
    "prepare",
    "progression_left",
    "response",
    "two_ways",
]

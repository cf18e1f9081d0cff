"""Figures of the chapter *Which threshold?*"""

from functools import partial

from lessons._check import number
from lessons.fixes.clip_threshold import adaptive_clip
from lessons.plots.regions import cut_gradients, rectangle

FIRST_WEIGHT = 1.0


def adaptive_in_two_dimensions(ratio, second_weight):
    """Draw 24 gradients of two units before and after adaptive clipping, and what it allows.

    Parameters
    ----------
    ratio : float
        λ, the largest ratio of gradient to weight, above 0.
    second_weight : float
        The second unit's only weight, at least 1e-3 (AGC's ε); the first unit's is 1.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
        The figure, and a sentence with its numbers for those who do not see it.
    """
    ratio = number("ratio", ratio, above=0)
    second = number("second_weight", second_weight, least=1e-3)
    border = rectangle(ratio * FIRST_WEIGHT, ratio * second)
    title = f"AGC, λ = {ratio:g}, weights {FIRST_WEIGHT:g} and {second:g}"
    clip = partial(adaptive_clip, clip_factor=ratio)
    return cut_gradients(clip, border, title, (FIRST_WEIGHT, second))

"""Figures of the course: arrays in, one labelled figure out, in one style, for every screen."""

from lessons.plots.canvas import canvas, narrow, style, use_svg
from lessons.plots.colors import COLORS, look
from lessons.plots.curves import lines, training_curves
from lessons.plots.layers import gradient_by_layer
from lessons.plots.maps import heatmap
from lessons.plots.picture import Picture, picture, pictured
from lessons.plots.seeds import over_seeds

__all__ = [
    "COLORS",
    "Picture",
    "canvas",
    "gradient_by_layer",
    "heatmap",
    "lines",
    "look",
    "narrow",
    "over_seeds",
    "picture",
    "pictured",
    "style",
    "training_curves",
    "use_svg",
]

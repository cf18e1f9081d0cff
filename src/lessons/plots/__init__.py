"""Figures of the course: arrays in, one labelled figure out, in one style."""

from lessons.plots.canvas import COLORS, canvas, look, style, use_svg
from lessons.plots.curves import lines, training_curves
from lessons.plots.layers import gradient_by_layer
from lessons.plots.maps import heatmap

__all__ = [
    "COLORS",
    "canvas",
    "gradient_by_layer",
    "heatmap",
    "lines",
    "look",
    "style",
    "training_curves",
    "use_svg",
]

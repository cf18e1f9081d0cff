"""The chapter *Why is the start so steep?*: height, slope, curvature, and the step over them."""

from lessons.causes.loss_surface.descent import Descents, descents
from lessons.causes.loss_surface.height import loss_and_slope
from lessons.causes.loss_surface.wall import Starts, starts

__all__ = ["Descents", "Starts", "descents", "loss_and_slope", "starts"]

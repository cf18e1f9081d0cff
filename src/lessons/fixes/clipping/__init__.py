"""Clipping: cut a gradient that is too long before the optimizer uses it."""

from lessons.fixes.clipping.cuts import (
    clip_by_global_norm,
    clip_by_infinity_norm,
    clip_by_value,
    clip_per_layer,
)
from lessons.fixes.clipping.effect import ClipEffect, compare

__all__ = [
    "ClipEffect",
    "clip_by_global_norm",
    "clip_by_infinity_norm",
    "clip_by_value",
    "clip_per_layer",
    "compare",
]

"""Normalising inside a net: what it fixes, and what it makes worse."""

from lessons.fixes.batch_norm.landscape import largest_cosine_rate, scaled_weights
from lessons.fixes.batch_norm.layer import BatchNorm, Normalize
from lessons.fixes.batch_norm.learning import Reached, fit
from lessons.fixes.batch_norm.nets import (
    NORMS,
    NormedMLP,
    factor_per_layer,
    normed,
    saturated_share,
)
from lessons.fixes.batch_norm.others import GroupNorm, LayerNorm, RMSNorm

__all__ = [
    "NORMS",
    "BatchNorm",
    "GroupNorm",
    "LayerNorm",
    "Normalize",
    "NormedMLP",
    "RMSNorm",
    "Reached",
    "factor_per_layer",
    "fit",
    "largest_cosine_rate",
    "normed",
    "saturated_share",
    "scaled_weights",
]

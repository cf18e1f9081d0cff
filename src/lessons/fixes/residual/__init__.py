"""The chapter *Why does adding x make 56 layers trainable?*: blocks, streams, paths, noise."""

from lessons.fixes.residual.block import Block, ResidualNet, residual_net
from lessons.fixes.residual.learning import TARGETS, Reached, fit_error, reach, with_statistics_of
from lessons.fixes.residual.paths import mean_length, path_gradients, path_shares, predicted_shares
from lessons.fixes.residual.shattered import agreement_by_distance, line_gradients
from lessons.fixes.residual.stream import (
    BRANCHES,
    Stream,
    gradient_growth,
    growth,
    net_of,
    stream,
)

__all__ = [
    "BRANCHES",
    "TARGETS",
    "Block",
    "Reached",
    "ResidualNet",
    "Stream",
    "agreement_by_distance",
    "fit_error",
    "gradient_growth",
    "growth",
    "line_gradients",
    "mean_length",
    "net_of",
    "path_gradients",
    "path_shares",
    "predicted_shares",
    "reach",
    "residual_net",
    "stream",
    "with_statistics_of",
]

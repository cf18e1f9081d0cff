"""Depth: what fewer layers gain and lose, at equal parameters, and what many layers can fold."""

from lessons.fixes.depth.budget import parameters_of, width_for
from lessons.fixes.depth.pieces import breakpoints, count_pieces, pieces_of, sawtooth, tooth

__all__ = [
    "breakpoints",
    "count_pieces",
    "parameters_of",
    "pieces_of",
    "sawtooth",
    "tooth",
    "width_for",
]

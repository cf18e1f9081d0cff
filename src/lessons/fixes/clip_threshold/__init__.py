"""How the threshold of clipping is chosen, and what it does to the average step."""

from lessons.fixes.clip_threshold.adam import adam_steps
from lessons.fixes.clip_threshold.adaptive import adaptive_clip
from lessons.fixes.clip_threshold.bias import expected_after_clipping
from lessons.fixes.clip_threshold.norms import NormPercentiles, norm_percentiles, recording

__all__ = [
    "NormPercentiles",
    "adam_steps",
    "adaptive_clip",
    "expected_after_clipping",
    "norm_percentiles",
    "recording",
]

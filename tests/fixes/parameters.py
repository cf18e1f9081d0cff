"""Parameters with gradients, and every way of clipping, for the tests of both chapters."""

import math
from functools import partial

import pytest
import torch
from hypothesis import strategies as st
from torch import nn

from lessons.fixes.clip_threshold import adaptive_clip
from lessons.fixes.clipping import (
    clip_by_global_norm,
    clip_by_infinity_norm,
    clip_by_value,
    clip_per_layer,
)
from lessons.gradients import gradient_vector

INF, NAN = math.inf, math.nan
METHODS = {
    "global": partial(clip_by_global_norm, max_norm=1.0),
    "global inf": partial(clip_by_global_norm, max_norm=1.0, norm_type="inf"),
    "value": partial(clip_by_value, clip_value=1.0),
    "rescale": partial(clip_by_infinity_norm, max_norm=1.0, how="rescale"),
    "clamp": partial(clip_by_infinity_norm, max_norm=1.0, how="clamp"),
    "layer": partial(clip_per_layer, max_norm=1.0),
    "adaptive": partial(adaptive_clip, clip_factor=0.01),
}
every_method = pytest.mark.parametrize("clip", METHODS.values(), ids=METHODS.keys())

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
vectors = st.lists(st.lists(numbers, min_size=1, max_size=5), min_size=1, max_size=4)
thresholds = st.floats(1e-3, 1e3)


def with_gradients(*gradients):
    """Parameters of ones whose gradients are copies of these; None gives one without."""
    parameters = []
    for gradient in gradients:
        shape = (2,) if gradient is None else gradient.shape
        dtype = torch.float64 if gradient is None else gradient.dtype
        parameter = nn.Parameter(torch.ones(shape, dtype=dtype))
        parameter.grad = None if gradient is None else gradient.clone()
        parameters.append(parameter)
    return parameters


def normal(*shapes, scale=1.0, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return [
        scale * torch.randn(s, generator=generator, dtype=torch.float64).to(dtype) for s in shapes
    ]


def grads(parameters):
    return [parameter.grad for parameter in parameters]


def assert_same(ours, theirs, exact=True):
    for a, b in zip(grads(ours), grads(theirs), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(
                a, b, equal_nan=True, **({"rtol": 0, "atol": 0} if exact else {})
            )


def from_lists(lists):
    return with_gradients(*(torch.tensor(values, dtype=torch.float64) for values in lists))


def clipped(clip, lists, *threshold):
    parameters = from_lists(lists)
    before = gradient_vector(parameters)
    clip(parameters, *threshold)
    return before, gradient_vector(parameters)

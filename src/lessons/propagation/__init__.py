"""How a random net multiplies a gradient: by measurement, by simulation, by mean-field theory."""

from lessons.propagation.chain import Chain, chain
from lessons.propagation.correlation import (
    CriticalPoint,
    DepthScale,
    correlation_fixed_point,
    correlation_map,
    critical_line,
    depth_scale,
)
from lessons.propagation.jacobian import jacobian_singular_values, top_hessian_eigenvalue
from lessons.propagation.layer import layer_factor
from lessons.propagation.mean_field import (
    chi,
    mean_field_factor,
    mean_field_factors,
    variance_fixed_point,
    variance_map,
)
from lessons.propagation.normalized import batch_norm_growth
from lessons.propagation.sweep import Sweep, sweep
from lessons.propagation.through_time import through_time

__all__ = [
    "Chain",
    "CriticalPoint",
    "DepthScale",
    "Sweep",
    "batch_norm_growth",
    "chain",
    "chi",
    "correlation_fixed_point",
    "correlation_map",
    "critical_line",
    "depth_scale",
    "jacobian_singular_values",
    "layer_factor",
    "mean_field_factor",
    "mean_field_factors",
    "sweep",
    "through_time",
    "top_hessian_eigenvalue",
    "variance_fixed_point",
    "variance_map",
]

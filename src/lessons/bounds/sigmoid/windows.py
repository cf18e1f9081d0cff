r"""The sets of z on which \|w f′(z)\| > 1, for every activation of the table.

``lessons.bounds.sigmoid`` turns them into intervals of x.
"""

import numpy as np
import torch

from lessons.activations import ACTIVATIONS, LEAKY_SLOPE, SELU_SCALE, get

# f′ of GELU and SiLU is 0 in float64 below −750.
_FAR = 750.0


def _root(derivative, target, low, high, rising):
    """Bisect ``derivative(z) = target`` elementwise, down to neighbouring floats."""
    low, high = np.full_like(target, low), np.full_like(target, high)
    for _ in range(64):
        middle = (low + high) / 2
        below = derivative(torch.from_numpy(middle)).numpy() < target
        low, high = np.where(below == rising, middle, low), np.where(below == rising, high, middle)
    return (low + high) / 2


def _bump_windows(activation, size):
    """Return the windows of GELU or SiLU.

    Their f′ falls from 0 to a minimum at −p, rises to a maximum at p and falls to 1, with
    f′(z) + f′(−z) = 1. So the far root beyond p is the mirror image of one below −p.
    """
    p, top = activation.steepest_at, activation.steepest_slope
    size = np.maximum(size, activation.critical_weight)
    target = 1 / size
    falling = (-_FAR, -p, False)
    rising = (-p, p, True)

    def root(value, branch):
        return _root(activation.derivative, value, *branch)

    # f′(z) − 1 = 1/|w| − 1, written so that nothing cancels near |w| = 1.
    end = np.where(size >= 1, np.inf, -root((size - 1) / size, falling))
    start = np.where(target < top, root(target, rising), end)
    dip = target < top - 1
    dip_start = np.where(dip, root(-target, falling), -p)
    dip_end = np.where(dip, root(-target, rising), -p)
    return [(dip_start, dip_end), (start, end)]


def windows(activation, size):
    """Return [(low, high), …] in z for the array ``size`` of |w|; low ≥ high means empty."""
    zero = np.zeros_like(size)
    above = np.maximum(size, 1.0)
    half_line = np.where(size > 1, np.inf, zero)
    match activation.name:
        case "sigmoid":  # 1/|w| = σ′(z) = 1/(2 + 2 cosh z); arccosh(1 + t) without cancellation
            t = np.maximum(size - 4, 0) / 2
            half = np.log1p(t + np.sqrt(t) * np.sqrt(t + 2))
            return [(-half, half)]
        case "tanh":  # 1/|w| = 1/cosh² z, that is sinh² z = |w| − 1
            half = np.arcsinh(np.sqrt(above - 1))
            return [(-half, half)]
        case "softplus":  # 1/|w| = σ(z)
            low = -np.log(np.where(size > 1, size - 1, 1.0))
            return [(low, np.where(size > 1, np.inf, low))]
        case "identity":
            return [(-half_line, half_line)]
        case "relu":
            return [(zero, half_line)]
        case "leaky_relu":
            return [(np.where(size > 1 / LEAKY_SLOPE, -np.inf, zero), half_line)]
        case "elu":
            low = -np.log(above)
            return [(low, np.where(size > 1, np.inf, low))]
        case "selu":
            critical = activation.critical_weight
            low = np.log(critical) - np.log(np.maximum(size, critical))
            return [(low, np.where(size > 1 / SELU_SCALE, np.inf, zero))]
        case _:
            return _bump_windows(activation, size)


def known(activation):
    """Return the activation if it is one of the table: only those have windows here."""
    activation = get(activation)
    if ACTIVATIONS.get(activation.name) is not activation:
        raise ValueError(
            f"activation={activation!r} is not in lessons.activations.ACTIVATIONS; "
            f"expected one of {', '.join(map(repr, ACTIVATIONS))}."
        )
    return activation

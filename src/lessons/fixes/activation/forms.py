"""The ReLU family written out, as far as it is more than a call: f(x) in elementary functions.

Their derivatives stand in ``lessons.activations``; here are those that the table lacks.
"""

import math

import torch

from lessons._check import choice, number
from lessons.activations import LEAKY_SLOPE, SELU_ALPHA, SELU_SCALE

# Hendrycks and Gimpel (2016): chosen by them so that the tanh form is near the exact one.
GELU_CUBE = 0.044715
_ROOT = math.sqrt(2 / math.pi)


def relu(x):
    """Return x where x > 0, else 0.

    Examples
    --------
    >>> relu(torch.tensor([-2.0, 3.0])).tolist()
    [0.0, 3.0]
    """
    return torch.where(_floating(x) > 0, x, 0)


def leaky_relu(x, slope=LEAKY_SLOPE):
    """Return x where x > 0, else ``slope`` · x (Maas, Hannun and Ng, 2013)."""
    return torch.where(_floating(x) > 0, x, number("slope", slope) * x)


def elu(x, alpha=1.0):
    """Return x where x > 0, else ``alpha`` (eˣ − 1) (Clevert, Unterthiner and Hochreiter, 2016).

    Examples
    --------
    >>> round(elu(torch.tensor(-1.0)).item(), 3)
    -0.632
    """
    # The branch that is not taken is computed too, and must not overflow.
    left = torch.expm1(_floating(x).clamp(max=0))
    return torch.where(x > 0, x, number("alpha", alpha) * left)


def selu(x):
    """Return ``SELU_SCALE`` · elu(x, ``SELU_ALPHA``) (Klambauer et al., 2017)."""
    return SELU_SCALE * elu(x, SELU_ALPHA)


def gelu(x, approximate="none"):
    r"""Return x Φ(x), where Φ is the share of a normal distribution below x.

    Parameters
    ----------
    x : Tensor
    approximate : str
        "none": :math:`\Phi(x) = \tfrac12 \operatorname{erfc}(-x/\sqrt2)`; "tanh": instead of Φ
        :math:`\tfrac12 (1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715 x^3)))`.

    References
    ----------
    Hendrycks and Gimpel, 2016.

    Examples
    --------
    >>> x = torch.tensor(-1.0)
    >>> f"{gelu(x).item():.4f} {gelu(x, approximate='tanh').item():.4f}"
    '-0.1587 -0.1588'
    """
    if choice("approximate", approximate, ("none", "tanh")) == "none":
        return _floating(x) * torch.special.erfc(-x / math.sqrt(2)) / 2
    # ½ (1 + tanh u) = σ(2u), which keeps its digits far on the left.
    return x * torch.sigmoid(2 * _inner(_floating(x)))


def gelu_tanh_derivative(x):
    """Return the derivative of ``gelu(x, "tanh")``.

    Examples
    --------
    >>> gelu_tanh_derivative(torch.tensor([0.0, 1e4])).tolist()
    [0.5, 1.0]
    """
    near = _floating(x).clamp(-20, 20)  # farther out the bump is 0, and its square may overflow
    share, rest = torch.sigmoid(2 * _inner(near)), torch.sigmoid(-2 * _inner(near))
    return share + 2 * near * share * rest * _ROOT * (1 + 3 * GELU_CUBE * near * near)


def silu(x):
    """Return x σ(x), also called Swish (Ramachandran, Zoph and Le, 2017)."""
    return _floating(x) * torch.sigmoid(x)


def softplus(x):
    """Return ln(1 + eˣ), also far on the right, where eˣ overflows.

    Examples
    --------
    >>> softplus(torch.tensor([0.0, 1000.0])).tolist()
    [0.6931471824645996, 1000.0]
    """
    return torch.logaddexp(_floating(x), torch.zeros_like(x))


FORMS = {
    f.__name__: f for f in (relu, leaky_relu, elu, selu, gelu, silu, softplus)
}  # their derivatives: lessons.activations.get(name).derivative


def _inner(x):
    return _ROOT * (x + GELU_CUBE * x * x * x)


def _floating(x):
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        kind = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
        raise TypeError(f"x is a {kind}; expected a tensor of floating-point numbers.")
    return x

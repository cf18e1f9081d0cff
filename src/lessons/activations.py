"""The activation functions of the course, in one table: f, f′ and how steep f can be.

The steepest slope decides when one neuron ``f(w x + b)`` can enlarge a gradient: the factor
``|w f′(w x + b)|`` exceeds 1 for no x at all while ``|w|`` is at most 1 / (steepest slope).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from lessons import tables
from lessons._check import choice, number

LEAKY_SLOPE = 0.01
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717
# SiLU is steepest where x tanh(x/2) = 2; its slope there is 1/2 + x/4.
SILU_STEEPEST_AT = 2.399357280515467667832739697282


@dataclass(frozen=True)
class Activation:
    r"""One activation function f with what the course needs to know of it.

    Attributes
    ----------
    name, label : str
        The key in ``ACTIVATIONS`` and the name for readers.
    function, derivative : callable
        f and f′: a floating-point tensor in, a tensor of the same shape and dtype out. At a
        kink f′ is the value that torch's autograd gives there (ReLU: 0).
    steepest_slope : float
        The supremum of :math:`|f'(x)|` over all real x.
    steepest_at : float
        A point x where the supremum is reached, or the limit point towards which ``|f′|``
        rises to it.
    steepest_where : str
        The same in words, for every such x.
    formula : str
        f(x) in LaTeX.

    Notes
    -----
    The supremum is not reached by softplus (:math:`f' \to 1` as :math:`x \to \infty`) nor by
    SELU (:math:`f' \to 1.7581` as x rises to 0; autograd gives that limit to the kink itself).
    """

    name: str
    label: str
    function: Callable[[torch.Tensor], torch.Tensor]
    derivative: Callable[[torch.Tensor], torch.Tensor]
    steepest_slope: float
    steepest_at: float
    steepest_where: str
    formula: str

    @property
    def critical_weight(self):
        """``1 / steepest_slope``: |w f′(wx+b)| can exceed 1 only for |w| above it."""
        return 1.0 / self.steepest_slope

    def __repr__(self):
        return (
            f"Activation({self.name!r}, steepest slope {self.steepest_slope:.4f}"
            f" at {self.steepest_where}, critical weight {self.critical_weight:.4f})"
        )


def _sigmoid_derivative(x):
    # σ(x) σ(−x) keeps its digits where 1 − σ(x) would cancel.
    return torch.sigmoid(x) * torch.sigmoid(-x)


def _tanh_derivative(x):
    return 4 * torch.sigmoid(2 * x) * torch.sigmoid(-2 * x)


def _relu_derivative(x):
    return (x > 0).to(x.dtype)


def _leaky_relu(x):
    return F.leaky_relu(x, LEAKY_SLOPE)


def _leaky_relu_derivative(x):
    return torch.where(x > 0, torch.ones_like(x), torch.full_like(x, LEAKY_SLOPE))


def _elu_derivative(x):
    return torch.exp(x.clamp(max=0))


def _selu_derivative(x):
    left = SELU_SCALE * SELU_ALPHA * torch.exp(x.clamp(max=0))
    return torch.where(x > 0, torch.full_like(x, SELU_SCALE), left)


def _gelu_derivative(x):
    density = torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return torch.special.erfc(-x / math.sqrt(2)) / 2 + x * density


def _silu_derivative(x):
    return torch.sigmoid(x) * (1 + x * torch.sigmoid(-x))


def _softplus(x):
    # torch's softplus returns x itself above its threshold of 20, an error of 2e-9.
    return -F.logsigmoid(-x)


def _identity(x):
    return x


_GELU_STEEPEST = (1 + math.erf(1.0)) / 2 + math.exp(-1.0) / math.sqrt(math.pi)
_SILU_STEEPEST = 0.5 + SILU_STEEPEST_AT / 4

ACTIVATIONS = {
    a.name: a
    for a in (
        Activation("sigmoid", "Sigmoid", torch.sigmoid, _sigmoid_derivative,
                   0.25, 0.0, "x = 0", r"\frac{1}{1+e^{-x}}"),
        Activation("tanh", "Tanh", torch.tanh, _tanh_derivative,
                   1.0, 0.0, "x = 0", r"\tanh x"),
        Activation("relu", "ReLU", torch.relu, _relu_derivative, 1.0, 1.0, "x > 0", r"\max(0, x)"),
        Activation("leaky_relu", "Leaky ReLU", _leaky_relu, _leaky_relu_derivative,
                   1.0, 1.0, "x > 0", r"\max(0.01\,x, x)"),
        Activation("elu", "ELU", F.elu, _elu_derivative,
                   1.0, 1.0, "x ≥ 0", r"x \text{ if } x > 0 \text{ else } e^x - 1"),
        Activation("selu", "SELU", F.selu, _selu_derivative,
                   SELU_SCALE * SELU_ALPHA, 0.0, "x → 0 from below",
                   r"1.0507\,x \text{ if } x > 0 \text{ else } 1.7581\,(e^x - 1)"),
        Activation("gelu", "GELU", F.gelu, _gelu_derivative,
                   _GELU_STEEPEST, math.sqrt(2), "x = √2 = 1.4142",
                   r"\frac{x}{2}\left(1+\operatorname{erf}\frac{x}{\sqrt2}\right)"),
        Activation("silu", "SiLU", F.silu, _silu_derivative,
                   _SILU_STEEPEST, SILU_STEEPEST_AT, "x = 2.3994", r"\frac{x}{1+e^{-x}}"),
        Activation("softplus", "Softplus", _softplus, torch.sigmoid,
                   1.0, math.inf, "x → ∞", r"\ln(1+e^x)"),
        Activation("identity", "Identity", _identity, torch.ones_like, 1.0, 0.0, "every x", "x"),
    )
}  # fmt: skip


def get(activation):
    """Return the ``Activation`` of that name, or raise a ValueError with the nearest name.

    An ``Activation`` is returned as it is.

    Examples
    --------
    >>> get("gelu")
    Activation('gelu', steepest slope 1.1289 at x = √2 = 1.4142, critical weight 0.8858)
    """
    if isinstance(activation, Activation):
        return activation
    return ACTIVATIONS[choice("activation", activation, ACTIVATIONS)]


def table(*names):
    """Return the named activations (default: all) as a table to look at.

    Returns
    -------
    lessons.tables.Table

    Examples
    --------
    >>> table("sigmoid", "softplus")
    activation  steepest slope  where  critical weight
    Sigmoid               0.25  x = 0                4
    Softplus                 1  x → ∞                1
    """
    found = map(get, names or ACTIVATIONS)
    return tables.table(
        [(a.label, a.steepest_slope, a.steepest_where, a.critical_weight) for a in found],
        ["activation", "steepest slope", "where", "critical weight"],
    )


def leaky(slope):
    r"""Return a leaky ReLU of any slope: :math:`f(x) = x` for x > 0, else ``slope`` · x.

    Parameters
    ----------
    slope : float
        On the negative side, from -1 to 1: 0 is ReLU, 1 is linear, -1 is the absolute value.

    Returns
    -------
    Activation

    Raises
    ------
    TypeError, ValueError
        If ``slope`` is no number from -1 to 1.

    References
    ----------
    Maas, Hannun and Ng, 2013; He et al., 2015, eq. 1 (there the slope is learned).

    Examples
    --------
    >>> leaky(0.25).function(torch.tensor([-2.0, 2.0])).tolist()
    [-0.5, 2.0]
    """
    slope = number("slope", slope, least=-1, most=1)

    def derivative(x):
        return torch.where(x > 0, torch.ones_like(x), torch.full_like(x, slope))

    return Activation(
        f"leaky_{slope:g}", f"Leaky {slope:g}", lambda x: F.leaky_relu(x, slope), derivative,
        1.0, 1.0, "x > 0", rf"x \text{{ if }} x > 0 \text{{ else }} {slope:g}\,x",
    )  # fmt: skip

"""Mean-field theory of very wide random layers: variance and correlation maps, χ, critical line."""

import math

from scipy.optimize import brentq

from lessons import activations
from lessons._check import integer, number
from lessons.propagation.expectation import LARGEST, SMALLEST, expectation

# With f(cx) = c f(x) for c > 0 every variance behaves alike.
HOMOGENEOUS = ("relu", "leaky_relu", "identity")


def _variances(weight_variance, bias_variance):
    return (
        number("weight_variance", weight_variance, above=0, most=1e30),
        number("bias_variance", bias_variance, least=0, most=1e30),
    )


def _mean_square(function, variance):
    return expectation(lambda x: function(x) ** 2, variance)


def variance_map(activation, variance, weight_variance, bias_variance=0.0):
    r"""Return the variance of the next layer's pre-activations.

    .. math:: q_{l+1} = \sigma_w^2\, \mathbb E f(\sqrt{q_l} z)^2 + \sigma_b^2, \quad z \sim N(0, 1)

    Parameters
    ----------
    activation : str or Activation
    variance : float
        :math:`q_l`, from 0 to 1e100.
    weight_variance : float
        :math:`\sigma_w^2 = n \operatorname{Var} w`: the width times the variance of one weight.
    bias_variance : float
        :math:`\sigma_b^2`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    References
    ----------
    Poole et al., 2016, eq. 3.

    Examples
    --------
    >>> round(variance_map("relu", 3.0, 2.0), 6)
    3.0
    """
    activation = activations.get(activation)
    variance = number("variance", variance, least=0, most=LARGEST)
    weight_variance, bias_variance = _variances(weight_variance, bias_variance)
    return weight_variance * _mean_square(activation.function, variance) + bias_variance


def variance_fixed_point(activation, weight_variance, bias_variance=0.0, *, start=1.0):
    r"""Return the variance :math:`q^*` that the map, begun at ``start``, comes to.

    Parameters
    ----------
    activation, weight_variance, bias_variance
        See :func:`variance_map`.
    start : float
        The first variance, above 0.

    Returns
    -------
    float
        0.0 if the signal dies out, infinity if it grows without end. Where every variance is a
        fixed point (ReLU with :math:`\sigma_w^2 = 2`), ``start`` itself.

    Notes
    -----
    The map grows with q, so a walk along it never turns round: it ends at the nearest fixed
    point in the direction of its first step.

    Examples
    --------
    >>> variance_fixed_point("tanh", 0.9), variance_fixed_point("relu", 2.5)
    (0.0, inf)
    """
    activation = activations.get(activation)
    weight_variance, bias_variance = _variances(weight_variance, bias_variance)
    start = number("start", start, above=0, most=1e30)

    def ahead(log_q):
        q = math.exp(log_q)
        return (weight_variance * _mean_square(activation.function, q) + bias_variance) / q - 1

    here = math.log(start)
    first = ahead(here)
    if abs(first) < 1e-9:
        return start
    way = 0.1 if first > 0 else -0.1
    while math.log(SMALLEST) < here < math.log(LARGEST):
        there = here + way
        if ahead(there) * first <= 0:
            return math.exp(brentq(ahead, *sorted((here, there)), xtol=1e-14, rtol=1e-14))
        here, way = there, way * 1.15
    return math.inf if way > 0 else 0.0


def _settled(activation, weight_variance, bias_variance):
    q = variance_fixed_point(activation, weight_variance, bias_variance)
    return min(max(q, SMALLEST), LARGEST)


def chi(activation, weight_variance, bias_variance=0.0):
    r"""Return :math:`\chi = \sigma_w^2\, \mathbb E f'(\sqrt{q^*} z)^2` at the fixed point.

    The factor of one layer on the *squared* gradient norm: above 1 gradients explode and two
    nearly equal inputs part; below 1 gradients vanish and inputs become alike.

    Parameters
    ----------
    activation, weight_variance, bias_variance
        See :func:`variance_map`.

    References
    ----------
    Schoenholz et al., 2017, eq. 5.

    Examples
    --------
    >>> round(chi("relu", 2.0), 6)
    1.0
    """
    activation = activations.get(activation)
    weight_variance, bias_variance = _variances(weight_variance, bias_variance)
    q = _settled(activation, weight_variance, bias_variance)
    return weight_variance * _mean_square(activation.derivative, q)


def mean_field_factor(activation, weight_variance, bias_variance=0.0, *, depth=40):
    r"""Predict :func:`layer_factor` for very wide layers: :math:`\sqrt\chi`.

    .. math:: q_{l+1} = \sigma_w^2\, \mathbb E f(\sqrt{q_l} z)^2 + \sigma_b^2, \qquad
        \chi = \sigma_w^2\, \mathbb E f'(\sqrt{q} z)^2, \qquad z \sim N(0, 1)

    Parameters
    ----------
    activation : str or Activation
    weight_variance : float
        :math:`\sigma_w^2 = n \operatorname{Var} w`: the width times the variance of one weight,
        up to 1e30.
    bias_variance : float
        :math:`\sigma_b^2`.
    depth : int
        Layers after which χ is taken, from a first pre-activation variance of
        :math:`\sigma_w^2 + \sigma_b^2`.

    Returns
    -------
    float
        Above 1 gradients explode, below 1 they vanish.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    References
    ----------
    Poole et al., 2016, eq. 3; Schoenholz et al., 2017, eq. 5.

    Examples
    --------
    >>> round(mean_field_factor("relu", 2.0), 6)
    1.0
    """
    return mean_field_factors(activation, weight_variance, bias_variance, depth=depth)[-1]


def mean_field_factors(activation, weight_variance, bias_variance=0.0, *, depth=40):
    """Predict the factor of each layer, 1 … ``depth``, before the signal has settled too.

    Arguments and errors are those of :func:`mean_field_factor`, which returns the last one.

    Returns
    -------
    list of float

    Examples
    --------
    >>> [round(factor, 3) for factor in mean_field_factors("tanh", 1.0, depth=3)]
    [0.681, 0.798, 0.852]
    """
    activation = activations.get(activation)
    weight_variance, bias_variance = _variances(weight_variance, bias_variance)
    q, found = weight_variance + bias_variance, []
    for _ in range(integer("depth", depth)):
        found.append(math.sqrt(weight_variance * _mean_square(activation.derivative, q)))
        q = weight_variance * _mean_square(activation.function, q) + bias_variance
        q = min(max(q, SMALLEST), LARGEST)
    return found

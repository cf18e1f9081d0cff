"""Where each format of numbers ends: by its exponent, and by its digits."""

import math

import torch

from lessons._check import choice, number
from lessons.bounds.random_matrices.products import predicted_exponents

FORMATS = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}


def last_layer(name, gain):
    r"""Predict the first layer whose output is infinite, or 0, if each multiplies by ``gain``.

    A number that starts at 1 is :math:`g^l` after l layers. It becomes infinite at twice the
    power of two below the format's largest number, and 0 at half its smallest one. Rounding on
    the way is left out: with powers of two there is none.

    Parameters
    ----------
    name : str
        One of ``FORMATS``.
    gain : float
        Above 0 and not 1.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        On an unknown format or a gain of 1, at which nothing ends.

    Examples
    --------
    >>> last_layer("float16", 2.0), last_layer("float16", 0.5)
    (16, 25)
    """
    info = torch.finfo(FORMATS[choice("name", name, FORMATS)])
    gain = number("gain", gain, above=0)
    if gain == 1:
        raise ValueError("gain=1.0 never ends; expected one above or below 1.")
    smallest = math.log2(info.tiny) + math.log2(info.eps)  # subnormal numbers are kept
    end = math.log2(info.max) if gain > 1 else smallest - 1
    return math.ceil(round(end / math.log2(gain), 9))


def measured_last_layer(name, gain, most=20_000):
    """Multiply 1 by ``gain`` in this format until it is infinite or 0; return the layer.

    Examples
    --------
    >>> measured_last_layer("float16", 2.0), measured_last_layer("float16", 0.5)
    (16, 25)
    """
    h = torch.ones((), dtype=FORMATS[choice("name", name, FORMATS)])
    gain = number("gain", gain, above=0)
    for layer in range(1, most + 1):
        h = h * gain
        if h == 0 or h.isinf():
            return layer
    raise ValueError(f"gain={gain} has not ended after {most} layers; expected one farther from 1.")


def layers_until_lost(name, width):
    r"""Predict after how many Gaussian layers the last axis is lost among the first one's digits.

    Then :math:`10^{l (\lambda_1 - \lambda_n)}`, the condition number of the product, has passed
    1/ε, with ε the distance from 1 to the next number of the format.

    Parameters
    ----------
    name : str
        One of ``FORMATS``.
    width : int
        n, at least 2.

    Returns
    -------
    float

    Examples
    --------
    >>> round(layers_until_lost("float32", 64), 1)
    5.9
    """
    exponents = predicted_exponents(width)
    if len(exponents) < 2:
        raise ValueError(f"width={width} has one axis only; expected at least 2.")
    digits = -math.log10(torch.finfo(FORMATS[choice("name", name, FORMATS)]).eps)
    return digits / float(exponents[0] - exponents[-1])

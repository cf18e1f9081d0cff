"""How the first weights of a net are drawn."""

import math

import torch
from torch import nn

from lessons._check import choice, number
from lessons._threads import one_thread

INITIALIZATIONS = ("normal", "xavier", "he", "lecun", "orthogonal", "pytorch")


@one_thread()
def initialize_(weight, initialization="he", gain=1.0, *, generator=None):
    r"""Fill a weight matrix in place with random numbers of mean 0.

    With fan-in ``n_in`` and fan-out ``n_out`` the standard deviation is ``gain`` times

    ============  ===========================================================
    normal        1, whatever the size
    xavier        sqrt(2 / (n_in + n_out))                     [1]_, eq. 12
    he            sqrt(2 / n_in)                               [2]_, eq. 10
    lecun         sqrt(1 / n_in)                               [3]_, eq. 16
    orthogonal    no variance: ``gain`` times a (semi-)orthogonal matrix [4]_
    pytorch       sqrt(1 / (3 n_in)): uniform, the default of ``nn.Linear``
    ============  ===========================================================

    All but ``pytorch`` and ``orthogonal`` are normal.

    Parameters
    ----------
    weight : Tensor, shape (n_out, n_in)
        Changed in place.
    initialization : str
        One of ``INITIALIZATIONS``.
    gain : float
        A positive factor on every weight.
    generator : torch.Generator, optional
        The source of randomness.

    Returns
    -------
    Tensor
        ``weight`` itself.

    Raises
    ------
    TypeError, ValueError
        If ``weight`` is no floating-point matrix, the name is unknown, or the gain is not positive.

    References
    ----------
    .. [1] Glorot and Bengio, 2010. .. [2] He et al., 2015. .. [3] LeCun et al., 1998.
    .. [4] Saxe, McClelland and Ganguli, 2014.

    Examples
    --------
    >>> weight = initialize_(torch.empty(512, 512), "he", generator=torch.manual_seed(0))
    >>> round(weight.var().item() * 512, 1)
    2.0
    """
    choice("initialization", initialization, INITIALIZATIONS)
    gain = number("gain", gain, above=0)
    if not isinstance(weight, torch.Tensor) or not weight.is_floating_point():
        kind = getattr(weight, "dtype", type(weight).__name__)
        raise TypeError(f"weight is {kind}; expected a floating-point tensor.")
    if weight.ndim != 2:
        raise ValueError(f"weight has shape {tuple(weight.shape)}; expected two dimensions.")
    n_out, n_in = weight.shape
    with torch.no_grad():
        if initialization == "orthogonal":
            return nn.init.orthogonal_(weight, gain, generator=generator)
        if initialization == "pytorch":
            bound = gain / math.sqrt(n_in)
            return nn.init.uniform_(weight, -bound, bound, generator=generator)
        deviation = {
            "normal": 1.0,
            "xavier": math.sqrt(2 / (n_in + n_out)),
            "he": math.sqrt(2 / n_in),
            "lecun": math.sqrt(1 / n_in),
        }[initialization]
        return nn.init.normal_(weight, 0.0, gain * deviation, generator=generator)


class _Unset(nn.Linear):
    # nn.utils.skip_init does the same, by way of a meta device: that was most of a net's making.
    def reset_parameters(self):
        pass


def linear(inputs, outputs, initialization, gain, generator):
    """Return a float64 ``nn.Linear`` with weights from :func:`initialize_` and biases of 0."""
    # Drawn in float64, so that one seed gives the same network in every dtype.
    layer = _Unset(inputs, outputs, dtype=torch.float64)
    layer.__class__ = nn.Linear
    initialize_(layer.weight, initialization, gain, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer

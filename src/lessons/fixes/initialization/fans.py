"""How many numbers a neuron adds up, forward and backward."""

import math
from typing import NamedTuple

from torch import nn

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


class Fans(NamedTuple):
    """Terms in the sum that one neuron makes: of its inputs, and of the errors behind it."""

    n_in: float
    n_out: float


def fans(layer):
    r"""Count the connections of an average neuron of a layer, away from the edges.

    ======================  ==========================  ==========================
    layer                   n_in                        n_out
    ======================  ==========================  ==========================
    linear                  inputs                      outputs
    convolution             k² inputs / groups          k² outputs / (groups stride²)
    transposed convolution  k² inputs / (groups stride²)  k² outputs / groups
    ======================  ==========================  ==========================

    (for two dimensions and a square kernel of side k). Dilation moves the connections and leaves
    their number.

    Parameters
    ----------
    layer : nn.Linear, nn.Conv1d … nn.Conv3d, or nn.ConvTranspose1d … nn.ConvTranspose3d

    Returns
    -------
    Fans

    Raises
    ------
    TypeError
        If the layer is of another kind.

    Notes
    -----
    ``torch.nn.init`` sees the weight only. Its fan-out is too large by the groups and by stride²,
    and for a transposed convolution, whose weight has the inputs first, it exchanges the two.

    Examples
    --------
    >>> fans(nn.Conv2d(16, 64, 3))
    Fans(n_in=144, n_out=576)
    >>> fans(nn.Conv2d(16, 64, 3, groups=4, stride=2))
    Fans(n_in=36, n_out=36)
    """
    if isinstance(layer, nn.Linear):
        n_out, n_in = layer.weight.shape
        return Fans(n_in, n_out)
    if not isinstance(layer, (*_CONVOLUTIONS, *_TRANSPOSED)):
        name = type(layer).__name__
        raise TypeError(f"layer is a {name}; expected a linear layer or a convolution.")
    kernel = math.prod(layer.kernel_size)
    into = kernel * layer.in_channels // layer.groups
    out = kernel * layer.out_channels // layer.groups
    # A stride skips places: on one side fewer kernels reach each of them.
    skipped = math.prod(layer.stride)
    if isinstance(layer, _TRANSPOSED):
        return Fans(_share(into, skipped), out)
    return Fans(into, _share(out, skipped))


def _share(count, parts):
    return count // parts if count % parts == 0 else count / parts

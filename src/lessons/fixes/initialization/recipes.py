"""From the two fans to random weights."""

import math

import torch
from torch import nn

from lessons import activations
from lessons._check import choice, number
from lessons._threads import one_thread
from lessons.fixes.initialization.fans import fans
from lessons.propagation.expectation import expectation

# The variance of one weight, for a gain of 1.
RECIPES = {
    "fan-in": lambda n_in, n_out: 1 / n_in,  # LeCun 1998
    "fan-out": lambda n_in, n_out: 1 / n_out,
    "xavier": lambda n_in, n_out: 2 / (n_in + n_out),  # Glorot and Bengio 2010
    "he": lambda n_in, n_out: 2 / n_in,  # He et al. 2015: fan-in with the gain of ReLU
}
SHAPES = ("normal", "uniform", "orthogonal")


def deviation(recipe, n_in, n_out, gain=1.0):
    r"""Return the standard deviation of one weight.

    ========  ======================================
    fan-in    :math:`\gamma\sqrt{1/n_{in}}`   (LeCun)
    fan-out   :math:`\gamma\sqrt{1/n_{out}}`
    xavier    :math:`\gamma\sqrt{2/(n_{in}+n_{out})}`
    he        :math:`\gamma\sqrt{2/n_{in}}`
    ========  ======================================

    Parameters
    ----------
    recipe : str
        A key of ``RECIPES``.
    n_in, n_out : float
        See :func:`fans`.
    gain : float
        :math:`\gamma`, above 0.

    Raises
    ------
    ValueError
        If the recipe is unknown or a number is not positive.

    References
    ----------
    LeCun et al., 1998, eq. 16; Glorot and Bengio, 2010, eq. 12; He et al., 2015, eqs. 10 and 14.

    Examples
    --------
    >>> round(deviation("he", n_in=9 * 64, n_out=9 * 64), 4)  # VGG's first blocks
    0.0589
    """
    choice("recipe", recipe, RECIPES)
    n_in, n_out = number("n_in", n_in, above=0), number("n_out", n_out, above=0)
    return number("gain", gain, above=0) * math.sqrt(RECIPES[recipe](n_in, n_out))


@torch.no_grad()
def fill_(layer, recipe="he", shape="normal", gain=1.0, *, generator=None):
    """Draw the weights of one layer in place; its biases become 0.

    Parameters
    ----------
    layer : nn.Linear or a convolution
        See :func:`fans`.
    recipe : str
        See :func:`deviation`.
    shape : {"normal", "uniform", "orthogonal"}
        How the numbers are spread; an orthogonal matrix gets the recipe's mean square.
    gain : float
    generator : torch.Generator, optional

    Returns
    -------
    nn.Module
        ``layer`` itself.

    Raises
    ------
    TypeError, ValueError
        If the layer is of another kind or a name is unknown.

    Examples
    --------
    >>> layer = fill_(torch.nn.Linear(300, 100), "xavier", generator=torch.manual_seed(0))
    >>> round(layer.weight.var().item() * 200, 1)
    1.0
    """
    choice("shape", shape, SHAPES)
    s = deviation(recipe, *fans(layer), gain)
    weight = layer.weight  # (n_out, n_in), or with the kernel's axes behind
    if layer.bias is not None:
        layer.bias.zero_()
    if shape == "uniform":
        bound = math.sqrt(3) * s  # evenly between -a and a the variance is a²/3
        nn.init.uniform_(weight, -bound, bound, generator=generator)
    elif shape == "normal":
        nn.init.normal_(weight, 0, s, generator=generator)
    else:
        longer = max(weight.shape[0], weight[0].numel())
        orthogonal_(weight, s * math.sqrt(longer), generator=generator)  # mean square 1/longer
    return layer


@one_thread()
@torch.no_grad()
def orthogonal_(weight, gain=1.0, *, generator=None):
    r"""Fill a weight in place with ``gain`` times a matrix of orthonormal rows or columns.

    Parameters
    ----------
    weight : Tensor, shape (n_out, …)
        All axes but the first count as one.
    gain : float
        Every singular value.
    generator : torch.Generator, optional

    Returns
    -------
    Tensor
        ``weight`` itself.

    Raises
    ------
    ValueError
        If the weight has less than two axes.

    References
    ----------
    Saxe, McClelland and Ganguli, 2014.

    Examples
    --------
    >>> weight = orthogonal_(torch.empty(3, 5), 2.0, generator=torch.manual_seed(0))
    >>> torch.linalg.svdvals(weight)
    tensor([2.0000, 2.0000, 2.0000])
    """
    if weight.ndim < 2:
        raise ValueError(f"weight has shape {tuple(weight.shape)}; expected two axes or more.")
    if weight.numel() == 0:
        return weight
    rows = len(weight)
    matrix = nn.init.normal_(weight.new_empty(rows, weight.numel() // rows), generator=generator)
    wide = matrix.shape[0] < matrix.shape[1]
    q, r = torch.linalg.qr(matrix.T if wide else matrix)
    q = q * r.diagonal().sign()  # without this not every orthogonal matrix is equally likely
    return weight.copy_(gain * (q.T if wide else q).reshape(weight.shape))


def gain_forward(activation):
    r"""Return the gain that holds a signal of variance 1.

    That is :math:`1/\sqrt{E f(u)^2}`, where u is from N(0, 1).

    Parameters
    ----------
    activation : str or Activation

    Examples
    --------
    >>> round(gain_forward("relu") ** 2, 6), round(gain_forward("tanh"), 2)
    (2.0, 1.59)
    """
    f = activations.get(activation)
    return expectation(lambda z: f.function(z) ** 2, 1.0) ** -0.5


def gain_backward(activation):
    r"""Return the gain that holds the error signal there.

    That is :math:`1/\sqrt{E f'(u)^2}`, where u is from N(0, 1).

    Parameters
    ----------
    activation : str or Activation

    Examples
    --------
    >>> round(gain_backward("relu") ** 2, 6), round(gain_backward("tanh"), 2)
    (2.0, 1.47)
    """
    f = activations.get(activation)
    return expectation(lambda z: f.derivative(z) ** 2, 1.0) ** -0.5

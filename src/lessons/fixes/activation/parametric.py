"""PReLU: a leaky ReLU that learns its slope, with both gradients, and a net made of it."""

import copy

import torch
from torch import nn

from lessons._check import number
from lessons.networks import MLP
from lessons.networks.inputs import check_inputs


def prelu(x, slope):
    """Return x where x > 0, else ``slope`` · x, where the slope is learned.

    Parameters
    ----------
    x : Tensor, shape (samples, channels, …) or any, if there is one slope
    slope : Tensor, shape (), (1,) or (channels,)

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If there are several slopes, and not one for each channel of ``x``.

    References
    ----------
    He et al., 2015, eq. 1.

    Examples
    --------
    >>> prelu(torch.tensor([[-2.0, -2.0]]), torch.tensor([0.5, 0.1])).tolist()
    [[-1.0, -0.20000000298023224]]
    """
    return torch.where(x > 0, x, _along_channels(x, slope) * x)


def prelu_gradients(x, slope, upstream):
    r"""Return the loss's gradients with respect to ``x`` and to ``slope``.

    .. math::
        \frac{\partial C}{\partial x} = g \cdot (1 \text{ or } a), \qquad
        \frac{\partial C}{\partial a} = \sum_{x \le 0} g\, x

    Parameters
    ----------
    x, slope : Tensor
        See :func:`prelu`.
    upstream : Tensor, shape of ``x``
        g, the gradient with respect to what ``prelu`` put out.

    Returns
    -------
    (Tensor, Tensor)
        In the shapes of ``x`` and ``slope``.

    References
    ----------
    He et al., 2015, eq. 2 and 3.

    Examples
    --------
    >>> x = torch.tensor([-2.0, 3.0])
    >>> prelu_gradients(x, torch.tensor(0.25), torch.ones(2))
    (tensor([0.2500, 1.0000]), tensor(-2.))
    """
    wide = _along_channels(x, slope)
    on_x = upstream * torch.where(x > 0, 1, wide)
    on_slope = upstream * torch.where(x > 0, 0, x)
    if slope.numel() == 1:
        return on_x, on_slope.sum().reshape(slope.shape)
    return on_x, on_slope.sum([i for i in range(x.ndim) if i != 1])


def _along_channels(x, slope):
    if slope.numel() == 1:
        return slope.reshape(())
    if slope.ndim != 1 or x.ndim < 2 or x.shape[1] != len(slope):
        raise ValueError(
            f"slope has shape {tuple(slope.shape)}; expected one number, or one for each channel "
            f"of x, which has shape {tuple(x.shape)}."
        )
    return slope.reshape(-1, *[1] * (x.ndim - 2))


class PReLUNet(MLP):
    """A plain net with PReLU, built by :func:`parametric`.

    Attributes
    ----------
    slopes : nn.Parameter, shape (hidden layers,)
        One slope a layer.
    """

    def __init__(self, net, slope):
        super().__init__(copy.deepcopy(net.layers), net.activation)
        first = self.layers[0].weight
        self.slopes = nn.Parameter(first.new_full((len(self.layers) - 1,), slope))

    def forward_all(self, x):
        """Return what each layer puts out, after its activation: ``depth`` tensors."""
        check_inputs(x, self.layers[0], ("...",))
        outputs = []
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i < len(self.slopes):
                x = prelu(x, self.slopes[i])
            outputs.append(x)
        return outputs


def parametric(net, slope=0.25):
    """Return a copy of a plain net with the same weights and PReLU, one slope a layer.

    Parameters
    ----------
    net : lessons.networks.MLP
    slope : float
        What each slope starts from; He and others and PyTorch take 0.25.

    Returns
    -------
    PReLUNet

    Raises
    ------
    TypeError, ValueError
        If ``net`` is no plain net, or ``slope`` no finite number.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> parametric(mlp(3)).slopes.tolist()
    [0.25, 0.25]
    """
    if not isinstance(net, MLP):
        raise TypeError(f"net is a {type(net).__name__}; expected a plain net such as mlp(20).")
    return PReLUNet(net, number("slope", slope))

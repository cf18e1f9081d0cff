"""Three layers that normalise each sample alone: no batch, no running averages, no two modes."""

import torch
from torch import nn

from lessons._check import integer, number


class LayerNorm(nn.Module):
    """Each sample gets mean 0 and variance 1 over its features; then times γ, plus β.

    Parameters
    ----------
    num_features : int
        The size of the last dimension.
    eps : float
    dtype : torch.dtype

    References
    ----------
    Ba, Kiros and Hinton, 2016.

    Examples
    --------
    >>> LayerNorm(2)(torch.tensor([[3.0, 5.0]])).tolist() # doctest: +ELLIPSIS
    [[-0.99999..., 0.99999...]]
    """

    def __init__(self, num_features, eps=1e-5, dtype=torch.float32):
        super().__init__()
        size = self.num_features = integer("num_features", num_features)
        self.eps = number("eps", eps, above=0)
        self.weight = nn.Parameter(torch.ones(size, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(size, dtype=dtype))

    def forward(self, x):
        """Map (…, features) to the same shape."""
        _check_last(x, self.num_features)
        return _standardised(x, self.eps) * self.weight + self.bias


class RMSNorm(nn.Module):
    """Each sample is divided by the root mean square of its features; then times γ.

    Parameters
    ----------
    num_features : int
        The size of the last dimension.
    eps : float
    dtype : torch.dtype

    References
    ----------
    Zhang and Sennrich, 2019.

    Examples
    --------
    >>> [round(value, 3) for value in RMSNorm(2)(torch.tensor([3.0, 5.0])).tolist()]
    [0.728, 1.213]
    """

    def __init__(self, num_features, eps=1e-5, dtype=torch.float32):
        super().__init__()
        size = self.num_features = integer("num_features", num_features)
        self.eps = number("eps", eps, above=0)
        self.weight = nn.Parameter(torch.ones(size, dtype=dtype))

    def forward(self, x):
        """Map (…, features) to the same shape."""
        _check_last(x, self.num_features)
        return x * (x.square().mean(-1, keepdim=True) + self.eps).rsqrt() * self.weight


class GroupNorm(nn.Module):
    """Each group of channels of each sample gets mean 0 and variance 1; then times γ, plus β.

    Parameters
    ----------
    num_groups : int
        Must divide ``num_channels``. One group takes all channels, as layer normalization does.
    num_channels : int
        C, for inputs of shape (N, C) or (N, C, …).
    eps : float
    dtype : torch.dtype

    References
    ----------
    Wu and He, 2018.

    Examples
    --------
    >>> GroupNorm(2, 4)(torch.tensor([[1.0, 3.0, 50.0, 90.0]])).round().tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    def __init__(self, num_groups, num_channels, eps=1e-5, dtype=torch.float32):
        super().__init__()
        groups = self.num_groups = integer("num_groups", num_groups)
        size = self.num_channels = integer("num_channels", num_channels)
        if size % groups:
            raise ValueError(f"num_groups={groups}; expected a divisor of num_channels={size}.")
        self.eps = number("eps", eps, above=0)
        self.weight = nn.Parameter(torch.ones(size, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(size, dtype=dtype))

    def forward(self, x):
        """Map (N, C) or (N, C, …) to the same shape."""
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            expected = f"(N, {self.num_channels}) or (N, {self.num_channels}, …)"
            raise ValueError(f"x has shape {tuple(x.shape)}; expected {expected}.")
        grouped = x.unflatten(1, (self.num_groups, -1)).flatten(2)  # (N, groups, numbers in one)
        x = _standardised(grouped, self.eps).view_as(x)
        shape = [1, -1] + [1] * (x.ndim - 2)
        return x * self.weight.view(shape) + self.bias.view(shape)


def _standardised(x, eps):
    """Give the last dimension mean 0 and variance 1."""
    x = x - x.mean(-1, keepdim=True)
    return x * (x.square().mean(-1, keepdim=True) + eps).rsqrt()


def _check_last(x, size):
    if x.ndim < 1 or x.shape[-1] != size:
        raise ValueError(f"x has shape {tuple(x.shape)}; expected (…, {size}).")

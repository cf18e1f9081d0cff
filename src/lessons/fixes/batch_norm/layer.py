r"""Batch normalization, its forward and its backward pass, written out."""

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from lessons._check import integer, number


class Normalize(torch.autograd.Function):
    r"""y = γ x̂ + β with the mean μ and the variance v of the batch, and the way back.

    .. math::
        \hat x_i = \frac{x_i - \mu}{\sqrt{v + \epsilon}}, \qquad
        \frac{\partial C}{\partial x_i} = \frac{\gamma}{\sqrt{v + \epsilon}} \Bigl(
        d_i - \overline d - \hat x_i \, \overline{d \hat x} \Bigr), \quad
        d_i = \frac{\partial C}{\partial y_i}

    The bar is the mean over the batch (and over places, if x has more than two dimensions).
    """

    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        dims = [0, *range(2, x.ndim)]  # all but the features
        mean = x.mean(dims, keepdim=True)  # (1, features, 1, …)
        centred = x - mean
        variance = centred.square().mean(dims, keepdim=True)
        scale = (variance + eps).rsqrt()
        x_hat = centred * scale
        gamma = gamma.view_as(mean)
        ctx.save_for_backward(x_hat, gamma, scale)
        ctx.mark_non_differentiable(mean, variance)
        return gamma * x_hat + beta.view_as(mean), mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx, d, *_):
        x_hat, gamma, scale = ctx.saved_tensors
        dims = [0, *range(2, d.ndim)]
        d_beta = d.sum(dims, keepdim=True)
        d_gamma = (d * x_hat).sum(dims, keepdim=True)
        count = max(d.numel() // d.shape[1], 1)
        d_x = gamma * scale * (d - d_beta / count - x_hat * d_gamma / count)
        return d_x, d_gamma.flatten(), d_beta.flatten(), None


class BatchNorm(nn.Module):
    r"""Batch normalization: each feature gets mean β and standard deviation γ over the batch.

    In training the mean and the variance are those of the batch, and running averages of them
    are kept; in evaluation the averages take their place. Parameters, buffers and results are
    those of ``nn.BatchNorm1d`` and ``nn.BatchNorm2d``, so their ``state_dict`` fits too.

    Parameters
    ----------
    num_features : int
        C, for inputs of shape (N, C) or (N, C, …).
    eps : float
        ε, added to the variance; above 0.
    momentum : float or None
        The weight of the newest batch in the running averages; None weighs all batches alike.
    dtype : torch.dtype

    Raises
    ------
    TypeError, ValueError
        On a size below 1, ε that is not positive or a momentum outside [0, 1]; when called, on
        another shape, or on one number for each feature in training: it has no variance.

    References
    ----------
    Ioffe and Szegedy, 2015, algorithm 1.

    Examples
    --------
    >>> layer = BatchNorm(1, dtype=torch.float64)
    >>> y = layer(torch.tensor([[0.0], [0.0], [0.0], [8.0]], dtype=torch.float64))
    >>> [round(value, 2) for value in y.flatten().tolist()]
    [-0.58, -0.58, -0.58, 1.73]
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1, dtype=torch.float32):
        super().__init__()
        size = self.num_features = integer("num_features", num_features)
        self.eps = number("eps", eps, above=0)
        self.momentum = None if momentum is None else number("momentum", momentum, least=0, most=1)
        self.weight = nn.Parameter(torch.ones(size, dtype=dtype))  # γ
        self.bias = nn.Parameter(torch.zeros(size, dtype=dtype))  # β
        self.register_buffer("running_mean", torch.zeros(size, dtype=dtype))
        self.register_buffer("running_var", torch.ones(size, dtype=dtype))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        """Map (N, C) or (N, C, …) to the same shape."""
        if x.ndim < 2 or x.shape[1] != self.num_features:
            expected = f"(N, {self.num_features}) or (N, {self.num_features}, …)"
            raise ValueError(f"x has shape {tuple(x.shape)}; expected {expected}.")
        if not self.training:
            shape = [1, -1] + [1] * (x.ndim - 2)
            scale = self.weight * (self.running_var + self.eps).rsqrt()
            shift = self.bias - scale * self.running_mean
            return x * scale.view(shape) + shift.view(shape)
        count = x.numel() // self.num_features
        if count == 1:
            raise ValueError(
                f"x has shape {tuple(x.shape)}: one number for each feature has no variance; "
                "expected more in training."
            )
        y, mean, variance = Normalize.apply(x, self.weight, self.bias, self.eps)
        self._remember(mean.flatten(), variance.flatten(), count)
        return y

    @torch.no_grad()
    def _remember(self, mean, variance, count):
        self.num_batches_tracked += 1
        if count == 0:
            return
        newest = self.momentum if self.momentum is not None else 1 / self.num_batches_tracked.item()
        self.running_mean.lerp_(mean, newest)
        # The average keeps the unbiased variance, as PyTorch's does.
        self.running_var.lerp_(variance * count / (count - 1), newest)

    def extra_repr(self):
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"

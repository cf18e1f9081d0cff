"""Adaptive gradient clipping (AGC): what counts as large depends on the weights."""

import torch

from lessons._check import number
from lessons.gradients import refuse_nonfinite, total_norm, with_gradients


def unit_norm(tensor):
    """Return the L2 norm of each unit: each row or filter of a weight, the whole of a bias."""
    if tensor.ndim < 2:
        return torch.linalg.vector_norm(tensor)
    return torch.linalg.vector_norm(tensor, dim=tuple(range(1, tensor.ndim)), keepdim=True)


@torch.no_grad()
def adaptive_clip(parameters, clip_factor=0.01, eps=1e-3, error_if_nonfinite=False):
    r"""Rescale the gradient of each unit that is large *against the unit's weights* (AGC).

    .. math:: G_i \leftarrow \min\Bigl(1,
              \lambda \frac{\max(\|W_i\|, \epsilon)}{\|G_i\|}\Bigr)\, G_i

    A unit :math:`i` is a row of a linear layer's weight, a filter of a convolution, or a
    whole bias.

    Parameters
    ----------
    parameters, error_if_nonfinite
        As in `lessons.fixes.clipping.clip_by_global_norm`. Brock et al. leave the last layer
        out: pass the others.
    clip_factor : float, default 0.01
        λ, the largest ratio of gradient to weight, above 0.
    eps : float, default 1e-3
        The least norm that counts for a weight, above 0, so that zero weights can move.

    Returns
    -------
    tensor of no dimension
        The L2 norm of the whole gradient before clipping.

    References
    ----------
    Brock, De, Smith and Simonyan 2021, *High-performance large-scale image recognition
    without normalization*, section 4.

    Examples
    --------
    >>> w = torch.tensor([[3.0, 4.0], [30.0, 40.0]])
    >>> w.grad = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    >>> norm = adaptive_clip(w, clip_factor=0.1)
    >>> w.grad
    tensor([[0.0000, 0.5000],
            [0.0000, 1.0000]])
    """
    clip_factor = number("clip_factor", clip_factor, above=0, finite=False)
    eps = number("eps", eps, above=0)
    parameters = with_gradients(parameters)
    norm = total_norm([parameter.grad for parameter in parameters])
    refuse_nonfinite(norm, error_if_nonfinite)
    for parameter in parameters:
        allowed = clip_factor * unit_norm(parameter).clamp(min=eps)
        factor = allowed / unit_norm(parameter.grad)
        parameter.grad.mul_(factor.clamp(max=1.0))
    return norm

"""The gradient along a line of inputs: does it change slowly, or like noise?"""

import torch

from lessons._check import integer
from lessons._threads import one_thread
from lessons.fixes.residual.learning import with_statistics_of


@one_thread()
def line_gradients(net, start, end, data=None, *, points=201, output=0):
    r"""Return the gradient of one output with respect to the input, along a line of inputs.

    Parameters
    ----------
    net : nn.Module
        Not changed.
    start, end : Tensor, shape (inputs,)
        Ends of the line.
    data : Tensor, shape (samples, inputs), optional
        Batch normalizations use the mean and the variance of these; by default, of the line.
    points : int
        At least 2, evenly spaced.
    output : int

    Returns
    -------
    Tensor, shape (points, inputs)

    Raises
    ------
    TypeError, ValueError
        If the ends are no vectors of one shape.

    References
    ----------
    Balduzzi et al., 2017, The shattered gradients problem.

    Examples
    --------
    >>> net = torch.nn.Linear(2, 1)
    >>> g = line_gradients(net, torch.zeros(2), torch.ones(2), points=3)
    >>> torch.equal(g, net.weight.detach().expand(3, 2))
    True
    """
    if start.ndim != 1 or start.shape != end.shape:
        shapes = f"{tuple(start.shape)} and {tuple(end.shape)}"
        raise ValueError(f"start and end have shapes {shapes}; expected two vectors of one length.")
    points = integer("points", points, least=2)
    along = torch.linspace(0, 1, points, dtype=start.dtype)[:, None]
    x = start + along * (end - start)  # (points, inputs)
    frozen = with_statistics_of(net, x if data is None else data)
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(frozen(x)[:, output].sum(), x)
    return gradient


def agreement_by_distance(gradients, steps=None):
    """Return the mean cosine between the gradients of two points, by their distance.

    Parameters
    ----------
    gradients : Tensor, shape (points, inputs)
    steps : int, optional
        The largest distance, in steps of the line; by default the whole line.

    Returns
    -------
    list of float
        For distances of 0, 1, … steps of the line. The first is 1.

    Examples
    --------
    >>> agreement_by_distance(torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]]))
    [1.0, 0.5, 0.0]
    """
    unit = gradients.double() / gradients.double().norm(dim=1, keepdim=True)
    most = len(unit) - 1
    steps = most if steps is None else integer("steps", steps, least=0, most=most)
    cosines = unit @ unit.T  # (points, points)
    return [cosines.diagonal(k).mean().item() for k in range(steps + 1)]

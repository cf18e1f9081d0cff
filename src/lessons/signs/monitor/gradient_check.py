"""Is the gradient right? Central differences against the backward pass."""

import torch

from lessons._check import integer, number
from lessons._threads import one_thread


@one_thread()
def relative_errors(loss, parameters, steps, *, seed=0):
    r"""Compare the slope of a loss along a random direction with central differences.

    .. math:: \text{numeric} = \frac{L(\theta + h v) - L(\theta - h v)}{2h}, \quad
              \text{exact} = \langle \nabla L, v \rangle, \quad
              \text{error} = \frac{|\text{numeric} - \text{exact}|}
                                  {\max(|\text{numeric}|, |\text{exact}|)}

    For a smooth loss the error falls as h² until rounding, which grows as ε/h, takes over: the best
    h is near ε^(1/3).

    Parameters
    ----------
    loss : callable
        ``loss()`` returns a tensor of one element; it must return the same for the same weights.
    parameters : iterable of Tensor
        Leaf tensors that require a gradient. Restored to the last bit.
    steps : sequence of float
        The lengths h, in units of the weights.
    seed : int
        Of the direction v, which has length 1.

    Returns
    -------
    list of float
        One error for each step, between 0 and 2; 0 where both slopes are 0, 1 where the numeric
        one is not finite.

    Raises
    ------
    ValueError
        If ``parameters`` is empty, or a step is not positive and finite.

    References
    ----------
    Nocedal and Wright, *Numerical Optimization*, 2nd ed., 2006, section 8.1.

    Examples
    --------
    >>> x = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    >>> [f"{error:.0e}" for error in relative_errors(lambda: x.sin().sum(), [x], [1e-1, 1e-2])]
    ['2e-03', '2e-05']
    """
    parameters = list(parameters)
    if not parameters:
        raise ValueError("parameters is empty; expected at least one tensor.")
    steps = [number("steps", step, above=0) for step in steps]
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    direction = [torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in parameters]
    length = torch.stack([v.norm() for v in direction]).norm()
    direction = [(v / length).to(p) for v, p in zip(direction, parameters, strict=True)]
    gradients = torch.autograd.grad(loss(), parameters)
    exact = sum(
        (g.double() * v.double()).sum().item() for g, v in zip(gradients, direction, strict=True)
    )
    kept = [p.detach().clone() for p in parameters]
    try:
        return [_error(_slope(loss, parameters, kept, direction, h), exact) for h in steps]
    finally:
        _move(parameters, kept, direction, 0.0)


def _move(parameters, start, direction, length):
    with torch.no_grad():
        for p, p0, v in zip(parameters, start, direction, strict=True):
            p.copy_(p0 + length * v if length else p0)


def _slope(loss, parameters, start, direction, h):
    values = []
    for length in (h, -h):
        _move(parameters, start, direction, length)
        with torch.no_grad():
            values.append(loss().double().item())
    return (values[0] - values[1]) / (2 * h)


def _error(numeric, exact):
    if numeric == exact:
        return 0.0
    if not abs(numeric) < float("inf"):
        return 1.0
    return abs(numeric - exact) / max(abs(numeric), abs(exact))


class ForgetfulSigmoid(torch.autograd.Function):
    """The sigmoid with a mistake in its derivative: σ instead of σ (1 − σ)."""

    @staticmethod
    def forward(ctx, x):
        """Return σ(x)."""
        s = torch.sigmoid(x)
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, gradient):
        """Return gradient · σ(x), which lacks the factor 1 − σ(x)."""
        (s,) = ctx.saved_tensors
        return gradient * s

"""Is the gradient right? Central differences against the backward pass."""

import torch

from lessons._check import choice, integer, number
from lessons._threads import one_thread

DIRECTIONS = ("random", "gradient")


@one_thread()
def relative_errors(loss, parameters, steps, *, along="random", seed=0):
    r"""Compare the slope of a loss along one direction with central differences.

    .. math:: \text{numeric} = \frac{C(W + s v) - C(W - s v)}{2s}, \quad
              \text{exact} = \langle g, v \rangle, \quad
              \text{error} = \frac{|\text{numeric} - \text{exact}|}
                                  {\max(|\text{numeric}|, |\text{exact}|)}

    For a smooth loss the error falls as s² until rounding, which grows as u/s, takes over, where
    u is the precision of the numbers: the best s is near u^(1/3).

    Parameters
    ----------
    loss : callable
        ``loss()`` returns a tensor of one element; it must return the same for the same weights.
    parameters : iterable of Tensor
        Leaf tensors that require a gradient. Restored to the last bit.
    steps : sequence of float
        The lengths s, in units of the weights.
    along : {"random", "gradient"}
        The direction v, of length 1. Along the gradient the slope is as steep as can be: the way
        to check one that has vanished.
    seed : int
        Of the random direction.

    Returns
    -------
    list of float
        One error for each step, between 0 and 2: 0 where both slopes are 0, above 1 where they
        have opposite signs, 1 where the numeric one is not finite.

    Raises
    ------
    ValueError
        If ``parameters`` is empty, a step is not positive and finite, or ``along`` is unknown.

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
    choice("along", along, DIRECTIONS)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    gradients = [g.double() for g in torch.autograd.grad(loss(), parameters)]
    if along == "gradient":
        direction = gradients
    else:
        direction = [torch.randn(g.shape, generator=generator, dtype=g.dtype) for g in gradients]
    length = torch.stack([v.norm() for v in direction]).norm()
    if length > 0:  # a gradient of 0 has no direction, and both slopes are 0
        direction = [v / length for v in direction]
    direction = [v.to(p) for v, p in zip(direction, parameters, strict=True)]
    exact = sum((g * v.double()).sum().item() for g, v in zip(gradients, direction, strict=True))
    kept = [p.detach().clone() for p in parameters]
    try:
        return [_error(_slope(loss, parameters, kept, direction, s), exact) for s in steps]
    finally:
        _move(parameters, kept, direction, 0.0)


def _move(parameters, start, direction, length):
    with torch.no_grad():
        for p, p0, v in zip(parameters, start, direction, strict=True):
            p.copy_(p0 + length * v if length else p0)


def _slope(loss, parameters, start, direction, step):
    values = []
    for length in (step, -step):
        _move(parameters, start, direction, length)
        with torch.no_grad():
            values.append(loss().double().item())
    return (values[0] - values[1]) / (2 * step)


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

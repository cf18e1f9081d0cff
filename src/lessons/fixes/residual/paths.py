"""The gradient split by the length of its way: through how many branches each part has come."""

import torch

from lessons._check import number
from lessons._threads import one_thread
from lessons.loss import check_batch, loss_of


@one_thread()
def path_gradients(net, x, y):
    r"""Split the gradient at the start of the stream by the number of branches on its way.

    Of M blocks each Jacobian is :math:`S_l + t\,c J_l`, with t = 1. Their product is a polynomial
    in t; the coefficient of :math:`t^k` is the sum over all paths through exactly k branches:
    there are M over k of them. It is computed exactly, block by block.

    Parameters
    ----------
    net : ResidualNet
        With shortcuts.
    x, y : Tensor
        A batch and its classes.

    Returns
    -------
    Tensor, shape (blocks + 1, batch, width)
        Part k came through k branches. The sum over k is the gradient with respect to x_0.

    Raises
    ------
    ValueError
        If the net has no shortcuts: then there is one path.

    References
    ----------
    Veit, Wilber and Belongie, 2016, Residual networks behave like ensembles of relatively shallow
    networks.
    """
    check_batch(x, y)
    if any(block.shortcut is None for block in net.blocks):
        raise ValueError("net has no shortcuts: all of its gradient takes the one, longest path.")
    states = [state.detach().requires_grad_() for state in net.stream(x)]
    (g,) = torch.autograd.grad(loss_of(net.answer(states[-1]), y), states[-1])
    parts = [g]  # parts[k]: (batch, width)
    for block, state in zip(reversed(net.blocks), reversed(states[:-1]), strict=True):
        kept, change = block.shortcut(state), block.scale * block.branch(state)
        total = (kept + change).detach().requires_grad_()
        out = block.after(total)
        if out is not total:
            parts = [_back(out, total, part) for part in parts]
        around = [_back(kept, state, part) for part in parts]
        through = [_back(change, state, part) for part in parts]
        nothing = torch.zeros_like(state)
        pairs = zip([*around, nothing], [nothing, *through], strict=True)
        parts = [a + b for a, b in pairs]
    return torch.stack(parts).detach()


def _back(output, x, vector):
    if output is x:
        return vector
    return torch.autograd.grad(output, x, vector, retain_graph=True)[0]


def path_shares(parts):
    """Return the share of each path length in the gradient's squared norm.

    Parameters
    ----------
    parts : Tensor, shape (lengths, …)
        From :func:`path_gradients`.

    Returns
    -------
    list of float
        They add up to 1. Each length's squared norm is divided by the sum over the lengths, which
        is the whole gradient's where parts of different lengths are orthogonal.

    Examples
    --------
    >>> path_shares(torch.tensor([[3.0, 0.0], [0.0, 1.0]]))
    [0.9, 0.1]
    """
    squares = parts.double().flatten(1).square().sum(1)
    return (squares / squares.sum()).tolist()


def predicted_shares(growth):
    r"""Return the shares that random branches give: the coefficients of :math:`\prod (1 + a_l t)`.

    With all :math:`a_l = 1` these are the binomial ones; with :math:`a_l = 1/M` and large M,
    Poisson's with mean 1.

    Parameters
    ----------
    growth : sequence of float
        :math:`1 + a_l` of each block, as from :func:`lessons.fixes.residual.growth`.

    Examples
    --------
    >>> predicted_shares([2.0, 2.0])
    [0.25, 0.5, 0.25]
    """
    shares = [1.0]
    for i, factor in enumerate(growth):
        a = number(f"growth[{i}]", factor, least=1) - 1
        pairs = zip([*shares, 0.0], [0.0, *shares], strict=True)
        shares = [(around + a * through) / (1 + a) for around, through in pairs]
    return shares


def mean_length(shares):
    """Return the mean of the path lengths 0, 1, 2, … with these shares.

    Examples
    --------
    >>> mean_length([0.25, 0.5, 0.25])
    1.0
    """
    return sum(k * share for k, share in enumerate(shares))

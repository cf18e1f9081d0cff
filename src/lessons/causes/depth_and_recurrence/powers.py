"""Powers of one matrix, and products of as many different ones."""

import math
from typing import NamedTuple

import torch
from scipy.special import digamma, polygamma

from lessons._check import integer, number
from lessons._threads import one_thread


class Growth(NamedTuple):
    """Norms after each step: of a ``signal`` going forward and of a ``gradient`` going back."""

    signal: list
    gradient: list


def draw(width, mirror=0.0, *, generator):
    r"""Draw a matrix of gain 1 whose entries are correlated with their mirror images.

    Each entry has mean 0 and variance 1/n (off the diagonal), and
    :math:`n\,\mathbb E\, w_{ij} w_{ji} = \tau`. The spectral radius of a wide one is 1 + |τ|.

    Parameters
    ----------
    width : int
        n.
    mirror : float
        τ from -1 (antisymmetric) over 0 (independent entries) to 1 (symmetric).
    generator : torch.Generator

    Returns
    -------
    Tensor of float64, shape (n, n)

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    References
    ----------
    Sommers, Crisanti, Sompolinsky and Stein, 1988: the eigenvalues fill an ellipse.

    Examples
    --------
    >>> w = draw(3, 1.0, generator=torch.Generator().manual_seed(0))
    >>> torch.equal(w, w.T)
    True
    """
    width = integer("width", width)
    mirror = number("mirror", mirror, least=-1, most=1)
    matrix = torch.randn(width, width, generator=generator, dtype=torch.float64) / math.sqrt(width)
    even, odd = (matrix + matrix.T) / 2, (matrix - matrix.T) / 2
    return math.sqrt(1 + mirror) * even + math.sqrt(1 - mirror) * odd


@one_thread()
def spectral_radius(matrix):
    """Return the largest absolute value of an eigenvalue.

    Examples
    --------
    >>> spectral_radius(torch.tensor([[0.5, 9.0], [0.0, -0.25]]))
    0.5
    """
    return torch.linalg.eigvals(matrix).abs().max().item()


@one_thread()
def growth(matrices, seed=0):
    """Send a random vector of length 1 forward through linear layers, another one back.

    Parameters
    ----------
    matrices : sequence of Tensor, shape (n, n)
        First layer first. The same one many times is a linear recurrent net.
    seed : int

    Returns
    -------
    Growth
        As many norms as matrices: of the signal after the first, second, … matrix, and of the
        gradient after the last, the last but one, …

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> growth([torch.eye(3) * 2.0] * 3).gradient
    [2.0, 4.0, 8.0]
    """
    if not len(matrices):
        raise ValueError("matrices is empty; expected at least one matrix.")
    matrices = [matrix.double() for matrix in matrices]
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    ways = ([*matrices], [matrix.T for matrix in reversed(matrices)])
    found = []
    for way in ways:
        v = torch.randn(len(way[0]), generator=generator, dtype=torch.float64)
        v, norms, total = v / v.norm(), [], 1.0
        for matrix in way:
            v = matrix @ v
            length = v.norm().item()
            total *= length
            norms.append(total)
            v = v / length if length else v
        found.append(norms)
    return Growth(*found)


@one_thread()
def spread(width, steps=100, nets=200, seed=0):
    """Grow random vectors in many linear nets of gain 1: by one matrix, and by different ones.

    Parameters
    ----------
    width, steps, nets : int
    seed : int

    Returns
    -------
    one, different : Tensor of float64, shape (steps, nets)
        Decades gained after each step; in ``one`` each net uses one matrix all the time, in
        ``different`` a new one at each step.

    Examples
    --------
    >>> one, different = spread(8, steps=50, nets=40)
    >>> bool(one[-1].std() > 3 * different[-1].std())
    True
    """
    width, nets = integer("width", width), integer("nets", nets, least=2)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))

    def normal(columns):
        return torch.randn(nets, width, columns, generator=generator, dtype=torch.float64)

    shared, start = normal(width) / math.sqrt(width), normal(1)
    states = [start / start.norm(dim=1, keepdim=True)] * 2
    gained = torch.zeros(2, integer("steps", steps), nets, dtype=torch.float64)
    for t in range(steps):
        for way, matrix in enumerate((shared, normal(width) / math.sqrt(width))):
            state = matrix @ states[way]
            length = state.norm(dim=1, keepdim=True)
            states[way] = state / length
            gained[way, t] = length.flatten().log10()
    one, different = gained.cumsum(1)
    return one, different


def predicted_spread(width, steps):
    r"""Return mean and standard deviation of the growth by different Gaussian matrices of gain 1.

    The squared growth of one step is a chi-square number with n degrees of freedom, divided by n.
    So in natural logarithms a step adds :math:`\tfrac12(\psi(n/2) - \ln(n/2))` on average, with the
    variance :math:`\tfrac14 \psi'(n/2)`, and steps are independent. Exact for each n.

    Parameters
    ----------
    width, steps : int
        n and T.

    Returns
    -------
    mean, deviation : float
        In decades, after T steps.

    Examples
    --------
    >>> [round(value, 2) for value in predicted_spread(32, 100)]
    [-0.69, 0.55]
    """
    half, steps = integer("width", width) / 2, integer("steps", steps)
    mean = steps * (digamma(half) - math.log(half)) / 2
    deviation = math.sqrt(steps * polygamma(1, half) / 4)
    return float(mean / math.log(10)), float(deviation / math.log(10))


def relay(width, radius, hop):
    """Return a matrix in which each neuron keeps ``radius`` and hands ``hop`` on to the one before.

    All its eigenvalues are ``radius``. It is far from normal.

    Examples
    --------
    >>> relay(3, 0.5, 2.0).tolist()
    [[0.5, 2.0, 0.0], [0.0, 0.5, 2.0], [0.0, 0.0, 0.5]]
    """
    keep = torch.full((integer("width", width),), number("radius", radius), dtype=torch.float64)
    hand_on = torch.full((width - 1,), number("hop", hop), dtype=torch.float64)
    return keep.diag() + hand_on.diag(1)


def relay_norms(width, radius, hop, steps):
    r"""Return the norm of a signal that starts at the last neuron of :func:`relay`, step by step.

    By the binomial theorem
    :math:`\|W^t e_n\|^2 = \sum_{j<n} \bigl(\tbinom tj \rho^{t-j} k^j\bigr)^2`, with k for ``hop``.

    Examples
    --------
    >>> relay_norms(2, 1.0, 3.0, 2)  # (1, 3), then (1, 6)
    [3.1622776601683795, 6.082762530298219]
    """
    n, radius, hop = integer("width", width), number("radius", radius), number("hop", hop)
    return [
        math.hypot(*(math.comb(t, j) * radius ** (t - j) * hop**j for j in range(min(n, t + 1))))
        for t in range(1, integer("steps", steps) + 1)
    ]

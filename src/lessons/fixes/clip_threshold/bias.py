"""The bias of clipping: the mean of clipped gradients is not the clipped mean."""

import math

from lessons._check import integer, number


def expected_after_clipping(rare, common, share, batch_size, max_norm):
    r"""Return the exact mean of a clipped mini-batch gradient with two possible samples.

    Each sample's gradient is one number: ``rare`` with probability ``share``, otherwise
    ``common``. With k rare samples in a batch of n the gradient is
    :math:`m_k = (k\,\text{rare} + (n-k)\,\text{common})/n`, and the result is

    .. math:: \sum_k \binom{n}{k} s^k (1-s)^{n-k} \max(-\theta, \min(\theta, m_k)).

    Parameters
    ----------
    rare, common : float
        The two gradients.
    share : float
        Probability s of the rare one, from 0 to 1.
    batch_size : int
        Samples n in a batch, up to 1000.
    max_norm : float
        The threshold θ on the batch's gradient, above 0.

    Returns
    -------
    float
        Without clipping it would be ``share * rare + (1 - share) * common`` at every size.

    Examples
    --------
    >>> round(expected_after_clipping(10.0, -1.0, share=0.2, batch_size=1, max_norm=1.0), 3)
    -0.6
    >>> round(expected_after_clipping(10.0, -1.0, 0.2, 1, max_norm=float("inf")), 3)
    1.2
    """
    rare, common = number("rare", rare), number("common", common)
    share = number("share", share, least=0, most=1)
    n = integer("batch_size", batch_size, most=1000)
    limit = number("max_norm", max_norm, above=0, finite=False)
    total = 0.0
    for k in range(n + 1):
        chance = math.comb(n, k) * share**k * (1 - share) ** (n - k)
        gradient = (k * rare + (n - k) * common) / n
        total += chance * max(-limit, min(limit, gradient))
    return total

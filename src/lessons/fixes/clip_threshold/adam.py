"""Adam and a single accident: what one long gradient does to the steps after it."""

import math

import numpy as np

from lessons._check import number


def adam_steps(gradients, max_norm=math.inf, betas=(0.9, 0.999), eps=1e-8):
    r"""Return the length of Adam's steps for one weight, in learning rates.

    With the gradient :math:`g_t` cut to at most θ, Adam's step is

    .. math:: \Delta_t = \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon},
              \qquad m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g_t,
              \quad v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2 .

    Parameters
    ----------
    gradients : sequence of float, shape (steps,)
        One number a step; finite.
    max_norm : float
        The threshold θ, above 0; by default nothing is clipped.
    betas : pair of float
        Share of the old mean, and of the old mean square, that is kept; from 0 to below 1.
    eps : float
        At least 0.

    Returns
    -------
    array of shape (steps,)
        :math:`|\Delta_t|`; 1 is a step as long as the learning rate.

    Raises
    ------
    TypeError, ValueError
        If a gradient is not finite, or a number is out of its range.

    References
    ----------
    Kingma and Ba 2015, *Adam: a method for stochastic optimization*, Algorithm 1.

    Examples
    --------
    >>> adam_steps([1.0, 1.0, 1.0]).round(6)
    array([1., 1., 1.])
    >>> bool(adam_steps([1.0, 1000.0, 1.0])[-1] < 0.7)
    True
    """
    limit = number("max_norm", max_norm, above=0, finite=False)
    eps = number("eps", eps, least=0)
    keep_m, keep_v = (number(f"betas[{i}]", beta, least=0) for i, beta in enumerate(betas))
    if max(keep_m, keep_v) >= 1:
        raise ValueError(f"betas={tuple(betas)} is out of range; expected numbers below 1.")
    m = v = 0.0
    steps = []
    for t, gradient in enumerate(gradients, 1):
        gradient = number(f"gradients[{t - 1}]", gradient)
        gradient = max(-limit, min(limit, gradient))
        m = keep_m * m + (1 - keep_m) * gradient
        v = keep_v * v + (1 - keep_v) * gradient**2
        size = math.sqrt(v / (1 - keep_v**t)) + eps
        steps.append(abs(m) / (1 - keep_m**t) / size if size else 0.0)
    return np.array(steps)

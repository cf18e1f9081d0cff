"""What an optimizer makes of a gradient: the step, before it is multiplied by the rate.

Each rule takes the gradient and what it remembers (None at the start) and returns the step and the
new memory. It works element by element, on numbers, arrays and tensors.
"""

from lessons._check import number


def plain(gradient, memory=None):
    """Gradient descent: the step is the gradient.

    Examples
    --------
    >>> plain(3.0)
    (3.0, None)
    """
    return gradient, memory


def momentum(gradient, memory=None, mu=0.9):
    r"""Momentum: :math:`v \leftarrow \mu v + g`, and the step is v.

    Parameters
    ----------
    gradient : float, array or Tensor
    memory : the same, or None
        v after the last step.
    mu : float
        From 0, below 1.

    Returns
    -------
    step, memory

    References
    ----------
    Polyak 1964; ``torch.optim.SGD`` with ``momentum=``.

    Examples
    --------
    >>> step, v = momentum(1.0)
    >>> momentum(1.0, v)
    (1.9, 1.9)
    """
    v = gradient if memory is None else _mu(mu) * memory + gradient
    return v, v


def nesterov(gradient, memory=None, mu=0.9):
    r"""Nesterov's momentum: :math:`v \leftarrow \mu v + g`, and the step is :math:`g + \mu v`.

    Parameters
    ----------
    gradient : float, array or Tensor
    memory : the same, or None
        v after the last step.
    mu : float
        From 0, below 1.

    Returns
    -------
    step, memory

    References
    ----------
    Sutskever and others 2013, equations 3 and 4, in the form of ``torch.optim.SGD`` with
    ``nesterov=True``, which stores the weights one look ahead.

    Examples
    --------
    >>> step, v = nesterov(1.0)
    >>> step, v
    (1.9, 1.0)
    """
    v = gradient if memory is None else _mu(mu) * memory + gradient
    return gradient + _mu(mu) * v, v


def adam(gradient, memory=None, beta1=0.9, beta2=0.999, eps=1e-8):
    r"""Adam: the mean of the last gradients, divided by the root of the mean of their squares.

    .. math:: m \leftarrow \beta_1 m + (1-\beta_1) g, \qquad
              v \leftarrow \beta_2 v + (1-\beta_2) g^2, \qquad
              \text{step} = \frac{m/(1-\beta_1^t)}{\sqrt{v/(1-\beta_2^t)} + \epsilon}

    Parameters
    ----------
    gradient : float, array or Tensor
    memory : tuple or None
        (m, v, t) after the last step.
    beta1, beta2 : float
        From 0, below 1.
    eps : float
        At least 0.

    Returns
    -------
    step, memory

    References
    ----------
    Kingma and Ba 2015, algorithm 1; ``torch.optim.Adam``.

    Examples
    --------
    >>> step, _ = adam(1e-9)
    >>> round(step, 3)
    0.091
    """
    beta1, beta2 = _mu(beta1, "beta1"), _mu(beta2, "beta2")
    m, v, t = (0.0, 0.0, 0) if memory is None else memory
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient * gradient
    t += 1
    size = (v / (1 - beta2**t)) ** 0.5
    return m / (1 - beta1**t) / (size + number("eps", eps, least=0)), (m, v, t)


def _mu(value, name="mu"):
    value = number(name, value, least=0)
    if value >= 1:
        raise ValueError(f"{name}={value!r} is out of range; expected less than 1.")
    return value

"""The loss wall: a recurrent neuron whose loss jumps when two weights change a little."""

import numpy as np

from lessons._check import integer, number

STEPS, START, TARGET = 50, 0.5, 0.7


def loss_and_gradient(w, b):
    r"""Return the loss of one recurrent neuron after 50 steps, and its gradient.

    .. math:: x_0 = 0.5, \qquad x_t = w\,\sigma(x_{t-1}) + b, \qquad
              C = (\sigma(x_{50}) - 0.7)^2

    The derivatives go forward in time with the state: :math:`k_t = w\,\sigma'(x_{t-1})`,
    :math:`\partial x_t/\partial w = \sigma(x_{t-1}) + k_t\,\partial x_{t-1}/\partial w` and
    :math:`\partial x_t/\partial b = 1 + k_t\,\partial x_{t-1}/\partial b`.

    Parameters
    ----------
    w, b : float or arrays that broadcast together
        Weight and bias; finite.

    Returns
    -------
    loss, d_w, d_b : arrays of the common shape

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, the error surface of a single recurrent unit.

    Examples
    --------
    >>> loss, d_w, d_b = loss_and_gradient([4.6, 5.0], -2.42)
    >>> loss.round(2)
    array([0.3 , 0.03])
    """
    w, b = np.broadcast_arrays(_finite("w", w), _finite("b", b))
    x = np.full(w.shape, START)
    x_w, x_b = np.zeros(w.shape), np.zeros(w.shape)
    for _ in range(STEPS):
        s = _sigmoid(x)
        k = w * s * (1 - s)
        x, x_w, x_b = w * s + b, s + k * x_w, 1 + k * x_b
    s = _sigmoid(x)
    outer = 2 * (s - TARGET) * s * (1 - s)
    return (s - TARGET) ** 2, outer * x_w, outer * x_b


def descend(w, b, lr, max_norm=np.inf, steps=60):
    """Go down the loss wall by gradient descent with norm clipping.

    Parameters
    ----------
    w, b : float or arrays that broadcast together
        Where to start.
    lr, max_norm : float or arrays that broadcast with them, above 0
        Learning rate and threshold; by default nothing is clipped.
    steps : int

    Returns
    -------
    path : array of shape (steps + 1, 2, ...)
        w and b before the first step and after each.
    norms : array of shape (steps, ...)
        The gradient's norm at each step, before clipping.

    Examples
    --------
    >>> path, norms = descend(5.0, -2.0, lr=1.0, max_norm=0.1, steps=30)
    >>> bool(np.linalg.norm(np.diff(path, axis=0), axis=1).max() <= 0.1 + 1e-12)
    True
    """
    lr, max_norm = _positive("lr", lr), _positive("max_norm", max_norm)
    w, b, lr, max_norm = np.broadcast_arrays(_finite("w", w), _finite("b", b), lr, max_norm)
    path, norms = [np.stack([w, b])], []
    for _ in range(integer("steps", steps)):
        _, d_w, d_b = loss_and_gradient(*path[-1])
        norm = np.hypot(d_w, d_b)
        factor = np.minimum(1.0, max_norm / np.maximum(norm, np.finfo(float).tiny))
        path.append(path[-1] - lr * factor * np.stack([d_w, d_b]))
        norms.append(norm)
    return np.stack(path), np.stack(norms)


def curvature(w, b, step=1e-6):
    r"""Return the largest absolute eigenvalue of the loss's Hessian, by central differences.

    Parameters
    ----------
    w, b : float or arrays that broadcast together
    step : float
        Half the distance between the two gradients that are subtracted.

    Returns
    -------
    array of the common shape

    Examples
    --------
    >>> bool(curvature(4.69, -2.42) > 1e4 * curvature(6.0, -2.0))
    True
    """
    step = number("step", step, above=0)
    w, b = np.broadcast_arrays(_finite("w", w), _finite("b", b))
    columns = []
    for d_w, d_b in ((step, 0.0), (0.0, step)):
        plus = np.stack(loss_and_gradient(w + d_w, b + d_b)[1:])
        minus = np.stack(loss_and_gradient(w - d_w, b - d_b)[1:])
        columns.append((plus - minus) / (2 * step))
    (ww, wb), (bw, bb) = columns
    wb = (wb + bw) / 2
    return np.abs(ww + bb) / 2 + np.hypot((ww - bb) / 2, wb)


def _sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))  # never overflows


def _finite(name, value):
    value = _real(name, value)
    if not np.isfinite(value).all():
        raise ValueError(f"{name}={value} is not finite; expected finite numbers.")
    return value


def _positive(name, value):
    value = _real(name, value)
    if not (value > 0).all():
        raise ValueError(f"{name}={value} is out of range; expected numbers above 0.")
    return value


def _real(name, value):
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise TypeError(f"{name} is a {kind}; expected a real number or an array.") from None

r"""What batch normalization does to gradients at initialization: a factor above 1 per layer."""

import math

import numpy as np
import torch

from lessons import activations
from lessons._check import integer
from lessons.propagation.expectation import expectation, graded


def batch_norm_growth(activation, batch_size=None):
    r"""Return by how much one layer with batch normalization multiplies the *squared* gradient.

    The layer is linear, then batch normalization, then f; very wide, weights at random.

    .. math:: \frac{\mathbb E f'(z)^2}{\operatorname{Var} f(z)}, \quad z \sim N(0, 1)

    for an infinite batch; for ReLU it is :math:`\pi/(\pi - 1)`.

    Parameters
    ----------
    activation : str or Activation
    batch_size : int, optional
        B, at least 4; by default infinite.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        On an unknown activation or a batch below 4: there the mean is infinite.

    Notes
    -----
    In a batch of B one neuron's normalised values :math:`\hat z` lie at random on the sphere of
    radius √B in the plane :math:`\sum_i \hat z_i = 0`. With :math:`D = \operatorname{diag}
    f'(\hat z)`, G the projection that takes the mean off and P the one that also takes off the
    direction of :math:`\hat z`, the factor is

    .. math:: \frac{B}{(B - 1)(B - 3)} \cdot
        \frac{\mathbb E \operatorname{tr} P D G D}
        {\mathbb E f(\hat z_1)^2 - \mathbb E f(\hat z_1) f(\hat z_2)}

    where :math:`B/(B - 3)` comes from the mean of 1/variance over a batch.

    References
    ----------
    Yang, Pennington, Rao, Sohl-Dickstein and Schoenholz, 2019, A mean field theory of batch
    normalization, theorem 3.9 and section 4.

    Examples
    --------
    >>> round(batch_norm_growth("relu") * (math.pi - 1) / math.pi, 6)
    1.0
    """
    activation = activations.get(activation)
    if batch_size is None:
        mean = expectation(activation.function, 1.0)
        square = expectation(lambda z: activation.function(z) ** 2, 1.0)
        return expectation(lambda z: activation.derivative(z) ** 2, 1.0) / (square - mean**2)
    size = integer("batch_size", batch_size, least=4)
    z1, z2, weight = _two_of_a_batch(size)
    f1, f2 = (activation.function(torch.from_numpy(z)).numpy() for z in (z1, z2))
    d1, d2 = (activation.derivative(torch.from_numpy(z)).numpy() for z in (z1, z2))

    def mean(values):
        return float(values @ weight)

    # Sums over the batch, by symmetry from one and from two of its members.
    squares = size * mean(d1**2)
    sum_squared = squares + size * (size - 1) * mean(d1 * d2)
    weighted = size * mean(z1**2 * d1**2)
    weighted_squared = weighted + size * (size - 1) * mean(z1 * d1 * z2 * d2)
    trace = squares * (1 - 1 / size) - weighted / size
    trace -= (squares - sum_squared / size - weighted_squared / size) / size
    spread = mean(f1**2) - mean(f1 * f2)
    return size * trace / ((size - 1) * (size - 3) * spread)


def _two_of_a_batch(size):
    """Nodes and weights over two members of a normalised batch; for kinks at 0 of either.

    Their joint density is that of two coordinates of a point on a sphere of B − 1 dimensions:
    in polar coordinates cos^{B−4} θ sin θ, whatever the angle φ.
    """
    theta, share = graded(0.0, math.pi / 2, [0.0], points=16, levels=12, widest=0.2)
    share = share * np.cos(theta) ** (size - 4) * np.sin(theta) * (size - 3)
    correlation = -1 / (size - 1)
    side = math.sqrt(1 - correlation**2)
    # z2 = 0 where correlation·cos φ + side·sin φ = 0
    tilt = math.atan2(-correlation, side)
    kinks = sorted(a % (2 * math.pi) for a in (math.pi / 2, -math.pi / 2, tilt, tilt + math.pi))
    phi, angle = graded(0.0, 2 * math.pi, kinks, points=12, levels=2)
    radius = math.sqrt(size - 1) * np.sin(theta)[:, None]
    one = radius * np.cos(phi)
    two = radius * (correlation * np.cos(phi) + side * np.sin(phi))
    weight = share[:, None] * angle / (2 * math.pi)
    return one.ravel(), two.ravel(), weight.ravel()

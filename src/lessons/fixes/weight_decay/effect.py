"""What weight decay does: at the start, on a random walk of the weights, in a real training."""

import math
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy

from lessons._check import choice, integer, number
from lessons._threads import one_thread
from lessons.data import digits
from lessons.fixes.weight_decay.optimizers import Adam, Descent
from lessons.measure import decades_per_layer, signals_by_layer, weights_by_layer
from lessons.networks import mlp

HEALTHY = math.sqrt(2 / 64)  # He's size of the weights at width 64


class Trained(NamedTuple):
    """A net after training.

    Attributes
    ----------
    accuracy : float
        Share of right answers on the test digits.
    size : float
        Norm of all weights, by that before training.
    signal, gradient : float
        Norm of the last layer's input and of layer 1's gradient, by those before training.
    slope : float
        Powers of ten that the error signal gains with each layer on the way back.
    sizes : list of float
        ``size`` before the first step, and after each tenth.
    """

    accuracy: float
    size: float
    signal: float
    gradient: float
    slope: float
    sizes: list


def halving_steps(lr, decay):
    """Return the steps after which decay alone has halved a weight: ln ½ / ln(1 − ηd).

    Examples
    --------
    >>> round(halving_steps(0.01, 0.01))
    6931
    """
    lr, decay = number("lr", lr, above=0), number("decay", decay, above=0)
    return math.log(0.5) / math.log1p(-lr * decay) if lr * decay < 1 else 1.0


@one_thread()
def first_steps(gain, strength, *, lr=0.01, most=20, seeds=3):
    """Count the steps of gradient descent with an L2 penalty until the loss is not finite.

    Parameters
    ----------
    gain : float
        Factor on He's first weights of a ReLU net of 20 layers.
    strength : float
        Of the penalty.
    lr : float
    most : int
        Where counting ends.
    seeds : int

    Returns
    -------
    list of int

    Examples
    --------
    >>> first_steps(2.0, 1.0, seeds=1)
    [1]
    """
    data, counts = digits(), []
    x, y = data.train_x[:128], data.train_y[:128]
    for seed in range(integer("seeds", seeds)):
        net, step = mlp(20, gain=gain, seed=seed), 0
        descent = Descent(net.parameters(), lr, l2=strength)
        while step < integer("most", most):
            net.zero_grad()
            loss = cross_entropy(net(x), y)
            if not loss.isfinite():
                break
            loss.backward()
            descent.step()
            step += 1
        counts.append(step)
    return counts


def walk_size(step, decay, *, lr=0.01, start=HEALTHY):
    r"""Return the standard deviation of weights whose gradients are noise of size 1.

    With :math:`a = 1 - \eta d` in each step :math:`w \leftarrow a w - \eta \xi`, so

    .. math:: s_t^2 = a^{2t} s_0^2 + \eta^2 \frac{1 - a^{2t}}{1 - a^2} .

    Parameters
    ----------
    step : int
        t, at least 0.
    decay : float
        d, at least 0.
    lr, start : float
        η and s₀.

    Examples
    --------
    >>> round(walk_size(10**6, 0.16), 3), round(math.sqrt(2 / 64), 3)
    (0.177, 0.177)
    """
    step, decay = integer("step", step, least=0), number("decay", decay, least=0)
    share = number("lr", lr, above=0) * decay
    a = 1 - share
    if share < 1e-12:
        noise = step
    elif share < 1:
        noise = -math.expm1(2 * step * math.log1p(-share)) / (share * (2 - share))
    else:
        noise = (1 - a ** (2 * step)) / (1 - a**2)
    return math.sqrt(a ** (2 * step) * start**2 + lr**2 * noise)


@one_thread()
def walk(step, decay, *, lr=0.01, depth=20, seed=0):
    """Let a ReLU net's weights walk at random; measure signal and error signal by layer.

    Parameters
    ----------
    step, decay, lr
        See :func:`walk_size`. The steps are taken in one jump of the same distribution.
    depth, seed : int

    Returns
    -------
    dict of str to list of float
        See :func:`lessons.measure.signals_by_layer`; 256 digits.

    Examples
    --------
    >>> len(walk(100, 0.16, depth=3)["error signal"])
    3
    """
    data = digits(dtype=torch.float64)
    net = mlp(depth, seed=seed, dtype=torch.float64)
    generator = torch.Generator().manual_seed(1000 + seed)
    kept = (1 - lr * decay) ** step
    spread = walk_size(step, decay, lr=lr, start=0.0)
    with torch.no_grad():
        for w in weights_by_layer(net).values():
            noise = torch.randn(w.shape, generator=generator, dtype=w.dtype)
            w.mul_(kept).add_(spread * noise)
    return signals_by_layer(net, data.train_x[:256], data.train_y[:256])


@one_thread()
def mean_weight(way, size, *, lr=0.01, strength=0.1, steps=1000, copies=400, seed=0):
    """Return the mean of many weights, all 1 at first, whose gradients are noise, under Adam.

    Parameters
    ----------
    way : str
        "l2" (in the loss) or "decay" (decoupled).
    size : float
        Standard deviation of the gradients' noise; above 0.
    lr, strength : float
    steps, copies, seed : int

    Returns
    -------
    list of float
        Before the first step, and after each tenth.

    Examples
    --------
    >>> mean_weight("decay", 1.0, steps=20)[0]
    1.0
    """
    choice("way", way, ("l2", "decay"))
    size = number("size", size, above=0)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    w = torch.ones(integer("copies", copies), dtype=torch.float64, requires_grad=True)
    adam, means = Adam([w], lr, **{way: strength}), [1.0]
    for step in range(1, integer("steps", steps) + 1):
        w.grad = size * torch.randn(w.shape, generator=generator, dtype=w.dtype)
        adam.step()
        if step % 10 == 0:
            means.append(w.mean().item())
    return means


@one_thread()
def trained(*, steps=100, lr=0.003, depth=10, seed=0, **how):
    """Train a ReLU net on the digits with Adam and one way of holding weights small.

    Parameters
    ----------
    steps : int
    lr : float
    depth, seed : int
    **how
        l1, l2 or decay: see :class:`Adam`.

    Returns
    -------
    Trained

    Examples
    --------
    >>> trained(steps=20, decay=10.0).size < trained(steps=20).size
    True
    """
    data = digits(dtype=torch.float64)
    x, y = data.train_x, data.train_y
    net = mlp(depth, 32, seed=seed, dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    before, size = signals_by_layer(net, x[:256], y[:256]), _size(net)
    adam, sizes = Adam(net.parameters(), lr, **how), [1.0]
    for step in range(1, integer("steps", steps) + 1):
        batch = torch.randint(0, len(x), (64,), generator=generator)
        net.zero_grad()
        cross_entropy(net(x[batch]), y[batch]).backward()
        adam.step()
        if step % 10 == 0:
            sizes.append(_size(net) / size)
    after = signals_by_layer(net, x[:256], y[:256])
    with torch.no_grad():
        right = (net(data.test_x).argmax(1) == data.test_y).double().mean().item()
    return Trained(
        right,
        _size(net) / size,
        after["signal"][-1] / before["signal"][-1],
        after["weight gradient"][0] / before["weight gradient"][0],
        decades_per_layer(after["error signal"]),
        sizes,
    )


def _size(net):
    return math.sqrt(sum(w.square().sum().item() for w in weights_by_layer(net).values()))

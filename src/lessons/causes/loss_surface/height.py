"""Height is no slope: the loss and the gradient of one fixed net as only its error grows."""

import math

import torch
from torch.nn.functional import cross_entropy, one_hot

from lessons._check import choice, number
from lessons._threads import one_thread
from lessons.data import digits
from lessons.networks import mlp

LOSSES = ("squared", "cross-entropy")


@one_thread()
def loss_and_slope(error, loss="squared", *, samples=50, seed=0):
    r"""Return the loss and the gradient's norm of a net whose error is set by one number.

    The net has three tanh layers with Xavier's weights, and does not change. With squared errors
    only the targets move: to :math:`y + e (t - y)`, where y is the net's answer and t the right
    one, so that the error is e times the true one. With cross-entropy one bias moves: that of the
    output for 0, by e. The net then votes for 0, whatever the digit.

    Parameters
    ----------
    error : float
        The number e, at least 0.
    loss : {"squared", "cross-entropy"}
    samples, seed : int
        Digits, and the seed of the weights.

    Returns
    -------
    loss, slope : float
        The slope is the L2 norm of the gradient of all weights and biases.

    Examples
    --------
    >>> (one, slope), (four, twice) = (loss_and_slope(e) for e in (1, 2))
    >>> round(four / one, 6), round(twice / slope, 6)
    (4.0, 2.0)
    """
    choice("loss", loss, LOSSES)
    error = number("error", error, least=0)
    data = digits(dtype=torch.float64)
    x, y = data.train_x[:samples], data.train_y[:samples]
    net = mlp(3, 16, activation="tanh", initialization="xavier", seed=seed, dtype=torch.float64)
    if loss == "squared":
        answer = net(x)
        target = answer.detach() + error * (one_hot(y, 10) - answer.detach())
        value = ((answer - target) ** 2).sum(1).mean() / 2
    else:
        with torch.no_grad():
            net.layers[-1].bias[0] += error
        value = cross_entropy(net(x), y)
    gradients = torch.autograd.grad(value, list(net.parameters()))
    return value.item(), math.sqrt(sum((g**2).sum().item() for g in gradients))

"""Measurements at a recurrent net, time step by time step."""

import torch

from lessons._check import choice
from lessons.measure import LOSSES, check_batch
from lessons.networks import RNN


def state_gradients(net, x, y, loss="cross_entropy"):
    r"""Return the norm of the loss's gradient with respect to each state of a recurrent net.

    .. math:: \left\| \frac{\partial C}{\partial h_t} \right\|, \qquad t = 1, \dots, T

    The recurring picture, along time: C depends on h_t only through the states after it. The
    gradients of all samples in the batch count as one vector.

    Parameters
    ----------
    net : lessons.networks.RNN
    x, y : Tensor
        A batch of sequences and its answers.
    loss : str
        "cross_entropy" (classes) or "mse" (numbers).

    Returns
    -------
    list of float
        One norm for each time step, the first step first.

    Raises
    ------
    TypeError, ValueError
        If ``net`` is another network, or ``x`` and ``y`` do not belong together.

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, *On the difficulty of training recurrent neural
    networks*, eq. 5.

    Examples
    --------
    >>> from lessons.data import recall
    >>> from lessons.networks import rnn
    >>> net = rnn(8, inputs=8, outputs=4, activation="identity", gain=2.0)
    >>> first, second, third = state_gradients(net, *recall(5, 3))
    >>> round(first / second, 4), round(second / third, 4)
    (2.0, 2.0)
    """
    if not isinstance(net, RNN):
        raise TypeError(f"net is a {type(net).__name__}; expected a lessons.networks.RNN.")
    check_batch(x, y)
    function = LOSSES[choice("loss", loss, LOSSES)]
    states = net.hidden_states(x)
    gradients = torch.autograd.grad(function(net.output_layer(states[-1]), y), states)
    return [torch.linalg.vector_norm(g, dtype=torch.float64).item() for g in gradients]

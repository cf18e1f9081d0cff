"""The gradient of a recurrent net, step of time by step of time."""

import torch

from lessons._threads import one_thread
from lessons.loss import check_batch, check_model, loss_of


@one_thread()
def through_time(model, x, y, loss="cross_entropy"):
    r"""Return the norm of the loss's gradient with respect to each hidden state.

    Parameters
    ----------
    model : lessons.networks.RNN
        Or any module with ``hidden_states(x)``, a list of the states h_1 … h_T, and an
        ``output_layer``.
    x : Tensor, shape (batch, T, inputs)
    y : Tensor, shape (batch,) or (batch, outputs)
    loss : str
        "cross_entropy" or "mse".

    Returns
    -------
    list of float
        :math:`\|\partial C / \partial h_t\|` over the batch for t = 1 … T.

    Raises
    ------
    TypeError, ValueError
        If ``model`` is no recurrent net, or the data and the loss do not fit it.

    References
    ----------
    Bengio, Simard and Frasconi, 1994; Pascanu, Mikolov and Bengio, 2013, eq. 5.

    Examples
    --------
    >>> from lessons.data import adding
    >>> from lessons.networks import rnn
    >>> norms = through_time(rnn(8), *adding(4, 10), loss="mse")
    >>> len(norms), norms[0] < norms[-1]
    (10, True)
    """
    check_model(model)
    if not hasattr(model, "hidden_states"):
        raise TypeError(
            f"model is a {type(model).__name__}; expected a recurrent net such as rnn(8)."
        )
    check_batch(x, y, loss)
    states = model.hidden_states(x)
    value = loss_of(model.output_layer(states[-1]), y, loss)
    gradients = torch.autograd.grad(value, states)
    return [g.double().norm().item() for g in gradients]

"""Nets that read a sequence and answer at its end, and how much of a gradient gets to its start."""

import torch
from torch import nn

from lessons._check import choice, integer, number
from lessons._threads import one_thread
from lessons.fixes.lstm.forget import set_biases_
from lessons.loss import check_batch, loss_of

KINDS = {"plain": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class _Answer(nn.Linear):
    """Reads the first part of a state: h, and not the memory c behind it."""

    def forward(self, state):
        return super().forward(state[..., : self.in_features])


class Reader(nn.Module):
    """A recurrent layer and an answer from its last h; built by :func:`reader`."""

    def __init__(self, layer, output_layer):
        super().__init__()
        self.layer, self.output_layer = layer, output_layer

    def forward(self, x):
        """Map (batch, time, inputs) to (batch, outputs)."""
        return self.output_layer(self.layer(x)[0][:, -1])

    def hidden_states(self, x):
        """Return the whole state after each step, h and c side by side: a list of (batch, …)."""
        states, state = [], None
        for step in x.split(1, 1):
            _, state = self.layer(step, state)
            parts = state if isinstance(state, tuple) else (state,)
            states.append(torch.cat(parts, 2)[0])
            # Cut the joined state again, so that all later steps depend on it.
            parts = tuple(part[None] for part in states[-1].chunk(len(parts), 1))
            state = parts if len(parts) > 1 else parts[0]
        return states


def reader(
    kind, width=32, *, inputs=8, outputs=4, forget=None, enter=None, gain=1.0, seed=0, dtype=None
):
    """Build a net that reads a sequence with PyTorch's first weights, ±1/√width.

    Parameters
    ----------
    kind : str or nn.Module
        "plain" (``nn.RNN``), "lstm" (``nn.LSTM``), "gru" (``nn.GRU``), or a layer that takes
        (batch, time, inputs) as these do with ``batch_first``, such as :class:`LSTM`. A layer
        keeps its weights.
    width, inputs, outputs : int
    forget, enter : float, optional
        Bias of the forget gates (of a GRU's update gates), and of the input gates.
    gain : float
        Factor on the recurrent weights.
    seed : int
        Of all weights.
    dtype : torch.dtype, optional

    Returns
    -------
    Reader

    Raises
    ------
    TypeError, ValueError
        On unknown kinds or sizes below 1.

    Examples
    --------
    >>> reader("lstm", 16, forget=4.0)(torch.zeros(3, 10, 8)).shape
    torch.Size([3, 4])
    """
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    layer = kind
    if not isinstance(kind, nn.Module):
        make = KINDS[choice("kind", kind, KINDS)]
        layer = make(inputs, integer("width", width), batch_first=True, dtype=dtype)
        for parameter in layer.parameters():
            nn.init.uniform_(parameter, -(width**-0.5), width**-0.5, generator=generator)
    if forget is not None or enter is not None:
        set_biases_(layer, forget=forget, input=enter)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith("weight_hh"):
                parameter *= number("gain", gain, least=0)
    answer = _Answer(width, integer("outputs", outputs), dtype=dtype)
    for parameter in answer.parameters():
        nn.init.uniform_(parameter, -(width**-0.5), width**-0.5, generator=generator)
    return Reader(layer, answer)


@one_thread()
def both_ways(net, x, y, loss="cross_entropy"):
    """Return the size of a net's memory at each step, and the gradient's norm at each state.

    Parameters
    ----------
    net : Reader
    x, y : Tensor
    loss : str

    Returns
    -------
    sizes : list of float
        Root mean square of the memory c, or of h where there is none.
    gradients : list of float
        Norm of the gradient by h and c together, divided by that at the last step.

    Examples
    --------
    >>> from lessons.data import recall
    >>> sizes, gradients = both_ways(reader("lstm"), *recall(3, 20))
    >>> len(sizes), gradients[-1], gradients[0] < 0.01
    (20, 1.0, True)
    """
    width = net.output_layer.in_features
    check_batch(x, y, loss)
    states = net.hidden_states(x)  # one walk for both; `through_time` would need a second
    gradients = torch.autograd.grad(loss_of(net.output_layer(states[-1]), y, loss), states)
    norms = [g.double().norm().item() for g in gradients]
    sizes = [s.detach()[:, -width:].square().mean().sqrt().item() for s in states]
    return sizes, [norm / norms[-1] for norm in norms]

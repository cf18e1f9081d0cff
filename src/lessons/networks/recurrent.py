"""A plain recurrent network."""

import torch
from torch import nn

from lessons import activations
from lessons._check import integer
from lessons.networks.initialization import linear
from lessons.networks.inputs import check_inputs


class RNN(nn.Module):
    """A plain recurrent network, h_t = f(W_x x_t + W_h h_{t-1} + b); built by :func:`rnn`."""

    def __init__(self, input_layer, recurrent, output_layer, activation):
        super().__init__()
        self.input_layer = input_layer
        self.recurrent = recurrent
        self.output_layer = output_layer
        self.activation = activation

    def hidden_states(self, x):
        """Return the states h_1 … h_T, a list of (batch, width), for x of (batch, time, inputs)."""
        check_inputs(x, self.input_layer, ("batch", "time"))
        driven = self.input_layer(x)  # (batch, time, width)
        state = driven.new_zeros(driven.shape[0], driven.shape[2])
        states = []
        # Not driven[:, t]: its backward pass fills a tensor of all steps for each step.
        for step in driven.unbind(1):
            state = self.activation.function(step + self.recurrent(state))
            states.append(state)
        return states

    def forward(self, x):
        """Map (batch, time, inputs) to (batch, outputs), read from the last state.

        Raises
        ------
        TypeError, ValueError
            If ``x`` has another shape or dtype than the net takes.
        """
        return self.output_layer(self.hidden_states(x)[-1])


def rnn(
    width=32,
    *,
    inputs=2,
    outputs=1,
    activation="tanh",
    initialization="orthogonal",
    gain=1.0,
    seed=0,
    dtype=torch.float32,
):
    """Build a plain recurrent network that answers from its last state.

    ``initialization`` and ``gain`` shape the recurrent matrix W_h alone; the input and output
    matrices are LeCun-initialized. For the other parameters, the errors and the seed see
    :func:`lessons.networks.mlp`.

    Returns
    -------
    RNN
        Maps (batch, time, inputs) to (batch, outputs).

    Examples
    --------
    >>> rnn(8, inputs=2)(torch.zeros(5, 30, 2)).shape
    torch.Size([5, 1])
    """
    width = integer("width", width)
    inputs, outputs = integer("inputs", inputs), integer("outputs", outputs)
    activation = activations.get(activation)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    recurrent = linear(width, width, initialization, gain, generator)
    recurrent.bias = None  # the input layer has the bias
    input_layer = linear(inputs, width, "lecun", 1.0, generator)
    output_layer = linear(width, outputs, "lecun", 1.0, generator)
    return RNN(input_layer, recurrent, output_layer, activation).to(dtype)

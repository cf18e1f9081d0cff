"""Plain deep networks by depth, width, activation and initialization."""

import itertools
import math

import torch
from torch import nn

from lessons import activations
from lessons._check import choice, integer, number

INITIALIZATIONS = ("normal", "xavier", "he", "lecun", "orthogonal", "pytorch")


def initialize_(weight, initialization="he", gain=1.0, *, generator=None):
    r"""Fill a weight matrix in place with random numbers of mean 0.

    With fan-in ``n_in`` and fan-out ``n_out`` the standard deviation is ``gain`` times

    ============  ===========================================================
    normal        1, whatever the size
    xavier        sqrt(2 / (n_in + n_out))                     [1]_, eq. 12
    he            sqrt(2 / n_in)                               [2]_, eq. 10
    lecun         sqrt(1 / n_in)                               [3]_, eq. 16
    orthogonal    no variance: ``gain`` times a (semi-)orthogonal matrix [4]_
    pytorch       sqrt(1 / (3 n_in)): uniform, the default of ``nn.Linear``
    ============  ===========================================================

    All but ``pytorch`` and ``orthogonal`` are normal.

    Parameters
    ----------
    weight : Tensor, shape (n_out, n_in)
        Changed in place.
    initialization : str
        One of ``INITIALIZATIONS``.
    gain : float
        A positive factor on every weight.
    generator : torch.Generator, optional
        The source of randomness.

    Returns
    -------
    Tensor
        ``weight`` itself.

    Raises
    ------
    TypeError, ValueError
        If ``weight`` is no floating-point matrix, the name is unknown, or the gain is not positive.

    References
    ----------
    .. [1] Glorot and Bengio, 2010. .. [2] He et al., 2015. .. [3] LeCun et al., 1998.
    .. [4] Saxe, McClelland and Ganguli, 2014.

    Examples
    --------
    >>> weight = initialize_(torch.empty(512, 512), "he", generator=torch.manual_seed(0))
    >>> round(weight.var().item() * 512, 1)
    2.0
    """
    choice("initialization", initialization, INITIALIZATIONS)
    gain = number("gain", gain, above=0)
    if not isinstance(weight, torch.Tensor) or not weight.is_floating_point():
        kind = getattr(weight, "dtype", type(weight).__name__)
        raise TypeError(f"weight is {kind}; expected a floating-point tensor.")
    if weight.ndim != 2:
        raise ValueError(f"weight has shape {tuple(weight.shape)}; expected two dimensions.")
    n_out, n_in = weight.shape
    with torch.no_grad():
        if initialization == "orthogonal":
            return nn.init.orthogonal_(weight, gain, generator=generator)
        if initialization == "pytorch":
            bound = gain / math.sqrt(n_in)
            return nn.init.uniform_(weight, -bound, bound, generator=generator)
        deviation = {
            "normal": 1.0,
            "xavier": math.sqrt(2 / (n_in + n_out)),
            "he": math.sqrt(2 / n_in),
            "lecun": math.sqrt(1 / n_in),
        }[initialization]
        return nn.init.normal_(weight, 0.0, gain * deviation, generator=generator)


def _linear(inputs, outputs, initialization, gain, generator):
    # Drawn in float64, so that one seed gives the same network in every dtype.
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, dtype=torch.float64)
    initialize_(layer.weight, initialization, gain, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer


class MLP(nn.Module):
    """A plain multilayer perceptron; built by :func:`mlp`.

    Attributes
    ----------
    layers : nn.ModuleList of nn.Linear
        ``depth`` weight matrices, from the input to the output.
    activation : lessons.activations.Activation
        Applied after every layer but the last.
    """

    def __init__(self, layers, activation):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.activation = activation

    def forward_all(self, x):
        """Return what each layer puts out, after its activation: ``depth`` tensors."""
        outputs = []
        for i, layer in enumerate(self.layers):
            x = layer(x)  # (batch, width)
            if i < len(self.layers) - 1:
                x = self.activation.function(x)
            outputs.append(x)
        return outputs

    def forward(self, x):
        """Map (batch, inputs) to (batch, outputs)."""
        return self.forward_all(x)[-1]


def mlp(
    depth,
    width=64,
    *,
    inputs=64,
    outputs=10,
    activation="relu",
    initialization="he",
    gain=1.0,
    seed=0,
    dtype=torch.float32,
):
    """Build a plain deep network: ``depth`` weight matrices, one activation between them.

    Parameters
    ----------
    depth : int
        The number of weight matrices (so ``depth - 1`` activations).
    width : int
        Neurons in each hidden layer.
    inputs, outputs : int
        Size of a sample and of the answer.
    activation : str or Activation
        See ``lessons.activations``.
    initialization, gain : str, float
        See :func:`initialize_`. Biases start at 0.
    seed : int
        The same seed draws the same weights, whatever the gain and the dtype.
    dtype : torch.dtype
        Of the parameters.

    Returns
    -------
    MLP

    Raises
    ------
    TypeError, ValueError
        On an unknown name, a size below 1 or a gain that is not positive.

    Examples
    --------
    >>> net = mlp(20, seed=1)
    >>> len(net.layers), net(torch.zeros(3, 64)).shape
    (20, torch.Size([3, 10]))
    """
    depth = integer("depth", depth)
    width, inputs = integer("width", width), integer("inputs", inputs)
    sizes = [inputs] + [width] * (depth - 1) + [integer("outputs", outputs)]
    activation = activations.get(activation)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    layers = [_linear(n, m, initialization, gain, generator) for n, m in itertools.pairwise(sizes)]
    return MLP(layers, activation).to(dtype)


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
        driven = self.input_layer(x)  # (batch, time, width)
        state = driven.new_zeros(driven.shape[0], driven.shape[2])
        states = []
        for t in range(driven.shape[1]):
            state = self.activation.function(driven[:, t] + self.recurrent(state))
            states.append(state)
        return states

    def forward(self, x):
        """Map (batch, time, inputs) to (batch, outputs), read from the last state."""
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
    :func:`mlp`.

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
    recurrent = _linear(width, width, initialization, gain, generator)
    recurrent.bias = None  # the input layer has the bias
    input_layer = _linear(inputs, width, "lecun", 1.0, generator)
    output_layer = _linear(width, outputs, "lecun", 1.0, generator)
    return RNN(input_layer, recurrent, output_layer, activation).to(dtype)

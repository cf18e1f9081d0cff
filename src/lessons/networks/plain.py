"""Plain deep networks by depth, width, activation and initialization; the three of the book."""

import itertools

import torch
from torch import nn

from lessons import activations
from lessons._check import integer
from lessons.networks.initialization import linear
from lessons.networks.inputs import check_inputs


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
        check_inputs(x, self.layers[0], ("...",))
        outputs = []
        for i, layer in enumerate(self.layers):
            x = layer(x)  # (batch, width)
            if i < len(self.layers) - 1:
                x = self.activation.function(x)
            outputs.append(x)
        return outputs

    def forward(self, x):
        """Map (..., inputs) to (..., outputs).

        Raises
        ------
        TypeError, ValueError
            If ``x`` has another width or dtype than the net takes.
        """
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
    layers = [linear(n, m, initialization, gain, generator) for n, m in itertools.pairwise(sizes)]
    return MLP(layers, activation).to(dtype)


# Three 20-layer nets of the whole book: how they are built decides which way the gradient goes.
THREE_NETS = {
    "vanishing": {"activation": "sigmoid", "initialization": "xavier"},
    "healthy": {"activation": "relu", "initialization": "he"},
    "exploding": {"activation": "tanh", "initialization": "normal"},
}


def three_nets(depth=20, width=64, seed=0, dtype=torch.float32):
    """Build the running example: one vanishing, one healthy and one exploding net.

    ===========  ==========  ================================
    vanishing    sigmoid     Xavier initialization
    healthy      ReLU        He initialization
    exploding    tanh        weights from N(0, 1)
    ===========  ==========  ================================

    Parameters
    ----------
    depth, width, seed, dtype
        See :func:`mlp`.

    Returns
    -------
    dict of str to MLP

    Examples
    --------
    >>> list(three_nets(depth=3))
    ['vanishing', 'healthy', 'exploding']
    """
    return {
        name: mlp(depth, width, seed=seed, dtype=dtype, **how) for name, how in THREE_NETS.items()
    }

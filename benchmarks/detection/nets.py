"""The networks of the detection benchmark, each drawn from torch's global generator."""

import torch
from torch import nn

from lessons import networks
from lessons.networks import initialize_

ACTIVATIONS = {
    "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "selu": nn.SELU, "gelu": nn.GELU,
    "leaky": lambda: nn.LeakyReLU(0.1), "softplus": nn.Softplus, "elu": nn.ELU,
}  # fmt: skip


def draw(model, initialization, gain=1.0, bias=0.0):
    """Draw all weights of linear and convolutional layers; biases of hidden layers get ``bias``."""
    layers = [m for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv1d, nn.Conv2d))]
    for layer in layers:
        if initialization == "zero":
            nn.init.zeros_(layer.weight)
        else:
            initialize_(layer.weight.data.flatten(1), initialization, gain)
        if layer.bias is not None:
            nn.init.constant_(layer.bias, bias if layer is not layers[-1] else 0.0)
    return model


def mlp(depth, activation="relu", initialization="he", gain=1.0, *, width=32, inputs=64, outputs=10,
        norm=None, dropout=0.0, bias=0.0):  # fmt: skip
    """A chain of ``depth`` linear layers."""
    layers, size = [], inputs
    for _ in range(depth - 1):
        layers.append(nn.Linear(size, width))
        if norm:
            layers.append(nn.BatchNorm1d(width) if norm == "batch" else nn.LayerNorm(width))
        layers.append(ACTIVATIONS[activation]())
        if dropout:
            layers.append(nn.Dropout(dropout))
        size = width
    model = nn.Sequential(*layers, nn.Linear(size, outputs))
    return model if initialization == "default" else draw(model, initialization, gain, bias)


def cnn2d(depth, activation="relu", initialization="he", gain=1.0, *, channels=8, norm=False):
    """3 x 3 convolutions on the digits, the mean over the image, a linear layer."""
    layers, size = [nn.Unflatten(1, (1, 8, 8))], 1
    for _ in range(depth - 1):
        layers.append(nn.Conv2d(size, channels, 3, padding=1))
        layers += [nn.BatchNorm2d(channels)] if norm else []
        layers.append(ACTIVATIONS[activation]())
        size = channels
    layers += [nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16 * size, 10)]
    model = nn.Sequential(*layers)
    return model if initialization == "default" else draw(model, initialization, gain)


def cnn1d(depth, activation="relu", initialization="he", gain=1.0, *, channels=12):
    """Convolutions over 64 numbers in time."""
    layers, size = [], 1
    for _ in range(depth - 1):
        layers += [nn.Conv1d(size, channels, 5, padding=2), ACTIVATIONS[activation]()]
        size = channels
    model = nn.Sequential(*layers, nn.AvgPool1d(8), nn.Flatten(), nn.Linear(8 * size, 4))
    return model if initialization == "default" else draw(model, initialization, gain)


class Residual(nn.Module):
    """x + scale * block(x), many times; ``norm`` stands before the block or is None."""

    def __init__(self, blocks, scale=1.0, norm=True, width=24, inputs=64, outputs=10):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, width), nn.Linear(width, outputs)
        parts = [([nn.LayerNorm(width)] if norm else []) for _ in range(blocks)]
        self.blocks = nn.ModuleList(
            nn.Sequential(*part, nn.Linear(width, width), nn.ReLU()) for part in parts
        )
        self.scale = scale
        draw(self, "he")

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = x + self.scale * block(x)
        return self.last(x)


class Reader(nn.Module):
    """A recurrent layer whose last state, or with ``every`` each state, is the answer's source."""

    def __init__(self, cell, inputs, outputs, hidden=24, *, gain=None, forget=None, vocabulary=None,
                 every=False, **options):  # fmt: skip
        super().__init__()
        self.embed = nn.Embedding(vocabulary, inputs) if vocabulary else None
        self.cell = getattr(nn, cell)(inputs, hidden, batch_first=True, **options)
        self.head, self.every = nn.Linear(hidden, outputs), every
        for name, parameter in self.cell.named_parameters():
            if gain is not None and "weight_hh" in name:
                for block in parameter.data.split(hidden):
                    nn.init.orthogonal_(block, gain)
            if forget is not None and name.startswith("bias_hh"):
                nn.init.constant_(parameter.data[hidden : 2 * hidden], forget)

    def forward(self, x):
        states = self.cell(x if self.embed is None else self.embed(x))[0]
        return self.head(states if self.every else states[:, -1])


class Rows(nn.Module):
    """The digits as sequences: eight rows of eight pixels, or 64 pixels one by one."""

    def __init__(self, net, size):
        super().__init__()
        self.net, self.size = net, size

    def forward(self, x):
        return self.net(x.unflatten(1, (-1, self.size)))


class Transformer(nn.Module):
    """Blocks of attention over the rows of a digit, or over symbols with a causal mask."""

    def __init__(self, blocks=2, width=24, norm_first=True, vocabulary=None, gain=1.0, places=20):
        super().__init__()
        self.read = nn.Embedding(vocabulary, width) if vocabulary else nn.Linear(8, width)
        self.place = nn.Parameter(0.1 * torch.randn(places, width))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 2, 2 * width, 0.0, batch_first=True,
                                       norm_first=norm_first)
            for _ in range(blocks)
        )  # fmt: skip
        self.causal = vocabulary is not None
        self.head = nn.Linear(width, vocabulary or 10)
        with torch.no_grad():
            for parameter in self.blocks.parameters():
                parameter.mul_(gain if parameter.ndim == 2 else 1.0)

    def forward(self, x):
        x = self.read(x if self.causal else x.unflatten(1, (8, 8)))
        x = x + self.place[: x.shape[1]]
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.causal else None
        for block in self.blocks:
            x = block(x, src_mask=mask)
        return self.head(x if self.causal else x.mean(1))


class Words(nn.Module):
    """The mean of the words' vectors, then a small network."""

    def __init__(self, sparse=False, deviation=1.0, mode="mean"):
        super().__init__()
        self.embed = nn.EmbeddingBag(400, 16, mode=mode, sparse=sparse)
        self.rest = mlp(3, inputs=16, outputs=4)
        nn.init.normal_(self.embed.weight, 0.0, deviation)

    def forward(self, x):
        return self.rest(self.embed(x))


def first_layer(model, factor):
    """Multiply the first layer's weights, so that inputs in another unit fit."""
    first = next(module for module in model.modules() if isinstance(module, nn.Linear))
    with torch.no_grad():
        first.weight.mul_(factor)
    return model


def frozen_but_last(model):
    """Train the last layer alone."""
    for parameter in list(model.parameters())[:-2]:
        parameter.requires_grad_(False)
    return model


def shifted(model, bias):
    """Set the biases of all layers but the last."""
    layers = [m for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
    for layer in layers[:-1]:
        nn.init.constant_(layer.bias, bias)
    return model


def net(builder, *arguments, **options):
    """Return a builder without arguments."""
    return lambda: builder(*arguments, **options)


def plain(depth, **options):
    """Return a builder of the course's own network; its activations are no modules."""
    return lambda: networks.mlp(depth, 32, seed=int(torch.randint(1000, ())), **options)


def loop(**options):
    """Return a builder of the course's own recurrent network: a loop over time."""

    def build():
        seed = int(torch.randint(1000, ()))
        return networks.rnn(24, inputs=8, outputs=4, seed=seed, **options)

    return build

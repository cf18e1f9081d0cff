"""Configurations that nobody chose: drawn at random, after the rules were tuned.

They are no part of the two halves. No fault is put in on purpose, so there is no right kind; what
became of each run decides alone. Some learn too slowly for the steps of their task, and little of
that shows in 25 steps.

``CONFIGS`` were in sight when rules were mended later on, and so were ``THIRD``, drawn in the same
way from another seed, when the rule on the plan was mended. ``FOURTH``, twice as many, are drawn
once, after that, for `benchmarks.detection.planned` alone. (The second were drawn by a reviewer,
and are not kept.)
"""

import random

from benchmarks.detection.config import Config, adam, adamw, momentum, sgd
from benchmarks.detection.nets import Reader, Residual, cnn1d, cnn2d, mlp, net

COUNT = 90
OPTIMIZERS = {"SGD": sgd, "momentum": momentum, "Adam": adam, "AdamW": adamw}


def _chain(draw):
    depth = draw.choice((3, 5, 8, 12, 20, 30))
    activation = draw.choice(("relu", "relu", "tanh", "sigmoid", "gelu", "selu"))
    initialization = draw.choice(("default", "he", "he", "xavier", "orthogonal", "lecun"))
    gain = 1.0 if initialization == "default" else draw.choice((1.0, 1.0, _round(draw, -0.5, 0.5)))
    norm = draw.choice((None, None, None, "batch", "layer"))
    name = f"{activation} {depth} {initialization} x {gain:g} {norm or 'plain'}"
    sizes = draw.choice((("digits", {}), ("curve", {"inputs": 8, "outputs": 1})))
    build = net(mlp, depth, activation, initialization, gain, norm=norm, **sizes[1])
    return f"{sizes[0]}, {name}", sizes[0], build


def _convolution(draw):
    depth, normalised = draw.choice((3, 6, 10)), draw.choice((True, False))
    initialization = draw.choice(("default", "he", "xavier"))
    gain = draw.choice((0.5, 1.0, 1.0, 2.0))
    gain = 1.0 if initialization == "default" else gain
    name = f"{depth} {initialization} x {gain:g}"
    if draw.random() < 0.5:
        name = f"waves, CNN {name}"
        return name, "waves", net(cnn1d, depth, "relu", initialization, gain)
    build = net(cnn2d, depth, "relu", initialization, gain, norm=normalised)
    return f"digits, CNN {name}{' BatchNorm' * normalised}", "digits", build


def _residual(draw):
    blocks, scale = draw.choice((5, 15, 40)), draw.choice((0.1, 0.3, 1.0))
    norm = draw.random() < 0.5
    name = f"digits, residual {blocks} x {scale:g}{' LayerNorm' * norm}"
    return name, "digits", net(Residual, blocks, scale, norm)


def _recurrent(draw):
    cell, length = draw.choice(("RNN", "LSTM", "GRU")), draw.choice((10, 30))
    gain = draw.choice((None, None, 0.5, 1.0, 2.0))
    name = f"recall {length}, {cell}{f' x {gain:g}' if gain else ''}"
    return name, f"recall {length}", net(Reader, cell, 8, 4, gain=gain)


def _round(draw, low, high):
    """Draw a number whose logarithm is uniform; two digits, so that a name can hold it."""
    return float(f"{10 ** draw.uniform(low, high):.2g}")


def _drawn(place, called="drawn", seed=0):
    draw = random.Random(seed + place)
    architecture = draw.choices((_chain, _convolution, _residual, _recurrent), (5, 2, 1, 2))[0]
    name, task, build = architecture(draw)
    optimizer = draw.choice(list(OPTIMIZERS))
    rate = _round(draw, -5, 0.5) if optimizer in ("SGD", "momentum") else _round(draw, -6, -0.3)
    factor = draw.choice((1.0, 1.0, 1.0, 1.0, 1e5, 1e-5))
    clip = draw.choice((None, None, None, None, 1.0))
    if factor != 1.0 and optimizer in ("SGD", "momentum"):
        rate = float(f"{rate / factor:.2g}")
    name = f"{called} {place}: {name}, {optimizer} {rate:g}"
    name += f", loss x {factor:g}" if factor != 1.0 else ""
    name += f", clipped to {clip:g}" if clip else ""
    return Config(name, task, build, OPTIMIZERS[optimizer](rate), factor=factor, clip=clip)


CONFIGS = [_drawn(place) for place in range(COUNT)]
THIRD = [_drawn(place, "third", 20_261_128) for place in range(COUNT)]
FOURTH = [_drawn(place, "fourth", 40_261_128) for place in range(2 * COUNT)]

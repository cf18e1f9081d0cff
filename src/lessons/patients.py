"""Twelve training runs, healthy and sick, made to show something: the patients of the book."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from lessons.measure import weights_by_layer
from lessons.networks import mlp, three_nets
from lessons.steps import freeze


@dataclass(frozen=True)
class Patient:
    """A training run made to show something.

    Attributes
    ----------
    build : callable
        ``build(seed)`` returns the net.
    gradient : str
        What is wrong with the gradient when training starts: "vanishing", "exploding" or
        "healthy".
    how : dict
        Further arguments of :func:`lessons.training.train`.
    spoil : callable, optional
        ``spoil(x)`` changes a copy of the data.
    """

    build: Callable
    gradient: str
    how: dict
    spoil: Callable | None = None


def _net(name):
    return lambda seed: three_nets(seed=seed)[name]


def _pruned(seed):
    net = three_nets(seed=seed)["healthy"]
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in weights_by_layer(net).values():
            keep = torch.rand(weight.shape, generator=generator) < 0.5
            weight.mul_(keep * math.sqrt(2))  # half as many weights, the same variance in sum
    return net


def _decay(parameters, rate):
    for p in parameters:
        p.grad.add_(p, alpha=rate)


def _keep_zeros(parameters):
    for p in parameters:
        p.grad.mul_(p != 0)


def _break_one_pixel(x):
    x = x.clone()
    x[0, 20] = 1e38
    return x


# Twice this rate trains faster, but then a run's end depends on the last bit of its first weights.
_GOOD = {"lr": 0.005, "momentum": 0.9}
PATIENTS = {
    "healthy": Patient(_net("healthy"), "healthy", _GOOD),
    "vanishing": Patient(_net("vanishing"), "vanishing", _GOOD),
    "vanishing, Adam": Patient(_net("vanishing"), "vanishing", {"optimizer": "adam", "lr": 1e-3}),
    "exploding, tanh": Patient(_net("exploding"), "exploding", {"lr": 3e-4}),
    "exploding, ReLU": Patient(lambda seed: mlp(20, gain=2.0, seed=seed), "exploding", _GOOD),
    "step too small": Patient(_net("healthy"), "healthy", {"lr": 1e-6}),
    "step too large": Patient(_net("healthy"), "healthy", {"lr": 3.0}),
    "tiny batches": Patient(
        lambda seed: mlp(4, seed=seed), "healthy", {"lr": 0.02, "batch_size": 2}
    ),
    "one broken pixel": Patient(_net("healthy"), "healthy", _GOOD, _break_one_pixel),
    "frozen layers": Patient(
        _net("healthy"), "healthy", _GOOD | {"clip": partial(freeze, layers=10)}
    ),
    "weight decay": Patient(
        _net("healthy"), "healthy", _GOOD | {"clip": partial(_decay, rate=0.02)}
    ),
    "half pruned": Patient(_pruned, "healthy", _GOOD | {"clip": _keep_zeros}),
}

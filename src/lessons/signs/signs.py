"""The signs of a lost gradient, produced on purpose: patients, measurements, verdicts."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from lessons._check import integer
from lessons.causes.vanishing_and_exploding import decades_per_layer, three_nets
from lessons.networks import mlp
from lessons.training import History, loss_gradients, train, weights_by_layer

GUESSING = math.log(10)  # the cross-entropy of ten equal chances


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


@dataclass(frozen=True)
class Observation:
    """What was seen of one patient: the run, and each weight matrix before and after it."""

    history: History
    before: list
    after: list
    norms: dict  # of the first gradient, by layer, on the data as they should be
    first_step: float  # the largest change of a layer in the first step, as a share of its size


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


def _freeze(parameters, layers):
    for p in parameters[: 2 * layers]:  # a weight and a bias each
        p.grad.zero_()


def _keep_zeros(parameters):
    for p in parameters:
        p.grad.mul_(p != 0)


def _break_one_pixel(x):
    x = x.clone()
    x[0, 20] = 1e38
    return x


_GOOD = {"lr": 0.01, "momentum": 0.9}
PATIENTS = {
    "healthy": Patient(_net("healthy"), "healthy", _GOOD),
    "vanishing": Patient(_net("vanishing"), "vanishing", _GOOD),
    "vanishing, Adam": Patient(_net("vanishing"), "vanishing", {"optimizer": "adam", "lr": 1e-3}),
    "exploding, tanh": Patient(_net("exploding"), "exploding", _GOOD),
    "exploding, ReLU": Patient(lambda seed: mlp(20, gain=2.0, seed=seed), "exploding", _GOOD),
    "step too small": Patient(_net("healthy"), "healthy", {"lr": 1e-5}),
    "step too large": Patient(_net("healthy"), "healthy", {"lr": 1.0}),
    "tiny batches": Patient(
        lambda seed: mlp(4, seed=seed), "healthy", {"lr": 0.05, "batch_size": 2}
    ),
    "one broken pixel": Patient(_net("healthy"), "healthy", _GOOD, _break_one_pixel),
    "frozen layers": Patient(
        _net("healthy"), "healthy", _GOOD | {"clip": partial(_freeze, layers=10)}
    ),
    "weight decay": Patient(
        _net("healthy"), "healthy", _GOOD | {"clip": partial(_decay, rate=0.02)}
    ),
    "half pruned": Patient(_pruned, "healthy", _GOOD | {"clip": _keep_zeros}),
}


def examine(patient, x, y, *, steps=100, seed=0):
    """Train one patient and observe it.

    Parameters
    ----------
    patient : Patient
    x : Tensor, shape (samples, 64)
        The digits.
    y : Tensor of int64, shape (samples,)
    steps, seed : int

    Returns
    -------
    Observation

    Raises
    ------
    TypeError, ValueError
        If ``patient`` is no Patient or a number is out of range.
    """
    if not isinstance(patient, Patient):
        raise TypeError(f"patient={patient!r}; expected a Patient such as PATIENTS['healthy'].")
    steps, seed = integer("steps", steps), integer("seed", seed, least=0)
    net = patient.build(seed)
    norms = loss_gradients(net, x, y)
    once = copy.deepcopy(net)
    train(once, x, y, steps=1, seed=seed, **patient.how)
    before = [w.detach().clone() for w in weights_by_layer(net).values()]
    data = patient.spoil(x) if patient.spoil else x
    history = train(net, data, y, steps=steps, record_every=steps, seed=seed, **patient.how)
    after = [w.detach().clone() for w in weights_by_layer(net).values()]
    first_step = max(_moved(weights_by_layer(once).values(), before))
    return Observation(history, before, after, norms, first_step)


def _moved(after, before):
    pairs = zip(after, before, strict=True)
    return [((a - b).norm() / b.norm()).item() for a, b in pairs]


def _ratio(o):
    return [(a.norm() / b.norm()).item() for a, b in zip(o.after, o.before, strict=True)]


def _jump(o):
    losses = torch.tensor(o.history.batch_loss, dtype=torch.float64)
    losses = losses[losses.isfinite()]
    if len(losses) < 2:
        return math.nan
    return (losses.diff().abs().median() / losses.median()).item()


def _late_over_early(o):
    moved = _moved(o.after, o.before)
    early, late = sum(moved[:5]), sum(moved[-5:])
    return late / early if early else math.inf


# For each sign of the documents: how it is measured, and from where on it is there.
SIGNS = {
    "poor loss": (lambda o: o.history.loss[-1] / GUESSING, lambda v: not v < 0.8),
    "hardly improves": (
        lambda o: o.history.loss[-1] / o.history.loss[0],
        lambda v: v > 0.9,
    ),
    "loss jumps": (_jump, lambda v: v > 0.15),
    "NaN in loss or weights": (
        lambda o: math.inf if o.history.stopped_at is None else o.history.stopped_at,
        lambda v: v < math.inf,
    ),
    "weights grow": (lambda o: max(_ratio(o)), lambda v: v > 2),
    "late layers move more": (_late_over_early, lambda v: v > 100),
    "weights shrink": (lambda o: min(_ratio(o)), lambda v: v < 0.95),
    "weights at 0": (
        lambda o: max((w == 0).double().mean().item() for w in o.after),
        lambda v: v > 0.1,
    ),
}


def signs(observation):
    """Return sign to (measured value, whether the sign is there)."""
    found = {}
    for name, (measure, there) in SIGNS.items():
        value = measure(observation)
        found[name] = (value, bool(there(value)))
    return found


def diagnose(observation):
    """Say what is wrong with the first gradient, from two measurements that ignore its scale.

    "vanishing" if the norm loses more than 0.2 decades a layer on its way to the input;
    "exploding" if it gains more than 0.1, or if the first step would change a layer by more than
    its own size; else "healthy". The limits lie between the patients of this module and are no
    law of nature.

    Returns
    -------
    str
    """
    decades = decades_per_layer(observation.norms)
    if decades < -0.2:
        return "vanishing"
    if decades > 0.1 or not observation.first_step <= 1:
        return "exploding"
    return "healthy"

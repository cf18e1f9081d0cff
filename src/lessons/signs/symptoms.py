"""The signs of a lost gradient, produced on purpose: patients, measurements, verdicts."""

import copy
import math
from dataclasses import dataclass

import torch

from lessons._check import integer
from lessons._threads import one_thread
from lessons.measure import decades_per_layer, loss_gradients, weights_by_layer
from lessons.patients import Patient
from lessons.training import History, train

GUESSING = math.log(10)  # the cross-entropy of ten equal chances


@dataclass(frozen=True)
class Observation:
    """What was seen of one patient: the run, and each weight matrix before and after it."""

    history: History
    before: list
    after: list
    norms: dict  # of the first gradient, by layer, on the data as they should be
    first_step: float  # the largest change of a layer in the first step, as a share of its size


@one_thread()
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

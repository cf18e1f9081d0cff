"""The signs of a lost gradient, produced on purpose: observations, signs, one measurement."""

import copy
import math
from dataclasses import dataclass, replace

import torch

from lessons._check import integer, number
from lessons._threads import one_thread
from lessons.measure import decades_per_layer, signals_by_layer, weights_by_layer
from lessons.patients import Patient
from lessons.training import History, train

GUESSING = math.log(10)  # the cross-entropy of ten equal chances
STEEP = 0.1  # decades per layer: a factor of a hundred over 20 layers


@dataclass(frozen=True)
class Observation:
    """What was seen of one patient: the run, and each weight matrix before and after it.

    Attributes
    ----------
    history : History
    before, after : list of Tensor
        The weight matrices, first layer first.
    error_signal : list of float
        Norm of the error signal by layer before the first step, on the data of the run, in
        float64.
    """

    history: History
    before: list
    after: list
    error_signal: list

    @property
    def learns(self):
        """Whether more than 30 % of the answers are right in the end; guessing has 10 %."""
        return self.history.accuracy[-1] > 0.3

    @property
    def by_batch(self):
        """The history with the loss of each step's batch as its loss, to be drawn."""
        losses = self.history.batch_loss
        return replace(self.history, steps=list(range(len(losses))), loss=losses)


@one_thread()
def examine(patient, x, y, *, steps=150, seed=0):
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
    _patient(patient)
    steps, seed = integer("steps", steps), integer("seed", seed, least=0)
    net = patient.build(seed)
    x = patient.spoil(x) if patient.spoil else x
    error_signal = signals_by_layer(copy.deepcopy(net).double(), x.double(), y)["error signal"]
    before = [w.detach().clone() for w in weights_by_layer(net).values()]
    history = train(net, x, y, steps=steps, record_every=steps, seed=seed, **patient.how)
    after = [w.detach().clone() for w in weights_by_layer(net).values()]
    return Observation(history, before, after, error_signal)


def first_step(patient, x, y, *, loss_times=1.0, seed=0):
    r"""Return the largest change of a layer in the first step, as a share of its size.

    .. math:: \max_l \frac{\lVert \Delta W_l \rVert}{\lVert W_l \rVert}

    Parameters
    ----------
    patient : Patient
    x, y : Tensor
        As in :func:`examine`.
    loss_times : float
        The loss is multiplied by this.
    seed : int

    Returns
    -------
    float

    Examples
    --------
    >>> from lessons.data import digits
    >>> from lessons.patients import PATIENTS
    >>> data = digits()
    >>> one, other = (
    ...     first_step(PATIENTS["healthy"], data.train_x, data.train_y, loss_times=c)
    ...     for c in (1, 1000)
    ... )
    >>> round(other / one)
    1000
    """
    loss_times = number("loss_times", loss_times, above=0)
    net = _patient(patient).build(integer("seed", seed, least=0))
    before = [w.detach().clone() for w in weights_by_layer(net).values()]
    more = patient.how.get("clip", lambda parameters: None)

    def scale(parameters):
        for p in parameters:
            p.grad.mul_(loss_times)
        more(parameters)

    train(net, x, y, steps=1, seed=seed, **(patient.how | {"clip": scale}))
    return max(_moved(weights_by_layer(net).values(), before))


def _patient(patient):
    if not isinstance(patient, Patient):
        raise TypeError(f"patient={patient!r}; expected a Patient such as PATIENTS['healthy'].")
    return patient


def _moved(after, before):
    pairs = zip(after, before, strict=True)
    return [((a - b).norm() / b.norm()).item() for a, b in pairs]


def _growth(o):
    return [(a.norm() / b.norm()).item() for a, b in zip(o.after, o.before, strict=True)]


def _losses(o):
    losses = torch.tensor(o.history.batch_loss, dtype=torch.float64)
    return losses[losses.isfinite()] / GUESSING


def _jump(o):
    losses = _losses(o)
    return losses.diff().abs().median().item() if len(losses) > 1 else math.nan


def _plateau(o):
    losses, third = _losses(o), len(o.history.batch_loss) // 3
    if o.history.stopped_at is not None or third == 0:
        return math.nan
    return (losses[-third:].mean() / losses[third : 2 * third].mean()).item()


def _late_over_early(o):
    moved = _moved(o.after, o.before)
    early, late = sum(moved[:5]), sum(moved[-5:])
    return late / early if early else math.inf


# For each sign of the documents: how it is measured, and from where on it is there.
SIGNS = {
    "poor loss": (lambda o: o.history.loss[-1] / GUESSING, lambda v: not v < 0.9),
    "large loss": (lambda o: _losses(o).max().item(), lambda v: v > 4),
    "loss jumps": (_jump, lambda v: v > 0.1),
    "NaN in loss or weights": (
        lambda o: math.inf if o.history.stopped_at is None else o.history.stopped_at,
        lambda v: v < math.inf,
    ),
    "weights grow": (lambda o: max(_growth(o)), lambda v: v > 2),
    "hardly improves": (lambda o: o.history.loss[-1] / o.history.loss[0], lambda v: v > 0.9),
    "stops early": (_plateau, lambda v: v > 0.95),
    "late layers move more": (_late_over_early, lambda v: v > 100),
    "weights shrink": (lambda o: min(_growth(o)), lambda v: v < 0.92),
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


def diagnose(error_signal):
    """Say what is wrong with a gradient, from one number that no scale can change.

    "vanishing" if the error signal loses more than 0.1 decades a layer on its way to the input,
    "exploding" if it gains as much, else "healthy".
    """
    decades = decades_per_layer(error_signal)
    if abs(decades) <= STEEP:
        return "healthy"
    return "vanishing" if decades < 0 else "exploding"

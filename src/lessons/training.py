"""One training loop for the whole book: it records loss, accuracy and gradient norms by layer."""

import math
import os
from dataclasses import dataclass, field

import torch
from tqdm.auto import tqdm

from lessons._check import choice, integer, number
from lessons._threads import one_thread
from lessons.loss import check_batch, check_model, is_for_classes, loss_of
from lessons.measure import gradient_norms, weights_by_layer

OPTIMIZERS = ("sgd", "adam")


@dataclass(frozen=True, repr=False)
class History:
    """What :func:`train` saw.

    Attributes
    ----------
    steps : list of int
        The steps at which the rest was recorded; 0 is before the first update.
    loss : list of float
        On all the data given to :func:`train`.
    accuracy : list of float
        Share of right answers, on the same data; empty for a regression.
    gradient_norms : Tensor of float64, shape (records, layers)
        L2 norm of each weight matrix's gradient on the step's batch, before any clipping.
    layer_names : list of str
    stopped_at : int or None
        The step at which the loss or a weight was no longer finite; None if that never happened.
    batch_loss : list of float
        The loss of each step's batch, at every step, not only at the recorded ones.
    """

    steps: list
    loss: list
    accuracy: list
    gradient_norms: torch.Tensor
    layer_names: list
    stopped_at: int | None
    batch_loss: list = field(default_factory=list)

    def __repr__(self):
        end = f"{len(self.steps)} records to step {self.steps[-1]}, last loss {self.loss[-1]:.3g}"
        if self.accuracy:
            end += f", accuracy {self.accuracy[-1]:.3g}"
        if self.stopped_at is not None:
            end += f", stopped at step {self.stopped_at}: not finite"
        return f"History({end})"


@one_thread()
@torch.no_grad()
def evaluate(model, x, y, loss="cross_entropy"):
    """Return the loss and the share of right answers (None for a regression) on ``x``, ``y``."""
    check_model(model)
    check_batch(x, y, loss)
    answer = model(x)
    value = loss_of(answer, y, loss)
    if not is_for_classes(loss):
        return value.item(), None
    return value.item(), (answer.argmax(1) == y).double().mean().item()


@one_thread()
def train(
    model,
    x,
    y,
    *,
    loss="cross_entropy",
    optimizer="sgd",
    lr=0.1,
    momentum=0.0,
    steps=200,
    batch_size=128,
    seed=0,
    clip=None,
    record_every=10,
    progress=None,
):
    """Train ``model`` in place by mini-batches and record what happens.

    Parameters
    ----------
    model : nn.Module
    x, y : Tensor, shape (samples, …)
        All the training data.
    loss : str or callable
        "cross_entropy", "mse", or a function of answer and target: see
        :func:`lessons.loss.loss_of`.
    optimizer : str
        "sgd" or "adam".
    lr : float
        Learning rate.
    momentum : float
        Of SGD, in [0, 1).
    steps : int
        Number of updates.
    batch_size : int
        Samples in a batch; each pass over the data is shuffled.
    seed : int
        Of the shuffling.
    clip : callable, optional
        Called as ``clip(parameters)`` after the backward pass; changes ``.grad`` in place.
    record_every : int
        Steps between two records; the first and the last step are always recorded.
    progress : bool, optional
        Show a progress bar. By default only once the work has taken two seconds, and never where
        the environment variable TQDM_DISABLE is set.

    Returns
    -------
    History
        Training ends early, with ``stopped_at`` set, when a loss or a weight is not finite.

    Raises
    ------
    TypeError, ValueError
        On unknown names, sizes below 1, a ``model`` that is no network, or ``model``, ``x``, ``y``
        and the loss that do not fit each other.

    Examples
    --------
    >>> from lessons.data import digits
    >>> from lessons.networks import mlp
    >>> data = digits()
    >>> history = train(mlp(2), data.train_x, data.train_y, steps=50)
    >>> history.loss[-1] < history.loss[0]
    True
    """
    check_model(model)
    check_batch(x, y, loss)
    choice("optimizer", optimizer, OPTIMIZERS)
    lr, momentum = number("lr", lr, above=0), number("momentum", momentum, least=0)
    if momentum >= 1:
        raise ValueError(f"momentum={momentum!r} is out of range; expected less than 1.")
    steps, batch_size = integer("steps", steps), integer("batch_size", batch_size)
    record_every = integer("record_every", record_every)
    if clip is not None and not callable(clip):
        raise TypeError(f"clip={clip!r}; expected a callable such as clip(parameters), or None.")
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    parameters = list(model.parameters())
    if optimizer == "adam":
        stepper = torch.optim.Adam(parameters, lr=lr, fused=True)
    else:
        stepper = torch.optim.SGD(parameters, lr=lr, momentum=momentum, fused=True)

    kept, losses, accuracies, norms, batch_losses, stopped_at = [], [], [], [], [], None
    shown = progress or (progress is None and not os.environ.get("TQDM_DISABLE"))
    delay = 0 if progress else 2
    bar = tqdm(total=steps, desc="training", leave=False, disable=not shown, delay=delay)
    batches = _batches(len(x), batch_size, generator)
    for step in range(steps + 1):
        batch = next(batches)
        stepper.zero_grad()
        value = loss_of(model(x[batch]), y[batch], loss)
        value.backward()
        batch_losses.append(value.item())
        finite = math.isfinite(batch_losses[-1]) and _all_finite(parameters)
        if step % record_every == 0 or step == steps or not finite:
            kept.append(step)
            norms.append(list(gradient_norms(model).values()))
            total, accuracy = evaluate(model, x, y, loss)
            losses.append(total)
            accuracies.append(accuracy)
        if not finite:
            stopped_at = step
            break
        if step < steps:
            if clip is not None:
                clip(parameters)
            stepper.step()
            bar.update()
    bar.total = bar.n  # an early end is no failure of the bar
    bar.close()
    return History(
        kept,
        losses,
        accuracies if is_for_classes(loss) else [],
        torch.tensor(norms, dtype=torch.float64),
        list(weights_by_layer(model)),
        stopped_at,
        batch_losses,
    )


def _all_finite(parameters):
    # Both ends are NaN if one number is; isfinite() on each number takes 15 times as long.
    ends = torch.cat([p.detach().flatten() for p in parameters]).aminmax()
    return math.isfinite(ends.min) and math.isfinite(ends.max)


def _batches(samples, batch_size, generator):
    while True:
        order = torch.randperm(samples, generator=generator)
        yield from order.split(batch_size)

"""Many descents at once: the same nets with several rates and schedules, all seeds together."""

from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from lessons._check import integer, number
from lessons._threads import one_thread


@dataclass(frozen=True, repr=False)
class Race:
    """What :func:`race` saw; the first two dimensions are settings and seeds.

    Attributes
    ----------
    steps : list of int
        When the rest was recorded; 0 is before the first update.
    loss, accuracy : Tensor, shape (settings, seeds, records)
        On all samples. NaN where a run is no longer finite, accuracy 0.
    gradient, step : Tensor, shape (settings, seeds, records, layers)
        L2 norm by layer of the weights' gradient on the batch, and of the step that is taken next.
    held_out : Tensor, shape (settings, seeds)
        Accuracy on the test samples at the end; NaN if there were none.
    """

    steps: list
    loss: torch.Tensor
    accuracy: torch.Tensor
    gradient: torch.Tensor
    step: torch.Tensor
    held_out: torch.Tensor

    def __repr__(self):
        settings, seeds, records = self.loss.shape
        return f"Race({settings} settings, {seeds} seeds, {records} records)"


@one_thread()
def race(nets, settings, x, y, *, rule=None, steps=100, every=None, batch=None, test=None):
    """Train copies of the same nets with several rates and schedules.

    Parameters
    ----------
    nets : list of lessons.networks.MLP
        One for each seed, of one shape; they are not changed.
    settings : list of (float, callable)
        Learning rate and schedule, which maps a step to a factor of the rate.
    x, y : Tensor
        Samples and classes; the loss is the cross-entropy.
    rule : callable, optional
        Takes a gradient and a memory (None at first), returns the step and the new memory; as those
        of ``lessons.fixes.learning_rate``. By default the step is the gradient.
    steps : int
        Number of updates.
    every : int, optional
        Steps between two records. By default only the first and the last are recorded.
    batch : int, optional
        Samples in a step, drawn anew for each; all by default.
    test : (Tensor, Tensor), optional
        Samples and classes that no step sees.

    Returns
    -------
    Race

    Examples
    --------
    >>> from lessons.data import digits
    >>> from lessons.networks import mlp
    >>> data = digits()
    >>> race([mlp(3), mlp(3, seed=1)], [(0.1, lambda t: 1.0)], data.train_x, data.train_y, steps=2)
    Race(1 settings, 2 seeds, 2 records)
    """
    if not nets or not settings:
        raise ValueError("nets or settings is empty; expected at least one of each.")
    steps = integer("steps", steps)
    every = steps if every is None else integer("every", every)
    batch = len(x) if batch is None else integer("batch", batch, most=len(x))
    lrs = [number("lr", lr, above=0) for lr, _ in settings]
    activation = nets[0].activation
    weights = []  # for each layer (runs, out, in) and (runs, 1, out)
    for layers in zip(*(net.layers for net in nets), strict=True):
        for tensors in ([la.weight for la in layers], [la.bias[None] for la in layers]):
            weights.append(torch.stack(tensors).detach().repeat(len(settings), 1, 1))
    generator = torch.Generator().manual_seed(0)
    memory, kept, found = [None] * len(weights), [], []
    for t in range(steps + 1):
        some = None if batch == len(x) else torch.randperm(len(x), generator=generator)[:batch]
        now = [w.requires_grad_() for w in weights]
        answers = _answers(now, activation, x if some is None else x[some])
        gradients = torch.autograd.grad(_losses(answers, y if some is None else y[some]).sum(), now)
        rates = [lr * f(t) for lr, (_, f) in zip(lrs, settings, strict=True)]
        rates = torch.tensor(rates, dtype=x.dtype).repeat_interleave(len(nets))[:, None, None]
        with torch.no_grad():
            moves = []
            for i, g in enumerate(gradients):
                direction, memory[i] = (g, None) if rule is None else rule(g, memory[i])
                moves.append(rates * direction)
            if t % every == 0 or t == steps:
                kept.append(t)
                answers = answers if some is None else _answers(now, activation, x)
                found.append(_record(answers, y, gradients[::2], moves[::2]))
            if t < steps:
                weights = [w - move for w, move in zip(now, moves, strict=True)]
    shape = (len(settings), len(nets))
    held_out = torch.full(shape, torch.nan)
    if test is not None:
        with torch.no_grad():
            held_out = _right(_answers(weights, activation, test[0]), test[1]).view(shape)
    loss, accuracy, gradient, step = (torch.stack(v, 1) for v in zip(*found, strict=True))
    return Race(
        kept,
        *(v.view(*shape, *v.shape[1:]) for v in (loss, accuracy, gradient, step)),
        held_out,
    )


def _answers(weights, activation, x):
    h = x.expand(len(weights[0]), *x.shape)  # (runs, samples, features)
    for i in range(0, len(weights), 2):
        h = torch.baddbmm(weights[i + 1], h, weights[i].transpose(1, 2))
        if i < len(weights) - 2:
            h = activation.function(h)
    return h


def _losses(answers, y):
    each = cross_entropy(answers.transpose(1, 2), y.expand(len(answers), -1), reduction="none")
    return each.mean(1)


def _right(answers, y):
    finite = answers.isfinite().all(2)
    return ((answers.argmax(2) == y) & finite).double().mean(1)


def _record(answers, y, gradients, moves):
    """Loss and accuracy, shape (runs,); norms of gradients and moves, shape (runs, layers)."""
    loss = _losses(answers, y)
    norms = [
        torch.stack([torch.linalg.vector_norm(g.double(), dim=(1, 2)) for g in several], 1)
        for several in (gradients, moves)
    ]
    return torch.where(loss.isfinite(), loss, torch.nan), _right(answers, y), *norms

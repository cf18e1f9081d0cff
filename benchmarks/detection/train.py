"""The training loop of the detection benchmark: the same run, whole or its first steps only."""

import itertools
import math

import torch

from benchmarks.detection import tasks


def batches(task, config, seed):
    """Yield shuffled batches for ever, as the data loader of this configuration gives them."""
    generator = torch.Generator().manual_seed(1000 + seed)
    size = config.batch or task.batch
    x = task.x
    if x.is_floating_point():
        x = (x * config.scale).to(config.dtype)
    for step in itertools.count():
        if step % max(1, len(x) // size) == 0:
            order = torch.randperm(len(x), generator=generator)
            places = iter(order.split(size))
        place = next(places)
        part = x[place]
        yield (config.spoil(step, part) if config.spoil else part), task.y[place]


def _warm(model, task, config, seed):
    """Train until the network has converged, with Adam, on batches of its own."""
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for x, y in itertools.islice(batches(task, config, 500 + seed), config.warm):
        optimizer.zero_grad()
        task.loss(model(x), y).backward()
        optimizer.step()
    optimizer.zero_grad()


def train(config, seed, steps, watch=None):
    """Train and return the losses.

    Parameters
    ----------
    config : Config
    seed : int
        Of the weights and of the order of the data.
    steps : int
        At most; a loss that is not finite ends the run.
    watch : callable, optional
        Called as ``watch(model, optimizer)`` before the first step. It returns two functions:
        ``after_backward(loss)`` is called with the loss the optimizer sees, before any clipping,
        and ``after_step()`` when the optimizer has stepped.

    Returns
    -------
    list of float
        The loss of each step without the factor of the configuration.
    bool
        Whether all weights are finite at the end.
    """
    task = tasks.get(config.task)
    function = config.loss or task.loss
    with torch.random.fork_rng(devices=[]):
        model = config.model(seed)
        _warm(model, task, config, seed)
        optimizer = config.optimizer(model)
        rates = [group["lr"] for group in optimizer.param_groups]
        after_backward, after_step = watch(model, optimizer) if watch else (None, None)
        losses = []
        for step, (x, y) in enumerate(itertools.islice(batches(task, config, seed), steps)):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * (config.schedule(step) if config.schedule else 1.0)
            optimizer.zero_grad()
            loss = 0.0
            for part, answer in zip(x.chunk(config.parts), y.chunk(config.parts), strict=True):
                value = config.factor * function(model(part), answer) / config.parts
                value.backward()
                loss += value.item()
            losses.append(loss / config.factor)
            if watch:
                after_backward(loss)
            if config.clip:
                torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            optimizer.step()
            if watch:
                after_step()
            if not math.isfinite(loss):
                break
        finite = all(parameter.isfinite().all() for parameter in model.parameters())
    return losses, finite

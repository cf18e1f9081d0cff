"""What a set-up is: a training run that can be spoiled, and the kinds its faults may be called."""

from dataclasses import dataclass

import torch

from lessons.monitor import Monitor

SETUPS = {}
HEALTHY = "healthy"


@dataclass(frozen=True)
class Setup:
    """A function ``run(fault)`` that trains and returns the monitor, and {fault: kinds}."""

    name: str
    run: object
    faults: dict


def setup(name, **faults):
    """Register a function as a set-up with its faults, each with the right names for it."""

    def register(run):
        kinds = {fault: set(names.split()) for fault, names in faults.items()}
        SETUPS[name] = Setup(name, run, kinds)
        return run

    return register


def named(name, fault=HEALTHY, seed=0):
    """Return the kind of the gravest finding of one run, None if there is none above a notice."""
    torch.manual_seed(seed)
    found = [f for f in SETUPS[name].run(fault).findings() if f.severity != "notice"]
    return found[0].kind if found else None


def train(model, optimizer, batches, loss_of, *, zero=True, clip=None, **options):
    """The snippet of the README around a plain loop; ``loss_of(model, batch)``."""
    with Monitor(model, optimizer, **options) as monitor:
        for batch in batches:
            if zero:
                optimizer.zero_grad()
            loss = loss_of(model, batch)
            loss.backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
    return monitor


def copied(model):
    """Return parameters that are the model's in value only: what a copy before training gives."""
    return [torch.nn.Parameter(p.detach().clone()) for p in model.parameters()]

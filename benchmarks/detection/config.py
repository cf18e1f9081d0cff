"""What one configuration of the detection benchmark consists of, and in which half it is."""

import hashlib
from dataclasses import dataclass

import torch

# The injected fault and the kinds of finding that name it. Where a fault ends in numbers that are
# not finite, saying so is right too.
FAULTS = {
    "vanishing": {"vanishing", "vanishing_signals"},
    "exploding": {"exploding", "exploding_signals", "weights_too_large", "non_finite"},
    "large weights": {"exploding", "exploding_signals", "weights_too_large", "saturated"},
    "forgets": {"vanishing_through_time"},
    "explodes in time": {"exploding_through_time", "non_finite"},
    "too fast": {"step_too_large", "diverging_loss", "non_finite"},
    "large inputs": {"inputs_too_large", "step_too_large", "diverging_loss", "non_finite"},
    "too slow": {"step_too_small", "stalled_loss"},
    "dead": {"dead_units"},
    "saturated": {"saturated", "weights_too_large", "inputs_too_large"},
    "not finite": {"non_finite"},
    "zero weights": {"vanishing", "vanishing_signals", "dead_units"},
}


@dataclass(frozen=True)
class Config:
    """One way to train.

    Attributes
    ----------
    name, task : str
    build : callable
        Returns the model, drawn from torch's global generator; see `model`.
    optimizer : callable
        From the model to its optimizer.
    fault : str or None
        One of ``FAULTS`` if a fault was put in.
    scale : float
        Factor on the inputs.
    factor : float
        Factor on the loss.
    clip : float or None
        Largest norm of the whole gradient, cut in the training loop.
    batch : int or None
        Other than the task's.
    warm : int
        Steps of training with Adam before the run begins: a converged network.
    spoil : callable or None
        ``spoil(step, x)`` returns the batch that the data loader gives instead.
    loss : callable or None
        Another way to write the task's loss.
    schedule : callable or None
        Factor on the learning rate by step.
    parts : int
        Gradient accumulation: each batch in so many parts.
    dtype : torch.dtype
    """

    name: str
    task: str
    build: callable
    optimizer: callable
    fault: str | None = None
    scale: float = 1.0
    factor: float = 1.0
    clip: float | None = None
    batch: int | None = None
    warm: int = 0
    spoil: callable = None
    loss: callable = None
    schedule: callable = None
    parts: int = 1
    dtype: torch.dtype = torch.float32

    @property
    def kinds(self):
        """Kinds of finding that name the fault."""
        return frozenset(FAULTS[self.fault]) if self.fault else frozenset()

    @property
    def half(self):
        """The half of the suite, "tuning" or "reported", or "drawn"."""
        return half(self.name)

    def model(self, seed):
        """Build the model of this seed; the global generator goes on from there."""
        torch.manual_seed(seed)
        return self.build().to(self.dtype)


def half(name):
    """Return the half that a configuration of this name belongs to, from its name alone.

    Those that were drawn at random belong to neither half.

    Examples
    --------
    >>> half("ReLU 4, SGD 0.1") in ("tuning", "reported")
    True
    """
    if name.startswith("drawn "):
        return "drawn"
    return ("tuning", "reported")[hashlib.sha256(name.encode()).digest()[0] % 2]


def sgd(lr, **options):
    """Return a factory of plain stochastic gradient descent."""
    return lambda model: torch.optim.SGD(_trained(model), lr=lr, **options)


def momentum(lr):
    """Return a factory of gradient descent with momentum 0.9."""
    return sgd(lr, momentum=0.9)


def adam(lr, **options):
    """Return a factory of Adam."""
    return lambda model: torch.optim.Adam(_trained(model), lr=lr, **options)


def adamw(lr, **options):
    """Return a factory of AdamW."""
    return lambda model: torch.optim.AdamW(_trained(model), lr=lr, **options)


def rmsprop(lr):
    """Return a factory of RMSprop."""
    return lambda model: torch.optim.RMSprop(_trained(model), lr=lr)


def first_layer_slower(lr, factor):
    """Return a factory of SGD whose first layer has its own learning rate."""

    def build(model):
        first, *others = _trained(model)
        groups = [{"params": [first], "lr": factor * lr}, {"params": others}]
        return torch.optim.SGD(groups, lr=lr)

    return build


def _trained(model):
    return [parameter for parameter in model.parameters() if parameter.requires_grad]

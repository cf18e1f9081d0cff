"""The tasks of the detection benchmark: small data, a loss, a number of steps."""

import functools
import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from lessons import data


@dataclass(frozen=True)
class Task:
    """Data with a loss and a fixed number of training steps.

    Attributes
    ----------
    x, y : Tensor
        All training data.
    loss : callable
        ``loss(output, y)``, a mean over the batch.
    chance : float
        The loss of the best answer that does not look at ``x``.
    steps, batch : int
    """

    x: torch.Tensor
    y: torch.Tensor
    loss: callable
    chance: float
    steps: int = 400
    batch: int = 64


def _generator(seed):
    return torch.Generator().manual_seed(seed)


def _entropy(y):
    share = y.flatten().bincount().double() / y.numel()
    return -(share * share.clamp(min=1e-12).log()).sum().item()


def _classes(x, y, **options):
    return Task(x, y, functional.cross_entropy, _entropy(y), **options)


def _numbers(x, y, **options):
    return Task(x, y, functional.mse_loss, y.var(0, correction=0).mean().item(), **options)


def digits():
    """Handwritten digits: 64 pixels, ten classes."""
    found = data.digits()
    return _classes(found.train_x, found.train_y)


def noisy():
    """The digits, half of the answers drawn at random."""
    found, generator = data.digits(), _generator(1)
    y = found.train_y
    wrong = torch.randint(0, 10, y.shape, generator=generator)
    kept = torch.rand(y.shape, generator=generator) >= 0.5
    return _classes(found.train_x, torch.where(kept, y, wrong))


def rare():
    """Is it the digit 8? One answer in ten is yes."""
    found = data.digits()
    return _classes(found.train_x, (found.train_y == 8).long())


def autoencoder():
    """The digits' pixels from the digits' pixels."""
    x = data.digits().train_x
    return _numbers(x, x)


def _curve():
    generator = _generator(2)
    x = torch.randn(2000, 8, generator=generator)
    first, second = torch.randn(8, 2, generator=generator).T / math.sqrt(8)
    y = torch.sin(3 * x @ first) + (x @ second).square()
    return x, ((y - y.mean()) / y.std())[:, None]


def curve():
    """A smooth function of eight numbers, with mean 0 and variance 1."""
    return _numbers(*_curve())


def steep():
    """The same function; the fourth power of the error counts."""
    x, y = _curve()
    best = torch.linspace(-1, 3, 401)
    chance = (y - best).pow(4).mean(0).min().item()
    return Task(x, y, lambda output, y: (output - y).pow(4).mean(), chance)


def waves():
    """Four frequencies in noise: signals of 64 numbers with a random phase."""
    generator = _generator(3)
    y = torch.randint(0, 4, (1000,), generator=generator)
    phase = 2 * math.pi * torch.rand(1000, 1, generator=generator)
    time = torch.arange(64) / 64
    x = torch.sin(2 * math.pi * (y[:, None] + 2) * time + phase)
    x = x + 0.5 * torch.randn(x.shape, generator=generator)
    return _classes(x[:, None], y, steps=200)


def words():
    """Texts of 12 of 400 words; each word speaks for one of four classes."""
    generator = _generator(4)
    y = torch.randint(0, 4, (1500,), generator=generator)
    x = torch.randint(0, 400, (1500, 12), generator=generator)
    speaks = torch.rand(x.shape, generator=generator) < 0.5
    return _classes(torch.where(speaks, x - x % 4 + y[:, None], x), y)


def chain():
    """Name the next of 12 symbols at every place: a Markov chain with three followers each."""
    generator = _generator(5)
    follow = torch.stack([torch.randperm(12, generator=generator)[:3] for _ in range(12)])
    states = [torch.randint(0, 12, (600,), generator=generator)]
    for _ in range(20):
        places = torch.multinomial(torch.tensor([0.7, 0.2, 0.1]), 600, True, generator=generator)
        states.append(follow[states[-1], places])
    text = torch.stack(states, 1)
    x, y = text[:, :-1], text[:, 1:]

    def loss(output, y):
        return functional.cross_entropy(output.flatten(0, 1), y.flatten())

    return Task(x, y, loss, _entropy(y), batch=32)


def recall(length):
    """Name the first symbol after ``length`` steps."""
    return _classes(*data.recall(1000, length), batch=32)


def adding(length):
    """Add the two marked numbers of a sequence."""
    return _numbers(*data.adding(2000, length), steps=600, batch=32)


TASKS = {
    "digits": digits,
    "noisy digits": noisy,
    "rare digit": rare,
    "autoencoder": autoencoder,
    "curve": curve,
    "steep curve": steep,
    "waves": waves,
    "words": words,
    "chain": chain,
    "recall 10": functools.partial(recall, 10),
    "recall 30": functools.partial(recall, 30),
    "recall 60": functools.partial(recall, 60),
    "adding 10": functools.partial(adding, 10),
    "adding 20": functools.partial(adding, 20),
}


@functools.cache
def get(name):
    """Return a task by name; its data is generated once."""
    return TASKS[name]()

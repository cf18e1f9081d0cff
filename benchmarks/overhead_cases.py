"""What the overhead of the monitor is measured on, and against what."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor
from lessons.monitor.watching import clock


# --- what is trained -----------------------------------------------------------------------------
class Last(nn.Module):
    """The last state of a recurrent layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0][:, -1]


def mlp(depth, width, batch):
    """Return a chain of ``depth`` linear layers with ReLU, and its input."""
    layers = [nn.Linear(64, width)]
    for _ in range(depth - 2):
        layers += [nn.ReLU(), nn.Linear(width, width)]
    net = nn.Sequential(*layers, nn.ReLU(), nn.Linear(width, 10))
    for layer in net[::2]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return net, torch.randn(batch, 64)


def cnn():
    """Return a small convolutional net for images of 3 × 32 × 32, and 32 of them."""
    layers, channels = [], 3
    for wider in (16, 32, 64):
        layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.BatchNorm2d(wider), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
        channels = wider
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 10)), torch.randn(32, 3, 32, 32)


def lstm():
    """Return an LSTM of two layers, and 32 sequences of 40 steps."""
    layer = nn.LSTM(32, 96, num_layers=2, batch_first=True)
    return nn.Sequential(Last(layer), nn.Linear(96, 10)), torch.randn(32, 40, 32)


@dataclass(frozen=True)
class Task:
    """A net to be trained. ``block`` steps are enough to be timed; a watched block has more."""

    name: str
    build: Callable
    optimizer: type
    block: int = 1

    def make(self):
        """Return the model, its optimizer and a function that runs forward and backward."""
        torch.manual_seed(0)
        model, x = self.build()
        y = torch.randint(0, 10, (len(x),))
        # A small rate: thousands of steps on one batch must not end in denormal numbers.
        optimizer = self.optimizer(model.parameters(), lr=1e-5)

        def gradients():
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()

        return model, optimizer, gradients


TASKS = [
    Task("MLP 50×256, SGD", lambda: mlp(50, 256, 128), torch.optim.SGD),
    Task("MLP 50×256, Adam", lambda: mlp(50, 256, 128), torch.optim.Adam),
    Task("CNN, Adam", cnn, torch.optim.Adam),
    Task("LSTM, Adam", lstm, torch.optim.Adam),
    Task("tiny MLP, SGD", lambda: mlp(4, 32, 32), torch.optim.SGD, 50),
]


# --- what watches --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Opened:
    """A watcher at work.

    Attributes
    ----------
    closing
        Has ``close``.
    look : callable
        Called with the number of the step, after each backward pass.
    around : callable
        Makes what is entered around each measurement.
    """

    closing: object
    look: Callable = lambda step: None
    around: Callable = contextlib.nullcontext


class Stopwatch:
    """A clock for monitors that stands still while the bare twin of the net is trained."""

    def __init__(self):
        self._passed = 0.0

    @contextlib.contextmanager
    def running(self):
        """Be the monitors' clock, and run."""
        start, before = time.perf_counter() - self._passed, clock.clock
        clock.clock = lambda: time.perf_counter() - start
        try:
            yield
        finally:
            self._passed, clock.clock = clock.clock(), before


def nothing(model, optimizer, folder):
    """Watch nothing."""
    return Opened(contextlib.ExitStack())


def monitor(**options):
    """Return what opens a `Monitor` with these options."""

    def open_(model, optimizer, folder):
        return Opened(Monitor(model, optimizer, **options), around=Stopwatch().running)

    return open_


def anomalies(model, optimizer, folder):
    """Have autograd look for NaN in every gradient."""
    on = torch.autograd.set_detect_anomaly
    return Opened(contextlib.ExitStack(), around=lambda: on(True))


def histograms(model, optimizer, folder):
    """Write a histogram of every gradient for TensorBoard."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(folder)

    def look(step):
        for name, parameter in model.named_parameters():
            writer.add_histogram(name, parameter.grad, step)

    return Opened(writer, look)


def norms(model, optimizer, folder):
    """Read the norm of every gradient, one at a time."""
    found = []

    def look(step):
        found[:] = [parameter.grad.norm().item() for parameter in model.parameters()]

    return Opened(contextlib.ExitStack(), look)


@dataclass(frozen=True)
class Watcher:
    """Something that looks at gradients.

    ``open(model, optimizer, folder)`` returns an `Opened`. ``blocks`` is how many blocks of the
    task go into one measurement: enough for a whole stride. ``pairs`` at most are measured: what
    is many times slower is known from few.
    """

    name: str
    open: Callable
    blocks: int = 1
    pairs: int = 1000


WATCHERS = [
    Watcher("Monitor(), every 10", monitor(), 10),
    Watcher("Monitor(every=1)", monitor(every=1)),
    Watcher("Monitor(budget=0.02)", monitor(budget=0.02), 10),
    Watcher("a loop of .grad.norm().item()", norms),
    Watcher("set_detect_anomaly(True)", anomalies),
    Watcher("TensorBoard add_histogram", histograms, pairs=12),
]

"""The first 25 steps of a run, as every detector of the benchmark sees them."""

import math
from dataclasses import dataclass, field

import torch
from torch import nn

from benchmarks.detection.train import train
from lessons.monitor import Monitor

STEPS = 25
BOUNDED = {nn.Sigmoid: (0.5, 0.5), nn.Tanh: (0.0, 1.0)}  # middle and half the range
UNBOUNDED = (nn.ReLU, nn.GELU, nn.SELU, nn.ELU, nn.LeakyReLU, nn.Softplus)


@dataclass
class Trace:
    """What the published rules need, one entry a step.

    Attributes
    ----------
    loss : list of float
    norm, mean : list of list of float
        Of the gradient of each weight matrix, in the order of definition: its Euclidean norm and
        the mean of its absolute values.
    ratio : list of list of float
        Mean absolute update over mean absolute weight, of each weight matrix.
    zeros : list of float
        Share of all gradient elements that are exactly 0.
    outputs : list of list of float
        Norm of the gradient with respect to the output of each module with weights.
    dead : list of dict
        By activation module: share of units whose 95th percentile of |output| is below 1e-5.
    saturated : list of dict
        By bounded activation module: share of units whose mean distance from the middle of the
        range is over 95 % of the greatest distance.
    far : list of dict
        By bounded activation module: share of outputs over 95 % of the greatest distance.
    """

    loss: list = field(default_factory=list)
    norm: list = field(default_factory=list)
    mean: list = field(default_factory=list)
    ratio: list = field(default_factory=list)
    zeros: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    dead: list = field(default_factory=list)
    saturated: list = field(default_factory=list)
    far: list = field(default_factory=list)


@dataclass(frozen=True)
class Seen:
    """What there is of one run: the trace and the records of three monitors."""

    trace: Trace
    every_step: object
    every_tenth: object
    without_loss: object


class _Observer:
    """Fills a trace with plain hooks; slow, and the same for all published rules."""

    def __init__(self, model, trace):
        self.model, self.trace = model, trace
        self.weights = [p for p in model.parameters() if p.ndim >= 2 and p.requires_grad]
        self.channels_first = False
        for module in model.modules():
            if type(module) in BOUNDED or isinstance(module, UNBOUNDED):
                module.register_forward_hook(self._activation)
            elif next(module.parameters(recurse=False), None) is not None:
                module.register_forward_hook(self._layer)
        self._next()

    def _next(self):
        self.outputs, self.dead, self.saturated, self.far = [], {}, {}, {}

    def _layer(self, module, inputs, output):
        self.channels_first = isinstance(module, (nn.Conv1d, nn.Conv2d, nn.BatchNorm2d))
        output = output[0] if isinstance(output, tuple) else output
        if output.requires_grad:
            output.register_hook(lambda gradient: self.outputs.append(gradient.norm().item()))

    @torch.no_grad()
    def _activation(self, module, inputs, output):
        units = output.movedim(1, -1) if self.channels_first and output.ndim > 2 else output
        units = units.flatten(0, -2).float()
        if type(module) in BOUNDED:
            middle, far = BOUNDED[type(module)]
            distance = (units - middle).abs() / far
            self.saturated[id(module)] = (distance.mean(0) > 0.95).float().mean().item()
            self.far[id(module)] = (distance > 0.95).float().mean().item()
        else:
            least = torch.quantile(units.abs(), 0.95, dim=0) < 1e-5
            self.dead[id(module)] = least.float().mean().item()

    @torch.no_grad()
    def after_backward(self, loss):
        """Note loss, gradients and activations; keep the weights."""
        trace = self.trace
        gradients = [_dense(p.grad) for p in self.weights if p.grad is not None]
        everything = [_dense(p.grad) for p in self.model.parameters() if p.grad is not None]
        count = sum(gradient.numel() for gradient in everything)
        trace.loss.append(loss)
        trace.norm.append([gradient.double().norm().item() for gradient in gradients])
        trace.mean.append([gradient.double().abs().mean().item() for gradient in gradients])
        trace.zeros.append(sum((g == 0).sum().item() for g in everything) / count)
        trace.outputs.append(self.outputs)
        trace.dead.append(self.dead)
        trace.saturated.append(self.saturated)
        trace.far.append(self.far)
        self.before = [weight.detach().clone() for weight in self.weights]
        self._next()

    @torch.no_grad()
    def after_step(self):
        """Note the updates."""
        self.trace.ratio.append([
            (weight - before).abs().mean().item() / max(before.abs().mean().item(), 1e-300)
            for weight, before in zip(self.weights, self.before, strict=True)
        ])  # fmt: skip


def _dense(gradient):
    return gradient.to_dense() if gradient.is_sparse else gradient


def observe(config, seed, steps=STEPS):
    """Train the first steps with everybody watching.

    Returns
    -------
    Seen
    """
    trace, monitors = Trace(), []

    def watch(model, optimizer):
        monitors.extend(
            Monitor(model, optimizer, every=every, losses="told") for every in (1, 10, 1)
        )
        observer = _Observer(model, trace)

        def after_backward(loss):
            for monitor in monitors[:2]:
                monitor.loss(loss)
            observer.after_backward(loss)

        return after_backward, observer.after_step

    train(config, seed, steps, watch)
    for monitor in monitors:
        monitor.close()
    return Seen(trace, *(monitor.record for monitor in monitors))


def is_finite(trace):
    """Return whether the losses, gradients and updates of a trace are finite."""
    lists = trace.norm + trace.ratio + [trace.loss]
    return all(math.isfinite(value) for values in lists for value in values)

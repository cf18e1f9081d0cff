"""One optimizer's steps: gradients after the backward pass, at the step, weights and updates."""

import math

import torch

from lessons.monitor import clock, measure
from lessons.monitor.rows import Row

PROBED = 4096  # elements at most in the gradient that is looked at on every step


class Snapshot:
    """The norms of the gradients of some parameters at one moment."""

    def __init__(self, parameters):
        self.parameters = parameters
        self.versions = self._versions()
        self._packed = measure.norms([parameter.grad for parameter in parameters])

    def _versions(self):
        return [None if p.grad is None else (id(p.grad), p.grad._version) for p in self.parameters]

    def holds(self, parameters):
        """Return whether these are the parameters and nobody wrote to their gradients since."""
        same = len(parameters) == len(self.parameters)
        same = same and all(a is b for a, b in zip(parameters, self.parameters, strict=True))
        return same and self.versions == self._versions()

    def by_parameter(self):
        """Return {parameter: norm}, read on the host."""
        values = measure.to_host(self._packed, len(self.parameters))
        if self.versions == self._versions():  # the gradients are still there
            gradients = [parameter.grad for parameter in self.parameters]
            measure.again_in_float64(values, gradients)
        return dict(zip(self.parameters, values.tolist(), strict=True))


class Track:
    """Measures the parameters of one optimizer on watched steps.

    Attributes
    ----------
    step : int
        Steps made since the monitor was opened.
    due : int
        The next step to be watched.
    """

    def __init__(self, optimizer, place, names):
        self.optimizer, self.place, self._names = optimizer, place, names
        self.step, self.due = 0, 0
        self.known_layers = []
        self._handles, self._before_handle = [], None
        self._probed, self.can_probe = None, True
        self._clear()

    def _clear(self):
        self._raw, self._used, self._before = None, None, None

    def _with_gradient(self):
        groups = self.optimizer.param_groups
        return [p for settings in groups for p in settings["params"] if p.grad is not None]

    def _find_layers(self, parameters):
        wanted, found = set(parameters), {}
        for group, settings in enumerate(self.optimizer.param_groups):
            for number, parameter in enumerate(settings["params"]):
                if parameter in wanted:
                    found[parameter] = self._names.layer(parameter, group, number)
        return [found[parameter] for parameter in parameters]

    def attach(self, accumulated, before_step):
        """Put the hooks for a watched step on.

        ``accumulated`` is called whenever a parameter has accumulated its gradient,
        ``before_step`` when the optimizer is about to step.
        """
        if self._before_handle is None:
            self._before_handle = self.optimizer.register_step_pre_hook(before_step)
        if self._handles:
            return
        for settings in self.optimizer.param_groups:
            for parameter in settings["params"]:
                # Lazy ones are real only after the first forward pass.
                lazy = isinstance(parameter, torch.nn.parameter.UninitializedParameter)
                if parameter.requires_grad and not lazy and parameter.is_leaf:
                    handle = parameter.register_post_accumulate_grad_hook(accumulated)
                    self._handles.append((parameter, handle))

    def detach(self, closing=False):
        """Take the hooks off; what `probe` needs stays unless the monitor is closing."""
        if self._before_handle is not None and (closing or not self.sees_every_step):
            self._before_handle.remove()
            self._before_handle = None
        for parameter, handle in self._handles:
            handle.remove()
            if not parameter._post_accumulate_grad_hooks:
                # An empty dict would still be asked on every backward pass.
                parameter._post_accumulate_grad_hooks = None
        self._handles = []

    def gradients_ready(self):
        """Measure the gradients after a backward pass, or after they were unscaled."""
        self._raw = Snapshot(self._with_gradient())

    @property
    def sees_every_step(self):
        """Whether `probe` looks at a gradient on the steps that are not watched."""
        return self.can_probe and self._probed is not None

    def probe(self):
        """Return whether one small gradient near the input is finite; True where none is known.

        A NaN of the backward pass reaches it from almost everywhere. Only on the CPU: elsewhere
        it would wait for the device on every step.
        """
        if not self.can_probe or self._probed is None or self._probed.grad is None:
            return True
        return math.isfinite(self._probed.grad.sum().item())

    def cost_of_probe(self):
        """Return the seconds that one `probe` takes."""
        start, self.can_probe = clock.clock(), True
        self.probe()
        return clock.clock() - start

    def before_step(self, closure):
        """Measure what the optimizer is about to use, and keep samples of the weights."""
        parameters = self._with_gradient()
        self._used = None
        if closure:  # it runs the backward pass itself
            groups = self.optimizer.param_groups
            parameters = [p for settings in groups for p in settings["params"] if p.requires_grad]
            self._raw = None
        elif self._raw is not None and self._raw.holds(parameters):
            self._used = self._raw
        else:
            self._used = Snapshot(parameters)
        matrices = [parameter for parameter in parameters if parameter.ndim >= 2]
        vectors = [parameter for parameter in parameters if parameter.ndim < 2]
        before = measure.copies(matrices)
        self._before = matrices, vectors, before, measure.norms(before + vectors)
        # An optimizer that unscales in its own kernel gets scaled gradients (GradScaler.step).
        self._scale = getattr(self.optimizer, "grad_scale", None)

    def was_skipped(self):
        """Return whether the optimizer skipped the step inside its own kernel."""
        found = getattr(self.optimizer, "found_inf", None)
        return found is not None and bool(found.item())

    def after_step(self, **forward):
        """Return the row of the step just made; None if no parameter had a gradient."""
        matrices, vectors, before, weights = self._before
        used = self._used or self._raw or Snapshot(self._with_gradient())
        raw = self._raw or used
        scale = 1.0 if self._scale is None else float(self._scale)
        raw_norms = raw.by_parameter()
        used_norms = raw_norms if used is raw else used.by_parameter()
        moved, weights = _sizes(matrices, vectors, before, weights)
        parameters = matrices + vectors
        self._clear()
        if not used_norms:
            return None
        known = (raw_norms, used_norms, weights, moved)
        values = [[norms.get(p, math.nan) for p in parameters] for norms in known]
        values = torch.tensor(values, dtype=torch.float64)
        values[:2] /= scale
        layers = self.known_layers = self._find_layers(parameters)
        small = (p for p in parameters if p.numel() <= PROBED and p.is_cpu and _strided(p))
        self._probed = next(small, None)
        names = tuple(layer.name for layer in layers)
        idle = {} if forward.get("dead") else _idle(parameters, layers)
        return Row(self.step - 1, self.place, names, values, idle=idle, **forward)


def _sizes(matrices, vectors, before, weights):
    """Return {parameter: norm} of the updates and of the weights; of matrices by samples."""
    scales = measure.scales(matrices, before)
    moved = measure.to_host(measure.norms(measure.changes(matrices, before)), len(matrices))
    weights = measure.to_host(weights, len(matrices) + len(vectors))
    weights[: len(matrices)] *= scales
    moved = dict(zip(matrices, (moved * scales).tolist(), strict=True))
    return moved, dict(zip(matrices + vectors, weights.tolist(), strict=True))


def _strided(parameter):
    return parameter.grad is not None and parameter.grad.layout is torch.strided


def _idle(parameters, layers):
    """Return the share of biases without any gradient, by layer."""
    found = {
        layer.module: parameter.grad
        for parameter, layer in zip(parameters, layers, strict=True)
        if layer.name.endswith("bias") and parameter.ndim == 1 and parameter.grad is not None
    }
    gradients = [gradient.abs() for gradient in found.values()]
    shares = measure.shares_at_most(gradients, [0.0] * len(found))
    return dict(zip(found, shares, strict=True))

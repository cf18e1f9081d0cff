"""What is read during the forward pass of a watched step: hooks on modules, gone afterwards."""

import math

import torch
from torch import nn

from lessons.monitor.watching import activations, measure, through_time

MOST_CALLS = 8  # of one module in one forward pass, whose activations are looked at


def _nothing(*arguments):
    """Do nothing: what a hook becomes in a copy or a pickle of the model."""


def _inert():
    return _nothing


class Hook:
    """A hook that works for its own model alone; copying or pickling the model leaves it out.

    Within compiled code it does nothing, so that the graph does not break.
    """

    def __init__(self, function, name):
        self.function, self.name = function, name

    def __call__(self, module, *arguments):
        if torch.compiler.is_compiling():
            return None
        return self.function(self.name, module, *arguments)

    def __reduce__(self):
        return _inert, ()


def _finite_or_inf(value):
    return value if math.isfinite(value) else math.inf


def _listens(module):
    """Return whether this call belongs to training: not to evaluation, nor to a recomputation."""
    in_backward = torch._C._current_graph_task_id() != -1
    return module.training and torch.is_grad_enabled() and not in_backward


class Forward:
    """Collects activations, signals and gradients through time between two optimizer steps.

    Parameters
    ----------
    names : Names
    timed : callable
        Called as ``timed()`` it returns a context manager that counts the time spent in it.
    """

    def __init__(self, names, timed):
        self._names, self._timed = names, timed
        self._handles, self._series, self._called = [], {}, {}
        self._structure, self._hooks = None, []
        self._held, self._given = [], {}
        self.order = {}  # module name: place of its first call
        self.clear()

    def clear(self):
        """Forget what was collected."""
        self._calls = {}
        self._signals, self._times = {}, {}
        self._answers = {}
        self._channels_first = False

    def hold(self):
        """From now on keep what each model was last given, until `release`."""
        for name, model in self._names.entrances():
            hook = Hook(self._remember, name)
            self._held.append(model.register_forward_pre_hook(hook, with_kwargs=True))

    def _remember(self, name, module, args, kwargs):
        if torch.is_grad_enabled():
            self._given[name] = module, args, kwargs

    def release(self, closing=False):
        """Forget what the models were given; when closing, stop to listen too."""
        self._given = {}
        for handle in self._held if closing else ():
            handle.remove()

    def given(self):
        """Return {name: (model, args, kwargs)} of the last calls since `release`."""
        return dict(self._given)

    def attach(self):
        """Put the hooks on."""
        if self._handles:
            return
        structure = self._names.structure()
        if structure != self._structure:  # modules compare by identity
            self._structure, self._hooks = structure, []
            for name, module in self._names.modules():
                self._prepare(name, module)
        self._handles = [register(hook, **options) for register, hook, options in self._hooks]

    def _prepare(self, name, module):
        if through_time.is_recurrent(module):
            hook = Hook(self._before_recurrent, name)
            self._hooks.append((module.register_forward_pre_hook, hook, {"with_kwargs": True}))
        kind = activations.kind(module)
        weights = next(module.parameters(recurse=False), None) is not None
        if through_time.is_step(module):
            self._series.setdefault(name, through_time.Series())
        if kind or weights:
            after = self._activation if kind else self._layer
            self._hooks.append((module.register_forward_hook, Hook(after, name), {}))

    def detach(self):
        """Take the hooks off."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _activation(self, name, module, inputs, output):
        if not _listens(module):
            return
        with self._timed():
            call = self._calls[name] = self._calls.get(name, 0) + 1
            self.order.setdefault(name, len(self.order))
            if call <= MOST_CALLS:
                found = activations.answers(module, inputs, output, self._channels_first)
                if found is not None:
                    label = name if call == 1 else f"{name} (call {call})"
                    self._answers[label] = (activations.kind(module), *found)

    def _layer(self, name, module, inputs, output):
        if not _listens(module):
            return
        with self._timed():
            outputs = output if isinstance(output, tuple) else (output,)
            series = self._series.get(name)
            if series is not None:
                self._called[name] = series
                series.call(outputs, self._timed)
            self.order.setdefault(name, len(self.order))
            self._channels_first = activations.is_channels_first(type(module))
            first = outputs[0] if outputs else None
            if isinstance(first, torch.Tensor) and first.is_floating_point():
                count, first = first.numel(), first.detach()
                if count:
                    dtype = torch.float32 if first.dtype in measure.HALVES else None
                    norm = torch.linalg.vector_norm(first, dtype=dtype)
                    self._signals[name] = norm, count

    def _before_recurrent(self, name, module, args, kwargs):
        inside = bool(args) and isinstance(args[0], (torch.Tensor, nn.utils.rnn.PackedSequence))
        trained = any(parameter.requires_grad for parameter in module.parameters())
        if not inside or not trained or not _listens(module):
            return None
        with self._timed():
            inputs, data = through_time.with_gradient(args[0])
            sizes = getattr(inputs, "batch_sizes", None)

            def listen(gradient):
                with self._timed(), torch.no_grad():
                    self._times[name] = through_time.norms_by_time(gradient, module, sizes)

            data.register_hook(listen)
            return (inputs, *args[1:]), kwargs

    def backward_done(self):
        """Close the pass: the next call of a module is the first of a new forward pass."""
        self._calls = {}
        for name, series in self._called.items():
            found = series.end()
            if found is not None:
                self._times[name] = found
        self._called = {}

    def take(self):
        """Return what was collected, as arguments of `rows.Row`, and forget it."""
        self.backward_done()  # in case no backward pass was noticed
        signals = {}
        norms = measure.pack([norm for norm, _ in self._signals.values()])
        norms = measure.to_host(norms, len(self._signals)).tolist()
        for norm, (name, (_, count)) in zip(norms, self._signals.items(), strict=True):
            signals[name] = norm / count**0.5
        kinds, vectors, limits = (
            zip(*self._answers.values(), strict=True) if self._answers else [()] * 3
        )
        found = measure.shares_at_most(vectors, limits)
        shares = {"dead": {}, "saturated": {}}
        for label, kind, share in zip(self._answers, kinds, found, strict=True):
            shares[kind][label] = share
        times = {
            name: (steps, [_finite_or_inf(norm) for norm in norms.tolist()])
            for name, (steps, norms) in self._times.items()
            if len(steps) >= through_time.FEWEST
        }
        self.clear()
        return {"signals": signals, "times": times, **shares}

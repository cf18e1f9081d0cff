"""One optimizer's steps: gradients after the backward pass, at the step, weights and updates."""

import math

import torch

from lessons.monitor.record.rows import Row
from lessons.monitor.record.start import Reach
from lessons.monitor.watching import clock, measure
from lessons.monitor.watching.snapshot import Plan, Snapshot

FEW = 128  # elements up to which a list of numbers is added up faster than a tensor


class Track:
    """Measures the parameters of one optimizer on watched steps.

    Attributes
    ----------
    step : int
        Steps made since the monitor was opened.
    due : int
        The next step to be watched.
    unseen : bool
        Whether a step since the last watched one was neither watched nor probed.
    """

    def __init__(self, optimizer, place, names):
        self.optimizer, self.place, self._names = optimizer, place, names
        self.step, self.due = 0, 0
        self.known_layers, self._plans = [], {}
        self._handles, self._before_handle = [], None
        self._probed, self.can_probe = None, True
        self._probed_at, self.unseen = -1, False
        self._looked_for, self._kept = (), None
        self._clear()

    def _clear(self):
        self._raw, self._used, self._before, self._raw_norms = None, None, None, None

    def _with_gradient(self):
        groups = self.optimizer.param_groups
        return [p for settings in groups for p in settings["params"] if p.grad is not None]

    def _trained(self):
        groups = self.optimizer.param_groups
        wanted = [p for settings in groups for p in settings["params"] if p.requires_grad]
        # Lazy ones are real only after the first forward pass.
        lazy = torch.nn.parameter.UninitializedParameter
        return [parameter for parameter in wanted if not isinstance(parameter, lazy)]

    def _plan(self, parameters):
        key = tuple(map(id, parameters))
        if key not in self._plans:
            if len(self._plans) >= 4:  # other parameters on every step: keep none
                self._plans.clear()
            self._plans[key] = Plan(parameters, self._find_layers(key))
        return self._plans[key]

    def _find_layers(self, wanted):
        found, places = {}, set(wanted)
        for group, settings in enumerate(self.optimizer.param_groups):
            for number, parameter in enumerate(settings["params"]):
                if id(parameter) in places:
                    found[id(parameter)] = self._names.layer(parameter, group, number)
        return [found[key] for key in wanted]

    def attach(self, accumulated, before_step):
        """Put the hooks for a watched step on.

        ``accumulated`` is called whenever a parameter has accumulated its gradient,
        ``before_step`` when the optimizer is about to step.
        """
        if self._before_handle is None:
            self._before_handle = self.optimizer.register_step_pre_hook(before_step)
        if self._handles:
            return
        for parameter in self._trained():
            if parameter.is_leaf:
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
        self._raw = self._snapshot()

    def _snapshot(self):
        return Snapshot(self._plan(self._with_gradient()).parameters)

    @property
    def sees_every_step(self):
        """Whether `probe` looks at a gradient on the steps that are not watched."""
        return self.can_probe and self._probed is not None

    def probe(self, current=True):
        """Return whether one small gradient near the input is finite; True where none is known.

        A NaN of the backward pass reaches it from almost everywhere. Only on the CPU: elsewhere
        it would wait for the device on every step. Before a closure has run, the gradient is not
        the ``current`` one.
        """
        if not self.can_probe or self._probed is None or self._probed.grad is None:
            return True
        if current:
            self._probed_at = self.step
        gradient = self._probed.grad
        few = gradient.ndim == 1 and gradient.numel() <= FEW
        return math.isfinite(sum(gradient.tolist()) if few else gradient.sum().item())

    def gradients_there(self):
        """Ask before a backward pass whether the gradients of the step before are still there."""
        if self.step == 0 or not self._looked_for:
            return
        there = [p.grad.detach().ne(0).any() for p in self._looked_for if p.grad is not None]
        there = torch.stack([answer.cpu() for answer in there]).any() if there else False
        self._kept = there if self._kept is None else self._kept & there

    def kept_gradients(self):
        """Return whether they were at every backward pass since the last step; None if unknown."""
        kept, self._kept = self._kept, None
        return None if kept is None else bool(kept)

    def reach(self, order, arrived):
        """Return which parameters the gradient reached in this step, as `start.Reach`.

        Parameters
        ----------
        order : dict of str to int
            When each module was first called; where one is missing, the order of definition counts.
        arrived : set of int
            The ids of the parameters that had a gradient added; this optimizer's are taken out.
        """
        trained = self._trained()
        layers = self._find_layers(tuple(map(id, trained)))
        hooked = {id(parameter) for parameter, _ in self._handles}
        resting = hooked - arrived if arrived else set()
        without = {
            layer.name
            for layer, p in zip(layers, trained, strict=True)
            if p.grad is None or (id(p) in resting and not p.grad.any())
        }
        arrived -= hooked
        by_module = {}
        for layer in sorted(layers, key=lambda layer: layer.place):
            by_module.setdefault(layer.module, []).append(layer.name)
        called = [module for module in by_module if module in order]
        modules = sorted(called, key=order.__getitem__) if called else list(by_module)
        lost = [m for m in modules if without.issuperset(by_module[m])]
        total = sum(len(settings["params"]) for settings in self.optimizer.param_groups)
        foreign = len(without) == len(trained) and not any(map(self._names.holds, trained))
        norms = self._raw_norms
        return Reach(
            self.step - 1, 1, total, len(trained), tuple(without), tuple(modules), tuple(lost),
            foreign, norms is not None and len(norms) > 0 and not norms.any(),
        )  # fmt: skip

    def cost_of_probe(self):
        """Return the seconds that one `probe` takes."""
        start, self.can_probe = clock.clock(), True
        self.probe()
        return clock.clock() - start

    def stepped(self):
        """Count a step."""
        if self.step < self.due and self._probed_at != self.step:
            self.unseen = True
        self.step += 1

    def before_step(self, closure):
        """Measure what the optimizer is about to use, and keep samples of the weights.

        A ``closure`` may run the backward pass and clip within the step; then only the gradients
        that it leaves behind tell what was used.
        """
        plan = self._plan(self._trained() if closure else self._with_gradient())
        self._used = None
        if not closure:
            held = self._raw is not None and self._raw.holds(plan.parameters)
            self._used = self._raw if held else Snapshot(plan.parameters)
        before = plan.samples.copy()
        weights = plan.samples.norms(before), plan.matrices
        vectors = measure.norms(plan.vectors), len(plan.vectors)
        self._before = plan, before, weights, vectors
        # An optimizer that unscales in its own kernel gets scaled gradients (GradScaler.step).
        self._scale = getattr(self.optimizer, "grad_scale", None)

    def _used_by_closure(self):
        now = self._plan(self._with_gradient()).parameters
        unchanged = self._raw is not None and self._raw.holds(now)
        return self._raw if unchanged else Snapshot(now)

    def was_skipped(self):
        """Return whether the optimizer skipped the step inside its own kernel."""
        found = getattr(self.optimizer, "found_inf", None)
        return found is not None and bool(found.item())

    def after_step(self, **forward):
        """Return the row of the step just made; None if no parameter had a gradient."""
        plan, before, *requests = self._before
        used = self._used or self._used_by_closure()
        raw = self._raw or used
        scale = 1.0 if self._scale is None else float(self._scale)
        moved = plan.samples.norms(plan.samples.change(before))
        requests += [(moved, plan.matrices), raw.request]
        if used is not raw:
            requests.append(used.request)
        of_matrices, of_vectors, moved, *norms = measure.together(*requests)
        values = torch.full((4, len(plan.parameters)), math.nan, dtype=torch.float64)
        values[0] = raw.aligned(norms[0], plan.parameters)
        values[1] = values[0] if used is raw else used.aligned(norms[1], plan.parameters)
        values[:2] /= scale
        values[2, : plan.matrices] = of_matrices * plan.samples.scales
        values[2, plan.matrices :] = of_vectors
        values[3, : plan.matrices] = moved * plan.samples.scales
        self._clear()
        self._raw_norms = values[0]
        if not used.parameters:
            return None
        least = [place for place, norm in enumerate(values[0].tolist()) if norm > 0]
        self._looked_for = [plan.parameters[place] for place in {*least[:1], *least[-1:]}]
        self.known_layers, self._probed = plan.layers, plan.probed()
        idle = {} if forward.get("dead") else _idle(plan.parameters, plan.layers)
        return Row(self.step - 1, self.place, plan.names, values, idle=idle, **forward)


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

"""The callbacks of one monitored training: when what is measured, and when hooks are on."""

import torch

from lessons.monitor.record.rows import Origin
from lessons.monitor.watching import backward, graph, replay, scaling
from lessons.monitor.watching.clock import Budget, following
from lessons.monitor.watching.forward import Forward
from lessons.monitor.watching.losses import Losses
from lessons.monitor.watching.track import Track

FIRST_READS = 4  # backward passes of the first step whose graphs are read


class Watch:
    """Fills a record while a training loop runs.

    A step is watched when it is due. Hooks are on the model and the parameters from the end of the
    step before until its own end; between watched steps only the optimizers have hooks.

    Parameters
    ----------
    names : Names
    optimizers : list of torch.optim.Optimizer
    record : Record
    every : int
    share : float or None
        See `clock.Budget`.
    picks_up : bool
        Whether to take the loss from the backward pass.
    """

    def __init__(self, names, optimizers, record, every, share, picks_up=False):
        self.record, self.budget = record, Budget(share)
        self._every, self._looks, self._queued = every, 0, False
        self._forward = Forward(names, lambda: self.budget)
        self.tracks = [Track(one, place, names) for place, one in enumerate(optimizers)]
        self._by_optimizer = {id(track.optimizer): track for track in self.tracks}
        self._handles = [one.register_step_post_hook(self._after_step) for one in optimizers]
        self._losses = Losses(picks_up and len(optimizers) == 1, optimizers)
        self.looked = None  # is called after each look, when all is recorded
        self._touched, self._reads, self._arrived = False, 0, set()
        scaling.listen(self)
        backward.listen(self)
        self._forward.hold()
        self._forward.attach()
        for track in self.tracks:
            track.attach(self._accumulated, self._before_step)

    def close(self):
        """Take every hook off."""
        self._forward.detach()
        for track in self.tracks:
            track.detach(closing=True)
        for handle in self._handles:
            handle.remove()
        scaling.leave(self)
        backward.leave(self)
        self._forward.release(closing=True)

    def watching(self, step=None):
        """Return whether the next step of any optimizer is watched, or whether ``step`` was."""
        if step is None or step >= self.steps():
            return any(track.step >= track.due for track in self.tracks)
        return any(row.step == step for row in self.record.rows[-len(self.tracks) :])

    def told(self):
        """Somebody tells the losses: forget those that were picked up."""
        if self._losses.picks_up:
            self._losses.picks_up = False
            self.record.forget_losses()

    def backward_begins(self, loss):
        """Read the loss, and what its graph tells, before a backward pass."""
        watching = self.watching()
        with self.budget:
            if watching:
                for track in self.tracks:
                    track.gradients_there()
            self._touched, self._begun = False, None
            if loss is None:
                return
            if watching and self._looks == 0 and self._reads < FIRST_READS:
                self._reads += 1
                self._begun = graph.read(loss)
                self._begun.inputs = replay.largest(self._forward.given())
            if self._losses.begins(loss, watching) and self.record.origin is None:
                self._trace()

    def backward_ends(self):
        """Note whether that backward pass was one of this monitor's."""
        if self._begun is not None and self._touched:
            self.record.note_start(self._begun)
        self._losses.ends(self._touched if self.watching() else None)

    def _trace(self):
        """Run the failing forward pass again: the weights are still those it had."""
        found = None
        for name, (model, args, kwargs) in self._forward.given().items():
            found = replay.origin(model, name, args, kwargs, self.steps())
            if found is not None and found.what != "finite":
                break
        self.record.origin = found or Origin(self.steps(), "not seen", "")

    def _accumulated(self, parameter):
        """Have the gradients measured when this backward pass is over."""
        self._touched = True
        self._arrived.add(id(parameter))
        if not self._queued:
            self._queued = True
            # Twice, so that the sums over processes (DDP), which end in a callback too, are done.
            queue = torch.autograd.Variable._execution_engine.queue_callback
            queue(lambda: queue(self._backward_done))

    def _backward_done(self):
        self._queued = False
        with self.budget, torch.no_grad():
            self._forward.backward_done()
            for track in self.tracks:
                if track.step >= track.due:
                    track.gradients_ready()

    def unscaled(self, optimizer):
        """Measure again: the gradients were still scaled at the end of the backward pass."""
        track = self._by_optimizer.get(id(optimizer))
        if track is not None and track.step >= track.due:
            with self.budget, torch.no_grad():
                track.gradients_ready()

    def skipped(self, optimizer):
        """Count a step that a gradient scaler left out."""
        if id(optimizer) in self._by_optimizer:
            self.record.skip(True)
            self._losses.drop()

    def _before_step(self, optimizer, args, kwargs):
        track = self._by_optimizer[id(optimizer)]
        closure = callable(args[1] if len(args) > 1 else kwargs.get("closure"))
        if track.step < track.due and track.probe(current=not closure):
            return
        self._measure(track, closure)

    def within_step(self, optimizer):
        """Look at the gradients that a closure has just made; nobody else tells."""
        track = self._by_optimizer.get(id(optimizer))
        if track is not None and track.step < track.due and not track.probe():
            self._measure(track, closure=False)

    def _measure(self, track, closure):
        with self.budget, torch.no_grad():
            if self.record.origin is None and not closure and not track.probe():
                self._trace()
            track.due = min(track.due, track.step)
            self._queued = False  # a backward pass that failed never got to its end
            track.before_step(closure)

    def _after_step(self, optimizer, args, kwargs):
        track = self._by_optimizer[id(optimizer)]
        if track.was_skipped():
            self.record.skip(True)
            return
        if self.record.skipped[2]:
            self.record.skip(False)
        loss = self._losses.of_step()
        if loss is not None:
            self.record.add_loss(track.step, loss)
        track.stepped()
        self._forward.release()
        if track.step < track.due:
            return
        with self.budget, torch.no_grad():
            looked = track.step > track.due
            if looked:
                self._look(track)
            self._hang(track)
        if looked and self.looked is not None:
            self.looked()

    def steps(self):
        """Return the steps made so far, of the optimizer that made most."""
        return max(track.step for track in self.tracks)

    def _look(self, track):
        """Take the row of the step just made and decide when to look next."""
        self._looks += 1
        row = track.after_step(**self._forward.take())
        self.record.note_reach(track.place, track.reach(self._forward.order, self._arrived))
        self.record.note_kept(track.place, track.step - 1, track.kept_gradients())
        if row is not None:
            self.record.note_order(track.known_layers, self._forward.order)
            self.record.add(row, not track.unseen)
        planned = following(track.step - 1, self._every)
        track.due, track.unseen = self.budget.due(track.step, planned, self._looks), False
        track.can_probe = self.budget.affords(track.cost_of_probe())

    def _hang(self, track):
        """Put on the hooks that the next step needs and take off the others."""
        if track.step >= track.due:
            track.attach(self._accumulated, self._before_step)
        else:
            track.detach()
        if self.watching():
            self._forward.attach()
        else:
            self._forward.detach()

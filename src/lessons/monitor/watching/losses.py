"""The loss of each step, picked up where the backward pass begins."""

import math

import torch


class Losses:
    """Adds up the losses of one step: of those backward passes that reach the parameters.

    Which of a step's backward passes do is known on watched steps, where the parameters have
    hooks; in between it is taken to be as it was. Losses of micro-batches are added as their
    gradients are.

    Parameters
    ----------
    picks_up : bool
        Whether to do anything.
    optimizers : list of torch.optim.Optimizer
        Of L-BFGS, which calls its loss many times in a step, the first value counts.
    """

    def __init__(self, picks_up, optimizers):
        self.picks_up = picks_up
        self._first_only = any(isinstance(one, torch.optim.LBFGS) for one in optimizers)
        self._ours = {}  # place of a backward pass within its step: whether it counts
        self.drop()

    def drop(self):
        """Forget the losses of the step that is under way."""
        self._place, self._value, self._sum, self._known = 0, None, 0.0, False

    def begins(self, loss, watching):
        """Read the loss; return whether it is not finite.

        From a device other than the CPU it is read on watched steps alone: reading waits.
        """
        self._value = None
        if not self.picks_up or not (loss.is_cpu or watching) or loss.is_complex():
            return False
        self._value = float(loss.detach())
        return not math.isfinite(self._value)

    def ends(self, touched):
        """Count the loss if its gradient reached a parameter; None means as on the last look."""
        if not self.picks_up:
            return
        if touched is None:
            touched = self._ours.get(self._place, any(self._ours.values()))
        else:
            self._ours[self._place] = touched
        self._place += 1
        if touched and self._value is not None and not (self._first_only and self._known):
            self._sum, self._known = self._sum + self._value, True

    def of_step(self):
        """Return the loss of the step just made, None if it is not known, and begin the next."""
        found = self._sum if self._known else None
        self.drop()
        return found

"""Listening to torch.amp.GradScaler: when gradients are unscaled and which steps it skips.

A scaler does not know who watches and an optimizer not its scaler. So while anyone listens,
two methods of the class are wrapped. The last listener to leave puts them back.
"""

import functools
import weakref

from torch.amp import GradScaler

_listeners = weakref.WeakSet()
_wrapped = []  # (name, original, ours)


def listen(listener):
    """Call the listener's ``unscaled(optimizer)`` and ``skipped(optimizer)`` from now on.

    Optimizers that unscale inside their own kernel (``fused=True``) cause neither: they show their
    ``grad_scale`` and ``found_inf`` to a step hook. A listener that is gone is forgotten.
    """
    if not _wrapped:
        _wrap()
    _listeners.add(listener)


def leave(listener):
    """Call this listener no more."""
    _listeners.discard(listener)
    if not _listeners:
        for name, original, telling in _wrapped:
            if getattr(GradScaler, name) is telling:  # nobody wrapped it again since
                setattr(GradScaler, name, original)
        _wrapped.clear()


def _wrap():
    unscale, step = GradScaler.unscale_, GradScaler.step

    @functools.wraps(unscale)
    def unscale_and_tell(self, optimizer):
        result = unscale(self, optimizer)
        if self.is_enabled():
            for listener in list(_listeners):
                listener.unscaled(optimizer)
        return result

    @functools.wraps(step)
    def step_and_tell(self, optimizer, *args, **kwargs):
        stepped = []
        handle = optimizer.register_step_pre_hook(lambda *_: stepped.append(True))
        try:
            result = step(self, optimizer, *args, **kwargs)
        finally:
            handle.remove()
        if not stepped:
            for listener in list(_listeners):
                listener.skipped(optimizer)
        return result

    _wrapped[:] = [("unscale_", unscale, unscale_and_tell), ("step", step, step_and_tell)]
    for name, _, telling in _wrapped:
        setattr(GradScaler, name, telling)

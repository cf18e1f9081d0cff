"""Listening to Tensor.backward: which losses are trained on, and what gradients they add to.

A loss does not know who watches. So while anyone listens, ``torch.Tensor.backward`` and
``GradScaler.scale`` are wrapped. The last listener to leave puts them back.
"""

import functools
import weakref

import torch
from torch.amp import GradScaler

_listeners = weakref.WeakSet()
_wrapped = []  # (class, name, original, ours)
UNSCALED = "_lessons_unscaled"  # an attribute of a scaled loss: what it was


def listen(listener):
    """Call ``backward_begins(loss)`` and ``backward_ends(loss)`` of the listener from now on.

    The loss is None where a backward pass does not begin at one number. A listener that is gone is
    forgotten.
    """
    if not _wrapped:
        _wrap()
    _listeners.add(listener)


def leave(listener):
    """Call this listener no more."""
    _listeners.discard(listener)
    if not _listeners:
        for owner, name, original, telling in _wrapped:
            if getattr(owner, name) is telling:  # nobody wrapped it again since
                setattr(owner, name, original)
        _wrapped.clear()


def _wrap():
    backward, scale = torch.Tensor.backward, GradScaler.scale

    @functools.wraps(backward)
    def backward_and_tell(self, *args, **kwargs):
        if torch.compiler.is_compiling():
            return backward(self, *args, **kwargs)
        listeners = list(_listeners)
        loss = getattr(self, UNSCALED, self) if self.numel() == 1 else None
        for listener in listeners:
            listener.backward_begins(loss)
        result = backward(self, *args, **kwargs)
        for listener in listeners:
            listener.backward_ends()
        return result

    @functools.wraps(scale)
    def scale_and_tell(self, outputs):
        scaled = scale(self, outputs)
        if isinstance(scaled, torch.Tensor) and scaled is not outputs:
            setattr(scaled, UNSCALED, outputs)
        return scaled

    _wrapped[:] = [
        (torch.Tensor, "backward", backward, backward_and_tell),
        (GradScaler, "scale", scale, scale_and_tell),
    ]
    for owner, name, _, telling in _wrapped:
        setattr(owner, name, telling)

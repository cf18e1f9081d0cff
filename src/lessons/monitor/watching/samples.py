"""Samples of many weights at once: what they were before a step, and what the step changed.

All of it is meant to be called under ``torch.no_grad()``.
"""

import math

import torch

from lessons.monitor.watching import measure


class Samples:
    """The samples that `measure.sample` takes of several tensors, copied together.

    Those of one device, dtype and shape are stacked into one block. The views are kept from one
    call to the next and made anew when a tensor was given other memory.

    Examples
    --------
    >>> weights = [torch.zeros(2, 2), torch.ones(4)]
    >>> samples = Samples(weights)
    >>> before = samples.copy()
    >>> weights[0] += 1.0
    >>> measure.to_host(samples.norms(samples.change(before)), 2).tolist()
    [2.0, 0.0]
    """

    def __init__(self, tensors):
        self._tensors = tensors
        self._renew()

    def _renew(self):
        self._views = [measure.sample(tensor) for tensor in self._tensors]
        self._memory = self._present_memory()
        pairs = list(zip(self._tensors, self._views, strict=True))
        # A tensor with gaps in its memory was copied: its sample is no view.
        self._lasting = all(
            tensor.untyped_storage().data_ptr() == view.untyped_storage().data_ptr()
            for tensor, view in pairs
        )
        groups = {}
        for place, view in enumerate(self._views):
            groups.setdefault((view.device, view.dtype, view.shape), []).append(place)
        self._groups = list(groups.values())
        # By what the norm of a sample is multiplied to estimate that of its tensor.
        scales = [math.sqrt(tensor.numel() / max(view.numel(), 1)) for tensor, view in pairs]
        self.scales = torch.tensor(scales, dtype=torch.float64)

    def _present_memory(self):
        return [(tensor.data_ptr(), tensor.shape) for tensor in self._tensors]

    def copy(self):
        """Return a list of blocks that hold the present values."""
        if not self._lasting or self._memory != self._present_memory():
            self._renew()
        return [torch.stack([self._views[place] for place in group]) for group in self._groups]

    def change(self, before):
        """Return the present values minus ``before``, blocks that were copied earlier."""
        now = self.copy()
        if [block.shape for block in now] != [block.shape for block in before]:
            return []  # the tensors are other ones
        return [new.sub_(old.to(new.device)) for new, old in zip(now, before, strict=True)]

    def norms(self, blocks):
        """Return the norm of each sample as `measure.norms` does."""
        packed = []
        for places, block in zip(self._groups, blocks, strict=False):
            dtype = torch.float32 if block.dtype in measure.HALVES else None
            packed.append((places, torch.linalg.vector_norm(block.flatten(1), dim=1, dtype=dtype)))
        return packed

"""The gradient by time step: of recurrent layers, and of modules called once per time step."""

from contextlib import nullcontext

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from lessons.monitor.watching.measure import HALVES

POINTS = 64  # time steps kept, evenly spread with the first and the last
FEWEST = 4  # calls in one forward pass from which a module counts as recurrent


def chosen(length, points=POINTS):
    """Return the time steps that are looked at, at most ``points`` of them.

    Examples
    --------
    >>> chosen(3), chosen(101, 5)
    ([0, 1, 2], [0, 25, 50, 75, 100])
    """
    if length <= points:
        return list(range(length))
    return sorted({round(i * (length - 1) / (points - 1)) for i in range(points)})


def is_recurrent(module):
    """Return whether this is one of torch's recurrent layers that read in one direction."""
    return isinstance(module, nn.RNNBase) and not module.bidirectional


def is_step(module):
    """Return whether the module may be one time step of a recurrent network written as a loop."""
    return isinstance(module, (nn.RNNCellBase, nn.Linear))


def norms_by_time(gradient, module, batch_sizes=None):
    """Return |∂loss/∂x_t| for the chosen time steps of a recurrent layer's input.

    Parameters
    ----------
    gradient : Tensor
        With respect to the input: (time, batch, size), (batch, time, size) with ``batch_first``,
        (time, size), or the data of a packed sequence with its ``batch_sizes``.

    Returns
    -------
    tuple of (list of int, Tensor)
        The time steps and the norms.
    """
    if batch_sizes is not None:
        parts = gradient.split(batch_sizes.tolist())
        steps = chosen(len(parts))
        return steps, torch.stack([torch.linalg.vector_norm(parts[t].float()) for t in steps])
    time = 1 if module.batch_first and gradient.ndim == 3 else 0
    steps = chosen(gradient.shape[time])
    picked = gradient.index_select(time, torch.tensor(steps, device=gradient.device))
    others = [dim for dim in range(gradient.ndim) if dim != time]
    low = gradient.dtype in HALVES
    return steps, torch.linalg.vector_norm(picked, dim=others, dtype=torch.float32 if low else None)


def with_gradient(inputs):
    """Return a recurrent layer's input so that its gradient will be computed, and the tensor.

    The input's values do not change. Data that needs no gradient gets a new leaf.
    """
    packed = isinstance(inputs, PackedSequence)
    data = inputs.data if packed else inputs
    if not data.requires_grad:
        data = data.detach().requires_grad_()
        inputs = inputs._replace(data=data) if packed else data
    return inputs, data


class Series:
    """Gradients at the output of a module that is called once per time step.

    How many calls a forward pass will have is known only from the pass before, so the first pass
    just counts.
    """

    def __init__(self):
        self._calls = 0
        self._chosen = frozenset()
        self._norms = {}

    def call(self, outputs, timed=nullcontext):
        """Count one call; listen to the gradient of its outputs, if it is a chosen one.

        Parameters
        ----------
        outputs : tuple of Tensor
            Of an LSTM cell the state h and the memory c: their gradients count as one vector.
        timed : callable
            Its context is entered around what happens in the backward pass.
        """
        if self._calls in self._chosen:
            for output in outputs:
                if output.requires_grad:
                    output.register_hook(self._listener(self._calls, timed))
        self._calls += 1

    def _listener(self, step, timed):
        def listen(gradient):
            with timed():
                low = gradient.dtype in HALVES
                dtype = torch.float32 if low else None
                norm = torch.linalg.vector_norm(gradient.detach(), dtype=dtype)
                known = self._norms.get(step)
                self._norms[step] = norm if known is None else torch.hypot(norm, known)

        return listen

    def end(self):
        """End a forward and backward pass; return (time steps, norms) or None."""
        found = None
        if len(self._norms) >= FEWEST:
            steps = sorted(self._norms)
            found = steps, torch.stack([self._norms[step] for step in steps])
        if self._calls:
            enough = self._calls >= FEWEST
            self._chosen = frozenset(chosen(self._calls)) if enough else frozenset()
        self._calls, self._norms = 0, {}
        return found

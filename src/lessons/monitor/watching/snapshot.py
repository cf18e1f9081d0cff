"""What is known of some parameters: norms of their gradients at one moment, and their layers."""

import operator

import torch

from lessons.monitor.watching import measure
from lessons.monitor.watching.samples import Samples

PROBED = 4096  # elements at most in the gradient that is looked at on every step


def same(one, other):
    """Return whether two lists hold the same objects."""
    return len(one) == len(other) and all(map(operator.is_, one, other))


class Plan:
    """What stays the same from look to look as long as the same parameters are looked at.

    Attributes
    ----------
    parameters : list of Tensor
        Those with two or more dimensions first.
    matrices : int
        How many of them have two or more dimensions.
    layers : list of Layer
    names : tuple of str
    samples : Samples
        Of the matrices.
    """

    def __init__(self, parameters, layers):
        order = sorted(range(len(parameters)), key=lambda place: parameters[place].ndim < 2)
        self.parameters = [parameters[place] for place in order]
        self.layers = [layers[place] for place in order]
        self.names = tuple(layer.name for layer in self.layers)
        self.matrices = sum(parameter.ndim >= 2 for parameter in parameters)
        self.samples = Samples(self.parameters[: self.matrices])

    @property
    def vectors(self):
        """The parameters with fewer than two dimensions."""
        return self.parameters[self.matrices :]

    def probed(self):
        """Return the parameter whose gradient is cheap to look at, near the input; or None."""
        small = (p for p in self.vectors + self.parameters if p.numel() <= PROBED and p.is_cpu)
        found = (p for p in small if p.grad is not None and p.grad.layout is torch.strided)
        return next(found, None)


class Snapshot:
    """The norms of the gradients of some parameters at one moment."""

    def __init__(self, parameters):
        self.parameters = parameters
        gradients = [parameter.grad for parameter in parameters]
        self._versions = [(id(gradient), gradient._version) for gradient in gradients]
        self._packed = measure.norms(gradients)

    def _unchanged(self):
        gradients = [parameter.grad for parameter in self.parameters]
        now = [(id(gradient), getattr(gradient, "_version", None)) for gradient in gradients]
        return self._versions == now

    def holds(self, parameters):
        """Return whether these are the parameters and nobody wrote to their gradients since."""
        return same(parameters, self.parameters) and self._unchanged()

    @property
    def request(self):
        """What `measure.together` needs to read the norms on the host."""
        return self._packed, len(self.parameters)

    def aligned(self, values, parameters):
        """Return norms that were read in the order of other parameters, NaN where unknown."""
        if self._unchanged():  # the gradients are still there
            measure.again_in_float64(values, [parameter.grad for parameter in self.parameters])
        if same(parameters, self.parameters):
            return values
        known = dict(zip(map(id, self.parameters), values.tolist(), strict=True))
        found = [known.get(id(parameter), float("nan")) for parameter in parameters]
        return torch.tensor(found, dtype=torch.float64)

"""Many random nets at once: the gradient's factor for every activation, gain and depth."""

import math
from dataclasses import dataclass

import torch

from lessons import activations
from lessons._check import integer, number
from lessons._threads import one_thread

_TINY = torch.finfo(torch.float32).tiny


@dataclass(frozen=True, repr=False)
class Sweep:
    """What :func:`sweep` measures.

    Attributes
    ----------
    activations : tuple of str
    gains : tuple of float
    log10_factor : Tensor of float64, shape (activations, gains, depth, seeds)
        log10 of the factor on the gradient's norm over the first 1, 2, … ``depth`` layers. Minus
        infinity only where a layer lets nothing through for one of the inputs: a narrow ReLU
        layer that is off, or slopes below float32's smallest number.
    log10_signal : Tensor of float64, same shape
        log10 of the signal's root mean square after each layer; the input's is 1.
    """

    activations: tuple
    gains: tuple
    log10_factor: torch.Tensor
    log10_signal: torch.Tensor

    def __repr__(self):
        many, gains, depth, seeds = self.log10_factor.shape
        return f"Sweep({many} activations, {gains} gains, {depth} layers, {seeds} seeds)"

    def mean(self, activation):
        """Return the factor's log10 averaged over seeds, shape (gains, depth)."""
        if activation not in self.activations:
            raise ValueError(f"activation={activation!r}; expected one of {self.activations}.")
        return self.log10_factor[self.activations.index(activation)].mean(-1)


@one_thread()
@torch.no_grad()
def sweep(
    activations_, gains, depth=40, *, width=128, batch=16, seeds=8, seed=0, bias_variance=0.0
):
    r"""Measure by how much random nets multiply a gradient, for every prefix of their layers.

    A random direction travels *forward* with the signal, through :math:`J_l = \operatorname{diag}
    (f'(z_l)) W_l`, and is brought back to length 1 after each layer. In layers of equal width
    :math:`\mathbb E \|J v\|^2 / \|v\|^2 = \mathbb E \|J^\top u\|^2 / \|u\|^2`, so this is
    the factor on the gradient, for every depth in one pass, and nothing over- or underflows. All
    gains share their random numbers: :math:`W_l = g\, R_l`, with :math:`R_l` from
    :math:`N(0, 1/n)`.

    Parameters
    ----------
    activations_ : sequence of str
    gains : sequence of float
        g, above 0: the standard deviation of a weight times √width.
    depth, width : int
        Layers, and neurons in each.
    batch : int
        Random inputs from N(0, 1), each with a direction of its own.
    seeds : int
        Random nets.
    seed : int
        Of the first one.
    bias_variance : float
        Of the biases, which are normal.

    Returns
    -------
    Sweep

    Raises
    ------
    TypeError, ValueError
        On unknown activations or numbers out of range.

    Examples
    --------
    >>> found = sweep(["identity"], [0.5, 1.0], depth=4, width=64, batch=2, seeds=2)
    >>> found
    Sweep(1 activations, 2 gains, 4 layers, 2 seeds)
    >>> gap = found.mean("identity")[1] - found.mean("identity")[0]
    >>> [round(value, 4) for value in gap.tolist()]  # halved weights: a factor of 2 per layer
    [0.301, 0.6021, 0.9031, 1.2041]
    """
    table = [activations.get(name) for name in _listed("activations_", activations_)]
    gains = tuple(number("gains", g, above=0) for g in _listed("gains", gains))
    depth, width = integer("depth", depth), integer("width", width)
    batch, seeds = integer("batch", batch), integer("seeds", seeds)
    seed = integer("seed", seed, least=0)
    bias_std = math.sqrt(number("bias_variance", bias_variance, least=0))
    shape = (len(table), len(gains), depth, seeds)
    factor, signal = (torch.zeros(shape, dtype=torch.float64) for _ in range(2))
    gain = torch.tensor(gains).repeat_interleave(batch)[:, None]  # (gains * batch, 1)
    for s in range(seeds):
        generator = torch.Generator().manual_seed(seed + s)
        start = torch.randn(batch, width, generator=generator)
        v = torch.randn(batch, width, generator=generator)
        v = v / v.norm(dim=1, keepdim=True)
        states = [
            _State(start.repeat(len(gains), 1), v.repeat(len(gains), 1), len(gains)) for _ in table
        ]
        for layer in range(depth):
            weight = torch.randn(width, width, generator=generator) / math.sqrt(width)
            bias = bias_std * torch.randn(width, generator=generator)
            for a, (f, state) in enumerate(zip(table, states, strict=True)):
                state.advance(f, gain, weight, bias)
                factor[a, :, layer, s] = state.log_factor
                signal[a, :, layer, s] = state.log_signal
    return Sweep(tuple(f.name for f in table), gains, factor, signal)


class _State:
    """Signal and direction of all gains and inputs of one activation, held near size 1."""

    def __init__(self, h, v, gains):
        self.h, self.v, self.gains = h, v, gains
        self.factor = self.scale = torch.zeros(len(h), dtype=torch.float64)

    def advance(self, f, gain, weight, bias):
        z = (self.h @ weight.T).mul_(gain).add_(bias)  # (gains * batch, width)
        self.v = (self.v @ weight.T).mul_(f.derivative(z))
        self.h = f.function(z)
        length = self.v.norm(dim=1, keepdim=True)
        self.v.div_(length.clamp(min=_TINY))
        self.factor = self.factor + (gain * length)[:, 0].double().log10()
        rms = self.h.norm(dim=1, keepdim=True) / math.sqrt(weight.shape[0])
        self.log_signal = self._by_gain(self.scale + rms[:, 0].double().log10())
        # Far from 1 every f here is homogeneous or constant: a held signal has the same slopes.
        held = rms.clamp(1e-12, 1e12)
        if not torch.equal(held, rms):
            self.h = self.h * (held / rms.clamp(min=_TINY))
            self.scale = self.scale + (rms / held)[:, 0].double().log10()

    @property
    def log_factor(self):
        return self._by_gain(self.factor)

    def _by_gain(self, values):
        return values.view(self.gains, -1).mean(1)


def _listed(name, values):
    values = [values] if isinstance(values, str) else list(values)
    if not values:
        raise ValueError(f"{name} is empty; expected at least one.")
    return values

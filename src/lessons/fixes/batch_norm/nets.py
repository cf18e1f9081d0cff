"""Plain nets with a normalisation before each activation, and what they do to a gradient."""

import math

import torch
from torch import nn

from lessons._check import choice, integer
from lessons._threads import one_thread
from lessons.fixes.batch_norm.layer import BatchNorm
from lessons.fixes.batch_norm.others import LayerNorm, RMSNorm
from lessons.measure import signals_by_layer
from lessons.networks import MLP, mlp

NORMS = {"none": None, "batch": BatchNorm, "layer": LayerNorm, "rms": RMSNorm}


class NormedMLP(MLP):
    """A plain net with one normalisation after each weight matrix but the last; see `normed`."""

    def __init__(self, net, norms, residual):
        super().__init__(net.layers, net.activation)
        self.norms = nn.ModuleList(norms)
        self.residual = residual

    def forward_all(self, x):
        """Return what each layer puts out: ``depth`` tensors."""
        outputs = []
        for layer, norm in zip(self.layers[:-1], self.norms, strict=True):
            branch = self.activation.function(norm(layer(x)))  # (batch, width)
            x = x + branch if self.residual and x.shape == branch.shape else branch
            outputs.append(x)
        return [*outputs, self.layers[-1](x)]


def normed(norm="batch", depth=20, *, residual=False, gain=1.0, seed=0, dtype=torch.float64, **how):
    """Build a plain net with a normalisation between each weight matrix and its activation.

    Parameters
    ----------
    norm : str
        A key of ``NORMS``.
    depth : int
    residual : bool
        Add what each layer gets to what it sends on, where the two have one size.
    gain, seed, dtype, **how
        As in :func:`lessons.networks.mlp`: the same seed draws the same weights.

    Returns
    -------
    NormedMLP

    Examples
    --------
    >>> normed("batch", 2, dtype=torch.float32).norms
    ModuleList(
      (0): BatchNorm(64, eps=1e-05, momentum=0.1)
    )
    """
    net = mlp(depth, gain=gain, seed=seed, dtype=dtype, **how)
    kind = NORMS[choice("norm", norm, NORMS)]
    sizes = [layer.out_features for layer in net.layers[:-1]]
    norms = [nn.Identity() if kind is None else kind(size, dtype=dtype) for size in sizes]
    return NormedMLP(net, norms, residual)


@one_thread()
def factor_per_layer(build, x, y, seeds=3, settle=3):
    """Measure by how much a layer multiplies the error signal on its way back, before training.

    Parameters
    ----------
    build : callable
        ``build(seed)`` returns a net.
    x, y : Tensor
        A batch.
    seeds : int
    settle : int
        So many layers at each end are left out.

    Returns
    -------
    float
        Geometric mean over layers and seeds.

    Raises
    ------
    ValueError
        If fewer than two layers are left.

    Examples
    --------
    >>> x, y = torch.randn(64, 64, generator=torch.manual_seed(0)).double(), torch.arange(64) % 10
    >>> 1.1 < factor_per_layer(lambda seed: normed("batch", 20, seed=seed), x, y) < 1.35
    True
    """
    logs = []
    for seed in range(integer("seeds", seeds)):
        errors = signals_by_layer(build(seed), x, y)["error signal"]
        inner = errors[settle : len(errors) - settle]
        if len(inner) < 2:
            raise ValueError(
                f"the net has {len(errors)} layers; expected {2 * settle + 2} or more."
            )
        logs.append(math.log(inner[0] / inner[-1]) / (len(inner) - 1))
    return math.exp(sum(logs) / len(logs))


@torch.no_grad()
def saturated_share(net, x, share=0.1):
    """Return the share of neurons and samples whose slope f′ is below ``share`` of the steepest.

    Examples
    --------
    >>> saturated_share(normed("batch", 5, activation="sigmoid"), torch.eye(64).double()) < 0.05
    True
    """
    slopes = []
    hooks = [
        norm.register_forward_hook(lambda _, args, z: slopes.append(net.activation.derivative(z)))
        for norm in net.norms
    ]
    try:
        net(x)
    finally:
        for hook in hooks:
            hook.remove()
    limit = share * net.activation.steepest_slope
    return (torch.stack(slopes).abs() < limit).double().mean().item()

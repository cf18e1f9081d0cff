"""Noise in the last bit of each initial weight, the same for the same shape in one process.

A kernel runs this file when it starts if the variables of `tools/surroundings.py` name it. Nets
that are built twice stay equal in every bit, because the noise depends on the shape and the draw
alone.
"""

import functools
import os

import torch

SIZE = 1e-7
FILLS = (
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
)


def factors(shape, draw):
    """Return 1 + 1e-7 times normal numbers, in float64; the same for the same arguments."""
    generator = torch.Generator().manual_seed(draw)
    return 1 + SIZE * torch.randn(*shape, generator=generator, dtype=torch.float64)


def perturbed(fill, draw):
    """Return the function of ``torch.nn.init`` with noise on what it fills in."""

    @functools.wraps(fill)
    def filled(tensor, *args, **kwargs):
        fill(tensor, *args, **kwargs)
        if not tensor.is_meta:  # a tensor without numbers, as skip_init makes it
            with torch.no_grad():
                tensor.copy_(tensor.double() * factors(tensor.shape, draw))
        return tensor

    return filled


def install(draw):
    """Let everything that fills initial weights add the noise from now on."""
    for name in FILLS:
        setattr(torch.nn.init, name, perturbed(getattr(torch.nn.init, name), draw))


if __name__ == "lessons_startup":
    install(int(os.environ["LESSONS_DRAW"]))

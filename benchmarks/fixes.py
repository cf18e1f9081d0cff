"""Measure each fix of the course, written to be read, against PyTorch's own.

Both take turns in one process with one thread. Writes its section of benchmarks/results.md.
"""

import time

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.monitor_overhead import quartiles
from benchmarks.results import in_rounds, machine, table
from lessons.fixes import activation, batch_norm, clipping, initialization, losses, weight_decay

BATCH, WIDTH = 256, 512


def _inputs(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(shape, generator=generator).requires_grad_()


def passes(function, *shape):
    """Return a job: one forward and backward pass of ``function`` on random numbers."""
    x = _inputs(*shape)

    def job():
        function(x).square().sum().backward()

    return job


def loss_passes(loss):
    """Return a job: one loss of random answers, and its gradient."""
    answer, target = _inputs(BATCH, WIDTH), _inputs(WIDTH, BATCH).detach().T

    def job():
        loss(answer, target).backward()

    return job


def cuts(clip):
    """Return a job: cut the gradients of a net of 20 layers."""
    parameters = [nn.Parameter(torch.zeros(64, 64)) for _ in range(20)]
    gradient = _inputs(64, 64).detach()

    def job():
        for p in parameters:
            p.grad = gradient.clone()
        clip(parameters, 1.0)

    return job


def fills(fill):
    """Return a job: draw the weights of one layer."""
    layer = nn.Linear(WIDTH, WIDTH, bias=False)

    def job():
        fill(layer)

    return job


def steps(optimizer, **how):
    """Return a job: one step over the weights of a net of 20 layers."""
    parameters = [nn.Parameter(torch.ones(64, 64)) for _ in range(20)]
    for p in parameters:
        p.grad = _inputs(64, 64).detach()
    return optimizer(parameters, **how).step


def pairs():
    """Return the jobs: what is measured, ours, PyTorch's."""
    image = (32, 32, 16, 16)
    slope = nn.Parameter(torch.tensor([0.25]))
    how = {"lr": 1e-3, "weight_decay": 1e-2}
    return {
        "BatchNorm, N×C": (
            passes(batch_norm.BatchNorm(WIDTH), BATCH, WIDTH),
            passes(nn.BatchNorm1d(WIDTH), BATCH, WIDTH),
        ),
        "BatchNorm, images": (
            passes(batch_norm.BatchNorm(32), *image),
            passes(nn.BatchNorm2d(32), *image),
        ),
        "LayerNorm": (
            passes(batch_norm.LayerNorm(WIDTH), BATCH, WIDTH),
            passes(nn.LayerNorm(WIDTH), BATCH, WIDTH),
        ),
        "GroupNorm, images": (
            passes(batch_norm.GroupNorm(4, 32), *image),
            passes(nn.GroupNorm(4, 32), *image),
        ),
        "RMSNorm": (
            passes(batch_norm.RMSNorm(WIDTH), BATCH, WIDTH),
            passes(nn.RMSNorm(WIDTH), BATCH, WIDTH),
        ),
        "SELU": (passes(activation.selu, BATCH, WIDTH), passes(F.selu, BATCH, WIDTH)),
        "GELU": (passes(activation.gelu, BATCH, WIDTH), passes(F.gelu, BATCH, WIDTH)),
        "PReLU": (
            passes(lambda x: activation.prelu(x, slope), BATCH, WIDTH),
            passes(lambda x: F.prelu(x, slope), BATCH, WIDTH),
        ),
        "Huber loss": (loss_passes(losses.huber), loss_passes(F.huber_loss)),
        "smooth L1 loss": (loss_passes(losses.smooth_l1), loss_passes(F.smooth_l1_loss)),
        "clipping by global norm": (
            cuts(clipping.clip_by_global_norm),
            cuts(nn.utils.clip_grad_norm_),
        ),
        "clipping by value": (cuts(clipping.clip_by_value), cuts(nn.utils.clip_grad_value_)),
        "He initialization": (
            fills(lambda layer: initialization.fill_(layer, "he")),
            fills(lambda layer: nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")),
        ),
        "AdamW, one step": (
            steps(weight_decay.Adam, lr=how["lr"], decay=how["weight_decay"]),
            steps(torch.optim.AdamW, **how),
        ),
    }


def measure(rounds, repeats=10):
    """Return, for each pair, the quotients ours : PyTorch's of the rounds, in CPU time."""
    found = {}
    for name, jobs in pairs().items():
        ratios = []
        for number in range(-2, rounds):
            used = [0.0, 0.0]
            for i in (0, 1) if number % 2 else (1, 0):
                start = time.process_time()
                for _ in range(repeats):
                    jobs[i]()
                used[i] = time.process_time() - start
            if number >= 0:  # the first two warm up
                ratios.append(used[0] / used[1])
        found[name] = ratios
    return found


def section(found):
    """Return the section of the results."""
    rows = []
    for name, ratios in found.items():
        low, middle, high = quartiles(ratios)
        rows.append((name, f"{middle:.1f}", f"{low:.1f} to {high:.1f}"))
    rounds = len(next(iter(found.values())))
    return "\n\n".join(
        [
            "## What the fixes cost, against PyTorch's own",
            f"Measured by `python -m benchmarks.fixes` with {machine()}, one thread, float32. Each "
            f"number is the CPU time of the course's code, written to be read, divided by that of "
            f"PyTorch: forward and backward where there is a backward pass. {rounds} rounds, in "
            "each of which both take turns; median and quartiles.",
            table(["fix", "ours : PyTorch's", "quartiles"], rows),
            "The LSTM has a section of its own.",
        ]
    )


def main(argv=None):
    """Measure; write the section, or print it."""
    in_rounds("fixes", __doc__, measure, section, 20, argv)


if __name__ == "__main__":
    main()

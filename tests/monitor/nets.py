"""Small real models and the plainest training loop."""

import torch
from torch import nn
from torch.nn import functional


def plain(depth=4, width=16, activation=nn.ReLU, *, inputs=8, outputs=3, dtype=torch.float32):
    """A chain of linear layers, the same for the same sizes."""
    torch.manual_seed(0)
    layers = [nn.Linear(inputs, width), activation()]
    for _ in range(depth - 2):
        layers += [nn.Linear(width, width), activation()]
    return nn.Sequential(*layers, nn.Linear(width, outputs)).to(dtype)


def batches(steps, size=32, inputs=8, outputs=3, dtype=torch.float32, seed=1):
    """Batches of a task that can be learned: which of the first inputs is largest."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        x = torch.randn(size, inputs, generator=generator, dtype=dtype)
        yield x, x[:, :outputs].argmax(1)


def sgd(model, lr=0.1, **options):
    return torch.optim.SGD(model.parameters(), lr=lr, **options)


def train(model, optimizer, data, monitor=None):
    """One step for each batch."""
    for x, y in data:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        if monitor is not None:
            monitor.loss(loss)
        loss.backward()
        optimizer.step()


def norm(tensor):
    return torch.linalg.vector_norm(tensor.detach(), dtype=torch.float64).item()


def hooks_on(model):
    """Everything that hangs on a model's modules and parameters."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    found = [hook for m in model.modules() for kind in kinds for hook in getattr(m, kind).values()]
    for parameter in model.parameters():
        for kind in ("_backward_hooks", "_post_accumulate_grad_hooks"):
            found += (getattr(parameter, kind) or {}).values()
    return found

"""Where the first number arose that is not finite: the failing forward pass again, on a copy.

Every operation of it is looked at, and every module. The copy, and random numbers put back
afterwards, leave the training what it was.
"""

import copy

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from lessons.monitor.record.rows import Origin

# Operations that put infinities in on purpose: masks of attention and the like.
ON_PURPOSE = (
    "masked_fill", "where", "full", "fill", "scalar_tensor", "triu", "tril", "constant_pad",
    "empty", "uninitialized", "lift_fresh", "zeros", "ones", "_to_copy",
)  # fmt: skip
SHOWN = 4  # modules that passed it on, by name


def _tensors(nested):
    if isinstance(nested, torch.Tensor):
        yield nested
    elif isinstance(nested, dict):
        for value in nested.values():
            yield from _tensors(value)
    elif isinstance(nested, (list, tuple)):
        for value in nested:
            yield from _tensors(value)
    elif hasattr(nested, "__dict__") and type(nested).__module__ != "builtins":
        for value in vars(nested).values():
            if isinstance(value, torch.Tensor):
                yield value


def _bad(nested):
    """Return the first floating tensor with a number that is not finite."""
    for tensor in _tensors(nested):
        if tensor.is_floating_point() and tensor.numel() and not tensor.isfinite().all():
            return tensor
    return None


def _range(nested):
    values = [t for t in _tensors(nested) if t.is_floating_point() and t.numel()]
    if not values:
        return None, None
    return min(t.min().item() for t in values), max(t.max().item() for t in values)


def largest(given):
    """Return the largest root mean square of the floating tensors that models were given."""
    found = [t.detach() for _, args, kwargs in given.values() for t in _tensors((args, kwargs))]
    sizes = [t.float().square().mean().sqrt() for t in found if t.is_floating_point() and t.numel()]
    return max((size.item() for size in sizes), default=None)


class _Looking(TorchDispatchMode):
    """Notes the operations that made something not finite of finite inputs."""

    def __init__(self, inside):
        super().__init__()
        self._inside, self.events = inside, []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        name = function.__name__.split(".")[0]
        if self.events or name.lstrip("_").startswith(ON_PURPOSE) or name.startswith(ON_PURPOSE):
            return result
        with torch.utils._python_dispatch._disable_current_modes():
            bad = _bad(result)
            if bad is not None and _bad((args, kwargs)) is None:
                low, high = _range((args, kwargs))
                self.events.append(_described(self._inside[-1], name, bad, low, high))
        return result


def _described(where, operation, tensor, low, high):
    return {
        "name": where, "operation": operation, "shape": tuple(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."), "nan": int(tensor.isnan().sum()),
        "inf": int(tensor.isinf().sum()), "low": low, "high": high,
    }  # fmt: skip


def origin(model, name, args, kwargs, step):
    """Run a forward pass again and return where the first number arose that was not finite.

    Parameters
    ----------
    model : nn.Module
        With the weights of the pass.
    name : str
        What stands before the names of its modules.
    args, kwargs
        What it was called with.
    step : int

    Returns
    -------
    Origin or None
        None if it cannot be run again. ``what`` is "finite" if everything came out finite.
    """
    devices = sorted({p.device.index for p in model.parameters() if p.is_cuda})
    try:
        with torch.random.fork_rng(devices=devices), torch.enable_grad():
            return _looked_at(copy.deepcopy(model), name, args, kwargs, step)
    except Exception:
        return None


def _looked_at(model, prefix, args, kwargs, step):
    def full(name):
        return ".".join(part for part in (prefix, name) if part)

    for what, tensors in (("input", {"the batch": (args, kwargs)}), ("weight", None)):
        found = tensors or {full(n): p for n, p in model.named_parameters()}
        for name, tensor in found.items():
            bad = _bad(tensor)
            if bad is not None:
                return Origin(step, what, **_described(name, "", bad, None, None))
    inside, passed_on = [full("") or "the model"], []

    def before(name):
        return lambda module, inputs: inside.append(name)

    def after(name):
        def look(module, inputs, output):
            inside.pop()
            bad = _bad(output)
            if bad is not None:
                passed_on.append(_described(name, "", bad, *_range(inputs)))

        return look

    for name, module in model.named_modules():
        module.register_forward_pre_hook(before(full(name) or "the model"))
        module.register_forward_hook(after(full(name) or "the model"))
    looking = _Looking(inside)
    with looking:
        output = model(*args, **kwargs)
    if not passed_on and _bad(output) is None:
        return Origin(step, "finite", "")
    if not looking.events:  # put in on purpose, or so it seemed
        first = passed_on[0] if passed_on else _described("the model", "", _bad(output), None, None)
    else:
        first = looking.events[0]
    others = [found["name"] for found in passed_on if found["name"] != first["name"]]
    return Origin(step, "output", others=tuple(others), **first)

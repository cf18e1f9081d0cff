"""The optimizers that a monitor is given: without wrappers, and what advice asks of them."""

from typing import Any

import torch

SHARDED = ("DTensor", "ShardedTensor")
# Those whose step is the gradient over its size plus eps.
NORMED = (
    torch.optim.Adam,
    torch.optim.AdamW,
    torch.optim.Adamax,
    torch.optim.NAdam,
    torch.optim.RAdam,
    torch.optim.RMSprop,
)


def unwrapped(optimizer: Any) -> list[torch.optim.Optimizer]:
    """Return the list of optimizers, each without the wrapper of a training library.

    Raises
    ------
    TypeError
        If one is no optimizer, or holds parameters of which each process has a part.
    ValueError
        If there is none.
    """
    several = list(optimizer) if isinstance(optimizer, (list, tuple)) else [optimizer]
    found = []
    for one in several:
        while isinstance(inner := getattr(one, "optimizer", None), torch.optim.Optimizer):
            one = inner
        if not isinstance(one, torch.optim.Optimizer):
            raise TypeError(
                f"optimizer={one!r} is a {type(one).__name__}; expected a torch.optim.Optimizer."
            )
        for parameter in (p for group in one.param_groups for p in group["params"]):
            if _sharded(parameter):
                raise TypeError(
                    f"optimizer holds a sharded parameter ({type(parameter).__name__}): each "
                    f"process sees a part of it, and norms of parts mislead. Expected whole "
                    f"parameters, as in DistributedDataParallel."
                )
        found.append(one)
    if not found:
        raise ValueError("optimizer=[] is empty; expected at least one optimizer.")
    return found


def _sharded(parameter: torch.Tensor) -> bool:
    """Return whether this is a part of a parameter; what FSDP 1 holds is marked, and no class."""
    kinds = {type(parameter).__name__, type(parameter.data).__name__}
    return bool(kinds & set(SHARDED)) or getattr(parameter, "_fsdp_flattened", False)


def momentum(optimizers: list[torch.optim.Optimizer]) -> float:
    """Return the largest momentum with which steps add up; 0.0 if there is none.

    Examples
    --------
    >>> parameters = torch.nn.Linear(2, 2).parameters()
    >>> momentum([torch.optim.SGD(parameters, lr=0.1, momentum=0.9)])
    0.9
    """
    groups = [group for one in optimizers for group in one.param_groups]
    adding = [group for group in groups if group.get("dampening", 0.0) == 0]
    return max((float(group.get("momentum", 0.0)) for group in adding), default=0.0)


def epsilon(optimizers: list[torch.optim.Optimizer]) -> float:
    """Return the largest eps that is added to the gradient's size; 0.0 if there is none.

    Examples
    --------
    >>> parameters = torch.nn.Linear(2, 2).parameters()
    >>> epsilon([torch.optim.Adam(parameters)])
    1e-08
    """
    groups = [group for one in optimizers if isinstance(one, NORMED) for group in one.param_groups]
    return max((float(group["eps"]) for group in groups), default=0.0)

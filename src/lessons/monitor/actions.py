"""What can be done about a finding while the training runs: ``Monitor(..., on_finding=[...])``.

Any callable that takes a finding and the monitor may stand there. These are ready.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from lessons._check import number
from lessons.monitor.finding import SEVERITIES, Finding

if TYPE_CHECKING:
    from lessons.monitor.monitor import Monitor

OnFinding = Callable[[Finding, "Monitor"], Any]


class SickTraining(RuntimeError):
    """Raised by `fail`; ``finding`` is what was found."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding}: {finding.evidence}")
        self.finding = finding


def stop(finding: Finding, monitor: "Monitor") -> None:
    """Set ``monitor.stopped``, which the training loop may ask; callbacks end their trainer's."""
    monitor.stopped = True


def fail(finding: Finding, monitor: "Monitor") -> None:
    """Raise `SickTraining` out of the optimizer's step."""
    raise SickTraining(finding)


class CutRate:
    """Multiply the learning rate of every group when something is found.

    Parameters
    ----------
    factor : float
    """

    def __init__(self, factor: float = 0.1) -> None:
        self.factor = number("factor", factor, above=0)

    def __call__(self, finding: Finding, monitor: "Monitor") -> None:
        for optimizer in monitor.optimizers:
            for group in optimizer.param_groups:
                group["lr"] *= self.factor


class Skip:
    """Leave out each step whose gradient is not finite, as a gradient scaler does.

    It reads every gradient before every step.
    """

    def __call__(self, finding: Finding, monitor: "Monitor") -> None:
        """Do nothing: the step was left out before anything could be found."""

    def before_step(self, optimizer: torch.optim.Optimizer) -> bool:
        """Take the gradients away if one is not finite; return whether they were."""
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not gradients or all(map(torch.isfinite, torch._foreach_norm(gradients))):
            return False
        for parameter in parameters:
            parameter.grad = None
        return True


class RollBack:
    """Return to the weights of the last look without a finding, and to the optimizer's state.

    One copy of both is kept. Each finding leads back once; a rate that stays as it is may lead to
    the same place again, so put `CutRate` beside it.
    """

    def __init__(self) -> None:
        self.step: int | None = None
        self._kept: list[Any] = []

    def healthy(self, monitor: "Monitor") -> None:
        """Keep a copy of what is good."""
        self.step = monitor.record.steps
        self._kept = [
            (
                [p.detach().clone() for group in one.param_groups for p in group["params"]],
                _copied(one.state),
            )
            for one in monitor.optimizers
        ]

    def __call__(self, finding: Finding, monitor: "Monitor") -> None:
        for optimizer, (weights, state) in zip(monitor.optimizers, self._kept, strict=False):
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            for parameter, weight in zip(parameters, weights, strict=True):
                with torch.no_grad():
                    parameter.copy_(weight)
            optimizer.state.clear()
            optimizer.state.update(_copied(state))


def _copied(state: Any) -> Any:
    return {
        parameter: {
            name: value.clone() if isinstance(value, torch.Tensor) else value
            for name, value in values.items()
        }
        for parameter, values in state.items()
    }


class Reactions:
    """Tells the actions of each new finding once, and of looks without one."""

    def __init__(self, actions: OnFinding | Sequence[OnFinding], severity: str = "warning") -> None:
        self.actions = [actions] if callable(actions) else list(actions)
        for action in self.actions:
            if not callable(action):
                raise TypeError(f"on_finding={action!r} is no callable of a finding and a monitor.")
        self._least = SEVERITIES.index(severity)
        self._known: set[tuple[str, str]] = set()

    def looked(self, monitor: "Monitor") -> None:
        """React to what the look just made shows."""
        found = [f for f in monitor.findings() if SEVERITIES.index(f.severity) >= self._least]
        new = [f for f in found if (f.kind, f.where) not in self._known]
        self._known |= {(f.kind, f.where) for f in new}
        for action in self.actions:
            if not found and hasattr(action, "healthy"):
                action.healthy(monitor)
            for finding in new:
                action(finding, monitor)

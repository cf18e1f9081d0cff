"""What the callbacks for training libraries share: a monitor that opens and closes with a run."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from lessons._check import integer
from lessons.monitor.actions import OnFinding
from lessons.monitor.finding import Thresholds
from lessons.monitor.monitor import Monitor
from lessons.monitor.reporting.report import Report


class Attached:
    """Holds the monitor of the present or last training run.

    Attributes
    ----------
    monitor : Monitor or None
        None before the first run; every run gets a new one.
    """

    monitor: Monitor | None

    def __init__(
        self,
        every: int = 10,
        *,
        budget: float | None = None,
        limits: Thresholds | None = None,
        capacity: int = 256,
        on_finding: OnFinding | Sequence[OnFinding] = (),
        planned: bool = False,
        live: bool = False,
        show: bool = True,
        log: bool = False,
    ) -> None:
        super().__init__()
        self._options: dict[str, Any] = {"every": integer("every", every), "budget": budget}
        self._options |= {"limits": limits, "capacity": capacity}
        self._options |= {"on_finding": on_finding, "losses": "told", "live": live}
        self._log, self._planned = log, planned
        self._show = show
        self.monitor = None

    def report(self) -> Report:
        """Return the report of `Monitor.report` on the present or last run.

        Raises
        ------
        RuntimeError
            Before the first run.
        """
        if self.monitor is None:
            raise RuntimeError("There is nothing to report: no training run has begun.")
        return self.monitor.report()

    def close(self) -> None:
        """Take every hook off; what was recorded stays. Training that ends by itself does this."""
        if self.monitor is not None:
            self.monitor.close()

    def _open(
        self,
        model: torch.nn.Module,
        optimizers: torch.optim.Optimizer | Sequence[torch.optim.Optimizer],
        planned: float,
    ) -> None:
        self.close()
        known = int(planned) if self._planned and 0 < planned < math.inf else None
        self.monitor = Monitor(model, optimizers, planned=known, **self._options)

    def _finish(self, speak: bool = True) -> None:
        """Close; print the report if there is something to say and this process is to speak."""
        self.close()
        if speak and self._show and self.monitor is not None and not self.monitor.healthy():
            print(self.report())

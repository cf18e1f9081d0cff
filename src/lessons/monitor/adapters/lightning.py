"""The gradient monitor as a callback of Lightning's ``Trainer``.

It needs the package ``lightning`` or ``pytorch_lightning``: the same code under two names, whose
callbacks do not mix. The one that is in use already is taken.
"""

import importlib
import sys
from typing import Any

import torch

from lessons.monitor.adapters.callback import Attached


def _callback_class() -> Any:
    names = ["lightning.pytorch", "pytorch_lightning"]
    for name in sorted(names, key=lambda name: name not in sys.modules):
        try:
            return importlib.import_module(name).Callback
        except ModuleNotFoundError as error:
            if not name.startswith(error.name or "?"):
                raise  # something that Lightning itself needs
    raise ModuleNotFoundError(
        "lessons.monitor.adapters.lightning needs Lightning: pip install lightning",
        name="lightning",
    )


def _loss(outputs: Any) -> torch.Tensor | None:
    """Return the loss in what a training step returned, None if there is none."""
    value = outputs.get("loss") if isinstance(outputs, dict) else outputs
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        return value.detach()
    return None


def _planned(trainer: Any) -> float:
    """Return how many steps are still to come; 0 where the trainer cannot say."""
    try:
        total = float(trainer.estimated_stepping_batches)
    except Exception:  # it raises one of its own where the accumulation changes by epoch
        return 0.0
    return total - trainer.global_step // max(1, len(trainer.optimizers))


class GradientMonitor(Attached, _callback_class()):  # type: ignore[misc]
    """Watch a fit: ``Trainer(callbacks=[GradientMonitor()])``.

    One `Monitor` looks at all of the module's optimizers. It works with automatic and manual
    optimization, gradient accumulation, clipping by the trainer, and mixed precision. The loss it
    notes is the mean over the batches of a step, as ``training_step`` returned it; in manual
    optimization it is that of every batch, where ``training_step`` returns one.

    Parameters
    ----------
    every, budget, limits, capacity, live
        See `Monitor`.
    planned : bool, default False
        Tell the monitor how many steps the trainer is to make; see `Monitor`.
    on_finding
        See `Monitor`; ``stop`` ends the fit.
    show : bool, default True
        Print the report at the end of the fit, or when it raises, if the run is not healthy.
    log : bool, default False
        Give the numbers of each look to the trainer's logger, as "monitor/…".

    Attributes
    ----------
    monitor : Monitor or None
        That of the present or last fit.

    Examples
    --------
    >>> callback = GradientMonitor(every=20, budget=0.02)
    >>> callback.monitor is None
    True
    """

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Open a monitor; weights and optimizers are restored and the sanity check is over."""
        self._losses: list[torch.Tensor] = []
        self._noted = 0
        self._open(pl_module, trainer.optimizers, _planned(trainer) if self._planned else 0)

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Tell the monitor that the closure, which Lightning runs within the step, is done."""
        if self.monitor is not None:
            self.monitor.within_step(optimizer)

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note the loss, not divided for accumulation."""
        assert self.monitor is not None  # on_train_start made it
        loss, steps = _loss(outputs), self.monitor.record.steps
        if loss is not None:
            automatic = pl_module.automatic_optimization
            self._losses.append(loss * trainer.accumulate_grad_batches if automatic else loss)
        whole = steps > self._noted or len(self._losses) >= trainer.accumulate_grad_batches
        if self._losses and whole:
            mean = torch.stack(self._losses).mean() if len(self._losses) > 1 else self._losses[0]
            self.monitor.loss(mean, step=max(steps - 1, 0))
        if self._log and trainer.logger is not None and steps > self._noted:
            numbers = self.monitor.latest(steps - 1)
            if numbers:
                named = {f"monitor/{name}": value for name, value in numbers.items()}
                trainer.logger.log_metrics(named, step=steps - 1)
        if self.monitor.stopped:
            trainer.should_stop = True
        if whole:
            self._losses, self._noted = [], steps

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Take every hook off."""
        self._finish(speak=trainer.is_global_zero)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Take every hook off, and print the report."""
        self._finish(speak=trainer.is_global_zero)

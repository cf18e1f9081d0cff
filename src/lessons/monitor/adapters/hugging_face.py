"""The gradient monitor as a callback of the ``Trainer`` of Hugging Face's ``transformers``.

It needs the packages ``transformers`` and ``accelerate``.
"""

from typing import Any

from lessons.monitor.adapters.callback import Attached

try:
    from transformers import TrainerCallback
except ModuleNotFoundError as error:
    if error.name != "transformers":
        raise
    raise ModuleNotFoundError(
        "lessons.monitor.adapters.hugging_face needs transformers: "
        "pip install transformers accelerate",
        name="transformers",
    ) from None


class GradientMonitor(Attached, TrainerCallback):
    """Watch a training: ``Trainer(callbacks=[GradientMonitor()])``.

    It works with gradient accumulation, clipping by the trainer, and mixed precision. The trainer
    tells a callback the loss only when it logs it, as the mean over the steps since: the rules
    about the loss see as many values as there are logs (``logging_steps=``). If training raises,
    nobody tells the callback: its hooks stay until `close`, or until the next run.

    Parameters
    ----------
    every, budget, limits, capacity, live
        See `Monitor`.
    planned : bool, default False
        Tell the monitor how many steps the trainer is to make; see `Monitor`.
    on_finding
        See `Monitor`; ``stop`` ends the training.
    log : bool, default False
        Add the numbers of each look, as "monitor/…", to the next loss that the trainer logs: in
        its history, and for the reporters that come after this callback. Of several looks between
        two logs the last is taken.
    show : bool, default True
        Print the report at the end of the training if the run is not healthy.

    Attributes
    ----------
    monitor : Monitor or None
        That of the present or last training.

    Examples
    --------
    >>> callback = GradientMonitor(every=20, budget=0.02)
    >>> callback.monitor is None
    True
    """

    def on_train_begin(
        self,
        args: Any,
        state: Any,
        control: Any,
        model: Any = None,
        optimizer: Any = None,
        **others: Any,
    ) -> None:
        """Open a monitor on the optimizer inside accelerate's wrapper."""
        self._logged = -1
        self._open(model, optimizer, state.max_steps - state.global_step)

    def on_log(
        self,
        args: Any,
        state: Any,
        control: Any,
        logs: dict[str, float] | None = None,
        **others: Any,
    ) -> None:
        """Note the loss, where one is logged during training; log the newest numbers with it."""
        if not logs or "loss" not in logs or self.monitor is None or self.monitor.closed:
            return  # an evaluation, or the summary at the end
        self.monitor.loss(logs["loss"], step=max(self.monitor.record.steps - 1, 0))
        rows = self.monitor.record.rows
        if self._log and rows and rows[-1].step > self._logged:
            self._logged = rows[-1].step
            numbers = {f"monitor/{n}": value for n, value in self.monitor.latest().items()}
            logs.update(numbers)
            if state.log_history:
                state.log_history[-1].update(numbers)

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """End the training if an action asked for it."""
        if self.monitor is not None and self.monitor.stopped:
            control.should_training_stop = True

    def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Take every hook off."""
        self._finish(speak=state.is_world_process_zero)

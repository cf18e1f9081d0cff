"""The monitor: one line around a training loop that stays as it is."""

import sys
from collections.abc import Sequence
from typing import Any, Self

import torch

from lessons._check import choice, integer, number
from lessons.monitor.actions import OnFinding, Reactions
from lessons.monitor.finding import SEVERITIES, Finding, Thresholds
from lessons.monitor.record.record import Record
from lessons.monitor.reporting.live import Live
from lessons.monitor.reporting.report import Report
from lessons.monitor.rules import findings
from lessons.monitor.watching.names import Names
from lessons.monitor.watching.optimizers import epsilon, momentum, unwrapped
from lessons.monitor.watching.watch import Watch

LOSSES = ("backward", "told", "none")


def _models(model: Any) -> Any:
    several = model if isinstance(model, dict) else {"": model}
    for one in several.values():
        if not isinstance(one, torch.nn.Module):
            raise TypeError(f"model is a {type(one).__name__}; expected a torch.nn.Module.")
    return model


class Monitor:
    """Watch a training run; say what is wrong, where, since when, and what to do.

    The training loop stays as it is and computes bit for bit the same weights. Between watched
    steps no hook is on the parameters, and one on each model.

    Parameters
    ----------
    model : nn.Module or dict of str to nn.Module
        Wrapped (DDP, DataParallel, ``torch.compile``) or not. Within compiled modules the forward
        pass is not looked at; gradients, weights and updates are.
    optimizer : torch.optim.Optimizer or list of them
        Each counts its own steps.
    every : int, default 10
        Look at every this many steps, and at steps 0, 1, 2, 4, 8, … below.
    budget : float, optional
        The share of the training time that may go into looking; 0.02 is 2 %. The monitor times
        itself and looks less often where it must. Then what is recorded depends on the machine.
    planned : int, optional
        How many steps a training from scratch is to have. Then there is a warning where that many
        steps of this size cannot lower the loss by much. (A trained net need not lower it.)
    losses : {"backward", "told", "none"}
        Where the loss is taken from: from the number at which ``backward()`` is called, if there is
        one optimizer, until `loss` is called; from `loss` alone; or ``"none"`` where the size of
        the loss does not say how well the model does, as in reinforcement learning: then no rule
        looks at it.
    on_finding : callable or sequence of them
        Each is called with a `Finding` and the monitor, once for each new finding that is no
        notice, after the step that showed it. `lessons.monitor.actions` has ready ones: ``stop``,
        ``fail``, ``Skip()``, ``RollBack()``, ``CutRate(0.1)``.
    limits : Thresholds, optional
        What the rules call too much or too little.
    capacity : int, default 256
        How many watched steps are kept: older ones ever further apart.
    live : bool, default False
        In a notebook, show the findings and the picture while the training runs, drawn anew after
        a look, once a second at most, and so rarely that drawing takes about a tenth of the time.
        It needs IPython and matplotlib.

    Raises
    ------
    TypeError, ValueError
        On arguments of a wrong kind or size.

    Notes
    -----
    Each model has one hook that remembers what it was last given, until the step is over: should
    a number not be finite, that forward pass is run again on a copy, and every operation looked at.
    Gradient norms are unscaled under `torch.amp.GradScaler`, and summed up under gradient
    accumulation. They are taken after the backward pass, before any clipping, and again when the
    optimizer steps. Norms of weights and updates of tensors with over 4096 elements are estimated
    from samples, with an error of about 1 %. Forward passes in evaluation mode or without
    gradients are not looked at.
    If an exception or Ctrl-C ends the ``with`` block, the report is printed to stderr.
    Parameters that are sharded (DTensor, FSDP 1 and 2) are refused: their norms would be those of
    one part.
    Activations that are called as functions are no modules and cannot be seen.

    Examples
    --------
    >>> model = torch.nn.Linear(3, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with Monitor(model, optimizer) as monitor:
    ...     for step in range(20):
    ...         loss = model(torch.ones(8, 3)).square().mean()
    ...         loss.backward()
    ...         optimizer.step()
    ...         optimizer.zero_grad()
    >>> monitor.healthy(), [row.step for row in monitor.record.rows]
    (True, [0, 1, 2, 4, 8, 10])
    """

    closed: bool
    stopped: bool
    optimizers: list[torch.optim.Optimizer]

    def __init__(
        self,
        model: torch.nn.Module | dict[str, torch.nn.Module],
        optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer],
        every: int = 10,
        *,
        budget: float | None = None,
        planned: int | None = None,
        losses: str = "backward",
        on_finding: OnFinding | Sequence[OnFinding] = (),
        limits: Thresholds | None = None,
        capacity: int = 256,
        live: bool = False,
    ) -> None:
        self._live = Live() if live else None
        every = integer("every", every)
        share = None if budget is None else number("budget", budget, above=0)
        self._record = Record(capacity=integer("capacity", capacity, least=64))
        self._limits = Thresholds() if limits is None else limits
        names, optimizers = Names(_models(model)), unwrapped(optimizer)
        self._models = names.roots()
        picks_up = choice("losses", losses, LOSSES) != "told"
        self._record.judges_losses = losses != "none"
        self._record.planned = None if planned is None else integer("planned", planned, least=1)
        self._record.classes = names.classes() + tuple(type(one).__name__ for one in optimizers)
        self._record.momentum, self._record.epsilon = momentum(optimizers), epsilon(optimizers)
        self._watch = Watch(names, optimizers, self._record, every, share, picks_up)
        self.closed, self.stopped, self.optimizers = False, False, optimizers
        reactions = self._reactions = Reactions(on_finding)
        if reactions.actions or self._live:
            self._watch.looked = self._looked
        self._skips = [
            one.register_step_pre_hook(self._skipping(action))
            for action in reactions.actions
            if hasattr(action, "before_step")
            for one in optimizers
        ]

    def _looked(self) -> None:
        if self._live:
            self._live.show(self.report)
        if self._reactions.actions:
            self._reactions.looked(self)

    def _skipping(self, action: Any) -> Any:
        def before_step(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
            if action.before_step(optimizer):
                self._record.skip(True)

        return before_step

    @property
    def models(self) -> list[torch.nn.Module]:
        """The models, without what wraps them."""
        return self._models

    @property
    def record(self) -> Record:
        """What was seen so far; the same `Record` every time."""
        self._record.steps = self._watch.steps()
        return self._record

    def close(self) -> None:
        """Take every hook off. What was recorded stays."""
        if not self.closed:
            self.closed = True
            self._watch.close()
            for handle in self._skips:
                handle.remove()
            if self._live and self._record.rows:
                self._live.show(self.report, last=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self.close()
        interrupted = kind is not None and issubclass(kind, (Exception, KeyboardInterrupt))
        if interrupted and self._record.rows:
            print(self.report(), file=sys.stderr)

    def loss(self, value: float | torch.Tensor, step: int | None = None) -> None:
        """Note the loss of this step, in place of the one that ``backward()`` shows.

        Parameters
        ----------
        value : float or Tensor of one element
            From a device other than the CPU it is taken on watched steps alone, since reading it
            waits for the device.
        step : int, optional
            The step that had this loss: the next one to be made, unless this says otherwise.
        """
        with self._watch.budget:
            self._watch.told()
            if isinstance(value, torch.Tensor):
                value = value.detach()
                if not (value.is_cpu or self._watch.watching(step)):
                    return
            self._record.add_loss(self._watch.steps() if step is None else step, float(value))

    def latest(self, step: int | None = None) -> dict[str, float]:
        """Return the newest numbers, to be logged.

        Parameters
        ----------
        step : int, optional
            Return nothing unless this step was watched and none after it.

        Returns
        -------
        dict of str to float
            By names like "gradient/0.weight" and "dead/1"; see `Row.flat`.

        Examples
        --------
        >>> model = torch.nn.Linear(3, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> with Monitor(model, optimizer) as monitor:
        ...     model(torch.ones(8, 3)).sum().backward()
        ...     optimizer.step()
        >>> monitor.latest()["gradient/bias"], monitor.latest(step=1)
        (8.0, {})
        """
        newest = {row.optimizer: row for row in self._record.rows}
        found = {}
        for row in newest.values():
            if step is None or row.step == step:
                found |= row.flat()
        return found

    def within_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Look at the gradients from within ``optimizer.step(closure)``, after the backward pass.

        For training libraries whose closure does more than the backward pass. Without this call a
        gradient that is not finite is noticed on watched steps alone.
        """
        self._watch.within_step(optimizer)

    def findings(self) -> list[Finding]:
        """Return what is wrong as a list of `Finding`, the gravest first."""
        return findings(self.record, self._limits)

    def healthy(self, severity: str = "warning") -> bool | None:
        """Return whether there is no finding of this severity or a graver one.

        None says that there is no verdict: no step was seen, or none in which a gradient arrived.

        Parameters
        ----------
        severity : {"notice", "warning", "error"}
            A notice is a sign that does no harm yet.
        """
        least = SEVERITIES.index(choice("severity", severity, SEVERITIES))
        found = self.findings()
        if any(SEVERITIES.index(one.severity) >= least for one in found):
            return False
        return True if self._record.rows else None

    def report(self) -> Report:
        """Return the findings and numbers so far, to be printed, shown or saved."""
        return Report(self.record, tuple(self.findings()))

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        rows = len(self.record.rows)
        return f"Monitor({state}, {self.record.steps} steps, {rows} of them watched and kept)"

    def _repr_html_(self) -> str:
        return self.report()._repr_html_()

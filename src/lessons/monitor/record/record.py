"""What a monitor has seen: rows of numbers, thinned so that a long run needs no more memory."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch

from lessons.monitor.record.rows import Layer, NonFinite, Origin, Row, first_bad
from lessons.monitor.record.start import Reach, Start


def thin(
    rows: Iterable[Any],
    capacity: int,
    recent: int,
    step: Callable[[Any], int] = lambda row: row.step,
) -> list[Any]:
    """Return at most ``capacity`` rows: the newest, and older ones ever further apart.

    The last ``recent`` rows stay. The older ones are sorted into bins of equal width on a
    logarithmic scale of steps, and the first of each bin stays.

    Examples
    --------
    >>> thin(range(1000), 14, 4, step=lambda row: row)
    [0, 1, 3, 7, 15, 31, 62, 125, 250, 499, 996, 997, 998, 999]
    """
    rows = list(rows)
    if len(rows) <= capacity:
        return rows
    old, new = rows[: len(rows) - recent], rows[len(rows) - recent :]
    at = [math.log(step(row) + 1) for row in old]
    width = (at[-1] - at[0]) / (capacity - recent) or 1.0
    kept: list[Any] = []
    bins: set[int] = set()
    for place, row in zip(at, old, strict=True):
        bin = min(int((place - at[0]) / width), capacity - recent - 1)
        if bin not in bins:
            bins.add(bin)
            kept.append(row)
    return kept + new


@dataclass
class Record:
    """Everything the rules look at.

    Attributes
    ----------
    rows : list of Row
        In the order of time.
    losses : list of (int, float)
        Step and value, as given to ``Monitor.loss``.
    matrices : tuple of str
        The weight matrices in the order in which signals pass them, from input to output.
    layers : dict of str to Layer
        The same matrices by name.
    outputs : tuple of str
        Modules after which no weight comes: their activations answer, so they may saturate.
    steps : int
        Steps made so far, of the optimizer that made most.
    skipped : list of int
        Steps that a gradient scaler skipped: how many in all, the longest run of them, the
        present run.
    bad : NonFinite or None
        The first tensor seen that was not finite.
    origin : Origin or None
        Where it arose, if the failing forward pass was run again.
    start : Start
        What the first backward pass showed of the task.
    reach : dict of int to Reach
        By optimizer: which parameters the gradient reaches.
    kept : dict of int to list of (int, bool)
        By optimizer: steps, and whether the gradients of the step before were still there.
    classes : tuple of str
        Names of the classes of the modules and the optimizers, for the advice.
    momentum, epsilon : float
        The largest momentum of the optimizers, and the largest eps beside a gradient's size; 0
        where there is none.
    planned : int or None
        How many steps the run is to have.
    judges_losses : bool
        Whether the size of the loss means something.
    spikes : list of (int, str, float)
        Steps at which the "loss" or the whole "gradient" was so many times its median of the
        values before: at most 100.
    capacity, recent : int
        How many rows are kept, and how many of the newest of them without gaps.
    """

    rows: list[Row] = field(default_factory=list)
    losses: list[tuple[int, float]] = field(default_factory=list)
    matrices: tuple[str, ...] = ()
    layers: dict[str, Layer] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    steps: int = 0
    skipped: list[int] = field(default_factory=lambda: [0, 0, 0])
    bad: NonFinite | None = None
    origin: Origin | None = None
    start: Start = field(default_factory=Start)
    reach: dict[int, Reach] = field(default_factory=dict)
    kept: dict[int, list[tuple[int, bool]]] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    momentum: float = 0.0
    epsilon: float = 0.0
    planned: int | None = None
    judges_losses: bool = True
    capacity: int = 256
    recent: int = 32
    spikes: list[tuple[int, str, float]] = field(default_factory=list)
    spike: ClassVar[dict[str, float]] = {"loss": 10.0, "gradient": 100.0}
    window: ClassVar[int] = 8
    _before: dict[str, list[float]] = field(default_factory=dict)
    _ordered: tuple[int, int] = (0, 0)

    def add(self, row: Row, sees_every_step: bool = False) -> None:
        """Append a row; thin the rows when there are too many."""
        if self.bad is None or (self.bad.what == "loss" and self.bad.step == row.step):
            before = [old.step for old in self.rows if old.optimizer == row.optimizer]
            follows = row.step - 1 == (before[-1] if before else -1)
            bad = first_bad(row, self.matrices, follows or sees_every_step)
            self.bad = self._traced(bad, row) if bad else self.bad
        self.rows.append(row)
        norms = row.values[0]
        whole = float(torch.linalg.vector_norm(norms[~norms.isnan()]))
        self._note_spike(row.step, "gradient", whole)
        # Late and together: thinning one at a time would cost as much as a small step.
        if len(self.rows) >= self.capacity + self.recent:
            self.rows = thin(self.rows, self.capacity, self.recent)

    def _traced(self, bad: NonFinite, row: Row) -> NonFinite:
        """Return the same with what the replay saw, or with the loss if the outputs were finite."""
        origin = self.origin if self.origin and self.origin.step == bad.step else None
        if origin and origin.what in ("input", "weight", "output"):
            others = origin.others if origin.what == "output" else bad.others
            return NonFinite(bad.step, origin.what, origin.name, bad.certain, others, origin)
        seen = bool(row.signals) or (origin is not None and origin.what == "finite")
        last = [name for name in self.matrices if name in row.names][-1:]
        if bad.what == "gradient" and seen and bad.name in last:
            others = (bad.name, *bad.others)
            return NonFinite(bad.step, "loss", "loss", bad.certain, others, origin)
        return replace(bad, origin=origin)

    def _of_loss(self, bad: NonFinite, origin: Origin) -> NonFinite:
        if origin.what in ("input", "weight", "output"):
            return NonFinite(bad.step, origin.what, origin.name, True, origin.others, origin)
        return replace(bad, origin=origin)

    def _note_spike(self, step: int, what: str, value: float) -> None:
        if self.bad is not None:
            return
        before = self._before.setdefault(what, [])
        if len(before) == self.window:
            usual = abs(sorted(before)[self.window // 2])
            if math.isfinite(value) and value > self.spike[what] * usual > 0:
                self.spikes = [*self.spikes[:99], (step, what, value / usual)]
                return  # it is no part of what is usual, unless it stays
            before.pop(0)
        before.append(value)

    def note_start(self, seen: Start) -> None:
        """Add what the graph of a loss showed to what is known of the start."""
        for name, value in vars(seen).items():
            known = getattr(self.start, name)
            if isinstance(known, (dict, set)):
                known.update(value)
            elif known is None:
                setattr(self.start, name, value)

    def note_reach(self, optimizer: int, seen: Reach) -> None:
        """Note which parameters had no gradient in a look."""
        known = self.reach.get(optimizer)
        self.reach[optimizer] = known.merged(seen) if known else seen

    def note_kept(self, optimizer: int, step: int, kept: bool | None) -> None:
        """Note whether the gradients of the step before were still there."""
        if kept is not None:
            self.kept.setdefault(optimizer, []).append((step, kept))
            del self.kept[optimizer][: -self.recent]

    def forget_losses(self) -> None:
        """Forget all losses, and that one was not finite."""
        self.losses = []
        if self.bad is not None and self.bad.what == "loss" and not self.bad.others:
            self.bad = None

    def add_loss(self, step: int, value: float) -> None:
        """Append a loss; thin the losses when there are too many."""
        if not math.isfinite(value) and self.bad is None:
            self.bad = NonFinite(step, "loss", "loss", True)
            if self.origin is not None and self.origin.step == step:
                self.bad = self._of_loss(self.bad, self.origin)
        self.losses.append((step, value))
        self._note_spike(step, "loss", value)
        if len(self.losses) >= 4 * self.capacity:
            self.losses = thin(self.losses, 2 * self.capacity, self.capacity, lambda pair: pair[0])

    def skip(self, skipped: bool) -> None:
        """Note that a step was skipped, or that one was made."""
        run = self.skipped[2] + 1 if skipped else 0
        self.skipped = [self.skipped[0] + skipped, max(self.skipped[1], run), run]

    def note_order(self, layers: Iterable[Layer], order: dict[str, int]) -> None:
        """Sort the weight matrices from input to output.

        Parameters
        ----------
        layers : iterable of Layer
        order : dict of str to int
            When each module was first called; where one is missing, the order of definition
            decides for all.
        """
        self.layers |= {layer.name: layer for layer in layers if layer.matrix}
        if self._ordered == (len(self.layers), len(order)):
            return
        self._ordered = len(self.layers), len(order)
        places = {name: layer.place for name, layer in self.layers.items()}
        if all(layer.module in order for layer in self.layers.values()):
            places = {name: order[layer.module] for name, layer in self.layers.items()}
            last = max(places.values(), default=-1)
            self.outputs = tuple(name for name, place in order.items() if place > last)
        self.matrices = tuple(sorted(places, key=places.__getitem__))

    def usable(self, optimizer: int | None = None) -> list[Row]:
        """Return the rows before anything was not finite: what the other rules look at."""
        rows = []
        for row in self.rows:
            if not row.finite() or (self.bad is not None and row.step >= self.bad.step):
                break
            if optimizer is None or row.optimizer == optimizer:
                rows.append(row)
        return rows

"""What the first backward pass shows of the task: losses, their inputs, and what they compare."""

from dataclasses import dataclass, field


@dataclass
class Start:
    """Facts about the first step; None where one is not known.

    Attributes
    ----------
    faults : dict of str to str
        Kinds of findings that the graph of the loss proves, each with its evidence.
    loss, guess : float or None
        The first loss of a classifier, and that of one that gives all classes the same chance.
    outputs, targets, residuals : float or None
        Root mean squares of what a regression's loss compares, and of the difference.
    inputs : float or None
        Largest root mean square of what the model was given.
    operations : set of str
        Names of the operations that the gradient passes.
    """

    faults: dict[str, str] = field(default_factory=dict)
    loss: float | None = None
    guess: float | None = None
    outputs: float | None = None
    targets: float | None = None
    residuals: float | None = None
    inputs: float | None = None
    operations: set[str] = field(default_factory=set)


@dataclass
class Reach:
    """Which parameters of one optimizer the gradient reaches.

    Attributes
    ----------
    step : int
        The first step that was looked at.
    looks : int
    total, trained : int
        Parameters, and those of them that require a gradient.
    missing : tuple of str
        Those that require one and had none in all looks.
    modules, lost : tuple of str
        Modules with trained parameters in the order of their calls, and those of them of which no
        parameter had a gradient in all looks.
    foreign : bool
        Whether no parameter belongs to the model.
    zero : bool
        Whether every gradient was exactly 0 in all looks.
    """

    step: int
    looks: int
    total: int
    trained: int
    missing: tuple[str, ...]
    modules: tuple[str, ...]
    lost: tuple[str, ...]
    foreign: bool
    zero: bool

    def merged(self, later: "Reach") -> "Reach":
        """Return what is still true after a later look."""
        same = set(later.missing), set(later.lost)
        return Reach(
            self.step, self.looks + 1, later.total, later.trained,
            tuple(name for name in self.missing if name in same[0]),
            later.modules,
            tuple(name for name in self.lost if name in same[1]),
            later.foreign and self.foreign,
            later.zero and self.zero,
        )  # fmt: skip

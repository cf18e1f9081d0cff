"""What the rules call too much or too little, each with its source, and what they find."""

import dataclasses
from dataclasses import dataclass
from typing import Any

SEVERITIES = ("notice", "warning", "error")
KINDS = (
    "non_finite",
    "no_gradient",
    "missing_zero_grad",
    "squashed_logits",
    "raw_logits",
    "wrong_axis",
    "targets_too_large",
    "inputs_too_large",
    "weights_too_large",
    "exploding",
    "vanishing",
    "exploding_signals",
    "vanishing_signals",
    "exploding_through_time",
    "vanishing_through_time",
    "dead_units",
    "saturated",
    "step_too_large",
    "step_too_small",
    "diverging_loss",
    "stalled_loss",
    "spike",
)

AUTOTRAINER = "Zhang et al. 2021, AutoTrainer (ICSE)"
TUNED = "tuned on the tuning half of benchmarks/detection.py"
DEEPCHECKER = "Ben Braiek and Khomh 2023, TheDeepChecker (TOSEM)"


def _limit(default: Any, source: str) -> Any:
    return dataclasses.field(default=default, metadata={"source": source})


@dataclass(frozen=True)
class Thresholds:
    """The limits of all rules. None of them depends on the scale of the loss or of the weights.

    Parameters
    ----------
    depth_decades, depth_rise : float
        Fall, and rise, of the gradient norm from the last third of the layers to the first, in
        powers of ten.
    time_decades, time_rise : float
        The same from the last third of a sequence to its first third.
    growth_decades : float
        Growth of the whole gradient's norm since the first steps.
    signal_decades : float
        Rise or fall of the layers' outputs from the first third of the layers to the last.
    ratio_high, ratio_low : float
        Update over weight, in one step, that is too much or too little.
    ratio_destroys : float
        The same, so large that one step is enough.
    ratio_slow : float
        The same, that is too little if `reduction_low` says so too.
    weight_growth : float
        Factor by which weights may grow from one look to the next.
    reduction_high, reduction_low : float
        The share of the loss by which a step could lower it at most, if the loss were as straight
        as its gradient says: more is beyond what the gradient knows, less leads nowhere.
    planned_reduction : float
        The same for all planned steps together, as a sum: less is too little. 1.3 leaves 27 % of
        the loss at the very best.
    planned_share : float
        Share of the planned steps before which nothing is said about the plan.
    pull_low : float
        Relative change of the loss by relative change of the weights, below which there is
        nothing left to learn.
    pull_falls : float
        Factor by which that falls where a step too far destroys the gradient.
    ratio_apart : float
        Ratio of the update : weight ratios of the first and the last layers that does harm.
    dead_share, saturated_share : float
        Share of dead units or saturated values in a layer.
    loss_change : float
        Relative change of the loss over the run that counts as a change.
    loss_certainty : float
        How many standard deviations Kendall's test must be away from no trend.
    least_rows, least_layers, least_losses : int
        Below that many a rule says nothing.
    first_excess : float
        By how much the first loss of a classifier may be above that of a guess, ln C.
    inputs_high : float
        Root mean square of inputs from which they are the cause of outputs that are too large.
    outputs_high : float
        How many times as large as the targets the first outputs may be.
    targets_high : float
        How many times as large as the first outputs, and as 1, targets may be.
    skipped_in_a_row : int
        Steps that a gradient scaler may skip one after the other.

    Examples
    --------
    >>> Thresholds().source("depth_decades")
    'Zhang et al. 2021, AutoTrainer (ICSE): gradient ratio of first and last layer below 1e-3'
    """

    depth_decades: float = _limit(
        3.0, f"{AUTOTRAINER}: gradient ratio of first and last layer below 1e-3"
    )
    depth_rise: float = _limit(
        2.0, f"{AUTOTRAINER}: gradient ratio of first and last layer above 70; here by thirds"
    )
    time_decades: float = _limit(3.0, f"as for depth, {AUTOTRAINER}")
    time_rise: float = _limit(
        1.2, f"{AUTOTRAINER}: a ratio of 70 from end to end is 1.2 decades from third to third"
    )
    growth_decades: float = _limit(2.0, "own choice: a hundredfold gradient")
    signal_decades: float = _limit(3.0, f"as for gradients, {AUTOTRAINER}")
    ratio_high: float = _limit(0.1, f"{DEEPCHECKER}: log10 of the update ratio above -1")
    ratio_destroys: float = _limit(1.0, "own choice: a step as large as the weights themselves")
    ratio_low: float = _limit(
        1e-6, f"own choice, two decades below {DEEPCHECKER}: converged nets stay above it"
    )
    ratio_slow: float = _limit(1e-4, f"{DEEPCHECKER}: log10 of the update ratio below -4")
    weight_growth: float = _limit(10.0, "own choice: grown tenfold between two looks")
    reduction_high: float = _limit(3.0, TUNED)
    reduction_low: float = _limit(1e-3, TUNED)
    planned_reduction: float = _limit(1.3, "tuned on the drawn runs of benchmarks/detection")
    planned_share: float = _limit(0.2, "own choice: some nets are slow at first")
    pull_low: float = _limit(0.1, TUNED)
    pull_falls: float = _limit(10.0, "own choice: a tenth is left of the gradient")
    ratio_apart: float = _limit(1e3, f"as for depth, {AUTOTRAINER}")
    dead_share: float = _limit(0.7, f"{AUTOTRAINER}: 70 % of the gradients zero")
    saturated_share: float = _limit(0.5, f"{DEEPCHECKER}: more than 50 % of the units saturated")
    loss_change: float = _limit(0.02, "own choice")
    loss_certainty: float = _limit(3.0, "Kendall 1938, rank correlation: three standard deviations")
    least_rows: int = _limit(3, "own choice: three looks in a row")
    least_layers: int = _limit(4, "own choice: a slope needs several layers")
    least_losses: int = _limit(20, "own choice: a trend needs several losses")
    first_excess: float = _limit(3.0, "own choice: twenty times less likely than a guess")
    inputs_high: float = _limit(100.0, "own choice: a hundred times the size of normed inputs")
    outputs_high: float = _limit(100.0, "own choice: an error a hundred times the task")
    targets_high: float = _limit(1000.0, "own choice: three decades of growth are many steps")
    skipped_in_a_row: int = _limit(
        16, "torch.amp.GradScaler starts at 2**16 and halves at each skip: 16 leave a scale of 1"
    )

    def source(self, name: str) -> str:
        """Return where the value of a limit comes from."""
        return str(self.__dataclass_fields__[name].metadata["source"])


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    kind : str
        One of ``KINDS``.
    where : str
        Layers, modules or "loss".
    since_step : int
        The first watched step from which on it was so without a break.
    severity : str
        "notice" (a sign that does no harm yet), "warning" or "error".
    evidence : str
        The numbers.
    rule, source : str
        What was compared with what, and where the limit comes from.
    advice : str
        Python code: what to try first.
    chapter : str or None
        The chapter of the course that explains it, such as "fixes/clipping".
    """

    kind: str
    where: str
    since_step: int
    severity: str
    evidence: str
    rule: str
    source: str
    advice: str = ""
    chapter: str | None = None

    def __str__(self) -> str:
        return f"{self.severity} {self.kind}: {self.where} since step {self.since_step}"

"""What to try first for each finding, as code that runs, and where to read on.

It depends on the finding, on the activations, on the optimizer and on when it began. The chapters
come from the course's one index of fixes.
"""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

from lessons.fixes import FIXES
from lessons.monitor.finding import Finding
from lessons.monitor.record.record import Record
from lessons.monitor.rules import remedies
from lessons.monitor.rules.causes import LOSS
from lessons.monitor.rules.trends import median

CHAPTER = "causes/vanishing_and_exploding"
CONSEQUENCES = "signs/symptoms"  # which sign follows from which
HEAVY = 0.9  # a momentum from which on its sum is at least ten steps


@dataclass(frozen=True)
class Advice:
    """Code to try, and the name of the fix in the course's index; None if no fix is for it."""

    code: str
    fix: str | None = None

    @property
    def chapter(self) -> str:
        """The chapter that measures the fix, or the one that finds the causes."""
        return CHAPTER if self.fix is None else FIXES[self.fix].chapter


def _bounded(record: Record) -> bool:
    """Return whether the activations are tanh and the like, and none is a ReLU."""
    used = set(record.classes) | record.start.operations
    return bool(used & {"Tanh", "Softsign", "Hardtanh"}) and "Relu" not in used | {
        name.capitalize() for name in record.classes
    }


def _weights(finding: Finding, record: Record) -> Advice:
    code = remedies.XAVIER if _bounded(record) else remedies.REINITIALIZE
    return Advice(code, "initialization")


def _exploding(finding: Finding, record: Record) -> Advice:
    return _weights(finding, record)


def _vanishing(finding: Finding, record: Record) -> Advice:
    if "Sigmoid" in record.classes:
        return Advice(remedies.RELU, "activation")
    gates = {"LSTM", "GRU", "LSTMCell", "GRUCell"} & set(record.classes)
    if "Sigmoid" in record.start.operations and not gates:
        return Advice(remedies.RELU_BY_HAND, "activation")
    return _weights(finding, record)


def _dead(finding: Finding, record: Record) -> Advice:
    if finding.since_step == 0:
        return Advice(remedies.REINITIALIZE, "initialization")
    return Advice(remedies.LEAKY, "activation")


def _bursting(finding: Finding, record: Record) -> Advice:
    layers = {"RNN", "LSTM", "GRU"} & set(record.classes)
    code = remedies.ORTHOGONAL if layers and finding.since_step == 0 else remedies.CLIP
    return Advice(code, "clipping")


def _saturated(finding: Finding, record: Record) -> Advice:
    return Advice(remedies.XAVIER, "initialization")


def _not_finite(finding: Finding, record: Record) -> Advice:
    bad = record.bad
    if bad is not None and bad.what == "input":
        return Advice(remedies.CLEAN_BATCH)
    if bad is not None and bad.what == "loss" and finding.where == "loss":
        classes = any(name.startswith("NllLoss") for name in record.start.operations)
        return Advice(remedies.RAW_SCORES if classes else remedies.FIND_NAN)
    return Advice(remedies.FIND_NAN)


def _cut(finding: Finding, record: Record) -> Advice:
    if any(reach.foreign for reach in record.reach.values()):
        return Advice(remedies.OWN_PARAMETERS)
    if any(not reach.trained for reach in record.reach.values()):
        return Advice(remedies.REQUIRE)
    return Advice(remedies.UNCUT)


def _smaller(finding: Finding, record: Record) -> Advice:
    heavy = record.momentum >= HEAVY
    return Advice(remedies.LESS_MOMENTUM if heavy else remedies.SMALLER_STEP, "learning_rate")


def _larger(finding: Finding, record: Record) -> Advice:
    norms = record.rows[-1].get("gradient").tolist() if record.rows else []
    known = [norm for norm in norms if math.isfinite(norm)]
    hidden = bool(known) and 0 < median(known) < record.epsilon
    return Advice(remedies.SMALLER_EPSILON if hidden else remedies.LARGER_STEP, "learning_rate")


def _always(code: str, fix: str | None = None) -> Callable[[Finding, Record], Advice]:
    return lambda finding, record: Advice(code, fix)


ADVICE: dict[str, Callable[[Finding, Record], Advice]] = {
    "non_finite": _not_finite,
    "no_gradient": _cut,
    "missing_zero_grad": _always(remedies.ZERO_GRAD),
    "squashed_logits": _always(remedies.NO_SQUASHING),
    "raw_logits": _always(remedies.RAW_SCORES),
    "wrong_axis": _always(remedies.LAST_AXIS),
    "targets_too_large": _always(remedies.NORM_TARGETS),
    "inputs_too_large": _always(remedies.NORM_INPUTS),
    "weights_too_large": _weights,
    "exploding": _exploding,
    "vanishing": _vanishing,
    "exploding_signals": _exploding,
    "vanishing_signals": _vanishing,
    "exploding_through_time": _bursting,
    "vanishing_through_time": _always(remedies.ORTHOGONAL, "lstm"),
    "dead_units": _dead,
    "saturated": _saturated,
    "step_too_large": _smaller,
    "step_too_small": _larger,
    "diverging_loss": _smaller,
    "spike": _always(remedies.CLIP, "clipping"),
    "stalled_loss": _larger,
}
SMALLER = {remedies.SMALLER_STEP, remedies.LESS_MOMENTUM, remedies.LEAKY}
LARGER = {remedies.LARGER_STEP, remedies.SMALLER_EPSILON}


def advised(found: list[Finding], record: Record) -> list[Finding]:
    """Return the findings with their advice: none asks for the opposite of one before it."""
    named = any(f.kind not in LOSS and f.severity != "notice" for f in found)
    result, asked = [], set()
    for finding in found:
        advice = ADVICE[finding.kind](finding, record)
        code, chapter = advice.code, advice.chapter
        opposite = SMALLER if code in LARGER else LARGER if code in SMALLER else set()
        if named and finding.kind in LOSS:
            code, chapter = remedies.FIRST_THE_CAUSE, CONSEQUENCES
        elif asked & opposite:
            code = remedies.FIRST_THE_OTHER
        asked.add(code)
        result.append(dataclasses.replace(finding, advice=code, chapter=chapter))
    return result

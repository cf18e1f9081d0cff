"""What the first step shows of the task: the wrong loss, and sizes that do not fit."""

from lessons.monitor.finding import Finding, Thresholds
from lessons.monitor.record.record import Record
from lessons.monitor.rules.trends import median

WHERE = {
    "squashed_logits": "input of the loss",
    "raw_logits": "input of the loss",
    "wrong_axis": "a softmax",
}
GRAPH = "the graph of the loss, read at the first backward pass"

FEW = 10  # losses before which nothing is said
LEFT = 0.3  # share of the excess; own choice


def proven(record: Record) -> list[Finding]:
    """Return what the graph of the loss proves."""
    rule = "what a loss expects is what it gets"
    return [
        Finding(kind, WHERE[kind], 0, "error", evidence, rule, GRAPH)
        for kind, evidence in record.start.faults.items()
    ]


def first_sizes(record: Record, limits: Thresholds, learning: bool | None) -> list[Finding]:
    """Compare the first loss with that of a guess, and a regression's outputs with its targets.

    A classifier that knows nothing and gives each of C classes the same chance has the loss ln C.
    One that starts far above has learned nothing either, and is sure of it.
    """
    start = record.start
    found: list[Finding] = []
    if not record.judges_losses:
        return []

    def note(kind: str, where: str, evidence: str, rule: str, name: str) -> None:
        source = limits.source(name)
        gone = kind != "targets_too_large" and _on_its_way(record, limits)
        severity = "notice" if gone else "warning"
        found.append(Finding(kind, where, 0, severity, evidence, rule, source))

    large = start.inputs is not None and start.inputs >= limits.inputs_high
    if start.loss is not None and start.guess is not None:
        excess = start.loss - start.guess
        if excess >= limits.first_excess and start.loss >= 2 * start.guess:
            _too_sure(start.loss, start.guess, start.inputs, large, limits, note)
    targets, outputs = start.targets, start.outputs
    if targets is None or outputs is None:
        return found
    if targets >= limits.targets_high * max(1.0, outputs):
        note(
            "targets_too_large", "targets",
            f"the targets have a root mean square of {targets:.2g}, the first outputs "
            f"{outputs:.2g}: the model must grow by their quotient before it can learn",
            f"targets at most {limits.targets_high:g} times as large as outputs and as 1",
            "targets_high",
        )  # fmt: skip
    elif large and outputs >= limits.outputs_high * targets:
        note(
            "inputs_too_large", "inputs",
            f"the inputs have a root mean square of {start.inputs:.2g}, the first outputs "
            f"{outputs:.2g} and the targets {targets:.2g}",
            f"outputs at most {limits.outputs_high:g} times as large as the targets, or inputs "
            f"below {limits.inputs_high:g}",
            "outputs_high",
        )  # fmt: skip
    elif targets and outputs >= limits.outputs_high * targets:
        note(
            "weights_too_large", "all layers",
            f"the first outputs have a root mean square of {outputs:.2g}, the targets "
            f"{targets:.2g}",
            f"outputs at most {limits.outputs_high:g} times as large as the targets",
            "outputs_high",
        )  # fmt: skip
    return found


def _on_its_way(record: Record, limits: Thresholds) -> bool:
    """Return whether most of what the first loss was too large by is gone, or it is too early.

    Deep residual nets begin with large outputs and soon unlearn them.
    """
    losses = [value for _, value in record.losses]
    if len(losses) < FEW:
        return True
    start, share = record.start, median(losses[-FEW // 2 :]) / max(losses[0], 1e-300)
    if start.loss is not None and start.guess is not None:
        excess = start.loss * share - start.guess
        return excess < min(LEFT * (start.loss - start.guess), 4 * limits.first_excess)
    return share < 1 / limits.outputs_high


def _too_sure(loss, guess, inputs, large, limits, note):
    evidence = f"the first loss is {loss:.3g}; a guess has {guess:.3g}"
    rule = f"the first loss at most {limits.first_excess:g} above that of a guess, or twice it"
    if large:
        evidence += f". The inputs have a root mean square of {inputs:.2g}"
        note("inputs_too_large", "inputs", evidence, rule, "first_excess")
    else:
        note("weights_too_large", "all layers", evidence, rule, "first_excess")

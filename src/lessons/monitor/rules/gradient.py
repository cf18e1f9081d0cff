"""Gradients that never arrive, and gradients that are never cleared."""

from lessons.monitor.finding import Finding
from lessons.monitor.record.record import Record
from lessons.monitor.record.start import Reach


def _named(names: tuple[str, ...], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _blame(reach: Reach) -> tuple[str, str, str] | None:
    """Return where, the evidence and the severity; None if every gradient arrives."""
    first = 0
    while first < len(reach.lost) and reach.modules[first : first + 1] == reach.lost[first:][:1]:
        first += 1
    if not reach.trained:
        return (
            "all parameters",
            (
                f"none of the optimizer's {reach.total} parameters has requires_grad: nothing is "
                f"computed for them"
            ),
            "error",
        )
    if len(reach.missing) == reach.trained:
        if reach.foreign:
            return (
                "all parameters",
                (
                    f"none of the optimizer's {reach.trained} parameters belongs to the model: it "
                    f"was built with others, or with copies"
                ),
                "error",
            )
        return (
            "all parameters",
            (
                f"no backward pass reached one of the optimizer's {reach.trained} parameters: the "
                f"graph is cut between them and the loss (detach, no_grad, item, numpy), or the "
                f"loss is another model's"
            ),
            "error",
        )
    if first:
        after = reach.modules[first] if first < len(reach.modules) else "the loss"
        return (
            _named(reach.lost[:first]),
            (
                f"the gradient reaches {after or 'the model itself'} and not what comes before it: "
                f"{len(reach.missing)} of {reach.trained} parameters have none. The graph is cut "
                f"there (detach, no_grad, item, numpy)"
            ),
            "error",
        )
    if reach.missing:
        return (
            _named(reach.missing),
            (
                f"{len(reach.missing)} of {reach.trained} parameters had no gradient in any look: "
                f"the loss does not use them"
            ),
            "notice",
        )
    return None


def no_gradient(record: Record) -> list[Finding]:
    """Return a finding for each optimizer of which parameters never get a gradient.

    Where the first layers get none, the graph is cut. Where later ones get none, the loss may have
    no use for them: that is a notice.
    """
    found = []
    for reach in record.reach.values():
        if reach.zero and len(reach.missing) < reach.trained:
            rule, source = "some gradient is not 0", "the definition of a gradient"
            evidence = "every gradient is exactly 0"
            where = "all parameters"
            found.append(Finding("vanishing", where, reach.step, "error", evidence, rule, source))
        blamed = _blame(reach)
        if blamed:
            where, evidence, severity = blamed
            rule = "each parameter with requires_grad gets a gradient"
            source = "the definition of training"
            found.append(
                Finding("no_gradient", where, reach.step, severity, evidence, rule, source)
            )
    return found


def never_cleared(record: Record) -> list[Finding]:
    """Return a finding for each optimizer whose gradients are added up from step to step.

    Gradients may be added up within a step. But between a step and the next there must be a
    backward pass that begins with none.
    """
    found = []
    for seen in record.kept.values():
        if len(seen) >= 2 and all(kept for _, kept in seen):
            evidence = (
                f"in all {len(seen)} looks the gradients of the step before were still there when "
                f"the backward pass began: each step uses the sum of all gradients so far"
            )
            rule = "between two steps a backward pass begins without gradients"
            source = "torch.optim.Optimizer.zero_grad"
            found.append(
                Finding(
                    "missing_zero_grad", "all parameters", seen[0][0], "error", evidence, rule,
                    source,
                )
            )  # fmt: skip
    return found

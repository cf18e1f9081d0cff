"""The size of the optimizer's steps and the course of the loss."""

from lessons.monitor.rules_depth import by_layer, known_names, middle_ratio
from lessons.monitor.thresholds import Finding
from lessons.monitor.trends import kendall, last_run, median


def loss_trend(record, limits):
    """Return "falling", "rising" or "flat", None if too few losses are known.

    A trend is one that Kendall's test sees and that changed the loss by ``limits.loss_change``.
    """
    bad = record.bad.step if record.bad else None
    losses = [value for step, value in record.losses if bad is None or step < bad]
    if len(losses) < limits.least_losses:
        return None
    quarter = len(losses) // 4
    first, last = median(losses[:quarter]), median(losses[-quarter:])
    change = (last - first) / max(abs(first), abs(last), 1e-300)
    certainty = kendall(losses)
    if abs(certainty) < limits.loss_certainty or abs(change) < limits.loss_change:
        return "flat"
    return "falling" if change < 0 else "rising"


def is_learning(record, limits):
    """Return whether the loss falls, None if that is not known."""
    trend = loss_trend(record, limits)
    return None if trend is None else trend == "falling"


def course_of_loss(record, limits):
    """Return a finding if the loss rises, or does not move at all.

    A flat loss alone is a notice: a converged network has one too.
    """
    trend = loss_trend(record, limits)
    if trend not in ("rising", "flat"):
        return []
    losses = [value for _, value in record.losses]
    quarter = len(losses) // 4
    first, last = median(losses[:quarter]), median(losses[-quarter:])
    evidence = (
        f"the median loss went from {first:.3g} in the first quarter to {last:.3g} in the last; "
        f"Kendall's test gives {kendall(losses):.2g} standard deviations"
    )
    kind, severity = (
        ("diverging_loss", "error") if trend == "rising" else ("stalled_loss", "notice")
    )
    rule = f"{limits.loss_certainty:g} standard deviations, relative change {limits.loss_change:g}"
    source = limits.source("loss_certainty")
    return [Finding(kind, "loss", record.losses[0][0], severity, evidence, rule, source)]


def size_of_steps(record, rows, limits, learning):
    """Compare the updates with the weights.

    Too large: by the median layer, in the last looks, or once if it was as large as the weights.
    Too small: by the fastest layer, in every look since the start, so that a schedule which ends
    at 0 is no finding.
    """
    names = known_names(rows, record)
    if not names or not rows:
        return []
    found = []
    run = last_run(rows, lambda row: middle_ratio(row, names) >= limits.ratio_high)
    if len(run) < (min(limits.least_rows, len(rows)) if record.bad else limits.least_rows):
        run = [row for row in rows if middle_ratio(row, names) >= limits.ratio_destroys]
    if run:
        ratio = max(middle_ratio(row, names) for row in run)
        evidence = f"one step changes the median layer by {ratio:.2g} of its own size"
        rule = f"update : weight of the median layer at least {limits.ratio_high:g}"
        severity = "error" if learning is False or record.bad else "warning"
        source = limits.source("ratio_high")
        found.append(
            Finding("step_too_large", "all layers", run[0].step, severity, evidence, rule, source)
        )
    fastest = [max(by_layer(row, names, "ratio"), default=1.0) for row in rows]
    if len(rows) >= limits.least_rows and max(fastest) <= limits.ratio_low:
        evidence = f"no step changed any layer by more than {max(fastest):.2g} of its own size"
        rule = f"update : weight of the fastest layer at most {limits.ratio_low:g} in all steps"
        severity = "notice" if learning else "error"
        source = limits.source("ratio_low")
        found.append(
            Finding("step_too_small", "all layers", rows[0].step, severity, evidence, rule, source)
        )
    return found

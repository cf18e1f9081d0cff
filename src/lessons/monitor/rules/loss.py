"""The course of the loss, and by how much of it a step can lower it."""

import math

from lessons.monitor.finding import Finding
from lessons.monitor.rules.trends import kendall, median

CONVERGED = 0.01  # share of the first loss below which there was little left to learn
MIXED = 0.05  # share of losses on one side of 0 from which the sign is not an accident


def loss_trend(record, limits):
    """Return "falling", "fallen", "rising" or "flat", None if too few losses are known.

    A trend is one that Kendall's test sees and that changed the loss by ``limits.loss_change``. A
    loss has fallen if its second half no longer changes by as much: at first every network learns
    the answers' mean, also one whose gradients are lost.
    """
    losses = _losses(record)
    if len(losses) < limits.least_losses or not means_something(record):
        return None
    first, last = _ends(losses)
    change = _change(first, last)
    if abs(kendall(losses)) < limits.loss_certainty or abs(change) < limits.loss_change:
        return "flat"
    if change > 0:
        return "rising"
    if abs(last) <= CONVERGED * abs(first):
        return "falling"
    middle = losses[len(losses) // 2 : -(len(losses) // 4)]
    return "falling" if _change(median(middle), last) <= -limits.loss_change else "fallen"


def means_something(record):
    """Return whether the size of the loss says how well the model does.

    One that is above 0 and below it in turn, such as that of a policy gradient, does not; nor one
    of which the user says so (``Monitor(losses="none")``).
    """
    losses = _losses(record)
    below = sum(value < 0 for value in losses)
    mixed = len(losses) >= 20 and MIXED < below / len(losses) < 1 - MIXED
    return record.judges_losses and not mixed


def _losses(record):
    bad = record.bad.step if record.bad else None
    return [value for step, value in record.losses if bad is None or step < bad]


def _ends(losses):
    quarter = len(losses) // 4
    return median(losses[:quarter]), median(losses[-quarter:])


def _change(first, last):
    return (last - first) / max(abs(first), abs(last), 1e-300)


def is_learning(record, limits):
    """Return whether the loss is falling, None if that is not known."""
    trend = loss_trend(record, limits)
    return None if trend is None else trend == "falling"


def has_halved(record, limits):
    """Return whether a loss above 0 is half of what it was: then what is large does no harm yet.

    The last quarter is at most half of the first quarter and of the first loss.
    """
    losses = _losses(record)
    if len(losses) < limits.least_losses or not means_something(record):
        return False
    first, last = _ends(losses)
    return 0 <= last <= min(first, losses[0]) / 2


def course_of_loss(record, limits):
    """Return a finding if the loss rises, or does not move at all.

    A flat loss alone is a notice: a converged network has one too.
    """
    trend = loss_trend(record, limits)
    if trend not in ("rising", "flat"):
        return []
    losses = _losses(record)
    first, last = _ends(losses)
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


def pull_and_reduction(record, rows):
    r"""Return two shares of the loss for each row: what moving the weights could change.

    .. math:: \text{pull} = \frac{1}{L} \sum_l \|g_l\| \|W_l\|, \qquad
              \text{reduction} = \frac{1}{L} \sum_l \|g_l\| \|\Delta W_l\|

    To first order a step lowers the loss L by at most the reduction, and a relative change of the
    weights changes it by at most the pull times as much. Neither depends on the scale of the loss
    or of the inputs.

    Returns
    -------
    list of tuple of (Row, float, float)
        Rows of steps whose loss is known and positive.
    """
    known, found = dict(record.losses) if means_something(record) else {}, []
    for row in rows:
        loss = known.get(row.step, known.get(row.step + 1, math.nan))
        if not 0 < loss < math.inf:
            continue
        gradient, weight, update = (row.get(name) for name in ("gradient", "weight", "update"))
        sums = [(gradient * other).nansum().item() / loss for other in (weight, update)]
        found.append((row, *sums))
    return found

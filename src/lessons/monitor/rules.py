"""From a record to findings: pure functions, none of which depends on the scale of the loss."""

import dataclasses

from lessons.monitor.advice import ADVICE, CONSEQUENCES, FIRST_THE_CAUSE
from lessons.monitor.record import Record
from lessons.monitor.rules_causes import LOSS, causes_first
from lessons.monitor.rules_depth import over_depth, over_signals, over_steps
from lessons.monitor.rules_loss import course_of_loss, is_learning
from lessons.monitor.rules_steps import size_of_steps
from lessons.monitor.rules_time import through_time
from lessons.monitor.rules_units import non_finite, units
from lessons.monitor.thresholds import Finding, Thresholds


def findings(record: Record, limits: Thresholds | None = None) -> list[Finding]:
    """Return what is wrong with a training run.

    Parameters
    ----------
    record : Record
    limits : Thresholds, optional

    Returns
    -------
    list of Finding
        The gravest first, at most one of each kind and place.

    Examples
    --------
    >>> from lessons.monitor.record import Record
    >>> record = Record()
    >>> for step in range(20):
    ...     record.add_loss(step, 1.0 + step)
    >>> [str(found) for found in findings(record)]
    ['error diverging_loss: loss since step 0']
    """
    limits = Thresholds() if limits is None else limits
    learning = is_learning(record, limits)
    found = non_finite(record, limits) + course_of_loss(record, limits)
    for optimizer in sorted({row.optimizer for row in record.rows}):
        rows = record.usable(optimizer)
        for rule in (over_depth, over_signals, over_steps, through_time, size_of_steps, units):
            found += rule(record, rows, limits, learning)
    found = causes_first(found)
    named = any(f.kind not in LOSS and f.severity != "notice" for f in found)
    return [_advised(finding, named and finding.kind in LOSS) for finding in found]


def _advised(finding: Finding, is_consequence: bool) -> Finding:
    advice = ADVICE[finding.kind]
    if is_consequence:
        return dataclasses.replace(finding, advice=FIRST_THE_CAUSE, chapter=CONSEQUENCES)
    return dataclasses.replace(finding, advice=advice.code, chapter=advice.chapter)

"""From a record to findings: pure functions, none of which depends on the scale of the loss."""

import dataclasses

from lessons.monitor.advice import ADVICE
from lessons.monitor.rules_depth import over_depth, over_signals, over_steps
from lessons.monitor.rules_steps import course_of_loss, is_learning, size_of_steps
from lessons.monitor.rules_time import through_time
from lessons.monitor.rules_units import non_finite, units
from lessons.monitor.thresholds import KINDS, SEVERITIES, Thresholds

# A cause explains its consequence, which is then left out: the same advice helps both.
EXPLAINS = {"exploding": {"step_too_large"}, "vanishing": {"step_too_small"}}


def findings(record, limits=None):
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
    return [_advised(finding) for finding in _distinct(found)]


def _advised(finding):
    advice = ADVICE[finding.kind]
    return dataclasses.replace(finding, advice=advice.code, chapter=advice.chapter)


def _distinct(found):
    """Sort by severity; of one kind in one place keep the gravest, and leave out consequences."""
    found = sorted(found, key=lambda f: (-SEVERITIES.index(f.severity), KINDS.index(f.kind)))
    seen, kept = set(), []
    serious = {f.kind for f in found if f.severity != "notice"}
    explained = set().union(*(EXPLAINS.get(kind, set()) for kind in serious))
    for finding in found:
        if finding.kind not in explained and (finding.kind, finding.where) not in seen:
            seen.add((finding.kind, finding.where))
            kept.append(finding)
    return kept

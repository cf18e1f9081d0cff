"""From a record to findings: pure functions, none of which depends on the scale of the loss."""

from lessons.monitor.finding import Finding, Thresholds
from lessons.monitor.record.record import Record
from lessons.monitor.rules.advice import advised
from lessons.monitor.rules.causes import causes_first
from lessons.monitor.rules.depth import over_depth
from lessons.monitor.rules.finite import non_finite
from lessons.monitor.rules.gradient import never_cleared, no_gradient
from lessons.monitor.rules.growth import over_steps
from lessons.monitor.rules.loss import course_of_loss, is_learning
from lessons.monitor.rules.plan import within_plan
from lessons.monitor.rules.signals import over_signals
from lessons.monitor.rules.spikes import spikes
from lessons.monitor.rules.start import first_sizes, proven
from lessons.monitor.rules.steps import size_of_steps, without_newborn
from lessons.monitor.rules.time import through_time
from lessons.monitor.rules.units import units

# Each is called with a record, the rows of one optimizer, limits, and whether the loss falls.
RULES = over_depth, over_signals, over_steps, through_time, size_of_steps, within_plan, units


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
    >>> from lessons.monitor.record.record import Record
    >>> record = Record()
    >>> for step in range(20):
    ...     record.add_loss(step, 1.0 + step)
    >>> [str(found) for found in findings(record)]
    ['error diverging_loss: loss since step 0']
    """
    limits = Thresholds() if limits is None else limits
    learning = is_learning(record, limits)
    found = non_finite(record, limits) + no_gradient(record) + never_cleared(record)
    found += proven(record) + first_sizes(record, limits, learning)
    found += course_of_loss(record, limits) + spikes(record, limits)
    for optimizer in sorted({row.optimizer for row in record.rows}):
        rows = without_newborn(record.usable(optimizer))
        for rule in RULES:
            found += rule(record, rows, limits, learning)
    return advised(causes_first(found), record)

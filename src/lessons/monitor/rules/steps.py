"""The size of the optimizer's steps."""

import dataclasses
import itertools
import math

from lessons.monitor.finding import Finding
from lessons.monitor.rules.depth import by_layer, known_names, middle_ratio
from lessons.monitor.rules.loss import has_halved, pull_and_reduction
from lessons.monitor.rules.trends import last_run, looks_needed, median

YOUNG = 20  # steps after which a weight that began at 0 has a size of its own


def without_newborn(rows):
    """Return rows in which weights that began at 0 have no update for their first steps.

    After n equal steps from 0 the next one has the size of an n-th: that says nothing.

    Parameters
    ----------
    rows : list of Row
        Of one optimizer.
    """
    if not rows:
        return rows
    first, zero = rows[0], set()
    for name, weight in zip(first.names, first.get("weight").tolist(), strict=True):
        if weight == 0:
            zero.add(name)
    if not zero or first.step > 0:
        return rows
    kept = []
    for row in rows:
        if row.step < YOUNG:
            values = row.values.clone()
            values[3, [place for place, name in enumerate(row.names) if name in zero]] = math.nan
            row = dataclasses.replace(row, values=values)
        kept.append(row)
    return kept


def size_of_steps(record, rows, limits, learning):
    """Compare the updates with the weights, and with what the gradient promises."""
    names = known_names(rows, record)
    if not names or not rows:
        return []
    arguments = record, rows, names, limits, learning
    # A step of L-BFGS is many; how far it goes in all says nothing.
    large = [] if "LBFGS" in record.classes else _too_large(*arguments)
    return large or _too_small(*arguments)


def _too_large(record, rows, names, limits, learning):
    """Too large beside the weights, or else too far for what the gradient knows."""
    large = [row for row in rows if middle_ratio(row, names) >= limits.ratio_high]
    destroyed = any(middle_ratio(row, names) >= limits.ratio_destroys for row in large)
    run = last_run(rows, large.__contains__, looks_needed(record, limits, len(rows)))
    if not run and (destroyed or learning is False):
        run = large  # then one is enough
    grown = [] if run else _grown(rows, names, limits)
    if not run and not grown:
        return _too_far(record, rows, limits) if learning is False else []
    severity = "warning"
    harmless = learning is None and not destroyed and not grown  # a ratio alone does no harm
    if record.bad is None and (harmless or (run and has_halved(record, limits))):
        severity = "notice"
    elif learning is False or record.bad:
        severity = "error"
    ratio = max(middle_ratio(row, names) for row in run or grown)
    evidence = f"one step changes the median layer by {ratio:.2g} of its own size"
    rule = f"update : weight of the median layer at least {limits.ratio_high:g}"
    return [_finding("large", run or grown, severity, evidence, rule, limits.source("ratio_high"))]


def _finding(size, rows, severity, evidence, rule, source):
    kind, since = f"step_too_{size}", rows[0].step
    return Finding(kind, "all layers", since, severity, evidence, rule, source)


def _grown(rows, names, limits):
    """Return the looks at which the median layer's weights were many times those of the last."""

    def growth(before, after):
        sizes = (row.get("weight", names).tolist() for row in (before, after))
        return median([new / old for old, new in zip(*sizes, strict=True) if old > 0])

    return [b for a, b in itertools.pairwise(rows) if growth(a, b) >= limits.weight_growth]


def _too_far(record, rows, limits):
    """A step beyond what its gradient knows, after which that collapsed."""
    shares = pull_and_reduction(record, rows)
    for place, (row, pull, reduction) in enumerate(shares):
        after = [later for _, later, _ in shares[place + 1 :]]
        collapsed = len(after) >= limits.least_rows and median(after) * limits.pull_falls < pull
        if reduction >= limits.reduction_high and collapsed:
            evidence = (
                f"by its gradient one step should lower the loss by {reduction:.2g} times its "
                f"value; after it the gradient collapsed, and the loss does not fall"
            )
            rule = f"gradient times update at most {limits.reduction_high:g} of the loss"
            source = limits.source("reduction_high")
            return [_finding("large", [row], "error", evidence, rule, source)]
    return []


def nothing_left(record, shares, limits):
    """Return whether a net has nothing left to learn: its weights are hardly pulled at all.

    Parameters
    ----------
    shares
        See `pull_and_reduction`.
    """
    quiet = shares and median([pull for _, pull, _ in shares]) <= limits.pull_low
    return bool(quiet) and not _as_good_as_a_guess(record)


def _as_good_as_a_guess(record):
    """Return whether a classifier's loss is still that of one that knows nothing."""
    start = record.start
    if not start.guess or not record.losses:
        return False
    scale = record.losses[0][1] / start.loss  # the loss may be scaled, or a sum
    return record.losses[-1][1] >= 0.9 * start.guess * scale


def _too_small(record, rows, names, limits, learning):
    """Too small in every look since the start, so that a schedule which ends at 0 is no finding.

    By the fastest layer, far below everything that learns. Or by the median layer, if the step can
    lower the loss by next to nothing. But a network that has converged has nothing left to learn.
    """
    if len(rows) < limits.least_rows:
        return []
    shares = pull_and_reduction(record, rows)
    if nothing_left(record, shares, limits):
        return []
    fastest = max(max(by_layer(row, names, "ratio"), default=1.0) for row in rows)
    middle = max(middle_ratio(row, names) for row in rows)
    reduction = max((reduction for _, _, reduction in shares), default=1.0)
    if fastest <= limits.ratio_low:
        severity, source = "error", limits.source("ratio_low")
        evidence = f"no step changed any layer by more than {fastest:.2g} of its own size"
        rule = f"update : weight of the fastest layer at most {limits.ratio_low:g} in all steps"
    elif middle <= limits.ratio_slow and reduction <= limits.reduction_low:
        severity, source = "warning", limits.source("reduction_low")
        evidence = (
            f"no step can lower the loss by more than {reduction:.2g} of its value, nor change the "
            f"median layer by more than {middle:.2g} of its own size"
        )
        rule = (
            f"gradient times update at most {limits.reduction_low:g} of the loss and update : "
            f"weight of the median layer at most {limits.ratio_slow:g} in all steps"
        )
    else:
        return []
    severity = "notice" if learning else severity
    return [_finding("small", rows, severity, evidence, rule, source)]

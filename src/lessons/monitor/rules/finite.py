"""Numbers that are not finite."""

from lessons.monitor.finding import Finding


def non_finite(record, limits):
    """Return a finding if a number was not finite, or a scaler skips one step after the other."""
    found = []
    if record.bad is not None:
        bad = record.bad
        since = "in this step" if bad.certain else "at or before this step"
        more = f"; so were {len(bad.others)} more of the same kind" if bad.others else ""
        evidence = f"the {bad.what} was not finite for the first time {since}{more}"
        rule = "every number is finite"
        found.append(Finding("non_finite", bad.name, bad.step, "error", evidence, rule, "IEEE 754"))
    total, _, now = record.skipped
    if now >= limits.skipped_in_a_row:
        evidence = f"the gradient scaler skipped the last {now} steps, {total} in all"
        rule = f"fewer than {limits.skipped_in_a_row} skipped steps in a row"
        source = limits.source("skipped_in_a_row")
        found.append(
            Finding("non_finite", "all layers", record.steps, "error", evidence, rule, source)
        )
    return found

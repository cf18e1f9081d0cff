"""Numbers that are not finite."""

from lessons.monitor.finding import Finding


def _origin(origin):
    """Return a sentence on where it arose, and one on who passed it on."""
    counts = (origin.nan, "NaN"), (origin.inf, "infinite")
    many = " and ".join(f"{count} {name}" for count, name in counts if count)
    tensor = f"{origin.dtype} {list(origin.shape)}"
    text = f": {many} in {tensor}" if many else ""
    if origin.operation:
        text = f": {origin.operation} gave {many} in {tensor}"
    if origin.low is not None:
        text += f", of numbers from {origin.low:.3g} to {origin.high:.3g}"
    if origin.others:
        more = f" and {len(origin.others) - 3} more" if len(origin.others) > 3 else ""
        text += f". Passed on by {', '.join(origin.others[:3])}{more}"
    return text


def _not_seen(bad):
    """Say where it arose as far as it is known, and how to see more."""
    if bad.what == "loss":
        return ". The model's outputs were finite: it arose in the loss"
    if bad.what in ("input", "output"):
        return ""
    if bad.origin is not None and bad.origin.what == "finite":
        return ". The forward pass was finite: it arose on the way back"
    how = "Monitor(..., every=1) looks at each step"
    return f". Where it arose was not seen: {how}"


def non_finite(record, limits):
    """Return a finding if a number was not finite, or a scaler skips one step after the other."""
    found = []
    if record.bad is not None:
        bad = record.bad
        since = "in this step" if bad.certain else "at or before this step"
        evidence = f"the {bad.what} was not finite for the first time {since}"
        if bad.origin is not None and bad.origin.what in ("input", "weight", "output"):
            evidence += _origin(bad.origin)
        else:
            evidence += f"; so were {len(bad.others)} more" if bad.others else ""
            evidence += _not_seen(bad)
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

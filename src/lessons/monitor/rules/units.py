"""Dead and saturated units."""

from lessons.monitor.finding import Finding
from lessons.monitor.rules.depth import by_layer, known_names
from lessons.monitor.rules.trends import last_run

NEARLY_ALL = 0.95


def _layers_above(rows, field, limit, skip, least):
    """Return {layer: the run of rows at the end in which its share is at or above the limit}."""
    layers = dict.fromkeys(label for row in rows for label in getattr(row, field))
    found = {}
    for label in layers:
        if label.split(" (call")[0] in skip:
            continue
        seen = [row for row in rows if label in getattr(row, field)]
        run = last_run(seen, lambda row, label=label: getattr(row, field)[label] >= limit, least)
        if run:
            found[label] = run
    return found


def _finding(kind, field, above, limit, source, what, learning, harmful=True):
    since = min(run[0].step for run in above.values())
    shares = {label: getattr(run[-1], field)[label] for label, run in above.items()}
    worst = max(shares, key=shares.get)
    names = list(shares)
    where = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    severity = "warning" if harmful else "notice"
    if shares[worst] >= NEARLY_ALL and not learning:
        severity = "error"
    evidence = f"{shares[worst]:.0%} {what} in {worst}"
    rule = f"share at least {limit:.0%}"
    return Finding(kind, where, since, severity, evidence, rule, source)


def units(record, rows, limits, learning):
    """Count dead units and saturated values.

    A layer with many dead units is a notice: in a deep network half of the units of a layer are
    silent by chance. While the loss does not fall it is a warning where so many are dead in the
    whole network, and an error where nearly all of one layer are.
    Where no activation module is seen, biases with a gradient of exactly 0 stand for dead units.
    """
    found = []
    modules_seen = any(row.dead for row in rows)
    field, what = (
        ("dead", "of the units are dead")
        if modules_seen
        else ("idle", "of the biases have no gradient")
    )
    above = _layers_above(rows, field, limits.dead_share, (), limits.least_rows)
    if above:
        source, limit = limits.source("dead_share"), limits.dead_share
        last = list(getattr(rows[-1], field).values())
        many = sum(last) >= limit * len(last) and not learning
        names = known_names(rows, record)
        ratios = by_layer(rows[-1], names, "ratio")
        # Nothing passes a layer that is dead; biases without gradient may be frozen ones.
        cut = modules_seen and min(ratios, default=1.0) <= limits.ratio_low
        found.append(
            _finding("dead_units", field, above, limit, source, what, learning and not cut, many)
        )
    above = _layers_above(
        rows, "saturated", limits.saturated_share, record.outputs, limits.least_rows
    )
    if above:
        source, limit = limits.source("saturated_share"), limits.saturated_share
        what = "of the values are saturated"
        found.append(_finding("saturated", "saturated", above, limit, source, what, learning))
    return found

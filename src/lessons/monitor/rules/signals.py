"""Outputs that grow or shrink over the layers."""

from lessons.monitor.finding import Finding
from lessons.monitor.rules.depth import first_third, known_names, middle_ratio
from lessons.monitor.rules.trends import decades, last_run, looks_needed, thirds


def over_signals(record, rows, limits, learning):
    """Compare the outputs of the first and the last third of the layers.

    With ReLU and a wrong gain the gradients of all layers are alike, and all wrong. Outputs that
    are almost 0 soon grow by the biases; the first look counts where most layers still rest.
    """
    names = known_names(rows, record)
    modules = [record.layers[name].module for name in names if name in record.layers]
    rows = [row for row in rows if sum(module in row.signals for module in modules) >= 4]
    if len(names) < limits.least_layers or not rows:
        return []

    def rise(row):
        return decades(*thirds([row.signals[m] for m in modules if m in row.signals]))

    def at_the_first_look():
        resting = (middle_ratio(row, names) <= limits.ratio_low for row in rows[:few])
        return rows[:1] if -rise(rows[0]) >= limits.signal_decades and all(resting) else []

    found, few = [], limits.least_rows
    least = looks_needed(record, limits, len(rows))
    for kind, sign in (("exploding_signals", 1), ("vanishing_signals", -1)):
        run = last_run(rows, lambda row, s=sign: s * rise(row) >= limits.signal_decades, least)
        if not run and sign == -1:
            run = at_the_first_look()
        if not run:
            continue
        ratio = middle_ratio(run[-1], names)
        harmful = ratio >= limits.ratio_high if sign == 1 else ratio <= limits.ratio_low
        known = "warning" if learning is False or kind == "exploding_signals" else "notice"
        severity = "error" if harmful else known
        verb = "grow" if sign == 1 else "shrink"
        evidence = (
            f"the layers' outputs {verb} by {abs(rise(run[-1])):.3g} decades from the first third "
            f"to the last; update : weight is {ratio:.2g}"
        )
        rule = f"outputs of the first and last third {limits.signal_decades:g} decades apart"
        source = limits.source("signal_decades")
        found.append(
            Finding(kind, first_third(names), run[0].step, severity, evidence, rule, source)
        )
    return found

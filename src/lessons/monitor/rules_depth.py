"""Exploding and vanishing over the layers, and over the course of the training."""

import math

from lessons.monitor.thresholds import Finding
from lessons.monitor.trends import decades, last_run, median, slope, thirds


def by_layer(row, names, quantity):
    """Return what is known of a quantity of these layers, from input to output."""
    return [value for value in row.get(quantity, names).tolist() if not math.isnan(value)]


def total_gradient(row):
    """Return the norm of the whole gradient before clipping."""
    return math.hypot(*(v for v in row.get("gradient").tolist() if not math.isnan(v)), 0.0)


def middle_ratio(row, names):
    """Return the median update : weight ratio of the layers."""
    return median(by_layer(row, names, "ratio"))


def known_names(rows, record):
    """Return the weight matrices that one optimizer trains, from input to output."""
    trained = set().union(*(row.names for row in rows))
    return [name for name in record.matrices if name in trained]


def _where(names):
    third = max(1, len(names) // 3)
    return names[0] if third == 1 else f"{names[0]} … {names[third - 1]}"


def _fall(row, names):
    """Return the decades by which the gradient falls from the last layers to the first."""
    return decades(*thirds(by_layer(row, names, "gradient")))


def _pull_fall(row, names):
    """Return the same of |gradient| |weight|, which does not depend on the units of the data.

    Inputs in a unit that is 1000 times smaller have 1000 times larger weights in the first layer
    and gradients that are 1000 times smaller, and nothing is wrong.
    """
    weights = row.get("weight", names)
    if not all(thirds(by_layer(row, names, "weight"))):
        return _fall(row, names)
    pulls = (row.get("gradient", names) * weights).tolist()
    return decades(*thirds([pull for pull in pulls if not math.isnan(pull)]))


def _steep(row, names, sign, limit):
    return min(sign * _fall(row, names), sign * _pull_fall(row, names)) >= limit


def _first_ratio(row, names):
    return thirds(by_layer(row, names, "ratio"))[0]


def over_depth(record, rows, limits, learning):
    """Compare the gradients of the first and the last third of the layers.

    A steep profile alone is a notice: an optimizer that rescales each weight's gradient can live
    with it. It is an error where the updates of the first layers show it too, relative to their
    weights, and a warning where the loss does not fall. Exploding is always a warning: the noise
    of the first layers drowns what the others learn.
    """
    names = known_names(rows, record)
    if len(names) < limits.least_layers or not rows:
        return []
    found = []
    least = min(limits.least_rows, len(rows)) if record.bad else limits.least_rows
    for kind, sign, name in (("vanishing", 1, "depth_decades"), ("exploding", -1, "depth_rise")):
        limit = getattr(limits, name)
        steep = [row for row in rows if _steep(row, names, sign, limit)]
        run = last_run(rows, steep.__contains__)
        row = run[-1] if len(run) >= least else None
        if kind == "vanishing" and row is None and learning is not True and rows:
            # The output layer soon fits what it can alone; what then is left of the gradient is
            # rounding noise with no slope. The start counts where the first layers still rest.
            start, rest = rows[: limits.least_rows], _first_ratio(rows[-1], names)
            if len(start) == least and all(r in steep for r in start) and rest <= limits.ratio_low:
                run, row = start, start[-1]
        if kind == "exploding" and row is None:
            # One step of this size is enough; what comes after may look different.
            run = [row for row in steep if _first_ratio(row, names) >= limits.ratio_destroys]
            row = run[0] if run else None
        if row is None:
            continue
        first, last = thirds(by_layer(row, names, "ratio"))
        apart = sign * decades(first, last) >= math.log10(limits.ratio_apart)
        harmful = apart or (first <= limits.ratio_low if sign == 1 else first >= limits.ratio_high)
        known = "warning" if learning is False or kind == "exploding" else "notice"
        severity = "error" if harmful else known
        rate = abs(slope(by_layer(row, names, "gradient")))
        verb = "loses" if sign == 1 else "gains"
        evidence = (
            f"the gradient {verb} {rate:.2g} decades per layer on its way to the input, "
            f"{abs(_fall(row, names)):.3g} from the last third of the layers to the first; "
            f"update : weight is {first:.2g} in the first third, {last:.2g} in the last"
        )
        rule = f"gradient norms of the first and last third {limit:g} decades apart"
        source = limits.source(name)
        found.append(Finding(kind, _where(names), run[0].step, severity, evidence, rule, source))
    return found


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

    found = []
    least = min(limits.least_rows, len(rows)) if record.bad else limits.least_rows
    for kind, sign in (("exploding", 1), ("vanishing", -1)):
        run = last_run(rows, lambda row, s=sign: s * rise(row) >= limits.signal_decades)
        if len(run) < least:
            first = rows[: limits.least_rows]
            rest = all(middle_ratio(row, names) <= limits.ratio_low for row in first)
            if sign == 1 or not rest or sign * rise(rows[0]) < limits.signal_decades:
                continue
            run = rows[:1]
        ratio = middle_ratio(run[-1], names)
        harmful = ratio >= limits.ratio_high if sign == 1 else ratio <= limits.ratio_low
        known = "warning" if learning is False or kind == "exploding" else "notice"
        severity = "error" if harmful else known
        verb = "grow" if sign == 1 else "shrink"
        evidence = (
            f"the layers' outputs {verb} by {abs(rise(run[-1])):.3g} decades from the first third "
            f"to the last; update : weight is {ratio:.2g}"
        )
        rule = f"outputs of the first and last third {limits.signal_decades:g} decades apart"
        source = limits.source("signal_decades")
        found.append(Finding(kind, _where(names), run[0].step, severity, evidence, rule, source))
    return found


def over_steps(record, rows, limits, learning):
    """Compare the whole gradient with what it was in the first steps."""
    least = limits.least_rows if record.bad is None else 1
    if len(rows) < least + 2:
        return []
    start = median([total_gradient(row) for row in rows[:3]])
    run = last_run(rows, lambda row: decades(start, total_gradient(row)) >= limits.growth_decades)
    if len(run) < least or start == 0:
        return []
    ratio = middle_ratio(run[-1], known_names(rows, record) or run[-1].names)
    harmful = ratio >= limits.ratio_high or record.bad is not None
    severity = "error" if harmful else "notice" if learning is not False else "warning"
    growth = decades(start, total_gradient(run[-1]))
    evidence = (
        f"the whole gradient is {total_gradient(run[-1]):.2g}, {growth:.3g} decades above its "
        f"start; update : weight is {ratio:.2g}"
    )
    rule = f"gradient norm {limits.growth_decades:g} decades above that of the first steps"
    source = limits.source("growth_decades")
    return [Finding("exploding", "all layers", run[0].step, severity, evidence, rule, source)]

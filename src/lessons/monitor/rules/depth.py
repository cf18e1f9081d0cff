"""Exploding and vanishing over the layers, and over the course of the training."""

import math

from lessons.monitor.finding import Finding
from lessons.monitor.rules.trends import (
    decades,
    last_run,
    looks_needed,
    median,
    slope,
    thirds,
)


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


def first_third(names):
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
    found, least = [], looks_needed(record, limits, len(rows))
    falls = [row for row in rows if _steep(row, names, 1, limits.depth_decades)]
    run = last_run(rows, falls.__contains__, least)
    if not run and learning is not True:
        run = _at_the_start(rows, falls, least, names, limits)
    if run:
        harmful = _first_ratio(run[-1], names) <= limits.ratio_low
        known = "warning" if learning is False else "notice"
        found.append(_finding("vanishing", run, names, limits, harmful, known))
    rises = [row for row in rows if _steep(row, names, -1, limits.depth_rise)]
    run = last_run(rows, rises.__contains__, least) or _once(rises, names, limits)
    if run:
        harmful = _first_ratio(run[-1], names) >= limits.ratio_high
        found.append(_finding("exploding", run, names, limits, harmful, "warning"))
    return found


def _at_the_start(rows, steep, least, names, limits):
    """Return the first looks if they were steep and the first layers still rest.

    The output layer soon fits what it can alone; what then is left of the gradient is rounding
    noise with no slope.
    """
    start = rows[: limits.least_rows]
    rest = _first_ratio(rows[-1], names) <= limits.ratio_low
    return start if len(start) == least and all(row in steep for row in start) and rest else []


def _once(steep, names, limits):
    """Return the first steep look whose step was as large as the weights, in a list.

    One is enough; what comes after may look different.
    """
    return [row for row in steep if _first_ratio(row, names) >= limits.ratio_destroys][:1]


def _finding(kind, run, names, limits, harmful, known):
    """Return what a run of looks shows: an error where it does harm, else what is ``known``."""
    sign, name = (1, "depth_decades") if kind == "vanishing" else (-1, "depth_rise")
    row = run[-1]
    first, last = thirds(by_layer(row, names, "ratio"))
    apart = sign * decades(first, last) >= math.log10(limits.ratio_apart)
    severity = "error" if apart or harmful else known
    rate = abs(slope(by_layer(row, names, "gradient")))
    fall = abs(_fall(row, names))
    verb = "loses" if sign == 1 else "gains"
    evidence = (
        f"the gradient {verb} {rate:.2g} decades per layer on its way to the input, "
        f"{fall:.3g} from the last third of the layers to the first"
        if math.isfinite(fall)
        else "in the first third of the layers the gradient is exactly 0, in the last it is not"
    ) + f"; update : weight is {first:.2g} in the first third, {last:.2g} in the last"
    rule = f"gradient norms of the first and last third {getattr(limits, name):g} decades apart"
    source = limits.source(name)
    return Finding(kind, first_third(names), run[0].step, severity, evidence, rule, source)

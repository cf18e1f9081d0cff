"""Exploding and vanishing through the time steps of a recurrent network."""

import math

from lessons.monitor.finding import Finding
from lessons.monitor.rules.trends import decades, last_run, looks_needed, median, thirds


def _fastest(row):
    ratios = row.get("ratio")
    return ratios[~ratios.isnan()].max().item() if not ratios.isnan().all() else 0.0


def steady_fall(norms):
    """Return the decades by which the gradient falls from the last steps to the first.

    Steps at the end without any gradient are padding, which no loss looks at. Where each step has
    its own loss, the gradient grows on its way back by being added up, most of all at the end,
    where padded sequences are few. So a rise counts only as far as it goes on: twice the rise from
    the middle third to the first.

    Examples
    --------
    >>> steady_fall([1e4, 1e3, 1e2, 10.0, 1.0, 0.1]), steady_fall([1.0, 1.0, 1.0, 1.0, 1e-6, 0.0])
    (-4.0, 0.0)
    """
    norms = list(norms)
    while norms and norms[-1] == 0:
        norms.pop()
    size = max(1, len(norms) // 3)
    if len(norms) < 2:
        return 0.0
    middle = median(norms[size : len(norms) - size] or norms)
    first, last = thirds(norms)
    whole = decades(first, last)
    return whole if whole >= 0 else min(0.0, max(whole, 2 * decades(first, middle)))


def through_time(record, rows, limits, learning):
    """Compare the gradients of the first and the last third of the time steps.

    Exploding once is enough if that step changed some layer by its own size: what comes after may
    look different.

    Fading is a notice while the loss falls: a task may need no memory, and gates open during
    training. Where every time step has its own loss, that loss's gradient hides the fading.
    """
    found = []
    modules = dict.fromkeys(module for row in rows for module in row.times)
    for module in modules:
        seen = [row for row in rows if module in row.times]

        def fall(row, module=module):
            return steady_fall(row.times[module][1])

        for kind, sign, limit in (
            ("vanishing_through_time", 1, "time_decades"),
            ("exploding_through_time", -1, "time_rise"),
        ):
            least = getattr(limits, limit)
            steep = [row for row in seen if sign * fall(row) >= least]
            run = last_run(seen, steep.__contains__, looks_needed(record, limits))
            if not run:
                largest = [row for row in steep if _fastest(row) >= limits.ratio_destroys]
                run = largest[:1] if sign == -1 else []
            if not run:
                continue
            steps, norms = run[-1].times[module]
            padded = next((i for i, norm in enumerate(norms[::-1]) if norm), 0)
            steps, norms = steps[: len(steps) - padded], norms[: len(norms) - padded]
            total = decades(norms[0], norms[-1])
            rate = abs(total) / (steps[-1] - steps[0]) if math.isfinite(total) else math.inf
            if kind == "exploding_through_time":
                severity = "error" if learning is False or record.bad else "warning"
            else:
                severity = "notice" if learning else "warning"
            verb = "loses" if sign == 1 else "gains"
            evidence = (
                f"the gradient {verb} {rate:.2g} decades per time step on its way back from step "
                f"{steps[-1]} ({norms[-1]:.2g}) to step {steps[0]} ({norms[0]:.2g})"
            )
            rule = f"first and last third of the sequence {least:g} decades apart"
            source = limits.source(limit)
            found.append(Finding(kind, module, run[0].step, severity, evidence, rule, source))
    return found

"""Exploding and vanishing through the time steps of a recurrent network."""

import math

from lessons.monitor.thresholds import Finding
from lessons.monitor.trends import decades, last_run, thirds


def _fastest(row):
    ratios = row.get("ratio")
    return ratios[~ratios.isnan()].max().item() if not ratios.isnan().all() else 0.0


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
            return decades(*thirds(row.times[module][1]))

        for kind, sign, limit in (
            ("vanishing_through_time", 1, "time_decades"),
            ("exploding_through_time", -1, "time_rise"),
        ):
            least = getattr(limits, limit)
            steep = [row for row in seen if sign * fall(row) >= least]
            run = last_run(seen, steep.__contains__)
            if len(run) < (1 if record.bad else limits.least_rows):
                largest = [row for row in steep if _fastest(row) >= limits.ratio_destroys]
                run = largest[:1] if sign == -1 else []
            if not run:
                continue
            steps, norms = run[-1].times[module]
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

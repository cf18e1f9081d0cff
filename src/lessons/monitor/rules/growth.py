"""A whole gradient that grows in the course of the training."""

from lessons.monitor.finding import Finding
from lessons.monitor.rules.depth import known_names, middle_ratio, total_gradient
from lessons.monitor.rules.trends import decades, last_run, looks_needed, median


def over_steps(record, rows, limits, learning):
    """Compare the whole gradient with what it was in the first steps."""
    least = looks_needed(record, limits)
    if len(rows) < least + 2:
        return []
    start = median([total_gradient(row) for row in rows[:3]])
    limit = limits.growth_decades
    run = last_run(rows, lambda row: decades(start, total_gradient(row)) >= limit, least)
    if not run or start == 0:
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

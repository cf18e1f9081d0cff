"""Steps that are too small for as many of them as are planned."""

import itertools
import math

from lessons.monitor.finding import Finding
from lessons.monitor.rules.loss import pull_and_reduction
from lessons.monitor.rules.steps import nothing_left
from lessons.monitor.rules.trends import median


def within_plan(record, rows, limits, learning):
    r"""Ask whether all planned steps together could lower the loss by much.

    To first order step t lowers the loss by at most a share s_t of it, see `pull_and_reduction`.
    So T steps that each win all they promise lower its logarithm by about

    .. math:: \ln \frac{L_0}{L_T} \le \sum_{t < T} s_t.

    Each look stands for the steps up to the next, and the last looks for all that are still to
    come. Nothing is said before a share of the plan is done: some nets are slow at first.
    """
    planned = max(record.planned or 0, record.steps)
    if not record.planned or record.bad or record.steps < limits.planned_share * planned:
        return []
    shares = pull_and_reduction(record, rows)
    if len(shares) < limits.least_rows or nothing_left(record, shares, limits):
        return []
    now = median([reduction for *_, reduction in shares[-limits.least_rows :]])
    total = now * (planned - shares[-1][0].step)
    for (row, _, reduction), (following, *_) in itertools.pairwise(shares):
        total += reduction * (following.step - row.step)
    if total >= limits.planned_reduction:
        return []
    evidence = (
        f"a step can lower the loss by no more than {now:.2g} of its value now, and all {planned} "
        f"planned steps together to no less than {math.exp(-total):.0%} of the first"
    )
    rule = (
        f"gradient times update over the loss, summed over the plan, {limits.planned_reduction:g}"
    )
    source = limits.source("planned_reduction")
    first = shares[0][0].step
    return [Finding("step_too_small", "all layers", first, "warning", evidence, rule, source)]

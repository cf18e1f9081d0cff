"""Steps that are too small for as many of them as are planned."""

import itertools
import math
import sys

from lessons.monitor.finding import Finding
from lessons.monitor.rules.loss import pull_and_reduction
from lessons.monitor.rules.steps import nothing_left
from lessons.monitor.rules.trends import median


def within_plan(record, rows, limits, learning):
    r"""Ask whether all planned steps together could lower the loss by much.

    To first order step t lowers the loss by at most a share s_t of it, see `pull_and_reduction`.
    So T steps that each win all they promise lower its logarithm by about

    .. math:: \ln \frac{L_0}{L_T} \le \sum_{t < T} s_t.

    Each look stands for the steps up to the next. What is still to come goes on as it went since
    the middle of the looks: it fades or grows by the same factor per step. So a net that is slow
    at first, and about to leave its plateau, is none. Nothing is said before a share of the plan
    is done.
    """
    planned = max(record.planned or 0, record.steps)
    if not record.planned or record.bad or record.steps < limits.planned_share * planned:
        return []
    shares = pull_and_reduction(record, rows)
    if len(shares) < limits.least_rows or nothing_left(record, shares, limits):
        return []
    now, coming = _still_to_come(shares, planned)
    total = coming
    for (row, _, reduction), (following, *_) in itertools.pairwise(shares):
        total += reduction * (following.step - row.step)
    if total >= limits.planned_reduction:
        return []
    evidence = (
        f"a step can lower the loss by no more than {now:.2g} of its value now, and if that goes "
        f"on as it went all {planned} planned steps together to no less than "
        f"{math.exp(-total):.0%} of the first"
    )
    rule = (
        f"gradient times update over the loss, summed over the plan, {limits.planned_reduction:g}"
    )
    source = limits.source("planned_reduction")
    first = shares[0][0].step
    return [Finding("step_too_small", "all layers", first, "warning", evidence, rule, source)]


def _still_to_come(shares, planned):
    """Return the last looks' share of the loss that a step could win, and the sum to the end."""

    def around(place):
        return median([reduction for *_, reduction in shares[place - 1 : place + 2]])

    last, middle = len(shares) - 2, len(shares) // 2
    now, before = around(last), around(middle)
    left = planned - shares[-1][0].step
    between = shares[last][0].step - shares[middle][0].step
    if not (now > 0 and before > 0 and between > 0):
        return now, now * left
    growth = math.log(now / before) / between
    grown = min(growth * left, math.log(sys.float_info.max) / 2)
    return now, now * (math.expm1(grown) / growth if growth else left)

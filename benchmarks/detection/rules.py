"""Published rules, written again from the papers and their code, each in a few lines.

Each function takes a `Trace` of the first 25 steps and returns the kinds of what it finds, the
gravest first, in the words of ``lessons.monitor``; an empty list means that it finds nothing.

- **AutoTrainer** (Zhang et al. 2021, ICSE) looks at the end of each epoch; here at every fifth
  step. Its rules on slow convergence and oscillation compare the accuracies of several epochs. 25
  steps are about one epoch, so they cannot speak.
- **TheDeepChecker** (Ben Braiek and Khomh 2023, TOSEM) looks at every tenth step, as by default.
  Taken over are the checks of gradients, updates, dead and saturated units and numbers that are not
  finite; those of the data, of the initialization and of a single batch's overfitting need other
  runs than the user's.
- **absolute thresholds** as in NeuralDBG (2025): the gradient with respect to a layer's output
  below 1e-6 or above 1e3, over 90 % of the units dead, over 70 % of the outputs saturated. It only
  reports changes from one state to another; here a state that was there from the start counts.
"""

import itertools
import math
import statistics

from benchmarks.detection.watch import is_finite

EPOCH = 5  # steps that stand for an epoch
PERIOD = 10
WINDOW = 5
ORDER = ("exploding", "vanishing", "step_too_large", "step_too_small", "dead_units", "saturated")


def autotrainer(trace):
    """Ratio of the first and last layer's gradient, zero gradients, NaN."""
    if not is_finite(trace):
        return ["exploding"]
    for step in range(EPOCH - 1, len(trace.norm), EPOCH):
        first, last = trace.norm[step][0], trace.norm[step][-1]
        ratio = first / last if last else 1.0
        if trace.zeros[step] >= 0.7:
            return ["dead_units"]
        if ratio < 1e-3 and first < 1e-4:
            return ["vanishing"]
        if ratio > 70:
            return ["exploding"]
    return []


def _changes(series):
    """Return the ratios of neighbours."""
    return [b / a if a else math.inf for a, b in itertools.pairwise(series)]


def deepchecker(trace):
    """Size and course of the mean gradient, size of updates, dead and saturated units."""
    if not is_finite(trace):
        return ["non_finite"]
    found = set()
    for end in range(PERIOD, len(trace.mean) + 1, PERIOD):
        for layer, now in enumerate(trace.mean[end - 1]):
            rates = _changes([row[layer] for row in trace.mean[end - WINDOW : end]])
            if now < 1e-6 or all(rate <= 0.5 for rate in rates):
                found.add("vanishing")
            if now > 1e6 or all(rate >= 2.0 for rate in rates):
                found.add("exploding")
        window = slice(end - PERIOD, end)
        for ratios in zip(*trace.ratio[window], strict=True):
            size = statistics.mean(math.log10(ratio) if ratio > 0 else 0.0 for ratio in ratios)
            if size > -1 and any(ratios):
                found.add("step_too_large")
            elif size < -4 or not any(ratios):
                found.add("step_too_small")
        if _above(trace.dead[window], 0.5):
            found.add("dead_units")
        if _above(trace.saturated[window], 0.5):
            found.add("saturated")
    return [kind for kind in ORDER if kind in found]


def _above(shares, limit):
    """Return whether the mean share of any module over these steps is above the limit."""
    return any(statistics.mean(step[name] for step in shares) > limit for name in shares[0])


def absolute(trace):
    """Fixed limits on the size of gradients, on dead and on saturated units."""
    if not is_finite(trace):
        return ["non_finite"]
    found = []
    norms = [norm for step in trace.outputs for norm in step]
    if max(norms) > 1e3:
        found.append("exploding")
    if min(norms) < 1e-6:
        found.append("vanishing")
    if any(_above([step], 0.9) for step in trace.dead):
        found.append("dead_units")
    if any(_above([step], 0.7) for step in trace.far):
        found.append("saturated")
    return found


PUBLISHED = {
    "AutoTrainer": autotrainer,
    "TheDeepChecker": deepchecker,
    "absolute thresholds": absolute,
}

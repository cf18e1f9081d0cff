"""Which finding is the cause and which its consequence: what was there first explains the rest."""

import dataclasses

from lessons.monitor.finding import KINDS, SEVERITIES

# What a cause brings about when it was there before, or from the same step on.
WRONG_TASK = {
    "saturated", "dead_units", "vanishing", "exploding", "exploding_signals", "vanishing_signals",
    "step_too_large", "step_too_small", "vanishing_through_time", "exploding_through_time",
}  # fmt: skip
EXPLAINS = {
    "no_gradient": WRONG_TASK,
    "missing_zero_grad": WRONG_TASK,
    "squashed_logits": WRONG_TASK,
    "raw_logits": WRONG_TASK | {"weights_too_large"},
    "wrong_axis": WRONG_TASK,
    "targets_too_large": WRONG_TASK,
    "inputs_too_large": WRONG_TASK,
    "exploding_signals": {
        "saturated", "dead_units", "vanishing", "exploding", "vanishing_through_time",
        "step_too_large", "weights_too_large",
    },
    "vanishing_signals": {"vanishing", "step_too_small", "dead_units"},
    "exploding": {
        "saturated", "dead_units", "vanishing", "vanishing_through_time", "step_too_large",
        "weights_too_large", "exploding_signals", "vanishing_signals",
    },
    "exploding_through_time": {
        "exploding", "exploding_signals", "vanishing", "vanishing_through_time", "saturated",
        "step_too_large", "weights_too_large",
    },
    "dead_units": {"vanishing", "step_too_small"},
    "weights_too_large": {"saturated", "dead_units", "step_too_small"},
    "saturated": {"vanishing", "vanishing_through_time", "step_too_small", "step_too_large"},
    "vanishing": {"dead_units", "saturated", "step_too_small"},
    "step_too_large": {"dead_units", "saturated", "vanishing", "exploding"},
}  # fmt: skip
# Of findings since the same step the first is the cause.
ORDER = (
    "no_gradient", "raw_logits", "squashed_logits", "wrong_axis", "missing_zero_grad",
    "targets_too_large", "inputs_too_large", "exploding_through_time", "exploding",
    "exploding_signals", "weights_too_large", "dead_units", "saturated", "vanishing_signals",
    "vanishing", "step_too_large",
)  # fmt: skip
ONLY_AS_CAUSE = {"step_too_large", "step_too_small"}  # the advice to the cause helps these too
LOSS = {"diverging_loss", "stalled_loss"}


def _by_age(finding):
    kind = finding.kind
    return finding.since_step, ORDER.index(kind) if kind in ORDER else len(ORDER)


def causes_first(found):
    """Make consequences notices, leave out double findings, and sort: the gravest and oldest first.

    Parameters
    ----------
    found : list of Finding

    Returns
    -------
    list of Finding
        At most one of each kind and place. Findings that the size of the steps alone would explain
        are left out where something else does.

    Examples
    --------
    >>> from lessons.monitor.finding import Finding
    >>> late = Finding("dead_units", "3", 5, "error", "", "", "")
    >>> early = Finding("step_too_large", "all layers", 0, "error", "", "", "")
    >>> [str(finding) for finding in causes_first([late, early])]
    ['error step_too_large: all layers since step 0', 'notice dead_units: 3 since step 5']
    """
    kept, causes, seen = [], [], set()
    for finding in sorted(found, key=lambda f: (-SEVERITIES.index(f.severity), *_by_age(f))):
        if (finding.kind, finding.where) not in seen:
            seen.add((finding.kind, finding.where))
            kept.append(finding)
    result = []
    for finding in sorted(kept, key=_by_age):
        explained = any(finding.kind in EXPLAINS.get(cause, ()) for cause in causes)
        if explained and finding.kind in ONLY_AS_CAUSE:
            continue
        if explained:
            finding = dataclasses.replace(finding, severity="notice")
        elif finding.severity != "notice":
            causes.append(finding.kind)
        result.append(finding)
    return sorted(result, key=_rank)


def _rank(finding):
    """Sort by severity, what is not finite first and the loss last, then by age."""
    place = 0 if finding.kind == "non_finite" else 2 if finding.kind in LOSS else 1
    grave = -SEVERITIES.index(finding.severity)
    return grave, place, *_by_age(finding), KINDS.index(finding.kind)

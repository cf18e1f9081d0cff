"""The detection benchmark's section of results.md."""

import re
from collections import Counter

from benchmarks.detection import tasks
from benchmarks.results import machine, table

TITLES = {
    "reported": "Reported half",
    "tuning": "Half on which the thresholds were tuned",
    "drawn": "Drawn at random, after the tuning",
}


LOOKS = (
    "The reported half was looked at four times or more. At the first look the monitor (every "
    "step) had a "
    "recall of 90 %, false alarms of 2 %, F1 0.94 and 88 % right kinds. Then one rule was made "
    "like its twin: outputs that explode over the layers are a warning also while the loss falls, "
    "as exploding gradients were: F1 0.96, recall 93 %, false alarms 2 %. At the third look the "
    "monitor had new rules, on the graph of the loss and on the size of the first loss, and 10 % "
    "false alarms, most of them residual nets whose first loss is large and soon gone. That rule "
    "now waits for what becomes of it; where it draws its line was chosen after that look. The "
    "runs drawn at random were in sight too. The numbers above are those of the last look. "
    "Three changes of rules came after it, on dead units, on causes, and on large steps where the "
    "loss has halved; then all runs were looked at again, and no verdict of any detector had "
    "changed."
)


def percent(share):
    """Return a share as text, a dash where there is none."""
    return "–" if share is None else f"{100 * share:.0f} %"


def _scores(summary):
    head = ("detector", "recall", "false alarms", "precision", "F1", "right kinds")
    keys = ("recall", "false_alarms", "precision")
    rows = [
        (name, *(percent(s[key]) for key in keys), f"{s['f1']:.2f}", percent(s["right_kinds"]))
        for name, s in summary.items()
    ]
    return table(head, rows)


def grouped(labels):
    """Return runs of one configuration as one entry.

    Examples
    --------
    >>> grouped(["a (0)", "a (2)", "b (1): vanishing"])
    ['a (0, 2)', 'b (1): vanishing']
    """
    seeds = {}
    for label in labels:
        name, seed, verdict = re.fullmatch(r"(.*) \((\d+)\)(.*)", label).groups()
        seeds.setdefault((name, verdict), []).append(seed)
    return [f"{name} ({', '.join(s)}){verdict}" for (name, verdict), s in seeds.items()]


def _listed(what, labels):
    entries = grouped(labels)
    return f"{what}: " + ("; ".join(entries) if entries else "none") + "."


def _drawn(found):
    """Say how far the missed runs of the drawn configurations had come."""
    configs, missed, on_their_way = found["configurations"], 0, 0
    for run in found["runs"]:
        config = configs[run["name"]]
        verdict = next(iter(run["verdicts"].values()))
        if config["half"] != "drawn" or run["outcome"] == "learned" or verdict:
            continue
        missed += 1
        chance, end = tasks.get(config["task"]).chance, run["final_loss"]
        reached = found["references"][config["task"]]
        on_their_way += end is not None and chance - end >= 0.1 * (chance - reached)
    return (
        "The configurations drawn at random are harder than the chosen ones: many are a little "
        f"wrong, with steps somewhat too small or weights somewhat too large. Of the {missed} sick "
        f"ones that the monitor missed, {on_their_way} were on their way: they had covered at "
        "least a tenth of what there is to learn when half was asked for. All runs are in "
        "`detection.json`."
    )


def markdown(found):
    """Return the section: a table for each half, and the monitor's mistakes by name."""
    halves = Counter(config["half"] for config in found["configurations"].values())
    text = [
        "## Which sick runs are found in their first 25 steps",
        f"Measured by `python -m benchmarks.detection` with {machine()}. "
        f"{len(found['runs'])} runs: {halves['tuning']} + {halves['reported']} configurations with "
        f"three seeds each, in two halves fixed by a hash of their names, and {halves['drawn']} "
        "drawn at random with one. A run is sick if its training diverged or stalled in the end "
        "(`outcomes.py`). "
        "Right kinds is the share of sick runs whose verdict names the fault that was put in; "
        "missed runs count as wrong.",
    ]
    for half, title in TITLES.items():
        summary = found["summary"][half]
        ours, scores = next(iter(summary.items()))
        text += [
            f"{title}: {scores['sick']} sick runs, {scores['learned']} that learned.",
            _scores(summary),
        ]
        if half != "drawn":
            text.append(
                f"{_listed(f'Missed by {ours}', scores['misses'])} "
                f"{_listed('False alarms', scores['false_alarm_runs'])} "
                f"{_listed('Wrong kinds', scores['wrong_kinds'])}"
            )
    text += [LOOKS, _drawn(found)]
    return "\n\n".join(text)

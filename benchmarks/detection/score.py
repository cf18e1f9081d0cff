"""Scores of the detection benchmark, from the list of its runs alone.

A run is sick if it stalled or diverged. A detector's verdict is the kind of its gravest finding,
None where it raises no alarm.

- recall: share of the sick runs with an alarm; false alarms: share of the runs that learned with
  one; precision: share of the alarms that are right.
- F1: harmonic mean of precision and recall.
- right kinds: share of the sick runs with a known fault whose verdict names it. A missed run counts
  as wrong; runs that became sick without a fault put in have no right kind and are left out.
"""

HALVES = ("tuning", "reported", "drawn")


def score(runs, detector, kinds):
    """Score one detector on some runs.

    Parameters
    ----------
    runs : list of dict
        With "name", "outcome" and "verdicts": {detector: kind or None}.
    detector : str
    kinds : dict of str to collection of str
        The right kinds by configuration, empty where no fault was put in.

    Returns
    -------
    dict of str to float or int

    Examples
    --------
    >>> runs = [{"name": "a", "outcome": "stalled", "verdicts": {"x": "vanishing"}},
    ...         {"name": "b", "outcome": "learned", "verdicts": {"x": None}}]
    >>> score(runs, "x", {"a": ["vanishing"], "b": []})["f1"]
    1.0
    """
    sick = [run for run in runs if run["outcome"] != "learned"]
    well = [run for run in runs if run["outcome"] == "learned"]
    alarms = [run for run in runs if run["verdicts"][detector]]
    right = [run for run in sick if run["verdicts"][detector]]
    named = [run for run in sick if kinds[run["name"]]]
    correct = [run for run in named if run["verdicts"][detector] in kinds[run["name"]]]
    return {
        "sick": len(sick),
        "learned": len(well),
        "recall": _share(len(right), len(sick)),
        "false_alarms": _share(len(alarms) - len(right), len(well)),
        "precision": _share(len(right), len(alarms)),
        "f1": _share(2 * len(right), len(alarms) + len(sick)),
        "right_kinds": _share(len(correct), len(named)),
    }


def _share(part, whole):
    return round(part / whole, 4) if whole else None


def summary(runs, kinds, halves):
    """Score every detector on each half, and on the configurations drawn at random.

    Parameters
    ----------
    runs, kinds
        See `score`.
    halves : dict of str to str
        one of ``HALVES`` by configuration.

    Returns
    -------
    dict of dict of dict
        By half and detector: the scores, and which runs were missed, alarmed for nothing, or
        called by a wrong kind, each as "name (seed)".
    """
    found = {}
    for half in HALVES:
        part = [run for run in runs if halves[run["name"]] == half]
        found[half] = {}
        for detector in runs[0]["verdicts"]:
            lists = {"misses": [], "false_alarm_runs": [], "wrong_kinds": []}
            for run in part:
                verdict, right = run["verdicts"][detector], kinds[run["name"]]
                sick, label = run["outcome"] != "learned", f"{run['name']} ({run['seed']})"
                if sick and not verdict:
                    lists["misses"].append(label)
                elif not sick and verdict:
                    lists["false_alarm_runs"].append(f"{label}: {verdict}")
                elif sick and right and verdict not in right:
                    lists["wrong_kinds"].append(f"{label}: {verdict}")
            found[half][detector] = score(part, detector, kinds) | lists
    return found

"""Which faults in training code as people write it are found, by the snippet of the README?

    python -m benchmarks.real_code

Writes real_code.json for the course and a section of results.md.
"""

import json

from benchmarks.real_code.runs import all_runs
from benchmarks.real_code.suite import HEALTHY
from benchmarks.results import machine, table, write_section
from tools.repository import ROOT

COPY = ROOT / "src" / "lessons" / "signs" / "monitor" / "real_code.json"


def summary(runs):
    """Return {"setups", "false alarms", "faults", "found", "named", "misses"} of the runs.

    Parameters
    ----------
    runs : list of (str, str, set of str, str or None)
        As `runs.all_runs` returns them.
    """
    healthy = [named for _, fault, _, named in runs if fault == HEALTHY]
    faulty = [run for run in runs if run[1] != HEALTHY]
    return {
        "setups": len(healthy),
        "false alarms": sum(named is not None for named in healthy),
        "faults": len(faulty),
        "found": sum(named is not None for *_, named in faulty),
        "named": sum(named in kinds for *_, kinds, named in faulty),
        "misses": [
            [name, fault, named] for name, fault, kinds, named in faulty if named not in kinds
        ],
    }


def markdown(runs):
    """Return the section of results.md."""
    found = summary(runs)
    rows = []
    for name, fault, kinds, named in runs:
        right = named is None if fault == HEALTHY else named in kinds
        rows.append([name, fault, named or "–", "yes" if right else "**no**"])
    return "\n".join(
        [
            "## Faults in real code",
            "",
            f"Measured by `python -m benchmarks.real_code` with {machine()}. Small versions, "
            "written anew, of well-known set-ups, each healthy and with faults put in, under the "
            "snippet of the README: every tenth step, no line about the loss. (Reinforcement "
            'learning says `losses="none"`.) The faults were chosen by those who wrote the rules, '
            "so this shows what the monitor is for, more than how often it will be right for you.",
            "",
            f"{found['setups']} healthy set-ups, {found['false alarms']} false alarms. "
            f"{found['faults']} faults: {found['found']} found, {found['named']} by the right "
            "name.",
            "",
            table(["set-up", "fault", "the monitor says", "right"], rows),
        ]
    )


def main():
    """Run everything; write the files."""
    runs = all_runs()
    found = summary(runs)
    COPY.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_section("real code", markdown(runs))
    print(found)


if __name__ == "__main__":
    main()

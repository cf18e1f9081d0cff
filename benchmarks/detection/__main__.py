"""Does the gradient monitor find sick runs in their first 25 steps, and leave healthy ones alone?

    python -m benchmarks.detection            # trains every run to its end for its label
    python -m benchmarks.detection --cached   # takes the labels from outcomes.json

Every detector sees the same first 25 steps of the same runs. What a run is worth was decided by how
it ended (`outcomes`). Writes detection.json, a compact copy for the course, and a
section of results.md.
"""

import argparse
import json
import time
from pathlib import Path

from benchmarks.detection import outcomes
from benchmarks.detection.report import markdown
from benchmarks.detection.rules import PUBLISHED
from benchmarks.detection.score import summary
from benchmarks.detection.suite import CONFIGS, RUNS
from benchmarks.detection.watch import observe
from benchmarks.results import write_section
from lessons.monitor import findings
from tools.repository import ROOT

RESULTS = Path(__file__).with_name("runs.json")
COPY = ROOT / "src" / "lessons" / "signs" / "monitor" / "detection.json"
OURS = "lessons.monitor"
# What the monitor's three settings are called, and the record each of them judges by.
SETTINGS = {
    f"{OURS}, every step": "every_step",
    f"{OURS}, every 10th": "every_tenth",
    f"{OURS}, no loss": "without_loss",
}


def main_kind(record):
    """Return the kind of the gravest finding of a record, None if it is healthy."""
    serious = [found for found in findings(record) if found.severity != "notice"]
    return serious[0].kind if serious else None


def verdicts(run):
    """Return {detector: kind or None} for one (name, seed)."""
    name, seed = run
    seen = observe(CONFIGS[name], seed)
    found = {label: main_kind(getattr(seen, record)) for label, record in SETTINGS.items()}
    return found | {label: (rule(seen.trace) or [None])[0] for label, rule in PUBLISHED.items()}


def judge(runs, workers=2):
    """Return the runs with what each detector says."""
    todo = [(run["name"], run["seed"]) for run in runs]
    with outcomes.pool(workers) as executor:
        said = list(outcomes.shown("verdicts", executor.map(verdicts, todo), len(todo)))
    return [run | {"verdicts": found} for run, found in zip(runs, said, strict=True)]


def results(references, runs):
    """Return everything as one dict: configurations, runs and their summary."""
    configs = {
        name: {"half": c.half, "task": c.task, "fault": c.fault, "kinds": sorted(c.kinds)}
        for name, c in CONFIGS.items()
    }
    kinds = {name: config["kinds"] for name, config in configs.items()}
    halves = {name: config["half"] for name, config in configs.items()}
    return {
        "references": references,
        "summary": summary(runs, kinds, halves),
        "configurations": configs,
        "runs": runs,
    }


def compact(found):
    """Return what the course shows: the summary, and every run with the monitor's verdict."""
    ours = next(iter(SETTINGS))
    halves = {name: config["half"] for name, config in found["configurations"].items()}
    runs = [
        [run["name"], run["seed"], halves[run["name"]], run["outcome"], run["verdicts"][ours]]
        for run in found["runs"]
    ]
    return {"summary": found["summary"], "runs": runs}


def _dump(found, *listed):
    """Return JSON with one line for each entry of the listed keys."""
    parts = []
    for key, value in found.items():
        text = json.dumps(value)
        if key in listed and isinstance(value, list):
            text = "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"
        elif key in listed:
            lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in value.items())
            text = "{\n" + ",\n".join(lines) + "\n}"
        parts.append(f'"{key}": {text}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(arguments=None):
    """Label the runs, ask the detectors, write the files."""
    description = __doc__.split("\n")[0]
    parser = argparse.ArgumentParser(prog="benchmarks.detection", description=description)
    parser.add_argument("--cached", action="store_true", help="take the stored labels")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    chosen = parser.parse_args(arguments)
    start = time.monotonic()
    references, runs = outcomes.stored() if chosen.cached else outcomes.run_all(chosen.workers)
    assert [(run["name"], run["seed"]) for run in runs] == RUNS, "the stored labels are out of date"
    found = results(references, judge(runs, chosen.workers))
    RESULTS.write_text(_dump(found, "configurations", "runs"), encoding="utf-8")
    COPY.write_text(_dump(compact(found), "runs"), encoding="utf-8")
    text = markdown(found)
    write_section("detection", text)
    print(text)
    print(f"\n{time.monotonic() - start:.0f} seconds. Written: {RESULTS}, {COPY}")


if __name__ == "__main__":
    main()

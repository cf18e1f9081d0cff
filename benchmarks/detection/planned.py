"""Does it help the monitor to know how many steps are planned? On runs drawn at random.

    python -m benchmarks.detection.planned

Each run is trained to its planned end under the monitor's default settings, told its plan. What the
monitor says with and without the plan is asked after 25 steps and after 100. The first draw was in
sight when the rule was made, the first and the third when it was mended; the fourth was drawn and
run once, after that. Writes planned.json and a section of results.md.
"""

import copy
import json
from pathlib import Path

from benchmarks.detection import drawn, outcomes, tasks
from benchmarks.detection.__main__ import main_kind
from benchmarks.detection.report import percent
from benchmarks.detection.score import score
from benchmarks.detection.train import train
from benchmarks.results import machine, table, write_section
from lessons.monitor import Monitor

RESULTS = Path(__file__).with_name("planned.json")
DRAWS = {"first draw": drawn.CONFIGS, "third draw": drawn.THIRD, "fourth draw": drawn.FOURTH}
LOOKS = (25, 100)


def verdicts(record, planned):
    """Return {"plain": kind or None, "planned": kind or None} for one record."""
    found = {}
    for setting, steps in (("plain", None), ("planned", planned)):
        record.planned = steps
        found[setting] = main_kind(record)
    return found


def run(config, reached, looks=LOOKS):
    """Train one run to its end; return its label, and what the monitor said on the way."""
    task, said, monitors = tasks.get(config.task), {}, []

    def watch(model, optimizer):
        monitor = Monitor(model, optimizer, planned=task.steps, losses="told")
        monitors.append(monitor)

        def after_step():
            if monitor.record.steps in looks:
                seen = copy.deepcopy(monitor.record)
                said[monitor.record.steps] = verdicts(seen, task.steps)

        return monitor.loss, after_step

    losses, finite = train(config, 0, task.steps, watch)
    (monitor,) = monitors
    monitor.close()
    for steps in looks:  # of a run that ended before, its last
        said.setdefault(steps, verdicts(monitor.record, task.steps))
    return {
        "name": config.name,
        "outcome": outcomes.label(losses, finite, task.chance, reached),
        "verdicts": {
            f"{setting} {steps}": kind
            for steps, kinds in sorted(said.items())
            for setting, kind in kinds.items()
        },
    }


def _one(arguments):
    draw, place, reached = arguments
    return run(DRAWS[draw][place], reached)


def measure(draw, workers=2):
    """Return the runs of one draw."""
    references, _ = outcomes.stored()
    todo = [(draw, place, references[config.task]) for place, config in enumerate(DRAWS[draw])]
    with outcomes.pool(workers) as executor:
        return list(outcomes.shown(draw, executor.map(_one, todo), len(todo)))


def summary(runs):
    """Return the scores of each setting, by its name such as "planned 100"."""
    kinds = {run["name"]: () for run in runs}
    found = {}
    for setting in runs[0]["verdicts"]:
        scores = score(runs, setting, kinds)
        del scores["right_kinds"]
        found[setting] = scores
    return found


def _reached(scores):
    words = f"F1 {scores['f1']:.2f} with {percent(scores['false_alarms'])}"
    if scores["f1"] >= 0.9 and scores["false_alarms"] <= 0.1:
        return f"It is reached: {words}."
    return f"It is missed: {words}."


def markdown(found):
    """Return the section of results.md."""
    rows = []
    for draw, scores in found["summary"].items():
        for setting, s in scores.items():
            kind, steps = setting.split()
            told = "told the plan" if kind == "planned" else "not told"
            shares = (percent(s[key]) for key in ("recall", "false_alarms", "precision"))
            rows.append((draw, steps, told, *shares, f"{s['f1']:.2f}"))
    counts = "; ".join(
        f"{draw}: {next(iter(scores.values()))['sick']} sick, "
        f"{next(iter(scores.values()))['learned']} learned"
        for draw, scores in found["summary"].items()
    )
    return "\n\n".join(
        [
            "## Told how many steps are planned",
            f"Measured by `python -m benchmarks.detection.planned` with {machine()}. Runs drawn at "
            f"random, trained to their planned end under `Monitor(..., planned=STEPS)` as it "
            f"stands. {counts}. The rule on the plan was made with the first draw in sight; the "
            f"third was drawn and run once, after that: F1 0.89 with 12 % false alarms after 100 "
            f"steps. With both in sight the rule was mended: what is still to come is no longer "
            f"taken as level, it goes on as it went. The fourth draw, twice as large, was made and "
            f"run once, after that. "
            f"The aim was an F1 of 0.90 there after 100 steps, with at most 10 % false alarms. "
            f"{_reached(found['summary']['fourth draw']['planned 100'])}",
            table(
                ("runs", "steps seen", "plan", "recall", "false alarms", "precision", "F1"), rows
            ),
        ]
    )


def main():
    """Train everything; write the files."""
    runs = {draw: measure(draw) for draw in DRAWS}
    found = {"summary": {draw: summary(part) for draw, part in runs.items()}, "runs": runs}
    lines = ",\n".join(
        f"{json.dumps(draw)}: [\n" + ",\n".join(map(json.dumps, part)) + "\n]"
        for draw, part in runs.items()
    )
    text = f'{{"summary": {json.dumps(found["summary"])},\n"runs": {{\n{lines}\n}}}}\n'
    RESULTS.write_text(text, encoding="utf-8")
    section = markdown(found)
    write_section("detection planned", section)
    print(section)


if __name__ == "__main__":
    main()

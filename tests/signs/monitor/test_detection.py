"""The course shows what the benchmark stored."""

import json
import re

import pytest

from lessons.signs.monitor import detection
from tools.repository import ROOT

FULL = json.loads((ROOT / "benchmarks/detection/runs.json").read_text(encoding="utf-8"))


def test_the_results_are_those_of_the_benchmark():
    found = detection.results()
    assert found.summary == FULL["summary"]
    for run, full in zip(found.runs, FULL["runs"], strict=True):
        assert (run.name, run.seed, run.outcome) == (full["name"], full["seed"], full["outcome"])
        assert run.verdict == next(iter(full["verdicts"].values()))
        assert run.half == FULL["configurations"][run.name]["half"]


@pytest.mark.parametrize("half", detection.HALVES)
def test_recall_and_false_alarms_follow_from_the_runs(half):
    found = detection.results()
    runs = [run for run in found.runs if run.half == half]
    sick = [run for run in runs if run.sick]
    ours = next(iter(found.table(half).scores.values()))
    assert ours["recall"] == pytest.approx(
        sum(run.verdict is not None for run in sick) / len(sick), abs=1e-4
    )
    alarms = sum(run.verdict is not None for run in runs if not run.sick)
    assert ours["false_alarms"] == pytest.approx(alarms / (len(runs) - len(sick)), abs=1e-4)


def test_misses_and_false_alarms_are_those_of_the_reported_half():
    found = detection.results()
    ours = next(iter(found.summary["reported"].values()))
    assert [f"{run.name} ({run.seed})" for run in found.misses] == ours["misses"]
    labels = [f"{run.name} ({run.seed}): {run.verdict}" for run in found.false_alarms]
    assert labels == ours["false_alarm_runs"]


def test_the_table_as_text_and_as_html():
    scores = {"a <b>": {"recall": 0.5, "false_alarms": 0.0, "f1": 2 / 3, "right_kinds": None}}
    table = detection.DetectionTable(scores)
    assert repr(table).splitlines()[1].split() == ["a", "<b>", "50", "%", "0", "%", "0.67", "–"]
    cells = re.findall("<td[^>]*>(.*?)</td>", table._repr_html_())
    assert cells == ["50 %", "0 %", "0.67", "–"]
    assert "a &lt;b&gt;" in table._repr_html_()
    assert len(repr(detection.results().table()).splitlines()) == 7


def test_an_unknown_half_is_refused():
    with pytest.raises(ValueError, match="half='test' is unknown; expected one of 'reported'"):
        detection.results().table("test")

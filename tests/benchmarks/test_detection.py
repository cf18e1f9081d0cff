"""The stored results are those of the code: labels, verdicts, halves and scores."""

import hashlib
import json

import pytest
import torch
from torch import nn

from benchmarks.detection import __main__ as detection
from benchmarks.detection.config import FAULTS, Config, half, sgd
from benchmarks.detection.outcomes import outcome, stored
from benchmarks.detection.score import HALVES, score, summary
from benchmarks.detection.suite import CHOSEN, CONFIGS, RUNS, SEEDS
from benchmarks.detection.tasks import TASKS, get
from benchmarks.detection.train import train
from benchmarks.detection.watch import observe
from lessons.monitor import KINDS

FOUND = json.loads(detection.RESULTS.read_text(encoding="utf-8"))


# --- the suite -----------------------------------------------------------------------------------
def test_the_halves_follow_from_the_names_alone():
    for config in CHOSEN:
        even = int(hashlib.sha256(config.name.encode()).hexdigest()[:2], 16) % 2 == 0
        assert half(config.name) == ("tuning" if even else "reported")
        assert FOUND["configurations"][config.name]["half"] == half(config.name)
    drawn = [name for name in CONFIGS if half(name) == "drawn"]
    assert all(name.startswith("drawn ") for name in drawn)
    assert len(drawn) == len(CONFIGS) - len(CHOSEN)


def test_the_suite_is_large_and_named_in_the_monitors_words():
    assert len(CHOSEN) == len({config.name for config in CHOSEN}) >= 60
    assert [run for run in RUNS if run[0] == CHOSEN[0].name] == [
        (CHOSEN[0].name, seed) for seed in SEEDS
    ]
    assert set().union(*FAULTS.values()) <= set(KINDS)
    assert {config.task for config in CONFIGS.values()} <= set(TASKS)


def test_every_run_is_stored_once():
    assert [(run["name"], run["seed"]) for run in FOUND["runs"]] == RUNS
    references, runs = stored()
    assert references == FOUND["references"]
    labels = [{key: run[key] for key in runs[0]} for run in FOUND["runs"]]
    assert labels == runs


# --- labels and verdicts -------------------------------------------------------------------------
HANDFUL = [
    ("ReLU 4, SGD 0.1", 0),
    ("loss x 1e-5, SGD 1e4", 1),
    ("sigmoid 8, SGD 0.1", 2),
    ("dying ReLU, bias -10", 0),
    ("words, SGD 1e-3", 1),
    ("curve, ReLU 4, SGD 2", 0),
    ("RNN recall 30 default, SGD 0.1", 0),
]


@pytest.mark.parametrize(("name", "seed"), HANDFUL)
def test_labels_and_verdicts_can_be_reproduced(name, seed):
    run = next(run for run in FOUND["runs"] if (run["name"], run["seed"]) == (name, seed))
    reached = FOUND["references"][CONFIGS[name].task]
    assert outcome(CONFIGS[name], seed, reached)["outcome"] == run["outcome"]
    assert detection.verdicts((name, seed)) == run["verdicts"]


def test_watching_does_not_change_the_run():
    config = CONFIGS["dropout, Adam 2e-3"]
    alone, _ = train(config, 0, 10)
    assert observe(config, 0, 10).trace.loss == alone


def test_the_trace_holds_what_autograd_says():
    config = Config("a layer", "digits", lambda: nn.Linear(64, 10), sgd(0.1), factor=3.0, clip=1e-9)
    trace = observe(config, 5, steps=1).trace
    torch.manual_seed(5)
    model, task = nn.Linear(64, 10), get("digits")
    order = torch.randperm(len(task.x), generator=torch.Generator().manual_seed(1005))[: task.batch]
    (3.0 * task.loss(model(task.x[order]), task.y[order])).backward()
    gradient = model.weight.grad.double()
    assert trace.norm == [[pytest.approx(gradient.norm().item(), rel=1e-5)]]
    assert trace.mean == [[pytest.approx(gradient.abs().mean().item(), rel=1e-5)]]
    # Of a gradient that was cut to the norm 1e-9.
    whole = torch.cat([p.grad.double().flatten() for p in model.parameters()])
    moved = 1e-10 * (gradient / whole.norm()).abs().mean() / model.weight.abs().mean()
    assert trace.ratio[0][0] <= 2 * moved.item()
    # Signals of 64 pixels that are often blank: their weights have no gradient.
    zeros = (whole == 0).double().mean().item()
    assert trace.zeros == [pytest.approx(zeros)]


# --- scores --------------------------------------------------------------------------------------
def test_scores_by_hand():
    """4 sick runs: two named rightly, one by a wrong kind, one missed; 2 healthy, one alarm."""
    said = [("a", "x"), ("a", "x"), ("a", "y"), ("a", None), ("b", "x"), ("b", None)]
    ends = {"a": "stalled", "b": "learned"}
    runs = [
        {"name": name, "seed": i, "outcome": ends[name], "verdicts": {"d": verdict}}
        for i, (name, verdict) in enumerate(said)
    ]
    found = score(runs, "d", {"a": ["x"], "b": []})
    assert found == {
        "sick": 4, "learned": 2, "recall": 0.75, "false_alarms": 0.5, "precision": 0.75, "f1": 0.75,
        "right_kinds": 0.5,
    }  # fmt: skip


def test_the_stored_summary_is_that_of_the_stored_runs():
    kinds = {name: config["kinds"] for name, config in FOUND["configurations"].items()}
    halves = {name: config["half"] for name, config in FOUND["configurations"].items()}
    assert kinds == {name: sorted(config.kinds) for name, config in CONFIGS.items()}
    assert summary(FOUND["runs"], kinds, halves) == FOUND["summary"]
    assert list(FOUND["summary"]) == list(HALVES)


def test_the_course_has_the_same_numbers():
    assert json.loads(detection.COPY.read_text(encoding="utf-8")) == detection.compact(FOUND)


def test_the_reach_on_the_reported_half():
    ours = FOUND["summary"]["reported"]["lessons.monitor, every step"]
    assert ours["f1"] >= 0.95
    assert ours["right_kinds"] >= 0.9
    # No false alarm on a run into which no fault was put.
    for label in ours["false_alarm_runs"]:
        assert CONFIGS[label.rpartition(" (")[0]].fault is not None

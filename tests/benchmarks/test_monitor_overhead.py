"""The arithmetic of the overhead benchmark, and that it runs. Nothing here is timed."""

import time

import pytest
import torch
from torch import nn

from benchmarks import monitor_overhead, overhead_cases
from benchmarks.monitor_overhead import alternate, measure, quartiles, section, summary
from benchmarks.overhead_cases import TASKS, WATCHERS, Stopwatch, Task, Watcher
from lessons.monitor.watching import clock

TINY = Task("tiny", lambda: (nn.Sequential(nn.Linear(2, 10)), torch.randn(4, 2)), torch.optim.SGD)


def test_pairs_take_turns():
    calls = []
    found = alternate(
        lambda: calls.append("a") or len(calls), lambda: calls.append("b") or len(calls), 4
    )
    assert "".join(calls) == "abbaabba"
    assert found == [(1, 2), (4, 3), (5, 6), (8, 7)]


def test_quartiles():
    assert quartiles(range(101)) == [25, 50, 75]


def test_the_ratio_is_taken_by_pair_and_of_the_totals():
    pairs = [(1.0, 1.0), (1.0, 2.0), (2.0, 6.0), (4.0, 16.0), (2.0, 10.0)]  # 1, 2, 3, 4, 5
    assert summary(pairs) == ("3.000 [2.000, 4.000]", "3.500")


@pytest.mark.parametrize("watcher", WATCHERS, ids=lambda watcher: watcher.name)
def test_every_watcher_runs(watcher):
    before = clock.clock, torch.is_anomaly_enabled()
    found = measure(TINY, watcher, 2)
    assert len(found) == len(monitor_overhead.CLOCKS)
    assert all(len(pairs) == 2 and min(map(min, pairs)) > 0 for pairs in found)
    assert (clock.clock, torch.is_anomaly_enabled()) == before


def test_bare_blocks_train_the_same_net_for_the_same_steps(monkeypatch):
    made = []
    monkeypatch.setattr(
        Task, "make", lambda task, make=Task.make: made.append(make(task)) or made[-1]
    )
    measure(TINY, Watcher("", overhead_cases.monitor(every=1), 3), 2)
    (bare, *_), (watched, *_) = made
    assert torch.equal(bare[0].weight, watched[0].weight)


def test_the_section():
    text = section([TINY], WATCHERS[:1], 2)
    assert text.startswith("## ")
    last = text.splitlines()[-1]
    assert last.startswith(f"| tiny: {WATCHERS[0].name} | ")
    assert last.count("|") == 7


def test_what_is_slow_is_measured_less_often(monkeypatch):
    asked = []
    monkeypatch.setattr(
        monitor_overhead,
        "measure",
        lambda *given: asked.append(given[-1]) or [[(1.0, 9.0)] * 2] * 2,
    )
    text = section([TINY], [Watcher("fast", None), Watcher("slow", None, pairs=3)], 7)
    assert asked == [7, 3]
    assert "7 pairs (3 for slow) of a bare" in " ".join(text.split())


def test_nets_of_all_tasks_learn():
    for task in TASKS:
        model, optimizer, gradients = task.make()
        gradients()
        optimizer.step()
        assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_the_monitors_clock_stands_still_between_blocks(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    stopwatch, seen = Stopwatch(), []
    for _ in range(2):
        with stopwatch.running():
            now[0] += 1.0
            seen.append(clock.clock())
        now[0] += 10.0
    assert seen == [1.0, 2.0]


def test_only_a_whole_run_is_written(monkeypatch, capsys):
    written = []
    monkeypatch.setattr(monitor_overhead, "write_section", lambda *section: written.append(section))
    monkeypatch.setattr(monitor_overhead, "TASKS", [TINY])
    monkeypatch.setattr(monitor_overhead, "WATCHERS", WATCHERS[:2])
    monitor_overhead.main(["--pairs", "2", "--watcher", "every=1"])
    assert written == []
    assert "every=1" in capsys.readouterr().out
    monitor_overhead.main(["--pairs", "2"])
    assert [name for name, _ in written] == ["monitor overhead"]

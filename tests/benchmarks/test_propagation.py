"""The benchmark of maps: its ways compute the same, and its arithmetic. Nothing is timed."""

import numpy as np
import pytest
import torch

from benchmarks import propagation
from benchmarks.propagation import ONE_BY_ONE, Map, at_once, measure, sample, section

TINY = Map(("tanh", "relu"), (0.8, 1.5), depth=4, seeds=3, width=24, batch=4)


def test_the_map_of_the_benchmark():
    asked = Map()
    assert asked.nets == 40 * 40 * 4 * 8
    assert len(set(asked.gains)) == 40 and (min(asked.gains), max(asked.gains)) == (0.1, 4.0)


@pytest.mark.parametrize("way", ONE_BY_ONE.values(), ids=["module", "bare"])
def test_all_ways_compute_the_same(way):
    asked = Map(("tanh", "relu"), (0.8, 1.5), depth=4, seeds=16, width=48, batch=8)
    whole = at_once(asked).mean(-1)
    for a, name in enumerate(asked.activations):
        for depth in (1, 4):
            mean = sum(way(asked, name, 1.5, depth, seed) for seed in range(16)) / 16
            assert whole[a, 1, depth - 1].item() == pytest.approx(mean, abs=0.1)


def test_the_sample_is_as_deep_on_average_as_the_map():
    asked = Map()
    cells = sample(asked, 20)
    assert len(cells) == 80 and len({name for name, *_ in cells}) == 4
    assert np.mean([depth for *_, depth, _ in cells]) == pytest.approx(20.5, abs=0.6)
    assert all(gain in asked.gains and seed in range(8) for _, gain, _, seed in cells)


def test_one_mean_net_stands_for_all(monkeypatch):
    monkeypatch.setattr(
        propagation,
        "timed",
        lambda way, *_: 6.0 if way is at_once else 0.5,
    )
    fast, *slow = measure(TINY, 3, 2).values()
    assert fast == 6.0
    assert slow == [24.0, 24.0]  # 48 nets


def test_the_section(monkeypatch):
    monkeypatch.setattr(propagation, "memory", lambda asked, ways: dict.fromkeys(ways, 3.2))
    lines = section(TINY, 2, 1).splitlines()
    assert lines[0].startswith("## ")
    assert "so 48 nets, of width 24" in " ".join(lines)
    assert [line.count("|") for line in lines[-3:]] == [5, 5, 5]
    assert lines[-3].startswith("| `sweep` |") and lines[-3].endswith("| 1 | 3 |")


def test_memory_is_asked_of_fresh_processes():
    wide = Map(("relu",), (1.0,), depth=2, seeds=1, width=1500, batch=2)
    found = propagation.memory(wide, ["`sweep`"])["`sweep`"]
    assert 8 < found < 100  # one matrix has 8.6 MB


def test_only_its_own_section_is_written(monkeypatch, capsys):
    written = []
    monkeypatch.setattr(propagation, "write_section", lambda *given: written.append(given))
    monkeypatch.setattr(propagation, "section", lambda *given: "text")
    before = torch.get_num_threads()
    propagation.main([])
    assert written == [("propagation", "text")]
    assert torch.get_num_threads() == before

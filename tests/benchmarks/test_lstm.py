"""The benchmark of the LSTM compares layers that compute the same."""

import re

import torch

from benchmarks import lstm
from benchmarks.results import RESULTS


def test_the_three_layers_give_the_same_results():
    made = lstm.layers()
    x = torch.randn(2, 6, lstm.INPUTS)
    outs = [layer(x)[0] for layer in made.values()]
    assert len(outs) == 3
    for out in outs[1:]:
        torch.testing.assert_close(out, outs[0])


def test_the_section_holds_the_ratios(monkeypatch):
    monkeypatch.setattr(lstm, "TIME", 3)
    found = lstm.measure(2)
    assert all(len(times) == 2 for times in found.values())
    assert lstm.section(found).count("| lstm.LSTM |") == 1


def test_the_stored_ratios_are_within_what_was_asked():
    row = re.search(r"\| lstm\.LSTM \|.*", RESULTS.read_text(encoding="utf-8"))[0]
    to_torch, from_textbook = (float(m) for m in re.findall(r"\| ([\d.]+) \[", row))
    assert to_torch <= 3.2 and from_textbook >= 1.5

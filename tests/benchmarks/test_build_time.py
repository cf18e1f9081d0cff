"""What the book costs, told from what was measured."""

import re

from benchmarks.build_time import forecast
from benchmarks.results import RESULTS


def test_a_further_chapter_costs_half_the_mean_where_two_run_at_a_time():
    chapters = {"notebooks/a/b.ipynb": 10.0, "notebooks/c/d.ipynb": 20.0, "book/index.ipynb": 4.0}
    said = forecast(chapters, 30.0, 2, count=4)
    assert "adds 8 s to a cold build" in said
    assert "With 4 chapters a cold build would take 45 s." in said


def test_the_results_say_what_25_chapters_will_cost():
    text = RESULTS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:notebooks|book)/\S+\.ipynb) \| ([\d.]+) \|$", text, re.M)
    cold = float(re.search(r"^\| cold \| ([\d.]+) \|$", text, re.M)[1])
    assert len(rows) > 1
    workers = int(re.search(r"^Running each chapter \((\d) run at a time", text, re.M)[1])
    assert forecast({name: float(seconds) for name, seconds in rows}, cold, workers) in text

"""Thinning keeps the newest rows, and older ones ever further apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.monitor.record.record import Record, thin
from lessons.monitor.rules.trends import decades, kendall, last_run, median, slope, thirds


@given(st.integers(0, 3000), st.integers(8, 100), st.integers(1, 100))
def test_thinned_rows(count, capacity, every):
    rows = [i * every for i in range(count)]
    recent = capacity // 4
    kept = thin(rows, capacity, recent, step=lambda row: row)
    assert len(kept) <= max(capacity, 0)
    assert kept == sorted(set(kept))
    assert set(kept) <= set(rows)
    assert kept[:1] == rows[:1]
    assert kept[-recent:] == rows[-recent:]
    if count <= capacity:
        assert kept == rows


def test_a_long_run_stays_spread_on_a_logarithmic_scale():
    """After 10^5 losses every stretch [s, 4s] still has some."""
    record = Record(capacity=64)
    for step in range(100_000):
        record.add_loss(step, 0.0)
    steps = [step for step, _ in record.losses]
    assert len(steps) < 4 * 64
    low = 1
    while low < 50_000:
        assert any(low <= step <= 4 * low for step in steps)
        low *= 2


@pytest.mark.parametrize("values", [[1.0], [3.0, 1.0], [5.0, 2.0, 9.0, 4.0], list(range(50))])
def test_median_and_slope_against_torch_and_numpy(values):
    import numpy as np

    assert median(values) == np.median(values)
    positive = [value + 1.0 for value in values]
    if len(values) > 1:
        fitted = np.polyfit(range(len(values)), np.log10(positive), 1)[0]
        assert slope(positive) == pytest.approx(fitted)


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=60, unique=True))
def test_kendall_against_scipy(values):
    from scipy.stats import kendalltau

    n = len(values)
    tau = kendalltau(range(n), values).statistic
    assert kendall(values) == pytest.approx(
        tau * n * (n - 1) / 2 / (n * (n - 1) * (2 * n + 5) / 18) ** 0.5, abs=1e-9
    )


def test_small_statistics():
    assert thirds([1.0]) == (1.0, 1.0)
    assert decades(0.0, 0.0) == 0.0
    assert decades(1.0, 0.0) == float("-inf")
    assert last_run([], bool) == []
    assert kendall([1.0, 2.0]) == 0.0

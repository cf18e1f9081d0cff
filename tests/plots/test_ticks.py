"""Axes of quantities that grow by factors show powers of ten."""

import re

import numpy as np
import pytest

from lessons import plots


def ticks(values, axis="y"):
    figure = plots.lines([1, 2], {"a": values}, "T", "x", "y", log="y").figure
    figure.draw_without_rendering()
    ax = figure.axes[0]
    low, high = ax.get_ylim()
    return [t.get_text() for t in ax.get_yticklabels() if low <= t.get_position()[1] <= high]


def test_many_decades_have_ticks_at_powers_of_ten_and_1_among_them():
    found = ticks([1e-24, 1e12])
    assert all(re.fullmatch("10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", text) for text in found)
    assert "10⁰" in found
    assert 4 <= len(found) <= 8


def test_few_decades_have_plain_numbers():
    assert ticks([0.2, 5]) == ["0.2", "0.5", "1", "2", "5"]


@pytest.mark.parametrize("values", [[1e-30, 1e-28], [3e7, 4e7], [1e-4, 1e-1], [0.0, 0.0]])
def test_no_tick_is_a_broken_logarithm(values):
    assert not any("." in text.replace("0.", "") for text in ticks(values))


def test_what_hardly_changes_looks_flat():
    ax = plots.gradient_by_layer({"healthy": [1.0, 1.1, 0.9]}).figure.axes[0]
    assert np.diff(np.log10(ax.get_ylim())) >= 2

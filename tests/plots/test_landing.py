"""Facts about the first page's figure: the weights set the slope, the depth how far it goes."""

import re

import numpy as np
import pytest

from lessons.plots import COLORS
from lessons.plots.landing import DEPTHS, GAINS, draw


def drawn(depth, gain):
    figure, alt = draw(depth, gain)
    return figure.axes[0], np.log10(figure.axes[0].lines[0].get_ydata()), alt


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_gain_multiplies_the_error_signal_once_per_layer(depth):
    """A ReLU net without biases is homogeneous: the gain passes through every layer."""
    _, one, _ = drawn(depth, 1.0)
    for gain in (GAINS[0], GAINS[-1]):
        _, logs, _ = drawn(depth, gain)
        grown = (logs[0] - logs[-1]) - (one[0] - one[-1])
        assert abs(grown - (depth - 1) * np.log10(gain)) < 0.2  # the samples weigh differently


@pytest.mark.parametrize(
    ("gain", "role", "word"),
    [
        (0.5, "vanishing", "smaller"),
        (1.0, "healthy", "about as large"),
        (2.0, "exploding", "larger"),
    ],
)
def test_colour_title_and_text_say_the_same(gain, role, word):
    axes, _, alt = drawn(20, gain)
    assert axes.lines[0].get_color() == COLORS[role]
    assert word in axes.get_title(loc="left") + axes.get_title()
    assert word in alt


def test_the_text_s_ratio_is_the_line_s():
    _, logs, alt = drawn(30, 2.0)
    number = float(re.search(r"is (\d+) million times larger", alt)[1]) * 1e6
    assert abs(number / 10 ** (logs[0] - logs[-1]) - 1) < 0.05


def test_every_frame_fits_into_the_same_axes():
    limits = {
        (drawn(d, g)[0].get_xlim(), drawn(d, g)[0].get_ylim()) for d in (5, 30) for g in GAINS
    }
    assert len(limits) == 1
    low, high = np.log10(limits.pop()[1])
    for gain in (GAINS[0], GAINS[-1]):
        logs = drawn(30, gain)[1]
        assert low < logs.min() and logs.max() < high

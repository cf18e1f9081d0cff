"""The figures of the sigmoid's chapter show the numbers that they say."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from lessons.bounds.sigmoid import explosion_width, widest_window
from lessons.plots import COLORS
from lessons.plots.sigmoid import chains, neuron, widths
from lessons.propagation import chain


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def pieces(ax):
    (collection,) = (c for c in ax.collections if isinstance(c, LineCollection))
    colors = [to_hex(color).upper() for color in collection.get_colors()]
    return np.array(collection.get_segments()), colors


def test_lines_are_orange_where_the_factor_is_above_one():
    picture = chains([2, 10], depth=4, inputs=9)
    small, large = map(pieces, picture.figure.axes)
    assert set(small[1]) == {COLORS["vanishing"]}
    segments, colors = large
    assert segments.shape == (4 * 9, 2, 2)
    for ((layer, x), (after, y)), color in zip(segments, colors, strict=True):
        run = chain("sigmoid", [10.0], [-5.0], float(x))
        assert after == layer + 1 and y == pytest.approx(run.outputs[0].item())
        assert color == COLORS["exploding" if run.factors[0] > 1 else "vanishing"]
    middle = [c for s, c in zip(segments, colors, strict=True) if s[0, 1] == 0.5]
    assert middle == [COLORS["exploding"]] * 4


def test_a_negative_weight_turns_the_lines_over_and_parts_them_too():
    _, colors = pieces(chains([-10], depth=1, inputs=9).figure.axes[0])
    assert colors[4] == COLORS["exploding"] and colors[0] == COLORS["vanishing"]


def test_panels_stand_side_by_side_and_on_a_phone_below_each_other():
    picture = chains()
    wide = [ax.get_position().x0 for ax in picture.figure.axes]
    narrow = [ax.get_position().x0 for ax in picture.narrow_figure.axes]
    assert wide[0] < wide[1] and narrow[0] == pytest.approx(narrow[1], abs=0.01)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="inputs=1"):
        chains(inputs=1)
    with pytest.raises(ValueError, match="depth=0"):
        chains(depth=0)


@pytest.mark.parametrize(("weight", "bias"), [(6.9, -3.5), (16, 0), (4, 0)])
def test_the_neurons_text_says_its_window(weight, bias):
    figure, alt = neuron(weight, bias)
    width = explosion_width("sigmoid", weight)
    orange = [line for line in figure.axes[0].lines if line.get_label() == "factor above 1"]
    if width == 0:
        assert "above 1 for no x" in alt and not orange
    else:
        assert f"{width:.3f} wide" in alt
        assert (orange[0].get_ydata() > 1).all()


def test_the_curve_of_widths_peaks_where_it_says_and_never_closes():
    ax = widths().figure.axes[0]
    for name in ("sigmoid", "tanh"):
        weight, width = widest_window(name)
        assert f"{width:.3f} at |w| = {weight:.2f}" in [text.get_text() for text in ax.texts]
    for line in (line for line in ax.lines if len(line.get_xdata()) > 1):
        assert line.get_ydata()[-1] > 0

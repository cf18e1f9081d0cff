"""What adaptive clipping allows is a rectangle that grows with the weights."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lessons.plots.clip_threshold import adaptive_in_two_dimensions


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize(("ratio", "weight"), [(1.0, 0.5), (0.5, 2.0), (2.0, 0.25)])
def test_no_gradient_is_left_outside_the_region(ratio, weight):
    figure, alt = adaptive_in_two_dimensions(ratio, weight)
    (after,) = (line for line in figure.axes[0].lines if line.get_label() == "after")
    x, y = np.abs(after.get_data())
    assert x.max() <= ratio * (1 + 1e-6) and y.max() <= ratio * weight * (1 + 1e-6)
    assert f"λ = {ratio:g}, weights 1 and {weight:g}" in alt
    assert " of 24 gradients change" in alt


def test_where_all_are_allowed_nothing_changes():
    _, alt = adaptive_in_two_dimensions(100.0, 1.0)
    assert "0 of 24 gradients change; the direction turns by up to 0 degrees" in alt


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="ratio=0"):
        adaptive_in_two_dimensions(0, 1.0)
    with pytest.raises(ValueError, match="second_weight=0"):
        adaptive_in_two_dimensions(1.0, 0.0001)

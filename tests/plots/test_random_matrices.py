"""A circle of gradients under random layers: the ellipse of their product."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lessons.plots.random_matrices import circle_to_needle


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def axes_of(figure):
    (line,) = figure.axes[0].lines
    lengths = np.hypot(*line.get_data())
    return lengths.min(), lengths.max()


def test_orthogonal_layers_leave_the_circle():
    figure, alt = circle_to_needle(5, "orthogonal 1")
    short, long = axes_of(figure)
    assert short == pytest.approx(long, rel=1e-6)
    assert alt.endswith("short axis is 1 of its long axis.")
    assert figure.axes[0].get_title(loc="left").endswith("5 layers")


def test_gaussian_layers_make_a_needle_and_the_sentence_says_how_thin():
    thin = []
    for layers in (1, 30):
        figure, alt = circle_to_needle(layers, "gaussian 0")
        short, long = axes_of(figure)
        said = float(re.search(r"short axis is (\S+) of", alt)[1])
        assert said <= 1.1 * short / long  # the drawn points may miss the end of the short axis
        thin.append(said)
        if layers == 1:
            assert said == pytest.approx(short / long, rel=0.1)
    assert thin[1] < 1e-3 * thin[0]

"""The chart of signs: a mark where a sign is, in the colour of the patient's gradient."""

import pytest

from lessons.plots import COLORS
from lessons.plots.symptoms import chart

FOUND = {
    "a": {"poor loss": (1.0, True), "NaN": (3, False)},
    "b": {"poor loss": (1.0, True), "NaN": (3, True)},
}


def test_each_sign_is_marked_once_in_its_colour():
    (ax,) = chart(FOUND, {"a": "healthy", "b": "exploding"}).figure.axes
    marks = {
        (x, y): line.get_color()
        for line in ax.lines
        if line.get_linestyle() == "None"
        for x, y in line.get_xydata()
    }
    assert marks == {
        (0, 0): COLORS["healthy"],
        (0, 1): COLORS["exploding"],
        (1, 1): COLORS["exploding"],
    }
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]


def test_a_patient_without_a_gradient_is_named():
    with pytest.raises(ValueError, match="gradients has no entry for 'b'"):
        chart(FOUND, {"a": "healthy"})

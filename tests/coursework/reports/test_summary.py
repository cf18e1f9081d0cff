"""The summary counts right and finds what needs a look."""

import itertools
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.intake.collect import File, Submission
from lessons.coursework.reports import summary
from lessons.coursework.reports.histogram import histogram
from lessons.coursework.reports.marks import Mark
from tests.coursework import fakes

VALUES = st.lists(st.floats(0, 10), min_size=1, max_size=50)


def mark(student, score=4.0, digest=None, claimed=None, **more):
    submission = Submission(
        student, student, student, "", f"{student}.ipynb", digest or student, claimed=claimed
    )
    return Mark(submission, fakes.result(student, score, **more))


@given(VALUES)
def test_the_distribution_is_in_order(values):
    found = summary.distribution(values)
    order = ["least", "lower quartile", "median", "upper quartile", "most"]
    numbers = [found[name] for name in order]
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(numbers))
    assert found["median"] == pytest.approx(statistics.median(values))
    assert found["least"] - 1e-9 <= found["mean"] <= found["most"] + 1e-9


@given(VALUES, st.integers(1, 20))
def test_every_value_is_in_one_interval_of_the_histogram(values, bins):
    found = histogram(values, 10, bins)
    assert sum(found.counts) == len(values)
    for i, count in enumerate(found.counts):
        low, high = found.edges[i], found.edges[i + 1]
        inside = sum(low + 1e-6 < value < high - 1e-6 for value in values)
        near = sum(low - 1e-6 <= value <= high + 1e-6 for value in values)
        assert inside <= count <= near


def test_the_picture_says_its_numbers():
    picture = histogram([0, 5, 10, 10], 10, bins=2).as_svg()
    assert "<title " in picture
    assert "0 to 5 points: 1; 5 to 10 points: 3." in picture
    assert histogram([0, 5, 10, 10], 10, bins=2).as_text() == [" 0–5 | # 1", "5–10 | ### 3"]


def test_the_hardest_test_comes_first():
    marks = [mark("a", 6.0), mark("b", 4.0), mark("c", 1.0)]
    assert summary.hardest(marks) == [("q2", "only", 1, 3), ("q1", "large", 2, 3)]


def test_one_name_in_two_notebooks_and_equal_notebooks():
    marks = [
        mark("ada", claimed="ada"),
        mark("bob", claimed=" ADA", digest="same"),
        mark("carl", digest="same"),
        mark("dora", claimed="dora"),
    ]
    assert summary.same_claim(marks) == [("ada", ["ada", "bob"])]
    assert summary.same_notebook(marks) == [["bob", "carl"]]


def test_the_text():
    marks = [
        mark("ada", 6.0, notes=("STUDENT differs",)),
        mark("bob", 2.0, seconds=33.3),
        mark("eve\x1b[31m", 0.0, status="failed", reason="no notebook", questions=(), manual=()),
    ]
    files = [File("x.pdf", "ignored", "not a notebook"), File("l.ipynb", "refused", "a link")]
    said = summary.as_text("Gradient clipping", marks, files, (), ["row 2 is wrong"])
    assert "3 submissions, 2 graded, 1 failed to run, 2 written answers to mark by hand" in said
    for line in ("mean  4", "33.3", "no notebook", "x.pdf", "l.ipynb", "STUDENT differs", "row 2"):
        assert line in said
    assert "\x1b" not in said


def test_long_lists_are_cut_and_it_is_said():
    files = [File(f"{i}.pdf", "ignored", "not a notebook") for i in range(30)]
    said = summary.as_text("T", [mark("ada")], files)
    assert "and 20 more in summary.html" in said
    assert "29.pdf" in summary.as_page("T", [mark("ada")], files)


def test_a_class_that_failed_altogether():
    one = mark("ada", 0.0, status="failed", reason="no notebook", questions=(), manual=())
    assert "1 failed" in summary.as_text("T", [one])
    assert "<svg" not in summary.as_page("T", [one])

"""A mark is the tests' points and the hand's, less what lateness costs."""

from datetime import UTC, datetime, timedelta

import pytest

from lessons.coursework.intake.collect import Submission
from lessons.coursework.reports.marks import HandMark, Mark, deadline, deduction, lateness
from tests.coursework import fakes

DUE = datetime(2026, 11, 30, 18, tzinfo=UTC)


def handed_in(hours=None, late=None):
    time = None if hours is None else DUE + timedelta(hours=hours)
    return Submission("ada", "ada", "Ada", "", "ada.ipynb", "0", time=time, late=late)


def test_points_add_up():
    mark = Mark(handed_in(), fakes.result(score=4.0), {"words": HandMark(2.5)}, 30.0, True, 0.2)
    assert (mark.earned, mark.possible, mark.waiting) == (6.5, 9.0, [])
    assert mark.score == pytest.approx(6.5 * 0.8)


def test_what_waits_for_a_person():
    mark = Mark(handed_in(), fakes.result(score=4.0))
    assert (mark.score, mark.possible, mark.waiting) == (4.0, 9.0, ["words"])


@pytest.mark.parametrize(
    ("submission", "due", "expected"),
    [
        (handed_in(-1), DUE, (0.0, False)),
        (handed_in(0), DUE, (0.0, False)),
        (handed_in(1.5), DUE, (1.5, True)),
        (handed_in(5), None, (None, False)),
        (handed_in(), DUE, (None, False)),
        (handed_in(late=True), DUE, (None, True)),
        (handed_in(late=False), None, (0.0, False)),
        (handed_in(2, late=True), DUE, (2.0, True)),
    ],
)
def test_lateness(submission, due, expected):
    assert lateness(submission, due) == expected


@pytest.mark.parametrize(
    ("hours", "percent", "share"),
    [(None, 10, 0), (0, 10, 0), (0.01, 10, 0.1), (24, 10, 0.1), (24.1, 10, 0.2), (999, 50, 1)],
)
def test_each_day_begun_costs(hours, percent, share):
    assert deduction(hours, percent) == pytest.approx(share)


def test_a_deadline_without_a_zone_is_local():
    assert (
        deadline("2026-11-30T18:00").utcoffset() == datetime(2026, 11, 30).astimezone().utcoffset()
    )


@pytest.mark.parametrize(("text", "said"), [("soon", "no time"), ("2026-11-30", "no hour")])
def test_wrong_deadlines_are_told(text, said):
    with pytest.raises(ValueError, match=said):
        deadline(text)

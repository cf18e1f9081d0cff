"""A student's mark: points from the tests, points given by hand, what lateness costs."""

import math
from dataclasses import dataclass, field
from datetime import datetime

from lessons.coursework.grading.result import Result
from lessons.coursework.intake.collect import Submission


@dataclass(frozen=True)
class HandMark:
    """What a person gave for one answer."""

    points: float
    comment: str = ""


@dataclass(frozen=True)
class Mark:
    """All that is known about one submission.

    Parameters
    ----------
    submission : Submission
    result : Result
    by_hand : dict
        Name of a question to :class:`HandMark`.
    hours_late : float or None
        0 if in time; None where nothing is known.
    late : bool
        Late by the clock or by the LMS's mark.
    deduction : float
        The share of the points that lateness costs, from 0 to 1.
    overrides : dict
        Name of a question to ``decisions.Override``.
    leader : str
        Who handed it in for the group of this student; empty if the student did.
    """

    submission: Submission
    result: Result
    by_hand: dict = field(default_factory=dict)
    hours_late: float | None = None
    late: bool = False
    deduction: float = 0.0
    overrides: dict = field(default_factory=dict)
    leader: str = ""

    def points_of(self, question):
        """Return the points of a tested question: a person's, else those of the tests."""
        decided = self.overrides.get(question.name)
        return decided.points if decided else question.score

    @property
    def student(self):
        """Who handed it in."""
        return self.submission.student

    @property
    def earned(self):
        """The points before anything is taken off for lateness."""
        tested = {q.name: q.score for q in self.result.questions}
        tested |= {name: decided.points for name, decided in self.overrides.items()}
        return sum(tested.values()) + sum(mark.points for mark in self.by_hand.values())

    @property
    def score(self):
        """The points that count."""
        return round(self.earned * (1 - self.deduction), 6)

    @property
    def possible(self):
        """The points that could be had."""
        return self.result.possible + sum(answer.possible for answer in self.result.manual)

    @property
    def waiting(self):
        """The names of questions that nobody has marked yet."""
        answers = self.result.manual if self.ran and not self.leader else ()
        return [a.name for a in answers if a.name not in self.by_hand]

    @property
    def notes(self):
        """What a person should know, from the files' names and from grading."""
        decided = [f"{name}: {d.points:g} points, {d.reason}" for name, d in self.overrides.items()]
        return (*self.submission.notes, *self.result.notes, *decided)

    @property
    def ran(self):
        """Whether the notebook was graded."""
        return self.result.status == "graded"


def deadline(text):
    """Return the time ``--due`` names, in the local zone if it names none.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> deadline("2026-11-30T18:00+01:00").isoformat()
    '2026-11-30T18:00:00+01:00'
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--due {text!r} is no time; write it as 2026-11-30T18:00.") from None
    if len(text) <= 10:
        raise ValueError(f"--due {text!r} has no hour; write it as {text}T23:59.")
    return time if time.tzinfo else time.astimezone()


def lateness(submission, due=None):
    """Return ``(hours late, late)``; hours are None where the time is not known.

    Parameters
    ----------
    submission : Submission
    due : datetime or None
        With a time zone.
    """
    hours = None
    if due is not None and submission.time is not None:
        hours = max((submission.time - due).total_seconds() / 3600, 0.0)
    if submission.late is not None and hours is None:
        return (None if submission.late else 0.0), submission.late
    return hours, bool(hours)


def deduction(hours, percent):
    """Return the share of the points that is taken off: ``percent`` for each day begun.

    Examples
    --------
    >>> deduction(0, 10), deduction(1, 10), deduction(25, 10), deduction(1000, 10)
    (0.0, 0.1, 0.2, 1.0)
    """
    return min(math.ceil((hours or 0) / 24) * percent / 100, 1.0)

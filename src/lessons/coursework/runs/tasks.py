"""What grading in processes and on a cluster share: reading a notebook, recording a failure."""

import hashlib

from lessons.coursework.grading.result import ManualAnswer, QuestionResult, Result
from lessons.coursework.grading.store import UNFINISHED
from lessons.coursework.intake.archive import Unreadable


class GraderBroken(Exception):
    """The grader does not work at all; no submission is to blame. The message says why."""


def failed(submission, assignment, reason):
    """Return the result of a submission that could not be graded; a next run tries again."""
    tested = [q for q in assignment.questions if not q.manual]
    return Result(
        assignment=assignment.name,
        submission=submission.path,
        student=submission.identity,
        claimed=submission.claimed,
        status="failed",
        reason=UNFINISHED + reason,
        possible=float(sum(q.points for q in tested)),
        questions=tuple(QuestionResult(q.name, 0.0, q.points) for q in tested),
        manual=tuple(ManualAnswer(q.name, q.points, "") for q in assignment.questions if q.manual),
        digest=submission.digest,
        tests=assignment.digest,
    )


def notebook_of(submission):
    """Return the notebook's bytes, still the same as when the files were listed.

    Raises
    ------
    Unreadable
    """
    notebook = submission.read()
    if hashlib.sha256(notebook).hexdigest() != submission.digest:
        raise Unreadable("the file changed while the class was being graded")
    return notebook

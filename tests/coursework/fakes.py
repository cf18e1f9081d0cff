"""A class without a sandbox: notebooks that say themselves what grading them comes to."""

import hashlib
import json
import os
import signal
import time
from pathlib import Path

from lessons.coursework.grading.assignment import Assignment, Question
from lessons.coursework.grading.result import Case, CellError, ManualAnswer, QuestionResult, Result
from lessons.coursework.sandbox.launch import SlowStart

ASSIGNMENT = Assignment(
    name="clipping",
    title="Gradient clipping",
    questions=(Question("q1", 4.0), Question("q2", 2.0), Question("words", 3.0, True)),
    tests={},
    digest="tests-1",
)


def notebook(student=None, score=4.0, answer="Because.", **more):
    """Return a notebook's bytes; ``more`` may say how grading it goes wrong."""
    cells = []
    if student is not None:
        source = [f'STUDENT = "{student}"\n']
        cells.append({"cell_type": "code", "metadata": {}, "source": source, "outputs": []})
    about = {"score": score, "answer": answer, **more}
    content = {"cells": cells, "metadata": {"fake": about}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1).encode()


def result(student="ada", score=4.0, answer="Because.", **more):
    """Return a result as grading gives it."""
    first = min(score, 4.0)
    cases = (
        Case("small", first > 0, min(first, 1.0), 1.0, False, "" if first > 0 else "Try [3, 4]."),
        Case("large", first >= 4, max(first - 1, 0.0), 3.0, True, "" if first >= 4 else "All?"),
    )
    questions = (
        QuestionResult("q1", first, 4.0, cases),
        QuestionResult(
            "q2", score - first, 2.0, (Case("only", score > 4, score - first, 2.0, True),)
        ),
    )
    known = {
        "assignment": "clipping",
        "submission": f"{student}.ipynb",
        "student": student,
        "score": score,
        "possible": 6.0,
        "questions": questions,
        "manual": (ManualAnswer("words", 3.0, answer),),
        "digest": hashlib.sha256(student.encode()).hexdigest(),
        "tests": ASSIGNMENT.digest,
        "seconds": 0.5,
    }
    return Result(**known | more)


def grade(notebook, assignment, student, *, salt="", limits=None, submission=""):
    """Stand in for ``lessons.coursework.grading.grade.grade``."""
    about = json.loads(notebook)["metadata"]["fake"]
    if folder := about.get("log"):
        name = f"{time.monotonic_ns()}-{os.getpid()}-{student}"
        (Path(folder) / name).touch()
        if about.get("kill") and len(list(Path(folder).glob(f"*-{student}"))) <= about["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
    if about.get("starts late") and limits.patience < about["starts late"]:
        raise SlowStart("The worker does not start.")
    if about.get("raise"):
        raise RuntimeError(about["raise"])
    time.sleep(about.get("sleep", 0))
    slow = about.get("slow") and limits.patience < about["slow"]
    return result(
        student,
        about["score"],
        about["answer"],
        submission=submission,
        digest=hashlib.sha256(notebook).hexdigest(),
        tests=assignment.digest,
        errors=tuple(CellError(*error) for error in about.get("errors", ())),
        output=about.get("output", ""),
        timed_out=bool(slow),
    )

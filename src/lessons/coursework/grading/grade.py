"""Grading one submission: its code runs in a sandbox, the tests run here."""

import functools
import hashlib
import time
import warnings

import torch

from lessons.coursework.grading.assignment import AssignmentError
from lessons.coursework.grading.proxies import Environment, StudentError
from lessons.coursework.grading.result import Case, ManualAnswer, QuestionResult, Result
from lessons.coursework.grading.running import Running
from lessons.coursework.intake.identity import claimed_student
from lessons.coursework.intake.notebook import NotebookError, answers, parse
from lessons.coursework.intake.text import clean
from lessons.coursework.sandbox.bubblewrap import exposed, this_place
from lessons.coursework.sandbox.limits import Limits
from lessons.coursework.variant import PLACEHOLDER

REFUSED = "A hidden test failed."


def seed_of(student, salt=""):
    """Return the seed of a student's hidden tests: from SHA-256, the same for ever.

    Examples
    --------
    >>> seed_of("ada") == seed_of("ada"), seed_of("ada") == seed_of("ada", salt="2025")
    (True, False)
    """
    return int.from_bytes(
        hashlib.sha256(f"{salt}\0{student}".encode(errors="surrogatepass")).digest()[:7], "big"
    )


def grade(notebook, assignment, student, *, salt="", limits=None, submission="notebook.ipynb"):
    """Grade one submission.

    Parameters
    ----------
    notebook : bytes
        The submitted file.
    assignment : Assignment
        See ``assignment.load``.
    student : str
        Who handed it in, from the roster or the file's name; the notebook's own word is only noted.
    salt : str
        Makes the hidden tests' random inputs others than last year's.
    limits : Limits, optional
    submission : str
        The file's name, for the result.

    Returns
    -------
    Result
        Whatever the submission does, a result comes back.

    Raises
    ------
    AssignmentError, SandboxError
        When the assignment or this machine is to blame.
    """
    began, limits = time.monotonic(), limits or Limits()
    names = {"assignment": assignment.name, "submission": submission, "student": student}
    names |= {"digest": hashlib.sha256(notebook).hexdigest(), "tests": assignment.digest}
    names |= {"possible": assignment.possible}
    manual = [question for question in assignment.questions if question.manual]
    for secret, folder in exposed(this_place(), assignment.hide, assignment.tests.values()):
        raise AssignmentError(
            f"{secret} lies in {folder}, which submissions can read. "
            "Move the built assignment elsewhere."
        )
    files = _load(assignment)
    try:
        cells = parse(notebook, limits)
    except NotebookError as error:
        reason, seconds = clean(str(error)), round(time.monotonic() - began, 3)
        return Result(**names, status="failed", reason=reason, seconds=seconds)
    claimed = claimed_student(notebook)
    texts = answers(cells, [question.name for question in manual])
    with Running(cells, limits, assignment.hide) as running:
        environment = Environment(running, _seed=seed_of(student, salt), _student=student)
        questions = tuple(
            _question(question, files[question.name], environment, seed_of(student, salt))
            for question in assignment.questions
            if not question.manual
        )
        notes = list(running.notes)
    if claimed is not None and claimed.strip().casefold() == PLACEHOLDER:
        notes.append(
            f"STUDENT was left as {PLACEHOLDER!r}: numbers in the text do not come from the "
            "student's own data."
        )
    elif claimed is not None and claimed.strip().casefold() != student.strip().casefold():
        notes.append(f"The notebook says STUDENT = {clean(claimed, 80)!r}.")
    return Result(
        **names,
        claimed=None if claimed is None else clean(claimed, 200),
        score=sum(question.score for question in questions),
        questions=questions,
        manual=tuple(
            ManualAnswer(q.name, q.points, clean(texts[q.name], limits.output)) for q in manual
        ),
        errors=running.errors,
        output=running.output,
        notes=tuple(notes),
        timed_out=running.timed_out,
        seconds=round(time.monotonic() - began, 3),
    )


@functools.cache
def _otter():
    """Return otter's part that reads tests; what it imports warns about itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from otter import test_files
    return test_files


def _load(assignment):
    """Return otter's test files of the questions marked by tests."""
    files = {}
    for question in assignment.questions:
        if not question.manual:
            path = assignment.tests[question.name]
            try:
                file = _otter().ExceptionTestFile.from_file(str(path))
            except Exception as error:
                raise AssignmentError(f"{path} cannot be used: {error}") from error
            if abs(file.possible - question.points) > 1e-9:
                raise AssignmentError(f"{path} has other points than {question.points:g}.")
            files[question.name] = file
    return files


def _question(question, file, environment, seed):
    """Run the tests of one question; otter decides what they come to."""
    cases, file.test_case_results, seen = [], [], {}
    for case in file.test_cases:
        passed, message, environment.missing = True, case.success_message or "", []
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                case.body.call_func(environment)
        except Exception as error:
            passed, message = False, _message(case, error, environment.missing)
        file.test_case_results.append(_otter().TestCaseResult(case, message, passed))
        own = message.partition("\n")[2]
        if not passed and own and own in seen:
            message += f" (the same cause as in: {seen[own]})"
        seen.setdefault(own, case.name)
        points = float(case.points)
        got = points if passed else 0.0
        cases.append(Case(case.name, passed, got, points, case.hidden, message))
    return QuestionResult(question.name, float(file.score), float(question.points), tuple(cases))


def _message(case, error, missing):
    """Return what a student reads of a failed test: of a hidden one, what its author wrote."""
    if case.hidden:
        own = ""
        if missing:
            own = f"{', '.join(missing)} is not defined, or still to be written."
        elif isinstance(error, StudentError):
            own = error.told
        return "\n".join(filter(None, [case.failure_message or REFUSED, own]))
    if missing:
        return f"{', '.join(missing)} is not defined, or still to be written."
    said = str(error) if isinstance(error, StudentError | AssertionError) else ""
    said = said or f"{type(error).__name__}: {error}"
    return clean(f"{case.failure_message}\n{said}" if case.failure_message else said)

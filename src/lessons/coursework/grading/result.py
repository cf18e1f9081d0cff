"""What grading a submission came to; it can be written as JSON and read again."""

import json
from dataclasses import asdict, dataclass, field, fields

SCHEMA = 2


@dataclass(frozen=True)
class Case:
    """One test: for a hidden one, ``message`` says no more than its author decided."""

    name: str
    passed: bool
    points: float
    possible: float
    hidden: bool
    message: str = ""


@dataclass(frozen=True)
class QuestionResult:
    """One question and its tests."""

    name: str
    score: float
    possible: float
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True)
class ManualAnswer:
    """The text a student wrote to a question that a person marks."""

    name: str
    possible: float
    answer: str


@dataclass(frozen=True)
class CellError:
    """What stopped a cell; cells count from 1, text cells too."""

    cell: int
    error: str


@dataclass(frozen=True)
class Result:
    """What grading one submission came to.

    Attributes
    ----------
    assignment, submission, student
        The names of the assignment, the file and the student.
    claimed
        What the notebook says of its author (its variable ``STUDENT``).
    status, reason
        ``"graded"``; or ``"failed"``, when the file is no notebook, with the reason in plain words.
    score, possible
        The points of the questions marked by tests.
    questions, manual, errors
        The questions marked by tests, those marked by hand, and the cells that stopped.
    output, notes
        The end of what the cells printed, and what a person should know.
    seconds
        How long it took.
    timed_out
        Whether a cell or a call took too long; then the submission is graded again, alone.
    digest, tests
        SHA-256 of the notebook, and the digest of the assignment's tests.

    Examples
    --------
    >>> result = Result("clipping", "ada.ipynb", "ada", score=3.0, possible=4.0)
    >>> result
    Result(clipping, ada: 3/4)
    >>> Result.from_json(result.to_json()) == result
    True
    """

    assignment: str
    submission: str
    student: str
    claimed: str | None = None
    status: str = "graded"
    reason: str | None = None
    score: float = 0.0
    possible: float = 0.0
    questions: tuple[QuestionResult, ...] = ()
    manual: tuple[ManualAnswer, ...] = ()
    errors: tuple[CellError, ...] = ()
    output: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    timed_out: bool = False
    digest: str = ""
    tests: str = field(default="")

    def __repr__(self):
        """Show who got how much."""
        said = f"{self.score:g}/{self.possible:g}" if self.status == "graded" else self.reason
        return f"Result({self.assignment}, {self.student}: {said})"

    def to_json(self):
        """Return the result as JSON text (ASCII, ended by a line feed)."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text):
        """Return the result that ``to_json`` wrote.

        Raises
        ------
        ValueError
            When the text is something else.
        """
        try:
            stored = json.loads(text)
            if stored.pop("schema") != SCHEMA:
                raise ValueError("another schema")
            if set(stored) != {field.name for field in fields(cls)}:
                raise ValueError("other fields")
            stored["questions"] = tuple(
                QuestionResult(**{**q, "cases": tuple(Case(**case) for case in q["cases"])})
                for q in stored["questions"]
            )
            stored["manual"] = tuple(ManualAnswer(**answer) for answer in stored["manual"])
            stored["errors"] = tuple(CellError(**error) for error in stored["errors"])
            stored["notes"] = tuple(stored["notes"])
            return cls(**stored)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"This is no result of grading ({error}).") from error

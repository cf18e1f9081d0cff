"""The written answers: a sheet to mark them in, and the marks read back.

The sheet ``to_grade_by_hand.csv`` is filled in where it lies (columns *points* and *comment*) and
the command is run again. Each row names the answer it belongs to by a digest, so that a mark never
moves to an answer that was handed in later.
"""

import hashlib
import re
from dataclasses import dataclass

from lessons.coursework.intake.tables import dump, fold, number, parse, points
from lessons.coursework.reports.marks import HandMark

SHEET = "to_grade_by_hand.csv"
HEADER = ("student", "name", "question", "possible", "points", "comment", "answer", "answer_id")


def answer_id(text):
    """Return what names an answer: the same for the same text, line ends aside."""
    return hashlib.sha256("\n".join(text.split()).encode("utf-8", "replace")).hexdigest()[:12]


@dataclass(frozen=True)
class Row:
    """One line that somebody filled in."""

    student: str
    question: str
    points: float | None  # None: only a comment so far
    comment: str
    answer: str  # its digest, or empty
    where: str


def read(data, what):
    """Read marks from the bytes of a CSV file; rows that nobody has filled in are left out.

    Parameters
    ----------
    data : bytes
        With the columns student, question, points; comment and answer_id are optional.
    what : str
        The file's name, for messages.

    Returns
    -------
    list of Row

    Raises
    ------
    ValueError
        If a column is missing, or points are no number.
    """
    table = parse(data, what)
    columns = {name: table.column(name) for name in ("student", "question", "points")}
    if missing := [name for name, found in columns.items() if not found]:
        raise ValueError(
            f"{what} has no column {missing[0]!r}; expected student, question, points and comment."
        )
    comment, digest = table.column("comment"), table.column("answer_id")
    rows = []
    for line, row in enumerate(table.rows, 2):
        text, note = row[columns["points"]].strip(), row.get(comment, "").strip()
        if not text and not note:
            continue
        value, where = number(text), f"{what}, row {line}"
        if text and (value is None or value < 0):
            raise ValueError(f"{where}: points={text!r}; expected a number of at least 0.")
        student, question = (row[columns[name]].strip() for name in ("student", "question"))
        rows.append(Row(student, question, value, note, row.get(digest, "").strip(), where))
    return rows


def given(rows, answers, names):
    """Return the marks that ``rows`` give, and what is wrong with the others.

    Parameters
    ----------
    rows : list of Row
        Later rows count before earlier ones.
    answers : dict
        Student to a tuple of the answers (``Result.manual``).
    names : dict
        Folded name to student: whatever a row may call a student.

    Returns
    -------
    marks : dict
        Student to ``{question: HandMark}``.
    problems : list of str

    Raises
    ------
    ValueError
        If a row gives more points than are possible.
    """
    marks, problems = {student: {} for student in answers}, []
    for row in rows:
        if row.points is None:
            continue
        student = names.get(fold(row.student))
        if student is None:
            problems.append(f"{row.where}: no submission of {row.student!r}; the mark is not used")
            continue
        answer = next((a for a in answers[student] if a.name == row.question), None)
        if answer is None:
            known = ", ".join(a.name for a in answers[student]) or "none"
            problems.append(
                f"{row.where}: {row.question!r} is not marked by hand (such are: {known})"
            )
        elif row.points > answer.possible:
            raise ValueError(
                f"{row.where}: {points(row.points)} points for {row.question}; "
                f"at most {points(answer.possible)} are possible."
            )
        elif row.answer and row.answer != answer_id(answer.answer):
            problems.append(
                f"{row.where}: {student} has handed in another answer to {row.question} since it "
                "was marked; mark it again"
            )
        else:
            marks[student][row.question] = HandMark(row.points, row.comment)
    return marks, problems


def code_of(student, salt):
    """Return what stands for a student in anonymous marking; nobody without the salt can tell."""
    return "A" + hashlib.sha256(f"{salt}\0marking\0{student}".encode()).hexdigest()[:8]


def is_empty(text):
    """Return whether a written answer holds no more than its prompt.

    Examples
    --------
    >>> is_empty("**Your answer:**\\n\\n_Replace this line by your text._"), is_empty("Yes.")
    (True, False)
    """
    lines = [line.strip() for line in text.splitlines()]
    return not [x for x in lines if x and not re.fullmatch(r"\*\*.*\*\*|_.*_", x)]


def sheet(marks, filled=(), codes=None):
    """Return the sheet as bytes: one row for each written answer, with the marks there are.

    Parameters
    ----------
    marks : list of Mark
    filled : list of Row
        What was in the sheet; comments without points are carried over.
    codes : dict, optional
        Student to the code that stands for the student; then there are no names.
    """
    codes = codes or {}
    marks = sorted(marks, key=lambda mark: codes.get(mark.student, ""))
    drafts = {(row.student, row.question): row.comment for row in filled if row.points is None}
    rows = []
    for mark in marks:
        for answer in mark.result.manual if mark.ran and not mark.leader else ():
            hand = mark.by_hand.get(answer.name)
            rows.append(
                {
                    "student": codes.get(mark.student, mark.student),
                    "name": "" if codes else mark.submission.name,
                    "question": answer.name,
                    "possible": points(answer.possible),
                    "points": points(hand.points) if hand else "",
                    "comment": hand.comment
                    if hand
                    else drafts.get((codes.get(mark.student, mark.student), answer.name), ""),
                    "answer": answer.answer,
                    "answer_id": answer_id(answer.answer),
                }
            )
    return dump(HEADER, rows, marked=True)  # Excel reads UTF-8 only with the mark

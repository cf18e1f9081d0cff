"""What a person decides about single students: other points, another deadline, each with a reason.

The table ``decisions.csv`` in the results is read at every run, so a decision outlives regrading.
"""

from dataclasses import dataclass, field
from datetime import datetime

from lessons.coursework.intake.tables import fold, number, parse

TABLE = "decisions.csv"


@dataclass(frozen=True)
class Override:
    """Points that a person gave for a question instead of those of the tests."""

    points: float
    reason: str


@dataclass
class Decided:
    """All that was decided about one student."""

    overrides: dict = field(default_factory=dict)
    due: datetime | None = None
    reason: str = ""


def read(data, what, deadline):
    """Return the decisions in the bytes of a CSV file, as a list of dictionaries.

    Parameters
    ----------
    data : bytes
        With the columns student and reason; question and points, or due.
    what : str
        The file's name, for messages.
    deadline : callable
        Turns text into a time, or raises ValueError.

    Raises
    ------
    ValueError
        If a row decides nothing, has no reason, or a number or time that is none.
    """
    table = parse(data, what)
    columns = {n: table.column(n) for n in ("student", "question", "points", "due", "reason")}
    if not columns["student"] or not columns["reason"]:
        raise ValueError(f"{what} needs the columns student and reason.")
    rows = []
    for line, row in enumerate(table.rows, 2):
        found = {name: row.get(column, "").strip() for name, column in columns.items()}
        where = f"{what}, row {line}"
        if not found["reason"]:
            raise ValueError(f"{where}: a decision needs a reason.")
        if bool(found["question"]) != bool(found["points"]) or not (
            found["points"] or found["due"]
        ):
            raise ValueError(f"{where}: expected a question and its points, or a time in due.")
        points = number(found["points"]) if found["points"] else None
        if found["points"] and (points is None or points < 0):
            raise ValueError(f"{where}: points={found['points']!r}; expected a number, at least 0.")
        try:
            due = deadline(found["due"]) if found["due"] else None
        except ValueError as error:
            raise ValueError(f"{where}: {str(error).replace('--due', 'due')}") from None
        rows.append({**found, "points": points, "due": due, "where": where})
    return rows


def given(rows, names, assignment):
    """Return ``{student: Decided}`` and what is wrong with rows that are not used.

    Parameters
    ----------
    rows : list of dict
        From :func:`read`; later ones count before earlier ones.
    names : dict
        Folded name to student.
    assignment : Assignment

    Raises
    ------
    ValueError
        If a question does not exist, is marked by hand, or has fewer points.
    """
    tested = {q.name: q.points for q in assignment.questions if not q.manual}
    decided, problems = {}, []
    for row in rows:
        student = names.get(fold(row["student"]))
        if row["question"]:
            if row["question"] not in tested:
                known = ", ".join(tested)
                raise ValueError(f"{row['where']}: {row['question']!r} is none of {known}.")
            if row["points"] > tested[row["question"]]:
                most = tested[row["question"]]
                raise ValueError(f"{row['where']}: at most {most:g} points are possible.")
        if student is None:
            problems.append(f"{row['where']}: no submission of {row['student']!r}; not used")
            continue
        one = decided.setdefault(student, Decided())
        if row["question"]:
            one.overrides[row["question"]] = Override(row["points"], row["reason"])
        if row["due"]:
            one.due, one.reason = row["due"], row["reason"]
    return decided, problems

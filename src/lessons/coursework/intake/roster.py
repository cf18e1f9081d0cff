"""The list of a class: from Canvas, from Moodle, or any CSV file with a column ``id``.

Canvas: the gradebook that *Export* gives. Moodle: the grading worksheet of the assignment. Both are
kept whole, because they go back with one column filled (``lessons.coursework.reports.exports``).
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from lessons.coursework.intake.tables import Table, fold, parse

EVIDENCE = ("number", "exact", "alike")  # the surest first


@dataclass(frozen=True)
class Person:
    """A student of the class.

    Parameters
    ----------
    id : str
        What the course calls the student; it chooses the personal data.
    name, email : str
        Empty where the list has none.
    row : int
        Which row of the table it is.
    numbers : tuple of str
        The numbers the LMS puts into file names.
    identifiers : tuple of str
        Everything that may stand for the student in a file's name or as ``STUDENT``.
    """

    id: str
    name: str
    email: str
    row: int
    numbers: tuple
    identifiers: tuple


@dataclass(frozen=True)
class Roster:
    """The class and the table it was read from; ``kind`` is "canvas", "moodle" or "plain"."""

    kind: str
    table: Table
    people: tuple
    source: str

    def person(self, named):
        """Return ``(person, None)`` for what a file's name says, or ``(None, reason)``."""
        return self.find(named)[:2]

    def find(self, named):
        """Return ``(person, reason, evidence)``; one of the first two is None.

        The LMS's number decides where there is one and the list has such numbers. ``evidence`` is
        the place in ``EVIDENCE``.
        """
        kind = "number" if named.layout == self.kind and named.user else "exact"
        if kind == "number":
            found = [p for p in self.people if named.user in p.numbers]
            what = f"number {named.user}"
        else:
            found, what = self._called(named.student, fold), repr(named.student)
            if not found:
                kind, found = "alike", self._called(named.student, squeeze)
        evidence = EVIDENCE.index(kind)
        if len(found) == 1:
            return found[0], None, evidence
        if found:
            return None, f"{what} stands for {len(found)} students of {self.source}", evidence
        return None, f"{what} is not in {self.source}", evidence

    def exactly(self, name):
        """Return the one person with exactly this identifier, or None."""
        found = self._called(name, fold)
        return found[0] if len(found) == 1 else None

    def _called(self, name, simplify):
        name = simplify(name)
        return [p for p in self.people if name in map(simplify, p.identifiers)]


def squeeze(text):
    """Return a name as Canvas writes it into file names: lower case, letters and digits alone.

    Examples
    --------
    >>> squeeze("Lovelace, Ada"), squeeze("ada@uni.edu")
    ('lovelaceada', 'ada@uni.edu')
    """
    text = unicodedata.normalize("NFKC", text).casefold().strip()
    return text if "@" in text else re.sub(r"[\W_]+", "", text) or text


def read(path):
    """Read the list of a class.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Roster

    Raises
    ------
    ValueError
        If the file is missing, is no CSV, has none of the expected columns or a student twice.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"The roster {path} cannot be read: {error.strerror}.") from None
    table = parse(data, f"The roster {path}")
    if table.column("Student") and table.column("ID"):
        kind, people = "canvas", _canvas(table)
    elif table.column("Identifier") and table.column("Full name", "Email address"):
        kind, people = "moodle", _moodle(table)
    elif table.column("id", "student", "email"):
        kind, people = "plain", _plain(table)
    else:
        raise ValueError(
            f"The roster {path} has the columns {', '.join(table.header)}; expected a Canvas "
            "gradebook (Student, ID, …), a Moodle grading worksheet (Identifier, Full name, …) or "
            "a column id, student or email."
        )
    ids = [fold(person.id) for person in people]
    if twice := {name for name in ids if ids.count(name) > 1}:
        raise ValueError(f"The roster {path} has the student {min(twice)!r} twice.")
    return Roster(kind, table, tuple(people), path.name)


def _person(row, index, *, name="", email="", ids=(), numbers=(), other=()):
    name, email = name.strip(), email.strip()
    numbers = tuple(n.strip() for n in numbers if n.strip())
    given = [text.strip() for text in (*ids, email, *numbers, name, *other) if text.strip()]
    # The part before the @ serves as well, unless it is somebody else's: then nobody is found.
    given += [text.partition("@")[0] for text in given if "@" in text]
    identifiers = tuple(dict.fromkeys(text for text in given if text))
    if not identifiers:
        return None
    return Person(identifiers[0], name, email, index, numbers, identifiers)


def _canvas(table):
    student, number = table.column("Student"), table.column("ID")
    login, sis = table.column("SIS Login ID"), table.column("SIS User ID")
    people = []
    for index, row in enumerate(table.rows):
        # The rows without a number say how many points are possible and how grades are posted.
        if not row[number].strip():
            continue
        last, comma, first = row[student].partition(",")
        person = _person(
            row,
            index,
            name=f"{first.strip()} {last.strip()}" if comma else row[student],
            email=row.get(login, "") if "@" in row.get(login, "") else "",
            ids=(row.get(login, ""), row.get(sis, "")),
            numbers=(row[number],),
            other=(row[student],),
        )
        people.append(person)
    return people


def _moodle(table):
    identifier = table.column("Identifier")
    name, email = table.column("Full name"), table.column("Email address")
    own = table.column("ID number", "Username")
    people = []
    for index, row in enumerate(table.rows):
        digits = re.findall(r"\d+", row[identifier])
        person = _person(
            row,
            index,
            name=row.get(name, ""),
            email=row.get(email, ""),
            ids=(row.get(own, ""),),
            numbers=digits[-1:],
        )
        people.append(person)
    return [person for person in people if person]


def _plain(table):
    ids = [table.column(one) for one in ("id", "student", "login", "username", "sid")]
    name, email = table.column("name", "full name"), table.column("email", "e-mail")
    people = [
        _person(
            row,
            index,
            name=row.get(name, ""),
            email=row.get(email, ""),
            ids=[row.get(column, "") for column in ids if column],
        )
        for index, row in enumerate(table.rows)
    ]
    return [person for person in people if person]

"""Find the submissions in a folder or a zip, and say of every file what became of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from lessons.coursework import gradescope
from lessons.coursework.archive import Unreadable, entries
from lessons.coursework.attempts import choose
from lessons.coursework.filenames import named
from lessons.coursework.identity import claimed_student, file_name
from lessons.coursework.roster import Person
from lessons.coursework.tables import fold
from lessons.coursework.variant import PLACEHOLDER


@dataclass(frozen=True)
class File:
    """What became of one file: ``outcome`` is "graded", "ignored" or "refused"."""

    path: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Submission:
    """One notebook to grade.

    Parameters
    ----------
    student : str
        Who handed it in, as the class list or the file's name says.
    identity : str
        The name of the same student that chooses the personal data; it is what the notebook says
        if the class list (or the file's name) knows the student by that name too.
    name, email : str
    path : str
        Inside the folder or zip.
    digest : str
        sha256 of the notebook.
    claimed : str or None
        The notebook's ``STUDENT``.
    person : Person or None
        The row in the class list.
    time : datetime or None
        When it was handed in, as far as the files tell.
    late : bool or None
        What the LMS says; None where it says nothing.
    notes : tuple of str
    read : callable
        ``() → bytes``
    """

    student: str
    identity: str
    name: str
    email: str
    path: str
    digest: str
    claimed: str | None = None
    person: Person | None = None
    time: datetime | None = None
    late: bool | None = None
    notes: tuple = ()
    read: Callable | None = None

    @property
    def key(self):
        """The name of this submission's files among the results."""
        return file_name(self.student)


@dataclass(frozen=True)
class Collection:
    """The submissions of a class, and every file that was seen."""

    submissions: tuple
    files: tuple

    def having(self, outcome):
        """Return the files with one outcome."""
        return [file for file in self.files if file.outcome == outcome]


def collect(source, assignment, roster=None):
    """Find the submissions in ``source``.

    Parameters
    ----------
    source : str or Path
        A folder (with everything below it) or a zip from Canvas, Moodle or Gradescope.
    assignment : str
        Its name, which is also the name of the notebook that was handed out.
    roster : Roster, optional

    Returns
    -------
    Collection

    Raises
    ------
    ValueError
        If ``source`` is neither a folder nor a zip.
    """
    files, found, uploads = [], [], {}
    listed = entries(source)
    lists = [e for e in listed if PurePosixPath(e.path).name == gradescope.METADATA]
    for entry in lists:
        uploads.update(_uploads(entry, files))
    for entry in (e for e in listed if e not in lists):
        if skipped := _skipped(entry):
            files.append(skipped)
            continue
        try:
            found.append(_submission(entry, assignment, roster, uploads))
        except Unreadable as error:
            files.append(File(entry.path, "refused", str(error)))
    submissions, left = choose(found, assignment)
    files += [File(path, outcome, reason) for path, outcome, reason in left]
    files += [File(one.path, "graded", "; ".join(one.notes)) for one in submissions]
    submissions = sorted(submissions, key=lambda one: fold(one.student))
    return Collection(tuple(submissions), tuple(sorted(files, key=lambda file: file.path)))


def _uploads(entry, files):
    """Return what Gradescope's list says; note in ``files`` what became of it."""
    uploads, reason = {}, "Gradescope's list of submissions, used"
    try:
        if entry.problem:
            raise Unreadable(entry.problem)
        uploads = gradescope.read(entry.read())
    except (Unreadable, ValueError) as error:
        reason = f"Gradescope's list of submissions, not used: {error}"
    files.append(File(entry.path, "ignored", reason))
    return uploads


def _skipped(entry):
    if entry.problem:
        return File(entry.path, "refused", entry.problem)
    parts = PurePosixPath(entry.path).parts
    if any(part.startswith((".", "__MACOSX")) for part in parts):
        return File(entry.path, "ignored", "hidden")
    if not entry.path.lower().endswith(".ipynb"):
        return File(entry.path, "ignored", "not a notebook")
    return None


def _submission(entry, assignment, roster, uploads):
    notebook = entry.read()
    claimed, said = claimed_student(notebook), named(entry.path, assignment)
    time, late, notes, email, known = entry.time, said.late, [], "", [said.student, said.user]
    if said.layout == "canvas":
        time = None  # Canvas packs all files at the moment of the download
    if upload := uploads.get(said.user):
        known = [*upload.emails[:1], *upload.ids[:1], *upload.names[:1]] or known
        said = replace(said, student=known[0])
        time, email = upload.time, next(iter(upload.emails), "")
        if len(upload.emails) > 1:
            others = ", ".join(upload.emails[1:])
            notes.append(f"handed in by a group; the marks of {others} must be copied")
    person, reason = _person(roster, said, known)
    if person:
        known, email = person.identifiers, person.email
    elif reason:
        notes.append(reason)
    known = [name for name in known if name]
    if claimed is not None and fold(claimed) == PLACEHOLDER:
        claimed = None
    own = claimed is not None and fold(claimed) in map(fold, known)
    return said, Submission(
        student=person.id if person else said.student,
        identity=claimed if own else known[0],
        name=person.name if person else said.student,
        email=email,
        path=entry.path,
        digest=hashlib.sha256(notebook).hexdigest(),
        claimed=claimed,
        person=person,
        time=time,
        late=late,
        notes=tuple(notes),
        read=entry.read,
    )


def _person(roster, said, known):
    if not roster:
        return None, None
    person, reason = roster.person(said)
    if said.layout == "gradescope":
        for name in known[1:]:
            person = person or roster.person(replace(said, student=name))[0]
    return person, reason

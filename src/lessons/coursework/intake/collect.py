"""Find the submissions in a folder or a zip, and say of every file what became of it."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from lessons.coursework.intake import gradescope
from lessons.coursework.intake.archive import Unreadable, entries
from lessons.coursework.intake.attempts import choose, told_apart
from lessons.coursework.intake.filenames import Ambiguous, Named, named, parts_of, root_of
from lessons.coursework.intake.gradescope import METADATA
from lessons.coursework.intake.identity import claimed_student, file_name
from lessons.coursework.intake.owners import owner_of, settled
from lessons.coursework.intake.roster import Person
from lessons.coursework.intake.tables import fold
from lessons.coursework.intake.text import printable
from lessons.coursework.variant import PLACEHOLDER

_EXPORT = re.compile(r"assignment_\d+_export")  # as Gradescope names the folder in its zip


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
    members : tuple of str
        The e-mail addresses of the others in the group that handed it in.
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
    members: tuple = ()
    read: Callable | None = None

    @property
    def key(self):
        """The name of this submission's files among the results."""
        return file_name(self.student)


@dataclass(frozen=True)
class Collection:
    """The submissions of a class, and every file that was seen.

    ``unread`` maps the row of a person in the class list who handed in something, but nothing that
    can be graded, to what and why.
    """

    submissions: tuple
    files: tuple
    unread: dict = field(default_factory=dict)

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
    files, seen = [], []
    listed = [entry for entry in entries(source) if not _hidden(entry, files)]
    root = root_of([entry.path for entry in listed], assignment, _is_student(roster))
    uploads = _uploads(listed, root, files)
    for entry in listed:
        if entry.path == "/".join((*root, METADATA)):
            continue
        try:
            said = named(entry.path, root)
        except Ambiguous as error:
            files.append(File(entry.path, "refused", str(error)))
        else:
            upload = uploads.get(said.user) if said.layout == "gradescope" else None
            seen.append((entry, upload, owner_of(said, upload, roster)))
    owners = settled([owner for _, _, owner in seen])
    groups, of = defaultdict(list), {}
    for entry, upload, owner in seen:
        file = _left_out(entry, owners[owner.key])
        of[entry.path] = owner
        if file is None:
            try:
                one = _submission(entry, upload, owner.said, owners[owner.key])
                groups[owner.key].append((owner.said, one))
            except Unreadable as error:
                file = File(entry.path, "refused", str(error))
        files += [file] if file else []
    chosen, left = choose(groups.values(), assignment)
    files += [File(*one) for one in left]
    taken = [name for person in (roster.people if roster else ()) for name in person.identifiers]
    submissions = told_apart([(of[one.path].said, one) for one in chosen], taken)
    files += [File(one.path, "graded", "; ".join(one.notes)) for one in submissions]
    files.sort(key=lambda file: file.path)
    submissions.sort(key=lambda one: fold(one.student))
    return Collection(tuple(submissions), tuple(files), _unread(submissions, files, of))


def _is_student(roster):
    if roster is None:
        return lambda name: False
    return lambda name: roster.person(Named("plain", name))[0] is not None


def _unread(submissions, files, of):
    """Return who handed in something and yet has no submission, as ``{row: what and why}``."""
    graded = {one.person.row for one in submissions if one.person}
    found = {}
    for file in files:
        person = of[file.path].person if file.path in of else None
        if person and person.row not in graded:
            reason = file.reason if file.outcome != "graded" else "belongs to nobody for sure"
            found.setdefault(person.row, f"{printable(file.path)}: {reason}")
    return found


def _uploads(listed, root, files):
    """Return what Gradescope's list says; note in ``files`` what became of it.

    Only the list at the top of the export is Gradescope's own.
    """
    own = [entry for entry in listed if entry.path == "/".join((*root, METADATA))]
    uploads, reason = {}, "Gradescope's list of submissions, used"
    if not own:
        return uploads
    try:
        if root and not _EXPORT.fullmatch(root[-1]):
            raise Unreadable("it does not lie at the top of an export")
        if own[0].problem or len(own) > 1:
            raise Unreadable(own[0].problem or "there are two of them")
        uploads = gradescope.read(own[0].read())
    except (Unreadable, ValueError) as error:
        reason = f"Gradescope's list of submissions, not used: {error}"
    files.append(File(own[0].path, "ignored", reason))
    return uploads


def _hidden(entry, files):
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts_of(entry.path))
    if hidden:
        files.append(File(entry.path, "ignored", "hidden"))
    return hidden


def _left_out(entry, owner):
    """Return what became of a file that is not read, or None."""
    if entry.problem:
        return File(entry.path, "refused", entry.problem)
    if not entry.path.lower().endswith(".ipynb"):
        packed = entry.path.lower().endswith((".zip", ".tar", ".gz", ".7z", ".rar"))
        reason = "not a notebook; unpack it, or ask for the notebook" if packed else ""
        return File(entry.path, "ignored", reason or "not a notebook")
    if owner.refused:
        return File(entry.path, "refused", owner.refused)
    return None


def _submission(entry, upload, said, owner):
    notebook = entry.read()
    claimed, person = claimed_student(notebook), owner.person
    time, email = entry.time, person.email if person else ""
    notes = [owner.note] if owner.note else []
    if said.layout == "canvas":
        time = None  # Canvas packs all files at the moment of the download
    if upload:
        time, email = upload.time, email or next(iter(upload.emails), "")
        if len(upload.emails) > 1:
            others = ", ".join(upload.emails[1:])
            notes.append(f"handed in by a group, also for {others}")
    known = person.identifiers if person else owner.known
    if claimed is not None and fold(claimed) == PLACEHOLDER:
        claimed = None
    own = claimed is not None and fold(claimed) in map(fold, known)
    return Submission(
        student=person.id if person else owner.known[0],
        identity=claimed if own else known[0],
        name=person.name if person else owner.known[0],
        email=email,
        path=entry.path,
        digest=hashlib.sha256(notebook).hexdigest(),
        claimed=claimed,
        person=person,
        time=time,
        late=said.late,
        notes=tuple(notes),
        members=upload.emails[1:] if upload else (),
        read=entry.read,
    )

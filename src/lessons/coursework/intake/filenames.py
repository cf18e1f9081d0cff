"""Whose file is it? What the names say that Canvas, Moodle, Gradescope and people give to files.

Only the outermost part of a path below the export's root names the owner. An LMS, or the person who
grades, wrote that part; what lies inside it was written by the student.
"""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d{1,18})_(?P<number>\d{1,18})_(?P<file>.*)",
    re.DOTALL | re.ASCII,
)
_MOODLE = re.compile(r"_(?P<user>\d{1,18})_assignsubmission_[a-z]+(?=_|$)", re.ASCII)
_GRADESCOPE = re.compile(r"submission_(?P<number>\d{1,18})", re.ASCII)
# What a browser or an LMS adds to the name of a second copy.
_COPY = re.compile(r"([ _-]?\(\d+\)|-\d+|[ _-]?copy\d*)+$", re.IGNORECASE)


class Ambiguous(ValueError):
    """A name that says two owners; the message says which."""


@dataclass(frozen=True)
class Named:
    """What a path says about a submission.

    Parameters
    ----------
    layout : str
        "canvas", "moodle", "gradescope" or "plain".
    student : str
        What names the student: the file's name, the LMS's number where there is no name.
    user : str or None
        The number by which the LMS knows the student, or the submission (Gradescope).
    number : int or None
        Larger for a later upload, where the LMS says so.
    late : bool or None
        Marked late by the LMS; None where names do not tell.
    file : str
        The name that the student gave to the file.
    outer : str
        The part of the path that named the owner.
    """

    layout: str
    student: str
    user: str | None = None
    number: int | None = None
    late: bool | None = None
    file: str = field(default="", compare=False)
    outer: str = field(default="", compare=False, repr=False)


def parts_of(path):
    """Return the parts of a path inside a folder or zip, whichever system wrote it."""
    return PurePosixPath(path.replace("\\", "/")).parts or (path,)


def named(path, root=()):
    """Return what ``path`` says; ``root`` holds the folders around the whole export.

    Raises
    ------
    Ambiguous
        If the name has the marks of two owners.

    Examples
    --------
    >>> named("lovelaceada_LATE_12345_67890_clipping-1.ipynb")
    Named(layout='canvas', student='lovelaceada', user='12345', number=67890, late=True, \
file='clipping-1.ipynb')
    >>> named("Ada Lovelace_12345_assignsubmission_file_/clipping.ipynb").student
    'Ada Lovelace'
    >>> [named(path).student for path in ("ada.ipynb", "ada/clipping.ipynb", "ada/bob/q.ipynb")]
    ['ada', 'ada', 'ada']
    """
    outer, *inner = parts_of(path)[len(root) :]
    file = inner[-1] if inner else outer
    if found := _GRADESCOPE.fullmatch(outer) if inner else None:
        return Named("gradescope", outer, outer, int(found["number"]), file=file, outer=outer)
    canvas, moodle = _CANVAS.fullmatch(outer), list(_MOODLE.finditer(outer))
    if moodle and moodle[0].start():
        if len(moodle) > 1 or (canvas and canvas.start("user") < moodle[0].start("user")):
            raise Ambiguous("the name has two marks of an LMS, so it does not say whose it is")
        own = file if inner else outer[moodle[0].end() + 1 :]
        name, user = outer[: moodle[0].start()], moodle[0]["user"]
        return Named("moodle", name, user, file=own, outer=outer)
    if canvas:
        late, own = canvas["late"] is not None, file if inner else canvas["file"]
        name, user, number = canvas["name"], canvas["user"], int(canvas["number"])
        return Named("canvas", name, user, number, late, own, outer)
    name = outer if inner else PurePosixPath(outer).stem
    return Named("plain", name, file=file, outer=outer)


def _is_of_an_lms(folder):
    return any((_GRADESCOPE.fullmatch(folder), _CANVAS.fullmatch(folder), _MOODLE.search(folder)))


def root_of(paths, assignment, is_student=lambda name: False):
    """Return the folders that lie around a whole export, as a tuple of names.

    A single folder around everything is one, unless it is a student's: it has such a name as an LMS
    gives, is in the class list (``is_student``), or holds the handed-out notebook itself.

    Examples
    --------
    >>> root_of(["all/ada.ipynb", "all/bob.ipynb"], "clipping")
    ('all',)
    >>> root_of(["ada/clipping.ipynb"], "clipping"), root_of(["ada.ipynb", "b/c.ipynb"], "clipping")
    ((), ())
    """
    paths, root = [parts_of(path) for path in paths], ()
    while paths:
        depth, outer = len(root), {parts[len(root)] for parts in paths}
        name = min(outer)
        if len(outer) > 1 or any(len(parts) == depth + 1 for parts in paths):
            return root
        directly = [parts[-1] for parts in paths if len(parts) == depth + 2]
        if _is_of_an_lms(name) or is_student(name):
            return root
        if any(is_handed_out(file, assignment) for file in directly):
            return root
        root = (*root, name)
    return root


def is_handed_out(file, assignment):
    """Return whether ``file`` has the assignment's own name, as a copy too.

    Examples
    --------
    >>> is_handed_out("Clipping (2).ipynb", "clipping"), is_handed_out("ada.ipynb", "clipping")
    (True, False)
    """
    stem = file[: -len(".ipynb")] if file.lower().endswith(".ipynb") else file
    names = {stem.casefold(), _COPY.sub("", stem).casefold()}
    return assignment.casefold() in names

"""Whose file is it? What the names say that Canvas, Moodle, Gradescope and people give to files."""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<number>\d+)_(?P<file>.+)")
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<user>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.DOTALL
)
_GRADESCOPE = re.compile(r"submission_(?P<number>\d+)")
# What a browser or an LMS adds to the name of a second copy.
_COPY = re.compile(r"([ _-]?\(\d+\)|-\d+|[ _-]?copy\d*)+$", re.IGNORECASE)


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
    """

    layout: str
    student: str
    user: str | None = None
    number: int | None = None
    late: bool | None = None
    file: str = field(default="", compare=False)


def named(path, assignment):
    """Return what ``path`` says; ``assignment`` is the name that the handed-out notebook has.

    Examples
    --------
    >>> named("lovelaceada_LATE_12345_67890_clipping-1.ipynb", "clipping")
    Named(layout='canvas', student='lovelaceada', user='12345', number=67890, late=True, \
file='clipping-1.ipynb')
    >>> named("Ada Lovelace_12345_assignsubmission_file_/clipping.ipynb", "clipping").student
    'Ada Lovelace'
    >>> [named(path, "clipping").student for path in ("monday/ada.ipynb", "ada/clipping.ipynb")]
    ['ada', 'ada']
    """
    parts = PurePosixPath(path.replace("\\", "/")).parts or (path,)
    file = parts[-1]
    for part in reversed(parts):
        if found := _MOODLE.fullmatch(part):
            own = (found["file"] or file) if part is file else file
            return Named("moodle", found["name"], found["user"], file=own)
    for part in reversed(parts[:-1]):
        if found := _GRADESCOPE.fullmatch(part):
            return Named("gradescope", part, part, int(found["number"]), file=file)
    if found := _CANVAS.fullmatch(file):
        late, number = found["late"] is not None, int(found["number"][:30])
        return Named("canvas", found["name"], found["user"], number, late, found["file"])
    return Named("plain", _plain(parts, assignment), file=file)


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


def _plain(parts, assignment):
    file = parts[-1]
    if is_handed_out(file, assignment):
        # <student>/clipping.ipynb, also <student>/clipping/clipping.ipynb
        for folder in reversed(parts[:-1]):
            if folder.casefold() != assignment.casefold():
                return folder
    return PurePosixPath(file).stem

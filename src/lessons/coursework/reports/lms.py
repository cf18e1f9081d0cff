"""The class list of Canvas or Moodle, with the marks filled in, ready for import."""

import functools
import html
import io
import re
import zipfile

from lessons.coursework.intake.filenames import named
from lessons.coursework.intake.tables import dump, fold, number, points
from lessons.coursework.reports.exports import remarks

_MOODLE = re.compile(r".+?_\d+_assignsubmission_[a-z]+", re.DOTALL)
_CANVAS = re.compile(r".+?_\d+_\d+_", re.DOTALL)


def canvas_column(roster, assignment, wanted=None):
    """Return the name of the gradebook's column for the assignment, which may be a new one.

    Canvas writes the column's number behind the name: ``Gradient clipping (4711)``.

    Parameters
    ----------
    roster : Roster
    assignment : Assignment
    wanted : str, optional
        The name to look for instead of the assignment's.

    Raises
    ------
    ValueError
        If ``wanted`` is no column, or several columns have the name.
    """
    names = [wanted] if wanted else [assignment.title, assignment.name]
    for name in names:
        plain = [h for h in roster.table.header if fold(h) == fold(name)]
        found = plain or [
            h for h in roster.table.header if fold(h.rpartition(" (")[0]) == fold(name)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise ValueError(f"{roster.source} has {len(found)} columns called {name!r}: {found}.")
    if wanted:
        columns = ", ".join(roster.table.header)
        raise ValueError(f"{roster.source} has no column {wanted!r}; it has: {columns}.")
    return assignment.title


def canvas(roster, marks, column, *, zero=False, unread=()):
    """Return the gradebook as bytes with one column filled, everything else as Canvas wrote it.

    A student without a submission keeps what stood there, or gets 0 with ``zero``;
    the people ``unread`` handed in something and get none.
    """
    table = roster.table
    rows = [dict(row) for row in table.rows]
    scored = {mark.submission.person.row: mark for mark in marks if mark.submission.person}
    for person in roster.people:
        if person.row in scored:
            rows[person.row][column] = points(scored[person.row].score)
        elif zero and person not in unread:
            rows[person.row][column] = "0"
    if column not in table.header and marks:
        head = table.column("Student")
        for row in rows:
            if row[head].strip() == "Points Possible":
                row[column] = points(marks[0].possible)
    header = table.header if column in table.header else (*table.header, column)
    return dump(header, rows, delimiter=table.delimiter, marked=table.marked)


def moodle(roster, marks, *, zero=False, unread=()):
    """Return the grading worksheet as bytes with *Grade* and *Feedback comments* filled.

    Moodle takes a comment for HTML, so the text is escaped for it.
    """
    table = roster.table
    grade = table.column("Grade") or "Grade"
    comments = table.column("Feedback comments") or "Feedback comments"
    rows = [dict(row) for row in table.rows]
    scored = {mark.submission.person.row: mark for mark in marks if mark.submission.person}
    for person in roster.people:
        if person.row in scored:
            mark = scored[person.row]
            rows[person.row][grade] = points(mark.score)
            lines = [html.escape(line) for line in remarks(mark)]
            rows[person.row][comments] = "<br>".join(lines)
        elif zero and person not in unread:
            rows[person.row][grade] = "0"
    header = table.header
    header += tuple(name for name in (grade, comments) if name not in header)
    return dump(header, rows, delimiter=table.delimiter, marked=table.marked)


def feedback_zips(marks):
    """Return ``{name of a zip: function from the folder of pages to its bytes}``.

    Moodle takes a zip in *Upload multiple feedback files in a zip*, Canvas one in *Upload
    Submissions*; both know a student by how they named the file that they gave out.
    """
    found = {}
    for mark in marks:
        outer = named(mark.submission.path).outer
        moodle, canvas = _MOODLE.match(outer), _CANVAS.match(outer)
        if not mark.leader and (moodle or canvas):
            kind = "moodle_feedback.zip" if moodle else "canvas_feedback.zip"
            name = f"{moodle[0]}_/feedback.html" if moodle else f"{canvas[0]}feedback.html"
            found.setdefault(kind, {})[name] = f"{mark.submission.key}.html"
    return {kind: functools.partial(_zipped, names) for kind, names in found.items()}


def _zipped(names, folder):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, page in sorted(names.items()):
            file.writestr(zipfile.ZipInfo(name), (folder / page).read_bytes())
    return stream.getvalue()


def most_points(roster, marks, column=None):
    """Return the class list's own number of possible points, or None where it says nothing."""
    table = roster.table
    if roster.kind == "moodle" and (maximum := table.column("Maximum Grade")):
        found = [number(row[maximum]) for row in table.rows]
    elif roster.kind == "canvas" and column in table.header:
        head = table.column("Student")
        found = [number(r[column]) for r in table.rows if r[head].strip() == "Points Possible"]
    else:
        found = []
    return next((value for value in found if value is not None), None)

"""Write everything that a grading comes to: tables, pages and the summary."""

from dataclasses import replace

from lessons.coursework.grading.result import ManualAnswer
from lessons.coursework.grading.store import write
from lessons.coursework.intake.tables import dump, fold, points
from lessons.coursework.reports import exports, feedback, items, lms, manual, summary
from lessons.coursework.reports.decisions import Decided
from lessons.coursework.reports.manual import is_empty
from lessons.coursework.reports.marks import HandMark, Mark, deduction, lateness


def mark_all(
    assignment, submissions, results, by_hand, *, due=None, penalty=0.0, decided=None, roster=None
):
    """Return a :class:`Mark` for each submission.

    Parameters
    ----------
    assignment : Assignment
    submissions : sequence of Submission
    results : dict
        ``Submission.key`` to Result.
    by_hand : dict
        Student to ``{question: HandMark}``.
    due : datetime, optional
    penalty : float
        Percent of the points for each day begun.
    decided : dict, optional
        Student to ``decisions.Decided``.
    roster : Roster, optional
        To find the members of groups.
    """
    decided = decided or {}
    marks, written = [], [q for q in assignment.questions if q.manual]
    unread = tuple(ManualAnswer(q.name, q.points, "") for q in written)
    for submission in submissions:
        result = results[submission.key]
        if not result.manual:  # what is no notebook has no answers, and as many possible points
            result = replace(result, manual=unread)
        own = decided.get(submission.student, Decided())
        hours, late = lateness(submission, own.due or due)
        if own.due:
            note = f"deadline {own.due:%Y-%m-%d %H:%M}: {own.reason}"
            submission = replace(submission, notes=(*submission.notes, note))
        empty = {a.name: HandMark(0.0, "No answer.") for a in result.manual if is_empty(a.answer)}
        marks.append(
            Mark(
                submission,
                result,
                (empty if result.status == "graded" else {}) | by_hand.get(submission.student, {}),
                hours,
                late,
                deduction(hours, penalty),
                own.overrides,
            )
        )
    return [*marks, *_of_members(marks, roster)]


def _of_members(marks, roster):
    """Return the marks of those for whom another member of their group has handed in."""
    known, found = {fold(mark.student) for mark in marks}, []
    for mark in marks:
        for email in mark.submission.members:
            person = roster.exactly(email) if roster else None
            student = person.id if person else email
            if fold(student) in known:
                continue  # has a submission of the own, or is in two groups
            known.add(fold(student))
            own = replace(
                mark.submission,
                student=student,
                name=person.name if person else email,
                email=email,
                person=person,
                notes=(f"handed in by {mark.student} for the group",),
                members=(),
            )
            found.append(replace(mark, submission=own, leader=mark.student))
    return found


def names_of(submissions):
    """Return ``{folded name: student}``: what a sheet of marks may call each student."""
    names = {}
    for submission in submissions:
        known = submission.person.identifiers if submission.person else ()
        for name in (submission.student, submission.identity, *known):
            names.setdefault(fold(name), set()).add(submission.student)
    found = {name: students.pop() for name, students in names.items() if len(students) == 1}
    # The student's own name stands for nobody else.
    return found | {fold(submission.student): submission.student for submission in submissions}


def without_submission(roster, submissions):
    """Return the people of the class list who handed in nothing."""
    seen = {submission.person.row for submission in submissions if submission.person}
    return [person for person in roster.people if person.row not in seen] if roster else []


def warnings(roster, marks, column, penalty):
    """Return what a person should know about the marks as a whole."""
    found = []
    if roster and marks:
        stated, possible = lms.most_points(roster, marks, column), marks[0].possible
        if stated is not None and abs(stated - possible) > 1e-6:
            found.append(
                f"{roster.source} expects {points(stated)} points, the assignment has "
                f"{points(possible)}: change it there before the import"
            )
    unknown = [m.student for m in marks if m.late and m.hours_late is None]
    if unknown and penalty:
        found.append(
            f"nothing was taken off where only the LMS's mark says late: {', '.join(unknown)}"
        )
    return found


def write_all(out, assignment, marks, collection, roster=None, **options):
    """Write the tables, the pages and the summary into ``out``; return the summary's text.

    Parameters
    ----------
    out : Path
    assignment : Assignment
    marks : list of Mark
    collection : Collection
    roster : Roster, optional
    **options
        ``zero`` (bool), ``column`` (str or None), ``problems`` (list of str), ``filled`` (list of
        manual.Row), ``penalty`` (float), ``codes`` (dict or None).
    """
    zero, column = options.get("zero", False), options.get("column")
    absent = without_submission(roster, [mark.submission for mark in marks])
    reasons, codes = collection.unread, options.get("codes")
    missing = [person for person in absent if person.row not in reasons]
    unread = [(person, reasons[person.row]) for person in absent if person.row in reasons]
    people = [person for person, _ in unread]
    problems = list(options.get("problems", ()))
    problems += warnings(roster, marks, column, options.get("penalty", 0.0))
    write(out / "scores.csv", exports.scores(marks, missing, zero=zero, unread=unread))
    files = [{"file": f.path, "outcome": f.outcome, "reason": f.reason} for f in collection.files]
    write(out / "files.csv", dump(("file", "outcome", "reason"), files, marked=True))
    if roster and roster.kind == "canvas":
        write(out / "canvas.csv", lms.canvas(roster, marks, column, zero=zero, unread=people))
    elif roster and roster.kind == "moodle":
        write(out / "moodle.csv", lms.moodle(roster, marks, zero=zero, unread=people))
    if any(mark.result.manual for mark in marks):
        _write_sheet(out, manual.sheet(marks, options.get("filled", ()), codes))
        page = feedback.answers_page(marks, assignment.title, codes)
        write(out / "to_grade_by_hand.html", page)
    _write_each(out / "gradescope", ".json", marks, exports.gradescope)
    _write_each(out / "feedback", ".html", marks, lambda m: feedback.feedback(m, assignment.title))
    write(out / "items.csv", items.table(marks))
    for name, files in lms.feedback_zips(marks).items():
        write(out / name, files(out / "feedback"))
    about = assignment.title, marks, collection.files, missing, problems, unread
    write(out / "summary.html", summary.as_page(*about))
    text = summary.as_text(*about)
    write(out / "summary.txt", text)
    return text


def _write_each(folder, end, marks, content):
    """Write a file for each submission and remove those of submissions that are gone."""
    names = {f"{mark.submission.key}{end}" for mark in marks}
    for path in folder.glob(f"*{end}"):
        if path.name not in names:
            path.unlink()
    for mark in marks:
        write(folder / f"{mark.submission.key}{end}", content(mark))


def _write_sheet(out, data):
    """Write the sheet to mark in; one with marks that the new one lacks is kept beside it."""
    path = out / manual.SHEET
    if path.is_file():
        old = path.read_bytes()
        if _filled(old) - _filled(data):
            number = 1 + len(list(out.glob(f"{path.stem}.before-*.csv")))
            write(out / f"{path.stem}.before-{number}.csv", old)
    write(path, data)


def _filled(data):
    rows = manual.read(data, manual.SHEET)
    return {(row.student, row.question, row.points, row.comment) for row in rows}

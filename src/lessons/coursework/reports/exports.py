"""The marks as a table for people, as lines of text, and as Gradescope's results."""

import json

from lessons.coursework.intake.tables import dump, fold, points

NOTHING, UNREAD = "no submission", "not graded"


def scores(marks, missing, *, zero=False, unread=()):
    """Return ``scores.csv`` as bytes: one row for each student.

    Parameters
    ----------
    marks : list of Mark
    missing : list of Person
        Students of the class list without a submission.
    zero : bool
        Give them 0 points; otherwise their score is empty.
    unread : sequence of (Person, str)
        Students who handed in something that could not be graded, and why. They get no 0.
    """
    parts = dict.fromkeys(name for mark in marks for name in _parts(mark))
    header = ["student", "name", "email", "status", "score", "possible", "percent", *parts]
    header += ["to mark by hand", "late", "hours late", "deduction", "file", "notes"]
    rows = [_row(mark) for mark in marks]
    for person in missing:
        row = {"student": person.id, "name": person.name, "email": person.email}
        rows.append({**row, "status": NOTHING, "score": "0" if zero else ""})
    for person, reason in unread:
        row = {"student": person.id, "name": person.name, "email": person.email}
        rows.append({**row, "status": UNREAD, "notes": reason})
    rows.sort(key=lambda row: fold(row["student"]))
    return dump(header, rows, marked=True)


def _parts(mark):
    """Return {question: points, or None where nobody has marked it}."""
    tested = {q.name: mark.points_of(q) for q in mark.result.questions}
    by_hand = {
        a.name: mark.by_hand[a.name].points if a.name in mark.by_hand else None
        for a in mark.result.manual
    }
    return tested | by_hand


def _row(mark):
    hours = mark.hours_late
    share = mark.score / mark.possible if mark.possible else 0.0
    row = {
        "student": mark.student,
        "name": mark.submission.name,
        "email": mark.submission.email,
        "status": mark.result.status,
        "score": points(mark.score),
        "possible": points(mark.possible),
        "percent": f"{100 * share:.1f}",
        "to mark by hand": " ".join(mark.waiting),
        "late": "yes" if mark.late else "",
        "hours late": "" if hours is None else f"{hours:.1f}",
        "deduction": f"{100 * mark.deduction:g} %" if mark.deduction else "",
        "file": mark.submission.path,
        "notes": "; ".join([mark.result.reason or "", *mark.notes]).strip("; "),
    }
    known = {name: points(p) for name, p in _parts(mark).items() if p is not None}
    return known | row


def remarks(mark):
    """Return the feedback in a few lines of text: points, hints, comments."""
    lines = [f"{points(mark.score)} of {points(mark.possible)} points."]
    if not mark.ran:
        lines.append(f"The notebook was not graded: {mark.result.reason}")
    for q in mark.result.questions:
        lines.append(f"{q.name}: {points(mark.points_of(q))} of {points(q.possible)}")
        lines += [f"– {c.message}" for c in q.cases if not c.passed and c.message]
        if q.name in mark.overrides:
            lines.append(f"– Decided by a person: {mark.overrides[q.name].reason}")
    for answer in mark.result.manual:
        hand = mark.by_hand.get(answer.name)
        said = f"{points(hand.points)} of {points(answer.possible)}" if hand else "not marked yet"
        lines.append(f"{answer.name}: {said}")
        lines += [f"– {hand.comment}"] if hand and hand.comment else []
    if mark.deduction:
        lines.append(f"Taken off for lateness: {100 * mark.deduction:g} %.")
    return lines


def gradescope(mark):
    """Return Gradescope's ``results.json`` of one submission, as text.

    Hidden cases come with their hint alone, so everything may be shown to the student.
    """
    tests = []
    for q in mark.result.questions:
        lines = [
            f"{c.name}: {'passed' if c.passed else 'failed'}"
            + (f". {c.message}" if c.message and not c.passed else "")
            for c in q.cases
        ]
        test = {"name": q.name, "score": mark.points_of(q), "max_score": q.possible}
        tests.append({**test, "output": "\n".join(lines), "output_format": "text"})
    for answer in mark.result.manual:
        hand = mark.by_hand.get(answer.name)
        test = {"name": answer.name, "score": hand.points if hand else 0.0}
        said = hand.comment if hand else "not marked yet"
        tests.append(
            {**test, "max_score": answer.possible, "output": said, "output_format": "text"}
        )
    for test in tests:
        test["visibility"] = "after_published"
    lines = [mark.result.reason] if mark.result.reason else []
    lines += [f"Cell {error.cell} stopped: {error.error}" for error in mark.result.errors]
    content = {
        "score": mark.score,
        "execution_time": round(mark.result.seconds, 2),
        "output": "\n".join(lines),
        "output_format": "text",
        "visibility": "after_published",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

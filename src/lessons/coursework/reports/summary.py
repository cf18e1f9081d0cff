"""What came out for the class: the distribution, the hardest tests, and what needs a look."""

import statistics
from collections import Counter, defaultdict

from lessons.coursework.intake.tables import fold, points
from lessons.coursework.intake.text import printable
from lessons.coursework.reports.histogram import histogram
from lessons.coursework.reports.page import page, table, text

SHOWN = 10  # hardest tests, slowest submissions


def distribution(values):
    """Return mean, least, quartiles and most as ``{name: value}``; empty for no values.

    Examples
    --------
    >>> distribution([0, 2, 4, 6, 8])["median"]
    4.0
    """
    if not values:
        return {}
    low, middle, high = (
        statistics.quantiles(values, n=4, method="inclusive")
        if len(values) > 1
        else [values[0]] * 3
    )
    return {
        "mean": statistics.fmean(values),
        "least": min(values),
        "lower quartile": low,
        "median": middle,
        "upper quartile": high,
        "most": max(values),
    }


def how_many(count, thing):
    """Return a number of things in words.

    Examples
    --------
    >>> how_many(1, "file"), how_many(2, "file")
    ('1 file', '2 files')
    """
    return f"{count} {thing}" + ("" if count == 1 else "s")


def hardest(marks):
    """Return ``(question, test, passed, tried)`` of tests that somebody failed, hardest first.

    Checks without points, which students see, are left out.
    """
    counts = defaultdict(list)
    for mark in marks:
        for question in mark.result.questions:
            for case in filter(lambda case: case.possible, question.cases):
                counts[question.name, case.name].append(case.passed)
    found = [(*names, sum(seen), len(seen)) for names, seen in counts.items() if not all(seen)]
    return sorted(found, key=lambda row: row[2] / row[3])


def same_claim(marks):
    """Return ``(STUDENT, students)`` for each name that several notebooks claim."""
    groups = defaultdict(list)
    for mark in marks:
        claimed = mark.submission.claimed
        if claimed and not mark.leader:
            groups[fold(claimed)].append((claimed, mark.student))
    return [(g[0][0], [student for _, student in g]) for g in groups.values() if len(g) > 1]


def same_notebook(marks):
    """Return the students of each notebook that was handed in several times, byte for byte."""
    groups = defaultdict(list)
    for mark in filter(lambda mark: not mark.leader, marks):
        groups[mark.submission.digest].append(mark.student)
    return [students for students in groups.values() if len(students) > 1]


def sections(marks, files, missing, problems, unread=()):
    """Return ``[(heading, header, rows)]``: what needs a look, only where there is something.

    Parameters
    ----------
    marks : list of Mark
    files : list of File
        Every file that was seen.
    missing : list of Person
        Students without any file.
    problems : list of str
        What else a person should know.
    unread : sequence of (Person, str)
        Students whose files could not be graded, and why.
    """
    slow = sorted(marks, key=lambda mark: -mark.result.seconds)[:SHOWN]
    seen = [(q, case, f"{passed} of {tried}") for q, case, passed, tried in hardest(marks)[:SHOWN]]
    claims = [(claimed, ", ".join(students)) for claimed, students in same_claim(marks)]
    found = [
        ("Failed to run", ["Student", "Reason"], _pairs(marks, lambda m: m.result.reason)),
        (
            "With notes",
            ["Student", "Notes"],
            _pairs(marks, lambda m: "; ".join(m.notes) or None),
        ),
        ("Late", ["Student", "How late"], _pairs(marks, _how_late)),
        ("The same STUDENT in several notebooks", ["STUDENT", "Handed in by"], claims),
        (
            "Identical notebooks",
            ["First student", "The same from"],
            [(first, ", ".join(others)) for first, *others in same_notebook(marks)],
        ),
        (
            "Files refused",
            ["File", "Reason"],
            [(f.path, f.reason) for f in files if f.outcome == "refused"],
        ),
        (
            "Files ignored",
            ["File", "Reason"],
            [(f.path, f.reason) for f in files if f.outcome == "ignored"],
        ),
        (
            "Handed in, but not graded",
            ["Student", "What and why"],
            [(person.id, reason) for person, reason in unread],
        ),
        ("Without a submission", ["Student", "Name"], [(p.id, p.name) for p in missing]),
        ("Needs a look", ["Nr.", "What"], [(str(i), p) for i, p in enumerate(problems, 1)]),
        ("Hardest tests", ["Question", "Test", "Passed"], seen),
        (
            "Slowest",
            ["Student", "Seconds"],
            [(m.student, f"{m.result.seconds:.1f}") for m in slow],
        ),
    ]
    return [section for section in found if section[2]]


def _pairs(marks, what):
    return [(mark.student, what(mark)) for mark in marks if what(mark)]


def _how_late(mark):
    if not mark.late:
        return None
    return "marked late" if mark.hours_late is None else f"{mark.hours_late:.1f} hours"


def _counts(marks, missing):
    counts = Counter(mark.result.status for mark in marks)
    said = [how_many(len(marks), "submission"), f"{counts['graded']} graded"]
    said += [f"{counts['failed']} failed to run"] if counts["failed"] else []
    said += [f"{how_many(len(missing), 'student')} without one"] if missing else []
    waiting = sum(len(mark.waiting) for mark in marks if mark.ran)
    said += [f"{how_many(waiting, 'written answer')} to mark by hand"] if waiting else []
    return ", ".join(said)


def as_text(title, marks, files=(), missing=(), problems=(), unread=()):
    """Return the summary for a terminal; the arguments are those of :func:`sections`."""
    lines = [title, "=" * len(title), _counts(marks, missing), ""]
    values = [mark.score for mark in marks if mark.ran]
    if values:
        possible = max(mark.possible for mark in marks)
        spread = distribution(values)
        lines += [f"{name:>15}  {points(value)}" for name, value in spread.items()]
        lines += [f"{'possible':>15}  {points(possible)}", ""]
        lines += histogram(values, possible).as_text()
    for heading, _, rows in sections(marks, files, missing, problems, unread):
        lines += ["", f"{heading} ({len(rows)})" if heading not in ("Slowest",) else heading]
        lines += ["  " + "  ".join(map(printable, row)) for row in rows[:SHOWN]]
        if len(rows) > SHOWN:
            lines.append(f"  … and {len(rows) - SHOWN} more in summary.html")
    return "\n".join(lines) + "\n"


def as_page(title, marks, files=(), missing=(), problems=(), unread=()):
    """Return the summary as a web page; the arguments are those of :func:`sections`."""
    parts = [f"<p>{text(_counts(marks, missing))}</p>\n"]
    values = [mark.score for mark in marks if mark.ran]
    if values:
        possible = max(mark.possible for mark in marks)
        spread = [[name, points(value)] for name, value in distribution(values).items()]
        spread.append(["possible", points(possible)])
        parts += ["<h2>Points</h2>\n", histogram(values, possible).as_svg()]
        parts.append(table("The distribution of points", ["What", "Points"], spread, numbers={1}))
    for heading, header, rows in sections(marks, files, missing, problems, unread):
        cells = [[text(cell) for cell in row] for row in rows]
        parts.append(f"<h2>{text(heading)}</h2>\n" + table(heading, header, cells))
    return page(f"{title}: summary", "".join(parts))

"""The page a student gets back: points, hints, errors where they happened, what is still open."""

from lessons.coursework.intake.tables import points
from lessons.coursework.reports.page import page, table, text


def feedback(mark, title):
    """Return the feedback page of one submission.

    Parameters
    ----------
    mark : Mark
    title : str
        The assignment's title.

    Returns
    -------
    str
        A whole HTML page that needs no other file.
    """
    result = mark.result
    parts = [
        f'<p class="score">{points(mark.score)} of {points(mark.possible)} points</p>\n',
        f'<p class="quiet">{text(mark.submission.name)} · {text(mark.submission.path)}</p>\n',
        _remarks(mark),
        _overview(mark),
    ]
    parts += [_question(q) for q in result.questions if q.cases]
    parts += [_written(mark, answer) for answer in result.manual]
    parts += [_errors(result.errors), _output(result.output)]
    return page(f"{title}: feedback", "".join(parts))


def _remarks(mark):
    lines = []
    if not mark.ran:
        lines.append(f"The notebook was not graded. {mark.result.reason}")
    if mark.waiting:
        lines.append(
            f"Not in the points yet, because a person marks it: {', '.join(mark.waiting)}."
        )
    if mark.late and mark.hours_late is None:
        lines.append("Handed in late.")
    elif mark.late:
        lines.append(f"Handed in {mark.hours_late:.1f} hours late.")
    if mark.deduction:
        lost = points(mark.earned - mark.score)
        lines.append(f"Taken off for that: {100 * mark.deduction:g} %, {lost} points.")
    lines += mark.notes
    items = "".join(f"<li>{text(line)}</li>\n" for line in lines)
    return f"<ul>\n{items}</ul>\n" if items else ""


def _overview(mark):
    rows = []
    for q in mark.result.questions:
        passed = sum(case.passed for case in q.cases)
        tests = f"{passed} of {len(q.cases)} passed" if q.cases else "not run"
        tests = "decided by a person" if q.name in mark.overrides else tests
        rows.append([text(q.name), points(mark.points_of(q)), points(q.possible), tests])
    for answer in mark.result.manual:
        hand = mark.by_hand.get(answer.name)
        got = points(hand.points) if hand else "–"
        said = "marked by hand" if hand else "not marked yet"
        rows.append([text(answer.name), got, points(answer.possible), said])
    header = ["Question", "Points", "Possible", "Tests"]
    return "<h2>Points</h2>\n" + table("Points by question", header, rows, numbers={1, 2})


def _question(q):
    rows = []
    for case in q.cases:
        verdict, kind = ("✓ passed", "good") if case.passed else ("✗ failed", "bad")
        name = text(case.name) + (' <span class="quiet">(hidden)</span>' if case.hidden else "")
        got = f"{points(case.points)} / {points(case.possible)}" if case.possible else "check"
        lines = case.message.splitlines() if not case.passed else []
        hint = "".join(f"<br>{text(line)}" for line in lines)
        rows.append([name, got, f'<span class="{kind}">{verdict}</span>{hint}'])
    heading = f"<h2>{text(q.name)}: {points(q.score)} of {points(q.possible)}</h2>\n"
    return heading + table(f"Tests of {q.name}", ["Test", "Points", "Verdict"], rows, numbers={1})


def _written(mark, answer):
    hand = mark.by_hand.get(answer.name)
    got = f"{points(hand.points)} of {points(answer.possible)}" if hand else "not marked yet"
    comment = f"<p>{text(hand.comment)}</p>\n" if hand and hand.comment else ""
    said = f"<pre>{text(answer.answer)}</pre>\n" if answer.answer.strip() else "<p>No answer.</p>\n"
    return f"<h2>{text(answer.name)}: {got}</h2>\n{comment}{said}"


def _errors(errors):
    if not errors:
        return ""
    cells = "".join(f"<h3>Cell {e.cell}</h3>\n<pre>{text(e.error)}</pre>\n" for e in errors)
    intro = "<p>These cells stopped; the cells after them were run all the same.</p>\n"
    return f"<h2>Errors</h2>\n{intro}{cells}"


def _output(output):
    if not output.strip():
        return ""
    return (
        "<h2>What the notebook printed</h2>\n<details><summary>The end of it</summary>\n"
        f"<pre>{text(output)}</pre></details>\n"
    )


def answers_page(marks, title, codes=None):
    """Return a page with all written answers, question by question, to read while marking.

    With ``codes`` ({student: code}) it names nobody.
    """
    codes = codes or {}
    marks = sorted(marks, key=lambda mark: codes.get(mark.student, ""))
    names = dict.fromkeys(answer.name for mark in marks for answer in mark.result.manual)
    parts = ["<p>Fill points and comments into <code>to_grade_by_hand.csv</code>.</p>\n"]
    for name in names:
        parts.append(f"<h2>{text(name)}</h2>\n")
        for mark in marks:
            for answer in mark.result.manual if mark.ran and not mark.leader else ():
                if answer.name == name:
                    who = f"{mark.submission.name} ({mark.student})"
                    who = codes.get(mark.student, who)
                    notes = "".join(f"<p>{text(note)}</p>\n" for note in mark.notes if not codes)
                    said = f"<pre>{text(answer.answer)}</pre>\n"
                    parts.append(f"<h3>{text(who)}</h3>\n{notes}{said}")
    return page(f"{title}: written answers", "".join(parts))

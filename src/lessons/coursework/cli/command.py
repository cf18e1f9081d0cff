"""One grading from beginning to end: find, grade, mark, report."""

import contextlib
import sys

from lessons.coursework.grading import store
from lessons.coursework.grading.assignment import AssignmentError, load
from lessons.coursework.intake import roster
from lessons.coursework.intake.archive import Unreadable
from lessons.coursework.intake.collect import collect
from lessons.coursework.intake.notebook import NotebookError, parse
from lessons.coursework.intake.tables import fold
from lessons.coursework.intake.text import printable
from lessons.coursework.reports import decisions, lms, manual, report, similarity
from lessons.coursework.reports.marks import deadline
from lessons.coursework.reports.summary import how_many
from lessons.coursework.runs import batch, cluster
from lessons.coursework.runs.progress import Progress
from lessons.coursework.runs.tasks import GraderBroken
from lessons.coursework.sandbox.launch import SandboxError
from lessons.coursework.sandbox.limits import Limits

GRADED, SOME_FAILED, NOTHING_DONE, INTERRUPTED = 0, 1, 2, 130


class Usage(Exception):
    """The command cannot do what it is asked to; the message says why and what to do."""


def grader():
    """Return the function that grades, after looking whether this machine has a sandbox for it."""
    from lessons.coursework.grading.grade import grade
    from lessons.coursework.sandbox import preflight

    if problems := preflight.problems():
        lines = [f"- {problem}" for problem in problems]
        raise Usage("Nothing was graded: submissions cannot be shut in here.\n" + "\n".join(lines))
    for sentence in preflight.advice():
        say(f"Note: {sentence}")
    return grade


def remote_grader():
    """Return the function that grades on a cluster, whose workers look for their own sandbox."""
    from lessons.coursework.grading.grade import grade

    return grade


def say(text):
    """Tell the person at the terminal something."""
    print("\n".join(map(printable, text.splitlines())), file=sys.stderr, flush=True)


def _sheets(arguments, out):
    """Return the rows of the sheet in the results and of those named, in this order."""
    rows, files = [], [out / manual.SHEET, *arguments.manual]
    for path in files:
        if path.is_file() or path in arguments.manual:
            try:
                rows.append(manual.read(path.read_bytes(), str(path)))
            except OSError as error:
                raise Usage(f"{path} cannot be read: {error.strerror}.") from None
    return rows[0] if (out / manual.SHEET).is_file() else [], [row for each in rows for row in each]


def _decisions(arguments, out):
    """Return what was decided, in the results' table and in the one that is named."""
    rows = []
    for path in [out / decisions.TABLE, *([arguments.decisions] if arguments.decisions else [])]:
        if path.is_file() or path == arguments.decisions:
            try:
                rows += decisions.read(path.read_bytes(), str(path), deadline)
            except OSError as error:
                raise Usage(f"{path} cannot be read: {error.strerror}.") from None
    return rows


def _alike(submissions):
    """Return sentences about notebooks whose code is alike."""
    programs = {}
    for one in submissions:
        with contextlib.suppress(NotebookError, Unreadable):
            cells = parse(one.read(), Limits())
            code = "\n".join(cell.source for cell in cells if cell.kind == "code")
            programs[one.student] = code
    return [
        f"{one} and {other}: {100 * share:.0f} % of their code is alike; look before you ask"
        for one, other, share in similarity.pairs(programs)[:20]
    ]


def _told(collection, classlist):
    """Say what was found, and what would make marks wrong."""
    found = collection.submissions
    said = [how_many(len(found), "submission")]
    for outcome in ("ignored", "refused"):
        if count := len(collection.having(outcome)):
            said.append(f"{how_many(count, 'file')} {outcome}")
    say(", ".join(said))
    for file in collection.having("refused"):
        say(f"  refused: {printable(file.path)}: {file.reason}")
    named = [s for s in found if s.claimed]
    strange = [s for s in named if s.claimed != s.identity]
    if strange and 2 * len(strange) > len(named):
        hint = (
            "Does the class list hold what students write there?"
            if classlist
            else "Give the class list, which knows students by all their names: --roster."
        )
        say(
            f"Attention: {len(strange)} of {len(named)} notebooks name a STUDENT that is not known "
            f"for their author, such as {strange[0].claimed!r} in {printable(strange[0].path)}. "
            f"Their personal data will not be what these students saw. {hint}"
        )


def _graded(arguments, assignment, todo, grade, salt):
    """Return the iterator over submissions and their results."""
    if not todo:
        return ()
    if arguments.dask:
        return cluster.grade_all(
            todo, assignment, grade, salt=salt, limits=Limits(), address=arguments.dask
        )
    return batch.grade_all(todo, assignment, grade, salt=salt, limits=Limits(), jobs=arguments.jobs)


@contextlib.contextmanager
def _mendable():
    """Turn complaints about what the person gave into :class:`Usage`."""
    try:
        yield
    except ValueError as error:
        raise Usage(str(error)) from error


def _prepared(arguments):
    """Return the assignment, the deadline, the class list and its column; all must fit."""
    assignment = load(arguments.assignment)
    due = deadline(arguments.due) if arguments.due else None
    if arguments.penalty and due is None:
        raise Usage("--penalty needs the time from which on it counts: --due 2026-11-30T18:00.")
    classlist = roster.read(arguments.roster) if arguments.roster else None
    column = None
    if classlist and classlist.kind == "canvas":
        column = lms.canvas_column(classlist, assignment, arguments.column)
    elif arguments.column:
        raise Usage("--column names a column of a Canvas gradebook: give one with --roster.")
    return assignment, due, classlist, column


def _collected(arguments, assignment, classlist):
    collection = collect(arguments.submissions, assignment.name, classlist)
    if not collection.submissions:
        seen = "".join(f"\n  {printable(f.path)}: {f.reason}" for f in collection.files[:10])
        raise Usage(f"{arguments.submissions} holds no notebook that can be graded.{seen}")
    return collection


def _grade_what_is_left(arguments, assignment, submissions, grade, out):
    """Return all results by key, those of an earlier run included."""
    results = {}
    for submission in submissions:
        if result := store.finished(out, submission, assignment):
            results[submission.key] = result
    todo = [s for s in submissions if s.key not in results]
    if results:
        say(f"{len(results)} were graded before and stay as they are.")
    with _mendable():
        salt = store.salt(out, arguments.salt)
    try:
        with Progress(len(submissions), done=len(results)) as progress:
            for submission, result in _graded(arguments, assignment, todo, grade, salt):
                store.keep(out, submission, result)
                results[submission.key] = result
                progress.advance()
    except KeyboardInterrupt:
        done = sum(store.finished(out, s, assignment) is not None for s in submissions)
        say(f"\n{done} of {len(submissions)} are graded.")
        raise
    return results


def run(arguments, grade=None):
    """Do what the command says; return the exit code.

    Parameters
    ----------
    arguments : argparse.Namespace
        See ``lessons.coursework.cli.options``.
    grade : callable, optional
        Instead of ``lessons.coursework.grading.grade.grade``, for tests.
    """
    with contextlib.ExitStack() as stack:
        with _mendable():
            assignment, due, classlist, column = _prepared(arguments)
        grade = grade or (remote_grader() if arguments.dask else grader())
        with _mendable():
            collection = _collected(arguments, assignment, classlist)
            out = stack.enter_context(store.opened(arguments.out, arguments.resume))
            filled, rows = _sheets(arguments, out)
            wanted = _decisions(arguments, out)
        submissions = collection.submissions
        _told(collection, classlist)
        results = _grade_what_is_left(arguments, assignment, submissions, grade, out)
        answers = {s.student: results[s.key].manual for s in submissions}
        with _mendable():
            names, salt = report.names_of(submissions), store.salt(out)
            codes = {s.student: manual.code_of(s.student, salt) for s in submissions}
            coded = {fold(code): student for student, code in codes.items()}
            by_hand, problems = manual.given(rows, answers, coded | names)
            decided, unused = decisions.given(wanted, names, assignment)
        marks = report.mark_all(
            assignment,
            submissions,
            results,
            by_hand,
            due=due,
            penalty=arguments.penalty,
            decided=decided,
            roster=classlist,
        )
        text = report.write_all(
            out,
            assignment,
            marks,
            collection,
            classlist,
            zero=arguments.zero,
            column=column,
            problems=[*problems, *unused, *_alike(submissions)],
            codes=codes if arguments.anonymous else None,
            filled=filled,
            penalty=arguments.penalty,
        )
    print(f"{text}\nResults: {arguments.out / 'summary.html'}", flush=True)
    whole = all(mark.ran for mark in marks) and not collection.having("refused")
    return GRADED if whole else SOME_FAILED


# What a person can mend; anything else is a fault of ours and is shown whole.
MENDABLE = (Usage, AssignmentError, GraderBroken, SandboxError, OSError)

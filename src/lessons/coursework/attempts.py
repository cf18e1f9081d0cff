"""Several notebooks of one student: which one counts? Never decided in silence."""

from collections import defaultdict
from dataclasses import replace

from lessons.coursework.archive import printable
from lessons.coursework.filenames import is_handed_out
from lessons.coursework.tables import fold


def choose(found, assignment):
    """Return the submissions that count and what became of the others.

    The notebook with the assignment's own name counts before others; of several attempts the one
    that the LMS numbers last; of equal copies any. Where none of this decides, all are refused.

    Parameters
    ----------
    found : list of (Named, Submission)
    assignment : str

    Returns
    -------
    submissions : list of Submission
    left : list of (path, outcome, reason)
    """
    groups = defaultdict(list)
    for said, submission in found:
        groups[_owner(said, submission)].append((said, submission))
    chosen, left = [], []
    for group in groups.values():
        one, others = _one(group, assignment)
        left += others
        chosen += [one] if one else []
    return _told_apart(chosen, found), left


def _owner(said, submission):
    if submission.person:
        return "roster", submission.person.row
    if said.layout in ("canvas", "moodle"):
        return said.layout, said.user
    return said.layout, fold(submission.student)


def _one(group, assignment):
    left = []
    own = [(said, s) for said, s in group if is_handed_out(said.file, assignment)]
    if own and group[0][0].layout != "plain":
        best = printable(own[0][1].path)
        left += [
            (s.path, "ignored", f"another notebook of the same student; counts: {best}")
            for said, s in group
            if (said, s) not in own
        ]
        group = own
    group, copies = _without_copies(group)
    left += copies
    if len(group) == 1:
        return group[0][1], left
    if all(said.number is not None for said, _ in group):
        *earlier, (_, last) = sorted(group, key=lambda item: item[0].number)
        path = printable(last.path)
        left += [(s.path, "ignored", f"an earlier attempt; counts: {path}") for _, s in earlier]
        note = f"the last of {len(group)} attempts"
        return replace(last, notes=(*last.notes, note)), left
    paths = " and ".join(sorted(printable(s.path) for _, s in group))
    student = printable(group[0][1].student)
    reason = f"several notebooks of the student {student}: {paths}; keep the one that counts"
    return None, left + [(s.path, "refused", reason) for _, s in group]


def _without_copies(group):
    kept, left = {}, []
    latest_first = sorted(group, key=lambda item: item[1].path)
    latest_first.sort(key=lambda item: -(item[0].number or 0))
    for said, s in latest_first:
        if s.digest in kept:
            path = printable(kept[s.digest][1].path)
            left.append((s.path, "ignored", f"the same content as {path}"))
        else:
            kept[s.digest] = said, s
    return list(kept.values()), left


def _told_apart(chosen, found):
    """Give students of the same name, whom only the LMS's number tells apart, that number too."""
    groups = defaultdict(list)
    for submission in chosen:
        groups[fold(submission.student)].append(submission)
    numbers = {submission.path: said.user for said, submission in found}
    result = []
    for group in groups.values():
        for s in group:
            if len(group) > 1:
                number = numbers[s.path] or s.digest[:8]
                note = f"another student is called {printable(s.student)} too"
                s = replace(s, student=f"{s.student}-{number}", notes=(*s.notes, note))
            result.append(s)
    return result

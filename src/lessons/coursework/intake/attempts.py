"""Several notebooks of one student: which one counts? Never decided in silence."""

from collections import Counter
from dataclasses import replace

from lessons.coursework.intake.filenames import is_handed_out
from lessons.coursework.intake.tables import fold
from lessons.coursework.intake.text import printable


def choose(groups, assignment):
    """Return the submissions that count and what became of the others.

    The notebook with the assignment's own name counts before others; of several attempts the one
    that the LMS numbers last; of equal copies any. Where none of this decides, all are refused.

    Parameters
    ----------
    groups : iterable of list of (Named, Submission)
        The notebooks of one owner each.
    assignment : str

    Returns
    -------
    submissions : list of Submission
    left : list of (path, outcome, reason)
    """
    chosen, left = [], []
    for group in groups:
        one, others = _one(group, assignment)
        left += others
        chosen += [one] if one else []
    return chosen, left


def _one(group, assignment):
    left = []
    own = [(said, s) for said, s in group if is_handed_out(said.file, assignment)]
    if own and (group[0][0].layout != "plain" or len({said.outer for said, _ in group}) == 1):
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
    numbers = [said.number for said, _ in group]
    if None not in numbers and numbers.count(max(numbers)) == 1:
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


def told_apart(chosen, taken=()):
    """Give each student a name that is nobody else's, also if capital letters do not count.

    Who is in the class list keeps the name it has there. Of the others, those whose name is another
    one's too get the LMS's number behind it.

    Parameters
    ----------
    chosen : list of (Named, Submission)
    taken : collection of str
        Every name in the class list.
    """
    names = Counter(fold(submission.student) for _, submission in chosen)
    used, result = set(map(fold, taken)), []
    for said, s in sorted(chosen, key=lambda item: item[1].path):
        if not s.person and (names[fold(s.student)] > 1 or fold(s.student) in used):
            note = f"another student is called {printable(s.student)} too"
            name = f"{s.student}-{said.user or s.digest[:8]}"
            while fold(name) in used or fold(name) in names:
                name += "'"
            s = replace(s, student=name, notes=(*s.notes, note))
        used.add(fold(s.student))
        result.append(s)
    return result

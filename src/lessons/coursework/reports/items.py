"""How each test did in the class: how many passed, and whether it tells strong from weak work."""

import statistics
from collections import defaultdict

from lessons.coursework.intake.tables import dump, points

HEADER = ("question", "test", "points", "passed", "tried", "share", "discrimination")


def items(marks):
    """Return a row for each test, as dictionaries by ``HEADER``.

    ``discrimination`` is the correlation of passing with the points of all *other* tests: near 0,
    or negative, the test says little about the rest. It is empty if all passed, or none.
    """
    seen = defaultdict(list)
    for mark in marks:
        for question in mark.result.questions:
            for case in filter(lambda case: case.possible, question.cases):
                rest = mark.result.score - case.points
                seen[question.name, case.name, case.possible].append((float(case.passed), rest))
    rows = []
    for (question, test, possible), values in seen.items():
        passed, rest = zip(*values, strict=True)
        varied = len(set(passed)) > 1 and len(set(rest)) > 1
        about = {"question": question, "test": test, "points": points(possible)}
        about |= {"passed": str(int(sum(passed))), "tried": str(len(passed))}
        about["share"] = f"{statistics.fmean(passed):.2f}"
        about["discrimination"] = f"{statistics.correlation(passed, rest):.2f}" if varied else ""
        rows.append(about)
    return rows


def table(marks):
    """Return ``items.csv`` as bytes."""
    return dump(HEADER, items(marks), marked=True)

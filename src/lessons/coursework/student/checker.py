"""The checks that a student runs in the notebook, with no grader installed."""

import difflib
import json
import sys
from importlib.resources import files

from lessons._check import choice
from lessons.coursework.student import cases
from lessons.coursework.student.verdict import Overview, Verdict
from lessons.coursework.variant import PLACEHOLDER

PUBLIC = files("lessons.coursework.student") / "public"


class Checker:
    """Check the answers of one assignment, question by question.

    Parameters
    ----------
    assignment : str
        Its name.

    Raises
    ------
    ValueError
        If there is no such assignment; the message suggests the nearest name.

    Examples
    --------
    >>> grader = Checker("clipping")
    >>> grader
    Checker('clipping'): check("q1"), …, check("q6"), check_all()
    """

    def __init__(self, assignment):
        known = sorted(entry.name for entry in PUBLIC.iterdir() if entry.is_dir())
        self.assignment = choice("assignment", assignment, known)
        folder = PUBLIC / assignment
        about = json.loads((folder / "assignment.json").read_text(encoding="utf-8"))
        points = {entry["name"]: entry["points"] for entry in about["questions"]}
        self._manual = {e["name"]: e["points"] for e in about["questions"] if e["manual"]}
        self._points = {name: p for name, p in points.items() if name not in self._manual}
        self._cases = {}
        for name in self._points:
            path = folder / f"{name}.py"
            self._cases[name] = cases.read(path.read_text(encoding="utf-8"), str(path))

    def __repr__(self):
        first, *_, last = self._cases
        checks = f'check("{first}"), …, check("{last}"), check_all()'
        return f"Checker({self.assignment!r}): {checks}"

    def check(self, question, names=None):
        """Check one question.

        Parameters
        ----------
        question : str
            Such as "q1".
        names : dict, optional
            The student's variables; by default those of the notebook that calls.

        Returns
        -------
        Verdict
            Which checks passed, with a hint for each that did not.

        Raises
        ------
        ValueError
            If there is no such question.
        """
        names = sys._getframe(1).f_globals if names is None else names
        if question in self._manual:
            points = f"{self._manual[question]:g} points"
            raise ValueError(f"{question} is read by a person ({points}); no program checks it.")
        if question not in self._cases:
            raise ValueError(self._unknown(question))
        outcomes = tuple(cases.run(case, names) for case in self._cases[question])
        return Verdict(question, outcomes, self._points[question], _note(names))

    def check_all(self, names=None):
        """Check every question; return an overview. The arguments are those of ``check``."""
        names = sys._getframe(1).f_globals if names is None else names
        verdicts = tuple(self.check(question, names) for question in self._cases)
        return Overview(verdicts, self._manual, _note(names))

    def _unknown(self, question):
        known = ", ".join(f'"{name}"' for name in self._cases)
        message = f"There is no question {question!r}; there are {known}."
        nearest = difflib.get_close_matches(str(question).lower(), self._cases, n=1, cutoff=0.4)
        return f'{message} Did you mean "{nearest[0]}"?' if nearest else message


def _note(names):
    if names.get("STUDENT", "") == PLACEHOLDER:
        return "First put your own identifier into the cell `STUDENT = …` and run it."
    return ""

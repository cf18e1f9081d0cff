"""What a hostile submission is, and what must come of it."""

from dataclasses import dataclass

from tests.coursework.submissions import HALF, HONEST, NORM, STUDENT, THRESHOLD

REACHED = "REACHED"
FULL, NOTHING = 6.0, 0.0


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    Attributes
    ----------
    cells : tuple of str
        Its cells. ``{canary}``, ``{port}``, ``{tests}`` and ``{parent}`` stand for a folder
        outside, a port on loopback that somebody listens to, the tests' folder, and the grader's
        process.
    score : float or None
        What it gets; None where it depends on what the submission does to itself first.
    said : str
        A regular expression that the result's errors, notes or messages match.
    bare : bool
        Whether it is run without a sandbox too, where it must print ``REACHED``: so we know that it
        is the sandbox that stops it.
    cheats : bool
        Whether it is graded by otter alone too, in one process with the tests, where it must get
        more than ``score``.
    cell : float
        Seconds for a cell; more for what must reach another limit first.
    """

    cells: tuple[str, ...]
    score: float
    said: str = ""
    bare: bool = False
    cheats: bool = False
    cell: float = 3


def beside(*cells, score=FULL, **more):
    """Return an attack whose cells stand before honest answers."""
    return Attack((*cells, *HONEST), score, **more)


def after(*cells, score=FULL, **more):
    """Return an attack whose cells stand after honest answers."""
    return Attack((*HONEST, *cells), score, **more)


def instead_of_norm(norm, score=2.0, **more):
    """Return an attack with another ``norm``; the rest is honest."""
    return Attack((STUDENT, "import torch", norm, HALF, THRESHOLD), score, **more)


def instead_of_half(half, score=5.0, **more):
    """Return an attack with another ``half``; the rest is honest."""
    return Attack((STUDENT, NORM, half, THRESHOLD), score, **more)

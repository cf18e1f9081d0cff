"""Tests of an assignment, without otter: read a file of test cases and run each.

The files are otter-grader's *exception-based* test files. A student's notebook has the public ones
and needs PyTorch alone.
"""

import inspect
from dataclasses import dataclass

from lessons.coursework.student import explain

# Filled in by the grader, not by the student.
RESERVED = ("env", "_seed", "_student")


class test_case:  # otter's name for it
    """Mark a function as a test case; the arguments are those of ``otter.test_files.test_case``.

    The function's parameters are names that the student defines.

    Examples
    --------
    >>> @test_case(name="adds", points=1, failure_message="Does it add?")
    ... def test_adds(add):
    ...     assert add(1, 2) == 3
    >>> run(test_adds, {"add": lambda a, b: a + b}).passed
    True
    """

    def __init__(
        self, name=None, points=None, hidden=False, success_message=None, failure_message=None
    ):
        self.name = name
        self.points = points
        self.hidden = hidden
        self.success_message = success_message
        self.failure_message = failure_message
        self.function = None

    def __call__(self, function):
        """Take the function; the case stands in its place."""
        self.function = function
        return self

    @property
    def needs(self):
        """The names that the student must have defined."""
        return [n for n in inspect.signature(self.function).parameters if n not in RESERVED]


@dataclass(frozen=True)
class Outcome:
    """What one test case came to.

    Attributes
    ----------
    name : str
    passed : bool
    points : float
        What passing it is worth.
    happened, hint : str
        For one that did not pass: what was seen, and a hint. Either may be empty.
    """

    name: str
    passed: bool
    points: float
    happened: str = ""
    hint: str = ""


def read(text, path="tests"):
    """Return the test cases in the text of a test file, in order."""
    names = {}
    exec(compile(text, path, "exec"), names)
    return [value for value in names.values() if isinstance(value, test_case)]


def run(case, names):
    """Run one test case on a student's names.

    Parameters
    ----------
    case : test_case
    names : dict
        The student's variables and functions by name.

    Returns
    -------
    Outcome
        Whatever the student's code raises, this does not; Ctrl-C does.
    """
    points = float(case.points or 0)
    happened = explain.unfinished(case.needs, names)
    if happened:  # the hint would be about an answer that is not there yet
        return Outcome(case.name, False, points, happened)
    wanted = inspect.signature(case.function).parameters
    given = {name: names if name == "env" else names.get(name) for name in wanted}
    given |= {name: None for name in ("_seed", "_student") if name in wanted}
    try:
        case.function(**given)
    except Exception as error:
        happened = explain.error(error, ignore=case.function.__code__.co_filename)
        return Outcome(case.name, False, points, happened, case.failure_message or "")
    return Outcome(case.name, True, points)


def generator(seed=None):
    """Return the torch.Generator from which a test draws its inputs.

    Parameters
    ----------
    seed : int, optional
        The grader's ``_seed``; without it 0.

    Examples
    --------
    >>> import torch
    >>> torch.rand(1, generator=generator(3)) == torch.rand(1, generator=generator(3))
    tensor([True])
    """
    import torch

    return torch.Generator().manual_seed((0 if seed is None else int(seed)) % 2**63)

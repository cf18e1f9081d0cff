"""Coursework: assignments that students can check themselves and instructors can grade.

``Checker`` is what a student's notebook uses and needs PyTorch alone. Grading runs every submission
in a sandbox, on Linux; it needs the extra ``coursework``.
"""


def __getattr__(name):
    if name == "Checker":
        from lessons.coursework.student.checker import Checker

        return Checker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

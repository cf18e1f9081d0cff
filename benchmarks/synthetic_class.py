"""A class that never was: notebooks of the built assignment, right, half right, empty and bad.

    python -m benchmarks.synthetic_class FOLDER [NUMBER]

The same number of students gives the same notebooks.
"""

import copy
import random
import re
import sys
from collections import Counter
from pathlib import Path

import nbformat

from tools.repository import ROOT

NAME = "clipping"
BUILT = ROOT / "_build" / "assignments" / NAME
HALF_RIGHT = ROOT / "assignments" / NAME / "half_right"
# How many of a hundred students hand in what.
SHARES = {
    "solution": 40,
    "half right": 38,
    "untouched": 12,
    "stops with an error": 4,
    "hangs in a function": 2,
    "hangs in a cell": 1,
    "ends Python": 2,
    "no notebook": 1,
}
BAD = {
    "stops with an error": "weight = torch.zeros(3)[7]",
    "hangs in a function": "def turned(before, after):\n    while True:\n        pass",
    "hangs in a cell": "while True:\n    pass",
    "ends Python": "import os\n\nos._exit(1)",
}
TRAINS = re.compile(r"\b(train|report)\(")
WORDS = (
    "My threshold cut the first third of all steps. Their direction stayed, their length is lost."
)


def kinds(count):
    """Return what each of so many students hands in, well mixed and always the same."""
    listed = [kind for kind, share in SHARES.items() for _ in range(share)]
    random.Random(0).shuffle(listed)
    return [listed[i % len(listed)] for i in range(count)]


def _named(notebook, student):
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        cell.source = cell.source.replace('STUDENT = "your-id"', f'STUDENT = "{student}"')
        cell.source = cell.source.replace("_Replace this line by your text._", WORDS)
    return notebook


def submission(kind, student, number=0):
    """Return the bytes of what one student hands in.

    Parameters
    ----------
    kind : str
        A key of ``SHARES``, or "light": all but the question that trains a net.
    student : str
        The notebook's ``STUDENT``.
    number : int
        Which of the half-right solutions.
    """
    if kind == "no notebook":
        return b'{"cells": [ ... the upload broke off'
    name = "student/clipping.ipynb" if kind == "untouched" else "instructor/solution.ipynb"
    notebook = nbformat.read(BUILT / name, as_version=4)
    if kind == "untouched":
        return nbformat.writes(notebook).encode()
    notebook = _named(notebook, student)
    if kind == "half right":
        answers = sorted(HALF_RIGHT.glob("*.py"))
        code = answers[number % len(answers)].read_text(encoding="utf-8")
        # What is defined last counts.
        notebook.cells.append(nbformat.v4.new_code_cell(code))
    elif kind == "light":
        notebook.cells = [c for c in notebook.cells if not TRAINS.search(c.source)]
    elif kind in BAD:
        notebook.cells.append(nbformat.v4.new_code_cell(BAD[kind]))
    return nbformat.writes(notebook).encode()


def write(folder, count):
    """Write the notebooks of ``count`` students into ``folder``; return how many of which kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(kinds(count), 1):
        student = f"s{number:03}"
        (folder / f"{student}.ipynb").write_bytes(submission(kind, student, number))
    return Counter(kinds(count))


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 30))

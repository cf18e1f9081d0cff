"""The knobs of a chapter: ``depth = 20  # try 5, 40`` at the top of an experiment's cell.

A reader turns a knob and runs the cell and those after it. So does this module: it puts each value
that is named after *try* in the place of the stored one and runs the cells up to the next heading.
"""

import ast
import re
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

KNOB = re.compile(r"^(?P<name>[a-z]\w*) = (?P<value>.+?)  # try (?P<others>.+)$", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)


@dataclass(frozen=True)
class Knob:
    """A name at the top of a cell, the value it has and those to try instead."""

    name: str
    value: object
    others: tuple
    line: str

    def turned(self, source, value):
        """Return the cell's ``source`` with another value in this knob's place."""
        return source.replace(self.line, f"{self.name} = {value!r}", 1)


def knobs(source):
    """Return the knobs of a code cell.

    Raises
    ------
    ValueError
        If a value is no Python literal, or the stored value is among those to try.
    """
    found = []
    for match in KNOB.finditer(source):
        try:
            value = ast.literal_eval(match["value"])
            others = ast.literal_eval(f"({match['others']},)")
        except (ValueError, SyntaxError):
            raise ValueError(f"{match[0]!r}; expected Python literals after = and try.") from None
        if value in others:
            raise ValueError(f"{match[0]!r}; expected other values than the one that is set.")
        found.append(Knob(match["name"], value, others, match[0]))
    return found


def groups(notebook):
    """Return the code cells' sources in lists, a new list after each heading."""
    found = [[]]
    for cell in notebook.cells[1:]:  # the first cell installs the package
        if cell.cell_type == "markdown" and HEADING.search(cell.source):
            found.append([])
        elif cell.cell_type == "code":
            found[-1].append(TransformerManager().transform_cell(cell.source))
    return [group for group in found if group]


def turn(notebook, after=lambda: None):
    """Run a chapter, and each of its knobs at each other value.

    Parameters
    ----------
    notebook : NotebookNode
    after : callable
        Called after each run of a cell, to close its figures.

    Returns
    -------
    list of str
        A complaint for each value that gave neither a result nor a ValueError in a sentence.
    """
    names, complaints = {"__name__": "__main__"}, []

    def run(source, names):
        try:
            exec(source, names)
        finally:
            after()

    for group in groups(notebook):
        before = dict(names)
        for source in group:
            run(source, names)
        for index, source in enumerate(group):
            start = dict(before)
            for knob in knobs(source):
                for value in knob.others:
                    trial = dict(start)
                    try:
                        for other in [knob.turned(source, value), *group[index + 1 :]]:
                            run(other, trial)
                    except Exception as error:
                        if not (type(error) is ValueError and str(error).endswith(".")):
                            why = f"{type(error).__name__}: {error}"
                            complaints.append(f"{knob.name} = {value!r} gives {why}")
            if index + 1 < len(group) and any(map(knobs, group[index + 1 :])):
                run(source, before)
    return complaints

"""The knobs of a chapter: ``depth = 20  # try 5, 40`` at the top of an experiment's cell.

A reader turns a knob and runs the cell and those after it. So does this module: it puts each value
that is named after *try* in the place of the stored one and runs the cells up to the next heading.
`tools.chapters` lets it do so while it runs a chapter: all that comes before is computed anyway.
"""

import ast
import copy
import os
import re
from dataclasses import dataclass
from unittest import mock

from IPython.core.inputtransformer2 import TransformerManager
from IPython.utils.capture import capture_output
from nbformat.v4 import new_code_cell

from tools import kernels

# Only whether there is a result counts, so that not each picture need be written.
QUICK = {"LESSONS_PHONES": "", "LESSONS_TEXT_ONLY": "1"}

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


def trials(notebook):
    """Return what a reader runs who turns one knob.

    Returns
    -------
    dict of int to list of (str, list of str)
        For each cell that has knobs, by its index: a text such as ``depth = 5``, and the sources
        to run, which are this cell with that value and the code cells up to the next heading.
    """
    found, rest = {}, []
    for index in reversed(range(1, len(notebook.cells))):  # the first cell installs the package
        cell = notebook.cells[index]
        if cell.cell_type == "markdown" and HEADING.search(cell.source):
            rest = []
        elif cell.cell_type == "code":
            source = TransformerManager().transform_cell(cell.source)
            turned = [
                (f"{knob.name} = {value!r}", [knob.turned(source, value), *rest])
                for knob in knobs(source)
                for value in knob.others
            ]
            if turned:
                found[index] = turned
            rest = [source, *rest]
    return found


def complaint(said, sources, names):
    """Run ``sources`` with a copy of the ``names`` there are; nothing is shown.

    Returns
    -------
    str or None
        What is wrong, if they gave neither a result nor a ValueError in a sentence.
    """
    import matplotlib.pyplot as plt
    import torch

    names = dict(names)
    quick = mock.patch.dict(os.environ, QUICK)
    with quick, capture_output(), torch.random.fork_rng(devices=[]):
        try:
            for source in sources:
                exec(source, names)
                plt.close("all")
        except Exception as error:
            if not (type(error) is ValueError and str(error).endswith(".")):
                return f"{said} gives {type(error).__name__}: {error}"
    return None


def insert(notebook):
    """Return a copy of ``notebook`` with a cell before each that has knobs, for each other value.

    These cells need ``tools`` on the path. They print a complaint or nothing, and leave the names
    as they are, so that all other cells do what they do without them.
    """
    copied, found = copy.deepcopy(notebook), trials(notebook)
    copied.cells = []
    for index, cell in enumerate(copy.deepcopy(notebook.cells)):
        for said, sources in found.get(index, []):
            call = f"complaint({said!r}, {sources!r}, globals()) or ''"
            source = f"print(__import__('tools.knobs').knobs.{call}, end='')"
            copied.cells.append(new_code_cell(source, metadata={"tags": [kernels.ADDED]}))
        copied.cells.append(cell)
    return copied


def take_out(notebook):
    """Remove the cells that `insert` put into ``notebook``; return what they complain about.

    The cells that stay are numbered as if the others had not run.
    """
    ours = [cell for cell in notebook.cells if kernels.ADDED in cell.metadata.get("tags", [])]
    notebook.cells = [cell for cell in notebook.cells if cell not in ours]
    ran = [cell for cell in notebook.cells if cell.get("execution_count")]
    for number, cell in enumerate(ran, 1):
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    return [output.text for cell in ours for output in cell.outputs if output.get("text")]


def execute(notebook, folder, environment):
    """Run ``notebook`` (changed in place) as `kernels.execute` does, and turn each of its knobs."""
    inserted = insert(notebook)
    path = os.pathsep.join([str(kernels.ROOT), environment.get("PYTHONPATH", "")])
    taken, complaint = kernels.execute(inserted, folder, environment | {"PYTHONPATH": path})
    broken = "\n".join(["its knobs:", *take_out(inserted)])
    notebook.cells = inserted.cells
    return taken, complaint or (broken if "\n" in broken else None)

"""The knobs of a chapter: ``depth = 20  # try 5, 40`` at the top of an experiment's cell.

A reader turns a knob and runs the cell and those after it. So does this module: it puts each value
that is named after *try* in the place of the stored one and runs the cells up to the next heading.
To save time it turns all knobs of a cell together, and each alone only where that gives no result.
`tools.chapters` lets it do so while it runs a chapter: all that comes before is computed anyway.
"""

import ast
import copy
import os
import re
from dataclasses import dataclass
from typing import NamedTuple
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


class Trial(NamedTuple):
    """A text such as ``depth = 5``, the sources to run, and both for each of its knobs alone."""

    said: str
    sources: list
    alone: list = ()


def trials(notebook, alone=False):
    """Return what a reader runs who turns knobs.

    Returns
    -------
    dict of int to list of Trial
        For each cell that has knobs, by its index. The sources are this cell with other values and
        the code cells up to the next heading. The first trial takes each knob's first other value,
        the second one their second, the last one of those that have no more; with ``alone`` each
        value has a trial of its own.
    """
    found, rest = {}, []
    for index in reversed(range(1, len(notebook.cells))):  # the first cell installs the package
        cell = notebook.cells[index]
        if cell.cell_type == "markdown" and HEADING.search(cell.source):
            rest = []
        elif cell.cell_type == "code":
            source = TransformerManager().transform_cell(cell.source)
            if there := knobs(source):
                found[index] = (_alone if alone else _together)(there, source, rest)
            rest = [source, *rest]
    return found


def _alone(there, source, rest):
    return [_trial([knob], [value], source, rest) for knob in there for value in knob.others]


def _together(there, source, rest):
    found = []
    for number in range(max(len(knob.others) for knob in there)):
        values = [knob.others[min(number, len(knob.others) - 1)] for knob in there]
        trial = _trial(there, values, source, rest)
        if len(there) > 1:
            each = [_trial([k], [v], source, rest) for k, v in zip(there, values, strict=True)]
            trial = trial._replace(alone=[(one.said, one.sources) for one in each])
        found.append(trial)
    return found


def _trial(there, values, source, rest):
    said = []
    for knob, value in zip(there, values, strict=True):
        source = knob.turned(source, value)
        said.append(f"{knob.name} = {value!r}")
    return Trial(", ".join(said), [source, *rest])


def complaints(said, sources, alone, names):
    """Run a `Trial` with a copy of the ``names`` there are; nothing is shown.

    Returns
    -------
    list of str
        What is wrong, if it gave neither a result nor a ValueError in a sentence. A sentence may
        be due to one of several knobs, or to their company: then each is tried alone.
    """
    error = _error(sources, names)
    if error is None:
        return []
    found = [text for each in alone for text in complaints(*each, (), names)]
    if found or (type(error) is ValueError and str(error).endswith(".")):
        return found
    return [f"{said} gives {type(error).__name__}: {error}"]


def _error(sources, names):
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
            return error
    return None


def insert(notebook, alone=False):
    """Return a copy of ``notebook`` with a cell before each that has knobs, for each trial.

    These cells need ``tools`` on the path. They print a complaint or nothing, and leave the names
    as they are, so that all other cells do what they do without them.
    """
    copied, found = copy.deepcopy(notebook), trials(notebook, alone)
    copied.cells = []
    for index, cell in enumerate(copy.deepcopy(notebook.cells)):
        for trial in found.get(index, []):
            call = f"complaints(*{tuple(trial)!r}, globals())"
            source = f"print(*__import__('tools.knobs').knobs.{call}, sep='\\n', end='')"
            copied.cells.append(new_code_cell(source, metadata={"tags": [kernels.ADDED]}))
        copied.cells.append(cell)
    return copied


def take_out(notebook):
    """Remove the cells that `insert` put into ``notebook``; return the lines of their complaints.

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
    said = "".join(output.get("text", "") + "\n" for cell in ours for output in cell.outputs)
    return list(dict.fromkeys(line for line in said.splitlines() if line))


def execute(notebook, folder, environment, alone=False):
    """Run ``notebook`` (changed in place) as `kernels.execute` does, and turn its knobs."""
    inserted = insert(notebook, alone)
    path = os.pathsep.join([str(kernels.ROOT), environment.get("PYTHONPATH", "")])
    taken, complaint = kernels.execute(inserted, folder, environment | {"PYTHONPATH": path})
    broken = "\n".join(["its knobs:", *take_out(inserted)])
    notebook.cells = inserted.cells
    return taken, complaint or (broken if "\n" in broken else None)

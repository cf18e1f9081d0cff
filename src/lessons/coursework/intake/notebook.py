"""Reading a submitted notebook, which may be anything at all."""

import json
from dataclasses import dataclass

CELLS = 2000
CONTAINERS = 200_000
COMMAS = 5_000_000
BEGIN, END = "<!-- BEGIN QUESTION -->", "<!-- END QUESTION -->"


class NotebookError(ValueError):
    """The file is no notebook that can be graded; the message says why in plain words."""


@dataclass(frozen=True)
class Cell:
    """One cell: its number (from 1), its kind (``code``, ``markdown`` or ``raw``) and its text."""

    number: int
    kind: str
    source: str


def parse(data, limits):
    """Return the cells of a notebook given as bytes.

    Raises
    ------
    NotebookError
        When the bytes are too many, are no JSON, or no notebook of format 4.
    """
    if len(data) > limits.notebook:
        size, most = len(data) / 2**20, limits.notebook / 2**20
        raise NotebookError(f"The file has {size:.0f} MiB; notebooks may have {most:.0f} MiB.")
    if not data.strip():
        raise NotebookError("The file is empty.")
    if data.count(b"{") + data.count(b"[") > CONTAINERS or data.count(b",") > COMMAS:
        raise NotebookError("The file holds too many parts for a notebook.")
    try:
        stored = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NotebookError("The file is no text in UTF-8, so it is no notebook.") from None
    except RecursionError:
        raise NotebookError("The file is nested too deeply for a notebook.") from None
    except ValueError as error:
        raise NotebookError(f"The file is no JSON ({str(error)[:80]}), so no notebook.") from None
    if not isinstance(stored, dict) or not isinstance(stored.get("cells"), list):
        raise NotebookError("The file is no notebook of format 4: it has no list of cells.")
    if len(stored["cells"]) > CELLS:
        raise NotebookError(f"The notebook has {len(stored['cells'])} cells; it may have {CELLS}.")
    return tuple(_cell(number, cell) for number, cell in enumerate(stored["cells"], 1))


def _cell(number, cell):
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    source = cell.get("source", "") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if kind not in ("code", "markdown", "raw") or not isinstance(source, str):
        raise NotebookError(f"Cell {number} is no cell of a notebook.")
    return Cell(number, kind, source)


def answers(cells, names):
    """Return the text that answers each question marked by hand.

    The ``k``-th block between otter's marks ``BEGIN QUESTION`` and ``END QUESTION`` belongs to the
    ``k``-th name; its first cell is the question, and the Markdown cells after it the answer.
    """
    blocks, block = [], None
    for cell in cells:
        if BEGIN in cell.source and cell.kind != "code":
            block = []
            blocks.append(block)
        elif block is not None and cell.kind == "markdown":
            block.append(cell.source.replace(END, "").strip())
        if END in cell.source and cell.kind != "code":
            block = None
    texts = ["\n\n".join(filter(None, block)) for block in blocks] + [""] * len(names)
    return dict(zip(names, texts, strict=False))

"""Bring notebooks into the form in which they are stored.

    python -m tools.notebooks [PATH …]            format, run, tidy (all notebooks without PATH)
    python -m tools.notebooks --no-run [PATH …]   tidy what is stored
    python -m tools.notebooks --check [PATH …]    change nothing; fail if a notebook is untidy

Stored is what tests can compare: printed text, plain values and the plain text of tables, with
their number. Cells that draw (pictures, widgets, other HTML) are stored without output and number;
the build draws them anew. The first cell is the one that installs the package; cells are named
after their section.
"""

import argparse
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import nbformat

from tools import chapters, kernels, repository

ROOT = repository.ROOT
PLAIN = {"text/plain"}


def tidy(notebook, address):
    """Return ``notebook`` (a NotebookNode) in its stored form."""
    notebook = with_first_cell(notebook, address)
    kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    ours = {key: notebook.metadata[key] for key in ("myst",) if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": kernelspec, "language_info": {"name": "python"}, **ours}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    section, number = "start", 0
    for cell in notebook.cells[1:]:
        heading = re.match(r"#{1,3} +(.+)", cell.source) if cell.cell_type == "markdown" else None
        if heading:
            section, number = slug(heading[1]), 0
        number += 1
        cell.id = f"{section}-{number}"
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").splitlines())
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k in {"tags", "mystnb"}}
        )
        cell.pop("attachments", None)
        for output in cell.get("outputs", []):
            if is_table(output):
                output.data = nbformat.from_dict({"text/plain": output.data["text/plain"]})
        if cell.cell_type == "code" and draws(cell):
            cell.outputs, cell.execution_count = [], None
    seen = {}
    for cell in notebook.cells:  # two sections of one name
        seen[cell.id] = seen.get(cell.id, 0) + 1
        if seen[cell.id] > 1:
            cell.id = f"{cell.id}-again{seen[cell.id]}"
    nbformat.validate(notebook)
    return notebook


def with_first_cell(notebook, address):
    """Return ``notebook`` (a NotebookNode) with the cell that installs the package."""
    text = repository.written(repository.with_first_cell(notebook, address))
    return nbformat.reads(text, as_version=4)


def is_table(output):
    """Say whether the output is a table of `lessons.tables`, whose plain text is compared."""
    return output.get("data", {}).get("text/html", "").startswith('<div class="lessons-table"')


def draws(cell):
    """Say whether an output of the cell is more than text, or a widget's."""
    shown = [o for o in cell.outputs if o.output_type in {"display_data", "execute_result"}]
    return any(set(output.data) - PLAIN for output in shown)


def slug(heading):
    """Return the heading as lower-case letters, digits and hyphens."""
    ascii_ = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_.lower()).strip("-")[:40].strip("-") or "section"


def text_of(notebook):
    """Return the notebook as the text that is stored."""
    return nbformat.writes(notebook) + "\n"


def main():
    """Tidy or check the notebooks named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--no-run", action="store_true", help="tidy what is stored")
    parser.add_argument("--check", action="store_true", help="change nothing, fail if untidy")
    arguments = parser.parse_args()
    address = repository.configured()
    kernels.enter()
    untidy = 0
    paths = arguments.paths or repository.notebooks()
    if not arguments.check:
        ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache"]
        subprocess.run([*ruff, *map(str, paths)], check=True)
    for path in paths:
        notebook = kernels.read(path)
        seconds = ""
        if not (arguments.no_run or arguments.check):
            notebook = with_first_cell(notebook, address)
            taken, complaint = kernels.execute(notebook, path.resolve().parent)
            complaint = complaint or chapters.undescribed(notebook)
            if complaint:
                raise SystemExit(f"{path} fails in {complaint}\nNothing was written.")
            seconds = f" (ran {taken:.1f} s)"
        text = text_of(tidy(notebook, address))
        same = text == path.read_text(encoding="utf-8")
        untidy += not same
        if not (same or arguments.check):
            repository.write(path, text)
        state = "tidy" if same else "untidy" if arguments.check else "written"
        print(f"{os.path.relpath(path)}: {state}{seconds}", flush=True)
    if arguments.check and untidy:
        raise SystemExit("Run: .venv/bin/python -m tools.notebooks PATH")


if __name__ == "__main__":
    main()

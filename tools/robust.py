"""Does a result survive rounding? Chapters and unit tests on other kinds of CPU, threads, with noise.

    python -m tools.robust [--once] [PATH …]    chapters: each printed text equal to the stored one
    python -m tools.robust --unit               unit tests that compute
    python -m tools.robust --all                both

With --once each chapter runs in one surroundings that change everything at a time; else in each of
`tools.surroundings.EVERY`. Nothing is written; bring a notebook into its stored form first.
"""

import argparse
import copy
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools import kernels, surroundings
from tools.repository import ROOT, notebooks

WORKERS = 2
# What is left out starts processes, builds pages or grades, and computes nothing of its own.
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not (site or browser)"]
UNIT = ["tests", "src"]
LEFT_OUT = ["tests/coursework", "tests/house", "src/lessons/coursework"]


@dataclass(frozen=True)
class Difference:
    """The first cell that printed something else, counted from 1, and both texts."""

    cell: int
    stored: str
    found: str

    def __str__(self):
        return f"cell {self.cell}: stored\n{_indented(self.stored)}found\n{_indented(self.found)}"


def _indented(text):
    return "".join(f"    {line}\n" for line in text.splitlines() or ["(nothing)"])


def printed(cell):
    """Return what a cell printed and its plain value, as one text."""
    texts = [
        output.text if output.output_type == "stream" else output.data.get("text/plain", "") + "\n"
        for output in cell.outputs
        if output.output_type in {"stream", "execute_result", "display_data"}
    ]
    return "".join(texts)


def first_difference(stored, executed):
    """Return the first :class:`Difference` of two notebooks, or None.

    Cells that are stored without a number draw something; their text is not compared.
    """
    for number, (old, new) in enumerate(zip(stored.cells, executed.cells, strict=True), 1):
        if old.cell_type != "code" or old.execution_count is None:
            continue
        if printed(old) != printed(new):
            return Difference(number, printed(old), printed(new))
    return None


def try_chapter(path, where):
    """Run the chapter in the surroundings ``where``; return the seconds and what differs, or None."""
    stored = kernels.read(path)
    executed = copy.deepcopy(stored)
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    taken, complaint = kernels.execute(executed, path.resolve().parent, where.environment())
    if complaint:
        return taken, f"fails in {complaint}\n"
    return taken, first_difference(stored, executed)


def try_chapters(paths, places):
    """Run each chapter in each of the surroundings, print a table, return how many differ."""
    jobs = [(path, where) for path in paths for where in places]
    width = max(len(os.path.relpath(path)) for path in paths)
    differ = []
    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = pool.map(lambda job: try_chapter(*job), jobs)
        for (path, where), (taken, outcome) in zip(jobs, outcomes, strict=True):
            name = os.path.relpath(path)
            verdict = "same" if outcome is None else "DIFFERS"
            print(f"{name:<{width}}  {where!s:<26}{verdict:<9}{taken:5.1f} s", flush=True)
            if outcome is not None:
                differ.append(f"{name}, {where}: {outcome}")
    print(*["", *differ], sep="\n", end="")
    return len(differ)


def try_tests():
    """Run the unit tests that compute on each kind of CPU; return how many runs failed."""
    failed = 0
    for where in surroundings.CPU_KINDS:
        print(f"\n=== unit tests: {where} ===", flush=True)
        ignored = [f"--ignore={path}" for path in LEFT_OUT]
        command = [*PYTEST, *ignored, *UNIT]
        code = subprocess.run(command, cwd=ROOT, env=where.environment()).returncode
        failed += code != 0
    return failed


def main():
    """Try what the command line names; exit with 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, help="chapters; by default all")
    parser.add_argument("--once", action="store_true", help="one run with everything changed")
    parser.add_argument("--unit", action="store_true", help="the unit tests instead of chapters")
    parser.add_argument("--all", action="store_true", help="chapters and unit tests")
    arguments = parser.parse_args()
    start = time.monotonic()
    kernels.enter()
    differ = failed = 0
    if not arguments.unit:
        kernels.prepare_fonts()
        places = surroundings.ONCE if arguments.once else surroundings.EVERY
        differ = try_chapters(arguments.paths or notebooks(), places)
    if arguments.unit or arguments.all:
        failed = try_tests()
    print(f"\n{differ} runs of chapters differ", end="")
    print(f", {failed} runs of unit tests failed" if arguments.unit or arguments.all else "", end="")
    print(f" ({time.monotonic() - start:.0f} s)")
    return 1 if differ or failed else 0


if __name__ == "__main__":
    sys.exit(main())

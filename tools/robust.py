"""Does a result survive rounding? Chapters and unit tests on other CPUs, with threads, with noise.

    python -m tools.robust [PATH …]             chapters: each printed text equal to the stored one
    python -m tools.robust --once [PATH …]      the same in one run that changes everything
    python -m tools.robust --every [PATH …]     the same with each thing changed on its own
    python -m tools.robust --every --unit       unit tests that compute, too

The surroundings are those of `tools/surroundings.py`. Nothing is written; bring a notebook into
its stored form first (`python -m tools.notebooks PATH`).
"""

import argparse
import copy
import difflib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import kernels, surroundings
from tools.repository import ROOT, notebooks

# What is left out starts processes, builds pages or grades, and computes nothing of its own.
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not (site or browser)"]
UNIT = ["tests", "src"]
LEFT_OUT = ["tests/coursework", "tests/house", "src/lessons/coursework"]


def printed(cell):
    """Return what a cell printed and its plain value, as one text."""
    texts = [
        output.text if output.output_type == "stream" else output.data.get("text/plain", "") + "\n"
        for output in cell.outputs
        if output.output_type in {"stream", "execute_result", "display_data"}
    ]
    return "".join(texts)


def differences(stored, executed):
    """Return a text for each cell of two notebooks that printed something else, lines side by side.

    Cells that are stored without a number draw something; their text is not compared. Nor is that
    of cells that were not run, because one before them failed.
    """
    found = []
    for number, (old, new) in enumerate(zip(stored.cells, executed.cells, strict=True), 1):
        if old.cell_type != "code" or None in (old.execution_count, new.execution_count):
            continue
        before, after = printed(old).splitlines(), printed(new).splitlines()
        if before != after:
            lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
            lines = [f"    {line}" for line in lines if not line.startswith("@@")]
            found.append("\n".join([f"  cell {number} ({old.id}), - stored, + found:", *lines]))
    return found


def try_chapter(path, where):
    """Run the chapter in the surroundings ``where``; return the seconds and what is wrong."""
    stored = kernels.read(path)
    executed = copy.deepcopy(stored)
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    taken, complaint = kernels.execute(executed, path.resolve().parent, where.environment())
    found = differences(stored, executed)
    return taken, [*found, f"  fails in {complaint}"] if complaint else found


def try_chapters(paths, places):
    """Run each chapter in each of the surroundings, print a table, return how many runs differ."""
    jobs = [(path, where) for path in paths for where in places]
    width = max(len(os.path.relpath(path)) for path in paths)
    differ = []
    with ThreadPoolExecutor(kernels.WORKERS) as pool:
        outcomes = pool.map(lambda job: try_chapter(*job), jobs)
        for (path, where), (taken, outcome) in zip(jobs, outcomes, strict=True):
            name = os.path.relpath(path)
            verdict = "DIFFERS" if outcome else "same"
            print(f"{name:<{width}}  {where!s:<27}{verdict:<9}{taken:5.1f} s", flush=True)
            if outcome:
                differ.append("\n".join([f"\n{name}, {where}:", *outcome]))
    print(*differ, sep="\n")
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
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--once", action="store_true", help="one run that changes everything")
    some.add_argument("--every", action="store_true", help="a run for each thing changed")
    parser.add_argument("--unit", action="store_true", help="the unit tests that compute, too")
    arguments = parser.parse_args()
    start = time.monotonic()
    kernels.enter()
    kernels.prepare_fonts()
    os.environ["LESSONS_TEXT_ONLY"] = "1"  # pictures are not compared
    places = surroundings.MIXED
    if arguments.once or arguments.every:
        places = surroundings.ONCE if arguments.once else surroundings.EVERY
    differ = try_chapters(arguments.paths or notebooks(), places)
    verdict = [f"{differ} runs of chapters differ"]
    if arguments.unit:
        verdict.append(f"{try_tests()} runs of the unit tests failed")
    print(f"\n{', '.join(verdict)} ({time.monotonic() - start:.0f} s)")
    return any(not line.startswith("0 ") for line in verdict)


if __name__ == "__main__":
    sys.exit(main())

"""The sections of benchmarks/results.md: each benchmark writes its own and leaves the others."""

import argparse
import os
import platform
import re
from pathlib import Path

import torch

from lessons._threads import one_thread

RESULTS = Path(__file__).parent / "results.md"


def with_section(text, name, markdown):
    """Return a text in which the section ``name`` holds ``markdown``; a new one comes last.

    Examples
    --------
    >>> once = with_section("# Results\\n", "speed", "fast")
    >>> print(with_section(once, "speed", "faster"))
    # Results
    <BLANKLINE>
    <!-- speed -->
    faster
    <!-- /speed -->
    <BLANKLINE>
    """
    section = f"<!-- {name} -->\n{markdown.strip()}\n<!-- /{name} -->\n"
    old = re.compile(rf"<!-- {re.escape(name)} -->\n.*?<!-- /{re.escape(name)} -->\n", re.DOTALL)
    if old.search(text):
        return old.sub(lambda _: section, text, count=1)
    return f"{text.rstrip()}\n\n{section}" if text.strip() else section


def write_section(name, markdown, path=RESULTS):
    """Put a benchmark's results into its section of the file."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    path.write_text(with_section(text, name, markdown), encoding="utf-8")


def table(head, rows):
    """Return a Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def machine():
    """Return what the numbers were measured with."""
    cores, python = os.cpu_count(), platform.python_version()
    return f"Python {python}, PyTorch {torch.__version__}, {platform.machine()}, {cores} cores"


def in_rounds(name, about, measure, section, rounds, argv=None):
    """Be the command of a benchmark in rounds: write its section, or print it (``--print``).

    ``measure(rounds)`` runs with one thread; ``section`` makes its text.
    """
    parser = argparse.ArgumentParser(description=about.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--print", action="store_true", help="print instead of writing")
    chosen = parser.parse_args(argv)
    with one_thread():
        text = section(measure(chosen.rounds))
    if chosen.print:
        print(text)
    else:
        write_section(name, text)
        print("Written: benchmarks/results.md")

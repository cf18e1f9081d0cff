"""The sections of benchmarks/results.md: each benchmark writes its own and leaves the others."""

import os
import platform
import re
from pathlib import Path

import torch

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

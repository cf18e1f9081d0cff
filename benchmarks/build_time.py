"""Measure what the book costs: to build, to run each chapter, to load each page.

Writes its section of benchmarks/results.md. The website in _build is not touched.
"""

import gzip
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_cache import get_cache

from benchmarks.results import table, write_section
from tools import vendor
from tools.build import pages
from tools.kernels import WORKERS
from tools.repository import ROOT

LINK = re.compile(r'<(?:script|img|link)\b[^>]*?\b(?:src|href)="([^":?#]+)(?:[?#][^"]*)?"')


def build(output):
    """Build into the folder; return the seconds it took."""
    start = time.monotonic()
    command = [sys.executable, "-m", "tools.build", "--output", str(output)]
    subprocess.run(command, cwd=ROOT, check=True)
    return time.monotonic() - start


def chapter_seconds(output):
    """Return {notebook: seconds}, the slowest first."""
    records = get_cache(output / ".jupyter_cache").list_cache_records()
    seconds = {os.path.relpath(r.uri, ROOT): r.data["execution_seconds"] for r in records}
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))


def forecast(chapters, cold, workers, count=25):
    """Say what a further chapter adds, and what ``count`` chapters would cost to build.

    Parameters
    ----------
    chapters : dict
        Notebook to seconds; those outside notebooks/ are no chapters.
    cold : float
        Seconds of a build that runs them all, ``workers`` at a time.
    workers, count : int
    """
    seconds = [s for name, s in chapters.items() if name.startswith("notebooks")]
    each = sum(seconds) / len(seconds) / workers
    return (
        f"A further chapter of the mean length adds {each:.0f} s to a cold build, and about "
        "half as much again to `make test`, which turns its knobs too, besides its own tests. With "
        f"{count} chapters a cold build would take {cold + (count - len(seconds)) * each:.0f} s."
    )


def weight(files):
    """Return the size of the files together, as they are and compressed, in bytes."""
    texts = [file.read_bytes() for file in files]
    return sum(map(len, texts)), sum(len(gzip.compress(text)) for text in texts)


def loaded(page):
    """Return the files that a page's HTML names: its own (with itself) and those of the theme."""
    names = set(LINK.findall(page.read_text(encoding="utf-8")))
    files = {(page.parent / name).resolve() for name in names if not name.endswith(".html")}
    files = {file for file in files if file.is_file()}
    own = {file for file in files if "_images" in file.parts} | {page.resolve()}
    return own, files - own


def kilobytes(count):
    """Return bytes as KB."""
    return f"{count / 1000:.0f}"


def main():
    """Build twice in an empty folder, measure, write the tables."""
    vendor.fetch()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        cold, unchanged = build(output), build(output)
        chapters = chapter_seconds(output)
        site = (output / "html").resolve()
        rows = []
        for name in pages():
            own, theme = (weight(files) for files in loaded(site / f"{name}.html"))
            rows.append((name, *map(kilobytes, (*own, *theme))))
    cores = os.cpu_count()
    text = [
        "## What the book costs",
        f"Measured by `make bench BENCHMARKS=build_time` with Python {platform.python_version()} "
        f"on {cores} cores. Cold means that no chapter has been run; the environment and the "
        "scripts are there.",
        table(
            ["build", "seconds"],
            [("cold", f"{cold:.1f}"), ("nothing changed", f"{unchanged:.1f}")],
        ),
        f"Running each chapter ({WORKERS} run at a time, one thread each):",
        table(["chapter", "seconds"], [(n, f"{s:.1f}") for n, s in chapters.items()]),
        forecast(chapters, cold, WORKERS),
        "What each page loads, in KB. Its own part is the HTML and its figures; shared is what the "
        "browser keeps from one page to the next (style and scripts; fonts are not counted).",
        table(["page", "own", "own, gzip", "shared", "shared, gzip"], rows),
    ]
    write_section("book", "\n\n".join(text))
    print("Written: benchmarks/results.md")


if __name__ == "__main__":
    main()

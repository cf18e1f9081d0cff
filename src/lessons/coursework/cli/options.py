"""What ``lessons-grade`` takes on its command line."""

import argparse
import os
from pathlib import Path

EPILOG = """\
RESULTS afterwards holds scores.csv, summary.html, feedback/ (a page for each student), gradescope/,
canvas.csv or moodle.csv (with --roster), to_grade_by_hand.csv, files.csv and results/.

To give marks by hand, fill in RESULTS/to_grade_by_hand.csv and run the same command with --resume.

exit codes: 0 everything was graded; 1 some submissions failed to run or were refused;
2 nothing was graded: wrong arguments, or no sandbox; 130 interrupted (go on with --resume)
"""


def _positive(text):
    value = int(text)
    if not 1 <= value <= 256:
        raise ValueError
    return value


def jobs():
    """Return how many processes suit this machine: one for each core, with 2 GB of memory each."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(len(os.sched_getaffinity(0)), memory // 2**31, 256))


def _percent(text):
    value = float(text.replace(",", "."))
    if not 0 <= value <= 100:
        raise ValueError
    return value


_positive.__name__, _percent.__name__ = "number from 1 to 256", "number from 0 to 100"


def parser():
    """Return the parser of the command line."""
    found = argparse.ArgumentParser(
        prog="lessons-grade",
        description="Grade a class: run every submission in a sandbox, write marks and feedback.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = found.add_argument
    add("assignment", metavar="NAME", help="a built assignment: its name, or its folder")
    add(
        "submissions",
        metavar="SUBMISSIONS",
        type=Path,
        help="a folder of notebooks, or the zip from Canvas, Moodle or Gradescope",
    )
    add("--out", metavar="RESULTS", type=Path, required=True, help="folder for the results")
    add("--resume", action="store_true", help="go on in RESULTS; what is graded stays")
    add(
        "--jobs",
        metavar="N",
        type=_positive,
        default=jobs(),
        help="processes (default: one a core)",
    )
    add("--dask", metavar="ADDRESS", help="grade on a Dask cluster, such as tcp://10.0.0.1:8786")
    add("--roster", metavar="CSV", type=Path, help="class list: Canvas, Moodle, or id,name,email")
    add("--column", metavar="TITLE", help="Canvas: the column to fill (default: the title)")
    add("--manual", metavar="CSV", type=Path, action="append", default=[], help="marks by hand")
    add("--decisions", metavar="CSV", type=Path, help="other points or deadlines, with reasons")
    add("--anonymous", action="store_true", help="codes for names where answers are marked")
    add("--zero", action="store_true", help="0 points for students without a submission")
    add("--due", metavar="TIME", help="2026-11-30T18:00: note who was how many hours late")
    add(
        "--penalty",
        metavar="PERCENT",
        type=_percent,
        default=0.0,
        help="take off so much for each day begun after --due (default: 0)",
    )
    add("--salt", metavar="TEXT", help="of the random inputs (default: drawn, in salt.txt)")
    return found

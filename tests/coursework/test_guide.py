"""The instructor's guide speaks of what there is."""

import re

import pytest

from lessons.coursework.cli.options import parser
from tools.repository import ROOT

GUIDE = (ROOT / "book" / "instructors.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(lessons-grade .+)$", GUIDE, re.MULTILINE)
OTHERS = {"--host", "--port", "--nworkers", "--nthreads"}  # Dask's
OTHERS |= {"--user", "--scope"}  # systemd's


def test_every_option_is_explained_and_exists():
    options = {word for action in parser()._actions for word in action.option_strings}
    named = set(re.findall(r"(?<![\w-])--[a-z]+", GUIDE)) - OTHERS
    assert named == options - {"--help", "-h"}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_parse(command):
    assert parser().parse_args(command.split()[1:]).assignment == "clipping"


def test_there_are_commands():
    assert len(COMMANDS) >= 2


@pytest.mark.parametrize(
    "name", ["scores.csv", "summary.html", "files.csv", "canvas.csv", "moodle.csv", "salt.txt"]
)
def test_what_lies_in_the_results_is_told(name):
    assert f"`{name}`" in GUIDE


def test_the_walk_through_adds_up():
    """The numbers of the pasted table and of the pasted summary are those of the same class."""
    rows = re.findall(
        r"^\w+,[^\n]*@uni\.edu,graded,([\d.]+),30,([\d.]+)(?:,|$)", GUIDE, re.MULTILINE
    )
    assert len(rows) == 3 + 6
    assert all(abs(float(p) - 100 * float(s) / 30) < 0.06 for s, p in rows)
    assert "6 submissions, 6 graded, 1 student without one, 5 written answers" in GUIDE

"""A reader changes a number: each knob of each chapter gives a result or a clear sentence."""

import matplotlib.pyplot as plt
import nbformat
import pytest

from tools import knobs, repository

CHAPTERS = sorted((repository.ROOT / "notebooks").glob("*/*.ipynb"))


def notebook(*cells):
    """Build a notebook: text that begins with ## is Markdown, the rest is code."""
    new = nbformat.v4
    made = [new.new_code_cell("install")]
    for text in cells:
        make = new.new_markdown_cell if text.startswith("##") else new.new_code_cell
        made.append(make(text))
    return new.new_notebook(cells=made)


def test_a_knob_is_read():
    (knob,) = knobs.knobs("depth = 20  # try 5, 40\nwidth = 64\nprint(depth)")
    assert (knob.name, knob.value, knob.others) == ("depth", 20, (5, 40))
    assert knob.turned("depth = 20  # try 5, 40\nprint(depth)", 5) == "depth = 5\nprint(depth)"


@pytest.mark.parametrize("line", ["depth = n  # try 5", "depth = 5  # try 5", "a = 1  # try b"])
def test_a_knob_without_literals_or_without_a_choice_is_named(line):
    with pytest.raises(ValueError, match=line.split()[0]):
        knobs.knobs(line)


def test_what_breaks_behind_a_knob_is_found():
    broken = notebook("data = {20: 1}", "## Run", "depth = 20  # try 5", "data[depth]")
    assert knobs.turn(broken) == ["depth = 5 gives KeyError: 5"]


def test_a_sentence_is_a_result_and_the_next_section_is_not_run():
    cell = "depth = 2  # try 0\nif not depth:\n    raise ValueError('depth=0; expected more.')"
    assert knobs.turn(notebook(cell, "## Next", "1 / depth")) == []


def test_a_second_cell_of_a_section_has_what_the_first_one_made():
    assert (
        knobs.turn(notebook("## Run", "a = 1", "b = a  # no knob", "c = 3  # try 4\na + c")) == []
    )


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_has_knobs(path):
    cells = nbformat.read(path, as_version=4).cells
    assert sum(len(knobs.knobs(cell.source)) for cell in cells if cell.cell_type == "code") >= 3


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_knob_gives_a_result_or_a_sentence(path, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setenv("LESSONS_FRAMES", "ends")  # the build draws them all
    complaints = knobs.turn(nbformat.read(path, as_version=4), after=lambda: plt.close("all"))
    assert complaints == []

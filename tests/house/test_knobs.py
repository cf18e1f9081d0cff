"""A reader changes a number: each knob gives a result or a clear sentence.

Those of the chapters are turned in the stage *robust* (`python -m tools.robust --once --knobs`).
"""

import contextlib
import io

import nbformat
import pytest
import torch

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


def run(*cells):
    """Run a notebook and its turned knobs here; return the complaints and what else it printed."""
    inserted, names, printed = knobs.insert(notebook(*cells)), {"__name__": "__main__"}, []
    for cell in inserted.cells[1:]:
        if cell.cell_type == "code":
            with contextlib.redirect_stdout(io.StringIO()) as stream:
                exec(cell.source, names)
            if knobs.TAG in cell.metadata.get("tags", []):
                cell.outputs = [nbformat.v4.new_output("stream", text=stream.getvalue())]
            else:
                printed.append(stream.getvalue())
    complaints = knobs.take_out(inserted)
    assert [cell.source for cell in inserted.cells] == ["install", *cells]
    return complaints, "".join(printed)


def test_what_breaks_behind_a_knob_is_found():
    broken = ["data = {20: 1}", "## Run", "depth = 20  # try 5", "print(data[depth])"]
    assert run(*broken) == (["depth = 5 gives KeyError: 5"], "1\n")


def test_a_sentence_is_a_result_and_the_next_section_is_not_run():
    cell = "depth = 2  # try 0\nif not depth:\n    raise ValueError('depth=0; expected more.')"
    assert run(cell, "## Next", "1 / depth") == ([], "")
    assert run(cell.replace("more.", "more"))[0] == [
        "depth = 0 gives ValueError: depth=0; expected more"
    ]


def test_a_cell_has_what_those_before_it_made():
    assert run("## Run", "a = 1", "b = a  # no knob", "c = 3  # try 4\na + c") == ([], "")


def test_the_chapter_is_left_as_it_was():
    """Names, random numbers and what is printed are those of a run in which no knob is turned."""
    cells = [
        "import torch\n_ = torch.manual_seed(0)\na = 1",
        "a = 2  # try 3, 4\nprint('turned')\ntorch.rand(5)",
        "print(a, torch.rand(1).item())",
    ]
    torch.manual_seed(0)
    expected = torch.rand(6)[5].item()
    assert run(*cells) == ([], f"turned\n2 {expected}\n")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_has_knobs(path):
    cells = nbformat.read(path, as_version=4).cells
    assert sum(len(knobs.knobs(cell.source)) for cell in cells if cell.cell_type == "code") >= 3

"""A reader changes a number: each knob gives a result or a clear sentence.

Those of the chapters are turned in the stage *chapters* (`python -m tools.chapters --changed`).
"""

import contextlib
import io
import os

import nbformat
import pytest
import torch

from tools import kernels, knobs, repository
from tools.surroundings import ONCE

CHAPTERS = sorted((repository.ROOT / "notebooks").glob("*/*.ipynb"))


def notebook(*cells):
    """Build a notebook: text that begins with ## is Markdown, the rest is code."""
    new = nbformat.v4
    made = [new.new_code_cell("# install")]
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
            if kernels.ADDED in cell.metadata.get("tags", []):
                cell.outputs = [nbformat.v4.new_output("stream", text=stream.getvalue())]
            else:
                printed.append(stream.getvalue())
    complaints = knobs.take_out(inserted)
    assert [cell.source for cell in inserted.cells] == ["# install", *cells]
    return complaints, "".join(printed)


def test_what_breaks_behind_a_knob_is_found():
    broken = ["data = {20: 1}", "## Run", "depth = 20  # try 5", "print(data[depth])"]
    assert run(*broken) == (["depth = 5 gives KeyError: 5"], "1\n")


TWO = "a = 0  # try 1, 2\nb = 0  # try 1\n"


def test_knobs_of_a_cell_are_turned_together():
    made = notebook("## Run", TWO + "a + b", "a")
    (trials,) = knobs.trials(made).values()
    assert [trial.said for trial in trials] == ["a = 1, b = 1", "a = 2, b = 1"]
    assert trials[1].sources == ["a = 2\nb = 1\na + b\n", "a\n"]
    assert [said for said, _ in trials[1].alone] == ["a = 2", "b = 1"]
    (trials,) = knobs.trials(made, alone=True).values()
    assert [trial.said for trial in trials] == ["a = 1", "a = 2", "b = 1"]
    assert trials[1].sources == ["a = 2\nb = 0  # try 1\na + b\n", "a\n"]


REFUSED = "    raise ValueError('Not so.')\n"


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        ("assert b == 0", ["b = 1 gives AssertionError: "]),
        # What one knob breaks is not hidden by the sentence about another.
        (f"if b:\n{REFUSED}assert a < 2", ["a = 2 gives AssertionError: "]),
        (f"if a and b:\n{REFUSED}", []),
        ("assert a * b < 2", ["a = 2, b = 1 gives AssertionError: "]),
        ("1 / (1 - a)", ["a = 1 gives ZeroDivisionError: division by zero"]),
    ],
)
def test_where_together_they_give_no_result_each_is_tried_alone(body, complaints):
    assert run(TWO + body)[0] == complaints


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


def execute(folder, *cells):
    """Run a notebook in a kernel, everything changed; return the complaint and the notebook."""
    made = notebook(*cells)
    return knobs.execute(made, folder, ONCE[0].environment())[1], made


def test_a_kernel_turns_knobs_where_everything_is_changed(kernel, tmp_path):
    cells = ["import torch\ntorch.get_num_threads()", "a = 0  # try 7, 8\n[1, 2][a]"]
    complaint, made = execute(tmp_path, *cells)
    broken = "IndexError: list index out of range"
    assert complaint == f"its knobs:\na = 7 gives {broken}\na = 8 gives {broken}"
    assert [cell.source for cell in made.cells] == ["# install", *cells]
    assert [cell.execution_count for cell in made.cells] == [1, 2, 3]
    threads, value = (cell.outputs[0] for cell in made.cells[1:])
    assert (threads.data["text/plain"], value.data["text/plain"]) == ("2", "1")
    assert (threads.execution_count, value.execution_count) == (2, 3)


def test_a_cell_that_fails_is_counted_without_the_turned_ones(kernel, tmp_path):
    complaint, made = execute(tmp_path, "a = 1  # try 2, 3", "1 / 0")
    assert complaint == "cell 3 of 3:\n    1 / 0\nZeroDivisionError: division by zero"
    assert len(made.cells) == 3


def test_turning_knobs_writes_no_picture_for_phones(monkeypatch):
    monkeypatch.setenv("LESSONS_PHONES", "1")
    code = "from lessons.plots.canvas import text_only\nimport os\n"
    code += "assert text_only() == (a == 2)\nassert os.environ['LESSONS_PHONES'] == '1'[a - 1:]"
    assert run("a = 1  # try 2\n" + code) == ([], "")
    assert os.environ["LESSONS_PHONES"] == "1"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_has_knobs(path):
    cells = nbformat.read(path, as_version=4).cells
    assert sum(len(knobs.knobs(cell.source)) for cell in cells if cell.cell_type == "code") >= 3

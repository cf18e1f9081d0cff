"""The stored form of notebooks."""

import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tools import notebooks


def shown(**data):
    data = {key.replace("_", "/"): value for key, value in data.items()}
    return new_output("execute_result", data=data, execution_count=3)


@pytest.fixture
def tidy():
    cells = [
        new_markdown_cell("# A *question*: why?\n"),
        new_code_cell("print(1)", execution_count=1, outputs=[new_output("stream", text="1\n")]),
        new_code_cell("draw()", execution_count=2, outputs=[shown(image_png="…", text_plain="F")]),
        new_code_cell("2", execution_count=3, outputs=[shown(text_plain="2")]),
        new_code_cell("table", execution_count=4, outputs=[shown(text_html="<p>", text_plain="t")]),
        new_markdown_cell("## Why"),
        new_code_cell("pass", execution_count=5, metadata={"scrolled": True, "tags": ["x"]}),
    ]
    notebook = new_notebook(cells=cells, metadata={"widgets": {}, "myst": {"html_meta": {}}})
    return notebooks.tidy(notebook, "")


def test_text_stays_and_drawings_go(tidy):
    code = [cell for cell in tidy.cells[1:] if cell.cell_type == "code"]
    assert [c.execution_count for c in code] == [1, None, 3, None, 5]
    assert [len(c.outputs) for c in code] == [1, 0, 1, 0, 0]


def test_cells_are_named_after_their_section(tidy):
    names = ["install", *(f"a-question-why-{n}" for n in range(1, 6)), "why-1", "why-2"]
    assert [cell.id for cell in tidy.cells] == names


def test_only_known_metadata_stays(tidy):
    assert tidy.cells[-1].metadata == {"tags": ["x"]}
    assert set(tidy.metadata) == {"kernelspec", "language_info", "myst"}


def test_tidying_twice_changes_nothing(tidy):
    again = nbformat.reads(notebooks.text_of(tidy), as_version=4)
    assert notebooks.text_of(notebooks.tidy(again, "")) == notebooks.text_of(tidy)

"""Each folded solution runs after the chapter's setup cell and prints what the page says."""

import re
from itertools import chain

import nbformat
import pytest

from tools import repository

FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
SOLUTION = re.compile(r"```python\n(?P<code>.*?)```(?:\s*```text\n(?P<printed>.*?)```)?", re.DOTALL)


def solutions(path):
    """Yield (chapter and number, setup, code, printed) for each solution with code."""
    cells = nbformat.read(path, as_version=4).cells
    # The first code cell installs the package; the second one imports what the chapter uses.
    _, setup, *_ = (cell.source for cell in cells if cell.cell_type == "code")
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    folded = "\n\n".join(FOLDED.findall(text))
    for number, match in enumerate(SOLUTION.finditer(folded), 1):
        yield pytest.param(
            setup,
            match["code"],
            match["printed"] or "",
            id=f"{path.parent.name}-{path.stem}-{number}",
        )


CHAPTERS = sorted((repository.ROOT / "notebooks").glob("*/*.ipynb"))


@pytest.mark.parametrize(
    ("setup", "code", "printed"), list(chain.from_iterable(map(solutions, CHAPTERS)))
)
def test_prints_what_the_page_says(setup, code, printed, capsys):
    names = {}
    exec(setup, names)
    capsys.readouterr()
    exec(code, names)
    assert capsys.readouterr().out.split("\n") == printed.split("\n")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_has_solutions_with_code(path):
    assert len(list(solutions(path))) >= 2

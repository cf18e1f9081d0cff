"""The house rules of chapters that a program can check; CONTRIBUTING.md says them in words."""

import ast
import re

import nbformat
import pytest

from tools import imports, notebooks, repository

ROOT = repository.ROOT
PAGES = repository.notebooks()
CHAPTERS = [path for path in PAGES if path.is_relative_to(ROOT / "notebooks")]
SECTIONS = [
    "the question",
    "what you need",
    "predict",
    "run",
    "why",
    "what it does not say",
    "exercises",
    "read on",
    "references",
]
DIRECTIVE = re.compile(r"^\s*(?:`{3,}|:{3,})\{|(?<!`)\{[a-z:]+\}`|^\(.+\)=$", re.MULTILINE)


def each(paths):
    return pytest.mark.parametrize(
        "path", paths, ids=[path.relative_to(ROOT).as_posix() for path in paths]
    )


def load(path):
    return nbformat.read(path, as_version=4)


def markdown(path):
    return [cell.source for cell in load(path).cells if cell.cell_type == "markdown"]


def test_there_are_chapters():
    assert CHAPTERS


@each(PAGES)
def test_is_in_its_stored_form(path):
    """No stored picture, first cell from the template, named cells, counts only beside outputs."""
    stored = path.read_text(encoding="utf-8")
    tidy = notebooks.text_of(notebooks.tidy(load(path), repository.configured()))
    assert stored == tidy, f"run: .venv/bin/python -m tools.notebooks {path.relative_to(ROOT)}"


@each(PAGES)
def test_is_plain_markdown(path):
    found = [match[0] for text in markdown(path) for match in DIRECTIVE.finditer(text)]
    assert found == [], "MyST directives, roles and targets show as raw text on Colab"


@each(PAGES)
def test_describes_itself(path):
    description = load(path).metadata.get("myst", {}).get("html_meta", {}).get("description", "")
    assert 50 <= len(description) <= 200, "metadata myst.html_meta.description: one sentence"


@each(PAGES)
def test_pictures_are_described(path):
    """The build refuses a picture without a text; here the texts themselves are looked at."""
    for cell in load(path).cells:
        image = cell.metadata.get("mystnb", {}).get("image")
        if image is not None:
            alt = image.get("alt", "")
            assert len(alt) >= 40, f"cell {cell.id}: the text says too little: {alt!r}"
            assert not re.search(r"\.(png|svg|jpe?g|webp)\b|_images/", alt), f"a path: {alt!r}"


@each(CHAPTERS)
def test_long_code_that_draws_is_folded(path):
    """The reader sees the question and the figure; the code is one click away."""
    code = [cell for cell in load(path).cells if cell.cell_type == "code"]
    for number, cell in enumerate(code):
        long = "mystnb" in cell.metadata and len(cell.source.splitlines()) > 8
        if number == 1 or long:
            assert "hide-input" in cell.metadata.get("tags", []), f"cell {cell.id}: tag hide-input"


@each(PAGES)
def test_long_functions_live_in_the_package(path):
    tree = imports.notebook_tree(load(path))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    long = [f.name for f in functions if f.end_lineno - f.lineno + 1 > 12]
    assert long == []


@each(PAGES)
def test_names_no_unfinished_work(path):
    text = "\n".join(cell.source for cell in load(path).cells)
    assert not re.search(r"\b(TODO|FIXME|XXX|lorem ipsum)\b", text, re.IGNORECASE)


@each(CHAPTERS)
def test_has_the_sections_in_order(path):
    text = "\n".join(markdown(path))
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1, "one title"
    headings = [h.lower() for h in re.findall(r"^## +(.+)$", text, re.MULTILINE)]
    remaining = iter(headings)
    for section in SECTIONS:
        assert any(h.startswith(section) for h in remaining), (
            f"no section {section!r} after the one before it; there are {headings}"
        )


@each(CHAPTERS)
def test_has_three_exercises_with_folded_solutions(path):
    text = "\n\n".join(markdown(path))
    exercises = re.split(r"^## +", text, flags=re.MULTILINE)
    (exercises,) = [part for part in exercises if part.lower().startswith("exercises")]
    summaries = re.findall(r"<summary>(.*?)</summary>", exercises, re.DOTALL)
    assert len(summaries) == 3
    assert all("olution" in summary for summary in summaries)
    assert exercises.count("<details>") == exercises.count("</details>") == 3


@each(PAGES)
def test_printed_numbers_have_at_most_three_digits(path):
    """Of floats; more digits differ from machine to machine."""
    for cell in load(path).cells:
        for output in cell.get("outputs", []):
            text = output.get("text", "") or output.get("data", {}).get("text/plain", "")
            for number in re.findall(r"(?<![\w.])\d+\.\d+(?:e[+-]?\d+)?", text):
                digits = re.sub(r"e.*|\D", "", number).lstrip("0")
                assert len(digits) <= 3, f"cell {cell.id} prints {number}"

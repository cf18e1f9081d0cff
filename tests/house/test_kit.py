"""How chapters use the kit: numbered figures, folded plumbing, headings that say what was found."""

import ast
import re

import nbformat
import pytest

from tools import figures, imports, repository

ROOT = repository.ROOT
CHAPTERS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
# Chapters that do not use the kit yet. The list only shrinks: who converts one takes it off.
UNCONVERTED = set()
FOLDED = {"hide-input", "remove-input", "remove-cell"}
# What shows a result; the lesson is what computes it.
PLUMBING = {"explore", "plots", "print", "show", "table"}


def name_of(path):
    return path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()


def load(path):
    return nbformat.read(path, as_version=4).cells


def draws(cell):
    return cell.cell_type == "code" and (
        "mystnb" in cell.metadata or re.search(r"(?<!import )\bexplore\(", cell.source)
    )


def is_plumbing(statement):
    """Whether a statement only shows: a call of ``PLUMBING``, or a loop of nothing else."""
    if isinstance(statement, ast.For):
        return all(map(is_plumbing, statement.body))
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    call = statement.value if isinstance(statement, ast.Expr) else None
    names = [n.id for n in ast.walk(call.func) if isinstance(n, ast.Name)] if isinstance(
        call, ast.Call
    ) else []  # fmt: skip
    return bool(PLUMBING & set(names))


def figure_complaints(cells):
    number = 0
    for cell, after in zip(cells, [*cells[1:], None], strict=True):
        caption = after and after.cell_type == "markdown" and re.match(
            r"\*\*" + figures.CAPTION.pattern, after.source
        )  # fmt: skip
        if draws(cell):
            number += 1
            if not caption or int(caption[1]) != number:
                yield f"cell {cell.id} draws: the next cell begins with **Figure {number}. …**"
        elif caption:
            yield f"cell {after.id} is a caption, and nothing is drawn before it"
        if cell.cell_type == "code" and re.search(r"""["'][^"']*log10 of""", cell.source):
            yield f"cell {cell.id}: an axis shows powers of ten, not log10"
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for mention in figures.MENTION.finditer(text):
        for named in re.findall(r"\d+", mention[0]):
            if int(named) > number:
                yield f"{mention[0]!r}: there are {number} figures"
    if vague := re.search(r"\b(?:first|second|third|last|next|previous) figure\b", text):
        yield f"{vague[0]!r}: figures have numbers"


def opening_complaints(cells):
    """The question is followed by a figure, before any symbol and any code that is the lesson."""
    headings = 0
    for cell in cells:
        headings += len(re.findall(r"^## ", cell.source, re.MULTILINE)) * (
            cell.cell_type == "markdown"
        )
        if draws(cell):
            break
    if headings != 1:
        yield "figure 1 stands in the section 'The question'"


def folding_complaints(cells):
    for cell in cells:
        if cell.cell_type != "code":
            continue
        tags = set(cell.metadata.get("tags", []))
        tree = imports.notebook_tree(nbformat.v4.new_notebook(cells=[cell]))
        if draws(cell) or all(map(is_plumbing, tree.body)):
            if not tags & FOLDED:
                yield f"cell {cell.id} only shows: tag hide-input"
        elif len(tags & (FOLDED | {"lesson"})) != 1:
            yield f"cell {cell.id}: tag lesson if the code is the lesson, else hide-input"


def heading_complaints(cells):
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for section in re.split(r"^## +", text, flags=re.MULTILINE)[1:]:
        heading = section.partition("\n")[0].strip()
        if heading in {"Run", "Why"} and not re.search(r"^### ", section, re.MULTILINE):
            yield f"'## {heading}': say what was found, there or in ### headings"


def complaints(cells):
    checks = (figure_complaints, opening_complaints, folding_complaints, heading_complaints)
    return [text for check in checks for text in check(cells)]


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_a_chapter_uses_the_kit(path):
    found = complaints(load(path))
    if name_of(path) in UNCONVERTED:
        assert found, f"it does: take it off UNCONVERTED in {__file__}"
        pytest.skip(f"unconverted, {len(found)} complaints")
    assert found == []


def test_what_is_unconverted_exists():
    assert {name_of(path) for path in CHAPTERS} >= UNCONVERTED


def code(source, *tags, alt=""):
    metadata = {"tags": list(tags)} | ({"mystnb": {"image": {"alt": alt}}} if alt else {})
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def text(source):
    return nbformat.v4.new_markdown_cell(source)


GOOD = [
    text("# T\n\n## The question\n\nWhy?"),
    code("plots.lines(x, y)", "hide-input", alt="A line."),
    text("**Figure 1. It falls.** See figure 1."),
    text("## Run: it falls"),
    code("y = f(x)\nprint(y)", "lesson"),
    code("for a in y:\n    print(a)", "hide-input"),
]


def test_a_chapter_as_it_should_be_has_no_complaint():
    assert complaints(GOOD) == []


@pytest.mark.parametrize(
    ("place", "cell", "complaint"),
    [
        (2, text("**What to see.** It falls."), "begins with **Figure 1."),
        (2, text("**Figure 2.** It falls."), "begins with **Figure 1."),
        (2, text("**Figure 1.** See figure 2."), "there are 1 figures"),
        (2, text("**Figure 1.** In the last figure it fell."), "figures have numbers"),
        (1, code('plots.lines(x, y, "log10 of y")', "hide-input", alt="A"), "powers of ten"),
        (1, code("plots.lines(x, y)", alt="A line."), "only shows: tag hide-input"),
        (1, text("Nothing to see."), "figure 1 stands in"),
        (3, text("## Run\n\nIt falls."), "say what was found"),
        (4, code("y = f(x)"), "tag lesson if"),
        (4, code("y = f(x)", "lesson", "hide-input"), "tag lesson if"),
        (5, code("for a in y:\n    print(a)", "lesson"), "only shows: tag hide-input"),
    ],
)
def test_each_rule_complains(place, cell, complaint):
    cells = [*GOOD[:place], cell, *GOOD[place + 1 :]]
    assert any(complaint in found for found in complaints(cells))

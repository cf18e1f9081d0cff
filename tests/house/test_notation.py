"""One letter has one meaning: each chapter's symbols are those of the page *Notation*."""

import re

import nbformat
import pytest

from tools import repository

PAGE = repository.ROOT / "book" / "notation.md"
CHAPTERS = sorted((repository.ROOT / "notebooks").glob("*/*.ipynb"))
# Chapters with a letter of their own: g for the gain, L for the loss. The list only shrinks.
OTHER_LETTERS = set()
TABLE = re.compile(r"^\| symbol \| meaning \|\n\|[-| ]+\|\n((?:\|.*\|\n?)+)", re.MULTILINE)
LOSS_IS_C = re.compile(r"\\(?:partial|nabla)\s*L\b|\bL\(")


def symbol(formula):
    """Return the letter that a formula defines, without indices of a special case.

    >>> symbol(r"z_l = W_l h_{l-1} + b_l"), symbol(r"\\lVert g \\rVert_\\infty")
    ('z_l', '\\\\lVert v \\\\rVert_\\\\infty')
    """
    left = re.split(r"=|\\ge\b", formula)[0].replace(r"\mathbb{E}", r"\mathbb E")
    left = re.sub(r"\\lVert.*?\\rVert", r"\\lVert v \\rVert", left)
    left = re.sub(r"\\cos\(.*?\)", r"\\cos(u, v)", left)
    return re.sub(r"\s+", " ", left).strip()


def rows(text):
    """Yield (symbols, meaning) of each row that defines symbols."""
    for table in TABLE.finditer(text):
        for line in table[1].splitlines():
            # In a formula \lvert and \lVert stand for the bar, so that a bar ends a cell.
            first, meaning = (cell.strip() for cell in line.strip("| ").split(" | ", 1))
            if formulas := re.findall(r"\$([^$]+)\$", first):
                yield [symbol(formula) for formula in formulas], meaning


def notation(text):
    """Return symbol to the word in bold that says what it is."""
    found = {}
    for symbols, meaning in rows(text):
        for name in symbols:
            found.setdefault(name, re.search(r"\*\*(.+?)\*\*", meaning)[1].lower())
    return found


def complaints(text, known):
    """Return what a chapter's symbol tables and formulas say against the page."""
    found = []
    for symbols, meaning in rows(text):
        words = re.sub(r"[*$]", "", meaning).lower()
        for name in symbols:
            if name not in known:
                found.append(f"{name} is not on the page Notation")
            elif known[name] not in words and not ({"x", "w", "b"} & {name}):
                found.append(f"{name} is the {known[name]} there, here: {meaning}")
    if match := LOSS_IS_C.search(text):
        found.append(f"{match[0]}: the loss is C, the number of layers is L")
    return found


def text_of(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_the_page_gives_each_letter_one_meaning():
    text = PAGE.read_text(encoding="utf-8")
    names = [name for symbols, _ in rows(text) for name in symbols]
    assert len(names) == len(set(names)) > 20
    assert {"L", "l", "C", r"\theta", "g", r"\eta", r"\delta_l", "h_l", "z_l", "f"} <= set(names)
    assert all(notation(text).values())


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapters_symbols_are_those_of_the_page(path):
    known = notation(PAGE.read_text(encoding="utf-8"))
    text = text_of(path)
    found = complaints(text, known)
    if path.stem in OTHER_LETTERS:
        assert found, f"it has none: take it off OTHER_LETTERS in {__file__}"
        pytest.skip(f"{len(found)} complaints")
    assert found == []


@pytest.mark.parametrize(
    "row", [r"| $L$ | the loss |", r"| $\kappa$ | anything |", r"| $C$ | the number of layers |"]
)
def test_another_meaning_is_noticed(row):
    known = notation(PAGE.read_text(encoding="utf-8"))
    table = f"| symbol | meaning |\n|---|---|\n{row}\n"
    assert complaints(table, known)
    assert complaints(table + r"$\partial L / \partial W$", known)
    assert complaints(r"$\frac{L(x + h) - L(x)}{h}$", known)

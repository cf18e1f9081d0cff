"""Each work can be found, each is cited, and each chapter names its own with a link."""

import re

import nbformat
import pytest
from pybtex.database import parse_file

from tools import repository

ROOT = repository.ROOT
WORKS = parse_file(str(ROOT / "book" / "references.bib")).entries
CHAPTERS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
# Chapters whose references have no links yet. The list only shrinks.
UNLINKED = set()


def name_of(path):
    return path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()


def markdown(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def address(work):
    """Return where a work is found: its DOI, its number on arXiv, or its page."""
    return next((work.fields[f] for f in ("doi", "eprint", "url") if f in work.fields), None)


def surname(work):
    return re.sub(r"[{}]", "", " ".join(work.persons["author"][0].last_names))


def items(path):
    """Yield the entries of a chapter's list of references."""
    text = markdown(path).partition("\n## References")[2]
    yield from re.findall(r"^- (.+(?:\n(?!- ).+)*)", text, re.MULTILINE)


def complaint(item):
    """Return what is wrong with an entry of a chapter's list, or None."""
    named = [key for key, work in WORKS.items() if address(work) in item]
    # A page without https is no link here; the website links the work by its title.
    named += [
        key
        for key, work in WORKS.items()
        if address(work).startswith("http:") and work.fields["title"].lower() in item.lower()
    ]
    if not named:
        return "no link that references.bib has: doi.org/…, arxiv.org/abs/… or the work's page"
    work = WORKS[named[0]]
    for part in (surname(work), work.fields["year"]):
        if part.lower() not in item.lower():
            return f"{named[0]} is of {surname(work)}, {work.fields['year']}"
    return None


@pytest.mark.parametrize("key", WORKS)
def test_a_work_can_be_found(key):
    work = WORKS[key]
    assert address(work), "give doi, eprint (arXiv) or url"
    if "eprint" in work.fields:
        assert work.fields["archiveprefix"] == "arXiv"
        assert re.fullmatch(r"\d{4}\.\d{4,5}", work.fields["eprint"])
    if "doi" in work.fields:
        assert re.fullmatch(r"10\.\d{4,9}/\S+", work.fields["doi"])


@pytest.fixture(scope="module")
def everything():
    modules = sorted((ROOT / "src").rglob("*.py"))
    texts = [path.read_text(encoding="utf-8") for path in modules]
    return " ".join(" ".join([*texts, *map(markdown, CHAPTERS)]).split())


@pytest.mark.parametrize("key", WORKS)
def test_a_work_is_cited_in_a_chapter_or_a_docstring(key, everything):
    work = WORKS[key]
    name, year = re.escape(surname(work)), work.fields["year"]
    assert re.search(rf"\b{name}\b.{{0,250}}?{year}", everything), "the page lists what is cited"


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_a_chapters_references_have_links(path):
    found = [f"{item[:60]}…: {why}" for item in items(path) if (why := complaint(item))]
    if name_of(path) in UNLINKED:
        assert found, f"they have: take it off UNLINKED in {__file__}"
        pytest.skip(f"{len(found)} without a link")
    assert list(items(path)), "a list of references"
    assert found == []


def test_a_wrong_reference_is_noticed():
    good = "R. Pascanu and others. *ICML*, 2013. [arXiv:1211.5063](https://arxiv.org/abs/1211.5063)"
    assert complaint(good) is None
    assert complaint(good.replace("Pascanu", "Mikolov"))
    assert complaint(good.replace("2013", "2012"))
    assert complaint(good.replace("1211.5063", "1211.9999"))

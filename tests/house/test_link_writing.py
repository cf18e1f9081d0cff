"""Documents, papers and terms become links on the website; a notebook holds plain text."""

import re

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook, writes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tools import links, repository

ROOT = repository.ROOT
CHAPTERS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
TEXT = """# Title of a gradient

The gradient norm, as document 001 §3.1 and `document 002` have it, is no gradient of all gradients.
Document 000, section 2, disagrees. Graves (2013) and Pascanu et al., 2013 cut it;
Nobody (2013) did not. So do documents 001 §2.1, 004 and 002, example 1.

## References

- A. Graves. Generating sequences with recurrent neural networks. 2013. A gradient.
- R. Pascanu, T. Mikolov, Y. Bengio. On the difficulty of training recurrent neural networks. 2013.
  [arXiv:1211.5063](https://arxiv.org/abs/1211.5063)
- A. Nobody. An unknown book. 2013.
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The HTML of a page with ``TEXT``, beside the book's own glossary and sources."""
    folder = tmp_path_factory.mktemp("links")
    source = folder / "source"
    (source / "notebooks").mkdir(parents=True)
    (source / "book").mkdir()
    cells = [new_markdown_cell(text) for text in re.split(r"(?=^## )", TEXT, flags=re.MULTILINE)]
    (source / "notebooks" / "page.ipynb").write_text(writes(new_notebook(cells=cells)))
    glossary = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    (source / "book" / "glossary.md").write_text(glossary, encoding="utf-8")
    text = (ROOT / "book" / "sources.md").read_text(encoding="utf-8")
    text = re.sub(r"\]\(\.\./notebooks/[^)]*\)", "]", text)  # the chapters are not there
    (source / "book" / "sources.md").write_text(text, encoding="utf-8")
    contents = "# Root\n\n```{toctree}\nbook/glossary\nbook/sources\nnotebooks/page\n```\n"
    (source / "root.md").write_text(contents)
    settings = {
        "extensions": ["myst_nb", "tools.figures", "tools.links"],
        "myst_enable_extensions": ["dollarmath"],
        "myst_heading_anchors": 3,
        "nb_execution_mode": "off",
        "root_doc": "root",
        "html_theme": "basic",
    }
    log = folder / "warnings"
    with log.open("w") as warnings, patch_docutils(), docutils_namespace():
        folders = [str(folder / name) for name in ("out", "trees")]
        Sphinx(str(source), None, *folders, "html", settings, None, warnings).build()
    assert log.read_text() == ""
    return (folder / "out" / "notebooks" / "page.html").read_text(encoding="utf-8")


def found(page, pattern):
    body = page.partition('class="body"')[2]
    return re.findall(rf'<a class="[^"]*" href="({pattern})"[^>]*>(.*?)</a>', body)


def test_documents_lead_to_the_sources(page):
    seen = [
        (address, re.sub("<.*?>", "", text))
        for address, text in found(page, r"[^\"]*sources[^\"]*")
    ]
    assert seen == [
        ("../book/sources.html#document-001", "document 001 §3.1"),
        ("../book/sources.html#document-000", "Document 000, section 2"),
        ("../book/sources.html#document-001", "001 §2.1"),
        ("../book/sources.html#document-004", "004"),
        ("../book/sources.html#document-002", "002, example 1"),
    ]


def test_the_first_use_of_a_term_leads_to_the_glossary_the_longest_first(page):
    seen = [re.sub("<.*?>", "", text) for _, text in found(page, r"[^\"]*glossary[^\"]*")]
    assert seen == ["gradient norm", "gradient"]


def test_papers_lead_to_where_they_can_be_read(page):
    outside = found(page, r"https://[^\"]*")
    assert outside == [
        ("https://arxiv.org/abs/1308.0850", "arXiv:1308.0850"),
        ("https://arxiv.org/abs/1211.5063", "arXiv:1211.5063"),
    ]
    inside = found(page, r"#paper-[^\"]*")
    assert inside == [
        ("#paper-graves2013", "Graves (2013)"),
        ("#paper-pascanu2013", "Pascanu et al., 2013"),
    ]
    assert all(f'id="{address[1:]}"' in page for address, _ in inside)


def test_every_paper_of_the_bibliography_can_be_read_somewhere():
    assert [key for key, *_, address in links.papers() if not address.startswith("http")] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_papers_of_a_chapter_are_in_the_bibliography(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    section = text.rpartition("## References")[2]
    items = re.findall(r"^- (.+)$", section, re.MULTILINE)
    assert items
    assert [item for item in items if links.paper(item) is None] == []


def test_each_document_has_its_place():
    text = (ROOT / "book" / "sources.md").read_text(encoding="utf-8")
    assert re.findall(r"^\(document-(\d+)\)=$", text, re.MULTILINE) == [f"00{i}" for i in range(5)]


def test_glossary_names():
    known = links.terms()
    assert {"xavier initialization", "glorot initialization", "he initialization", "agc"} <= set(
        known
    )
    assert not set(known) & links.AMBIGUOUS

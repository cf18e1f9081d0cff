"""Links of all pages: inside, they lead somewhere; outside, they are well written. No network."""

import re
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from markdown_it import MarkdownIt

from tools.repository import ROOT, notebooks

FILES = sorted([*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md"), *notebooks()])
PARSER = MarkdownIt()


def markdown(path):
    if path.suffix == ".md":
        return re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def links(text):
    """Yield the targets of links and pictures, in Markdown and in HTML."""
    for token in PARSER.parse(text):
        for child in [token, *(token.children or [])]:
            if child.type == "link_open":
                yield child.attrGet("href")
            elif child.type == "image":
                yield child.attrGet("src")
            elif child.type in {"html_block", "html_inline"}:
                yield from re.findall(r'\b(?:href|src)="([^"]*)"', child.content)


def anchors(path):
    """Return the names that headings of a page get."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", markdown(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def complaint(path, link):
    """Return what is wrong with a link in the file ``path``, or None."""
    parts = urlsplit(link)
    if parts.scheme or link.startswith("//"):
        if parts.scheme == "http" and parts.hostname == "127.0.0.1":
            return None
        if parts.scheme != "https" or "." not in parts.netloc or re.search(r"\s", link):
            return "an outside link is https://host/path"
        return None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.exists():
        return "it leads to no file"
    if not target.is_relative_to(ROOT):
        return "it leads out of the repository"
    if parts.fragment and parts.fragment not in anchors(target):
        return f"no heading there is called so; there are {sorted(anchors(target))}"
    return None


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path):
    found = {link: complaint(path, link) for link in links(markdown(path))}
    assert {link: why for link, why in found.items() if why} == {}


@pytest.mark.parametrize(
    "link", ["http://arxiv.org", "https://arxiv", "missing.md", "#nowhere", "../../outside.md"]
)
def test_bad_links_are_noticed(link):
    assert complaint(ROOT / "README.md", link)


def test_links_are_found_in_markdown_and_html():
    text = '[a](b.md) ![c](d.png)\n\n<a href="e">x</a>\n\n<details>\n<img src="f">\n</details>\n'
    assert list(links(text)) == ["b.md", "d.png", "e", "f"]

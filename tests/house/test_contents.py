"""The table of contents and the files say the same, and so do names across the tree."""

import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

from tools import build, repository

ROOT = repository.ROOT


def test_every_page_of_the_contents_exists():
    assert build.pages()[0] == "book/index"


def test_every_notebook_is_in_the_contents():
    listed = set(build.pages())
    stored = {str(p.relative_to(ROOT).with_suffix("")) for p in repository.notebooks()}
    assert stored <= listed


def test_every_page_of_the_book_is_in_the_contents():
    stored = {str(p.relative_to(ROOT).with_suffix("")) for p in (ROOT / "book").glob("*.md")}
    assert stored <= set(build.pages())


def test_no_page_is_listed_twice():
    pages = [str(name) for name in parse_toc_yaml(ROOT / "_toc.yml")]
    assert len(pages) == len(set(pages))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*/*.ipynb")), ids=lambda p: p.stem
)
def test_one_topic_has_one_name(path):
    part, name = path.parent.name, path.stem
    code, tests = ROOT / "src" / "lessons" / part, ROOT / "tests" / part
    # What outgrew a file is a folder of its name.
    assert (code / f"{name}.py").is_file() or (code / name / "__init__.py").is_file()
    assert (tests / f"test_{name}.py").is_file() or list((tests / name).glob("test_*.py"))

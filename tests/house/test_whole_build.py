"""A small book, built as the real one is: what runs, what it says, what it leaves behind."""

import os
import shutil
import subprocess
import sys

import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import notebooks, repository

ROOT = repository.ROOT
ADDRESS = "https://github.com/some-owner/some.course"


class Book:
    """A folder with two chapters; ``a`` imports a module of the package, ``b`` imports none."""

    def __init__(self, root):
        self.root, self.site = root, root / "_build" / "html"
        for name in ("_config.yml", "constraints.txt"):
            shutil.copy(ROOT / name, root)
        shutil.copytree(ROOT / "tools", root / "tools")
        for name in ("__init__.py", "_check.py"):
            self.module(name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "src" / "lessons" / name, self.module(name))
        assets = root / "book" / "assets"
        assets.mkdir(parents=True)
        for name in ("logo.svg", "favicon.svg"):
            (assets / name).write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
        for name in ("lessons.css", "lessons.js", "explore.js", "search.js"):
            shutil.copy(ROOT / "book" / "assets" / name, assets)
        (root / "book" / "references.bib").touch()
        (root / "book" / "index.md").write_text("# A book\n\nWith a formula $x$.\n")
        chapters = [{"file": f"notebooks/part/{name}"} for name in "ab"]
        toc = {"format": "jb-book", "root": "book/index", "chapters": chapters}
        (root / "_toc.yml").write_text(yaml.safe_dump(toc))
        self.write("a", "from lessons._check import choice")
        self.write("b", "1 + 1")
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        (root / "bin").mkdir()
        (root / "bin" / "git").symlink_to(shutil.which("git"))
        settings = root / "_config.yml"
        settings.write_text(repository.copies("", root)[settings], encoding="utf-8")

    def module(self, name):
        return self.root / "src" / "lessons" / name

    def write(self, name, code, text="Text."):
        cells = [new_markdown_cell(f"# Chapter {name}\n\n{text}"), new_code_cell(code)]
        path = self.root / "notebooks" / "part" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebooks.text_of(notebooks.tidy(new_notebook(cells=cells), "")))

    def build(self, **variables):
        """Build without npm; return the exit status and everything that was said."""
        env = os.environ | {"PATH": str(self.root / "bin"), "SITE_URL": ""} | variables
        command = [sys.executable, "-m", "tools.build"]
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def page(self, name):
        return (self.site / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return Book(tmp_path_factory.mktemp("book"))


def test_from_nothing_to_a_site_and_on(book):
    """One story, because each step needs the site that the step before it left."""
    code, said = book.build()
    assert code == 0, said
    assert "Chapters to run: 2 of 2" in said
    assert "address is not set, so there are no launch buttons" in said
    assert "usual CDN: node is not installed" in said
    assert "It is in _build/html." in said
    assert "colab" not in book.page("notebooks/part/a").lower()
    assert "jsdelivr" in book.page("book/index"), "MathJax from its usual address"
    assert 'url=book/index.html"' in (book.site / "index.html").read_text()

    # A module changed: the chapter that imports it runs again, the other does not.
    with book.module("_check.py").open("a") as file:
        file.write("\nLATER = 1\n")
    code, said = book.build()
    assert code == 0, said
    assert "Chapters to run: 1 of 2" in said
    assert "notebooks/part/a.ipynb" in said

    # The stylesheet changed: no chapter runs, and the site has the new one.
    with (book.root / "book" / "assets" / "lessons.css").open("a") as file:
        file.write("\n.later { color: red }\n")
    code, said = book.build()
    assert code == 0, said
    assert "Chapters to run: 0 of 2" in said
    assert ".later" in (book.site / "_static" / "lessons.css").read_text()

    # A chapter fails: the cell, its source and the reason are named; the whole site stays.
    before = book.page("notebooks/part/b")
    book.write("b", "x = 0\n1 / x")
    code, said = book.build()
    assert code != 0
    assert "notebooks/part/b.ipynb fails in cell 3 of 3:\n    x = 0\n    1 / x\n" in said
    assert "ZeroDivisionError: division by zero" in said
    assert "The book was NOT built." in said
    assert book.page("notebooks/part/b") == before

    # A dead link is a warning, a warning is an error, also when it is built a second time.
    book.write("b", "1 + 1", text="See [there](c.ipynb).")
    for _ in range(2):
        code, said = book.build()
        assert code != 0
        assert "notebooks/part/b.ipynb, cell 2, line" in said
        assert "target not found: 'c.ipynb'" in said
    assert book.page("notebooks/part/b") == before

    # With an address (here the git remote's) the buttons lead to the notebook in it.
    book.write("b", "1 + 1")
    command = ["git", "-C", str(book.root), "remote", "add", "origin", f"{ADDRESS}.git"]
    subprocess.run(command, check=True)
    site = "https://some-owner.github.io/some.course"
    code, said = book.build(SITE_URL=site)
    assert code == 0, said
    assert f"for this build from the git remote: {ADDRESS}" in said
    page = book.page("notebooks/part/a")
    notebook = "some-owner/some.course/blob/main/notebooks/part/a.ipynb"
    assert f'href="https://colab.research.google.com/github/{notebook}"' in page
    assert f'rel="canonical" href="{site}/notebooks/part/a.html"' in page
    assert f'content="{site}/_static/social.png"' in page
    folders = {path.name for path in (book.root / "_build").iterdir() if path.is_dir()}
    assert folders == {".jupyter_cache", "html", "ipython", "work"}

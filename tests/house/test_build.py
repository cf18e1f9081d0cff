"""What is run again, what a failure says, and that nothing half made is left behind."""

import ast
import subprocess
import sys
import textwrap

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import build, chapters, imports, kernels, vendor
from tools.repository import ROOT


@pytest.fixture
def source(tmp_path):
    """A small package: a -> b -> c through imports of every kind, and d beside them."""
    files = {
        "lessons/__init__.py": "",
        "lessons/look.mplstyle": "figure.dpi: 100",
        "lessons/a.py": "from lessons import b",
        "lessons/b.py": "def f():\n    from lessons.part.c import g\n    return g",
        "lessons/part/__init__.py": "import lessons.part.helper",
        "lessons/part/c.py": "g = 1",
        "lessons/part/helper.py": "",
        "lessons/d.py": "import math",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def needed(code, source):
    found = imports.dependencies(ast.parse(code), source)
    return {path.relative_to(source / "lessons").as_posix() for path in found}


PART = {"part/__init__.py", "part/helper.py", "part/c.py"}
PACKAGE = {"__init__.py", "look.mplstyle"}


@pytest.mark.parametrize(
    ("code", "files"),
    [
        ("import math", set()),
        ("from lessons import d", PACKAGE | {"d.py"}),
        ("import lessons.part.c as c", PACKAGE | PART),
        ("from lessons.a import anything", PACKAGE | PART | {"a.py", "b.py"}),
        ("def f():\n    from lessons.b import f", PACKAGE | PART | {"b.py"}),
        ("import lessons", PACKAGE | PART | {"a.py", "b.py", "d.py"}),
    ],
)
def test_imports_are_followed(code, files, source):
    assert needed(code, source) == files


def test_magics_are_no_obstacle():
    notebook = new_notebook(cells=[new_code_cell("if 1:\n    %pip list\nfrom lessons import data")])
    names = set(imports.imported_names(imports.notebook_tree(notebook)))
    assert "lessons.data" in names


def run(tmp_path, *sources):
    notebook = new_notebook(cells=[new_code_cell(s) for s in sources])
    return kernels.execute(notebook, tmp_path)[1]


def test_a_failure_names_the_cell_and_the_reason(kernel, tmp_path):
    complaint = run(tmp_path, "x = 1", "y = x\nx / 0", "never = 1")
    assert complaint == "cell 2 of 3:\n    y = x\n    x / 0\nZeroDivisionError: division by zero"


def test_a_warning_is_a_failure(kernel, tmp_path):
    assert "it writes to stderr" in run(tmp_path, "import warnings; warnings.warn('careful')")


def test_a_dead_kernel_is_a_failure(kernel, tmp_path):
    assert "DeadKernelError" in run(tmp_path, "import os; os._exit(1)")


def test_chapters_have_no_network(kernel, tmp_path):
    code = """
        import socket
        for call in (
            lambda: socket.create_connection(("192.0.2.1", 80)),
            lambda: socket.getaddrinfo("example.org", 443),
            lambda: socket.socket().connect_ex(("192.0.2.1", 80)),
        ):
            try:
                call()
            except OSError as error:
                assert "without network" in str(error)
            else:
                raise AssertionError("it was allowed")
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()
    """
    assert run(tmp_path, textwrap.dedent(code)) is None


@pytest.mark.parametrize(
    "data", [{"image/svg+xml": "<svg/>"}, {"text/html": '<div class="lessons-picture">'}]
)
def test_a_picture_without_alt_text_is_a_failure(data):
    cell = new_code_cell("draw()", outputs=[new_output("display_data", data=data)])
    assert "without alt text" in chapters.undescribed(new_notebook(cells=[cell]))
    cell.metadata["mystnb"] = {"image": {"alt": "a line that falls"}}
    assert chapters.undescribed(new_notebook(cells=[cell])) is None


def test_warnings_name_the_cell():
    log = f"\x1b[91m{ROOT}/notebooks/a/b.ipynb:70012: WARNING: target not found\x1b[0m\nTraceback"
    assert build.complaints(log) == (
        "notebooks/a/b.ipynb, cell 7, line 12: WARNING: target not found"
    )


def test_the_site_is_replaced_whole(tmp_path):
    for version in ("1", "2"):
        built = tmp_path / "built"
        built.mkdir(exist_ok=True)
        (built / "index.html").write_text(version)
        build.put_in_place(built, tmp_path / "html")
        assert (tmp_path / "html" / "index.html").read_text() == version
    assert sorted(p.name for p in tmp_path.iterdir()) == ["built", "html"]


def test_a_missing_page_is_a_failure(tmp_path):
    (tmp_path / "a.html").touch()
    with pytest.raises(build.Failure, match=r"not written: b$"):
        build.check_pages(["a", "b"], tmp_path)


# What the site serves itself ----------------------------------------------------------------------


def fake_npm(folder, script):
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    return str(npm)


def test_without_npm_the_reason_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert vendor.fetch(tmp_path / "assets" / "vendor") == "node is not installed"
    (tmp_path / "node").touch(mode=0o755)
    assert vendor.fetch(tmp_path / "assets" / "vendor") == "npm is not installed"
    assert not (tmp_path / "assets").exists()


def test_a_failed_download_leaves_nothing(tmp_path):
    npm = fake_npm(tmp_path, "echo partial > x.tgz; echo no network >&2; exit 1")
    why = vendor.fetch(tmp_path / "assets" / "vendor", npm)
    assert why == "npm could not fetch katex@0.16.22: no network"
    assert list((tmp_path / "assets").iterdir()) == []


def test_a_wrong_archive_is_refused_and_nothing_is_left(tmp_path):
    npm = fake_npm(tmp_path, "echo other > katex.tgz")
    with pytest.raises(vendor.BrokenDownload, match=r"katex@0\.16\.22"):
        vendor.fetch(tmp_path / "assets" / "vendor", npm)
    assert list((tmp_path / "assets").iterdir()) == []


# Make ---------------------------------------------------------------------------------------------


def make(folder, *arguments):
    return subprocess.run(
        ["make", "-f", str(ROOT / "Makefile"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_an_old_python_is_named(tmp_path):
    old = tmp_path / "python"
    old.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 10, 2); '
        'sys.version = \'3.10.2 (old)\'; exec(sys.argv[1])" "$2"\n'
    )
    old.chmod(0o755)
    done = make(tmp_path, ".venv/bin/pip", f"PYTHON={old}")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "is 3.10.2" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_nothing_is_served_before_it_is_built(tmp_path):
    done = make(tmp_path, "serve")
    assert done.returncode != 0
    assert "Build it first: make book" in done.stderr


def test_help_lists_every_target():
    done = make(ROOT, "help")
    targets = ["book", "serve", "test", "bench", "repository", "notebooks", "clean"]
    assert all(f"make {target}" in done.stdout for target in targets)

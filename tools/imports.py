"""Which files of the package a notebook or module depends on, read from their imports alone."""

import ast
import functools
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

SOURCE = Path(__file__).resolve().parents[1] / "src"
PACKAGE = "lessons"


def notebook_tree(notebook):
    """Parse the code cells of ``notebook``; magics become ordinary calls."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return ast.parse(TransformerManager().transform_cell(code))


def imported_names(tree):
    """Yield the dotted names that ``tree`` imports, also inside functions.

    ``from lessons import plots`` gives ``lessons`` and ``lessons.plots``. A bare
    ``import lessons`` may reach anything through attributes: it gives ``lessons.*``.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield f"{PACKAGE}.*" if alias.name == PACKAGE else alias.name


def module_files(name, source=SOURCE):
    """Return the files that importing ``name`` runs: packages on the way and the module itself."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return set()
    if parts[-1] == "*":
        return set((source / PACKAGE).rglob("*.py"))
    files = set()
    for depth in range(1, len(parts) + 1):
        path = source.joinpath(*parts[:depth])
        files |= {f for f in (path / "__init__.py", path.with_suffix(".py")) if f.is_file()}
    return files


@functools.cache
def _direct(path, source):
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return frozenset().union(*(module_files(name, source) for name in imported_names(tree)))


def dependencies(tree, source=SOURCE):
    """Return every file of the package that ``tree`` depends on, through any chain of imports.

    Data files count with the package in whose folder they lie.
    """
    todo = set().union(*(module_files(name, source) for name in imported_names(tree)))
    found = set()
    while todo:
        path = todo.pop()
        found.add(path)
        todo |= _direct(path, source) - found
    folders = {path.parent for path in found if path.name == "__init__.py"}
    data = {f for d in folders for f in d.iterdir() if f.is_file() and f.suffix != ".py"}
    return found | data

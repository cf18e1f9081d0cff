"""The package's arrows run one way, and importing it costs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tools.imports import PACKAGE, SOURCE, imported_names, module_files

# Each may import those above it, and itself.
LAYERS = [
    {"_check", "_threads", "dark"},
    {"tables"},
    {"activations", "claims"},
    {"networks", "data", "loss"},
    {"gradients", "loss_wall", "measure", "steps", "twins"},
    {"training", "race"},
    {"patients", "propagation"},
    {"bounds", "causes", "fixes", "signs"},
    {"svg"},
    {"plots"},
    {"explore"},
    {"coursework"},
]
# These stand beside the layers.
ALONE = {"show": {"_check", "dark"}, "monitor": {"_check", "fixes"}}  # the index of the fixes
# The chapter on the monitor looks through the monitor.
BESIDE = {"signs": {"monitor"}}
# In these parts each module, or folder of a module's name, is a chapter's.
CHAPTERS = {"bounds", "causes", "fixes", "signs"}
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
MODULES = sorted((SOURCE / PACKAGE).rglob("*.py"))


def part(path):
    """Return the package's part that a file belongs to: its first name below ``lessons``."""
    return path.relative_to(SOURCE / PACKAGE).parts[0].removesuffix(".py")


def chapter(path):
    """Return the chapter ("fixes/clipping") that a file belongs to; None if to none."""
    parts = path.relative_to(SOURCE / PACKAGE).with_suffix("").parts
    if parts[0] in CHAPTERS and parts[1:2] not in ((), ("__init__",)):
        return "/".join(parts[:2])
    return None


def breaches(path, tree):
    """Return the imports of ``tree``, the module ``path``, that do not run downward.

    A chapter's module is a leaf: no other chapter's module imports it, and of the figures only
    those of its own name do.
    """
    here, found = part(path), []
    for name in imported_names(tree):
        for other in {chapter(file) for file in module_files(name)} - {None, chapter(path)}:
            drawn = here == "plots" and Path(other).name in path.relative_to(SOURCE).parts[2]
            if not drawn:
                found.append(f"{chapter(path) or here} imports {other}")
        for target in {part(file) for file in module_files(name)} - {"__init__", here}:
            if here in ALONE:
                allowed = target in ALONE[here]
            else:
                below = RANK.get(target, len(LAYERS)) < RANK.get(here, 0)
                allowed = below or target in BESIDE.get(here, ())
            if not allowed:
                found.append(f"{here} imports {target}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_run_downward(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert part(path) == "__init__" or part(path) in RANK.keys() | ALONE.keys(), (
        f"{path.name} has no place yet: add it to LAYERS or ALONE in {__file__}"
    )
    assert breaches(path, tree) == []
    relative = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]
    assert relative == [], "imports are absolute"


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("activations.py", "from lessons import plots"),
        ("causes/x.py", "def f():\n    from lessons.fixes import clipping"),
        ("causes/x.py", "from lessons.causes.vanishing_and_exploding import backpropagate"),
        ("fixes/x/y.py", "from lessons.fixes.clipping.cuts import clip_by_value"),
        ("plots/sigmoid.py", "from lessons.fixes import clipping"),
        ("show.py", "import lessons.activations"),
        ("plots/lines.py", "import lessons"),
    ],
)
def test_an_upward_import_is_noticed(module, code):
    assert breaches(SOURCE / PACKAGE / module, ast.parse(code))


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, lessons; dir(lessons); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=SOURCE
    )
    heavy = {"torch", "numpy", "scipy", "matplotlib", "sklearn", "IPython", "ipywidgets", "pandas"}
    assert heavy.isdisjoint(done.stdout.split())


def test_every_module_is_an_attribute_of_the_package():
    code = "import lessons; print(*[n for n in dir(lessons) if not n.startswith('_')])"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=SOURCE
    )
    assert {part(m) for m in MODULES if not part(m).startswith("_")} <= set(done.stdout.split())

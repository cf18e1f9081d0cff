"""The reference on the page *The monitor at work*: written by Sphinx from the docstrings."""

import inspect
import shutil
import subprocess
import sys

import pytest

from lessons.monitor import Finding, Monitor, Thresholds, actions
from lessons.monitor.adapters.callback import Attached
from lessons.monitor.reporting.report import Report
from tools import settings

PAGE = settings.ROOT / "book" / "monitor_at_work.md"
OURS = ("autodoc_", "default_role", "napoleon_", "nitpick_")
CLASSES = {
    "Monitor": Monitor,
    "Finding": Finding,
    "Thresholds": Thresholds,
    "reporting.report.Report": Report,
    "actions.Skip": actions.Skip,
    "actions.RollBack": actions.RollBack,
    "actions.CutRate": actions.CutRate,
    "adapters.lightning.GradientMonitor": Attached,
    "adapters.hugging_face.GradientMonitor": Attached,
}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """What the section says, line by line; each warning is an error.

    In another process, since Sphinx puts stand-ins in the place of the training libraries.
    """
    folder = tmp_path_factory.mktemp("reference")
    config = settings.load()["sphinx"]["config"]
    config = {name: value for name, value in config.items() if name.startswith(OURS)}
    config |= {"extensions": ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]}
    config |= {"root_doc": PAGE.stem, "suppress_warnings": ["myst.xref_missing"]}
    text = "\n".join(f"{name} = {value!r}" for name, value in config.items())
    (folder / "conf.py").write_text(text, encoding="utf-8")
    shutil.copy(PAGE, folder)
    command = [sys.executable, "-m", "sphinx", "-nWqb", "text", str(folder), str(folder / "out")]
    done = subprocess.run(command, cwd=settings.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = (folder / "out" / f"{PAGE.stem}.txt").read_text(encoding="utf-8")
    return text.partition("\nReference\n")[2].splitlines()


def signature(called, skip=0):
    """Return what stands in brackets after a name: no types, and no ``self``."""
    whole = inspect.signature(called)
    bare = [p.replace(annotation=p.empty) for p in list(whole.parameters.values())[skip:]]
    return str(inspect.Signature(bare))


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_and_its_methods_stand_on_the_page(lines, name):
    head = f"class lessons.monitor.{name}{signature(CLASSES[name])}".removesuffix("()")
    assert lines.count(head) == 1
    below = lines[lines.index(head) + 1 :]
    end = next((i for i, line in enumerate(below) if line.startswith("class ")), None)
    for method, value in vars(CLASSES[name]).items():
        if isinstance(value, property):
            assert f"   property {method}" in below[:end]
        elif inspect.isfunction(value) and not method.startswith("_"):
            assert f"   {method}{signature(value, 1)}" in below[:end]


@pytest.mark.parametrize("action", [actions.stop, actions.fail], ids=lambda f: f.__name__)
def test_each_action_stands_on_the_page(lines, action):
    assert f"lessons.monitor.actions.{action.__name__}{signature(action)}" in lines


def test_the_words_are_those_of_the_docstrings(lines):
    text = " ".join(" ".join(lines).split())
    assert Monitor.__doc__.splitlines()[0] in text
    for name in ("losses", "on_finding", "log", *Thresholds.__dataclass_fields__):
        assert f"* **{name}** (" in text

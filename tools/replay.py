"""A plugin of pytest: nbval judges the stored outputs by what `tools.chapters` has executed.

    python -m pytest -p tools.replay --replay=_build/changed --changed notebooks

Each chapter's code runs once for all tests. nbval itself would run it again;
here its comparison of stored and new outputs gets a kernel that repeats the outputs in the cache.
"""

import collections
from pathlib import Path

import pytest
from jupyter_cache import get_cache
from nbval.plugin import IPyNbFile

from tools import chapters, kernels


def pytest_addoption(parser):
    """Add the option that names the folder of the build."""
    parser.addoption("--replay", type=Path, help="folder of the build with the executed chapters")
    parser.addoption("--changed", action="store_true", help="they ran with --changed")


def pytest_collect_file(file_path, parent):
    """Collect notebooks, as nbval does with its own option --nbval."""
    if parent.config.option.replay and file_path.suffix == ".ipynb":
        return Executed.from_parent(parent, path=file_path)
    return None


class Executed(IPyNbFile):
    """A notebook whose cells are compared with those of its executed copy in the cache."""

    def setup(self):
        """Take the executed copy instead of starting a kernel."""
        given = self.config.option
        self.kernel = Repeater(executed(self.path, given.replay, given.changed))
        self.setup_sanitize_files()


def executed(path, output, changed=False):
    """Return the executed copy of the notebook at ``path``; fail if there is no current one."""
    notebook = kernels.read(path)
    cache = get_cache(output / ".jupyter_cache")
    if not chapters.known(notebook, cache, chapters.fingerprint(notebook, chapters.base(changed))):
        how = "python -m tools.chapters" + " --changed" * changed
        why = f"has no outputs of its present code: {how}"
        pytest.fail(f"{path.name} {why}", pytrace=False)
    return cache.merge_match_into_notebook(notebook)[1]


def plain(output):
    """Return an output as `tools.notebooks` stores it: a table's plain text stands for its HTML."""
    if "text/plain" in output.get("data", {}) and "text/html" in output.data:
        data = {kind: value for kind, value in output.data.items() if kind != "text/html"}
        return {**output, "data": data}
    return output


class Repeater:
    """Stands for a kernel, with as much of nbval's ``RunningKernel`` as its cells use."""

    def __init__(self, notebook):
        self.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        self.messages = collections.deque()

    def is_alive(self):
        """Return True: what was executed stays so."""
        return True

    def execute_cell_input(self, source, allow_stdin=None):
        """Prepare the messages of the next cell; return their id."""
        cell = self.cells.pop(0)
        if cell.source != source:
            raise RuntimeError(f"expected the cell {cell.source!r}, not {source!r}")
        name = cell.id
        for output in cell.outputs:
            self._say(name, output.output_type, plain(output))
        self._say(name, "status", {"execution_state": "idle"})
        return name

    def _say(self, name, kind, content):
        self.messages.append(
            {"msg_type": kind, "parent_header": {"msg_id": name}, "content": content}
        )

    def get_message(self, stream, timeout=None):
        """Return the next message."""
        return self.messages.popleft()

    def await_reply(self, msg_id, timeout=None):
        """Do not wait: the cell was executed."""

    def await_idle(self, msg_id, timeout=None):
        """Drop what is left of the cell's messages."""
        self.messages.clear()

    def stop(self):
        """Nothing runs."""

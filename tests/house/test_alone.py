"""One notebook alone: an empty folder, an environment without the package, the same numbers.

The environment sees every installed package but ``lessons``, which the notebook's first cell
fetches from a git address on this machine. Nothing is downloaded.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tools import repository

ROOT = repository.ROOT
RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.execute(notebook, timeout=300)
nbformat.write(notebook, sys.argv[1])
"""


@pytest.fixture
def address(tmp_path):
    """A git repository that holds the working tree's package."""
    clone = tmp_path / "origin"
    clone.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, clone)
    shutil.copytree(
        ROOT / "src", clone / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__")
    )
    git = ["git", "-C", str(clone), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "package"], check=True)
    return f"file://localhost{clone}"  # pip before 23.3 wants a host


@pytest.fixture
def python(tmp_path):
    """A new environment in which everything is installed but ``lessons``."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("lessons", "__editable__")):
            (shelf / entry.name).symlink_to(entry)
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = (venv / "lib").glob("python*/site-packages")
    (site / "shelf.pth").write_text(str(shelf))
    python = str(venv / "bin" / "python")
    subprocess.run([python, "-m", "ipykernel", "install", "--sys-prefix"], check=True)
    return python


def printed(notebook):
    """Return what each cell but the first printed or gave as plain text, of those that keep it."""
    found = {}
    for cell in notebook["cells"][1:]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            table = "lessons-table" in "".join(data.get("text/html", ""))
            if "text" in output or set(data) == {"text/plain"} or table:
                text = output.get("text") or data["text/plain"]
                found[cell["id"]] = found.get(cell["id"], "") + "".join(text)
    return found


def test_same_numbers(tmp_path, address, python):
    chapter = min((ROOT / "notebooks").glob("*/*.ipynb"), key=lambda path: path.stat().st_size)
    stored = json.loads(chapter.read_text(encoding="utf-8"))
    folder = tmp_path / "empty"
    folder.mkdir()
    alone = folder / chapter.name
    alone.write_text(json.dumps(repository.with_first_cell(stored, address)), encoding="utf-8")

    personal = ("PYTHON", "JUPYTER", "VIRTUAL")
    env = {name: value for name, value in os.environ.items() if not name.startswith(personal)}
    env |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "OMP_NUM_THREADS": "1"}
    env |= {"JUPYTER_PREFER_ENV_PATH": "1", "TQDM_DISABLE": "1", "HOME": str(tmp_path)}

    def run(*arguments, **options):
        return subprocess.run([python, *arguments], cwd=folder, env=env, text=True, **options)

    assert run("-c", "import lessons", capture_output=True).returncode != 0
    run("-c", RUN, alone.name, check=True)
    installed = run("-c", "import lessons; print(lessons.__file__)", capture_output=True)
    assert installed.stdout.startswith(str(tmp_path / "venv"))
    assert printed(stored)
    ran = printed(json.loads(alone.read_text(encoding="utf-8")))
    assert {name: ran.get(name) for name in printed(stored)} == printed(stored)

"""Run a notebook as a stranger does: in an empty folder, in an environment without the package.

The environment sees every installed package but ``lessons``, which the notebook's first cell
fetches from a git address on this machine. Nothing is downloaded, so nothing can be replaced.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from tools import repository

ROOT = repository.ROOT
RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.execute(notebook, timeout=900)
nbformat.write(notebook, sys.argv[1])
"""
WHERE = "import sysconfig; print(sysconfig.get_path('purelib'))"


def origin(folder):
    """Return the git address of a new repository, made in ``folder``, that holds the package."""
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("*.egg-info", "__pycache__")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "package"], check=True)
    return f"file://localhost{folder}"  # pip before 23.3 wants a host


def environment(folder, python):
    """Return the Python of a new environment: what ``python`` has installed, but ``lessons``."""
    shelf, venv = folder / "shelf", folder / "venv"
    shelf.mkdir(parents=True)
    installed = subprocess.run([python, "-c", WHERE], capture_output=True, text=True, check=True)
    for entry in Path(installed.stdout.strip()).iterdir():
        if not entry.name.startswith(("lessons", "__editable__")):
            (shelf / entry.name).symlink_to(entry)
    subprocess.run([python, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = (venv / "lib").glob("python*/site-packages")
    (site / "shelf.pth").write_text(str(shelf))
    python = str(venv / "bin" / "python")
    quiet = {"capture_output": True}
    subprocess.run([python, "-m", "ipykernel", "install", "--sys-prefix"], check=True, **quiet)
    return python


def variables(home):
    """Return the variables of a process that knows nothing of this one's environment."""
    personal = ("PYTHON", "JUPYTER", "IPYTHON", "VIRTUAL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(personal)}
    kept |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "TQDM_DISABLE": "1"}
    kept |= {"JUPYTER_PREFER_ENV_PATH": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return kept | {"HOME": str(home)}


def run(path, folder, address, python, **options):
    """Run the notebook at ``path`` in the new folder ``folder``, from its first cell.

    Parameters
    ----------
    path : path
        Of a stored notebook.
    folder : path
        Is made, and must not exist before.
    address : str
        From `origin`; the first cell installs the package from there.
    python : str
        From `environment`.
    **options
        Handed to `subprocess.run`.

    Returns
    -------
    subprocess.CompletedProcess
    dict
        The notebook as it is after the run.
    """
    folder.mkdir()
    copy = folder / path.name
    stored = json.loads(path.read_text(encoding="utf-8"))
    copy.write_text(json.dumps(repository.with_first_cell(stored, address)), encoding="utf-8")
    done = subprocess.run([python, "-c", RUN, copy.name], cwd=folder, text=True, **options)
    return done, json.loads(copy.read_text(encoding="utf-8"))


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

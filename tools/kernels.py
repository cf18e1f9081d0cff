"""The surroundings in which every chapter runs: when it is built, tested and tidied."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 300  # seconds for one cell
# Kernels that run at a time: one for each core that this process may use, two to four.
_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
WORKERS = max(2, min(4, _CORES or 2))
ADDED = "added-to-run"  # the tag of a cell that is no part of the notebook and is not counted


def enter(build=None):
    """Set this process's environment, which the kernels it starts inherit."""
    os.environ.update(variables(build))


def variables(build=None):
    """Return the variables of a process that starts kernels.

    No network, no progress bars, no settings of the user's own IPython, and one thread for each
    kernel, so that those that run at a time do not fight over the cores.
    """
    profile = Path(build or ROOT / "_build") / "ipython"
    shutil.copytree(ROOT / "tools" / "ipython", profile, dirs_exist_ok=True)
    return {
        "IPYTHONDIR": str(profile),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "MKL_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "TQDM_DISABLE": "1",
    }


def prepare_fonts():
    """Let matplotlib list the fonts now; else the first chapter ever run would get a warning."""
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=True)


def read(path):
    """Return the notebook, or say what is wrong with the file."""
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, OSError) as error:
        raise SystemExit(f"{path} is no readable notebook: {error}") from error


def execute(notebook, folder, environment=None):
    """Run ``notebook`` (changed in place) in ``folder``.

    ``environment`` is the kernel's, by default this process's own. Returns the seconds it took and
    a complaint or None. The complaint says which cell failed, shows its source and tells why.
    """
    running = {}

    def remember(cell, cell_index):
        running.update(cell=cell, index=cell_index)

    client = NotebookClient(
        notebook,
        resources={"metadata": {"path": str(folder)}},
        timeout=TIMEOUT,
        shutdown_kernel="immediate",  # asked to end, a kernel often takes seconds, for nothing
        record_timing=False,  # times in the cells' metadata would change what the cache compares
        on_cell_execute=remember,
    )
    start, failed = time.monotonic(), None
    try:
        client.execute(env=dict(os.environ if environment is None else environment))
    except (CellExecutionError, CellTimeoutError) as error:
        failed = error
    except Exception as error:  # a kernel that dies or does not start
        return 0.0, _complaint(notebook, running, f"{type(error).__name__}: {error}")
    taken = time.monotonic() - start
    if failed is not None:
        return taken, _complaint(notebook, running, _reason(running["cell"], failed))
    for index, cell in enumerate(notebook.cells):
        _join_streams(cell)
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                why = f"it writes to stderr:\n{output.text.strip()}"
                return taken, _complaint(notebook, {"cell": cell, "index": index}, why)
    return taken, None


def _join_streams(cell):
    """Join what was printed in pieces: where it is cut depends on the clock alone."""
    joined = []
    for output in cell.get("outputs", []):
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            joined.append(output)
    if "outputs" in cell:
        cell.outputs = joined


def _reason(cell, error):
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            return f"{output.ename}: {output.evalue}"
    return str(error).strip().splitlines()[-1]


def _complaint(notebook, running, why):
    if "cell" not in running:
        return f"no cell was run\n{why}"
    source = "".join(f"    {line}\n" for line in running["cell"].source.splitlines())
    own = [ADDED not in cell.metadata.get("tags", []) for cell in notebook.cells]
    number = sum(own[: running["index"] + 1])
    return f"cell {number} of {sum(own)}:\n{source}{why}"

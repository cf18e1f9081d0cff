"""Without an NVIDIA GPU, install PyTorch's build for CPUs: on Linux the ordinary one brings CUDA.

    python -m tools.cpu_torch CONSTRAINTS

installs ``torch`` alone, into the Python that runs it. Where PyTorch's own index of such builds
does not answer, or has none that fits, nothing happens, and pip fetches the ordinary build later.
The variable TORCH_INDEX names another index; empty, it asks for the ordinary build. It needs no
package.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
from importlib import metadata
from pathlib import Path

INDEX = "https://download.pytorch.org/whl/cpu"
SECONDS = 5  # to wait for an answer of the index


def has_nvidia(root=Path("/")):
    """Say whether this machine has an NVIDIA GPU that programs can use."""
    known = ("proc/driver/nvidia/version", "dev/nvidiactl", "dev/nvidia0")
    return bool(shutil.which("nvidia-smi")) or any((root / name).exists() for name in known)


def brings_cuda():
    """Say whether pip's ordinary build of PyTorch for this machine brings along CUDA in vain."""
    return (
        platform.system() == "Linux"
        and platform.machine() in ("x86_64", "aarch64")
        and not has_nvidia()
    )


def answers(index):
    """Say whether the index answers soon."""
    answer = []

    def ask():
        try:
            with urllib.request.urlopen(f"{index.rstrip('/')}/torch/", timeout=SECONDS) as page:
                answer.append(page.status)
        except (OSError, ValueError):
            pass

    # In a thread, because looking up a name does not keep to the limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SECONDS)
    return answer == [200]


def wanted(constraints):
    """Return the pinned version of PyTorch, None if it is not pinned.

    Parameters
    ----------
    constraints : path
    """
    path = Path(constraints)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(r"^torch==(\S+)$", text, re.MULTILINE)
    return found and found[1]


def _installed(python):
    if python != sys.executable:
        return None
    try:
        return metadata.version("torch").partition("+")[0]
    except metadata.PackageNotFoundError:
        return None


def install(python, constraints, index=None):
    """Install PyTorch's build for CPUs where that is better; say what was done.

    Parameters
    ----------
    python : str
        Into this one.
    constraints : path
        For pip.
    index : str, optional
        The address of PyTorch's index; unless given, the variable TORCH_INDEX or the usual one.

    Returns
    -------
    bool
        Whether it was installed from there.
    """
    index = os.environ.get("TORCH_INDEX", INDEX) if index is None else index
    there, version = _installed(python), wanted(constraints)
    if not index or not brings_cuda() or (there and version in (None, there)):
        return False
    if not answers(index):
        print(f"No answer from {index}: PyTorch comes from the ordinary index, with 5 GB of CUDA.")
        return False
    print(f"No NVIDIA GPU here: PyTorch's smaller build for CPUs, from {index}", flush=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["-c", str(constraints), "--extra-index-url", index, "torch"]
    if subprocess.run(command).returncode:
        print("That failed: PyTorch comes from the ordinary index.", flush=True)
        return False
    return True


if __name__ == "__main__":
    install(sys.executable, sys.argv[1])

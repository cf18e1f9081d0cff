"""Run every notebook as a reader of Colab does, with Colab's versions, and compare its numbers.

    make colab                               # the newest Python that make finds as python3
    make colab PYTHON=python3.13             # the one that Colab has
    make colab TORCH=2.13.0                  # another PyTorch, where Colab's cannot be had
    python -m tools.colab --versions FILE    # write constraints-colab.txt anew from Colab's list

The environment in _build/colab holds constraints-colab.txt and is made anew when that file or
Python changes. Each notebook then runs alone in an empty folder, from its first cell, which
installs the package; each stored number must come out again. Last come the package's own tests.
It needs no package.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools import alone, cpu_torch, repository

ROOT = repository.ROOT
PINS = ROOT / "constraints-colab.txt"
FOLDER = ROOT / "_build" / "colab"
# Not on Colab: what builds the package, and what its tests need besides.
BESIDES = ["setuptools>=77", "hypothesis>=6.100", "pytest-xdist>=3.5"]
BESIDES += ["colorspacious>=1.1.2", "jupyter-cache>=1.0"]
# The website, the tools, the teacher's side of coursework, and Lightning are not on Colab.
ELSEWHERE = ["tests/benchmarks", "tests/coursework", "tests/house", "tests/site"]
ELSEWHERE += ["tests/monitor/adapters/test_lightning.py", "tests/monitor/test_recipes.py"]
ELSEWHERE += ["src/lessons/coursework", "src/lessons/monitor/adapters/lightning.py"]


def key(name):
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(pins, listed):
    """Return the text ``pins`` with each package's version as in ``listed``, Colab's pip freeze.

    Raises
    ------
    SystemExit
        If Colab does not have one of the packages.

    Examples
    --------
    >>> versions("# why\\nPyYAML==5\\n", "pyyaml==6.0\\ntorch==2.11.0+cu128\\n")
    '# why\\nPyYAML==6.0\\n'
    """
    pairs = re.findall(r"^([\w.-]+)==([\w.]+)", listed, re.MULTILINE)
    known = {key(name): version for name, version in pairs}

    def newer(match):
        if key(match[1]) not in known:
            raise SystemExit(f"Colab has no {match[1]}; take it out of {PINS.name}.")
        return f"{match[1]}=={known[key(match[1])]}"

    return re.sub(r"^([\w.-]+)==([\w.]+)", newer, pins, flags=re.MULTILINE)


def environment(python, torch):
    """Return the Python of the environment with Colab's versions; make it if it is not there."""
    pins = PINS.read_text(encoding="utf-8")
    if torch:
        pins = re.sub(r"^torch==.*$", f"torch=={torch}", pins, flags=re.MULTILINE)
    folder, inside = FOLDER / "environment", FOLDER / "environment" / "bin" / "python"
    found = subprocess.run([python, "-VV"], capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256((pins + found + str(BESIDES)).encode()).hexdigest()
    stamp = folder / "stamp"
    if not (stamp.is_file() and stamp.read_text() == digest):
        print(f"Installing Colab's versions into {folder.relative_to(ROOT)} (minutes)", flush=True)
        subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
        wanted = FOLDER / "versions.txt"
        wanted.write_text(pins, encoding="utf-8")
        cpu_torch.install(str(inside), str(wanted))
        command = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, "-r", str(wanted), *BESIDES], check=True)
        stamp.write_text(digest)
    return str(inside)


def differences(stored, ran):
    """Return a line for each cell that prints something else than what is stored."""
    return [
        f"  cell {name}\n    stored: {text.strip()!r}\n    here:   {ran.get(name, '').strip()!r}"
        for name, text in stored.items()
        if ran.get(name) != text
    ]


def notebook(path, address, python, work):
    """Run one notebook alone; return the seconds and the lines that say what is wrong with it."""
    stored = alone.printed(json.loads(path.read_text(encoding="utf-8")))
    own = alone.environment(work / path.stem, python)
    options = {"env": alone.variables(work), "capture_output": True}
    begun = time.monotonic()
    done, ran = alone.run(path, work / path.stem / "empty", address, own, **options)
    seconds = time.monotonic() - begun
    if done.returncode:
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)  # colours
        return seconds, [said.strip()[-2000:]]
    found = [
        f"  cell {cell['id']} writes to stderr: {''.join(output['text']).strip()[-500:]}"
        for cell in ran["cells"]
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]
    return seconds, found + differences(stored, alone.printed(ran))


def tests(address, python, work):
    """Run the package's tests with Colab's versions; return whether they pass."""
    own = alone.environment(work / "tests", python)
    env = alone.variables(work) | {"OMP_NUM_THREADS": "1", "PIP_NO_DEPS": "1"}
    subprocess.run([own, "-m", "pip", "install", "--quiet", "-e", str(ROOT)], env=env, check=True)
    command = [own, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    # Its old packages (jupyter_client 7.4, ipykernel 6.17) warn on a new Python.
    command += ["-W", "default::DeprecationWarning", "-W", "default::PendingDeprecationWarning"]
    command += [f"--ignore={name}" for name in ELSEWHERE]
    return subprocess.run(command, cwd=ROOT, env=env).returncode == 0


def main():
    """Run the notebooks that are named, or all of them and the tests."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--torch", help="another version of PyTorch than Colab's")
    parser.add_argument("--versions", type=Path, help="Colab's pip freeze: only rewrite the pins")
    arguments = parser.parse_args()
    if arguments.versions:
        listed = arguments.versions.read_text(encoding="utf-8")
        repository.write(PINS, versions(PINS.read_text(encoding="utf-8"), listed))
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    python = environment(sys.executable, arguments.torch)
    ask = "import platform as p, torch; print(f'{p.python_version()=} {torch.__version__=}')"
    subprocess.run([python, "-c", ask], check=True)
    work = FOLDER / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    address, failed = alone.origin(work / "origin"), 0
    paths = arguments.paths or repository.notebooks()
    for path in paths:
        seconds, wrong = notebook(path.resolve(), address, python, work)
        failed += bool(wrong)
        print(f"{path.stem}: {'differs' if wrong else 'same numbers'} ({seconds:.0f} s)")
        print(*wrong, sep="\n", end="\n" * bool(wrong), flush=True)
    if not arguments.paths:
        failed += not tests(address, python, work)
    passed = len(paths) + (not arguments.paths) - failed
    print(f"{passed} passed, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()

"""Which chapters must run again, and running them, two at a time, into the cache.

python -m tools.chapters    run what changed, for the tests and the build
"""

import functools
import hashlib
import importlib.metadata
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

from tools import imports, kernels, repository
from tools.kernels import ROOT
from tools.surroundings import CPUS

WORKERS = 2
OUTPUT = ROOT / "_build"


class Failure(Exception):
    """The site cannot be built; the message says why."""


@functools.cache
def _installed():
    return sorted({f"{d.name} {d.version}" for d in importlib.metadata.distributions()})


def surroundings():
    """Return a hash of what may change every chapter: versions, CPU, the kernels' settings."""
    cpu = [f"{name}={os.environ.get(name)}" for kind in CPUS.values() for name in kind]
    digest = hashlib.sha256("\n".join([sys.version, *_installed(), *cpu]).encode())
    files = [ROOT / "constraints.txt", *sorted((ROOT / "tools" / "ipython").rglob("*.py"))]
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint(notebook, base):
    """Return a hash of everything of this project that the notebook's code imports."""
    digest = hashlib.sha256(base.encode())
    for path in sorted(imports.dependencies(imports.notebook_tree(notebook))):
        digest.update(str(path.relative_to(imports.SOURCE)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def known(notebook, cache, mark):
    """Say whether the cache holds the notebook's outputs with the fingerprint ``mark``."""
    try:
        return cache.match_cache_notebook(notebook).data.get("fingerprint") == mark
    except KeyError:
        return False


def stale(paths, cache, base):
    """Return [(path, notebook, fingerprint)] of the chapters to run, the slowest known first."""
    seconds = {r.uri: r.data.get("execution_seconds", 0) for r in cache.list_cache_records()}
    found = []
    for path in paths:
        notebook = kernels.read(path)
        try:
            mark = fingerprint(notebook, base)
        except SyntaxError as error:
            raise Failure(
                f"{os.path.relpath(path, ROOT)} holds code that is no Python: {error}"
            ) from error
        if not known(notebook, cache, mark):
            found.append((path, notebook, mark))
    return sorted(found, key=lambda job: -seconds.get(str(job[0]), float("inf")))


def refresh(paths, output=OUTPUT):
    """Run what changed of the notebooks; return the paths of those that ran."""
    kernels.enter(output)
    os.environ["LESSONS_PHONES"] = "1"  # explorers draw their narrow forms too
    cache = get_cache(output / ".jupyter_cache")
    jobs = stale(paths, cache, surroundings())
    print(f"Chapters to run: {len(jobs)} of {len(paths)}", flush=True)
    if jobs:
        kernels.prepare_fonts()
        run(jobs, cache)
    return [path for path, _, _ in jobs]


def run(jobs, cache):
    """Run the notebooks, two at a time, into the cache."""
    failed = []

    def run_one(job):
        path, notebook, _ = job
        return kernels.execute(notebook, path.parent)

    with ThreadPoolExecutor(WORKERS) as pool:
        running = {pool.submit(run_one, job): job for job in jobs}
        for done in as_completed(running):
            path, notebook, mark = running[done]
            name = os.path.relpath(path, ROOT)
            seconds, complaint = done.result()
            complaint = complaint or undescribed(notebook)
            if complaint:
                failed.append(f"{name} fails in {complaint}")
                print(f"  {name}: failed after {seconds:.1f} s", flush=True)
                continue
            data = {"execution_seconds": seconds, "fingerprint": mark}
            cache.cache_notebook_bundle(
                CacheBundleIn(notebook, str(path), data=data), check_validity=False, overwrite=True
            )
            print(f"  {name}: {seconds:.1f} s", flush=True)
    if failed:
        raise Failure("\n\n".join(failed))


def undescribed(notebook):
    """Return a complaint about the first picture without a text that describes it, or None."""
    for index, cell in enumerate(notebook.cells):
        data = [output.get("data", {}) for output in cell.get("outputs", [])]
        drawn = any(kind.startswith("image/") for kinds in data for kind in kinds) or any(
            "lessons-picture" in kinds.get("text/html", "") for kinds in data
        )
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if drawn and not alt.strip():
            why = 'draws a picture without alt text: metadata {"mystnb": {"image": {"alt": "…"}}}'
            return f"cell {index + 1} of {len(notebook.cells)}: it {why}"
    return None


if __name__ == "__main__":
    try:
        refresh(repository.notebooks())
    except Failure as failure:
        raise SystemExit(f"\n{failure}") from None

"""Which chapters must run again, and running them, two at a time, into the cache."""

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from jupyter_cache.base import CacheBundleIn

from tools import imports, kernels
from tools.kernels import ROOT

WORKERS = 2


class Failure(Exception):
    """The site cannot be built; the message says why."""


def surroundings():
    """Return a hash of what may change every chapter: versions and the kernels' settings."""
    digest = hashlib.sha256(sys.version.encode())
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
                f"{path.relative_to(ROOT)} holds code that is no Python: {error}"
            ) from error
        try:
            known = cache.match_cache_notebook(notebook).data.get("fingerprint")
        except KeyError:
            known = None
        if known != mark:
            found.append((path, notebook, mark))
    return sorted(found, key=lambda job: -seconds.get(str(job[0]), float("inf")))


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
            name = path.relative_to(ROOT)
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

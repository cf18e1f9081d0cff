"""Which chapters must run again, and running them, one on each core, into the cache.

    python -m tools.chapters              run what is new, for the build
    python -m tools.chapters --changed    the same as the tests do, with everything changed that
                                          should not matter, and its knobs turned
    python -m tools.chapters --alone      the same, but each knob alone: a third longer

One run serves three tests: nbval compares its outputs with the stored ones, which another kind of
CPU made; the knobs before each cell must give results; and the site is built from its pictures.
"""

import argparse
import functools
import hashlib
import importlib.metadata
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

from tools import imports, kernels, knobs, repository, surroundings
from tools.kernels import ROOT

OUTPUT = ROOT / "_build"
CHANGED = OUTPUT / "changed"  # what the tests run and build
ALONE = OUTPUT / "alone"


class Failure(Exception):
    """The site cannot be built; the message says why."""


@functools.cache
def _installed():
    return sorted({f"{d.name} {d.version}" for d in importlib.metadata.distributions()})


def base(changed=False):
    """Return a hash of what may change every chapter: versions, CPU, the kernels' settings."""
    kinds = surroundings.CPUS.values()
    cpu = [f"{name}={os.environ.get(name)}" for kind in kinds for name in kind]
    digest = hashlib.sha256("\n".join([sys.version, *_installed(), *cpu]).encode())
    files = [ROOT / "constraints.txt", *sorted((ROOT / "tools" / "ipython").rglob("*.py"))]
    if changed:
        files += [ROOT / "tools" / f"{name}.py" for name in ("knobs", "perturb", "surroundings")]
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint(notebook, common):
    """Return a hash of ``common`` and of everything of the package that the code imports."""
    digest = hashlib.sha256(common.encode())
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


def stale(paths, cache, common):
    """Return [(path, notebook, fingerprint)] of the chapters to run, the slowest known first."""
    seconds = {r.uri: r.data.get("execution_seconds", 0) for r in cache.list_cache_records()}
    found = []
    for path in paths:
        notebook = kernels.read(path)
        try:
            mark = fingerprint(notebook, common)
        except SyntaxError as error:
            raise Failure(
                f"{os.path.relpath(path, ROOT)} holds code that is no Python: {error}"
            ) from error
        if not known(notebook, cache, mark):
            found.append((path, notebook, mark))
    return sorted(found, key=lambda job: -seconds.get(str(job[0]), float("inf")))


def refresh(paths, output=OUTPUT, changed=False, alone=False):
    """Run what is new of the notebooks; return the paths of those that ran.

    With ``changed`` they run in the surroundings ``ONCE`` of `tools.surroundings`, and their knobs
    are turned: those of a cell together, or each ``alone``.
    """
    kernels.enter(output)
    os.environ["LESSONS_PHONES"] = "1"  # explorers draw their narrow forms too
    cache = get_cache(output / ".jupyter_cache")
    jobs = stale(paths, cache, base(changed))
    where = surroundings.ONCE[0] if changed else None
    said = f" ({where}, knobs turned{' alone' * alone})" if changed else ""
    print(f"Chapters to run: {len(jobs)} of {len(paths)}{said}", flush=True)
    if jobs:
        kernels.prepare_fonts()
        run(jobs, cache, where, alone)
    return [path for path, _, _ in jobs]


def run(jobs, cache, where=None, alone=False):
    """Run the notebooks, some at a time, into the cache; with ``where`` their knobs are turned."""
    failed = []

    def run_one(job):
        path, notebook, _ = job
        if where is None:
            return kernels.execute(notebook, path.parent)
        return knobs.execute(notebook, path.parent, where.environment(), alone)

    with ThreadPoolExecutor(kernels.WORKERS) as pool:
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


def main():
    """Run what is new, or say which chapter fails and where."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--changed", action="store_true", help="as the tests run them")
    parser.add_argument("--alone", action="store_true", help="the same, each knob alone")
    given = parser.parse_args()
    output = ALONE if given.alone else CHANGED if given.changed else OUTPUT
    try:
        refresh(repository.notebooks(), output, given.changed or given.alone, given.alone)
    except Failure as failure:
        raise SystemExit(f"\n{failure}") from None


if __name__ == "__main__":
    main()

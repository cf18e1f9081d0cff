"""Run everything that must hold, stage by stage, and end with one verdict.

python -m tools.run_tests [STAGE …]
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from tools import chapters, kernels
from tools.repository import ROOT, notebooks

REPORTS = ROOT / "_build" / "reports"
COVERAGE_DATA = ROOT / "_build" / "coverage" / "data"
COVERAGE = [sys.executable, "-m", "coverage"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "--durations=5", "--durations-min=1"]
COVERED = [*COVERAGE, "run", *PYTEST[1:]]
CHANGED = chapters.CHANGED.relative_to(ROOT)
NOTEBOOKS = [str(path.relative_to(ROOT)) for path in notebooks()]
WEBSITE = "site or browser"
UNIT = ["-n", str(kernels.WORKERS), "--dist", "worksteal", "-m", f"not ({WEBSITE})"]
SITE = ["-n", str(kernels.WORKERS), "--dist", "loadgroup", "-m", WEBSITE]

STAGES = {
    "format": [
        [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
        [sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."],
        [sys.executable, "-m", "mypy"],
    ],
    "unit": [[*PYTEST, *UNIT]],
    "coverage": [  # the unit tests, an eighth slower: only when asked for, and every week
        [*COVERAGE, "erase"],
        [*COVERED, *UNIT],
        [*COVERAGE, "combine", "--quiet"],
        [*COVERAGE, "report"],
    ],
    "chapters": [  # executed into the cache, from where the build takes them too
        [sys.executable, "-m", "tools.chapters", "--changed"],
        [*PYTEST, "-p", "tools.replay", f"--replay={CHANGED}", "--changed", *NOTEBOOKS],
    ],
    "book": [[sys.executable, "-m", "tools.build", "--changed"]],
    "site": [[*PYTEST, "tests/site", *SITE]],
}
NEEDS = {"site": "book"}
ASKED_FOR = {"coverage"}


@dataclass
class Result:
    """What a stage came to."""

    passed: int
    failed: int
    skipped: int
    seconds: float


def run_stage(name):
    """Run the commands of one stage with their output shown; return what they came to."""
    start = time.monotonic()
    passed = failed = skipped = 0
    for command in STAGES[name]:
        report = REPORTS / f"{name}.xml"
        tests = "pytest" in command[: len(COVERED)]
        if tests:
            report.unlink(missing_ok=True)
            command = [*command, f"--junitxml={report}"]
        print(f"$ python {' '.join(command[1:])}", flush=True)
        code = subprocess.run(command, cwd=ROOT).returncode
        if tests and report.is_file():
            suite = ElementTree.parse(report).getroot().find("testsuite").attrib
            bad = int(suite["failures"]) + int(suite["errors"])
            skipped += int(suite["skipped"])
            passed += int(suite["tests"]) - bad - int(suite["skipped"])
            failed += bad or (code != 0)  # no test at all, or the runner itself failed
        else:
            passed += code == 0
            failed += code != 0
    return Result(passed, failed, skipped, time.monotonic() - start)


def main(names):
    """Run the stages and print the table and the verdict."""
    names = names or [name for name in STAGES if name not in ASKED_FOR]
    if unknown := [name for name in names if name not in STAGES]:
        raise SystemExit(f"Unknown stage {unknown[0]!r}; there are: {', '.join(STAGES)}.")
    kernels.enter()
    os.environ["COVERAGE_FILE"] = str(COVERAGE_DATA)  # absolute, for processes in other folders
    os.environ.setdefault("SITE_FOLDER", str(ROOT / CHANGED / "html"))
    COVERAGE_DATA.parent.mkdir(parents=True, exist_ok=True)
    REPORTS.mkdir(parents=True, exist_ok=True)
    results = {}
    for number, name in enumerate(names, 1):
        print(f"\n=== {number}/{len(names)} {name} ===", flush=True)
        needed = results.get(NEEDS.get(name))
        if needed and needed.failed:
            print(f"Not run: it needs the stage {NEEDS[name]}, which failed.")
            results[name] = Result(0, 1, 0, 0.0)
            continue
        results[name] = run_stage(name)
    print(f"\n{'stage':<10}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for name, r in results.items():
        print(f"{name:<10}{r.passed:>8}{r.failed:>8}{r.skipped:>9}{r.seconds:>9.0f}")
    passed, failed, skipped = (
        sum(getattr(r, kind) for r in results.values()) for kind in ("passed", "failed", "skipped")
    )
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))

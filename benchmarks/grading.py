"""Measure grading: against ``otter run`` on the same notebooks, and a class of 300.

    python -m benchmarks.grading [--light 6] [--class 300] [--jobs 2]

0 leaves one of them out. Writes its sections of benchmarks/results.md. Needs the built assignments
(make assignments).
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from benchmarks import synthetic_class
from benchmarks.results import machine, table, write_section
from lessons.coursework.intake.tables import parse

OTTER = Path(sys.executable).with_name("otter")


class Meter:
    """Counts the processor time of commands and of all they start, sandboxes too, by a cgroup.

    Wall time depends on what else the machine does; this does not. Needs root; elsewhere ``used``
    is None.
    """

    KINDS = (("cpuacct", "cpuacct.usage", 1e9), (".", "cpu.stat", 1e6))

    def __init__(self):
        self.folder = None
        for kind, file, unit in self.KINDS:
            folder = Path("/sys/fs/cgroup", kind, f"grading-{os.getpid()}")
            with contextlib.suppress(OSError):
                folder.mkdir()
                if (folder / file).is_file():
                    self.folder, self.file, self.unit = folder, file, unit
                    return
                folder.rmdir()

    def wrapped(self, command):
        """Return the command that runs ``command`` in the group."""
        if self.folder is None:
            return command
        enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
        return ["sh", "-c", enter, str(self.folder), *command]

    def used(self):
        """Return the seconds used so far."""
        if self.folder is None:
            return None
        return int(re.search(r"\d+", (self.folder / self.file).read_text())[0]) / self.unit

    def close(self):
        """Remove the group."""
        if self.folder is not None:
            with contextlib.suppress(OSError):
                self.folder.rmdir()


def graded(folder, out, jobs, meter=None):
    """Grade a folder; return the seconds, the memory over time and the exit code.

    Memory is what the command and its grading processes hold together, in MB, without the
    sandboxes.
    """
    command = [sys.executable, "-m", "lessons.coursework.cli", synthetic_class.NAME]
    command += [str(folder), "--out", str(out), "--jobs", str(jobs)]
    begin = time.monotonic()
    command = meter.wrapped(command) if meter else command
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    samples, over = [], threading.Event()

    def watch():
        own = psutil.Process(process.pid)
        while not over.wait(1):
            try:
                graders = [p for p in own.children() if "spawn_main" in " ".join(p.cmdline())]
                held = sum(p.memory_info().rss for p in [own, *graders])
            except psutil.Error:
                continue
            if len(graders) == jobs:  # not while they start, are replaced or end
                samples.append((time.monotonic() - begin, held / 1e6))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        code = process.wait()
    finally:
        over.set()
        watcher.join()
    return time.monotonic() - begin, samples, code


def with_otter(notebook, folder, meter):
    """Grade one notebook with ``otter run``; return the seconds, CPU seconds and points."""
    archive = synthetic_class.BUILT / "instructor" / "gradescope.zip"
    command = [str(OTTER), "run", "-a", str(archive), "-o", str(folder), "--no-logo"]
    before, begin = meter.used(), time.monotonic()
    subprocess.run(
        meter.wrapped([*command, str(notebook)]), check=True, capture_output=True, cwd=folder
    )
    seconds, after = time.monotonic() - begin, meter.used()
    tests = json.loads((folder / "results.json").read_text(encoding="utf-8"))["tests"]
    points = sum(test.get("score", 0) for test in tests)
    return seconds, None if before is None else after - before, points


def ours(subs, out, meter):
    """Grade a folder with one job; return the results and the CPU seconds of the whole run."""
    before = meter.used()
    _, _, code = graded(subs, out, 1, meter)
    assert code == 0, code
    results = [json.loads(path.read_text()) for path in (out / "results").iterdir()]
    return results, None if before is None else meter.used() - before


def against_otter(kind, count, folder, meter):
    """Compare both on ``count`` equal notebooks, otter before and after; return rows of a table."""
    subs, single = folder / kind, folder / f"{kind}-one"
    for place, number in [(single, 0), *((subs, number) for number in range(count))]:
        place.mkdir(exist_ok=True)
        data = synthetic_class.submission(kind, f"s{number}")
        (place / f"s{number}.ipynb").write_bytes(data)
    paths = sorted(subs.iterdir())
    theirs = [with_otter(path, folder, meter) for path in paths[: count // 2]]
    results, whole = ours(subs, folder / f"{kind}-out", meter)
    _, one = ours(single, folder / f"{kind}-one-out", meter)
    theirs += [with_otter(path, folder, meter) for path in paths[count // 2 :]]
    assert {r["score"] for r in results} == {points for _, _, points in theirs}
    name = f"{kind}, {results[0]['score']:g} points"
    wall = [
        statistics.median(seconds for seconds, _, _ in theirs),
        statistics.median(result["seconds"] for result in results),
    ]
    rows = [(f"{name}: seconds", *wall, wall[0] / wall[1], "")]
    if whole is not None:
        each = (whole - one) / (count - 1)
        cpu = statistics.median(used for _, used, _ in theirs)
        rows.append((f"{name}: CPU seconds", cpu, each, cpu / each, f"{one - each:.1f}"))
    return [(row[0], *(f"{x:.2f}" for x in row[1:3]), f"{row[3]:.1f}", row[4]) for row in rows]


def light(count, folder):
    """Compare both on light notebooks and on solved ones; return Markdown."""
    meter = Meter()
    try:
        kinds = "light", "solution"
        rows = [row for kind in kinds for row in against_otter(kind, count, folder, meter)]
    finally:
        meter.close()
    head = ["notebook", "`otter run`", "`lessons-grade --jobs 1`", "otter's time : ours", "start"]
    return (
        f"Cost of one notebook of the assignment *{synthetic_class.NAME}* with one job, from "
        f"{count} of each kind (median; CPU of ours: what each further notebook adds), otter and "
        "ours taking turns in one run. Both give the same points. *Light* is a notebook with "
        "every question answered but the one that trains a net. `otter run` starts Python and a "
        "Jupyter kernel for each notebook and has no sandbox. Here each gets a sandbox of its own, "
        "in which PyTorch is imported; the grader stays warm. *Start* is what starting the command "
        f"costs once. CPU seconds count all processes, sandboxes too.\n\n{table(head, rows)}"
    )


def slope(samples):
    """Return by how many MB an hour the memory grows, by least squares."""
    hours = [second / 3600 for second, _ in samples]
    return statistics.linear_regression(hours, [held for _, held in samples]).slope


def whole_class(count, jobs, folder):
    """Grade a synthetic class; return Markdown."""
    kinds = synthetic_class.write(folder / "class", count)
    seconds, samples, code = graded(folder / "class", folder / "class-out", jobs)
    rows = parse((folder / "class-out" / "scores.csv").read_bytes(), "scores.csv").rows
    failed = [row for row in rows if row["status"] != "graded"]
    assert len(rows) == count and len(failed) == kinds["no notebook"] and code == bool(failed)
    points = {}
    for row, kind in zip(rows, synthetic_class.kinds(count), strict=True):
        points.setdefault(kind, []).append(float(row["score"]))
    times = {row["student"]: row for row in rows}
    each = {
        path.stem: json.loads(path.read_text())["seconds"]
        for path in (folder / "class-out" / "results").iterdir()
    }
    assert set(each) == set(times)
    lines = []
    for kind, scores in points.items():
        spent = [each[row["student"]] for row, k in _with_kinds(rows, count) if k == kind]
        lines.append(
            (
                kind,
                len(scores),
                f"{min(scores):g} to {max(scores):g}",
                f"{statistics.mean(spent):.1f}",
            )
        )
    lines.sort(key=lambda line: -line[1])
    late = samples[len(samples) // 5 :]
    return (
        f"A class of {count} with {jobs} jobs: {seconds / 60:.1f} minutes, "
        f"{seconds * jobs / count:.2f} seconds for each submission and job. The command and its "
        f"{jobs} grading processes held together {late[0][1]:.0f} MB after a fifth of the time and "
        f"at most {max(held for _, held in late):.0f} MB later; by least squares "
        f"{slope(late):+.0f} MB an hour.\n\n"
        + table(["handed in", "students", "points of 26", "seconds each, mean"], lines)
    )


def _with_kinds(rows, count):
    return zip(rows, synthetic_class.kinds(count), strict=True)


def main():
    """Measure, and write the section."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--light", type=int, default=6)
    options.add_argument("--class", type=int, default=300, dest="students")
    options.add_argument("--jobs", type=int, default=2)
    options = options.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        about = f"Measured with {machine()}, one thread a process."
        if options.light:
            text = light(options.light, folder)
            print(text, flush=True)
            write_section("grading", f"## What grading costs\n\n{about}\n\n{text}")
        if options.students:
            text = whole_class(options.students, options.jobs, folder)
            print(text, flush=True)
            write_section("grading a class", f"## What a class costs\n\n{about}\n\n{text}")


if __name__ == "__main__":
    main()

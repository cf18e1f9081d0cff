"""Grading on a cluster: two workers on loopback, started as the guide says, one killed half way."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from lessons.coursework import cli
from lessons.coursework.grading.assignment import load
from lessons.coursework.intake.tables import parse
from lessons.coursework.runs import cluster
from lessons.coursework.runs.tasks import GraderBroken
from tests.coursework import fakes
from tests.coursework.submissions import TINY
from tools.repository import ROOT

DASK = Path(sys.executable).with_name("dask")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def starting(folder):
    """Yield the function that starts ``dask …`` in the background; all end with the block."""
    running = []

    def run(*words, **more):
        log = open(folder / f"dask-{len(running)}.txt", "wb")  # noqa: SIM115
        path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
        here = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}
        here |= {"TMPDIR": str(folder), **more}  # what is killed leaves something behind
        process = subprocess.Popen(
            [str(DASK), *words], cwd=folder, env=os.environ | here, stdout=log, stderr=log
        )
        running.append((process, log))
        return process

    yield run
    for process, log in reversed(running):
        if process.poll() is None:
            kill(process)
        process.wait()
        log.close()


@pytest.fixture
def start(tmp_path):
    """Return the function that starts ``dask …`` for one test."""
    with starting(tmp_path) as run:
        yield run


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Return the address of a scheduler that has no workers yet."""
    port = str(free_port())
    with starting(tmp_path_factory.mktemp("scheduler")) as run:
        run("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        yield f"tcp://127.0.0.1:{port}"


def kill(process):
    """End a process and all it started at once, as a power cut does."""
    whole = [psutil.Process(process.pid)]
    whole += whole[0].children(recursive=True)
    for one in whole:
        one.kill()


def worker(start, address, **more):
    words = ["--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
    return start("worker", address, *words, **more)


def test_an_assignment_travels_as_text():
    tiny = load(TINY)
    there = cluster.unpacked(cluster.packed(tiny))
    assert (there.name, there.title, there.questions) == (tiny.name, tiny.title, tiny.questions)
    assert (there.hide, there.digest) == (tiny.hide, tiny.digest)
    for name, path in tiny.tests.items():
        assert there.tests[name].read_text() == path.read_text()
        assert not there.tests[name].is_relative_to(TINY)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_each_is_graded_once_though_a_worker_is_killed(start, address, tmp_path, capfd):
    workers = [worker(start, address) for _ in range(2)]
    folder, log, out = tmp_path / "submissions", tmp_path / "log", tmp_path / "out"
    folder.mkdir()
    log.mkdir()
    for i in range(12):
        about = {"score": i % 5, "sleep": 0.4, "log": str(log)}
        (folder / f"s{i}.ipynb").write_bytes(fakes.notebook(f"s{i}", **about))
    assignment = tmp_path / "assignment"
    (assignment / "tests").mkdir(parents=True)
    for name in ("assignment.json", "tests/q1.py", "tests/q2.py"):
        (assignment / name).write_bytes((TINY / name).read_bytes())
    killed = []

    def kill_one_half_way():
        """Kill the first worker when four results are there; called for every result."""
        if not killed and len(list(out.glob("results/*.json"))) >= 4:
            killed.append(workers[0].pid)
            kill(workers[0])

    class Watched(cli_progress()):
        def advance(self):
            """Count, and see whether it is half way."""
            super().advance()
            kill_one_half_way()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lessons.coursework.cli.command.Progress", Watched)
        words = [str(assignment), str(folder), "--out", str(out), "--dask", address]
        code = cli.main(words, fakes.grade)
    said = "".join(capfd.readouterr())
    assert code == 0, said
    assert killed
    scores = {r["student"]: r["score"] for r in parse((out / "scores.csv").read_bytes(), "s").rows}
    assert scores == {f"s{i}": str(i % 5) for i in range(12)}
    calls = [path.name.split("-") for path in log.iterdir()]
    assert len({pid for _, pid, _ in calls}) == 2  # both workers had a part
    begun = Counter(student for _, _, student in calls)
    assert set(begun) == set(scores)
    assert sum(begun.values()) <= 14  # what was under way on the killed worker began again


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_one_in_the_sandbox_of_a_worker(start, address, sandbox, tmp_path, capfd):
    from tests.coursework import submissions

    worker(start, address)
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(submissions.notebook(*submissions.HONEST))
    words = [str(TINY), str(folder), "--out", str(tmp_path / "out"), "--dask", address]
    code = cli.main(words)
    assert code == 0, "".join(capfd.readouterr())
    rows = parse((tmp_path / "out" / "scores.csv").read_bytes(), "scores").rows
    assert [row["score"] for row in rows] == ["6"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_worker_that_imports_from_its_folder_is_refused(start, address, tmp_path, capfd):
    """Nothing is graded there, and the person reads how to start it."""
    worker(start, address, PYTHONSAFEPATH="")
    folder, out = tmp_path / "submissions", tmp_path / "out"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(fakes.notebook("ada"))
    code = cli.main([str(TINY), str(folder), "--out", str(out), "--dask", address], fakes.grade)
    assert code == 2
    assert "PYTHONSAFEPATH=1 dask worker" in capfd.readouterr().err
    assert not list(out.glob("results/*.json"))


def cli_progress():
    from lessons.coursework.runs.progress import Progress

    return Progress


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_scheduler_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    began = time.monotonic()
    with pytest.raises(GraderBroken, match="No Dask scheduler answers"):
        list(
            cluster.grade_all(
                [],
                load(TINY),
                fakes.grade,
                salt="",
                limits=None,
                address=f"tcp://127.0.0.1:{free_port()}",
            )
        )
    assert time.monotonic() - began < 30

"""Hostile submissions beside honest ones: nobody else notices, and nothing is gained.

The same attacks run without a sandbox where that is harmless, so that it is the sandbox that is
tested.
"""

import hashlib
import json
import os
import re
import resource
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest

from lessons.coursework import bubblewrap
from lessons.coursework.grade import grade
from lessons.coursework.limits import MIB, Limits
from tests.coursework.hostile import bare, cheats, reach, time_and_memory
from tests.coursework.hostile.attack import FULL, REACHED
from tests.coursework.submissions import HONEST, TINY, notebook
from tests.coursework.traces import running

ATTACKS = {**time_and_memory.ATTACKS, **reach.ATTACKS, **cheats.ATTACKS}
SHORT = Limits(cell=3, call=2, submission=60, memory=768 * MIB)
GROWTH = 2**20  # KiB of the grader's memory
CANARY = "CANARY_OF_THE_GRADER"


def digest(folder):
    """Return a digest over the names, modes and contents of a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(f"{path} {path.stat().st_mode} {path.stat().st_nlink}".encode())
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


def listen():
    """Listen on loopback and on a socket without a file; return what to look at afterwards."""
    heard, sockets = [], []
    tcp = socket.create_server(("127.0.0.1", 0))
    port = tcp.getsockname()[1]
    local = socket.socket(socket.AF_UNIX)
    local.bind(f"\0canary-{port}")
    local.listen()
    for server in (tcp, local):

        def accept(server=server):
            try:
                while True:
                    server.accept()[0].close()
                    heard.append(server)
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        sockets.append(server)
    return SimpleNamespace(port=port, heard=heard, sockets=sockets)


@pytest.fixture(scope="module")
def memory():
    """Return the most memory that this process has held so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Return what must not be reached: a folder, a listener, the environment, a descriptor."""
    folder = tmp_path / "canary"
    folder.mkdir()
    (folder / "precious.txt").write_text("precious", encoding="utf-8")
    monkeypatch.setenv(CANARY, "secret")
    mark = f"mark-{os.getpid()}-{tmp_path.name}"
    monkeypatch.setitem(bubblewrap.ENVIRONMENT, "GRADING_MARK", mark)
    listener = listen()
    with open(folder / "precious.txt", "rb") as file:
        os.set_inheritable(file.fileno(), True)
        yield SimpleNamespace(folder=folder, mark=mark, file=file.fileno(), listener=listener)
    for server in listener.sockets:
        server.close()


def cells_of(attack, outside):
    """Return the attack's cells with the names of what it reaches for."""
    places = {"canary": outside.folder, "port": outside.listener.port}
    places |= {"tests": TINY / "tests", "parent": os.getpid()}
    cells = []
    for cell in attack.cells:
        for name, place in places.items():
            cell = cell.replace("{" + name + "}", str(place))
        cells.append(cell)
    return cells


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile(name, tiny, outside, memory):
    attack, before = ATTACKS[name], digest(outside.folder)
    data = notebook(*cells_of(attack, outside))
    with ThreadPoolExecutor(1) as pool:
        honest = pool.submit(grade, notebook(*HONEST), tiny, "ada")
        limits = replace(SHORT, cell=attack.cell)
        result = grade(data, tiny, "ada", limits=limits, submission="eve.ipynb")
        honest = honest.result()
    assert (honest.status, honest.score) == ("graded", FULL)
    assert (honest.errors, honest.notes) == ((), ())
    told = [f"Cell {error.cell}: {error.error}" for error in result.errors] + [*result.notes]
    told += [case.message for question in result.questions for case in question.cases]
    assert result.status == "graded"
    assert attack.score in (None, result.score), told
    assert re.search(attack.said, "\n".join(told)), told
    assert REACHED not in result.output
    assert len(result.output) <= SHORT.output
    result.to_json().encode("ascii")
    assert running(outside.mark) == []
    assert digest(outside.folder) == before
    assert outside.listener.heard == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < GROWTH


def alone(submissions, *files, **more):
    """Run submissions without a sandbox; return what each printed."""
    done = subprocess.run(
        [sys.executable, bare.__file__, *files],
        input=json.dumps(submissions),
        capture_output=True,
        text=True,
        check=True,
        **more,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", [name for name in ATTACKS if ATTACKS[name].bare])
def test_without_the_sandbox_it_reaches_what_it_wants(name, sandbox, outside):
    cells = cells_of(ATTACKS[name], outside)
    (said,) = alone([cells], pass_fds=[outside.file], cwd=outside.folder.parent)
    assert REACHED in said


def test_a_grader_that_trusts_them_gives_points(sandbox, tmp_path):
    names = [name for name in ATTACKS if ATTACKS[name].cheats]
    files = [str(TINY / "tests" / f"{question}.py") for question in ("q1", "q2")]
    printed = alone([ATTACKS[name].cells for name in names], *files, cwd=tmp_path)
    for name, said in zip(names, printed, strict=True):
        assert float(said.split()[-1]) > ATTACKS[name].score, name
    assert len(names) >= 6


def test_what_is_left_running_would_be_found(outside):
    environment = {**os.environ, "GRADING_MARK": outside.mark}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["cat"], env=environment, **pipes) as cat:
        try:
            cat.stdin.write(b"?\n")
            cat.stdin.flush()
            cat.stdout.readline()  # right after its start /proc would still show an empty one
            assert running(outside.mark) == [str(cat.pid)]
        finally:
            cat.kill()

"""Hostile submissions beside honest ones: nobody else notices, and nothing is gained.

The same attacks run without a sandbox where that is harmless, so that it is the sandbox that is
tested.
"""

import contextlib
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

from lessons.coursework.grading import grade as grading
from lessons.coursework.grading.grade import grade
from lessons.coursework.grading.proxies import Environment
from lessons.coursework.grading.running import Running
from lessons.coursework.intake.notebook import parse
from lessons.coursework.sandbox import bubblewrap
from lessons.coursework.sandbox.limits import MIB, Limits
from tests.coursework.hostile import bare, cheats, reach, time_and_memory
from tests.coursework.hostile.attack import FULL, REACHED
from tests.coursework.submissions import HONEST, TINY, notebook
from tests.coursework.traces import running

ATTACKS = {**time_and_memory.ATTACKS, **reach.ATTACKS, **cheats.ATTACKS}
SHORT = Limits(cell=3, call=2, submission=60, memory=768 * MIB)
# What the kernel refuses depends on who asks; what the grader makes of an answer does not.
EACH = [
    pytest.param(name, marks=() if kernel else pytest.mark.any_user)
    for name in ATTACKS
    for kernel in [name in reach.ATTACKS or name in time_and_memory.STARVING]
]
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


@contextlib.contextmanager
def reachable(folder):
    """Make what must not be reached, in ``folder``: a folder, a listener, a descriptor."""
    canary = folder / "canary"
    canary.mkdir()
    (canary / "precious.txt").write_text("precious", encoding="utf-8")
    listener = listen()
    with open(canary / "precious.txt", "rb") as file:
        os.set_inheritable(file.fileno(), True)
        yield SimpleNamespace(folder=canary, file=file.fileno(), listener=listener)
    for server in listener.sockets:
        server.close()


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Return what must not be reached, the environment and a mark of the sandboxes among it."""
    monkeypatch.setenv(CANARY, "secret")
    mark = f"mark-{os.getpid()}-{tmp_path.name}"
    monkeypatch.setitem(bubblewrap.ENVIRONMENT, "GRADING_MARK", mark)
    with reachable(tmp_path) as found:
        found.mark = mark
        yield found


class Neighbour:
    """An honest submission that is there all the time, and answers its tests again and again."""

    def __init__(self, tiny, running):
        self.tiny, self.files = tiny, grading._load(tiny)
        self.running, self.environment = running, Environment(running, _seed=0, _student="ada")

    def score(self):
        """Return what its answers are worth now."""
        asked = [(q, self.files[q.name]) for q in self.tiny.questions if not q.manual]
        results = [grading._question(q, file, self.environment, 0) for q, file in asked]
        return sum(result.score for result in results)

    def scores_until(self, done):
        """Answer until the event ``done``, and once more; return all scores."""
        scores = [self.score()]
        while not done.wait(0.2):
            scores.append(self.score())
        return [*scores, self.score()]


@pytest.fixture(scope="module")
def neighbour(tiny):
    """Return a neighbour that was there before every attack."""
    limits = Limits(submission=3600)
    with Running(parse(notebook(*HONEST), limits), limits) as running:
        yield Neighbour(tiny, running)


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


def honest_start(tiny):
    """Grade an honest submission from its start to its end; return what must be equal."""
    result = grade(notebook(*HONEST), tiny, "ada")
    return result.status, result.score, result.errors, result.notes


def not_tried(attack, output):
    """Return those that should have begun in this submission, one after the other, and did not."""
    together = attack is ATTACKS[reach.TOGETHER]
    return [name for name in reach.REACHING if f"{name}\n" not in output] if together else []


@pytest.mark.parametrize("name", EACH)
def test_hostile(name, tiny, outside, memory, neighbour):
    """One neighbour was there before; where an attack takes what others need, one starts beside."""
    attack, before, done = ATTACKS[name], digest(outside.folder), threading.Event()
    data = notebook(*cells_of(attack, outside))
    with ThreadPoolExecutor(2) as pool:
        scores = pool.submit(neighbour.scores_until, done)
        started = pool.submit(honest_start, tiny) if name in time_and_memory.STARVING else None
        try:
            limits = replace(SHORT, cell=attack.cell)
            result = grade(data, tiny, "ada", limits=limits, submission="eve.ipynb")
        finally:
            done.set()
        assert set(scores.result()) == {FULL}
        assert started is None or started.result() == ("graded", FULL, (), ())
    told = [f"Cell {error.cell}: {error.error}" for error in result.errors] + [*result.notes]
    told += [case.message for question in result.questions for case in question.cases]
    assert result.status == "graded"
    assert attack.score in (None, result.score), told
    assert re.search(attack.said, "\n".join(told)), told
    assert REACHED not in result.output
    assert not_tried(attack, result.output) == []
    assert len(result.output) <= SHORT.output
    result.to_json().encode("ascii")
    assert running(outside.mark) == []
    assert digest(outside.folder) == before
    assert outside.listener.heard == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < GROWTH


def alone(submissions, *files, **more):
    """Run submissions, (cells, folder) each, without a sandbox; return what each printed."""
    done = subprocess.run(
        [sys.executable, bare.__file__, *files],
        input=json.dumps(submissions),
        capture_output=True,
        text=True,
        check=True,
        **more,
    )
    return json.loads(done.stdout)


BARE = {name: it for name, it in {**ATTACKS, **reach.REACHING}.items() if it.bare}


@pytest.fixture(scope="module")
def without(sandbox, tmp_path_factory):
    """What the attacks print without a sandbox, each with a canary of its own, by name."""
    with contextlib.ExitStack() as stack:
        folders = [tmp_path_factory.mktemp("bare") for _ in BARE]
        found = [stack.enter_context(reachable(folder)) for folder in folders]
        cells = [cells_of(*pair) for pair in zip(BARE.values(), found, strict=True)]
        submissions = [(c, str(folder)) for c, folder in zip(cells, folders, strict=True)]
        environment = {**os.environ, CANARY: "secret"}
        said = alone(submissions, pass_fds=[it.file for it in found], env=environment)
    return dict(zip(BARE, said, strict=True))


@pytest.mark.any_user
@pytest.mark.parametrize("name", BARE)
def test_without_the_sandbox_it_reaches_what_it_wants(name, without):
    assert REACHED in without[name]


@pytest.mark.any_user
def test_a_grader_that_trusts_them_gives_points(sandbox, tmp_path):
    names = [name for name in ATTACKS if ATTACKS[name].cheats]
    files = [str(TINY / "tests" / f"{question}.py") for question in ("q1", "q2")]
    printed = alone([(ATTACKS[name].cells, str(tmp_path)) for name in names], *files)
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

"""The program of the sandbox, asked over its two pipes; here without a sandbox around it."""

import json
import os
import resource
import subprocess
import sys
from dataclasses import replace

import pytest

from lessons.coursework import bubblewrap, worker
from lessons.coursework.codec import decode, encode
from lessons.coursework.limits import Limits


class Pipes:
    """A worker without a sandbox, and the grader's ends of its pipes."""

    def __init__(self, limits):
        read, self.requests = os.pipe()
        self.answers, write = os.pipe()
        words = [worker.__file__, str(read), str(write), bubblewrap.worker_limits(limits)]
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-B", *words],
            pass_fds=(read, write),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.close(read)
        os.close(write)
        self.number = 0

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            part = os.read(self.answers, count - len(data))
            assert part, self.process.communicate()[0]
            data += part
        return data

    def receive(self):
        """Return the next answer."""
        return json.loads(self._exactly(int.from_bytes(self._exactly(4), "big")))

    def ask(self, do, **what):
        """Ask, and return the answer without its number."""
        self.number += 1
        data = json.dumps({"id": self.number, "do": do, **what}).encode()
        os.write(self.requests, len(data).to_bytes(4, "big") + data)
        answer = self.receive()
        assert answer.pop("id") == self.number
        return answer

    def end(self):
        """Close the pipe; return the exit status and what was printed."""
        os.close(self.requests)
        printed = self.process.communicate(timeout=60)[0]
        os.close(self.answers)
        return self.process.returncode, printed


@pytest.fixture(scope="module")
def pipes():
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1]  # it counts all processes of the user
    processes = 100_000 if most == resource.RLIM_INFINITY else most
    started = Pipes(replace(Limits(message=2000), processes=processes))
    assert started.receive() == {"id": 0}
    yield started
    if started.process.poll() is None:
        started.end()


def call(pipes, name, *args, **keywords):
    return pipes.ask("call", name=name, args=encode(list(args)), keywords=encode(keywords))


def test_cells_share_a_namespace(pipes):
    assert pipes.ask("cell", cell=1, source="a = 2\ndisplay(a)") == {"magics": False}
    assert pipes.ask("cell", cell=2, source="%time a\nb = a + 1") == {"magics": True}
    assert decode(pipes.ask("look", name="b")["value"]) == 3


def test_names_of_every_kind(pipes):
    pipes.ask("cell", cell=3, source="def f(): pass\ng, h = object(), ...")
    assert pipes.ask("look", name="f") == {"is": "function"}
    assert pipes.ask("look", name="g")["is"] == "other"
    assert pipes.ask("look", name="h") == pipes.ask("look", name="i") == {"is": "missing"}


def test_calls_give_values_or_say_why_not(pipes):
    source = "def double(x, *, times=2): return times * x\ndef odd(): return object()"
    pipes.ask("cell", cell=4, source=source + "\ndef long(): return 'x' * 5000")
    assert decode(call(pipes, "double", 3)["value"]) == 6
    assert decode(call(pipes, "double", 3, times=3)["value"]) == 9
    assert "unfit" in call(pipes, "odd")
    assert call(pipes, "long") == {"unfit": "is too large to be checked"}


def test_errors_name_their_lines(pipes):
    said = pipes.ask("cell", cell=5, source="def f():\n    raise KeyError('k')\nf()")
    assert said["error"] == "KeyError: 'k' (cell 5, line 3; cell 5, line 2)"
    assert said["kinds"][:2] == ["KeyError", "LookupError"]
    assert "cell 6, line 2" in pipes.ask("cell", cell=6, source="a = 1\nb = = 2")["error"]
    assert pipes.ask("nonsense")["kinds"][0] == "AttributeError"


def test_errors_that_cannot_be_told_are_named(pipes):
    source = "class Mute(Exception):\n    def __str__(self):\n        raise ValueError\nraise Mute"
    assert pipes.ask("cell", cell=7, source=source)["error"].startswith("Mute")


def test_the_checker_is_silent(pipes):
    source = "from lessons.coursework import Checker\nChecker('x').check('q1')\nprint('checked')"
    assert pipes.ask("cell", cell=8, source=source) == {"magics": False}


def test_a_fork_that_comes_back_says_nothing(pipes):
    source = "import os\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)"
    assert pipes.ask("cell", cell=9, source=source) == {"magics": False}
    assert decode(pipes.ask("look", name="a")["value"]) == 1


def test_it_ends_when_the_grader_closes_the_pipe(pipes):
    status, printed = pipes.end()
    assert status == 0
    assert printed == "checked\n"

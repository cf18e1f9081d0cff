"""Memory of a tree of processes: everything in it counts, what is shared counts once."""

import os
import subprocess
import sys

import pytest

from lessons.coursework.sandbox import memory
from lessons.coursework.sandbox.limits import MIB

FORKS = r"""
import mmap, os, sys, time
block = mmap.mmap(-1, 64 * 2**20)
block.write(b"1" * (64 * 2**20))
for _ in range(3):
    if os.fork() == 0:
        sum(block[i] for i in range(0, len(block), 4096))
        os.write(1, b"ready\n")
        time.sleep(60)
os.write(1, b"ready\n")
time.sleep(60)
"""


@pytest.fixture
def family():
    """Start a process and three children that share 64 MiB; return it."""
    started = subprocess.Popen(
        [sys.executable, "-c", FORKS], stdout=subprocess.PIPE, text=True, process_group=0
    )
    with started:
        for _ in range(4):
            assert started.stdout.readline() == "ready\n"
        yield started.pid
        os.killpg(started.pid, 9)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="grading is for Linux")
@pytest.mark.parametrize("listed", [True, False])
def test_shared_pages_count_once(family, listed, monkeypatch):
    if not listed:
        monkeypatch.setattr(memory, "_children", lambda process: None)
    assert len(memory.processes(family)) == 4
    plain = memory.held(family, above=2**60)
    fair = memory.held(family)
    assert plain > 4 * 64 * MIB
    assert 64 * MIB < fair < 2 * 64 * MIB


def test_processor_time_of_children_counts_when_they_have_ended_too():
    code = (
        "import os, sys, time\n"
        "def busy():\n"
        "    end = time.process_time() + 0.2\n"
        "    while time.process_time() < end: pass\n"
        "busy()\n"
        "if os.fork() == 0:\n    busy(); os._exit(0)\n"
        "os.wait()\n"
        "if os.fork() == 0:\n    busy(); print('ready', flush=True); time.sleep(60)\n"
        "os.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, process_group=0
    ) as started:
        assert started.stdout.readline() == "ready\n"
        assert 0.5 < memory.seconds(started.pid) < 1.5
        os.killpg(started.pid, 9)


def test_a_process_that_is_gone_holds_nothing():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert memory.held(gone.pid) == 0

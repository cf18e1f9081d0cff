"""A process that grades one submission after the other, and what its parent knows of it."""

import contextlib
import ctypes
import os
import signal
import time
import traceback
from multiprocessing import get_context, parent_process

from lessons.coursework.grading.assignment import AssignmentError
from lessons.coursework.sandbox.launch import SandboxError, SlowStart

START = 120.0  # seconds in which a process must be ready
_PR_SET_PDEATHSIG = 1


def _work(channel, core, grade, assignment, salt, limits):
    """Grade what comes through ``channel``; the body of a process.

    With a ``core``, this process and its sandboxes use no other one, so that what a submission
    starts takes no time from those beside it.
    """
    if core is not None:
        os.sched_setaffinity(0, {core})
    os.setpgid(0, 0)  # Ctrl-C is for the parent, which ends this process
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_process().pid:  # it ended before this was asked for
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    channel.send(("ready", None))
    while True:
        try:
            notebook, student, name, alone = channel.recv()
        except EOFError:
            return
        try:
            own = limits.alone() if alone else limits
            result = grade(notebook, assignment, student, salt=salt, limits=own, submission=name)
            answer = "result", result.to_json()
        except SlowStart as error:
            answer = "slow", str(error)
        except (AssignmentError, SandboxError) as error:
            answer = "broken", str(error)
        except Exception as error:
            traceback.print_exc()  # a fault of ours: for the person at the terminal
            answer = "error", f"{type(error).__name__}: {error}"
        channel.send(answer)


class Grader:
    """One process, started with the arguments of :func:`_work` after its channel and core.

    Attributes
    ----------
    process, channel
    ready : bool
        It has started.
    task : Submission or None
        What it is grading.
    deadline : float
        When it must have answered (``time.monotonic``).
    done : int
        How often it has answered.
    """

    def __init__(self, arguments, core=None):
        self.core = core
        context = get_context("spawn")
        self.channel, there = context.Pipe()
        self.process = context.Process(target=_work, args=(there, core, *arguments), daemon=True)
        # Ctrl-C must not reach it before it has a process group of its own. Python's path must not
        # hold the working directory, where the submissions may lie.
        safe = os.environ.get("PYTHONSAFEPATH")
        os.environ["PYTHONSAFEPATH"] = "1"
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            if safe is None:
                del os.environ["PYTHONSAFEPATH"]
        there.close()
        self.deadline = time.monotonic() + START
        self.ready, self.task, self.done = False, None, 0

    def end(self):
        """Kill the process."""
        with contextlib.suppress(OSError):
            self.channel.close()
        self.process.kill()
        self.process.join()


def ended(code):
    """Return in words how a process ended.

    Examples
    --------
    >>> ended(-9), ended(1)
    ('the grading process was killed (SIGKILL; was memory short?)', \
'the grading process ended with code 1')
    """
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = "; was memory short?" if code == -signal.SIGKILL else ""
        return f"the grading process was killed ({name}{hint})"
    return f"the grading process ended with code {code}"
